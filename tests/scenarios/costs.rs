//! Direct costs: bills, expenses and payrolls without a contract.

use super::company::{JOB, VENDOR, at, code_of, day, dollars, type_of};
use super::scenario::Scenario;
use mlc::connector::contractor::{Contractor, DirectCost, DirectCostLine};
use mlc::value::{Date, Decimal};

pub fn all() -> Vec<Scenario> {
    let all = vec![
        Scenario::new("payroll", "A direct cost is a payroll.").given(|company| {
            let cost = cost(company);
            company.direct_costs = vec![DirectCost { kind: "payroll".to_owned(), vendor: None, ..cost }];
        }),
        Scenario::new("cost-lines-and-taxes", "A bill has several lines, one of them with tax.").given(|company| {
            let mut cost = cost(company);
            cost.lines.push(line(company, 2, "03-200", 250, Some(1)));
            cost.lines.push(line(company, 3, "03-300", -50, None));
            company.direct_costs = vec![cost];
        }),
        Scenario::new("employee-expense", "An employee laid the expense out.").given(|company| {
            let cost = cost(company);
            let employee = Some("Mia Dunn".to_owned());
            company.direct_costs = vec![DirectCost { kind: "expense".to_owned(), vendor: None, employee, ..cost }];
        }),
        Scenario::new("cost-without-vendor", "A bill names no vendor.").given(|company| {
            let cost = cost(company);
            company.direct_costs = vec![DirectCost { vendor: None, ..cost }];
        }),
        Scenario::new("cost-of-unknown-kind", "A direct cost is of a kind that no document names.").given(|company| {
            let cost = cost(company);
            company.direct_costs = vec![DirectCost { kind: "equipment_log".to_owned(), ..cost }];
        }),
        Scenario::new("cost-of-no-day", "A bill is dated to the first day of 1970, which nobody entered.").given(
            |company| {
                let cost = cost(company);
                company.direct_costs = vec![DirectCost { date: Date::new(1970, 1, 1), ..cost }];
            },
        ),
    ];
    all.into_iter().map(|scenario| scenario.of("direct_costs.mlc", &["direct_costs"])).collect()
}

fn cost(company: &Contractor) -> DirectCost {
    DirectCost {
        id: 8_001,
        project: JOB,
        kind: "invoice".to_owned(),
        status: "approved".to_owned(),
        vendor: Some(VENDOR),
        employee: None,
        invoice_number: Some("B-17".to_owned()),
        description: Some("Concrete pump hire".to_owned()),
        date: Some(day(2026, 10, 12)),
        received: None,
        paid: None,
        lines: vec![line(company, 1, "03-300", 400, None)],
        created: at(-2),
        updated: at(-1),
    }
}

fn line(company: &Contractor, number: i64, code: &str, amount: i64, tax_code: Option<usize>) -> DirectCostLine {
    DirectCostLine {
        id: 80_010 + number,
        cost_code: code_of(company, code),
        cost_type: type_of(company, "M"),
        description: Some(format!("Line {number}")),
        quantity: Decimal::from(1_i64),
        unit: "ls".to_owned(),
        unit_cost: dollars(amount),
        amount: dollars(amount),
        tax_code,
    }
}
