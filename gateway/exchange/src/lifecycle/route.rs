//! Which version converts a submission: one look at the moment it is admitted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::shadow::Shadow;
use super::version::LiveVersion;

/// Shares of a canary are counted in ten-thousandths.
pub(crate) const WHOLE: u32 = 10_000;

/// What is in force for a feed; replaced as a whole.
#[derive(Clone, Default)]
pub(crate) struct Route {
    pub(crate) active: Option<Arc<LiveVersion>>,
    pub(crate) canary: Option<(Arc<LiveVersion>, u32)>,
    pub(crate) shadow: Option<Arc<Shadow>>,
}

impl Route {
    /// The version for a submission with this key: a repeat goes the same way as long as nothing is changed.
    pub(crate) fn choose(&self, key: &[u8; 16]) -> Option<Arc<LiveVersion>> {
        if let Some((canary, share)) = &self.canary
            && slice(key) < *share
        {
            return Some(Arc::clone(canary));
        }
        self.active.clone()
    }
}

/// Where a key lies among ten thousand; keys are digests, so that they are spread evenly.
fn slice(key: &[u8; 16]) -> u32 {
    let [a, b, c, d, e, f, g, h, ..] = *key;
    let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % u64::from(WHOLE);
    u32::try_from(number).expect("is less than ten thousand")
}

/// A feed: its kind, what is in force, and what is loaded.
pub(crate) struct FeedSlot {
    pub(crate) kind: String,
    route: RwLock<Arc<Route>>,
    loaded: Mutex<BTreeMap<u32, Arc<LiveVersion>>>,
}

impl FeedSlot {
    pub(crate) fn new(kind: &str) -> FeedSlot {
        FeedSlot {
            kind: kind.to_owned(),
            route: RwLock::default(),
            loaded: Mutex::default(),
        }
    }

    /// What is in force now.
    pub(crate) fn route(&self) -> Arc<Route> {
        Arc::clone(&self.route.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a route in force: what is admitted from here on follows it.
    pub(crate) fn put(&self, route: Route) {
        *self.route.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(route);
    }

    /// The version of this number, if it is loaded.
    pub(crate) fn loaded(&self, number: u32) -> Option<Arc<LiveVersion>> {
        self.all_loaded().get(&number).cloned()
    }

    /// Every loaded version.
    pub(crate) fn every_loaded(&self) -> Vec<Arc<LiveVersion>> {
        self.all_loaded().values().cloned().collect()
    }

    /// Keeps a version loaded.
    pub(crate) fn add(&self, version: Arc<LiveVersion>) {
        self.all_loaded().insert(version.number, version);
    }

    /// Lets a version go once the calls under way have ended.
    pub(crate) fn unload(&self, number: u32) {
        self.all_loaded().remove(&number);
    }

    fn all_loaded(&self) -> std::sync::MutexGuard<'_, BTreeMap<u32, Arc<LiveVersion>>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::key_digest;

    #[test]
    fn a_share_of_the_keys_falls_below_it_and_the_same_key_always_does() {
        let below = |share: u32| {
            let keys = (0..10_000).map(|n| key_digest("region", "feed", &format!("key-{n}")));
            keys.filter(|key| slice(key) < share).count()
        };
        assert_eq!(below(0), 0);
        assert_eq!(below(WHOLE), 10_000);
        let tenth = below(1_000);
        assert!((850..1_150).contains(&tenth), "{tenth}");
        let key = key_digest("region", "feed", "key");
        assert_eq!(slice(&key), slice(&key));
    }
}
