//! `linked`: a flow that names the records of another one, and the order of flows.
//!
//! A flow runs after those whose links it names. Flows that wait for each other in a circle
//! are an error.

use super::scope::Scope;
use super::{Checker, listed};
use crate::connector::ResourceSpec;
use crate::diag::{Diagnostic, Span, codes};
use crate::model::{Expr, ExprKind, Flow, Link};
use crate::syntax::{self as ast, Clause, Item, Name};
use crate::value::{Kind, RecordType, Type};
use std::collections::HashMap;
use std::sync::Arc;

/// What `linked` needs to know of a flow before any flow is checked.
pub(super) struct Linkable {
    name: Arc<str>,
    /// A record of its source, and what names one for good.
    source: (Type, Type),
    /// What it maps, and what names a record of its target for good.
    target: (Type, Type),
}

/// A flow that names the links of another.
pub(super) struct LinkUse {
    from: Arc<str>,
    to: Arc<str>,
    place: Span,
}

impl Linkable {
    /// The record that is meant, and what it is asked by.
    fn way(&self, link: Link) -> (Type, Type) {
        match link {
            Link::Source => (self.source.0.clone(), self.target.1.clone()),
            Link::Target => (self.target.0.clone(), self.source.1.clone()),
        }
    }
}

impl Checker<'_> {
    /// Looks at all flows, without a word on what is wrong with them: that comes with each.
    pub(super) fn learn_flows(&mut self, file: &ast::File) {
        let flows = file.items.iter().filter_map(|item| match item {
            Item::Flow(flow) => Some(flow),
            _ => None,
        });
        self.linkable = flows.map(|flow| self.linkable(flow)).collect();
    }

    fn linkable(&self, flow: &ast::Flow) -> Linkable {
        let from = flow.clauses.iter().find_map(|clause| match clause {
            Clause::From(from) => Some(&from.resource),
            _ => None,
        });
        let to = flow.clauses.iter().find_map(|clause| match clause {
            Clause::To(to) => Some(&to.resource),
            _ => None,
        });
        let spec = |name: Option<&ast::ResourceName>| {
            let name = name?;
            let bound = self.connections.iter().find(|bound| bound.name == name.connection.text)?;
            bound.catalogue.as_ref()?.resources.get(&*name.resource.text)
        };
        let identity = |spec: &ResourceSpec| match spec.identity.as_slice() {
            [one] => spec.source_type().fields.get(one.as_str()).map(|field| field.ty.clone().settled()),
            _ => None,
        };
        let identity = |of| spec(of).and_then(identity).unwrap_or_else(Type::unknown);
        let record = |ty: Option<Arc<RecordType>>| ty.map_or_else(Type::unknown, |ty| Type::new(Kind::Record(ty)));
        Linkable {
            name: flow.name.text.clone(),
            source: (record(spec(from).map(ResourceSpec::source_type)), identity(from)),
            target: (record(spec(to).map(ResourceSpec::target_type)), identity(to)),
        }
    }

    /// `linked(flow, number)`: the source record of that flow whose target record has the number.
    /// `posted(flow, number)`: what the source record with the number became.
    pub(super) fn linked(
        &mut self,
        link: Link,
        scope: &mut Scope,
        name: &Name,
        arguments: &[&ast::Expr],
        span: Span,
    ) -> Expr {
        let word = link.word();
        let [flow, key] = arguments else {
            self.report(
                Diagnostic::error(
                    &codes::ARGUMENT_COUNT,
                    span,
                    format!("`{word}` takes 2 arguments, here are {}", arguments.len()),
                )
                .label(match link {
                    Link::Source => "a flow, and the number of a record of its target",
                    Link::Target => "a flow, and the number of a record of its source",
                })
                .hint(match link {
                    Link::Source => "it is called as `linked(vendors, invoice.vendor_id)`",
                    Link::Target => "it is called as `posted(subcontractor_invoices, payment.requisition_id)`",
                }),
            );
            return Expr::unknown(span);
        };
        let value = self.expr(scope, key);
        let Some(flow) = self.link_flow(link, flow) else { return Expr::unknown(span) };
        let Some(current) = self.flow.clone() else {
            self.report(
                Diagnostic::error(
                    &codes::UNKNOWN_FUNCTION,
                    name.span,
                    format!("`{word}` can only be called in a flow"),
                )
                .label("no flow is around this")
                .hint("look the record up in the flow, and give the lookup one of its fields"),
            );
            return Expr::unknown(span);
        };
        self.link_uses.push(LinkUse { from: current, to: flow.text.clone(), place: flow.span });
        let Some(linkable) = self.linkable.iter().find(|known| known.name == flow.text) else {
            if !super::lost::may_be(&self.lost, "flow", &flow.text) {
                self.unknown_link_flow(&flow);
            }
            return Expr::unknown(span);
        };
        let (record, identity) = linkable.way(link);
        if super::expr::common(&identity, &value.ty).is_none() {
            self.wrong_number(link, &value, &flow, &identity);
            return Expr::unknown(span);
        }
        let ty = Type { optional: true, ..record };
        Expr { kind: ExprKind::Linked(link, flow.text.clone(), Box::new(value)), ty, span }
    }

    /// The first argument is a flow's name, not a value.
    pub(super) fn link_flow(&mut self, link: Link, argument: &ast::Expr) -> Option<Name> {
        if let ast::ExprKind::Path(path) = &argument.kind
            && path.segments.is_empty()
        {
            return Some(path.root.clone());
        }
        let names: Vec<Arc<str>> = self.linkable.iter().map(|known| known.name.clone()).collect();
        self.report(
            Diagnostic::error(
                &codes::UNKNOWN_FLOW,
                argument.span,
                format!("the first argument of `{}` is the name of a flow", link.word()),
            )
            .label("not a flow's name")
            .hint(format!("there are {}", listed(names.iter().map(|name| &**name), 12))),
        );
        None
    }

    pub(super) fn unknown_link_flow(&mut self, flow: &Name) {
        let names: Vec<Arc<str>> = self.linkable.iter().map(|known| known.name.clone()).collect();
        self.no_flow(flow, &names);
    }

    /// The record and the number that a way to a flow is about.
    pub(super) fn link_types(&self, link: Link, flow: &str) -> Option<(Type, Type)> {
        self.linkable.iter().find(|known| &*known.name == flow).map(|known| known.way(link))
    }

    fn wrong_number(&mut self, link: Link, value: &Expr, flow: &Name, identity: &Type) {
        let does = if link == Link::Source { "writes" } else { "reads" };
        self.report(
            Diagnostic::error(
                &codes::ARGUMENT_TYPE,
                value.span,
                format!("the records that `{}` {does} are known by {}", flow.text, super::expr::with_article(identity)),
            )
            .label(format!("this is {}", super::expr::with_article(&value.ty)))
            .hint("give the field that holds the number of the other record in that system"),
        );
    }

    /// Each flow after those whose links it names; else as they stand in the file.
    pub(super) fn in_link_order(&mut self, mut flows: Vec<Flow>) -> Vec<Flow> {
        let uses = std::mem::take(&mut self.link_uses);
        for each in &mut flows {
            let mut links: Vec<Arc<str>> =
                uses.iter().filter(|link| link.from == each.name).map(|link| link.to.clone()).collect();
            links.sort();
            links.dedup();
            each.links = links;
        }
        let mut ordered: Vec<Flow> = Vec::with_capacity(flows.len());
        while !flows.is_empty() {
            let waits = |flow: &Flow| flow.links.iter().any(|link| flows.iter().any(|other| other.name == *link));
            match flows.iter().position(|flow| !waits(flow)) {
                Some(free) => ordered.push(flows.remove(free)),
                None => {
                    self.circle(&flows, &uses);
                    ordered.append(&mut flows);
                }
            }
        }
        ordered
    }

    fn circle(&mut self, flows: &[Flow], uses: &[LinkUse]) {
        let among = |name: &str| flows.iter().any(|flow| &*flow.name == name);
        let next: HashMap<&str, &LinkUse> = uses
            .iter()
            .rev()
            .filter(|link| among(&link.from) && among(&link.to))
            .map(|link| (&*link.from, link))
            .collect();
        let mut way: Vec<&LinkUse> = Vec::new();
        let mut at: &str = &flows[0].name;
        while let Some(link) = next.get(at) {
            if let Some(start) = way.iter().position(|seen| seen.from == link.from) {
                way.drain(..start);
                break;
            }
            way.push(link);
            at = &link.to;
        }
        let Some(last) = way.last() else { return };
        let names: Vec<&str> = way.iter().map(|link| &*link.from).chain([&*last.to]).collect();
        let mut diagnostic = Diagnostic::error(
            &codes::LINK_CYCLE,
            last.place,
            format!("flows wait for each other: {}", names.join(" -> ")),
        )
        .label("this flow would have to run first")
        .hint("a flow runs after those whose links it names; take one of these `linked` out");
        for link in &way[..way.len() - 1] {
            diagnostic = diagnostic.related(link.place, format!("`{}` names `{}`", link.from, link.to));
        }
        self.report(diagnostic);
    }
}
