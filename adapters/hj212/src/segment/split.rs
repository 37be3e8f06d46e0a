//! Split packets: PNUM, PNO and bit 1 of Flag, and where they contradict.
//!
//! HJ 212-2025 forbids a packet whose marks contradict each other; before it
//! they are kept with a finding, because they are in the field (`Flag=7`
//! without PNUM). Regrouping is not done here.

use adapter_sdk::Rejection;
use adapter_sdk::proto::v1::Action;

use super::{Edition, FLAG, Head, PNO, PNUM, Spot};
use crate::finding::warning;

/// Which part of a split packet a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Split {
    /// PNUM: number of parts.
    pub(crate) total: u16,
    /// PNO: number of this part, from 1.
    pub(crate) number: u16,
}

/// Reads the split marks of a head.
///
/// # Errors
/// `hj212.split-contradiction` when the packet states the 2025 edition and its
/// marks contradict each other.
pub(super) fn of_head(
    head: &mut Head<'_, '_>,
    flag: Option<u8>,
    edition: Edition,
) -> Result<Option<Split>, Rejection> {
    let (total, number) = (head.spots[PNUM], head.spots[PNO]);
    let is_marked = flag.map(|flag| flag & 2 == 2);
    let (split, text) = match (total, number, is_marked) {
        (None, None, Some(true)) => (
            None,
            "Flag says the packet is split, but PNUM and PNO are missing.",
        ),
        (None, None, _) => return Ok(None),
        (Some(_), None, _) => (None, "PNUM is there without PNO."),
        (None, Some(_), _) => (None, "PNO is there without PNUM."),
        (Some(total), Some(number), marked) => match read(total, number) {
            None => (None, "PNO is not a number from 1 to PNUM."),
            // Without Flag (2005) there is no bit that could contradict.
            Some(split) if marked != Some(false) => return Ok(Some(split)),
            Some(split) => (
                Some(split),
                "PNUM and PNO are there, but Flag does not say the packet is split.",
            ),
        },
    };
    let spot = total.or(number).or(head.spots[FLAG]).unwrap_or_default();
    if edition == Edition::Of2025 {
        return Err(Rejection::new(
            "hj212.split-contradiction",
            spot.offset as u64,
            text,
        ));
    }
    head.findings.push(
        warning("hj212.split-contradiction", Action::Kept)
            .raw(spot.value, spot.offset)
            .text(text),
    );
    Ok(split)
}

fn read(total: Spot<'_>, number: Spot<'_>) -> Option<Split> {
    let split = Split {
        total: total.value.parse().ok()?,
        number: number.value.parse().ok()?,
    };
    (1..=split.total).contains(&split.number).then_some(split)
}
