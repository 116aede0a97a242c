//! Where deliveries may come in for a pipeline, and what keeps them out.

use crate::model::RunWhen;
use crate::program::{Flow, Program};
use crate::serve::Customer;
use secrecy::ExposeSecret as _;

/// A connection that flows want to be told by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listening {
    pub connection: String,
    /// Below the address of the server: `/webhooks/DRIVER/PIPELINE.CONNECTION`.
    pub path: String,
    /// The flows that run when it tells of something.
    pub flows: Vec<String>,
    /// Why every delivery is refused, and who mends that.
    pub trouble: Option<(String, String)>,
}

/// The connections of the program that counts now.
pub fn listening(customer: &Customer) -> Vec<Listening> {
    let opened = customer.opened();
    let program = &opened.setup.program;
    let connections = program.connections().iter().filter_map(|connection| {
        let name = connection.name.to_string();
        let flows: Vec<String> = told(program, &name).map(|flow| flow.name().to_owned()).collect();
        if connection.driver.webhook.is_none() || flows.is_empty() {
            return None;
        }
        let connector = opened.setup.connections.get(&name);
        let secrets = connector.map_or(&[][..], |connector| connector.webhook_secrets());
        let is_set = secrets.iter().any(|secret| !secret.expose_secret().is_empty());
        let trouble = (!is_set).then(|| {
            (
                format!("the credential of `{name}` has no webhook_secret, so every delivery to it is refused"),
                "set the field webhook_secret, register it with `mlc hooks sync`, and start the server again"
                    .to_owned(),
            )
        });
        Some(Listening { path: path(connection.driver.name, &customer.name, &name), connection: name, flows, trouble })
    });
    connections.collect()
}

fn path(driver: &str, pipeline: &str, connection: &str) -> String {
    format!("/webhooks/{driver}/{pipeline}.{connection}")
}

/// The flows that run when this connection tells of something.
pub(super) fn told<'p>(program: &'p Program, connection: &'p str) -> impl Iterator<Item = &'p Flow> {
    let told =
        move |flow: &&Flow| flow.schedule().run == Some(RunWhen::Webhook) && *flow.source().connection == *connection;
    program.flows().iter().filter(told)
}
