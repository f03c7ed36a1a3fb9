//! Findings about a policy as errors and warnings of the compiler, at the user's tokens.

use fwdsl_runtime::diagnostic::Diagnostic;
use fwdsl_runtime::loc::Sources;
use fwdsl_runtime::syntax::SpanTable;
use proc_macro2::{Delimiter, Group, Ident, Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};

/// `compile_error!` over the tokens that are wrong: rustc underlines from the span of the path to
/// that of the braces.
pub(crate) fn expand_error(error: &Diagnostic, sources: &Sources, spans: &SpanTable) -> TokenStream {
    let (start, end) = spans.of(error.loc);
    let message = Literal::string(&error.text(sources));
    let mut arguments = Group::new(Delimiter::Brace, quote!(#message));
    arguments.set_span(end);
    let path = quote_spanned!(start=> ::core::compile_error!);
    quote!(#path #arguments)
}

/// A use of a deprecated constant that is named after the lint: how a macro warns on stable Rust.
pub(crate) fn expand_warning(warning: &Diagnostic, sources: &Sources, spans: &SpanTable) -> TokenStream {
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
