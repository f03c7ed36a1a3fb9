//! Where a part of a policy stands in the user's source.

use std::fmt;

/// A place in the source of a policy.
///
/// The line is kept in the finished program, for messages, reports and counters. The span index
/// exists only while the macro runs, where it names the tokens that a compiler error points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Loc {
    /// Line in the source file, from 1; 0 where there is no source (a policy made at run time).
    pub line: u32,
    /// Index into the macro's span table; meaningless elsewhere.
    pub(crate) span: u32,
}

impl Loc {
    /// The start of a line, without a span.
    pub const fn line(line: u32) -> Loc {
        Loc { line, span: 0 }
    }
}

impl fmt::Display for Loc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)
    }
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub loc: Loc,
}

impl<T> Located<T> {
    /// Puts a value and its place together.
    pub const fn new(value: T, loc: Loc) -> Located<T> {
        Located { value, loc }
    }
}
