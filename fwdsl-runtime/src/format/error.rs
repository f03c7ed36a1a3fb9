//! Why a file was not formatted.

use std::fmt;

/// Why a file was left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FormatError {
    /// The source cannot be read as Rust's tokens.
    Lex {
        /// The line, from 1, that reading came to.
        line: usize,
        /// The column, from 1, in characters.
        column: usize,
    },
    /// Groups stand in groups to a depth that nobody writes.
    TooDeep {
        /// The line, from 1, where the macro is called.
        line: usize,
    },
    /// The formatted text would not be the same tokens and comments: a defect of the formatter.
    Changed {
        /// The line, from 1, of the first token or comment that would change.
        line: usize,
    },
}

impl FormatError {
    /// The line of the file, from 1.
    pub fn line(&self) -> usize {
        match self {
            FormatError::Lex { line, .. } | FormatError::TooDeep { line } | FormatError::Changed { line } => {
                *line
            }
        }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FormatError::Lex { .. } => f.write_str("what begins here cannot be read as Rust's tokens"),
            FormatError::TooDeep { .. } => f.write_str("this policy is nested too deep to be formatted"),
            FormatError::Changed { .. } => {
                f.write_str("formatting would change what is written here: a defect of the formatter")
            }
        }
    }
}

impl std::error::Error for FormatError {}
