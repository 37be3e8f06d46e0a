//! The one place that reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

/// The system's clock, as the audit log asks for it.
pub(crate) struct SystemClock;

impl audit_log::Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the binary gives the clock to everybody else"
    )]
    fn now_ns(&self) -> u64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    }
}
