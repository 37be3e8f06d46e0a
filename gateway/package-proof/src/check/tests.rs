//! Packages of a small log with one thing changed: the file is named every time.

use audit_proof::{
    judge::{Outcome, Questions, Standing, Trust},
    policy::Policy,
};
use proptest::prelude::*;
use sample_package::{Options, Sample};

use super::*;
use crate::{manifest::MANIFEST, render};

fn judged(package: &[u8], policy: Option<&str>) -> PackageVerdict {
    let trust = Trust {
        policy: policy.map(|text| Policy::parse(text.as_bytes()).unwrap()),
        ..Trust::default()
    };
    check(package, &trust, &Questions::default(), &Held::default())
}

/// Takes a package apart and writes it again without its checks being asked.
fn rebuilt(package: &[u8], change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) -> Vec<u8> {
    let zip = Zip::read(package).unwrap();
    let members = zip.members().iter();
    let mut files: BTreeMap<String, Vec<u8>> = members
        .map(|member| (member.name.to_owned(), member.contents().unwrap()))
        .collect();
    change(&mut files);
    sample_package::zip(&files)
}

fn named(verdict: &PackageVerdict) -> Vec<String> {
    let failures = verdict
        .verdict
        .failures
        .iter()
        .map(|failure| failure.file.clone());
    let findings = verdict.findings.iter().map(|finding| finding.file.clone());
    findings.chain(failures).collect()
}

fn names(package: &[u8]) -> Vec<String> {
    let zip = Zip::read(package).unwrap();
    zip.members()
        .iter()
        .map(|member| member.name.to_owned())
        .collect()
}

#[test]
fn an_honest_package_passes_and_its_entries_are_anchored() {
    let sample = Sample::new(Options::default());
    let package = sample.package(None);
    let verdict = judged(&package, Some(&sample.policy));
    assert_eq!(
        verdict.outcome(),
        Outcome::Passed,
        "{}",
        render::text(&verdict)
    );
    assert!(verdict.is_sealed && verdict.has_quorum);
    assert!(
        verdict
            .standings
            .iter()
            .all(|(_, standing)| *standing == Standing::Anchored)
    );
    assert_eq!(
        verdict.verdict.anchors,
        ["police", "justice"].map(str::to_owned).to_vec()
    );
    let counts = verdict.counts;
    assert_eq!(
        (counts.inclusions, counts.payloads, counts.results),
        (3, 2, 3)
    );
    assert_eq!((counts.adapters, counts.consistencies), (2, 1));
    assert_eq!(verdict.verdict.counts.receipts, 2);
    assert!(render::text(&verdict).contains("PASS anchored"));
    assert_eq!(render::json(&verdict)["outcome"], "passed");
}

#[test]
fn without_a_policy_nothing_is_anchored_and_the_reader_is_told_where_the_keys_came_from() {
    let sample = Sample::new(Options::default());
    let verdict = judged(&sample.package(None), None);
    assert_eq!(
        verdict.outcome(),
        Outcome::Passed,
        "{}",
        render::text(&verdict)
    );
    assert_eq!(verdict.keys, KeySource::Package);
    assert!(
        verdict
            .standings
            .iter()
            .all(|(_, standing)| *standing == Standing::Unanchored)
    );
    assert!(render::text(&verdict).contains("the keys came with the package"));
}

#[test]
fn a_provisional_checkpoint_is_called_provisional_and_is_not_enough_for_a_policy_with_witnesses() {
    let sample = Sample::new(Options {
        is_final: false,
        ..Options::default()
    });
    let package = sample.package(None);
    let verdict = judged(&package, Some(&sample.policy));
    assert_eq!(verdict.outcome(), Outcome::NotCheckable);
    let text = render::text(&verdict);
    assert!(
        text.contains("provisional") && text.contains("暂定"),
        "{text}"
    );
    assert!(render::text(&judged(&package, None)).contains("provisional"));
}

#[test]
fn each_file_that_is_changed_is_named() {
    let sample = Sample::new(Options::default());
    let package = sample.package(None);
    for name in names(&package) {
        for bit in [0, 7] {
            let changed = rebuilt(&package, |files| {
                let contents = files.get_mut(&name).unwrap();
                let at = contents.len() / 2;
                contents[at] ^= 1 << bit;
            });
            let verdict = judged(&changed, Some(&sample.policy));
            assert_eq!(verdict.outcome(), Outcome::Failed, "{name}");
            let named = named(&verdict);
            assert!(named.contains(&name), "{name} is not in {named:?}");
        }
    }
}

