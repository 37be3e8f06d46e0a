//! `lawgate adapter`: adapters without a gateway.
//!
//! For integrators: installs a component as `serve` would, with the default
//! limits, and prints what it says of itself or what it makes of files; packs
//! and signs it. Nothing is kept but native code below an adapter's folder: no
//! evidence, no audit entry. What the commands stand on is the crate `adapter-tools`.

mod install;
mod pack;
mod project;
mod source;

use anyhow::Context as _;
use prost_reflect::prost::Message as _;
use proto::v1::Conversion;
use serde_json::{Value, json};

use crate::cli::{AdapterCommand, AdapterInspect, AdapterRun};
use crate::client::{Sourced, messages_of, to_json};
use crate::output::{Ending, Format, Output, hex};
use adapter_host::Outcome;
use install::Installed;

/// Does what is asked of the adapter.
///
/// # Errors
/// Files that cannot be read, a component or a configuration that is refused, a limit met.
pub(crate) fn run(command: &AdapterCommand, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    match command {
        AdapterCommand::New(arguments) => project::new(arguments, output),
        AdapterCommand::Build(arguments) => project::build(arguments, output),
        AdapterCommand::Test(arguments) => project::test(arguments, output),
        AdapterCommand::Check(arguments) => project::check(arguments, output),
        AdapterCommand::Bench(arguments) => project::bench(arguments, output),
        AdapterCommand::Inspect(arguments) => inspect(arguments, output),
        AdapterCommand::Run(arguments) => convert(arguments, output),
        AdapterCommand::Pack(arguments) => pack::pack(arguments, output),
        AdapterCommand::Sign(arguments) => pack::sign(arguments, output),
        AdapterCommand::VerifySignature(arguments) => pack::verify(arguments, output),
        AdapterCommand::Registry(_) => unreachable!("`run` gives what needs a gateway to `client`"),
    }
}

fn inspect(arguments: &AdapterInspect, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let installed = Installed::load(&arguments.adapter)?;
    let adapter = &installed.adapter;
    let said = adapter.describe();
    let mut facts = vec![
        ("id", said.id.clone()),
        ("version", said.version.clone()),
        ("feed_kinds", said.feed_kinds.join(", ")),
        ("schema_version", said.schema_version.clone()),
        ("component_sha256", hex(&adapter.digest())),
        ("configuration_sha256", hex(&adapter.configuration_digest())),
        (
            "component_bytes",
            installed.source.component.len().to_string(),
        ),
        (
            "granted_memory_bytes",
            said.granted.memory_bytes.to_string(),
        ),
        (
            "granted_deadline_ms",
            said.granted.deadline.as_millis().to_string(),
        ),
    ];
    let world = adapter_tools::component::world(&installed.source.component)?;
    let manifest = &installed.source.manifest;
    let language = manifest.language.clone().unwrap_or_default();
    facts.extend([
        ("imports", world.reaching_imports().join(", ")),
        ("exports", world.exports.join(", ")),
        (
            "configuration_bytes",
            installed.source.configuration.len().to_string(),
        ),
        ("description", manifest.description.clone()),
        ("source", manifest.source.clone()),
        ("publisher", manifest.publisher.clone()),
        ("language", language),
    ]);
    if let Some(pack) = &installed.source.pack {
        let signers: Vec<&str> = pack.signatures().iter().map(|line| line.name()).collect();
        facts.extend([
            ("content_sha256", hex(&pack.content_digest())),
            ("samples", pack.samples().count().to_string()),
            ("signatures_unverified", signers.join(", ")),
        ]);
    }
    match output.format {
        Format::Json => {
            let object = facts
                .into_iter()
                .map(|(name, value)| (name.to_owned(), Value::from(value)));
            output.json(&Value::Object(object.collect()))?;
        }
        Format::Table => {
            let rows = facts
                .into_iter()
                .map(|(name, value)| vec![name.to_owned(), value]);
            output.table(&["what", "value"], rows)?;
            output.line("the component, its manifest and its configuration agree")?;
        }
    }
    Ok(Ending::Done)
}

fn convert(arguments: &AdapterRun, output: &mut Output<'_>) -> anyhow::Result<Ending> {
    let messages = messages_of(
        &arguments.files,
        arguments.lines,
        arguments.content_type.as_deref(),
        &mut std::io::stdin().lock(),
    )?;
    let installed = Installed::load(&arguments.adapter)?;
    let outcomes = installed.convert(&messages)?;
    let mut ending = Ending::Done;
    let mut results = Vec::with_capacity(outcomes.len());
    for (message, outcome) in messages.iter().zip(outcomes) {
        if let Outcome::Rejected { .. } = outcome {
            ending = Ending::Quarantined;
        }
        results.push(shown(message, outcome)?);
    }
    // A conversion has no form as a table.
    output.json(&Value::Array(results))?;
    Ok(ending)
}

/// One outcome as JSON, with the findings that the gateway would add to the records.
fn shown(message: &Sourced, outcome: Outcome) -> anyhow::Result<Value> {
    let bytes = match outcome {
        Outcome::Converted(bytes) => bytes,
        Outcome::Rejected { code, offset, text } => {
            let rejected = json!({ "code": code, "offset": offset, "text": text });
            return Ok(json!({ "message": message.source, "rejected": rejected }));
        }
    };
    let mut conversion = Conversion::decode(bytes.as_slice()).with_context(|| {
        format!(
            "{}: the adapter returned bytes that are no lawgate.v1.Conversion (adapter.bad-conversion)",
            message.source
        )
    })?;
    for record in &mut conversion.records {
        let findings = schema::check(record);
        schema::strip_derived(record);
        let envelope = record.envelope.get_or_insert_default();
        envelope.quality.extend(findings);
    }
    Ok(json!({ "message": message.source, "converted": to_json(&conversion, "Conversion") }))
}

#[cfg(test)]
mod tests;
