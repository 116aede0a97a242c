//! A load of deliveries by the clock: each is sent at its time, however the ones before fare,
//! and how long its answer took is counted from the time at which it should have been sent. A
//! server that makes its callers wait cannot hide that by being called less often.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

/// As long as the vendor waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where deliveries go, and what they bring along.
pub struct Door {
    pub address: String,
    pub path: String,
    pub secret: String,
    idle: Mutex<Vec<TcpStream>>,
}

/// What became of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// `None`: nobody answered, or not in time.
    pub status: Option<u16>,
    /// From the time at which it should have been sent.
    pub after: Duration,
}

impl Sent {
    pub fn is_taken(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

impl Door {
    pub fn new(address: &str, path: &str, secret: &str) -> Self {
        Self { address: address.to_owned(), path: path.to_owned(), secret: secret.to_owned(), idle: Mutex::default() }
    }

    /// Sends all of them, so many in a second.
    pub async fn send_all(self: &Arc<Self>, bodies: &[String], a_second: u32) -> Vec<Sent> {
        let began = Instant::now() + Duration::from_millis(50);
        let tasks: Vec<_> = bodies
            .iter()
            .enumerate()
            .map(|(place, body)| {
                let due = began + Duration::from_secs(1) * u32::try_from(place).expect("some thousands") / a_second;
                let (door, body) = (Arc::clone(self), body.clone());
                tokio::spawn(async move {
                    sleep_until(due).await;
                    let status = timeout(PATIENCE, door.post(&body)).await.unwrap_or(None);
                    Sent { status, after: Instant::now() - due }
                })
            })
            .collect();
        let mut sent = Vec::with_capacity(tasks.len());
        for task in tasks {
            sent.push(task.await.expect("it was sent"));
        }
        sent
    }

    /// `None` where no answer came.
    pub async fn post(&self, body: &str) -> Option<u16> {
        let kept = self.idle.lock().expect("connections").pop();
        let mut stream = match kept {
            Some(stream) => stream,
            None => TcpStream::connect(&self.address).await.ok()?,
        };
        let head = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.path,
            self.address,
            self.secret,
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await.ok()?;
        let status = answer(&mut stream).await?;
        self.idle.lock().expect("connections").push(stream);
        Some(status)
    }

    /// After the server has gone, its connections are of no use.
    pub fn forget_connections(&self) {
        self.idle.lock().expect("connections").clear();
    }
}

/// Reads one answer whole, so that the connection can be used again. Answers here have no body,
/// or say how long it is.
async fn answer(stream: &mut TcpStream) -> Option<u16> {
    let mut bytes = Vec::new();
    let mut piece = [0; 1_024];
    loop {
        let read = stream.read(&mut piece).await.ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        if body.len() >= length.unwrap_or(0) {
            return head.split(' ').nth(1)?.parse().ok();
        }
    }
}

/// The figures of a load.
pub struct Figures {
    pub sent: usize,
    pub by_status: BTreeMap<String, usize>,
    /// Of those that were answered.
    pub median: Duration,
    pub p99: Duration,
    pub longest: Duration,
}

impl Figures {
    pub fn of(sent: &[Sent]) -> Self {
        let mut by_status = BTreeMap::new();
        for one in sent {
            let word = one.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            *by_status.entry(word).or_default() += 1;
        }
        let mut times: Vec<Duration> = sent.iter().filter(|one| one.status.is_some()).map(|one| one.after).collect();
        times.sort_unstable();
        let at = |share: usize| times.get((times.len() * share / 1_000).min(times.len().saturating_sub(1)));
        let at = |share: usize| at(share).copied().unwrap_or_default();
        Self { sent: sent.len(), by_status, median: at(500), p99: at(990), longest: at(1_000) }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let statuses: Vec<String> = self.by_status.iter().map(|(word, count)| format!("{count} × {word}")).collect();
        write!(
            f,
            "{} sent: {}; median {:?}, 99 % within {:?}, the longest {:?}",
            self.sent,
            statuses.join(", "),
            self.median,
            self.p99,
            self.longest
        )
    }
}
