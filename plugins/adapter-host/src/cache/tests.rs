//! Tests of the cache's files; loading is tested with real components.

use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

fn cache(folder: &TempDir, key: u8) -> Cache {
    Cache::open(&folder.path().join("native"), [key; 32]).expect("a temporary folder")
}

fn write(cache: &Cache, name: &str, native: &[u8]) -> PathBuf {
    assert!(cache.write(name, native.to_vec()).is_ok());
    cache.folder.join(name)
}

/// Reads a name and says in one word what was found.
fn found(cache: &Cache, name: &str) -> String {
    match cache.read(name).expect("a readable folder") {
        Found::Authentic(native) => format!("authentic {}", native.0.len()),
        Found::Nothing => "nothing".to_owned(),
        Found::Tampered => "tampered".to_owned(),
    }
}

#[test]
fn what_was_written_is_authentic_and_the_rest_is_nothing() {
    let folder = TempDir::new().expect("a temporary folder");
    let cache = cache(&folder, 1);
    write(&cache, "a", b"code");
    assert_eq!(found(&cache, "a"), "authentic 4");
    assert_eq!(found(&cache, "b"), "nothing");
}

#[test]
fn every_changed_byte_is_noticed() {
    let folder = TempDir::new().expect("a temporary folder");
    let cache = cache(&folder, 1);
    let path = write(&cache, "a", b"code");
    let content = fs::read(&path).expect("written");
    for index in 0..content.len() {
        let mut changed = content.clone();
        changed[index] ^= 1;
        fs::write(&path, changed).expect("own file");
        assert_eq!(found(&cache, "a"), "tampered", "byte {index}");
    }
}

#[test]
fn a_file_cut_anywhere_is_noticed() {
    let folder = TempDir::new().expect("a temporary folder");
    let cache = cache(&folder, 1);
    let path = write(&cache, "a", b"code");
    let content = fs::read(&path).expect("written");
    for length in 0..content.len() {
        fs::write(&path, &content[..length]).expect("own file");
        assert_eq!(found(&cache, "a"), "tampered", "cut to {length} bytes");
    }
}

#[test]
fn a_renamed_file_is_noticed() {
    let folder = TempDir::new().expect("a temporary folder");
    let cache = cache(&folder, 1);
    let path = write(&cache, "a", b"code");
    fs::rename(path, cache.folder.join("b")).expect("own file");
    assert_eq!(found(&cache, "b"), "tampered");
}

#[test]
fn a_file_made_with_another_key_is_noticed() {
    let folder = TempDir::new().expect("a temporary folder");
    write(&cache(&folder, 1), "a", b"code");
    assert_eq!(found(&cache(&folder, 2), "a"), "tampered");
}

#[test]
fn only_the_owner_can_read_or_write() {
    let folder = TempDir::new().expect("a temporary folder");
    let cache = cache(&folder, 1);
    let path = write(&cache, "a", b"code");
    let mode = |path: &Path| fs::metadata(path).expect("exists").permissions().mode() & 0o777;
    assert_eq!(mode(&cache.folder), 0o700);
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn no_draft_is_left_behind() {
    let folder = TempDir::new().expect("a temporary folder");
    let cache = cache(&folder, 1);
    write(&cache, "a", b"code");
    write(&cache, "a", b"newer code");
    let names: Vec<_> = fs::read_dir(&cache.folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(names, ["a"]);
    assert_eq!(found(&cache, "a"), "authentic 10");
}

#[test]
fn an_unusable_folder_is_an_error_with_its_path() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("file");
    fs::write(&file, b"").expect("own folder");
    let error = Cache::open(&file.join("native"), [0; 32]).expect_err("below a file");
    assert_eq!(error.step, "create");
    assert!(error.to_string().contains("file/native"), "{error}");
}

#[test]
fn the_key_is_never_printed() {
    let folder = TempDir::new().expect("a temporary folder");
    assert!(format!("{:?}", cache(&folder, 77)).contains("Key(..)"));
}
