//! Factor codes (监测因子) of HJ 212-2017 Annex B with the codes of 2005.
//!
//! Says what a code means and which unit the standard gives it. It does not
//! say which unit a device uses: the unit is not on the wire, and installers
//! choose others; see [`Factor::unit`].

use crate::unit;

mod air;
mod gas_process;
mod legacy;
mod sewage_process;
mod site;
mod water;

/// One factor of the standard.
///
/// Two codes are printed twice with different meanings (`e701xx`, `g119xx`);
/// such a factor carries both names and no unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor {
    /// Code of 2017: `a21026`. Codes of equipment end in `x` for its number: `e101xx`, `i3331x`.
    pub code: &'static str,
    /// Chinese name as printed.
    pub name: &'static str,
    /// The standard's default unit, canonical; empty where it gives none.
    ///
    /// Only a default: a quantity that takes its unit from here has
    /// `UNIT_SOURCE_STANDARD_DEFAULT`.
    pub unit: &'static str,
    /// Unit of the accumulated amount (`Cou`), canonical; empty where there is none.
    pub amount_unit: &'static str,
    /// Code of HJ/T 212-2005; empty where there was none.
    pub legacy: &'static str,
}

impl Factor {
    /// Returns whether values of this factor can be in `unit` (canonical).
    ///
    /// True where either side says nothing about the kind of the quantity.
    /// `accumulated` is true for `Cou`, which is in the unit of the amount.
    pub fn accepts(&self, unit: &str, accumulated: bool) -> bool {
        let expected = if accumulated {
            self.amount_unit
        } else {
            self.unit
        };
        match (unit::kind(expected), unit::kind(unit)) {
            (Some(expected), Some(actual)) => expected == actual,
            _ => true,
        }
    }
}

const fn row(
    code: &'static str,
    name: &'static str,
    unit: &'static str,
    amount_unit: &'static str,
    legacy: &'static str,
) -> Factor {
    Factor {
        code,
        name,
        unit,
        amount_unit,
        legacy,
    }
}

/// Returns the factor with this code of 2017. Letters count as written: `a`, not `A`.
pub fn by_code(code: &str) -> Option<&'static Factor> {
    let bytes: [u8; 6] = code.as_bytes().try_into().ok()?;
    let rows = rows(bytes[0])?;
    let key = number(placeholder(bytes));
    // As numbers: comparing six bytes as a slice is a call each time, and every value has a code.
    let of = |row: &Factor| row.code.as_bytes().try_into().map(number);
    let at = rows
        .binary_search_by(|row| of(row).unwrap_or(0).cmp(&key))
        .ok()?;
    rows.get(at)
}

/// Returns the factor that replaced this code of 2005: `011` gives `w01018`.
pub fn by_legacy(code: &str) -> Option<&'static Factor> {
    let at = legacy::ROWS.binary_search_by(|row| row.0.cmp(code)).ok()?;
    legacy::ROWS.get(at).and_then(|row| by_code(row.1))
}

/// Returns the factor with this code, of 2017 or of 2005.
pub fn find(code: &str) -> Option<&'static Factor> {
    by_code(code).or_else(|| by_legacy(code))
}

/// Returns whether a code is one of the sound-level indices, which stand
/// outside the six-character codes (`LA`, `Leq`, `L90`).
pub fn is_sound_index(code: &str) -> bool {
    const INDICES: [&str; 12] = [
        "LA", "L5", "L10", "L50", "L90", "L95", "Leq", "Ldn", "Ld", "Ln", "LMx", "LMn",
    ];
    INDICES.contains(&code)
}

/// Every factor, by code.
pub fn all() -> impl Iterator<Item = &'static Factor> {
    [
        air::ROWS,
        sewage_process::ROWS,
        gas_process::ROWS,
        site::ROWS,
        water::ROWS,
    ]
    .into_iter()
    .flatten()
}

fn rows(first: u8) -> Option<&'static [Factor]> {
    match first {
        b'a' => Some(air::ROWS),
        b'e' => Some(sewage_process::ROWS),
        b'g' => Some(gas_process::ROWS),
        b'i' => Some(site::ROWS),
        b'w' => Some(water::ROWS),
        _ => None,
    }
}

/// A code as a number that sorts as the code does.
fn number(code: [u8; 6]) -> u64 {
    code.into_iter()
        .fold(0, |number, byte| number << 8 | u64::from(byte))
}

/// Writes the number of the equipment as the tables do: `e10103` is `e101xx`.
fn placeholder(mut code: [u8; 6]) -> [u8; 6] {
    let is_number = |byte: u8| byte.is_ascii_digit();
    if matches!(code[0], b'e' | b'g') && is_number(code[4]) && is_number(code[5]) {
        code[4] = b'x';
        code[5] = b'x';
    }
    // i3331x to i3334x: temperatures of a furnace, one for each measuring point.
    if code.starts_with(b"i333") && is_number(code[5]) {
        code[5] = b'x';
    }
    code
}

#[cfg(test)]
mod tests;
