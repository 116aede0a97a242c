//! Findings for people and as data: the one renderer.
//!
//! Takes diagnostics of any phase with the sources that they point into. Spans are made
//! fit first (inside their text, on character borders), so that a wrong span costs
//! precision, never a panic.

use super::{Diagnostic, Label, Severity, Source, SourceId, Sources, Span};
use annotate_snippets::renderer::{DecorStyle, Renderer};
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Snippet};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::Range;

/// How a rendering looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// For files, pipes and snapshots.
    Plain,
    /// For a terminal.
    Colour,
}

/// All diagnostics, in order, with an empty line after each.
pub fn render(diagnostics: &[Diagnostic], sources: &Sources, style: Style) -> String {
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Colour => Renderer::styled(),
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    diagnostics.iter().map(|diagnostic| one(diagnostic, sources, &renderer) + "\n\n").collect()
}

fn one(diagnostic: &Diagnostic, sources: &Sources, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let message = printable(&diagnostic.message);
    let title = level.primary_title(message).id(diagnostic.code.id);
    let excerpts = excerpts(diagnostic, sources);
    let mut group = Group::with_title(title);
    for excerpt in &excerpts {
        let annotations = excerpt.places.iter().map(|place| {
            let annotation: Annotation = place.kind.span(place.range.clone());
            if place.text.is_empty() { annotation } else { annotation.label(place.text.as_str()) }
        });
        group = group.element(
            Snippet::source(excerpt.text.as_str())
                .line_start(excerpt.line)
                .path(excerpt.path.as_str())
                .annotations(annotations),
        );
    }
    if let Some(hint) = &diagnostic.hint {
        group = group.element(Level::HELP.message(printable(hint)));
    }
    renderer.render(&[group])
}

/// What is shown of one source.
struct Excerpt {
    path: String,
    text: String,
    /// Of the text's first line, from 1.
    line: usize,
    places: Vec<Place>,
}

struct Place {
    kind: AnnotationKind,
    range: Range<usize>,
    text: String,
}

/// The sources that a diagnostic touches: that of its own place first.
fn excerpts(diagnostic: &Diagnostic, sources: &Sources) -> Vec<Excerpt> {
    let mut places: BTreeMap<SourceId, Vec<Place>> = BTreeMap::new();
    let mut order = Vec::new();
    let related = diagnostic.related.iter().map(|label| (AnnotationKind::Context, label));
    for (kind, label) in std::iter::once((AnnotationKind::Primary, &diagnostic.label)).chain(related) {
        let Some(source) = sources.get(label.span.source) else { continue };
        if !order.contains(&label.span.source) {
            order.push(label.span.source);
        }
        let place = Place { kind, range: fit(&source.text, label.span), text: printable(&label.text) };
        places.entry(label.span.source).or_default().push(place);
    }
    order.into_iter().filter_map(|id| Some(excerpt(sources.get(id)?, places.remove(&id)?))).collect()
}

/// The lines around the places, so that a long text is not worked through for each finding.
fn excerpt(source: &Source, mut places: Vec<Place>) -> Excerpt {
    let text = &source.text;
    let first = places.iter().map(|place| place.range.start).min().unwrap_or(0);
    let last = places.iter().map(|place| place.range.end).max().unwrap_or(0);
    let start = text[..first].rfind('\n').map_or(0, |at| at + 1);
    let end = text[last..].find('\n').map_or(text.len(), |at| last + at);
    for place in &mut places {
        place.range = place.range.start - start..place.range.end - start;
    }
    let line = text[..start].matches('\n').count() + 1;
    Excerpt { path: source.path.display().to_string(), text: shown(&text[start..end]), line, places }
}

/// A span as a range of a text: inside it, on character borders, and in front of the line
/// break where a span begins on one.
fn fit(text: &str, span: Span) -> Range<usize> {
    let border = |at: u32| {
        let mut at = (at as usize).min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (border(span.start), border(span.end.max(span.start)));
    if end > start {
        return start..end;
    }
    // At the end of a text that ends in a line break, the last line with text is meant.
    if start == text.len() {
        let last = text.trim_end().len();
        return last..last;
    }
    start..start
}

/// The text as it can be printed, byte for byte as long: control characters would move
/// the cursor, so each is a blank. Line breaks and tabs stay.
fn shown(text: &str) -> String {
    text.chars()
        .map(|sign| match sign {
            '\n' | '\t' | '\r' => sign,
            _ if sign.is_control() && sign.len_utf8() == 1 => ' ',
            _ if sign.is_control() => '\u{a0}',
            _ => sign,
        })
        .collect()
}

/// Words of ours that may quote the user's text.
fn printable(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() && sign != '\n' { '\u{fffd}' } else { sign }).collect()
}

