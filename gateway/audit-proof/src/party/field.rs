//! The party field: what key 12 of an entry holds.
//!
//! The part of a signed statement that the entry does not have anyway, and the signature. Its shape is fixed: five
//! elements of fixed kinds, so that a field has exactly one form.

use super::{KeyId, Statement};
use crate::{cbor::Value, hash::Hash};

/// Key 12 of an entry: an array of key id (8 bytes), counter, time, attributes digest (32 bytes), signature (64 bytes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyField {
    /// The key that signed.
    pub key: KeyId,
    /// Running number, from 1.
    pub counter: u64,
    /// When it was signed, by the agency's clock, in nanoseconds UTC since 1970.
    pub time_ns: u64,
    /// Digest of what is stated about the messages: [`super::attributes_digest`].
    pub attributes: Hash,
    /// Ed25519 signature over [`Statement::to_signed_bytes`].
    pub signature: [u8; 64],
}

/// Why values are not a party field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// There are not five elements.
    #[error("the field has {elements} elements, not five")]
    Elements {
        /// How many there are.
        elements: usize,
    },
    /// An element is of another kind or length than its place needs.
    #[error("the {element} is of another kind or length")]
    Kind {
        /// Which element.
        element: &'static str,
    },
    /// The counter is 0; counting begins with 1.
    #[error("the counter is 0")]
    ZeroCounter,
}

impl PartyField {
    /// Returns the field of a statement and its signature.
    #[must_use]
    pub fn new(key: KeyId, statement: &Statement, signature: [u8; 64]) -> Self {
        Self {
            key,
            counter: statement.counter,
            time_ns: statement.time_ns,
            attributes: statement.attributes,
            signature,
        }
    }

    /// Returns the elements of the array, as a draft takes them.
    #[must_use]
    pub fn to_values(&self) -> Vec<Value> {
        vec![
            Value::from(self.key.0),
            Value::Unsigned(self.counter),
            Value::Unsigned(self.time_ns),
            Value::from(self.attributes),
            Value::from(self.signature),
        ]
    }

    /// Reads the elements of the array.
    ///
    /// # Errors
    /// [`FieldError`] for anything that [`PartyField::to_values`] would not have made.
    pub fn from_values(values: &[Value]) -> Result<Self, FieldError> {
        let [key, counter, time_ns, attributes, signature] = values else {
            return Err(FieldError::Elements {
                elements: values.len(),
            });
        };
        let counter = unsigned(counter, "counter")?;
        if counter == 0 {
            return Err(FieldError::ZeroCounter);
        }
        Ok(Self {
            key: KeyId(bytes(key, "key id")?),
            counter,
            time_ns: unsigned(time_ns, "time")?,
            attributes: bytes(attributes, "attributes digest")?,
            signature: bytes(signature, "signature")?,
        })
    }
}

fn unsigned(value: &Value, element: &'static str) -> Result<u64, FieldError> {
    if let Value::Unsigned(number) = value {
        Ok(*number)
    } else {
        Err(FieldError::Kind { element })
    }
}

fn bytes<const LENGTH: usize>(
    value: &Value,
    element: &'static str,
) -> Result<[u8; LENGTH], FieldError> {
    let wrong = FieldError::Kind { element };
    if let Value::Bytes(bytes) = value {
        bytes.as_slice().try_into().map_err(|_| wrong)
    } else {
        Err(wrong)
    }
}
