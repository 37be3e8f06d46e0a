//! `demo --corpus FOLDER`: every real HJ 212 packet of a corpus, its verdict against its label.
//!
//! The corpus is `hj212/packets.jsonl` and `hj212/logger-log.jsonl.gz` under the
//! folder: one JSON object a line with `packet` and `verdict`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::demo::Client;
use crate::table::Table;

/// Most packets of one submission: what the gateway takes by default.
const PACKETS_A_SUBMISSION: usize = 256;

/// Feeds the corpus and prints the counts per verdict.
///
/// # Errors
/// When a verdict differs from its label, naming the packet.
pub(crate) fn feed(client: &Client<'_>, folder: &Path) -> anyhow::Result<()> {
    let packets = read(folder)?;
    println!(
        "── feeding {} real HJ 212 packets from {}",
        packets.len(),
        folder.display()
    );
    let work = tempfolder()?;
    let mut counts: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut differences = Vec::new();
    let (mut records, mut done) = (0, 0);
    for (number, group) in packets.chunks(PACKETS_A_SUBMISSION).enumerate() {
        let files = write(&work, number, group)?;
        let answer = client.submit("hj212", "city-eco", &files, &[])?;
        let outcomes = answer["outcomes"]
            .as_array()
            .context("the answer has no outcomes")?;
        ensure!(
            outcomes.len() == group.len(),
            "{} outcomes for {} packets",
            outcomes.len(),
            group.len()
        );
        for (packet, outcome) in group.iter().zip(outcomes) {
            let found = verdict(outcome);
            counts.entry(packet.label.clone()).or_default().0 += 1;
            counts.entry(found.to_owned()).or_default().1 += 1;
            records += outcome["records"].as_u64().unwrap_or(0);
            if found != packet.label {
                differences.push(format!(
                    "{}: labelled {}, found {found}",
                    packet.name, packet.label
                ));
            }
        }
        done += group.len();
        println!("   {done} of {} packets", packets.len());
    }
    fs::remove_dir_all(&work)?;
    let mut table = Table::new(&["verdict", "labelled", "found"]);
    for (verdict, (labelled, found)) in counts {
        table.row(vec![verdict, labelled.to_string(), found.to_string()]);
    }
    println!("\n{table}\n   {records} records of observations and devices");
    ensure!(
        differences.is_empty(),
        "verdicts differ from their labels:\n{}",
        differences.join("\n")
    );
    println!("   every verdict equals its label");
    Ok(())
}

struct Packet {
    name: String,
    label: String,
    bytes: Vec<u8>,
}

fn read(folder: &Path) -> anyhow::Result<Vec<Packet>> {
    let plain = folder.join("hj212/packets.jsonl");
    let mut text =
        fs::read_to_string(&plain).with_context(|| format!("reading {}", plain.display()))?;
    let packed = folder.join("hj212/logger-log.jsonl.gz");
    let file = fs::File::open(&packed).with_context(|| format!("reading {}", packed.display()))?;
    flate2::read::GzDecoder::new(file).read_to_string(&mut text)?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .enumerate()
        .map(|(number, line)| packet(number, line))
        .collect()
}

fn packet(number: usize, line: &str) -> anyhow::Result<Packet> {
    let value: Value = serde_json::from_str(line).with_context(|| format!("packet {number}"))?;
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    Ok(Packet {
        name: text("id").unwrap_or_else(|| format!("line {}", number + 1)),
        label: text("verdict").with_context(|| format!("packet {number} has no verdict"))?,
        bytes: text("packet")
            .with_context(|| format!("packet {number} has no packet"))?
            .into_bytes(),
    })
}

/// The verdict on the frame: what the content is worth is a finding, not a verdict.
fn verdict(outcome: &Value) -> &str {
    match outcome["quarantine"]["code"].as_str() {
        Some("hj212.crc-bad") => "crc-bad",
        Some("hj212.crc-dialect") => "crc-dialect",
        Some("hj212.len-bad") => "len-bad",
        Some("hj212.len-crc-bad") => "len+crc-bad",
        Some("hj212.bad-header") => "bad-header",
        Some("hj212.no-crc") => "no-crc",
        Some(_) | None => "ok",
    }
}

fn write(work: &Path, group: usize, packets: &[Packet]) -> anyhow::Result<Vec<PathBuf>> {
    let folder = work.join(format!("{group:04}"));
    fs::create_dir_all(&folder)?;
    let mut files = Vec::with_capacity(packets.len());
    for (number, packet) in packets.iter().enumerate() {
        let file = folder.join(format!("{number:04}.txt"));
        fs::write(&file, &packet.bytes)?;
        files.push(file);
    }
    Ok(files)
}

fn tempfolder() -> anyhow::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("lawgate-corpus-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
