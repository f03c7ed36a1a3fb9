//! The procedural half of `firewall!`. All that it knows comes from `fwdsl-runtime`; here stands
//! only what must stand in a proc-macro crate: turning findings into compiler errors and the
//! policy into tokens.

mod errors;
mod names;

use errors::{expand_error, expand_warning};
use fwdsl_runtime::syntax::{compile, compile_with_names};
use proc_macro2::{Literal, TokenStream, TokenTree};
use quote::quote;

/// Expands `{ path to the fwdsl crate } policy …`. Called by `fwdsl::firewall!`, which knows
/// the path under whatever name the user depends on it.
#[doc(hidden)]
#[proc_macro]
pub fn firewall_impl(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let mut tokens = TokenStream::from(input).into_iter();
    let facade = match tokens.next() {
        Some(TokenTree::Group(group)) => group.stream(),
        _ => quote!(::fwdsl),
    };
    expand(&facade, tokens.collect()).into()
}

/// Whatever is wrong, the expansion is a `Policy`, so that one mistake gives one error.
fn expand(facade: &TokenStream, policy: TokenStream) -> TokenStream {
    let wanted = names::are_wanted();
    let compiled = if wanted { compile_with_names(policy) } else { compile(policy) };
    let names = wanted.then(|| names::expand_names(facade, &compiled.names));
    let (errors, warnings): (Vec<_>, Vec<_>) =
        compiled.diagnostics.iter().partition(|diagnostic| diagnostic.is_error());
    let sources = compiled.model.sources();
    let errors = errors.into_iter().map(|error| expand_error(error, sources, &compiled.spans));
    let warnings = warnings.into_iter().map(|warning| expand_warning(warning, sources, &compiled.spans));
    let bytes = Literal::byte_string(&compiled.pack());
    quote! {{
        #names
        #(#errors)*
        #(#warnings)*
        #facade::__private::Policy::from_packed(::core::file!(), #bytes)
    }}
}
