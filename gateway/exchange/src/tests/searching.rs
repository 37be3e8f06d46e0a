//! Searching: logged first, by role, every row read again, and proved where it is asked for.

use std::sync::Arc;

use audit_log::cbor::Value;
use audit_log::entry::Field;
use audit_proof::proof::{RangeProof, verify_range};
use audit_proof::suite::Suite;
use proto::v1::{CountKind, ProofState, SearchEntriesResponse};

use crate::entry::{CaseBinding, EVENT_DENY, EVENT_QUERY};
use crate::ports::{LinkKind, Proofs};
use crate::tests::fixture::signed_log::{Key, SignedLog};
use crate::tests::fixture::{Fixture, Ports, log, submission};
use crate::{Refusal, SearchEntries, Turn};

const ORIGIN: &str = "test.lawgate.example/1";

struct World {
    fixture: Fixture,
    signed: Arc<SignedLog>,
}

impl World {
    /// Six entries: four documents, a packet and a reading for a case; the first five are published.
    async fn new() -> World {
        let folder = tempfile::tempdir().expect("folder");
        let log = log(folder.path());
        let (key, receipt) = (Key::new(ORIGIN), Key::new(&format!("{ORIGIN}/receipt")));
        let signed = SignedLog::open(&log, folder.path(), &key, &receipt);
        let ports = Ports {
            proofs: Some(Arc::clone(&signed) as Arc<dyn Proofs>),
            ..Ports::default()
        };
        let world = World {
            fixture: Fixture::over(log, folder, |_| {}, ports),
            signed,
        };
        let sender = world.fixture.caller("sender");
        let documents = [
            vec!["case|包环立〔2026〕12号|甲化工厂|氨氮超标排放案|2026-09-01"],
            vec![
                "case|包环立〔2026〕13号|乙铸造厂|粉尘无组织排放案|2026-09-02",
                "review|包司审〔2026〕3号|包环立〔2026〕12号|2026-09-05|2026-09-08",
            ],
            vec!["transfer|包环移〔2026〕1号|包环立〔2026〕12号|2026-09-10|2026-09-10"],
            vec!["person|赵某某|甲化工厂"],
            vec!["at MN7 5 3"],
        ];
        for (number, messages) in documents.iter().enumerate() {
            let given = submission(&format!("k{number}"), messages);
            let answer = world.fixture.exchange.submit(&sender, given, Turn::free());
            answer.await.expect("is accepted");
        }
        world.signed.publish(&world.fixture.exchange.log);
        world.fixture.flush_and_index();
        world
    }

    async fn search(&self, ask: SearchEntries) -> Result<SearchEntriesResponse, Refusal> {
        let answer = self.search_as("auditor", ask).await;
        self.fixture.flush_and_index();
        answer
    }

    async fn search_as(
        &self,
        caller: &str,
        ask: SearchEntries,
    ) -> Result<SearchEntriesResponse, Refusal> {
        let caller = self.fixture.caller(caller);
        let answer = self.fixture.exchange.search_entries(&caller, ask);
        answer.await
    }

    async fn positions(&self, ask: SearchEntries) -> Vec<u64> {
        let answer = self.search(ask).await.expect("is answered");
        answer.rows.iter().map(|row| row.position).collect()
    }
}

fn asked() -> SearchEntries {
    SearchEntries {
        case: CaseBinding {
            purpose: "复核".to_owned(),
            ..CaseBinding::default()
        },
        to_position: 5,
        ..SearchEntries::default()
    }
}

fn by_text(text: &str) -> SearchEntries {
    SearchEntries {
        text: text.to_owned(),
        ..asked()
    }
}

fn by_case(number: &str) -> SearchEntries {
    SearchEntries {
        case_number: number.to_owned(),
        ..asked()
    }
}

#[tokio::test]
async fn every_spelling_of_a_case_number_finds_its_documents() {
    let world = World::new().await;
    for number in [
        "包环立〔2026〕12号",
        "包环立[2026]12号",
        "包环立［2026］12号",
        "包环立(2026)12号",
        "包环立（2026）第012号",
        "包环立【２０２６】１２号",
    ] {
        assert_eq!(
            world.positions(by_case(number)).await,
            [0, 1, 2],
            "{number}"
        );
    }
}

