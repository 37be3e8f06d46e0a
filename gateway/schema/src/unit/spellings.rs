//! Spellings of units met in the field, and the folding that makes them few.

/// Folded spelling, canonical unit. Sorted by spelling for binary search.
///
/// Folding writes half-width lower case without spaces, `u` for `µ` and `μ`,
/// `2` and `3` for superscripts and `.` for every kind of middle dot.
#[rustfmt::skip]
static SPELLINGS: &[(&str, &str)] = &[
    ("%", "%"), ("%rh", "%"), ("%vol", "%"), ("1", "1"), ("1/l", "1/L"), ("a", "A"), ("bq/l", "Bq/L"),
    ("c", "degC"), ("cells/ml", "cells/mL"), ("cm", "cm"), ("cny", "CNY"), ("d", "d"), ("db", "dB"),
    ("db(a)", "dB"), ("dba", "dB"), ("deg", "deg"), ("degc", "degC"), ("degree", "deg"), ("g", "g"),
    ("g/l", "g/L"), ("g/m3", "g/m3"), ("g/s", "g/s"), ("h", "h"), ("hour", "h"), ("hpa", "hPa"), ("k", "K"),
    ("kg", "kg"), ("kg/h", "kg/h"), ("kg/m3", "kg/m3"), ("km", "km"), ("km/h", "km/h"), ("km2", "km2"),
    ("kpa", "kPa"), ("kw", "kW"), ("kw.h", "kWh"), ("kwh", "kWh"), ("l", "L"), ("l/min", "L/min"),
    ("l/s", "L/s"), ("m", "m"), ("m.s-1", "m/s"), ("m/s", "m/s"), ("m2", "m2"), ("m3", "m3"),
    ("m3.h-1", "m3/h"), ("m3/d", "m3/d"), ("m3/h", "m3/h"), ("m3/hr", "m3/h"), ("m3/min", "m3/min"),
    ("m3/s", "m3/s"), ("m^2", "m2"), ("m^3", "m3"), ("m^3/h", "m3/h"), ("m^3/s", "m3/s"), ("ma", "mA"),
    ("mg", "mg"), ("mg.l-1", "mg/L"), ("mg.m-3", "mg/m3"), ("mg/l", "mg/L"), ("mg/m3", "mg/m3"),
    ("mg/m^3", "mg/m3"), ("mg/nm3", "mg/m3"), ("mgl", "mg/L"), ("min", "min"), ("ml", "mL"), ("mm", "mm"),
    ("ms", "ms"), ("ms/cm", "mS/cm"), ("ms/m", "mS/m"), ("mv", "mV"), ("ng/l", "ng/L"), ("ng/m3", "ng/m3"),
    ("nm3/h", "m3/h"), ("none", "1"), ("ntu", "NTU"), ("pa", "Pa"), ("ph", "1"), ("ppb", "ppb"), ("ppm", "ppm"),
    ("r/min", "r/min"), ("rmb", "CNY"), ("rpm", "r/min"), ("s", "s"), ("t", "t"),
    ("t/(km2.month)", "t/(km2.month)"), ("t/h", "t/h"), ("t/km2.month", "t/(km2.month)"), ("ton", "t"),
    ("tons", "t"), ("ug/l", "ug/L"), ("ug/m3", "ug/m3"), ("ug/m^3", "ug/m3"), ("us/cm", "uS/cm"), ("v", "V"),
    ("w", "W"), ("°", "deg"), ("°c", "degC"), ("万元", "10kCNY"), ("万吨", "10kt"), ("个/l", "1/L"),
    ("个/升", "1/L"), ("人民币元", "CNY"), ("伏", "V"), ("倍", "倍"), ("元", "CNY"), ("克", "g"),
    ("克/升", "g/L"), ("克/立方米", "g/m3"), ("公斤", "kg"), ("公里", "km"), ("公里/小时", "km/h"),
    ("分", "min"), ("分贝", "dB"), ("分钟", "min"), ("千克", "kg"), ("千克/小时", "kg/h"),
    ("千克/立方米", "kg/m3"), ("千帕", "kPa"), ("千瓦", "kW"), ("千瓦时", "kWh"), ("千米/小时", "km/h"),
    ("升", "L"), ("升/秒", "L/s"), ("吨", "t"), ("吨/小时", "t/h"), ("天", "d"), ("安", "A"), ("安培", "A"),
    ("小时", "h"), ("帕", "Pa"), ("度", "度"), ("度(角)", "deg"), ("微克/升", "ug/L"), ("微克/立方米", "ug/m3"),
    ("微西门子/厘米", "uS/cm"), ("摄氏度", "degC"), ("无", "1"), ("无量纲", "1"), ("毫伏", "mV"),
    ("毫克", "mg"), ("毫克/升", "mg/L"), ("毫克/标立方米", "mg/m3"), ("毫克/立方米", "mg/m3"), ("毫安", "mA"),
    ("毫米", "mm"), ("百分比", "%"), ("百帕", "hPa"), ("秒", "s"), ("立方米", "m3"), ("立方米/天", "m3/d"),
    ("立方米/小时", "m3/h"), ("立方米/秒", "m3/s"), ("米", "m"), ("米/秒", "m/s"), ("纳克/升", "ng/L"),
    ("纳克/立方米", "ng/m3"), ("贝克/升", "Bq/L"), ("转/分", "r/min"), ("转/分钟", "r/min"), ("项", "1"),
];

