//! What the officer changes: erasures, holds, restrictions; and what a court is shown.

use super::*;

#[tokio::test]
async fn an_erased_person_is_gone_and_everything_else_is_still_proven() {
    let fixture = sealing(1);
    let gone = suspect(NAME, ID, CASE);
    let stays = suspect("李四", "110101199003074700", "包环移〔2026〕4号");
    let first = submit(&fixture, "1", &[&gone, &stays]).await;
    let root = first.receipt.expect("a receipt").payload_digest;
    let found = find(&fixture, ID).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].case_numbers, [CASE]);
    assert_eq!((found[0].messages, found[0].record_ids.len()), (1, 1));
    let officer = fixture.caller("officer");
    let erased = fixture
        .exchange
        .erase_subjects(&officer, keys(&found), "PIPL-47".to_owned())
        .await
        .expect("is erased");
    assert!(erased.is_erased && erased.fields == 2, "{erased:?}");
    fixture.flush_and_index();
    let answer = read(&fixture, "inspector", 0, 0).await;
    let read_now = transfer(&answer);
    assert_eq!(read_now.suspects[0], proto::v1::Suspect::default());
    assert_eq!(read_now.doc_no, CASE, "what is not personal stays readable");
    assert_eq!(read_now.handler.as_ref().expect("stays").name, "赵六");
    assert!(answer.provenance.expect("is there").payload.is_empty());
    let said = rules(&answer_again(&fixture).await);
    let erased_field = (
        "personal-data.erased".to_owned(),
        "case_transfer.suspects[0].name".to_owned(),
    );
    assert!(said.contains(&erased_field), "{said:?}");
    // The other message of the submission is whole, and its leaf and the erased one's give the digest.
    let other = read(&fixture, "inspector", 0, 1).await;
    assert_eq!(transfer(&other).suspects[0].name, "李四");
    let stored = fixture.exchange.stored_whole(0).expect("is whole");
    let payloads = fixture
        .exchange
        .salted_payloads(&stored)
        .expect("agree with the entry");
    assert!(payloads[0].message.is_empty() && !payloads[1].message.is_empty());
    assert_eq!(root, stored.entry.payload_root);
    assert!(find(&fixture, ID).await.is_empty() && find(&fixture, NAME).await.is_empty());
    let text = format!("{:?}", fixture.index.rows());
    assert!(
        !text.contains(&found[0].key),
        "no row names the key any more"
    );
}

async fn answer_again(fixture: &Fixture) -> GetRecordResponse {
    read(fixture, "inspector", 0, 0).await
}

#[tokio::test]
async fn a_repeat_and_a_look_at_an_erased_submission_say_that_it_was_erased() {
    let fixture = sealing(1);
    let message = suspect(NAME, ID, CASE);
    submit(&fixture, "1", &[&message]).await;
    let found = find(&fixture, NAME).await;
    let officer = fixture.caller("officer");
    let erased = fixture
        .exchange
        .erase_subjects(&officer, keys(&found), "PIPL-47".to_owned());
    erased.await.expect("is erased");
    let sender = fixture.caller("sender");
    let again = submission("1", &[&message]);
    let refused = fixture.exchange.submit(&sender, again, Turn::free()).await;
    assert_eq!(refused.expect_err("is refused").reason(), "erased");
    fixture.flush_and_index();
    let name = SubmissionName::Key {
        feed: "feed".to_owned(),
        idempotency_key: "1".to_owned(),
    };
    let seen = fixture.exchange.get_submission(&sender, name).await;
    assert_eq!(seen.expect("is answered").outcomes.len(), 1);
}

