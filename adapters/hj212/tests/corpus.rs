//! The labels of real packets, where the optional corpus is there.
//!
//! Each line of the corpus is a packet with the verdict somebody reached by
//! hand or by another program. Nothing of it is part of this project.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use adapter_sdk::{Adapter as _, Message};
use hj212::Hj212;

fn corpus() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/hj212");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is not there", folder.display());
    None
}

fn lines(path: &Path) -> Vec<serde_json::Value> {
    let bytes = fs::read(path).expect("a readable file");
    let mut text = String::new();
    if path.extension().is_some_and(|extension| extension == "gz") {
        flate2::read::GzDecoder::new(&bytes[..])
            .read_to_string(&mut text)
            .expect("gzip");
    } else {
        text = String::from_utf8(bytes).expect("UTF-8");
    }
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[test]
fn every_real_packet_has_its_label() {
    let Some(folder) = corpus() else { return };
    let mut checked = 0;
    for file in ["packets.jsonl", "logger-log.jsonl.gz"] {
        for line in lines(&folder.join(file)) {
            let packet = line["packet"].as_str().expect("a packet");
            for end in ["", "\r\n"] {
                let verdict = hj212::verdict(format!("{packet}{end}").as_bytes());
                assert_eq!(Some(verdict.label()), line["verdict"].as_str(), "{packet}");
            }
            checked += 1;
        }
    }
    assert!(checked > 2_000, "{checked} packets");
}

#[test]
fn real_packets_are_converted_unless_they_are_damaged_or_commands() {
    let Some(folder) = corpus() else { return };
    let adapter = Hj212::configure(b"{}").expect("a good configuration");
    for line in lines(&folder.join("packets.jsonl")) {
        let packet = line["packet"].as_str().expect("a packet");
        let result = adapter
            .convert(&[Message::new(packet.as_bytes())])
            .remove(0);
        let code = result
            .as_ref()
            .err()
            .map(|rejection| rejection.code.as_ref());
        let expected = match line["verdict"].as_str() {
            Some("ok") => matches!(code, None | Some("hj212.downlink-refused")),
            Some("len+crc-bad") => code == Some("hj212.len-crc-bad"),
            Some(verdict) => code == Some(format!("hj212.{verdict}").as_str()),
            None => false,
        };
        assert!(expected, "{}: {code:?}", line["id"]);
    }
}

#[test]
fn every_published_command_to_a_device_is_refused() {
    let Some(folder) = corpus() else { return };
    let adapter = Hj212::configure(b"{}").expect("a good configuration");
    for line in lines(&folder.join("annex-c-downlink-segments.jsonl")) {
        let frame = line["framed_by_us"]
            .as_str()
            .expect("a frame")
            .replace("\\r\\n", "\r\n");
        let segment = line["segment"].as_str().expect("a segment");
        match adapter.convert(&[Message::new(frame.as_bytes())]).remove(0) {
            Ok(conversion) => {
                assert!(segment.contains("CN=901"), "{segment}");
                assert!(
                    conversion.records.is_empty() && conversion.reply.is_empty(),
                    "{segment}"
                );
            }
            Err(rejection) => assert_eq!(rejection.code, "hj212.downlink-refused", "{segment}"),
        }
    }
}
