//! What the integration tests share: hosts, the hostile component, messages.

#![allow(dead_code, reason = "every test file uses a part")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use adapter_host::{Adapter, CallError, Compiler, Config, Host, Message, Outcome};
use tempfile::TempDir;

/// The files of the hostile adapter, as `cargo xtask adapters` makes them.
pub(crate) fn hostile_component() -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/adapters/hostile/adapter.wasm");
    std::fs::read(&path).unwrap_or_else(|error| {
        panic!(
            "{} ({error}): run `cargo xtask adapters` first",
            path.display()
        )
    })
}

/// A host of its own with a temporary cache.
pub(crate) struct Fixture {
    pub(crate) host: Host,
    folder: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A host with changed settings. Deadlines are short, so that attacks end.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mut config = config(folder.path());
        change(&mut config);
        let host = Host::new(config).expect("a host");
        Self { host, folder }
    }

    pub(crate) fn cache_dir(&self) -> PathBuf {
        self.folder.path().join("native")
    }

    pub(crate) fn hostile(&self) -> Adapter {
        self.host
            .install(&hostile_component(), b"{}")
            .expect("the hostile adapter installs")
    }
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

pub(crate) fn config(folder: &Path) -> Config {
    Config {
        deadline: Duration::from_millis(300),
        workers: 16,
        adapters: 2,
        ..Config::recommended(folder.join("native"), [7; 32], compiler())
    }
}

/// Sends messages without attributes.
pub(crate) fn send(adapter: &Adapter, texts: &[&str]) -> Result<Vec<Outcome>, CallError> {
    let messages: Vec<Message<'_>> = texts
        .iter()
        .map(|text| Message {
            payload: text.as_bytes(),
            attributes: &[],
        })
        .collect();
    adapter.convert(&messages)
}

/// The text a conversion carries in its field `reply` (tag 4, shorter than 128 bytes).
pub(crate) fn reply(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Converted(bytes) => {
            assert_eq!(
                bytes[0],
                4 << 3 | 2,
                "a conversion with a reply and nothing else"
            );
            assert_eq!(usize::from(bytes[1]), bytes.len() - 2);
            String::from_utf8(bytes[2..].to_vec()).expect("replies are text")
        }
        Outcome::Rejected { code, .. } => panic!("rejected: {code}"),
    }
}

/// Sends messages and collects the replies.
pub(crate) fn replies(adapter: &Adapter, texts: &[&str]) -> Vec<String> {
    send(adapter, texts)
        .expect("a good call")
        .iter()
        .map(reply)
        .collect()
}
