//! Wrong texts: each fault is found once, at its place, and hides nothing else.

use super::{faults, flow, parsed};
use crate::diag::all;
use crate::syntax::{Clause, Item};

fn codes(text: &str) -> Vec<&'static str> {
    faults(text).into_iter().map(|(code, ..)| code).collect()
}

/// The blocks in a language of an explain page.
fn examples(page: &str) -> Vec<&str> {
    page.split("```mlc\n").skip(1).filter_map(|part| part.split("```").next()).collect()
}

#[test]
fn each_page_s_wrong_file_has_its_fault_and_the_right_one_none() {
    let mut checked = 0;
    for code in all().iter().filter(|code| code.id.starts_with("E00") || code.id.starts_with("E01")) {
        assert!(code.page.starts_with(&format!("# {}: {}", code.id, code.title)), "the page of {}", code.id);
        let blocks = examples(code.page);
        if let [wrong, _] = blocks[..] {
            checked += 1;
            assert_eq!(codes(wrong), [code.id], "the wrong file of {}\n{}", code.id, parsed(wrong).1);
        }
        if let Some(right) = blocks.last() {
            assert_eq!(codes(right), [""; 0], "the right file of {}\n{}", code.id, parsed(right).1);
        }
    }
    assert!(checked >= 30, "{checked}");
}

#[test]
fn three_broken_blocks_give_three_errors_and_the_rest_a_tree() {
    let text = "pipeline \"a\" {\n  timezone: \"x\"\n  currency = \"USD\"\n}\nconnect qad { sandbox }\n\
                lookup d(a) -> (b) {\n  \"1\" -> \"2\"\n  \"3\" => \"4\"\n}\nflow f {\n  from p.r as i\n  wher i.x\n  let y = 1\n}\nflow g {\n  where x\n}\n";
    assert_eq!(faults(text), [("E0107", 2, 11), ("E0130", 7, 7), ("E0106", 12, 3)]);
    let file = parsed(text).0.file;
    let [Item::Pipeline(pipeline), Item::Connect(_), Item::Lookup(lookup), Item::Flow(f), Item::Flow(_)] =
        &file.items[..]
    else {
        panic!("{:?}", file.items)
    };
    assert_eq!((pipeline.settings.len(), &*pipeline.lost[0].name.as_ref().expect("a name").text), (1, "timezone"));
    assert_eq!((lookup.entries.len(), lookup.lost.len()), (1, 1));
    assert_eq!((f.clauses.len(), f.lost.len()), (2, 1));
}

#[test]
fn what_is_lost_keeps_its_name() {
    let (parsed, _) = parsed(&flow(
        "let a = \nlet b = 1\nto q.r {\n  key\n}\nmap {\n  c = ;\n  d = 1\n  e = each x as y {\n  f =\n }\n}",
    ));
    let Item::Flow(flow) = &parsed.file.items[0] else { panic!("a flow") };
    let lost = |lost: &crate::syntax::Lost| {
        (lost.keyword.as_deref().unwrap_or("").to_owned(), lost.name.as_ref().map_or("", |name| &name.text).to_owned())
    };
    assert_eq!(flow.lost.iter().map(lost).collect::<Vec<_>>(), [("let".to_owned(), "a".to_owned())]);
    let [Clause::Let(_), Clause::To(to), Clause::Map(map)] = &flow.clauses[..] else { panic!("{:?}", flow.clauses) };
    assert_eq!(lost(&to.lost[0]).0, "key");
    assert_eq!(map.lost.iter().map(|part| lost(part).1).collect::<Vec<_>>(), ["c", "e"]);
}

