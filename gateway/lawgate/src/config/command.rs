//! `lawgate config check`.

use std::path::Path;

use serde_json::{Value, json};

use super::{Config, ConfigError, Faults, check as check_file, declared_keys};
use crate::attest;
use crate::output::{Ending, Format, Output};
use crate::wiring;

/// Checks the file and everything it names, and prints what was found.
///
/// # Errors
/// The file cannot be read, or the output cannot be written. Faults are no error: they are printed.
pub(crate) fn check(path: &Path, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    match check_file(path) {
        Ok(config) => {
            accepted(path, &config, output)?;
            Ok(Ending::Done)
        }
        Err(ConfigError::Faults(faults)) => {
            refused(&faults, output)?;
            Ok(Ending::Wrong)
        }
        Err(error @ ConfigError::Read { .. }) => Err(error.into()),
    }
}

fn accepted(path: &Path, config: &Config, output: &mut Output<'_>) -> std::io::Result<()> {
    let (agencies, feeds, keys) = (config.agencies.len(), config.feeds.len(), declared_keys());
    let (staff, administrators) = (config.staff.len(), config.adapters.administrators.len());
    let warnings = warnings(config);
    match output.format {
        Format::Json => output.json(&json!({
            "file": path, "faults": [], "warnings": warnings, "agencies": agencies, "administrators": administrators, "staff": staff,
            "feeds": feeds, "declaredKeys": keys,
        })),
        Format::Table => {
            output.line(&format!(
                "{}: no faults; {agencies} agencies ({administrators} may change adapters), {staff} of staff, {feeds} feeds, {keys} keys known, every file it names is there",
                path.display()
            ))?;
            for warning in warnings {
                output.line(&format!("warning: {warning}"))?;
            }
            Ok(())
        }
    }
}

/// What is allowed and unwise.
fn warnings(config: &Config) -> Vec<String> {
    let policy = config.audit.witness.as_ref().map(|witness| &witness.policy);
    let read = policy.map(|path| attest::read_policy(path));
    let unstartable =
        |error: anyhow::Error| format!("{error:#}; the gateway will not start with it.");
    let witnesses = match read {
        None => Some(format!("{UNWITNESSED} [audit.witness] names no policy.")),
        Some(Ok(policy)) if policy.needs_witnesses() => None,
        Some(Ok(_)) => Some(format!("{UNWITNESSED} The policy has `quorum none`.")),
        Some(Err(error)) => Some(unstartable(error)),
    };
    let compiler = wiring::try_compiler(&config.sandbox).err();
    witnesses
        .into_iter()
        .chain(compiler.map(unstartable))
        .collect()
}

/// What it means that nobody has to cosign.
const UNWITNESSED: &str = "no witness has to cosign: every checkpoint stays provisional, and who has this disk and its \
     keys can rewrite the log unnoticed. Have three agencies run `lawgate witness` and ask for two of them \
     (docs/operations.md, Witnesses).";

fn refused(faults: &Faults, output: &mut Output<'_>) -> std::io::Result<()> {
    match output.format {
        Format::Json => {
            let list: Vec<Value> = faults
                .faults
                .iter()
                .map(|fault| json!({ "line": fault.line, "key": fault.key, "problem": fault.problem.to_string() }))
                .collect();
            output.json(&json!({ "file": faults.file, "faults": list }))
        }
        Format::Table => output.line(&faults.to_string()),
    }
}
