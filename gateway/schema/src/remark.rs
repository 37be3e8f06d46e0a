//! What reading one dirty value yields.
//!
//! A [`Reading`] holds the value, if there is one, and at most one [`Remark`]
//! about it. A remark is not yet a finding: it knows neither the field nor the
//! place in the message; `finding` adds those. Every reader of this crate
//! returns a `Reading`, never an error: bad input is data.

use core::fmt;

/// What a rule decided about one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The value stands as sent.
    Ok,
    /// The value was written in its canonical form without loss.
    Normalised,
    /// A person should look before the value is used.
    Suspect,
    /// The text is no value of this kind and was not guessed at.
    Reject,
    /// The sender left the value out, or filled it with a placeholder.
    Missing,
    /// Two values that should agree do not.
    Mismatch,
}

impl Verdict {
    /// Returns the word used in quality codes: `ok`, `normalised`, `suspect`, ….
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Normalised => "normalised",
            Self::Suspect => "suspect",
            Self::Reject => "reject",
            Self::Missing => "missing",
            Self::Mismatch => "mismatch",
        }
    }
}

/// What a rule says about one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Remark {
    /// Area of the rule: `number`, `date-time`, `credit-code`.
    pub area: &'static str,
    /// What was decided.
    pub verdict: Verdict,
    /// What was seen: `full-width`, `check-digit`. Empty where the verdict says it all.
    pub what: &'static str,
    /// A number that belongs to `what`, for example the length that is wrong.
    pub count: Option<u32>,
}

impl Remark {
    /// A remark of `area`: `what` was seen and `verdict` follows.
    pub const fn new(area: &'static str, verdict: Verdict, what: &'static str) -> Self {
        Self {
            area,
            verdict,
            what,
            count: None,
        }
    }

    /// The value was written in its canonical form.
    pub const fn normalised(area: &'static str, what: &'static str) -> Self {
        Self::new(area, Verdict::Normalised, what)
    }

    /// A person should look.
    pub const fn suspect(area: &'static str, what: &'static str) -> Self {
        Self::new(area, Verdict::Suspect, what)
    }

    /// The text is no value of this kind.
    pub const fn reject(area: &'static str, what: &'static str) -> Self {
        Self::new(area, Verdict::Reject, what)
    }

    /// The value was left out.
    pub const fn missing(area: &'static str, what: &'static str) -> Self {
        Self::new(area, Verdict::Missing, what)
    }

    /// Adds the number that belongs to what was seen.
    pub const fn with_count(mut self, count: u32) -> Self {
        self.count = Some(count);
        self
    }

    /// Returns the rule code of a finding: `number.full-width`, `credit-code.length`.
    ///
    /// Where nothing particular was seen the verdict stands for it: `number.missing`.
    pub fn rule(&self) -> String {
        let what = if self.what.is_empty() {
            self.verdict.as_str()
        } else {
            self.what
        };
        let mut rule = String::with_capacity(self.area.len() + 1 + what.len());
        rule.push_str(self.area);
        rule.push('.');
        rule.push_str(what);
        rule
    }
}

/// The quality code: `normalised:full-width`, `reject:length19`, `missing`.
impl fmt::Display for Remark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.verdict.as_str())?;
        if !self.what.is_empty() {
            write!(formatter, ":{}", self.what)?;
        }
        match self.count {
            Some(count) => write!(formatter, "{count}"),
            None => Ok(()),
        }
    }
}

/// A value read from a sender's text, and what is to be said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<T> {
    /// The canonical value; missing when there is none or none can be trusted.
    pub value: Option<T>,
    /// What a rule says; missing when the text was in order.
    pub remark: Option<Remark>,
    /// What the text may have been meant to be. Never applied by the gateway: a person accepts it.
    pub proposal: Option<String>,
}

impl<T> Reading<T> {
    /// A value that needs no remark.
    pub const fn ok(value: T) -> Self {
        Self {
            value: Some(value),
            remark: None,
            proposal: None,
        }
    }

    /// A value with a remark, if there is one.
    pub const fn with(value: T, remark: Option<Remark>) -> Self {
        Self {
            value: Some(value),
            remark,
            proposal: None,
        }
    }

    /// No value, for the reason the remark gives.
    pub const fn none(remark: Remark) -> Self {
        Self {
            value: None,
            remark: Some(remark),
            proposal: None,
        }
    }

    /// Adds what the text may have been meant to be.
    pub fn proposing(mut self, proposal: Option<String>) -> Self {
        self.proposal = proposal;
        self
    }

    /// Replaces the value by what `make` makes of it.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Reading<U> {
        Reading {
            value: self.value.map(make),
            remark: self.remark,
            proposal: self.proposal,
        }
    }

    /// Returns the quality code: `ok`, or that of the remark.
    pub fn quality(&self) -> String {
        self.remark
            .map_or_else(|| "ok".to_owned(), |remark| remark.to_string())
    }
}
