//! The functions that a mapping may call, one file each.
//!
//! A function is a name, its parameters, a rule for the type of its result, and a pure
//! and total evaluation: what the type rule lets through cannot fail, except that
//! arithmetic can leave the range of exact decimals.

mod abs;
mod add_days;
mod add_months;
mod after;
mod allocate;
mod before;
mod contains;
mod count;
mod date;
mod day;
mod day_pattern;
mod days_between;
mod decimal;
mod distinct;
mod end_of_month;
mod ends_with;
mod first;
mod fits;
mod format_date;
mod group_sum;
mod hash;
mod integer;
mod join;
mod last;
mod length;
mod lower;
mod max;
mod min;
mod money;
mod month;
mod normalize;
mod order;
mod pad_left;
mod parse_date;
mod replace;
mod round;
mod round_half_even;
mod shorten;
mod signature;
mod sort;
mod split;
mod start_of_month;
mod starts_with;
mod sum;
mod take;
mod text;
mod to_cent;
mod trim;
mod upper;
mod year;

pub use order::compare;
pub use signature::LONGEST_TEXT;
pub use text::longest;

use crate::value::{Type, Value};

/// A function of the language.
pub struct Function {
    pub name: &'static str,
    /// One sentence.
    pub doc: &'static str,
    pub parameters: &'static [Parameter],
    /// The result's type, or why the arguments do not fit. Arguments whose type is
    /// unknown fit everywhere. `constants` holds the value of each argument that is a
    /// constant (a `take(40)` is 40 characters at most because 40 stands there).
    pub rule: Rule,
    /// Evaluates over settled values that passed the rule.
    pub evaluate: fn(&[Value]) -> Result<Value, OutOfRange>,
    /// `(expression, what it shows)`; run as tests.
    pub examples: &'static [(&'static str, &'static str)],
}

/// The type rule of a function.
pub type Rule = fn(arguments: &[Type], constants: &[Option<Value>]) -> Result<Type, ArgumentError>;

pub struct Parameter {
    pub name: &'static str,
    /// As shown to people: `text`, `list of decimal`.
    pub ty: &'static str,
    pub optional: bool,
}

/// Why an argument does not fit.
#[derive(Debug, PartialEq)]
pub struct ArgumentError {
    /// Which argument, from 0.
    pub argument: usize,
    pub message: String,
    pub hint: String,
}

/// An exact result would have more digits than a decimal holds, or a text would grow past
/// [`LONGEST_TEXT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange;

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// All functions, by name.
pub fn all() -> &'static [&'static Function] {
    ALL
}

/// The function of this name.
pub fn find(name: &str) -> Option<&'static Function> {
    ALL.iter().find(|function| function.name == name).copied()
}

static ALL: &[&Function] = &[
    &abs::FUNCTION,
    &add_days::FUNCTION,
    &add_months::FUNCTION,
    &after::FUNCTION,
    &allocate::FUNCTION,
    &before::FUNCTION,
    &contains::FUNCTION,
    &count::FUNCTION,
    &date::FUNCTION,
    &day::FUNCTION,
    &days_between::FUNCTION,
    &decimal::FUNCTION,
    &distinct::FUNCTION,
    &end_of_month::FUNCTION,
    &ends_with::FUNCTION,
    &first::FUNCTION,
    &fits::FUNCTION,
    &format_date::FUNCTION,
    &group_sum::FUNCTION,
    &hash::FUNCTION,
    &integer::FUNCTION,
    &join::FUNCTION,
    &last::FUNCTION,
    &length::FUNCTION,
    &lower::FUNCTION,
    &max::FUNCTION,
    &min::FUNCTION,
    &money::FUNCTION,
    &month::FUNCTION,
    &normalize::FUNCTION,
    &pad_left::FUNCTION,
    &parse_date::FUNCTION,
    &replace::FUNCTION,
    &round::FUNCTION,
    &round_half_even::FUNCTION,
    &shorten::FUNCTION,
    &sort::FUNCTION,
    &split::FUNCTION,
    &start_of_month::FUNCTION,
    &starts_with::FUNCTION,
    &sum::FUNCTION,
    &take::FUNCTION,
    &text::FUNCTION,
    &to_cent::FUNCTION,
    &trim::FUNCTION,
    &upper::FUNCTION,
    &year::FUNCTION,
];

#[cfg(test)]
mod tests;
