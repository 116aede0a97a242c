//! Which pipeline a file holds, as far as its state needs to know: read from the syntax
//! alone, so that the records of a pipeline can be looked at while it does not check.

use super::arguments::Place;
use super::exit::Failure;
use super::folder::Folder;
use super::text;
use crate::diag::Sources;
use crate::syntax::{self, Item};

/// A pipeline's name, and in which world it runs.
pub struct Identity {
    pub name: String,
    pub sandbox: bool,
    pub folder: Folder,
}

/// Reads as much of the file as says where its state lies.
pub fn identify(place: &Place) -> Result<Identity, Failure> {
    let mut sources = Sources::new();
    let id = sources.add(place.file.clone(), text::read(&place.file)?);
    let file = syntax::parse(&sources, id).file;
    let name = file.items.iter().find_map(|item| match item {
        Item::Pipeline(pipeline) => Some(pipeline.name.text.to_string()),
        _ => None,
    });
    let Some(name) = name else {
        return Err(Failure::wrong(
            format!("{} does not say which pipeline it is", place.file.display()),
            format!("see what is wrong with `mlc check {}`", place.file.display()),
        ));
    };
    let mut connections = file.items.iter().filter_map(|item| match item {
        Item::Connect(connect) => Some(connect.sandbox.is_some()),
        _ => None,
    });
    let sandbox = place.sandbox || connections.next().is_some_and(|first| first && connections.all(|other| other));
    let folder = Folder::new(&place.file, place.state.as_deref(), &name, sandbox);
    Ok(Identity { name, sandbox, folder })
}
