//! The same verdict for programs: one JSON object.

use audit_proof::{
    hash::to_hex,
    judge::{Chinese as _, Outcome, Standing},
};
use serde_json::{Map, Value, json};

use super::named;
use crate::{KeySource, PackageVerdict, verdict::SealedMessage};

/// The verdict as JSON.
#[must_use]
pub fn json(verdict: &PackageVerdict) -> Value {
    let outcome = verdict.outcome();
    let judged = &verdict.verdict;
    let standings = verdict.standings.iter().map(|(position, standing)| {
        json!({ "position": position, "standing": standing_name(*standing) })
    });
    let findings = verdict.findings.iter().map(|finding| {
        json!({
            "file": finding.file,
            "position": finding.position,
            "kind": finding.kind.name(),
            "message": finding.to_string(),
            "chinese": finding.kind.chinese(),
        })
    });
    let failures = judged.failures.iter().map(|failure| {
        json!({
            "file": failure.file,
            "position": failure.position,
            "until": failure.until,
            "kind": failure.kind.name(),
            "message": failure.kind.to_string(),
            "chinese": failure.kind.chinese(),
        })
    });
    let gaps = verdict
        .gaps
        .iter()
        .map(|gap| (gap.english(), gap.chinese()));
    let unchecked = judged.unchecked.iter().map(|unchecked| {
        let reason = match unchecked.file.as_str() {
            "" => unchecked.reason.to_string(),
            file => format!("{file}: {}", unchecked.reason),
        };
        (reason, unchecked.reason.chinese())
    });
    let unchecked = gaps
        .chain(unchecked)
        .map(|(reason, chinese)| json!({ "reason": reason, "chinese": chinese }));
    let named = named(&verdict.counts, &judged.counts).into_iter();
    let counts: Map<String, Value> = named
        .map(|(count, english, _)| (english.replace(' ', "_"), count.into()))
        .collect();
    json!({
        "outcome": outcome_name(outcome),
        "exit_code": exit_code(outcome),
        "chinese": outcome.chinese(),
        "package": verdict.index.as_ref().map(|index| json!({
            "type": index.kind,
            "subject": index.subject,
            "origin": index.origin,
            "size": index.size,
            "is_final": index.is_final,
            "made_at": index.made_at,
            "agency": index.agency,
            "software": index.software,
            "is_masked": index.is_masked,
            "left_out": index.left_out,
        })),
        "digest": verdict.digest.as_ref().map(|digest| to_hex(digest)),
        "is_sealed": verdict.is_sealed,
        "keys_from": match verdict.keys {
            KeySource::Examiner => "examiner",
            KeySource::Package => "package",
        },
        "entries": standings.collect::<Vec<_>>(),
        "findings": findings.collect::<Vec<_>>(),
        "failures": failures.collect::<Vec<_>>(),
        "unchecked": unchecked.collect::<Vec<_>>(),
        "not_asked": judged.not_asked.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "remarks": judged.remarks.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "checked": counts,
        "sealed": verdict.sealed.iter().map(sealed).collect::<Vec<_>>(),
        "vouched_for_by": judged.anchors,
        "newest_time_s": judged.newest_time_s,
    })
}

fn sealed(one: &SealedMessage) -> Value {
    let disclosed = one.disclosed.iter();
    let disclosed = disclosed.map(|(field, value)| json!({ "field": field, "value": value }));
    let erased = one.erased.iter().map(|of| {
        json!({
            "entry": of.erasure.position,
            "values": of.fields,
            "is_message": of.is_payload,
            "message": of.erasure.sentence(),
        })
    });
    json!({
        "position": one.position,
        "message": one.message,
        "values": one.sealed,
        "is_message": one.is_payload_sealed,
        "disclosed": disclosed.collect::<Vec<_>>(),
        "erased": erased.collect::<Vec<_>>(),
    })
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::NotCheckable => "not-checkable",
    }
}

/// The exit code of `lawgate-verify`.
fn exit_code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Passed => 0,
        Outcome::Failed => 1,
        Outcome::NotCheckable => 3,
    }
}

fn standing_name(standing: Standing) -> &'static str {
    match standing {
        Standing::Anchored => "anchored",
        Standing::Unanchored => "unanchored",
        Standing::Failed => "failed",
    }
}
