//! Right texts and their trees.

use super::{file, flow};
use crate::diag::{SourceId, Sources, Span};
use crate::syntax::{
    Arm, ArmPattern, Clause, Expr, ExprKind, File, Flow, Item, LookupEntry, MapEntry, Pattern, Rule, SegmentKind,
    Template, parse, parse_path,
};

/// An expression as text with all its brackets: what the tree says, and nothing of the layout.
fn shape(expr: &Expr) -> String {
    let list = |exprs: &[Expr]| exprs.iter().map(shape).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Plain(text) => format!("'{text}'"),
        ExprKind::Template(template) => format!("\"{}\"", template.text),
        ExprKind::Integer(number) => number.to_string(),
        ExprKind::Decimal(number) => number.to_string(),
        ExprKind::Boolean(value) => value.to_string(),
        ExprKind::Date(date) => format!("date {date}"),
        ExprKind::Duration(span) => format!("span {}", crate::value::render_duration(*span)),
        ExprKind::List(items) => format!("[{}]", list(items)),
        ExprKind::Path(path) => {
            let segment = |kind: &SegmentKind| match kind {
                SegmentKind::Field(name) => format!(".{name}"),
                SegmentKind::Index(index) => format!("[{index}]"),
                SegmentKind::Wildcard => "[*]".to_owned(),
                SegmentKind::Query(text) => format!("<{text}>"),
            };
            path.segments.iter().fold(path.root.text.to_string(), |text, part| text + &segment(&part.kind))
        }
        ExprKind::Call { name, arguments } => format!("{}({})", name.text, list(arguments)),
        ExprKind::Pipe { value, name, arguments } => format!("({} | {}({}))", shape(value), name.text, list(arguments)),
        ExprKind::Not(value) => format!("(not {})", shape(value)),
        ExprKind::Negate(value) => format!("(-{})", shape(value)),
        ExprKind::Binary { operator, left, right, .. } => {
            format!("({} {} {})", shape(left), operator.word(), shape(right))
        }
        ExprKind::Each(each) => {
            let filter = each.filter.as_ref().map(|filter| format!(" where {}", shape(filter))).unwrap_or_default();
            format!("each {} as {}{filter} {{{}}}", shape(&each.list), each.alias.text, each.body.entries.len())
        }
        ExprKind::Record(body) => format!("{{{}}}", body.entries.len()),
        ExprKind::If(choice) => {
            let otherwise =
                choice.otherwise.as_ref().map(|value| format!(" else {}", shape(value))).unwrap_or_default();
            format!("(if {} then {}{otherwise})", shape(&choice.condition), shape(&choice.then))
        }
        ExprKind::Match(cases) => {
            let pattern = |pattern: &ArmPattern| match pattern {
                ArmPattern::Any(_) => "_".to_owned(),
                ArmPattern::Literal(literal) => shape(literal),
            };
            let arm = |arm: &Arm| {
                let patterns: Vec<String> = arm.patterns.iter().map(pattern).collect();
                format!("{} => {}", patterns.join(", "), shape(&arm.value))
            };
            format!("match {} {{{}}}", shape(&cases.value), cases.arms.iter().map(arm).collect::<Vec<_>>().join("; "))
        }
        ExprKind::Within { value, segments } => {
            let steps = segments.iter().map(|segment| match &segment.kind {
                SegmentKind::Field(name) => format!(".{name}"),
                other => format!("{other:?}"),
            });
            format!("({}){}", shape(value), steps.collect::<String>())
        }
        ExprKind::On { call, day } => format!("{} on {}", shape(call), shape(day)),
    }
}

#[test]
fn a_call_is_stepped_into_at_once() {
    assert_eq!(condition("dimension(a, b).gl_account == 'x'"), "((dimension(a, b)).gl_account == 'x')");
    assert_eq!(condition("account(c).gl on invoice.day == 'x'"), "((account(c) on invoice.day).gl == 'x')");
    assert_eq!(condition("first(items).amount | round(2) > 0"), "(((first(items)).amount | round(2)) > 0)");
    assert_eq!(condition("match n { -1, - 2.5 => true _ => false }"), "match n {-1, -2.5 => true; _ => false}");
}

fn first_flow(file: &File) -> &Flow {
    let flow = file.items.iter().find_map(|item| if let Item::Flow(flow) = item { Some(flow) } else { None });
    flow.expect("the text has a flow")
}

