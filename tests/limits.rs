//! The rate budget against a fake's own meter, in virtual time: never over either window,
//! and hardly ever under it, however many work with one credential.

use async_trait::async_trait;
use mlc::connector::contractor::Contractor;
use mlc::connector::{Connector, Driver, Fake, Fetch, Opening, Wire};
use mlc::connectors::drivers;
use mlc::engine::Governor;
use mlc::value::{Span, Timestamp};
use mlc::world::{Clock, HttpRequest, HttpResponse, Transport, TransportError};
use std::sync::{Arc, Mutex};
use tokio::time::Instant;

/// The full hour, at which windows begin.
const START: i64 = 1_790_000_000 / 3_600 * 3_600;
/// What the vendor allows: in an hour, and in ten seconds.
const HOURLY: u64 = 3_600;
const SPIKE: u64 = 25;

/// The vendor's system behind a network whose delays differ, and what it saw.
struct Line {
    fake: Mutex<Box<dyn Fake>>,
    began: Instant,
    /// When each request arrived, in milliseconds, and whether it was one too many.
    seen: Mutex<Vec<(u64, bool)>>,
}

impl Line {
    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).expect("a short test")
    }

    fn seen(&self) -> Vec<(u64, bool)> {
        self.seen.lock().expect("free").clone()
    }
}

#[async_trait]
impl Clock for Line {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(START * 1_000 + i64::try_from(self.millis()).expect("a short test"))
    }

    async fn sleep(&self, span: Span) {
        tokio::time::sleep(span).await;
    }
}

#[async_trait]
impl Transport for Line {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        // 20 to 419 ms in all, as irregular as a network is, and the same in every run.
        let number = self.seen.lock().expect("free").len() as u64;
        let (there, back) = (10 + number * 7_919 % 200, 10 + number * 104_729 % 200);
        tokio::time::sleep(Span::from_millis(there)).await;
        let now = self.now();
        let mut answer = self.fake.lock().expect("free").answer(&request, now);
        // Signing in does not count there.
        if !request.url.contains("/oauth/") {
            self.seen.lock().expect("free").push((self.millis(), answer.status == 429));
        }
        answer.headers.extend(now.http_date().map(|date| ("Date".to_owned(), date)));
        tokio::time::sleep(Span::from_millis(back)).await;
        Ok(answer)
    }
}

/// A connection to a fake that has two windows, and the line that it goes over.
fn connected() -> (Arc<dyn Connector>, Arc<Line>) {
    let driver: &Driver = drivers().iter().find(|driver| driver.name == "procore").expect("it has windows");
    let fake = (driver.fake)(&Contractor { company_id: 1, ..Contractor::default() });
    let (settings, credential) = (fake.settings(&fake.base_url()), fake.credential());
    let line = Arc::new(Line { fake: Mutex::new(fake), began: Instant::now(), seen: Mutex::default() });
    let pace = Arc::new(Governor::new(line.clone()));
    let wire = Wire { transport: line.clone(), clock: line.clone(), pace };
    let opening = Opening { name: "procore".into(), settings, credential, profile: None, wire };
    let connector = (driver.open)(opening).unwrap_or_else(|error| panic!("{error}"));
    (Arc::from(connector), line)
}

/// Lets so many work without a pause until `until` seconds are over; what the meter saw.
async fn work(workers: usize, until: u64) -> Vec<(u64, bool)> {
    let (connector, line) = connected();
    let tasks: Vec<_> = (0..workers)
        .map(|_| {
            let (connector, line) = (connector.clone(), line.clone());
            tokio::spawn(async move {
                while line.millis() < until * 1_000 {
                    connector.fetch(&Fetch::all("projects")).await.unwrap_or_else(|error| panic!("{error}"));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a worker");
    }
    line.seen()
}

/// `MLC_HOURS=24` works longer.
#[test]
fn the_governor_keeps_both_windows_and_uses_them() {
    let hours: u64 = std::env::var("MLC_HOURS").ok().and_then(|hours| hours.parse().ok()).unwrap_or(1);
    // One hour, and the beginning of the next, which has its own count.
    let end = hours * 3_600 + 120;
    for workers in [1, 4, 16] {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().expect("runtime");
        let seen = runtime.block_on(work(workers, end));
        let refused = seen.iter().filter(|(_, refused)| *refused).count();
        let within =
            |from: u64, to: u64| seen.iter().filter(|(at, _)| (from * 1_000..to * 1_000).contains(at)).count() as u64;
        let spike = (0..end / 10).map(|window| within(window * 10, window * 10 + 10)).max().unwrap_or_default();
        let hourly = (0..hours).map(|hour| within(hour * 3_600, hour * 3_600 + 3_600)).collect::<Vec<_>>();
        // The ten seconds bind until the hour is used up, the hour from then on.
        let used_up = HOURLY / SPIKE * 10;
        let by_spike = within(0, used_up) as f64 / HOURLY as f64;
        let by_hour = hourly.iter().sum::<u64>() as f64 / (HOURLY * hours) as f64;
        println!(
            "{workers:>2} workers: {} requests, {refused} refused, at most {spike} in ten seconds and {} in an hour; \
             {:.1} % of what the ten seconds allow, {:.1} % of what the hour allows",
            seen.len(),
            hourly.iter().max().copied().unwrap_or_default(),
            by_spike * 100.0,
            by_hour * 100.0
        );
        assert_eq!(refused, 0, "{workers} workers");
        assert!(spike <= SPIKE && hourly.iter().all(|hour| *hour <= HOURLY), "{workers} workers");
        assert!(by_spike > 0.9 && by_hour > 0.9, "{workers} workers: {by_spike} {by_hour}");
        assert!(within(hours * 3_600, end) > SPIKE * 10, "the next hour is used at once");
    }
}
