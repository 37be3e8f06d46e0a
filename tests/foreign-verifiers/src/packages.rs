//! The second verifier, in Python, against our own, on evidence packages: honest ones, and each file changed, removed,
//! added and swapped in turn. Both have to give the same exit code and to name the same file.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use audit_proof::{
    judge::{Outcome, Questions, Trust},
    policy::Policy,
};
use package_proof::{Held, check, path, sealed::FieldState, zip::Zip};
use sample_package::{Options, Sample};
use serde_json::Value;

use crate::tools::python_program;

/// Checks every package of a folder in one process; prints for each its name, exit code and the files that failed.
const HARNESS: &str = r#"
import json, pathlib, sys
from lawgate_verify import package, policy
folder = pathlib.Path(sys.argv[1])
trusted = policy.parse_policy((folder / "policy").read_bytes())
found = {}
for file in sorted(folder.glob("*.evp")):
    report = package.check(file.read_bytes(), file.name, None if "own-keys" in file.name else trusted)
    failed = [one.what for one in report.checks if one.status == "failed"]
    found[file.name] = [report.exit_code(), failed]
print(json.dumps(found))
"#;

/// What our verifier says: the exit code and the files that it names.
fn ours(package: &[u8], policy: Option<&str>) -> (i64, Vec<String>) {
    let trust = Trust {
        policy: policy.map(|text| Policy::parse(text.as_bytes()).unwrap()),
        ..Trust::default()
    };
    let verdict = check(package, &trust, &Questions::default(), &Held::default());
    let findings = verdict.findings.iter().map(|finding| finding.file.clone());
    let failures = verdict
        .verdict
        .failures
        .iter()
        .map(|failure| failure.file.clone());
    let code = match verdict.outcome() {
        Outcome::Passed => 0,
        Outcome::Failed => 1,
        Outcome::NotCheckable => 3,
    };
    (code, findings.chain(failures).collect())
}

fn files(package: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let zip = Zip::read(package).unwrap();
    let members = zip.members().iter();
    members
        .map(|member| (member.name.to_owned(), member.contents().unwrap()))
        .collect()
}

/// A package with one thing changed: its name, the files that have to be named, its bytes.
type Altered = (String, Vec<String>, Vec<u8>);

fn altered(package: &[u8]) -> Vec<Altered> {
    let honest = files(package);
    let names: Vec<&String> = honest.keys().collect();
    let mut all = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let mut changed = honest.clone();
        let contents = changed.get_mut(*name).unwrap();
        let at = contents.len() / 2;
        contents[at] ^= 1;
        all.push((format!("changed-{number}"), vec![(*name).clone()], changed));
        let mut removed = honest.clone();
        removed.remove(*name);
        all.push((format!("removed-{number}"), vec![(*name).clone()], removed));
    }
    let listed: Vec<&&String> = names
        .iter()
        .filter(|name| !path::is_unlisted(name))
        .collect();
    for (number, pair) in listed.chunks_exact(2).enumerate() {
        let mut swapped = honest.clone();
        swapped.insert((*pair[0]).clone(), honest[*pair[1]].clone());
        swapped.insert((*pair[1]).clone(), honest[*pair[0]].clone());
        let both = vec![(*pair[0]).clone(), (*pair[1]).clone()];
        all.push((format!("swapped-{number}"), both, swapped));
    }
    let mut added = honest;
    added.insert("payloads/21/9.bin".to_owned(), b"added".to_vec());
    all.push((
        "added".to_owned(),
        vec!["payloads/21/9.bin".to_owned()],
        added,
    ));
    all.into_iter()
        .map(|(what, named, files)| (what, named, sample_package::zip(&files)))
        .collect()
}

/// What Python says of every package in a folder; `None` where it has no `cryptography`.
fn python(folder: &Path) -> Option<Value> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../verifier-python");
    let has_library = Command::new(python_program())
        .args(["-c", "import cryptography"])
        .status();
    if !has_library.is_ok_and(|status| status.success()) {
        println!("passed over: no Python with cryptography; `cargo xtask python` installs it");
        return None;
    }
    let output = Command::new(python_program())
        .current_dir(root)
        .args(["-B", "-c", HARNESS])
        .arg(folder)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn both_accept_honest_packages_and_name_each_file_that_is_changed_removed_added_or_swapped() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Sample::new(Options::default());
    let package = sample.package(None);
    let provisional = {
        let mut contents = sample.contents.clone();
        // Only the log's own line: what was exported before witnesses cosigned.
        let note = &contents.checkpoint.note;
        let own = note.split_inclusive('\n').take(5);
        contents.checkpoint.note = own.collect();
        contents.checkpoint.is_final = false;
        sample.package_of(&contents, None)
    };
    let mut cases: Vec<(Altered, i64)> = vec![
        (("honest".to_owned(), Vec::new(), package.clone()), 0),
        (("own-keys".to_owned(), Vec::new(), package.clone()), 0),
        (("provisional".to_owned(), Vec::new(), provisional), 3),
        (("none".to_owned(), Vec::new(), b"PK".to_vec()), 1),
    ];
    cases.extend(altered(&package).into_iter().map(|case| (case, 1)));
    check_all(folder.path(), &sample, &cases);
}

#[test]
fn both_tell_what_is_sealed_disclosed_and_erased_and_name_each_file_that_is_altered() {
    let folder = tempfile::tempdir().unwrap();
    let sample = Sample::new(Options {
        is_personal: true,
        ..Options::default()
    });
    let package = sample.package(None);
    let other_value = {
        let mut contents = sample.contents.clone();
        let fields = contents.submissions[0].items[0].fields.as_mut().unwrap();
        if let FieldState::Disclosed { value, .. } = &mut fields.fields[0].state {
            *value = "李四".as_bytes().to_vec();
        }
        sample.package_of(&contents, None)
    };
    let position = sample.contents.submissions[0].position;
    let file = path::fields(position, 0);
    let mut cases: Vec<(Altered, i64)> = vec![
        (("honest".to_owned(), Vec::new(), package.clone()), 0),
        (("value".to_owned(), vec![file], other_value), 1),
    ];
    cases.extend(altered(&package).into_iter().map(|case| (case, 1)));
    check_all(folder.path(), &sample, &cases);
}

/// Lets both verifiers check every case: exit code, and the files that have to be named.
fn check_all(folder: &Path, sample: &Sample, cases: &[(Altered, i64)]) {
    fs::write(folder.join("policy"), &sample.policy).unwrap();
    for ((name, _, bytes), _) in cases {
        fs::write(folder.join(format!("{name}.evp")), bytes).unwrap();
    }
    let said = python(folder);
    for ((name, named, bytes), code) in cases {
        let policy = (name != "own-keys").then_some(sample.policy.as_str());
        let (our_code, our_files) = ours(bytes, policy);
        // Without the seal nothing is wrong and nothing binds the list: both halves have to be gone.
        assert_eq!(our_code, *code, "{name} {named:?}: {our_files:?}");
        for file in named {
            assert!(
                our_files.contains(file),
                "ours, {name}: {file} in {our_files:?}"
            );
        }
        let Some(said) = &said else { continue };
        let theirs = &said[format!("{name}.evp")];
        let failed: Vec<&str> = theirs[1]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(theirs[0], *code, "Python, {name} {named:?}: {failed:?}");
        for file in named {
            let is_named = failed.iter().any(|what| what.ends_with(file.as_str()));
            assert!(is_named, "Python, {name}: {file} in {failed:?}");
        }
    }
}
