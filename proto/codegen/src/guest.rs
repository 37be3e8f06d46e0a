//! Guest bindings of the adapter contract, for the Rust SDK.
//!
//! What `wit-bindgen rust --world adapter --format` writes, with the `export!`
//! macro made public, because adapters call it from their own crates.

use std::path::Path;

use anyhow::Context as _;
use wit_bindgen_core::wit_parser::Resolve;
use wit_bindgen_core::{Files, WorldGenerator as _};
use wit_bindgen_rust::Opts;

use crate::HEADER;

/// The bindings of world `adapter` of the package in `folder`.
pub(crate) fn generate(folder: &Path) -> anyhow::Result<String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(folder)?;
    let world = resolve.select_world(&[package], Some("adapter"))?;
    let options = Opts {
        format: true,
        pub_export_macro: true,
        default_bindings_module: Some("adapter_sdk::bindings".to_owned()),
        ..Opts::default()
    };
    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files)?;
    let (_, code) = files.iter().next().context("the generator wrote no file")?;
    Ok(format!("{HEADER}{}", std::str::from_utf8(code)?))
}
