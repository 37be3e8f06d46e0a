//! What is printed of a conversion, and how adapters are packed and signed.

use std::time::Duration;

use proto::v1::record::Entity;
use proto::v1::{Message, Observation, Record};

use super::*;
use crate::cli::AdapterSource;

fn message() -> Sourced {
    Sourced {
        source: "noise.txt:1".to_owned(),
        message: Message::default(),
    }
}

#[test]
fn a_rejection_is_shown_with_its_message() {
    let outcome = Outcome::Rejected {
        code: "noise.no-values".to_owned(),
        offset: 7,
        text: "nothing".to_owned(),
    };
    let expected = json!({
        "message": "noise.txt:1",
        "rejected": {"code": "noise.no-values", "offset": 7, "text": "nothing"},
    });
    assert_eq!(shown(&message(), outcome).expect("shown"), expected);
}

#[test]
fn the_findings_of_the_gateway_are_shown_with_the_record() {
    let conversion = Conversion {
        records: vec![Record {
            entity: Some(Entity::Observation(Observation::default())),
            ..Record::default()
        }],
        ..Conversion::default()
    };
    let outcome = Outcome::Converted(conversion.encode_to_vec());
    let shown = shown(&message(), outcome).expect("shown");
    let quality = &shown["converted"]["records"][0]["envelope"]["quality"];
    let missing = quality.as_array().into_iter().flatten();
    let fields: Vec<_> = missing
        .filter(|finding| finding["rule"] == "schema.missing")
        .filter_map(|finding| finding["field"].as_str())
        .collect();
    assert!(fields.contains(&"observation.mn"), "{shown}");
}

#[test]
fn bytes_that_are_no_conversion_are_named_as_the_gateway_names_them() {
    let error = shown(&message(), Outcome::Converted(vec![0xFF])).expect_err("no conversion");
    assert!(
        error.to_string().contains("adapter.bad-conversion"),
        "{error}"
    );
}

#[test]
fn a_folder_without_a_component_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = Installed::load(&AdapterSource {
        path: folder.path().to_owned(),
        configuration: None,
    })
    .map(|_| ())
    .expect_err("nothing is there");
    assert!(
        error.to_string().contains("holds no built adapter"),
        "{error}"
    );
}

#[test]
fn the_limits_are_those_of_a_gateway_that_sets_none() {
    let sandbox = crate::config::default_sandbox();
    assert_eq!(sandbox.memory_bytes, 64 << 20);
    assert_eq!(sandbox.deadline, Duration::from_secs(2));
    assert_eq!(sandbox.output_bytes, 32 << 20);
}

/// A folder with what a pack needs; the component is not looked at.
fn packable() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = "id = \"noise\"\nversion = \"1.0.0\"\nfeed_kinds = [\"noise\"]\nschema_version = \"1.0.0\"\n";
    let files = [
        ("adapter.toml", manifest),
        ("configuration.json", "{}"),
        ("LICENSE", "Apache-2.0"),
        ("README.md", "# noise"),
        ("target/adapter/adapter.wasm", "\0asm"),
        ("samples/a", "61.2"),
        ("golden/a.json", "{}"),
    ];
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, content).expect("written");
    }
    folder
}

/// Runs one command and returns how it ended and what it printed.
fn ran(words: &[&str]) -> (anyhow::Result<Ending>, String) {
    use clap::Parser as _;
    let words = ["lawgate"].iter().chain(words);
    let cli = crate::cli::Cli::try_parse_from(words).expect("is a command line");
    let mut bytes = Vec::new();
    let mut output = Output::new(cli.output, &mut bytes);
    let ending = if let crate::cli::Command::Adapter(command) = &cli.command {
        run(command, &mut output)
    } else if let crate::cli::Command::Keys(command) = &cli.command {
        crate::keys::run(command, &mut output)
    } else {
        panic!("no command of this test: {:?}", cli.command)
    };
    (ending, String::from_utf8(bytes).expect("is text"))
}

