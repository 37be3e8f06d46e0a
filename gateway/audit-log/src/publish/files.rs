//! Files that are durable before anybody is told of them.
//!
//! A file gets its name once its content is durable, so whatever bears a name is whole. Files that are put are written
//! one by one, and made durable, named and their names made durable together: the disk orders and joins what it is given
//! at once. It knows folders and bytes and nothing of trees. Tiles, bundles and checkpoints are written with it.

use std::{
    collections::{BTreeMap, BTreeSet},
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
use crate::disk::{Disk, DiskFile, read_range};

/// What the name of a file that is being written ends with.
const NEW_SUFFIX: &str = ".new";

/// The most files that are written before they are made durable together: each is held open until then.
const MAX_WRITTEN: usize = 256;

/// A folder whose files are written whole.
#[derive(Debug)]
pub(super) struct Files {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    /// Files that are written under another name and not durable yet, by the name they are to get.
    written: BTreeMap<PathBuf, Box<dyn DiskFile>>,
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
            written: BTreeMap::new(),
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

    /// Puts a file in its place whose content never changes; it is there, and durable, after [`Files::sync`].
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
        if self.written.len() >= MAX_WRITTEN {
            return self.name_written();
        }
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

    /// Makes everything that was put in place durable, content and names.
    pub(super) fn sync(&mut self) -> Result<(), PublishError> {
        self.name_written()?;
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

    /// Returns whether a file is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.disk.open(&self.path(name), false).is_ok()
    }

    /// Returns the names in a folder; none when it is not there.
    pub(super) fn list(&self, name: &str) -> Result<Vec<String>, PublishError> {
        let folder = self.path(name);
        match self.disk.list(&folder) {
            Ok(names) => Ok(names),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(failed("listing", &folder)(error)),
        }
    }

    /// Removes a file, if it is there. A crash may bring it back, which does no harm.
    pub(super) fn remove(&mut self, name: &str) -> Result<(), PublishError> {
        let path = self.path(name);
        match self.disk.remove(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed("removing", &path)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes a file under another name; it gets its own when everything written is made durable.
    fn write(&mut self, path: &Path, bytes: &[u8]) -> Result<(), PublishError> {
        let write = || {
            let file = self.disk.create(&new_path(path))?;
            file.write_all_at(bytes, 0)?;
            Ok(file)
        };
        let file = write().map_err(failed("writing", path))?;
        self.written.insert(path.to_owned(), file);
        Ok(())
    }

    /// Makes the content of everything written durable, and only then gives each file its name.
    fn name_written(&mut self) -> Result<(), PublishError> {
        let written = std::mem::take(&mut self.written);
        let files: Vec<&dyn DiskFile> = written.values().map(|file| &**file).collect();
        self.disk
            .sync_files(&files)
            .map_err(failed("syncing files in", &self.folder))?;
        for path in written.keys() {
            let named = self.disk.rename(&new_path(path), path);
            named.map_err(failed("naming", path))?;
        }
        Ok(())
    }
}

/// Returns the name under which a file is written before it gets its own.
fn new_path(path: &Path) -> PathBuf {
    let mut new = path.as_os_str().to_owned();
    new.push(NEW_SUFFIX);
    PathBuf::from(new)
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
