//! A verdict for programs. Names are added and never changed.

use std::error::Error;

use audit_proof::judge::{Chinese, Failure, Outcome, Standing, Verdict};
use serde_json::{Value, json};

/// Renders a verdict as one JSON object.
pub(crate) fn render(verdict: &Verdict) -> Value {
    let outcome = verdict.outcome();
    let ranges = verdict.ranges.iter().map(|range| {
        json!({
            "from": range.from,
            "to": range.to,
            "standing": match range.standing {
                Standing::Anchored => "anchored",
                Standing::Unanchored => "unanchored",
                Standing::Failed => "failed",
            },
        })
    });
    let unchecked = verdict.unchecked.iter().map(|unchecked| {
        json!({
            "file": unchecked.file,
            "reason": unchecked.reason.to_string(),
            "chinese": unchecked.reason.chinese(),
        })
    });
    json!({
        "outcome": match outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::NotCheckable => "not-checkable",
        },
        "chinese": outcome.chinese(),
        "origin": verdict.origin,
        "ranges": ranges.collect::<Vec<_>>(),
        "failures": verdict.failures.iter().map(failure).collect::<Vec<_>>(),
        "unchecked": unchecked.collect::<Vec<_>>(),
        "not_asked": verdict.not_asked.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "remarks": verdict.remarks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "checked": counts(verdict),
        "held_up_to": verdict.held_up_to,
        "vouched_for_by": verdict.anchors,
        "newest_time_s": verdict.newest_time_s,
    })
}

fn failure(failure: &Failure) -> Value {
    let mut causes = Vec::new();
    let mut cause = failure.kind.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    json!({
        "position": failure.position,
        "until": failure.until,
        "kind": failure.kind.name(),
        "message": failure.kind.to_string(),
        "causes": causes,
        "chinese": failure.kind.chinese(),
        "file": failure.file,
        "offset": failure.offset,
    })
}

fn counts(verdict: &Verdict) -> Value {
    let counts = &verdict.counts;
    json!({
        "entries": counts.entries,
        "segments": counts.segments,
        "groups": counts.groups,
        "bundles": counts.bundles,
        "tiles": counts.tiles,
        "checkpoints": counts.checkpoints,
        "signatures": counts.signatures,
        "cosignatures": counts.cosignatures,
        "time_stamps": counts.stamps,
        "receipts": counts.receipts,
        "party_statements": counts.statements,
    })
}
