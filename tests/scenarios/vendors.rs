//! Suppliers of QAD and vendors of Procore that do not simply go together.

use super::company::vendor;
use super::scenario::Scenario;
use mlc::connector::contractor::{Contractor, Supplier};

pub fn all() -> Vec<Scenario> {
    let all = vec![
        Scenario::new("twin-names", "Two vendors are called like one supplier.").given(|company| {
            company.vendors.push(vendor(102, "Birch Masonry", None, None));
            company.vendors.push(vendor(103, "Birch Masonry, Inc.", None, None));
            keyed_in(company, "N00001", "BIRCH MASONRY INC", None);
        }),
        Scenario::new("linked-to-another", "A supplier is called like a vendor that is linked with another one.")
            .given(|company| keyed_in(company, "N00001", "Ash Concrete", None)),
        Scenario::new("number-says-otherwise", "Name and registration number point to two vendors.").given(|company| {
            company.vendors.push(vendor(102, "Birch Masonry", None, Some("20-5550102")));
            company.vendors.push(vendor(103, "Birch Masonry Group", None, Some("20-5550103")));
            keyed_in(company, "N00001", "Birch Masonry", Some("20-5550103"));
        }),
        Scenario::new("supplier-without-vendor", "A supplier has no vendor in Procore yet.")
            .given(|company| keyed_in(company, "N00001", "Calloway Crane Rental", Some("61-8804410"))),
        Scenario::new("supplier-blocked-later", "A supplier is blocked in QAD after it was linked.")
            .given(|company| keyed_in(company, "N00001", "Calloway Crane Rental", None))
            .then("the supplier is blocked in QAD", |company| company.suppliers[0].active = false),
    ];
    all.into_iter().map(|scenario| scenario.of("vendors.mlc", &["vendors"])).collect()
}

fn keyed_in(company: &mut Contractor, code: &str, name: &str, registration: Option<&str>) {
    company.suppliers.push(Supplier {
        code: code.to_owned(),
        name: name.to_owned(),
        registration: registration.map(str::to_owned),
        active: true,
        city: "Peoria".to_owned(),
        state: "IL".to_owned(),
    });
}
