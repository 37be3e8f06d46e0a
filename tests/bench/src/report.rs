//! Rows, notes, medians, the printed table and the JSON report.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Value, json};

/// One measured row.
pub(crate) struct Row {
    /// Name, as in the table of goals.
    pub(crate) name: String,
    /// Median of the measured side.
    pub(crate) value: f64,
    /// Unit of value and baseline.
    pub(crate) unit: &'static str,
    /// Median of the baseline.
    pub(crate) baseline: f64,
    /// Value ÷ baseline.
    pub(crate) ratio: f64,
    /// The goal in words: `<= 1.3`.
    pub(crate) goal: &'static str,
    /// Every run: value and baseline.
    pub(crate) runs: Vec<(f64, f64)>,
}

impl Row {
    /// A row from alternating runs of (value, baseline).
    pub(crate) fn new(
        name: impl Into<String>,
        unit: &'static str,
        goal: &'static str,
        runs: Vec<(f64, f64)>,
    ) -> Row {
        let value = median(runs.iter().map(|run| run.0));
        let baseline = median(runs.iter().map(|run| run.1));
        Row {
            name: name.into(),
            value,
            unit,
            baseline,
            ratio: value / baseline,
            goal,
            runs,
        }
    }
}

/// The middle of the values; not a number for none.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A figure beside the rows, which has no baseline and no goal in the table.
struct Note {
    name: String,
    value: f64,
    unit: &'static str,
}

/// The report of one run.
pub(crate) struct Report {
    machine: Value,
    rows: Vec<Row>,
    notes: Vec<Note>,
}

impl Report {
    pub(crate) fn new() -> Report {
        Report {
            machine: machine(),
            rows: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, rows: Vec<Row>) {
        self.rows.extend(rows);
    }

    pub(crate) fn note(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.notes.push(Note {
            name: name.into(),
            value,
            unit,
        });
    }

    /// Writes `{machine, rows: [{name, value, unit, baseline, ratio, goal, runs}], notes: [{name, value, unit}]}`.
    pub(crate) fn write(&self, file: &Path) -> anyhow::Result<()> {
        let row = |row: &Row| {
            json!({
                "name": row.name, "value": row.value, "unit": row.unit, "baseline": row.baseline,
                "ratio": row.ratio, "goal": row.goal,
                "runs": row.runs.iter().map(|(value, baseline)| json!([value, baseline])).collect::<Vec<_>>(),
            })
        };
        let note =
            |note: &Note| json!({ "name": note.name, "value": note.value, "unit": note.unit });
        let report = json!({
            "machine": self.machine,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "notes": self.notes.iter().map(note).collect::<Vec<_>>(),
        });
        fs::create_dir_all(file.parent().context("the report has a folder")?)?;
        fs::write(file, serde_json::to_string_pretty(&report)? + "\n")
            .with_context(|| file.display().to_string())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.machine)?;
        writeln!(
            formatter,
            "{:<24} {:>14} {:>14} {:<12} {:>7}  {:<8} {:>5}",
            "row", "value", "baseline", "unit", "ratio", "goal", "runs"
        )?;
        for row in &self.rows {
            writeln!(
                formatter,
                "{:<24} {:>14.2} {:>14.2} {:<12} {:>7.2}  {:<8} {:>5}",
                row.name,
                row.value,
                row.baseline,
                row.unit,
                row.ratio,
                row.goal,
                row.runs.len()
            )?;
        }
        for note in &self.notes {
            writeln!(
                formatter,
                "  {:<60} {:>14.2} {}",
                note.name, note.value, note.unit
            )?;
        }
        Ok(())
    }
}

/// What the figures were measured on.
fn machine() -> Value {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown", |(_, name)| name);
    let load = read("/proc/loadavg");
    json!({
        "cpu": model,
        "cores": std::thread::available_parallelism().map_or(0, std::num::NonZero::get),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "load_before": load.split(' ').next().unwrap_or_default(),
    })
}
