//! Fragments: rules and items that stand outside of the policy that uses them.
//!
//! The macro has fetched their tokens before it compiles a policy; see the macro crate for how.

use proc_macro2::TokenStream;

use crate::loc::Located;

/// What was settled before a policy is compiled, since only rustc can tell: the fragments that it uses and
/// the answers to its `#[cfg(…)]`.
#[derive(Debug, Default)]
pub struct Settled {
    /// The fragments that are used.
    pub fragments: Vec<Fragment>,
    /// The predicates, each as [`predicate_key`] writes it, and whether they hold. What is not listed holds.
    pub predicates: Vec<(String, bool)>,
}

/// A fragment as it was fetched for one `use`.
#[derive(Debug)]
pub struct Fragment {
    /// Where it is used: 0 in the policy, else one more than the number of the fragment whose tokens use it.
    pub user: usize,
    /// The path of the `use`, as [`path_key`] writes it.
    pub path: String,
    /// What no other fragment has: two paths to one fragment give the same.
    pub id: String,
    /// The names of its parameters, and the text between its braces; `None` for a fragment that uses itself,
    /// which is not fetched again.
    pub body: Option<(TokenStream, TokenStream)>,
}

/// The tokens of a path as one text without blanks, so that equal paths are equal texts.
pub fn path_key(tokens: TokenStream) -> String {
    tokens.into_iter().map(|token| token.to_string()).collect()
}

impl Fragment {
    /// The path as a person writes it: `$crate` is what the macro makes of `crate`.
    pub(super) fn shown_path(&self) -> &str {
        self.path.strip_prefix('$').unwrap_or(&self.path)
    }
}

/// The tokens of a `cfg` predicate as one text, so that equal predicates are equal texts.
pub fn predicate_key(tokens: TokenStream) -> String {
    tokens.into_iter().map(|token| token.to_string() + " ").collect()
}

/// A fragment, read as the place of its `use` wants it.
#[derive(Debug)]
pub(super) struct Parsed<T> {
    pub(super) parameters: Vec<Located<String>>,
    pub(super) content: T,
}
