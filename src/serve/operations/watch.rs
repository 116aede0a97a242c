//! The tick of notices: look at each customer, decide, note down, deliver.

use super::Means;
use super::delivery::{self, Way};
use super::digest::{Section, digest};
use super::memory::Memory;
use super::message::{Message, Sender};
use super::parcel::Reader;
use super::situation::Situation;
use super::trouble::troubles;
use crate::model::Notices;
use crate::serve::{Customer, House};
use crate::value::{Span, Timestamp};
use futures_util::future::join_all;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// How often it is looked.
const TICK: Span = Span::from_secs(60);

const DAY: Span = Span::from_secs(24 * 60 * 60);

/// The file beside a customer's store.
const NOTES: &str = "notices.json";

/// Tells people what they want to be told, for as long as it is polled.
pub async fn watch(house: Arc<House>) {
    let mut watchman = Watchman::default();
    loop {
        watchman.tick(&house).await;
        house.outside.clock.sleep(TICK).await;
    }
}

/// Remembers by customer what was told.
#[derive(Default)]
pub struct Watchman {
    memories: BTreeMap<String, Memory>,
}

/// A customer's digest that is due, and where it goes.
struct Due {
    customer: String,
    section: Section,
    wanted: Notices,
    day: crate::value::Date,
}

impl Watchman {
    /// One look at everybody.
    pub async fn tick(&mut self, house: &House) {
        let now = house.outside.clock.now();
        let mut due = Vec::new();
        for customer in house.customers() {
            let Some(wanted) = customer.opened().setup.program.notices().cloned() else {
                self.forget(house, &customer);
                continue;
            };
            due.extend(self.look(house, &customer, wanted, now));
        }
        self.share(due, now);
        self.note_all(house);
        self.deliver(house).await;
    }

    /// A pipeline that wants nothing told any more.
    fn forget(&mut self, house: &House, customer: &Customer) {
        if let Some(memory) = self.memories.remove(&customer.name) {
            for parcel in &memory.outbox {
                let subject = &parcel.subject;
                tracing::warn!(pipeline = customer.name, subject, "not told: the pipeline names nobody any more");
            }
            house.operations.meters.notices_waiting(&customer.name, 0);
        }
    }

    fn look(&mut self, house: &House, customer: &Customer, wanted: Notices, now: Timestamp) -> Option<Due> {
        let opened = customer.opened();
        let program = &opened.setup.program;
        let situation = house.operations.with_history(customer, |history| Situation::of(customer, history));
        let situation = match situation {
            Ok(situation) => situation,
            Err(error) => {
                tracing::error!(pipeline = customer.name, %error, "what there is to tell cannot be read");
                return None;
            }
        };
        let sender = Sender { pipeline: &customer.name, sandbox: opened.setup.sandbox, currency: program.currency() };
        // A sandbox has a time of its own, by which its records are dated.
        let here = opened.setup.clock.now();
        let found = troubles(&wanted, &situation, program.currency(), here);
        let memory = memory(&mut self.memories, house.operations.means(), customer);
        for news in memory.notice(&found, now) {
            tracing::info!(
                pipeline = customer.name,
                kind = news.kind.word(),
                stage = news.stage.word(),
                about = news.about,
                "there is something to tell"
            );
            memory.outbox.extend(Message::of(sender, &news, now).to_all(&wanted));
        }
        let made = memory.digest.and_then(|day| day.at_minute(wanted.digest?, program.timezone()));
        let since = memory.counted.or(made);
        if !memory.digest_due(wanted.digest?, program.timezone(), now) {
            return None;
        }
        let since = here.minus(now.since(since.unwrap_or_else(|| now.minus(DAY))));
        let sentences = found.into_iter().map(|trouble| trouble.sentence).collect();
        let section = Section::of(sender, &customer.index, &situation, sentences, (since, here));
        Some(Due { customer: customer.name.clone(), section, wanted, day: now.date_in(program.timezone()) })
    }

    /// Whoever looks after several customers gets one letter about all of them.
    fn share(&mut self, due: Vec<Due>, now: Timestamp) {
        let mut readers: BTreeMap<String, Vec<&Due>> = BTreeMap::new();
        for one in &due {
            for address in &one.wanted.mail {
                readers.entry(address.to_string()).or_default().push(one);
            }
        }
        let mut put = |customer: &str, parcel| {
            if let Some(memory) = self.memories.get_mut(customer) {
                memory.outbox.push(parcel);
            }
        };
        for (address, of) in readers {
            let sections: Vec<Section> = of.iter().map(|due| due.section.clone()).collect();
            put(&of[0].customer, digest(&sections, of[0].day, now).to(Reader::Mail(address)));
        }
        for one in &due {
            let message = digest(std::slice::from_ref(&one.section), one.day, now);
            (0..one.wanted.webhooks.len()).for_each(|place| put(&one.customer, message.to(Reader::Webhook(place))));
        }
    }

    async fn deliver(&mut self, house: &House) {
        let customers = house.customers();
        let mut work = Vec::new();
        for customer in &customers {
            let Some(memory) = self.memories.get_mut(&customer.name) else { continue };
            let parcels = std::mem::take(&mut memory.outbox);
            work.push(async move {
                let opened = customer.opened();
                let way = Way {
                    pipeline: &customer.name,
                    wanted: opened.setup.program.notices(),
                    transport: house.outside.transport.as_ref(),
                    means: house.operations.means(),
                    meters: &house.operations.meters,
                };
                let left = delivery::deliver(&way, parcels, house.outside.clock.now()).await;
                (customer, left)
            });
        }
        for (customer, left) in join_all(work).await {
            house.operations.meters.notices_waiting(&customer.name, left.len());
            if let Some(memory) = self.memories.get_mut(&customer.name) {
                memory.outbox = left;
            }
        }
        self.note_all(house);
    }

    /// So that a restart neither tells again nor loses what was not delivered. Where it cannot be
    /// noted, people are told all the same.
    fn note_all(&self, house: &House) {
        let Some(means) = house.operations.means() else { return };
        for customer in house.customers() {
            let Some(memory) = self.memories.get(&customer.name) else { continue };
            let text = serde_json::to_string_pretty(memory).expect("texts, numbers and maps by text");
            if house.operations.is_noted(&customer.name, &text) {
                continue;
            }
            match means.notebook.write(&place(&customer), &text) {
                Ok(()) => house.operations.noted(&customer.name, text),
                Err(error) => {
                    tracing::error!(pipeline = customer.name, error, "what was told cannot be noted down");
                }
            }
        }
    }
}

fn place(customer: &Customer) -> PathBuf {
    customer.opened().folder.join(NOTES)
}

fn memory<'m>(
    memories: &'m mut BTreeMap<String, Memory>,
    means: Option<&Means>,
    customer: &Customer,
) -> &'m mut Memory {
    memories.entry(customer.name.clone()).or_insert_with(|| {
        let read = means.map_or(Ok(None), |means| means.notebook.read(&place(customer)));
        let kept =
            read.and_then(|text| text.map(|text| serde_json::from_str(&text).map_err(|e| e.to_string())).transpose());
        kept.map(Option::unwrap_or_default).unwrap_or_else(|error| {
            tracing::error!(pipeline = customer.name, error, "what was told is not known any more; it is told again");
            Memory::default()
        })
    })
}
