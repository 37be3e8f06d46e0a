//! Filling and swapping folders, and what a crash between any two steps leaves; whole archives are tested from outside.

use std::fs;
use std::path::Path;

use super::copy::Filling;
use super::export::range;
use super::restore::swap;

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("has one")).expect("made");
    fs::write(path, text).expect("written");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|_| "missing".to_owned())
}

#[test]
fn a_folder_gets_its_name_when_everything_in_it_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let (source, place) = (folder.path().join("source"), folder.path().join("archive"));
    write(&source.join("b"), "bb");
    write(&source.join("inner/a"), "a");
    write(&source.join("lock"), "");
    // What an attempt before left when it was killed.
    write(&folder.path().join("archive.unfinished/half"), "h");
    let mut filling = Filling::start(&place).expect("starts");
    filling
        .copy_all(&source, "log", &|name| name == "lock")
        .expect("copied");
    filling.write("checkpoint", b"c").expect("written");
    let paths: Vec<String> = filling.files().into_iter().map(|file| file.path).collect();
    assert_eq!(paths, ["checkpoint", "log/b", "log/inner/a"]);
    filling.seal(&[("manifest", b"m")]).expect("sealed");
    assert!(!place.exists(), "not before it is finished");
    filling.finish().expect("finished");
    assert_eq!(read(&place.join("log/inner/a")), "a");
    assert_eq!(read(&place.join("manifest")), "m");
    assert!(!place.join("half").exists());
    let again = Filling::start(&place).expect_err("is there");
    assert!(again.to_string().contains("nothing is overwritten"));
}

#[test]
fn names_that_lead_out_of_an_archive_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut filling = Filling::start(&folder.path().join("archive")).expect("starts");
    for path in ["../out", "a/../b", ".hidden", "manifest", "", "a//b"] {
        filling.write(path, b"x").expect_err(path);
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn a_restore_that_is_killed_between_any_two_steps_is_finished_by_the_next() {
    // The steps of a swap, each as what it does to the folders.
    let steps: [&dyn Fn(&Path); 4] = [
        &|data| fs::rename(data.join("audit"), data.join("audit.replaced")).expect("renamed"),
        &|data| fs::rename(data.join("restored/audit"), data.join("audit")).expect("renamed"),
        &|data| fs::rename(data.join("evidence"), data.join("evidence.replaced")).expect("renamed"),
        &|data| fs::rename(data.join("restored/evidence"), data.join("evidence")).expect("renamed"),
    ];
    for killed_after in 0..=steps.len() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path();
        for name in ["audit", "evidence"] {
            write(&data.join(name).join("x"), "old");
            write(&data.join("restored").join(name).join("x"), "new");
        }
        write(&data.join("index/rows"), "of the old log");
        steps[..killed_after].iter().for_each(|step| step(data));
        swap(&data.join("restored"), data).expect("finishes");
        for name in ["audit", "evidence"] {
            assert_eq!(read(&data.join(name).join("x")), "new", "{killed_after}");
            let old = data.join(format!("{name}.replaced/x"));
            assert_eq!(read(&old), "old", "{killed_after}");
        }
        assert!(!data.join("restored").exists() && !data.join("index").exists());
    }
}

#[test]
fn a_range_is_of_whole_closed_segments() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in [
        "00000000000000000000.segment",
        "00000000000000000100.segment",
        "00000000000000000250.open",
    ] {
        write(&folder.path().join(name), "");
    }
    let asked = |asked: &str| range(folder.path(), 300, asked);
    let whole = asked("0..").expect("is one");
    assert_eq!((whole.from, whole.to), (0, 250));
    assert_eq!(whole.segments, [0, 100]);
    assert_eq!(asked("100..250").expect("is one").segments, [100]);
    for (text, said) in [
        ("0..120", "at 120; the nearest are 100 or 250"),
        ("50..250", "at 50; the nearest are 0 or 100"),
        ("250..", "it has no entry"),
        ("0-250", "expected FROM..TO"),
        ("a..", "a is no position"),
    ] {
        let error = asked(text).expect_err(text).to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
    fs::rename(
        folder.path().join("00000000000000000250.open"),
        folder.path().join("00000000000000000250.segment"),
    )
    .expect("renamed");
    assert_eq!(asked("0..").expect("all are closed").to, 300);
}
