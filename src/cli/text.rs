//! The pipeline file as text, or a failure that says what else it is.

use super::exit::Failure;
use crate::host::read_text;
use std::path::Path;
use std::sync::Arc;

/// Reads a pipeline file.
pub fn read(path: &Path) -> Result<Arc<str>, Failure> {
    read_text(path)
        .map_err(|sentence| Failure::wrong(sentence, "name a pipeline file, such as `mlc run examples/quickstart.mlc`"))
}
