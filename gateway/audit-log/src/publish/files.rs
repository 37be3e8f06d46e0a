//! Files that are durable before anybody is told of them.
//!
//! A file gets its name once its content is durable, so whatever bears a name is whole; the names are made durable
//! together. It knows folders and bytes and nothing of trees. Tiles, bundles and checkpoints are written with it.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use audit_proof::{
    hash::Hash,
    proof::HashSource,
    tile::{TILE_WIDTH, Tile},
};

use super::PublishError;
use crate::disk::{Disk, read_range};

/// What the name of a file that is being written ends with.
const NEW_SUFFIX: &str = ".new";

/// A folder whose files are written whole.
#[derive(Debug)]
pub(super) struct Files {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    /// Folders in which names have changed since they were last synced.
    unsynced: BTreeSet<PathBuf>,
}

impl Files {
    /// Opens a folder, and makes it when it is not there.
    pub(super) fn open(disk: Arc<dyn Disk>, folder: PathBuf) -> Result<Self, PublishError> {
        disk.create_folder(&folder)
            .map_err(failed("creating", &folder))?;
        Ok(Self {
            disk,
            folder,
            unsynced: BTreeSet::new(),
        })
    }

    /// Returns the path of a file.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Reads a file whole; `None` when it is not there.
    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, PublishError> {
        let path = self.path(name);
        read_whole(&*self.disk, &path).map_err(failed("reading", &path))
    }

    /// Puts a file in its place whose content never changes; its name is durable after [`Files::sync`].
    ///
    /// One that is there with the same content is left; with any other it was damaged and is replaced.
    pub(super) fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(&self.folder).to_owned();
        self.disk
            .create_folder(&folder)
            .map_err(failed("creating", &folder))?;
        // One that cannot be read is as good as none.
        let existing = read_whole(&*self.disk, &path).ok().flatten();
        if existing.as_deref() != Some(bytes) {
            self.write(&path, bytes)?;
        }
        self.unsynced.insert(folder);
        Ok(())
    }

    /// Replaces a file, durably.
    pub(super) fn replace(&mut self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        let path = self.path(name);
        let folder = path.parent().unwrap_or(&self.folder).to_owned();
        self.disk
            .create_folder(&folder)
            .map_err(failed("creating", &folder))?;
        self.write(&path, bytes)?;
        self.unsynced.insert(folder);
        self.sync()
    }

    /// Makes the names of everything that was put in place durable.
    pub(super) fn sync(&mut self) -> Result<(), PublishError> {
        for folder in std::mem::take(&mut self.unsynced) {
            self.disk
                .sync_folder(&folder)
                .map_err(failed("syncing", &folder))?;
        }
        Ok(())
    }

    /// Removes a folder and its files, if it is there. What a crash leaves of it does no harm.
    pub(super) fn remove_folder(&mut self, name: &str) -> Result<(), PublishError> {
        let folder = self.path(name);
        let names = match self.disk.list(&folder) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed("listing", &folder)(error)),
        };
        for name in names {
            let path = folder.join(name);
            self.disk.remove(&path).map_err(failed("removing", &path))?;
        }
        self.disk
            .remove_folder(&folder)
            .map_err(failed("removing", &folder))
    }

    /// Writes a file under another name, makes it durable and gives it its own.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), PublishError> {
        let mut new = path.as_os_str().to_owned();
        new.push(NEW_SUFFIX);
        let new = PathBuf::from(new);
        let write = || {
            let file = self.disk.create(&new)?;
            file.write_all_at(bytes, 0)?;
            file.sync()?;
            self.disk.rename(&new, path)
        };
        write().map_err(failed("writing", path))
    }
}

/// A tile is not there, or not as long as its name says.
#[derive(Debug, thiserror::Error)]
#[error("{} is missing or damaged", .0.path())]
pub(super) struct BadTile(Tile);

impl HashSource for Files {
    type Error = BadTile;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, BadTile> {
        let found = |tile: Tile| {
            let bytes = self.read(&tile.path()).ok()??;
            let (hashes, rest) = bytes.as_chunks::<32>();
            let is_whole = rest.is_empty() && hashes.len() == usize::from(tile.width());
            is_whole.then(|| hashes.to_vec())
        };
        let full = || found(Tile::new(tile.level(), tile.index(), TILE_WIDTH)?);
        let hashes = found(tile).or_else(full).ok_or(BadTile(tile))?;
        Ok(hashes[..usize::from(tile.width())].to_vec())
    }
}

fn read_whole(disk: &dyn Disk, path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match disk.open(path, false) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    read_range(&*file, 0, file.length()?, &mut bytes)?;
    Ok(Some(bytes))
}

/// Returns what makes an error of the operating system one of the publisher.
pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PublishError {
    let path = path.to_owned();
    move |source| PublishError::Io {
        action,
        path,
        source,
    }
}
