//! The operator's tools: everything that a disk and the gateway's keys allow.
//!
//! A history is rewritten with the real writer and a clock that is told the times, so that checksums, trailers, footers,
//! tiles and signatures are all right; or bytes are changed in a segment and only their checksum is made good. What
//! witnesses and the authority gave for checkpoints whose text stays the same is kept.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, ensure};
use audit_log::open;
use audit_proof::{note::Note, segment};

use crate::{
    event::Event,
    files,
    gateway::{CHECKPOINTS, Case, Node, ToldClock, World, log_config},
};

/// An event and the time its entry is to state, in nanoseconds since 1970.
pub type Timed = (Event, u64);

/// Writes the segments of a case anew and leaves everything else as it is: no key is needed for it.
///
/// # Errors
/// When the log refuses.
pub fn replace_segments(world: &World, case: &Case, history: &[Timed]) -> Result<()> {
    for path in segments(&case.audit())? {
        fs::remove_file(path)?;
    }
    let clock = std::sync::Arc::new(ToldClock::default());
    let (log, _) = open(
        log_config(&case.audit()),
        std::sync::Arc::<ToldClock>::clone(&clock),
    )?;
    for (event, time_ns) in history {
        clock.tell(*time_ns);
        log.append(event.draft(&world.keys)?)?.wait()?;
    }
    log.close()?;
    Ok(())
}

/// Makes a node anew from a history, signs it at the sizes at which the old one was signed and at `last`, and gathers
/// the best that others give for it.
///
/// # Errors
/// When any part refuses; that witnesses refuse is no error.
pub fn replace_node(world: &World, case: &Case, history: &[Timed], last: u64) -> Result<()> {
    let former = case.folder.join("former");
    fs::rename(case.audit(), &former)?;
    let mut node = Node::open(&world.keys, &case.audit())?;
    let mut newest = None;
    for (event, time_ns) in history {
        let position = node.append(&world.keys, event, *time_ns)?.position;
        let size = position + 1;
        if size <= last && (CHECKPOINTS.contains(&size) || size == last) {
            let note = node.sign(world.time_s(position) + 1)?;
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
    let old = former.join(format!("tiles/checkpoints/{size}"));
    if let Ok(bytes) = fs::read(&old)
        && let Ok(old) = Note::parse(&bytes)
        && old.text() == note.text()
    {
        node.publisher.release_cosigned(&old)?;
        let kept = fs::read(former.join("tiles").join(&token))?;
        files::write(&case.tiles().join(&token), kept)?;
        return Ok(old);
    }
    let stamped = world.authority.stamp(note.text(), case.examined_s - 1)?;
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
