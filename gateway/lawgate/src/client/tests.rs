//! What the client commands send and print, without a gateway.

use std::fs;
use std::path::Path;

use clap::Parser;
use proto::v1;

use super::messages::{Batch, batches};
use super::submit::{Answered, ending, print};
use super::*;
use crate::cli::{Cli, Command};
use crate::output::{Ending, Format, Output, UsageError};

fn submit_arguments(more: &[&str]) -> crate::cli::Submit {
    let line = [
        &["lawgate", "submit", "--client", "c.toml", "--feed", "hj212"],
        more,
    ]
    .concat();
    let Command::Submit(arguments) = Cli::try_parse_from(line).expect("parses").command else {
        panic!("submit")
    };
    arguments
}

fn sent(more: &[&str], stdin: &str) -> anyhow::Result<Vec<Batch>> {
    batches(&submit_arguments(more), &mut stdin.as_bytes())
}

fn payloads(batch: &Batch) -> Vec<&str> {
    batch
        .messages
        .iter()
        .map(|sourced| std::str::from_utf8(&sourced.message.payload).expect("text"))
        .collect()
}

fn printed(format: Format, print: impl FnOnce(&mut Output<'_>) -> std::io::Result<()>) -> String {
    let mut bytes = Vec::new();
    print(&mut Output::new(format, &mut bytes)).expect("memory takes everything");
    String::from_utf8(bytes).expect("output is UTF-8")
}

/// Two files in a folder; returns the folder and their paths.
fn two_files() -> (tempfile::TempDir, [String; 2]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("written");
        path.to_str().expect("a plain name").to_owned()
    };
    let paths = [path("一.xml", "<a/>"), path("two.xml", "<b/>\n")];
    (folder, paths)
}

#[test]
fn each_file_is_one_message_with_its_name() {
    let (_folder, [one, two]) = two_files();
    let batches = sent(&[&one, &two, "--content-type", "text/xml"], "").expect("read");
    assert_eq!(batches.len(), 1);
    assert_eq!(
        payloads(&batches[0]),
        ["<a/>", "<b/>\n"],
        "bytes are never changed"
    );
    let attributes = &batches[0].messages[0].message.attributes;
    let pairs: Vec<_> = attributes
        .iter()
        .map(|attribute| (attribute.name.as_str(), attribute.value.as_str()))
        .collect();
    assert_eq!(
        pairs,
        [("content-type", "text/xml"), ("file-name", "一.xml")]
    );
}

#[test]
fn each_line_is_one_message_with_its_end() {
    let batches = sent(&["--lines", "-"], "##one\r\n\r\n##two\n  \n##three").expect("read");
    assert_eq!(payloads(&batches[0]), ["##one\r\n", "##two\n", "##three"]);
    let sources: Vec<&str> = batches[0]
        .messages
        .iter()
        .map(|sourced| sourced.source.as_str())
        .collect();
    assert_eq!(
        sources,
        ["-:1", "-:3", "-:5"],
        "lines are counted as an editor does"
    );
    assert!(
        batches[0].messages[0].message.attributes.is_empty(),
        "standard input has no name"
    );
}

#[test]
fn many_messages_are_several_submissions() {
    let batches = sent(
        &["--lines", "--batch", "2", "--key", "k", "-"],
        "1\n2\n3\n4\n5\n",
    )
    .expect("read");
    let keys: Vec<&str> = batches.iter().map(|batch| batch.key.as_str()).collect();
    assert_eq!(keys, ["k/0", "k/1", "k/2"]);
    assert_eq!(payloads(&batches[1]), ["3\n", "4\n"]);
    assert_eq!(
        sent(&["--key", "k", "-"], "1").expect("read")[0].key,
        "k",
        "one submission has the key as given"
    );
}

#[test]
fn a_submission_stays_within_four_mebibytes() {
    let line = "x".repeat((1 << 20) - 1) + "\n";
    let lengths: Vec<usize> = sent(&["--lines", "-"], &line.repeat(9))
        .expect("read")
        .iter()
        .map(|batch| batch.messages.len())
        .collect();
    assert_eq!(lengths, [4, 4, 1]);
    let large = "y".repeat(5 << 20);
    assert_eq!(
        sent(&["-"], &large).expect("read").len(),
        1,
        "one message is never split; the gateway decides"
    );
}

#[test]
fn the_default_key_is_the_content() {
    let key = |more: &[&str], stdin: &str| sent(more, stdin).expect("read")[0].key.clone();
    let first = key(&["--lines", "-"], "a\nb\n");
    assert_eq!(
        first,
        key(&["--lines", "-"], "a\nb\n"),
        "a repeat is the same submission"
    );
    assert_eq!(
        first,
        key(&["--lines", "--content-type", "text/plain", "-"], "a\nb\n")
    );
    assert_ne!(first, key(&["--lines", "-"], "a\nc\n"));
    assert_ne!(first, key(&["-"], "a\nb\n"), "one message is not two");
    let mut other = submit_arguments(&["--lines", "-"]);
    other.feed = "region-clue".into();
    let other = batches(
        &other,
        &mut "a
b
"
        .as_bytes(),
    )
    .expect("read");
    assert_ne!(first, other[0].key, "another feed is another submission");
    assert!(
        first.starts_with("sha256:") && first.len() <= 128,
        "{first}"
    );
}

