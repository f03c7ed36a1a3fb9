//! The procedural half of `firewall!`. All that it knows comes from `fwdsl-runtime`; here stands
//! only what must stand in a proc-macro crate: turning findings into compiler errors and the
//! policy into tokens.

mod rules;
mod settle;
mod values;

use fwdsl_runtime::diagnostic::Diagnostic;
use fwdsl_runtime::loc::Sources;
use fwdsl_runtime::syntax::{Compiled, Source, SpanTable};
use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
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
        None => expand(&input.facade, &source.compile(settled)),
    };
    expansion.into()
}

/// Expands the fragments of a `fwdsl::rules!`.
#[doc(hidden)]
#[proc_macro]
pub fn rules_impl(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    rules::expand(input.into()).into()
}

fn not_from_the_facade() -> TokenStream {
    quote!(
        ::core::compile_error! { "use `fwdsl::firewall!`, which calls this macro as it wants to be called" }
    )
}

/// Whatever is wrong, the expansion is a `Policy`, so that one mistake gives one error.
fn expand(facade: &TokenStream, compiled: &Compiled) -> TokenStream {
    let (errors, warnings): (Vec<_>, Vec<_>) =
        compiled.diagnostics.iter().partition(|diagnostic| diagnostic.is_error());
    let sources = compiled.model.sources();
    let errors = errors.into_iter().map(|error| expand_error(error, sources, &compiled.spans));
    let warnings = warnings.into_iter().map(|warning| expand_warning(warning, sources, &compiled.spans));
    let policy =
        values::expand_policy(facade, &Literal::byte_string(&compiled.pack()), &compiled.rust_values);
    quote! {{
        #(#errors)*
        #(#warnings)*
        #policy
    }}
}

/// `compile_error!` over the tokens that are wrong: rustc underlines from the span of the path to
/// that of the braces.
fn expand_error(error: &Diagnostic, sources: &Sources, spans: &SpanTable) -> TokenStream {
    let (start, end) = spans.of(error.loc);
    let message = Literal::string(&error.text(sources));
    let mut arguments = Group::new(Delimiter::Brace, quote!(#message));
    arguments.set_span(end);
    let path = quote_spanned!(start=> ::core::compile_error!);
    quote!(#path #arguments)
}

/// A use of a deprecated constant that is named after the lint: how a macro warns on stable Rust.
fn expand_warning(warning: &Diagnostic, sources: &Sources, spans: &SpanTable) -> TokenStream {
    let (start, _) = spans.of(warning.loc);
    let name = format_ident!("{}", warning.lint.unwrap_or("fwdsl"));
    let note = warning.text(sources);
    let used = Ident::new(&name.to_string(), start);
    quote! {
        const _: () = {
            #[deprecated(note = #note)]
            #[allow(non_upper_case_globals)]
            const #name: () = ();
            #used
        };
    }
}
