//! What a record or an entry says happened.

use audit_log::Hash;
use audit_log::entry::Field;
use proto::v1::record::Entity;
use proto::v1::{
    CaseEvent, CaseEventKind as Kind, CaseTransfer, DateTime, ProofState, Record, ReviewOpinion,
    TransferKind, TransferState,
};

use crate::entry::{
    EVENT_DENY, EVENT_QUERY, EVENT_SUBMIT, case_of_entry, event_name, outcome_words, text_of,
};
use crate::ids::{RecordId, RecordPlace};
use crate::refusal::Refusal;
use crate::search::summary;
use crate::{Exchange, answer};

/// One thing that happened, before its place is proved.
#[derive(Debug, Clone)]
pub(super) struct Happening {
    pub(super) kind: Kind,
    /// State that a transfer came to.
    pub(super) state: Option<TransferState>,
    /// By the police: a filing there is no filing of the bureau.
    pub(super) is_police: bool,
    /// Of a transfer for administrative detention.
    pub(super) is_detention: bool,
    pub(super) at: Option<DateTime>,
    pub(super) entered_ns: u64,
    pub(super) detail: String,
    pub(super) position: u64,
    pub(super) place: Option<RecordPlace>,
    actor: String,
    feed: String,
    number: String,
}

impl Happening {
    /// When it happened, UTC milliseconds: the first instant that the record allows.
    pub(super) fn span_ms(&self) -> Option<(i64, i64)> {
        self.at.as_ref().and_then(schema::date_time::span_ms)
    }

    /// What the chronicle is ordered by.
    pub(super) fn order_ms(&self) -> i64 {
        let entered = i64::try_from(self.entered_ns / 1_000_000).unwrap_or(i64::MAX);
        self.span_ms().map_or(entered, |(from, _)| from)
    }

    pub(super) fn into_event(self, leaf: Hash, proof: ProofState, stamped: u64) -> CaseEvent {
        let id = self
            .place
            .map(|place| RecordId::new(self.entered_ns, place));
        CaseEvent {
            kind: self.kind as i32,
            happened_at: self.at.map(|at| at.text).unwrap_or_default(),
            entered_at: answer::date_time(self.entered_ns).text,
            actor: self.actor,
            feed: self.feed,
            detail: self.detail,
            number: self.number,
            record_id: id.map(|id| id.to_string()).unwrap_or_default(),
            position: self.position,
            leaf_hash: leaf.to_vec(),
            proof: proof as i32,
            stamped_at_position: stamped,
        }
    }
}

impl Exchange {
    /// What the entry itself is for the case.
    pub(super) fn entry_happening(
        &self,
        position: u64,
        number: &str,
    ) -> Result<Option<Happening>, Refusal> {
        let (stored, _) = self.checked_entry(position)?;
        let entry = stored.decode().map_err(|error| Refusal::Damaged {
            position,
            cause: error.into(),
        })?;
        let case = case_of_entry(&entry);
        let text = |field, index| text_of(&entry, field, index).unwrap_or_default();
        let (kind, said) = match entry.event() {
            EVENT_SUBMIT => (Kind::Submitted, String::new()),
            EVENT_QUERY => (Kind::Read, text(Field::Object, 1)),
            EVENT_DENY => (Kind::Refused, outcome_words(&entry)),
            other => (Kind::Entry, event_name(other).to_owned()),
        };
        let parts = [said, case.purpose, case.legal_basis];
        let detail: Vec<String> = parts.into_iter().filter(|it| !it.is_empty()).collect();
        Ok(Some(Happening {
            kind,
            state: None,
            is_police: text(Field::Actor, 1) == "police",
            is_detention: false,
            at: None,
            entered_ns: entry.time_ns(),
            detail: detail.join("; "),
            position,
            place: None,
            actor: text(Field::Actor, 0),
            feed: text(Field::Object, 0),
            number: number.to_owned(),
        }))
    }

