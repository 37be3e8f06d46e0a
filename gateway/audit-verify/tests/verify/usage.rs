//! Exit codes, wrong use, and what people read.

use std::fs;

use crate::world::{
    ORIGIN, World, drafts,
    run::{say, verify},
};

#[test]
fn a_check_of_nothing_is_a_failure() {
    let world = World::new();
    let empty = world.path("empty");
    fs::create_dir_all(&empty).unwrap();
    let found = verify(&["log".as_ref(), empty.as_os_str()]);
    found.fails(0, "log-fault");
    assert_eq!(found.verdict["checked"]["entries"], 0);
}

#[test]
fn wrong_lines_of_trusted_files_are_named_and_are_wrong_use() {
    let world = World::new();
    let log = world.log_of("log", drafts(3));
    let wrong_policy = world
        .policy_text()
        .replace("quorum agencies", "quorum nobody");
    let policy = world.file("wrong-policy", wrong_policy);
    let keys = world.file("wrong-keys", "key nonsense\n");
    let parties = world.file("wrong-parties", "agency region AAAA\n");
    let roots = world.file("wrong-roots", "no certificate");
    for (option, file, said) in [
        (
            "--policy",
            &policy,
            "line 8 of the policy: no earlier line defines nobody",
        ),
        ("--keys", &keys, "line 1 of the key history"),
        ("--party-keys", &parties, "line 1 of the party keys"),
        ("--tsa-roots", &roots, "no certificate"),
        ("--checkpoint", &world.path("not-there"), "not-there"),
    ] {
        let (code, _, errors) = say(&[
            "log".as_ref(),
            log.folder.as_os_str(),
            option.as_ref(),
            file.as_os_str(),
        ]);
        assert_eq!(code, 2, "{option}: {errors}");
        assert!(errors.contains(said), "{option}: {errors}");
    }
    let missing = world.path("missing");
    assert_eq!(say(&["log".as_ref(), missing.as_os_str()]).0, 2);
    assert_eq!(say(&["log"]).0, 2);
}

#[test]
fn what_was_asked_and_cannot_be_checked_is_exit_code_three() {
    let world = World::new();
    let log = world.log_of("log", drafts(30));
    let folder = log.folder.as_os_str();
    let provisional = world.file("provisional", world.checkpoint(&log, 30, 1).to_string());
    let arguments = [
        "log".as_ref(),
        folder,
        "--checkpoint".as_ref(),
        provisional.as_os_str(),
    ];
    verify(&arguments).is_not_checkable("without a policy");
    let policy = world.policy();
    let mut arguments = arguments.to_vec();
    arguments.extend(["--policy".as_ref(), policy.as_os_str()]);
    let found = verify(&arguments);
    found.is_not_checkable("quorum");
    assert_eq!(found.ranges(), [("unanchored", 0, 30)]);
    let receipts = world.path("receipts");
    fs::create_dir_all(&receipts).unwrap();
    verify(&[
        "log".as_ref(),
        folder,
        "--receipts".as_ref(),
        receipts.as_os_str(),
    ])
    .is_not_checkable("there is none");
}

#[test]
fn a_log_of_another_name_is_refused() {
    let world = World::new();
    let log = world.log_of("log", drafts(3));
    let folder = log.folder.as_os_str();
    verify(&[
        "log".as_ref(),
        folder,
        "--origin".as_ref(),
        "other.example".as_ref(),
    ])
    .fails(0, "log-fault");
    let note = world
        .checkpoint(&log, 3, 0)
        .to_string()
        .replace(ORIGIN, "other.example");
    let note = world.file("other", note);
    verify(&[
        "log".as_ref(),
        folder,
        "--checkpoint".as_ref(),
        note.as_os_str(),
    ])
    .fails(None, "other-log");
}

#[test]
fn a_retired_key_that_signs_a_later_size_is_refused() {
    let world = World::new();
    let log = world.log_of("log", drafts(30));
    let key = &audit_proof::signer::Signer::key(&world.log).to_string();
    let note = world.file("note", world.checkpoint(&log, 30, 0).to_string());
    let check = |history: String| {
        let keys = world.file("keys", history);
        let folder = log.folder.as_os_str();
        let note = ["--checkpoint".as_ref(), note.as_os_str()];
        verify(
            &[
                &["log".as_ref(), folder, "--keys".as_ref(), keys.as_os_str()],
                &note[..],
            ]
            .concat(),
        )
    };
    check(format!("key {key}\n")).passes(&[("unanchored", 0, 30)]);
    check(format!("key {key} rotated 29\n")).fails(None, "key");
}

#[test]
fn a_receipt_is_worth_something_without_a_log() {
    let world = World::new();
    let log = world.log_of("log", drafts(30));
    let receipt = world.receipt(&log, 7, 20).to_string();
    let (path, policy) = (world.file("receipt", &receipt), world.policy());
    let arguments = [
        "receipt".as_ref(),
        path.as_os_str(),
        "--policy".as_ref(),
        policy.as_os_str(),
    ];
    let found = verify(&arguments);
    found.passes(&[]);
    assert_eq!(found.verdict["checked"]["receipts"], 1);
    let with_log = [&arguments[..], &["--log".as_ref(), log.folder.as_os_str()]].concat();
    let found = verify(&with_log);
    assert_eq!(found.verdict["held_up_to"], 20);
    verify(&["receipt".as_ref(), path.as_os_str()]).is_not_checkable("receipt key");
    let moved = receipt.replace("index 7", "index 8");
    fs::write(&path, moved).unwrap();
    verify(&arguments).fails(None, "receipt-form");
}

#[test]
fn people_read_the_verdict_in_two_languages() {
    let world = World::new();
    let log = world.log_of("log", drafts(30));
    let policy = world.policy();
    let note = world.file("held", world.checkpoint(&log, 20, 2).to_string());
    let arguments = [
        "log".as_ref(),
        log.folder.as_os_str(),
        "--policy".as_ref(),
        policy.as_os_str(),
        "--checkpoint".as_ref(),
        note.as_os_str(),
    ];
    let (code, text, _) = say(&arguments);
    assert_eq!(code, 0, "{text}");
    for line in [
        "checked 已核验: 30 entries 条目",
        "vouched for by 见证: env, police",
        "PASS anchored 通过，有外部见证: entries 条目 0 – 19",
        "PASS unanchored since 20 通过，尚无外部见证: entries 条目 20 – 29",
        "VERDICT 结论: PASS",
        "party signatures and counters (--party-keys) (报送方签名与编号)",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    log.flip("case 25");
    let (code, text, _) = say(&arguments);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("FAIL at 失败于 25: log-fault: frame fails its checksum (byte"),
        "{text}"
    );
    assert!(text.contains("帧校验和不符"), "{text}");
}
