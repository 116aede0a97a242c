//! Two texts line by line, as people know it from `diff`.

use super::screen::{BAD, BOLD, DIM, GOOD};
use std::fmt::Write;

/// Lines that are shown around each change.
const AROUND: usize = 2;

/// Beyond so many pairs of lines the changed stretch is shown as a whole.
const MOST_PAIRS: usize = 4_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Same,
    Gone,
    New,
}

/// What changes from `before` to `after`, with a line that names the file.
pub fn difference(name: &str, before: &str, after: &str) -> String {
    let before: Vec<&str> = before.split_inclusive('\n').collect();
    let after: Vec<&str> = after.split_inclusive('\n').collect();
    let marked = mark(&before, &after);
    let mut text = format!("{BOLD}{name}{BOLD:#}\n");
    let mut line = 1;
    let mut shown_until = 0;
    for (at, (mark, words)) in marked.iter().enumerate() {
        let near = marked[at.saturating_sub(AROUND)..(at + AROUND + 1).min(marked.len())].iter();
        if near.clone().any(|(mark, _)| *mark != Mark::Same) {
            if shown_until != at || at == 0 {
                let _ = writeln!(text, "{DIM}@ line {line}{DIM:#}");
            }
            shown_until = at + 1;
            let words = visible(words);
            let _ = match mark {
                Mark::Same => writeln!(text, " {words}"),
                Mark::Gone => writeln!(text, "{BAD}-{words}{BAD:#}"),
                Mark::New => writeln!(text, "{GOOD}+{words}{GOOD:#}"),
            };
        }
        line += usize::from(*mark != Mark::New);
    }
    text
}

/// A line without its end; white space that nobody would see is named.
fn visible(line: &str) -> String {
    let words = line.strip_suffix('\n').unwrap_or(line);
    let rest = words.trim_end();
    let hidden = words[rest.len()..].replace(' ', "·").replace('\t', "→").replace('\r', "␍");
    let unended = if line.ends_with('\n') { "" } else { "  (no line end)" };
    format!("{rest}{hidden}{unended}")
}

/// Each line of both texts, in order, by the longest row of lines that both share.
fn mark<'t>(before: &[&'t str], after: &[&'t str]) -> Vec<(Mark, &'t str)> {
    let start = before.iter().zip(after).take_while(|(left, right)| left == right).count();
    let (left, right) = (&before[start..], &after[start..]);
    let end = left.iter().rev().zip(right.iter().rev()).take_while(|(left, right)| left == right).count();
    let (left, right) = (&left[..left.len() - end], &right[..right.len() - end]);
    let mut marked: Vec<(Mark, &str)> = before[..start].iter().map(|line| (Mark::Same, *line)).collect();
    marked.extend(mark_changed(left, right));
    marked.extend(before[before.len() - end..].iter().map(|line| (Mark::Same, *line)));
    marked
}

fn mark_changed<'t>(left: &[&'t str], right: &[&'t str]) -> Vec<(Mark, &'t str)> {
    let width = right.len() + 1;
    // How many lines the rests from here on share.
    let mut shared = vec![0_u32; 1];
    let compared = left.len().saturating_mul(right.len()) <= MOST_PAIRS;
    if compared {
        shared = vec![0_u32; (left.len() + 1) * width];
        for row in (0..left.len()).rev() {
            for column in (0..right.len()).rev() {
                shared[row * width + column] = if left[row] == right[column] {
                    shared[(row + 1) * width + column + 1] + 1
                } else {
                    shared[(row + 1) * width + column].max(shared[row * width + column + 1])
                };
            }
        }
    }
    let mut marked = Vec::new();
    let (mut row, mut column) = (0, 0);
    while compared && row < left.len() && column < right.len() {
        if left[row] == right[column] {
            marked.push((Mark::Same, left[row]));
            row += 1;
            column += 1;
        } else if shared[(row + 1) * width + column] >= shared[row * width + column + 1] {
            marked.push((Mark::Gone, left[row]));
            row += 1;
        } else {
            marked.push((Mark::New, right[column]));
            column += 1;
        }
    }
    marked.extend(left[row..].iter().map(|line| (Mark::Gone, *line)));
    marked.extend(right[column..].iter().map(|line| (Mark::New, *line)));
    marked
}

#[cfg(test)]
mod tests {
    use super::difference;

    fn plain(before: &str, after: &str) -> String {
        anstream::adapter::strip_str(&difference("a.mlc", before, after)).to_string()
    }

    #[test]
    fn only_what_is_near_a_change_is_shown() {
        let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let after = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n";
        assert_eq!(plain(before, after), "a.mlc\n@ line 3\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n 9\n+10\n");
        assert_eq!(plain("1\n2\n3\n4\n", "4\n"), "a.mlc\n@ line 1\n-1\n-2\n-3\n 4\n");
    }

    #[test]
    fn white_space_at_the_end_is_seen() {
        assert_eq!(plain("a \t\r\nb", "a\nb\n"), "a.mlc\n@ line 1\n-a·→␍\n-b  (no line end)\n+a\n+b\n");
    }
}
