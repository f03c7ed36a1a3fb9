//! Why a firewall cannot be written.

use std::fmt;

/// What kept a model from being written as source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    message: String,
}

impl SourceError {
    pub(super) fn unwritable(line: &str) -> SourceError {
        SourceError { message: format!("the language cannot say `{line}`, not even as `raw` text") }
    }

    pub(super) fn refused(message: &str) -> SourceError {
        SourceError { message: message.to_owned() }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SourceError {}
