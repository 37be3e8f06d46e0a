//! Chinese numerals in dates, as at the end of a decision: 二〇二六年九月一日.

/// Writes the Chinese numerals of a date as digits; `None` if there are none.
///
/// A year is spelled digit by digit (二〇二六), a month and a day as numbers
/// (十二, 三十一, 廿一). Other characters are kept.
pub(super) fn to_digits(text: &str) -> Option<String> {
    if text.is_ascii()
        || !text.contains('年')
        || !text.chars().any(|character| digit(character).is_some())
    {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut numeral: Vec<char> = Vec::new();
    for character in text.chars() {
        if digit(character).is_some() || matches!(character, '十' | '廿' | '卅') {
            numeral.push(character);
            continue;
        }
        write(&numeral, &mut out);
        numeral.clear();
        out.push(character);
    }
    write(&numeral, &mut out);
    Some(out)
}

/// Writes one numeral: with tens as a number, otherwise digit by digit.
fn write(numeral: &[char], out: &mut String) {
    let tens = numeral
        .iter()
        .position(|character| matches!(character, '十' | '廿' | '卅'));
    let Some(at) = tens else {
        out.extend(
            numeral
                .iter()
                .filter_map(|&character| digit(character))
                .map(|value| char::from(b'0' + value)),
        );
        return;
    };
    let (before, rest) = numeral.split_at(at);
    let ten = match rest.first() {
        Some('廿') => 20,
        Some('卅') => 30,
        _ => before
            .first()
            .and_then(|&character| digit(character))
            .map_or(10, |value| u32::from(value) * 10),
    };
    let one = rest
        .get(1)
        .and_then(|&character| digit(character))
        .map_or(0, u32::from);
    // A numeral with more characters than a month or a day can have is left
    // unreadable, so that the date is rejected rather than guessed.
    if before.len() > 1 || rest.len() > 2 {
        out.push('?');
    } else {
        out.push_str(&(ten + one).to_string());
    }
}

fn digit(character: char) -> Option<u8> {
    match character {
        '〇' | '零' | '○' | '◯' => Some(0),
        '一' | '壹' => Some(1),
        '二' | '贰' => Some(2),
        '三' | '叁' => Some(3),
        '四' | '肆' => Some(4),
        '五' | '伍' => Some(5),
        '六' | '陆' => Some(6),
        '七' | '柒' => Some(7),
        '八' | '捌' => Some(8),
        '九' | '玖' => Some(9),
        _ => None,
    }
}
