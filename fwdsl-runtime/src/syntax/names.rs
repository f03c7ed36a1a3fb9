//! The names of a policy, for editors: where each is defined, and where it is used.
//!
//! They are noted while parsing, so that a policy with a broken line still has the names of all
//! others, and only where somebody asks for them: a compiler does not.

use proc_macro2::Span;

use super::ast::{Expr, ExprKind};
use super::input::Input;
use crate::table::TableName;

/// What names are looked up among: names of two spaces have nothing to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    /// The chains of a table.
    Chains(TableName),
    /// The `let`s.
    Lets,
}

/// A name where it is defined or used.
#[derive(Debug, Clone)]
pub struct Name {
    /// What it is looked up among.
    pub space: Space,
    /// The name, without quotes; empty where one is missing, which is where an editor completes.
    pub text: String,
    /// The tokens that it is written with: one string, or words with hyphens between them.
    pub words: Vec<Word>,
    /// What is defined here; `None` where the name is used.
    pub definition: Option<Definition>,
}

/// A token of a name.
#[derive(Debug, Clone)]
pub struct Word {
    /// Its text, without quotes; empty where one is missing after a hyphen.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// What an editor tells about a name.
#[derive(Debug, Clone)]
pub struct Definition {
    /// The doc comment.
    pub doc: String,
    /// The value of a `let`, as the language writes it; empty for others.
    pub value: String,
}

/// The names seen so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Whether somebody asks for them.
    pub(super) wanted: bool,
    pub(super) list: Vec<Name>,
}

impl Names {
    /// Notes a definition. `from` is the input before the name, `to` behind it.
    pub(super) fn define(
        &mut self,
        space: Space,
        name: &str,
        definition: impl FnOnce() -> Definition,
        from: Input<'_>,
        to: Input<'_>,
    ) {
        if self.wanted {
            let name = Name { definition: Some(definition()), ..name_between(space, name, from, to) };
            self.list.push(name);
        }
    }

    /// Notes a use. `from` is the input before the name, `to` behind it.
    pub(super) fn used(&mut self, space: Space, name: &str, from: Input<'_>, to: Input<'_>) {
        if self.wanted {
            self.list.push(name_between(space, name, from, to));
        }
    }

    /// Notes that a name is missing.
    pub(super) fn missing(&mut self, space: Space, at: Input<'_>) {
        self.used(space, "", at, at);
    }

    /// Notes a word in the place of a value. It may be a `let`, or become one while the user types.
    pub(super) fn used_as_value(&mut self, word: &str, from: Input<'_>, to: Input<'_>) {
        let identifier = word.chars().all(|c| c.is_alphanumeric() || c == '_')
            && !word.starts_with(|first: char| first.is_ascii_digit());
        if identifier {
            self.used(Space::Lets, word, from, to);
        }
    }
}

fn name_between(space: Space, text: &str, from: Input<'_>, to: Input<'_>) -> Name {
    let mut name = Name { space, text: text.to_owned(), words: words_between(from, to), definition: None };
    if to.peek_punct("-") {
        // Half of a name that goes on.
        name.text.push('-');
        name.words.push(Word { text: String::new(), span: to.span() });
    }
    name
}

/// The words of a name; what stands before a `/` is the name of its table.
fn words_between(mut from: Input<'_>, to: Input<'_>) -> Vec<Word> {
    let mut words = Vec::new();
    while !from.is_at(&to) && !from.is_empty() {
        if let Some(text) = from.piece() {
            words.push(Word { text, span: from.last });
        } else if let Some(syn::Lit::Str(string)) = from.literal() {
            words.push(Word { text: string.value(), span: from.last });
        } else if from.punct("/") {
            words.clear();
        } else {
            from.skip();
        }
    }
    words
}

/// A value as the language writes it.
pub(super) fn written(expr: &Expr) -> String {
    match &expr.kind {
        ExprKind::Atom(text) => text.clone(),
        ExprKind::Text(text) => format!("{text:?}"),
        ExprKind::Range(first, last) => format!("{}..={}", first.value, last.value),
        ExprKind::List(list) => {
            let items: Vec<String> = list.iter().map(written).collect();
            format!("[{}]", items.join(", "))
        }
        ExprKind::Not(inner) => format!("!{}", written(inner)),
        ExprKind::Flags { set, mask } => format!("flags({set} / {mask})"),
    }
}
