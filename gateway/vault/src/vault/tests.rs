//! The vault as its users see it: over restarts, crashes and erasures.

use std::path::Path;

use super::*;
use crate::Plan;
use crate::wrap::FileKey;

const ID: &str = "11010119900307471X";
const LEFT: Tombstone = Tombstone {
    position: 70,
    time_ns: 1_790_000_000_000_000_000,
};

fn kek(byte: u8) -> Box<dyn Wrapper> {
    Box::new(FileKey::from_bytes([byte; 32]))
}

fn open(folder: &Path) -> Vault {
    Vault::open(folder, kek(1), kek(2)).unwrap()
}

/// A value of a person in a case, and a message that holds it, sealed as the gateway seals them.
struct Sealed {
    subject: KeyName,
    message: KeyName,
    value: Vec<u8>,
    payload: Vec<u8>,
}

fn add(vault: &Vault, compartment: Compartment, id: &str, case: &str) -> Sealed {
    let (subject, case) = (vault.subject_tag(compartment, id), vault.case_tag(case));
    let mut batch = vault.batch();
    let message = batch.message_key().unwrap();
    let person = batch.subject_key(compartment, &subject, &case).unwrap();
    batch.alias(person.name, id);
    batch.mention(person.name, message.name);
    batch.commit().unwrap();
    Sealed {
        value: sealed::seal(&person, b"value", id.as_bytes()).unwrap(),
        payload: sealed::seal(&message, b"payload", id.as_bytes()).unwrap(),
        subject: person.name,
        message: message.name,
    }
}

fn plan(vault: &Vault, subject: KeyName) -> Plan {
    vault.plan_erasure(vec![subject], vec![1, 2])
}

#[track_caller]
fn is_open(vault: &Vault, sealed: &Sealed) {
    assert_eq!(
        vault
            .open_sealed(b"value", &sealed.value)
            .unwrap()
            .as_slice(),
        ID.as_bytes()
    );
    assert!(vault.open_sealed(b"payload", &sealed.payload).is_ok());
}

#[track_caller]
fn is_erased(vault: &Vault, sealed: &Sealed) {
    for (context, bytes) in [
        (b"value".as_slice(), &sealed.value),
        (b"payload", &sealed.payload),
    ] {
        let refused = vault.open_sealed(context, bytes).unwrap_err();
        assert!(matches!(refused, OpenError::Erased(LEFT)), "{refused:?}");
    }
    assert_eq!(vault.subject(sealed.subject), None);
    assert!(vault.messages_of(&[sealed.subject]).is_empty());
    assert!(!vault.folder.join("erasing").exists());
}

#[test]
fn what_was_sealed_opens_after_a_restart_and_not_with_other_keys() {
    let folder = tempfile::tempdir().unwrap();
    let sealed = add(&open(folder.path()), Compartment::Ordinary, ID, "1");
    is_open(&open(folder.path()), &sealed);
    for (one, other, file) in [
        (9, 2, "ordinary.keys"),
        (1, 9, "reporter.keys"),
        (2, 1, "ordinary.keys"),
    ] {
        let refused = Vault::open(folder.path(), kek(one), kek(other)).unwrap_err();
        assert!(matches!(&refused, VaultError::WrongKey { path, .. } if path.ends_with(file)));
    }
    is_open(&open(folder.path()), &sealed);
}

#[test]
fn a_person_has_one_key_in_one_case_and_another_in_another() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let first = add(&vault, Compartment::Ordinary, ID, "1");
    let again = add(
        &vault,
        Compartment::Ordinary,
        "１１０１０１１９９００３０７４７１x",
        "1",
    );
    let other = add(&vault, Compartment::Ordinary, ID, "2");
    assert_eq!(first.subject, again.subject);
    assert_ne!(first.subject, other.subject);
    drop(vault);
    let vault = open(folder.path());
    let found = vault.subjects_by_value(ID);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].messages + found[1].messages, 3);
    assert_eq!(vault.subjects_by_case(&vault.case_tag("1")).len(), 1);
    assert!(vault.subjects_by_value("李四").is_empty());
}

#[test]
fn a_reporter_is_in_a_file_and_under_a_key_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let reporter = add(&vault, Compartment::Reporter, ID, "");
    let person = add(&vault, Compartment::Ordinary, ID, "");
    assert_eq!(reporter.subject.compartment, Compartment::Reporter);
    let (one, other) = (
        vault.subject_tag(Compartment::Reporter, ID),
        vault.subject_tag(Compartment::Ordinary, ID),
    );
    assert_ne!(one, other, "pseudonyms of the two cannot be joined");
    assert_eq!(vault.subjects_by_value(ID).len(), 2);
    is_open(&vault, &reporter);
    is_open(&vault, &person);
}

#[test]
fn erasing_a_person_in_a_case_leaves_the_same_person_in_another() {
    for compartment in Compartment::ALL {
        let folder = tempfile::tempdir().unwrap();
        let vault = open(folder.path());
        let gone = add(&vault, compartment, ID, "1");
        let stays = add(&vault, compartment, ID, "2");
        let plan = plan(&vault, gone.subject);
        vault.begin_erasure(&plan).unwrap();
        assert_eq!(vault.unfinished().unwrap(), Some(plan.clone()));
        assert_eq!(vault.finish_erasure(&plan, LEFT).unwrap(), 1);
        vault.end_erasure().unwrap();
        is_erased(&vault, &gone);
        is_open(&vault, &stays);
        drop(vault);
        let vault = open(folder.path());
        is_erased(&vault, &gone);
        is_open(&vault, &stays);
        let again = add(&vault, compartment, ID, "1");
        assert_ne!(again.subject, gone.subject, "a name is never used twice");
        is_erased(&vault, &gone);
    }
}

