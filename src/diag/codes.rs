//! The registry of codes. One code, one line here, one page in `explain/`, one corpus case.
//!
//! `E00xx` the text cannot be read, `E01xx` its syntax, `E02xx` names, `E03xx` types,
//! `E04xx` targets, `E05xx` lookups, `E06xx` settings and rules, `W0xxx` lints.
//! A number is never used twice, also after its code is gone.

/// A kind of finding.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    pub id: &'static str,
    /// A few words for lists.
    pub title: &'static str,
    /// The page that `mlc explain` prints: what it means, a wrong file, the right one.
    pub page: &'static str,
}

macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal;)*) => {
        $(pub static $name: Code = Code {
            id: $id,
            title: $title,
            page: include_str!(concat!("explain/", $id, ".md")),
        };)*
        static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    UNREADABLE_TEXT = "E0001", "the file is not readable text";
    TOO_LARGE = "E0002", "the file is too large";
    NOT_A_PIPELINE_FILE = "E0003", "the file is not a pipeline file";
    NESTED_TOO_DEEP = "E0004", "brackets are nested too deep";
    EXPRESSION_TOO_LONG = "E0005", "an expression has too many operators";
    MORE_ERRORS = "E0006", "there are more errors than are shown";
    UNEXPECTED = "E0101", "something else is expected here";
    TEXT_NOT_CLOSED = "E0102", "a text is not closed";
    BRACKET_NOT_CLOSED = "E0103", "a bracket is not closed";
    WRONG_CLOSING_BRACKET = "E0104", "a closing bracket closes nothing";
    UNKNOWN_ITEM = "E0105", "no item of a file begins so";
    UNKNOWN_ENTRY = "E0106", "no entry of this block begins so";
    NO_ASSIGNMENT = "E0107", "a name is given no value with `=`";
    EQUALS = "E0108", "`=` and `==` are mixed up";
    SEPARATOR = "E0109", "entries are separated by a sign";
    FOREIGN_OPERATOR = "E0110", "an operator of another language";
    FOREIGN_COMMENT = "E0111", "a comment that does not begin with `#`";
    NULL = "E0112", "absence has no name";
    BAD_NUMBER = "E0113", "a number is not written so";
    FOREIGN_QUOTE = "E0114", "quotes that no text stands in";
    DOLLAR_PATH = "E0115", "a path begins with `$`";
    UNKNOWN_CHARACTER = "E0116", "a character that stands for nothing";
    NO_ALIAS = "E0117", "`from` or `each` without `as`";
    NO_OUTCOME = "E0118", "`else` or `missing` without an outcome";
    NO_SENTENCE = "E0119", "an outcome without its sentence";
    UNKNOWN_ESCAPE = "E0120", "an unknown escape in a text";
    NO_SUCH_DAY = "E0121", "there is no such day";
    BAD_DURATION = "E0122", "not a length of time";
    BAD_SEGMENT = "E0123", "not a step of a path";
    LINE_BEGINS_WITH_MINUS = "E0124", "a line begins with `-`";
    NO_NAME = "E0125", "a name is missing";
    RESERVED_NAME = "E0126", "a word of the language as a name";
    NO_BLOCK = "E0127", "a block does not begin with `{`";
    CHAINED_COMPARISON = "E0128", "two comparisons in a row";
    NO_VALUE = "E0129", "a value is missing";
    WRONG_ARROW = "E0130", "`=>` or `->` is missing";
    SURPLUS = "E0131", "something follows where nothing more can";
}

/// All codes, in order.
pub fn all() -> &'static [&'static Code] {
    ALL
}

/// The code with this id, in any case: `e0203` finds `E0203`.
pub fn find(id: &str) -> Option<&'static Code> {
    ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id)).copied()
}

/// The explain page for a code's id.
pub fn explain(id: &str) -> Option<&'static str> {
    find(id).map(|code| code.page)
}
