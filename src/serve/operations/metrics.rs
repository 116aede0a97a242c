//! `/metrics` for Prometheus.
//!
//! Everything is read when it is asked for: from the indexes, the rate budgets, the runs and the
//! meters. A caller sees the pipelines that they may see.

use super::history::Ended;
use super::meters::Counts;
use super::steps::Shown;
use super::trouble::sum;
use crate::connector::Pace as _;
use crate::serve::http::Caller;
use crate::serve::{Customer, House, Summary, webhook};
use crate::value::{Decimal, Timestamp};
use axum::Extension;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;
type Gauges = Family<Labels, Gauge<f64, AtomicU64>>;
type Counters = Family<Labels, Counter>;

pub async fn metrics(State(house): State<Arc<House>>, caller: Option<Extension<Caller>>) -> Response {
    let sees = |pipeline: &str| caller.as_ref().is_some_and(|caller| caller.sees(pipeline));
    match text(&house, &sees) {
        Ok(text) => ([(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, "no-store")], text).into_response(),
        Err(error) => {
            tracing::error!(error, "the metrics cannot be read");
            (StatusCode::INTERNAL_SERVER_ERROR, "the metrics cannot be read; the log says why\n").into_response()
        }
    }
}

/// The metrics of the pipelines that may be seen.
pub fn text(house: &House, sees: &dyn Fn(&str) -> bool) -> Result<String, String> {
    let metrics = Metrics::default();
    metrics.build.get_or_create(&vec![("version", env!("CARGO_PKG_VERSION").to_owned())]).set(1.0);
    let customers: Vec<Arc<Customer>> = house.customers().into_iter().filter(|one| sees(&one.name)).collect();
    let refused = customers.iter().filter(|customer| customer.refused().is_some()).count();
    for (state, count) in [("open", customers.len()), ("closed", house.closed().len()), ("refused", refused)] {
        metrics.pipelines.get_or_create(&vec![("state", state.to_owned())]).set(float(count as u64));
    }
    for customer in &customers {
        metrics.records_of(customer, customer.opened().setup.clock.now());
        metrics.connections_of(customer);
        let due = customer.status().next();
        let late = due.map_or(0.0, |due| house.outside.clock.now().since(due).as_secs_f64());
        metrics.lateness.get_or_create(&vec![("pipeline", customer.name.clone())]).set(late);
        metrics.runs_of(house, customer).map_err(|error| error.message)?;
    }
    metrics.deliveries_of(&house.webhooks);
    metrics.counts(&house.operations.meters.read(), sees);
    let mut text = String::new();
    encode(&mut text, &metrics.registry()).map_err(|error| error.to_string())?;
    Ok(text)
}

#[derive(Default)]
struct Metrics {
    build: Gauges,
    pipelines: Gauges,
    records: Gauges,
    waiting: Gauges,
    oldest: Gauges,
    requests: Counters,
    answers: Counters,
    refused_share: Gauges,
    budget: Gauges,
    runs: Counters,
    durations: Family<Labels, Shown>,
    last_good: Gauges,
    deliveries: Counters,
    deliveries_waiting: Gauges,
    lateness: Gauges,
    notices: Counters,
    notices_waiting: Gauges,
}

impl Metrics {
    fn registry(self) -> Registry {
        let mut registry = Registry::with_prefix("mlc");
        registry.register("build_info", "The version that runs", self.build);
        registry.register("pipelines", "Pipelines by state: refused ones run as they were before", self.pipelines);
        registry.register("records", "Records by flow and outcome", self.records);
        registry.register("money_waiting", "Amount of the records that wait for somebody", self.waiting);
        registry.register("oldest_parked_age_seconds", "Age of the record that waits longest", self.oldest);
        registry.register("requests", "Requests to the other side since the start", self.requests);
        registry.register("answers", "Answers by class of status; none for requests without one", self.answers);
        registry.register("refused_ratio", "Share of answers with a 4xx status", self.refused_share);
        registry.register("rate_budget_used_ratio", "Used share of each window of the rate limit", self.budget);
        registry.register("runs", "Runs that ended since the start, by result", self.runs);
        registry.register("run_duration_seconds", "How long runs took", self.durations);
        registry.register("last_good_run_timestamp_seconds", "Beginning of each flow's last good run", self.last_good);
        registry.register("webhook_deliveries", "Webhook deliveries by what became of them", self.deliveries);
        registry.register(
            "webhook_deliveries_waiting",
            "Webhook deliveries whose records are still to be read",
            self.deliveries_waiting,
        );
        registry.register(
            "schedule_lateness_seconds",
            "How long ago that was due which has not begun yet",
            self.lateness,
        );
        registry.register("notices", "Attempts to tell somebody, by what became of them", self.notices);
        registry.register("notices_waiting", "Messages that are not delivered yet", self.notices_waiting);
        registry
    }

