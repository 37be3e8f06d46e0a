//! Every rule over the real repository: one test for each, so that the name of
//! a failing test says which rule is broken.

use std::sync::OnceLock;

use super::*;

fn repository() -> &'static Repository {
    static REPOSITORY: OnceLock<Repository> = OnceLock::new();
    REPOSITORY.get_or_init(|| Repository::read().expect("git and cargo describe this repository"))
}

fn check(rule: fn(&Repository) -> Vec<Violation>) {
    let violations = rule(repository());
    let lines: Vec<String> = violations.iter().map(Violation::to_string).collect();
    assert!(
        lines.is_empty(),
        "{} violations\n{}",
        lines.len(),
        lines.join("\n")
    );
}

#[test]
fn the_repository_is_really_read() {
    assert!(
        repository().files.len() > 40,
        "a tidy run that sees no files proves nothing"
    );
    assert!(repository().members.len() > 15);
    assert!(
        repository()
            .file("tests/tidy/src/tests.rs")
            .is_some_and(|file| file.text.contains("really_read"))
    );
}

#[test]
fn a_violation_reads_as_path_line_rule_and_remedy() {
    let violation = Violation::at("gateway/schema/src/lib.rs", 7, "no-marker", "open an issue");
    assert_eq!(
        violation.to_string(),
        "gateway/schema/src/lib.rs:7: no-marker: open an issue"
    );
}

#[test]
fn our_crates_depend_one_way() {
    check(dependencies::own_edges);
}

#[test]
fn restricted_crates_stay_in_their_homes() {
    check(dependencies::restricted);
}

#[test]
fn test_tools_are_dev_dependencies() {
    check(dependencies::test_tools);
}

#[test]
fn versions_stand_in_the_workspace_manifest_only() {
    check(manifests::versions);
}

#[test]
fn members_share_lints_and_package_facts() {
    check(manifests::inherited);
}

#[test]
fn workspace_dependencies_are_used_and_come_from_the_registry() {
    check(manifests::workspace_dependencies);
}

#[test]
fn every_member_but_the_compiler_is_a_default_one() {
    check(manifests::default_members);
}

#[test]
fn the_lock_file_is_checked_in() {
    check(manifests::lock_file);
}

#[test]
fn sources_begin_with_a_header() {
    check(source::headers);
}

#[test]
fn sources_stay_within_the_line_cap() {
    check(source::line_cap);
}

#[test]
fn sources_carry_no_markers_or_leftovers() {
    check(source::markers);
}

#[test]
fn lints_are_expected_with_a_reason() {
    check(source::lint_attributes);
}

#[test]
fn crates_forbid_unsafe_code() {
    check(source::unsafe_forbidden);
}

#[test]
fn lines_end_cleanly() {
    check(text::line_ends);
}

#[test]
fn no_machine_paths_or_registry_hosts() {
    check(text::machine_paths);
    check(text::registry_hosts);
}

#[test]
fn types_and_files_have_glossary_names() {
    check(names::types);
    check(names::files);
}

#[test]
fn links_between_documents_resolve() {
    check(documents::links);
}

#[test]
fn decision_records_are_numbered_and_complete() {
    check(documents::decisions);
}

#[test]
fn the_architecture_names_every_crate_and_folder() {
    check(layout::members_named);
    check(layout::folders_explained);
}

#[test]
fn the_repository_has_what_a_repository_needs() {
    check(layout::needed_files);
}

#[test]
fn adapter_folders_are_complete() {
    check(adapters::complete);
}

#[test]
fn adapter_samples_have_golden_results() {
    check(adapters::samples);
}

#[test]
fn adapter_manifests_agree_with_their_folder() {
    check(adapters::manifest);
}
