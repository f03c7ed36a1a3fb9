//! Where a part of a policy stands in the user's source.

use std::fmt;

/// A place in the source of a policy.
///
/// The line is kept in the finished program, for messages, reports and counters; so are the file and the
/// template or fragment that the place came through, which [`Sources`] knows. The span index exists only
/// while the macro runs, where it names the tokens that a compiler error points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Loc {
    /// Line in the source file, from 1; 0 where there is no source (a policy made at run time).
    pub line: u32,
    /// The number of the file in [`Sources::files`]: 0 is the policy's own, others are those of fragments.
    pub(crate) file: u16,
    /// The number, from 1, of the expansion in [`Sources::expansions`]; 0 for what stands in the policy itself.
    pub(crate) origin: u32,
    /// Index into the macro's span table; meaningless elsewhere.
    pub(crate) span: u32,
}

impl Loc {
    /// The start of a line of the policy's own file, without a span.
    pub const fn line(line: u32) -> Loc {
        Loc { line, file: 0, origin: 0, span: 0 }
    }

    /// The same place as it came through an expansion.
    #[must_use]
    pub(crate) const fn through(self, origin: u32) -> Loc {
        Loc { origin, ..self }
    }

    /// Whether both are the same tokens, through whatever expansion they came.
    pub(crate) fn is_same_place(&self, other: &Loc) -> bool {
        self.through(0) == other.through(0)
    }
}

/// The files of a policy, and the templates and fragments that parts of it came through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    /// The file of the policy, then those of the fragments that it uses, as rustc names them.
    pub files: Vec<String>,
    /// Every expansion of a template or fragment.
    pub expansions: Vec<Expansion>,
}

/// A template or fragment that was expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// What it is: ``template `web` `` or ``fragment `fwdsl::rules::baseline` ``.
    pub what: String,
    /// Where it was called.
    pub call: Loc,
}

impl Sources {
    /// The sources of a policy in one file.
    pub fn of_file(file: impl Into<String>) -> Sources {
        Sources { files: vec![file.into()], expansions: Vec::new() }
    }

    /// The file of the policy itself; empty if it was made at run time.
    pub fn file(&self) -> &str {
        self.files.first().map_or("", String::as_str)
    }

    /// The file that a place is in.
    pub fn file_of(&self, loc: Loc) -> &str {
        self.files.get(usize::from(loc.file)).map_or("", String::as_str)
    }

    /// A place as `file:line`.
    pub fn place(&self, loc: Loc) -> String {
        format!("{}:{}", self.file_of(loc), loc.line)
    }

    /// The expansions that a place came through, the innermost first.
    pub fn expansions_of(&self, loc: Loc) -> impl Iterator<Item = &Expansion> {
        let find = |origin: u32| self.expansions.get((origin as usize).checked_sub(1)?);
        std::iter::successors(find(loc.origin), move |expansion| find(expansion.call.origin))
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
