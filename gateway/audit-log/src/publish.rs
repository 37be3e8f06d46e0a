//! Publishing: the second code path, which reads entries back from the files and signs checkpoints over what it found.
//!
//! It shares no hash with the writer: every entry is read from its file, decoded, hashed and held against its neighbours
//! again, and nothing is signed unless the root that comes out is the writer's. Tiles and entry bundles (C2SP
//! tlog-tiles) are made on the way and durable before the signature; the signed note is stored before it is released. It
//! holds no key, starts no thread and serves nothing: whoever runs the node calls [`Publisher::publish`] now and then,
//! and any server of static files serves the folder of tiles.

mod check;
mod error;
mod files;
mod keep;
mod lock;
mod read;
#[cfg(test)]
mod tests;
mod tree;

use std::{fmt, fmt::Debug, io, path::PathBuf, sync::Arc};

use audit_proof::{
    chain::Head, checkpoint::Checkpoint, hash::Hash, note::Note, segment::check_origin,
    signer::Signer, suite::Suite,
};

pub use error::{LockError, OpenPublishedError, PublishError};

use crate::{
    disk::RealDisk,
    log::{Clock, Config, Log, Opened, open::open_on},
    reader::Reader,
};
use check::Checker;
use files::{Files, failed};
use lock::Lock;
use tree::Tree;

/// What the origin of the SM3 tree is, behind the origin of its log.
pub const TWIN_ORIGIN_SUFFIX: &str = "/sm3";

/// What a publisher needs.
#[derive(Clone)]
pub struct PublishConfig {
    /// The folder of tiles, bundles and released checkpoints, which may be served as it is; made when it does not exist.
    pub tiles: PathBuf,
    /// The folder of the notes signed last; made when it does not exist. It must survive as long as the log.
    pub signed: PathBuf,
    /// The name of the log.
    pub origin: String,
    /// Who signs the checkpoints of the SHA-256 tree, in the order of the lines; at least one.
    pub signers: Vec<Arc<dyn Signer>>,
    /// Who signs those of the SM3 tree (国密), `<origin>/sm3`, at least one; without it there is no such tree.
    pub twin_signers: Option<Vec<Arc<dyn Signer>>>,
}

impl fmt::Debug for PublishConfig {
    /// Names the keys, of which only the public half is known here.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |signers: &[Arc<dyn Signer>]| -> Vec<String> {
            signers
                .iter()
                .map(|signer| signer.key().to_string())
                .collect()
        };
        f.debug_struct("PublishConfig")
            .field("tiles", &self.tiles)
            .field("signed", &self.signed)
            .field("origin", &self.origin)
            .field("signers", &names(&self.signers))
            .field("twin_signers", &self.twin_signers.as_deref().map(names))
            .finish()
    }
}

/// A checkpoint and the note under which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The text with the signatures of the log.
    pub note: Note,
}

/// What was signed and released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The checkpoint of the SHA-256 tree.
    pub main: SignedCheckpoint,
    /// The checkpoint of the SM3 tree, where there is one.
    pub twin: Option<SignedCheckpoint>,
}

/// What a publisher found when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resumed {
    /// The size of the SHA-256 tree that was signed last; 0 when nothing was.
    pub signed_size: u64,
    /// Whether tiles were missing or damaged and have been made again from the whole log.
    pub rebuilt: bool,
}

/// The roots of both trees of a log at one size: what an anchor entry binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// How many entries both trees have.
    pub size: u64,
    /// The root of the SHA-256 tree.
    pub root_sha256: Hash,
    /// The root of the SM3 tree.
    pub root_sm3: Hash,
}

/// Makes checkpoints of one log. There is one for a log, held by the lock of its folder of signed notes.
#[derive(Debug)]
pub struct Publisher {
    reader: Reader,
    main: Tree,
    twin: Option<Tree>,
    checker: Option<Checker>,
    /// The entries behind the last full bundle.
    unbundled: Vec<Vec<u8>>,
    /// Whether an error came after which nothing may be signed.
    is_stopped: bool,
    _lock: Box<dyn Debug + Send + Sync>,
}

