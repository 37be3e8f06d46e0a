//! Adapters as files: what is checked of them, whole, with real components.

mod attacks;
mod checks;
mod denied;
mod frozen;
mod handmade;

use std::path::{Path, PathBuf};

use adapter_host::{Compiler, Config, Host};

/// A host in a folder of its own.
pub(crate) struct Lab {
    pub(crate) host: Host,
    _folder: tempfile::TempDir,
}

/// The compiler that is built beside the tests.
pub(crate) fn compiler() -> Compiler {
    let compiler = Compiler::beside_this_program().expect("this program has a place");
    assert!(
        compiler.program.is_file(),
        "run `cargo build -p adapter-compiler` first"
    );
    compiler
}

pub(crate) fn lab() -> Lab {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("native");
    let config = Config {
        workers: 1,
        adapters: 1,
        ..Config::recommended(cache, [7; 32], compiler())
    };
    Lab {
        host: Host::new(config).expect("a host"),
        _folder: folder,
    }
}

/// The component of contract 1.0.0 and what goes with it.
pub(crate) fn frozen() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/adapter-1.0.0")
}

/// The section that says which world a module implements, of the kit for C.
pub(crate) fn component_type() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sdks/c/adapter_component_type.o");
    let object = std::fs::read(path).expect("is checked in");
    let name = b"component-type";
    let at = object
        .windows(name.len())
        .position(|window| window == name)
        .expect("carries the world's type");
    // The section's header: id 0, its size, the length of its name; sizes here take one to three bytes.
    let start = (at.saturating_sub(6)..at)
        .find(|&start| section_end(&object, start) == Some((at, object.len())))
        .or_else(|| {
            (at.saturating_sub(6)..at)
                .find(|&start| section_end(&object, start).is_some_and(|found| found.0 == at))
        });
    let start = start.expect("a section begins before its name");
    let end = section_end(&object, start).expect("is whole").1;
    object[start..end].to_vec()
}

/// Where the name of a custom section at `start` begins, and where the section ends.
fn section_end(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    if bytes.get(start) != Some(&0) {
        return None;
    }
    let (size, header) = leb128(&bytes[start + 1..])?;
    let content = start + 1 + header;
    let (_, digits) = leb128(bytes.get(content..)?)?;
    let end = content + size;
    (end <= bytes.len()).then_some((content + digits, end))
}

fn leb128(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, at + 1));
        }
    }
    None
}
