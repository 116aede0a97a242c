//! `/{customer}/work`: everything that somebody has to look at, and what has to be done about it.

use super::address;
use super::glance::{Sum, grouped};
use super::page::{Page, data};
use super::section::Section;
use super::standing::{Badge, Standing};
use super::times::{Times, When};
use super::visit::Here;
use crate::serve::http::Access;
use crate::serve::{Customer, Summary, Totals};
use crate::value::Decimal;
use axum::extract::Query;
use axum::response::Response;
use minijinja::context;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// So many records are on one page.
const PAGE: usize = 50;
/// More groups than this are only counted.
const GROUPS: usize = 12;

/// What is wanted of the list. As the address says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    pub outcome: Option<Standing>,
    pub flow: String,
    pub kind: String,
    pub search: String,
    pub order: Order,
    /// From 0.
    pub page: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    Oldest,
    Newest,
    Largest,
    Smallest,
}

impl Order {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Oldest, "", "Oldest first"),
        (Self::Newest, "newest", "Newest first"),
        (Self::Largest, "largest", "Largest amount first"),
        (Self::Smallest, "smallest", "Smallest amount first"),
    ];

    fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|(_, known, _)| *known == name).map_or(Self::Oldest, |(order, ..)| order)
    }

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(order, ..)| *order == self).map_or("", |(_, name, _)| name)
    }

    fn sort(self, records: &mut [Arc<Summary>]) {
        // Without an amount comes last, either way.
        let amount = |summary: &Summary| summary.amount.unwrap_or_default();
        let none = |summary: &Summary| summary.amount.is_none();
        match self {
            Self::Oldest => records.sort_by_key(|one| one.since),
            Self::Newest => records.sort_by_key(|one| Reverse(one.since)),
            Self::Largest => {
                records.sort_by(|one, other| none(one).cmp(&none(other)).then(amount(other).cmp(&amount(one))));
            }
            Self::Smallest => {
                records.sort_by(|one, other| none(one).cmp(&none(other)).then(amount(one).cmp(&amount(other))));
            }
        }
    }
}

impl Wanted {
    fn read(query: &BTreeMap<String, String>) -> Self {
        let text = |name: &str| query.get(name).map(|text| text.trim().to_owned()).unwrap_or_default();
        let outcome = text("outcome");
        Self {
            outcome: Standing::WORK.into_iter().find(|standing| standing.class() == outcome),
            flow: text("flow"),
            kind: text("kind"),
            search: text("q"),
            order: Order::named(&text("sort")),
            page: text("page").parse::<usize>().unwrap_or(1).clamp(1, 1_000_000) - 1,
        }
    }

    pub fn href(&self, customer: &str) -> String {
        let page = if self.page == 0 { String::new() } else { (self.page + 1).to_string() };
        let settings = [
            ("outcome", self.outcome.map_or("", Standing::class)),
            ("flow", self.flow.as_str()),
            ("kind", self.kind.as_str()),
            ("q", self.search.as_str()),
            ("sort", self.order.name()),
            ("page", page.as_str()),
        ];
        address::with(&Section::Work.href(&address::segment(customer)), &settings)
    }

    /// Whether the record is wanted, but for how it stands and why.
    fn finds(&self, summary: &Summary, words: &[String]) -> bool {
        (self.flow.is_empty() || summary.id.flow == self.flow)
            && words.iter().all(|word| {
                let texts = [&summary.label, &summary.id.key, &summary.reason];
                let more = [&summary.reference, &summary.target_key];
                let mut texts = texts.into_iter().chain(more.into_iter().flatten());
                texts.any(|text| holds(text, word))
            })
    }

    /// In small letters; each of them has to be found.
    fn words(&self) -> Vec<String> {
        self.search.to_lowercase().split_whitespace().map(str::to_owned).collect()
    }

    fn stands(&self, standing: Standing) -> bool {
        self.outcome.is_none_or(|wanted| wanted == standing)
    }

    fn is_why(&self, kind: &str) -> bool {
        self.kind.is_empty() || self.kind == kind
    }

    fn narrows(&self) -> bool {
        self.outcome.is_some() || !self.flow.is_empty() || !self.kind.is_empty() || !self.search.is_empty()
    }
}

/// Whether the text holds a word that is in small letters.
fn holds(text: &str, word: &str) -> bool {
    if text.is_ascii() && word.is_ascii() {
        let (text, word) = (text.as_bytes(), word.as_bytes());
        return word.is_empty() || text.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    }
    text.to_lowercase().contains(word)
}