impl Publisher {
    /// Continues to publish the log that `reader` reads, or starts to.
    ///
    /// Tiles that are missing or damaged at the right edge of the tree are made again from the whole log. What was signed
    /// and not released is released.
    ///
    /// # Errors
    /// [`PublishError::ShorterThanSigned`] and [`PublishError::OtherPast`] when the log is not the one that was signed:
    /// nothing may be appended to it then. See the other variants.
    pub fn open(reader: Reader, config: PublishConfig) -> Result<(Self, Resumed), PublishError> {
        let mut publisher = Self::read_signed(reader, config)?;
        let rebuilt = publisher.resume()?;
        publisher.release()?;
        let signed_size = publisher.main.signed_size();
        Ok((
            publisher,
            Resumed {
                signed_size,
                rebuilt,
            },
        ))
    }

    /// Takes the lock and reads what was signed and released.
    fn read_signed(reader: Reader, config: PublishConfig) -> Result<Self, PublishError> {
        check_config(&config)?;
        let disk = Arc::clone(reader.disk());
        let files = |folder: PathBuf| Files::open(Arc::clone(&disk), folder);
        let signed_notes = files(config.signed.clone())?;
        let lock = disk.lock(&config.signed).map_err(|source| {
            let folder = config.signed.clone();
            if source.kind() == io::ErrorKind::WouldBlock {
                PublishError::Locked { folder }
            } else {
                failed("locking", &folder)(source)
            }
        })?;
        let main = Tree::open(
            Suite::Sha256,
            config.origin.clone(),
            config.signers,
            files(config.tiles.clone())?,
            Lock::open(signed_notes, "checkpoint")?,
        )?;
        let twin = match config.twin_signers {
            None => None,
            Some(signers) => Some(Tree::open(
                Suite::Sm3,
                config.origin + TWIN_ORIGIN_SUFFIX,
                signers,
                files(config.tiles.join("sm3"))?,
                Lock::open(files(config.signed)?, "checkpoint.sm3")?,
            )?),
        };
        Ok(Self {
            reader,
            main,
            twin,
            checker: None,
            unbundled: Vec::new(),
            is_stopped: false,
            _lock: lock,
        })
    }

    /// Signs and releases a checkpoint of the log at `head`, which is durable; `None` for a log without entries.
    ///
    /// Reads the entries since the last checkpoint from their files and checks them. A size that was signed before is not
    /// signed again; its checkpoint is returned. `time_s` is seconds since 1970, which cosignatures state. Blocks the
    /// thread for the disk and for the signers.
    ///
    /// # Errors
    /// [`PublishError::Disagrees`] and [`PublishError::Entry`] when the files do not give the head; see [`PublishError`]
    /// for which errors stop the publisher.
    pub fn publish(&mut self, head: &Head, time_s: u64) -> Result<Option<Published>, PublishError> {
        self.guarded(|publisher| publisher.publish_at(head, time_s))
    }

    /// Makes every tile and every bundle again from the whole log, as [`Publisher::open`] does when it has to.
    ///
    /// # Errors
    /// [`PublishError::OtherPast`] when the log has another root than was signed; see [`PublishError`].
    pub fn rebuild(&mut self) -> Result<(), PublishError> {
        self.guarded(|publisher| {
            let size = publisher.main.size();
            publisher.main.rebuild();
            if let Some(twin) = &mut publisher.twin {
                twin.rebuild();
            }
            publisher.read_up_to(size)?;
            publisher.sync()
        })
    }

    /// Releases a note that came back with cosignatures: of the SHA-256 tree or of its twin, as its origin says.
    ///
    /// It replaces the released checkpoint when it is the newest, and in any case the one kept under its size. It must
    /// have every signature that the one before has; whether the others are good is for those who gave the keys to say.
    ///
    /// # Errors
    /// [`PublishError::OtherNote`], and nothing happened, when it is not a released checkpoint with more signatures.
    pub fn release_cosigned(&mut self, note: &Note) -> Result<(), PublishError> {
        self.guarded(|publisher| {
            let origin = note.text().split('\n').next();
            match &mut publisher.twin {
                Some(twin) if origin == Some(&twin.origin) => twin.release_cosigned(note),
                Some(_) | None => publisher.main.release_cosigned(note),
            }
        })
    }

    /// Returns what was signed last; `None` when nothing was.
    #[must_use]
    pub fn published(&self) -> Option<Published> {
        Some(Published {
            main: self.main.signed.clone()?,
            twin: self.twin.as_ref().and_then(|twin| twin.signed.clone()),
        })
    }

