//! What integrators do without a gateway, with the real binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use end_to_end::{adapters, binary, text};

/// Runs `lawgate adapter inspect` on a folder, as a user whose home is `home`.
fn inspect(adapter: &Path, home: &Path) {
    let output = Command::new(binary().expect("is built"))
        .args(["adapter", "inspect"])
        .arg(adapter)
        .env("HOME", home)
        .env_remove("XDG_CACHE_HOME")
        .output()
        .expect("runs");
    assert!(output.status.success(), "{}", text(&output));
}

/// Native code beside a component: each file with its bytes and the time of its last change.
fn native(adapter: &Path) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
    let listed = fs::read_dir(adapter.join("native")).expect("is there");
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.expect("lists").path();
        let changed = fs::metadata(&path).and_then(|it| it.modified());
        (
            path.clone(),
            fs::read(&path).expect("reads"),
            changed.expect("has a time"),
        )
    };
    listed.map(file).collect()
}

#[test]
fn the_second_command_finds_the_native_code_of_the_first_and_runs_no_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let adapter = folder.path().join("adapter");
    fs::create_dir(&adapter).expect("made");
    let built = adapters().expect("are built").join("region-clue");
    for file in ["adapter.wasm", "adapter.toml", "configuration.json"] {
        fs::copy(built.join(file), adapter.join(file)).expect("copied");
    }
    // Compared without printing: native code has megabytes.
    inspect(&adapter, folder.path());
    let first = native(&adapter);
    assert_eq!(first.len(), 1);
    inspect(&adapter, folder.path());
    assert!(native(&adapter) == first, "nothing is compiled again");
    // What this user did not compile is not run, but compiled again; the compiler may give other bytes.
    let (path, good, _) = &first[0];
    let mut forged = good.clone();
    forged[100] ^= 1;
    fs::write(path, &forged).expect("written");
    inspect(&adapter, folder.path());
    let again = native(&adapter);
    assert!(again[0].1 != forged, "forged code stays");
    inspect(&adapter, folder.path());
    assert!(native(&adapter) == again, "what replaced it is authentic");
    // To another user, who has another key, it is as good as forged.
    inspect(&adapter, &folder.path().join("other"));
    assert!(native(&adapter) != again, "code of another user is run");
}
