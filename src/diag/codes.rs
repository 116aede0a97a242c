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
