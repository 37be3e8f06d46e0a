//! The paths of a published log (C2SP tlog-tiles), and those of computed proofs.
//!
//! ```text
//! /checkpoint                                the checkpoint released last
//! /checkpoints/<size>                        the checkpoint of that size, if one was released
//! /tile/<L>/<N>[.p/<W>]                      a tile of hashes
//! /tile/entries/<N>[.p/<W>]                  an entry bundle
//! /proof/inclusion?index=&size=              see [`super::ProofText`]
//! /proof/consistency?old=&new=
//! /proof/range?from=&to=&size=
//! /proof/tlog/<index>                        C2SP tlog-proof against the checkpoint released last
//! /sm3/…                                     the same of the twin whose tree is made with SM3
//! ```
//!
//! A file is found by what its path means and never by the path itself, so that nothing outside can be reached. Entry
//! bundles of the twin are those of the log.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use audit_proof::kept;
use audit_proof::note::MAX_NOTE_BYTES;
use audit_proof::suite::Suite;
use audit_proof::tile::{EntryBundle, MAX_BUNDLE_BYTES, Tile};

use super::published::{PublishedError, PublishedLog, read_up_to};
use super::text::ProofText;
use crate::http::{Caching, Method, Reply, Request, ServerLimits, Service, TEXT_TYPE};
use crate::text::decimal;

/// What a server of tiles puts up with.
///
/// Nothing is handed over, so that bodies are empty. A bundle has 16 MiB at most, which a connection has ten minutes to
/// take.
pub const LOG_LIMITS: ServerLimits = ServerLimits {
    max_connections: 256,
    max_body_bytes: 0,
    head_deadline: Duration::from_secs(10),
    body_deadline: Duration::from_secs(10),
    connection_age: Duration::from_secs(600),
    drain_deadline: Duration::from_secs(5),
};

/// Serves what is published in a folder, and proofs over it.
#[derive(Debug, Clone)]
pub struct LogService {
    log: PublishedLog,
    twin: PublishedLog,
    folder: PathBuf,
}

impl LogService {
    /// Serves the folder in which `checkpoint` and `tile/` lie, and `sm3/` when the log has a twin.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            log: PublishedLog::new(folder, Suite::Sha256),
            twin: PublishedLog::new(&folder.join("sm3"), Suite::Sm3),
            folder: folder.to_owned(),
        }
    }

    fn get(&self, path: &str, query: Option<&str>) -> Result<Reply, PublishedError> {
        let (log, path) = match path.strip_prefix("/sm3/") {
            Some(rest) => (&self.twin, rest),
            None => (&self.log, path.strip_prefix('/').unwrap_or(path)),
        };
        if let Some(request) = path.strip_prefix("proof/") {
            return prove(log, request, query.unwrap_or_default());
        }
        if path == "checkpoint" {
            return file(
                log.folder().join(path),
                MAX_NOTE_BYTES,
                TEXT_TYPE,
                Caching::Never,
            );
        }
        if let Some(size) = path.strip_prefix("checkpoints/").and_then(decimal) {
            let path = kept::find(log.folder(), size);
            // Late cosignatures may still be added, so that it is not for ever.
            return file(path, MAX_NOTE_BYTES, TEXT_TYPE, Caching::Never);
        }
        if let Ok(tile) = Tile::parse(path) {
            return immutable(log.folder().join(tile.path()), tile.bytes());
        }
        if let Ok(bundle) = EntryBundle::parse(path) {
            return immutable(self.folder.join(bundle.path()), MAX_BUNDLE_BYTES);
        }
        Ok(Reply::not_found())
    }
}

impl Service for LogService {
    fn answer(&self, request: &Request) -> Reply {
        match request.method {
            Method::Get => {}
            Method::Post | Method::Other => return Reply::not_allowed(),
        }
        self.get(&request.path, request.query.as_deref())
            .unwrap_or_else(|error| refusal(&error))
    }
}

/// Replies with a computed proof.
fn prove(log: &PublishedLog, request: &str, query: &str) -> Result<Reply, PublishedError> {
    let text = match request {
        "inclusion" => match numbers(query, ["index", "size"]) {
            Some([index, size]) => ProofText::Inclusion {
                index,
                size,
                hashes: log.inclusion(index, size)?,
            },
            None => return Ok(malformed("index=<position>&size=<size>")),
        },
        "consistency" => match numbers(query, ["old", "new"]) {
            Some([old_size, new_size]) => ProofText::Consistency {
                old_size,
                new_size,
                hashes: log.consistency(old_size, new_size)?,
            },
            None => return Ok(malformed("old=<size>&new=<size>")),
        },
        "range" => match numbers(query, ["from", "to", "size"]) {
            Some([from, to, size]) => ProofText::Range {
                from,
                to,
                size,
                proof: log.range(from, to, size)?,
            },
            None => return Ok(malformed("from=<position>&to=<position>&size=<size>")),
        },
        _ => {
            return match request.strip_prefix("tlog/").and_then(decimal) {
                Some(index) => Ok(Reply::text(200, log.tlog_proof(index)?.to_string())),
                None => Ok(Reply::not_found()),
            };
        }
    };
    Ok(Reply::text(200, text.to_string()))
}

/// Reads the parameters `names`, each once and in any order, and nothing besides them.
fn numbers<const COUNT: usize>(query: &str, names: [&str; COUNT]) -> Option<[u64; COUNT]> {
    let mut found = [None; COUNT];
    for parameter in query.split('&') {
        let (name, number) = parameter.split_once('=')?;
        let place = names.iter().position(|known| *known == name)?;
        if found[place].replace(decimal(number)?).is_some() {
            return None;
        }
    }
    let mut numbers = [0; COUNT];
    for (number, found) in numbers.iter_mut().zip(found) {
        *number = found?;
    }
    Some(numbers)
}

fn malformed(form: &str) -> Reply {
    Reply::text(400, format!("the query is {form}, in decimal numbers\n"))
}

fn immutable(path: PathBuf, limit: usize) -> Result<Reply, PublishedError> {
    file(path, limit, "application/octet-stream", Caching::Forever)
}

fn file(
    path: PathBuf,
    limit: usize,
    content_type: &'static str,
    caching: Caching,
) -> Result<Reply, PublishedError> {
    Ok(match read_up_to(&path, limit)? {
        Some(body) => Reply {
            status: 200,
            content_type,
            caching,
            body,
        },
        None => Reply::not_found(),
    })
}

/// Replies to what cannot be given: the caller's mistakes are explained, ours are not.
fn refusal(error: &PublishedError) -> Reply {
    match error {
        PublishedError::Request(cause) => Reply::text(400, format!("{cause}\n")),
        PublishedError::NotReleased { .. } | PublishedError::NoCheckpoint => {
            Reply::text(404, format!("{error}\n"))
        }
        PublishedError::Read { .. }
        | PublishedError::Note { .. }
        | PublishedError::Checkpoint { .. }
        | PublishedError::Tiles(_)
        | PublishedError::Text(_) => {
            tracing::error!(
                error = error as &dyn Error,
                "a published log cannot be read"
            );
            Reply::failed()
        }
    }
}
