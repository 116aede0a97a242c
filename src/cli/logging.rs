//! What happens inside, on standard error, for those who ask.

use super::exit::Failure;
use tracing_subscriber::EnvFilter;

/// Switches it on where `--verbose` or a filter asks for it.
pub fn start(verbose: bool, filter: Option<&str>) -> Result<(), Failure> {
    let Some(filter) = filter.filter(|filter| !filter.is_empty()).or(verbose.then_some("mlc=debug")) else {
        return Ok(());
    };
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Failure::wrong(format!("MLC_LOG cannot be read: {error}"), "write a filter such as `mlc=debug`")
    })?;
    // A second call in one process keeps the first one's choice.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
    Ok(())
}