#[tokio::test]
async fn words_of_two_characters_and_parts_of_phrases_are_found_in_open_texts_alone() {
    let world = World::new().await;
    for (text, expected) in [
        ("超标", vec![0]),
        ("排放", vec![0, 1]),
        ("案", vec![0, 1]),
        ("氨氮超标排放案", vec![0]),
        ("无组织 粉尘", vec![1]),
        ("超标无组织", vec![]),
        // Of two documents of one submission: no single message has both.
        ("粉尘 包司审", vec![]),
        ("赵某某", vec![]),
        ("甲化工厂", vec![0, 3]),
    ] {
        assert_eq!(world.positions(by_text(text)).await, expected, "{text}");
    }
}

#[tokio::test]
async fn the_other_filters_narrow_the_answer() {
    let world = World::new().await;
    let party = SearchEntries {
        party: "乙铸造厂".to_owned(),
        ..asked()
    };
    assert_eq!(world.positions(party).await, [1]);
    let device = SearchEntries {
        device: "MN7".to_owned(),
        ..asked()
    };
    let answer = world.search(device).await.expect("is answered");
    assert_eq!(answer.rows[0].position, 4);
    assert_eq!(answer.rows[0].matched_records, 3);
    let newest = SearchEntries {
        events: vec!["exchange.submit".to_owned()],
        actor: "sender".to_owned(),
        feed: "feed".to_owned(),
        newest_first: true,
        page_size: 2,
        ..asked()
    };
    let page = world.search(newest.clone()).await.expect("is answered");
    let shown: Vec<u64> = page.rows.iter().map(|row| row.position).collect();
    assert_eq!((shown, page.count), (vec![4, 3], 5));
    let next = SearchEntries {
        page_token: page.next_page_token,
        ..newest
    };
    assert_eq!(world.positions(next).await, [2, 1]);
    let later = SearchEntries {
        from: "2030-01-01T00:00:00+08:00".to_owned(),
        ..asked()
    };
    assert!(world.positions(later).await.is_empty());
}

#[tokio::test]
async fn a_row_says_where_it_stands_and_how_far_that_is_proved() {
    let world = World::new().await;
    let answer = world.search(by_case("包环立〔2026〕13号")).await;
    let answer = answer.expect("is answered");
    let row = &answer.rows[0];
    assert_eq!(row.proof, ProofState::Provisional as i32);
    assert_eq!(row.leaf_hash, audit_log::leaf_hash(&row.entry));
    assert_eq!(row.records.len(), 1);
    assert_eq!(
        row.records[0].summary,
        "立案 包环立〔2026〕13号 乙铸造厂 粉尘无组织排放案"
    );
    assert_eq!(
        (answer.count, answer.count_kind),
        (1, CountKind::Index as i32)
    );
    assert_eq!(answer.complete_to, answer.query_position);
    let all = SearchEntries {
        to_position: 0,
        ..asked()
    };
    let all = world.search(all).await.expect("is answered");
    let last = all.rows.last().expect("has rows");
    assert_eq!(last.proof, ProofState::Unpublished as i32);
}

#[tokio::test]
async fn the_reading_is_logged_first_and_names_nobody() {
    let world = World::new().await;
    let ask = SearchEntries {
        party: "赵某某".to_owned(),
        text: "赵某某 超标".to_owned(),
        ..asked()
    };
    let answer = world.search(ask).await.expect("is answered");
    let stored = world.fixture.exchange.log.reader();
    let stored = stored.entry(answer.query_position).expect("reads");
    let stored = stored.expect("is there");
    let entry = stored.decode().expect("decodes");
    assert_eq!(entry.event(), EVENT_QUERY);
    let object = entry.field(Field::Object).expect("object");
    let Value::Text(canonical) = &object[2] else {
        panic!("the question is a text")
    };
    assert!(canonical.contains("party=\"hmac-sha256:"), "{canonical}");
    let name = "赵某某".as_bytes();
    let holds = |bytes: &[u8]| bytes.windows(name.len()).any(|part| part == name);
    assert!(!holds(&stored.bytes));
}

#[tokio::test]
async fn who_is_no_auditor_or_says_no_purpose_is_refused_and_written_down() {
    let world = World::new().await;
    for caller in ["operator", "inspector"] {
        let refusal = world.search_as(caller, asked()).await;
        assert_eq!(refusal.expect_err(caller).reason(), "role-not-granted");
    }
    let silent = SearchEntries::default();
    let refusal = world.search_as("auditor", silent).await;
    assert_eq!(
        refusal.expect_err("no purpose").reason(),
        "request-malformed"
    );
    let events = world.fixture.events();
    assert!(
        events.ends_with(&[EVENT_DENY, EVENT_DENY, EVENT_DENY]),
        "{events:?}"
    );
}

