//! The operator's tools: everything that a disk and the gateway's keys allow.
//!
//! A history is read from the entries and rewritten with the real writer and a clock that is told the times, so that
//! checksums, trailers, footers, tiles and signatures are all right; or bytes are changed in a segment and only their
//! checksum is made good. What witnesses and the authority gave for checkpoints whose text stays the same is kept: an entry
//! that is not changed comes out byte for byte as the gateway wrote it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result, ensure};
use audit_log::{Draft, Field, Value, open};
use audit_proof::{Entry, FolderReader, kept, note::Note, party::SUBMIT_EVENT, segment};

use crate::{
    files,
    gateway::{Case, Node, ToldClock, World, log_config},
    keys::Keys,
};

/// An entry's content and the time it is to state, in nanoseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timed {
    /// What its author decided.
    pub draft: Draft,
    /// When.
    pub time_ns: u64,
    /// The case it names, if any.
    pub case: Option<String>,
}

impl Timed {
    /// Whether it is a submission.
    #[must_use]
    pub fn is_submission(&self) -> bool {
        self.draft.event() == SUBMIT_EVENT
    }

    /// Says that it is for another case.
    pub fn set_case(&mut self, case: &str) {
        let draft = self.draft.clone();
        self.draft = draft.with(Field::Case, vec![Value::from(case)]);
        self.case = Some(case.to_owned());
    }
}

/// The fields that a draft may carry.
const FIELDS: [Field; 8] = [
    Field::Clock,
    Field::Actor,
    Field::Object,
    Field::Outcome,
    Field::Digests,
    Field::Case,
    Field::Party,
    Field::Sealed,
];

/// Reads all entries of a log, as what they can be written from again.
///
/// # Errors
/// When the log cannot be read.
pub fn history(audit: &Path) -> Result<Vec<Timed>> {
    let entries = FolderReader::open(audit)?.entries_from(0);
    entries.map(|entry| Ok(timed(&entry?.decode()?))).collect()
}

fn timed(entry: &Entry<'_>) -> Timed {
    let mut draft = Draft::new(entry.event());
    for field in FIELDS {
        if let Some(values) = entry.field(field) {
            draft = draft.with(field, values);
        }
    }
    if let Some(key) = entry.idempotency_key() {
        draft = draft.with_idempotency_key(key);
    }
    let case = entry.field(Field::Case).unwrap_or_default();
    Timed {
        draft,
        time_ns: entry.time_ns(),
        case: match case.first() {
            Some(Value::Text(case)) if !case.is_empty() => Some(case.clone()),
            _ => None,
        },
    }
}

/// Writes the segments of a case anew and leaves everything else as it is: no key is needed for it.
///
/// # Errors
/// When the log refuses.
pub fn replace_segments(keys: &Keys, case: &Case, history: &[Timed]) -> Result<()> {
    for path in segments(&case.audit())? {
        fs::remove_file(path)?;
    }
    let clock = Arc::new(ToldClock::default());
    let config = log_config(keys, &case.audit());
    let (log, _) = open(config, Arc::<ToldClock>::clone(&clock))?;
    for timed in history {
        clock.tell(timed.time_ns);
        log.append(timed.draft.clone())?.wait()?;
    }
    log.close()?;
    Ok(())
}

/// Makes a node anew from a history, signs it at the sizes at which the old one was signed and at `last`, and gathers
/// the best that others give for it.
///
/// # Errors
/// When any part refuses; that witnesses refuse is no error.
pub fn replace_node(
    world: &World,
    case: &Case,
    history: &[Timed],
    checkpoints: &[u64],
    last: u64,
) -> Result<()> {
    let former = case.folder.join("former");
    fs::rename(case.audit(), &former)?;
    let mut node = Node::open(&world.keys, &case.audit())?;
    let mut newest = None;
    for timed in history {
        let position = node.append(timed.draft.clone(), timed.time_ns)?.position;
        let size = position + 1;
        if size <= last && (checkpoints.contains(&size) || size == last) {
            let note = node.sign(timed.time_ns / 1_000_000_000 + 1)?;
            newest = Some(gather(world, case, &former, &mut node, size, note)?);
        }
    }
    node.log.close()?;
    let newest = newest.context("a history without a checkpoint")?;
    ask(world, case, &newest)
}

/// Keeps what others gave for a checkpoint whose text is the same, and has any other one stamped now.
fn gather(
    world: &World,
    case: &Case,
    former: &Path,
    node: &mut Node,
    size: u64,
    note: Note,
) -> Result<Note> {
    let token = format!("tokens/{size}.tsr");
    let old = kept::find(&former.join("tiles"), size);
    if let Ok(bytes) = fs::read(&old)
        && let Ok(old) = Note::parse(&bytes)
        && old.text() == note.text()
    {
        node.publisher.release_cosigned(&old)?;
        // Not every checkpoint was stamped.
        if let Ok(kept) = fs::read(former.join("tiles").join(&token)) {
            files::write(&case.tiles().join(&token), kept)?;
        }
        return Ok(old);
    }
    let stamped = world.stamp(note.text(), case.examined_s - 1)?;
    files::write(&case.tiles().join(&token), stamped)?;
    Ok(note)
}

/// Asks the witnesses for the newest checkpoint, and shows what they gave.
fn ask(world: &World, case: &Case, note: &Note) -> Result<()> {
    let witnesses = crate::witnesses::Serving::start(&world.keys, &case.folder)?;
    let answer = witnesses.ask(note, &case.tiles(), case.examined_s - 1)?;
    files::write(&case.tiles().join("checkpoint"), answer.note.to_string())
}

/// Changes `from` to `to` in the one frame that has it, with a right checksum, and nothing else.
///
/// # Errors
/// When no frame has it, or the lengths differ.
pub fn edit_frame(folder: &Path, from: &str, to: &str) -> Result<()> {
    ensure!(from.len() == to.len(), "a frame keeps its length");
    for path in segments(folder)? {
        let mut bytes = fs::read(&path)?;
        let Some(at) = find(&bytes, from.as_bytes()) else {
            continue;
        };
        let (start, length) = frame_around(&bytes, at).context("no frame around the text")?;
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        let end = start + length - 4;
        let sum = crc32c::crc32c(&bytes[start..end]).to_le_bytes();
        bytes[end..end + 4].copy_from_slice(&sum);
        ensure!(segment::read_frame(&bytes[start..]).is_ok(), "the checksum");
        return Ok(fs::write(path, bytes)?);
    }
    anyhow::bail!("{from} is in no segment")
}

fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|found| found == text)
}

/// Returns start and length of the frame that holds the byte at `at`.
fn frame_around(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    frames(bytes)
        .into_iter()
        .find(|(start, length)| (*start..start + length).contains(&at))
}

/// Returns start and length of every frame of a segment, as far as they can be told.
#[must_use]
pub fn frames(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let Ok((_, mut at)) = segment::Header::decode(bytes) else {
        return found;
    };
    loop {
        let rest = &bytes[at..];
        if let Ok(frame) = segment::read_frame(rest) {
            found.push((at, frame.length()));
            at += frame.length();
        } else if segment::read_trailer(rest).is_some() {
            at += segment::TRAILER_BYTES;
        } else {
            return found;
        }
    }
}

/// Returns the segments of a log, in order.
///
/// # Errors
/// What the system says.
pub fn segments(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = files::list(folder)?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|kind| kind == "segment" || kind == "open")
    });
    Ok(paths)
}