#[test]
fn no_file_holds_a_destroyed_key_or_the_tag_of_an_erased_value() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let gone = add(&vault, Compartment::Ordinary, ID, "1");
    let tags = [
        vault.value_tag(Compartment::Ordinary, ID),
        vault.subject_tag(Compartment::Ordinary, ID),
    ];
    let path = folder.path().join("ordinary.keys");
    let before = std::fs::read(&path).unwrap();
    let wrapped = |name: KeyName| {
        let at = usize::try_from(name.number + 1).unwrap() * crate::slot::SLOT_BYTES;
        before[at + 74..at + 134].to_vec()
    };
    let needles: Vec<Vec<u8>> = [wrapped(gone.subject), wrapped(gone.message)]
        .into_iter()
        .chain(tags.map(|tag| tag.0.to_vec()))
        .collect();
    let found = |needle: &[u8]| {
        std::fs::read_dir(folder.path()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(needle.len()).any(|window| window == needle)
        })
    };
    assert!(needles.iter().all(|needle| found(needle)));
    let plan = plan(&vault, gone.subject);
    vault.begin_erasure(&plan).unwrap();
    vault.finish_erasure(&plan, LEFT).unwrap();
    vault.end_erasure().unwrap();
    assert!(!needles.iter().any(|needle| found(needle)));
}

/// Copies of the folder as a crash may leave it between the intent and its end: any number of slots overwritten, the
/// next one in part.
#[test]
fn an_erasure_cut_off_anywhere_is_carried_out_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let gone = add(&vault, Compartment::Ordinary, ID, "1");
    let stays = add(&vault, Compartment::Ordinary, ID, "2");
    let intended = plan(&vault, gone.subject);
    vault.begin_erasure(&intended).unwrap();
    let path = folder.path().join("ordinary.keys");
    let before = std::fs::read(&path).unwrap();
    let intent = std::fs::read(folder.path().join("erasing")).unwrap();
    vault.finish_erasure(&intended, LEFT).unwrap();
    let after = std::fs::read(&path).unwrap();
    drop(vault);
    let changed: Vec<usize> = (0..before.len())
        .filter(|at| before[*at] != after[*at])
        .collect();
    for cut in (0..=changed.len()).step_by(7) {
        let mut torn = before.clone();
        for at in &changed[..cut] {
            torn[*at] = after[*at];
        }
        std::fs::write(&path, &torn).unwrap();
        std::fs::write(folder.path().join("erasing"), &intent).unwrap();
        let vault = open(folder.path());
        let unfinished = vault.unfinished().unwrap().expect("the intent is there");
        assert_eq!(unfinished, intended);
        vault.finish_erasure(&unfinished, LEFT).unwrap();
        vault.end_erasure().unwrap();
        is_erased(&vault, &gone);
        is_open(&vault, &stays);
        let healed = std::fs::read(&path).unwrap();
        assert!(healed == after, "{cut} bytes were written before the crash");
    }
}

#[test]
fn an_intent_that_was_not_durable_is_no_intent_and_a_damaged_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let sealed = add(&vault, Compartment::Ordinary, ID, "1");
    std::fs::write(folder.path().join("erasing.tmp"), "lawgate-erasing/v1\nsub").unwrap();
    assert_eq!(vault.unfinished().unwrap(), None);
    is_open(&vault, &sealed);
    std::fs::write(folder.path().join("erasing"), "lawgate-erasing/v1\nsub").unwrap();
    assert!(matches!(vault.unfinished(), Err(VaultError::Intent { .. })));
}

#[test]
fn holds_and_restrictions_outlive_a_restart_and_end_when_they_are_lifted() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let sealed = add(&vault, Compartment::Ordinary, ID, "1");
    let case = vault.case_tag("1");
    assert!(vault.set_hold(&case, true, LEFT).unwrap());
    assert!(!vault.set_hold(&case, true, LEFT).unwrap());
    assert!(vault.set_restriction(sealed.subject, true, LEFT).unwrap());
    drop(vault);
    let vault = open(folder.path());
    let subject = vault.subject(sealed.subject).unwrap();
    assert!(subject.is_held && subject.is_restricted);
    assert!(vault.mentions_restricted(sealed.message));
    assert!(vault.set_hold(&case, false, LEFT).unwrap());
    assert!(vault.set_restriction(sealed.subject, false, LEFT).unwrap());
    drop(vault);
    let vault = open(folder.path());
    let subject = vault.subject(sealed.subject).unwrap();
    assert!(!subject.is_held && !subject.is_restricted);
}

#[test]
fn two_batches_at_once_agree_on_a_key_that_either_makes_durable() {
    let folder = tempfile::tempdir().unwrap();
    let vault = open(folder.path());
    let (person, case) = (
        vault.subject_tag(Compartment::Ordinary, ID),
        vault.case_tag("1"),
    );
    let mut first = vault.batch();
    let mut second = vault.batch();
    let one = first
        .subject_key(Compartment::Ordinary, &person, &case)
        .unwrap();
    let other = second
        .subject_key(Compartment::Ordinary, &person, &case)
        .unwrap();
    assert_eq!(one, other);
    second.commit().unwrap();
    // The first never commits, as in a crash.
    drop(first);
    drop(vault);
    let vault = open(folder.path());
    assert_eq!(vault.key(one.name).unwrap(), KeyState::Live(one.key));
}

#[test]
fn a_file_of_keys_that_lost_its_index_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    add(&open(folder.path()), Compartment::Ordinary, ID, "1");
    let path = folder.path().join("ordinary.keys");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[200] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let refused = Vault::open(folder.path(), kek(1), kek(2)).unwrap_err();
    assert!(matches!(refused, VaultError::WrongKey { .. }));
}
