//! Text search: how a text is made comparable, and the words it is found by.
//!
//! Chinese has no spaces, and its words are mostly of two characters, so every pair of neighbouring
//! characters is a word of the index, and the last character of a text is one by itself. A longer
//! phrase is found by all its pairs and then looked for in the text itself, so that the index only
//! ever proposes. Pure; the index keeps the numbers made here.

/// Most characters of one record that are searched, and of one entry: a decision has some thousands.
pub const MAX_SEARCHED_CHARS: usize = 16_384;

/// Brings a text into the form texts are compared in: half-width, lower case, one kind of bracket,
/// no white space and nothing invisible.
pub fn normal(text: &str) -> String {
    text.chars().filter_map(normal_character).collect()
}

fn normal_character(character: char) -> Option<char> {
    let half = schema::text::half_width(character);
    if half.is_whitespace() || half.is_control() || schema::text::is_invisible(half) {
        return None;
    }
    Some(match half {
        '〔' | '[' | '﹝' | '【' | '〖' | '{' => '(',
        '〕' | ']' | '﹞' | '】' | '〗' | '}' => ')',
        other => other.to_ascii_lowercase(),
    })
}

/// The words of texts, ascending and each once. Of all texts together the first
/// [`MAX_SEARCHED_CHARS`] characters count.
pub fn words_of<Text: AsRef<str>>(texts: impl IntoIterator<Item = Text>) -> Vec<u64> {
    let mut words = Vec::new();
    let mut room = MAX_SEARCHED_CHARS;
    for text in texts {
        let mut previous = None;
        for character in text.as_ref().chars().filter_map(normal_character) {
            if room == 0 {
                break;
            }
            room -= 1;
            if let Some(before) = previous {
                words.push(word(before, Some(character)));
            }
            previous = Some(character);
        }
        words.extend(previous.map(|last| word(last, None)));
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// The number of a word: 21 bits for each character.
fn word(first: char, second: Option<char>) -> u64 {
    u64::from(u32::from(first)) << 21 | second.map_or(0, |second| u64::from(u32::from(second)))
}

/// Words of which one must be found: from, to, both included.
pub type WordRange = (u64, u64);

/// One word of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Its normal form; never empty.
    pub text: String,
    /// What the index must have, each of them.
    pub ranges: Vec<WordRange>,
}

impl Term {
    /// Reads the words of a question, which stand between white space.
    pub fn read(question: &str) -> Vec<Term> {
        let parts = question.split_whitespace().map(normal);
        let parts = parts.filter(|part| !part.is_empty());
        parts
            .map(|text| Term {
                ranges: ranges(&text),
                text,
            })
            .collect()
    }

    /// Whether the index finds exactly this: a longer phrase may be in a text in pieces.
    pub fn is_exact(&self) -> bool {
        self.ranges.len() == 1
    }

    /// Whether the normal form of a text has it.
    pub fn is_in(&self, normal_text: &str) -> bool {
        normal_text.contains(&self.text)
    }
}

fn ranges(text: &str) -> Vec<WordRange> {
    let characters: Vec<char> = text.chars().collect();
    match characters.as_slice() {
        // Every character of a text begins a word, so a single one is a range of words.
        [only] => vec![(word(*only, None), word(*only, Some(char::MAX)))],
        more => {
            let pairs = more.windows(2).map(|pair| word(pair[0], Some(pair[1])));
            let mut ranges: Vec<WordRange> = pairs.map(|word| (word, word)).collect();
            ranges.sort_unstable();
            ranges.dedup();
            ranges
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether the index would propose the text for the question.
    fn proposes(text: &str, question: &str) -> bool {
        let words = words_of([text]);
        let has = |range: &WordRange| words.iter().any(|word| (range.0..=range.1).contains(word));
        Term::read(question)
            .iter()
            .all(|term| term.ranges.iter().all(has))
    }

    #[test]
    fn words_of_one_two_and_more_characters_are_found() {
        let text = "该厂排放口氨氮超标，已责令改正";
        for question in ["超标", "标", "正", "排放口", "氨氮 改正", "超 标"] {
            assert!(proposes(text, question), "{question}");
        }
        for question in ["标超", "移送", "放排口", "超标 移送"] {
            assert!(!proposes(text, question), "{question}");
        }
    }

    #[test]
    fn width_case_brackets_and_spaces_do_not_matter() {
        assert_eq!(normal("包环罚〔２０２６〕 12号"), "包环罚(2026)12号");
        assert_eq!(normal("包环罚[2026]12号"), normal("包环罚（2026）12号"));
        assert_eq!(normal("COD\u{200B} Ａ"), "coda");
    }

    #[test]
    fn a_question_without_a_word_has_no_term() {
        assert!(Term::read(" \u{3000}\u{200B} ").is_empty());
    }

    #[test]
    fn a_text_that_is_too_long_is_searched_in_part() {
        let long = "长".repeat(MAX_SEARCHED_CHARS) + "尾巴";
        assert!(proposes(&long, "长长"));
        assert!(!proposes(&long, "尾巴"));
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_text_is_proposed(text in "\\PC{1,40}", from in 0_usize..40, length in 1_usize..6) {
            let normal_text: Vec<char> = normal(&text).chars().collect();
            let part: String = normal_text.iter().skip(from).take(length).collect();
            prop_assume!(!part.is_empty());
            prop_assert!(proposes(&text, &part), "{} in {}", part, text);
        }
    }
}
