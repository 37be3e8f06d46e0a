//! The shape of the configuration file, as JSON has it.
//!
//! Borrows from the file wherever it can. Whether the content makes sense is
//! decided by the caller.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

/// The whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawConfiguration<'a> {
    /// Whether a known wrong check algorithm is accepted. Default: no.
    pub(super) accept_crc_dialect: Option<bool>,
    /// Length of the minute interval in seconds. Default: 600, with a finding.
    pub(super) minute_interval_s: Option<u32>,
    /// Seconds between real-time packets. Default: 60.
    pub(super) real_time_interval_s: Option<u32>,
    /// Units of devices that state none; they stay assumptions.
    #[serde(borrow)]
    pub(super) default_units: Entries<'a, Text<'a>>,
    /// Devices by MN.
    #[serde(borrow)]
    pub(super) devices: Entries<'a, Object<RawDevice<'a>>>,
}

/// One device.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDevice<'a> {
    /// Whether a known wrong check algorithm is accepted from it.
    pub(super) accept_crc_dialect: Option<bool>,
    /// Length of its minute interval in seconds.
    pub(super) minute_interval_s: Option<u32>,
    /// Seconds between its real-time packets.
    pub(super) real_time_interval_s: Option<u32>,
    /// Edition it speaks.
    #[serde(borrow)]
    pub(super) edition: Option<Text<'a>>,
    /// Units of its factors.
    #[serde(borrow)]
    pub(super) units: Entries<'a, Text<'a>>,
}

/// A structure that is written as an object. By itself serde also takes an
/// array of the members in order, which nobody means.
#[derive(Debug, Default)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// A string that borrows unless it has escapes.
#[derive(Debug)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

/// An object whose keys are data, in the order of the file; keys may repeat.
#[derive(Debug)]
pub(super) struct Entries<'a, V>(pub(super) Vec<(Text<'a>, V)>);

impl<V> Default for Entries<'_, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, V: Deserialize<'de>> Deserialize<'de> for Entries<'a, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor<'a, V>(PhantomData<(&'a str, V)>);

        impl<'de: 'a, 'a, V: Deserialize<'de>> Visitor<'de> for EntriesVisitor<'a, V> {
            type Value = Entries<'a, V>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor(PhantomData))
    }
}
