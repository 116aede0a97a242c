//! What goes wrong between the process and the other sides, and how often.

use crate::sandbox::Random;
use crate::value::Span;
use crate::world::HttpResponse;

/// How long a request can live at most after the one who sent it gave up or died.
const LONGEST: i64 = 55_000;

/// What becomes of a request whose sender learns nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It never arrived.
    Lost,
    /// It took effect.
    Done,
    /// It arrives so long after its sender gave up.
    Late(Span),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 429, with or without saying for how long.
    TooMany { told: bool },
    /// 503 with `Retry-After`.
    Busy,
    /// A few requests in a row are answered with 500.
    Burst(u32),
    /// The session is gone from one request to the next.
    Expired,
    /// No connection at all: certainly not sent.
    Unreachable,
    /// No answer within the time that the sender waits.
    Silence(Fate),
    /// The connection breaks.
    Broken(Fate),
    /// 500, although it took effect, or the vendor's own way of saying with a good status that
    /// nobody knows what became of it.
    Failed,
    /// Half of the answer; it took effect.
    Torn,
    /// A page for people in place of the answer, which took effect or not.
    WrongType { done: bool },
    /// The vendor's own way of saying no with a good status.
    Refused,
    /// Answered well, but late.
    Slow,
}

impl Fault {
    fn draw(random: &mut Random) -> Self {
        match random.below(16) {
            0 => Self::TooMany { told: true },
            1 => Self::TooMany { told: false },
            2 => Self::Busy,
            3 => Self::Burst(u32::try_from(random.between(1, 4)).unwrap_or(1)),
            4 => Self::Expired,
            5 => Self::Unreachable,
            6 | 7 => Self::Silence(Fate::draw(random)),
            8..=10 => Self::Broken(Fate::draw(random)),
            11 => Self::Failed,
            12 => Self::Torn,
            13 => Self::WrongType { done: random.chance(50) },
            14 => Self::Refused,
            _ => Self::Slow,
        }
    }
}

impl Fate {
    pub fn draw(random: &mut Random) -> Self {
        match random.below(3) {
            0 => Self::Lost,
            1 => Self::Done,
            _ => Self::Late(late(random)),
        }
    }
}

/// How late a request arrives that nobody waits for any more.
pub fn late(random: &mut Random) -> Span {
    Span::from_millis(random.between(1_000, LONGEST).unsigned_abs())
}

/// How much goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    /// Of a thousand requests.
    pub faults: u64,
}

impl Weather {
    pub const CALM: Self = Self { faults: 0 };

    pub fn draw(random: &mut Random) -> Self {
        Self { faults: *random.pick(&[0, 0, 10, 30, 80, 200]) }
    }

    /// What happens to the next request, if anything.
    pub fn fault(self, random: &mut Random) -> Option<Fault> {
        let strikes = random.draw() % 1_000 < self.faults;
        strikes.then(|| Fault::draw(random))
    }
}

/// The answers that come from before the other side, or instead of it.
pub fn answer(status: u16, wait: Option<u64>, kind: &str, body: &str) -> HttpResponse {
    let mut headers = vec![("Content-Type".to_owned(), kind.to_owned())];
    headers.extend(wait.map(|seconds| ("Retry-After".to_owned(), seconds.to_string())));
    HttpResponse { status, headers, body: body.as_bytes().to_vec() }
}
