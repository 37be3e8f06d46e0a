//! C, by zig (which brings clang and a C library) or by a clang for WASI.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use adapter_build::command::{clean, is_there, run};

use super::{BuildError, Project, file, python};
use crate::component;

/// What every compiler is told: a library without `main`, small stack, no names.
///
/// The default stack is 16 MiB with zig, which every sandbox would have to map.
const FLAGS: [&str; 8] = [
    "--target=wasm32-wasi",
    "-mexec-model=reactor",
    "-O3",
    "-Wall",
    "-Isdk",
    "-Wl,--strip-debug",
    "-Wl,-z,stack-size=131072",
    "-o",
];

/// Compiles `src/*.c` with the kit in `sdk/`.
pub(super) fn build(project: &Project<'_>) -> Result<Vec<u8>, BuildError> {
    let mut command = compiler(project)?;
    let out = project.work.join("core.wasm");
    command.current_dir(project.folder).args(FLAGS).arg(&out);
    for folder in ["src", "sdk"] {
        command.args(sources(&project.folder.join(folder))?);
    }
    command.arg("sdk/adapter_component_type.o");
    run(&mut command)?;
    let core = fs::read(&out).map_err(file(&out))?;
    component::encode(&core).map_err(BuildError::Component)
}

/// The C files of a folder, in order of names, so that the same files give the same component.
fn sources(folder: &Path) -> Result<Vec<OsString>, BuildError> {
    let entries = fs::read_dir(folder).map_err(file(folder))?;
    let mut paths = Vec::<PathBuf>::new();
    for entry in entries {
        paths.push(entry.map_err(file(folder))?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "c"));
    paths.sort();
    Ok(paths.into_iter().map(PathBuf::into_os_string).collect())
}

/// zig of the project or of the tools, then of the system, then Debian's clang with its C library for WASI.
fn compiler(project: &Project<'_>) -> Result<Command, BuildError> {
    let cache = match &project.tools.folder {
        Some(folder) => folder.join("zig-cache"),
        None => project.work.join("zig-cache"),
    };
    let with_cache = |mut command: Command| {
        command
            .env("ZIG_GLOBAL_CACHE_DIR", &cache)
            .env("ZIG_LOCAL_CACHE_DIR", &cache);
        command
    };
    let missing = match python::program(project, "python") {
        Ok(python) => {
            let mut command = clean(python);
            command.args(["-m", "ziglang", "cc"]);
            return Ok(with_cache(command));
        }
        Err(error) => error,
    };
    if is_there("zig") {
        let mut command = clean("zig");
        command.arg("cc");
        return Ok(with_cache(command));
    }
    let debian = Path::new("/usr/lib/wasm32-wasi/libc.a");
    if is_there("clang-22") && debian.exists() {
        let mut command = clean("clang-22");
        command.args([
            "--sysroot=/usr",
            "-isystem",
            "/usr/include/wasm32-wasi",
            "-L/usr/lib/wasm32-wasi",
        ]);
        return Ok(command);
    }
    Err(missing)
}