fn personal() -> Sample {
    Sample::new(Options {
        is_personal: true,
        ..Options::default()
    })
}

#[test]
fn sealed_disclosed_and_erased_values_are_told_and_the_package_passes() {
    let sample = personal();
    let verdict = judged(&sample.package(None), Some(&sample.policy));
    let text = render::text(&verdict);
    assert_eq!(verdict.outcome(), Outcome::Passed, "{text}");
    let counts = verdict.counts;
    assert_eq!((counts.sealed, counts.disclosed, counts.erased), (2, 2, 2));
    assert_eq!((counts.payloads, counts.results), (1, 2));
    assert!(
        text.contains("records[0].clue.reporter.name = 张三"),
        "{text}"
    );
    assert!(!text.contains("13800138000") && !text.contains("他见过"));
    let erased = "sealed, erased on 2026-";
    assert!(text.contains(erased), "{text}");
    assert!(text.contains("by officer-02 and officer-01"), "{text}");
    assert_eq!(render::json(&verdict)["sealed"][0]["is_message"], true);
}

#[test]
fn each_file_of_a_package_with_personal_data_that_is_changed_is_named() {
    let sample = personal();
    let package = sample.package(None);
    for name in names(&package) {
        let changed = rebuilt(&package, |files| {
            let contents = files.get_mut(&name).unwrap();
            let at = contents.len() / 2;
            contents[at] ^= 1;
        });
        let verdict = judged(&changed, Some(&sample.policy));
        let named = named(&verdict);
        assert!(named.contains(&name), "{name} is not in {named:?}");
    }
}

/// The findings about the sealed values of message 1 after a change to their file, with list and index made to agree.
fn after(change: impl Fn(&str) -> String) -> Vec<&'static str> {
    let mut sample = personal();
    let mut contents = sample.contents.clone();
    let item = &mut contents.submissions[0].items[1];
    let text = change(&item.fields.take().unwrap().to_string());
    // The sample is made of the library as others see it.
    item.fields = Some(sample_package::fields(&text));
    let package = sample.package_of(&contents, None);
    sample.contents = contents;
    let verdict = judged(&package, Some(&sample.policy));
    verdict.findings.iter().map(|it| it.kind.name()).collect()
}

#[test]
fn a_value_that_was_not_sealed_an_erasure_that_no_entry_says_and_another_salt_are_found() {
    assert!(after(str::to_owned).is_empty());
    let value = |text: &str| text.replace("5byg5LiJ", "5p2O5Zub");
    assert_eq!(after(value), ["commitment"]);
    let erased = |text: &str| {
        let (before, after) = text.split_once("erased ").unwrap();
        let (_, after) = after.split_once('\n').unwrap();
        format!("{before}erased 3\n{after}")
    };
    assert_eq!(after(erased), ["erasure"]);
    let renamed = |text: &str| text.replace("clue.text", "clue.title");
    assert_eq!(after(renamed), ["fields"]);
    let unsalted = |text: &str| {
        let lines = text.lines().map(|line| match line.starts_with("payload") {
            true => "payload unsalted\n".to_owned(),
            false => format!("{line}\n"),
        });
        lines.collect::<String>()
    };
    assert_eq!(after(unsalted), ["part"]);
}

#[test]
fn each_file_that_is_removed_is_named() {
    let sample = Sample::new(Options::default());
    let package = sample.package(None);
    for name in names(&package) {
        let changed = rebuilt(&package, |files| {
            files.remove(&name);
        });
        let verdict = judged(&changed, Some(&sample.policy));
        assert_eq!(verdict.outcome(), Outcome::Failed, "{name}");
        assert!(
            named(&verdict).contains(&name),
            "{name}: {:?}",
            named(&verdict)
        );
    }
}

