//! Administrative divisions (行政区划代码, GB/T 2260).
//!
//! Knows the provinces and the city of Baotou (包头市) down to its districts
//! and banners. Divisions of other cities are only checked for their province.

use crate::remark::Remark;

const AREA: &str = "division";

/// Divisions of Baotou: code, name.
pub const BAOTOU: [(&str, &str); 10] = [
    ("150200", "包头市"),
    ("150202", "东河区"),
    ("150203", "昆都仑区"),
    ("150204", "青山区"),
    ("150205", "石拐区"),
    ("150206", "白云鄂博矿区"),
    ("150207", "九原区"),
    ("150221", "土默特右旗"),
    ("150222", "固阳县"),
    ("150223", "达尔罕茂明安联合旗"),
];

/// Codes that only the statistics office uses, for zones that are no division.
pub const STATISTICAL_ONLY: [(&str, &str); 1] = [("150271", "包头稀土高新技术产业开发区")];

/// First two digits of the codes of provinces, regions and municipalities.
const PROVINCES: [&str; 34] = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
    "42", "43", "44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71",
    "81", "82",
];

/// Returns whether two digits name a province.
pub fn is_province(digits: &str) -> bool {
    PROVINCES.contains(&digits)
}

/// Returns the name of a division of Baotou.
pub fn name(code: &str) -> Option<&'static str> {
    BAOTOU.iter().find(|row| row.0 == code).map(|row| row.1)
}

/// Returns the code of a division of Baotou by its full name.
pub fn code(name: &str) -> Option<&'static str> {
    BAOTOU.iter().find(|row| row.1 == name).map(|row| row.0)
}

/// Checks a code as it stands.
///
/// `division.form`: not six digits; `division.province`: no such province;
/// `division.statistical-only`: used by the statistics office, no division;
/// `division.unknown`: not one of Baotou's, although it begins like one.
pub fn check(code: &str) -> Option<Remark> {
    if name(code).is_some() {
        return None;
    }
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Remark::reject(AREA, "form"));
    }
    if !code.get(..2).is_some_and(is_province) {
        return Some(Remark::reject(AREA, "province"));
    }
    if STATISTICAL_ONLY.iter().any(|row| row.0 == code) {
        return Some(Remark::suspect(AREA, "statistical-only"));
    }
    code.starts_with("1502")
        .then(|| Remark::suspect(AREA, "unknown"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divisions_of_baotou_are_known_by_code_and_name() {
        for (division, chinese) in BAOTOU {
            assert_eq!(name(division), Some(chinese));
            assert_eq!(code(chinese), Some(division));
            assert_eq!(check(division), None);
        }
        assert_eq!(code("稀土高新区"), None);
    }

    #[test]
    fn each_fault_has_its_rule() {
        let check_code = |code, expected: Option<&str>| {
            assert_eq!(
                check(code).map(|remark| remark.rule()).as_deref(),
                expected,
                "{code:?}"
            );
        };
        check_code("150271", Some("division.statistical-only"));
        check_code("150299", Some("division.unknown"));
        check_code("640100", None);
        check_code("990000", Some("division.province"));
        for code in ["", "1502", "15020a", "１５０２０２", "包头"] {
            check_code(code, Some("division.form"));
        }
    }
}
