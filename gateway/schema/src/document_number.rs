//! Numbers of official documents (发文字号): 包环立〔2026〕12号.
//!
//! Brings the many spellings into one, which is also the key that cases,
//! transfers and decisions are linked by. Whether the document exists is not
//! known here.

use crate::remark::{Reading, Remark};
use crate::text;

const AREA: &str = "document-number";

/// Longest text read as a document number, in bytes.
const MAX_LENGTH: usize = 200;

/// A document number taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentNumber {
    /// Short name of the issuer and the kind of document: `包环罚`, `包环罚字`.
    pub prefix: String,
    /// Year, 1949 to 2099.
    pub year: u16,
    /// Number within the year, without padding.
    pub number: u32,
}

/// The canonical form: `包环罚〔2026〕12号`. Two spellings of one number give the same.
impl core::fmt::Display for DocumentNumber {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str(&self.canonical())
    }
}

impl DocumentNumber {
    /// The canonical form, put together by hand: it is made for every number read.
    fn canonical(&self) -> String {
        let mut digits = [0; 10];
        let mut text = String::with_capacity(self.prefix.len() + "〔2026〕4294967295号".len());
        text.push_str(&self.prefix);
        text.push('〔');
        text.push_str(decimal_digits(u32::from(self.year), &mut digits));
        text.push('〕');
        text.push_str(decimal_digits(self.number, &mut digits));
        text.push('号');
        text
    }
}

/// The decimal digits of a number.
fn decimal_digits(mut number: u32, digits: &mut [u8; 10]) -> &str {
    let mut from = digits.len();
    loop {
        from -= 1;
        digits[from] = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
        if number == 0 {
            break;
        }
    }
    core::str::from_utf8(&digits[from..]).unwrap_or_default()
}

/// Reads a document number.
///
/// Accepts every bracket in use, 第 and 年, spaces, full-width digits, zero
/// padding and a missing 号. Quality codes: `normalised`; `missing`;
/// `reject:no-year` without a bracketed year, `reject:year`, `reject:number`,
/// `reject:no-prefix`, `reject:length`.
pub fn read(text: &str) -> Reading<DocumentNumber> {
    if text.len() > MAX_LENGTH {
        return Reading::none(Remark::reject(AREA, "length"));
    }
    let clean = text::clean(text);
    if text::is_placeholder(&clean.text) {
        return Reading::none(Remark::missing(AREA, ""));
    }
    let mut plain = clean.text;
    if plain.contains(char::is_whitespace) {
        plain
            .to_mut()
            .retain(|character| !character.is_whitespace());
    }
    match parse(&plain) {
        Ok(number) => {
            let changed = number.canonical() != text;
            Reading::with(number, changed.then(|| Remark::normalised(AREA, "")))
        }
        Err(what) => Reading::none(Remark::reject(AREA, what)),
    }
}

/// Reads a document number and returns its canonical text.
pub fn canonical(text: &str) -> Option<String> {
    read(text).value.map(|number| number.canonical())
}

/// Returns whether a text already is in canonical form.
pub fn is_canonical(text: &str) -> bool {
    let Some((prefix, rest)) = text.split_once('〔') else {
        return false;
    };
    let Some((year, rest)) = rest.split_once('〕') else {
        return false;
    };
    let Some(number) = rest.strip_suffix('号') else {
        return false;
    };
    is_prefix(prefix)
        && year.len() == 4
        && parse_year(year).is_some()
        && !number.starts_with('0')
        && parse_number(number).is_some()
}

fn parse(plain: &str) -> Result<DocumentNumber, &'static str> {
    let open = plain.rfind(is_open).ok_or("no-year")?;
    let (prefix, bracketed) = plain.split_at(open);
    let mut inner = bracketed.chars();
    inner.next();
    let (year, rest) = inner.as_str().split_once(is_close).ok_or("no-year")?;
    let year = parse_year(year.strip_suffix('年').unwrap_or(year)).ok_or("year")?;
    // 〔2026〕年第12号, 〔2026〕第0012号 and 〔2026〕12 are the same number.
    let rest = rest.strip_prefix('年').unwrap_or(rest);
    let rest = rest.strip_prefix('第').unwrap_or(rest);
    let digits = rest.strip_suffix('号').unwrap_or(rest);
    let number = parse_number(digits).ok_or("number")?;
    let prefix = prefix.strip_suffix('第').unwrap_or(prefix);
    if !is_prefix(prefix) {
        return Err("no-prefix");
    }
    Ok(DocumentNumber {
        prefix: prefix.to_owned(),
        year,
        number,
    })
}

