//! Requests as the exchange's own types.

use exchange::entry::CaseBinding;
use exchange::ports::Message;
use exchange::{
    EntryName, ListQuarantine, ListRecords, PartySignature, SearchEntries, Submission,
    SubmissionName,
};
use proto::v1::{self, get_inclusion_proof_request, get_submission_request};

pub(crate) fn submission(request: v1::SubmitRequest) -> Submission {
    Submission {
        feed: request.feed,
        idempotency_key: request.idempotency_key,
        messages: request.messages.into_iter().map(message).collect(),
        case: case(request.purpose),
        party: request.party.map(|party| PartySignature {
            key_id: party.key_id,
            counter: party.counter,
            time_ns: party.time_ns,
            signature: party.signature,
        }),
    }
}

fn message(message: v1::Message) -> Message {
    Message {
        payload: message.payload,
        attributes: message
            .attributes
            .into_iter()
            .map(|attribute| (attribute.name, attribute.value))
            .collect(),
    }
}

pub(crate) fn case(purpose: Option<v1::Purpose>) -> CaseBinding {
    let purpose = purpose.unwrap_or_default();
    CaseBinding {
        case_number: purpose.case_number,
        purpose: purpose.purpose,
        legal_basis: purpose.legal_basis,
    }
}

pub(crate) fn list_records(request: v1::ListRecordsRequest) -> ListRecords {
    let filter = request.filter.unwrap_or_default();
    ListRecords {
        feed: filter.feed,
        entity: filter.entity,
        party: filter.party,
        device: filter.device,
        case_number: filter.case_number,
        from: filter.from,
        to: filter.to,
        page_size: request.page_size,
        page_token: request.page_token,
        case: case(request.purpose),
    }
}

pub(crate) fn search_entries(request: v1::SearchEntriesRequest) -> SearchEntries {
    SearchEntries {
        case_number: request.case_number,
        party: request.party,
        device: request.device,
        text: request.text,
        events: request.events,
        actor: request.actor,
        feed: request.feed,
        from: request.from,
        to: request.to,
        from_position: request.from_position,
        to_position: request.to_position,
        newest_first: request.newest_first,
        prove: request.prove,
        page_size: request.page_size,
        page_token: request.page_token,
        case: case(request.purpose),
    }
}

pub(crate) fn list_quarantine(request: v1::ListQuarantineRequest) -> ListQuarantine {
    ListQuarantine {
        state: request.state(),
        feed: request.feed,
        code: request.code,
        page_size: request.page_size,
        page_token: request.page_token,
        with_payload: request.with_payload,
    }
}

/// Which entry; a request that names none names the empty identity, which nothing has.
pub(crate) fn entry_name(by: Option<get_inclusion_proof_request::By>) -> EntryName {
    match by {
        Some(get_inclusion_proof_request::By::Position(position)) => EntryName::Position(position),
        Some(get_inclusion_proof_request::By::SubmissionId(id)) => EntryName::Submission(id),
        None => EntryName::Submission(String::new()),
    }
}

/// Which submission; a request that names none names the empty identity, which nothing has.
pub(crate) fn submission_name(request: v1::GetSubmissionRequest) -> SubmissionName {
    match request.by {
        Some(get_submission_request::By::SubmissionId(id)) => SubmissionName::Id(id),
        Some(get_submission_request::By::Key(key)) => SubmissionName::Key {
            feed: key.feed,
            idempotency_key: key.idempotency_key,
        },
        None => SubmissionName::Id(String::new()),
    }
}
