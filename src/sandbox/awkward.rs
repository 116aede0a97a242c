//! What a real company's books have that a clean story has not. Each oddity is placed
//! on purpose and few times, on invoices that nothing else happened to.

use super::chart::{STALE_CODE, UNMAPPED_CODE};
use super::jobs::day;
use super::names::LONG_STORY;
use super::random::Random;
use super::taxes;
use crate::connector::contractor::{Contractor, Invoice, InvoiceLine, LedgerInvoice, Supplier};
use crate::value::Decimal;
use std::collections::BTreeSet;

/// Places all oddities.
pub fn place(contractor: &mut Contractor) {
    let mut stage = Stage::new(contractor);
    stage.vendors_apart_from_the_ledger();
    stage.twin_vendors();
    stage.suppliers_apart_from_the_directory();
    stage.codes_without_dimensions();
    stage.papers_with_gaps();
    stage.numbers_used_twice();
    stage.long_texts();
    stage.statuses_nobody_documented();
    stage.nothing_to_pay();
    stage.credits();
    stage.retainage_released_at_the_end();
    stage.closed_period();
    stage.keyed_by_hand();
    taxes::place(stage.contractor);
}

/// The contractor, and which of its parts are still untouched.
struct Stage<'a> {
    contractor: &'a mut Contractor,
    /// Indices of approved invoices on open projects, in the order in which they are used.
    free: Vec<usize>,
    used_commitments: BTreeSet<i64>,
}

impl<'a> Stage<'a> {
    fn new(contractor: &'a mut Contractor) -> Self {
        let mut random = Random::new(contractor.seed, "awkward");
        let mut free: Vec<usize> =
            (0..contractor.invoices.len()).filter(|index| is_open(contractor, &contractor.invoices[*index])).collect();
        for at in (1..free.len()).rev() {
            free.swap(at, random.below(at + 1));
        }
        Self { contractor, free, used_commitments: BTreeSet::new() }
    }

    /// The next untouched invoice that fits; at most one from each commitment.
    fn take(&mut self, fits: impl Fn(&Contractor, &Invoice) -> bool) -> Option<usize> {
        let at = self.free.iter().position(|index| {
            let invoice = &self.contractor.invoices[*index];
            !self.used_commitments.contains(&invoice.commitment) && fits(self.contractor, invoice)
        })?;
        let index = self.free.remove(at);
        self.used_commitments.insert(self.contractor.invoices[index].commitment);
        Some(index)
    }

    fn each(
        &mut self,
        times: usize,
        fits: impl Fn(&Contractor, &Invoice) -> bool,
        change: impl Fn(&mut Contractor, usize),
    ) {
        for _ in 0..times {
            if let Some(index) = self.take(&fits) {
                change(self.contractor, index);
            }
        }
    }

    /// A vendor with one contract only, so that the trouble stays small. All its invoices are used up.
    fn take_vendor(&mut self) -> Option<usize> {
        let index = self.take(|contractor, invoice| {
            let vendor = vendor_of(contractor, invoice);
            contractor.commitments.iter().filter(|commitment| Some(commitment.vendor) == vendor).count() == 1
        })?;
        let id = vendor_of(self.contractor, &self.contractor.invoices[index])?;
        self.contractor.vendors.iter().position(|vendor| vendor.id == id)
    }

    fn vendors_apart_from_the_ledger(&mut self) {
        for _ in 0..3 {
            if let Some(vendor) = self.take_vendor() {
                self.contractor.vendors[vendor].supplier_code = None;
                self.contractor.vendors[vendor].in_ledger = false;
            }
        }
        if let Some(vendor) = self.take_vendor() {
            self.contractor.vendors[vendor].in_ledger = false;
        }
        if let Some(vendor) = self.take_vendor() {
            self.contractor.vendors[vendor].active = false;
        }
    }

    /// Two companies that one clerk cannot tell apart; both are suppliers of their own.
    fn twin_vendors(&mut self) {
        for (first, ending) in [(10, ""), (26, ", Inc."), (43, " LLC")] {
            let name = format!("{}{ending}", self.contractor.vendors[first].name);
            self.contractor.vendors[first + 64].name = name;
        }
    }

    /// Suppliers that the clerks of the ledger keyed in by themselves: of vendors that have
    /// none yet, of companies that nobody on site knows, and one that is called like others.
    fn suppliers_apart_from_the_directory(&mut self) {
        let vendors = &self.contractor.vendors;
        let unlinked = vendors.iter().filter(|vendor| vendor.supplier_code.is_none());
        let of_vendors = unlinked.map(|vendor| (vendor.name.to_uppercase(), vendor.registration.clone()));
        let twin = vendors.get(10).map(|vendor| (vendor.name.clone(), None));
        let strangers = [("Calloway Crane Rental", Some("61-8804410")), ("Prairie Signage", None)]
            .map(|(name, number)| (name.to_owned(), number.map(str::to_owned)));
        let all = of_vendors.chain(strangers).chain(twin).enumerate();
        let suppliers = all.map(|(index, (name, registration))| Supplier {
            code: format!("N{index:05}"),
            name,
            registration,
            active: true,
            city: "Peoria".to_owned(),
            state: "IL".to_owned(),
        });
        self.contractor.suppliers = suppliers.collect();
    }

