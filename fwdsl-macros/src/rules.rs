//! `rules!`: each fragment becomes a `macro_rules!` that hands its tokens to whoever calls it.
//!
//! ```text
//! rules! { pub NAME { body } }
//!   ⇒ macro_rules! __fwdsl_rules_NAME_HASH {
//!         ([$($callback:tt)*] $($rest:tt)*) => { $($callback)* ! { @ ["id" () { body }] $($rest)* } };
//!     }
//!     pub use __fwdsl_rules_NAME_HASH as NAME;
//! ```

use std::hash::{DefaultHasher, Hash, Hasher};

use fwdsl_runtime::syntax::names_of_fragment;
use proc_macro2::{Delimiter, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};

use crate::conditions::Conditions;
use crate::names::{self, expand_names};

/// Why a fragment cannot be declared: where, and what to do.
struct Refused {
    span: Span,
    message: String,
}

type Read<T> = Result<T, Refused>;
type Tokens = std::iter::Peekable<proc_macro2::token_stream::IntoIter>;

/// Expands `{ path to the fwdsl crate } { conditions } fragments…` of one `rules!`.
pub(crate) fn expand(tokens: TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter().peekable();
    let facade = group(&mut tokens, Delimiter::Brace, "the facade").unwrap_or_default();
    let conditions = group(&mut tokens, Delimiter::Brace, "the conditions").unwrap_or_default();
    let mut tokens = match Conditions::read(conditions).settle(&facade, tokens.collect()) {
        Ok(fragments) => fragments.into_iter().peekable(),
        Err(question) => return question,
    };
    let mut out = TokenStream::new();
    while tokens.peek().is_some() {
        match fragment(&facade, &mut tokens) {
            Ok(fragment) => out.extend(fragment),
            Err(Refused { span, message }) => {
                out.extend(quote_spanned!(span=> ::core::compile_error! { #message }));
                // The rest would be read as something that it is not.
                break;
            }
        }
    }
    out
}

/// `[attributes] [pub] [fn] NAME [(parameters)] { body }`
fn fragment(facade: &TokenStream, tokens: &mut Tokens) -> Read<TokenStream> {
    let mut attributes = TokenStream::new();
    while matches!(tokens.peek(), Some(TokenTree::Punct(sign)) if sign.as_char() == '#') {
        attributes.extend(tokens.next());
        attributes.extend(tokens.next());
    }
    let mut visibility = TokenStream::new();
    let mut exported = false;
    if matches!(tokens.peek(), Some(TokenTree::Ident(word)) if word == "pub") {
        visibility.extend(tokens.next());
        match tokens.peek() {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                visibility.extend(tokens.next());
            }
            _ => exported = true,
        }
    }
    let takes_parameters = matches!(tokens.peek(), Some(TokenTree::Ident(word)) if word == "fn");
    if takes_parameters {
        tokens.next();
    }
    let name = match tokens.next() {
        Some(TokenTree::Ident(name)) => name,
        other => return Err(expected("the name of a fragment: `rules! { pub NAME { … } }`", other)),
    };
    let mut parameters = TokenStream::new();
    if takes_parameters {
        parameters = group(tokens, Delimiter::Parenthesis, "`(` and parameters")?;
    } else if let Some(TokenTree::Group(group)) = tokens.peek()
        && group.delimiter() == Delimiter::Parenthesis
    {
        let message = format!("a fragment with parameters is written `fn {name}(…) {{ … }}`");
        return Err(Refused { span: group.span_open(), message });
    }
    let body = group(tokens, Delimiter::Brace, "`{` and rules")?;
    let id = id(&name, &body);
    let names = names::are_wanted().then(|| {
        let names = names_of_fragment(parameters.clone(), body.clone());
        expand_names(facade, &names)
    });
    let body = body_of_crate(body)?;
    let hidden = format_ident!(
        "__fwdsl_rules_{}_{:016x}",
        name,
        id,
        span = name.span().resolved_at(Span::call_site())
    );
    let id = Literal::string(&format!("{name} {id:016x}"));
    let export = exported.then(|| quote!(#[macro_export]));
    Ok(quote! {
        #names
        #attributes
        #export
        #[doc(hidden)]
        macro_rules! #hidden {
            ([$($callback:tt)*] $($rest:tt)*) => {
                $($callback)* ! { @ [#id (#parameters) { #body }] $($rest)* }
            };
        }
        #attributes
        #[doc(inline)]
        #[allow(unused_imports)]
        #visibility use #hidden as #name;
    })
}

fn group(tokens: &mut Tokens, delimiter: Delimiter, what: &str) -> Read<TokenStream> {
    match tokens.next() {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Ok(group.stream()),
        other => Err(expected(what, other)),
    }
}

fn expected(what: &str, found: Option<TokenTree>) -> Refused {
    let span = match &found {
        Some(TokenTree::Group(group)) => group.span_open(),
        Some(token) => token.span(),
        None => Span::call_site(),
    };
    let found = match found {
        None => "the end".to_owned(),
        Some(TokenTree::Group(group)) => match group.delimiter() {
            Delimiter::Brace => "`{`".to_owned(),
            Delimiter::Bracket => "`[`".to_owned(),
            Delimiter::Parenthesis => "`(`".to_owned(),
            Delimiter::None => "a group".to_owned(),
        },
        Some(token) => format!("`{token}`"),
    };
    Refused { span, message: format!("expected {what}, found {found}") }
}

/// What no other fragment has: an exported macro's name must be the only one of its kind in the crate.
fn id(name: &Ident, body: &TokenStream) -> u64 {
    let mut hasher = DefaultHasher::new();
    let (span, start) = (name.span(), name.span().start());
    (name.to_string(), span.file(), start.line, start.column, body.to_string()).hash(&mut hasher);
    hasher.finish()
}

/// The body with `$crate` for `crate`, and nothing in it that means something else where it is used.
fn body_of_crate(body: TokenStream) -> Read<TokenStream> {
    let mut out = TokenStream::new();
    let mut tokens = body.into_iter().peekable();
    let mut last: Option<TokenTree> = None;
    while let Some(token) = tokens.next() {
        let after_value_sign = matches!(&last, Some(TokenTree::Punct(sign)) if sign.as_char() == '#');
        let before_path = matches!(tokens.peek(), Some(TokenTree::Punct(sign)) if sign.as_char() == ':');
        let in_use = matches!(&last, Some(TokenTree::Ident(word)) if word == "use");
        last = Some(token.clone());
        match token {
            TokenTree::Punct(sign) if sign.as_char() == '$' => {
                let message = "a fragment cannot hold `$`".to_owned();
                return Err(Refused { span: sign.span(), message });
            }
            TokenTree::Ident(word) if word == "crate" && (before_path || in_use) => {
                let mut dollar = Punct::new('$', Spacing::Alone);
                dollar.set_span(word.span());
                out.extend([TokenTree::Punct(dollar), TokenTree::Ident(word)]);
            }
            TokenTree::Ident(word)
                if (word == "self" || word == "super") && (before_path || after_value_sign)
                    || in_use && !before_path
                    || after_value_sign =>
            {
                let message = format!(
                    "`{word}` would mean something else where the fragment is used\nhelp: write the whole path: \
                     `crate::…`, or begin with the name of a crate"
                );
                return Err(Refused { span: word.span(), message });
            }
            TokenTree::Group(group) => {
                let content = if after_value_sign && group.delimiter() == Delimiter::Brace {
                    expression_of_crate(group.stream())?
                } else {
                    body_of_crate(group.stream())?
                };
                let mut copy = proc_macro2::Group::new(group.delimiter(), content);
                copy.set_span(group.span());
                out.extend([TokenTree::Group(copy)]);
            }
            token => out.extend([token]),
        }
    }
    Ok(out)
}

/// A Rust expression: a name that stands alone would be looked up where the fragment is used.
fn expression_of_crate(expression: TokenStream) -> Read<TokenStream> {
    let mut words = expression.clone().into_iter();
    if let (Some(TokenTree::Ident(word)), None) = (words.next(), words.next()) {
        let message = format!(
            "`{word}` would be looked up where the fragment is used\nhelp: write the whole path: \
             `#{{crate::{word}}}`"
        );
        return Err(Refused { span: word.span(), message });
    }
    body_of_crate(expression)
}
