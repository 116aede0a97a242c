//! Where the fake's answers differ from the records on purpose, each with its reason. One
//! that nothing shows any more is a finding itself.

/// A deviation.
pub struct Known {
    /// Route and status; a `*` at the end takes any rest.
    pub place: &'static str,
    /// Where in the body and what; a `*` at the beginning takes any place.
    pub problem: &'static str,
    #[expect(dead_code, reason = "for who reads the table")]
    pub reason: &'static str,
}

impl Known {
    pub fn covers(&self, place: &str, problem: &str) -> bool {
        let begins = match self.place.strip_suffix('*') {
            Some(begin) => place.starts_with(begin),
            None => place == self.place,
        };
        begins
            && match self.problem.strip_prefix('*') {
                Some(end) => problem.ends_with(end),
                None => problem == self.problem,
            }
    }
}

const fn known(place: &'static str, problem: &'static str, reason: &'static str) -> Known {
    Known { place, problem, reason }
}

const EITHER: &str = "the record wants both; its words say that one of the two will do";
const SUMMARY: &str = "the summary alone shows this id as a number, by its own words";
const OPEN: &str = "on purpose: a status that no document names, as new ones come without a word";

const LABOR: &str = "the record forgets labor; it can be written, and so it must be read";

const COLUMN: &str = "a row has one more field for each column of the view, by the record's own words";

const FOURTH: &str = "a type that exists where Procore's support has switched it on";
const OPEN_TYPE: &str = "on purpose: a type that no document names, as new ones come without a word";
const LISTED: &str = "a token lists the companies that installed the app, whichever company a call names";
const NO_PRIME: &str = "the project's first prime contract, of a project that has none";

const NAMELESS: &str = "the record forgets the name, without which nobody could ask for any of them";

pub const KNOWN: &[Known] = &[
    known("GET /rest/v1.0/webhooks/resources 200", "*: `name` is not recorded", NAMELESS),
    known("GET *", "*base_type: \"labor\" is not among the values", LABOR),
    known("PATCH *", "*base_type: \"labor\" is not among the values", LABOR),
    known("GET *", "*direct_cost_type: \"subcontractor_invoice\" is not among the values", FOURTH),
    known("GET *", "*direct_cost_type: \"equipment_log\" is not among the values", OPEN_TYPE),
    known("GET /rest/v1.0/prime_contract", "what is there was answered with 404", NO_PRIME),
    known("GET /rest/v1.0/companies", "OtherCompany: answered with 200, not 403", LISTED),
    known("GET /rest/v1.0/line_item_types", "without company_id: answered with 200, not 400", EITHER),
    known("GET /rest/v1.0/line_item_types", "without project_id: answered with 200, not 400", EITHER),
    known("GET /rest/v1.0/vendors 200", "*.business_id: is not of type Multiple((null, string))", SUMMARY),
    known("GET /rest/v1.0/vendors/{id} 200", "business_id: is not of type Multiple((null, string))", SUMMARY),
    known(
        "GET /rest/v1.0/budget_views/{budget_view_id}/detail_rows 200",
        "*: `Committed Costs` is not recorded",
        COLUMN,
    ),
    known(
        "GET /rest/v1.0/companies/{company_id}/vendors/inactive 200",
        "*.business_id: is not of type Multiple((null, string))",
        SUMMARY,
    ),
    known("GET /rest/v1.0/requisitions 200", "*status: \"sent_to_lender\" is not among the values", OPEN),
    known("GET /rest/v1.1/requisitions 200", "*status: \"sent_to_lender\" is not among the values", OPEN),
];

/// Lists for which the record describes one of their items and not the list.
pub const LISTS: &[&str] = &[
    "GET /rest/v1.0/projects/{project_id}/commitment_change_orders",
    "GET /rest/v1.0/projects/{project_id}/prime_change_orders",
];
