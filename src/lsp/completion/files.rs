//! Names of files that lie beside the pipeline, where the language names one.

use super::super::context::{Context, Sort};
use super::super::view::View;
use super::offer::Offers;
use crate::connector::SettingType;
use std::path::Path;

/// Which files can stand in the text that the context leads up to.
pub fn endings(view: &View, context: &Context) -> Option<&'static [&'static str]> {
    match (context.sort(), context.words().as_slice()) {
        (None, ["use"]) => Some(&["mlc"]),
        (Some(Sort::Lookup), ["from", "csv"]) => Some(&["csv"]),
        (Some(Sort::Lookup), ["from", "xlsx"]) => Some(&["xlsx"]),
        (Some(Sort::Test), ["given", .., "json"]) => Some(&["json"]),
        (Some(Sort::Connect), [setting, "="]) => {
            let block = context.block()?;
            let system = context.texts(block.head.clone()).get(1).copied()?;
            let spec = view.catalogue(system)?.settings.get(*setting)?;
            (spec.ty == SettingType::File).then_some(&["yaml", "yml"])
        }
        _ => None,
    }
}

/// Offers files with such an ending, and folders, in the folder that is written so far.
pub fn offer(view: &View, folder: &str, endings: &[&str], offers: &mut Offers) {
    let own = view.document.path.file_name().and_then(|name| name.to_str());
    for name in (view.house.list)(&view.document.path, folder) {
        let ending = Path::new(&name).extension().and_then(|ending| ending.to_str());
        let fits = name.ends_with('/') || ending.is_some_and(|ending| endings.contains(&ending));
        if fits && (!folder.is_empty() || own != Some(name.as_str())) {
            offers.file(&name);
        }
    }
}
