//! Calls: of functions, and of lookups, which are called like functions.

use super::expr::{common, with_article};
use super::lost;
use super::scope::Scope;
use super::{Checker, listed};
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::model::functions::{self, ArgumentError, Function};
use crate::model::observe::Seen;
use crate::model::{Expr, ExprKind, Link, LookupId};
use crate::syntax::{self as ast, Name};
use crate::value::{Kind, Type};
use std::sync::Arc;

impl Checker<'_> {
    pub(super) fn call(&mut self, scope: &mut Scope, name: &Name, arguments: &[&ast::Expr], span: Span) -> Expr {
        if let Some(index) = self.lookups.iter().position(|lookup| lookup.name == name.text) {
            if self.lookups.get(index).is_some_and(|lookup| lookup.dated == Some(true)) {
                let name = name.text.clone();
                self.no_day(&name, span);
            }
            self.tell_lookup(index, name);
            return self.call_lookup(scope, index, arguments, span);
        }
        if let Some(index) = self.declared_function(&name.text) {
            let value = self.call_declared(scope, index, arguments, span);
            self.tell_declared(index, name);
            return value;
        }
        if let Some(link) = Link::of(&name.text) {
            return self.linked(link, scope, name, arguments, span);
        }
        if let Some(function) = functions::find(&name.text) {
            self.tell(name.span, || Seen::Function(function));
            return self.call_function(scope, function, arguments, span);
        }
        self.tell(name.span, || Seen::UnknownFunction);
        if !lost::may_be(&self.lost, "lookup", &name.text) && !lost::may_be(&self.lost, "fn", &name.text) {
            self.unknown_function(name);
        }
        for argument in arguments {
            self.expr(scope, argument);
        }
        Expr::unknown(span)
    }

    fn tell_lookup(&mut self, index: usize, name: &Name) {
        let Some((definition, record)) = self.lookups.get(index).map(|lookup| (lookup.span, lookup.record.clone()))
        else {
            return;
        };
        self.tell(name.span, || Seen::Lookup { definition, record });
    }

    fn unknown_function(&mut self, name: &Name) {
        let names: Vec<Arc<str>> = self
            .lookups
            .iter()
            .map(|lookup| lookup.name.clone())
            .chain(self.declared_names(true))
            .chain(functions::all().iter().map(|function| Arc::from(function.name)))
            .chain([Link::Source, Link::Target].map(|link| Arc::from(link.word())))
            .collect();
        let hint = match nearest(&name.text, names.iter().map(|name| &**name)) {
            Some(near) => {
                self.lookups.iter_mut().filter(|lookup| *lookup.name == *near).for_each(|lookup| lookup.used = true);
                format!("did you mean `{near}`?")
            }
            None => format!("there are {}", listed(names.iter().map(|name| &**name), 40)),
        };
        self.report(
            Diagnostic::error(
                &codes::UNKNOWN_FUNCTION,
                name.span,
                format!("there is no function or lookup `{}`", name.text),
            )
            .label("not known")
            .hint(hint),
        );
    }

    fn call_function(
        &mut self,
        scope: &mut Scope,
        function: &'static Function,
        arguments: &[&ast::Expr],
        span: Span,
    ) -> Expr {
        let user = format!("`{}`", function.name);
        let values: Vec<Expr> = arguments.iter().map(|argument| self.settled(scope, argument, &user)).collect();
        let least = function.parameters.iter().filter(|parameter| !parameter.optional).count();
        if values.len() < least || values.len() > function.parameters.len() {
            self.wrong_count(span, &user, values.len(), least, function.parameters.len(), &usage(function));
            return Expr::unknown(span);
        }
        if values.iter().any(|value| value.ty.is_unknown()) {
            return Expr::unknown(span);
        }
        let types: Vec<Type> = values.iter().map(|value| value.ty.clone()).collect();
        let known: Vec<_> = values.iter().map(Expr::known).collect();
        match (function.rule)(&types, &known) {
            Ok(ty) => Expr { kind: ExprKind::Call(function, values), ty, span },
            Err(error) => {
                self.wrong_argument(function, &values, error, span);
                Expr::unknown(span)
            }
        }
    }

    fn wrong_argument(&mut self, function: &Function, values: &[Expr], error: ArgumentError, span: Span) {
        let place = values.get(error.argument).map_or(span, |value| value.span);
        self.report(
            Diagnostic::error(
                &codes::ARGUMENT_TYPE,
                place,
                format!("this argument does not fit `{}`", usage(function)),
            )
            .label(error.message)
            .hint(error.hint),
        );
    }

    pub(super) fn wrong_count(&mut self, span: Span, user: &str, given: usize, least: usize, most: usize, usage: &str) {
        let wanted = if least == most { format!("{least}") } else { format!("{least} to {most}") };
        let noun = if most == 1 { "argument" } else { "arguments" };
        self.report(
            Diagnostic::error(&codes::ARGUMENT_COUNT, span, format!("{user} takes {wanted} {noun}, here are {given}"))
                .label(if given < least { "too few arguments" } else { "too many arguments" })
                .hint(format!("it is called as `{usage}`; what stands before a `|` counts as the first argument")),
        );
    }

    pub(super) fn call_lookup(
        &mut self,
        scope: &mut Scope,
        index: usize,
        arguments: &[&ast::Expr],
        span: Span,
    ) -> Expr {
        let Some(lookup) = self.lookups.get_mut(index) else { return Expr::unknown(span) };
        lookup.used = true;
        self.asked.insert(lookup.name.clone());
        let (name, inputs, missing) = (lookup.name.clone(), lookup.inputs.clone(), lookup.missing);
        let record = lookup.record.clone();
        let user = format!("the lookup `{name}`");
        let values: Vec<Expr> = arguments.iter().map(|argument| self.settled(scope, argument, &user)).collect();
        if record.is_none() {
            return Expr::unknown(span);
        }
        if values.len() == inputs.len() {
            for (value, (input, ty)) in values.iter().zip(&inputs) {
                self.lookup_argument(&name, input, ty, value);
            }
        } else {
            let usage: Vec<&str> = inputs.iter().map(|(name, _)| &**name).collect();
            let usage = format!("{name}({})", usage.join(", "));
            self.wrong_count(span, &user, values.len(), inputs.len(), inputs.len(), &usage);
        }
        let ty = match record {
            Some(record) => Type { kind: Kind::Record(record), optional: !missing },
            None => Type::unknown(),
        };
        Expr { kind: ExprKind::Lookup(LookupId(index), values), ty, span }
    }

    fn lookup_argument(&mut self, lookup: &str, input: &str, wanted: &Type, value: &Expr) {
        if value.ty.is_unknown() || common(wanted, &value.ty).is_some() {
            return;
        }
        let text = self.text(value.span);
        let hint = match (&wanted.kind, &value.ty.kind) {
            (Kind::Text { .. }, Kind::List(_) | Kind::Record(_)) => "name one of its fields".to_owned(),
            (Kind::Text { .. }, _) => format!("make it text: `text({})`", super::operands::short(&text)),
            _ => format!("give {}", with_article(wanted)),
        };
        self.report(
            Diagnostic::error(
                &codes::ARGUMENT_TYPE,
                value.span,
                format!("`{input}` of the lookup `{lookup}` is {}", with_article(wanted)),
            )
            .label(format!("this is {}", with_article(&value.ty)))
            .hint(hint),
        );
    }
}

/// `take(text: text, n: integer)`.
fn usage(function: &Function) -> String {
    let parameters: Vec<String> = function
        .parameters
        .iter()
        .map(|parameter| {
            let mark = if parameter.optional { "?" } else { "" };
            format!("{}{mark}: {}", parameter.name, parameter.ty)
        })
        .collect();
    format!("{}({})", function.name, parameters.join(", "))
}
