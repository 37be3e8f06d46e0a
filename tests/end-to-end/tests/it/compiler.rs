//! The compiler of adapters is another program: what serves has none, and says so where it is missed.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use adapter_host::NATIVE_VERSION;
use end_to_end::{Site, adapters, binary, compiler, text};

use crate::registry::{adapter, site};

/// Longest wait for what must happen at once.
const SOON: Duration = Duration::from_secs(60);

/// In the symbols and messages of every program that has Cranelift in it.
const CRANELIFT: &[u8] = b"cranelift_codegen";

fn has_a_compiler(program: &Path) -> bool {
    let bytes = fs::read(program).expect("reads");
    bytes
        .windows(CRANELIFT.len())
        .any(|window| window == CRANELIFT)
}

#[test]
fn there_is_no_compiler_in_the_program_that_serves() {
    let (gateway, compiler) = (binary().expect("is built"), compiler().expect("is built"));
    assert!(
        !has_a_compiler(&gateway),
        "{}: it was built together with the compiler (`--workspace`?); `cargo build` builds it without",
        gateway.display()
    );
    assert!(has_a_compiler(&compiler), "{}", compiler.display());
}

#[test]
fn a_gateway_whose_compiler_is_missing_says_where_it_looked_and_does_not_start() {
    let site = Site::new().expect("sets up");
    site.set("sandbox", "compiler = \"elsewhere/lawgate-compiler\"")
        .expect("is written");
    let output = site.lawgate(&["serve", "--config", "lawgate.toml"]);
    let output = output.expect("runs");
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output);
    assert!(said.contains("elsewhere/lawgate-compiler"), "{said}");

    // Alone in a folder, as after a copy of one of the two programs.
    let site = Site::new().expect("sets up");
    let alone = site.folder().join("lawgate");
    fs::copy(binary().expect("is built"), &alone).expect("copies");
    let output = Command::new(&alone)
        .args(["serve", "--config", "lawgate.toml"])
        .current_dir(site.folder())
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output);
    let missed = alone.with_file_name("lawgate-compiler");
    assert!(said.contains(&*missed.to_string_lossy()), "{said}");
}

#[test]
fn a_compiler_that_is_replaced_by_another_is_named_and_no_component_is_blamed() {
    let site = site(1, false);
    // A name without a folder: a program of the folder, and not one that the system knows by it.
    let program = site.folder().join("true");
    fs::copy(compiler().expect("is built"), &program).expect("copies");
    site.set("sandbox", "compiler = \"true\"").expect("sets");
    let gateway = site.start().expect("starts with it");
    fs::remove_file(&program).expect("removes");
    let another = "#!/bin/sh\necho makes native code of version 1 >&2\nexit 64\n";
    fs::write(&program, another).expect("writes");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("sets");
    let built = adapters().expect("are built").join("hostile");
    let file = |name: &str| built.join(name).display().to_string();
    let (component, manifest) = (file("adapter.wasm"), file("adapter.toml"));
    let configuration = file("configuration.json");
    let mut arguments = vec!["install", "--feed", "hj212", "--component", &component];
    arguments.extend(["--manifest", &manifest, "--configuration", &configuration]);
    let said = adapter(&site, &gateway, "city-eco", &arguments).expect_err("is refused");
    assert!(said.contains("adapter-not-checked"), "{said}");
    assert!(said.contains("makes native code of version 1"), "{said}");
    gateway.stop().expect("stops");
    let output = site.lawgate(&["serve", "--config", "lawgate.toml"]);
    let said = text(&output.expect("runs"));
    assert!(said.contains("makes native code of version 1"), "{said}");
    // Who checks the configuration before is told.
    let output = site.lawgate(&["config", "check", "--config", "lawgate.toml"]);
    let output = output.expect("runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let warned = ["makes native code of version 1", "will not start with it"];
    assert!(warned.iter().all(|it| said.contains(it)), "{said}");
}

#[test]
fn a_compilation_ends_with_the_process_that_asked_for_it() {
    let program = compiler().expect("is built");
    // A parent of the compiling process that can be killed; both read from the same pipe and write to the same one.
    let mut parent = Command::new("sh")
        .arg("-c")
        .arg("exec 3<&0; \"$0\" \"$1\" <&3 & echo started; wait")
        .arg(program)
        .arg(NATIVE_VERSION)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut order = parent.stdin.take().expect("is piped");
    let mut output = BufReader::new(parent.stdout.take().expect("is piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("reads");
    assert_eq!(line, "started\n");
    // More than a pipe holds: when it is written, the compiling process has begun to read.
    order.write_all(&vec![0; 1 << 20]).expect("is read");
    parent.kill().expect("is killed");
    parent.wait().expect("ends");
    // The order stays open, so that its end is not what ends the compiling process.
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        ended.send(output.read_to_end(&mut rest).is_ok())
    });
    assert_eq!(
        end.recv_timeout(SOON),
        Ok(true),
        "it goes on without a parent"
    );
    drop(order);
}
