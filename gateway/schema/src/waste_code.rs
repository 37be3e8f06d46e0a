//! Codes of waste and numbers of manifests.
//!
//! General waste: 公告 2024 年第 4 号 (固体废物分类与代码目录). Hazardous waste:
//! 国家危险废物名录. Hazardous-waste manifests: 危险废物转移管理办法 art. 15.

use crate::remark::{Reading, Remark};
use crate::text;

const AREA: &str = "waste-code";
const MANIFEST_AREA: &str = "manifest-number";

/// What a waste code is a code of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WasteClass {
    /// Industrial solid waste (工业固体废物), S01 to S07 and S09 to S59.
    Industrial,
    /// Domestic waste (生活垃圾), S60 to S69.
    Domestic,
    /// Construction waste (建筑垃圾), S70 to S79.
    Construction,
    /// Agricultural waste (农业固体废物), S80 to S89.
    Agricultural,
    /// Other waste, S90 to S99.
    Other,
    /// Hazardous waste (危险废物), HW01 to HW50.
    Hazardous,
}

impl WasteClass {
    /// Returns the word of the code list: `industrial`, `hazardous`, ….
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Industrial => "industrial",
            Self::Domestic => "domestic",
            Self::Construction => "construction",
            Self::Agricultural => "agricultural",
            Self::Other => "other",
            Self::Hazardous => "hazardous",
        }
    }
}

/// Says what a code is a code of; `None` for a code that is not well formed.
///
/// General: `310-001-S01`, the middle 001 to 099. Hazardous: `900-041-49`, the
/// end the category. A heading (`SW01`, `HW08`) is no code.
pub fn class(code: &str) -> Option<WasteClass> {
    let mut groups = code.split('-');
    let (industry, sequence, kind) = (groups.next()?, groups.next()?, groups.next()?);
    if groups.next().is_some() || number(industry, 3).is_none() {
        return None;
    }
    let sequence = number(sequence, 3)?;
    let Some(general) = kind.strip_prefix('S') else {
        return matches!(number(kind, 2)?, 1..=50).then_some(WasteClass::Hazardous);
    };
    if !(1..=99).contains(&sequence) {
        return None;
    }
    match number(general, 2)? {
        1..=7 | 9..=59 => Some(WasteClass::Industrial),
        60..=69 => Some(WasteClass::Domestic),
        70..=79 => Some(WasteClass::Construction),
        80..=89 => Some(WasteClass::Agricultural),
        90..=99 => Some(WasteClass::Other),
        _ => None,
    }
}

/// Returns the category of a hazardous code: 49 for `900-041-49`.
pub fn hazardous_category(code: &str) -> Option<u16> {
    (class(code)? == WasteClass::Hazardous)
        .then(|| number(code.get(8..)?, 2))
        .flatten()
}

fn number(text: &str, digits: usize) -> Option<u16> {
    let in_form = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    in_form.then(|| text.parse().ok()).flatten()
}

/// Reads a waste code: cleans width, case, spaces and dashes.
///
/// Quality codes: `normalised:…`; `missing`; `reject:heading` for a category
/// that is no code, `reject:form`.
pub fn read(text: &str) -> Reading<String> {
    let clean = text::clean(text);
    if text::is_placeholder(&clean.text) {
        return Reading::none(Remark::missing(AREA, ""));
    }
    let code: String = clean
        .text
        .chars()
        .filter(|character| *character != ' ')
        .map(|character| match character {
            '—' | '–' | '\u{2212}' | '－' => '-',
            other => other.to_ascii_uppercase(),
        })
        .collect();
    if class(&code).is_some() {
        let changed = clean.what().or((code != clean.text).then_some("form"));
        return Reading::with(code, changed.map(|what| Remark::normalised(AREA, what)));
    }
    let category = code
        .strip_prefix("HW")
        .or_else(|| code.strip_prefix("SW"))
        .or_else(|| code.strip_prefix('S'));
    let heading = category.is_some_and(|category| number(category, 2).is_some());
    Reading::none(Remark::reject(
        AREA,
        if heading { "heading" } else { "form" },
    ))
}

