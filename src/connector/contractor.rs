//! A contractor's business in neutral words: what the fakes are stocked with.
//!
//! No vendor's names here. `sandbox` makes one from a seed; each fake lays it out
//! as its vendor would. Both fakes are stocked from the same contractor, so the
//! sides agree where a real company's sides would agree, and differ where they would differ.
//! Ids are stable: a fake uses them as they are.

use crate::value::{Date, Decimal, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Supplier codes that the ledger has closed while the job side still uses their vendors.
    pub closed_suppliers: BTreeSet<String>,
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
    pub tax_codes: Vec<TaxCode>,
    /// The tax that a commitment's line bears: by [`CommitmentLine::id`], an index into `tax_codes`.
    pub taxed_lines: BTreeMap<i64, usize>,
    pub direct_costs: Vec<DirectCost>,
    /// Payments to subcontractors and vendors against commitments.
    pub payments: Vec<ContractPayment>,
    /// Contracts with owners, one or none for a project.
    pub prime_contracts: Vec<PrimeContract>,
    /// Payments that owners made against prime contracts.
    pub owner_payments: Vec<OwnerPayment>,
    pub change_orders: Vec<ChangeOrder>,
    pub budget: Vec<BudgetLine>,
    /// Purchase orders of the ledger. Commitments name theirs by [`Commitment::ledger_order`].
    pub orders: Vec<PurchaseOrder>,
    pub receipts: Vec<Receipt>,
    pub items: Vec<Item>,
    /// A segment of the company's own that budget codes can carry beside cost code and cost type.
    pub segment: Option<Segment>,
    /// Which value of that segment a commitment's line bears: by [`CommitmentLine::id`], an
    /// index into [`Segment::values`].
    pub segmented_lines: BTreeMap<i64, usize>,
    pub sub_jobs: Vec<SubJob>,
    /// Commitments that were deleted, and when.
    pub deleted_commitments: BTreeMap<i64, Timestamp>,
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
    /// The ledger's purchase order that stands behind it (8 characters at most).
    pub ledger_order: Option<String>,
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

/// A sales or use tax as the job side knows it.
#[derive(Clone, Debug)]
pub struct TaxCode {
    pub id: i64,
    pub code: String,
    pub description: String,
    /// Percent, `8.25`.
    pub rate: Decimal,
    pub active: bool,
}

/// A cost that no commitment stands behind: a bill, an employee's expense, a payroll.
#[derive(Clone, Debug)]
pub struct DirectCost {
    pub id: i64,
    pub project: i64,
    /// invoice, expense, payroll, subcontractor_invoice, or a type that no document names.
    pub kind: String,
    /// draft, pending, revise_and_resubmit, approved.
    pub status: String,
    /// `None` for payrolls and expenses of employees.
    pub vendor: Option<i64>,
    /// Who made the expense or was paid, where that is a person.
    pub employee: Option<String>,
    /// The paper's own number.
    pub invoice_number: Option<String>,
    pub description: Option<String>,
    /// The day of the cost.
    pub date: Option<Date>,
    pub received: Option<Date>,
    pub paid: Option<Date>,
    pub lines: Vec<DirectCostLine>,
    pub created: Timestamp,
    pub updated: Timestamp,
}

#[derive(Clone, Debug)]
pub struct DirectCostLine {
    pub id: i64,
    /// Index into [`Contractor::cost_codes`] and [`Contractor::cost_types`].
    pub cost_code: usize,
    pub cost_type: usize,
    pub description: Option<String>,
    pub quantity: Decimal,
    pub unit: String,
    pub unit_cost: Decimal,
    /// Before tax; negative for a credit.
    pub amount: Decimal,
    /// Index into [`Contractor::tax_codes`].
    pub tax_code: Option<usize>,
}

/// A payment against a commitment; several may pay one invoice, and one may pay a part.
#[derive(Clone, Debug)]
pub struct ContractPayment {
    pub id: i64,
    pub commitment: i64,
    /// The invoice that it pays, by [`Invoice::id`]; `None` where nobody said.
    pub invoice: Option<i64>,
    /// Its number within the commitment, from 1.
    pub number: i64,
    pub amount: Decimal,
    pub check_number: Option<String>,
    /// check, transfer and so on, as people wrote it.
    pub method: Option<String>,
    /// `None` and the first day of 1970 both mean that nobody gave a day.
    pub date: Option<Date>,
    pub notes: Option<String>,
    pub created: Timestamp,
    pub updated: Timestamp,
}

/// The contract with the owner of a project.
#[derive(Clone, Debug)]
pub struct PrimeContract {
    pub id: i64,
    pub project: i64,
    pub number: String,
    pub title: String,
    pub owner: String,
    /// The ledger's code of the owner as a customer.
    pub customer_code: String,
    pub approved: bool,
    pub retainage_percent: Decimal,
    pub amount: Decimal,
    pub date: Date,
}

/// A payment that the owner made.
#[derive(Clone, Debug)]
pub struct OwnerPayment {
    pub id: i64,
    pub prime_contract: i64,
    pub number: i64,
    pub amount: Decimal,
    pub check_number: Option<String>,
    pub date: Option<Date>,
    pub invoice_number: Option<String>,
    pub notes: Option<String>,
    pub created: Timestamp,
    pub updated: Timestamp,
}

/// A change to a contract's sum.
#[derive(Clone, Debug)]
pub struct ChangeOrder {
    pub id: i64,
    pub project: i64,
    pub contract: Contract,
    pub number: String,
    pub title: String,
    /// draft, proceeding, pending, approved, rejected, void.
    pub status: String,
    pub amount: Decimal,
    pub due: Option<Date>,
    pub approved: Option<Date>,
    pub lines: Vec<CommitmentLine>,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub deleted: Option<Timestamp>,
}

/// A segment of the company's own: who pays for a cost, or in which region it arose.
#[derive(Clone, Debug)]
pub struct Segment {
    pub id: i64,
    pub name: String,
    pub values: Vec<SegmentValue>,
}

#[derive(Clone, Debug)]
pub struct SegmentValue {
    pub id: i64,
    pub code: String,
    pub name: String,
}

/// A part of a project that is accounted for by itself.
#[derive(Clone, Debug)]
pub struct SubJob {
    pub id: i64,
    pub project: i64,
    pub code: String,
    pub name: String,
}

/// Which contract something belongs to, by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contract {
    Commitment(i64),
    Prime(i64),
}

