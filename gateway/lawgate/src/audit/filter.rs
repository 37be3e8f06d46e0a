//! Which entries a list shows.

use audit_log::{Entry, Field};
use exchange::entry::{event_name, event_number};

use super::labels;
use crate::cli::AuditList;
use crate::output::UsageError;

/// The filters of `audit list`; all must hold. Positions are the list's own business.
pub(crate) struct Filter<'a> {
    event: Option<u64>,
    feed: Option<&'a str>,
    agency: Option<&'a str>,
    case: Option<String>,
}

impl<'a> Filter<'a> {
    /// Reads the arguments.
    ///
    /// # Errors
    /// An empty range of positions, or an event that does not exist.
    pub(crate) fn new(arguments: &'a AuditList) -> Result<Filter<'a>, UsageError> {
        if let Some(to) = arguments.to
            && arguments.from >= to
        {
            return Err(UsageError::EmptyRange {
                from: arguments.from,
                to,
            });
        }
        Ok(Filter {
            event: arguments.event.as_deref().map(event).transpose()?,
            feed: arguments.feed.as_deref(),
            agency: arguments.agency.as_deref(),
            case: arguments.case.as_deref().map(canonical),
        })
    }

    /// Whether the entry is shown.
    pub(crate) fn admits(&self, entry: &Entry<'_>) -> bool {
        let holds = |wanted: Option<&str>, field| {
            wanted.is_none_or(|wanted| {
                labels::text(entry, field, 0).is_some_and(|found| found == wanted)
            })
        };
        self.event.is_none_or(|event| entry.event() == event)
            && holds(self.feed, Field::Object)
            && holds(self.agency, Field::Actor)
            && self.case.as_ref().is_none_or(|wanted| {
                labels::text(entry, Field::Case, 0)
                    .is_some_and(|found| canonical(&found) == *wanted)
            })
    }
}

/// A number of a later version is taken too: the log may be newer than this program.
fn event(value: &str) -> Result<u64, UsageError> {
    event_number(value)
        .or_else(|| value.parse().ok())
        .ok_or_else(|| {
            let known: Vec<&str> = (1..)
                .map(event_name)
                .take_while(|name| *name != "unknown")
                .collect();
            UsageError::NoSuchEvent {
                value: value.to_owned(),
                known: known.join(", "),
            }
        })
}

/// A case number in its canonical form; text that is no document number stays as it is.
fn canonical(text: &str) -> String {
    schema::document_number::canonical(text).unwrap_or_else(|| text.to_owned())
}
