//! Staff: one role each, and nobody who is somebody else as well.

use super::*;
use crate::config::model::Role;

const AUDITOR: &str = "\
[[staff]]
id = \"audit-01\"
name = \"某甲\"
role = \"auditor\"
certificates = [\"spiffe://lawgate.example/staff/audit-01\"]
read = [\"hj212\"]
";

fn with(more: &str) -> String {
    format!("{SMALLEST}{AUDITOR}{more}")
}

fn member(id: &str, name: &str, role: &str, certificate: &str) -> String {
    format!(
        "[[staff]]\nid = \"{id}\"\nname = \"{name}\"\nrole = \"{role}\"\ncertificates = [\"spiffe://lawgate.example/{certificate}\"]\n"
    )
}

#[test]
fn a_member_of_staff_has_the_one_role_that_is_written() {
    let text = with(&member("run-01", "某乙", "operator", "staff/run-01"));
    let config = parse_text(&text).expect("has no fault");
    let roles: Vec<(&str, Role)> = config
        .staff
        .iter()
        .map(|member| (member.id.as_str(), member.role))
        .collect();
    assert_eq!(
        roles,
        [("audit-01", Role::Auditor), ("run-01", Role::Operator)]
    );
}

#[test]
fn nobody_holds_two_roles_and_the_fault_names_both_places() {
    for (second, key, value) in [
        (
            member("audit-01", "某乙", "operator", "staff/x"),
            "id",
            "\"audit-01\"",
        ),
        (
            member("run-01", "某甲", "operator", "staff/x"),
            "name",
            "\"某甲\"",
        ),
        (
            member("run-01", "某乙", "administrator", "staff/audit-01"),
            "certificates",
            "\"spiffe://lawgate.example/staff/audit-01\"",
        ),
        (
            member("police", "某乙", "operator", "staff/x"),
            "id",
            "\"police\"",
        ),
        (
            member("run-01", "某乙", "operator", "agency/police"),
            "certificates",
            "\"spiffe://lawgate.example/agency/police\"",
        ),
    ] {
        let faults = parse_text(&with(&second))
            .map(|_| ())
            .expect_err("has a fault");
        assert_eq!(faults.len(), 1, "{faults:#?}");
        let expected = format!("staff[2].{key}: {value} stands already in line ");
        assert!(
            faults[0].contains(&expected),
            "{} in {}",
            expected,
            faults[0]
        );
    }
}

#[test]
fn who_runs_the_node_reads_nothing() {
    let operator = member("run-01", "某乙", "operator", "staff/x") + "read = [\"hj212\"]\n";
    let faults = parse_text(&with(&operator))
        .map(|_| ())
        .expect_err("has a fault");
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(faults[0].contains("which is for auditors"), "{}", faults[0]);
}

#[test]
fn an_auditor_reads_feeds_that_exist() {
    let text = with("").replace("read = [\"hj212\"]", "read = [\"hj213\"]");
    let faults = parse_text(&text).map(|_| ()).expect_err("has a fault");
    assert!(
        faults[0].contains("there is no [[feed]] with id \"hj213\""),
        "{}",
        faults[0]
    );
}

#[test]
fn administrators_of_adapters_are_agencies_and_staff_of_that_role() {
    let person = member("admin-01", "某乙", "administrator", "staff/admin-01");
    let two = |named: &str| {
        let adapters = format!("[adapters]\nadministrators = [{named}]\napprovals = 2\n");
        with(&format!("{person}{adapters}"))
    };
    parse_text(&two("\"police\"")).expect("an agency and a member of staff");
    let fault = |text: &str| {
        let faults = parse_text(text).map(|_| ()).expect_err("has a fault");
        assert_eq!(faults.len(), 1, "{faults:#?}");
        faults[0].clone()
    };
    let few = fault(&two(""));
    assert!(few.contains("adapters.approvals"), "{few}");
    assert!(few.contains("1 administrators"), "{few}");
    let unknown = fault(&two("\"police\", \"audit-01\""));
    assert!(unknown.contains("adapters.administrators"), "{unknown}");
    assert!(unknown.contains("role = \"administrator\""), "{unknown}");
}

#[test]
fn officers_are_as_many_as_an_erasure_takes_or_none() {
    let vault = "[vault]\nkey = \"a.key\"\nreporter_key = \"b.key\"\n";
    let officer = |number: &str| {
        let id = format!("officer-{number}");
        member(&id, &id, "officer", &format!("staff/{id}")) + "personal = [\"P\"]\n"
    };
    let officers = |count: usize| {
        let all: String = ["01", "02"].map(officer)[..count].concat();
        parse_text(&with(&format!("{vault}{all}"))).map(|config| config.staff.len())
    };
    assert_eq!(officers(0).expect("nobody erases"), 1);
    assert_eq!(officers(2).expect("two approve"), 3);
    let faults = officers(1).expect_err("one would wait for ever");
    assert_eq!(faults.len(), 1, "{faults:#?}");
    assert!(
        faults[0].contains("vault.approvers: 2 contradicts"),
        "{}",
        faults[0]
    );
}
