//! What a scenario is made of.

use super::company::company;
use super::mishap::Mishap;
use mlc::connector::contractor::Contractor;

/// What happens between two runs.
pub struct Step {
    /// As people would say it: "the period is opened".
    pub tells: &'static str,
    pub change: fn(&mut Contractor),
    /// What is certain of what people keyed is adopted before the run.
    pub adopts: bool,
}

pub struct Scenario {
    pub name: &'static str,
    /// What the case is, in a sentence.
    pub tells: &'static str,
    /// The standard pipeline that is run.
    pub pipeline: &'static str,
    /// What the customer's own file says beside it.
    pub extra: &'static str,
    /// The flows whose records are looked at.
    pub flows: &'static [&'static str],
    pub contractor: Contractor,
    /// What goes wrong on the way in the first run.
    pub mishaps: Vec<Mishap>,
    /// A company that the connection is set up for in place of the right one.
    pub company: Option<i64>,
    /// What happens before each further run.
    pub steps: Vec<Step>,
    /// Run with `--retry` after the first.
    pub retry: bool,
    /// QAD is reached by QXtend.
    pub messages: bool,
}

impl Scenario {
    pub fn new(name: &'static str, tells: &'static str) -> Self {
        Self {
            name,
            tells,
            pipeline: "subcontractor_invoices.mlc",
            extra: "",
            flows: &["subcontractor_invoices"],
            contractor: company(),
            mishaps: Vec::new(),
            company: None,
            steps: Vec::new(),
            retry: false,
            messages: false,
        }
    }

    pub fn of(mut self, pipeline: &'static str, flows: &'static [&'static str]) -> Self {
        (self.pipeline, self.flows) = (pipeline, flows);
        self
    }

    pub fn with(mut self, extra: &'static str) -> Self {
        self.extra = extra;
        self
    }

    pub fn given(mut self, change: fn(&mut Contractor)) -> Self {
        change(&mut self.contractor);
        self
    }

    pub fn meets(mut self, mishap: Mishap) -> Self {
        self.mishaps.push(mishap);
        self
    }

    pub fn in_company(mut self, id: i64) -> Self {
        self.company = Some(id);
        self
    }

    /// Something happens, and a day later there is another run.
    pub fn then(mut self, tells: &'static str, change: fn(&mut Contractor)) -> Self {
        self.steps.push(Step { tells, change, adopts: false });
        self
    }

    /// Something happens, an accountant adopts what is certain, and there is another run.
    pub fn then_adopted(mut self, tells: &'static str, change: fn(&mut Contractor)) -> Self {
        self.steps.push(Step { tells, change, adopts: true });
        self
    }

    /// The ledger is reached by its other interface.
    pub fn by_messages(mut self) -> Self {
        self.messages = true;
        self
    }

    /// Nothing happens, and a day later there is another run.
    pub fn again(self) -> Self {
        self.then("nothing else happens", |_| {})
    }

    pub fn retried(mut self) -> Self {
        self.retry = true;
        self
    }
}
