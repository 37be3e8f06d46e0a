//! The part of a configuration that says how messages are read.
//!
//! Formats, encodings, envelopes and bounds; what the fields mean is in `rules`.

use super::rules::paths;
use super::settings::Section;
use crate::document::{Charset, Decoding, Format, Limits, Rules, Step};

/// Builds the rules of the document reader, and the most records of a message.
pub(crate) fn rules(top: Section<'_>) -> (Rules, usize) {
    let (limits, most_records) = limits(top);
    let rules = Rules {
        formats: formats(top),
        charsets: charsets(top),
        unwrap: unwrap_steps(top),
        delimiter: delimiter(top),
        ignore_case: top.flag("ignore_case"),
        limits,
    };
    (rules, most_records)
}

/// Deepest nesting a configuration may allow; deeper documents are not exchange documents.
const MOST_DEPTH: usize = 128;

fn formats(top: Section<'_>) -> Vec<Format> {
    let mut formats = Vec::new();
    for name in top.texts("formats") {
        match name {
            "xml" => formats.push(Format::Xml),
            "json" => formats.push(Format::Json),
            "csv" => formats.push(Format::Csv),
            _ => top.fault_at(
                "formats",
                format!("{name:?} is unknown; known are xml, json, csv"),
            ),
        }
    }
    if formats.is_empty() {
        top.fault_at("formats", "at least one of xml, json, csv is expected");
    }
    formats
}

fn charsets(top: Section<'_>) -> Vec<Charset> {
    let mut charsets = Vec::new();
    for label in top.texts("encodings") {
        match Charset::from_label(label) {
            Some(charset) => charsets.push(charset),
            None => top.fault_at(
                "encodings",
                format!("{label:?} is unknown; known are utf-8, gb18030, gbk, utf-16le"),
            ),
        }
    }
    if charsets.is_empty() {
        top.fault_at("encodings", "at least one encoding is expected");
    }
    charsets
}

fn delimiter(top: Section<'_>) -> u8 {
    match top.text("delimiter").map(str::as_bytes) {
        None => b',',
        Some([delimiter]) if !matches!(delimiter, b'"' | b'\r' | b'\n' | 0x80..) => *delimiter,
        Some(_) => {
            top.fault_at(
                "delimiter",
                "one ASCII character other than a quote or a line end is expected",
            );
            b','
        }
    }
}

fn limits(top: Section<'_>) -> (Limits, usize) {
    let mut limits = Limits::DOCUMENT;
    // A message of a feed seldom carries more; the gateway's own limit is the harder one.
    let mut most_records = 20_000;
    top.inner("limits", |section| {
        section.only(&[
            "message_bytes",
            "depth",
            "nodes",
            "value_bytes",
            "attributes",
            "inflated_bytes",
            "records",
        ]);
        let set = |place: &mut usize, name: &str, most: usize| {
            if let Some(number) = section.number(name, 1..=most) {
                *place = number;
            }
        };
        set(&mut limits.message_bytes, "message_bytes", 64 << 20);
        set(&mut limits.depth, "depth", MOST_DEPTH);
        set(&mut limits.nodes, "nodes", 4_000_000);
        set(&mut limits.value_bytes, "value_bytes", 64 << 20);
        set(&mut limits.attributes, "attributes", 1_024);
        set(&mut limits.inflated_bytes, "inflated_bytes", 64 << 20);
        set(&mut most_records, "records", 1_000_000);
    });
    (limits, most_records)
}

fn unwrap_steps(top: Section<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    top.each("unwrap", |step| steps.extend(unwrap_step(step)));
    steps
}

fn unwrap_step(step: Section<'_>) -> Option<Step> {
    step.only(&["step", "path", "accept", "decode"]);
    let kind = step.required("step")?;
    if kind == "soap" {
        return Some(Step::Soap);
    }
    if !step.has("path") {
        step.fault_at("path", "missing");
    }
    let path = paths(step, "path").into_iter().next()?;
    match kind {
        "select" => Some(Step::Select(path)),
        "status" => {
            let accept: Vec<String> = step
                .texts("accept")
                .into_iter()
                .map(str::to_owned)
                .collect();
            if accept.is_empty() {
                step.fault_at("accept", "at least one status is expected");
            }
            Some(Step::Status { path, accept })
        }
        "embedded" => {
            let mut decode = Vec::new();
            for name in step.texts("decode") {
                match name {
                    "base64" => decode.push(Decoding::Base64),
                    "gzip" => decode.push(Decoding::Gzip),
                    _ => step.fault_at(
                        "decode",
                        format!("{name:?} is unknown; known are base64, gzip"),
                    ),
                }
            }
            Some(Step::Embedded { path, decode })
        }
        _ => {
            step.fault_at(
                "step",
                format!("{kind:?} is unknown; known are soap, select, status, embedded"),
            );
            None
        }
    }
}
