//! Rules of the common schema (统一数据规范): identifiers, numbers, times, units,
//! findings, and the check that every record passes.
//!
//! Pure: no I/O, no clock, no randomness. The same code runs in the gateway
//! and, compiled to WebAssembly, inside the adapters, so it depends on `proto`
//! only. It never corrects a value and never decides a case; it says what was
//! seen and what may have been meant.
//!
//! # Reading dirty values
//!
//! Every reader takes the text as received and returns a [`Reading`]: a value
//! or none, at most one [`Remark`], perhaps a proposal. Readers accept any
//! text, never panic and never fail.
//!
//! ```
//! use schema::{credit_code, date_time, document_number, number};
//!
//! let reading = number::read("１２．３４");
//! assert_eq!(reading.quality(), "normalised:full-width");
//! assert_eq!(reading.value.map(|quantity| quantity.value).as_deref(), Some("12.34"));
//!
//! assert_eq!(document_number::canonical("包环罚[2026]第012号").as_deref(), Some("包环罚〔2026〕12号"));
//! assert_eq!(date_time::read("2026-02-30").quality(), "reject:date");
//!
//! let reading = credit_code::read("9113O200699229617X");
//! let finding = schema::finding::from_reading(&reading, "party.credit_code", "9113O200699229617X");
//! assert_eq!(finding.map(|finding| finding.rule).as_deref(), Some("credit-code.letter-O"));
//! ```
//!
//! | module | reads | into |
//! |---|---|---|
//! | [`number`] | `number::read(&str)` | `Reading<proto::v1::Quantity>` |
//! | [`weight`] | `weight::read_tonnes(&str, unit: &str)` | `Reading<proto::v1::Quantity>` |
//! | [`date_time`] | `date_time::read(&str)` | `Reading<proto::v1::DateTime>` |
//! | [`position`] | `position::read(lng, lat, Option<&Region>)` | `Reading<proto::v1::Position>` |
//! | [`credit_code`] | `credit_code::read(&str)` | `Reading<String>` |
//! | [`resident_id`] | `resident_id::read(&str)` | `Reading<String>` |
//! | [`permit`] | `permit::read(&str)` | `Reading<String>` |
//! | [`plate`] | `plate::read(&str)` | `Reading<String>` |
//! | [`waste_code`] | `waste_code::read(&str)` | `Reading<String>` |
//! | [`document_number`] | `document_number::read(&str)`, `canonical(&str)` | `Reading<DocumentNumber>`, `Option<String>` |
//! | [`factor`] | `factor::by_code`, `by_legacy`, `find` | `Option<&'static Factor>` |
//! | [`unit`] | `unit::canonical(&str)` | `Option<&'static str>` |
//! | [`text`] | `text::clean`, `text::mojibake`, `text::encoding::sniff` | |
//!
//! # Codes
//!
//! A remark has two forms of one code: the quality code
//! (`normalised:full-width`, [`Reading::quality`]) and the rule of a finding
//! (`number.full-width`, [`Remark::rule`]). Both are stable.

#![forbid(unsafe_code)]

pub mod camera_id;
mod check;
pub mod credit_code;
pub mod date_time;
pub mod decimal;
pub mod division;
pub mod document_number;
pub mod factor;
pub mod finding;
mod links;
pub mod number;
pub mod permit;
pub mod plate;
pub mod position;
mod remark;
pub mod resident_id;
pub mod text;
pub mod unit;
pub mod waste_code;
pub mod weight;

pub use check::{check, check_after, strip_derived};
pub use links::{Links, links, normalise_case_number};
pub use remark::{Reading, Remark, Verdict};
