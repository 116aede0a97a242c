//! The place where reading stopped: what stands there and before it, and the order in which
//! the checks are asked ([`super::entries`], [`super::values`]).

use crate::diag::{Diagnostic, SourceId, Span, codes};
use crate::syntax::expected::in_words;
use crate::syntax::grammar::{Failure, Rule};
use crate::syntax::lexeme::Kind;
use crate::syntax::split::{Block, Cut};
use std::ops::Range;

pub(super) const RESERVED: &[&str] =
    &["and", "or", "not", "in", "each", "as", "where", "else", "if", "then", "match", "true", "false", "null", "_"];

pub struct Spot<'t> {
    pub(super) cut: Cut<'t>,
    pub(super) source: SourceId,
    pub(super) range: &'t Range<usize>,
    pub(super) block: Option<Block>,
    pub(super) expected: &'t [Rule],
    pub(super) exhausted: bool,
    /// Index of the lexeme at the place; the end of the range if nothing more came.
    pub(super) here: usize,
}

impl<'t> Spot<'t> {
    pub fn new(
        cut: Cut<'t>,
        source: SourceId,
        range: &'t Range<usize>,
        block: Option<Block>,
        failure: &'t Failure,
    ) -> Self {
        let at = cut.bytes(range).start + failure.at;
        let here = range.start + cut.lexemes[range.clone()].partition_point(|lexeme| lexeme.end <= at);
        Self { cut, source, range, block, expected: &failure.expected, exhausted: failure.exhausted, here }
    }

    pub fn explain(&self) -> Diagnostic {
        let checks = [
            Self::too_deep,
            Self::no_item,
            Self::no_entry,
            Self::no_assignment,
            Self::separator,
            Self::equals,
            Self::no_then,
            Self::no_arm,
            Self::wrong_arrow,
            Self::no_alias,
            Self::no_resource,
            Self::no_else,
            Self::no_outcome,
            Self::no_sentence,
            Self::gap_before_bracket,
            Self::no_field,
            Self::reserved_name,
            Self::no_block,
            Self::no_name,
            Self::no_value,
            Self::surplus,
        ];
        checks.iter().find_map(|check| check(self)).unwrap_or_else(|| self.anything())
    }

    fn too_deep(&self) -> Option<Diagnostic> {
        self.exhausted.then(|| {
            Diagnostic::error(&codes::NESTED_TOO_DEEP, self.whole(), "this is nested too deep to be read")
                .label("too many parts inside each other")
                .hint("name the inner parts with `let` and use their names")
        })
    }

    fn anything(&self) -> Diagnostic {
        let expected = in_words(self.expected);
        let found =
            if self.ends_line() { "the line ends".to_owned() } else { format!("{} was found", self.found(self.here)) };
        self.error(&codes::UNEXPECTED, format!("{expected} is expected here, but {found}"))
            .label(format!("{expected} is expected"))
            .hint(self.form())
    }

