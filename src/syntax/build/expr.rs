//! Expressions: precedence, paths and their segments.

use super::literal::inside;
use super::{Builder, Parts, is_word};
use crate::diag::{Diagnostic, Span, codes};
use crate::syntax::ast::{Each, Expr, ExprKind, Name, Operator, Path, Segment, SegmentKind};
use crate::syntax::grammar::{Node, Rule};
use crate::syntax::limits::MAX_DEPTH;
use pest::pratt_parser::{Assoc, Op, PrattParser};
use std::sync::LazyLock;

/// Loosest first, as the grammar's comment says.
static PRECEDENCE: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let left = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(left(Rule::or))
        .op(left(Rule::and))
        .op(Op::prefix(Rule::not))
        .op(left(Rule::equal)
            | left(Rule::not_equal)
            | left(Rule::less)
            | left(Rule::less_or_equal)
            | left(Rule::greater)
            | left(Rule::greater_or_equal)
            | left(Rule::is_in)
            | left(Rule::not_in))
        .op(Op::infix(Rule::otherwise_value, Assoc::Right))
        .op(left(Rule::add) | left(Rule::subtract))
        .op(left(Rule::multiply) | left(Rule::divide))
        .op(Op::prefix(Rule::sign))
        .op(Op::postfix(Rule::pipe))
});

/// An operand while precedence is being sorted out.
pub(super) struct Operand {
    pub expr: Expr,
    /// The operator of a comparison that stands without brackets around it.
    comparison: Option<Span>,
}

impl Operand {
    fn single(kind: ExprKind, span: Span) -> Self {
        Self { expr: Expr { kind, span }, comparison: None }
    }
}

