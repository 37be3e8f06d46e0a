//! Building an adapter of any language as a component.
//!
//! The compilers are those of the languages; they are looked for in the
//! project, in a folder of tools, and where the system finds programs. What is
//! missing is named with the command that installs it; nothing is fetched
//! unless the caller asks for it. Every language ends in a component that
//! imports the log and nothing else.

mod c;
mod go;
mod js;
mod python;
mod rust;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use adapter_build::ToolchainError;
use adapter_build::command::CommandError;
use adapter_pack::manifest;
use adapter_pack::pack::{COMPONENT, CONFIGURATION, CONFIGURATION_SCHEMA};

use crate::component::{self, ComponentError, World};
use crate::language::Language;

/// Where a built adapter lies in its project.
pub const OUTPUT: &str = "target/adapter";

/// Where compilers are found, and what may be done about those that are missing.
#[derive(Debug, Clone, Default)]
pub struct Tools {
    /// A folder with compilers that several projects share: `node_modules`, `venv`.
    pub folder: Option<PathBuf>,
    /// Whether package managers may be run to install what is missing, which uses the network.
    pub install: bool,
    /// Folders whose names must not get into a component, beside the project: where cargo keeps sources.
    pub hide: Vec<PathBuf>,
}

/// A built adapter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The folder with component, manifest and configuration.
    pub folder: PathBuf,
    /// Size of the component, in bytes.
    pub component_bytes: usize,
    /// What it imports and exports.
    pub world: World,
}

/// Why an adapter was not built.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// A compiler is missing.
    #[error(
        "{what} is missing; install it with\n  {install}\nor let this command do it with --install"
    )]
    Missing {
        /// What is missing.
        what: &'static str,
        /// The command that installs it.
        install: String,
    },
    /// A compiler is missing, and only its vendor's installer brings it.
    #[error("{what} is missing: {advice}")]
    NotInstalled {
        /// What is missing.
        what: &'static str,
        /// What to do.
        advice: String,
    },
    /// A program cannot be started, or failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The compiler for Rust cannot be used.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// A file of the project is missing or cannot be read or written.
    #[error("{} cannot be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        cause: io::Error,
    },
    /// The project is not as `lawgate adapter new` makes it.
    #[error("{text}")]
    Project {
        /// What is wrong with it.
        text: String,
    },
    /// What was compiled is no adapter.
    #[error("what was compiled is no adapter")]
    Component(#[source] ComponentError),
}

/// Builds the project in `folder` into `<folder>/target/adapter`.
///
/// # Errors
/// Every variant; what was built before stays as it was.
pub fn build(folder: &Path, language: Language, tools: &Tools) -> Result<Built, BuildError> {
    let folder = fs::canonicalize(folder).map_err(file(folder))?;
    for name in [manifest::FILE, CONFIGURATION] {
        let path = folder.join(name);
        fs::metadata(&path).map_err(file(&path))?;
    }
    let work = folder.join("target/build");
    fs::create_dir_all(&work).map_err(file(&work))?;
    let project = Project {
        folder: &folder,
        work: &work,
        tools,
    };
    let component = match language {
        Language::Rust => rust::build(&project)?,
        Language::JavaScript => js::build(&project)?,
        Language::Python => python::build(&project)?,
        Language::C => c::build(&project)?,
        Language::Go => go::build(&project)?,
    };
    let world = component::world(&component).map_err(BuildError::Component)?;
    world.check().map_err(BuildError::Component)?;
    let output = folder.join(OUTPUT);
    install(&folder, &output, &component)?;
    Ok(Built {
        folder: output,
        component_bytes: component.len(),
        world,
    })
}

/// A project that is being built.
struct Project<'p> {
    /// Its folder, absolute.
    folder: &'p Path,
    /// Where compilers may put what they need.
    work: &'p Path,
    /// Where compilers are.
    tools: &'p Tools,
}

impl Project<'_> {
    /// Places where a program of a package manager may lie: the project's own first.
    fn places(&self, own: &str, shared: &str, program: &str) -> Vec<PathBuf> {
        let own = self.folder.join(own).join(program);
        let folder = self.tools.folder.as_ref();
        let shared = folder.map(|folder| folder.join(shared).join(program));
        std::iter::once(own).chain(shared).collect()
    }
}

/// Puts the component and what goes with it in the output folder.
fn install(folder: &Path, output: &Path, component: &[u8]) -> Result<(), BuildError> {
    fs::create_dir_all(output).map_err(file(output))?;
    let path = output.join(COMPONENT);
    fs::write(&path, component).map_err(file(&path))?;
    for name in [manifest::FILE, CONFIGURATION, CONFIGURATION_SCHEMA] {
        let (from, to) = (folder.join(name), output.join(name));
        match fs::copy(&from, &to) {
            Ok(_) => {}
            Err(cause)
                if name == CONFIGURATION_SCHEMA && cause.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(file(&from)(cause)),
        }
    }
    Ok(())
}

/// Names the file in an error.
fn file(path: &Path) -> impl Fn(io::Error) -> BuildError {
    let path = path.to_owned();
    move |cause| BuildError::File {
        path: path.clone(),
        cause,
    }
}