    fn records_of(&self, customer: &Customer, now: Timestamp) {
        let pipeline = || ("pipeline", customer.name.clone());
        let opened = customer.opened();
        let program = &opened.setup.program;
        for summary in customer.index.select(|_| true) {
            let labels = vec![
                pipeline(),
                ("flow", summary.id.flow.clone()),
                ("outcome", summary.outcome.word().replace(' ', "_")),
            ];
            self.records.get_or_create(&labels).inc();
        }
        let deliveries = customer.index.waiting.len() as u64;
        self.deliveries_waiting.get_or_create(&vec![pipeline()]).set(float(deliveries));
        let waiting = customer.index.select(Summary::needs_attention);
        let currency = ("currency", program.currency().unwrap_or("").to_owned());
        self.waiting.get_or_create(&vec![pipeline(), currency]).set(decimal(sum(&waiting)));
        let oldest = waiting.iter().map(|summary| summary.since).min();
        let age = oldest.map_or(0.0, |oldest| now.since(oldest).as_secs_f64());
        self.oldest.get_or_create(&vec![pipeline()]).set(age);
    }

    fn connections_of(&self, customer: &Customer) {
        for (connection, pace) in &customer.opened().setup.paces {
            let labels = || vec![("pipeline", customer.name.clone()), ("connection", connection.clone())];
            let with = |name, value: String| labels().into_iter().chain([(name, value)]).collect::<Labels>();
            self.requests.get_or_create(&labels()).inc_by(pace.requests());
            let answers = pace.answers();
            for (class, count) in answers.iter().enumerate().filter(|(class, count)| *class != 1 || **count > 0) {
                let status = if class == 0 { "none".to_owned() } else { format!("{class}xx") };
                self.answers.get_or_create(&with("status", status)).inc_by(*count);
            }
            let all: u64 = answers.iter().sum();
            let share = if all == 0 { 0.0 } else { float(answers[4]) / float(all) };
            self.refused_share.get_or_create(&labels()).set(share);
            for allowance in pace.allowances() {
                let used = float(allowance.used) / float(allowance.limit.max(1));
                self.budget.get_or_create(&with("limit", allowance.limit.to_string())).set(used);
            }
        }
    }

    fn runs_of(&self, house: &House, customer: &Customer) -> Result<(), crate::store::StoreError> {
        let pipeline = || ("pipeline", customer.name.clone());
        house.operations.with_history(customer, |history| {
            for how in Ended::ALL {
                let labels = vec![pipeline(), ("result", how.word().to_owned())];
                self.runs.get_or_create(&labels).inc_by(history.count(how));
            }
            self.durations.get_or_create(&vec![pipeline()]).show(history.durations());
            for flow in customer.opened().setup.program.flows() {
                if let Some(last) = history.last_good(flow.name()) {
                    let labels = vec![pipeline(), ("flow", flow.name().to_owned())];
                    #[expect(clippy::cast_precision_loss, reason = "seconds of this age are exact")]
                    self.last_good.get_or_create(&labels).set(last.unix() as f64);
                }
            }
        })
    }

    /// Of the whole process: a forged one names no pipeline that could be believed.
    fn deliveries_of(&self, counts: &webhook::Counts) {
        for (result, count) in [
            ("received", &counts.received),
            ("duplicate", &counts.duplicate),
            ("forged", &counts.forged),
            ("unreadable", &counts.unreadable),
            ("broken", &counts.broken),
            ("too_large", &counts.too_large),
            ("too_slow", &counts.too_slow),
            ("refused", &counts.refused),
        ] {
            self.deliveries.get_or_create(&vec![("result", result.to_owned())]).inc_by(count.load(Ordering::Relaxed));
        }
    }

    fn counts(&self, counts: &Counts, sees: &dyn Fn(&str) -> bool) {
        for ((pipeline, kind, told), count) in counts.notices.iter().filter(|(key, _)| sees(&key.0)) {
            let labels = vec![
                ("pipeline", pipeline.clone()),
                ("kind", kind.word().to_owned()),
                ("result", told.word().to_owned()),
            ];
            self.notices.get_or_create(&labels).inc_by(*count);
        }
        for (pipeline, count) in counts.notices_waiting.iter().filter(|(pipeline, _)| sees(pipeline)) {
            self.notices_waiting.get_or_create(&vec![("pipeline", pipeline.clone())]).set(float(*count));
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus counts in floats")]
fn float(count: u64) -> f64 {
    count as f64
}

/// Only shown in charts; what is posted never goes through a float.
fn decimal(amount: Decimal) -> f64 {
    amount.to_string().parse().unwrap_or(f64::NAN)
}
