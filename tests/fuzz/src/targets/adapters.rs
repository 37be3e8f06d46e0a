//! Every adapter of the repository: bent messages and bent configurations.
//!
//! Starts from the samples and the configuration in the adapter's own folder,
//! so a sample that is added there is bent here.

use std::{fs, path::PathBuf};

use adapter_sdk::{Adapter, Message, Outcome, proto::v1::Conversion, run};
use prost::Message as _;

use crate::{Corpus, fuzz};

const TOKENS: &[&[u8]] = &[
    b"##",
    b"0000",
    b"9999",
    b"&&",
    b";",
    b",",
    b"=",
    b"CN=1072;",
    b"CN=3032;",
    b"QN=99999999999999999;",
    b"Flag=255;PNUM=99999;PNO=0;",
    b"-Rtd=",
    b"-Flag=",
    b"{0xE4,0x3E}",
    b"\r\n",
    b"\0",
    b"\xd6\xd0",
    b"null",
    b"[]",
    b"{}",
    b"\"\":",
    b"1e400",
    b"</",
    b"<![CDATA[",
];

/// The files of an adapter's folder that a target starts from.
fn folder(feed: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../adapters")
        .join(feed)
}

fn configuration(feed: &str) -> Vec<u8> {
    fs::read(folder(feed).join("configuration.json")).expect("an adapter has a configuration")
}

fn samples(feed: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder(feed).join("samples"))
        .expect("an adapter has samples")
        .map(|file| file.expect("a file").path())
        .collect();
    // The order of a folder is not the same everywhere; the inputs must be.
    paths.sort();
    let samples: Vec<Vec<u8>> = paths
        .iter()
        .map(|path| fs::read(path).expect("a sample can be read"))
        .collect();
    assert!(!samples.is_empty(), "{feed} has no samples");
    samples
}

/// Converts a good message and a bent one, and checks what a host relies on.
fn check_convert<A: Adapter>(adapter: &A, good: &[u8], bent: &[u8]) {
    let messages = [Message::new(good), Message::new(bent)];
    let outcomes = run(adapter, &messages);
    assert_eq!(
        outcomes.len(),
        messages.len(),
        "one outcome for each message"
    );
    assert_eq!(
        outcomes,
        run(adapter, &messages),
        "the same input, other bytes"
    );
    for (message, outcome) in messages.iter().zip(outcomes) {
        let length = message.payload.len() as u64;
        match outcome {
            Outcome::Converted(bytes) => {
                let conversion = Conversion::decode(bytes.as_slice()).expect("what run encoded");
                check_conversion(&conversion, length);
            }
            Outcome::Rejected(rejection) => {
                assert!(
                    rejection.offset <= length,
                    "{rejection:?} of {length} bytes"
                );
                assert!(
                    rejection.code.starts_with(A::DESCRIPTION.id) || rejection.code.contains('.')
                );
                assert!(
                    !rejection.text.is_empty(),
                    "{} says nothing",
                    rejection.code
                );
            }
        }
    }
}

fn check_conversion(conversion: &Conversion, length: u64) {
    let within = |offset: u64, size: u64, what: &str| {
        let end = offset.checked_add(size);
        assert!(
            end.is_some_and(|end| end <= length),
            "{what} at {offset}+{size} of {length} bytes"
        );
    };
    for finding in &conversion.findings {
        within(finding.offset, finding.length, &finding.rule);
    }
    for record in &conversion.records {
        assert!(record.entity.is_some(), "a record of nothing");
        if let Some(envelope) = &record.envelope {
            within(envelope.raw_offset, envelope.raw_length, "record");
            for finding in &envelope.quality {
                within(finding.offset, finding.length, &finding.rule);
            }
        }
        // Whatever it says, it says it without a panic.
        let _ = schema::check(record);
    }
    check_reply(&conversion.reply);
}

/// A reply is an acknowledgement; a command to a device is never made (HJ 212 1xxx, 3xxx).
fn check_reply(reply: &[u8]) {
    let commands: Vec<&[u8]> = reply
        .windows(7)
        .filter(|window| window.starts_with(b"CN="))
        .collect();
    for command in commands {
        let is_answer = matches!(&command[3..], b"9011" | b"9012" | b"9013" | b"9014");
        assert!(is_answer, "the reply commands: {}", command.escape_ascii());
    }
}

fn bend_messages<A: Adapter>(feed: &str) {
    let Ok(adapter) = A::configure(&configuration(feed)) else {
        panic!("{feed} refuses its own configuration");
    };
    let samples = samples(feed);
    let honest: Vec<&[u8]> = samples.iter().map(Vec::as_slice).collect();
    let corpus = Corpus {
        honest: &honest,
        tokens: TOKENS,
    };
    let understood = |sample: &&&[u8]| {
        matches!(
            run(&adapter, &[Message::new(sample)])[..],
            [Outcome::Converted(_)]
        )
    };
    let count = honest.iter().filter(understood).count();
    // Samples of refused messages are part of an adapter, and not most of it.
    assert!(
        count * 3 > honest.len(),
        "{count} of {} samples are understood",
        honest.len()
    );
    fuzz(corpus, |bent| check_convert(&adapter, honest[0], bent));
}

fn bend_configuration<A: Adapter>(feed: &str) {
    let honest = configuration(feed);
    let samples = samples(feed);
    let corpus = Corpus {
        honest: &[&honest],
        tokens: TOKENS,
    };
    fuzz(corpus, |bent| match A::configure(bent) {
        Ok(adapter) => check_convert(&adapter, &samples[0], b""),
        Err(faults) => {
            assert!(!faults.is_empty(), "refused without a fault");
            assert!(
                faults.iter().all(|fault| !fault.text.is_empty()),
                "{faults:?}"
            );
        }
    });
}

#[test]
fn hj212_takes_any_message() {
    bend_messages::<hj212::Hj212>("hj212");
}

#[test]
fn hj212_takes_any_configuration() {
    bend_configuration::<hj212::Hj212>("hj212");
}

#[test]
fn region_clue_takes_any_message() {
    bend_messages::<region_clue::RegionClue>("region-clue");
}

#[test]
fn region_clue_takes_any_configuration() {
    bend_configuration::<region_clue::RegionClue>("region-clue");
}

#[test]
fn police_case_takes_any_message() {
    bend_messages::<police_case::PoliceCase>("police-case");
}

#[test]
fn police_case_takes_any_configuration() {
    bend_configuration::<police_case::PoliceCase>("police-case");
}

#[test]
fn justice_review_takes_any_message() {
    bend_messages::<justice_review::JusticeReview>("justice-review");
}

#[test]
fn justice_review_takes_any_configuration() {
    bend_configuration::<justice_review::JusticeReview>("justice-review");
}