    /// What a record says happened: one event for each date of its own.
    pub(super) fn record_happenings(
        &self,
        place: RecordPlace,
        record: &Record,
        number: &str,
    ) -> Result<Vec<Happening>, Refusal> {
        let position = place.position;
        let (stored, _) = self.checked_entry(position)?;
        let entry = stored.decode().map_err(|error| Refusal::Damaged {
            position,
            cause: error.into(),
        })?;
        let text = |field, index| text_of(&entry, field, index).unwrap_or_default();
        let detention = matches!(&record.entity, Some(Entity::CaseTransfer(transfer))
            if transfer.kind == TransferKind::AdministrativeDetention as i32);
        let make = |(kind, at, state, detail): Said| Happening {
            kind,
            state,
            is_police: text(Field::Actor, 1) == "police",
            is_detention: detention,
            at,
            entered_ns: entry.time_ns(),
            detail: match detail.is_empty() {
                true => summary(record),
                false => detail,
            },
            position,
            place: Some(place),
            actor: text(Field::Actor, 0),
            feed: text(Field::Object, 0),
            number: number.to_owned(),
        };
        Ok(said(record).into_iter().map(make).collect())
    }
}

/// Kind, time, state of a transfer, words.
type Said = (Kind, Option<DateTime>, Option<TransferState>, String);

fn said(record: &Record) -> Vec<Said> {
    let one = |kind, at: &Option<DateTime>| vec![(kind, at.clone(), None, String::new())];
    let several = |parts: &[(Kind, &Option<DateTime>)]| -> Vec<Said> {
        let dated = parts.iter().filter(|(_, at)| at.is_some());
        let mut said: Vec<Said> = dated
            .map(|(kind, at)| (*kind, (*at).clone(), None, String::new()))
            .collect();
        if said.is_empty() {
            said.push((Kind::Unspecified, None, None, String::new()));
        }
        said
    };
    match &record.entity {
        Some(Entity::Clue(clue)) => {
            let from = clue.window.as_ref().and_then(|window| window.from.clone());
            one(Kind::Clue, &from)
        }
        Some(Entity::PublicReport(report)) => one(Kind::Report, &report.received_at),
        Some(Entity::Inspection(inspection)) => one(Kind::Inspection, &inspection.start),
        Some(Entity::Evidence(evidence)) => one(Kind::Evidence, &evidence.captured_at),
        Some(Entity::Case(case)) => several(&[
            (Kind::Filed, &case.filed_at),
            (Kind::Decided, &case.decided_at),
            (Kind::Closed, &case.closed_at),
        ]),
        Some(Entity::LegalReview(review)) => {
            let mut said = several(&[
                (Kind::ReviewRequested, &review.submitted_at),
                (Kind::Reviewed, &review.opined_at),
            ]);
            let opinion = ReviewOpinion::try_from(review.opinion).unwrap_or_default();
            for (kind, _, _, detail) in &mut said {
                if *kind == Kind::Reviewed {
                    *detail = word(opinion.as_str_name(), "REVIEW_OPINION_");
                }
            }
            said
        }
        Some(Entity::PenaltyDecision(decision)) => several(&[
            (Kind::Decided, &decision.decided_at),
            (Kind::Served, &decision.served_at),
        ]),
        Some(Entity::CaseTransfer(transfer)) => of_transfer(transfer),
        _ => one(Kind::Unspecified, &None),
    }
}

fn of_transfer(transfer: &CaseTransfer) -> Vec<Said> {
    let steps = [
        (
            Kind::TransferReported,
            &transfer.report_at,
            TransferState::Reported,
        ),
        (
            Kind::TransferDecided,
            &transfer.decided_at,
            TransferState::Approved,
        ),
        (
            Kind::Transferred,
            &transfer.handed_at,
            TransferState::Handed,
        ),
        (
            Kind::Received,
            &transfer.receipt_at,
            TransferState::Received,
        ),
    ];
    let mut said = Vec::new();
    for (kind, at, state) in steps {
        let history = transfer.state_history.iter();
        let in_history = history
            .into_iter()
            .find(|event| event.state == state as i32);
        let at = at
            .clone()
            .or_else(|| in_history.and_then(|it| it.at.clone()));
        if at.is_some() {
            said.push((kind, at, Some(state), String::new()));
        }
    }
    for event in &transfer.state_history {
        let state = TransferState::try_from(event.state).unwrap_or_default();
        if !steps.iter().any(|(_, _, step)| *step == state) {
            let detail = word(state.as_str_name(), "TRANSFER_STATE_");
            said.push((Kind::TransferState, event.at.clone(), Some(state), detail));
        }
    }
    if said.is_empty() {
        said.push((Kind::Unspecified, None, None, String::new()));
    }
    said
}

/// `REVIEW_OPINION_AGREE` as `agree`.
fn word(name: &str, prefix: &str) -> String {
    let bare = name.strip_prefix(prefix).unwrap_or(name);
    bare.to_ascii_lowercase().replace('_', "-")
}
