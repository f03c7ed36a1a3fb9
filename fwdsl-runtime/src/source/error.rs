//! Why a firewall cannot be written.

use std::fmt;

use super::form::Line;
use crate::loc::Sources;

/// What kept a model from being written as source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceError {
    message: String,
}

impl SourceError {
    pub(super) fn unwritable(what: &str) -> SourceError {
        SourceError { message: format!("the language cannot say {what}, not even as `raw` text") }
    }

    /// No form of a rule is emitted as this line; its place comes first, if it has one.
    pub(super) fn unwritable_rule(line: &Line, sources: &Sources) -> SourceError {
        let mut error = SourceError::unwritable(&format!("`{}`", line.text));
        if line.loc.line > 0 {
            let place = match sources.file_of(line.loc) {
                "" => line.loc.to_string(),
                _ => sources.place(line.loc),
            };
            error.message = format!("{place}: {}", error.message);
        }
        error
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