#[tokio::test]
async fn an_auditor_without_a_feed_sees_entries_and_learns_nothing_of_records() {
    let world = World::new().await;
    let answer = world.search_as("junior", by_text("超标")).await;
    let answer = answer.expect("is answered");
    assert!(answer.rows.is_empty());
    assert_eq!(
        (answer.count, answer.count_kind),
        (0, CountKind::Unspecified as i32)
    );
    world.fixture.flush_and_index();
    let answer = world.search_as("junior", asked()).await;
    assert_eq!(answer.expect("is answered").rows.len(), 5);
}

#[tokio::test]
async fn an_auditor_submits_nothing() {
    let world = World::new().await;
    let auditor = world.fixture.caller("auditor");
    let answer = world
        .fixture
        .exchange
        .submit(&auditor, submission("x", &["good"]), Turn::free());
    assert_eq!(
        answer.await.expect_err("is refused").reason(),
        "submit-not-granted"
    );
}

#[tokio::test]
async fn a_changed_index_shows_no_false_row() {
    let world = World::new().await;
    world.fixture.index.change_runs(|_, runs| {
        for run in runs {
            run.links = vec![(LinkKind::Case, "包环立〔2026〕99号".to_owned())];
            run.words = crate::words::words_of(["移送"]);
        }
    });
    assert!(
        world
            .positions(by_case("包环立〔2026〕99号"))
            .await
            .is_empty()
    );
    assert!(world.positions(by_text("移送")).await.is_empty());
}

#[tokio::test]
async fn a_changed_tile_or_segment_of_evidence_is_an_error_or_the_right_row() {
    let world = World::new().await;
    let tile = world.fixture.folder.path();
    let tile = tile.join("audit/tiles/tile/0/000.p/5");
    let sound = std::fs::read(&tile).expect("the tile of five entries");
    for byte in (0..sound.len()).step_by(13) {
        let mut bytes = sound.clone();
        bytes[byte] ^= 1;
        std::fs::write(&tile, bytes).expect("writes");
        match world.search(by_case("包环立〔2026〕13号")).await {
            // The changed hash was not needed: the row was hashed from the log.
            Ok(answer) => assert_eq!(answer.rows[0].position, 1, "byte {byte}"),
            Err(refusal) => assert_eq!(refusal.reason(), "stored-data-damaged", "byte {byte}"),
        }
    }
    let mut bytes = sound.clone();
    // The neighbour of entry 1, which its path begins with.
    bytes[0] ^= 1;
    std::fs::write(&tile, bytes).expect("writes");
    let refusal = world.search(by_case("包环立〔2026〕13号")).await;
    assert_eq!(
        refusal.expect_err("is refused").reason(),
        "stored-data-damaged"
    );
    std::fs::write(&tile, sound).expect("writes");
    world.fixture.evidence.damage();
    let refusal = world.search(by_text("超标")).await.expect_err("is refused");
    assert_eq!(refusal.reason(), "stored-data-damaged");
}

#[tokio::test]
async fn a_range_is_read_whole_and_proved_without_the_index() {
    let world = World::new().await;
    // An index that has lost everything about records changes nothing here.
    world.fixture.index.change_runs(|_, runs| runs.clear());
    let ask = SearchEntries {
        prove: true,
        from_position: 1,
        ..by_case("包环立〔2026〕12号")
    };
    let answer = world.search(ask.clone()).await.expect("is answered");
    let rows: Vec<u64> = answer.rows.iter().map(|row| row.position).collect();
    assert_eq!((rows, answer.count), (vec![1, 2], 2));
    assert_eq!(answer.count_kind, CountKind::Proved as i32);
    let range = answer.range.expect("the proof");
    let hash = |bytes: &Vec<u8>| -> [u8; 32] { bytes.as_slice().try_into().expect("32 bytes") };
    let leaves: Vec<[u8; 32]> = range.leaf_hashes.iter().map(hash).collect();
    let sides = RangeProof {
        left: range.left.iter().map(hash).collect(),
        right: range.right.iter().map(hash).collect(),
    };
    let note = answer.checkpoint.expect("a checkpoint").note;
    let note = audit_proof::note::Note::parse(note.as_bytes()).expect("is a note");
    let checkpoint = audit_proof::checkpoint::Checkpoint::parse(note.text()).expect("is one");
    verify_range(
        Suite::Sha256,
        1,
        &leaves,
        range.size,
        &sides,
        checkpoint.root(),
    )
    .expect("holds");
    let too_far = SearchEntries {
        to_position: 6,
        ..ask
    };
    let refusal = world.search(too_far).await.expect_err("is refused");
    assert_eq!(refusal.reason(), "not-published");
}
