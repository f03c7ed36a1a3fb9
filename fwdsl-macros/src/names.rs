//! The names of a policy as Rust items, for rust-analyzer.
//!
//! An editor knows of the names in a macro what the expansion says about them. So each chain and
//! each `let` becomes a constant with the span that the user wrote it at, and each use a path to it:
//!
//! ```ignore
//! const _: () = {
//!     policy::filter::LOG_PINGDEATH;
//!     policy::lets::SSH;
//!     mod policy {
//!         pub mod filter { #[doc = "…"] pub const LOG_PINGDEATH: Chain = Chain {}; }
//!         pub mod lets { pub const SSH: Let = Let { value: "50134" }; }
//!     }
//! };
//! ```
//!
//! rust-analyzer completes by expanding once more with a marker at the cursor and asking what could
//! stand at the marker's place in the first expansion. So
//!
//! - a use has the module of its space before it, which holds what may stand there and nothing else;
//! - the uses come before all that depends on them, each at the same place with and without marker;
//! - where a name is missing there is a path too.
//!
//! A name of several words (`DOCKER-USER`) is no identifier, and no span covers several tokens. Its
//! last word is the constant, in a module of those names that begin alike (`filter__DOCKER`), so that
//! it can be completed; each word before it is another, in a module of this name alone.

use std::collections::{BTreeMap, BTreeSet};

use fwdsl_runtime::syntax::{Definition, Name, Space, Word};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

/// Whether an editor runs the macro. A compiler has no use for the names, and would pay for them
/// as for any other item.
pub(crate) fn are_wanted() -> bool {
    let program = std::env::current_exe().unwrap_or_default();
    program.file_stem().is_some_and(|name| name.to_string_lossy().starts_with("rust-analyzer"))
}

/// Expands the names to items and paths.
pub(crate) fn expand_names(facade: &TokenStream, names: &[Name]) -> TokenStream {
    let mut items = Items::default();
    for name in names {
        items.modules.entry(module_of(name)).or_default();
    }
    // The short ones first: `DOCKER` is rather this chain than the beginning of `DOCKER-USER`.
    let mut defined: Vec<&Name> = names.iter().filter(|name| name.definition.is_some()).collect();
    defined.sort_by_key(|name| name.words.len());
    for name in defined {
        items.define(name);
    }
    let uses = names.iter().filter(|name| name.definition.is_none()).map(|name| items.expand_use(name));
    let modules = items.modules.iter().map(|(name, items)| {
        let name = format_ident!("{name}");
        quote!(pub mod #name { use #facade::editor::*; #items })
    });
    quote! {
        #[allow(warnings, clippy::all)]
        const _: () = {
            #(#uses)*
            mod policy { #(#modules)* }
        };
    }
}

/// The items of the expansion, and where in it each name stands.
#[derive(Default)]
struct Items<'a> {
    modules: BTreeMap<String, TokenStream>,
    /// The identifiers in each module.
    taken: BTreeSet<(String, String)>,
    /// The items of each name: one for each of its words, for each time that it is defined (a chain
    /// may be defined once for IPv4 and once for IPv6).
    defined: BTreeMap<(Space, &'a str), Vec<Vec<Item>>>,
}

/// An item: its module and its name.
struct Item {
    module: Ident,
    name: Ident,
}

impl<'a> Items<'a> {
    fn define(&mut self, name: &'a Name) {
        let Some(definition) = &name.definition else { return };
        let count = self.defined.values().map(Vec::len).sum::<usize>();
        let of_its_own = format!("{}_{count}", module_of_space(name.space));
        let last = name.words.len().saturating_sub(1);
        let mut items = Vec::new();
        for (index, word) in name.words.iter().enumerate() {
            let ident = identifier(word);
            let shared = module_of_word(name, index);
            let free = is_identifier(&word.text) && self.taken.insert((shared.clone(), word.text.clone()));
            let module = if free && index == last { shared.clone() } else { of_its_own.clone() };
            if free && index < last {
                // To complete the name as far as its next hyphen.
                let doc = format!("The beginning of `{}`.", name.text);
                let beginning = Definition { doc, value: String::new() };
                let ident = identifier(&Word { span: Span::call_site(), ..word.clone() });
                self.add(shared, expand_definition(name.space, &beginning, &ident));
            }
            self.add(module.clone(), expand_definition(name.space, definition, &ident));
            items.push(Item { module: format_ident!("{module}"), name: ident });
        }
        self.defined.entry((name.space, &name.text)).or_default().push(items);
    }

    fn add(&mut self, module: String, item: TokenStream) {
        self.modules.entry(module).or_default().extend(item);
    }

    /// Paths to each definition from each word, the last word first: it is where the user types.
    fn expand_use(&self, name: &Name) -> TokenStream {
        let Some(definitions) = self.defined.get(&(name.space, name.text.as_str())) else {
            let module = format_ident!("{}", module_of(name));
            let word = name.words.last().map(identifier);
            let word = word.unwrap_or_else(|| Ident::new(MISSING, Span::call_site()));
            return quote!(policy::#module::#word;);
        };
        let mut paths = TokenStream::new();
        for items in definitions {
            for (index, word) in name.words.iter().enumerate().rev() {
                // `"DOCKER-USER"` in quotes is one word, and the chain may have been defined without.
                let alike = items.len() == name.words.len();
                let item = if alike { items.get(index) } else { items.last() };
                let Some(Item { module, name }) = item else { continue };
                let mut name = name.clone();
                name.set_span(word.span);
                paths.extend(quote!(policy::#module::#name;));
            }
        }
        paths
    }
}

fn expand_definition(space: Space, definition: &Definition, name: &Ident) -> TokenStream {
    let Definition { doc, value } = definition;
    let doc = (!doc.is_empty()).then(|| quote!(#[doc = #doc]));
    match space {
        Space::Chains(_) => quote!(#doc pub const #name: Chain = Chain {};),
        Space::Lets => quote!(#doc pub const #name: Let = Let { value: #value };),
    }
}

fn module_of_space(space: Space) -> &'static str {
    match space {
        Space::Chains(table) => table.name(),
        Space::Lets => "lets",
    }
}

/// The module of a name's last word.
fn module_of(name: &Name) -> String {
    module_of_word(name, name.words.len().saturating_sub(1))
}

/// The module of the words that may follow those before the word at `index`.
fn module_of_word(name: &Name, index: usize) -> String {
    let mut module = module_of_space(name.space).to_owned();
    for word in &name.words[..index] {
        module = format!("{module}__{}", mangled(&word.text));
    }
    module
}

/// Stands where a name is missing.
const MISSING: &str = "missing";

/// Whether a word is an identifier as it stands; the keywords of Rust are none.
fn is_identifier(text: &str) -> bool {
    syn::parse_str::<Ident>(text).is_ok()
}

/// A word as an identifier at its place, changed as little as it takes.
fn identifier(word: &Word) -> Ident {
    if word.text.is_empty() {
        Ident::new(MISSING, word.span)
    } else if is_identifier(&word.text) {
        Ident::new(&word.text, word.span)
    } else {
        Ident::new(&format!("_{}", mangled(&word.text)), word.span)
    }
}

fn mangled(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
