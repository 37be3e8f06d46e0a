//! `docs/factors.md`, written from the tables of factors and units, so that it cannot differ from what the gateway does.
//!
//! `UPDATE=1 cargo test -p schema --test document` writes it anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use schema::{factor, unit};

/// English names of the factors that are asked for most; the standards print Chinese ones only.
const ENGLISH: [(&str, &str); 26] = [
    ("a00000", "waste gas, flow"),
    ("a01001", "temperature"),
    ("a01002", "humidity"),
    ("a01006", "air pressure"),
    ("a01007", "wind speed"),
    ("a01008", "wind direction"),
    ("a01011", "flue gas velocity"),
    ("a01012", "flue gas temperature"),
    ("a01013", "flue gas pressure"),
    ("a01014", "flue gas humidity"),
    ("a19001", "oxygen content"),
    ("a21002", "nitrogen oxides"),
    ("a21003", "nitric oxide"),
    ("a21004", "nitrogen dioxide"),
    ("a21005", "carbon monoxide"),
    ("a21026", "sulphur dioxide"),
    ("a34001", "total suspended particles"),
    ("a34002", "PM10"),
    ("a34004", "PM2.5"),
    ("w00000", "sewage, flow"),
    ("w01001", "pH"),
    ("w01010", "water temperature"),
    ("w01018", "chemical oxygen demand"),
    ("w21001", "total nitrogen"),
    ("w21003", "ammonia nitrogen"),
    ("w21011", "total phosphorus"),
];

const HEAD: &str = "\
# Factors and units (监测因子与计量单位)

For integrators (集成人员) who look up the code of a factor or the spelling of a unit.
Written from the tables of `gateway/schema` by `UPDATE=1 cargo test -p schema --test document`; changes made here are lost.

An observation names its factor by the code of HJ 212-2017 Annex B, which has the codes of HJ 524 (air) and HJ 525 (water).
A code that is not below is kept with the finding `factor.unknown`.
Sound levels have names in place of codes: LA, L5, L10, L50, L90, L95, Leq, Ldn, Ld, Ln, LMx, LMn.
";

const UNITS: &str = "
## Units

A quantity is in one of the units in the left column; Rust's `unit::canonical` finds it for every spelling in the right one.
Letter case, spaces, full-width forms, superscripts and the two signs for micro make no difference, except that `MPa` (also `Mpa`, `兆帕`) and `mPa` are told apart.
A unit that is not below is left out with a finding, and the value stands without one; or move the decimal point into one that is ([how](../plugins/README.md#numbers-and-units)).

| unit | measures | spellings |
|---|---|---|
";

const FACTORS: &str = "
## Factors

The unit is the standard's default, for values whose message states none (`UNIT_SOURCE_STANDARD_DEFAULT`); the amount is that of accumulated values (`Cou`).
`x` in a code stands for a digit of the number of the equipment.

| code | name | | unit | amount | code of 2005 |
|---|---|---|---|---|---|
";

/// `volume flow` of `VolumeFlow`.
fn words(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

fn document() -> String {
    let mut text = HEAD.to_owned() + UNITS;
    for (code, kind, spellings) in unit::all() {
        let kind = words(&format!("{kind:?}"));
        let _ = writeln!(text, "| `{code}` | {kind} | {} |", spellings.join(" · "));
    }
    text += FACTORS;
    for factor in factor::all() {
        let english = ENGLISH.iter().find(|(code, _)| *code == factor.code);
        let english = english.map_or("", |(_, name)| name);
        let _ = writeln!(
            text,
            "| `{}` | {} | {english} | {} | {} | {} |",
            factor.code, factor.name, factor.unit, factor.amount_unit, factor.legacy
        );
    }
    text
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the developer asks for an update by the environment"
)]
fn the_document_of_factors_and_units_is_that_of_the_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/factors.md");
    if std::env::var("UPDATE").is_ok() {
        fs::write(&path, document()).expect("can be written");
    }
    let written = fs::read_to_string(&path).expect("docs/factors.md");
    assert!(
        written == document(),
        "docs/factors.md: UPDATE=1 writes it anew"
    );
}

#[test]
fn english_names_are_of_known_factors() {
    for (code, name) in ENGLISH {
        assert!(factor::by_code(code).is_some(), "{code} ({name})");
    }
}
