//! A program between the fakes, ready to run.

use super::network::Network;
use crate::connector::{Opening, Wire};
use crate::engine::{Governor, Progress, Setup, Stage};
use crate::program::Program;
use crate::sandbox::Random;
use crate::store::{Outcome, Store};
use crate::world::{Clock, Entropy, Transport};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Connects a program to both other sides, as a process that was just started does.
pub fn connected(
    program: Arc<Program>,
    network: &Network,
    transport: &Arc<dyn Transport>,
    clock: &Arc<dyn Clock>,
    store: Arc<dyn Store>,
    entropy: Arc<dyn Entropy>,
) -> Setup {
    let mut setup = Setup {
        program: Arc::clone(&program),
        connections: BTreeMap::new(),
        paces: BTreeMap::new(),
        store,
        clock: Arc::clone(clock),
        entropy,
        progress: Arc::new(Silent),
        sandbox: true,
    };
    for connection in program.connections() {
        let driver = connection.driver;
        let pace = Arc::new(Governor::new(Arc::clone(clock)));
        let wire = Wire { transport: Arc::clone(transport), clock: Arc::clone(clock), pace: pace.clone() };
        let open = (driver.open)(Opening {
            name: connection.name.to_string(),
            settings: network.settings(driver.name, &connection.settings),
            credential: network.credential(driver.name),
            profile: connection.profile.as_ref().map(ToString::to_string),
            wire,
        });
        let open = open.expect("the fakes' own settings open a connection");
        setup.connections.insert(connection.name.to_string(), Arc::from(open));
        setup.paces.insert(connection.name.to_string(), pace);
    }
    setup
}

pub struct SeededEntropy(Mutex<Random>);

impl SeededEntropy {
    pub fn new(random: Random) -> Self {
        Self(Mutex::new(random))
    }
}

impl Entropy for SeededEntropy {
    fn next_u64(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).draw()
    }
}

struct Silent;

impl Progress for Silent {
    fn stage(&self, _flow: &str, _stage: Stage) {}
    fn settled(&self, _flow: &str, _outcome: Outcome) {}
    fn read(&self, _flow: &str, _records: u64) {}
}
