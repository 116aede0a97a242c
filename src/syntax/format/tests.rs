//! The layout of chosen texts, and what holds for all texts.

use super::format;
use crate::diag::Sources;
use crate::syntax::{File, lexeme, parse};
use proptest::prelude::*;

/// The tree, if the text holds no errors.
fn read(text: &str) -> Option<File> {
    let mut sources = Sources::new();
    let id = sources.add("test.mlc", text);
    let parsed = parse(&sources, id);
    parsed.diagnostics.is_empty().then_some(parsed.file)
}

fn formatted(text: &str) -> String {
    let file = read(text).unwrap_or_else(|| panic!("this must be right:\n{text}"));
    format(text, &file).unwrap_or_else(|| panic!("something was lost:\n{text}"))
}

#[test]
fn what_stands_in_braces_on_one_line_stands_a_little_apart() {
    let text = "flow f {\n  map {\n    lines = [{ a = 1 b=2 }, {a = if x then { c = 1   d = 2 } else [] }]\n    \
                kind = match s { \"a\"=>1 \"b\", _ => 2 }\n  }\n}\n\ntest \"t\" {\n  flow f\n  given { a=1 b { c = 1 d = 2 } }\n  \
                expect posted { a == 1 b == 2, c == 3 }\n}\n";
    let wanted = "flow f {\n  map {\n    lines = [{ a = 1  b = 2 }, { a = if x then { c = 1  d = 2 } else [] }]\n    \
                  kind  = match s { \"a\" => 1  \"b\", _ => 2 }\n  }\n}\n\ntest \"t\" {\n  flow f\n  \
                  given { a = 1  b { c = 1  d = 2 } }\n  expect posted { a == 1  b == 2, c == 3 }\n}\n";
    assert_eq!(formatted(text), wanted);
    assert_eq!(formatted(wanted), wanted);
}

fn comments(text: &str) -> Vec<&str> {
    lexeme::cut(text).1.iter().map(|comment| text[comment.start..comment.end].trim_end()).collect()
}

/// A tree as text, without its places.
fn meaning(file: &File) -> String {
    let text = format!("{:?}", file.items);
    let mut meaning = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = ["Span { source", "offsets: ["].iter().filter_map(|mark| rest.find(mark)).min() {
        meaning.push_str(&rest[..at]);
        let end = if rest[at..].starts_with("Span") { " }" } else { "]" };
        rest = &rest[at..];
        rest = &rest[rest.find(end).map_or(rest.len(), |place| place + end.len())..];
    }
    meaning + rest
}

/// What must hold for every right text.
fn sound(text: &str) -> Result<(), String> {
    let Some(before) = read(text) else { return Ok(()) };
    let once = format(text, &before).ok_or_else(|| format!("something was lost in\n{text}"))?;
    let after = read(&once).ok_or_else(|| format!("{text}\nbecame unreadable:\n{once}"))?;
    if meaning(&before) != meaning(&after) {
        return Err(format!("{text}\nmeans something else now:\n{once}"));
    }
    if comments(text) != comments(&once) {
        return Err(format!("{text}\nhas other comments now:\n{once}"));
    }
    let twice = format(&once, &after).ok_or_else(|| format!("something was lost in\n{once}"))?;
    if once != twice {
        return Err(format!("{text}\nbecame\n{once}\nand then\n{twice}"));
    }
    if once.lines().any(|line| line.ends_with(' ')) || once.contains("\n\n\n") {
        return Err(format!("{text}\nis laid out badly:\n{once}"));
    }
    Ok(())
}

const DESIGN: &str = include_str!("../../../tests/corpus/later/design.mlc");
const ALL_RULES: &str = include_str!("../../../tests/corpus/right/all-rules.mlc");
const LOOKUP: &str = include_str!("../../../tests/corpus/right/lookup-optional.mlc");
const ODD: &str = r#"
lookup kind(a, b) -> (c, d) { 'x', "l # 1" => 'one' , 2
  _, _ => f(1, [2, -3]), not true
  from procore.vendors
    where is_active ?? true
  missing skip "none" }
flow f {
  from a.b as c per d where not (x) and c.d[ 1 : 2 ] in[1,2]
  where c.* * 2 - -1--c..[?@.a > 0.5 && @['b'] == 'x' ]['k'] <= 2026-10-31
  match q.r as s { # kept
    s.a == c.b
      and s.c
    ambiguous hold "x" }
  map { x = each each y as z { a = z } as w where w.a { b = each w.q as r { c = r
      d = r.c } } e = "{{ x }}"|take(3)|f
    let g = [
      each x as y { a = 1 }, (1 +
      2) * 3,
    ] else reject "no" h = 2026-10-31 ?? f() i = 5 }
  run every 15m
  reconcile daily at 05:00
    lookback 35d
  require a not
    in b else hold "b"
  to q.r { key a, b on change hold retry 5 times from 2s to 5m guard 5 % rejected,
    7 records
    settle receipts for 24h
    approve when a
      > 3
    mark =
      origin
  } }