#[tokio::test]
async fn a_hold_on_the_case_of_anybody_in_the_message_blocks_an_erasure_until_it_is_released() {
    let fixture = sealing(1);
    submit(&fixture, "1", &[&suspect(NAME, ID, CASE)]).await;
    let found = find(&fixture, NAME).await;
    let officer = fixture.caller("officer");
    let hold = |is_held| {
        let (case, basis) = ("包环移[2026]3号".to_owned(), "CPL-54".to_owned());
        fixture
            .exchange
            .set_legal_hold(&officer, case, is_held, basis)
    };
    assert!(hold(true).await.expect("is held").1);
    fixture.flush_and_index();
    assert!(!hold(true).await.expect("is held").1);
    fixture.flush_and_index();
    assert!(find(&fixture, NAME).await[0].is_held);
    let erase = || {
        let basis = "PIPL-47".to_owned();
        fixture
            .exchange
            .erase_subjects(&officer, keys(&found), basis)
    };
    let refused = erase().await.expect_err("is refused");
    fixture.flush_and_index();
    assert!(matches!(refused, Refusal::LegalHold { .. }), "{refused}");
    assert_eq!(find(&fixture, NAME).await.len(), 1);
    assert!(hold(false).await.expect("is released").1);
    fixture.flush_and_index();
    assert!(erase().await.expect("is erased").is_erased);
}

#[tokio::test]
async fn restricted_values_are_disclosed_by_an_officer_on_an_order_and_read_by_nobody() {
    let fixture = sealing(1);
    submit(&fixture, "1", &[&suspect(NAME, ID, CASE)]).await;
    let found = find(&fixture, NAME).await;
    let officer = fixture.caller("officer");
    let restrict = |is_restricted| {
        let basis = "PIPL-47-2".to_owned();
        fixture
            .exchange
            .set_restriction(&officer, keys(&found), is_restricted, basis)
    };
    assert_eq!(restrict(true).await.expect("is restricted").changed, 1);
    fixture.flush_and_index();
    let answer = read(&fixture, "inspector", 0, 0).await;
    assert!(transfer(&answer).suspects[0].name.is_empty());
    let said = rules(&answer);
    let first = (
        "personal-data.restricted".to_owned(),
        "case_transfer.suspects[0].name".to_owned(),
    );
    assert!(said.contains(&first), "{said:?}");
    assert!(answer.provenance.expect("is there").payload.is_empty());
    let id = answer
        .record
        .and_then(|it| it.envelope)
        .expect("is there")
        .record_id;
    let disclose = |caller: &str, legal_basis: &str| {
        let case = CaseBinding {
            case_number: CASE.to_owned(),
            legal_basis: legal_basis.to_owned(),
            ..CaseBinding::default()
        };
        let fields = vec!["case_transfer.suspects[0].name".to_owned()];
        let caller = fixture.caller(caller);
        let (exchange, id) = (Arc::clone(&fixture.exchange), id.clone());
        async move { exchange.disclose(&caller, id, fields, case).await }
    };
    let of = |refused: Result<_, Refusal>| refused.map(drop).expect_err("is refused").reason();
    assert_eq!(of(disclose("inspector", "CPL-54").await), "restricted");
    assert_eq!(of(disclose("officer", "").await), "request-malformed");
    assert_eq!(of(disclose("approver", "CPL-54").await), "not-found");
    let opened = disclose("officer", "CPL-54").await.expect("is disclosed");
    assert_eq!(opened.disclosures[0].value, NAME.as_bytes());
    assert_eq!(restrict(false).await.expect("is lifted").changed, 1);
    fixture.flush_and_index();
    let answer = read(&fixture, "inspector", 0, 0).await;
    assert_eq!(transfer(&answer).suspects[0].name, NAME);
}

#[tokio::test]
async fn two_officers_approve_an_erasure_where_policy_says_so() {
    let fixture = sealing(2);
    submit(&fixture, "1", &[&suspect(NAME, ID, CASE)]).await;
    let found = find(&fixture, NAME).await;
    let erase = async |agency| {
        let (keys, basis) = (keys(&found), "PIPL-47".to_owned());
        let caller = fixture.caller(agency);
        let erased = fixture.exchange.erase_subjects(&caller, keys, basis).await;
        fixture.flush_and_index();
        erased.expect("is answered")
    };
    assert!(!erase("officer").await.is_erased);
    assert!(!erase("officer").await.is_erased, "nobody approves twice");
    assert_eq!(find(&fixture, NAME).await.len(), 1);
    let erased = erase("approver").await;
    assert!(erased.is_erased);
    let stored = fixture
        .exchange
        .log
        .reader()
        .entry(erased.position)
        .expect("reads");
    let stored = stored.expect("is there");
    let entry = EraseEntry::read(&stored.decode().expect("decodes")).expect("an erasure");
    assert_eq!(entry.outcome, EraseOutcome::Erased);
    assert_eq!(
        (&*entry.agency, &*entry.first_approver),
        ("approver", "officer")
    );
    assert_eq!(entry.positions, [0]);
}

