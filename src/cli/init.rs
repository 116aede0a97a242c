//! `mlc init`: a pipeline to begin with, beside its table.

use super::arguments::Init;
use super::exit::{Exit, Failure, Outcome};
use super::screen::{BOLD, say};
use crate::host;
use std::path::Path;

/// What is written, by name. The pipeline comes first.
const FILES: [(&str, &str); 2] = [
    ("pipeline.mlc", include_str!("../../examples/starter/pipeline.mlc")),
    ("cost-codes.csv", include_str!("../../examples/cost-codes.csv")),
];

pub fn run(arguments: &Init) -> Outcome {
    let folder = &arguments.folder;
    if let Some((name, _)) = FILES.iter().find(|(name, _)| folder.join(name).symlink_metadata().is_ok()) {
        return Err(Failure::wrong(
            format!("{} is there already, and nothing was written", folder.join(name).display()),
            "name another folder: mlc init DIR",
        ));
    }
    for (name, text) in FILES {
        host::write_new(&folder.join(name), text)
            .map_err(|sentence| Failure::world(sentence, "name a folder that can be written to: mlc init DIR"))?;
    }
    say(&next(folder))?;
    Ok(Exit::Well)
}

fn next(folder: &Path) -> String {
    let at =
        |name: &str| if folder == Path::new(".") { name.to_owned() } else { folder.join(name).display().to_string() };
    let files: Vec<String> = FILES.iter().map(|(name, _)| at(name)).collect();
    let pipeline = at(FILES[0].0);
    format!(
        "wrote {}\n\n{BOLD}Next{BOLD:#}\n\
         \x20 mlc check {pipeline}   what is wrong in it: nothing yet\n\
         \x20 mlc test  {pipeline}   its tests, without any system\n\
         \x20 mlc plan  {pipeline}   what a run would post and hold; writes nothing\n\
         \x20 mlc run   {pipeline}   does it, in the sandbox\n",
        files.join(" and ")
    )
}
