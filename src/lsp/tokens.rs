//! Colours by meaning: what each word is, as the checker knows it.
//!
//! Words of the language, names, fields, systems and resources, also between the braces of
//! a text. Tokens are told in the order of the text and never overlap.

use super::facts::Facts;
use super::keywords;
use super::view::View;
use crate::model::observe::{Giver, Seen};
use crate::syntax::Item;
use crate::syntax::lexeme::{Kind, Lexeme};
use lsp_types::{SemanticToken, SemanticTokenModifier, SemanticTokenType, SemanticTokens, SemanticTokensLegend};
use std::collections::{BTreeMap, BTreeSet};

/// What a token is, in the order of the legend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sort {
    Keyword,
    Variable,
    Parameter,
    Property,
    Function,
    System,
    Resource,
    Text,
    Number,
    Comment,
}

/// The bit of a name where it is given.
const DECLARED: u32 = 1;
/// The bit of a name that holds for the whole file.
const CONSTANT: u32 = 2;

pub fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend {
        token_types: vec![
            SemanticTokenType::KEYWORD,
            SemanticTokenType::VARIABLE,
            SemanticTokenType::PARAMETER,
            SemanticTokenType::PROPERTY,
            SemanticTokenType::FUNCTION,
            SemanticTokenType::NAMESPACE,
            SemanticTokenType::CLASS,
            SemanticTokenType::STRING,
            SemanticTokenType::NUMBER,
            SemanticTokenType::COMMENT,
        ],
        token_modifiers: vec![SemanticTokenModifier::DECLARATION, SemanticTokenModifier::READONLY],
    }
}

/// A run of bytes on one line.
#[derive(Clone, Copy)]
struct Token {
    start: usize,
    end: usize,
    sort: Sort,
    modifiers: u32,
}

pub fn tokens(view: &View) -> SemanticTokens {
    let meanings = meanings(&view.analysis.facts);
    let declared = declared(view);
    let mut tokens = Vec::new();
    for comment in &view.analysis.file.comments {
        let (start, end) = (comment.span.start as usize, comment.span.end as usize);
        tokens.push(Token { start, end, sort: Sort::Comment, modifiers: 0 });
    }
    for (index, lexeme) in view.analysis.lexemes.iter().enumerate() {
        match lexeme.kind {
            Kind::Word => tokens.extend(word(view, index, &meanings, &declared)),
            Kind::Number => {
                tokens.push(Token { start: lexeme.start, end: lexeme.end, sort: Sort::Number, modifiers: 0 });
            }
            Kind::Template | Kind::Plain => text(lexeme, &meanings, &mut tokens),
            Kind::Open(_) | Kind::Close(_) | Kind::Sign | Kind::Strange(_) => {}
        }
    }
    tokens.sort_by_key(|token| token.start);
    SemanticTokens { result_id: None, data: relative(view, &tokens) }
}

/// What the checker said of the bytes of this file: start to end, sort and modifiers.
type Meanings = BTreeMap<usize, (usize, Sort, u32)>;

fn meanings(facts: &Facts) -> Meanings {
    let mut meanings = Meanings::new();
    for (span, seen) in facts.all().filter(|(span, _)| span.source.0 == 0 && span.end > span.start) {
        let Some((sort, modifiers)) = meaning(seen) else { continue };
        meanings.insert(span.start as usize, (span.end as usize, sort, modifiers));
    }
    meanings
}

fn meaning(seen: &Seen) -> Option<(Sort, u32)> {
    let of = |giver: Giver| match giver {
        Giver::Alias => (Sort::Parameter, 0),
        Giver::Let => (Sort::Variable, 0),
        Giver::Field => (Sort::Property, 0),
        Giver::Constant | Giver::Var => (Sort::Variable, CONSTANT),
    };
    match seen {
        Seen::Given { giver, .. } => Some(of(*giver)).map(|(sort, bits)| (sort, bits | DECLARED)),
        Seen::Name { giver, .. } => Some(of(*giver)),
        Seen::Field { ty: Some(_), .. } => Some((Sort::Property, 0)),
        Seen::Function(_) | Seen::Lookup { .. } | Seen::Declared { .. } => Some((Sort::Function, 0)),
        Seen::Connection { .. } | Seen::ConnectionName { .. } => Some((Sort::System, 0)),
        Seen::Resource { .. } => Some((Sort::Resource, 0)),
        Seen::Field { ty: None, .. } | Seen::Unknown { .. } | Seen::UnknownFunction => None,
    }
}

