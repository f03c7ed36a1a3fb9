//! What an import could not take, and why.

use std::fmt;

/// Why a part of a line was not taken: the message, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Reason {
    pub(crate) fn new(message: impl Into<String>) -> Reason {
        Reason { message: message.into(), help: None }
    }

    #[must_use]
    pub(crate) fn help(self, help: impl Into<String>) -> Reason {
        Reason { help: Some(help.into()), ..self }
    }
}

/// A line that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportError {
    /// The file, as the caller named it.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// What is wrong: lower case, the offending word in backticks.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Other lines that matter, each with what it has to do with the error.
    pub notes: Vec<(String, Option<u32>)>,
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: error: {}", self.file, self.line, self.message)?;
        for (note, line) in &self.notes {
            write!(f, "\nnote: {note}")?;
            if let Some(line) = line {
                write!(f, " ({}:{line})", self.file)?;
            }
        }
        match &self.help {
            Some(help) => write!(f, "\nhelp: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ImportError {}

/// Every line of a text, or of two, that was not taken, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportErrors {
    /// The errors; at least one.
    pub list: Vec<ImportError>,
}

impl fmt::Display for ImportErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ImportErrors {}
