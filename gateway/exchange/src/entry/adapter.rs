//! Entries about adapters (适配器): every step in the life of a version, written before it takes effect.
//!
//! The state of the registry is a fold over these entries and `adapter.load`, so each says whatever the fold needs:
//! the feed, the number of the version, its identity, and what the step changed.

use audit_log::cbor::Value;
use audit_log::entry::{Draft, Entry, Field};

use super::value::{as_bool, as_digest, as_text, as_uint, bytes, optional, text};
use super::{
    CaseBinding, EVENT_ADAPTER_ACTIVATE, EVENT_ADAPTER_APPROVE, EVENT_ADAPTER_BREAKER,
    EVENT_ADAPTER_CANARY, EVENT_ADAPTER_INSTALL, EVENT_ADAPTER_LOAD, EVENT_ADAPTER_RETIRE,
    EVENT_ADAPTER_ROLLBACK, EVENT_ADAPTER_SHADOW, caller_of, case, object, operator, read_case,
    start,
};
use crate::policy::Caller;
use crate::ports::AdapterIdentity;

/// What a shadow (影子运行) had seen when it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ShadowSums {
    /// Messages compared.
    pub compared: u64,
    /// Of these, messages whose results differ.
    pub differing: u64,
    /// Messages that were not compared because the queue was full.
    pub dropped: u64,
}

/// What happened to a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdapterStep {
    /// In force since a start (`adapter.load`). Entries of older programs have no manifest.
    Load {
        /// SHA-256 of the manifest.
        manifest: Option<[u8; 32]>,
        /// SHA-256 of the schema of configurations, if there is one.
        schema: Option<[u8; 32]>,
    },
    /// Installed and checked; converts nothing yet (`adapter.install`).
    Install {
        /// SHA-256 of the manifest.
        manifest: [u8; 32],
        /// Name of the publisher whose signature held; empty: not signed.
        publisher: String,
        /// Golden samples that gave their results.
        samples: u64,
        /// SHA-256 of the schema of configurations, if there is one.
        schema: Option<[u8; 32]>,
    },
    /// One approver let the version convert (`adapter.approve`).
    Approve,
    /// Converts every submission from here on (`adapter.activate`).
    Activate {
        /// The version before; 0: none.
        replaced: u32,
    },
    /// Runs beside the active version, or does so no more (`adapter.shadow`).
    Shadow {
        /// Whether it runs.
        is_on: bool,
        /// What it had seen; zeros when it begins.
        sums: ShadowSums,
    },
    /// Converts a share of the submissions (`adapter.canary`).
    Canary {
        /// Of 10,000 submissions; 0 ends it.
        share: u32,
    },
    /// Converts every submission again, as it did before (`adapter.rollback`).
    Rollback {
        /// The version that was active.
        replaced: u32,
    },
    /// Never converts a submission again; kept for replay (`adapter.retire`).
    Retire,
    /// Its breaker opened or closed (`adapter.breaker`).
    Breaker {
        /// Whether messages are quarantined without being tried.
        is_open: bool,
        /// Failures in a row.
        failures: u64,
        /// Code of the last failure; empty when it closed.
        code: String,
    },
}

/// One step of one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdapterEntry {
    /// Feed.
    pub feed: String,
    /// Number of the version within the feed, from 1; 0 in `adapter.load` entries of older programs.
    pub version: u32,
    /// What converts.
    pub adapter: AdapterIdentity,
    /// What happened.
    pub step: AdapterStep,
    /// Id of the agency that acted; `gateway` for the node itself.
    pub by: String,
    /// Why, in words of whoever acted.
    pub case: CaseBinding,
}

impl AdapterEntry {
    /// The draft the log completes; `caller` is who acts, `None` is the node.
    pub fn draft(&self, caller: Option<&Caller>) -> Draft {
        let (event, word, rest) = self.outcome();
        let mut outcome = vec![text(word), Value::Unsigned(self.version.into())];
        outcome.extend(rest);
        let draft = start(event)
            .with(Field::Actor, caller.map_or_else(operator, caller_of))
            .with(Field::Object, object(&self.feed, None, &self.adapter))
            .with(Field::Outcome, outcome);
        if self.case == CaseBinding::default() {
            draft
        } else {
            draft.with(Field::Case, case(&self.case))
        }
    }

