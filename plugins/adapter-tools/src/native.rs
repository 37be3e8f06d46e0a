//! The same work without a sandbox: what an adapter in Rust costs natively, as the baseline of a measurement.
//!
//! A program of a few lines is made beside what was built; it links the crate of the adapter, and `export_adapter!` gave
//! that what measures it. The settings are those that adapters are built with.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use adapter_build::command::{CommandError, clean, output_of, run};
use prost::Message as _;
use proto::v1;
use serde_json::Value;

use crate::sample::Sample;

/// Where the program is made, in the project.
const FOLDER: &str = "target/native";

/// The name of the program.
const PROGRAM: &str = "lawgate-native";

/// The whole program.
const MAIN: &str = "fn main() -> std::process::ExitCode {\n    adapter::__lawgate_measure()\n}\n";

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub enum NativeError {
    /// The project is no crate that can be linked.
    #[error("{}: {text}", folder.display())]
    Project {
        /// The project.
        folder: PathBuf,
        /// What is wrong with it.
        text: &'static str,
    },
    /// A file cannot be read or written.
    #[error("{} cannot be used", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        cause: io::Error,
    },
    /// Cargo failed; what it said went to the terminal.
    #[error("the crate was not built natively")]
    Build(#[source] CommandError),
    /// The program said no number.
    #[error("the native program did not measure")]
    Program(#[source] io::Error),
}

/// Whether the folder is a project in Rust.
#[must_use]
pub fn is_rust(folder: &Path) -> bool {
    folder.join("Cargo.toml").is_file()
}

/// Builds the adapter in `folder` natively, and measures `rounds` calls of so many messages: the samples, again and
/// again. `configuration` is a file.
///
/// # Errors
/// Every variant.
pub fn measure(
    folder: &Path,
    configuration: &Path,
    (samples, messages): (&[Sample], usize),
    rounds: u32,
) -> Result<Duration, NativeError> {
    let program = build(folder)?;
    let request = v1::SubmitRequest {
        messages: samples.iter().cycle().take(messages).map(message).collect(),
        ..v1::SubmitRequest::default()
    };
    let failed = NativeError::Program;
    let mut child = clean(&program)
        .arg(rounds.to_string())
        .arg(configuration)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(&request.encode_to_vec()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let nanoseconds = said.trim().parse().ok().filter(|_| output.status.success());
    nanoseconds
        .map(Duration::from_nanos)
        .ok_or_else(|| failed(io::Error::other(format!("it ended with {}", output.status))))
}

fn message(sample: &Sample) -> v1::Message {
    let attribute = |(name, value): &(String, String)| v1::Attribute {
        name: name.clone(),
        value: value.clone(),
    };
    v1::Message {
        payload: sample.payload.clone().into(),
        attributes: sample.attributes.iter().map(attribute).collect(),
    }
}

/// Builds the program, and says where it lies.
fn build(folder: &Path) -> Result<PathBuf, NativeError> {
    let folder = fs::canonicalize(folder).map_err(file(folder))?;
    let (package, workspace) = package(&folder)?;
    let native = folder.join(FOLDER);
    let source = native.join("src");
    fs::create_dir_all(&source).map_err(file(&source))?;
    // The versions that the adapter itself was built with.
    let lock = workspace.join("Cargo.lock");
    let copy = native.join("Cargo.lock");
    if lock.is_file() {
        fs::copy(&lock, &copy).map_err(file(&lock))?;
    }
    for (name, text) in [
        ("Cargo.toml", manifest(&package, &folder)),
        ("src/main.rs", MAIN.to_owned()),
    ] {
        let path = native.join(name);
        fs::write(&path, text).map_err(file(&path))?;
    }
    let mut cargo = clean("cargo");
    cargo
        .current_dir(&native)
        .args(["build", "--release", "--target-dir", "target"]);
    run(&mut cargo).map_err(NativeError::Build)?;
    Ok(native.join("target/release").join(PROGRAM))
}

fn manifest(package: &str, folder: &Path) -> String {
    let (package, folder) = (quoted(package), quoted(&folder.to_string_lossy()));
    format!(
        "[package]\nname = \"{PROGRAM}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
         [dependencies]\nadapter = {{ package = {package}, path = {folder} }}\n\n\
         [profile.release]\nopt-level = 3\nlto = \"fat\"\ncodegen-units = 1\npanic = \"abort\"\n\n\
         # A workspace of its own, wherever the project lies.\n[workspace]\n"
    )
}

/// A text as TOML and JSON both write it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The name of the crate, and the folder of its workspace.
fn package(folder: &Path) -> Result<(String, PathBuf), NativeError> {
    let project = |text| NativeError::Project {
        folder: folder.to_owned(),
        text,
    };
    let mut cargo = clean("cargo");
    cargo.current_dir(folder).args([
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ]);
    let text = output_of(&mut cargo);
    let text = text.ok_or_else(|| project("`cargo metadata` fails there; run it to see why"))?;
    let metadata: Value =
        serde_json::from_str(&text).map_err(|_| project("cargo metadata is not JSON"))?;
    let found = found(&metadata, &folder.join("Cargo.toml"));
    found.ok_or_else(|| {
        project("the crate has no library of type rlib; write under [lib]: crate-type = [\"rlib\", \"cdylib\"]")
    })
}

fn found(metadata: &Value, manifest: &Path) -> Option<(String, PathBuf)> {
    let mut packages = metadata["packages"].as_array()?.iter();
    let package =
        packages.find(|package| package["manifest_path"].as_str() == manifest.to_str())?;
    let mut targets = package["targets"].as_array()?.iter();
    let is_linked = targets.any(|target| {
        let mut kinds = target["crate_types"].as_array().into_iter().flatten();
        kinds.any(|kind| kind == "rlib" || kind == "lib")
    });
    let workspace = PathBuf::from(metadata["workspace_root"].as_str()?);
    is_linked.then_some((package["name"].as_str()?.to_owned(), workspace))
}

fn file(path: &Path) -> impl Fn(io::Error) -> NativeError {
    let path = path.to_owned();
    move |cause| NativeError::File {
        path: path.clone(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_crate_that_can_be_linked_is_found_with_its_workspace() {
        let metadata = |kinds: &[&str]| {
            json!({"workspace_root": "/feeds", "packages": [
                {"manifest_path": "/feeds/noise/Cargo.toml", "name": "noise", "targets": [{"crate_types": kinds}]},
            ]})
        };
        let manifest = Path::new("/feeds/noise/Cargo.toml");
        let expected = Some(("noise".to_owned(), PathBuf::from("/feeds")));
        assert_eq!(found(&metadata(&["rlib", "cdylib"]), manifest), expected);
        assert_eq!(found(&metadata(&["cdylib"]), manifest), None);
    }

    #[test]
    fn a_path_with_quotes_is_written_as_toml_reads_it() {
        let text = manifest("a", Path::new("/it's \"here\""));
        assert!(text.contains(r#"path = "/it's \"here\"" }"#), "{text}");
    }
}
