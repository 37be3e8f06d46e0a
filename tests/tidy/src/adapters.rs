//! Adapter folders: complete, with a golden result for every sample.
//!
//! An adapter is read by integrators as an example and by legal staff as the
//! explanation of a conversion, so every one has the same parts.

use toml::{Table, Value};

use crate::{Repository, Violation};

/// Files every adapter folder has, with the reason.
const PARTS: &[(&str, &str)] = &[
    ("Cargo.toml", "it is a crate"),
    ("adapter.toml", "the gateway installs it by its manifest"),
    ("README.md", "it names the standard its format comes from"),
    (
        "configuration.json",
        "it is shipped with a configuration that works",
    ),
    ("src/lib.rs", "it has code"),
];

/// Keys every manifest has.
const KEYS: &[&str] = &[
    "id",
    "version",
    "feed_kinds",
    "schema_version",
    "description",
];

/// Every adapter folder has its parts, a sample and a README that names a source.
pub fn complete(repository: &Repository) -> Vec<Violation> {
    const RULE: &str = "adapter-part";
    let mut found = Vec::new();
    for folder in adapter_folders(repository) {
        for (part, reason) in PARTS {
            let path = format!("{folder}/{part}");
            if repository.file(&path).is_none() {
                found.push(Violation::whole(&path, RULE, format!("write it: {reason}")));
            }
        }
        if !repository.has_folder(&format!("{folder}/samples")) {
            let path = format!("{folder}/samples");
            found.push(Violation::whole(
                &path,
                RULE,
                "add at least one sample message",
            ));
        }
    }
    found
}

/// Every sample has a golden result and every golden result a sample.
pub fn samples(repository: &Repository) -> Vec<Violation> {
    const RULE: &str = "golden";
    let mut found = Vec::new();
    for folder in adapter_folders(repository) {
        let mut samples = names_in(repository, &format!("{folder}/samples/"));
        // What the sender stated about a message lies beside the message.
        samples.retain(|name| !name.ends_with(".attributes.json"));
        let goldens = names_in(repository, &format!("{folder}/golden/"));
        let belongs = |golden: &str, sample: &str| {
            golden.strip_suffix(".json").is_some_and(|golden| {
                golden == sample
                    || sample
                        .rsplit_once('.')
                        .is_some_and(|(stem, _)| stem == golden)
            })
        };
        for sample in &samples {
            if !goldens.iter().any(|golden| belongs(golden, sample)) {
                found.push(Violation::whole(
                    &format!("{folder}/samples/{sample}"),
                    RULE,
                    "record its result in golden/: run the adapter's tests with UPDATE=1 and read what they wrote",
                ));
            }
        }
        for golden in &goldens {
            if !samples.iter().any(|sample| belongs(golden, sample)) {
                found.push(Violation::whole(
                    &format!("{folder}/golden/{golden}"),
                    RULE,
                    "no sample has this name; remove it or add the sample",
                ));
            }
        }
    }
    found
}

/// The manifest has every key and speaks of the adapter it lies beside.
pub fn manifest(repository: &Repository) -> Vec<Violation> {
    const RULE: &str = "adapter-manifest";
    let mut found = Vec::new();
    for folder in adapter_folders(repository) {
        let path = format!("{folder}/adapter.toml");
        let Some(file) = repository.file(&path) else {
            // `complete` reports it.
            continue;
        };
        let Ok(manifest) = file.text.parse::<Table>() else {
            found.push(Violation::whole(&path, RULE, "it is not TOML"));
            continue;
        };
        for key in KEYS {
            if !manifest.contains_key(*key) {
                found.push(Violation::whole(&path, RULE, format!("add `{key}`")));
            }
        }
        let id = manifest.get("id").and_then(Value::as_str);
        if id.is_some() && id != folder.rsplit('/').next() {
            found.push(Violation::whole(
                &path,
                RULE,
                "make `id` the name of the folder",
            ));
        }
    }
    found
}

/// Folders directly below `adapters/`.
fn adapter_folders(repository: &Repository) -> Vec<&str> {
    repository
        .folders()
        .into_iter()
        .filter(|folder| {
            folder
                .strip_prefix("adapters/")
                .is_some_and(|name| !name.contains('/') && !name.starts_with('.'))
        })
        .collect()
}

/// Names of the files directly in `folder` (with a slash at its end).
fn names_in<'a>(repository: &'a Repository, folder: &str) -> Vec<&'a str> {
    repository
        .files
        .iter()
        .filter_map(|file| file.path.strip_prefix(folder))
        .filter(|name| !name.contains('/') && *name != "README.md")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "id = \"hj212\"\nversion = \"0.1.0\"\nfeed_kinds = [\"hj212\"]\nschema_version = \"1.0.0\"\ndescription = \"HJ 212\"\n";

    fn good() -> Vec<(&'static str, &'static str)> {
        vec![
            ("adapters/hj212/Cargo.toml", ""),
            ("adapters/hj212/README.md", ""),
            ("adapters/hj212/adapter.toml", MANIFEST),
            ("adapters/hj212/configuration.json", ""),
            ("adapters/hj212/golden/minute.json", ""),
            ("adapters/hj212/samples/minute.txt", ""),
            ("adapters/hj212/src/lib.rs", ""),
        ]
    }

    #[test]
    fn a_complete_adapter_is_accepted() {
        let repository = Repository::with(&good());
        for rule in [complete, samples, manifest] {
            assert_eq!(rule(&repository), []);
        }
    }

    #[test]
    fn each_missing_part_is_reported() {
        for (part, _) in PARTS {
            let mut files = good();
            files.retain(|(path, _)| !path.ends_with(part));
            let found = complete(&Repository::with(&files));
            assert_eq!(found.len(), 1, "{part}: {found:?}");
            assert_eq!(found[0].path, format!("adapters/hj212/{part}"));
        }
    }

    #[test]
    fn an_adapter_without_samples_is_reported() {
        let mut files = good();
        files.retain(|(path, _)| !path.contains("/samples/"));
        let repository = Repository::with(&files);
        assert_eq!(complete(&repository).len(), 1);
        assert_eq!(
            samples(&repository).len(),
            1,
            "the golden result is left over"
        );
    }

    #[test]
    fn a_sample_without_a_golden_result_is_reported() {
        let mut files = good();
        files.push(("adapters/hj212/samples/hour.txt", ""));
        let found = samples(&Repository::with(&files));
        assert_eq!(found[0].path, "adapters/hj212/samples/hour.txt");
        files.push(("adapters/hj212/golden/hour.txt.json", ""));
        files.push(("adapters/hj212/samples/hour.txt.attributes.json", ""));
        assert_eq!(samples(&Repository::with(&files)), []);
    }

    #[test]
    fn a_manifest_that_lacks_a_key_or_names_another_is_reported() {
        for (text, expected) in [
            (MANIFEST.replace("id = \"hj212\"\n", ""), "add `id`"),
            (
                MANIFEST.replace("\"hj212\"\n", "\"gb28181\"\n"),
                "name of the folder",
            ),
            ("id = ".to_owned(), "not TOML"),
        ] {
            let mut files = good();
            files.retain(|(path, _)| !path.ends_with("adapter.toml"));
            files.push(("adapters/hj212/adapter.toml", &text));
            let found = manifest(&Repository::with(&files));
            assert_eq!(found.len(), 1, "{text}");
            assert!(found[0].remedy.contains(expected), "{}", found[0]);
        }
    }
}