    fn codes_without_dimensions(&mut self) {
        for (code, times) in [(UNMAPPED_CODE, 2), (STALE_CODE, 1)] {
            let Some(code) = self.contractor.cost_codes.iter().position(|known| known.full_code() == code) else {
                continue;
            };
            let Some(ty) = self.contractor.cost_types.iter().position(|ty| ty.code == "S") else { continue };
            self.each(
                times,
                |_, _| true,
                |contractor, index| {
                    let id = contractor.invoices[index].commitment;
                    let lines = contractor.commitments.iter_mut().find(|commitment| commitment.id == id);
                    if let Some(line) = lines.and_then(|commitment| commitment.lines.first_mut()) {
                        line.cost_code = code;
                        line.cost_type = ty;
                    }
                },
            );
        }
    }

    fn papers_with_gaps(&mut self) {
        self.each(2, |_, _| true, |contractor, index| contractor.invoices[index].billing_date = None);
        self.each(2, |_, _| true, |contractor, index| contractor.invoices[index].invoice_number = None);
    }

    /// The vendor sends two applications under one number.
    fn numbers_used_twice(&mut self) {
        self.each(
            2,
            |_, invoice| invoice.number > 1,
            |contractor, index| {
                // Chains stand one behind the other: the invoice before is this one's predecessor.
                contractor.invoices[index].invoice_number = contractor.invoices[index - 1].invoice_number.clone();
            },
        );
    }

    fn long_texts(&mut self) {
        self.each(
            3,
            |_, invoice| !invoice.lines.is_empty(),
            |contractor, index| {
                contractor.invoices[index].lines[0].description = Some(LONG_STORY.to_owned());
            },
        );
        self.each(
            2,
            |_, _| true,
            |contractor, index| {
                let invoice = &mut contractor.invoices[index];
                let number = invoice.invoice_number.clone().unwrap_or_default();
                invoice.invoice_number = Some(format!("APPLICATION-FOR-PAYMENT-{number}-REVISED"));
            },
        );
    }

    fn statuses_nobody_documented(&mut self) {
        self.each(
            2,
            |_, _| true,
            |contractor, index| "sent_to_lender".clone_into(&mut contractor.invoices[index].status),
        );
    }

    /// A month without work, and a correction that moves cost from one line to another.
    fn nothing_to_pay(&mut self) {
        self.each(
            2,
            |_, _| true,
            |contractor, index| {
                for line in &mut contractor.invoices[index].lines {
                    clear(line);
                }
            },
        );
        self.each(
            1,
            |contractor, invoice| lines_with_history(contractor, invoice).len() >= 2,
            |contractor, index| {
                let lines = lines_with_history(contractor, &contractor.invoices[index]);
                move_cost(&mut contractor.invoices[index], lines[0], lines[1]);
            },
        );
    }

    /// A credit as a line among others, and as a whole invoice.
    fn credits(&mut self) {
        self.each(
            3,
            |contractor, invoice| invoice.lines.len() >= 3 && !lines_with_history(contractor, invoice).is_empty(),
            |contractor, index| {
                let line = lines_with_history(contractor, &contractor.invoices[index])[0];
                credit(&mut contractor.invoices[index].lines[line], 25_000);
            },
        );
        self.each(
            3,
            |contractor, invoice| !lines_with_history(contractor, invoice).is_empty(),
            |contractor, index| {
                let line = lines_with_history(contractor, &contractor.invoices[index])[0];
                for line in &mut contractor.invoices[index].lines {
                    clear(line);
                }
                credit(&mut contractor.invoices[index].lines[line], 41_250);
            },
        );
    }

    /// The last approved invoice of a contract pays out all that was held back, and nothing else.
    fn retainage_released_at_the_end(&mut self) {
        self.each(
            3,
            |contractor, invoice| {
                let next = contractor
                    .invoices
                    .iter()
                    .find(|next| next.commitment == invoice.commitment && next.number == invoice.number + 1);
                next.is_none_or(|next| !is_approved(next))
                    && invoice.lines.iter().any(|line| !held_before(contractor, invoice, line.line).is_zero())
            },
            |contractor, index| {
                let invoice = contractor.invoices[index].clone();
                let held: Vec<_> =
                    invoice.lines.iter().map(|line| held_before(contractor, &invoice, line.line)).collect();
                let current = &mut contractor.invoices[index];
                current.is_final = true;
                for (line, held) in current.lines.iter_mut().zip(held) {
                    clear(line);
                    line.released = held;
                }
                for later in contractor.invoices.iter_mut() {
                    if later.commitment == invoice.commitment && later.number > invoice.number {
                        later.lines.iter_mut().for_each(|line| line.released = Decimal::ZERO);
                    }
                }
            },
        );
    }

