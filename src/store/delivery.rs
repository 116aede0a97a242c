//! What another system told of by itself, kept from the moment at which it was answered.
//!
//! A delivery waits until a run has looked at what it names. Then it is settled, and still
//! known for a while: the other side sends many of them twice, and by its id the second is
//! known to be the same.

use crate::value::Timestamp;
use serde::{Deserialize, Serialize};

/// One delivery to one connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// As the pipeline names it.
    pub connection: String,
    /// The other side's id of it.
    pub id: String,
    pub received: Timestamp,
    pub content: DeliveryContent,
    pub state: DeliveryState,
}

/// What it says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryContent {
    /// As the connector read it, as JSON.
    Notice(serde_json::Value),
    /// It knew the secret, and the connector cannot read it.
    Unreadable {
        why: String,
        bytes: u64,
        /// How it begins.
        beginning: String,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// For a run that looks at what it names.
    Waiting,
    Done {
        run: String,
        at: Timestamp,
    },
    /// Nothing was to be done for it.
    Ignored {
        why: String,
        at: Timestamp,
    },
}

impl Delivery {
    pub fn is_waiting(&self) -> bool {
        self.state == DeliveryState::Waiting
    }
}
