//! Values that a field is known to take, where one is compared, matched or mapped.

use super::super::context::{Context, Sort};
use super::super::describe::record_in;
use super::super::facts::Facts;
use super::super::target;
use super::super::view::View;
use super::names::tried;
use super::offer::Offers;
use crate::model::observe::Seen;
use crate::syntax::lexeme::Kind;
use std::ops::Range;
use std::sync::Arc;

/// How the values are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Quotes {
    /// The cursor stands between quotes already.
    There,
    /// Quotes have to be written with the value.
    Missing,
}

struct Known {
    values: Vec<Arc<str>>,
    closed: bool,
}

/// Offers the known values of what stands before the cursor. `place` is the text or word
/// that one of them would replace.
pub fn offer(view: &View, context: &Context, place: Range<usize>, quotes: Quotes, offers: &mut Offers) {
    let Some(known) =
        mapped(view, context).or_else(|| setting(view, context)).or_else(|| compared(view, context, place))
    else {
        return;
    };
    let note = if known.closed { "no other can come" } else { "known; others may come" };
    for value in &known.values {
        match quotes {
            Quotes::There => offers.known_value(value, note),
            Quotes::Missing => offers.known_value(&format!("\"{value}\""), note),
        }
    }
}

/// In a block, after `field =`: what the target takes.
fn mapped(view: &View, context: &Context) -> Option<Known> {
    let words = context.words();
    let (name, "=") = (*words.first()?, *words.get(1)?) else { return None };
    if words.len() != 2 {
        return None;
    }
    let field = target::around(view, context)?.fields.get(name)?;
    let values = field.values.iter().map(|value| Arc::from(value.as_str())).collect();
    Some(Known { values, closed: field.closed })
}

/// In a `connect` block, after `setting =`: what the connector knows.
fn setting(view: &View, context: &Context) -> Option<Known> {
    let words = context.words();
    let [name, "="] = words.as_slice() else { return None };
    let block = context.block().filter(|block| block.sort == Sort::Connect)?;
    let system = context.texts(block.head.clone()).get(1).copied()?;
    let spec = view.catalogue(system)?.settings.get(*name).filter(|spec| !spec.values.is_empty())?;
    Some(Known { values: spec.values.iter().map(|value| Arc::from(value.as_str())).collect(), closed: true })
}

/// Beside `==`, in a list after `in`, in an arm of a `match`.
fn compared(view: &View, context: &Context, place: Range<usize>) -> Option<Known> {
    let subject = subject(view, context)?;
    let at = context.lexemes.get(subject).filter(|lexeme| lexeme.kind == Kind::Word)?.start;
    let arm = if context.sort() == Some(Sort::Cases) { " => 0" } else { "" };
    let endings: Vec<String> = ["", "]", ")", "])", " then 0", "] then 0", " else hold \"\"", "] else hold \"\"", " }"]
        .iter()
        .map(|ending| format!("{arm}{ending}"))
        .collect();
    known(&view.analysis.facts, at)
        .or_else(|| tried(view, &place, "\"\"", &endings, |analysis| known(&analysis.facts, at)))
}

/// The lexeme that names what a value here is held against.
fn subject(view: &View, context: &Context) -> Option<usize> {
    let text = &view.analysis.text;
    let word = |index: usize| context.lexemes.get(index).map_or("", |lexeme| lexeme.text(text));
    let last = context.entry.end.checked_sub(1).filter(|last| context.entry.contains(last));
    if let Some(last) = last.filter(|last| matches!(word(*last), "==" | "!=")) {
        return last.checked_sub(1);
    }
    if let Some(open) = list_before(context, &word) {
        let before = open.checked_sub(1).filter(|before| word(*before) == "in")?.checked_sub(1)?;
        return if word(before) == "not" { before.checked_sub(1) } else { Some(before) };
    }
    let block = context.block().filter(|block| block.sort == Sort::Cases)?;
    let in_patterns = context.entry.clone().all(|index| word(index) != "=>");
    if in_patterns { block.open.checked_sub(1) } else { None }
}

/// The `[` of a list that the cursor stands in, with values and commas between.
fn list_before<'t>(context: &Context, word: &impl Fn(usize) -> &'t str) -> Option<usize> {
    let plain = |kind: Kind| matches!(kind, Kind::Template | Kind::Plain | Kind::Number);
    let passed = |index: &usize| word(*index) == "," || context.lexemes.get(*index).is_some_and(|l| plain(l.kind));
    let before = context.entry.clone().rev().find(|index| !passed(index))?;
    (word(before) == "[").then_some(before)
}

fn known(facts: &Facts, at: usize) -> Option<Known> {
    let (_, Seen::Field { of, name, ty: Some(_) }) = facts.at(at)? else { return None };
    let field = record_in(of)?.fields.get(name)?;
    (!field.values.is_empty()).then(|| Known { values: field.values.clone(), closed: field.closed })
}
