//! The file that counts what a party key has signed.
//!
//! A number is durable before anything is sent with it: used twice, it would say for ever that the
//! agency signed two things under one number. The file also keeps what the newest numbers were
//! used for, so that a repeat after a failure takes the number it had. It is no secret.
//!
//! ```text
//! lawgate-party-counter/v1 56475aa75463474c
//! 16 1790000000000000000 4f0c…
//! 17 1790000060000000000 a19b…
//! ```
//!
//! The head names the key. Each line has a counter, the time signed in nanoseconds UTC, and the
//! SHA-256 of the statement without both; the last is the highest.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use audit_log::party::KeyId;

use crate::output::hex;

/// First word of the file.
const FORM: &str = "lawgate-party-counter/v1";

/// Numbers whose use is remembered. A repeat comes within minutes; one that comes later than a
/// thousand others takes a new number and is refused as other content, which harms nothing.
const MOST_LINES: usize = 1_000;

/// The counter file of one key.
pub(crate) struct CounterFile {
    path: PathBuf,
    key: KeyId,
}

/// A number and the time it was taken at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Number {
    /// The counter, from 1.
    pub(crate) counter: u64,
    /// Nanoseconds UTC since 1970.
    pub(crate) time_ns: u64,
}

/// One line.
struct Line {
    number: Number,
    delivery: String,
}

impl CounterFile {
    /// The file at `path`, which counts for `key`. Nothing is read yet.
    pub(crate) fn new(path: PathBuf, key: KeyId) -> CounterFile {
        CounterFile { path, key }
    }

    /// The number of a delivery: the one it has already, or else the next, durable on return.
    ///
    /// Calls exclude each other, also those of other processes, by a lock on `<file>.lock`.
    ///
    /// # Errors
    /// A file that is missing, of another form or for another key, or that cannot be written.
    pub(crate) fn number(&self, delivery: &[u8; 32], now_ns: u64) -> anyhow::Result<Number> {
        let _lock = self.lock()?;
        let mut lines = self.read()?;
        let delivery = hex(delivery);
        if let Some(line) = lines.iter().find(|line| line.delivery == delivery) {
            return Ok(line.number);
        }
        let last = lines.last().map_or(0, |line| line.number.counter);
        let counter = last
            .checked_add(1)
            .with_context(|| format!("{}: there is no further number", self.path.display()))?;
        let number = Number {
            counter,
            time_ns: now_ns,
        };
        lines.push(Line { number, delivery });
        let newest = lines.len().saturating_sub(MOST_LINES);
        self.write(&lines[newest..])?;
        Ok(number)
    }

    /// Held until it is dropped. A file of its own, because the counter file is replaced.
    fn lock(&self) -> anyhow::Result<File> {
        let path = beside(&self.path, ".lock");
        let open = OpenOptions::new().create(true).append(true).open(&path);
        open.and_then(|file| file.lock().map(|()| file))
            .with_context(|| format!("{} cannot be locked", path.display()))
    }

    fn read(&self) -> anyhow::Result<Vec<Line>> {
        let path = self.path.display();
        let text = fs::read_to_string(&self.path).with_context(|| {
            format!("{path} cannot be read; begin with an empty file for a new key")
        })?;
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let broken =
            || format!("{path} is no counter file; restore it, an old copy would count twice");
        let (head, rest) = text.split_once('\n').with_context(broken)?;
        let key = head
            .strip_prefix(FORM)
            .and_then(|rest| rest.strip_prefix(' '));
        let key = key.with_context(broken)?;
        anyhow::ensure!(
            key == self.key.to_string(),
            "{path} counts for party key {key}, not for {}; each key has its own file",
            self.key
        );
        lines(rest).with_context(broken)
    }

    fn write(&self, lines: &[Line]) -> anyhow::Result<()> {
        let mut text = format!("{FORM} {}\n", self.key);
        for Line { number, delivery } in lines {
            text.push_str(&format!(
                "{} {} {delivery}\n",
                number.counter, number.time_ns
            ));
        }
        replace(&self.path, text.as_bytes()).with_context(|| {
            format!(
                "{} cannot be written; nothing was sent",
                self.path.display()
            )
        })
    }
}

