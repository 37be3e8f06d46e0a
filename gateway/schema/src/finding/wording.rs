//! Sentences for people, one for each rule that needs its own.

use crate::remark::{Remark, Verdict};

/// Rule, sentence. Sorted by rule for binary search.
#[rustfmt::skip]
static SENTENCES: &[(&str, &str)] = &[
    ("credit-code.check-digit", "The check character of the credit code is wrong (GB 32100)."),
    ("credit-code.length", "A credit code has 18 characters (GB 32100)."),
    ("credit-code.letter-I", "Credit codes have no letter I; it may be a 1."),
    ("credit-code.letter-O", "Credit codes have no letter O; it may be a 0."),
    ("credit-code.organisation-code", "The organisation code inside the credit code fails its own check (GB 11714)."),
    ("credit-code.pilot", "The credit code is of the trials before GB 32100 and fails its check."),
    ("date-time.24h", "24:00:00 was written as the start of the next day."),
    ("date-time.cst", "CST was read as China Standard Time."),
    ("date-time.date", "The date does not exist."),
    ("date-time.date-only", "Only the day is known."),
    ("date-time.default-date", "The time is the default of a database, perhaps not a time that was meant."),
    ("date-time.open-ended", "The date stands for an open end."),
    ("date-time.seconds-60", "A minute has the seconds 0 to 59."),
    ("date-time.two-digit-year", "A year of two digits was not completed."),
    ("division.statistical-only", "The code is used by the statistics office only and is no division (GB/T 2260)."),
    ("factor.unknown", "The factor is in none of the code lists (HJ 524, HJ 525, HJ 212 Annex B)."),
    ("number.decimal-comma", "A comma may be a decimal point here; the number was not guessed."),
    ("number.nan", "The device sent NaN, which is no value."),
    ("number.sentinel", "Devices send this number when they have no value."),
    ("permit.coded-holder", "The permit number carries a coded id instead of a credit code."),
    ("permit.other-holder", "The permit is held by another organisation than the one named."),
    ("position.outside-region", "The place lies outside the region of the feed."),
    ("position.swapped", "Longitude and latitude seem to be exchanged."),
    ("schema.assumed-unit", "The unit is assumed; the value can never found an exceedance."),
    ("schema.date-time", "The time does not have the form that its precision asks for."),
    ("schema.decimal", "The number is not decimal text."),
    ("schema.derived-by-sender", "The gateway derives this field; the sender's value is discarded."),
    ("schema.missing", "A mandatory field is missing."),
    ("schema.no-unit", "The value has no unit."),
    ("schema.order", "The end lies before the start."),
    ("schema.too-few-officers", "Two officers at least must take part (行政处罚法 art. 42)."),
    ("schema.unknown-unit", "The unit is not one of the schema's."),
    ("text.lost", "Characters were lost before the text was sent; they cannot be brought back."),
    ("text.mojibake", "The text seems to be UTF-8 that was read as GBK."),
    ("weight.arith", "Gross less tare is not net."),
];

/// Returns the sentence for a rule; a plain one where none is written.
pub(super) fn of_rule(rule: &str) -> &'static str {
    match SENTENCES.binary_search_by(|row| row.0.cmp(rule)) {
        Ok(at) => SENTENCES.get(at).map_or("", |row| row.1),
        Err(_) => "",
    }
}

/// Returns the sentence for a remark.
pub(super) fn of_remark(remark: &Remark, rule: &str) -> String {
    let written = of_rule(rule);
    if !written.is_empty() {
        return written.to_owned();
    }
    let sentence = match remark.verdict {
        Verdict::Ok => return "The value stands as sent.".to_owned(),
        Verdict::Normalised => "The value was written in its canonical form",
        Verdict::Suspect => "A person should look at the value",
        Verdict::Reject => "The value could not be read",
        Verdict::Missing => "The sender gave no value",
        Verdict::Mismatch => "The values do not agree",
    };
    match remark.what {
        "" => [sentence, "."].concat(),
        what => [sentence, " (", what, ")."].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_sorted_by_rule() {
        for pair in SENTENCES.windows(2) {
            assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
        }
    }
}