#[test]
fn a_missing_brace_is_one_error_at_the_brace_that_was_opened() {
    let text = "flow a {\n  map {\n    b = 1\n\n  require b == 1 else hold \"x\"\n  to q.r {\n    key b\n  }\n}\nflow c {\n  from p.r as i\n}\n";
    assert_eq!(faults(text), [("E0103", 2, 7)]);
    assert_eq!(parsed(text).0.file.items.len(), 2);
    assert_eq!(faults("flow a {\n  where x\n\nflow b {\n  where x\n}\n"), [("E0103", 1, 8)]);
    assert_eq!(faults("flow a {\nwhere x\n"), [("E0103", 1, 8)]);
    assert_eq!(faults("flow a {\n  where f(x\n  let y = [1\n}\n"), [("E0103", 2, 10), ("E0103", 3, 11)]);
}

#[test]
fn a_brace_too_many_is_one_error() {
    assert_eq!(faults("flow a {\n  map {\n    b = 1\n  }\n  }\n  where x\n}\nflow c {\n}\n"), [("E0104", 5, 3)]);
    assert_eq!(faults("connect a {\n  sandbox\n}\n}\n"), [("E0104", 4, 1)]);
    assert_eq!(faults("flow a\n  where x\n}\n"), [("E0127", 1, 7)]);
}

#[test]
fn an_unclosed_text_takes_the_blame_for_what_it_swallows() {
    assert_eq!(faults(&flow("map { a = \"b }\nwhere x")), [("E0102", 2, 11)]);
    assert_eq!(faults(&flow("where f(\"b)\nwhere x y")), [("E0102", 2, 9), ("E0131", 3, 9)]);
}

#[test]
fn every_foreign_sign_of_an_entry_is_found() {
    assert_eq!(codes(&flow("where a && b || c === d")), ["E0110", "E0110", "E0110"]);
    assert_eq!(codes(&flow("where a != null // don't")), ["E0112", "E0111"]);
    assert_eq!(codes(&flow("map {\n a = 1;\n b = 2,\n c = .5\n d = 1e5\n}")), ["E0109", "E0109", "E0113", "E0113"]);
}

#[test]
fn the_nearest_word_is_suggested() {
    for (text, meant) in [
        ("flwo a {\n}", "`flow`"),
        ("flow a {\n requires x\n}", "`require`"),
        ("flow a {\n let x = y else holt \"z\"\n}", "`hold`"),
        ("connect a {\n sandbx\n}", "`sandbox`"),
        ("lookup a(b) -> (c) {\n mising hold \"x\"\n}", "`missing`"),
        ("flow a {\n to b.c {\n  keys d\n }\n}", "`key`"),
        ("flow a {\n where b adn c\n}", "`and`"),
    ] {
        let (_, shown) = parsed(text);
        assert!(shown.contains(&format!("did you mean {meant}?")), "{shown}");
    }
}

#[test]
fn every_fault_says_how_to_mend_it() {
    for text in [
        "flow",
        "flow {",
        "connect a { x",
        "lookup a",
        "pipeline",
        "}",
        "\"a\"",
        "1",
        "=",
        "flow a { to }",
        "flow a { from }",
    ] {
        let (parsed, shown) = parsed(text);
        assert!(!parsed.diagnostics.is_empty(), "{text}");
        assert!(parsed.diagnostics.iter().all(|fault| fault.hint.is_some() && !fault.label.text.is_empty()), "{shown}");
    }
}

/// Each file begins with a comment that names its codes, in the order of the text.
#[test]
fn the_corpus_of_wrong_syntax_is_told_as_its_first_lines_say() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/wrong");
    let mut checked = 0;
    for entry in std::fs::read_dir(folder).expect("the corpus is part of the sources") {
        let path = entry.expect("the folder can be listed").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        if !name.starts_with("syntax-") || !name.ends_with(".mlc") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a corpus file is text");
        let said = text.trim_start_matches("# ").split(':').next().unwrap_or("");
        let mut wanted: Vec<_> = said.split(' ').collect();
        let mut found = codes(&text);
        wanted.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, wanted, "{name}\n{}", parsed(&text).1);
        checked += 1;
    }
    assert!(checked >= 40, "{checked}");
}
