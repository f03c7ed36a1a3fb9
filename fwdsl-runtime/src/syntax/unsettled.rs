//! What a policy's tokens ask of rustc before they can be compiled: fragments, and answers to `#[cfg(…)]`.

use proc_macro2::{Delimiter, TokenStream};

use super::fragment::{Settled, path_key, predicate_key};
use super::input::Input;
use super::parser::skip_statement;

/// What is not settled yet.
#[derive(Debug, Default)]
pub struct Unsettled {
    /// The predicates of `#[cfg(…)]`, each once.
    pub predicates: Vec<TokenStream>,
    /// The paths of fragments, each with its user as in [`super::Fragment`]. What stands under an unsettled
    /// predicate is not among them.
    pub uses: Vec<(usize, TokenStream)>,
}

/// Adds what one user's tokens ask for, and goes into its blocks.
pub(super) fn scan(mut input: Input<'_>, user: usize, settled: &Settled, found: &mut Unsettled) {
    while !input.is_empty() {
        if !is_present(&mut input, settled, found) {
            skip_statement(&mut input);
            continue;
        }
        if input.peek_ident().is_some_and(|word| word == "use") {
            note_use(input, user, settled, found);
        }
        scan_statement(&mut input, user, settled, found);
    }
}

/// To the end of a statement.
fn scan_statement(input: &mut Input<'_>, user: usize, settled: &Settled, found: &mut Unsettled) {
    while !input.is_empty() && !input.punct(";") {
        if let Some(inside) = input.group(Delimiter::Brace) {
            scan(inside, user, settled, found);
            return;
        }
        let value = input.peek_punct("#");
        input.skip();
        if value && input.peek_group(Delimiter::Brace) {
            input.skip();
        }
    }
}

/// Reads the attributes of a statement. Under a predicate that nobody has answered yet, it counts as absent.
fn is_present(input: &mut Input<'_>, settled: &Settled, found: &mut Unsettled) -> bool {
    let mut present = true;
    while input.peek_punct("#") && !input.peek_punct("#{") {
        let mut ahead = *input;
        ahead.punct("#");
        ahead.punct("!");
        let Some(mut attribute) = ahead.group(Delimiter::Bracket) else { return present };
        *input = ahead;
        if !attribute.keyword("cfg") {
            continue;
        }
        let Some(predicate) = attribute.group(Delimiter::Parenthesis).map(|inside| inside.rest()) else {
            continue;
        };
        let key = predicate_key(predicate.clone());
        match settled.predicates.iter().find(|(other, _)| *other == key) {
            Some((_, holds)) => present &= holds,
            None => {
                if !found.predicates.iter().any(|other| predicate_key(other.clone()) == key) {
                    found.predicates.push(predicate);
                }
                present = false;
            }
        }
    }
    present
}

fn note_use(mut input: Input<'_>, user: usize, settled: &Settled, found: &mut Unsettled) {
    input.skip();
    let mut path = Vec::new();
    loop {
        if input.peek_punct("::") {
            path.extend(input.token());
        } else if input.peek_ident().is_none() {
            break;
        }
        path.extend(input.token());
    }
    let path: TokenStream = path.into_iter().collect();
    let key = path_key(path.clone());
    let known = settled.fragments.iter().any(|fragment| fragment.user == user && fragment.path == key);
    let noted = |(other, path): &(usize, TokenStream)| *other == user && path_key(path.clone()) == key;
    if !key.is_empty() && !known && !found.uses.iter().any(noted) {
        found.uses.push((user, path));
    }
}