    /// What the entry as a whole looks like.
    pub(super) fn form(&self) -> String {
        let form = match (self.cut.word(self.range.start), self.block) {
            ("key", _) => "key supplier, reference",
            ("on", Some(Block::Notify)) => match self.cut.word(self.range.start + 1) {
                "nothing" => "on nothing read",
                "budget" => "on budget above 80%",
                "failed" => "on failed run",
                _ => "on parked after 4h",
            },
            ("on", _) => "on change hold",
            ("digest", _) => "digest daily at 07:00",
            ("mail", Some(Block::Notify)) => "mail = [\"office@acme.example\"]",
            ("webhook", Some(Block::Notify)) => "webhook = vault(\"acme/alerts\")",
            ("notify", _) => "notify { mail = [\"office@acme.example\"]  on parked after 4h }",
            ("retry", _) => "retry 5 times from 2s to 5m",
            ("guard", _) => "guard 500 records, 5% rejected",
            ("mark", _) => "mark = origin_id",
            ("settle", _) => "settle receipts for 24h",
            ("approve", _) => "approve when total > 250_000",
            ("run", _) => "run every 15m` or `run on webhook",
            ("reconcile", _) => "reconcile daily at 05:00 lookback 35d",
            ("match", _) => "match connection.resource as other { other.code == record.code  ambiguous hold \"…\" }",
            ("use", _) => "use \"flows.mlc\"",
            ("extend", _) => "extend flow name { … }",
            ("verify", _) => "verify gl_account in connection.resource.field where active",
            ("missing", _) => "missing hold \"no account for {{ cost_code }}\"",
            ("from", Some(Block::Lookup)) => "from csv \"cost-codes.csv\"` or `from connection.resource where active",
            ("from", _) => "from connection.resource as record per project where project.active",
            ("require", _) => "require total == invoice.total else reject \"…\"",
            ("let", _) => "let name = value else hold \"…\"",
            ("to", _) => "to connection.resource { key reference }",
            ("lookup", _) => "lookup name(input) -> (output) { … }",
            ("connect", _) => "connect name { … }",
            ("flow", Some(Block::Test)) => "flow subcontractor_invoices",
            ("given", _) => {
                "given { number = 7  items = [ { net_amount = 9_000.00 } ] }` or `given json \"fixtures/seven.json\""
            }
            ("with", _) => {
                "with vendor(101) => { name = \"Ash Concrete\" }` or `with match => { id = 7  name = \"Ash Concrete\" }"
            }
            ("expect", _) => "expect posted { total == 9_000.00 }` or `expect held \"…\"",
            ("test", _) => "test \"what it shows\" { … }",
            ("flow", _) => "flow name { … }",
            ("fn", _) => "fn net(item: connection.resource.items) = item.amount",
            ("vars", _) => "vars { limit = 250_000 }",
            ("pipeline", _) => "pipeline \"name\" { timezone = \"America/Chicago\" }",
            (_, Some(Block::Lookup)) => "\"01-*\", \"L\" => \"5100\", \"C100\"",
            _ => "name = value",
        };
        format!("it is written `{form}`")
    }

    pub(super) fn error(&self, code: &'static crate::diag::Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, self.here_span(), message)
    }

    /// The place: the lexeme there, or the end of the line before, if nothing more came on it.
    pub(super) fn here_span(&self) -> Span {
        if self.here > self.range.start && self.ends_line() {
            let end = self.cut.lexemes[self.here - 1].end;
            return Span::new(self.source, end, end);
        }
        self.span(self.here.min(self.cut.lexemes.len().saturating_sub(1)))
    }

    pub(super) fn ends_line(&self) -> bool {
        self.here >= self.range.end || (self.here > self.range.start && self.cut.lexemes[self.here].first)
    }

    pub(super) fn word(&self) -> &'t str {
        if self.here < self.range.end { self.cut.word(self.here) } else { "" }
    }

    /// The innermost bracket of the entry that is open at the place.
    pub(super) fn open_bracket(&self) -> Option<usize> {
        let holds = |open: &usize| self.cut.brackets.end(*open).is_some_and(|end| end.at >= self.here);
        (self.range.start..self.here)
            .rev()
            .filter(|index| matches!(self.cut.lexemes[*index].kind, Kind::Open(_)))
            .find(holds)
    }

    pub(super) fn outside_brackets(&self, index: usize) -> bool {
        !(self.range.start..index).any(|open| self.cut.brackets.end(open).is_some_and(|end| end.at > index))
    }

    /// How a lexeme is named in a sentence.
    pub(super) fn found(&self, index: usize) -> String {
        let lexeme = self.cut.lexemes[index];
        match lexeme.kind {
            Kind::Template | Kind::Plain => format!("the text {}", self.short(index)),
            Kind::Number => format!("the number `{}`", self.short(index)),
            _ => format!("`{}`", self.short(index)),
        }
    }

    pub(super) fn short(&self, index: usize) -> String {
        let text = self.cut.word(index);
        if text.chars().count() <= 30 {
            return text.to_owned();
        }
        text.chars().take(29).chain(['…']).collect()
    }

    pub(super) fn span(&self, index: usize) -> Span {
        let lexeme = self.cut.lexemes[index];
        Span::new(self.source, lexeme.start, lexeme.end)
    }

    fn whole(&self) -> Span {
        let bytes = self.cut.bytes(self.range);
        Span::new(self.source, bytes.start, bytes.end)
    }
}

/// `;` or `,` between entries.
pub fn separator(sign: &str, span: Span) -> Diagnostic {
    Diagnostic::error(&codes::SEPARATOR, span, format!("entries are not separated by `{sign}`"))
        .label("not needed")
        .hint(format!("take the `{sign}` away: each entry stands on its own line"))
}
