//! What the checker tells, on request, of the names that it resolves.
//!
//! An editor asks it what stands under the cursor. The checker reports each name, field,
//! function, lookup and resource at its place, in the order in which it meets them; an
//! observer keeps what it needs. Invariant: observing changes nothing in what is found.

use super::functions::Function;
use crate::connector::Catalogue;
use crate::diag::Span;
use crate::value::{RecordType, Type};
use std::sync::Arc;

/// Whoever wants to know what the names of a pipeline mean.
pub trait Observer {
    /// `span` is the word itself.
    fn saw(&mut self, span: Span, what: Seen);
}

/// What a word means.
#[derive(Clone, Debug)]
pub enum Seen {
    /// It gives a name to a value.
    Given { giver: Giver, ty: Type },
    /// It is a name that was given at `definition`.
    Name { definition: Span, giver: Giver, ty: Type },
    /// It is a name that nothing here has; these would be known.
    Unknown { visible: Vec<Visible> },
    /// It stands after a value of type `of` and means its field; `ty` is `None` if it has
    /// no such field. Of a list, the field of each of its records is meant.
    Field { of: Type, name: Arc<str>, ty: Option<Type> },
    /// It calls a function.
    Function(&'static Function),
    /// It calls a lookup, which is declared at `definition` and gives such a record.
    Lookup { definition: Span, record: Option<Arc<RecordType>> },
    /// It calls a function of the file, which is declared at `definition` and gives this;
    /// or it is the name in that declaration.
    Declared { definition: Span, ty: Type },
    /// It is called, and there is no such function or lookup.
    UnknownFunction,
    /// It opens a connection, with this catalogue if that is clear.
    Connection { catalogue: Option<Arc<Catalogue>> },
    /// It is a connection's name; the connection is opened at `definition`.
    ConnectionName { definition: Span },
    /// It is a resource of a catalogue, if it is there.
    Resource { catalogue: Arc<Catalogue>, name: Arc<str> },
}

/// What gave a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Giver {
    /// `from … as`, `per`, `each … as`, a lookup's input, a parameter.
    Alias,
    Let,
    /// A field of a `map` or `each`.
    Field,
    /// A `let` outside of any flow.
    Constant,
    /// A line of `vars`.
    Var,
}

/// A name that could stand at some place.
#[derive(Clone, Debug)]
pub struct Visible {
    pub name: Arc<str>,
    pub ty: Type,
    pub giver: Giver,
}