#[test]
fn a_file_that_is_added_is_named() {
    let sample = Sample::new(Options::default());
    let package = sample.package(None);
    for name in ["entries/3.cbor", "payloads/21/7.bin", "a.txt", "zz/last"] {
        let changed = rebuilt(&package, |files| {
            files.insert(name.to_owned(), b"added".to_vec());
        });
        let verdict = judged(&changed, Some(&sample.policy));
        assert_eq!(verdict.outcome(), Outcome::Failed, "{name}");
        assert!(
            named(&verdict).contains(&name.to_owned()),
            "{name}: {:?}",
            named(&verdict)
        );
    }
}

#[test]
fn two_files_that_are_swapped_are_both_named_as_swapped() {
    let sample = Sample::new(Options::default());
    let package = sample.package(None);
    let names: Vec<String> = names(&package)
        .into_iter()
        .filter(|name| !path::is_unlisted(name))
        .collect();
    for pair in names.windows(2) {
        let changed = rebuilt(&package, |files| {
            let (first, second) = (files[&pair[0]].clone(), files[&pair[1]].clone());
            files.insert(pair[0].clone(), second);
            files.insert(pair[1].clone(), first);
        });
        let verdict = judged(&changed, Some(&sample.policy));
        let swapped = |name: &String| {
            let is_it = |finding: &&Finding| finding.file == *name;
            verdict
                .findings
                .iter()
                .filter(is_it)
                .any(|finding| finding.kind.name() == "swapped")
        };
        assert!(
            swapped(&pair[0]) && swapped(&pair[1]),
            "{pair:?}: {:?}",
            verdict.findings
        );
    }
}

#[test]
fn a_change_with_a_list_made_anew_is_found_by_the_seal_and_by_what_binds_the_file() {
    let sample = Sample::new(Options::default());
    let package = sample.package(None);
    for name in names(&package)
        .into_iter()
        .filter(|name| !path::is_unlisted(name))
    {
        let changed = rebuilt(&package, |files| {
            let contents = files.get_mut(&name).unwrap();
            let at = contents.len() / 2;
            contents[at] ^= 1;
            relist(files);
        });
        let verdict = judged(&changed, Some(&sample.policy));
        assert_eq!(verdict.outcome(), Outcome::Failed, "{name}");
        let found = named(&verdict);
        // Without an index there is nothing to hold the seal against.
        let is_sealed = found.contains(&path::SEAL_ENTRY.to_owned()) || name == path::INDEX;
        assert!(is_sealed, "{name}: {found:?}");
        let is_bound = [
            "entries/",
            "proofs/",
            "payloads/",
            "results/",
            "adapters/",
            "receipts/",
        ]
        .iter()
        .any(|folder| name.starts_with(folder));
        assert!(!is_bound || found.contains(&name), "{name}: {found:?}");
    }
}

#[test]
fn a_list_made_anew_and_no_seal_is_not_a_pass() {
    let sample = Sample::new(Options::default());
    let changed = rebuilt(&sample.package(None), |files| {
        files.insert("statement.html".to_owned(), b"<p>other".to_vec());
        files.remove(path::SEAL_ENTRY);
        files.remove(path::SEAL_RECEIPT);
        relist(files);
    });
    let verdict = judged(&changed, Some(&sample.policy));
    assert_eq!(
        verdict.outcome(),
        Outcome::NotCheckable,
        "{}",
        render::text(&verdict)
    );
    assert!(!verdict.is_sealed);
}

fn relist(files: &mut BTreeMap<String, Vec<u8>>) {
    let listed = files.iter().filter(|(name, _)| !path::is_unlisted(name));
    let lines = listed.map(|(name, bytes)| crate::manifest::Line::of(name, bytes));
    let manifest = crate::manifest::Manifest {
        lines: lines.collect(),
    };
    files.insert(MANIFEST.to_owned(), manifest.to_string().into_bytes());
}

#[test]
fn the_seal_of_another_package_does_not_fit() {
    let sample = Sample::new(Options::default());
    let mut contents = sample.contents.clone();
    contents.purpose = "another purpose".to_owned();
    let other = sample.package_of(&contents, None);
    let other = Zip::read(&other).unwrap();
    let seal = other.member(path::SEAL_ENTRY).unwrap().contents().unwrap();
    let receipt = other
        .member(path::SEAL_RECEIPT)
        .unwrap()
        .contents()
        .unwrap();
    let changed = rebuilt(&sample.package(None), |files| {
        files.insert(path::SEAL_ENTRY.to_owned(), seal);
        files.insert(path::SEAL_RECEIPT.to_owned(), receipt);
    });
    let verdict = judged(&changed, Some(&sample.policy));
    assert!(named(&verdict).contains(&path::SEAL_ENTRY.to_owned()));
}

