//! Reads a TOML file along a table of keys.
//!
//! Never stops at the first fault: what could be read is returned beside every
//! fault found. Knows no key by name; `keys` declares them, `cross` compares
//! them, `build` makes types of them.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::document::{Document, Located, Table, Value};
use super::fault::{Fault, Problem};
use super::key::{Fallback, Key, Kind, Section};

/// Reads `text` along `sections`.
pub(crate) fn read(text: &str, sections: &'static [Section]) -> (Document, Vec<Fault>) {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        text,
        faults: Vec::new(),
        is_whole: errors.is_empty(),
        sections,
    };
    for error in errors {
        reader.faults.push(Fault {
            line: error.span().map(|span| line_of(text, span.start)),
            key: String::new(),
            problem: Problem::Syntax {
                text: error.message().replace('\n', ", "),
            },
        });
    }
    let tables = reader.root(root.get_ref(), sections);
    (Document { tables }, reader.faults)
}

struct Reader<'t> {
    text: &'t str,
    faults: Vec<Fault>,
    /// No fault of the syntax: what is missing is really missing.
    is_whole: bool,
    /// What may stand in the file.
    sections: &'static [Section],
}

type Entry<'v, 'i> = (&'v Spanned<DeString<'i>>, &'v Spanned<DeValue<'i>>);