impl Builder<'_> {
    pub(super) fn expr(&mut self, node: Node) -> Option<Expr> {
        let span = self.span(&node);
        let parts: Vec<_> = node.into_inner().collect();
        // Each operator is one level of the tree at most. The count bounds the recursion
        // of everything that walks the tree, its drop included.
        let levels = parts.iter().filter(|part| is_operator(part.as_rule())).count() + 1;
        if self.depth + levels > MAX_DEPTH {
            return self.fail(
                Diagnostic::error(
                    &codes::EXPRESSION_TOO_LONG,
                    span,
                    format!("this expression needs more than {MAX_DEPTH} operators in each other"),
                )
                .label("too long to be read as one expression")
                .hint("split it with `let` into parts with names, or use a list: `x in [\"a\", \"b\"]`, `sum(list)`"),
            );
        }
        self.depth += levels;
        let built = self.sorted(parts);
        self.depth -= levels;
        built.map(|operand| operand.expr)
    }

    fn sorted(&mut self, parts: Vec<Node>) -> Option<Operand> {
        // The four closures of the sorter all need the builder.
        let builder = std::cell::RefCell::new(self);
        PRECEDENCE
            .map_primary(|part| builder.borrow_mut().primary(part))
            .map_prefix(|operator, operand| builder.borrow_mut().prefixed(&operator, operand?))
            .map_postfix(|operand, pipe| builder.borrow_mut().piped(operand, pipe))
            .map_infix(|left, operator, right| builder.borrow_mut().binary(left, &operator, right))
            .parse(parts.into_iter())
    }

    pub(super) fn primary(&mut self, node: Node) -> Option<Operand> {
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Rule::template => ExprKind::Template(self.template(&node)?),
            Rule::plain => ExprKind::Plain(inside(&node).into()),
            Rule::number => self.number(&node)?.kind,
            Rule::boolean => ExprKind::Boolean(node.as_str() == "true"),
            Rule::date => ExprKind::Date(self.date(&node)?),
            Rule::duration => ExprKind::Duration(self.duration(&node)?.value),
            Rule::list => ExprKind::List(self.exprs(node)?),
            Rule::path => ExprKind::Path(self.path(node)?),
            Rule::call => {
                let mut parts = Parts::of(node);
                let name = self.name(&parts.need(Rule::name));
                let arguments = parts.need(Rule::arguments);
                let called = name.span.to(self.span(&arguments));
                let arguments = self.exprs(arguments);
                self.called(Expr { kind: ExprKind::Call { name, arguments: arguments? }, span: called }, parts)?
            }
            Rule::each => ExprKind::Each(Box::new(self.each(node)?)),
            Rule::record => ExprKind::Record(self.map_body(Parts::of(node).need(Rule::map_body))),
            Rule::choice => ExprKind::If(Box::new(self.choice(node)?)),
            Rule::cases => ExprKind::Match(Box::new(self.cases(node)?)),
            Rule::paren => {
                let inner = Parts::of(node).need(Rule::expr);
                // The brackets belong to the value: an operator that takes it spans them.
                let expr = self.expr(inner)?;
                return Some(Operand { expr: Expr { span, ..expr }, comparison: None });
            }
            other => unreachable!("the grammar has no primary {other:?}"),
        };
        Some(Operand::single(kind, span))
    }

    /// A call with what follows it: the day that it is asked for, and the steps into its value.
    fn called(&mut self, mut call: Expr, rest: Parts) -> Option<ExprKind> {
        let mut steps = Vec::new();
        for part in rest.0.into_iter().rev() {
            if part.as_rule() == Rule::asked_on {
                let whole = call.span.to(self.span(&part));
                call = Expr { kind: self.asked_on(call, part)?, span: whole };
            } else {
                steps.push(self.segment(part));
            }
        }
        let segments: Vec<Segment> = steps.into_iter().collect::<Option<_>>()?;
        if segments.is_empty() {
            return Some(call.kind);
        }
        Some(ExprKind::Within { value: Box::new(call), segments })
    }

    /// Every expression directly under a node; all are read before one fails.
    pub(super) fn exprs(&mut self, node: Node) -> Option<Vec<Expr>> {
        let parts = node.into_inner().filter(|part| part.as_rule() == Rule::expr);
        let built: Vec<_> = parts.map(|part| self.expr(part)).collect();
        built.into_iter().collect()
    }

    fn each(&mut self, node: Node) -> Option<Each> {
        let mut parts = Parts::of(node);
        let list = self.expr(parts.need(Rule::expr));
        let alias = self.name(&parts.need(Rule::name));
        let (mut filter, mut filter_failed) = (None, false);
        let mut next = parts.0.pop();
        if let Some(part) = next.take_if(|part| part.as_rule() == Rule::filter) {
            filter = self.filter(part);
            filter_failed = filter.is_none();
            next = parts.0.pop();
        }
        let body = self.map_body(next.expect("an each has a body"));
        let list = list?;
        (!filter_failed).then_some(Each { list, alias, filter, body })
    }

    /// `where condition`
    pub(super) fn filter(&mut self, node: Node) -> Option<Expr> {
        self.expr(Parts::of(node).need(Rule::expr))
    }

    fn prefixed(&self, operator: &Node, operand: Operand) -> Option<Operand> {
        let span = self.span(operator).to(operand.expr.span);
        let inner = Box::new(operand.expr);
        let kind = if operator.as_rule() == Rule::not { ExprKind::Not(inner) } else { ExprKind::Negate(inner) };
        Some(Operand::single(kind, span))
    }

    fn piped(&mut self, operand: Option<Operand>, pipe: Node) -> Option<Operand> {
        let end = self.span(&pipe);
        let mut name = None;
        let mut arguments = Some(Vec::new());
        for part in pipe.into_inner() {
            match part.as_rule() {
                Rule::name => name = Some(self.name(&part)),
                Rule::arguments => arguments = self.exprs(part),
                _ => {}
            }
        }
        let value = operand?.expr;
        let span = value.span.to(end);
        let name = name.expect("a pipe names a function");
        Some(Operand::single(ExprKind::Pipe { value: Box::new(value), name, arguments: arguments? }, span))
    }

    fn binary(&mut self, left: Option<Operand>, operator: &Node, right: Option<Operand>) -> Option<Operand> {
        let operator_span = self.span(operator);
        let (left, right) = (left?, right?);
        if operator.as_rule() == Rule::subtract && begins_a_line(operator) {
            return self.fail(
                Diagnostic::error(&codes::LINE_BEGINS_WITH_MINUS, operator_span, "a line cannot begin with `-`")
                    .label("is this a sign, or does the line above go on?")
                    .hint("to subtract, put the `-` at the end of the line above"),
            );
        }
        let kind = operator_of(operator.as_rule());
        let compares = is_comparison(kind);
        if let Some(other) = left.comparison.or(right.comparison).filter(|_| compares) {
            let (first, second) =
                if other.start < operator_span.start { (other, operator_span) } else { (operator_span, other) };
            return self.fail(
                Diagnostic::error(&codes::CHAINED_COMPARISON, second, "two comparisons in a row mean nothing")
                    .label("a second comparison of the same value")
                    .related(first, "the first comparison")
                    .hint("write `a < b and b < c`, or put brackets around the part that is compared as a whole"),
            );
        }
        let span = left.expr.span.to(right.expr.span);
        let (left, right) = (Box::new(left.expr), Box::new(right.expr));
        let expr = Expr { kind: ExprKind::Binary { operator: kind, operator_span, left, right }, span };
        Some(Operand { expr, comparison: compares.then_some(operator_span) })
    }

    pub(super) fn path(&mut self, node: Node) -> Option<Path> {
        let mut parts = node.into_inner();
        let root = self.name(&parts.next().expect("a path begins with a name"));
        let segments: Vec<_> = parts.map(|part| self.segment(part)).collect();
        Some(Path { root, segments: segments.into_iter().collect::<Option<_>>()? })
    }

    fn segment(&mut self, node: Node) -> Option<Segment> {
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Rule::wildcard => SegmentKind::Wildcard,
            Rule::field_segment => {
                let word = node.into_inner().find(is_word).expect("a field segment has a word");
                SegmentKind::Field(word.as_str().into())
            }
            Rule::bracket => match bracket(node.as_str()) {
                Some(kind) => kind,
                None => self.query(node.as_str(), span)?,
            },
            _ => self.query(node.as_str(), span)?,
        };
        Some(Segment { kind, span })
    }

    /// Any other segment is the JSONPath interpreter's; what it cannot read is refused here.
    fn query(&mut self, text: &str, span: Span) -> Option<SegmentKind> {
        if jsonpath_rust::parser::parse_json_path(&format!("${text}")).is_ok() {
            return Some(SegmentKind::Query(text.into()));
        }
        self.fail(
            Diagnostic::error(&codes::BAD_SEGMENT, span, format!("`{text}` is no step of a path"))
                .label("neither an index, a name, a slice nor a filter")
                .hint("after a name may follow `.field`, `['field']`, `[0]`, `[-1]`, `[*]`, `[1:3]`, `[?@.amount > 0]` or `..field`"),
        )
    }

    /// A path that stands alone, for the names in a template.
    pub fn path_expr(&mut self, node: Node) -> Option<Expr> {
        let span = self.span(&node);
        Some(Expr { kind: ExprKind::Path(self.path(node)?), span })
    }

    pub(super) fn names(&self, node: Node) -> Vec<Name> {
        node.into_inner().filter(is_word).map(|part| self.name(&part)).collect()
    }
}

