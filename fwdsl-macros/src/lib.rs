//! The procedural half of `firewall!`. All that it knows comes from `fwdsl-runtime`; here stands
//! only what must stand in a proc-macro crate: turning findings into compiler errors and the
//! policy into tokens.

mod conditions;
mod errors;
mod names;
mod rules;
mod settle;
mod values;
mod words;

use errors::{expand_error, expand_warning};
use fwdsl_runtime::syntax::{Compiled, Source};
use names::expand_names;
use proc_macro2::{Literal, TokenStream};
use quote::quote;
use settle::Input;

/// Expands `{ path to the fwdsl crate } { state } policy …`. Called by `fwdsl::firewall!`, which knows the path
/// under whatever name the user depends on it, with no state; and by itself, see `settle`.
#[doc(hidden)]
#[proc_macro]
pub fn firewall_impl(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let Some(input) = Input::read(input.into()) else { return not_from_the_facade().into() };
    let Some(settled) = input.settled() else { return not_from_the_facade().into() };
    let source = Source::new(input.policy.clone());
    let expansion = match input.ask(&source.unsettled(&settled)) {
        Some(question) => question,
        None if names::are_wanted() => expand(&input.facade, &source.compile_with_names(settled)),
        None => expand(&input.facade, &source.compile(settled)),
    };
    expansion.into()
}

/// Expands `{ path to the fwdsl crate } fragments…` of a `fwdsl::rules!`.
#[doc(hidden)]
#[proc_macro]
pub fn rules_impl(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    rules::expand(input.into()).into()
}

/// Expands the words of the language, for `fwdsl::editor` alone.
#[doc(hidden)]
#[proc_macro]
pub fn words_impl(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
    words::expand_words().into()
}

fn not_from_the_facade() -> TokenStream {
    quote!(
        ::core::compile_error! { "use `fwdsl::firewall!`, which calls this macro as it wants to be called" }
    )
}

/// Whatever is wrong, the expansion is a `Policy`, so that one mistake gives one error.
fn expand(facade: &TokenStream, compiled: &Compiled) -> TokenStream {
    let names = compiled.names.as_deref().map(|names| expand_names(facade, names));
    let (errors, warnings): (Vec<_>, Vec<_>) =
        compiled.diagnostics.iter().partition(|diagnostic| diagnostic.is_error());
    let sources = compiled.model.sources();
    let errors = errors.into_iter().map(|error| expand_error(error, sources, &compiled.spans));
    let warnings = warnings.into_iter().map(|warning| expand_warning(warning, sources, &compiled.spans));
    let policy =
        values::expand_policy(facade, &Literal::byte_string(&compiled.pack()), &compiled.rust_values);
    quote! {{
        #names
        #(#errors)*
        #(#warnings)*
        #policy
    }}
}
