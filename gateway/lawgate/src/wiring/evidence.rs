//! The evidence store behind the exchange's trait.

use evidence::{Kind, NewBundle, PutError, Store};
use exchange::ports::{EvidenceStore, KeepError, Kept, PortFuture};
use exchange::refusal::Cause;

/// The store.
pub(crate) struct Evidence(pub(crate) Store);

impl EvidenceStore for Evidence {
    fn keep(
        &self,
        payloads: Kept,
        results: Kept,
    ) -> Result<PortFuture<Result<(), Cause>>, KeepError> {
        let bundle = |kind, kept: Kept| {
            NewBundle::addressed(kind, kept.address, kept.parts)
                .map_err(|error| KeepError::Closed(error.into()))
        };
        let bundles = vec![
            bundle(Kind::Payload, payloads)?,
            bundle(Kind::Results, results)?,
        ];
        let pending = self.0.put_all(bundles).map_err(|error| {
            let is_full = matches!(error, PutError::Full { .. });
            if is_full {
                KeepError::Full
            } else {
                KeepError::Closed(error.into())
            }
        })?;
        Ok(Box::pin(async move {
            pending.await.map(drop).map_err(Cause::from)
        }))
    }

    fn get(&self, address: &[u8; 32]) -> Result<Option<Vec<Vec<u8>>>, Cause> {
        Ok(self.0.get(address)?.map(|bundle| bundle.parts))
    }
}
