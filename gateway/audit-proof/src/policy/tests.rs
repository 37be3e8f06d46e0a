//! Policies: the example of the standard, every line that is wrong, and who makes a quorum.

use proptest::prelude::*;

use super::*;
use crate::key::KeyKind;
use crate::signer::{Signer, sign_note};
use crate::test_signers::TestSigner;

const ORIGIN: &str = "example.com/log";
const CHECKPOINT: &str = "example.com/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

fn log() -> TestSigner {
    TestSigner::new(ORIGIN, KeyKind::Ed25519, 100)
}

/// Witness `seed`, in turn of both kinds that cosign.
fn witness(seed: u8) -> TestSigner {
    let kind = if seed.is_multiple_of(2) {
        KeyKind::MlDsa44Cosignature
    } else {
        KeyKind::Ed25519Cosignature
    };
    TestSigner::new(&format!("w{seed}.example"), kind, seed)
}

/// The policy of three agencies of which two have to cosign, and a notary besides who must.
fn agencies() -> String {
    let vkey = |seed| witness(seed).key().to_string();
    format!(
        "# 三个机关与公证处\n\
         log {} https://log.example/\n\n\
         witness env {}\n  witness\tpolice {} https://police.example/witness \n\
         witness justice {}\nwitness notary {}\n\
         group agencies 2 env police justice\n\
         group both all agencies notary\nquorum both\n",
        log().key(),
        vkey(1),
        vkey(2),
        vkey(3),
        vkey(4),
    )
}

fn judge(policy: &str, signers: &[&dyn Signer]) -> PolicyVerdict {
    let note = sign_note(CHECKPOINT, signers, 1_700_000_000).unwrap();
    Policy::parse(policy.as_bytes())
        .unwrap()
        .judge(&note)
        .unwrap()
}

#[test]
fn the_quorum_is_met_by_enough_of_each_group_and_by_nobody_else() {
    let members: Vec<TestSigner> = (1..=4).map(witness).collect();
    // Every set of the four witnesses, as bits: two of the agencies and the notary are needed.
    for set in 0_u32..16 {
        let (log, stranger) = (log(), witness(9));
        let mut signers: Vec<&dyn Signer> = vec![&log, &stranger];
        signers.extend(
            (0..4)
                .filter(|bit| set >> bit & 1 == 1)
                .map(|bit| &members[bit] as &dyn Signer),
        );
        let verdict = judge(&agencies(), &signers);
        let expected = (set & 7).count_ones() >= 2 && set & 8 != 0;
        assert_eq!(verdict.quorum_met, expected, "{set:04b}");
        assert_eq!(verdict.witnesses.len(), set.count_ones() as usize);
        assert_eq!(verdict.missing.len(), 4 - verdict.witnesses.len());
        let standing = if expected {
            Standing::Final
        } else {
            Standing::Provisional
        };
        assert_eq!(verdict.standing(), standing, "{set:04b}");
    }
}

#[test]
fn the_verdict_says_who_signed_and_when() {
    let (log, police, notary) = (log(), witness(2), witness(4));
    let verdict = judge(&agencies(), &[&police, &log, &notary]);
    assert_eq!(verdict.logs, [log.key().clone()]);
    let names: Vec<&str> = verdict.witnesses.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(names, ["police", "notary"]);
    assert_eq!(verdict.witnesses[0].time_s, Some(1_700_000_000));
    assert_eq!(verdict.missing, ["env", "justice"]);
    assert_eq!(verdict.checkpoint.size(), 7);
}

#[test]
fn of_several_cosignatures_of_a_witness_the_newest_counts_and_once() {
    let (log, env) = (log(), witness(1));
    let mut note = sign_note(CHECKPOINT, &[&log, &env], 50).unwrap();
    for time_s in [70, 60] {
        let again = env.sign(CHECKPOINT, time_s).unwrap();
        note.push(env.key().line(again).unwrap()).unwrap();
    }
    let verdict = Policy::parse(agencies().as_bytes())
        .unwrap()
        .judge(&note)
        .unwrap();
    assert_eq!(verdict.witnesses.len(), 1);
    assert_eq!(verdict.witnesses[0].time_s, Some(70));
}

#[test]
fn witnesses_alone_make_no_checkpoint_known() {
    let members: Vec<TestSigner> = (1..=4).map(witness).collect();
    let signers: Vec<&dyn Signer> = members.iter().map(|m| m as &dyn Signer).collect();
    let verdict = judge(&agencies(), &signers);
    assert!(verdict.quorum_met);
    assert_eq!(verdict.standing(), Standing::Unknown);
}

#[test]
fn the_key_of_a_log_counts_for_its_own_origin_only() {
    let other = TestSigner::new("example.com/other", KeyKind::Ed25519, 101);
    let policy = format!("log {}\nlog {}\nquorum none\n", log().key(), other.key());
    let verdict = judge(&policy, &[&other]);
    assert_eq!(verdict.standing(), Standing::Unknown);
    assert_eq!(
        judge(&policy, &[&other, &log()]).standing(),
        Standing::Final
    );
}

