//! What other languages write, and this one does not know anywhere: told lexeme by lexeme,
//! so that several in one entry are all found at once.

use crate::diag::{Diagnostic, SourceId, Span, codes};
use crate::syntax::lexeme::{Kind, Lexeme, Strange};
use crate::syntax::split::Cut;
use std::ops::Range;

/// All of them in a range.
pub fn find(cut: Cut, source: SourceId, range: &Range<usize>) -> Vec<Diagnostic> {
    range.clone().filter_map(|index| judge(cut, source, range, index)).collect()
}

fn judge(cut: Cut, source: SourceId, range: &Range<usize>, index: usize) -> Option<Diagnostic> {
    let lexeme = cut.lexemes[index];
    let span = Span::new(source, lexeme.start, lexeme.end);
    let text = lexeme.text(cut.text);
    match lexeme.kind {
        Kind::Strange(strange) => Some(strange_lexeme(strange, text, lexeme, source)),
        Kind::Sign => sign(text, span),
        Kind::Number => number(text, span),
        Kind::Word => absent(cut, range, index, text, span),
        _ => None,
    }
}

fn strange_lexeme(strange: Strange, text: &str, lexeme: Lexeme, source: SourceId) -> Diagnostic {
    let span = Span::new(source, lexeme.start, lexeme.end);
    match strange {
        Strange::UnclosedText => {
            let quote = &text[..1];
            Diagnostic::error(&codes::TEXT_NOT_CLOSED, span, "this text is never closed")
                .label(format!("the closing `{quote}` is missing on this line"))
                .hint(if quote == "'" {
                    "close the text with `'` on the same line; a text that holds `'` stands in double quotes".to_owned()
                } else {
                    "close the text with `\"` on the same line; a new line inside a text is written `\\n`, a quote `\\\"`".to_owned()
                })
        }
        Strange::ForeignComment => {
            let start = Span::new(source, lexeme.start, lexeme.start + 2);
            Diagnostic::error(&codes::FOREIGN_COMMENT, start, format!("a comment does not begin with `{}`", &text[..2]))
                .label("this begins no comment")
                .hint("write `#`: the rest of its line is a comment")
        }
        Strange::ForeignQuote => {
            let plain: String = text.chars().filter(|sign| !"“”„‘’«»`".contains(*sign)).collect();
            let hint = if plain.is_empty() {
                "write `\"` for a text with `{{ names }}`, `'` for a plain one".to_owned()
            } else {
                format!("write `\"{plain}\"`")
            };
            Diagnostic::error(&codes::FOREIGN_QUOTE, span, "these are not the quotes that a text stands in")
                .label("typographic quotes or backticks")
                .hint(hint)
        }
        Strange::Character => Diagnostic::error(&codes::UNKNOWN_CHARACTER, span, unknown(text))
            .label("unknown outside a text")
            .hint("names hold the letters a to z, digits and `_`; other characters stand in a text, in quotes"),
    }
}

fn unknown(text: &str) -> String {
    if text.chars().all(|sign| sign.is_alphanumeric() || sign == '_') {
        return format!("`{text}` cannot be a name: it holds other letters than a to z");
    }
    format!("`{}` stands for nothing here", text.escape_debug())
}

fn sign(text: &str, span: Span) -> Option<Diagnostic> {
    let operator = |right: &str| {
        Diagnostic::error(&codes::FOREIGN_OPERATOR, span, format!("`{text}` is no operator"))
            .label("unknown operator")
            .hint(format!("write `{right}`"))
    };
    Some(match text {
        "&&" | "&" => operator("and"),
        "||" => operator("or").hint("write `or` between conditions, `a ?? b` for a value where `a` is absent"),
        "===" => operator("=="),
        "!==" | "<>" => operator("!="),
        "!" => operator("not"),
        "|>" => operator("|"),
        "?." => operator("."),
        "++" | "+=" | "-=" | "^" | "~" | "\\" | "@" => {
            Diagnostic::error(&codes::FOREIGN_OPERATOR, span, format!("`{text}` is no operator"))
                .label("unknown operator")
                .hint("the operators are `or and not == != < <= > >= in ?? + - * / |`")
        }
        "?" => Diagnostic::error(&codes::FOREIGN_OPERATOR, span, "`?` is no operator")
            .label("unknown operator")
            .hint("for a value that may be absent write `value ?? instead`"),
        "$" => Diagnostic::error(&codes::DOLLAR_PATH, span, "a path does not begin with `$`")
            .label("a path begins with a name")
            .hint("begin with the name that `from … as` or `let` gave the record, as in `invoice.total`"),
        ";" => super::place::separator(text, span),
        _ => return None,
    })
}

fn number(text: &str, span: Span) -> Option<Diagnostic> {
    let wrong = |what: &str, hint: String| {
        Some(
            Diagnostic::error(&codes::BAD_NUMBER, span, format!("`{text}` is not how a number is written"))
                .label(what)
                .hint(hint),
        )
    };
    if text.starts_with('.') {
        return wrong("no digit before the point", format!("write `0{text}`"));
    }
    if text.ends_with('.') {
        return wrong("no digit after the point", format!("write `{text}0` or `{}`", text.trim_end_matches('.')));
    }
    if text.matches('.').count() > 1 {
        return wrong(
            "more than one point",
            "group digits with `_`, as in `9_000.00`; a version or an id is a text, in quotes".into(),
        );
    }
    let digits = text.trim_start_matches(|sign: char| sign.is_ascii_digit() || sign == '_' || sign == '.');
    if digits.starts_with(['e', 'E']) || text.starts_with("0x") {
        return wrong(
            "not a decimal number",
            "write all digits of the number; `_` may group them, as in `250_000`".into(),
        );
    }
    if text.contains('.') && !digits.is_empty() {
        return wrong(
            "letters stick to the number",
            "a length of time has no point: write `90m` for one and a half hours".into(),
        );
    }
    None
}

/// Words of other languages for a value that is not there.
fn absent(cut: Cut, range: &Range<usize>, index: usize, text: &str, span: Span) -> Option<Diagnostic> {
    let before = if index > range.start { cut.word(index - 1) } else { "" };
    let names_something = before == "." || before == ".." || cut.word(index + 1) == "=" || index == range.start;
    if !matches!(text, "null" | "nil" | "None" | "undefined") || names_something {
        return None;
    }
    Some(
        Diagnostic::error(&codes::NULL, span, format!("there is no `{text}` in this language"))
            .label("absence has no name")
            .hint("for a value that may be absent write `value ?? instead`, or `let name = value else hold \"…\"`"),
    )
}
