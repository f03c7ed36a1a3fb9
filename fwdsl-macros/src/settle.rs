//! What only rustc can tell, before a policy is compiled: the tokens of its fragments, and whether the
//! predicates of its `#[cfg(…)]` hold.
//!
//! A procedural macro cannot ask. So `firewall_impl!` expands to a call that asks for it and calls
//! `firewall_impl!` again, with the answer in its state, until nothing is open:
//!
//! ```text
//! firewall_impl! { { facade } { state } policy… }
//!   ⇒ path::NAME! { [facade::__private::firewall_impl] { facade } { state } policy… }
//!   ⇒ firewall_impl! { @ [id (parameters) { body }] { facade } { state, one more fragment } policy… }
//! ```
//!
//! The state is three groups: the predicates as `[predicate] true`, the fragments as
//! `[user] [path] [id (parameters) { body }]`, and what was asked for last, as `[user] [path]`.

use fwdsl_runtime::syntax::{Fragment, Settled, Unsettled, path_key, predicate_key};
use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use crate::names;

/// A call of `firewall_impl!`, taken apart.
pub(crate) struct Input {
    /// The path of the facade, under whatever name it was reached.
    pub(crate) facade: TokenStream,
    state: State,
    pub(crate) policy: TokenStream,
}

#[derive(Default)]
struct State {
    predicates: Vec<(TokenStream, bool)>,
    fragments: Vec<(usize, TokenStream, TokenStream)>,
}

impl Input {
    /// Takes a call apart; `None` if it does not come from `firewall!`.
    pub(crate) fn read(tokens: TokenStream) -> Option<Input> {
        let mut tokens = tokens.into_iter().peekable();
        let answer = match tokens.peek() {
            Some(TokenTree::Punct(sign)) if sign.as_char() == '@' => {
                tokens.next();
                Some(group(tokens.next()?)?)
            }
            _ => None,
        };
        let facade = group(tokens.next()?)?;
        let mut state = State::default();
        let mut groups = group(tokens.next()?)?.into_iter();
        if let Some(predicates) = groups.next() {
            let mut predicates = group(predicates)?.into_iter();
            while let Some(predicate) = predicates.next() {
                state.predicates.push((group(predicate)?, predicates.next()?.to_string() == "true"));
            }
        }
        if let Some(fragments) = groups.next() {
            let mut fragments = group(fragments)?.into_iter();
            while let Some(user) = fragments.next() {
                let user = group(user)?.to_string().parse().ok()?;
                state.fragments.push((user, group(fragments.next()?)?, group(fragments.next()?)?));
            }
        }
        if let Some(answer) = answer {
            let mut asked = group(groups.next()?)?.into_iter();
            let user = group(asked.next()?)?.to_string().parse().ok()?;
            state.fragments.push((user, group(asked.next()?)?, answer));
        }
        Some(Input { facade, state, policy: tokens.collect() })
    }

    /// What is settled so far. A fragment that uses itself is there without its body.
    pub(crate) fn settled(&self) -> Option<Settled> {
        let mut settled = Settled::default();
        for (predicate, holds) in &self.state.predicates {
            settled.predicates.push((predicate_key(predicate.clone()), *holds));
        }
        for (user, path, answer) in &self.state.fragments {
            let mut answer = answer.clone().into_iter();
            let id = answer.next()?.to_string();
            let body = (group(answer.next()?)?, group(answer.next()?)?);
            let mut above = *user;
            let mut circular = false;
            while let Some(fragment) = above.checked_sub(1).and_then(|number| settled.fragments.get(number)) {
                let fragment: &Fragment = fragment;
                circular |= fragment.id == id;
                above = fragment.user;
            }
            let body = (!circular).then_some(body);
            settled.fragments.push(Fragment { user: *user, path: path_key(path.clone()), id, body });
        }
        Some(settled)
    }

    /// The expansion that asks for what is open next; `None` if nothing is.
    pub(crate) fn ask(&self, open: &Unsettled) -> Option<TokenStream> {
        let Input { facade, policy, .. } = self;
        if let Some(predicate) = open.predicates.first() {
            let name = Ident::new("__fwdsl_cfg", Span::mixed_site());
            let [no, yes] = [false, true].map(|holds| {
                let state = self.state_with(Some((predicate, holds)), None);
                quote!(($($policy:tt)*) => { #facade::__private::firewall_impl! { { #facade } { #state } $($policy)* } })
            });
            return Some(quote! {{
                #[allow(unused_macros)]
                macro_rules! #name { #no }
                #[cfg(#predicate)]
                macro_rules! #name { #yes }
                #name!(#policy)
            }});
        }
        let (user, path) = open.uses.first()?;
        let state = self.state_with(None, Some((*user, path)));
        // If the path leads to a macro that is no fragment, rustc's error is at the path. An editor would take all that
        // stands there for what the user wrote.
        let name = path.clone().into_iter().last().filter(|_| !names::are_wanted());
        let span = name.map_or_else(Span::call_site, |name| name.span());
        let call =
            quote_spanned!(span=> { [#facade::__private::firewall_impl] { #facade } { #state } #policy });
        Some(quote!(#path! #call))
    }

    fn state_with(
        &self,
        answer: Option<(&TokenStream, bool)>,
        asked: Option<(usize, &TokenStream)>,
    ) -> TokenStream {
        let known = self.state.predicates.iter().map(|(predicate, holds)| (predicate, *holds));
        let predicates = known.chain(answer).map(|(predicate, holds)| quote!([#predicate] #holds));
        let fragments = self.state.fragments.iter().map(|(user, path, answer)| {
            let user = Literal::usize_unsuffixed(*user);
            quote!([#user] [#path] [#answer])
        });
        let asked = asked.map(|(user, path)| {
            let user = Literal::usize_unsuffixed(user);
            quote!([#user] [#path])
        });
        quote!({ #(#predicates)* } { #(#fragments)* } { #asked })
    }
}

/// What is inside a group; `macro_rules!` may have put an invisible one around it.
fn group(token: TokenTree) -> Option<TokenStream> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            group.stream().into_iter().next().and_then(inside)
        }
        token => inside(token),
    }
}

fn inside(token: TokenTree) -> Option<TokenStream> {
    if let TokenTree::Group(group) = token { Some(Group::stream(&group)) } else { None }
}
