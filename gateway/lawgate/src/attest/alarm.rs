//! Alarms of witnesses: both notes kept in files, for whoever has to find out which of the two histories is true.
//!
//! `<audit>/alarms/<kind>-<digest>/ours` and `theirs`. One folder for each contradiction, however often it is met: a
//! witness that disagrees does so every time it is asked. Nothing is ever removed.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use exchange::entry::WitnessAlarmEntry;
use log_http::ask::{Disagreement, DisagreementKind};
use sha2::{Digest as _, Sha256};

use crate::output::hex;

/// The witness cosigned a larger size.
pub(crate) const LARGER: &str = "larger";
/// The witness cosigned another root of the same size.
pub(crate) const OTHER_ROOT: &str = "other-root";
/// The log does not grow from what the witness cosigned.
pub(crate) const INCONSISTENT: &str = "inconsistent";

/// What a witness says against the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alarm {
    /// Name of the witness.
    pub(crate) witness: String,
    /// One of the words above.
    pub(crate) kind: &'static str,
    /// The note of this log.
    pub(crate) ours: String,
    /// The note that the witness holds, when it could be had.
    pub(crate) theirs: Option<String>,
}

/// Where an alarm is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// Whether it was not there before.
    pub(crate) is_new: bool,
}

impl Alarm {
    /// Takes what asking a witness gave.
    pub(crate) fn of(disagreement: &Disagreement) -> Alarm {
        Alarm {
            witness: disagreement.witness.clone(),
            kind: match disagreement.kind {
                DisagreementKind::Ahead { .. } => LARGER,
                DisagreementKind::SplitView => OTHER_ROOT,
                DisagreementKind::Inconsistent => INCONSISTENT,
            },
            ours: disagreement.ours.to_string(),
            theirs: disagreement
                .theirs
                .as_ref()
                .ok()
                .map(|theirs| theirs.note.to_string()),
        }
    }

    /// The entry that states it.
    pub(crate) fn entry(&self) -> WitnessAlarmEntry {
        WitnessAlarmEntry {
            witness: self.witness.clone(),
            kind: self.kind.to_owned(),
            own_note: Sha256::digest(&self.ours).into(),
            other_note: self.theirs.as_ref().map(|note| Sha256::digest(note).into()),
        }
    }

    /// Keeps both notes durably in `audit`, unless this contradiction is kept already.
    ///
    /// # Errors
    /// The files cannot be written.
    pub(crate) fn keep(&self, audit: &Path) -> anyhow::Result<Kept> {
        let folder = audit.join("alarms").join(self.name());
        if folder.exists() {
            let is_new = false;
            return Ok(Kept { folder, is_new });
        }
        self.write(&folder)
            .with_context(|| format!("the alarm cannot be kept in {}", folder.display()))?;
        let is_new = true;
        Ok(Kept { folder, is_new })
    }

    /// Two alarms are one when they have the same name: of one witness about one thing that it holds.
    fn name(&self) -> String {
        let held = self.theirs.as_deref().unwrap_or_default();
        let digest = Sha256::digest(format!("{}\n{held}", self.witness));
        format!("{}-{}", self.kind, &hex(&digest)[..16])
    }

    fn write(&self, folder: &Path) -> io::Result<()> {
        let new = folder.with_extension("new");
        fs::create_dir_all(&new)?;
        let notes = [("ours", Some(&self.ours)), ("theirs", self.theirs.as_ref())];
        for (name, note) in notes {
            let Some(note) = note else { continue };
            let mut file = fs::File::create(new.join(name))?;
            file.write_all(note.as_bytes())?;
            file.sync_all()?;
        }
        fs::rename(&new, folder)?;
        folder.parent().map_or(Ok(()), |parent| {
            fs::File::open(parent).and_then(|parent| parent.sync_all())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(ours: &str, theirs: Option<&str>) -> Alarm {
        Alarm {
            witness: "police".to_owned(),
            kind: LARGER,
            ours: ours.to_owned(),
            theirs: theirs.map(str::to_owned),
        }
    }

    #[test]
    fn one_contradiction_is_kept_once_with_both_notes() {
        let folder = tempfile::tempdir().expect("a folder");
        let kept = alarm("a", Some("b")).keep(folder.path()).expect("kept");
        assert!(kept.is_new);
        let read = |name| fs::read_to_string(kept.folder.join(name)).expect("kept");
        assert_eq!((read("ours"), read("theirs")), ("a".into(), "b".into()));
        // The log grew meanwhile; what the witness holds is the same.
        let again = alarm("aa", Some("b")).keep(folder.path()).expect("kept");
        assert!(!again.is_new && again.folder == kept.folder);
        let other = alarm("a", Some("c")).keep(folder.path()).expect("kept");
        assert!(other.is_new);
    }

    #[test]
    fn an_alarm_without_the_other_note_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let alarm = alarm("a", None);
        let kept = alarm.keep(folder.path()).expect("kept");
        assert!(!kept.folder.join("theirs").exists());
        assert_eq!(alarm.entry().other_note, None);
    }
}
