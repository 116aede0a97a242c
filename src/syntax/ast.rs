//! The syntax tree: what a file says, before anything is known of names or types.
//!
//! Every node carries its span, so that later phases point at the right words.
//! Comments are kept aside by position, so that the formatter can put them back.

use crate::diag::Span;
use crate::value::{Date, Decimal};
use std::sync::Arc;

/// A whole file. Items that could not be read are left out; their diagnostics say so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    pub items: Vec<Item>,
    pub comments: Vec<Comment>,
    /// Items that could not be read.
    pub lost: Vec<Lost>,
}

/// An item or entry that could not be read; a diagnostic says why. Later phases must not
/// conclude anything from its absence: what it names is unknown, not undeclared.
#[derive(Clone, Debug, PartialEq)]
pub struct Lost {
    /// The word that it begins with, if that is a keyword: `let`, `to`, `lookup`.
    pub keyword: Option<Arc<str>>,
    /// What it declares or sets, as far as that could be seen.
    pub name: Option<Name>,
    pub span: Span,
}

/// `# …` up to the end of its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Comment {
    pub span: Span,
    /// Nothing but white space stands before it on its line.
    pub own_line: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    pub text: Arc<str>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Pipeline(Pipeline),
    Connect(Connect),
    Lookup(Lookup),
    Flow(Flow),
    Function(Function),
    Constant(Constant),
    Vars(Vars),
    Test(Test),
    Use(Use),
    /// `extend flow name { clauses }`: what of a flow is to be another way.
    Extend(Flow),
}

/// `use "file.mlc" [without flow, flow]`
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    pub path: Text,
    /// Flows of that file that are left out.
    pub without: Vec<Name>,
    pub span: Span,
}

/// `pipeline "name" { timezone = "…"  currency = "…" }`
#[derive(Clone, Debug, PartialEq)]
pub struct Pipeline {
    pub name: Text,
    pub settings: Vec<Setting>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

/// A text in quotes where no template is meant: names, paths.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    pub text: Arc<str>,
    pub span: Span,
}

/// `connect SYSTEM { setting = value … }`, or `connect SYSTEM as NAME { … }`, with `sandbox` alone on a line allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Connect {
    /// What the file calls the connection: the system itself, or the name after `as`.
    pub name: Name,
    /// The system before `as`, where there is one.
    pub named_system: Option<Name>,
    pub settings: Vec<Setting>,
    /// The word `sandbox`, if it stands in the block.
    pub sandbox: Option<Span>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

/// `name = value`
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    pub name: Name,
    pub value: Expr,
}

/// `lookup dimension(cost_code, cost_type) -> (gl_account, cost_center) { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Lookup {
    pub name: Name,
    pub inputs: Vec<Name>,
    pub outputs: Vec<Name>,
    pub entries: Vec<LookupEntry>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum LookupEntry {
    /// `"03-3*", _ => "5310", "C300"`
    Row(LookupRow),
    /// `from csv "cost-codes.csv"`, `from xlsx "cost-codes.xlsx" sheet "Codes"`
    FromFile { format: Name, path: Text, sheet: Option<Text>, span: Span },
    /// `from office.vendors [where …]`; inputs and outputs are field names of the resource.
    FromResource { resource: ResourceName, filter: Option<Expr>, span: Span },
    /// `verify gl_account in books.accounts.code where active`
    Verify { output: Name, resource: ResourceName, field: Name, filter: Option<Expr>, span: Span },
    /// `missing hold "…"`
    Missing { outcome: Outcome, sentence: Template, span: Span },
}

#[derive(Clone, Debug, PartialEq)]
pub struct LookupRow {
    pub patterns: Vec<Pattern>,
    pub values: Vec<Expr>,
    /// The first day on which it holds: `from 2026-10-01`.
    pub from: Option<Spanned<Date>>,
    /// The last day on which it holds: `until 2026-12-31`.
    pub until: Option<Spanned<Date>>,
    pub span: Span,
}

/// What a row asks of one input: `_` takes anything, `*` in a text any run of characters.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    Any(Span),
    Text(Text),
}

/// `connection.resource`
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceName {
    pub connection: Name,
    pub resource: Name,
}

impl Connect {
    /// The system that is connected.
    pub fn system(&self) -> &Name {
        self.named_system.as_ref().unwrap_or(&self.name)
    }
}

impl ResourceName {
    pub fn span(&self) -> Span {
        self.connection.span.to(self.resource.span)
    }
}

/// The outcomes that a pipeline can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Hold,
    Reject,
    Skip,
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Reject => "reject",
            Self::Skip => "skip",
        }
    }
}

/// `fn net(item: office.bills.lines) = item.net_amount`
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    pub name: Name,
    pub parameters: Vec<Parameter>,
    pub body: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub name: Name,
    pub ty: Option<TypeName>,
}

/// A type as it is written: `decimal`, `text?`, `list of date`, `office.bills.lines`.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeName {
    pub list: bool,
    /// One name, or a connection, its resource, and fields of it.
    pub path: Vec<Name>,
    pub optional: bool,
    pub span: Span,
}

