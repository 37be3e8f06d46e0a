//! Differences of two texts by lines, for people.

/// Most lines of each text that are compared; longer texts are compared up to there.
const MAX_LINES: usize = 2000;

/// Lines shown around a difference.
const CONTEXT: usize = 2;

/// One line of both texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line<'t> {
    Same(&'t str),
    Old(&'t str),
    New(&'t str),
}

/// The lines that differ, with `-` before those of `old` and `+` before those of `new`, and a little around them.
///
/// Empty when the texts are equal line by line.
#[must_use]
pub fn lines(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (
        old.lines().take(MAX_LINES).collect(),
        new.lines().take(MAX_LINES).collect(),
    );
    let script = script(&old, &new);
    let differs: Vec<usize> = script
        .iter()
        .enumerate()
        .filter(|(_, line)| !matches!(line, Line::Same(_)))
        .map(|(index, _)| index)
        .collect();
    let mut text = String::new();
    let mut last = None;
    for (index, line) in script.iter().enumerate() {
        let near = differs
            .iter()
            .any(|differing| differing.abs_diff(index) <= CONTEXT);
        if !near {
            continue;
        }
        if last.is_some_and(|last: usize| last + 1 < index) {
            text.push_str("  …\n");
        }
        last = Some(index);
        let (sign, line) = match line {
            Line::Same(line) => (' ', line),
            Line::Old(line) => ('-', line),
            Line::New(line) => ('+', line),
        };
        text.push(sign);
        text.push(' ');
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// Both texts as one, by their longest common subsequence of lines.
fn script<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Line<'t>> {
    let width = new.len() + 1;
    // Length of the longest common subsequence of the rests from each pair of lines.
    let mut lengths = vec![0_u16; (old.len() + 1) * width];
    for (i, line) in old.iter().enumerate().rev() {
        for (j, other) in new.iter().enumerate().rev() {
            lengths[i * width + j] = if line == other {
                lengths[(i + 1) * width + j + 1] + 1
            } else {
                lengths[(i + 1) * width + j].max(lengths[i * width + j + 1])
            };
        }
    }
    let mut lines = Vec::with_capacity(old.len().max(new.len()));
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        let both = i < old.len() && j < new.len();
        if both && old[i] == new[j] {
            lines.push(Line::Same(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len()
            || i < old.len() && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1]
        {
            lines.push(Line::Old(old[i]));
            i += 1;
        } else {
            lines.push(Line::New(new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(lines("a\nb\n", "a\nb"), "");
        assert_eq!(lines("", ""), "");
    }

    #[test]
    fn a_changed_line_is_shown_with_its_neighbours() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let new = old.replace("5\n", "five\n");
        assert_eq!(lines(old, &new), "  3\n  4\n- 5\n+ five\n  6\n  7\n");
    }

    #[test]
    fn what_lies_between_two_differences_is_left_out() {
        let old: String = (0..20).map(|number| format!("{number}\n")).collect();
        let new = old.replace("0\n1\n", "1\n") + "20\n";
        let text = lines(&old, &new);
        assert!(text.starts_with("- 0\n  1\n  2\n  …\n"), "{text}");
        assert!(text.ends_with("  19\n+ 20\n"), "{text}");
    }

    #[test]
    fn one_empty_text_is_all_difference() {
        assert_eq!(lines("", "a\n"), "+ a\n");
        assert_eq!(lines("a\nb\n", ""), "- a\n- b\n");
    }
}