/// All diagnostics as a list of objects.
pub fn render_json(diagnostics: &[Diagnostic], sources: &Sources) -> Value {
    diagnostics.iter().map(|diagnostic| object(diagnostic, sources)).collect()
}

fn object(diagnostic: &Diagnostic, sources: &Sources) -> Value {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut object = json!({
        "code": diagnostic.code.id,
        "severity": severity,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
    });
    let related: Vec<_> = diagnostic.related.iter().map(|label| place(label, sources)).collect();
    if let (Value::Object(object), Value::Object(place)) = (&mut object, place(&diagnostic.label, sources)) {
        object.extend(place);
        object.insert("related".to_owned(), related.into());
    }
    object
}

/// `file`, `line`, `column`, `end_line`, `end_column`, `label`; lines and columns from 1,
/// columns in characters, the end just behind the last.
fn place(label: &Label, sources: &Sources) -> Value {
    let Some(source) = sources.get(label.span.source) else {
        return json!({ "file": null, "line": 1, "column": 1, "end_line": 1, "end_column": 1, "label": label.text });
    };
    let range = fit(&source.text, label.span);
    let at = |offset| sources.position(Span::new(label.span.source, offset, offset));
    let ((line, column), (end_line, end_column)) = (at(range.start), at(range.end));
    json!({
        "file": source.path.display().to_string(),
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "label": label.text,
    })
}

#[cfg(test)]
mod tests {
    use super::{Style, render, render_json};
    use crate::diag::{Diagnostic, SourceId, Sources, Span, codes};

    fn sources(text: &str) -> (Sources, SourceId) {
        let mut sources = Sources::new();
        let id = sources.add("a.mlc", text);
        (sources, id)
    }

    fn finding(id: SourceId, start: usize, end: usize) -> Diagnostic {
        Diagnostic::error(&codes::UNEXPECTED, Span::new(id, start, end), "it is wrong")
            .label("here")
            .hint("write it right")
    }

    #[test]
    fn code_place_label_and_hint_are_shown() {
        let (sources, id) = sources("flow a {\n  wher x\n}\n");
        let text = render(&[finding(id, 11, 15)], &sources, Style::Plain);
        assert_eq!(
            text,
            "error[E0101]: it is wrong\n --> a.mlc:2:3\n  |\n2 |   wher x\n  |   ^^^^ here\n  |\n  = help: write it right\n\n"
        );
    }

    #[test]
    fn a_related_place_may_lie_in_another_source() {
        let (mut sources, id) = sources("lookup a");
        let csv = sources.add("codes.csv", "code,account\n01,5100\n01,5200\n");
        let diagnostic = finding(id, 0, 6).related(Span::new(csv, 13, 15), "first row");
        let text = render(&[diagnostic], &sources, Style::Plain);
        assert!(text.contains("codes.csv:2:1") && text.contains("first row"), "{text}");
    }

    #[test]
    fn no_span_is_too_odd_to_show() {
        for text in ["", "\n", "a\r\n\tb = “ü”\r\n", "日本 = x", "a\u{0}\u{85}b"] {
            let (sources, id) = sources(text);
            for start in 0..text.len() + 3 {
                for end in [start.saturating_sub(1), start, start + 1, start + 2, usize::MAX] {
                    let rendered = render(&[finding(id, start, end)], &sources, Style::Plain);
                    assert!(rendered.contains("it is wrong"), "{rendered}");
                    assert_eq!(render_json(&[finding(id, start, end)], &sources)[0]["code"], "E0101");
                }
            }
        }
        let (sources, _) = sources("a");
        let rendered = render(&[finding(SourceId(9), 0, 1)], &sources, Style::Plain);
        assert!(rendered.contains("it is wrong") && rendered.contains("write it right"), "{rendered}");
    }

    #[test]
    fn json_counts_columns_in_characters() {
        let (sources, id) = sources("ü = 1\nb");
        let json = render_json(&[finding(id, 3, 4)], &sources);
        assert_eq!((&json[0]["line"], &json[0]["column"], &json[0]["end_column"]), (&1.into(), &3.into(), &4.into()));
    }

    #[test]
    fn colour_is_only_for_terminals() {
        let (sources, id) = sources("a");
        assert!(render(&[finding(id, 0, 1)], &sources, Style::Colour).contains('\u{1b}'));
        assert!(!render(&[finding(id, 0, 1)], &sources, Style::Plain).contains('\u{1b}'));
    }
}
