//! What a file declares beside its flows: `vars`, `let` and `fn`.
//!
//! A `fn` is checked once, when it is first needed, and so is a `let`, which is a function
//! without parameters. None can need itself, and how deep and how often one calls others is
//! bounded, so that evaluation stays total and quick.

use super::each::is_cut;
use super::expr::with_article;
use super::operands::short;
use super::scope::{Scope, Sort};
use super::{Checker, listed};
use crate::diag::{Diagnostic, Span, codes, nearest};
use crate::model::observe::{Giver, Seen, Visible};
use crate::model::{Expr, ExprKind, FunctionId, UserFunction, functions};
use crate::syntax::{self as ast, Item, Name};
use crate::value::{Kind, Type, Value};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// How deep the expressions of a function and of those that it calls may stand in each other.
const MOST_DEPTH: usize = 256;

/// How many calls one call may lead to.
const MOST_CALLS: u64 = 10_000;

/// The names of a whole file.
#[derive(Default)]
pub(super) struct Declarations {
    vars: Vec<Var>,
    functions: Vec<Declared>,
    by_name: HashMap<Arc<str>, usize>,
    /// `let`s of the file that are plain values, known before anything else is.
    plain: Vec<(Arc<str>, Value)>,
    /// Those of them that were used then.
    plain_used: BTreeSet<Arc<str>>,
    /// What the function that is being checked comes to.
    work: Work,
}

struct Var {
    name: Name,
    /// `None` if it is not clear.
    value: Option<(Value, Type)>,
    used: bool,
}

/// A `fn` or `let`.
struct Declared {
    name: Name,
    parameters: Vec<(Name, Type)>,
    body: ast::Expr,
    constant: bool,
    state: State,
    used: bool,
}

impl Declared {
    /// What it gives, as far as it was read.
    fn ty(&self) -> Type {
        match &self.state {
            State::Read { ty, .. } => ty.clone(),
            State::Unread | State::Reading => Type::unknown(),
        }
    }
}

#[derive(Clone)]
enum State {
    Unread,
    Reading,
    /// `id` is `None` for a `let` whose value is known, and for what is wrong.
    Read {
        ty: Type,
        id: Option<FunctionId>,
        known: Option<Value>,
        depth: usize,
        calls: u64,
        /// The lookups that are asked in it, and `linked`.
        asks: BTreeSet<Arc<str>>,
    },
}

#[derive(Clone, Copy, Default)]
struct Work {
    depth: usize,
    deepest: usize,
    calls: u64,
}

