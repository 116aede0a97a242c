//! Pages: `page` and `per_page` in, a slice and the headers `Total`, `Per-Page`, `Link` out.
//!
//! The default and the largest size differ by endpoint; a larger wish is cut without a
//! word. `Link` keeps Procore's oddities: its order, no `prev` on page 2, and
//! addresses that carry the page alone and lose every filter.

use super::errors::answer;
use super::request::Request;
use crate::world::HttpResponse;
use serde_json::{Value as Json, json};

/// Page sizes of an endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub default: usize,
    pub largest: usize,
}

/// Most lists.
pub const COMMON: Sizes = Sizes { default: 100, largest: 1000 };
/// Projects.
pub const PROJECTS: Sizes = Sizes { default: 100, largest: 300 };
/// Subcontractor invoices.
pub const REQUISITIONS: Sizes = Sizes { default: 30, largest: 100 };

/// One page of `records`, each made into JSON by `show`; those of other pages are not made.
pub fn page<T>(request: &Request<'_>, sizes: Sizes, records: &[T], show: impl Fn(&T) -> Json) -> HttpResponse {
    paged(request, sizes, records, |shown| shown.iter().map(&show).collect())
}

/// The same, with the records under a word, as newer endpoints have them.
pub fn page_under<T>(
    word: &str,
    request: &Request<'_>,
    sizes: Sizes,
    records: &[T],
    show: impl Fn(&T) -> Json,
) -> HttpResponse {
    paged(request, sizes, records, |shown| json!({word: shown.iter().map(&show).collect::<Vec<_>>()}))
}

fn paged<T>(request: &Request<'_>, sizes: Sizes, records: &[T], body: impl Fn(&[T]) -> Json) -> HttpResponse {
    let wish = |name: &str| request.parameter(name).and_then(|text| text.parse::<usize>().ok()).filter(|n| *n > 0);
    let size = wish("per_page").unwrap_or(sizes.default).min(sizes.largest);
    let number = wish("page").unwrap_or(1);
    let from = (number - 1).saturating_mul(size).min(records.len());
    let to = from.saturating_add(size).min(records.len());
    let mut response = answer(200, &body(&records[from..to]));
    let last = records.len().div_ceil(size).max(1);
    response.headers.push(("Total".to_owned(), records.len().to_string()));
    response.headers.push(("Per-Page".to_owned(), size.to_string()));
    let link = link(&request.path, number, last, size);
    if !link.is_empty() {
        response.headers.push(("Link".to_owned(), link));
    }
    response
}

fn link(path: &str, number: usize, last: usize, size: usize) -> String {
    let mut links = Vec::new();
    let mut add = |page: usize, rel: &str| {
        links.push(format!("<https://api.procore.com{path}?page={page}&per_page={size}>; rel=\"{rel}\""));
    };
    if number >= 2 {
        add(1, "first");
    }
    if number >= 3 {
        add(number - 1, "prev");
    }
    if last > 1 {
        add(last, "last");
    }
    if number < last {
        add(number + 1, "next");
    }
    links.join(", ")
}

#[cfg(test)]
mod tests {
    use super::link;

    fn rels(number: usize) -> String {
        let link = link("/x", number, 4, 30);
        link.split("rel=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn links_have_the_documented_oddities() {
        assert_eq!(rels(1), "last next");
        assert_eq!(rels(2), "first last next");
        assert_eq!(rels(3), "first prev last next");
        assert_eq!(rels(4), "first prev last");
        assert_eq!(link("/x", 1, 1, 30), "");
    }
}
