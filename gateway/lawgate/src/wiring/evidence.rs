//! The evidence store behind the exchange's trait.

use std::sync::Arc;

use evidence::{Kind, NewBundle, PutError, Store};
use exchange::ports::{EvidenceStore, KeepError, PortFuture};
use exchange::refusal::Cause;

/// The store.
pub(crate) struct Evidence(pub(crate) Store);

impl EvidenceStore for Evidence {
    fn keep(
        &self,
        payloads: Arc<[Arc<[u8]>]>,
        results: Arc<[Arc<[u8]>]>,
    ) -> Result<PortFuture<Result<(), Cause>>, KeepError> {
        let bundle = |kind, parts| NewBundle::new(kind, parts).map_err(|error| KeepError::Closed(error.into()));
        let bundles = vec![bundle(Kind::Payload, payloads)?, bundle(Kind::Results, results)?];
        let pending = self.0.put_all(bundles).map_err(|error| {
            let is_full = matches!(error, PutError::Full { .. });
            if is_full { KeepError::Full } else { KeepError::Closed(error.into()) }
        })?;
        Ok(Box::pin(async move {
            pending.await.map(drop).map_err(Cause::from)
        }))
    }

    fn get(&self, address: &[u8; 32]) -> Result<Option<Vec<Vec<u8>>>, Cause> {
        Ok(self.0.get(address)?.map(|bundle| bundle.parts))
    }
}