#[test]
fn what_cannot_be_read_is_named() {
    let error = sent(&["/nonexistent/a.xml"], "").expect_err("there is none");
    assert_eq!(error.to_string(), "/nonexistent/a.xml cannot be read");
    assert_eq!(
        sent(&["-"], "").expect_err("empty").to_string(),
        "- has no message"
    );
    assert_eq!(
        sent(&["--lines", "-"], " \n\n")
            .expect_err("blank")
            .to_string(),
        "- has no message"
    );
    assert!(
        sent(&["-", "-"], "x")
            .expect_err("twice")
            .is::<UsageError>()
    );
}

fn answered() -> Answered {
    let outcome = v1::MessageOutcome {
        records: 2,
        findings: 1,
        ..v1::MessageOutcome::default()
    };
    let finding = v1::Finding {
        severity: v1::Severity::Warning.into(),
        rule: "hj212.late".into(),
        text: "arrived a day late".into(),
        ..v1::Finding::default()
    };
    let quarantine = v1::Quarantine {
        code: "hj212.crc-bad".into(),
        offset: 40,
        text: "the check value is 1A80".into(),
    };
    let sourced = |source: &str| super::messages::Sourced {
        source: source.into(),
        message: v1::Message::default(),
    };
    Answered {
        messages: vec![sourced("packets.txt:1"), sourced("packets.txt:2")],
        answer: v1::SubmitResponse {
            submission_id: "01KX3Z5E8G00000000008000G0".into(),
            outcomes: vec![
                v1::MessageOutcome {
                    notable: vec![finding],
                    ..outcome
                },
                v1::MessageOutcome {
                    quarantine: Some(quarantine),
                    ..v1::MessageOutcome::default()
                },
            ],
            counts: Some(v1::Counts {
                messages: 2,
                records: 2,
                findings: 1,
                quarantined: 1,
            }),
            receipt: Some(v1::Receipt {
                position: 17,
                leaf_hash: vec![0xAB; 32],
                ..v1::Receipt::default()
            }),
            ..v1::SubmitResponse::default()
        },
    }
}

