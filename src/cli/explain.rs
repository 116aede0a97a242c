//! `mlc explain`: what a code means, with a wrong file and the right one.

use super::arguments::Explain;
use super::exit::{Exit, Failure, Outcome};
use super::grid::Grid;
use super::screen::say;
use crate::diag;

pub fn run(arguments: &Explain) -> Outcome {
    let Some(wanted) = &arguments.code else {
        return list();
    };
    let Some(code) = diag::find(wanted.trim()) else {
        let near = diag::nearest(&wanted.to_uppercase(), diag::all().iter().map(|code| code.id));
        let hint =
            near.map_or_else(|| "`mlc explain` lists all codes".to_owned(), |near| format!("did you mean {near}?"));
        return Err(Failure::wrong(format!("there is no code {wanted}"), hint));
    };
    say(&format!("{}\n", code.page.trim()))?;
    Ok(Exit::Well)
}

fn list() -> Outcome {
    let mut grid = Grid::new(&["Code", "What it says"]);
    diag::all().iter().for_each(|code| grid.row([code.id, code.title]));
    say(&grid.render())?;
    Ok(Exit::Well)
}