/// `let name = expr` outside of any flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    pub name: Name,
    pub value: Expr,
    pub span: Span,
}

/// `vars { environment = "test"  limit: decimal = 250_000 }`
#[derive(Clone, Debug, PartialEq)]
pub struct Vars {
    pub entries: Vec<Var>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Var {
    pub name: Name,
    pub ty: Option<TypeName>,
    pub value: Expr,
}

/// `flow name { clauses }`
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    pub name: Name,
    pub clauses: Vec<Clause>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    From(From),
    Where { condition: Expr, span: Span },
    Let(Let),
    Map(Map),
    Require(Require),
    To(To),
    Match(Matching),
    Run { when: RunWhen, span: Span },
    Reconcile(Reconcile),
}

impl Clause {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::From(from) => from.span,
            Self::Let(entry) => entry.span,
            Self::Map(map) => map.span,
            Self::Require(require) => require.span,
            Self::To(to) => to.span,
            Self::Match(matching) => matching.span,
            Self::Reconcile(reconcile) => reconcile.span,
            Self::Where { span, .. } | Self::Run { span, .. } => *span,
        }
    }
}

/// `match office.vendors as vendor { natural keys  ambiguous hold "…" }`
#[derive(Clone, Debug, PartialEq)]
pub struct Matching {
    pub resource: ResourceName,
    pub alias: Name,
    /// In the order in which they are tried.
    pub keys: Vec<Expr>,
    pub ambiguous: Vec<Otherwise>,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RunWhen {
    /// `run every 15m`
    Every(Spanned<crate::value::Span>),
    /// `run on webhook`: the place of the word.
    Webhook(Span),
}

/// `reconcile daily at 05:00 lookback 35d`
#[derive(Clone, Debug, PartialEq)]
pub struct Reconcile {
    /// Minutes after midnight.
    pub at: Spanned<u32>,
    pub lookback: Spanned<crate::value::Span>,
    pub span: Span,
}

/// `from office.bills as invoice [per project [where …]]`
#[derive(Clone, Debug, PartialEq)]
pub struct From {
    pub resource: ResourceName,
    pub alias: Name,
    pub per: Option<Per>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Per {
    pub name: Name,
    pub filter: Option<Expr>,
}

/// `let name = expr [else hold "…"]`
#[derive(Clone, Debug, PartialEq)]
pub struct Let {
    pub name: Name,
    pub value: Expr,
    pub otherwise: Option<Otherwise>,
    pub span: Span,
}

/// `else hold|reject|skip "…"`
#[derive(Clone, Debug, PartialEq)]
pub struct Otherwise {
    pub outcome: Outcome,
    pub sentence: Template,
    pub span: Span,
}

/// `map { … }`, and the body of an `each`.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    pub entries: Vec<MapEntry>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MapEntry {
    Let(Let),
    Field { name: Name, value: Expr, span: Span },
}

/// `require condition else hold|reject|skip "…"`
#[derive(Clone, Debug, PartialEq)]
pub struct Require {
    pub condition: Expr,
    pub otherwise: Otherwise,
    pub span: Span,
}

/// `to books.invoices { rules }`
#[derive(Clone, Debug, PartialEq)]
pub struct To {
    pub resource: ResourceName,
    pub rules: Vec<Rule>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// `key supplier, reference`
    Key { fields: Vec<Name>, span: Span },
    /// `on change hold|update|correct|ignore`
    OnChange { action: Name, span: Span },
    /// `retry 5 times from 2s to 5m`
    Retry { times: Spanned<u32>, first: Spanned<crate::value::Span>, longest: Spanned<crate::value::Span>, span: Span },
    /// `guard 500 records, 5% rejected`: either part may stand alone.
    Guard { records: Option<Spanned<u64>>, rejected_percent: Option<Spanned<Decimal>>, span: Span },
    /// `settle receipts for 24h`
    Settle { what: Name, quiet: Spanned<crate::value::Span>, span: Span },
    /// `approve when total > 250_000`
    Approve { condition: Expr, span: Span },
    /// `mark = origin_id`
    Mark { field: Name, span: Span },
}

/// `test "name" { flow …  given …  with …  expect … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    pub name: Text,
    pub entries: Vec<TestEntry>,
    pub lost: Vec<Lost>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TestEntry {
    /// `flow subcontractor_invoices`
    Flow { name: Name, span: Span },
    /// `given { … }`, `given json "…"`: the source record. With a name before it, the scope's.
    Given { scope: Option<Name>, fixture: Fixture, span: Span },
    /// `with vendor(101) => { name = "Ash Concrete" }`
    With { lookup: Name, inputs: Vec<Expr>, row: FixtureRecord, span: Span },
    /// `expect posted { total == 9_000.00 }`, `expect held "…"`
    Expect(Expect),
}

/// Where a record comes from that a test is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Fixture {
    /// `json "fixtures/retainage.json"`
    File {
        format: Name,
        path: Text,
    },
    Record(FixtureRecord),
}