impl Checker<'_> {
    /// Reads the variables, and what the command line makes of them; first those that need
    /// no connection to say of which type they are.
    pub(super) fn vars(&mut self, file: &ast::File, first: bool) {
        let needs_none = |var: &&ast::Var| var.ty.as_ref().is_none_or(|ty| ty.path.len() < 2);
        for item in &file.items {
            match item {
                Item::Vars(vars) => {
                    if first {
                        self.lost.extend(vars.lost.iter().cloned());
                    }
                    vars.entries.iter().filter(|var| needs_none(var) == first).for_each(|var| self.var(var));
                }
                Item::Constant(constant) if first => {
                    let plain = super::settings::literal(&negated(&constant.value));
                    self.declared.plain.extend(plain.map(|value| (constant.name.text.clone(), value)));
                }
                _ => {}
            }
        }
        if !first {
            self.overrides_known();
        }
    }

    /// Finds the functions and `let`s of the file. They are looked at when they are needed.
    pub(super) fn declare(&mut self, file: &ast::File) {
        let vars = self.declared.vars.iter().map(|var| (var.name.text.clone(), var.name.span));
        let mut seen: HashMap<Arc<str>, Span> = vars.collect();
        for item in &file.items {
            let (name, parameters, body, constant) = match item {
                Item::Function(function) => (&function.name, &*function.parameters, &function.body, false),
                Item::Constant(constant) => (&constant.name, &[][..], &constant.value, true),
                _ => continue,
            };
            if let Some(first) = seen.get(&name.text) {
                self.taken(name, if constant { "`let`" } else { "function" }, *first);
                continue;
            }
            seen.insert(name.text.clone(), name.span);
            let before = self.found.len();
            self.not_a_known_function(name, constant);
            let parameters = self.parameters(parameters);
            let used = self.found.len() > before || self.declared.plain_used.contains(&name.text);
            let all = &mut self.declared;
            all.by_name.insert(name.text.clone(), all.functions.len());
            let (name, body) = (name.clone(), body.clone());
            all.functions.push(Declared { name, parameters, body, constant, state: State::Unread, used });
        }
    }

    fn not_a_known_function(&mut self, name: &Name, constant: bool) {
        if constant {
            return;
        }
        if let Some(lookup) = self.lookups.iter_mut().find(|lookup| lookup.name == name.text) {
            lookup.used = true;
            let span = lookup.span;
            self.taken(name, "lookup", span);
        } else if functions::find(&name.text).is_some() {
            self.report(
                Diagnostic::error(
                    &codes::NAME_TAKEN,
                    name.span,
                    format!("`{}` is a function of the language", name.text),
                )
                .label("already means a function")
                .hint("give this one another name"),
            );
        }
    }

    fn parameters(&mut self, parameters: &[ast::Parameter]) -> Vec<(Name, Type)> {
        let mut known: Vec<(Name, Type)> = Vec::with_capacity(parameters.len());
        for parameter in parameters {
            if let Some((first, _)) = known.iter().find(|(name, _)| name.text == parameter.name.text) {
                let first = first.span;
                self.taken(&parameter.name, "parameter", first);
            }
            let ty = match &parameter.ty {
                Some(named) => self.type_of(named),
                None => {
                    self.no_type(&parameter.name);
                    Type::unknown()
                }
            };
            known.push((parameter.name.clone(), ty));
        }
        known
    }

    fn no_type(&mut self, name: &Name) {
        self.report(
            Diagnostic::error(&codes::TYPE_NAME, name.span, format!("the parameter `{}` has no type", name.text))
                .label("of which type?")
                .hint(format!(
                    "write `{0}: decimal`, or for a record what it is read from: `{0}: connection.resource.items`",
                    name.text
                )),
        );
    }

    /// `let`s and functions that nothing needed so far, so that what is wrong in them is told.
    pub(super) fn read_declared(&mut self) {
        for index in 0..self.declared.functions.len() {
            self.read(index);
        }
    }

    /// The value of a name of the file.
    pub(super) fn declared_name(&mut self, scope: &mut Scope, name: &Name) -> Option<Expr> {
        if let Some(var) = self.declared.vars.iter_mut().find(|var| var.name.text == name.text) {
            var.used = true;
            let definition = var.name.span;
            let value = match &var.value {
                Some((value, ty)) => Expr { kind: ExprKind::Constant(value.clone()), ty: ty.clone(), span: name.span },
                None => Expr::unknown(name.span),
            };
            self.tell(name.span, || Seen::Name { definition, giver: Giver::Var, ty: value.ty.clone() });
            return Some(value);
        }
        let all = &mut self.declared;
        if let (true, Some((known, value))) =
            (all.by_name.is_empty(), all.plain.iter().find(|(known, _)| *known == name.text))
        {
            all.plain_used.insert(known.clone());
            return Some(Expr::constant(value.clone(), name.span));
        }
        let index = *self.declared.by_name.get(&name.text)?;
        let definition = self.declared.functions.get(index).filter(|one| one.constant)?.name.span;
        let value = self.apply(scope, index, Vec::new(), name.span);
        self.tell(name.span, || Seen::Name { definition, giver: Giver::Constant, ty: value.ty.clone() });
        Some(value)
    }

    /// The names of the whole file that may stand in an expression, with their types.
    pub(super) fn declared_visible(&self) -> Vec<Visible> {
        let vars = self.declared.vars.iter().map(|var| Visible {
            name: var.name.text.clone(),
            ty: var.value.as_ref().map_or_else(Type::unknown, |(_, ty)| ty.clone()),
            giver: Giver::Var,
        });
        let constants = self.declared.functions.iter().filter(|one| one.constant).map(|one| Visible {
            name: one.name.text.clone(),
            ty: one.ty(),
            giver: Giver::Constant,
        });
        vars.chain(constants).collect()
    }

    /// The function of that name.
    pub(super) fn declared_function(&self, name: &str) -> Option<usize> {
        let index = *self.declared.by_name.get(name)?;
        self.declared.functions.get(index).filter(|one| !one.constant).map(|_| index)
    }

    /// A call of a function of the file, told after the function was read.
    pub(super) fn tell_declared(&mut self, index: usize, name: &Name) {
        let Some(function) = self.declared.functions.get(index) else { return };
        let definition = function.name.span;
        let ty = function.ty();
        self.tell(name.span, || Seen::Declared { definition, ty });
    }

    /// Names for suggestions.
    pub(super) fn declared_names(&self, functions: bool) -> Vec<Arc<str>> {
        let vars = self.declared.vars.iter().filter(|_| !functions).map(|var| var.name.text.clone());
        let others = self.declared.functions.iter().filter(|one| one.constant != functions);
        vars.chain(others.map(|one| one.name.text.clone())).collect()
    }

    /// What already has this name in the whole file and would be hidden.
    pub(super) fn declared_holder(&mut self, name: &str) -> Option<(&'static str, Span)> {
        let all = &mut self.declared;
        if let Some(var) = all.vars.iter_mut().find(|var| *var.name.text == *name) {
            var.used = true;
            return Some(("variable of the file", var.name.span));
        }
        let index = *all.by_name.get(name)?;
        let one = all.functions.get_mut(index).filter(|one| one.constant)?;
        one.used = true;
        Some(("`let` of the file", one.name.span))
    }

    pub(super) fn call_declared(
        &mut self,
        scope: &mut Scope,
        index: usize,
        arguments: &[&ast::Expr],
        span: Span,
    ) -> Expr {
        let Some(function) = self.declared.functions.get(index) else { return Expr::unknown(span) };
        let (name, parameters) = (function.name.text.clone(), function.parameters.clone());
        let values: Vec<Expr> = arguments.iter().map(|argument| self.expr(scope, argument)).collect();
        if values.len() != parameters.len() {
            let usage: Vec<String> = parameters.iter().map(|(name, ty)| format!("{}: {ty}", name.text)).collect();
            let usage = format!("{name}({})", usage.join(", "));
            let count = parameters.len();
            self.wrong_count(span, &format!("`{name}`"), values.len(), count, count, &usage);
            self.read(index);
            return Expr::unknown(span);
        }
        let before = self.found.len();
        let mut settled = Vec::with_capacity(values.len());
        for (value, (parameter, ty)) in values.into_iter().zip(&parameters) {
            let value = if ty.optional { value } else { self.settle(value, &format!("`{name}`")) };
            self.argument_fits(&name, parameter, ty, &value);
            settled.push(value);
        }
        let wrong = self.found.iter().skip(before).any(Diagnostic::is_error);
        let result = self.apply(scope, index, settled, span);
        if wrong { Expr::unknown(span) } else { result }
    }

    fn argument_fits(&mut self, function: &str, parameter: &Name, ty: &Type, value: &Expr) {
        if fits(ty, &value.ty) {
            return;
        }
        let text = self.text(value.span);
        let hint = match (&ty.kind, &value.ty.kind) {
            (Kind::Text { .. }, Kind::Integer | Kind::Decimal | Kind::Date | Kind::DateTime | Kind::Boolean) => {
                format!("make it text: `text({})`", short(&text))
            }
            (Kind::Date, Kind::DateTime) => format!("take its day: `date({})`", short(&text)),
            _ => format!("give {}", with_article(ty)),
        };
        self.report(
            Diagnostic::error(
                &codes::ARGUMENT_TYPE,
                value.span,
                format!("`{}` of `{function}` is {}", parameter.text, with_article(ty)),
            )
            .label(format!("this is {}", with_article(&value.ty)))
            .related(parameter.span, "declared here")
            .hint(hint),
        );
    }

    fn apply(&mut self, scope: &mut Scope, index: usize, arguments: Vec<Expr>, span: Span) -> Expr {
        self.read(index);
        let Some(function) = self.declared.functions.get_mut(index) else { return Expr::unknown(span) };
        function.used = true;
        match function.state.clone() {
            State::Unread => Expr::unknown(span),
            State::Reading => {
                let (name, place) = (function.name.text.clone(), function.name.span);
                self.report(
                    Diagnostic::error(&codes::RECURSION, span, format!("`{name}` needs itself to be computed"))
                        .label("needed again here")
                        .related(place, "declared here")
                        .hint(
                            "what a list holds is gone through with `each`, `sum` and the like; nothing calls itself",
                        ),
                );
                Expr::unknown(span)
            }
            State::Read { ty, known: Some(value), .. } => Expr { kind: ExprKind::Constant(value), ty, span },
            State::Read { id: None, .. } => Expr::unknown(span),
            State::Read { ty, id: Some(id), depth, calls, asks, .. } => {
                self.asked.extend(asks);
                let work = &mut self.declared.work;
                work.deepest = work.deepest.max(work.depth + depth);
                work.calls = work.calls.saturating_add(calls);
                if self.made.get(id.0).is_some_and(|made| made.cuts) {
                    scope.mark_cutting(id);
                }
                Expr { kind: ExprKind::Apply(id, arguments), ty, span }
            }
        }
    }

    /// Checks a function, unless that was done.
    fn read(&mut self, index: usize) {
        let Some(function) = self.declared.functions.get_mut(index) else { return };
        if !matches!(function.state, State::Unread) {
            return;
        }
        function.state = State::Reading;
        let (name, body) = (function.name.clone(), function.body.clone());
        let (parameters, constant) = (function.parameters.clone(), function.constant);
        let outer = self.declared.work;
        if outer.depth > MOST_DEPTH {
            self.too_much(&name, "it stands too deep in other functions");
            self.done(
                index,
                State::Read { ty: Type::unknown(), id: None, known: None, depth: 0, calls: 0, asks: BTreeSet::new() },
            );
            return;
        }
        self.declared.work = Work { depth: outer.depth, deepest: outer.depth, calls: 1 };
        let (before, asked) = (self.found.len(), std::mem::take(&mut self.asked));
        let mut scope = Scope::default();
        for (parameter, ty) in &parameters {
            let local = scope.local(parameter.text.clone(), ty.clone());
            scope.bind(parameter, local, Sort::Alias);
            self.tell_given(parameter, Sort::Alias, ty);
        }
        let body = self.expr(&mut scope, &body);
        let work = std::mem::replace(&mut self.declared.work, outer);
        let depth = work.deepest.saturating_sub(outer.depth) + 1;
        if depth > MOST_DEPTH || work.calls > MOST_CALLS {
            self.too_much(&name, "one call leads to too many others");
        }
        let wrong = body.ty.is_unknown() || self.found.iter().skip(before).any(Diagnostic::is_error);
        let ty = if wrong { Type::unknown() } else { body.ty.clone() };
        self.tell(name.span, || match constant {
            true => Seen::Given { giver: Giver::Constant, ty: ty.clone() },
            false => Seen::Declared { definition: name.span, ty: ty.clone() },
        });
        let known = if constant && !wrong { body.known() } else { None };
        let cuts = is_cut(&body, &scope);
        let (locals, unused) = scope.close();
        unused.iter().for_each(|name| self.unused_let(name));
        let id = (known.is_none() && !wrong).then(|| {
            self.made.push(UserFunction { name: name.text.clone(), body, locals, cuts });
            FunctionId(self.made.len() - 1)
        });
        let asks = std::mem::replace(&mut self.asked, asked);
        self.done(index, State::Read { ty, id, known, depth, calls: work.calls, asks });
    }

    fn done(&mut self, index: usize, state: State) {
        if let Some(function) = self.declared.functions.get_mut(index) {
            function.state = state;
        }
    }

    fn too_much(&mut self, name: &Name, label: &str) {
        self.report(
            Diagnostic::error(&codes::FUNCTION_WORK, name.span, format!("`{}` does too much", name.text))
                .label(label)
                .hint("compute the parts with `let` in the flow, and give them to simpler functions"),
        );
    }

    /// One level deeper into an expression.
    pub(super) fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> T {
        self.declared.work.depth += 1;
        self.declared.work.deepest = self.declared.work.deepest.max(self.declared.work.depth);
        let result = read(self);
        self.declared.work.depth -= 1;
        result
    }

    /// Variables, `let`s and functions that nothing uses.
    pub(super) fn unused_declared(&mut self) {
        let unused: Vec<(Name, bool)> = self
            .declared
            .functions
            .iter()
            .filter(|one| !one.used && (one.constant || !self.is_brought(one.name.span)))
            .map(|one| (one.name.clone(), one.constant))
            .chain(self.declared.vars.iter().filter(|var| !var.used).map(|var| (var.name.clone(), true)))
            .collect();
        for (name, constant) in unused {
            if constant {
                self.unused_let(&name);
                continue;
            }
            self.report(
                Diagnostic::warning(
                    &codes::UNUSED_FUNCTION,
                    name.span,
                    format!("nothing calls the function `{}`", name.text),
                )
                .label("never called")
                .hint(format!("call it as `{}(…)` in a flow, or take it out", name.text)),
            );
        }
    }

    fn var(&mut self, var: &ast::Var) {
        if let Some(first) = self.declared.vars.iter().find(|first| first.name.text == var.name.text) {
            let first = first.name.span;
            return self.taken(&var.name, "variable", first);
        }
        let wanted = var.ty.as_ref().map(|named| (self.type_of(named), named.span));
        let given = super::settings::literal(&negated(&var.value));
        if given.is_none() {
            self.var_value(
                var.value.span,
                format!("the variable `{}` needs a plain value", var.name.text),
                "not a text, number, day, length of time, `true` or `false`",
                "write the value itself; `let` computes values out of variables",
            );
        }
        let value = given.and_then(|value| {
            let own = Expr::constant(value.clone(), var.value.span).ty;
            let Some((wanted, _)) = wanted.filter(|(wanted, _)| !wanted.is_unknown()) else {
                return Some((value, own));
            };
            if !fits(&wanted, &own) {
                self.var_value(
                    var.value.span,
                    format!("the variable `{}` is {}", var.name.text, with_article(&wanted)),
                    &format!("this is {}", with_article(&own)),
                    "write a value of that type, or change the type",
                );
                return None;
            }
            Some((value, wanted))
        });
        let value = match (self.overrides.iter().position(|one| *one.name == *var.name.text), value) {
            (Some(index), Some((_, ty))) => self.overridden(index, &ty),
            (_, value) => value,
        };
        // The value decides how long a text can be, not the type that was declared for it.
        let value = value.map(|(value, ty)| match value {
            Value::Integer(number) if ty.kind == Kind::Decimal => (Value::Decimal(number.into()), ty.settled()),
            Value::Text(_) => (value.clone(), Expr::constant(value, var.name.span).ty),
            value => (value, ty.settled()),
        });
        let ty = value.as_ref().map_or_else(Type::unknown, |(_, ty)| ty.clone());
        self.tell(var.name.span, || Seen::Given { giver: Giver::Var, ty });
        self.declared.vars.push(Var { name: var.name.clone(), value, used: false });
    }

    /// The value that the command line gives.
    fn overridden(&mut self, index: usize, ty: &Type) -> Option<(Value, Type)> {
        let given = self.overrides.get(index)?;
        let (text, span) = (given.value.clone(), given.value_span);
        let value = match ty.kind {
            Kind::Text { .. } => Some(Value::Text(text)),
            Kind::Integer => text.replace('_', "").parse().ok().map(Value::Integer),
            Kind::Decimal => text.replace('_', "").parse().ok().map(Value::Decimal),
            Kind::Boolean => text.parse().ok().map(Value::Bool),
            Kind::Date => {
                Some(text).filter(|text| text.len() == 10).and_then(|text| text.parse().ok()).map(Value::Date)
            }
            Kind::Duration => crate::value::parse_duration(&text).map(Value::Duration),
            _ => None,
        };
        if value.is_none() {
            self.var_value(
                span,
                "this value does not fit its variable".to_owned(),
                &format!("{} is needed", with_article(ty)),
                "give a value of the type that the variable has in the file",
            );
        }
        value.map(|value| (value, ty.clone()))
    }

    fn var_value(&mut self, place: Span, message: String, label: &str, hint: &str) {
        self.report(Diagnostic::error(&codes::VAR_VALUE, place, message).label(label).hint(hint));
    }

    /// What the command line sets must be declared.
    fn overrides_known(&mut self) {
        let names: Vec<Arc<str>> = self.declared.vars.iter().map(|var| var.name.text.clone()).collect();
        let strange: Vec<(Arc<str>, Span)> = self
            .overrides
            .iter()
            .filter(|given| !super::lost::may_be(&self.lost, "vars", &given.name))
            .filter(|given| names.iter().all(|name| *name != given.name))
            .map(|given| (given.name.clone(), given.span))
            .collect();
        for (name, span) in strange {
            let hint = match nearest(&name, names.iter().map(|name| &**name)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names.is_empty() => "the file declares no variables: `vars { … }`".to_owned(),
                None => format!("its variables are {}", listed(names.iter().map(|name| &**name), 20)),
            };
            self.report(
                Diagnostic::error(&codes::UNKNOWN_VAR, span, format!("the file declares no variable `{name}`"))
                    .label("not declared")
                    .hint(hint),
            );
        }
    }
}

