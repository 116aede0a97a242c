//! The connector over QXtend against the same fake.

mod matching;
mod messages;
mod payments;
mod probing;
mod readiness;
mod reads;
mod writes;

use super::{World, world};
use crate::connector::{Connector, Fake, Opening, Settings, Wire};
use crate::connectors::qad::DRIVER;
use crate::value::Value;
use crate::world::{Credential, HttpRequest, HttpResponse, Transport, TransportError};
use async_trait::async_trait;
use secrecy::ExposeSecret;
use std::sync::{Arc, Mutex};

/// The control account of the test contractor.
const OWN: &str = "{invoice: {control_account: '2100'}}";

/// Time goes on between two messages, and each one is kept.
struct Line {
    world: Arc<World>,
    sent: Mutex<Vec<HttpRequest>>,
    hurried: bool,
}

#[async_trait]
impl Transport for Line {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if !self.hurried {
            self.world.clock.moves(1);
        }
        self.sent.lock().expect("sent").push(request.clone());
        self.world.send(request).await
    }
}

pub(super) struct Office {
    line: Arc<Line>,
    connector: Box<dyn Connector>,
}

impl Office {
    pub(super) fn connector(&self) -> &dyn Connector {
        self.connector.as_ref()
    }

    fn books(&self) -> usize {
        self.line.world.books()
    }

    fn sent(&self) -> usize {
        self.line.sent.lock().expect("sent").len()
    }

    /// The body of the last message.
    fn last(&self) -> String {
        let sent = self.line.sent.lock().expect("sent");
        String::from_utf8(sent.last().expect("a message").body.clone()).expect("text")
    }

    /// The fake acts, and this is what comes back instead of its answer.
    fn instead(&self, answer: Result<HttpResponse, TransportError>) {
        self.line.world.instead.lock().expect("answers").push_back(answer);
    }

    /// What must never be shown.
    fn password(&self) -> String {
        let credential = self.line.world.fake.lock().expect("fake").credential();
        credential.get("password").expect("password").expose_secret().to_owned()
    }
}

/// Connected with the test contractor's control account.
pub(super) fn office() -> Office {
    office_with(OWN, "", |_, _| {})
}

/// `own` is the profile's part on QXtend, `rest` are further parts.
fn office_with(own: &str, rest: &str, change: impl FnOnce(&mut Settings, &mut Credential)) -> Office {
    let world = world();
    let (mut settings, mut credential) = {
        let fake = world.fake.lock().expect("fake");
        (fake.settings(&fake.base_url()), fake.credential())
    };
    settings.0.insert("api".into(), Value::text("qxtend"));
    change(&mut settings, &mut credential);
    let line = Arc::new(Line { world: world.clone(), sent: Mutex::default(), hurried: rest.contains("hurried") });
    let profile = format!("qxtend: {own}\n{rest}");
    let connector = open(&world, line.clone(), settings, credential, profile);
    Office { line, connector }
}

/// Another connection to the same fake, over a line of its own.
fn opened(world: &Arc<World>, transport: Arc<dyn Transport>, own: &str) -> Box<dyn Connector> {
    let (mut settings, credential) = {
        let fake = world.fake.lock().expect("fake");
        (fake.settings(&fake.base_url()), fake.credential())
    };
    settings.0.insert("api".into(), Value::text("qxtend"));
    open(world, transport, settings, credential, format!("qxtend: {own}"))
}

fn open(
    world: &Arc<World>,
    transport: Arc<dyn Transport>,
    settings: Settings,
    credential: Credential,
    profile: String,
) -> Box<dyn Connector> {
    let wire = Wire { transport, clock: world.clone(), pace: world.clone() };
    let opening = Opening { name: "qad".into(), settings, credential, profile: Some(profile), wire };
    (DRIVER.open)(opening).map_err(|error| error.message).expect("opens")
}
