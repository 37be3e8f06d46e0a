//! Rust types of the messages.
//!
//! Maps are ordered, so that the same record has the same bytes for ever.
//! Services are left to `services`.

use anyhow::Context as _;
use prost_build::{Config, Module};

use crate::HEADER;
use crate::schema::{PACKAGE, Schema};

/// Entities that stand in a record directly. They come by the million; every
/// other entity is behind a pointer, so that a record is not as large as the
/// largest of them.
const INLINE: [&str; 2] = ["observation", "vehicle_track"];

/// Fields that stay a part of the request they came in, instead of being copied out of it.
const SHARED: [&str; 1] = [".lawgate.v1.Message.payload"];

/// The types of all messages of the package, as one module.
pub(crate) fn generate(schema: &Schema) -> anyhow::Result<String> {
    let mut config = Config::new();
    config.btree_map(["."]);
    config.bytes(SHARED);
    for field in boxed_fields(schema)? {
        config.boxed(field);
    }
    source(config, schema)
}

/// Runs the generator over the package and puts the header before what it wrote.
pub(crate) fn source(mut config: Config, schema: &Schema) -> anyhow::Result<String> {
    let requests = schema
        .files()
        .iter()
        .map(|file| {
            (
                Module::from_protobuf_package_name(PACKAGE),
                file.file_descriptor_proto().clone(),
            )
        })
        .collect();
    let modules = config.generate(requests)?;
    let code = modules
        .into_values()
        .next()
        .context("the package has no code")?;
    Ok(format!("{HEADER}{code}"))
}

/// Paths of the entities of a record that are behind a pointer.
fn boxed_fields(schema: &Schema) -> anyhow::Result<Vec<String>> {
    let record = schema
        .pool
        .get_message_by_name("lawgate.v1.Record")
        .context("record.proto defines no Record")?;
    let entities = record.oneofs().next().context("Record has no entity")?;
    Ok(entities
        .fields()
        .filter(|field| !INLINE.contains(&field.name()))
        .map(|field| format!(".lawgate.v1.Record.entity.{}", field.name()))
        .collect())
}
