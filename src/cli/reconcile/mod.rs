//! `mlc reconcile`: a month is closed over both sides, and every difference has a name.

mod page;
mod text;

use super::arguments::{Format, Reconcile};
use super::compose::{self, Wish};
use super::exit::{Exit, Failure, Outcome};
use super::progress::{Counter, Ticker};
use super::screen::{say, say_json};
use crate::engine::{self, Period, ReconcileOptions, RunErrorKind};
use crate::host;
use crate::statement::{self, Book};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub async fn run(arguments: &Reconcile) -> Outcome {
    let period = Period::read(&arguments.period).ok_or_else(|| {
        Failure::wrong(
            format!("`{}` is no period", arguments.period),
            "write a month such as 2026-10, a year, or two days: 2026-10-01..2026-10-15",
        )
    })?;
    let files = arguments.out.iter().map(|path| File::of(path)).collect::<Result<Vec<_>, _>>()?;
    let program = compose::program(&arguments.place.file, &arguments.vars.vars)?;
    let counter = Arc::new(Counter::default());
    let wish = Wish { place: &arguments.place, seed: arguments.make.seed, faults: &arguments.make.faults, plan: true };
    let ready = compose::open(program, &wish, counter.clone())?;
    let ticker = Ticker::start(&counter, arguments.quiet);
    let options = ReconcileOptions { period, flows: arguments.flows.clone() };
    let found = engine::reconcile(&ready.setup, &options).await;
    ticker.stop().await;
    let found = found.map_err(|error| Failure {
        exit: if matches!(error.kind, RunErrorKind::UnknownFlow | RunErrorKind::OtherSystem) {
            Exit::Wrong
        } else {
            Exit::World
        },
        message: error.message,
        hint: error.mend,
    })?;
    let book = Book {
        found: &found,
        pipeline: ready.setup.program.name(),
        period,
        currency: ready.setup.program.currency(),
        sandbox: ready.setup.sandbox,
        made: ready.setup.clock.now(),
        all: arguments.all,
    };
    if arguments.printing.format == Format::Json {
        say_json(&book.as_json())?;
    } else {
        say(&text::render(&book))?;
    }
    for file in &files {
        file.write(&book)?;
        if arguments.printing.format == Format::Text {
            say(&format!("wrote {}\n", file.path.display()))?;
        }
    }
    Ok(if found.agrees() { Exit::Well } else { Exit::Attention })
}

/// A file that it is written to.
struct File {
    path: PathBuf,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    Csv,
    Html,
    #[cfg(feature = "xlsx")]
    Xlsx,
}

impl File {
    /// By the ending of the name. One that is there is told of before anything is read.
    fn of(path: &Path) -> Result<Self, Failure> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let form = match ending.as_deref() {
            Some("csv") => Form::Csv,
            Some("html" | "htm") => Form::Html,
            #[cfg(feature = "xlsx")]
            Some("xlsx") => Form::Xlsx,
            #[cfg(not(feature = "xlsx"))]
            Some("xlsx") => {
                return Err(Failure::wrong("this build of mlc writes no .xlsx", "name a .csv or an .html file"));
            }
            _ => {
                return Err(Failure::wrong(
                    format!("{} is no .csv, .xlsx or .html", path.display()),
                    "name a file that ends in one of them",
                ));
            }
        };
        if path.symlink_metadata().is_ok() {
            return Err(Failure::wrong(
                format!("{} is there already, and nothing was written", path.display()),
                "name another file",
            ));
        }
        Ok(Self { path: path.to_owned(), form })
    }

    fn write(&self, book: &Book<'_>) -> Result<(), Failure> {
        let bytes = match self.form {
            Form::Csv => statement::csv(book),
            Form::Html => page::render(book).map(String::into_bytes),
            #[cfg(feature = "xlsx")]
            Form::Xlsx => statement::xlsx(book),
        };
        let bytes = bytes.map_err(|error| {
            Failure::world(format!("{} cannot be made: {error}", self.path.display()), "report this")
        })?;
        host::write_new(&self.path, &bytes)
            .map_err(|sentence| Failure::world(sentence, "name a file in a folder that can be written to"))
    }
}
