//! Each rule about manifests on a manifest that breaks it.

use super::*;

const GOOD: &str = "[package]\nname = \"schema\"\ndescription = \"Rules\"\nversion.workspace = true\nedition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\npublish.workspace = true\n[lints]\nworkspace = true\n[dependencies]\nproto.workspace = true\n";

fn member(text: &str) -> Repository {
    Repository::with(&[("gateway/schema/Cargo.toml", text)])
}

#[test]
fn a_member_that_inherits_everything_is_accepted() {
    assert_eq!(versions(&member(GOOD)), []);
    assert_eq!(inherited(&member(GOOD)), []);
}

#[test]
fn a_version_in_a_member_is_refused_with_its_line() {
    for line in [
        "serde = \"1\"",
        "serde = { version = \"1\" }",
        "serde = { path = \"../serde\" }",
        "serde = { git = \"https://example.org/serde\", workspace = true }",
    ] {
        let found = versions(&member(&format!("{GOOD}{line}\n")));
        assert_eq!(found.len(), 1, "{line}");
        assert_eq!(found[0].line, 13);
    }
}

#[test]
fn a_version_for_one_target_is_refused() {
    let text = format!("{GOOD}[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"\n");
    assert_eq!(versions(&member(&text)).len(), 1);
}

#[test]
fn a_member_of_its_own_mind_is_refused() {
    for (from, to) in [
        ("[lints]\nworkspace = true\n", ""),
        ("edition.workspace = true", "edition = \"2021\""),
        ("description = \"Rules\"\n", ""),
        ("name = \"schema\"", "name = \"lawgate-schema\""),
    ] {
        let found = inherited(&member(&GOOD.replace(from, to)));
        assert_eq!(found.len(), 1, "{from:?} → {to:?}: {found:?}");
    }
}

fn check_root(line: &str, expected: &[&str]) {
    let text = format!("[workspace.dependencies]\n{line}\n");
    let repository =
        Repository::with(&[("Cargo.toml", &text)]).and_member("gateway/schema", &["used"]);
    let found = workspace_dependencies(&repository);
    assert_eq!(found.len(), expected.len(), "{line}: {found:?}");
    for (violation, expected) in found.iter().zip(expected) {
        assert!(violation.remedy.contains(expected), "{violation}");
        assert_eq!(violation.line, 2);
    }
}

#[test]
fn a_workspace_dependency_is_used_versioned_and_public() {
    check_root("used = \"1.2\"", &[]);
    check_root("ours = { path = \"gateway/ours\" }", &[]);
    check_root("unused = \"1.2\"", &["no member uses it"]);
    check_root("used = \"*\"", &["wildcard"]);
    check_root("used = { git = \"https://example.org/x\" }", &["crates.io"]);
}

#[test]
fn a_missing_root_manifest_is_a_violation() {
    assert_eq!(workspace_dependencies(&Repository::default()).len(), 1);
}

#[test]
fn a_lock_file_is_present_and_names_crates_io_only() {
    assert_eq!(lock_file(&Repository::default()).len(), 1);
    let good = format!("source = \"{REGISTRY}\"\n");
    assert_eq!(lock_file(&Repository::with(&[("Cargo.lock", &good)])), []);
    let bad = "[[package]]\nsource = \"git+https://example.org/x\"\n";
    let found = lock_file(&Repository::with(&[("Cargo.lock", bad)]));
    assert_eq!(found[0].line, 2);
}

#[test]
fn a_member_that_is_forgotten_and_a_compiler_that_is_not_apart_are_found() {
    let found = |members: &str, default: &str| {
        let text = format!("[workspace]\nmembers = {members}\ndefault-members = {default}\n");
        default_members(&Repository::with(&[("Cargo.toml", &text)]))
    };
    let members = r#"["proto", "plugins/adapter-compiler"]"#;
    assert_eq!(found(members, r#"["proto"]"#), []);
    let forgotten = found(members, "[]");
    assert!(
        forgotten[0].remedy.contains("proto: add it"),
        "{forgotten:?}"
    );
    let together = found(members, members);
    assert!(together[0].remedy.contains("remove it"), "{together:?}");
    assert_eq!((forgotten.len(), together.len()), (1, 1));
}
