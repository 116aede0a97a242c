//! The pool of agents: each document keeps one busy for a while, and who finds none is
//! sent away.

use crate::value::{Span, Timestamp};

const AGENTS: usize = 2;
/// Shorter than an exchange takes, so that one message after the other always finds one.
const BUSY: Span = Span::from_millis(140);

#[derive(Default)]
pub struct Agents {
    /// When each busy agent began.
    busy: Vec<Timestamp>,
}

impl Agents {
    /// Whether one is free; it is busy then.
    pub fn take(&mut self, now: Timestamp) -> bool {
        self.busy.retain(|began| now.since(*began) < BUSY);
        let free = self.busy.len() < AGENTS;
        if free {
            self.busy.push(now);
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::Agents;
    use crate::value::{Span, Timestamp};

    #[test]
    fn a_third_at_once_finds_none() {
        let mut agents = Agents::default();
        let noon = Timestamp::from_unix(1_790_856_000);
        assert!(agents.take(noon) && agents.take(noon) && !agents.take(noon));
        assert!(agents.take(noon.plus(Span::from_millis(150))));
    }
}
