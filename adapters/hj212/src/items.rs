//! The items of CP: `code-suffix=value`, joined by `,` and `;`.
//!
//! Splits and names, and decides nothing: which item is a value, a flag or
//! neither is in its [`Suffix`]. Items are slices of the text; a departure from
//! the form is a finding.

use adapter_sdk::proto::v1::{Action, Statistic};

use crate::finding::{Findings, info, warning};
use crate::key::{is_same, key};
use crate::segment::Spot;

/// One item of CP.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'t> {
    /// The whole name: `a21026-Rtd`, `DataTime`.
    pub(crate) name: &'t str,
    /// The name before the last hyphen; the whole name when there is none.
    pub(crate) code: &'t str,
    /// Number of the code, see [`key`].
    pub(crate) code_key: u64,
    /// What the name says after the hyphen.
    pub(crate) suffix: Suffix,
    /// The value, as sent.
    pub(crate) value: &'t str,
    /// Offset of the name in the message, in bytes.
    pub(crate) offset: usize,
}

impl Item<'_> {
    /// Length of the item in bytes, from name to value.
    pub(crate) fn length(&self) -> usize {
        self.name.len() + 1 + self.value.len()
    }

    /// Offset of the value in the message, in bytes.
    pub(crate) fn value_offset(&self) -> usize {
        self.offset + self.name.len() + 1
    }
}

/// What an item holds, by the end of its name (HJ 212-2017 table 8, HJ 212-2025 table 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suffix {
    /// A measured value.
    Value(Statistic),
    /// State of the value: one letter (table C.1).
    Flag,
    /// State of the device (table C.4).
    DeviceFlag,
    /// When the sample was taken.
    SampleTime,
    /// State of a treatment facility.
    State,
    /// Hours a treatment facility ran.
    RunTime,
    /// Serial number.
    Serial,
    /// Text or setting of a device.
    Info,
    /// Known to the standard; the schema has no place for it.
    NoPlace,
    /// Not known to any edition.
    Unknown,
    /// The name has no hyphen.
    None,
}

#[rustfmt::skip]
const SUFFIXES: [(u64, &str, Suffix); 27] = with_keys([
    ("Rtd", Suffix::Value(Statistic::Rtd)),
    ("Flag", Suffix::Flag),
    ("Avg", Suffix::Value(Statistic::Avg)),
    ("Min", Suffix::Value(Statistic::Min)),
    ("Max", Suffix::Value(Statistic::Max)),
    ("Cou", Suffix::Value(Statistic::Cou)),
    ("ZsRtd", Suffix::Value(Statistic::ZsRtd)),
    ("ZsMin", Suffix::Value(Statistic::ZsMin)),
    ("ZsAvg", Suffix::Value(Statistic::ZsAvg)),
    ("ZsMax", Suffix::Value(Statistic::ZsMax)),
    ("Data", Suffix::Value(Statistic::Data)),
    ("DayData", Suffix::Value(Statistic::DayData)),
    ("NightData", Suffix::Value(Statistic::NightData)),
    ("EFlag", Suffix::DeviceFlag),
    ("SampleTime", Suffix::SampleTime),
    ("RS", Suffix::State),
    ("RT", Suffix::RunTime),
    ("SN", Suffix::Serial),
    ("Info", Suffix::Info),
    ("CompleteTime", Suffix::NoPlace),
    ("SampleType", Suffix::NoPlace),
    ("SampleRd", Suffix::NoPlace),
    ("StandardValue", Suffix::NoPlace),
    ("ResultType", Suffix::NoPlace),
    ("RetentionTime", Suffix::NoPlace),
    ("PeakArea", Suffix::NoPlace),
    ("Check", Suffix::NoPlace),
]);

