//! Where a value goes: one field of an entity, found by its path once.
//!
//! A guest has no reflection, so every entity lists its fields as functions
//! that return the place to write to. The kind of slot decides which values fit;
//! a mapping that puts a time into a name is a fault of the configuration.

use crate::proto::v1::{DateTime, Quantity, Reference};

/// A place in an entity `E`.
pub(crate) enum Slot<E> {
    /// Text; identifiers are text too.
    Text(fn(&mut E) -> &mut String),
    /// A list of texts.
    Texts(fn(&mut E) -> &mut Vec<String>),
    /// A point in time.
    DateTime(fn(&mut E) -> &mut Option<DateTime>),
    /// A quantity with its unit.
    Quantity(fn(&mut E) -> &mut Option<Quantity>),
    /// A reference to another entity.
    Reference(fn(&mut E) -> &mut Option<Reference>),
    /// A list of references.
    References(fn(&mut E) -> &mut Vec<Reference>),
    /// A value of a code list; the second function knows its names.
    Code(fn(&mut E) -> &mut i32, fn(&str) -> Option<i32>),
    /// Values of a code list.
    Codes(fn(&mut E) -> &mut Vec<i32>, fn(&str) -> Option<i32>),
    /// Yes or no.
    Flag(fn(&mut E, bool)),
    /// A count or a size.
    Count(fn(&mut E, u64)),
    /// A SHA-256 digest.
    Digest(fn(&mut E, Vec<u8>)),
    /// A list of inner messages: appends one, which the slots below it then fill.
    List(fn(&mut E)),
}

impl<E> Clone for Slot<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Slot<E> {}

/// A slot, and whether values for it may be repeated in findings.
pub(crate) struct Target<E> {
    /// Where the value goes.
    pub(crate) slot: Slot<E>,
    /// The field is classified: its value never appears in a finding.
    pub(crate) sensitive: bool,
}

impl<E> Clone for Target<E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E> Copy for Target<E> {}

/// An entity a mapping can make.
pub(crate) trait Entity: Default {
    /// Name of the entity, as the message of the common schema.
    const NAME: &'static str;

    /// Name of its field in a record: the first part of a finding's path.
    const FIELD: &'static str;

    /// Finds a field by its path: `window.from`, `materials.name`.
    fn target(path: &str) -> Option<Target<Self>>;

    /// Paths of all fields, for the text of a fault.
    fn paths() -> &'static [&'static str];

    /// Puts the entity into a record.
    fn wrap(self) -> crate::proto::v1::record::Entity;
}

/// A value on its way into a slot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// Text.
    Text(String),
    /// A point in time.
    DateTime(DateTime),
    /// A quantity.
    Quantity(Quantity),
    /// A reference.
    Reference(Reference),
    /// A value of a code list, by its number.
    Code(i32),
    /// Yes or no.
    Flag(bool),
    /// A count or a size.
    Count(u64),
    /// A SHA-256 digest.
    Digest(Vec<u8>),
}

/// What a slot holds, in words of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Text,
    DateTime,
    Quantity,
    Reference,
    Code,
    Flag,
    Count,
    Digest,
    List,
}

impl<E> Slot<E> {
    /// What the slot holds.
    pub(crate) fn shape(&self) -> Shape {
        match self {
            Self::Text(_) | Self::Texts(_) => Shape::Text,
            Self::DateTime(_) => Shape::DateTime,
            Self::Quantity(_) => Shape::Quantity,
            Self::Reference(_) | Self::References(_) => Shape::Reference,
            Self::Code(..) | Self::Codes(..) => Shape::Code,
            Self::Flag(_) => Shape::Flag,
            Self::Count(_) => Shape::Count,
            Self::Digest(_) => Shape::Digest,
            Self::List(_) => Shape::List,
        }
    }

    /// Whether every source value is taken, not the first only.
    pub(crate) fn is_repeated(&self) -> bool {
        matches!(
            self,
            Self::Texts(_) | Self::References(_) | Self::Codes(..) | Self::List(_)
        )
    }

    /// Number of a code list's name; `None` for other slots and unknown names.
    pub(crate) fn code(&self, name: &str) -> Option<i32> {
        if let Self::Code(_, from_name) | Self::Codes(_, from_name) = self {
            return from_name(name);
        }
        None
    }

    /// Whether a value is there already, so that a later field is an alternative only.
    pub(crate) fn is_filled(&self, entity: &mut E) -> bool {
        match self {
            Self::Text(slot) => !slot(entity).is_empty(),
            Self::DateTime(slot) => slot(entity).is_some(),
            Self::Quantity(slot) => slot(entity).is_some(),
            Self::Reference(slot) => slot(entity).is_some(),
            Self::Code(slot, _) => *slot(entity) != 0,
            Self::Texts(_) | Self::References(_) | Self::Codes(..) | Self::List(_) => false,
            Self::Flag(_) | Self::Count(_) | Self::Digest(_) => false,
        }
    }

    /// Writes a value. A value of another shape is refused when the mapping is
    /// built, so it is ignored here.
    pub(crate) fn write(&self, entity: &mut E, value: Value) {
        match (self, value) {
            (Self::Text(slot), Value::Text(value)) => *slot(entity) = value,
            (Self::Texts(slot), Value::Text(value)) => slot(entity).push(value),
            (Self::DateTime(slot), Value::DateTime(value)) => *slot(entity) = Some(value),
            (Self::Quantity(slot), Value::Quantity(value)) => *slot(entity) = Some(value),
            (Self::Reference(slot), Value::Reference(value)) => *slot(entity) = Some(value),
            (Self::References(slot), Value::Reference(value)) => slot(entity).push(value),
            (Self::Code(slot, _), Value::Code(value)) => *slot(entity) = value,
            (Self::Codes(slot, _), Value::Code(value)) => slot(entity).push(value),
            (Self::Flag(slot), Value::Flag(value)) => slot(entity, value),
            (Self::Count(slot), Value::Count(value)) => slot(entity, value),
            (Self::Digest(slot), Value::Digest(value)) => slot(entity, value),
            _ => {}
        }
    }
}