/// `[0]`, `[*]`, `['name']`; `None` for other selectors.
fn bracket(text: &str) -> Option<SegmentKind> {
    let inner = text[1..text.len() - 1].trim();
    if inner == "*" {
        return Some(SegmentKind::Wildcard);
    }
    let digits = inner.strip_prefix('-').unwrap_or(inner);
    let plain_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain_digits && (digits == "0" || !digits.starts_with('0')) && inner != "-0" {
        return inner.parse().ok().map(SegmentKind::Index);
    }
    let quote = inner.chars().next().filter(|sign| matches!(sign, '\'' | '"'))?;
    let name = inner[1..].strip_suffix(quote)?;
    (!name.contains([quote, '\\'])).then(|| SegmentKind::Field(name.into()))
}

fn begins_a_line(operator: &Node) -> bool {
    let before = &operator.get_input()[..operator.as_span().start()];
    before.rsplit('\n').next().is_some_and(|line| before.contains('\n') && line.trim().is_empty())
}

fn is_comparison(operator: Operator) -> bool {
    matches!(
        operator,
        Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual
            | Operator::In
            | Operator::NotIn
    )
}

fn is_operator(rule: Rule) -> bool {
    matches!(rule, Rule::not | Rule::sign | Rule::pipe) || find_operator(rule).is_some()
}

fn operator_of(rule: Rule) -> Operator {
    find_operator(rule).expect("the grammar's infix rules are all operators")
}

fn find_operator(rule: Rule) -> Option<Operator> {
    Some(match rule {
        Rule::or => Operator::Or,
        Rule::and => Operator::And,
        Rule::equal => Operator::Equal,
        Rule::not_equal => Operator::NotEqual,
        Rule::less => Operator::Less,
        Rule::less_or_equal => Operator::LessOrEqual,
        Rule::greater => Operator::Greater,
        Rule::greater_or_equal => Operator::GreaterOrEqual,
        Rule::is_in => Operator::In,
        Rule::not_in => Operator::NotIn,
        Rule::otherwise_value => Operator::Otherwise,
        Rule::add => Operator::Add,
        Rule::subtract => Operator::Subtract,
        Rule::multiply => Operator::Multiply,
        Rule::divide => Operator::Divide,
        _ => return None,
    })
}