#[tokio::test]
async fn an_erasure_cut_off_by_a_crash_is_resumed_at_the_start() {
    let fixture = sealing(1);
    submit(&fixture, "1", &[&suspect(NAME, ID, CASE)]).await;
    let vault = fixture.exchange.vault.clone().expect("a vault");
    let names: Vec<_> = vault
        .subjects_by_value(NAME)
        .iter()
        .map(|it| it.name)
        .collect();
    let entry = EraseEntry {
        outcome: EraseOutcome::Erased,
        agency: "officer".to_owned(),
        first_approver: String::new(),
        legal_basis: "PIPL-47".to_owned(),
        subjects: vec![(names[0].to_string(), [3; 32])],
        messages: 1,
        fields: 2,
        positions: vec![0],
    };
    let plan = vault.plan_erasure(names, crate::personal::note(&entry));
    vault.begin_erasure(&plan).expect("is durable");
    assert!(fixture.exchange.resume_erasure().await.expect("resumes"));
    assert!(!fixture.exchange.resume_erasure().await.expect("is done"));
    fixture.flush_and_index();
    assert!(find(&fixture, NAME).await.is_empty());
    let resumed = fixture
        .exchange
        .log
        .reader()
        .entries_from(0)
        .find_map(|it| {
            let stored = it.expect("reads");
            EraseEntry::read(&stored.decode().expect("decodes"))
        });
    assert_eq!(
        resumed,
        Some(EraseEntry {
            outcome: EraseOutcome::Resumed,
            ..entry
        })
    );
}

#[tokio::test]
async fn a_reporter_lies_in_a_compartment_of_its_own_and_is_erased_from_it() {
    let fixture = sealing(1);
    submit(&fixture, "1", &[&format!("report 王五 {ID} R-2026-1")]).await;
    assert!(!fixture.evidence.holds("王五".as_bytes()));
    let found = find(&fixture, "王五").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].is_reporter && found[0].key.starts_with('r'));
    let officer = fixture.caller("officer");
    let erased = fixture
        .exchange
        .erase_subjects(&officer, keys(&found), "PIPL-47".to_owned());
    assert!(erased.await.expect("is erased").is_erased);
    fixture.flush_and_index();
    let answer = read(&fixture, "inspector", 0, 0).await;
    let said = rules(&answer);
    assert!(
        said.iter()
            .any(|(rule, field)| rule == "personal-data.erased"
                && field == "public_report.reporter.name")
    );
    assert!(
        said.iter().any(|(_, field)| field == "public_report.text"),
        "{said:?}"
    );
}