/// Longest folded spelling looked for, in bytes; longer text is no unit.
const MAX_FOLDED: usize = 32;

/// Folded spellings of a canonical unit.
pub(super) fn of(unit: &str) -> impl Iterator<Item = &'static str> {
    SPELLINGS
        .iter()
        .filter(move |row| row.1 == unit)
        .map(|row| row.0)
}

/// Looks a spelling up after folding.
pub(super) fn canonical(spelling: &str) -> Option<&'static str> {
    // Case tells these two apart; folding would lose it.
    match spelling.trim() {
        "MPa" | "Mpa" | "兆帕" => return Some("MPa"),
        "mPa" => return Some("mPa"),
        _ => {}
    }
    let mut folded = String::with_capacity(MAX_FOLDED);
    for character in spelling.chars() {
        fold(character, &mut folded);
        if folded.len() > MAX_FOLDED {
            return None;
        }
    }
    let at = SPELLINGS
        .binary_search_by(|row| row.0.cmp(folded.as_str()))
        .ok()?;
    SPELLINGS.get(at).map(|row| row.1)
}

fn fold(character: char, out: &mut String) {
    match crate::text::half_width(character) {
        '³' => out.push('3'),
        '²' => out.push('2'),
        '¹' => out.push('1'),
        '⁻' => out.push('-'),
        'µ' | 'μ' => out.push('u'),
        '℃' => out.push_str("°c"),
        'º' | '˚' => out.push('°'),
        '％' => out.push('%'),
        '㎎' => out.push_str("mg"),
        '㎏' => out.push_str("kg"),
        '㎍' => out.push_str("ug"),
        '㎥' => out.push_str("m3"),
        '㎡' => out.push_str("m2"),
        '㎖' => out.push_str("ml"),
        '·' | '•' | '・' | '∙' | '⋅' | '*' | '×' => out.push('.'),
        '／' | '∕' | '⁄' => out.push('/'),
        ' ' | '\u{A0}' | '\t' => {}
        other if crate::text::is_invisible(other) => {}
        other => out.extend(other.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_sorted_and_lead_to_canonical_units() {
        for pair in SPELLINGS.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
        for (spelling, unit) in SPELLINGS {
            assert!(
                super::super::is_canonical(unit),
                "{spelling} leads to {unit}"
            );
        }
    }

    #[test]
    fn case_decides_between_megapascal_and_millipascal() {
        assert_eq!(canonical("MPa"), Some("MPa"));
        assert_eq!(canonical("mPa"), Some("mPa"));
    }
}