/// The shape of `where EXPR`.
fn condition(text: &str) -> String {
    let file = file(&flow(&format!("where {text}")));
    match &first_flow(&file).clauses[..] {
        [Clause::Where { condition, .. }] => shape(condition),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_design_s_file_is_read_whole() {
    let text = include_str!("../../../tests/corpus/later/design.mlc");
    let file = file(text);
    let word = |item: &Item| match item {
        Item::Pipeline(pipeline) => format!("pipeline {}", pipeline.settings.len()),
        Item::Connect(connect) => format!("connect {} {}", connect.name.text, connect.settings.len()),
        Item::Lookup(lookup) => format!("lookup {} {}", lookup.name.text, lookup.entries.len()),
        Item::Flow(flow) => format!("flow {} {}", flow.name.text, flow.clauses.len()),
        Item::Function(function) => format!("fn {}", function.name.text),
        Item::Constant(constant) => format!("let {}", constant.name.text),
        Item::Vars(vars) => format!("vars {}", vars.entries.len()),
        Item::Test(test) => format!("test {}", test.entries.len()),
        Item::Use(_) => "use".to_owned(),
        Item::Extend(_) => "extend".to_owned(),
        Item::Notify(notify) => format!("notify {}", notify.rules.len()),
    };
    assert_eq!(
        file.items.iter().map(word).collect::<Vec<_>>(),
        [
            "pipeline 2",
            "connect procore 2",
            "connect qad 5",
            "lookup dimension 6",
            "flow vendors 5",
            "flow subcontractor_invoices 8",
            "test 3"
        ]
    );
    assert_eq!(file.comments.len(), text.matches('#').count());
    assert!(file.comments[0].own_line && !file.comments[1].own_line);
}

#[test]
fn precedence_is_as_the_grammar_says() {
    assert_eq!(condition("a or b and not c == d + e * -f"), "(a or (b and (not (c == (d + (e * (-f)))))))");
    assert_eq!(condition("a - b - c"), "((a - b) - c)");
    assert_eq!(condition("a ?? b ?? c"), "(a ?? (b ?? c))");
    assert_eq!(condition("a ?? \"x\" | take(40)"), "(a ?? (\"x\" | take(40)))");
    assert_eq!(condition("(a ?? \"x\") | take(40)"), "((a ?? \"x\") | take(40))");
    assert_eq!(condition("-a | abs | round(2)"), "(-((a | abs()) | round(2)))");
    assert_eq!(condition("a.status not in [\"x\", \"y\",]"), "(a.status not in [\"x\", \"y\"])");
    assert_eq!(condition("(a == b) == c"), "((a == b) == c)");
}

#[test]
fn literals_have_their_types() {
    assert_eq!(
        condition("x in [9_000.00, 250_000, true, 2026-10-31, 24h, 250ms, 'a\\n', -1]"),
        "(x in [9000.00, 250000, true, date 2026-10-31, span 1d, span 250ms, 'a\\n', (-1)])"
    );
    assert_eq!(condition("x > 9223372036854775808"), "(x > 9223372036854775808)");
    assert_eq!(condition("2026-10-3 == 2013"), "(((2026 - 10) - 3) == 2013)");
}

#[test]
fn paths_are_names_and_their_segments() {
    assert_eq!(condition("a.b[0][-1]['c d'][*].*.where"), "a.b[0][-1].c d[*][*].where");
    assert_eq!(condition("a[1:3]..name[?@.amount > 0][0,1]"), "a<[1:3]><..name><[?@.amount > 0]><[0,1]>");
    assert_eq!(condition("dimension(a.b, 'L')"), "dimension(a.b, 'L')");
    assert_eq!(condition("a in [1]"), "(a in [1])");
}

#[test]
fn a_line_may_go_on_with_an_operator() {
    assert_eq!(condition("a == 1\n  or b == 2 # why\n  # and why not\n  and c"), "((a == 1) or ((b == 2) and c))");
    assert_eq!(condition("a -\n b"), "(a - b)");
}

#[test]
fn where_belongs_to_per_only_on_its_line() {
    let clauses = |text: &str| {
        let file = file(&flow(text));
        first_flow(&file)
            .clauses
            .iter()
            .map(|clause| match clause {
                Clause::From(from) => from.per.as_ref().map_or(0, |per| 1 + usize::from(per.filter.is_some())),
                Clause::Where { .. } => 10,
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(clauses("from p.r as i per project where project.active\n  where i.x"), [2, 10]);
    assert_eq!(clauses("from p.r as i per project\n  where i.x"), [1, 10]);
    assert_eq!(clauses("from p.r as i\n where i.x"), [0, 10]);
}

#[test]
fn clauses_need_no_separators() {
    let text = "flow a { from p.r as i where i.x let y = i.z else hold \"no\" map { let b = 1 c = b d = 2 } \
                require y == 1 else skip \"s\" to q.s { key c, d on change hold guard 5 records retry 2 times from 1s to 2s } }";
    let file = file(text);
    let flow = first_flow(&file);
    let [Clause::From(_), Clause::Where { .. }, Clause::Let(_), Clause::Map(map), Clause::Require(_), Clause::To(to)] =
        &flow.clauses[..]
    else {
        panic!("{:?}", flow.clauses)
    };
    assert!(matches!(&map.entries[..], [MapEntry::Let(_), MapEntry::Field { .. }, MapEntry::Field { .. }]));
    assert!(matches!(&to.rules[..], [Rule::Key { .. }, Rule::OnChange { .. }, Rule::Guard { .. }, Rule::Retry { .. }]));
}

#[test]
fn keywords_are_names_where_that_is_harmless() {
    let file = file(&flow("map {\n key = i.key\n from = i.from\n let = 1\n map = 2\n total = 3\n sandbox = i.or\n }"));
    let Clause::Map(map) = &first_flow(&file).clauses[0] else { panic!("a map") };
    assert_eq!(map.entries.len(), 6);
    assert!(map.entries.iter().all(|entry| matches!(entry, MapEntry::Field { .. })));
}

#[test]
fn what_comes_later_is_read_over_to_its_end() {
    let file = file(
        "use \"base.mlc\"\nlet a = 1\n  + 2\nfn f(x) = each x as y { z = y }\nvars { a = \"}\" }\n\
         extend flow b {\n map { c = 1 }\n}\ntest \"t\" {\n flow b\n expect posted { lines[0].a == \"}\" }\n}\n\
         flow b {\n match p.v as v {\n  v.a == i.a # }\n  ambiguous hold \"}\"\n }\n run every 15m\n where x\n \
         reconcile daily at 05:00 lookback 35d\n to p.v {\n  approve when a > 1\n   and b\n  settle x for 24h\n  mark = y\n  key k\n }\n}\n",
    );
    assert_eq!(file.items.len(), 7);
    let clauses = &first_flow(&file).clauses;
    let Clause::To(to) = &clauses[4] else { panic!("{clauses:?}") };
    let [Clause::Match(matching), Clause::Run { .. }, Clause::Where { .. }, Clause::Reconcile(reconcile)] =
        &clauses[..4]
    else {
        panic!("{clauses:?}")
    };
    assert_eq!((matching.keys.len(), matching.ambiguous.len(), reconcile.at.value), (1, 1, 300));
    assert!(matches!(&to.rules[..], [Rule::Approve { .. }, Rule::Settle { .. }, Rule::Mark { .. }, Rule::Key { .. }]));
}

#[test]
fn branches_reach_to_the_end_of_their_value() {
    assert_eq!(condition("if a then b else c + 1 | f"), "(if a then b else (c + (1 | f())))");
    assert_eq!(condition("(if a then b else c) | f"), "((if a then b else c) | f())");
    assert_eq!(condition("if a then if b then c else d"), "(if a then (if b then c else d))");
    assert_eq!(
        condition("match a.b { \"x\", 'y' => 1 + 2  2026-10-31 => c\n _ => [ { d = 1 } ] }"),
        "match a.b {\"x\", 'y' => (1 + 2); date 2026-10-31 => c; _ => [{1}]}"
    );
    assert_eq!(condition("f(a) on b.c == 1"), "(f(a) on b.c == 1)");
    let file = file(&flow("let a = if b\n then c\n else hold \"x\"\n let d = f(x)\n on = 1").replace(" on = 1", ""));
    let Clause::Let(first) = &first_flow(&file).clauses[0] else { panic!("a let") };
    assert_eq!(shape(&first.value), "(if b then c)");
    assert!(first.otherwise.is_some());
}

#[test]
fn declarations_stand_beside_flows() {
    let file = file(
        "fn f(a: text?, b: list of decimal, c: p.v.items) =\n  if a == \"\"\n  then 1\n  else 2\nlet x = match y { 1 => 2  _ => 3 }\n\
         vars { a = 1  b: date = 2026-10-01\n c = -5 }\nlet z = x +\n y\n",
    );
    let Item::Function(function) = &file.items[0] else { panic!("a function") };
    let types: Vec<String> = function
        .parameters
        .iter()
        .filter_map(|parameter| parameter.ty.as_ref())
        .map(|ty| {
            format!("{}{}{}", if ty.list { "list of " } else { "" }, ty.path.len(), if ty.optional { "?" } else { "" })
        })
        .collect();
    assert_eq!(types, ["1?", "list of 1", "3"]);
    let Item::Vars(vars) = &file.items[2] else { panic!("variables") };
    assert_eq!((vars.entries.len(), file.items.len()), (3, 4));
}

/// Words that nest without a bracket must not wear out the stack.
#[test]
fn branches_that_nest_without_end_are_refused() {
    for piece in ["if a then ", "if ", "match a { _ => ", "if a then b else "] {
        let text = flow(&format!("where {}", piece.repeat(100_000.min((1 << 19) / piece.len()))));
        let mut sources = Sources::new();
        let id = sources.add("a.mlc", text.as_str());
        assert!(!parse(&sources, id).diagnostics.is_empty(), "{piece}");
    }
}

#[test]
fn a_lookup_holds_rows_sources_and_rules() {
    let file = file(
        "lookup d(a, b) -> (c) {\n  \"01-*\", _ => \"5100\"\n  _, 'L' => 5 + 1\n  from csv \"x.csv\"\n  from xlsx 'x.xlsx'\n  \
         from p.codes where active\n  verify c in q.gl.code where active and x\n  missing reject \"no {{ a }}\"\n}",
    );
    let Item::Lookup(lookup) = &file.items[0] else { panic!("a lookup") };
    let LookupEntry::Row(row) = &lookup.entries[0] else { panic!("a row") };
    assert!(matches!(&row.patterns[..], [Pattern::Text(text), Pattern::Any(_)] if &*text.text == "01-*"));
    assert!(
        matches!(&lookup.entries[3], LookupEntry::FromFile { format, path, .. } if &*format.text == "xlsx" && &*path.text == "x.xlsx")
    );
    assert!(matches!(&lookup.entries[4], LookupEntry::FromResource { filter: Some(_), .. }));
    assert!(matches!(&lookup.entries[5], LookupEntry::Verify { field, filter: Some(_), .. } if &*field.text == "code"));
    assert_eq!(lookup.entries.len(), 7);
}

#[test]
fn spans_end_with_the_last_token() {
    let text = "flow a {\n  where i.x   # why\n\n  let y = f(i)  \n\n}\n";
    let mut sources = Sources::new();
    let id = sources.add("a.mlc", text);
    let file = parse(&sources, id).file;
    let spans = first_flow(&file).clauses.iter().map(|clause| match clause {
        Clause::Where { span, condition } => [sources.slice(*span), sources.slice(condition.span)],
        Clause::Let(clause) => [sources.slice(clause.span), sources.slice(clause.value.span)],
        other => panic!("{other:?}"),
    });
    assert_eq!(spans.collect::<Vec<_>>(), [["where i.x", "i.x"], ["let y = f(i)", "f(i)"]]);
    assert_eq!(sources.slice(first_flow(&file).span), text.trim_end());
}

#[test]
fn a_template_knows_where_its_bytes_stand() {
    let text = flow("where \"a\\\"b\\n{{ x }}\"");
    let mut sources = Sources::new();
    let id = sources.add("a.mlc", text.as_str());
    let file = parse(&sources, id).file;
    let Clause::Where { condition: Expr { kind: ExprKind::Template(template), .. }, .. } =
        &first_flow(&file).clauses[0]
    else {
        panic!("a template")
    };
    let Template { text, .. } = template;
    assert_eq!(&**text, "a\"b\n{{ x }}");
    let at = text.find('x').expect("x");
    assert_eq!(sources.slice(template.place(at, at + 1)), "x");
    assert_eq!(sources.slice(template.place(0, 1)), "a");
    assert_eq!(sources.slice(template.place(2, 3)), "b");
}

#[test]
fn windows_line_ends_change_nothing() {
    let text = include_str!("../../../tests/corpus/later/design.mlc");
    assert_eq!(file(&text.replace('\n', "\r\n")).items.len(), 7);
}

#[test]
fn a_path_alone_is_read_and_placed() {
    let place = |start: usize, end: usize| Span::new(SourceId(3), 100 + start, 100 + end);
    let path = parse_path("invoice.lines[0].amount", &place).expect("a path");
    assert_eq!(shape(&path), "invoice.lines[0].amount");
    assert_eq!(path.span, place(0, 23));
    for wrong in ["", "1", "a b", "a.", "a[foo]", "a + b", "f(x)", "where", &"a[".repeat(10_000)] {
        let error = parse_path(wrong, &place).expect_err(wrong);
        assert!(error.hint.is_some() && error.label.span.source == SourceId(3), "{error:?}");
    }
}