#[test]
fn a_wrong_signature_of_a_member_gives_no_verdict() {
    let (log, env) = (log(), witness(1));
    let note = sign_note(CHECKPOINT, &[&log, &env], 5).unwrap();
    let policy = Policy::parse(agencies().as_bytes()).unwrap();
    let forged = note.to_string().replace("\n7\n", "\n8\n");
    let forged = Note::parse(forged.as_bytes()).unwrap();
    assert!(matches!(
        policy.judge(&forged),
        Err(JudgeError::Signature(_))
    ));
    let text = sign_note("no checkpoint\n", &[&log], 5).unwrap();
    assert!(matches!(
        policy.judge(&text),
        Err(JudgeError::Checkpoint(_))
    ));
}

#[test]
fn a_policy_is_written_without_comments_and_read_as_itself() {
    let policy = Policy::parse(agencies().as_bytes()).unwrap();
    let written = policy.to_string();
    assert!(!written.contains('#') && written.contains("\nwitness police "));
    assert_eq!(Policy::parse(written.as_bytes()).unwrap(), policy);
    assert_eq!(policy.witnesses().count(), 4);
    assert_eq!(
        policy.logs()[0].url.as_deref(),
        Some("https://log.example/")
    );
}

/// Checks that `text` is refused with the line and the fault that `expected` names.
fn check_refused(text: &str, expected: &str) {
    let error = Policy::parse(text.as_bytes()).unwrap_err();
    let found = format!("{}: {}", error.line, error.fault);
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn a_wrong_line_is_named_by_number_and_fault() {
    let log = log().key().to_string();
    check_refused("", "1: there is no quorum line");
    check_refused(&format!("log {log}\n"), "2: there is no quorum line");
    check_refused(
        "quorum none\nquorum none\n",
        "2: there is a quorum line already",
    );
    check_refused("#\nquorum none", "2: the line does not end in a newline");
    check_refused("quorum none\r\n", "1: a control character");
    check_refused("#\u{7f}\n", "1: a control character");
    check_refused("revoke x\n", "1: no line begins with revoke");
    check_refused("log x+y\n", "1: the key cannot be read");
    for line in ["log", &format!("log {log} u more")] {
        check_refused(
            &format!("\n{line}\n"),
            "2: the form of the line is: log <vkey> [<url>]",
        );
    }
    check_refused("quorum a b\n", "1: the form of the line is: quorum <name>");
    check_refused("quorum a\n", "1: no earlier line defines a");
    check_refused(
        "group g any\n",
        "1: the form of the line is: group <name> all|any|<k> <name>...",
    );
    for name in ["a", "none", "g"] {
        let expected = format!("1: no earlier line defines {name}");
        check_refused(&format!("group g any {name}\n"), &expected);
    }
    check_refused(
        &format!("log {log}\nlog {log}\n"),
        "2: the key is that of an earlier line",
    );
    check_refused(
        &format!("witness a {log}\n"),
        "1: a key of kind ed25519 makes no cosignatures",
    );
    check_refused(
        &"x".repeat(2 << 20),
        "1: the policy is longer than 1048576 bytes",
    );
}

#[test]
fn a_name_is_defined_once_and_grouped_once() {
    let (w1, w2) = (witness(1).key().to_string(), witness(2).key().to_string());
    let after = |lines: &str| format!("witness a {w1}\n{lines}\n");
    let duplicate = "2: the key is that of an earlier line";
    check_refused(&after(&format!("witness b {w1}")), duplicate);
    check_refused(&after(&format!("witness a {w2}")), "2: the name a is taken");
    check_refused(&after("group a any a"), "2: the name a is taken");
    check_refused(&format!("witness none {w1}\n"), "1: the name none is taken");
    let second = "a is a member of a group already";
    check_refused(&after("group g any a a"), &format!("2: {second}"));
    check_refused(
        &after("group g any a\ngroup h any a"),
        &format!("3: {second}"),
    );
    for threshold in ["0", "2", "-1", "01", "some", "99999999999999999999"] {
        let expected = format!("2: the threshold {threshold} is not any, all or from 1 to 1");
        check_refused(&after(&format!("group g {threshold} a")), &expected);
    }
}

#[test]
fn comments_may_be_any_bytes_and_words_must_be_text() {
    assert!(Policy::parse(b"\t# \xff\xfe\nquorum none\n").is_ok());
    let error = Policy::parse(b"quorum \xff\n").unwrap_err();
    assert_eq!(error.fault, PolicyFault::NotUtf8);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        lines in "((log|witness|group|quorum|#)([ \t][a-z0-9+]{0,4}){0,5}\n){0,6}",
    ) {
        let _ = Policy::parse(&bytes);
        let _ = Policy::parse(lines.as_bytes());
    }

    #[test]
    fn a_mutated_policy_is_refused_or_read_as_it_would_be_written(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = agencies().into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(policy) = Policy::parse(&bytes) {
            prop_assert_eq!(Policy::parse(policy.to_string().as_bytes()).unwrap(), policy);
        }
    }
}