    /// Returns the roots that were signed last of both trees, for an entry of the log that binds each to the other.
    ///
    /// `None` without a twin, or when the trees were last signed at different sizes, as a crash in between may leave it.
    #[must_use]
    pub fn anchor(&self) -> Option<Anchor> {
        let main = &self.main.signed.as_ref()?.checkpoint;
        let twin = &self.twin.as_ref()?.signed.as_ref()?.checkpoint;
        (main.size() == twin.size()).then(|| Anchor {
            size: main.size(),
            root_sha256: *main.root(),
            root_sm3: *twin.root(),
        })
    }

    /// Runs an operation unless the publisher has stopped, and stops it after an error that is not harmless.
    fn guarded<Outcome>(
        &mut self,
        operation: impl FnOnce(&mut Self) -> Result<Outcome, PublishError>,
    ) -> Result<Outcome, PublishError> {
        if self.is_stopped {
            return Err(PublishError::Stopped);
        }
        operation(self).inspect_err(|error| self.is_stopped = !error.is_harmless())
    }

    fn publish_at(&mut self, head: &Head, time_s: u64) -> Result<Option<Published>, PublishError> {
        let (read, signed) = (self.main.size(), self.main.signed_size());
        if head.size < signed {
            let log = head.size;
            return Err(PublishError::ShorterThanSigned { signed, log });
        }
        if head.size < read {
            let head = head.size;
            return Err(PublishError::Stale { head, read });
        }
        if head.size == 0 {
            return Ok(None);
        }
        self.main.check_signed(head.size, head.root)?;
        self.read_up_to(head.size)?;
        self.compare(head)?;
        self.put_partials()?;
        self.sync()?;
        self.main.sign(time_s)?;
        if let Some(twin) = &mut self.twin {
            twin.sign(time_s)?;
        }
        self.release()?;
        Ok(self.published())
    }

    /// Compares what was read with what the writer says.
    fn compare(&self, head: &Head) -> Result<(), PublishError> {
        let link = self
            .checker
            .as_ref()
            .map_or(head.hash, |checker| checker.link);
        let pairs = [(self.main.appender.root(), head.root), (link, head.hash)];
        match pairs.into_iter().find(|(found, stated)| found != stated) {
            Some((found, stated)) => Err(PublishError::Disagrees {
                size: head.size,
                found,
                stated,
            }),
            None => Ok(()),
        }
    }

    fn release(&mut self) -> Result<(), PublishError> {
        self.main.release(true)?;
        match &mut self.twin {
            Some(twin) => twin.release(false),
            None => Ok(()),
        }
    }

    fn sync(&mut self) -> Result<(), PublishError> {
        self.main.files.sync()?;
        match &mut self.twin {
            Some(twin) => twin.files.sync(),
            None => Ok(()),
        }
    }
}

/// Opens a log together with its publisher; this is how a node opens its log.
///
/// A log that is shorter than what was signed, or has another past, is closed again before anything can be appended:
/// going on with it would fork the log for ever.
///
/// # Errors
/// [`OpenPublishedError`], whose cause says which of the two refused.
pub fn open_published(
    config: Config,
    clock: Arc<dyn Clock>,
    publish: PublishConfig,
) -> Result<(Log, Opened, Publisher, Resumed), OpenPublishedError> {
    let (log, opened) =
        open_on(Arc::new(RealDisk), config, clock).map_err(OpenPublishedError::Log)?;
    match Publisher::open(log.reader(), publish) {
        Ok((publisher, resumed)) => Ok((log, opened, publisher, resumed)),
        Err(publisher) => Err(match log.close() {
            Ok(_) => OpenPublishedError::Publisher(publisher),
            Err(close) => OpenPublishedError::Close { publisher, close },
        }),
    }
}

fn check_config(config: &PublishConfig) -> Result<(), PublishError> {
    let twin = config.twin_signers.as_ref();
    let checks = [
        ("origin", check_origin(&config.origin)),
        ("signers", !config.signers.is_empty()),
        (
            "twin_signers",
            twin.is_none_or(|signers| !signers.is_empty()),
        ),
    ];
    match checks.into_iter().find(|(_, holds)| !holds) {
        Some((field, _)) => Err(PublishError::Config { field }),
        None => Ok(()),
    }
}
