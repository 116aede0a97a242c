//! Calls of the language's functions, whichever there are: the arguments are made by what
//! the parameters say, and the function's own rule says what the call gives.

use super::{Known, Writer};
use mlc::connector::SpecType;
use mlc::model::functions::{self, Function};
use mlc::value::{Date, Kind, Type, Value};

impl Writer<'_> {
    /// A call of any function of the language; `None` if the arguments did not fit this time.
    pub(super) fn call(&mut self, depth: usize) -> Option<(String, Type)> {
        let function = *self.random.pick(functions::all());
        self.call_of(function, depth)
    }

    fn call_of(&mut self, function: &Function, depth: usize) -> Option<(String, Type)> {
        let (mut written, mut types, mut constants): (Vec<String>, Vec<Type>, Vec<Option<Value>>) = Default::default();
        for parameter in function.parameters {
            if parameter.optional && self.random.percent(50) {
                break;
            }
            let (text, ty, constant) = self.argument(function.name, parameter.name, parameter.ty, &types, depth)?;
            written.push(text);
            types.push(ty);
            constants.push(constant);
        }
        let result = (function.rule)(&types, &constants).ok()?;
        let piped = written.len() > 1 && self.random.percent(20);
        Some(match piped {
            true => (format!("({} | {}({}))", written[0], function.name, written[1..].join(", ")), result),
            false => (format!("{}({})", function.name, written.join(", ")), result),
        })
    }

    /// A list of records by one of their fields, with another added up.
    pub(super) fn grouped(&mut self, list: &Known) -> Option<(String, Type)> {
        let function = functions::find("group_sum")?;
        if list.ty.optional {
            return None;
        }
        let (key, key_type, key_constant) = self.field_of(&list.ty, false)?;
        let (amount, amount_type, amount_constant) = self.field_of(&list.ty, true)?;
        let result =
            (function.rule)(&[list.ty.clone(), key_type, amount_type], &[None, key_constant, amount_constant]).ok()?;
        Some((format!("group_sum({}, {key}, {amount})", list.path), result))
    }

    fn argument(
        &mut self,
        function: &str,
        name: &str,
        ty: &str,
        before: &[Type],
        depth: usize,
    ) -> Option<(String, Type, Option<Value>)> {
        let typed = |text: String, kind: Kind| Some((text, Type::new(kind), None));
        match (name, ty) {
            ("n" | "places", "integer") if !function.starts_with("add_") => {
                let most = if name == "places" { 5 } else { 60 };
                let number = self.random.below(most) as i64 + if function == "shorten" { 12 } else { 1 };
                Some((number.to_string(), Type::new(Kind::Integer), Some(Value::Integer(number))))
            }
            ("pattern", _) => self.constant(&["YYYY-MM-DD", "MM/DD/YYYY", "DD-MMM-YY", "YYMMDD"]),
            ("fill", _) => self.constant(&["0", " ", "ß"]),
            ("key" | "amount", "text") => self.field_of(before.first()?, name == "amount"),
            ("part" | "separator" | "old", _) if self.random.percent(70) => self.constant(&["-", ", ", "a", "👷"]),
            (_, "text") => typed(self.text_of_any_length(depth), Kind::Text { max: None }),
            (_, "integer") => typed(self.integer(depth), Kind::Integer),
            (_, "decimal" | "number") => typed(self.decimal(depth), Kind::Decimal),
            (_, "date") => typed(self.date(depth), Kind::Date),
            (_, "datetime") if self.has_instant() => typed(self.instant(), Kind::DateTime),
            (_, "list of text") => self.list_of(SpecType::Text, depth),
            (_, "list of records") => self.any_records(),
            (_, _) if ty.starts_with("list") => {
                let item = *self.random.pick(&[SpecType::Decimal, SpecType::Integer, SpecType::Text, SpecType::Date]);
                self.list_of(item, depth)
            }
            _ => {
                let (text, ty) = self.anything_single(depth);
                Some((text, ty, None))
            }
        }
    }

    fn constant(&mut self, from: &[&str]) -> Option<(String, Type, Option<Value>)> {
        let text = *self.random.pick(from);
        Some((format!("'{text}'"), Type::text_of(text.chars().count() as u32), Some(text.into())))
    }

    fn list_of(&mut self, item: SpecType, depth: usize) -> Option<(String, Type, Option<Value>)> {
        let kind = match item {
            SpecType::Integer => Kind::Integer,
            SpecType::Decimal => Kind::Decimal,
            SpecType::Date => Kind::Date,
            _ => Kind::Text { max: None },
        };
        let text = match item {
            SpecType::Date => format!("[{}, {}]", self.date(depth), Date::new(2026, 2, 28)?),
            item => self.list(item, depth),
        };
        Some((text, Type::list(Type::new(kind)), None))
    }

    /// A list of records that is always there.
    fn any_records(&mut self) -> Option<(String, Type, Option<Value>)> {
        let records = |ty: &Type| matches!(&ty.kind, Kind::List(item) if matches!(item.kind, Kind::Record(_)));
        let lists = self.places(|ty| records(ty) && !ty.optional);
        if lists.is_empty() {
            return None;
        }
        let known = self.known[*self.random.pick(&lists)].clone();
        Some((known.path, known.ty, None))
    }

    /// The name of a field of the records, as a text.
    fn field_of(&mut self, list: &Type, number: bool) -> Option<(String, Type, Option<Value>)> {
        let Kind::List(item) = &list.kind else { return None };
        let Kind::Record(record) = &item.kind else { return None };
        let fits = |kind: &Kind| match number {
            true => matches!(kind, Kind::Integer | Kind::Decimal),
            false => super::is_plain(kind),
        };
        // One that may be absent is refused: only now and then.
        let slips = self.slips();
        let wanted = |ty: &Type| fits(&ty.kind) && (slips || !ty.optional);
        let names: Vec<String> =
            record.fields.iter().filter(|(_, field)| wanted(&field.ty)).map(|(name, _)| name.to_string()).collect();
        if names.is_empty() {
            return None;
        }
        let name = self.random.pick(&names).clone();
        self.constant(&[&name])
    }

    fn anything_single(&mut self, depth: usize) -> (String, Type) {
        match self.random.below(4) {
            0 => (self.integer(depth), Type::new(Kind::Integer)),
            1 => (self.decimal(depth), Type::new(Kind::Decimal)),
            2 => (self.date(depth), Type::new(Kind::Date)),
            _ => (self.text_of_any_length(depth), Type::text()),
        }
    }
}
