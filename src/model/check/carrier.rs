//! What the rows of a lookup carry of the record that their list is read per one of.
//!
//! A list that exists only inside one project often does not name the project in its
//! records. Then `project_id` is the `id` of the project, and `project_number` is its field of
//! that name, or its `number`.

use crate::connector::ScopeSpec;
use crate::model::LookupScope;
use crate::value::{RecordType, Type};
use std::sync::Arc;

pub(super) struct Carrier {
    scope: LookupScope,
    record: Option<Arc<RecordType>>,
}

impl Carrier {
    pub fn new(spec: &ScopeSpec, record: Option<Arc<RecordType>>) -> Self {
        let scope = LookupScope {
            name: Arc::from(spec.name.as_str()),
            resource: Arc::from(spec.resource.as_str()),
            field: Arc::from(spec.field.as_str()),
            filter: None,
            locals: 1,
            carries: Vec::new(),
        };
        Self { scope, record }
    }

    /// The type of the scope's field that this name means; from now on the rows carry it.
    pub fn carry(&mut self, name: &Arc<str>) -> Option<Type> {
        let record = self.record.as_ref()?;
        let short = name.strip_prefix(&*self.scope.name)?.strip_prefix('_')?;
        let (field, spec) = [short, &**name].into_iter().find_map(|field| record.fields.get_key_value(field))?;
        if !self.scope.carries.iter().any(|(known, _)| known == name) {
            self.scope.carries.push((name.clone(), field.clone()));
        }
        Some(spec.ty.clone())
    }

    pub fn scope(self) -> LookupScope {
        self.scope
    }
}
