//! The tables on crates that break them, and on themselves.

use super::*;

fn check(
    rule: fn(&Repository) -> Vec<Violation>,
    folder: &str,
    dependencies: &[&str],
    expected: &[&str],
) {
    let repository = Repository::default()
        .and_member(folder, dependencies)
        .and_member("proto", &[])
        .and_member("gateway/audit-log", &[])
        .and_member("gateway/audit-proof", &[])
        .and_member("gateway/exchange", &[])
        .and_member("gateway/grpc-api", &[]);
    let found = rule(&repository);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (violation, expected) in found.iter().zip(expected) {
        assert!(violation.remedy.contains(expected), "{violation}");
        assert_eq!(violation.path, format!("{folder}/Cargo.toml"));
    }
}

#[test]
fn an_edge_against_the_direction_is_refused() {
    check(own_edges, "gateway/schema", &["proto"], &[]);
    check(
        own_edges,
        "gateway/schema",
        &["exchange"],
        &["schema may not depend on exchange"],
    );
    check(
        own_edges,
        "adapters/hj212",
        &["proto"],
        &["hj212 may not depend on proto"],
    );
}

#[test]
fn the_verifier_cannot_use_the_writer() {
    check(own_edges, "gateway/audit-log", &["audit-proof"], &[]);
    for dependency in ["audit-log", "dev:audit-log"] {
        check(
            own_edges,
            "gateway/audit-proof",
            &[dependency],
            &["audit-proof may not depend on audit-log"],
        );
    }
}

#[test]
fn an_edge_of_tests_is_allowed_in_tests_only() {
    check(own_edges, "plugins/adapter-host", &["dev:proto"], &[]);
    check(
        own_edges,
        "plugins/adapter-host",
        &["proto"],
        &["may not depend on proto"],
    );
    check(
        own_edges,
        "gateway/index",
        &["dev:grpc-api"],
        &["may not depend on grpc-api"],
    );
}

#[test]
fn a_crate_without_a_row_is_refused() {
    check(own_edges, "gateway/surprise", &[], &["not in TABLE"]);
    check(own_edges, "tests/bench", &["grpc-api", "audit-log"], &[]);
}

#[test]
fn nothing_may_depend_on_a_driver() {
    for row in TABLE {
        for name in row.to.iter().chain(row.in_tests) {
            assert!(!DRIVERS.contains(name), "{} → {name}", row.from);
        }
    }
}

#[test]
fn the_table_has_no_cycle() {
    // Cargo refuses a cycle that exists; this refuses one that is merely allowed.
    fn reaches(from: &str, goal: &str, depth: usize) -> bool {
        assert!(depth < TABLE.len(), "the table has a cycle at {from}");
        TABLE
            .iter()
            .filter(|row| row.from == from)
            .flat_map(|row| row.to)
            .any(|next| *next == goal || reaches(next, goal, depth + 1))
    }
    for row in TABLE {
        assert!(
            !reaches(row.from, row.from, 0),
            "{} reaches itself",
            row.from
        );
    }
}

#[test]
fn a_restricted_crate_is_refused_outside_its_home() {
    check(restricted, "plugins/adapter-host", &["wasmtime"], &[]);
    check(restricted, "proto/codegen", &["tonic-prost-build"], &[]);
    check(
        restricted,
        "gateway/evidence",
        &["wasmtime-wasi"],
        &["only adapter-host knows wasmtime"],
    );
    check(
        restricted,
        "gateway/lawgate",
        &["tonic"],
        &["only grpc-api knows tonic"],
    );
    check(
        restricted,
        "gateway/audit-log",
        &["dev:rusqlite", "anyhow"],
        &["only index uses SQLite", "typed errors"],
    );
}

#[test]
fn a_test_tool_outside_tests_is_refused() {
    check(test_tools, "gateway/evidence", &["dev:tempfile"], &[]);
    check(test_tools, "tests/fuzz", &["proptest"], &[]);
    check(
        test_tools,
        "gateway/evidence",
        &["tempfile"],
        &["move tempfile to [dev-dependencies]"],
    );
}
