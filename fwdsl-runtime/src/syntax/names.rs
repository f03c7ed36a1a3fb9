//! The names of a policy, for editors: where each is defined, and where it is used.
//!
//! They are noted while parsing, so that a policy with a broken line still has the names of all
//! others, and only where somebody asks for them: a compiler does not.

use proc_macro2::{Delimiter, Span, TokenTree};

use super::input::Input;
use crate::table::TableName;

/// What a name is looked up among. Names of two spaces have nothing to do with each other, unless one
/// space holds the other: see [`Space::looked_up_in`].
///
/// Numbers are those of the template or fragment whose body a name stands in, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Space {
    /// The chains of a table.
    Chains(TableName),
    /// What a jump in a template or fragment may name: a parameter, or a chain of whatever table.
    ChainsWithin(u32),
    /// The `let`s.
    Lets,
    /// The sets.
    Sets,
    /// What a value in a template or fragment may name: a parameter or a `let`.
    ValuesWithin(u32),
    /// The parameters of a template or fragment.
    Parameters(u32),
    /// What an argument may name, in the body of a template or fragment or, as 0, of a chain.
    Arguments(u32),
    /// The templates.
    Templates,
    /// What a statement may begin with: a template or a match.
    Statements,
    /// The words that a match begins with. The catalogue has them.
    Matches,
    /// The words that a verdict begins with. The catalogue has them.
    Verdicts,
}

impl Space {
    /// The spaces that this one holds, in the order in which a name is looked up: those of a later
    /// group only count if there is none in the earlier ones.
    pub fn looked_up_in(self) -> Vec<Vec<Space>> {
        let chains = || TableName::ALL.map(Space::Chains).to_vec();
        match self {
            Space::ChainsWithin(number) => vec![vec![Space::Parameters(number)], chains()],
            Space::ValuesWithin(number) => vec![vec![Space::Parameters(number)], vec![Space::Lets]],
            Space::Arguments(number) => {
                vec![vec![Space::Parameters(number)], vec![Space::Lets], chains()]
            }
            Space::Statements => vec![vec![Space::Templates]],
            Space::Chains(_)
            | Space::Lets
            | Space::Sets
            | Space::Parameters(_)
            | Space::Templates
            | Space::Matches
            | Space::Verdicts => vec![vec![self]],
        }
    }
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
    /// Whether parentheses follow.
    pub called: bool,
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
#[derive(Debug, Clone, Default)]
pub struct Definition {
    /// The doc comment.
    pub doc: String,
    /// The value of a `let`, as the language writes it, or the kind of a set; empty for others.
    pub value: String,
    /// The parameters of a template; none for others.
    pub parameters: Vec<String>,
}

/// The names seen so far, if somebody asks for them.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) list: Option<Vec<Name>>,
    pub(super) place: Place,
    /// How many bodies of templates and fragments were begun.
    bodies: u32,
}

/// Where the parser is, as far as names go.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Place {
    /// The table whose chains are being read.
    pub(super) table: TableName,
    /// The template or fragment whose body is being read; 0 for none.
    within: u32,
    /// Whether the arguments of a call are being read.
    arguments: bool,
}

impl Names {
    /// For somebody who asks for names.
    pub(super) fn wanted() -> Names {
        Names { list: Some(Vec::new()), ..Names::default() }
    }

    /// Goes into the body of a template or fragment. Gives back where the parser was, to return there.
    pub(super) fn enter_body(&mut self) -> Place {
        let former = self.place;
        self.bodies += 1;
        self.place = Place { within: self.bodies, ..Place::default() };
        former
    }

    /// Goes into the arguments of a call. Gives back where the parser was, to return there.
    pub(super) fn enter_arguments(&mut self) -> Place {
        let former = self.place;
        self.place.arguments = true;
        former
    }

    /// What a jump here may name.
    pub(super) fn chains(&self) -> Space {
        match self.place.within {
            0 => Space::Chains(self.place.table),
            number => Space::ChainsWithin(number),
        }
    }

    /// What a value here may name.
    fn values(&self) -> Space {
        match self.place.within {
            number if self.place.arguments => Space::Arguments(number),
            0 => Space::Lets,
            number => Space::ValuesWithin(number),
        }
    }

    /// The parameters of the body that is being read.
    pub(super) fn parameters(&self) -> Space {
        Space::Parameters(self.place.within)
    }

    /// Notes a definition. `from` is the input before the name, `to` behind it.
    pub(super) fn define(
        &mut self,
        space: Space,
        name: &str,
        definition: impl FnOnce() -> Definition,
        from: Input<'_>,
        to: Input<'_>,
    ) {
        if let Some(list) = &mut self.list {
            list.push(Name { definition: Some(definition()), ..name_between(space, name, from, to) });
        }
    }

    /// Notes a use. `from` is the input before the name, `to` behind it.
    pub(super) fn used(&mut self, space: Space, name: &str, from: Input<'_>, to: Input<'_>) {
        if let Some(list) = &mut self.list {
            list.push(name_between(space, name, from, to));
        }
    }

    /// Notes that a name is missing.
    pub(super) fn missing(&mut self, space: Space, at: Input<'_>) {
        self.used(space, "", at, at);
    }

    /// Notes that a value is missing, or that another may follow.
    pub(super) fn missing_value(&mut self, at: Input<'_>) {
        self.missing(self.values(), at);
    }

    /// Notes the word that comes next, or that it is missing.
    pub(super) fn begin(&mut self, space: Space, input: Input<'_>) {
        let mut behind = input;
        let word = behind.ident().unwrap_or_default();
        self.used(space, &word, input, behind);
    }

    /// Notes a word in the place of a value. It may be a name, or become one while the user types.
    pub(super) fn used_as_value(&mut self, word: &str, from: Input<'_>, to: Input<'_>) {
        let name = |c: char| c.is_alphanumeric() || c == '_';
        // Chains, which may be arguments, may have hyphens.
        let joined = |c: char| c == '-' && self.place.arguments;
        if word.chars().all(|c| name(c) || joined(c)) && !word.starts_with(|c: char| c.is_ascii_digit()) {
            self.used(self.values(), word, from, to);
        }
    }
}

fn name_between(space: Space, text: &str, from: Input<'_>, to: Input<'_>) -> Name {
    let called = to.peek_group(Delimiter::Parenthesis);
    let words = if text.is_empty() { Vec::new() } else { words_between(from, to) };
    let mut name = Name { space, text: text.to_owned(), words, called, definition: None };
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

/// The tokens between two places as the language writes a value.
pub(super) fn written_between(mut from: Input<'_>, to: Input<'_>) -> String {
    let mut text = String::new();
    while !from.is_at(&to)
        && let Some(token) = from.token()
    {
        write_token(&token, &mut text);
    }
    text
}

fn write_token(token: &TokenTree, text: &mut String) {
    match token {
        TokenTree::Group(list) if list.delimiter() == Delimiter::Bracket => {
            text.push('[');
            list.stream().into_iter().for_each(|token| write_token(&token, text));
            text.push(']');
        }
        TokenTree::Punct(comma) if comma.as_char() == ',' => text.push_str(", "),
        token => text.push_str(&token.to_string()),
    }
}
