//! Faults between keys: names that stand twice, feeds that do not exist, limits
//! that contradict each other.
//!
//! Works on what was read, so that these faults are reported together with
//! those of single keys. A value that was faulty itself is passed over.

use std::collections::BTreeMap;

use audit_log::party::{KeyId, PartyKey};

use super::document::{Document, Table};
use super::fault::{Fault, Problem};

/// Every fault between keys of the gateway's file.
pub(crate) fn check(document: &Document) -> Vec<Fault> {
    let mut faults = Vec::new();
    unique(document, &["agency", "staff"], "id", &mut faults);
    unique(document, &["staff"], "name", &mut faults);
    unique(document, &["feed"], "id", &mut faults);
    unique_certificates(document, &mut faults);
    unique_party_keys(document, &mut faults);
    for agency in document.tables("agency") {
        for right in ["submit", "read"] {
            feeds_exist(document, agency, right, &mut faults);
        }
        can_sign(agency, &mut faults);
    }
    for member in document.tables("staff") {
        feeds_exist(document, member, "read", &mut faults);
        reads_by_role(member, &mut faults);
    }
    administrators(document, &mut faults);
    officers(document, &mut faults);
    limits(document, &mut faults);
    for (table, key, needed) in TOGETHER {
        needs(document, table, key, needed, &mut faults);
    }
    token(document, &mut faults);
    faults
}

/// What stands twice under `key` in tables of these sections; a fault names both places.
fn unique(document: &Document, sections: &[&str], key: &str, faults: &mut Vec<Fault>) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let tables = sections.iter().flat_map(|name| document.tables(name));
    for table in tables {
        let Some((value, Some(line))) = table.text(key) else {
            continue;
        };
        if let Some(&first) = seen.get(value) {
            let problem = Problem::Duplicate {
                value: format!("{value:?}"),
                first,
            };
            faults.push(Fault {
                line: Some(line),
                key: table.path(key),
                problem,
            });
        } else {
            seen.insert(value, line);
        }
    }
}

/// A certificate of two agencies would be refused at every call; better at start. One of two members
/// of staff, or of staff and an agency, would be one person with two roles.
fn unique_certificates(document: &Document, faults: &mut Vec<Fault>) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for agency in document.tables("agency").chain(document.tables("staff")) {
        for (name, line) in agency.texts("certificates") {
            // Hex digits are the same certificate in either case; URIs are compared as written.
            let same = if name.starts_with("sha256:") {
                name.to_ascii_lowercase()
            } else {
                name.clone()
            };
            if let Some(&first) = seen.get(&same) {
                let problem = Problem::Duplicate {
                    value: format!("{name:?}"),
                    first,
                };
                faults.push(Fault {
                    line: Some(*line),
                    key: agency.path("certificates"),
                    problem,
                });
            } else {
                seen.insert(same, *line);
            }
        }
    }
}

/// A key of two agencies would let either sign as the other; it may be written in two ways.
fn unique_party_keys(document: &Document, faults: &mut Vec<Fault>) {
    let mut seen: BTreeMap<KeyId, usize> = BTreeMap::new();
    for agency in document.tables("agency") {
        for (text, line) in agency.texts("party_keys") {
            let Ok(key) = PartyKey::parse(text) else {
                continue;
            };
            if let Some(&first) = seen.get(&key.id()) {
                let problem = Problem::Duplicate {
                    value: format!("{text:?}"),
                    first,
                };
                faults.push(Fault {
                    line: Some(*line),
                    key: agency.path("party_keys"),
                    problem,
                });
            } else {
                seen.insert(key.id(), *line);
            }
        }
    }
}

/// An agency that must sign and has no key could submit nothing.
fn can_sign(agency: &Table, faults: &mut Vec<Fault>) {
    if let Some((true, line)) = agency.flag("must_sign")
        && agency.texts("party_keys").is_empty()
    {
        let problem = Problem::Contradiction {
            value: "true".to_owned(),
            other: format!("{} = []", agency.path("party_keys")),
            expected: "at least one key there".to_owned(),
        };
        faults.push(Fault {
            line,
            key: agency.path("must_sign"),
            problem,
        });
    }
}