/// Names of lookups, flows and functions where they are declared.
fn declared(view: &View) -> BTreeSet<usize> {
    let name = |item: &Item| match item {
        Item::Lookup(lookup) => Some(lookup.name.span),
        Item::Flow(flow) | Item::Extend(flow) => Some(flow.name.span),
        Item::Function(function) => Some(function.name.span),
        _ => None,
    };
    view.analysis.file.items.iter().filter_map(name).map(|span| span.start as usize).collect()
}

fn word(view: &View, index: usize, meanings: &Meanings, declared: &BTreeSet<usize>) -> Option<Token> {
    let text = &view.analysis.text;
    let lexeme = view.analysis.lexemes.get(index)?;
    let (start, end) = (lexeme.start, lexeme.end);
    if declared.contains(&start) {
        return Some(Token { start, end, sort: Sort::Function, modifiers: DECLARED });
    }
    // The place of a field begins at its dot.
    let dotted = start > 0 && text.as_bytes().get(start - 1) == Some(&b'.');
    let known = meanings.get(&start).or_else(|| meanings.get(&start.checked_sub(1)?).filter(|_| dotted));
    if let Some((_, sort, modifiers)) = known.filter(|(until, ..)| *until == end) {
        return Some(Token { start, end, sort: *sort, modifiers: *modifiers });
    }
    let next = view.analysis.lexemes.get(index + 1).map_or("", |lexeme| lexeme.text(text));
    match (dotted, next) {
        (true, _) => Some(Token { start, end, sort: Sort::Property, modifiers: 0 }),
        (false, "=") => Some(Token { start, end, sort: Sort::Property, modifiers: DECLARED }),
        (false, _) => {
            keywords::text(lexeme.text(text))?;
            Some(Token { start, end, sort: Sort::Keyword, modifiers: 0 })
        }
    }
}

/// A text, without the names that stand in its braces, which are told by themselves.
fn text(lexeme: &Lexeme, meanings: &Meanings, tokens: &mut Vec<Token>) {
    let mut done = lexeme.start;
    for (start, (end, sort, modifiers)) in meanings.range(lexeme.start + 1..lexeme.end) {
        if *start < done || *end > lexeme.end {
            continue;
        }
        if *start > done {
            tokens.push(Token { start: done, end: *start, sort: Sort::Text, modifiers: 0 });
        }
        tokens.push(Token { start: *start, end: *end, sort: *sort, modifiers: *modifiers });
        done = *end;
    }
    if done < lexeme.end {
        tokens.push(Token { start: done, end: lexeme.end, sort: Sort::Text, modifiers: 0 });
    }
}

/// As the protocol wants them: each by its distance from the one before.
fn relative(view: &View, tokens: &[Token]) -> Vec<SemanticToken> {
    let (mut line, mut column, mut done) = (0, 0, 0);
    let mut data = Vec::with_capacity(tokens.len());
    for token in tokens.iter().filter(|token| token.end > token.start) {
        let range = view.document.range(token.start, token.end, view.encoding);
        if token.start < done || range.end.line != range.start.line {
            continue;
        }
        let delta_line = range.start.line - line;
        let delta_start = if delta_line == 0 { range.start.character - column } else { range.start.character };
        data.push(SemanticToken {
            delta_line,
            delta_start,
            length: range.end.character - range.start.character,
            token_type: token.sort as u32,
            token_modifiers_bitset: token.modifiers,
        });
        (line, column, done) = (range.start.line, range.start.character, token.end);
    }
    data
}