/// A hazardous-waste manifest number taken apart: year, province and city of
/// origin, sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HazardousManifest<'a> {
    /// Year of issue.
    pub year: u16,
    /// First four digits of the division of origin: `1502` is Baotou.
    pub origin: &'a str,
    /// Number within year and origin.
    pub sequence: &'a str,
}

/// Takes a hazardous-waste manifest number apart: 14 digits, year, province 2,
/// city 2, sequence 6. `None` for any other text; nothing is cleaned.
pub fn hazardous_manifest(number_text: &str) -> Option<HazardousManifest<'_>> {
    number_text
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(())?;
    let year = number(number_text.get(..4)?, 4).filter(|year| (2000..=2099).contains(year))?;
    let origin = number_text.get(4..8)?;
    let sequence = number_text.get(8..)?;
    let known = crate::division::is_province(origin.get(..2)?) && sequence.len() == 6;
    known.then_some(HazardousManifest {
        year,
        origin,
        sequence,
    })
}

/// Reads a hazardous-waste manifest number: cleans width and spaces.
///
/// Quality codes: `normalised:…`; `missing`; `reject:form`.
pub fn read_hazardous_manifest(text: &str) -> Reading<String> {
    let clean = text::clean(text);
    if text::is_placeholder(&clean.text) {
        return Reading::none(Remark::missing(MANIFEST_AREA, ""));
    }
    let digits: String = clean
        .text
        .chars()
        .filter(|character| *character != ' ')
        .collect();
    if hazardous_manifest(&digits).is_none() {
        return Reading::none(Remark::reject(MANIFEST_AREA, "form"));
    }
    let changed = clean.what().or((digits != clean.text).then_some("space"));
    Reading::with(
        digits,
        changed.map(|what| Remark::normalised(MANIFEST_AREA, what)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_fall_into_their_class() {
        let check = |code, expected: Option<&str>| {
            assert_eq!(class(code).map(WasteClass::as_str), expected, "{code:?}");
        };
        check("310-001-S01", Some("industrial"));
        check("900-099-S17", Some("industrial"));
        check("900-001-S62", Some("domestic"));
        check("900-001-S72", Some("construction"));
        check("900-001-S81", Some("agricultural"));
        check("900-001-S91", Some("other"));
        check("900-041-49", Some("hazardous"));
        check("321-024-48", Some("hazardous"));
        for code in [
            "",
            "310-001-S08",
            "310-100-S01",
            "310-000-S01",
            "SW01",
            "HW08",
            "900-041-51",
            "900-041-00",
            "310-001-S00",
            "310-001-S01-1",
            "310-001-一",
        ] {
            check(code, None);
        }
        assert_eq!(hazardous_category("900-041-49"), Some(49));
        assert_eq!(hazardous_category("310-001-S01"), None);
    }

    #[test]
    fn codes_are_cleaned_and_headings_are_named() {
        let check = |text: &str, expected: Option<&str>, quality: &str| {
            let reading = read(text);
            assert_eq!(reading.value.as_deref(), expected, "{text:?}");
            assert_eq!(reading.quality(), quality, "{text:?}");
        };
        check("900-041-49", Some("900-041-49"), "ok");
        check(
            "９００－０４１－４９",
            Some("900-041-49"),
            "normalised:full-width",
        );
        check("310-001-s01", Some("310-001-S01"), "normalised:form");
        check("900—041—49", Some("900-041-49"), "normalised:form");
        check("HW08", None, "reject:heading");
        check("SW01", None, "reject:heading");
        check("废机油", None, "reject:form");
        check("无", None, "missing");
    }

    #[test]
    fn manifest_numbers_name_their_origin() {
        let manifest = hazardous_manifest("20261502000001").expect("14 digits");
        assert_eq!(
            (manifest.year, manifest.origin, manifest.sequence),
            (2026, "1502", "000001")
        );
        for text in [
            "2026150200001",
            "202615020000011",
            "20269902000001",
            "19991502000001",
            "２０２６１５０２００００１７",
            "",
        ] {
            assert_eq!(hazardous_manifest(text), None, "{text:?}");
        }
        let reading = read_hazardous_manifest("２０２６１５０２００００１７");
        assert_eq!(reading.value.as_deref(), Some("20261502000017"));
        assert_eq!(reading.quality(), "normalised:full-width");
        assert_eq!(read_hazardous_manifest("联单1").quality(), "reject:form");
    }
}
