//! The evidence store behind the exchange's trait.

use evidence::{BundleError, Kind, MAX_BUNDLE_BYTES, NewBundle, PutError, Store};
use exchange::ports::{EvidenceStore, Expected, KeepError, Kept, PortFuture};
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
            NewBundle::addressed(kind, kept.address, kept.parts).map_err(|error| no_bundle(&error))
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

    fn expect(&self) -> Expected {
        Expected::new(self.0.expect())
    }

    fn waiting(&self) -> (usize, usize) {
        self.0.waiting()
    }

    fn get(&self, address: &[u8; 32]) -> Result<Option<Vec<Vec<u8>>>, Cause> {
        Ok(self.0.get(address)?.map(|bundle| bundle.parts))
    }
}

/// A bundle that cannot be made says nothing about the store.
fn no_bundle(error: &BundleError) -> KeepError {
    match *error {
        BundleError::TooLarge { bytes } => KeepError::TooLarge {
            size: bytes,
            unit: "bytes",
            limit: MAX_BUNDLE_BYTES,
        },
        BundleError::TooManyParts { parts } => KeepError::TooLarge {
            size: parts,
            unit: "messages",
            limit: u32::MAX as usize,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_that_is_too_large_is_not_the_stores_fault() {
        let check = |error: BundleError, expected: &str| {
            let refused = no_bundle(&error);
            assert!(matches!(refused, KeepError::TooLarge { .. }), "{refused:?}");
            assert_eq!(refused.to_string(), expected);
        };
        let bytes = MAX_BUNDLE_BYTES + 1;
        check(
            BundleError::TooLarge { bytes },
            "the bundle has 268435457 bytes, the limit is 268435456",
        );
        let parts = 1 << 32;
        check(
            BundleError::TooManyParts { parts },
            "the bundle has 4294967296 messages, the limit is 4294967295",
        );
    }
}
