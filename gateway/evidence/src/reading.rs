//! Reading a store without its writer: for whoever checks a data folder, in use or copied.
//!
//! Takes no lock and changes no segment. What was kept after it was opened is not seen. An index that
//! was lost is made again, as the store does.

use std::{path::Path, sync::Arc};

use audit_log::{
    Hash,
    disk::{Disk, RealDisk, read_range},
};

use crate::{
    bundle::Bundle,
    format::decode_header,
    open::{OpenError, io_error},
    scan::scan,
    segments::{Inventory, Stage, path},
    store::{GetError, Segments},
};

/// The bundles of a folder, as they were when it was opened.
#[derive(Debug)]
pub struct FolderEvidence {
    segments: Segments,
}

impl FolderEvidence {
    /// Opens the store in `dir` for reading.
    ///
    /// # Errors
    /// [`OpenError`] when the folder cannot be read or is no store.
    pub fn open(dir: &Path) -> Result<FolderEvidence, OpenError> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let names = disk.list(dir).map_err(io_error("listing", dir))?;
        let inventory = Inventory::of(&names).map_err(|number| OpenError::Segments {
            dir: dir.to_owned(),
            number,
        })?;
        let segments = Segments::new(Arc::clone(&disk), dir.to_owned(), inventory.sealed);
        if inventory.has_open {
            let (number, stage) = (inventory.sealed, Stage::Open);
            let path = path(dir, number, stage);
            let file = disk
                .open(&path, false)
                .map_err(io_error("opening", &path))?;
            let length = file.length().map_err(io_error("reading", &path))?;
            let mut bytes = Vec::new();
            read_range(&*file, 0, length, &mut bytes).map_err(io_error("reading", &path))?;
            let salt = decode_header(&bytes, number)
                .ok_or_else(|| OpenError::Header { file: path.clone() })?;
            let scan = scan(&bytes, salt);
            segments.start(number, file, salt, scan.end);
            segments.publish(scan.end, scan.bundles);
        }
        Ok(FolderEvidence { segments })
    }

    /// Reads the bundle at `address`; `None` when there is none.
    ///
    /// # Errors
    /// [`GetError::Damaged`] when what is stored does not give the address.
    pub fn get(&self, address: &Hash) -> Result<Option<Bundle>, GetError> {
        match self.segments.find(address)? {
            Some(location) => self.segments.read(location, Some(address)).map(Some),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Kind, NewBundle, open};

    #[test]
    fn a_store_in_use_is_read_beside_its_writer() {
        let folder = tempfile::tempdir().expect("folder");
        let config = Config {
            dir: folder.path().join("evidence"),
            segment_bytes: 1 << 20,
            queue_bundles: 100,
            queue_bytes: 1 << 20,
        };
        let (store, _) = open(config.clone()).expect("opens");
        let put = |text: &'static [u8]| {
            let bundle = NewBundle::new(Kind::Payload, [text.into()]).expect("is one");
            let address = *bundle.address();
            store
                .put(bundle)
                .expect("queues")
                .wait()
                .expect("is durable");
            address
        };
        let early = put(b"early");
        let reading = FolderEvidence::open(&config.dir).expect("opens beside it");
        let late = put(b"late");
        let found = reading.get(&early).expect("reads").expect("is there");
        assert_eq!(found.parts, [b"early"]);
        assert!(reading.get(&late).expect("reads").is_none());
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().expect("folder");
        let opened = FolderEvidence::open(&folder.path().join("none"));
        assert!(matches!(opened, Err(OpenError::Io { .. })));
    }
}
