//! How long witnesses or timestamps have been missing, and when that is too long.
//!
//! An outage begins with the first failure and ends with the first success. Its begin is kept in a file, so that a
//! restart does not excuse it; the time switched off counts. No clock of its own, no entry of its own: the caller brings
//! the time and appends what it is given.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use exchange::entry::{Dependency, OutageEntry};

/// How long an outage lasts before it is entered into the log.
///
/// A witness that is restarted is away for seconds; a minute is noticed by people.
const NOTED_AFTER: Duration = Duration::from_secs(60);

/// The outages of one node.
#[derive(Debug)]
pub(crate) struct Outages {
    path: PathBuf,
    after: Duration,
    missing: BTreeMap<&'static str, Missing>,
}

/// One outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Missing {
    what: Dependency,
    since_ns: u64,
    /// Whether its begin stands in the log.
    is_noted: bool,
}

impl Outages {
    /// Reads what was missing when the node ended; only outages of `watched` are taken over.
    ///
    /// # Errors
    /// The file cannot be read, or is not one of ours.
    pub(crate) fn open(
        path: PathBuf,
        after: Duration,
        watched: &[Dependency],
    ) -> anyhow::Result<Outages> {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(cause) => {
                return Err(cause).with_context(|| format!("{} cannot be read", path.display()));
            }
        };
        let mut missing = BTreeMap::new();
        for line in text.lines() {
            let read = Missing::parse(line)
                .with_context(|| format!("{} says what no outage is: {line}", path.display()))?;
            if watched.contains(&read.what) {
                missing.insert(read.what.word(), read);
            }
        }
        Ok(Outages {
            path,
            after,
            missing,
        })
    }

    /// States that `what` was to be had; returns the end of an outage whose begin stands in the log.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn worked(&mut self, what: Dependency) -> anyhow::Result<Option<OutageEntry>> {
        let Some(ended) = self.missing.remove(what.word()) else {
            return Ok(None);
        };
        self.store()?;
        Ok(ended.is_noted.then(|| ended.entry(true)))
    }

    /// States that `what` was not to be had at `now_ns`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn failed(&mut self, what: Dependency, now_ns: u64) -> anyhow::Result<()> {
        if self.missing.contains_key(what.word()) {
            return Ok(());
        }
        let begun = Missing {
            what,
            since_ns: now_ns,
            is_noted: false,
        };
        self.missing.insert(what.word(), begun);
        self.store()
    }

    /// Returns the begins of outages that are to be entered at `now_ns`; each is returned once.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn due(&mut self, now_ns: u64) -> anyhow::Result<Vec<OutageEntry>> {
        let noted_after = NOTED_AFTER.min(self.after);
        let lasting = self.missing.values_mut();
        let due: Vec<OutageEntry> = lasting
            .filter(|missing| !missing.is_noted && missing.lasts(now_ns) >= noted_after)
            .map(|missing| {
                missing.is_noted = true;
                missing.entry(false)
            })
            .collect();
        if !due.is_empty() {
            self.store()?;
        }
        Ok(due)
    }

    /// What has been missing for too long at `now_ns`, and for how long.
    pub(crate) fn too_long(&self, now_ns: u64) -> Option<(Dependency, Duration)> {
        let mut lasting = self.missing.values();
        lasting.find_map(|missing| {
            let lasts = missing.lasts(now_ns);
            (lasts >= self.after).then_some((missing.what, lasts))
        })
    }

    fn store(&self) -> anyhow::Result<()> {
        let text: String = self.missing.values().map(Missing::line).collect();
        replace(&self.path, text.as_bytes())
            .with_context(|| format!("{} cannot be written", self.path.display()))
    }
}

impl Missing {
    fn lasts(&self, now_ns: u64) -> Duration {
        Duration::from_nanos(now_ns.saturating_sub(self.since_ns))
    }

    fn entry(&self, is_over: bool) -> OutageEntry {
        OutageEntry {
            what: self.what,
            since_ns: self.since_ns,
            is_over,
        }
    }

    fn line(&self) -> String {
        let noted = if self.is_noted { "noted" } else { "new" };
        format!("{} {} {noted}\n", self.what.word(), self.since_ns)
    }

    fn parse(line: &str) -> Option<Missing> {
        let words: Vec<&str> = line.split(' ').collect();
        let [what, since, noted] = words[..] else {
            return None;
        };
        Some(Missing {
            what: [Dependency::Witnesses, Dependency::Timestamps]
                .into_iter()
                .find(|known| known.word() == what)?,
            since_ns: since.parse().ok()?,
            is_noted: match noted {
                "noted" => true,
                "new" => false,
                _ => return None,
            },
        })
    }
}

/// Puts bytes in the place of a file, durably.
pub(crate) fn replace(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut file = fs::File::create(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    path.parent().map_or(Ok(()), |folder| {
        fs::File::open(folder).and_then(|folder| folder.sync_all())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const BOTH: [Dependency; 2] = [Dependency::Witnesses, Dependency::Timestamps];

    fn open(folder: &Path, watched: &[Dependency]) -> Outages {
        let after = Duration::from_secs(100);
        Outages::open(folder.join("outage"), after, watched).expect("opens")
    }

    #[test]
    fn a_short_outage_leaves_no_entry() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut outages = open(folder.path(), &BOTH);
        let what = Dependency::Witnesses;
        outages.failed(what, 5 * SECOND).expect("stored");
        assert_eq!(outages.due(60 * SECOND).expect("stored"), []);
        assert_eq!(outages.worked(what).expect("stored"), None);
        assert_eq!(outages.due(1000 * SECOND).expect("stored"), []);
        assert_eq!(outages.too_long(1000 * SECOND), None);
    }

    #[test]
    fn a_long_outage_is_entered_once_and_its_end_repeats_its_begin() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut outages = open(folder.path(), &BOTH);
        let what = Dependency::Timestamps;
        outages.failed(what, 5 * SECOND).expect("stored");
        outages.failed(what, 30 * SECOND).expect("stored");
        let begun = outages.due(65 * SECOND).expect("stored");
        assert_eq!(begun.len(), 1, "a minute is long");
        assert_eq!((begun[0].since_ns, begun[0].is_over), (5 * SECOND, false));
        assert_eq!(outages.due(70 * SECOND).expect("stored"), []);
        assert_eq!(outages.too_long(104 * SECOND), None);
        let lasting = Some((what, Duration::from_secs(100)));
        assert_eq!(outages.too_long(105 * SECOND), lasting);
        let end = outages.worked(what).expect("stored").expect("it was noted");
        assert_eq!((end.since_ns, end.is_over), (5 * SECOND, true));
        assert_eq!(outages.too_long(105 * SECOND), None);
    }

    #[test]
    fn a_restart_excuses_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let what = Dependency::Witnesses;
        let mut outages = open(folder.path(), &BOTH);
        outages.failed(what, 5 * SECOND).expect("stored");
        drop(outages);
        let lasting = Some((what, Duration::from_secs(195)));
        assert_eq!(
            open(folder.path(), &BOTH).too_long(200 * SECOND),
            lasting,
            "the time switched off counts"
        );
        let unwatched = open(folder.path(), &[Dependency::Timestamps]);
        assert_eq!(unwatched.too_long(200 * SECOND), None);
    }

    #[test]
    fn a_file_of_something_else_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("outage"), "witnesses yesterday new\n").expect("written");
        let after = Duration::from_secs(1);
        let opened = Outages::open(folder.path().join("outage"), after, &BOTH);
        assert!(opened.is_err());
    }
}