/// Reads the lines; `None` unless every one is whole and the counters follow each other.
fn lines(text: &str) -> Option<Vec<Line>> {
    let mut lines: Vec<Line> = Vec::new();
    // The file is replaced as a whole, so that a line without its end is no unfinished write.
    let text = text.strip_suffix('\n')?;
    for line in text.split('\n') {
        let mut words = line.split(' ');
        let counter: u64 = words.next()?.parse().ok()?;
        let time_ns = words.next()?.parse().ok()?;
        let delivery = words.next()?.to_owned();
        let follows = lines.last().map_or(counter > 0, |last| {
            last.number.counter.checked_add(1) == Some(counter)
        });
        if !follows || delivery.len() != 64 || words.next().is_some() {
            return None;
        }
        let number = Number { counter, time_ns };
        lines.push(Line { number, delivery });
    }
    Some(lines)
}

/// Replaces the file: written beside it, synchronised, renamed, and the folder synchronised.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let new = beside(path, ".new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: KeyId = KeyId([7; 8]);

    fn file(content: &str) -> (tempfile::TempDir, CounterFile) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("counter");
        fs::write(&path, content).expect("written");
        (folder, CounterFile::new(path, KEY))
    }

    fn delivery(number: u32) -> [u8; 32] {
        let mut delivery = [0; 32];
        delivery[..4].copy_from_slice(&number.to_be_bytes());
        delivery
    }

    #[test]
    fn numbers_begin_with_one_and_follow_each_other_across_runs() {
        let (_folder, file) = file("");
        for expected in 1..=5 {
            let again = CounterFile::new(file.path.clone(), KEY);
            let number = again.number(&delivery(expected as u32), expected * 10);
            let expected = Number {
                counter: expected,
                time_ns: expected * 10,
            };
            assert_eq!(number.expect("counts"), expected);
        }
        assert!(!beside(&file.path, ".new").exists(), "it was renamed");
    }

    #[test]
    fn a_number_is_on_disk_before_it_is_given_out() {
        let (_folder, file) = file("");
        file.number(&delivery(1), 5).expect("counts");
        let text = fs::read_to_string(&file.path).expect("is there");
        let expected = format!("{FORM} {KEY}\n1 5 {}\n", hex(&delivery(1)));
        assert_eq!(text, expected);
    }

    #[test]
    fn a_delivery_keeps_its_number_as_long_as_it_is_remembered() {
        let (_folder, file) = file("");
        let first = file.number(&delivery(0), 5).expect("counts");
        let most = u32::try_from(MOST_LINES).expect("a thousand");
        for number in 1..most {
            file.number(&delivery(number), 6).expect("counts");
        }
        assert_eq!(file.number(&delivery(0), 7).expect("counts"), first);
        file.number(&delivery(most), 8).expect("counts");
        let later = file.number(&delivery(0), 9).expect("counts");
        assert_eq!(later.counter, u64::from(most) + 2);
    }

    #[test]
    fn callers_at_the_same_time_get_different_numbers() {
        let (_folder, file) = file("");
        let take = |number: u32| file.number(&delivery(number), 1).expect("counts").counter;
        let mut numbers: Vec<u64> = std::thread::scope(|scope| {
            let callers: Vec<_> = (0..8)
                .map(|number| scope.spawn(move || take(number)))
                .collect();
            let joined = callers.into_iter().map(|caller| caller.join());
            joined
                .map(|number| number.expect("does not panic"))
                .collect()
        });
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=8).collect::<Vec<u64>>());
    }

    #[test]
    fn a_file_that_is_not_whole_is_refused_and_left_as_it_is() {
        let line = |counter: &str| format!("{counter} 5 {}\n", hex(&delivery(1)));
        let head = format!("{FORM} {KEY}\n");
        let cases = [
            "17\n".to_owned(),
            format!("{FORM} {KEY}"),
            head.clone(),
            format!("{head}{}", line("0")),
            format!("{head}{}", line("x")),
            format!("{head}{}{}", line("1"), line("3")),
            format!("{head}{}{}", line("2"), line("1")),
            format!("{head}{}", line("1").trim_end()),
            format!("{head}1 5 ab\n"),
            format!("{head}1 5 {} 1\n", hex(&delivery(1))),
            format!("{head}{}", line("18446744073709551615")),
            format!("{FORM} 0000000000000000\n{}", line("1")),
        ];
        for content in cases {
            let (_folder, file) = file(&content);
            file.number(&delivery(2), 6).expect_err(&content);
            let left = fs::read_to_string(&file.path).expect("is there");
            assert_eq!(left, content);
        }
    }

    #[test]
    fn a_missing_file_is_refused_because_its_numbers_may_be_elsewhere() {
        let (_folder, file) = file("");
        fs::remove_file(&file.path).expect("removed");
        let error = file.number(&delivery(1), 5).expect_err("is refused");
        assert!(
            error.to_string().contains("begin with an empty file"),
            "{error}"
        );
    }
}
