//! Tests of finding adapters; building them is what `cargo xtask adapters` does.

use super::*;

fn guest(package: &str, id: &str) -> Guest {
    Guest {
        package: package.to_owned(),
        id: id.to_owned(),
        folder: PathBuf::new(),
    }
}

#[test]
fn the_id_is_the_manifests_own_key() {
    let cases = [
        ("id = \"hj212\"", Some("hj212")),
        (
            "# a comment\n  id=\"a-b\" # more\nversion = \"1\"",
            Some("a-b"),
        ),
        ("identity = \"x\"", None),
        ("[publisher]\nid = \"nobody\"", None),
        ("id = 7", None),
        ("", None),
    ];
    for (manifest, expected) in cases {
        assert_eq!(manifest_id(manifest).as_deref(), expected, "{manifest}");
    }
}

#[test]
fn adapters_are_chosen_by_id_or_package() {
    let guests = vec![guest("hj212", "hj212"), guest("hostile-adapter", "hostile")];
    let choose = |names: &[&str]| -> Result<Vec<String>> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        Ok(chosen(guests.clone(), &names)?
            .into_iter()
            .map(|guest| guest.id)
            .collect())
    };
    assert_eq!(choose(&[]).expect("all"), ["hj212", "hostile"]);
    assert_eq!(choose(&["hostile"]).expect("by id"), ["hostile"]);
    assert_eq!(
        choose(&["hostile-adapter"]).expect("by package"),
        ["hostile"]
    );
    let error = choose(&["hj213"]).expect_err("unknown");
    assert_eq!(
        error.to_string(),
        "no adapter `hj213`; there are hj212, hostile-adapter"
    );
}

#[test]
fn every_adapter_folder_of_the_repository_is_found() {
    let guests = find_guests(&crate::root()).expect("the repository's own folders");
    let packages: Vec<_> = guests.iter().map(|guest| guest.package.as_str()).collect();
    for expected in [
        "hj212",
        "justice-review",
        "police-case",
        "region-clue",
        "hostile-adapter",
    ] {
        assert!(
            packages.contains(&expected),
            "{expected} not in {packages:?}"
        );
    }
}

#[test]
fn the_compiler_writes_underscores() {
    assert_eq!(
        guest("police-case", "police-case").module_name(),
        "police_case.wasm"
    );
}
