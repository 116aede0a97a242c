//! `mlc lsp`: the language server, over standard input and output.

use super::exit::{Exit, Failure, Outcome};
use crate::connectors::drivers;
use crate::host::{DiskFiles, names_beside};
use crate::lsp::{Ended, House, serve};
use lsp_server::Connection;

pub fn run() -> Outcome {
    let (connection, threads) = Connection::stdio();
    let house =
        House { drivers: drivers(), disk: |pipeline| Box::new(DiskFiles::beside(pipeline)), list: names_beside };
    let ended = serve(&connection, house);
    drop(connection);
    match ended {
        Ended::Well => {
            threads
                .join()
                .map_err(|error| Failure::world(format!("the editor is gone: {error}"), "start the server again"))?;
            Ok(Exit::Well)
        }
        // The protocol wants 1 of a server that was not shut down before it ends. Its
        // threads may still wait for the client and end with the process.
        Ended::Abruptly => Ok(Exit::Attention),
    }
}
