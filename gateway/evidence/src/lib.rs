//! The evidence store: payloads and conversion results, content-addressed and append-only.
//!
//! A *bundle* is a list of parts, such as the messages of a submission; its address is the RFC 6962 root over them, so
//! whoever holds the address can tell whether what comes back is what went in. Bundles are kept in segments on one
//! machine's disk by one writer with natural group commit, and are durable when their future resolves. The store does
//! not know what a part says and enforces no right to read it. The audit log names the addresses; nothing here refers
//! to the log.
//!
//! Reading order: [`NewBundle`] and [`Bundle`] (what is kept), [`Store`] (how), then the segment format in `format`,
//! its checking in `scan` and the index of sealed segments in `index`.
//!
//! ```
//! use evidence::{Config, Kind, NewBundle, open};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let config = Config {
//!     dir: folder.path().join("evidence"),
//!     segment_bytes: 256 << 20,
//!     queue_bundles: 10_000,
//!     queue_bytes: 64 << 20,
//! };
//! let (store, _) = open(config)?;
//! let payload = NewBundle::new(Kind::Payload, [b"##0009QN=2026".as_slice().into()])?;
//! let address = *payload.address();
//! store.put_all(vec![payload])?.wait()?;
//! let bundle = store.get(&address)?.expect("it is durable");
//! assert_eq!(bundle.parts[0], b"##0009QN=2026");
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

mod bundle;
mod format;
mod index;
mod open;
mod reading;
mod scan;
mod segments;
mod store;
mod walk;
mod writer;

pub use bundle::{Bundle, BundleError, Kind, Location, MAX_BUNDLE_BYTES, NewBundle};
pub use format::Damage;
pub use open::{DamagedRange, OpenError, Opened, open};
pub use reading::FolderEvidence;
pub use store::{Config, Expected, GetError, Pending, PutError, Store, Stored};
pub use walk::Bundles;