/// A prefix has a Chinese character: `A〔2026〕1号` names no issuer. Round brackets
/// may stand in it (内环(包)罚); the last brackets of a number are the year's.
fn is_prefix(prefix: &str) -> bool {
    let is_chinese = |character: char| matches!(character, '\u{4E00}'..='\u{9FFF}');
    let is_foreign = |character: char| {
        character.is_whitespace()
            || character.is_control()
            || text::is_invisible(character)
            || (is_open(character) && character != '(')
            || (is_close(character) && character != ')')
            || text::half_width(character) != character
    };
    prefix.chars().any(is_chinese) && !prefix.chars().any(is_foreign) && !prefix.ends_with('第')
}

fn parse_year(text: &str) -> Option<u16> {
    let in_form = text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let year = in_form.then(|| text.parse().ok()).flatten()?;
    (1949..=2099).contains(&year).then_some(year)
}

fn parse_number(text: &str) -> Option<u32> {
    let in_form = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    in_form
        .then(|| text.parse().ok())
        .flatten()
        .filter(|number| *number > 0)
}

fn is_open(character: char) -> bool {
    matches!(
        character,
        '〔' | '['
            | '('
            | '（'
            | '﹝'
            | '【'
            | '［'
            | '〖'
            | '「'
            | '『'
            | '{'
            | '｛'
            | '<'
            | '〈'
            | '《'
            | '❲'
            | '﹙'
            | '⟦'
    )
}

fn is_close(character: char) -> bool {
    matches!(
        character,
        '〕' | ']'
            | ')'
            | '）'
            | '﹞'
            | '】'
            | '］'
            | '〗'
            | '」'
            | '』'
            | '}'
            | '｝'
            | '>'
            | '〉'
            | '》'
            | '❳'
            | '﹚'
            | '⟧'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<&str>, quality: &str) {
        let reading = read(text);
        assert_eq!(
            reading.value.as_ref().map(ToString::to_string).as_deref(),
            expected,
            "{text:?}"
        );
        assert_eq!(reading.quality(), quality, "{text:?}");
    }

    #[test]
    fn every_spelling_gives_the_same_key() {
        let key = "包环立〔2026〕12号";
        check(key, Some(key), "ok");
        for text in [
            "包环立[2026]12号",
            "包环立(2026)12号",
            "包环立（2026）12号",
            "包环立﹝2026﹞12号",
            "包环立【2026】12号",
            "包环立［2026］12号",
            "包环立〔2026〕第12号",
            "包环立〔2026〕年12号",
            "包环立〔2026年〕第0012号",
            "包环立第〔2026〕12号",
            "包 环 立〔2026〕12 号",
            "包环立〔２０２６〕１２号",
            "包环立〔2026〕12",
            "\u{feff}包环立〔2026〕012号\u{3000}",
        ] {
            check(text, Some(key), "normalised");
        }
    }

    #[test]
    fn numbers_are_taken_apart() {
        let number = read("包环拘移〔2026〕7号").value.expect("canonical");
        assert_eq!(
            (number.prefix.as_str(), number.year, number.number),
            ("包环拘移", 2026, 7)
        );
        // A bracket in the issuer's name does not hide the year.
        check(
            "内环（包）罚〔2026〕3号",
            Some("内环(包)罚〔2026〕3号"),
            "normalised",
        );
    }

    #[test]
    fn what_is_no_document_number_is_rejected_with_its_reason() {
        check("", None, "missing");
        check("-", None, "missing");
        check("A1502025500002026090001", None, "reject:no-year");
        check("包环罚2026-12号", None, "reject:no-year");
        check("包环罚〔26〕12号", None, "reject:year");
        check("包环罚〔2026〕号", None, "reject:number");
        check("包环罚〔2026〕0号", None, "reject:number");
        check("包环罚〔2026〕12-1号", None, "reject:number");
        check("〔2026〕12号", None, "reject:no-prefix");
        check(&"包".repeat(100), None, "reject:length");
    }

    proptest! {
        #[test]
        fn canonicalisation_is_idempotent(
            prefix in "[包环罚立移字]{1,6}", year in 1949_u16..2100, number in 1_u32.., zeros in 0_usize..3,
            brackets in prop::sample::select(vec![('[', ']'), ('（', '）'), ('〔', '〕'), ('【', '】')]),
        ) {
            let text = format!("{prefix}{}{year}{}第{}{number} 号", brackets.0, brackets.1, "0".repeat(zeros));
            prop_assume!(number.to_string().len() + zeros <= 12);
            let once = canonical(&text).expect("a document number");
            prop_assert!(is_canonical(&once));
            prop_assert_eq!(canonical(&once), Some(once.clone()));
            prop_assert_eq!(read(&once).quality(), "ok");
        }

        #[test]
        fn arbitrary_text_never_panics(text in "\\PC*|[包环第年号〔〕()（）0-9 ]{0,24}") {
            if let Some(once) = canonical(&text) {
                prop_assert!(is_canonical(&once), "{}", once);
                prop_assert_eq!(canonical(&once), Some(once.clone()));
            }
            let _ = is_canonical(&text);
        }
    }
}
