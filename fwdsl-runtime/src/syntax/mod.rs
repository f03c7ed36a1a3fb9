//! Tokens to model.
//!
//! ```text
//! tokens ──parse──▶ syntax tree ──expand──▶ syntax tree ──resolve──▶ Model
//! ```
//!
//! Parsing knows the grammar and the names in the catalogue; expanding puts templates and fragments in the
//! place of their calls; resolving looks up `let`s, reads each
//! value as what its place wants and flattens blocks. What a value may be, and what may stand
//! where, is not decided here but in [`crate::check`], which also runs without source.

mod assertion;
mod ast;
mod atom;
mod attribute;
mod call;
mod expand;
mod fragment;
mod habits;
mod input;
mod item;
mod matches;
mod names;
mod ownership;
mod parser;
mod pattern;
mod resolve;
mod rule;
mod rust_value;
mod set;
mod spans;
mod unsettled;
mod unused;
mod value;

use proc_macro2::TokenStream;
use syn::buffer::TokenBuffer;

pub(crate) use atom::{continues_atom, reads_as_word};
pub use fragment::{Fragment, Settled, path_key, predicate_key};
pub(crate) use matches::is_let;
pub use names::{Definition, Name, Space, Word};
pub use pattern::{PatternError, parse_pattern};
pub use rust_value::RustExpression;
pub use spans::SpanTable;
pub use unsettled::Unsettled;

use crate::check::{Values, check_further, in_order};
use crate::diagnostic::Diagnostic;
use crate::loc::Sources;
use crate::model::Model;
use names::Names;

/// What came of a policy's tokens.
#[derive(Debug)]
pub struct Compiled {
    /// The policy, without the parts that could not be read.
    pub model: Model,
    /// What is wrong with it, and what its lints found, in source order.
    pub diagnostics: Vec<Diagnostic>,
    /// The tokens of each place.
    pub spans: SpanTable,
    /// The names in it, if they were asked for.
    pub names: Option<Vec<Name>>,
    /// The Rust values of the policy, each at its place.
    pub rust_values: Vec<RustExpression>,
}

/// Reads and checks a policy that uses no fragments. It goes on after an error, so that all of them are found.
pub fn compile(tokens: TokenStream) -> Compiled {
    Source::new(tokens).compile(Settled::default())
}

/// The tokens of a policy.
pub struct Source {
    buffer: TokenBuffer,
}

impl Source {
    /// Takes the tokens.
    pub fn new(tokens: TokenStream) -> Source {
        Source { buffer: TokenBuffer::new2(tokens) }
    }

    /// What has to be settled before the policy can be compiled, by these tokens and those of the fragments
    /// that were fetched so far.
    pub fn unsettled(&self, settled: &Settled) -> Unsettled {
        let mut found = Unsettled::default();
        unsettled::scan(input::Input::new(self.buffer.begin()), 0, settled, &mut found);
        for (number, fragment) in settled.fragments.iter().enumerate() {
            if let Some((_, body)) = &fragment.body {
                let buffer = TokenBuffer::new2(body.clone());
                unsettled::scan(input::Input::new(buffer.begin()), number + 1, settled, &mut found);
            }
        }
        found
    }

    /// Reads and checks the policy. It goes on after an error, so that all of them are found.
    pub fn compile(&self, settled: Settled) -> Compiled {
        compile_buffer(&self.buffer, settled, Names::default())
    }

    /// The same for an editor, which also wants the names.
    pub fn compile_with_names(&self, settled: Settled) -> Compiled {
        compile_buffer(&self.buffer, settled, Names::wanted())
    }
}

/// The names in a fragment, for an editor: those that it brings along, and uses of names that its user has.
pub fn names_of_fragment(parameters: TokenStream, body: TokenStream) -> Vec<Name> {
    let mut parser = parser::Parser { names: Names::wanted(), ..parser::Parser::default() };
    let [parameters, body] = [parameters, body].map(TokenBuffer::new2);
    parser.names.enter_body();
    // What is wrong with it is said where it is used.
    let _reported = call::parse_parameters(&mut parser, input::Input::new(parameters.begin()));
    item::parse_unused_fragment(&mut parser, input::Input::new(body.begin()));
    parser.names.list.unwrap_or_default()
}

fn compile_buffer(buffer: &TokenBuffer, settled: Settled, names: Names) -> Compiled {
    let file = if buffer.begin().eof() { String::new() } else { buffer.begin().span().file() };
    let mut parser = parser::Parser { settled, names, files: vec![file], ..parser::Parser::default() };
    let mut policy = item::parse_policy(&mut parser, input::Input::new(buffer.begin()));
    let mut diagnostics = parser.diagnostics;
    let unused = unused::find_unused(&policy, &parser.bodies, &parser.absent_words);
    let expansions = expand::expand(&mut policy, &parser.bodies, &parser.settled, &mut diagnostics);
    let (mut model, places) = resolve::resolve(policy, &mut diagnostics);
    model.sources = Sources { files: parser.files, expansions };
    // Of what could not be read, nobody knows what it uses.
    let is_read = !diagnostics.iter().any(Diagnostic::is_error);
    let mut diagnostics = check_further(&model, Values::Written, diagnostics);
    if is_read {
        unused::report_unused(unused, &model.levels, &mut diagnostics);
        diagnostics = in_order(diagnostics);
    }
    Compiled {
        model,
        diagnostics,
        spans: parser.spans,
        names: parser.names.list,
        rust_values: places.expressions(&parser.rust_values),
    }
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
