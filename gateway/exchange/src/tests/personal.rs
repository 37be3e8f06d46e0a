//! Personal data through the use cases: sealed at rest, opened for readers, held, restricted, disclosed, erased.

mod changing;

use std::sync::Arc;

use audit_log::entry::Field;
use audit_log::{leaf_hash, tree};
use proto::v1::record::Entity;
use proto::v1::{CaseTransfer, GetRecordResponse};
use vault::commit::{Disclosure, commitment};
use vault::wrap::FileKey;

use super::fixture::{Fixture, Ports, log, submission};
use crate::entry::{CaseBinding, EraseEntry, EraseOutcome};
use crate::{FindSubjects, ListRecords, Refusal, SubmissionName, Turn, open_question};

const NAME: &str = "张三";
const ID: &str = "11010119900307471X";
const CASE: &str = "包环移〔2026〕3号";

fn sealing(approvers: u32) -> Fixture {
    let folder = tempfile::tempdir().expect("folder");
    let vault = open_vault(folder.path());
    let ports = Ports {
        vault: Some(Arc::new(vault)),
        approvers: Some(approvers),
        ..Ports::default()
    };
    Fixture::over(log(folder.path()), folder, |_| {}, ports)
}

fn open_vault(folder: &std::path::Path) -> vault::Vault {
    let (one, other) = (FileKey::from_bytes([1; 32]), FileKey::from_bytes([2; 32]));
    vault::Vault::open(&folder.join("vault"), Box::new(one), Box::new(other)).expect("opens")
}

fn suspect(name: &str, id: &str, case: &str) -> String {
    format!("suspect {name} {id} {case}")
}

async fn submit(fixture: &Fixture, key: &str, messages: &[&str]) -> proto::v1::SubmitResponse {
    let sender = fixture.caller("sender");
    let submitted = fixture
        .exchange
        .submit(&sender, submission(key, messages), Turn::free());
    let response = submitted.await.expect("is accepted");
    fixture.flush_and_index();
    response
}

async fn read(fixture: &Fixture, agency: &str, position: u64, message: u16) -> GetRecordResponse {
    let found = fixture.exchange.log.reader().entry(position);
    let stored = found.expect("reads").expect("is there");
    let time_ns = stored.decode().expect("decodes").time_ns();
    let place = crate::ids::RecordPlace {
        position,
        message,
        ordinal: 0,
    };
    let id = crate::ids::RecordId::new(time_ns, place).to_string();
    let case = CaseBinding::default();
    let caller = fixture.caller(agency);
    let answer = fixture.exchange.get_record(&caller, id, case).await;
    fixture.flush_and_index();
    answer.expect("is read")
}

fn transfer(answer: &GetRecordResponse) -> &CaseTransfer {
    match answer.record.as_ref().and_then(|it| it.entity.as_ref()) {
        Some(Entity::CaseTransfer(transfer)) => transfer,
        other => panic!("{other:?}"),
    }
}

fn rules(answer: &GetRecordResponse) -> Vec<(String, String)> {
    let record = answer.record.as_ref().expect("a record");
    let quality = &record.envelope.as_ref().expect("an envelope").quality;
    let own = quality
        .iter()
        .filter(|it| it.rule.starts_with("personal-data."));
    own.map(|it| (it.rule.clone(), it.field.clone())).collect()
}

async fn find(fixture: &Fixture, value: &str) -> Vec<proto::v1::Subject> {
    let ask = FindSubjects {
        value: value.to_owned(),
        ..FindSubjects::default()
    };
    let officer = fixture.caller("officer");
    let found = fixture.exchange.find_subjects(&officer, ask).await;
    fixture.flush_and_index();
    found.expect("is found")
}

fn keys(subjects: &[proto::v1::Subject]) -> Vec<String> {
    subjects.iter().map(|it| it.key.clone()).collect()
}