/// Records with the same trouble.
#[derive(Serialize)]
pub struct Group {
    badge: Badge,
    /// One of them, as an example.
    reason: String,
    mend: String,
    href: String,
    current: bool,
    sum: Sum,
    oldest: Option<When>,
    #[serde(skip)]
    amount: Decimal,
    #[serde(skip)]
    records: u64,
}

impl Group {
    /// Of what is found, most money first, then most records.
    pub fn all(customer: &Customer, wanted: &Wanted, times: &Times) -> Vec<Self> {
        let words = wanted.words();
        let found = customer.index.select(|summary| summary.needs_attention() && wanted.finds(summary, &words));
        Self::of(customer, wanted, times, &found)
    }

    fn of(customer: &Customer, wanted: &Wanted, times: &Times, found: &[Arc<Summary>]) -> Vec<Self> {
        let mut sums: HashMap<(Standing, &str), (Totals, &Summary)> = HashMap::new();
        for summary in found {
            let summary: &Summary = summary;
            let slot = sums.entry((Standing::of(summary), summary.kind.as_str()));
            slot.or_insert_with(|| (Totals::default(), summary)).0.add(summary);
        }
        let groups = sums.into_iter().map(|((standing, kind), (totals, example))| {
            let narrowed = Wanted { outcome: Some(standing), kind: kind.to_owned(), page: 0, ..wanted.clone() };
            let current = wanted.outcome == Some(standing) && wanted.kind == kind;
            let wider = Wanted { outcome: None, kind: String::new(), page: 0, ..wanted.clone() };
            let next = if current { wider } else { narrowed };
            Self {
                badge: standing.badge(),
                reason: example.reason.clone(),
                mend: example.mend.clone(),
                href: next.href(&customer.name),
                current,
                sum: Sum::of(&totals),
                oldest: totals.oldest.map(|at| times.when(at)),
                amount: totals.amount.abs(),
                records: totals.records,
            }
        });
        let mut groups: Vec<Self> = groups.collect();
        groups.sort_by(|one, other| {
            let weight = |group: &Self| (group.amount, group.records);
            weight(other).cmp(&weight(one)).then_with(|| one.href.cmp(&other.href))
        });
        groups
    }
}

/// A line of the list.
#[derive(Serialize)]
struct Line {
    /// As forms name it.
    id: String,
    key: String,
    href: String,
    badge: Badge,
    label: String,
    reason: String,
    mend: String,
    amount: String,
    seen: When,
}

/// A choice in the filter bar.
#[derive(Serialize)]
struct Choice {
    value: String,
    title: String,
    chosen: bool,
    count: Option<String>,
}

#[derive(Serialize)]
struct Pager {
    first: String,
    last: String,
    of: String,
    before: Option<String>,
    after: Option<String>,
}

pub async fn list(here: Here, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let customer = &here.customer;
    let times = Times::of(customer);
    let wanted = Wanted::read(&query);
    let words = wanted.words();
    let work = customer.index.select(Summary::needs_attention);
    let found: Vec<Arc<Summary>> =
        work.iter().filter(|summary| wanted.finds(summary, &words)).map(Arc::clone).collect();
    let choices = choices(&wanted, &work, &found);
    let mut groups = Group::of(customer, &wanted, &times, &found);
    let more = groups.len().saturating_sub(GROUPS);
    groups.truncate(GROUPS);
    let mut listed: Vec<Arc<Summary>> = found
        .into_iter()
        .filter(|summary| wanted.stands(Standing::of(summary)) && wanted.is_why(&summary.kind))
        .collect();
    wanted.order.sort(&mut listed);
    let mut totals = Totals::default();
    listed.iter().for_each(|summary| totals.add(summary));
    let wanted = Wanted { page: wanted.page.min(listed.len().saturating_sub(1) / PAGE), ..wanted };
    let lines: Vec<Line> = listed
        .iter()
        .skip(wanted.page * PAGE)
        .take(PAGE)
        .map(|summary| line(&customer.name, summary, &times))
        .collect();
    let opened = customer.opened();
    Page::new("Work", "work.html")
        .of(customer, Section::Work)
        .with(context! {
            lines => data(&lines), groups => data(&groups), more, choices => data(&choices),
            sum => data(&Sum::of(&totals)), currency => opened.setup.program.currency().unwrap_or_default(),
            search => &wanted.search, narrowed => wanted.narrows(),
            all => Section::Work.href(&address::segment(&customer.name)),
            here => wanted.href(&customer.name), replay => format!("/{}/replay", address::segment(&customer.name)),
            nothing => work.is_empty(),
            pages => data(&pager(&customer.name, &wanted, lines.len(), listed.len())),
            may_replay => Access::REPLAY.lets(Some(here.caller())),
        })
        .to(&here.visit)
}

