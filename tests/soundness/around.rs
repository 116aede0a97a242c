//! What a run would have read beside the source records: the rows of lookups, the lists
//! that are verified against, and the records that flows match with and are linked to.

use super::random::Random;
use super::record;
use mlc::model::{Link, LookupId};
use mlc::program::{Flow, Peers, Program, Tables};
use mlc::value::{Record, RecordType};
use std::sync::Arc;

/// The type of the records of a connection's resource.
pub type Reads<'a> = &'a dyn Fn(&str, &str) -> Arc<RecordType>;

pub fn tables(random: &mut Random, program: &Program, reads: Reads) -> Tables {
    let mut tables = Tables::new(program);
    for (index, lookup) in program.lookups().iter().enumerate() {
        if let Some(resource) = &lookup.resource {
            let records = some(random, &reads(&resource.connection, &resource.resource), 8);
            tables.load(program, LookupId(index), &records);
        }
        for (rule, verify) in lookup.verifies.iter().enumerate() {
            let records = some(random, &reads(&verify.connection, &verify.resource), 40);
            tables.verify(program, LookupId(index), rule, &records);
        }
    }
    tables
}

/// The tables for one flow, with what stands in its target and what other flows have linked.
pub fn with_peers(random: &mut Random, program: &Program, flow: &Flow, tables: &Tables, reads: Reads) -> Tables {
    let mut peers = Peers::default();
    for name in flow.links() {
        let Some(above) = program.flows().iter().find(|other| other.name() == &**name) else { continue };
        for (link, place) in [
            (Link::Source, (&above.source().connection, &above.source().resource)),
            (Link::Target, (&above.target().connection, &above.target().resource)),
        ] {
            let records = some(random, &reads(place.0, place.1), 6);
            let numbers =
                (0..120).map(|number| number.to_string()).chain(record::TEXTS.iter().map(|text| (*text).to_owned()));
            let linked: Vec<(String, Record)> =
                numbers.filter_map(|number| Some((number, records.get(random.below(7))?.clone()))).collect();
            peers.link(link, name, linked);
        }
    }
    if flow.matches_by().is_some() {
        let target = flow.target();
        peers.matches(flow, tables, some(random, &reads(&target.connection, &target.resource), 16));
    }
    tables.with_peers(peers)
}

fn some(random: &mut Random, ty: &RecordType, most: usize) -> Vec<Record> {
    (0..random.below(most)).map(|_| record::record(random, ty)).collect()
}
