//! What the files declare that this one uses.

use super::super::overlay::Overlay;
use super::super::view::View;
use crate::diag::{SourceId, Sources};
use crate::model::Files as _;
use crate::syntax::{self, File, Item};
use std::sync::Arc;

/// The file itself, and every pipeline file that it uses, whole or as far as it can be read.
pub fn files(view: &View) -> Vec<File> {
    let sources = &view.analysis.sources;
    let is_pipeline =
        |(_, source): &(usize, &crate::diag::Source)| source.path.extension().is_some_and(|ending| ending == "mlc");
    let used = sources.iter().enumerate().skip(1).filter(is_pipeline);
    let ids = used.filter_map(|(index, _)| u16::try_from(index).ok().map(SourceId));
    let mut files = vec![view.analysis.file.clone()];
    files.extend(ids.map(|id| syntax::parse(sources, id).file));
    files
}

/// The flows of the file that `use` names, as it writes the path: in quotes.
pub fn flows(view: &View, quoted: &str) -> Vec<Arc<str>> {
    let path = quoted.trim_matches(['"', '\'']);
    let files = Overlay::new(&view.document.path, view.open, (view.house.disk)(&view.document.path));
    let Ok(file) = files.read(path) else { return Vec::new() };
    let mut sources = Sources::new();
    let id = sources.add(file.path, file.text);
    let items = syntax::parse(&sources, id).file.items;
    let flows = items.into_iter().filter_map(|item| match item {
        Item::Flow(flow) => Some(flow.name.text),
        _ => None,
    });
    flows.collect()
}
