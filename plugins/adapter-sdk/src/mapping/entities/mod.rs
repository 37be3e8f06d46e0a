//! The entities a mapping can make, each with its fields.
//!
//! One table an entity, in the order of its message in the common schema.
//! Fields that the gateway derives or writes itself are left out, so that a
//! mapping that names one is a fault of the configuration. A field of class P,
//! S, J or R is marked `personal`: its value never appears in a finding.

mod case;
mod clue;
mod party;

use super::convert::Run;
use super::rules::RecordRule;
use super::settings::Section;
use super::slot::Entity;
use crate::document::NodeId;
use crate::proto::v1::{
    Case, CaseTransfer, Clue, Device, Evidence, Inspection, LegalReview, Outlet, Party,
    PenaltyDecision, PublicReport, Site,
};

/// Makes the table of an entity's fields.
macro_rules! entity {
    ($entity:ident, $field:literal, { $($path:literal => $slot:expr $(, $personal:ident)?;)* }) => {
        impl $crate::mapping::slot::Entity for $crate::proto::v1::$entity {
            const NAME: &'static str = stringify!($entity);
            const FIELD: &'static str = $field;

            fn target(path: &str) -> Option<$crate::mapping::slot::Target<Self>> {
                use $crate::mapping::slot::{Slot, Target};
                let (slot, sensitive): (Slot<Self>, bool) = match path {
                    $($path => ($slot, false $(|| $crate::mapping::entities::$personal())?),)*
                    _ => return None,
                };
                Some(Target { slot, sensitive })
            }

            fn paths() -> &'static [&'static str] {
                &[$($path),*]
            }

            fn wrap(self) -> $crate::proto::v1::record::Entity {
                $crate::proto::v1::record::Entity::$entity(self.into())
            }
        }
    };
}

/// Makes the slot of a code list.
macro_rules! code {
    ($list:ident, $place:expr) => {
        Slot::Code($place, |name| {
            $crate::proto::v1::$list::from_str_name(name).map(i32::from)
        })
    };
}

/// Makes the slot of a list of values of a code list.
macro_rules! codes {
    ($list:ident, $place:expr) => {
        Slot::Codes($place, |name| {
            $crate::proto::v1::$list::from_str_name(name).map(i32::from)
        })
    };
}

pub(crate) use {code, codes, entity};

/// The item that the slot of its list appended last.
pub(crate) fn last<T: Default>(items: &mut Vec<T>) -> &mut T {
    if items.is_empty() {
        items.push(T::default());
    }
    let index = items.len() - 1;
    &mut items[index]
}

/// Marks a field of class P, S, J or R.
pub(crate) const fn personal() -> bool {
    true
}

/// Narrows a count to the field's size; a larger one is not a count of anything here.
pub(crate) fn count(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

macro_rules! any_rule {
    ($($entity:ident),*) => {
        /// The rule of a record, whatever its entity.
        #[derive(Debug)]
        pub(crate) enum AnyRule {
            $(#[doc = "Makes this entity."] $entity(RecordRule<$entity>),)*
        }

        impl AnyRule {
            /// Builds the rule of one record; `top` holds the code tables.
            pub(crate) fn build(record: Section<'_>, top: Section<'_>) -> Option<Self> {
                match record.required("entity")? {
                    $(<$entity as Entity>::NAME => Some(Self::$entity(RecordRule::build(record, top))),)*
                    other => {
                        let known = [$(<$entity as Entity>::NAME),*].join(", ");
                        record.fault_at("entity", format!("{other:?} cannot be mapped; entities are {known}"));
                        None
                    }
                }
            }

            /// Nodes the rule makes records from.
            pub(crate) fn select(&self, run: &Run<'_, '_>) -> Vec<NodeId> {
                match self {
                    $(Self::$entity(rule) => run.select(&rule.select, &rule.when),)*
                }
            }

            /// Makes one record.
            pub(crate) fn apply(&self, run: &mut Run<'_, '_>, node: NodeId) {
                match self {
                    $(Self::$entity(rule) => run.make(rule, node),)*
                }
            }
        }
    };
}

any_rule!(
    Party,
    Site,
    Outlet,
    Device,
    Clue,
    Evidence,
    Inspection,
    Case,
    CaseTransfer,
    LegalReview,
    PenaltyDecision,
    PublicReport
);
