//! Templates: `"{{ project.project_number }}-{{ invoice.number | upper }}"`.

/// A filter of the template engine that a template may use, with its constant arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    pub name: String,
    pub arguments: Vec<crate::value::Value>,
}
