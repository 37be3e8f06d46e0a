//! Canonical units, the spellings met for them, and exact steps between them.
//!
//! Canonical units are short ASCII (`mg/m3`, `degC`, `1`). Only steps by a
//! power of ten are offered, because those lose no digit of a decimal text;
//! `m3/h` to `m3/s` is not one of them.

mod spellings;

/// What a unit measures. Two units of one kind can be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Pure numbers, shares and parts per million.
    Ratio,
    /// Mass in a volume of air or water.
    Concentration,
    /// Volume in a time.
    VolumeFlow,
    /// Mass in a time.
    MassFlow,
    /// Volume.
    Volume,
    /// Mass.
    Mass,
    /// Temperature.
    Temperature,
    /// Pressure.
    Pressure,
    /// Speed.
    Speed,
    /// Length.
    Length,
    /// Area.
    Area,
    /// Plane angle.
    Angle,
    /// Time.
    Time,
    /// Electric conductivity.
    Conductivity,
    /// Electric potential.
    Potential,
    /// Electric current.
    Current,
    /// Electric power.
    Power,
    /// Electric energy.
    Energy,
    /// Organisms in a volume.
    Count,
    /// Radioactivity in a volume.
    Radioactivity,
    /// Sound level.
    Sound,
    /// Turbidity.
    Turbidity,
    /// Colour or hardness in degrees (度).
    Degree,
    /// Dilution multiple (稀释倍数).
    Multiple,
    /// Dust fall: mass on an area in a time.
    DustFall,
    /// Turns in a time.
    Rotation,
    /// Money.
    Money,
}

/// Code, kind, power of ten towards the kind's base; `None` where the unit is
/// no power of ten of that base.
type Row = (&'static str, Kind, Option<i8>);

#[rustfmt::skip]
const UNITS: &[Row] = {
    use Kind::*;
    &[
        ("%", Ratio, Some(-2)), ("1", Ratio, Some(0)), ("ppb", Ratio, Some(-9)), ("ppm", Ratio, Some(-6)),
        ("g/L", Concentration, Some(0)), ("g/m3", Concentration, Some(-3)), ("kg/m3", Concentration, Some(0)),
        ("mg/L", Concentration, Some(-3)), ("mg/m3", Concentration, Some(-6)), ("ng/L", Concentration, Some(-9)),
        ("ng/m3", Concentration, Some(-12)), ("ug/L", Concentration, Some(-6)), ("ug/m3", Concentration, Some(-9)),
        ("L/min", VolumeFlow, None), ("L/s", VolumeFlow, Some(-3)), ("m3/d", VolumeFlow, None),
        ("m3/h", VolumeFlow, None), ("m3/min", VolumeFlow, None), ("m3/s", VolumeFlow, Some(0)),
        ("g/s", MassFlow, Some(0)), ("kg/h", MassFlow, None), ("t/h", MassFlow, None),
        ("L", Volume, Some(-3)), ("m3", Volume, Some(0)), ("mL", Volume, Some(-6)),
        ("g", Mass, Some(-6)), ("kg", Mass, Some(-3)), ("mg", Mass, Some(-9)), ("t", Mass, Some(0)),
        ("10kt", Mass, Some(4)),
        ("K", Temperature, None), ("degC", Temperature, Some(0)),
        ("MPa", Pressure, Some(6)), ("Pa", Pressure, Some(0)), ("hPa", Pressure, Some(2)), ("kPa", Pressure, Some(3)),
        ("mPa", Pressure, Some(-3)),
        ("km/h", Speed, None), ("m/s", Speed, Some(0)),
        ("cm", Length, Some(-2)), ("km", Length, Some(3)), ("m", Length, Some(0)), ("mm", Length, Some(-3)),
        ("km2", Area, Some(6)), ("m2", Area, Some(0)), ("deg", Angle, Some(0)),
        ("d", Time, None), ("h", Time, None), ("min", Time, None), ("ms", Time, Some(-3)), ("s", Time, Some(0)),
        ("mS/cm", Conductivity, Some(3)), ("mS/m", Conductivity, Some(1)), ("uS/cm", Conductivity, Some(0)),
        ("V", Potential, Some(0)), ("mV", Potential, Some(-3)), ("A", Current, Some(0)), ("mA", Current, Some(-3)),
        ("W", Power, Some(0)), ("kW", Power, Some(3)), ("kWh", Energy, Some(0)),
        ("1/L", Count, Some(0)), ("cells/mL", Count, Some(3)), ("Bq/L", Radioactivity, Some(0)),
        ("dB", Sound, Some(0)), ("NTU", Turbidity, Some(0)), ("度", Degree, Some(0)), ("倍", Multiple, Some(0)),
        ("t/(km2.month)", DustFall, Some(0)), ("r/min", Rotation, Some(0)),
        ("10kCNY", Money, Some(4)), ("CNY", Money, Some(0)),
    ]
};

/// Returns the canonical unit for a spelling: `毫克/升`, `㎎/L` and `MG/L` give `mg/L`.
///
/// Returns `None` for a spelling that is not known; nothing is guessed.
pub fn canonical(spelling: &str) -> Option<&'static str> {
    // The hot path: senders and tables that already write the canonical unit.
    row(spelling)
        .map(|row| row.0)
        .or_else(|| spellings::canonical(spelling))
}

/// Every canonical unit with what it measures and the spellings that are folded to it, in the
/// order of the table; a spelling is shown folded: half-width lower case without spaces.
pub fn all() -> impl Iterator<Item = (&'static str, Kind, Vec<&'static str>)> {
    UNITS
        .iter()
        .map(|row| (row.0, row.1, spellings::of(row.0).collect()))
}

/// Returns whether `unit` is canonical.
pub fn is_canonical(unit: &str) -> bool {
    row(unit).is_some()
}

/// Returns what a canonical unit measures.
pub fn kind(unit: &str) -> Option<Kind> {
    row(unit).map(|row| row.1)
}

/// Returns the power of ten that turns a number in `from` into one in `to`.
///
/// `Some(3)` from `g/m3` to `mg/m3`. `None` when the kinds differ or the step
/// is no power of ten. Apply it with [`crate::decimal::shift`].
pub fn power_between(from: &str, to: &str) -> Option<i32> {
    if from == to {
        return is_canonical(from).then_some(0);
    }
    let (from, to) = (row(from)?, row(to)?);
    if from.1 != to.1 {
        return None;
    }
    Some(i32::from(from.2?) - i32::from(to.2?))
}

fn row(unit: &str) -> Option<&'static Row> {
    UNITS.iter().find(|row| row.0 == unit)
}

#[cfg(test)]
mod tests;
