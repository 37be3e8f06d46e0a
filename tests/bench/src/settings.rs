//! What is asked for on the command line: rows by the beginnings of their names, and how large the large log is.

use anyhow::Context as _;

/// Entries of the large log: what one node takes in a year at one entry every three seconds.
const ENTRIES: u64 = 10_000_000;

/// The arguments.
pub(crate) struct Settings {
    rows: Vec<String>,
    /// Entries of the large log of the rows `growth-*`.
    pub(crate) entries: u64,
    /// Whether a missed goal is a failure, where a row knows its goal.
    pub(crate) must_hold: bool,
}

impl Settings {
    /// Reads `[ROW..] [--entries=COUNT] [--must-hold]`.
    pub(crate) fn parse(arguments: Vec<String>) -> anyhow::Result<Settings> {
        let mut settings = Settings {
            rows: Vec::new(),
            entries: ENTRIES,
            must_hold: false,
        };
        for argument in arguments {
            if let Some(entries) = argument.strip_prefix("--entries=") {
                settings.entries = entries.parse().context("--entries is no number")?;
                anyhow::ensure!(settings.entries > 0, "--entries is at least 1");
            } else if argument == "--must-hold" {
                settings.must_hold = true;
            } else if argument.starts_with('-') {
                anyhow::bail!(
                    "unknown option {argument}; there are --entries=COUNT and --must-hold"
                );
            } else {
                settings.rows.push(argument);
            }
        }
        Ok(settings)
    }

    /// Returns whether a row was asked for; without any, every row is.
    pub(crate) fn wants(&self, row: &str) -> bool {
        self.rows.is_empty()
            || self
                .rows
                .iter()
                .any(|asked| row.starts_with(asked.as_str()))
    }
}
