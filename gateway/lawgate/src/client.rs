//! The client commands: submit, records, quarantine, and those of legal staff.
//!
//! Each command module builds requests and prints answers with plain functions;
//! [`call`] is the only part that talks to a gateway. Every answer is available
//! as canonical proto3 JSON.

mod call;
mod case;
mod counter;
mod evidence;
mod json;
mod messages;
pub(crate) mod metrics;
mod party;
mod personal;
mod quarantine;
mod receipts;
mod records;
mod registry;
mod search;
mod submit;
mod workbench;

pub(crate) use case::show as case_show;
pub(crate) use evidence::evidence;
pub(crate) use json::to_json;
pub(crate) use messages::{Sourced, messages_of};
pub(crate) use personal::personal;
use quarantine::quarantine;
pub(crate) use records::records;
pub(crate) use registry::registry;
pub(crate) use search::search;
pub(crate) use submit::submit;
pub(crate) use workbench::workbench;

use proto::v1;

use crate::cli::PurposeArgs;

/// The purpose as given; `None` when nothing was.
fn purpose(arguments: &PurposeArgs) -> Option<v1::Purpose> {
    let given = |text: &Option<String>| text.clone().unwrap_or_default();
    let purpose = v1::Purpose {
        case_number: given(&arguments.for_case),
        purpose: given(&arguments.purpose),
        legal_basis: given(&arguments.legal_basis),
    };
    (purpose != v1::Purpose::default()).then_some(purpose)
}

/// Items of the next page: what is left of the limit, at most what the service allows.
fn page_size(limit: u32, fetched: usize) -> u32 {
    let left = limit.saturating_sub(u32::try_from(fetched).unwrap_or(u32::MAX));
    left.min(MAX_PAGE)
}

/// Most items on one page that the service contract allows.
const MAX_PAGE: u32 = 1_000;

#[cfg(test)]
mod tests;
