//! Tokens to model.
//!
//! ```text
//! tokens ──parse──▶ syntax tree ──resolve──▶ Model
//! ```
//!
//! Parsing knows the grammar and the names in the catalogue; resolving looks up `let`s, reads each
//! value as what its place wants and flattens blocks. What a value may be, and what may stand
//! where, is not decided here but in [`crate::check`], which also runs without source.

mod ast;
mod atom;
mod attribute;
mod input;
mod item;
mod matches;
mod ownership;
mod parser;
mod resolve;
mod rule;
mod spans;
mod value;

use proc_macro2::TokenStream;
use syn::buffer::TokenBuffer;

pub use spans::SpanTable;

use crate::check::check_further;
use crate::diagnostic::Diagnostic;
use crate::model::Model;

/// What came of a policy's tokens.
#[derive(Debug)]
pub struct Compiled {
    /// The policy, without the parts that could not be read.
    pub model: Model,
    /// What is wrong with it, and what its lints found, in source order.
    pub diagnostics: Vec<Diagnostic>,
    /// The tokens of each place.
    pub spans: SpanTable,
}

/// Reads and checks a policy. It goes on after an error, so that all of them are found.
pub fn compile(tokens: TokenStream) -> Compiled {
    let buffer = TokenBuffer::new2(tokens);
    let file = if buffer.begin().eof() { String::new() } else { buffer.begin().span().file() };
    let mut parser = parser::Parser::default();
    let policy = item::parse_policy(&mut parser, input::Input::new(buffer.begin()));
    let mut diagnostics = parser.diagnostics;
    let mut model = resolve::resolve(policy, &mut diagnostics);
    model.sources.files = vec![file];
    let diagnostics = check_further(&model, diagnostics);
    Compiled { model, diagnostics, spans: parser.spans }
}

impl Compiled {
    /// Whether the policy may be used.
    pub fn is_sound(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// The policy as the bytes that [`crate::Policy::from_packed`] takes.
    pub fn pack(&self) -> Vec<u8> {
        self.model.to_bytes()
    }
}
