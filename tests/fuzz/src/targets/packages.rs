//! Evidence packages: the container, the list, the index, the texts of proofs, and the check over all of them.

use audit_proof::judge::{Outcome, Questions, Trust};
use package_proof::{
    Held, Index, check,
    manifest::Manifest,
    path,
    proofs::{ConsistencyText, MessagesText, RangeText},
    sealed::{FieldsText, commitments},
    zip::{MAX_FILE_BYTES, Zip},
};
use sample_package::{Options, Sample};

use crate::{Corpus, fuzz, fuzz_slowly};

const TOKENS: &[&[u8]] = &[
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"\xff\xff\xff\xff",
    b"../",
    b"/",
    b"entries/5.cbor",
    b"package.json",
    b"\x08\x00",
    b"\x00\x00\x00\x00",
];

fn small() -> Sample {
    Sample::new(Options {
        component_bytes: 10,
        ..Options::default()
    })
}

fn file(package: &[u8], name: &str) -> Vec<u8> {
    let zip = Zip::read(package).expect("a package");
    let member = zip.member(name).expect("it is there");
    member.contents().expect("it is sound")
}

#[test]
fn a_container_is_refused_or_gives_files_of_the_lengths_it_states() {
    let honest = small().package(None);
    let corpus = Corpus {
        honest: &[&honest],
        tokens: TOKENS,
    };
    fuzz(corpus, |bytes| {
        let Ok(zip) = Zip::read(bytes) else { return };
        for member in zip.members() {
            assert!(member.size() <= u64::from(MAX_FILE_BYTES));
            if let Ok(contents) = member.contents() {
                assert_eq!(contents.len() as u64, member.size());
            }
        }
    });
}

#[test]
fn a_package_that_is_not_the_one_that_was_made_never_passes() {
    let sample = small();
    let honest = sample.package(None);
    let trust = Trust {
        policy: audit_proof::policy::Policy::parse(sample.policy.as_bytes()).ok(),
        ..Trust::default()
    };
    let corpus = Corpus {
        honest: &[&honest],
        tokens: TOKENS,
    };
    fuzz_slowly(corpus, |bytes| {
        let verdict = check(bytes, &trust, &Questions::default(), &Held::default());
        let is_honest = bytes == honest.as_slice();
        assert!(is_honest || verdict.outcome() != Outcome::Passed);
    });
}

#[test]
fn a_list_that_is_read_has_no_other_form() {
    let honest = file(&small().package(None), "manifest.csv");
    let corpus = Corpus {
        honest: &[&honest],
        tokens: &[b",", b"\n", b"0", b"\xef\xbb\xbf"],
    };
    fuzz(corpus, |bytes| {
        if let Ok(manifest) = Manifest::parse(bytes) {
            assert_eq!(manifest.to_string().as_bytes(), bytes);
        }
    });
}

#[test]
fn an_index_is_read_or_refused() {
    let honest = file(&small().package(None), path::INDEX);
    let corpus = Corpus {
        honest: &[&honest],
        tokens: &[b"null", b"[]", b"-1", b"1e99", b"\"included\""],
    };
    fuzz(corpus, |bytes| {
        if let Ok(index) = Index::parse(bytes) {
            let again = Index::parse(&index.to_bytes().expect("it is written"));
            assert_eq!(again, Ok(index));
        }
    });
}

#[test]
fn a_proof_that_is_read_has_no_other_form() {
    let range = Sample::new(Options {
        is_range: true,
        ..Options::default()
    });
    let (package, ranged) = (small().package(None), range.package(None));
    let honest = [
        file(&package, "proofs/21.messages"),
        file(&package, "proofs/consistency-22.proof"),
        file(&ranged, path::RANGE_PROOF),
    ];
    let honest: Vec<&[u8]> = honest.iter().map(Vec::as_slice).collect();
    let corpus = Corpus {
        honest: &honest,
        tokens: &[b"\n", b" ", b"payload 0 ", b"leaves\n", b"=", b"0"],
    };
    fuzz(corpus, |bytes| {
        if let Ok(text) = MessagesText::parse(bytes) {
            assert_eq!(text.to_string().as_bytes(), bytes);
        }
        if let Ok(text) = RangeText::parse(bytes) {
            assert_eq!(text.to_string().as_bytes(), bytes);
        }
        if let Ok(text) = ConsistencyText::parse(bytes) {
            assert_eq!(text.to_string().as_bytes(), bytes);
        }
    });
}

#[test]
fn what_is_said_of_sealed_values_has_no_other_form() {
    let package = Sample::new(Options {
        is_personal: true,
        ..Options::default()
    })
    .package(None);
    let zip = Zip::read(&package).expect("a package");
    let of = |ending: &str| {
        let members = zip.members().iter();
        let found = members.filter(|member| member.name.ends_with(ending));
        let contents = found.map(|member| member.contents().expect("it is sound"));
        contents.collect::<Vec<_>>()
    };
    let (texts, parts) = (of(".fields"), of("0.pb"));
    assert!(texts.len() > 1 && !parts.is_empty());
    let honest: Vec<&[u8]> = texts.iter().chain(&parts).map(Vec::as_slice).collect();
    let corpus = Corpus {
        honest: &honest,
        tokens: &[
            b"\n",
            b"attribute ",
            b"payload sealed",
            b" disclosed ",
            b"=",
            b"\x02\x12\x02\x0a\x00",
        ],
    };
    fuzz(corpus, |bytes| {
        if let Ok(text) = FieldsText::parse(bytes) {
            assert_eq!(text.to_string().as_bytes(), bytes);
        }
        let _ = commitments(bytes);
    });
}