const fn with_keys<const COUNT: usize>(
    table: [(&'static str, Suffix); COUNT],
) -> [(u64, &'static str, Suffix); COUNT] {
    let mut keyed = [(0, "", Suffix::None); COUNT];
    let mut at = 0;
    while at < COUNT {
        keyed[at] = (key(table[at].0), table[at].0, table[at].1);
        at += 1;
    }
    keyed
}

/// Splits CP into its items and appends them to `items`.
pub(crate) fn parse<'t>(cp: Spot<'t>, items: &mut Vec<Item<'t>>, findings: &mut Findings) {
    let text = cp.value;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let end = rest.bytes().position(|byte| matches!(byte, b',' | b';'));
        let piece = &rest[..end.unwrap_or(rest.len())];
        if let Some(equals) = piece.bytes().position(|byte| byte == b'=') {
            items.push(item(
                &piece[..equals],
                &piece[equals + 1..],
                cp.offset + at,
                findings,
            ));
        } else {
            without_value(piece, cp.offset + at, findings);
        }
        at += piece.len() + 1;
    }
    if text.ends_with([';', ',']) {
        let note = info("hj212.trailing-separator", Action::Kept).at(cp.offset + text.len() - 1, 1);
        findings.push(note.text("CP ends in a separator."));
    }
}

fn item<'t>(name: &'t str, value: &'t str, offset: usize, findings: &mut Findings) -> Item<'t> {
    let Some(hyphen) = name.bytes().rposition(|byte| byte == b'-') else {
        return Item {
            name,
            code: name,
            code_key: key(name),
            suffix: Suffix::None,
            value,
            offset,
        };
    };
    Item {
        name,
        code: &name[..hyphen],
        code_key: key(&name[..hyphen]),
        suffix: suffix(name, hyphen, offset, findings),
        value,
        offset,
    }
}

fn suffix(name: &str, hyphen: usize, offset: usize, findings: &mut Findings) -> Suffix {
    let text = &name[hyphen + 1..];
    let text_key = key(text);
    let exact = |known: &&(u64, &str, Suffix)| is_same((known.0, known.1), (text_key, text));
    if let Some((_, _, suffix)) = SUFFIXES.iter().find(exact) {
        return *suffix;
    }
    let other_case = |known: &&(u64, &str, Suffix)| known.1.eq_ignore_ascii_case(text);
    let Some((_, known, suffix)) = SUFFIXES.iter().find(other_case) else {
        return Suffix::Unknown;
    };
    let note = warning("hj212.name-case", Action::Normalised).raw(name, offset);
    findings.push(
        note.proposal(*known)
            .text("Names of fields are case-sensitive; this one is written in another case."),
    );
    *suffix
}

/// Nothing between two separators is harmless; text without `=` is not.
fn without_value(piece: &str, offset: usize, findings: &mut Findings) {
    if piece.trim().is_empty() {
        let note = info("hj212.empty-item", Action::Kept).at(offset, piece.len());
        findings.push(note.text("Nothing stands between two separators of CP."));
    } else {
        let note = warning("hj212.item-malformed", Action::Dropped).raw(piece, offset);
        findings.push(note.text("An item of CP has no `=`."));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cp: &str, expected: &[(&str, Suffix, &str, usize)], rules: &[&str]) {
        let (mut items, mut findings) = (Vec::new(), Findings::default());
        parse(
            Spot {
                value: cp,
                offset: 100,
            },
            &mut items,
            &mut findings,
        );
        let actual: Vec<_> = items
            .iter()
            .map(|item| (item.code, item.suffix, item.value, item.offset - 100))
            .collect();
        assert_eq!(actual, expected, "{cp}");
        let actual: Vec<_> = findings
            .into_vec()
            .into_iter()
            .map(|finding| finding.rule)
            .collect();
        assert_eq!(actual, rules, "{cp}");
    }

    #[test]
    fn items_are_split_at_both_separators() {
        check(
            "DataTime=20260901080500;a21026-Rtd=35.40,a21026-Flag=N;SB1-RS=1",
            &[
                ("DataTime", Suffix::None, "20260901080500", 0),
                ("a21026", Suffix::Value(Statistic::Rtd), "35.40", 24),
                ("a21026", Suffix::Flag, "N", 41),
                ("SB1", Suffix::State, "1", 55),
            ],
            &[],
        );
    }

    #[test]
    fn names_in_another_case_are_read_and_remarked_on() {
        check(
            "w01018-rtd=1",
            &[("w01018", Suffix::Value(Statistic::Rtd), "1", 0)],
            &["hj212.name-case"],
        );
    }

    #[test]
    fn suffixes_no_edition_knows_are_kept_apart() {
        check("LA-td=50.1", &[("LA", Suffix::Unknown, "50.1", 0)], &[]);
        check(
            "a21002-ZsCou=0",
            &[("a21002", Suffix::Unknown, "0", 0)],
            &[],
        );
    }

    #[test]
    fn a_trailing_separator_and_empty_items_are_remarked_on() {
        let value = ("a", Suffix::Value(Statistic::Rtd), "1", 0);
        check("a-Rtd=1;", &[value], &["hj212.trailing-separator"]);
        check(
            "a-Rtd=1;;",
            &[value],
            &["hj212.empty-item", "hj212.trailing-separator"],
        );
        check("a-Rtd=1;nonsense", &[value], &["hj212.item-malformed"]);
        check("", &[], &[]);
    }

    #[test]
    fn a_value_may_be_empty_and_may_hold_an_equals_sign() {
        check(
            "a-Rtd=,b-Info=x=y",
            &[
                ("a", Suffix::Value(Statistic::Rtd), "", 0),
                ("b", Suffix::Info, "x=y", 7),
            ],
            &[],
        );
    }
}
