//! A contractor's business in neutral words: what the fakes are stocked with.
//!
//! No vendor's names here. `sandbox` makes one from a seed; each fake lays it out
//! as its vendor would. Both fakes are stocked from the same contractor, so the
//! sides agree where a real company's sides would agree, and differ where they would differ.
//! Ids are stable: a fake uses them as they are.

use crate::value::{Date, Decimal, Timestamp};

#[derive(Clone, Debug, Default)]
pub struct Contractor {
    pub seed: u64,
    pub company_id: i64,
    pub company_name: String,
    pub currency: String,
    /// Domain and entity of the ledger.
    pub domain: String,
    pub entity: String,
    /// The instant at which the story stands when the sandbox opens.
    pub opened: Option<Timestamp>,
    pub projects: Vec<Project>,
    pub vendors: Vec<Vendor>,
    /// Suppliers that the ledger has and nobody has linked with a vendor yet.
    pub suppliers: Vec<Supplier>,
    pub cost_codes: Vec<CostCode>,
    pub cost_types: Vec<CostType>,
    pub periods: Vec<BillingPeriod>,
    pub commitments: Vec<Commitment>,
    pub invoices: Vec<Invoice>,
    pub accounts: Vec<Account>,
    pub cost_centers: Vec<CostCenter>,
    /// Purchases can no longer be posted up to and including this day.
    pub ledger_closed_through: Option<Date>,
    /// Supplier invoices that stand in the ledger before anything is moved
    /// (keyed in by hand, or belonging to other work).
    pub ledger: Vec<LedgerInvoice>,
}

#[derive(Clone, Debug)]
pub struct Project {
    pub id: i64,
    pub number: String,
    pub name: String,
    pub active: bool,
    /// Whether the integration's credential may see it.
    pub permitted: bool,
    /// The ledger's code for the job (8 characters at most).
    pub ledger_code: String,
    pub city: String,
    pub state: String,
    pub start: Date,
}

#[derive(Clone, Debug)]
pub struct Vendor {
    pub id: i64,
    pub name: String,
    /// Tax or registration number.
    pub registration: Option<String>,
    /// The ledger's supplier code, where the two sides are linked already.
    pub supplier_code: Option<String>,
    /// Whether the ledger has this supplier at all, and whether it is active there.
    pub in_ledger: bool,
    pub active: bool,
    pub city: String,
    pub state: String,
    pub email: String,
    pub created: Timestamp,
}

/// A supplier as the ledger alone knows it. It may be a vendor of ours under the same name.
#[derive(Clone, Debug)]
pub struct Supplier {
    pub code: String,
    pub name: String,
    pub registration: Option<String>,
    pub active: bool,
    pub city: String,
    pub state: String,
}

/// A company-level cost code: `03-300`. Projects have ids of their own for it.
#[derive(Clone, Debug)]
pub struct CostCode {
    pub id: i64,
    /// The last part, `300`.
    pub code: String,
    /// The division, `03`.
    pub division: String,
    pub name: String,
}

impl CostCode {
    /// `03-300`.
    pub fn full_code(&self) -> String {
        format!("{}-{}", self.division, self.code)
    }
}

/// A cost type: `L` labor, `M` materials, `S` subcontract.
#[derive(Clone, Debug)]
pub struct CostType {
    pub id: i64,
    pub code: String,
    pub name: String,
    /// labor, equipment, materials, commitment, owner_cost, professional_services, other.
    pub base: String,
}

#[derive(Clone, Debug)]
pub struct BillingPeriod {
    pub id: i64,
    pub project: i64,
    pub start: Date,
    pub end: Date,
    pub due: Date,
}

#[derive(Clone, Debug)]
pub struct Commitment {
    pub id: i64,
    pub project: i64,
    pub vendor: i64,
    /// A subcontract, or a purchase order.
    pub subcontract: bool,
    pub number: String,
    pub title: String,
    pub approved: bool,
    pub retainage_percent: Decimal,
    pub date: Date,
    pub lines: Vec<CommitmentLine>,
}

#[derive(Clone, Debug)]
pub struct CommitmentLine {
    pub id: i64,
    /// Index into [`Contractor::cost_codes`] and [`Contractor::cost_types`].
    pub cost_code: usize,
    pub cost_type: usize,
    pub description: String,
    pub amount: Decimal,
    /// Came by a change order after the contract was signed.
    pub change_order: bool,
}

/// A subcontractor's application for payment against a commitment. Amounts are of
/// this period; the cumulative form is the fake's to compute from those before it.
#[derive(Clone, Debug)]
pub struct Invoice {
    pub id: i64,
    pub commitment: i64,
    /// Position in the chain of its commitment, from 1.
    pub number: i64,
    pub invoice_number: Option<String>,
    pub period: i64,
    pub billing_date: Option<Date>,
    /// draft, under_review, revise_and_resubmit, approved, approved_as_noted, pending_owner_approval,
    /// or a status that no document names.
    pub status: String,
    pub is_final: bool,
    pub lines: Vec<InvoiceLine>,
    pub created: Timestamp,
    pub updated: Timestamp,
}

#[derive(Clone, Debug)]
pub struct InvoiceLine {
    pub id: i64,
    /// The commitment line that it bills.
    pub line: i64,
    pub description: Option<String>,
    /// Work of this period; negative for a credit.
    pub work: Decimal,
    /// Materials stored on site and newly billed in this period.
    pub materials: Decimal,
    /// Held back of this period's work and materials.
    pub retained: Decimal,
    /// Released of what was held back before.
    pub released: Decimal,
}

impl InvoiceLine {
    /// Work and materials before retainage.
    pub fn gross(&self) -> Decimal {
        self.work.checked_add(self.materials).unwrap_or(Decimal::ZERO)
    }

    /// What is payable now: gross less retained plus released.
    pub fn net(&self) -> Decimal {
        self.gross().checked_sub(self.retained).and_then(|due| due.checked_add(self.released)).unwrap_or(Decimal::ZERO)
    }
}

#[derive(Clone, Debug)]
pub struct Account {
    pub code: String,
    pub name: String,
    pub active: bool,
    /// A control account: not for cost lines.
    pub control: bool,
    pub wants_cost_center: bool,
    pub wants_project: bool,
}

#[derive(Clone, Debug)]
pub struct CostCenter {
    pub code: String,
    pub name: String,
    pub active: bool,
}

#[derive(Clone, Debug)]
pub struct LedgerInvoice {
    pub supplier: String,
    pub reference: String,
    pub date: Date,
    pub amount: Decimal,
    pub account: String,
    pub cost_center: String,
}
