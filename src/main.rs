//! The `mlc` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    mlc::cli::main()
}