/// `{ name = value  nested { … }  items = [ { … }, { … } ] }`: the fields that matter.
#[derive(Clone, Debug, PartialEq)]
pub struct FixtureRecord {
    pub fields: Vec<FixtureField>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FixtureField {
    pub name: Name,
    pub value: FixtureValue,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FixtureValue {
    Record(FixtureRecord),
    List { records: Vec<FixtureRecord>, span: Span },
    Plain(Expr),
}

impl FixtureValue {
    pub fn span(&self) -> Span {
        match self {
            Self::Record(record) => record.span,
            Self::List { span, .. } => *span,
            Self::Plain(value) => value.span,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expect {
    pub ended: Spanned<Ended>,
    /// The sentence that the record stops with: filled in, or as the rule writes it.
    pub sentence: Option<Text>,
    pub conditions: Vec<Expr>,
    pub span: Span,
}

/// How a record leaves a flow, as a test sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Posted,
    Held,
    Rejected,
    Skipped,
}

impl Ended {
    pub const ALL: [Self; 4] = [Self::Posted, Self::Held, Self::Rejected, Self::Skipped];

    pub fn word(self) -> &'static str {
        match self {
            Self::Posted => "posted",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Skipped => "skipped",
        }
    }
}

impl std::convert::From<Outcome> for Ended {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Hold => Self::Held,
            Outcome::Reject => Self::Rejected,
            Outcome::Skip => Self::Skipped,
        }
    }
}

impl Rule {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Self::Key { span, .. }
            | Self::OnChange { span, .. }
            | Self::Retry { span, .. }
            | Self::Guard { span, .. }
            | Self::Settle { span, .. }
            | Self::Approve { span, .. }
            | Self::Mark { span, .. } => *span,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `'plain text'`
    Plain(Arc<str>),
    /// `"text with {{ names }}"`
    Template(Template),
    Integer(i64),
    /// `9_000.00`
    Decimal(Decimal),
    Boolean(bool),
    /// `2026-10-31`
    Date(Date),
    /// `24h`
    Duration(crate::value::Span),
    /// `["a", "b"]`
    List(Vec<Expr>),
    Path(Path),
    /// `name(args)`
    Call {
        name: Name,
        arguments: Vec<Expr>,
    },
    /// `value | name(args)`: the value becomes the first argument.
    Pipe {
        value: Box<Expr>,
        name: Name,
        arguments: Vec<Expr>,
    },
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary {
        operator: Operator,
        operator_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `each list as item [where …] { fields }`
    Each(Box<Each>),
    /// `{ name = expr … }`
    Record(Map),
    If(Box<If>),
    Match(Box<Match>),
    /// What stands in the value of a call: `lookup(arguments).field`.
    Within {
        value: Box<Expr>,
        segments: Vec<Segment>,
    },
    /// `lookup(arguments) on day`
    On {
        call: Box<Expr>,
        day: Box<Expr>,
    },
}

/// `if condition then value [else value]`; without `else` the value may be absent.
#[derive(Clone, Debug, PartialEq)]
pub struct If {
    pub condition: Expr,
    pub then: Expr,
    pub otherwise: Option<Expr>,
}

/// `match value { "a", "b" => value  _ => value }`: the first arm that fits counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    pub value: Expr,
    pub arms: Vec<Arm>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    pub patterns: Vec<ArmPattern>,
    pub value: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ArmPattern {
    Any(Span),
    /// A text, number, day, length of time, `true` or `false`.
    Literal(Expr),
}

impl ArmPattern {
    pub fn span(&self) -> Span {
        match self {
            Self::Any(span) => *span,
            Self::Literal(expr) => expr.span,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Each {
    pub list: Expr,
    pub alias: Name,
    pub filter: Option<Expr>,
    pub body: Map,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    /// `??`: the left, or the right where the left is absent.
    Otherwise,
    Add,
    Subtract,
    Multiply,
    Divide,
}

impl Operator {
    pub fn word(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Otherwise => "??",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
        }
    }
}

/// A name in scope and RFC 9535 segments after it.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    pub root: Name,
    pub segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub kind: SegmentKind,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SegmentKind {
    /// `.name` or `['name']`
    Field(Arc<str>),
    /// `[0]`, `[-1]`
    Index(i64),
    /// `[*]` or `.*`
    Wildcard,
    /// A slice, a filter, a descendant or several selectors: its text, for the JSONPath interpreter.
    Query(Arc<str>),
}

/// The text between double quotes: raw for the template engine, escapes resolved.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub text: Arc<str>,
    /// The quotes included.
    pub span: Span,
    /// For each byte of `text`, in steps: `(offset in text, offset in the source)`.
    /// One pair at the start and one after each escape.
    pub offsets: Vec<(u32, u32)>,
}

impl Template {
    /// The span in the source of bytes `start..end` of the text.
    pub fn place(&self, start: usize, end: usize) -> Span {
        let at = |offset: usize| {
            let step = self.offsets.iter().rev().find(|(text, _)| *text as usize <= offset);
            step.map_or(self.span.start as usize + 1 + offset, |(text, source)| {
                *source as usize + offset - *text as usize
            })
        };
        Span::new(self.span.source, at(start), at(end))
    }
}