fn line(customer: &str, summary: &Summary, times: &Times) -> Line {
    Line {
        id: summary.id.to_string(),
        key: summary.id.key.clone(),
        href: address::record(customer, &summary.id),
        badge: Standing::of(summary).badge(),
        label: summary.label.clone(),
        reason: summary.reason.clone(),
        mend: summary.mend.clone(),
        amount: summary.amount.map(Decimal::money).unwrap_or_default(),
        seen: times.when(summary.since),
    }
}

fn choices(wanted: &Wanted, work: &[Arc<Summary>], found: &[Arc<Summary>]) -> BTreeMap<&'static str, Vec<Choice>> {
    let every = |title: &str, chosen| Choice { value: String::new(), title: title.to_owned(), chosen, count: None };
    let mut outcomes: BTreeMap<Standing, u64> = BTreeMap::new();
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for summary in found {
        *outcomes.entry(Standing::of(summary)).or_default() += 1;
        if wanted.stands(Standing::of(summary)) {
            *kinds.entry(&summary.kind).or_default() += 1;
        }
    }
    let mut flows: BTreeMap<&str, u64> = BTreeMap::new();
    for summary in work {
        *flows.entry(&summary.id.flow).or_default() += 1;
    }
    let outcome = Standing::WORK.into_iter().map(|standing| Choice {
        value: standing.class().to_owned(),
        title: standing.word().to_owned(),
        chosen: wanted.outcome == Some(standing),
        count: Some(grouped(outcomes.get(&standing).copied().unwrap_or(0))),
    });
    let flow = flows.into_iter().map(|(flow, count)| Choice {
        value: flow.to_owned(),
        title: flow.replace('_', " "),
        chosen: wanted.flow == flow,
        count: Some(grouped(count)),
    });
    let kind = kinds.into_iter().map(|(kind, count)| Choice {
        value: kind.to_owned(),
        title: shortened(kind),
        chosen: wanted.kind == kind,
        count: Some(grouped(count)),
    });
    let sort = Order::ALL.into_iter().map(|(order, name, title)| Choice {
        value: name.to_owned(),
        title: title.to_owned(),
        chosen: wanted.order == order,
        count: None,
    });
    BTreeMap::from([
        ("outcome", std::iter::once(every("All", wanted.outcome.is_none())).chain(outcome).collect()),
        ("flow", std::iter::once(every("All flows", wanted.flow.is_empty())).chain(flow).collect()),
        ("kind", std::iter::once(every("All reasons", wanted.kind.is_empty())).chain(kind).collect()),
        ("sort", sort.collect()),
    ])
}

fn shortened(kind: &str) -> String {
    const LONGEST: usize = 64;
    if kind.chars().count() <= LONGEST {
        return kind.to_owned();
    }
    kind.chars().take(LONGEST).chain(['…']).collect()
}

fn pager(customer: &str, wanted: &Wanted, shown: usize, of: usize) -> Pager {
    let first = wanted.page * PAGE;
    let page = |page| Wanted { page, ..wanted.clone() }.href(customer);
    Pager {
        first: grouped(first as u64 + 1),
        last: grouped((first + shown) as u64),
        of: if of == 0 { String::new() } else { grouped(of as u64) },
        before: (wanted.page > 0).then(|| page(wanted.page - 1)),
        after: (first + shown < of).then(|| page(wanted.page + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, Wanted, holds};
    use crate::serve::console::standing::Standing;
    use std::collections::BTreeMap;

    #[test]
    fn what_is_wanted_survives_its_address() {
        let wanted = Wanted {
            outcome: Some(Standing::InDoubt),
            flow: "bills".into(),
            kind: "no account for `…`".into(),
            search: "tallow & co".into(),
            order: Order::Largest,
            page: 3,
        };
        let href = wanted.href("acme");
        let (path, query) = href.split_once('?').expect("settings");
        assert_eq!(path, "/acme/work");
        let query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        assert_eq!(Wanted::read(&query), wanted);
        assert_eq!(Wanted::default().href("acme"), "/acme/work");
    }

    #[test]
    fn words_are_found_in_any_case() {
        assert!(holds("Tallow Creek", "creek") && holds("MÜLLER", "müll") && holds("x", ""));
        assert!(!holds("Tallow", "creek") && !holds("", "a"));
    }
}