/// Whoever runs the node or decides on rights reads nothing: a right there would be a second role.
fn reads_by_role(member: &Table, faults: &mut Vec<Fault>) {
    let Some((role, line)) = member
        .text("role")
        .filter(|(role, _)| !["auditor", "officer"].contains(role))
    else {
        return;
    };
    for right in ["read", "personal"] {
        if member.texts(right).is_empty() {
            continue;
        }
        faults.push(Fault {
            line,
            key: member.path("role"),
            problem: Problem::Contradiction {
                value: format!("{role:?}"),
                other: format!("{}, which is for auditors and officers", member.path(right)),
                expected: "one role".to_owned(),
            },
        });
    }
}

/// Administrators of adapters are agencies that are named, and staff with that role: nobody has the
/// right by a name that nobody can come with, and there are enough of them to approve anything.
fn administrators(document: &Document, faults: &mut Vec<Fault>) {
    let has_role = |member: &&Table| {
        let role = member.text("role");
        role.is_some_and(|(role, _)| role == "administrator")
    };
    let by_role = document.tables("staff").filter(has_role).count();
    let agencies: Vec<&str> = document
        .tables("agency")
        .filter_map(|agency| agency.text("id"))
        .map(|(id, _)| id)
        .collect();
    for adapters in document.tables("adapters") {
        let named = adapters.texts("administrators");
        for (name, line) in named {
            if !agencies.contains(&name.as_str()) {
                let problem = Problem::Contradiction {
                    value: format!("{name:?}"),
                    other: "the [[agency]] tables, which have no such id".to_owned(),
                    expected: "an agency; a person has the right by `role = \"administrator\"` in [[staff]]".to_owned(),
                };
                faults.push(Fault {
                    line: Some(*line),
                    key: adapters.path("administrators"),
                    problem,
                });
            }
        }
        let there_are = named.len() + by_role;
        if let Some((approvals, line)) = adapters.integer("approvals")
            && approvals > 1
            && usize::try_from(approvals).is_ok_and(|needed| needed > there_are)
        {
            let problem = Problem::Contradiction {
                value: approvals.to_string(),
                other: format!("{there_are} administrators"),
                expected: "at least as many".to_owned(),
            };
            faults.push(Fault {
                line,
                key: adapters.path("approvals"),
                problem,
            });
        }
    }
}

/// Where officers erase, there have to be as many as an erasure takes: one alone would wait for ever.
fn officers(document: &Document, faults: &mut Vec<Fault>) {
    let officers = document.tables("staff");
    let officers =
        officers.filter(|member| member.text("role").is_some_and(|it| it.0 == "officer"));
    let count = officers.count() as u64;
    for table in document.tables("vault") {
        let Some((approvers, line)) = table.integer("approvers") else {
            continue;
        };
        if table.text("key").is_some() && (1..approvers).contains(&count) {
            faults.push(Fault {
                line,
                key: table.path("approvers"),
                problem: Problem::Contradiction {
                    value: approvers.to_string(),
                    other: format!("{count} [[staff]] with the role \"officer\""),
                    expected: "as many officers, or none".to_owned(),
                },
            });
        }
    }
}

/// Every fault between keys of a witness's file.
pub(crate) fn check_witness(document: &Document) -> Vec<Fault> {
    let mut faults = Vec::new();
    unique(document, &["log"], "origin", &mut faults);
    needs(
        document,
        "witness",
        "certificate",
        "certificate_key",
        &mut faults,
    );
    needs(
        document,
        "witness",
        "certificate_key",
        "certificate",
        &mut faults,
    );
    faults
}

/// Keys that mean nothing without another of their table.
const TOGETHER: [(&str, &str, &str); 8] = [
    ("vault", "key", "reporter_key"),
    ("vault", "reporter_key", "key"),
    ("audit.timestamp", "url", "roots"),
    ("audit.timestamp", "roots", "url"),
    ("audit.timestamp", "authorities", "url"),
    ("audit.witness", "authorities", "policy"),
    ("feed", "configuration", "adapter"),
    ("feed", "component_sha256", "adapter"),
];

fn needs(document: &Document, table: &str, key: &str, needed: &str, faults: &mut Vec<Fault>) {
    for table in document.tables(table) {
        if let Some((value, line)) = table.text(key)
            && table.text(needed).is_none()
        {
            let problem = Problem::Contradiction {
                value: format!("{value:?}"),
                other: format!("{}, which is not there", table.path(needed)),
                expected: "both or none".to_owned(),
            };
            faults.push(Fault {
                line,
                key: table.path(key),
                problem,
            });
        }
    }
}

