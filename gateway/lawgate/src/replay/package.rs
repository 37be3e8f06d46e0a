//! `lawgate replay --package`: the conversions of an evidence package, in the gateway's own engine.
//!
//! `lawgate-replay` does the same in another engine; this one runs every adapter that a gateway runs.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use exchange::ports::{AdapterIdentity, Converter};
use package_replay::{Adapters, NotRun, render};

use super::adapters::Sandboxes;
use crate::output::{Ending, Format, Output};
use crate::wiring;

/// Replays a package.
///
/// # Errors
/// A file that cannot be read or is no package; a host that cannot be started.
pub(super) fn run(file: &Path, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let mut sandboxes = Sandboxes::new()?;
    let report = package_replay::replay(&bytes, &mut sandboxes)
        .with_context(|| format!("reading {}", file.display()))?;
    match output.format {
        Format::Json => output.json(&render::json(&report))?,
        Format::Table => output.text(&render::text(&report))?,
    }
    Ok(match report.exit_code() {
        0 => Ending::Done,
        _ => Ending::Wrong,
    })
}

impl Adapters for Sandboxes {
    fn engine(&self) -> &'static str {
        "the gateway's engine"
    }

    fn load(
        &mut self,
        _named: &AdapterIdentity,
        component: &[u8],
        configuration: &[u8],
    ) -> Result<Arc<dyn Converter>, NotRun> {
        wiring::converter(&self.host, component, configuration).map_err(|error| NotRun {
            text: wiring::fault_text(&error),
        })
    }
}
