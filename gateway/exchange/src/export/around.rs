//! What belongs to a package beside its subject: who read the same, which keys signed, which adapter was in force.
//!
//! Found by walking the log once, since nothing indexes these entries; a walk costs about a microsecond an entry.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use audit_log::cbor::Value;
use audit_log::entry::{Entry, Field};
use evidence_package::index::Role;

use super::find::Places;
use super::gather::Gathering;
use super::{ExportEvidence, ExportSubject};
use crate::entry::{
    EVENT_ADAPTER_ACTIVATE, EVENT_ADAPTER_INSTALL, EVENT_ADAPTER_LOAD, EVENT_KEY_REVOKE,
    EVENT_KEY_ROTATE, EVENT_LOG_START, EVENT_NODE_START, EVENT_QUERY, EVENT_QUERY_RESULT,
};
use crate::refusal::{Cause, Refusal};

/// Most entries about reading and exporting in one package; the newest are taken.
const MAX_CUSTODY: usize = 512;

/// An entry with its position.
type Placed = (u64, Vec<u8>);

/// What a walk over the log collects.
struct Walk<'a> {
    /// Words by which a reading names the subject.
    names: Vec<String>,
    /// The canonical case number, for a case.
    case: Option<String>,
    /// Whether the reader may see who else read.
    sees_others: bool,
    agency: &'a str,
    custody: VecDeque<(u64, Vec<u8>)>,
    /// Readings of the subject whose result is still to come.
    open: BTreeSet<u64>,
    left_out: u64,
    of_others: u64,
    keys: BTreeMap<u64, Vec<u8>>,
    starts: Vec<(u64, Vec<u8>)>,
    /// Where each adapter was last put in force, by component and configuration.
    loads: BTreeMap<(Vec<u8>, Vec<u8>), Placed>,
    /// In a range, every entry of it that the reader may see.
    range: BTreeMap<u64, (Role, Vec<u8>)>,
    within: std::ops::Range<u64>,
}

impl Gathering<'_> {
    /// Takes what belongs to the package beside its subject.
    pub(super) fn around(
        &mut self,
        ask: &ExportEvidence,
        query: u64,
        places: &Places,
    ) -> Result<(), Refusal> {
        let exchange = self.exchange;
        let agency = exchange.policy.agency(self.reader);
        let (names, case, within) = match &ask.subject {
            ExportSubject::Case(number) => {
                let canonical = schema::normalise_case_number(number);
                (
                    vec![number.clone(), canonical.clone()],
                    Some(canonical),
                    0..0,
                )
            }
            ExportSubject::Submission(id) | ExportSubject::Record(id) => {
                (vec![id.clone()], None, 0..0)
            }
            ExportSubject::Range(from, to) => (vec![ask.subject.canonical()], None, *from..*to),
        };
        let first = places.keys().next().copied().unwrap_or(within.start);
        let mut walk = Walk {
            names,
            case,
            sees_others: agency.is_some_and(crate::Agency::sees_every_class),
            agency: &self.reader.agency,
            custody: VecDeque::new(),
            open: BTreeSet::new(),
            left_out: 0,
            of_others: 0,
            keys: BTreeMap::new(),
            starts: Vec::new(),
            loads: BTreeMap::new(),
            range: BTreeMap::new(),
            within,
        };
        for stored in exchange.log.reader().entries_from(0) {
            let damaged = |position, cause: Cause| Refusal::Damaged { position, cause };
            let stored = stored.map_err(|error| damaged(0, error.into()))?;
            if stored.position > query {
                break;
            }
            let entry = stored
                .decode()
                .map_err(|error| damaged(stored.position, error.into()))?;
            walk.take(self, &entry, first);
        }
        self.keep(walk, query);
        Ok(())
    }

    fn keep(&mut self, walk: Walk<'_>, query: u64) {
        let mut add = |position: u64, role: Role, bytes: Vec<u8>| {
            self.entries.entry(position).or_insert((role, bytes));
        };
        for (position, (role, bytes)) in walk.range {
            add(position, role, bytes);
        }
        for (position, bytes) in walk.keys.into_iter().chain(walk.starts) {
            add(position, Role::Key, bytes);
        }
        for (position, bytes) in walk.loads.into_values() {
            add(position, Role::Adapter, bytes);
        }
        for (position, bytes) in walk.custody {
            add(position, Role::Custody, bytes);
        }
        debug_assert!(
            self.entries.contains_key(&query),
            "the export names its subject"
        );
        if walk.left_out > 0 {
            self.leave_out(
                "custody 保管与查阅记录",
                &format!(
                    "{} older entries about reading; the newest are in it",
                    walk.left_out
                ),
                "较早的查阅记录未收入，仅收入最新部分",
            );
        }
        if walk.of_others > 0 {
            self.leave_out(
                "custody 保管与查阅记录",
                &format!(
                    "{} entries about readings of other agencies, which this agency may not see",
                    walk.of_others
                ),
                "其他机关的查阅记录，本机关无权查看",
            );
        }
    }
}

