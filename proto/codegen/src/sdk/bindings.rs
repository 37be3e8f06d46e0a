//! Guest bindings of the adapter contract in C, as `wit-bindgen` writes them.

use std::path::Path;

use anyhow::Context as _;
use wit_bindgen_core::wit_parser::{Resolve, WorldId};
use wit_bindgen_core::{Files, WorldGenerator};

/// Files of the C bindings: source, header, and the object that carries the world's type.
pub(crate) fn c(folder: &Path) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    generated(folder, wit_bindgen_c::Opts::default().build())
}

fn generated(
    folder: &Path,
    mut generator: Box<dyn WorldGenerator>,
) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let (mut resolve, world) = world(folder)?;
    let mut files = Files::default();
    generator.generate(&mut resolve, world, &mut files)?;
    let files = files.iter();
    Ok(files
        .map(|(name, bytes)| (name.to_owned(), trimmed(name, bytes)))
        .collect())
}

/// Source text without white space at the ends of lines; any other file as it is.
fn trimmed(name: &str, bytes: &[u8]) -> Vec<u8> {
    match std::str::from_utf8(bytes) {
        Ok(text) if name.ends_with(".c") || name.ends_with(".h") => {
            let lines = text.lines().map(str::trim_end);
            lines
                .flat_map(|line| [line, "\n"])
                .collect::<String>()
                .into_bytes()
        }
        _ => bytes.to_vec(),
    }
}

fn world(folder: &Path) -> anyhow::Result<(Resolve, WorldId)> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(folder)?;
    let world = resolve
        .select_world(&[package], Some("adapter"))
        .context("the contract has no world adapter")?;
    Ok((resolve, world))
}