    /// The year was mistyped: the ledger has closed that month long ago.
    fn closed_period(&mut self) {
        self.contractor.ledger_closed_through = Some(day(2025, 12, 31));
        self.each(
            2,
            |_, invoice| invoice.billing_date.is_some(),
            |contractor, index| {
                let invoice = &mut contractor.invoices[index];
                invoice.billing_date = invoice.billing_date.map(|date| day(2025, date.month(), 28));
            },
        );
    }

    /// Somebody was in a hurry and keyed invoices into the ledger; one of them with another amount.
    /// The reference is the one that the pipeline makes: project, dash, invoice number.
    fn keyed_by_hand(&mut self) {
        for slip in [0, 0, 10_000] {
            let Some(index) = self.take(|_, invoice| invoice.invoice_number.as_ref().is_some_and(|n| n.len() < 13))
            else {
                continue;
            };
            if let Some(keyed) = by_hand(self.contractor, index, slip) {
                self.contractor.ledger.push(keyed);
            }
        }
        // And one that has nothing to do with any project.
        self.contractor.ledger.push(LedgerInvoice {
            supplier: "S00400".to_owned(),
            reference: "RENT-2026-10".to_owned(),
            date: day(2026, 10, 1),
            amount: Decimal::cents(420_000),
            account: "6100".to_owned(),
            cost_center: "C910".to_owned(),
        });
    }
}

fn by_hand(contractor: &Contractor, index: usize, slip: i64) -> Option<LedgerInvoice> {
    let invoice = &contractor.invoices[index];
    let commitment = contractor.commitments.iter().find(|commitment| commitment.id == invoice.commitment)?;
    let project = contractor.projects.iter().find(|project| project.id == commitment.project)?;
    let vendor = contractor.vendors.iter().find(|vendor| vendor.id == commitment.vendor)?;
    let net = invoice.lines.iter().try_fold(Decimal::cents(slip), |sum, line| sum.checked_add(line.net()))?;
    Some(LedgerInvoice {
        supplier: vendor.supplier_code.clone()?,
        reference: format!("{}-{}", project.number, invoice.invoice_number.as_ref()?),
        date: invoice.billing_date?,
        amount: net,
        account: "5310".to_owned(),
        cost_center: "C030".to_owned(),
    })
}

fn is_approved(invoice: &Invoice) -> bool {
    ["approved", "approved_as_noted"].contains(&invoice.status.as_str())
}

/// Approved, on a project that is active and that the integration may see, and worth something.
fn is_open(contractor: &Contractor, invoice: &Invoice) -> bool {
    let commitment = contractor.commitments.iter().find(|commitment| commitment.id == invoice.commitment);
    let project = commitment.and_then(|of| contractor.projects.iter().find(|project| project.id == of.project));
    is_approved(invoice)
        && project.is_some_and(|project| project.active && project.permitted)
        && invoice.lines.iter().any(|line| !line.net().is_zero())
}

fn vendor_of(contractor: &Contractor, invoice: &Invoice) -> Option<i64> {
    contractor.commitments.iter().find(|commitment| commitment.id == invoice.commitment).map(|found| found.vendor)
}

/// Positions of lines on which more than 500.00 was billed in the chain before.
fn lines_with_history(contractor: &Contractor, invoice: &Invoice) -> Vec<usize> {
    let enough = |line: &InvoiceLine| {
        let before = lines_before(contractor, invoice, line.line)
            .try_fold(Decimal::ZERO, |sum, earlier| sum.checked_add(earlier.gross()));
        before.is_some_and(|before| before > Decimal::cents(50_000))
    };
    invoice.lines.iter().enumerate().filter(|(_, line)| enough(line)).map(|(at, _)| at).collect()
}

fn lines_before<'a>(
    contractor: &'a Contractor,
    invoice: &'a Invoice,
    line: i64,
) -> impl Iterator<Item = &'a InvoiceLine> {
    contractor
        .invoices
        .iter()
        .filter(|earlier| earlier.commitment == invoice.commitment && earlier.number < invoice.number)
        .flat_map(|earlier| &earlier.lines)
        .filter(move |earlier| earlier.line == line)
}

fn held_before(contractor: &Contractor, invoice: &Invoice, line: i64) -> Decimal {
    lines_before(contractor, invoice, line)
        .try_fold(Decimal::ZERO, |held, earlier| held.checked_add(earlier.retained)?.checked_sub(earlier.released))
        .unwrap_or(Decimal::ZERO)
}

fn clear(line: &mut InvoiceLine) {
    (line.work, line.materials) = (Decimal::ZERO, Decimal::ZERO);
    (line.retained, line.released) = (Decimal::ZERO, Decimal::ZERO);
}

fn credit(line: &mut InvoiceLine, cents: i64) {
    clear(line);
    line.work = Decimal::cents(-cents);
    line.description = Some("Rework credited by agreement".to_owned());
}

fn move_cost(invoice: &mut Invoice, from: usize, to: usize) {
    invoice.lines.iter_mut().for_each(clear);
    credit(&mut invoice.lines[from], 32_500);
    invoice.lines[to].work = Decimal::cents(32_500);
    invoice.lines[to].description = Some("Moved from the line above".to_owned());
}
