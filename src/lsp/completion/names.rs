//! Names and fields in expressions, by what the checker tells of a name that nobody has.

use super::super::analysis::Analysis;
use super::super::context::{Context, Sort};
use super::super::describe::record_in;
use super::super::view::View;
use super::entries::callable;
use super::offer::Offers;
use crate::model::observe::{Seen, Visible};
use crate::syntax::lexeme::Bracket;
use crate::value::RecordType;
use std::ops::Range;
use std::sync::Arc;

/// A name that no pipeline has.
const NOBODY: &str = "the_cursor_stands_here_";

/// What the checker would have known at the cursor.
enum Open {
    Names(Vec<Visible>),
    Fields(Arc<RecordType>),
    /// A value without fields.
    Nothing,
    Call,
}

pub fn offer(view: &View, context: &Context, offers: &mut Offers) {
    let words = context.words();
    if words.last() == Some(&"|") {
        callable(view, true, offers);
        return offers.functions(true);
    }
    match open(view, &context.word, &endings(context, &words)) {
        Some(Open::Fields(record)) => offers.fields(&record),
        Some(Open::Nothing) => {}
        Some(Open::Call) => {
            callable(view, true, offers);
            offers.functions(true);
        }
        Some(Open::Names(names)) => {
            names.iter().for_each(|name| offers.visible(name));
            callable(view, false, offers);
            offers.functions(false);
            offers.word("each");
            offers.snippet("if", " $1 then $2 else $0");
            offers.snippet("match", " $1 {\n  $2 => $0\n}");
            if context.blocks.iter().any(|block| block.sort == Sort::Flow) {
                offers.snippet("linked", "($1, $0)");
                offers.snippet("posted", "($1, $0)");
            }
        }
        None if words.last() == Some(&".") => {}
        None => continuations(&words, offers),
    }
}

/// Names and fields between `{{` and `}}`; `word` is what stands there of one.
pub fn offer_in_template(view: &View, word: Range<usize>, offers: &mut Offers) {
    let endings = ["", " }}", " }}\"", "\"", " }}\" }"].map(str::to_owned);
    match open(view, &word, &endings) {
        Some(Open::Fields(record)) => offers.fields(&record),
        Some(Open::Names(names)) => names.iter().for_each(|name| offers.visible(name)),
        Some(Open::Nothing | Open::Call) | None => {}
    }
}

/// After a whole value: how an entry may go on.
fn continuations(words: &[&str], offers: &mut Offers) {
    if matches!(words.first(), Some(&("require" | "let"))) {
        offers.snippet("else", " ${1|hold,reject,skip|} \"$0\"");
    }
    let choice = words.iter().rposition(|word| *word == "if").map(|choice| &words[choice..]);
    match choice {
        Some(choice) if !choice.contains(&"then") => offers.word("then"),
        Some(choice) if !choice.contains(&"else") => offers.word("else"),
        _ => {}
    }
    let each = words.iter().rposition(|word| *word == "each");
    if each.is_some_and(|each| !words[each..].contains(&"as")) {
        offers.word("as");
    }
    ["and", "or", "in", "not in", "where"].into_iter().for_each(|word| offers.word(word));
}

/// What may be missing after the cursor for the entry to be whole.
fn endings(context: &Context, words: &[&str]) -> Vec<String> {
    let closing: String = context.brackets.iter().rev().map(|bracket| closing(*bracket)).collect();
    let each = words.iter().rposition(|word| *word == "each");
    let tail = match each {
        Some(each) if words[each..].contains(&"as") => " { }",
        Some(_) => " as it { }",
        None if words.first() == Some(&"require") => " else hold \"\"",
        None if words.contains(&"match") => " { _ => 0 }",
        None if words.contains(&"if") && !words.contains(&"then") => " then 0",
        None if context.sort() == Some(Sort::Matching) => " == 0",
        None => "",
    };
    let mut endings = vec![String::new(), closing.clone(), tail.to_owned(), format!("{closing}{tail}")];
    endings.dedup();
    endings
}

fn closing(bracket: Bracket) -> char {
    match bracket {
        Bracket::Brace => '}',
        Bracket::Paren => ')',
        Bracket::List => ']',
    }
}

/// Reads the text with nobody's name at the cursor, with each ending in turn, at first with
/// the rest of the line and then without, until the checker meets the name.
fn open(view: &View, word: &Range<usize>, endings: &[String]) -> Option<Open> {
    tried(view, word, NOBODY, endings, |analysis| told(analysis, word.start))
}

/// Reads the text with other words in the place of `word`, with each ending in turn, until
/// something is found.
pub fn tried<T>(
    view: &View,
    word: &Range<usize>,
    instead: &str,
    endings: &[String],
    find: impl Fn(&Analysis) -> Option<T>,
) -> Option<T> {
    let text = &view.document.text;
    let (before, after) = (text.get(..word.start)?, text.get(word.end..)?);
    let line = after.find('\n').unwrap_or(after.len());
    for rest in [after, &after[line..]] {
        for ending in endings {
            let copy = [before, instead, ending, rest].concat();
            let analysis = Analysis::of_text(&view.document.path, copy.into(), view.open, view.house);
            if let Some(found) = find(&analysis) {
                return Some(found);
            }
        }
    }
    None
}

fn told(analysis: &Analysis, at: usize) -> Option<Open> {
    analysis.facts.all().find_map(|(span, seen)| {
        if span.source.0 != 0 || span.start as usize != at {
            return None;
        }
        match seen {
            Seen::Unknown { visible } => Some(Open::Names(visible.clone())),
            Seen::Field { of, .. } => Some(record_in(of).map_or(Open::Nothing, |record| Open::Fields(record.clone()))),
            Seen::UnknownFunction => Some(Open::Call),
            _ => None,
        }
    })
}