#[tokio::test]
async fn a_disclosed_field_is_checked_against_the_entry_without_the_gateway() {
    let fixture = sealing(1);
    submit(&fixture, "1", &["at A 1 1", &suspect(NAME, ID, CASE)]).await;
    let court = fixture.caller("inspector");
    let stored = fixture.exchange.stored_whole(0).expect("is whole");
    let place = crate::ids::RecordPlace {
        position: 0,
        message: 1,
        ordinal: 0,
    };
    let id = crate::ids::RecordId::new(stored.time_ns, place).to_string();
    let fields = vec!["case_transfer.suspects[0].id".to_owned()];
    let case = CaseBinding::default();
    let answer = fixture
        .exchange
        .disclose(&court, id.clone(), fields.clone(), case.clone())
        .await
        .expect("is disclosed");
    let [disclosed] = &answer.disclosures[..] else {
        panic!("one field was asked for");
    };
    let disclosure = Disclosure {
        tag: disclosed.tag.clone(),
        salt: disclosed.salt.clone().try_into().expect("32 bytes"),
        value: disclosed.value.clone(),
        commitment: disclosed.commitment.clone().try_into().expect("32 bytes"),
    };
    assert!(disclosure.is_true() && disclosure.value == ID.as_bytes());
    let guessed = commitment(&disclosure.tag, &[0; 32], ID.as_bytes());
    assert_ne!(guessed, disclosure.commitment, "the salt keeps guesses out");
    let part = &answer.result_part;
    assert!(
        part.windows(32)
            .any(|window| window == disclosure.commitment)
    );
    let path: Vec<[u8; 32]> = answer
        .part_hashes
        .iter()
        .map(|hash| hash.as_slice().try_into().expect("32 bytes"))
        .collect();
    audit_proof::proof::verify_inclusion(
        audit_proof::suite::Suite::Sha256,
        answer.part_index.into(),
        answer.part_count.into(),
        &leaf_hash(part),
        &path,
        &stored.entry.result_root,
    )
    .expect("the part is what the entry binds");
    let unknown = vec!["case_transfer.doc_no".to_owned()];
    let refused = fixture
        .exchange
        .disclose(&court, id.clone(), unknown, case.clone());
    assert_eq!(refused.await.expect_err("is refused").reason(), "not-found");
    let clerk = fixture.caller("reader");
    let refused = fixture.exchange.disclose(&clerk, id, fields, case).await;
    assert_eq!(refused.expect_err("is refused").reason(), "not-found");
}

/// Another exchange over the same log and evidence, once its vault was changed.
fn over_again(fixture: Fixture, change: impl FnOnce(&std::path::Path)) -> Fixture {
    let Fixture {
        exchange,
        evidence,
        folder,
        ..
    } = fixture;
    drop(exchange);
    change(&folder.path().join("vault"));
    let ports = Ports {
        evidence: Some(evidence),
        vault: Some(Arc::new(open_vault(folder.path()))),
        approvers: Some(1),
        ..Ports::default()
    };
    let fixture = Fixture::over(log(folder.path()), folder, |_| {}, ports);
    fixture.flush_and_index();
    fixture
}

#[tokio::test]
async fn keys_that_an_older_copy_brings_back_are_destroyed_again_and_new_ones_stay() {
    let mut fixture = sealing(1);
    submit(&fixture, "1", &[&suspect(NAME, ID, CASE)]).await;
    let folder = fixture.folder.path().to_owned();
    let (place, copy) = (folder.join("vault"), folder.join("copy"));
    std::fs::create_dir(&copy).expect("is made");
    for file in ["ordinary.keys", "reporter.keys"] {
        std::fs::copy(place.join(file), copy.join(file)).expect("is copied");
    }
    let officer = fixture.caller("officer");
    let found = find(&fixture, NAME).await;
    let erased = fixture
        .exchange
        .erase_subjects(&officer, keys(&found), "PIPL-47".to_owned());
    let erased = erased.await.expect("is erased");
    fixture = over_again(fixture, |_| {});
    assert_eq!(fixture.exchange.repeat_erasures().await.expect("looks"), 0);
    fixture = over_again(fixture, |place| {
        for file in ["ordinary.keys", "reporter.keys"] {
            std::fs::copy(copy.join(file), place.join(file)).expect("is put back");
        }
    });
    assert_eq!(find(&fixture, NAME).await.len(), 1, "the copy has the key");
    let again = fixture.exchange.repeat_erasures().await;
    assert_eq!(again.expect("erases again"), 1);
    fixture.flush_and_index();
    assert!(find(&fixture, NAME).await.is_empty());
    let answer = read(&fixture, "inspector", 0, 0).await;
    assert!(transfer(&answer).suspects[0].name.is_empty());
    let entry = fixture
        .exchange
        .log
        .reader()
        .entries_from(erased.position + 1);
    let repeated = entry.filter_map(|stored| {
        let stored = stored.expect("reads");
        EraseEntry::read(&stored.decode().expect("decodes"))
    });
    let outcomes: Vec<EraseOutcome> = repeated.map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [EraseOutcome::Repeated]);
    assert_eq!(fixture.exchange.repeat_erasures().await.expect("looks"), 0);
}
