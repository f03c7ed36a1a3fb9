//! The policy's constructor, with the Rust values that stand in it.

use fwdsl_runtime::syntax::RustExpression;
use fwdsl_runtime::values::Place;
use proc_macro2::{Literal, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};

use crate::names;

/// The expression of type `Policy`.
pub(crate) fn expand_policy(facade: &TokenStream, bytes: &Literal, values: &[RustExpression]) -> TokenStream {
    if values.is_empty() {
        return quote!(#facade::__private::Policy::from_packed(::core::file!(), #bytes));
    }
    let checks = values.iter().filter(|value| value.constant).map(|value| expand_check(facade, value));
    let given = values.iter().map(|value| expand_value(facade, value));
    quote! {{
        #[allow(unused_imports)]
        use #facade::__private::values::Unfit as _;
        #(#checks)*
        #facade::__private::Policy::with_values(
            ::core::file!(),
            #bytes,
            #facade::__private::values::RustValues::none()#(.and(#given))*,
        )
    }}
}

/// `values::Port::of(expression).value()`, all of it at the place of the expression, where rustc's errors belong.
fn expand_value(facade: &TokenStream, value: &RustExpression) -> TokenStream {
    let place = format_ident!("{}", value.place.type_name());
    let expression = &value.tokens;
    let span = place_of(value);
    // The facade's name keeps its meaning and gets the place of the user's.
    let facade: TokenStream = facade
        .clone()
        .into_iter()
        .map(|mut token: TokenTree| {
            token.set_span(span.resolved_at(token.span()));
            token
        })
        .collect();
    quote_spanned!(span=> #facade::__private::values::#place::of(#expression).value())
}

fn place_of(value: &RustExpression) -> Span {
    let last = value.tokens.clone().into_iter().last();
    // An editor would take all that stands at the expression's place for what the user wrote there.
    let last = last.filter(|_| !names::are_wanted());
    last.map_or_else(Span::call_site, |token| token.span().resolved_at(Span::call_site()))
}

/// A constant's value fails the build if no rule could hold it.
fn expand_check(facade: &TokenStream, value: &RustExpression) -> TokenStream {
    let given = expand_value(facade, value);
    let address = value.place == Place::Address;
    let max = Literal::u64_suffixed(value.max);
    quote_spanned! {place_of(value)=>
        const _: () = #given.assert_sound(#address, #max);
    }
}
