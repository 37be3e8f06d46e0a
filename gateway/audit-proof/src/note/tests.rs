//! The form of notes: the example of the standard, every rule broken once, and arbitrary bytes.

use proptest::prelude::*;

use super::*;

/// The example of C2SP signed-note.
const EXAMPLE: &str = "Ognuno sta solo sul cuor della terra\n\
    trafitto da un raggio di sole:\n\
    \n\
    ed è subito sera.\n\
    \n\
    — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

fn check_parse(text: &str, expected: NoteError) {
    assert_eq!(Note::parse(text.as_bytes()), Err(expected), "{text:?}");
}

#[test]
fn the_example_of_the_standard_is_read_and_written_as_it_was() {
    let note = Note::parse(EXAMPLE.as_bytes()).unwrap();
    assert_eq!(note.to_string(), EXAMPLE);
    assert!(note.text().ends_with("sera.\n") && note.text().contains("\n\n"));
    let [signature] = note.signatures() else {
        panic!("one signature");
    };
    assert_eq!(signature.name(), "quasimodo.example/salvatore");
    assert_eq!(signature.key_id(), [0x36, 0x7b, 0xa0, 0x4b]);
    assert_eq!(signature.signature().len(), 64);
}

#[test]
fn whatever_breaks_a_rule_is_refused_with_its_place() {
    let malformed = |line| NoteError::SignatureLine { line };
    let name = |line| NoteError::KeyName { line };
    check_parse("", NoteError::NoBlankLine);
    check_parse("text\n", NoteError::NoBlankLine);
    check_parse("text\n\n", NoteError::NoSignature);
    check_parse("text\n\n— a AAAAAAA=", NoteError::UnfinishedLine);
    check_parse("te\txt\n\n", NoteError::ControlCharacter { offset: 2 });
    check_parse("text\r\n\n", NoteError::ControlCharacter { offset: 4 });
    check_parse("text\n\n- a AAAAAAA=\n", malformed(1));
    check_parse("text\n\n—a AAAAAAA=\n", malformed(1));
    check_parse("text\n\n— AAAAAAA=\n", malformed(1));
    check_parse("text\n\n—  AAAAAAA=\n", name(1));
    check_parse("text\n\n— a+b AAAAAAA=\n", name(1));
    check_parse("text\n\n— a\u{a0}b AAAAAAA=\n", name(1));
    check_parse("text\n\n— a\u{3000}b AAAAAAA=\n", name(1));
    check_parse("text\n\n— a AAAAAAA= \n", malformed(1));
    // Four bytes are an id without a signature; seven characters are no base64; B leaves bits over.
    check_parse("text\n\n— a AAAAAA==\n", malformed(1));
    check_parse("text\n\n— a AAAAAAA\n", malformed(1));
    check_parse("text\n\n— a AAAAAAB=\n", malformed(1));
    check_parse("text\n\n— a AAAA_AA=\n", malformed(1));
    check_parse("text\n\n— a AAAAAAA=\n— b x\n", malformed(2));
    assert_eq!(
        Note::parse(b"te\xffxt\n\n"),
        Err(NoteError::NotUtf8 { offset: 2 })
    );
}

#[test]
fn as_many_signatures_as_the_limit_are_read_and_one_more_is_not() {
    let with = |count| format!("text\n\n{}", "— a AAAAAAA=\n".repeat(count));
    let full = Note::parse(with(MAX_SIGNATURES).as_bytes()).unwrap();
    check_parse(&with(MAX_SIGNATURES + 1), NoteError::TooManySignatures);
    let mut note = full.clone();
    let another = NoteSignature::new("b", [0; 4], vec![1]).unwrap();
    assert_eq!(note.push(another), Err(NoteError::TooManySignatures));
    assert_eq!(note, full, "a refused signature leaves the note as it was");
}

#[test]
fn a_note_of_the_largest_size_is_read_and_a_larger_one_is_not() {
    let line = "\n— a AAAAAAA=\n";
    let sized = |bytes: usize| format!("{}\n{line}", "x".repeat(bytes - line.len() - 1));
    assert!(Note::parse(sized(MAX_NOTE_BYTES).as_bytes()).is_ok());
    let bytes = MAX_NOTE_BYTES + 1;
    check_parse(&sized(bytes), NoteError::TooLong { bytes });
}

#[test]
fn what_would_not_parse_cannot_be_made() {
    let line = || vec![NoteSignature::new("a", [1; 4], vec![2; 64]).unwrap()];
    assert_eq!(
        Note::new("text".to_owned(), line()),
        Err(NoteError::UnfinishedText)
    );
    assert_eq!(
        Note::new("te\0xt\n".to_owned(), line()),
        Err(NoteError::ControlCharacter { offset: 2 })
    );
    assert_eq!(
        Note::new("text\n".to_owned(), Vec::new()),
        Err(NoteError::NoSignature)
    );
    assert!(Note::new("x".repeat(MAX_NOTE_BYTES) + "\n", line()).is_err());
    assert!(NoteSignature::new("a b", [0; 4], vec![1]).is_err());
    assert!(NoteSignature::new("a", [0; 4], Vec::new()).is_err());
}

#[test]
fn a_single_line_is_read_as_a_witness_sends_it() {
    let line = NoteSignature::parse_line("— w.example AAAAAAA=").unwrap();
    assert_eq!(line.to_string(), "— w.example AAAAAAA=");
    assert!(NoteSignature::parse_line("— w.example AAAAAAA=\n").is_err());
    assert!(NoteSignature::parse_line("— w\0 AAAAAAA=").is_err());
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Note::parse(&bytes);
    }

    #[test]
    fn a_mutated_note_is_refused_or_written_as_it_was_read(
        place in 0..EXAMPLE.len(), byte in any::<u8>(), cut in 0..EXAMPLE.len(),
    ) {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        bytes[place] = byte;
        for bytes in [&bytes[..], &bytes[..cut], &bytes[cut..]] {
            if let Ok(note) = Note::parse(bytes) {
                let written = note.to_string().into_bytes();
                prop_assert_eq!(&written[..], bytes);
            }
        }
    }

    #[test]
    fn a_note_that_was_made_is_read_as_itself(
        text in "[^\\x00-\\x1f]{0,40}(\n[^\\x00-\\x1f]{0,20}){0,4}\n",
        names in proptest::collection::vec("[!-*,-~é水]{1,12}", 1..5),
        signature in proptest::collection::vec(any::<u8>(), 1..90),
    ) {
        let lines = names
            .iter()
            .map(|name| NoteSignature::new(name, [7; 4], signature.clone()).unwrap())
            .collect();
        let note = Note::new(text, lines).unwrap();
        prop_assert_eq!(Note::parse(note.to_string().as_bytes()).unwrap(), note);
    }
}
