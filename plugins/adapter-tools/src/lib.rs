//! What is done with an adapter outside a gateway.
//!
//! Stands on [`adapter_pack`], whose parts it names again, and on
//! `adapter-host`, through which alone it runs components. The command line
//! (`lawgate adapter …`) and the registry of a gateway rely on it. It knows no
//! exchange and no agency, and reads neither wall clock nor configuration.
//!
//! Reading order: [`template`] (a new project), [`mod@build`] (a component of
//! it), [`sample`] and [`golden`] (what it must do), [`mod@check`] (what it
//! must not do), [`measure`], [`native`] (the same without a sandbox).

#![forbid(unsafe_code)]

use std::path::Path;

pub mod build;
pub mod check;
pub mod diff;
pub mod full_call;
pub mod golden;
pub mod language;
pub mod measure;
pub mod native;
pub mod sample;
pub mod template;

pub use adapter_build::component;
pub use adapter_pack::{
    Manifest, ManifestError, Pack, PackError, PackLimits, PublisherKeys, PublisherKeysError,
    VerifyError, manifest, pack, publisher,
};
pub use language::Language;

/// What a manifest asks of its sandboxes, as a gateway installs by it.
#[must_use]
pub fn asked(manifest: &Manifest) -> adapter_host::Asked {
    let limits = &manifest.limits;
    adapter_host::Asked {
        memory_bytes: limits.memory_bytes,
        deadline_ms: limits.deadline_ms,
        output_bytes: limits.output_bytes,
        log_lines: limits.log_lines,
    }
}

/// Checks that a component says of itself what its manifest says; `path` is for messages.
///
/// # Errors
/// [`ManifestError::Contradiction`] with the first key that differs.
pub fn agree(
    manifest: &Manifest,
    said: &adapter_host::Description,
    path: &Path,
) -> Result<(), ManifestError> {
    let said = manifest::Said {
        id: &said.id,
        version: &said.version,
        feed_kinds: &said.feed_kinds,
        schema_version: &said.schema_version,
    };
    manifest.agrees_with(said, path)
}
