//! What a file declares beside its flows: `vars`, `let`s and `fn`s.

use super::{Known, Writer};
use mlc::connector::SpecType;
use mlc::value::{Kind, Type};

/// A function that the file declares: its parameters and what it gives.
#[derive(Clone)]
pub struct Own {
    name: String,
    parameters: Vec<Type>,
    result: Type,
}

impl Writer<'_> {
    pub(super) fn declarations(&mut self) -> String {
        let mut text = String::new();
        if self.random.percent(40) {
            let vars = self.vars();
            text.push_str(&vars);
        }
        for _ in 0..self.random.below(3) {
            let name = self.name("c");
            let (value, ty) = self.anything();
            text.push_str(&format!("let {name} = {value}\n"));
            self.known.push(Known { path: name, ty });
        }
        for _ in 0..self.random.below(3) {
            let function = self.function();
            text.push_str(&function);
        }
        text.push('\n');
        text
    }

    fn vars(&mut self) -> String {
        let all = [
            (": decimal", "250_000", Kind::Decimal),
            ("", "2026-01-01", Kind::Date),
            ("", "'test'", Kind::Text { max: None }),
            (": text", "'x'", Kind::Text { max: None }),
            ("", "7", Kind::Integer),
            ("", "true", Kind::Boolean),
        ];
        let mut text = "vars {\n".to_owned();
        for _ in 0..1 + self.random.below(3) {
            let (annotation, value, kind) = self.random.pick(&all).clone();
            let name = self.name("var");
            text.push_str(&format!("  {name}{annotation} = {value}\n"));
            self.known.push(Known { path: name, ty: Type::new(kind) });
        }
        text.push_str("}\n");
        text
    }

    /// The body sees the parameters and what the file declared before.
    fn function(&mut self) -> String {
        let name = self.name("own");
        let mark = self.known.len();
        let mut parameters = Vec::new();
        let mut written = Vec::new();
        for _ in 0..self.random.below(3) {
            let (word, ty) = self.parameter();
            let parameter = self.name("p");
            written.push(format!("{parameter}: {word}"));
            self.know(&parameter, &ty, 1);
            parameters.push(ty);
        }
        let (body, result) = self.anything();
        self.known.truncate(mark);
        self.own.push(Own { name: name.clone(), parameters, result });
        format!("fn {name}({}) = {body}\n", written.join(", "))
    }

    fn parameter(&mut self) -> (String, Type) {
        let part = |sides: &[super::Side]| {
            let side = sides.iter().find(|side| side.name == "site")?;
            let fields = side.catalogue.resources.get("things")?.source_type();
            match &fields.fields.get("parts")?.ty.kind {
                Kind::List(item) => Some((**item).clone()),
                _ => None,
            }
        };
        match (self.random.below(9), part(self.sides)) {
            (0, _) => ("text".to_owned(), Type::text()),
            (1, _) => ("text?".to_owned(), Type::text().optional()),
            (2, _) => ("decimal".to_owned(), Type::new(Kind::Decimal)),
            (3, _) => ("decimal?".to_owned(), Type::new(Kind::Decimal).optional()),
            (4, _) => ("integer".to_owned(), Type::new(Kind::Integer)),
            (5, _) => ("date".to_owned(), Type::new(Kind::Date)),
            (6, _) => ("list of decimal".to_owned(), Type::list(Type::new(Kind::Decimal))),
            (7, Some(part)) => ("site.things.parts".to_owned(), part),
            _ => ("boolean".to_owned(), Type::new(Kind::Boolean)),
        }
    }

    /// A call of a function of the file, and what it gives.
    pub(super) fn own_call(&mut self, depth: usize) -> Option<(String, Type)> {
        if self.own.is_empty() {
            return None;
        }
        let own = self.random.pick(&self.own.clone()).clone();
        let mut arguments = Vec::new();
        for ty in &own.parameters {
            arguments.push(self.of_type(ty, depth)?);
        }
        Some((format!("{}({})", own.name, arguments.join(", ")), own.result))
    }

    /// A value of a type; `None` where there is no way to write one.
    fn of_type(&mut self, ty: &Type, depth: usize) -> Option<String> {
        let optional = self.places(|known| known.optional && ty.optional && same_kind(&known.kind, &ty.kind));
        if !optional.is_empty() && self.random.percent(60) {
            return Some(self.known[*self.random.pick(&optional)].path.clone());
        }
        Some(match &ty.kind {
            Kind::Text { .. } => self.text_of_any_length(depth),
            Kind::Integer => self.integer(depth),
            Kind::Decimal => self.decimal(depth),
            Kind::Boolean => self.boolean(depth),
            Kind::Date => self.date(depth),
            Kind::List(item) if matches!(item.kind, Kind::Decimal) => self.list(SpecType::Decimal, depth),
            wanted => {
                let places = self.places(|known| !known.optional && known.kind == *wanted);
                if places.is_empty() {
                    return None;
                }
                self.known[*self.random.pick(&places)].path.clone()
            }
        })
    }
}

fn same_kind(known: &Kind, wanted: &Kind) -> bool {
    matches!((known, wanted), (Kind::Text { .. }, Kind::Text { .. })) || known == wanted
}
