//! Copying files durably, with both digests on the way, into a folder that gets its name last.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use audit_proof::archive::{ArchivedFile, check_path};
use audit_proof::suite::{Digest, Suite};

/// A folder that is being filled beside its place.
#[derive(Debug)]
pub(super) struct Filling {
    place: PathBuf,
    new: PathBuf,
    files: Vec<ArchivedFile>,
}

impl Filling {
    /// Starts to fill the folder that will be `place`.
    ///
    /// # Errors
    /// It exists already, or cannot be made. What an attempt before left half done is removed.
    pub(super) fn start(place: &Path) -> anyhow::Result<Filling> {
        anyhow::ensure!(
            place.symlink_metadata().is_err(),
            "{} exists, and nothing is overwritten",
            place.display()
        );
        let mut new = place.as_os_str().to_owned();
        new.push(".unfinished");
        let new = PathBuf::from(new);
        if new.is_dir() {
            fs::remove_dir_all(&new).with_context(|| format!("removing {}", new.display()))?;
        }
        fs::create_dir_all(&new).with_context(|| format!("making {}", new.display()))?;
        Ok(Filling {
            place: place.to_owned(),
            new,
            files: Vec::new(),
        })
    }

    /// The folder while it is filled.
    pub(super) fn folder(&self) -> &Path {
        &self.new
    }

    /// Copies a file to `path` within.
    ///
    /// # Errors
    /// It cannot be read or written, or the path is none for a manifest.
    pub(super) fn copy(&mut self, from: &Path, path: &str) -> anyhow::Result<()> {
        let mut source = File::open(from).with_context(|| from.display().to_string())?;
        self.fill(path, &mut source)
    }

    /// Writes bytes to `path` within.
    ///
    /// # Errors
    /// As [`Filling::copy`].
    pub(super) fn write(&mut self, path: &str, mut bytes: &[u8]) -> anyhow::Result<()> {
        self.fill(path, &mut bytes)
    }

    fn fill(&mut self, path: &str, source: &mut dyn std::io::Read) -> anyhow::Result<()> {
        anyhow::ensure!(check_path(path), "{path} cannot stand in a manifest");
        let target = self.new.join(path);
        let folder = target.parent().unwrap_or(&self.new);
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let failed = || format!("{} cannot be written", target.display());
        let mut file = File::create_new(&target).with_context(failed)?;
        let (mut sha256, mut sm3) = (Digest::new(Suite::Sha256), Digest::new(Suite::Sm3));
        let (mut buffer, mut bytes) = (vec![0; 1 << 20], 0_u64);
        loop {
            let read = source.read(&mut buffer).with_context(failed)?;
            if read == 0 {
                break;
            }
            sha256.update(&buffer[..read]);
            sm3.update(&buffer[..read]);
            file.write_all(&buffer[..read]).with_context(failed)?;
            bytes += read as u64;
        }
        file.sync_all().with_context(failed)?;
        self.files.push(ArchivedFile {
            path: path.to_owned(),
            bytes,
            sha256: sha256.finish(),
            sm3: sm3.finish(),
        });
        Ok(())
    }

    /// Copies every file below `from` to the same place below `path`, except those `left` says.
    ///
    /// # Errors
    /// As [`Filling::copy`].
    pub(super) fn copy_all(
        &mut self,
        from: &Path,
        path: &str,
        left: &dyn Fn(&str) -> bool,
    ) -> anyhow::Result<()> {
        let mut names = Vec::new();
        for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
            let entry = entry.with_context(|| from.display().to_string())?;
            names.extend(entry.file_name().into_string());
        }
        names.sort_unstable();
        for name in names.iter().filter(|name| !left(name)) {
            let (source, target) = (from.join(name), format!("{path}/{name}"));
            if source.is_dir() {
                self.copy_all(&source, &target, left)?;
            } else {
                self.copy(&source, &target)?;
            }
        }
        Ok(())
    }

    /// Returns what was copied, by path.
    pub(super) fn files(&mut self) -> Vec<ArchivedFile> {
        self.files
            .sort_by(|before, after| before.path.cmp(&after.path));
        self.files.clone()
    }

    /// Writes the last files, which no manifest has, and makes all names durable.
    ///
    /// # Errors
    /// They cannot be written.
    pub(super) fn seal(&self, last: &[(&str, &[u8])]) -> anyhow::Result<()> {
        for (name, bytes) in last {
            let path = self.new.join(name);
            File::create_new(&path)
                .and_then(|mut file| {
                    file.write_all(bytes)?;
                    file.sync_all()
                })
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
        sync_folders(&self.new).with_context(|| self.new.display().to_string())
    }

    /// Gives the folder its name, durably.
    ///
    /// # Errors
    /// It cannot be renamed.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        let parent = match self.place.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::rename(&self.new, &self.place)
            .and_then(|()| File::open(parent)?.sync_all())
            .with_context(|| format!("{} cannot get its name", self.place.display()))
    }
}

fn sync_folders(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_folders(&path)?;
        }
    }
    File::open(folder)?.sync_all()
}
