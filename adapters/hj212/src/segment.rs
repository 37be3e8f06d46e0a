//! The data segment of a frame: its head, and where CP is.
//!
//! Reads `QN=…;ST=…;CN=…;PW=…;MN=…;Flag=…;PNUM=…;PNO=…;RF=…;CP=&&…&&`
//! (HJ 212-2017 6.3, HJ 212-2025 6.3). Departures that leave the meaning clear
//! are findings; a head that could be read two ways is a rejection. It does not
//! look into CP. Values are slices of the text; offsets are bytes of the message.

mod split;
#[cfg(test)]
mod tests;

use adapter_sdk::Rejection;
use adapter_sdk::proto::v1::Action;

use crate::finding::{Findings, info, warning};
use crate::key::key;
use crate::stamp::Stamp;
pub(crate) use split::Split;

/// The fields of a head, in the order of the standard.
const NAMES: [&str; 10] = [
    "QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF", "CP",
];

/// Their numbers, see [`key`].
const KEYS: [u64; 10] = {
    let mut keys = [0; 10];
    let mut at = 0;
    while at < keys.len() {
        keys[at] = key(NAMES[at]);
        at += 1;
    }
    keys
};

const QN: usize = 0;
const ST: usize = 1;
const CN: usize = 2;
const PW: usize = 3;
const MN: usize = 4;
const FLAG: usize = 5;
const PNUM: usize = 6;
const PNO: usize = 7;
const RF: usize = 8;
const CP: usize = 9;

/// An edition of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Edition {
    /// HJ/T 212-2005.
    Of2005,
    /// HJ 212-2017.
    Of2017,
    /// HJ 212-2025.
    Of2025,
    /// A version number no edition has.
    Unknown,
}

impl Edition {
    /// The edition a Flag states in its bits 7 to 2; without Flag it is 2005.
    fn of_flag(flag: Option<u8>) -> Self {
        match flag.map_or(0, |flag| flag >> 2) {
            0 => Self::Of2005,
            1 => Self::Of2017,
            2 => Self::Of2025,
            _ => Self::Unknown,
        }
    }

    /// Name of the dialect in the facts of a message.
    pub(crate) fn dialect(self) -> &'static str {
        match self {
            Self::Of2005 => "hj212-2005",
            Self::Of2017 => "hj212-2017",
            Self::Of2025 => "hj212-2025",
            Self::Unknown => "hj212",
        }
    }
}

/// A value and its offset in the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Spot<'t> {
    pub(crate) value: &'t str,
    pub(crate) offset: usize,
}

/// The head of a data segment.
#[derive(Debug)]
pub(crate) struct Segment<'t> {
    /// The request number, as sent; empty when missing.
    pub(crate) qn: Spot<'t>,
    /// The request number as a time, where it is one.
    pub(crate) sent_at: Option<Stamp>,
    /// System type.
    pub(crate) st: Spot<'t>,
    /// Command number: four digits.
    pub(crate) cn: Spot<'t>,
    /// Password. Never goes into a finding.
    pub(crate) password: &'t str,
    /// Number of the device, as sent; may be empty.
    pub(crate) mn: Spot<'t>,
    /// Flag, where it is a number.
    pub(crate) flag: Option<u8>,
    /// Edition stated.
    pub(crate) edition: Edition,
    /// Part of a split packet.
    pub(crate) split: Option<Split>,
    /// RF=1: data sent again (补传).
    pub(crate) is_resent: bool,
    /// Content of CP, between `&&` and `&&`.
    pub(crate) cp: Spot<'t>,
}

impl<'t> Segment<'t> {
    /// Reads the head of `text`, which begins at `base` in the message.
    ///
    /// # Errors
    /// A rejection when CN or CP is missing, a field is there twice with two
    /// values, RF is not 1, or the 2025 edition forbids the split marks.
    pub(crate) fn parse(
        text: &'t str,
        base: usize,
        findings: &mut Findings,
    ) -> Result<Self, Rejection> {
        let mut head = Head {
            base,
            spots: [None; CP],
            rank: 0,
            findings,
        };
        let cp = head.read(text)?;
        let flag = head.flag();
        let edition = Edition::of_flag(flag);
        let split = split::of_head(&mut head, flag, edition)?;
        let is_resent = head.is_resent(edition)?;
        let cn = head.command()?;
        Ok(Self {
            sent_at: head.sent_at(),
            qn: head.spot(QN),
            st: head.spot(ST),
            cn,
            password: head.password(),
            mn: head.spot(MN),
            flag,
            edition,
            split,
            is_resent,
            cp,
        })
    }