    /// Event, word of the result, and what follows it and the number of the version.
    fn outcome(&self) -> (u64, &'static str, Vec<Value>) {
        let number = |number: u32| Value::Unsigned(number.into());
        match &self.step {
            AdapterStep::Load { manifest, schema } => {
                let rest = vec![digest(manifest.as_ref()), digest(schema.as_ref())];
                (EVENT_ADAPTER_LOAD, "loaded", rest)
            }
            AdapterStep::Install {
                manifest,
                publisher,
                samples,
                schema,
            } => {
                let rest = vec![
                    bytes(manifest),
                    optional(publisher),
                    Value::Unsigned(*samples),
                    digest(schema.as_ref()),
                ];
                (EVENT_ADAPTER_INSTALL, "installed", rest)
            }
            AdapterStep::Approve => (EVENT_ADAPTER_APPROVE, "approved", Vec::new()),
            AdapterStep::Activate { replaced } => {
                (EVENT_ADAPTER_ACTIVATE, "active", vec![number(*replaced)])
            }
            AdapterStep::Shadow { is_on, sums } => {
                let counts = [sums.compared, sums.differing, sums.dropped];
                let rest = std::iter::once(Value::Bool(*is_on))
                    .chain(counts.map(Value::Unsigned))
                    .collect();
                (EVENT_ADAPTER_SHADOW, "shadow", rest)
            }
            AdapterStep::Canary { share } => (EVENT_ADAPTER_CANARY, "canary", vec![number(*share)]),
            AdapterStep::Rollback { replaced } => {
                (EVENT_ADAPTER_ROLLBACK, "active", vec![number(*replaced)])
            }
            AdapterStep::Retire => (EVENT_ADAPTER_RETIRE, "retired", Vec::new()),
            AdapterStep::Breaker {
                is_open,
                failures,
                code,
            } => {
                let rest = vec![
                    Value::Bool(*is_open),
                    Value::Unsigned(*failures),
                    optional(code),
                ];
                (EVENT_ADAPTER_BREAKER, "breaker", rest)
            }
        }
    }

    /// Whether an entry of this event is a step of an adapter.
    pub fn is_step(event: u64) -> bool {
        event == EVENT_ADAPTER_LOAD
            || (EVENT_ADAPTER_INSTALL..=EVENT_ADAPTER_BREAKER).contains(&event)
    }

    /// Reads the entry back; `None` for any other entry or shape.
    pub fn read(entry: &Entry<'_>) -> Option<AdapterEntry> {
        let event = entry.event();
        if !AdapterEntry::is_step(event) {
            return None;
        }
        let object = entry.field(Field::Object)?;
        let (id, version) = as_text(object.get(3)?)?.split_once('@')?;
        let outcome = match entry.field(Field::Outcome) {
            Some(outcome) => outcome,
            // Programs before the registry wrote no result of a load.
            None if event == EVENT_ADAPTER_LOAD => {
                vec![text("loaded"), Value::Unsigned(0), Value::Null, Value::Null]
            }
            None => return None,
        };
        let by = entry.field(Field::Actor)?;
        Some(AdapterEntry {
            feed: as_text(object.first()?)?.to_owned(),
            version: as_number(outcome.get(1)?)?,
            adapter: AdapterIdentity {
                id: id.to_owned(),
                version: version.to_owned(),
                component: as_digest(object.get(4)?)?,
                configuration: as_digest(object.get(5)?)?,
                schema_version: as_text(object.get(2)?)?.to_owned(),
            },
            step: read_step(event, outcome.get(2..)?)?,
            by: as_text(by.first()?)?.to_owned(),
            case: match entry.field(Field::Case) {
                Some(values) => read_case(&values)?,
                None => CaseBinding::default(),
            },
        })
    }
}

fn read_step(event: u64, rest: &[Value]) -> Option<AdapterStep> {
    let count = |index: usize| as_uint(rest.get(index)?);
    let words = |index: usize| {
        let value = rest.get(index)?;
        if *value == Value::Null {
            return Some(String::new());
        }
        as_text(value).map(str::to_owned)
    };
    Some(match event {
        EVENT_ADAPTER_LOAD => AdapterStep::Load {
            manifest: maybe_digest(rest.first()?)?,
            schema: maybe_digest(rest.get(1)?)?,
        },
        EVENT_ADAPTER_INSTALL => AdapterStep::Install {
            manifest: as_digest(rest.first()?)?,
            publisher: words(1)?,
            samples: count(2)?,
            schema: maybe_digest(rest.get(3)?)?,
        },
        EVENT_ADAPTER_APPROVE => AdapterStep::Approve,
        EVENT_ADAPTER_ACTIVATE => AdapterStep::Activate {
            replaced: as_number(rest.first()?)?,
        },
        EVENT_ADAPTER_SHADOW => AdapterStep::Shadow {
            is_on: as_bool(rest.first()?)?,
            sums: ShadowSums {
                compared: count(1)?,
                differing: count(2)?,
                dropped: count(3)?,
            },
        },
        EVENT_ADAPTER_CANARY => AdapterStep::Canary {
            share: as_number(rest.first()?)?,
        },
        EVENT_ADAPTER_ROLLBACK => AdapterStep::Rollback {
            replaced: as_number(rest.first()?)?,
        },
        EVENT_ADAPTER_RETIRE => AdapterStep::Retire,
        EVENT_ADAPTER_BREAKER => AdapterStep::Breaker {
            is_open: as_bool(rest.first()?)?,
            failures: count(1)?,
            code: words(2)?,
        },
        _ => return None,
    })
}

fn digest(digest: Option<&[u8; 32]>) -> Value {
    digest.map_or(Value::Null, |digest| bytes(digest))
}

/// A digest or none; `None` for anything else.
fn maybe_digest(value: &Value) -> Option<Option<[u8; 32]>> {
    if *value == Value::Null {
        return Some(None);
    }
    as_digest(value).map(Some)
}

fn as_number(value: &Value) -> Option<u32> {
    u32::try_from(as_uint(value)?).ok()
}