/// What a project's budget holds for one cost code and type.
#[derive(Clone, Debug)]
pub struct BudgetLine {
    pub id: i64,
    pub project: i64,
    /// Index into [`Contractor::cost_codes`] and [`Contractor::cost_types`].
    pub cost_code: usize,
    pub cost_type: usize,
    pub original: Decimal,
}

/// A purchase order of the ledger.
#[derive(Clone, Debug)]
pub struct PurchaseOrder {
    /// 8 characters at most.
    pub number: String,
    /// The ledger's supplier code.
    pub supplier: String,
    pub date: Date,
    pub due: Date,
    pub open: bool,
    /// Withdrawn; then it is not open either.
    pub cancelled: bool,
    pub project: String,
    pub lines: Vec<OrderLine>,
}

#[derive(Clone, Debug)]
pub struct OrderLine {
    pub number: i64,
    pub item: String,
    pub description: String,
    pub ordered: Decimal,
    pub unit: String,
    pub unit_cost: Decimal,
    pub account: String,
    pub cost_center: String,
    /// The ledger makes the invoice itself from the receipt: nobody invoices it again.
    pub evaluated: bool,
}

/// Goods or work that came in against a line of an order.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// The receiver's number; several lines may carry one.
    pub receiver: String,
    pub order: String,
    pub line: i64,
    pub date: Date,
    /// Negative for a return.
    pub quantity: Decimal,
    /// When it was posted; the day alone decides for the ledger.
    pub posted: Timestamp,
}

/// An item of the ledger.
#[derive(Clone, Debug)]
pub struct Item {
    pub code: String,
    pub description: String,
    pub unit: String,
    pub active: bool,
}