#[test]
fn a_pack_is_made_signed_and_verified_by_its_publishers_key_alone() {
    let folder = packable();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (project, pack) = (path(""), path("noise.lga"));
    let (ending, text) = ran(&["adapter", "pack", &project, "--out", &pack]);
    assert_eq!(ending.expect("packed"), Ending::Done);
    assert!(text.contains("not signed"), "{text}");
    let first = std::fs::read(&pack).expect("written");
    for name in ["one", "other"] {
        let out = path(&format!("{name}.pem"));
        let made = ran(&["keys", "generate", "--kind", "ed25519", name, "--out", &out]);
        made.0.expect("a key");
    }
    let verified = |key: &str| {
        let (ending, text) = ran(&["adapter", "verify-signature", &pack, "--key", &path(key)]);
        (ending.expect("an answer"), text)
    };
    assert_eq!(verified("one.vkey").0, Ending::Wrong);
    let (ending, _) = ran(&["adapter", "sign", &pack, "--key", &path("one.pem")]);
    ending.expect("signed");
    let (ending, text) = verified("one.vkey");
    assert_eq!(ending, Ending::Done);
    assert!(text.ends_with("signed by one\n"), "{text}");
    let (ending, text) = verified("other.vkey");
    assert_eq!(ending, Ending::Wrong);
    assert!(text.contains("none of them is a known publisher"), "{text}");
    let (again, _) = ran(&["adapter", "sign", &pack, "--key", &path("one.pem")]);
    assert!(
        again
            .expect_err("signed already")
            .to_string()
            .contains("already")
    );
    ran(&["adapter", "pack", &project, "--out", &pack])
        .0
        .expect("packed");
    assert_eq!(
        std::fs::read(&pack).expect("written"),
        first,
        "the same bytes again"
    );
}

#[test]
fn what_is_missing_in_a_folder_is_named() {
    let folder = packable();
    let project = folder.path().display().to_string();
    std::fs::remove_file(folder.path().join("LICENSE")).expect("was there");
    let (ending, _) = ran(&["adapter", "pack", &project, "--out", "/nonexistent/x.lga"]);
    let error = ending.expect_err("no licence");
    assert!(
        format!("{error:#}").ends_with("the pack has no LICENSE"),
        "{error:#}"
    );
    std::fs::remove_dir_all(folder.path().join("target")).expect("was there");
    let (ending, _) = ran(&["adapter", "pack", &project]);
    let error = ending.expect_err("not built").to_string();
    assert!(
        error.contains("build it with `lawgate adapter build"),
        "{error}"
    );
}

#[test]
fn what_is_wrong_stands_in_the_first_line() {
    let folder = packable();
    let project = folder.path().display().to_string();
    std::fs::write(folder.path().join("adapter.toml"), "id = 7").expect("written");
    let (ending, _) = ran(&["adapter", "pack", &project, "--out", "/nonexistent/x.lga"]);
    let text = ending.expect_err("no manifest").to_string();
    assert!(text.contains("adapter.toml is no manifest"), "{text}");
    assert!(text.contains("invalid type: integer"), "{text}");
    let pack = folder.path().join("x.lga").display().to_string();
    std::fs::write(&pack, "no pack").expect("written");
    let (ending, _) = ran(&["adapter", "inspect", &pack]);
    let text = ending.expect_err("no pack").to_string();
    assert!(text.contains("the pack ends at byte 0"), "{text}");
}

#[test]
fn a_new_project_says_what_is_missing_to_build_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let project = folder.path().join("noise").display().to_string();
    let (ending, text) = ran(&["adapter", "new", "--lang", "js", &project]);
    assert_eq!(ending.expect("made"), Ending::Done);
    assert!(text.contains("lawgate adapter build"), "{text}");
    let (ending, _) = ran(&["adapter", "build", &project]);
    let text = ending.expect_err("no compiler").to_string();
    // Where there is no Node.js, or an old one, that is what is missing.
    let named = text.contains("npm ci --prefix") && text.contains("--install");
    let without_node = text.contains("Node.js") && text.contains("is missing: found ");
    assert!(named || without_node, "{text}");
    let (ending, _) = ran(&["adapter", "new", "--lang", "js", &project]);
    let text = ending.expect_err("is there").to_string();
    assert!(text.contains("is there already"), "{text}");
}
