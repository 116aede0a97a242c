//! Texts that no one wrote: large, deep, torn. The parser answers, soon and with few errors.

use super::{faults, flow, parsed};
use crate::syntax::limits::{MAX_BYTES, MAX_ERRORS};
use crate::syntax::{Clause, File, Item};
use proptest::prelude::*;

#[test]
fn what_is_too_large_deep_or_long_is_one_error() {
    for (text, code) in [
        ("x".repeat(10 << 20), "E0002"),
        ("\u{1}".repeat(100), "E0003"),
        (flow(&format!("where {}{}", "[".repeat(10_000), "]".repeat(10_000))), "E0004"),
        ("(".repeat(MAX_BYTES), "E0004"),
        (flow(&format!("where {}1", "1 + ".repeat(100_000))), "E0005"),
        (flow(&format!("where {}1", "not ".repeat(100_000))), "E0005"),
        (flow(&format!("where {}1", "-".repeat(100_000))), "E0005"),
        (flow(&format!("where a{}", " | f".repeat(100_000))), "E0005"),
    ] {
        let found = faults(&text);
        assert_eq!(found.len(), 1, "{:?}", &found[..found.len().min(3)]);
        assert_eq!(found[0].0, code);
    }
}

#[test]
fn what_is_just_allowed_is_read_cloned_and_dropped() {
    let chain = format!("{}1", "1 + ".repeat(250));
    let nested = format!("{}1{}", "f(1 + ".repeat(60), ")".repeat(60));
    for text in [chain, nested] {
        let (parsed, shown) = parsed(&flow(&format!("where {text}")));
        assert!(parsed.diagnostics.is_empty(), "{shown}");
        assert_eq!(parsed.file.clone(), parsed.file);
    }
}

#[test]
fn of_many_errors_the_first_are_shown_and_the_rest_counted() {
    let (parsed, _) = parsed(&flow(&"wher x\n".repeat(3000)));
    assert_eq!(parsed.diagnostics.len(), MAX_ERRORS + 1);
    let last = &parsed.diagnostics[MAX_ERRORS];
    assert_eq!((last.code.id, last.message.as_str()), ("E0006", "and 2980 more syntax errors"));
}

#[test]
fn errors_come_in_the_order_of_the_text() {
    let (parsed, _) = parsed("flow a {\n where (x\n wher y\n}\n}\n");
    let places: Vec<_> = parsed.diagnostics.iter().map(|fault| fault.label.span.start).collect();
    assert!(places.is_sorted() && places.len() == 3, "{places:?}");
}

/// Whether anything of a file was lost.
fn loses(file: &File) -> bool {
    let item = |item: &Item| match item {
        Item::Pipeline(pipeline) => !pipeline.lost.is_empty(),
        Item::Connect(connect) => !connect.lost.is_empty(),
        Item::Lookup(lookup) => !lookup.lost.is_empty(),
        Item::Flow(flow) | Item::Extend(flow) => {
            let clause = |clause: &Clause| match clause {
                Clause::Map(map) => !map.lost.is_empty(),
                Clause::To(to) => !to.lost.is_empty(),
                _ => false,
            };
            !flow.lost.is_empty() || flow.clauses.iter().any(clause)
        }
        Item::Vars(vars) => !vars.lost.is_empty(),
        Item::Notify(notify) => !notify.lost.is_empty(),
        Item::Test(test) => !test.lost.is_empty(),
        Item::Function(_) | Item::Constant(_) | Item::Use(_) => false,
    };
    !file.lost.is_empty() || file.items.iter().any(item)
}

const DESIGN: &str = include_str!("../../../tests/corpus/later/design.mlc");

fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "flow",
        "a",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "\"",
        "'",
        "\n",
        " ",
        "=",
        "=>",
        "->",
        "where",
        "map",
        "to",
        "from",
        "as",
        "let",
        "else",
        "hold",
        "\"x\"",
        "1",
        "2.5",
        "24h",
        ".",
        "..",
        "*",
        "each",
        "lookup",
        "connect",
        "pipeline",
        "|",
        "??",
        "not",
        "in",
        "-",
        "_",
        ",",
        "#",
        "“",
        "ü",
        "//",
        "\\",
        "$",
        "key",
        "retry",
        "guard",
        "%",
        "verify",
        "missing",
        "?@.a",
        "if",
        "then",
        "match",
        "fn",
        "vars",
        "notify",
        "digest",
        ":",
        "on",
        "until",
        "2026-10-01",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.join(" ").replace(" \n ", "\n"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        parsed(&text);
    }

    #[test]
    fn no_row_of_words_makes_it_panic(text in pieces()) {
        let (parsed, shown) = parsed(&text);
        prop_assert!(parsed.diagnostics.iter().all(|fault| fault.hint.is_some()), "{shown}");
        prop_assert!(!parsed.diagnostics.is_empty() || !loses(&parsed.file), "{text}");
    }

    /// A file with one stretch replaced has a diagnostic, or a tree without anything lost.
    #[test]
    fn no_change_of_a_right_file_makes_it_panic(at in 0..DESIGN.len(), length in 0..40_usize, put in pieces()) {
        let border = |mut at: usize| { while !DESIGN.is_char_boundary(at) { at -= 1 } at };
        let (start, end) = (border(at), border((at + length).min(DESIGN.len())));
        let text = format!("{}{put}{}", &DESIGN[..start], &DESIGN[end..]);
        let (parsed, _) = parsed(&text);
        prop_assert!(!parsed.diagnostics.is_empty() || !loses(&parsed.file), "{text}");
    }
}
