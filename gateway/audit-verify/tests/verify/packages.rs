//! Evidence packages: what the binary says of an honest one, of an altered one, and of what is none.

use sample_package::{Options, Sample};

use crate::world::{World, run::say};

fn written(
    world: &World,
    name: &str,
    options: Options,
) -> (Vec<u8>, std::path::PathBuf, std::path::PathBuf) {
    let sample = Sample::new(options);
    let package = sample.package(None);
    let file = world.file(name, &package);
    let policy = world.file(&format!("{name}.policy"), &sample.policy);
    (package, file, policy)
}

#[test]
fn a_package_is_checked_without_naming_a_command_and_passes_in_both_languages() {
    let world = World::new();
    let (_, file, policy) = written(&world, "case.evp", Options::default());
    let arguments = [file.as_os_str(), "--policy".as_ref(), policy.as_os_str()];
    let (code, out, errors) = say(&arguments);
    assert_eq!(code, 0, "{out}{errors}");
    for said in [
        "PASS anchored",
        "通过，有外部见证",
        "checked 已核验",
        "VERDICT 结论: PASS",
    ] {
        assert!(out.contains(said), "{said} in {out}");
    }
    let (code, out, _) = say(&[file.as_os_str(), "--json".as_ref()]);
    assert_eq!(code, 0);
    let verdict: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (&verdict["outcome"], &verdict["keys_from"]),
        (&"passed".into(), &"package".into())
    );
    assert_eq!(verdict["entries"][0]["standing"], "unanchored");
}

#[test]
fn an_altered_package_fails_and_names_the_file() {
    let world = World::new();
    let (package, file, policy) = written(&world, "case.evp", Options::default());
    let mut changed = package;
    let at = changed.len() / 3;
    changed[at] ^= 1;
    std::fs::write(&file, changed).unwrap();
    let (code, out, _) = say(&[file.as_os_str(), "--policy".as_ref(), policy.as_os_str()]);
    assert_eq!(code, 1, "{out}");
    assert!(out.contains("FAIL 失败: "), "{out}");
}

#[test]
fn a_provisional_package_says_so_and_is_exit_code_three_under_a_policy_with_witnesses() {
    let world = World::new();
    let options = Options {
        is_final: false,
        ..Options::default()
    };
    let (_, file, policy) = written(&world, "case.evp", options);
    let (code, out, _) = say(&[file.as_os_str(), "--policy".as_ref(), policy.as_os_str()]);
    assert_eq!(code, 3, "{out}");
    assert!(out.contains("provisional 暂定"), "{out}");
}

#[test]
fn what_is_no_package_fails_and_a_missing_file_is_wrong_use() {
    let world = World::new();
    let file = world.file("none.evp", "PK no package");
    let (code, out, _) = say(&[file.as_os_str()]);
    assert_eq!(code, 1);
    assert!(out.contains("container"), "{out}");
    assert_eq!(say(&[world.path("missing.evp").as_os_str()]).0, 2);
}