#[test]
fn a_masked_package_withholds_bytes_and_still_binds_their_digests() {
    let sample = Sample::new(Options {
        is_masked: true,
        ..Options::default()
    });
    let package = sample.package(None);
    let verdict = judged(&package, Some(&sample.policy));
    assert_eq!(
        verdict.outcome(),
        Outcome::Passed,
        "{}",
        render::text(&verdict)
    );
    assert_eq!(
        (verdict.counts.payloads, verdict.counts.digests_only),
        (1, 2)
    );
    assert!(!names(&package).contains(&"payloads/21/1.bin".to_owned()));
    let text = render::text(&verdict);
    assert!(
        text.contains("masked or withheld") && text.contains("脱敏"),
        "{text}"
    );
    let zip = Zip::read(&package).unwrap();
    for member in zip.members() {
        let contents = member.contents().unwrap();
        let holds = |text: &str| {
            contents
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        };
        assert!(!holds("某人"), "{} has a withheld value", member.name);
    }
}

#[test]
fn a_range_is_proved_complete_and_a_leaf_taken_out_is_noticed() {
    let sample = Sample::new(Options {
        is_range: true,
        ..Options::default()
    });
    let package = sample.package(None);
    let verdict = judged(&package, Some(&sample.policy));
    assert_eq!(
        verdict.outcome(),
        Outcome::Passed,
        "{}",
        render::text(&verdict)
    );
    let mut contents = sample.contents.clone();
    contents.range.as_mut().unwrap().leaves.pop();
    let verdict = judged(&sample.package_of(&contents, None), Some(&sample.policy));
    assert!(named(&verdict).contains(&path::RANGE_PROOF.to_owned()));
}

#[test]
fn a_checkpoint_held_elsewhere_is_compared_where_a_proof_leads_to_it_and_else_named() {
    let sample = Sample::new(Options::default());
    let package = sample.package(None);
    let own = sample.contents.checkpoint.note.clone().into_bytes();
    let other = sample
        .contents
        .checkpoint
        .note
        .replace("\n24\n", "\n11\n")
        .into_bytes();
    let trust = Trust {
        policy: Some(Policy::parse(sample.policy.as_bytes()).unwrap()),
        ..Trust::default()
    };
    let held = Held {
        checkpoints: vec![("own".to_owned(), own), ("other".to_owned(), other)],
        ..Held::default()
    };
    let verdict = check(&package, &trust, &Questions::default(), &held);
    assert_eq!(verdict.verdict.held_up_to, 24);
    assert_eq!(verdict.outcome(), Outcome::NotCheckable);
    let gap = Gap::NoConsistency {
        file: "other".to_owned(),
    };
    assert_eq!(verdict.gaps, [gap]);
}

#[test]
fn the_same_contents_give_the_same_bytes() {
    let sample = Sample::new(Options::default());
    assert_eq!(sample.package(None), sample.package(None));
}

#[test]
fn the_keys_of_somebody_else_do_not_vouch_for_a_package() {
    let (sample, other) = (
        Sample::new(Options::default()),
        Sample::new(Options::default()),
    );
    let verdict = judged(&sample.package(None), Some(&other.policy));
    assert_eq!(verdict.outcome(), Outcome::Failed);
    assert!(named(&verdict).contains(&path::CHECKPOINT.to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn foreign_bytes_are_a_finding_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(judged(&bytes, None).outcome(), Outcome::Failed);
    }

    #[test]
    fn any_byte_changed_in_the_container_is_noticed(at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        static SAMPLE: std::sync::OnceLock<(Vec<u8>, String)> = std::sync::OnceLock::new();
        let (package, policy) = SAMPLE.get_or_init(|| {
            let sample = Sample::new(Options::default());
            (sample.package(None), sample.policy)
        });
        let mut changed = package.clone();
        let at = at.index(changed.len());
        changed[at] ^= 1_u8 << bit;
        prop_assert_eq!(judged(&changed, Some(policy)).outcome(), Outcome::Failed);
    }
}