impl Reader<'_> {
    fn root(&mut self, root: &DeTable<'_>, sections: &'static [Section]) -> Vec<Table> {
        if let [section] = sections
            && section.name.is_empty()
        {
            return vec![self.table(section, None, None, root)];
        }
        for (name, value) in root.iter() {
            if !sections
                .iter()
                .any(|section| section.name == name.get_ref().as_ref())
            {
                let known = sections
                    .iter()
                    .map(|section| section.name)
                    .filter(|name| !name.contains('.'))
                    .collect::<Vec<_>>()
                    .join(", ");
                self.fault(
                    value.span().start.min(name.span().start),
                    name.get_ref().to_string(),
                    Problem::Unknown { known },
                );
            }
        }
        let mut tables = Vec::new();
        for section in sections {
            match entry(root, section.name) {
                Some(entry) if section.repeated => self.repeated(section, entry, &mut tables),
                Some((name, value)) => match value.get_ref().as_table() {
                    Some(table) => {
                        let line = line_of(self.text, name.span().start);
                        tables.push(self.table(section, None, Some(line), table));
                    }
                    None => self.wrong_type(
                        value,
                        section.name.to_owned(),
                        format!("a table [{}]", section.name),
                    ),
                },
                None if section.repeated && section.may_be_absent() => {}
                None if section.repeated => self.missing(
                    None,
                    section.name.to_owned(),
                    format!("at least one table [[{}]]", section.name),
                ),
                None => tables.push(self.table(section, None, None, &DeTable::new())),
            }
        }
        tables
    }

    fn repeated(
        &mut self,
        section: &'static Section,
        (_, value): Entry<'_, '_>,
        tables: &mut Vec<Table>,
    ) {
        let expected = || format!("tables [[{}]]", section.name);
        let Some(array) = value.get_ref().as_array() else {
            return self.wrong_type(value, section.name.to_owned(), expected());
        };
        if array.is_empty() {
            let line = line_of(self.text, value.span().start);
            self.missing(
                Some(line),
                section.name.to_owned(),
                format!("at least one table [[{}]]", section.name),
            );
        }
        for (index, element) in array.iter().enumerate() {
            let number = Some(index + 1);
            match element.get_ref().as_table() {
                Some(table) => {
                    let line = line_of(self.text, element.span().start);
                    tables.push(self.table(section, number, Some(line), table));
                }
                None => self.wrong_type(element, section.path(number, ""), expected()),
            }
        }
    }

    fn table(
        &mut self,
        section: &'static Section,
        number: Option<usize>,
        line: Option<usize>,
        entries: &DeTable<'_>,
    ) -> Table {
        let inner: Vec<&str> = self
            .sections
            .iter()
            .filter_map(|inner| inner.name.strip_prefix(section.name)?.strip_prefix('.'))
            .collect();
        for (name, _) in entries.iter() {
            let keys = section.keys.iter().map(|key| key.name);
            let mut allowed = keys.clone().chain(inner.iter().copied());
            if !allowed.any(|known| known == name.get_ref().as_ref()) {
                let known = keys
                    .chain(inner.iter().copied())
                    .collect::<Vec<_>>()
                    .join(", ");
                let path = section.path(number, name.get_ref());
                self.fault(name.span().start, path, Problem::Unknown { known });
            }
        }
        let mut values = BTreeMap::new();
        for key in section.keys {
            let path = || section.path(number, key.name);
            let written = entries
                .iter()
                .find(|(name, _)| name.get_ref().as_ref() == key.name);
            let located = match written {
                Some((_, value)) => self.value(key, &path(), value),
                None => self.fallback(key, path(), line),
            };
            if let Some(located) = located {
                values.insert(key.name, located);
            }
        }
        Table {
            section,
            number,
            line,
            values,
        }
    }

    fn fallback(&mut self, key: &Key, path: String, line: Option<usize>) -> Option<Located> {
        let value = match key.fallback {
            Fallback::Required => {
                self.missing(line, path, key.kind.to_string());
                return None;
            }
            Fallback::Nothing => return None,
            Fallback::Text(text) => Value::Text(text.to_owned()),
            Fallback::Integer(number) => Value::Integer(number),
            Fallback::Flag(truth) => Value::Flag(truth),
            Fallback::Empty => Value::Texts(Vec::new()),
        };
        Some(Located { value, line: None })
    }

    fn value(&mut self, key: &Key, path: &str, value: &Spanned<DeValue<'_>>) -> Option<Located> {
        let read = match &key.kind {
            Kind::Text(rule) => self.text(value, path, &key.kind, rule.holds),
            Kind::Choice(words) => self.text(value, path, &key.kind, |text| words.contains(&text)),
            Kind::Path(_) => self.text(value, path, &key.kind, |text| !text.is_empty()),
            Kind::Texts(rule) => self.texts(value, path, key, rule.holds),
            Kind::Choices(words) => self.texts(value, path, key, |text| words.contains(&text)),
            Kind::Flag => self.flag(value, path, &key.kind),
            Kind::Integer { min, max, .. } => self.integer(value, path, &key.kind, *min..=*max),
        };
        let line = Some(line_of(self.text, value.span().start));
        read.map(|value| Located { value, line })
    }

    fn text(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        path: &str,
        kind: &Kind,
        holds: impl Fn(&str) -> bool,
    ) -> Option<Value> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(value, path.to_owned(), kind.to_string());
            return None;
        };
        if !holds(text) {
            self.not_allowed(value, path, format!("{text:?}"), kind.to_string());
            return None;
        }
        Some(Value::Text(text.to_owned()))
    }

    fn texts(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        path: &str,
        key: &Key,
        holds: impl Fn(&str) -> bool,
    ) -> Option<Value> {
        let Some(array) = value.get_ref().as_array() else {
            self.wrong_type(value, path.to_owned(), key.kind.to_string());
            return None;
        };
        if array.is_empty() && matches!(key.fallback, Fallback::Required) {
            self.not_allowed(
                value,
                path,
                "the empty list".to_owned(),
                key.kind.to_string(),
            );
        }
        let mut texts: Vec<(String, usize)> = Vec::new();
        for element in array.iter() {
            let line = line_of(self.text, element.span().start);
            match self.text(element, path, &key.kind, &holds) {
                Some(Value::Text(text)) => match texts.iter().find(|(earlier, _)| *earlier == text)
                {
                    Some(&(_, first)) => {
                        let problem = Problem::Duplicate {
                            value: format!("{text:?}"),
                            first,
                        };
                        self.fault(element.span().start, path.to_owned(), problem);
                    }
                    None => texts.push((text, line)),
                },
                Some(Value::Integer(_) | Value::Flag(_) | Value::Texts(_)) | None => {}
            }
        }
        Some(Value::Texts(texts))
    }

    fn flag(&mut self, value: &Spanned<DeValue<'_>>, path: &str, kind: &Kind) -> Option<Value> {
        let truth = value.get_ref().as_bool();
        if truth.is_none() {
            self.wrong_type(value, path.to_owned(), kind.to_string());
        }
        truth.map(Value::Flag)
    }

    fn integer(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        path: &str,
        kind: &Kind,
        range: std::ops::RangeInclusive<u64>,
    ) -> Option<Value> {
        let Some(integer) = value.get_ref().as_integer() else {
            self.wrong_type(value, path.to_owned(), kind.to_string());
            return None;
        };
        // Numbers too large for the type, or negative, are out of range like any other.
        match i128::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .and_then(|number| u64::try_from(number).ok())
        {
            Some(number) if range.contains(&number) => Some(Value::Integer(number)),
            Some(_) | None => {
                self.not_allowed(value, path, integer.to_string(), kind.to_string());
                None
            }
        }
    }

    fn not_allowed(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        path: &str,
        shown: String,
        expected: String,
    ) {
        self.fault(
            value.span().start,
            path.to_owned(),
            Problem::NotAllowed {
                value: shown,
                expected,
            },
        );
    }

    fn wrong_type(&mut self, value: &Spanned<DeValue<'_>>, path: String, expected: String) {
        let found = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.fault(
            value.span().start,
            path,
            Problem::WrongType { found, expected },
        );
    }

    fn missing(&mut self, line: Option<usize>, key: String, expected: String) {
        if self.is_whole {
            self.faults.push(Fault {
                line,
                key,
                problem: Problem::Missing { expected },
            });
        }
    }

    fn fault(&mut self, offset: usize, key: String, problem: Problem) {
        self.faults.push(Fault {
            line: Some(line_of(self.text, offset)),
            key,
            problem,
        });
    }
}

/// Finds a table by its name, which is that of a table in another one when it has a dot.
fn entry<'v, 'i>(root: &'v DeTable<'i>, name: &str) -> Option<Entry<'v, 'i>> {
    let (outer, inner) = match name.split_once('.') {
        Some((outer, inner)) => (outer, Some(inner)),
        None => (name, None),
    };
    let found = root
        .iter()
        .find(|(name, _)| name.get_ref().as_ref() == outer)?;
    match inner {
        // What is no table is a fault of the outer one.
        Some(inner) => entry(found.1.get_ref().as_table()?, inner),
        None => Some(found),
    }
}

/// Line of a byte offset, from 1.
fn line_of(text: &str, offset: usize) -> usize {
    let end = offset.min(text.len());
    1 + text.as_bytes()[..end]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count()
}