/// Every byte of the log.
fn log_holds(fixture: &Fixture, needle: &str) -> bool {
    let entries = fixture.exchange.log.reader().entries_from(0);
    entries.map(|it| it.expect("reads").bytes).any(|bytes| {
        let needle = needle.as_bytes();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

#[tokio::test]
async fn what_is_personal_lies_nowhere_in_the_open_and_is_read_as_it_was() {
    let fixture = sealing(1);
    let message = suspect(NAME, ID, CASE);
    let response = submit(&fixture, "1", &[&message]).await;
    for value in [NAME, ID, "赵六", "15020001", "污染环境罪", "询问笔录"] {
        assert!(!fixture.evidence.holds(value.as_bytes()), "{value}");
        assert!(!log_holds(&fixture, value), "{value}");
    }
    assert!(
        fixture.evidence.holds(CASE.as_bytes()),
        "a number is no personal value"
    );
    let answer = read(&fixture, "inspector", 0, 0).await;
    let read = transfer(&answer);
    assert_eq!((&*read.suspects[0].name, &*read.suspects[0].id), (NAME, ID));
    assert_eq!(read.materials[0].name, "张三询问笔录");
    let provenance = answer.provenance.expect("is there");
    assert_eq!(provenance.payload, message.as_bytes());
    // The sender checks the digest with the salt it was given.
    let salt = &response.outcomes[0].payload_salt;
    let salted = [salt.as_slice(), message.as_bytes()].concat();
    let receipt = response.receipt.expect("a receipt");
    assert_eq!(receipt.payload_digest, tree::root([&salted]));
    assert_ne!(receipt.payload_digest, tree::root([&message]));
}

#[tokio::test]
async fn devices_are_kept_in_the_open_and_cost_no_key() {
    let fixture = sealing(1);
    let response = submit(&fixture, "1", &["at A 5 3"]).await;
    assert!(fixture.evidence.holds(b"at A 5 3"));
    assert!(response.outcomes[0].payload_salt.is_empty());
    let keys = std::fs::metadata(fixture.folder.path().join("vault/ordinary.keys"));
    assert_eq!(
        keys.expect("is there").len(),
        320,
        "a header and the index key"
    );
    let entry = fixture
        .exchange
        .submit_entry(0)
        .expect("reads")
        .expect("is there");
    assert_eq!(entry.entry.sealed, None);
}

#[tokio::test]
async fn a_repeat_of_a_sealed_submission_gets_the_same_answer_and_another_content_none() {
    let fixture = sealing(1);
    let message = suspect(NAME, ID, CASE);
    let first = submit(&fixture, "1", &[&message]).await;
    assert_eq!(submit(&fixture, "1", &[&message]).await, first);
    let sender = fixture.caller("sender");
    let other = submission("1", &[&suspect("李四", ID, CASE)]);
    let refused = fixture.exchange.submit(&sender, other, Turn::free()).await;
    assert_eq!(
        refused.expect_err("is refused").reason(),
        "idempotency-conflict"
    );
}

#[tokio::test]
async fn rows_of_sealed_messages_are_the_same_from_disk_and_hold_no_value() {
    let fixture = sealing(1);
    submit(
        &fixture,
        "1",
        &[&suspect(NAME, ID, CASE), "track", "at A 1 2"],
    )
    .await;
    let handed_over = fixture.index.rows();
    let text = format!("{handed_over:?}");
    assert!(!text.contains(NAME) && !text.contains("MN0001"), "{text}");
    crate::ports::Index::clear(&*fixture.index).expect("clears");
    fixture.index_all();
    assert_eq!(fixture.index.rows()[0], handed_over[0]);
}

#[tokio::test]
async fn a_sealed_terminal_is_found_by_its_number() {
    let fixture = sealing(1);
    submit(&fixture, "1", &["track"]).await;
    let ask = |device: &str| ListRecords {
        device: device.to_owned(),
        ..ListRecords::default()
    };
    let inspector = fixture.caller("inspector");
    let list = async |device| {
        let found = fixture.exchange.list_records(&inspector, ask(device)).await;
        fixture.flush_and_index();
        found.expect("is read").records.len()
    };
    assert_eq!(list("MN0001").await, 1);
    assert_eq!(list("MN0002").await, 0);
}

#[tokio::test]
async fn who_was_looked_for_stands_in_the_log_as_a_commitment_that_the_vault_opens() {
    let fixture = sealing(1);
    let ask = ListRecords {
        party: NAME.to_owned(),
        ..ListRecords::default()
    };
    let inspector = fixture.caller("inspector");
    let listed = fixture.exchange.list_records(&inspector, ask).await;
    listed.expect("is read");
    fixture.flush_and_index();
    assert!(!log_holds(&fixture, NAME));
    let stored = fixture.exchange.log.reader().entry(0).expect("reads");
    let stored = stored.expect("is there");
    let entry = stored.decode().expect("decodes");
    let sealed = entry.field(Field::Sealed).expect("key 13");
    let vault = fixture.exchange.vault.as_ref().expect("a vault");
    assert_eq!(
        open_question(vault, &sealed),
        [("query.party".to_owned(), Some(NAME.to_owned()))]
    );
}

#[tokio::test]
async fn without_the_role_and_without_a_vault_nothing_is_done_and_the_refusal_is_an_entry() {
    let fixture = sealing(1);
    let reader = fixture.caller("inspector");
    let erase =
        fixture
            .exchange
            .erase_subjects(&reader, vec!["k1".to_owned()], "PIPL-47".to_owned());
    assert_eq!(
        erase.await.expect_err("is refused").reason(),
        "role-not-granted"
    );
    let plain = Fixture::new();
    let officer = plain.caller("officer");
    let refused = plain.exchange.personal_status(&officer).await;
    assert_eq!(
        refused.expect_err("is refused").reason(),
        "vault-not-configured"
    );
    assert!(plain.events().contains(&crate::entry::EVENT_DENY));
}

#[tokio::test]
async fn a_node_without_its_vault_shows_nothing_of_a_sealed_submission() {
    let fixture = sealing(1);
    submit(&fixture, "1", &[&suspect(NAME, ID, CASE)]).await;
    let Fixture {
        exchange,
        evidence,
        folder,
        ..
    } = fixture;
    drop(exchange);
    let ports = Ports {
        evidence: Some(evidence),
        ..Ports::default()
    };
    let blind = Fixture::over(log(folder.path()), folder, |_| {}, ports);
    let refused = blind
        .exchange
        .stored_whole(0)
        .map(drop)
        .expect_err("is refused");
    assert_eq!(refused.reason(), "stored-data-damaged");
}

#[tokio::test]
async fn what_was_written_before_there_was_a_vault_stays_readable_with_one() {
    let old = Fixture::new();
    submit(&old, "1", &[&suspect(NAME, ID, CASE)]).await;
    assert!(old.evidence.holds(NAME.as_bytes()));
    let Fixture {
        exchange,
        evidence,
        folder,
        ..
    } = old;
    drop(exchange);
    let ports = Ports {
        evidence: Some(evidence),
        vault: Some(Arc::new(open_vault(folder.path()))),
        ..Ports::default()
    };
    let new = Fixture::over(log(folder.path()), folder, |_| {}, ports);
    new.flush_and_index();
    let answer = read(&new, "inspector", 0, 0).await;
    assert_eq!(transfer(&answer).suspects[0].name, NAME);
    assert!(
        find(&new, NAME).await.is_empty(),
        "it has no key that could be destroyed"
    );
}

#[tokio::test]
async fn the_words_of_an_adapter_about_a_message_it_rejected_are_sealed_with_it() {
    let fixture = sealing(1);
    submit(&fixture, "1", &["leak 张三"]).await;
    assert!(!fixture.evidence.holds("张三".as_bytes()));
    let stored = fixture.exchange.stored_whole(0).expect("is whole");
    let answer = stored.answer("x");
    let quarantine = answer.outcomes[0].quarantine.as_ref().expect("is there");
    assert_eq!(quarantine.text, "cannot read 张三");
}

#[tokio::test]
async fn staff_find_a_person_by_the_party_filter_and_by_no_word() {
    let fixture = sealing(1);
    submit(&fixture, "1", &[&suspect(NAME, ID, CASE)]).await;
    let search = async |caller: &str, ask: crate::SearchEntries| {
        let case = CaseBinding {
            purpose: "review".to_owned(),
            ..CaseBinding::default()
        };
        let ask = crate::SearchEntries { case, ..ask };
        let caller = fixture.caller(caller);
        let answer = fixture.exchange.search_entries(&caller, ask).await;
        fixture.flush_and_index();
        answer.expect("is answered")
    };
    let by_party = |party: &str| crate::SearchEntries {
        party: party.to_owned(),
        ..crate::SearchEntries::default()
    };
    let by_text = |text: &str| crate::SearchEntries {
        text: text.to_owned(),
        ..crate::SearchEntries::default()
    };
    let found = search("chief", by_party(NAME)).await;
    assert_eq!(found.rows.len(), 1, "{found:?}");
    assert_eq!(found.rows[0].position, 0);
    assert!(search("chief", by_party("李四")).await.rows.is_empty());
    // Without the class nothing tells that the person is known.
    let masked = search("auditor", by_party(NAME)).await;
    assert!(masked.rows.is_empty() && masked.count == 0, "{masked:?}");
    for caller in ["chief", "auditor"] {
        assert!(search(caller, by_text(NAME)).await.rows.is_empty());
        let proved = crate::SearchEntries {
            case_number: CASE.to_owned(),
            ..crate::SearchEntries::default()
        };
        let by_case = search(caller, proved).await;
        assert_eq!(by_case.rows.len(), 1, "numbers stay searchable");
    }
    // What was asked for stands in no entry.
    for stored in fixture.exchange.log.reader().entries_from(0) {
        let bytes = stored.expect("reads").bytes;
        let name = NAME.as_bytes();
        assert!(!bytes.windows(name.len()).any(|window| window == name));
    }
}
