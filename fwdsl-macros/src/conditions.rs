//! The `#[cfg(…)]` inside of fragments, which hold or not in the crate that declares the fragment, as in a
//! function of that crate: where the fragment is used, the same feature may mean something else.
//!
//! Only rustc can tell, so `rules_impl!` asks for one predicate after the other, as `settle` does for a policy:
//!
//! ```text
//! rules_impl! { { facade } { [predicate] true … } fragments… }
//!   ⇒ macro_rules! ask { … rules_impl! with `[another] false` … }
//!     #[cfg(another)] macro_rules! ask { … rules_impl! with `[another] true` … }
//!     ask! { fragments… }
//! ```
//!
//! Then each condition is written as `#[cfg(true)]` or `#[cfg(false)]`, which is the same everywhere.

use std::hash::{DefaultHasher, Hash, Hasher};

use fwdsl_runtime::syntax::predicate_key;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote};

/// Which predicates hold, by their text.
pub(crate) struct Conditions {
    known: Vec<(TokenStream, bool)>,
}

impl Conditions {
    /// Reads `[predicate] true [predicate] false …`.
    pub(crate) fn read(tokens: TokenStream) -> Conditions {
        let mut known = Vec::new();
        let mut tokens = tokens.into_iter();
        while let (Some(TokenTree::Group(predicate)), Some(holds)) = (tokens.next(), tokens.next()) {
            known.push((predicate.stream(), holds.to_string() == "true"));
        }
        Conditions { known }
    }

    fn holds(&self, predicate: &TokenStream) -> Option<bool> {
        let key = predicate_key(predicate.clone());
        let known = self.known.iter().find(|(other, _)| predicate_key(other.clone()) == key);
        known.map(|(_, holds)| *holds)
    }

    /// The fragments with every condition settled, or the expansion that asks for one that is open.
    pub(crate) fn settle(
        &self,
        facade: &TokenStream,
        fragments: TokenStream,
    ) -> Result<TokenStream, TokenStream> {
        let mut settled = TokenStream::new();
        for token in fragments.clone() {
            // A condition on a whole fragment is rustc's.
            settled.extend([match token {
                TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
                    let content = self.settle_body(body.stream());
                    let content = content.map_err(|open| self.ask(facade, &open, &fragments))?;
                    regroup(&body, content)
                }
                token => token,
            }]);
        }
        Ok(settled)
    }

    /// The tokens with every condition settled; the first that is open as the error.
    fn settle_body(&self, tokens: TokenStream) -> Result<TokenStream, TokenStream> {
        let mut settled = TokenStream::new();
        let mut after_sign = false;
        for token in tokens {
            let sign = matches!(&token, TokenTree::Punct(sign) if sign.as_char() == '#');
            settled.extend([match token {
                TokenTree::Group(group) => match predicate(&group).filter(|_| after_sign) {
                    Some((cfg, predicate)) => {
                        let holds = self.holds(&predicate).ok_or(predicate)?;
                        let holds = Ident::new(if holds { "true" } else { "false" }, group.span());
                        regroup(&group, quote!(#cfg(#holds)))
                    }
                    None => regroup(&group, self.settle_body(group.stream())?),
                },
                token => token,
            }]);
            after_sign = sign;
        }
        Ok(settled)
    }

    fn ask(&self, facade: &TokenStream, open: &TokenStream, fragments: &TokenStream) -> TokenStream {
        let name = name_of_question(open, fragments);
        let [no, yes] = [false, true].map(|holds| {
            let known = self.known.iter().map(|(predicate, holds)| quote!([#predicate] #holds));
            quote! {
                ($($fragments:tt)*) => {
                    #facade::__private::rules_impl! { { #facade } { #(#known)* [#open] #holds } $($fragments)* }
                };
            }
        });
        quote! {
            #[allow(unused_macros)]
            macro_rules! #name { #no }
            #[cfg(#open)]
            macro_rules! #name { #yes }
            #name! { #fragments }
        }
    }
}

/// `cfg` and the predicate of the attribute `[cfg(…)]`.
fn predicate(attribute: &Group) -> Option<(Ident, TokenStream)> {
    let mut inside = attribute.stream().into_iter();
    match (inside.next(), inside.next(), inside.next()) {
        (Some(TokenTree::Ident(word)), Some(TokenTree::Group(group)), None)
            if word == "cfg" && attribute.delimiter() == Delimiter::Bracket =>
        {
            Some((word, group.stream()))
        }
        _ => None,
    }
}

fn regroup(group: &Group, content: TokenStream) -> TokenTree {
    let mut copy = Group::new(group.delimiter(), content);
    copy.set_span(group.span());
    TokenTree::Group(copy)
}

/// A name of its own, so that no question of another `rules!` of the module is meant.
fn name_of_question(open: &TokenStream, fragments: &TokenStream) -> Ident {
    let mut hasher = DefaultHasher::new();
    let span = fragments.clone().into_iter().next().map_or_else(Span::call_site, |token| token.span());
    (span.file(), span.start().line, span.start().column).hash(&mut hasher);
    (open.to_string(), fragments.to_string()).hash(&mut hasher);
    format_ident!("__fwdsl_cfg_{:016x}", hasher.finish(), span = Span::call_site())
}