use 'b.mlc'
fn net(item) = item.a
 + (if item.b then 1 else 2)
vars { a = 1
  long_name = { b = 2 c = match x { 'a' => 1 _ => 2 } } }
"#;
const QUICKSTART: &str = include_str!("../../../examples/quickstart.mlc");

const FILES: [&str; 5] = [DESIGN, ALL_RULES, LOOKUP, QUICKSTART, ODD];

#[test]
fn what_stands_together_is_aligned() {
    let text = "
# Two systems.
connect procore {sandbox}
connect qad { sandbox }
lookup kind ( a,b )->(c,d) { 'x','long' => 'one' , 2   # first
  # between
  _, 'y'=>'longer', -1 # second
  verify c in qad.accounts.code
  verify longer in qad.centers.code where active }
flow f { from a.b as c where not(x) and c.d[ 1 : 2 ] in[1,2]


  map { x=1
  longer = a- -b--c
  lines = each x as y { a = 1 }
  list = [
  1,2,
        3 ]
  let long_name = f (a)
    ?? 2
  z = 2 }
  # the end
  }
";
    let wanted = "# Two systems.
connect procore { sandbox }
connect qad     { sandbox }

lookup kind(a, b) -> (c, d) {
  'x', 'long' => 'one',    2    # first
  # between
  _,   'y'    => 'longer', -1   # second
  verify c      in qad.accounts.code
  verify longer in qad.centers.code where active
}

flow f {
  from a.b as c
  where not (x) and c.d[ 1 : 2 ] in [1, 2]

  map {
    x      = 1
    longer = a - -b - -c
    lines  = each x as y { a = 1 }
    list = [
      1, 2,
      3
    ]
    let long_name = f(a)
      ?? 2
    z = 2
  }
  # the end
}
";
    let text = text.replace("f (a)", "f(a)");
    assert_eq!(formatted(&text), wanted);
}

#[test]
fn what_extends_a_flow_is_laid_out_as_the_flow() {
    let text = "use 'a.mlc'
vars {
      a=1
   longer   = 2 }
extend flow f { map {
 a = 1


 b=
 2 } }
";
    let wanted = "use 'a.mlc'

vars {
  a      = 1
  longer = 2
}

extend flow f {
  map {
    a = 1

    b = 2
  }
}
";
    assert_eq!(formatted(text), wanted);
}

#[test]
fn nothing_is_laid_out_as_nothing() {
    for (text, wanted) in [("", ""), (" \n\n", ""), ("\n  # a  ", "# a\n"), ("# a\n\n\n#b", "# a\n\n#b\n")] {
        assert_eq!(formatted(text), wanted);
    }
}

#[test]
fn whole_files_keep_their_meaning() {
    for text in FILES {
        assert!(read(text).is_some(), "this must be right:\n{text}");
        sound(text).unwrap_or_else(|fault| panic!("{fault}"));
        if text == ODD {
            continue;
        }
        let squeezed: String = text.lines().map(|line| format!("{}\r\n", line.trim_start())).collect();
        assert_eq!(formatted(&squeezed), formatted(text));
    }
}

/// A right file with other white space and more comments between its lexemes.
fn respaced(text: &str, choices: &[u8]) -> String {
    let (lexemes, _) = lexeme::cut(text);
    let mut result = String::new();
    let mut at = 0;
    for (index, lexeme) in lexemes.iter().enumerate() {
        let between = &text[at..lexeme.start];
        let choice = choices.get(index % choices.len().max(1)).copied().unwrap_or(0);
        match (choice, between.contains('\n')) {
            (_, false) if between.is_empty() => {}
            (0, false) => result.push_str("   "),
            (1, false) => result.push('\n'),
            (2, false) => result.push_str(" # in between\n"),
            (3, true) => result.push_str("\n\n\n\n"),
            (4, true) => result.push_str("\n# above\n"),
            (5, true) => result.push_str(" # behind\n\n"),
            (6, true) => result.push(' '),
            (7, true) => result.push_str(" # one\n\n  # two\n\n\n"),
            (8, _) => result.push('\t'),
            _ => result.push_str(between),
        }
        result.push_str(lexeme.text(text));
        at = lexeme.end;
    }
    result.push_str(&text[at..]);
    result
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_white_space_and_comments_are_survived(
        choices in prop::collection::vec(0..24_u8, 1..400),
        which in 0..FILES.len(),
    ) {
        let text = FILES[which];
        sound(&respaced(text, &choices)).map_err(TestCaseError::fail)?;
    }

    /// One change at a time is more often still a right file.
    #[test]
    fn a_single_change_is_survived(at in 0..400_usize, choice in 0..9_u8, which in 0..FILES.len()) {
        let text = FILES[which];
        let mut choices = vec![99; 400];
        choices[at] = choice;
        let changed = respaced(text, &choices);
        sound(&changed).map_err(TestCaseError::fail)?;
    }
}