    /// Whether the sender waits for an answer (Flag bit 0).
    pub(crate) fn wants_answer(&self) -> bool {
        self.flag.is_some_and(|flag| flag & 1 == 1)
    }
}

/// A head while it is read.
struct Head<'t, 'f> {
    base: usize,
    spots: [Option<Spot<'t>>; CP],
    rank: usize,
    findings: &'f mut Findings,
}

impl<'t> Head<'t, '_> {
    /// Reads the fields up to CP and returns what CP holds.
    fn read(&mut self, text: &'t str) -> Result<Spot<'t>, Rejection> {
        let mut at = 0;
        loop {
            at = self.skip_punctuation(text, at);
            let rest = &text[at..];
            let Some(equals) = rest.find('=') else {
                return Err(self.bad(at, "the segment has no CP"));
            };
            let (name, value_at) = (&rest[..equals], at + equals + 1);
            let key = self.key(name, at);
            if key == Some(CP) {
                return Ok(self.cp(text, value_at));
            }
            let Some(end) = text[value_at..].find(';') else {
                return Err(self.bad(at, "the segment has no CP"));
            };
            let value = cut_at_comma(&text[value_at..value_at + end]);
            let spot = Spot {
                value,
                offset: self.base + value_at,
            };
            match key {
                Some(key) => self.keep(key, spot)?,
                None => self.unknown(name, at),
            }
            at = value_at + value.len();
        }
    }

    /// Skips the separator at `at`; anything more than one `;` is a finding.
    fn skip_punctuation(&mut self, text: &str, at: usize) -> usize {
        let rest = &text[at..];
        let length = rest.len() - rest.trim_start_matches([';', ',', ' ']).len();
        if length > usize::from(at > 0) || (length == 1 && !rest.starts_with(';')) {
            let note = warning("hj212.head-punctuation", Action::Kept);
            let text =
                "Fields of the head are separated by one semicolon; something else stands here.";
            self.findings
                .push(note.raw(&rest[..length], self.base + at).text(text));
        }
        at + length
    }

    /// The field a name stands for; another case or order is a finding.
    fn key(&mut self, name: &str, at: usize) -> Option<usize> {
        let number = key(name);
        let exact = KEYS.iter().position(|&known| known == number);
        let key = exact.or_else(|| {
            NAMES
                .iter()
                .position(|known| known.eq_ignore_ascii_case(name))
        })?;
        if exact.is_none() {
            let note = warning("hj212.name-case", Action::Normalised).proposal(NAMES[key]);
            let text = "Names of fields are case-sensitive; this one is written in another case.";
            self.findings
                .push(note.raw(name, self.base + at).text(text));
        }
        if key < self.rank {
            let note = info("hj212.field-order", Action::Kept);
            let text = "The fields of the head are not in the order of the standard.";
            self.findings
                .push(note.raw(name, self.base + at).text(text));
        }
        self.rank = self.rank.max(key);
        Some(key)
    }

    fn keep(&mut self, key: usize, spot: Spot<'t>) -> Result<(), Rejection> {
        match self.spots[key] {
            None => self.spots[key] = Some(spot),
            Some(first) if first.value == spot.value => {
                let note = warning("hj212.field-repeated", Action::Kept);
                let text = "A field of the head is there twice with the same value.";
                self.findings
                    .push(note.raw(NAMES[key], spot.offset).text(text));
            }
            Some(_) => {
                let text = format!(
                    "the head has {} twice with two values; it can be read two ways",
                    NAMES[key]
                );
                return Err(Rejection::new(
                    "hj212.field-repeated",
                    spot.offset as u64,
                    text,
                ));
            }
        }
        Ok(())
    }

    fn unknown(&mut self, name: &str, at: usize) {
        let note = warning("hj212.head-field-unknown", Action::Dropped);
        let text = "The head has a field that no edition of the standard knows.";
        self.findings
            .push(note.raw(name, self.base + at).text(text));
    }

    /// The content of CP: without the `&&` around it.
    fn cp(&mut self, text: &'t str, at: usize) -> Spot<'t> {
        let content = &text[at..];
        let (inner, start) = match content.strip_prefix("&&") {
            Some(inner) => (inner, at + 2),
            None => {
                let note = warning("hj212.cp-not-opened", Action::Kept);
                let text = "CP does not begin with `&&`.";
                self.findings.push(note.at(self.base + at, 0).text(text));
                (content, at)
            }
        };
        Spot {
            value: inner.strip_suffix("&&").unwrap_or(inner),
            offset: self.base + start,
        }
    }

    fn spot(&self, key: usize) -> Spot<'t> {
        self.spots[key].unwrap_or_default()
    }

    fn flag(&mut self) -> Option<u8> {
        let spot = self.spots[FLAG]?;
        let flag = spot.value.parse().ok();
        let text = match flag {
            None => "Flag is not a number from 0 to 255; the packet is read as one without Flag.",
            Some(12..) => "Flag states a version that no edition of the standard has.",
            Some(_) => return flag,
        };
        self.findings.push(
            warning("hj212.flag-malformed", Action::Kept)
                .raw(spot.value, spot.offset)
                .text(text),
        );
        flag
    }

    fn is_resent(&mut self, edition: Edition) -> Result<bool, Rejection> {
        let Some(spot) = self.spots[RF] else {
            return Ok(false);
        };
        if spot.value != "1" {
            let code = if spot.value == "0" {
                "hj212.rf-zero"
            } else {
                "hj212.rf-invalid"
            };
            let text = "RF is written only as RF=1, on data that is sent again (HJ 212-2025)";
            return Err(Rejection::new(code, spot.offset as u64, text));
        }
        if edition < Edition::Of2025 {
            let note = info("hj212.rf-before-2025", Action::Kept);
            let text = "RF came with HJ 212-2025; the packet states an older edition.";
            self.findings
                .push(note.raw(spot.value, spot.offset).text(text));
        }
        Ok(true)
    }

    fn command(&self) -> Result<Spot<'t>, Rejection> {
        let spot = self.spot(CN);
        if spot.value.len() == 4 && spot.value.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(spot);
        }
        let at = spot.offset.max(self.base);
        Err(Rejection::new(
            "hj212.bad-segment",
            at as u64,
            "CN is missing or is not four digits",
        ))
    }

    fn sent_at(&mut self) -> Option<Stamp> {
        let spot = self.spots[QN]?;
        let stamp = Stamp::parse(spot.value).filter(|_| spot.value.len() == 17);
        if stamp.is_none() {
            let note = warning("hj212.qn-malformed", Action::Dropped).field("facts.claimed_at");
            let text =
                "QN is not a time of the form YYYYMMDDhhmmsszzz; the sender's clock is not known.";
            self.findings
                .push(note.raw(spot.value, spot.offset).text(text));
        }
        stamp
    }

    /// The password; only its length is remarked on, never its text.
    fn password(&mut self) -> &'t str {
        let spot = self.spot(PW);
        if spot.value.len() > 6 {
            let note =
                info("hj212.password-length", Action::Kept).at(spot.offset, spot.value.len());
            self.findings
                .push(note.text("PW is longer than the six characters of the standard."));
        }
        spot.value
    }

    fn bad(&self, at: usize, text: &str) -> Rejection {
        Rejection::new("hj212.bad-segment", (self.base + at) as u64, text)
    }
}

/// A value ends at a comma when another field follows it (`PW=1,MN=2`).
fn cut_at_comma(value: &str) -> &str {
    let next = value
        .find('=')
        .and_then(|equals| value[..equals].rfind(','));
    next.map_or(value, |comma| &value[..comma])
}