/// A negative number as a literal.
fn negated(expr: &ast::Expr) -> ast::Expr {
    let kind = match &expr.kind {
        ast::ExprKind::Negate(inner) => match &inner.kind {
            ast::ExprKind::Integer(number) => number.checked_neg().map(ast::ExprKind::Integer),
            ast::ExprKind::Decimal(number) => Some(ast::ExprKind::Decimal(number.negated())),
            _ => None,
        },
        _ => None,
    };
    kind.map_or_else(|| expr.clone(), |kind| ast::Expr { kind, span: expr.span })
}

/// Whether every value of one type is one of another. Records are read by their fields,
/// so that one with more fields fits as well.
fn fits(wanted: &Type, given: &Type) -> bool {
    if given.optional && !wanted.optional && !given.is_unknown() {
        return false;
    }
    match (&wanted.kind, &given.kind) {
        (Kind::Unknown, _) | (_, Kind::Unknown) | (Kind::Decimal, Kind::Integer) => true,
        (Kind::Text { max: None }, Kind::Text { .. }) => true,
        (Kind::Text { max: Some(most) }, Kind::Text { max }) => max.is_some_and(|max| max <= *most),
        (Kind::List(wanted), Kind::List(given)) => fits(wanted, given),
        (Kind::Record(wanted), Kind::Record(given)) => {
            wanted == given
                || wanted
                    .fields
                    .iter()
                    .all(|(name, field)| given.fields.get(name).is_some_and(|given| fits(&field.ty, &given.ty)))
        }
        (wanted, given) => wanted == given,
    }
}