/// A key in a token needs to be told which token.
fn token(document: &Document, faults: &mut Vec<Fault>) {
    let is_in_token = |text: &str| text.starts_with("pkcs11:");
    for table in document.tables("audit.keys") {
        for key in ["checkpoint", "receipt"] {
            if table.text(key).is_some_and(|(text, _)| is_in_token(text)) {
                for needed in ["pkcs11_module", "pkcs11_token", "pkcs11_pin_file"] {
                    needs(document, "audit.keys", key, needed, faults);
                }
            }
        }
    }
}

fn feeds_exist(document: &Document, agency: &Table, right: &str, faults: &mut Vec<Fault>) {
    let feeds: Vec<&str> = document
        .tables("feed")
        .filter_map(|feed| feed.text("id"))
        .map(|(id, _)| id)
        .collect();
    let named = agency.texts(right);
    for (feed, line) in named {
        let problem = if feed == "*" {
            if named.len() == 1 {
                continue;
            }
            Problem::Contradiction {
                value: "\"*\"".to_owned(),
                other: "the feeds named beside it".to_owned(),
                expected: "either \"*\" alone or feeds by name".to_owned(),
            }
        } else if feeds.contains(&feed.as_str()) {
            continue;
        } else {
            Problem::NoSuchFeed {
                value: format!("{feed:?}"),
                known: one_of(&feeds),
            }
        };
        faults.push(Fault {
            line: Some(*line),
            key: agency.path(right),
            problem,
        });
    }
}

fn one_of(feeds: &[&str]) -> String {
    if feeds.is_empty() {
        "a [[feed]] to be declared".to_owned()
    } else {
        format!("one of {}", feeds.join(", "))
    }
}

/// A limit that must fit another `times`: `(section, key, factor)` twice.
struct Order {
    smaller: (&'static str, &'static str, u64),
    larger: (&'static str, &'static str, u64),
    times: u64,
}

const MIB: u64 = 1 << 20;

const ORDERS: &[Order] = &[
    // Otherwise the largest permitted submission could never be admitted.
    Order {
        smaller: ("limits", "submission_bytes", 1),
        larger: ("limits", "in_flight_bytes", 1),
        times: 1,
    },
    Order {
        smaller: ("limits", "submission_bytes", 1),
        larger: ("evidence", "queue_mib", MIB),
        times: 1,
    },
    // A conversion needs its input in its own memory.
    Order {
        smaller: ("limits", "submission_bytes", 1),
        larger: ("sandbox", "memory_mib", MIB),
        times: 1,
    },
    Order {
        smaller: ("sandbox", "tick_ms", 1),
        larger: ("sandbox", "deadline_ms", 1),
        times: 1,
    },
    // The exchange gives up after two sandboxes that failed. Otherwise a submission on which the
    // adapter loops would miss its own deadline and be refused for ever instead of quarantined.
    Order {
        smaller: ("sandbox", "deadline_ms", 1),
        larger: ("limits", "request_deadline_ms", 1),
        times: 2,
    },
];

fn limits(document: &Document, faults: &mut Vec<Fault>) {
    let find = |(section, key, factor): (&'static str, &'static str, u64)| {
        let table = document.tables(section).next()?;
        let (number, line) = table.integer(key)?;
        Some((table.path(key), number, number.saturating_mul(factor), line))
    };
    for order in ORDERS {
        let (
            Some((smaller, small, small_base, small_line)),
            Some((larger, large, large_base, large_line)),
        ) = (find(order.smaller), find(order.larger))
        else {
            continue;
        };
        if small_base.saturating_mul(order.times) <= large_base {
            continue;
        }
        // The fault stands where the operator wrote something; defaults agree with each other.
        let (line, key, value, other, expected) = match large_line {
            Some(_) => (
                large_line,
                larger,
                large,
                format!("{smaller} = {small}"),
                at("least", order.times),
            ),
            None => (
                small_line,
                smaller,
                small,
                format!("{larger} = {large}"),
                at("most", order.times),
            ),
        };
        let problem = Problem::Contradiction {
            value: value.to_string(),
            other,
            expected,
        };
        faults.push(Fault { line, key, problem });
    }
}

/// `at least as much`, `at most 1/2 as much`.
fn at(bound: &str, times: u64) -> String {
    match (bound, times) {
        (_, 1) => format!("at {bound} as much"),
        ("most", _) => format!("at most 1/{times} as much"),
        _ => format!("at {bound} {times} times as much"),
    }
}
