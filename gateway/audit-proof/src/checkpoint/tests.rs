//! The form of checkpoints: the example of the standard, every rule broken once, and arbitrary text.

use proptest::prelude::*;

use super::*;

const EXAMPLE: &str =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

fn check_parse(text: &str, expected: CheckpointError) {
    assert_eq!(Checkpoint::parse(text), Err(expected), "{text:?}");
}

#[test]
fn the_example_of_the_standard_is_read_and_written_as_it_was() {
    let checkpoint = Checkpoint::parse(EXAMPLE).unwrap();
    assert_eq!(checkpoint.origin(), "example.com/behind-the-sofa");
    assert_eq!(checkpoint.size(), 20_852_163);
    assert_eq!(checkpoint.root()[..2], [0x0a, 0xc5]);
    assert_eq!(checkpoint.to_string(), EXAMPLE);
}

#[test]
fn whatever_breaks_a_rule_is_refused_by_name() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    check_parse("", CheckpointError::Lines);
    check_parse("a\n1\n", CheckpointError::Lines);
    check_parse(&format!("a\n1\n{root}"), CheckpointError::Lines);
    check_parse(&format!("a\n1\n{root}\n\n"), CheckpointError::Lines);
    check_parse(&format!("\n1\n{root}\n"), CheckpointError::Origin);
    check_parse(&format!("a\r\n1\n{root}\n"), CheckpointError::Origin);
    for size in [
        "",
        "01",
        "00",
        "-1",
        "+1",
        " 1",
        "0x1",
        "1.0",
        "18446744073709551616",
        "१",
    ] {
        check_parse(&format!("a\n{size}\n{root}\n"), CheckpointError::Size);
    }
    let (uneven, spaced) = (root.replace("2I=", "2J="), format!("{root} "));
    for root in ["", "AAAA", &root[..43], &uneven, &spaced] {
        check_parse(&format!("a\n1\n{root}\n"), CheckpointError::Root);
    }
    for size in [0, u64::MAX] {
        assert_eq!(
            Checkpoint::parse(&format!("a\n{size}\n{root}\n"))
                .unwrap()
                .size(),
            size
        );
    }
}

#[test]
fn extension_lines_are_handed_back_and_never_taken_for_ours() {
    let text = format!("{EXAMPLE}one\ntwo\n");
    let Err(CheckpointError::Extended(extended)) = Checkpoint::parse(&text) else {
        panic!("extension lines are an error");
    };
    assert_eq!(extended.extension, ["one", "two"]);
    assert_eq!(extended.checkpoint, Checkpoint::parse(EXAMPLE).unwrap());
    assert_eq!(Checkpoint::parse_any(&text).unwrap(), extended.checkpoint);
    assert!(Checkpoint::parse_any("a\n1\n").is_err());
}

#[test]
fn the_origin_of_our_log_is_a_key_name() {
    for origin in ["", "a b", "a+b", "a\nb", "a\0b"] {
        assert_eq!(
            Checkpoint::new(origin, 0, [0; 32]),
            Err(CheckpointError::Origin),
            "{origin:?}"
        );
    }
    // The standard only recommends it, so others' origins may have spaces.
    let spaced = EXAMPLE.replace("behind-the-sofa", "behind the sofa");
    assert_eq!(Checkpoint::parse(&spaced).unwrap().to_string(), spaced);
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,80}", lines in "([0-9a-zA-Z=+/ ]{0,45}\n){0,5}") {
        let _ = Checkpoint::parse(&text);
        let _ = Checkpoint::parse(&lines);
    }

    #[test]
    fn what_was_made_is_read_as_itself(
        origin in "[!-*,-~é水]{1,40}", size in any::<u64>(), root in any::<[u8; 32]>(),
    ) {
        let checkpoint = Checkpoint::new(&origin, size, root).unwrap();
        prop_assert_eq!(Checkpoint::parse(&checkpoint.to_string()).unwrap(), checkpoint);
    }

    #[test]
    fn a_mutated_checkpoint_is_refused_or_written_as_it_was_read(place in 0..EXAMPLE.len(), byte in 0_u8..128) {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        bytes[place] = byte;
        let text = String::from_utf8(bytes).unwrap();
        if let Ok(checkpoint) = Checkpoint::parse(&text) {
            prop_assert_eq!(checkpoint.to_string(), text);
        }
    }
}
