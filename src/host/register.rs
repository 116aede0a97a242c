//! The register of those who were invited to the console, as a file for its owner alone.

use super::private_file;
use crate::serve::door::{Register, RegisterError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

pub struct RegisterFile(PathBuf);

impl RegisterFile {
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    fn refused(&self, what: &str, error: &std::io::Error) -> RegisterError {
        RegisterError {
            message: format!("{} cannot be {what}: {error}", self.0.display()),
            mend: "look at the folder's permissions, and at the room on the disk".to_owned(),
        }
    }
}

impl Register for RegisterFile {
    fn read(&self) -> Result<Option<String>, RegisterError> {
        let bytes = match private_file::read(&self.0) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.refused("read", &error)),
        };
        match private_file::open_to_others(&self.0) {
            Ok(None) => {}
            Ok(Some(mode)) => {
                return Err(RegisterError {
                    message: format!("{} is open to others (mode {mode:03o})", self.0.display()),
                    mend: format!("chmod 600 {}", self.0.display()),
                });
            }
            Err(error) => return Err(self.refused("read", &error)),
        }
        let text = String::from_utf8(bytes);
        text.map(Some).map_err(|error| self.refused("read", &std::io::Error::other(error)))
    }

    fn write(&self, text: &str) -> Result<(), RegisterError> {
        let written = private_file::make_folder(&self.0).and_then(|()| private_file::replace(&self.0, text.as_bytes()));
        written.map_err(|error| self.refused("written", &error))
    }
}
