//! Values as they are written, and their reading as what their place wants.
//!
//! They come from a policy's tokens, or at run time from the Rust values that a policy was given.

mod element;
mod plain;
mod read;

use crate::ipset::Direction;
use crate::loc::{Loc, Located};

pub(crate) use element::read_part;
#[cfg(feature = "syntax")]
pub(crate) use element::{example, parse_number, read_number, read_ports, wanted};
pub(crate) use read::read_value;
#[cfg(feature = "syntax")]
pub(crate) use read::{Problem, form, problem_at, read_addr, read_address, read_end, read_port};

/// A value, not yet read as what its place wants.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "syntax"), expect(dead_code, reason = "only a parser makes it"))]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) loc: Loc,
}

/// The forms of a value.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "syntax"), expect(dead_code, reason = "only a parser makes these forms"))]
pub(crate) enum ExprKind {
    /// A word, number, address or rate, put together from its tokens.
    Atom(String),
    /// A string literal.
    Text(String),
    /// `first..=last`
    Range(Located<String>, Located<String>),
    /// `[a, b]` or `a|b`
    List(Vec<Expr>),
    /// `!value`
    Not(Box<Expr>),
    /// `address:ports/base`, each of which may be left out
    Endpoint { address: Option<Box<Expr>>, ports: Option<Box<Expr>>, base: Option<Located<String>> },
    /// `(set / mask)` after `flags`
    Flags { set: String, mask: String },
    /// `@NAME`, with `src,dst` behind it in an option over sets.
    Set { name: String, directions: Vec<Direction> },
    /// `#name` or `#{expression}`, by its number among those that the parser met.
    Rust(usize),
    /// The argument that stands for a parameter of a template, and where the parameter stood.
    Argument { parameter: Located<String>, value: Box<Expr> },
}

/// One value of a flattened list.
#[derive(Debug, Clone)]
pub(crate) struct Leaf {
    /// Never a list or a negation.
    pub(crate) kind: ExprKind,
    /// Where it is written, in a `let` perhaps.
    pub(crate) loc: Loc,
    /// The name through which it came, and where that is used.
    pub(crate) used: Option<(String, Loc)>,
}
