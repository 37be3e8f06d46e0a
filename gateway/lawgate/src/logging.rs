//! The operator's log: what the gateway says about itself while it runs.
//!
//! On standard error, as `[log]` asks. Not the audit log: nothing here proves
//! anything, and no payload is written.

use std::io;

use tracing::level_filters::LevelFilter;

use crate::config::{LogFormat, Logging};

/// Sends diagnostics to standard error from here on; the first call counts.
pub(crate) fn start(config: &Logging) {
    let lines = tracing_subscriber::fmt()
        .with_max_level(level(&config.level))
        .with_writer(io::stderr);
    // A second start can only come from a test; the first one's settings stay.
    let _ = match config.format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}

fn level(name: &str) -> LevelFilter {
    name.parse().expect("the key's words are names of levels")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LOG_LEVELS;

    #[test]
    fn every_level_of_the_configuration_is_one() {
        let levels: Vec<LevelFilter> = LOG_LEVELS.iter().map(|name| level(name)).collect();
        assert!(
            levels.is_sorted(),
            "the words go from quiet to loud: {levels:?}"
        );
        assert_eq!(
            (levels[0], levels[4]),
            (LevelFilter::ERROR, LevelFilter::TRACE)
        );
    }
}
