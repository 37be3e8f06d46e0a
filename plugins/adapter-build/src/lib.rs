//! From a crate in Rust or a module of Go to a component: which compiler, with which settings, and the encoding.
//!
//! The tasks of the repository and `lawgate adapter build` both stand on it, so that an adapter has
//! the same settings whoever builds it. It knows no sandbox and runs no component, so that it is
//! built in seconds; it installs nothing and reads no environment.
//!
//! Reading order: [`toolchain`], [`sysroot`], [`go`], [`component`], `preview1`; [`command`] is what they stand on.
#![forbid(unsafe_code)]

pub mod command;
pub mod component;
pub mod go;
mod preview1;
pub mod sysroot;
pub mod toolchain;

use std::io;
use std::path::PathBuf;

/// Why a compiler was not found, or did not build.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// A program failed or did not start.
    #[error(transparent)]
    Command(#[from] command::CommandError),
    /// The compiler has the target and brings no linker for it, and the system has none.
    #[error(
        "the compiler has {} and no linker: install lld (wasm-ld)",
        toolchain::TARGET
    )]
    NoLinker,
    /// A path cannot be given to the compiler.
    #[error("{} is not UTF-8", .0.display())]
    Path(PathBuf),
    /// A file or folder cannot be used.
    #[error("{} cannot be used", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        #[source]
        cause: io::Error,
    },
}
