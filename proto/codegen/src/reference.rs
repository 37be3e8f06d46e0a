//! The reference of the schema, `docs/schema.md`.

use crate::schema::Schema;

/// The document.
pub(crate) fn generate(_schema: &Schema) -> anyhow::Result<String> {
    Ok(String::new())
}