#[test]
fn outcomes_findings_and_the_receipt_are_printed() {
    let text = printed(Format::Table, |output| print(&[answered()], output));
    for part in [
        "packets.txt:1",
        "hj212.crc-bad at byte 40: the check value is 1A80",
        "warning",
        "hj212.late",
        "2 messages, 2 records, 1 findings, 1 quarantined",
        "position 位置",
        "17",
        &"ab".repeat(32),
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn json_has_one_document_for_each_submission() {
    let text = printed(Format::Json, |output| {
        print(&[answered(), answered()], output)
    });
    let documents = serde_json::Deserializer::from_str(&text).into_iter::<serde_json::Value>();
    let documents: Vec<_> = documents.map(|document| document.expect("JSON")).collect();
    assert_eq!(documents.len(), 2);
    assert_eq!(documents[1]["receipt"]["position"], "17");
    assert_eq!(
        documents[0]["outcomes"][1]["quarantine"]["code"],
        "hj212.crc-bad"
    );
}

#[test]
fn quarantine_has_its_own_ending() {
    assert_eq!(ending(&[answered()]), Ending::Quarantined);
    let mut clean = answered();
    clean.answer.outcomes.truncate(1);
    assert_eq!(ending(&[clean]), Ending::Done);
}

#[test]
fn a_purpose_is_sent_only_when_one_is_given() {
    assert_eq!(purpose(&submit_arguments(&["-"]).purpose), None);
    let given = submit_arguments(&[
        "--for-case",
        "包环罚〔2026〕12号",
        "--legal-basis",
        "code-1108",
        "-",
    ]);
    let expected = v1::Purpose {
        case_number: "包环罚〔2026〕12号".into(),
        purpose: String::new(),
        legal_basis: "code-1108".into(),
    };
    assert_eq!(purpose(&given.purpose), Some(expected));
}

fn records_arguments(more: &[&str]) -> crate::cli::Records {
    let line = [&["lawgate", "records", "--client", "c.toml"], more].concat();
    let Command::Records(arguments) = Cli::try_parse_from(line).expect("parses").command else {
        panic!("records")
    };
    arguments
}

#[test]
fn every_filter_reaches_the_request() {
    let arguments = records_arguments(&[
        "--feed", "f", "--entity", "Clue", "--party", "p", "--device", "d", "--case", "c",
        "--from", "2026", "--to", "2027",
    ]);
    let expected = v1::RecordFilter {
        feed: "f".into(),
        entity: "Clue".into(),
        party: "p".into(),
        device: "d".into(),
        case_number: "c".into(),
        from: "2026".into(),
        to: "2027".into(),
    };
    assert_eq!(
        super::records::build(&arguments, 0, "").filter,
        Some(expected)
    );
}

#[test]
fn pages_are_fetched_up_to_the_limit() {
    let arguments = records_arguments(&["--limit", "2500"]);
    for (fetched, size) in [(0, 1000), (1000, 1000), (2000, 500)] {
        let request = super::records::build(&arguments, fetched, "t");
        assert_eq!(
            (request.page_size, request.page_token.as_str()),
            (size, "t")
        );
    }
}

#[test]
fn a_list_of_records_shows_the_beginning_of_each() {
    let record = v1::Record {
        envelope: Some(v1::Envelope {
            record_id: "01KX3Z5E8G00000000008000G0".into(),
            entity: "Clue".into(),
            feed_id: "region-clue".into(),
            ..v1::Envelope::default()
        }),
        entity: Some(v1::record::Entity::Clue(Box::default())),
    };
    let list = v1::ListRecordsResponse {
        records: vec![record],
        next_page_token: "more".into(),
        indexed_size: 9,
    };
    let text = printed(Format::Table, |output| {
        super::records::print_list(&list, output)
    });
    for part in [
        "01KX3Z5E8G00000000008000G0",
        "Clue",
        "region-clue",
        "1 records, log indexed to 9; there are more",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let text = printed(Format::Json, |output| {
        super::records::print_list(&list, output)
    });
    assert!(
        text.contains("\"recordId\": \"01KX3Z5E8G00000000008000G0\""),
        "{text}"
    );
}

#[test]
fn a_summary_is_short_and_leaves_the_envelope_out() {
    let record = serde_json::json!({
        "envelope": {"recordId": "X"},
        "observation": {"factor": "a21026", "value": {"value": "812.5", "unit": "mg/m3"}, "links": ["a", "b"]},
    });
    let text = super::records::summary(&record);
    assert!(
        text.contains("value.unit=mg/m3")
            && text.contains("links[1]=b")
            && !text.contains("recordId"),
        "{text}"
    );
    let long = serde_json::json!({"clue": {"description": "长".repeat(200)}});
    let text = super::records::summary(&long);
    assert_eq!((text.chars().count(), text.ends_with('…')), (72, true));
}

#[test]
fn a_record_is_shown_with_its_provenance() {
    let found = v1::GetRecordResponse {
        record: Some(v1::Record {
            envelope: Some(v1::Envelope {
                entity: "Clue".into(),
                ..v1::Envelope::default()
            }),
            entity: None,
        }),
        provenance: Some(v1::Provenance {
            agency: "region".into(),
            adapter: "region-clue@1.0.0".into(),
            adapter_digest: vec![0xCD; 32],
            offset: 12,
            length: 30,
            position: 4,
            ..v1::Provenance::default()
        }),
    };
    let text = printed(Format::Table, |output| {
        super::records::print_one(&found, output)
    });
    for part in [
        "envelope.entity",
        "region-clue@1.0.0",
        &"cd".repeat(32),
        "12 + 30",
        "provenance 来源",
        "not shown to this agency",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn quarantined_messages_are_listed_with_their_reasons() {
    let line = [
        "lawgate",
        "quarantine",
        "list",
        "--client",
        "c.toml",
        "--feed",
        "f",
        "--code",
        "x.y",
        "--state=open",
        "--with-payload",
        "--limit=7",
    ];
    let command = Cli::try_parse_from(line).expect("parses").command;
    let Command::Quarantine(crate::cli::QuarantineCommand::List(arguments)) = command else {
        panic!("quarantine list")
    };
    let expected = v1::ListQuarantineRequest {
        feed: "f".into(),
        code: "x.y".into(),
        page_size: 7,
        page_token: String::new(),
        with_payload: true,
        state: v1::QuarantineState::Open as i32,
    };
    assert_eq!(super::quarantine::build(&arguments, 0, ""), expected);

    let message = v1::QuarantinedMessage {
        feed: "hj212".into(),
        quarantine: Some(v1::Quarantine {
            code: "adapter.deadline".into(),
            offset: 0,
            text: "took too long".into(),
        }),
        message_digest: vec![0xEE; 32],
        ..v1::QuarantinedMessage::default()
    };
    let list = v1::ListQuarantineResponse {
        messages: vec![message],
        next_page_token: String::new(),
    };
    let text = printed(Format::Table, |output| {
        super::quarantine::print(&list, output)
    });
    for part in [
        "hj212",
        "adapter.deadline: took too long",
        "eeeeeeeeeeeeeeee",
        "1 messages in quarantine",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn a_missing_client_file_is_named() {
    let connection = crate::cli::Connection {
        client: Path::new("/nonexistent/c.toml").to_owned(),
        address: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let error = runtime
        .block_on(super::call::connect(&connection))
        .map(|_| ())
        .expect_err("there is none");
    assert_eq!(
        error.to_string(),
        "configuration file /nonexistent/c.toml cannot be read"
    );
}
