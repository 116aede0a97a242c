//! Columns: lines of one kind that stand together are filled up with spaces.
//!
//! A run is a row of lines of one kind and one indent without an empty line between them;
//! comments on lines of their own belong to it. A line that goes on (with a block, or
//! with `else` on the next line) ends its run.

use super::line::{GAP, Line};

/// What kind of columns a line has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `name = value`, `let name = value`
    Assign,
    /// A row with so many patterns before its `=>`.
    Row(usize),
    /// `verify … in … where …`
    Verify,
    /// `connect name { … }` on one line.
    Connect,
}

pub fn align(lines: &mut [Line]) {
    for start in 0..lines.len() {
        if let Some((kind, columns)) = columns(&lines[start]) {
            let is_first = previous(lines, start).is_none_or(|before| lines_kind(&lines[before]) != Some(kind));
            if is_first {
                let run = run(lines, start, |line| lines_kind(line) == Some(kind));
                fill(lines, &run, columns.len());
            }
        }
    }
    for start in 0..lines.len() {
        if ends_in_comment(&lines[start]) && lines[start].gap == 0 {
            let run = comments(lines, start);
            let widest = run.iter().map(|at| lines[*at].width(usize::MAX)).max().unwrap_or_default();
            for at in run {
                lines[at].gap = widest + GAP - lines[at].width(usize::MAX);
            }
        }
    }
}

fn lines_kind(line: &Line) -> Option<Kind> {
    columns(line).map(|(kind, _)| kind)
}

/// The line of the same run that stands before this one.
fn previous(lines: &[Line], at: usize) -> Option<usize> {
    let mut index = at;
    while index > 0 && !lines[index].blank {
        index -= 1;
        if lines[index].indent != lines[at].indent {
            return None;
        }
        if !lines[index].is_comment() {
            return Some(index);
        }
    }
    None
}

/// The lines of the run that begins at `start`.
fn run(lines: &[Line], start: usize, belongs: impl Fn(&Line) -> bool) -> Vec<usize> {
    let mut run = vec![start];
    for (at, line) in lines.iter().enumerate().skip(start + 1) {
        if line.blank || line.indent != lines[start].indent {
            break;
        }
        if line.is_comment() {
            continue;
        }
        if !belongs(line) {
            break;
        }
        run.push(at);
    }
    run
}

/// The lines from `start` whose comments stand in one column.
fn comments(lines: &[Line], start: usize) -> Vec<usize> {
    let mut run = vec![start];
    if lines[start].opens() {
        return run;
    }
    for (at, line) in lines.iter().enumerate().skip(start + 1) {
        if line.blank || line.indent != lines[start].indent || line.opens() || line.is_broken() {
            break;
        }
        if ends_in_comment(line) {
            run.push(at);
        }
    }
    run
}

fn ends_in_comment(line: &Line) -> bool {
    !line.is_comment() && line.comment.is_some()
}

/// Fills up each column of a run in turn.
fn fill(lines: &mut [Line], run: &[usize], most: usize) {
    let mut column = 0;
    let mut longest = most;
    while column < longest {
        let places: Vec<(usize, usize)> = run
            .iter()
            .filter_map(|at| {
                let (_, columns) = columns(&lines[*at])?;
                longest = longest.max(columns.len());
                columns.get(column).map(|word| (*at, *word))
            })
            .collect();
        let widest = places.iter().map(|(at, word)| lines[*at].width(*word)).max().unwrap_or_default();
        for (at, word) in places {
            let width = lines[at].width(word);
            lines[at].words[word].spaces = widest - width + 1;
        }
        column += 1;
    }
}

/// The kind of a line, and the words before which its columns end.
fn columns(line: &Line) -> Option<(Kind, Vec<usize>)> {
    if !line.begins || line.is_broken() {
        return None;
    }
    if line.first() == "connect" && line.last() == "}" {
        return Some((Kind::Connect, vec![find(line, "{")?]));
    }
    if line.opens() {
        return None;
    }
    let name = usize::from(line.first() == "let");
    if line.text(name + 1) == "=" {
        return Some((Kind::Assign, vec![name + 1]));
    }
    if line.first() == "verify" {
        let mut columns = vec![find(line, "in")?];
        columns.extend(find(line, "where"));
        return Some((Kind::Verify, columns));
    }
    row(line)
}

fn find(line: &Line, word: &str) -> Option<usize> {
    line.words.iter().position(|other| other.text == word)
}

/// `pattern, pattern => value, value`
fn row(line: &Line) -> Option<(Kind, Vec<usize>)> {
    let mut depth = 0_usize;
    let mut columns = Vec::new();
    let mut patterns = None;
    for (at, word) in line.words.iter().enumerate() {
        match word.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "," if depth == 0 && at + 1 < line.words.len() => columns.push(at + 1),
            "=>" if depth == 0 && patterns.is_none() => {
                columns.push(at);
                patterns = Some(columns.len());
            }
            _ => {}
        }
    }
    patterns.map(|patterns| (Kind::Row(patterns), columns))
}
