//! The answer to a submission: made from what is stored, so that a repeat gets the same bytes.

use proto::v1::{Counts, DateTime, MessageOutcome, Precision, Receipt, SubmitResponse};

use crate::entry::SubmitEntry;
use crate::ids::RecordId;

/// Where the entry stands.
pub(crate) struct Place<'a> {
    pub(crate) origin: &'a str,
    pub(crate) position: u64,
    pub(crate) time_ns: u64,
    pub(crate) leaf_hash: [u8; 32],
}

/// The answer to a submission whose entry stands at `place`.
pub(crate) fn answer(
    entry: &SubmitEntry,
    place: &Place<'_>,
    key: &str,
    outcomes: Vec<MessageOutcome>,
) -> SubmitResponse {
    SubmitResponse {
        submission_id: RecordId::of_submission(place.time_ns, place.position).to_string(),
        feed: entry.feed.clone(),
        idempotency_key: key.to_owned(),
        counts: Some(counts(&outcomes)),
        outcomes,
        receipt: Some(Receipt {
            origin: place.origin.to_owned(),
            position: place.position,
            leaf_hash: place.leaf_hash.to_vec(),
            entered_at: Some(date_time(place.time_ns)),
            payload_digest: entry.payload_root.to_vec(),
            result_digest: entry.result_root.to_vec(),
        }),
        signed_receipt: String::new(),
    }
}

/// Sums over the messages.
pub(crate) fn counts(outcomes: &[MessageOutcome]) -> Counts {
    let mut counts = Counts {
        messages: u32::try_from(outcomes.len()).unwrap_or(u32::MAX),
        ..Counts::default()
    };
    for outcome in outcomes {
        counts.records = counts.records.saturating_add(outcome.records);
        counts.findings = counts.findings.saturating_add(outcome.findings);
        counts.quarantined += u32::from(outcome.quarantine.is_some());
    }
    counts
}

/// Offset of the gateway's times: Chinese standard time has no other since 1991.
const OFFSET_SECONDS: u64 = 8 * 3600;

/// `time_ns` (UTC, nanoseconds) as RFC 3339 with `+08:00`.
pub(crate) fn date_time(time_ns: u64) -> DateTime {
    let local = time_ns / 1_000_000_000 + OFFSET_SECONDS;
    let (year, month, day) = civil(local / 86_400);
    let second = local % 86_400;
    let text = format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:09}+08:00",
        second / 3600,
        second / 60 % 60,
        second % 60,
        time_ns % 1_000_000_000
    );
    DateTime {
        text,
        precision: Precision::Nanosecond as i32,
        offset: "+08:00".to_owned(),
        offset_assumed: false,
    }
}

/// Year, month and day of a day number since 1970-01-01 (proleptic Gregorian calendar).
fn civil(days: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, so that the leap day ends the year.
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_local_time_with_their_offset() {
        let check = |seconds: u64, expected: &str| {
            assert_eq!(date_time(seconds * 1_000_000_000 + 5).text, expected)
        };
        check(0, "1970-01-01T08:00:00.000000005+08:00");
        check(951_753_600, "2000-02-29T00:00:00.000000005+08:00");
        check(1_798_732_799, "2026-12-31T23:59:59.000000005+08:00");
        check(1_798_732_800, "2027-01-01T00:00:00.000000005+08:00");
        check(4_107_513_600, "2100-03-01T00:00:00.000000005+08:00");
    }

    #[test]
    fn counts_are_sums_over_the_messages() {
        let outcomes = [
            MessageOutcome {
                records: 3,
                findings: 2,
                ..MessageOutcome::default()
            },
            MessageOutcome {
                quarantine: Some(proto::v1::Quarantine::default()),
                ..MessageOutcome::default()
            },
        ];
        assert_eq!(
            counts(&outcomes),
            Counts {
                messages: 2,
                records: 3,
                findings: 2,
                quarantined: 1
            }
        );
    }
}
