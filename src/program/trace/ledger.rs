//! The steps of one trace, each made once, so that what two parts of a value share is told once.

use super::lineage::{Lineage, Shape};
use super::trail::{Gather, Trail};
use super::{Asked, Of, Path, Step, What};
use crate::diag::Span;
use crate::program::machine::{descend, item};
use crate::value::Value;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

#[derive(Default)]
pub(super) struct Ledger {
    reads: HashMap<(*const Of, Path, Span), Rc<Step>>,
    /// Constants, functions and texts: the same at one place for every line of a record.
    said: HashMap<(Arc<str>, Span), Rc<Step>>,
    /// Those that only decided which value is taken, by the step that they were; it is kept with
    /// them, so that its address stays its own.
    because: HashMap<*const Step, (Rc<Step>, Rc<Step>)>,
}

impl Ledger {
    pub fn constant(&mut self, value: &Value, span: Span) -> Trail {
        self.say(Arc::from("constant "), span, || What::Constant(value.clone()))
    }

    pub fn function(&mut self, name: &Arc<str>, span: Span) -> Trail {
        self.say(name.clone(), span, || What::Function(name.clone()))
    }

    pub fn template(&mut self, span: Span) -> Trail {
        self.say(Arc::from("text "), span, || What::Template)
    }

    /// The names of the first two are no names of functions: they end in a space.
    fn say(&mut self, name: Arc<str>, span: Span, what: impl FnOnce() -> What) -> Trail {
        let made = || Rc::new(Step { what: what(), because: false, span });
        Trail::one(self.said.entry((name, span)).or_insert_with(made).clone())
    }

    /// One output of a row, or the row.
    pub fn lookup(asked: &Arc<Asked>, output: Option<(Arc<str>, Value)>, span: Span) -> Trail {
        let what = What::Lookup { asked: asked.clone(), output };
        Trail::one(Rc::new(Step { what, because: false, span }))
    }

    /// All that a value was made of, its parts included.
    pub fn settle(&mut self, value: &Value, from: &Lineage) -> Trail {
        let mut all = Gather::default();
        self.gather(value, from, &mut all);
        all.trail()
    }

    /// The same, as what decided for another value.
    pub fn decided(&mut self, value: &Value, from: &Lineage) -> Trail {
        let trail = self.settle(value, from);
        let mut all = Gather::default();
        for step in trail.steps() {
            all.add(&Trail::one(self.as_because(step)));
        }
        all.leave_off(trail.left_off());
        all.trail()
    }

    fn gather(&mut self, value: &Value, from: &Lineage, all: &mut Gather) {
        match &from.shape {
            Shape::Made => {}
            Shape::Read(of, path, span) => all.add(&Trail::one(self.read(of, path, *span, value))),
            Shape::Fields(fields) => {
                for field in fields.iter() {
                    self.gather(descend(value, std::slice::from_ref(&field.name)), &field.from, all);
                }
            }
            Shape::Items(items) => {
                for (index, from) in items.iter().enumerate() {
                    if all.is_full() {
                        all.leave_off(items.len() - index);
                        break;
                    }
                    self.gather(&item(value, i64::try_from(index).unwrap_or(i64::MAX)), from, all);
                }
            }
        }
        all.add(&from.trail);
    }

    fn read(&mut self, of: &Arc<Of>, path: &Path, span: Span, value: &Value) -> Rc<Step> {
        let made = || {
            let what = What::Read { of: of.clone(), path: path.clone(), value: value.clone() };
            Rc::new(Step { what, because: false, span })
        };
        self.reads.entry((Arc::as_ptr(of), path.clone(), span)).or_insert_with(made).clone()
    }

    fn as_because(&mut self, step: &Rc<Step>) -> Rc<Step> {
        if step.because {
            return step.clone();
        }
        let made = || (step.clone(), Rc::new(Step { because: true, ..Step::clone(step) }));
        self.because.entry(Rc::as_ptr(step)).or_insert_with(made).1.clone()
    }
}