impl Walk<'_> {
    fn take(&mut self, gathering: &Gathering<'_>, entry: &Entry<'_>, first: u64) {
        let (position, bytes) = (entry.position(), entry.as_bytes());
        match entry.event() {
            EVENT_QUERY if self.is_of_subject(entry) => self.reading(entry, Some(position)),
            EVENT_QUERY_RESULT => {
                let outcome = entry.field(Field::Outcome).unwrap_or_default();
                if let Some(Value::Unsigned(query)) = outcome.get(1)
                    && self.open.remove(query)
                {
                    self.reading(entry, None);
                }
            }
            EVENT_KEY_ROTATE | EVENT_KEY_REVOKE => {
                self.keys.insert(position, bytes.to_vec());
            }
            // The last start before the subject says under which keys and program it was logged.
            EVENT_LOG_START | EVENT_NODE_START if position <= first => {
                self.starts
                    .retain(|(at, _)| position - at < 16 && entry.event() == EVENT_LOG_START);
                self.starts.push((position, bytes.to_vec()));
            }
            EVENT_ADAPTER_LOAD | EVENT_ADAPTER_INSTALL | EVENT_ADAPTER_ACTIVATE => {
                self.load(gathering, entry, first);
            }
            _ => {}
        }
        if self.within.contains(&position) && self.may_see(gathering, entry) {
            self.range.insert(position, (Role::Subject, bytes.to_vec()));
        }
    }

    /// Whether a reading names the subject: by the case it is for, or in its question.
    fn is_of_subject(&self, entry: &Entry<'_>) -> bool {
        let text = |values: Option<Vec<Value>>, place: usize| {
            let Value::Text(text) = values?.into_iter().nth(place)? else {
                return None;
            };
            Some(text)
        };
        let case = text(entry.field(Field::Case), 0);
        let case = case.map(|number| schema::normalise_case_number(&number));
        let question = text(entry.field(Field::Object), 2).unwrap_or_default();
        self.case.is_some() && case == self.case
            || self
                .names
                .iter()
                .any(|name| question.contains(name.as_str()))
    }

    /// Takes an entry about reading; `query` when it opens one.
    fn reading(&mut self, entry: &Entry<'_>, query: Option<u64>) {
        let actor = entry.field(Field::Actor).unwrap_or_default();
        let is_own = actor.first() == Some(&Value::Text(self.agency.to_owned()));
        self.open.extend(query);
        if !is_own && !self.sees_others {
            self.of_others += 1;
            return;
        }
        if self.custody.len() == MAX_CUSTODY {
            self.custody.pop_front();
            self.left_out += 1;
        }
        let bytes = entry.as_bytes().to_vec();
        self.custody.push_back((entry.position(), bytes));
    }

    /// Takes the last load before the subject of an adapter that it was converted with.
    fn load(&mut self, gathering: &Gathering<'_>, entry: &Entry<'_>, first: u64) {
        let object = entry.field(Field::Object).unwrap_or_default();
        let (Some(Value::Bytes(component)), Some(Value::Bytes(configuration))) =
            (object.get(4), object.get(5))
        else {
            return;
        };
        let key = (component.clone(), configuration.clone());
        let is_first = !self.loads.contains_key(&key);
        if gathering.uses(component, configuration) && (is_first || entry.position() <= first) {
            self.loads
                .insert(key, (entry.position(), entry.as_bytes().to_vec()));
        }
    }

    /// Whether the reader may see an entry of the range that is no submission it may read.
    fn may_see(&self, gathering: &Gathering<'_>, entry: &Entry<'_>) -> bool {
        let actor = entry.field(Field::Actor).unwrap_or_default();
        let is_of = |name: &str| actor.first() == Some(&Value::Text(name.to_owned()));
        self.sees_others
            || is_of(self.agency)
            || is_of("gateway")
            || entry.event() == EVENT_ADAPTER_LOAD
            || gathering.entries.contains_key(&entry.position())
    }
}
