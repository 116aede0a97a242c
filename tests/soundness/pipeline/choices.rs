//! `if` and `match`, and paths that are JSONPath.

use super::Writer;
use mlc::value::{Kind, Type};

impl Writer<'_> {
    /// `make` writes one branch.
    pub(super) fn choice(&mut self, depth: usize, make: &mut dyn FnMut(&mut Self) -> String) -> String {
        if self.random.percent(50) {
            let condition = self.boolean(depth);
            return format!("(if {condition} then {} else {})", make(self), make(self));
        }
        let (value, arms) = self.matched(depth);
        let arms: Vec<String> = arms.iter().map(|pattern| format!("{pattern} => {}", make(self))).collect();
        format!("(match {value} {{ {} }})", arms.join("  "))
    }

    /// What a `match` looks at, and patterns that take all of it.
    fn matched(&mut self, depth: usize) -> (String, Vec<&'static str>) {
        match self.random.below(5) {
            0 => (self.boolean(depth), vec!["true", "false"]),
            1 => (self.integer(depth), vec!["0, 1, 2", "7", "_"]),
            2 => (self.decimal(depth), vec!["0.00", "12.5, 100", "_"]),
            3 => (self.date(depth), vec!["2026-10-31", "_"]),
            _ => (self.text_of_any_length(depth), vec!["\"approved\", 'L'", "\"\"", "_"]),
        }
    }

    /// A `let` whose value may stay absent, or whose absence has an outcome.
    pub(super) fn let_choice(&mut self, indent: &str) -> String {
        let name = self.name("v");
        let most = *self.random.pick(&[None, Some(8), Some(20)]);
        let value = self.text(most, 1);
        let ty = Type::new(Kind::Text { max: most });
        let (text, ty) = match self.random.below(3) {
            0 => (format!("if {} then {value}", self.boolean(1)), ty.optional()),
            1 => {
                let matched = self.text_of_any_length(1);
                (
                    format!(
                        "match {matched} {{ \"approved\", \"S100\" => {value}  \"\" => \"x\" }} else {}",
                        self.outcome()
                    ),
                    ty,
                )
            }
            _ => (format!("if {} then {value} else {}", self.boolean(1), self.outcome()), ty),
        };
        self.know(&name, &ty, 1);
        format!("{indent}let {name} = {text}\n")
    }

    /// JSONPath behind a list of records or of plain values; nothing now and then.
    pub(super) fn segments(&mut self, item: &Type) -> String {
        if self.slips() {
            // None of these has a type.
            return (*self.random.pick(&["..code", "[0, 1]", "..*", "[?$.code]", "[?@.nobody == 1]"])).to_owned();
        }
        match self.random.below(8) {
            0 => (*self.random.pick(&["[0:2]", "[-2:]", "[::2]", "[::-1]", "[5:1:-2]", "[1:9007199254740991]"]))
                .to_owned(),
            1 => "[*]".to_owned(),
            2..=5 => self.filter(item),
            _ => String::new(),
        }
    }

    fn filter(&mut self, item: &Type) -> String {
        let one = self.filter_term(item);
        let other = self.filter_term(item);
        match self.random.below(5) {
            0 => format!("[?{one} && {other}]"),
            1 => format!("[?({one} || {other})]"),
            2 => format!("[?!({one})]"),
            _ => format!("[?{one}]"),
        }
    }

    fn filter_term(&mut self, item: &Type) -> String {
        let (path, ty) = self.filter_path(item);
        let compare = *self.random.pick(&["==", "!=", "<", "<=", ">", ">="]);
        let text = *self.random.pick(&["'01-100'", "\"approved\"", "''", "'ß'"]);
        match &ty.kind {
            Kind::Text { .. } => match self.random.below(5) {
                0 => format!("length({path}) {compare} {}", self.random.below(20)),
                1 => format!("match({path}, '[0-9a-z-]*')"),
                2 => format!("search({path}, 'a|b')"),
                _ => format!("{path} {compare} {text}"),
            },
            Kind::Integer | Kind::Decimal => {
                format!("{path} {compare} {}", self.random.pick(&["0", "-1", "12.50", "9007199254740991"]))
            }
            Kind::Boolean => format!("{path} == {}", self.random.pick(&["true", "false"])),
            Kind::Date | Kind::DateTime => format!("{path} {compare} '2026-10-31'"),
            Kind::List(_) if self.random.percent(60) => format!("count({path}[*]) {compare} 1"),
            _ => path,
        }
    }

    /// A path from the item of a filter, and what stands there.
    fn filter_path(&mut self, item: &Type) -> (String, Type) {
        let mut path = "@".to_owned();
        let mut ty = item.clone();
        while let Kind::Record(record) = &ty.kind {
            let fields: Vec<(String, Type)> =
                record.fields.iter().map(|(name, field)| (name.to_string(), field.ty.clone())).collect();
            if fields.is_empty() {
                break;
            }
            let (name, inner) = self.random.pick(&fields).clone();
            path.push_str(&format!(".{name}"));
            ty = inner;
        }
        (path, ty)
    }
}
