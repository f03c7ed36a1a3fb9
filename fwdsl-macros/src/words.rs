//! The words of the language as Rust items, for rust-analyzer to complete and to explain.

use std::collections::BTreeMap;

use fwdsl_runtime::catalogue::{match_words, verdict_words};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use crate::names::is_identifier;

/// Expands to a module for each place, with a constant for each word that may stand there.
pub(crate) fn expand_words() -> TokenStream {
    let matches = expand_module("matches", "Match", &match_words());
    let verdicts = expand_module("verdicts", "Verdict", &verdict_words());
    quote!(#matches #verdicts)
}

fn expand_module(name: &str, ty: &str, words: &BTreeMap<String, String>) -> TokenStream {
    let (name, ty) = (format_ident!("{name}"), format_ident!("{ty}"));
    // Words that Rust reserves (`in`, `return`) or that have hyphens can be no constants.
    let words = words.iter().filter(|(word, _)| is_identifier(word));
    let items = words.map(|(word, about)| {
        let word = Ident::new(word, Span::call_site());
        quote!(#[doc = #about] pub const #word: #ty = #ty {};)
    });
    quote! {
        #[allow(missing_docs, non_upper_case_globals)]
        pub mod #name {
            use super::#ty;
            #(#items)*
        }
    }
}
