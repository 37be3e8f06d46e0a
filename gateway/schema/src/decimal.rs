//! Decimal numbers as text: exact, with the sender's scale.
//!
//! Quantities never pass through a binary float. This module holds the few
//! operations the rules need on decimal text; it is no general arithmetic.

use core::cmp::Ordering;

/// Returns whether `text` is `-?[0-9]+(\.[0-9]+)?`, the form of the common schema.
pub fn is_well_formed(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    is_digits(whole) && fraction.is_none_or(is_digits)
}

/// Returns whether `text` is well formed and has no needless leading zero.
pub fn is_canonical(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text).as_bytes();
    is_well_formed(text) && !matches!(unsigned, [b'0', b'0'..=b'9', ..])
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Moves the decimal point of a well-formed number `power` places to the right
/// (to the left if negative) and keeps every digit.
///
/// `shift("12.50", -3)` is `0.01250`. Returns `None` for text that is not well
/// formed and for more than 64 places.
pub fn shift(text: &str, power: i32) -> Option<String> {
    if !is_well_formed(text) || power.unsigned_abs() > 64 {
        return None;
    }
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => ("-", unsigned),
        None => ("", text),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let places = power.unsigned_abs() as usize;
    let zeros = "0".repeat(places);
    let (whole, fraction) = if power >= 0 {
        let padded = format!("{fraction}{zeros}");
        let (moved, kept) = padded.split_at(places);
        // The zeros that were appended are not digits of the sender.
        let kept = if fraction.len() > places {
            &fraction[places..]
        } else {
            &kept[..0]
        };
        (format!("{whole}{moved}"), kept.to_owned())
    } else {
        let padded = format!("{zeros}{whole}");
        let (kept, moved) = padded.split_at(padded.len() - places);
        (kept.to_owned(), format!("{moved}{fraction}"))
    };
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        trimmed => trimmed,
    };
    Some(if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    })
}

/// A decimal number that can be computed with: `mantissa / 10^scale`.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    mantissa: i128,
    scale: u32,
}

/// Most digits a number may have to be computed with.
///
/// Two such numbers brought to one scale still fit an `i128`.
const MAX_DIGITS: usize = 18;

impl Decimal {
    /// Parses a well-formed number of at most 18 digits.
    pub fn parse(text: &str) -> Option<Self> {
        if !is_well_formed(text) {
            return None;
        }
        let mut mantissa: i128 = 0;
        let mut scale = 0;
        let mut digits = 0;
        let mut in_fraction = false;
        for byte in text.bytes() {
            match byte {
                b'.' => in_fraction = true,
                b'0'..=b'9' => {
                    mantissa = mantissa * 10 + i128::from(byte - b'0');
                    scale += u32::from(in_fraction);
                    digits += 1;
                }
                _ => {}
            }
            if digits > MAX_DIGITS {
                return None;
            }
        }
        let mantissa = if text.starts_with('-') {
            -mantissa
        } else {
            mantissa
        };
        Some(Self { mantissa, scale })
    }

    /// Returns `self - other`, exactly, at the larger of both scales.
    pub fn minus(self, other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self {
            mantissa: self.at(scale) - other.at(scale),
            scale,
        }
    }

    /// Returns `self / other` with `scale` decimals, rounded half away from
    /// zero; `None` for a division by zero or more than 6 decimals.
    pub fn ratio(self, other: Self, scale: u32) -> Option<Self> {
        if other.mantissa == 0 || scale > 6 {
            return None;
        }
        let common = self.scale.max(other.scale);
        // One further digit decides the rounding.
        let numerator = self.at(common).checked_mul(10_i128.pow(scale + 1))?;
        let quotient = numerator / other.at(common);
        let mantissa = (quotient + 5 * quotient.signum()) / 10;
        Some(Self { mantissa, scale })
    }

    /// Returns the number without its sign.
    pub fn magnitude(self) -> Self {
        Self {
            mantissa: self.mantissa.abs(),
            scale: self.scale,
        }
    }

    fn at(self, scale: u32) -> i128 {
        // At most 18 digits brought to a scale of at most 18 more: 36 digits fit.
        self.mantissa
            .saturating_mul(10_i128.saturating_pow(scale.saturating_sub(self.scale)))
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By value: `1.50` equals `1.5`.
impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        self.at(scale).cmp(&other.at(scale))
    }
}

/// The form of the common schema, with the scale kept.
impl core::fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let scale = self.scale as usize;
        let digits = format!(
            "{:0>width$}",
            self.mantissa.unsigned_abs(),
            width = scale + 1
        );
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        if fraction.is_empty() {
            write!(formatter, "{sign}{whole}")
        } else {
            write!(formatter, "{sign}{whole}.{fraction}")
        }
    }
}

#[cfg(test)]
mod tests;
