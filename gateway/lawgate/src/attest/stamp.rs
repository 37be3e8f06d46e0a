//! Timestamps (时间戳): a token of RFC 3161 over the newest checkpoint, verified before it is kept.
//!
//! What is stamped is SHA-256 of the text of the note, without its signatures. The token lies at
//! `tiles/tokens/<size>.tsr` and is an entry of the log as well, which the next checkpoint covers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use audit_log::Published;
use audit_proof::suite::Suite;
use audit_proof::timestamp::{Imprint, ImprintAlgorithm, TrustedRoots, verify};
use exchange::entry::TimestampEntry;
use log_http::http::{BaseUrl, HttpClient};
use log_http::stamp::StampClient;

use super::publish::Publishing;
use super::{nonce, pem};
use crate::config::Timestamping;

/// Longest exchange with an authority. It signs with a module that others use as well.
const DEADLINE: Duration = Duration::from_secs(20);

/// The authority of a node.
#[derive(Debug)]
pub(crate) struct Stamper {
    client: StampClient,
    roots: TrustedRoots,
    interval: Duration,
}

impl Stamper {
    /// Reads roots and authorities.
    ///
    /// # Errors
    /// A file cannot be read or used.
    pub(crate) fn open(config: &Timestamping) -> anyhow::Result<Stamper> {
        let roots = TrustedRoots::new(pem::certificates(&config.roots)?)
            .with_context(|| format!("{} cannot be used", config.roots.display()))?;
        let http = HttpClient::new(config.authorities.as_deref(), DEADLINE)
            .context("the authorities of [audit.timestamp] cannot be used")?;
        let url = BaseUrl::parse(&config.url)?;
        Ok(Stamper {
            client: StampClient::new(http, url),
            roots,
            interval: config.interval,
        })
    }

    /// How often a checkpoint is stamped.
    pub(crate) fn interval(&self) -> Duration {
        self.interval
    }

    /// Has a checkpoint stamped and keeps the token.
    ///
    /// # Errors
    /// There is no token, it is not valid, or it could not be kept.
    pub(crate) async fn stamp(
        &self,
        publishing: &Arc<Publishing>,
        published: &Published,
    ) -> anyhow::Result<()> {
        let signed = &published.main;
        let imprint = Imprint {
            algorithm: ImprintAlgorithm::Sha256,
            digest: Suite::Sha256.hash(signed.note.text().as_bytes()),
        };
        let nonce = nonce::nonce().context("the system gave no random number")?;
        let token = self.client.stamp(&imprint, nonce).await?;
        let stamp = verify(&token, &imprint, &self.roots)
            .context("the token of the authority is not valid")?;
        let (size, root) = (signed.checkpoint.size(), *signed.checkpoint.root());
        tracing::debug!(
            size,
            authority = stamp.tsa_name,
            "the checkpoint has been stamped"
        );
        let publishing = Arc::clone(publishing);
        tokio::task::spawn_blocking(move || {
            keep(&publishing.tiles(), size, &token)?;
            let entry = TimestampEntry::of_token(size, root, &token);
            publishing.append_own(entry.draft())?;
            Ok(())
        })
        .await?
    }
}

/// Keeps a token durably under the size of its checkpoint.
fn keep(tiles: &Path, size: u64, token: &[u8]) -> anyhow::Result<()> {
    let folder = tiles.join("tokens");
    let path = folder.join(format!("{size}.tsr"));
    let write = || {
        std::fs::create_dir_all(&folder)?;
        super::outage::replace(&path, token)
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}
