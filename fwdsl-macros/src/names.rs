//! The names of a policy as Rust items, for rust-analyzer.
//!
//! An editor knows of the names in a macro what the expansion says about them. So each chain, `let`
//! and template becomes an item with the span that the user wrote it at, and each use a path to it:
//!
//! ```text
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

use fwdsl_runtime::catalogue;
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
    // The short ones first: `DOCKER` is rather this chain than the beginning of `DOCKER-USER`.
    let mut defined: Vec<&Name> = names.iter().filter(|name| name.definition.is_some()).collect();
    defined.sort_by_key(|name| name.words.len());
    for name in defined {
        items.define(name);
    }
    for name in names {
        items.open_module(Module::of(name));
    }
    let uses = names.iter().filter(|name| name.definition.is_none()).map(|name| items.expand_use(name));
    let modules = items.expand_modules(facade);
    quote! {
        #[allow(warnings, clippy::all)]
        const _: () = {
            #(#uses)*
            mod policy { #modules }
        };
    }
}

/// A module of items.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Module {
    space: Space,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// What may stand in the space after these words of a name.
    After(Vec<String>),
    /// The words of one name, by its number.
    OneName(usize),
}

impl Module {
    /// That of a name's last word.
    fn of(name: &Name) -> Module {
        Module::of_word(name, name.words.len().saturating_sub(1))
    }

    fn of_word(name: &Name, index: usize) -> Module {
        let before = name.words[..index].iter().map(|word| mangled(&word.text)).collect();
        Module { space: name.space, kind: Kind::After(before) }
    }

    /// The words of the language that it holds besides, by their module in the facade.
    fn words(&self) -> Option<Ident> {
        let words = match self.space {
            Space::Statements | Space::Matches => "matches",
            Space::Verdicts => "verdicts",
            _ => return None,
        };
        Some(Ident::new(words, Span::call_site()))
    }

    fn ident(&self) -> Ident {
        let mut ident = match self.space {
            Space::Chains(table) => table.name().to_owned(),
            Space::ChainsWithin(number) => format!("chains_{number}"),
            Space::Lets => "lets".to_owned(),
            Space::Sets => "sets".to_owned(),
            Space::ValuesWithin(number) => format!("values_{number}"),
            Space::Parameters(number) => format!("parameters_{number}"),
            Space::Arguments(number) => format!("arguments_{number}"),
            Space::Templates => "templates".to_owned(),
            Space::Statements => "statements".to_owned(),
            Space::Matches => "matches".to_owned(),
            Space::Verdicts => "verdicts".to_owned(),
        };
        match &self.kind {
            Kind::After(words) => words.iter().for_each(|word| ident.extend(["__", word])),
            Kind::OneName(number) => ident.push_str(&format!("_name_{number}")),
        }
        format_ident!("{ident}")
    }
}

/// The items of the expansion, and where in it each name stands.
#[derive(Default)]
struct Items<'a> {
    modules: BTreeMap<Module, TokenStream>,
    /// The identifiers in each module.
    taken: BTreeSet<(Module, String)>,
    defined: BTreeMap<(Space, &'a str), Vec<Defined<'a>>>,
    /// How many names were defined.
    count: usize,
}

/// A name as it was defined; a chain may be defined twice, for IPv4 and for IPv6.
struct Defined<'a> {
    /// One for each word.
    items: Vec<(Module, Ident)>,
    definition: &'a Definition,
}

impl<'a> Items<'a> {
    fn define(&mut self, name: &'a Name) {
        let Some(definition) = &name.definition else { return };
        let of_its_own = Module { space: name.space, kind: Kind::OneName(self.count) };
        self.count += 1;
        let last = name.words.len().saturating_sub(1);
        let mut items = Vec::new();
        for (index, word) in name.words.iter().enumerate() {
            let ident = identifier(word);
            let shared = Module::of_word(name, index);
            let free = is_identifier(&word.text) && self.taken.insert((shared.clone(), word.text.clone()));
            let module = if free && index == last { shared.clone() } else { of_its_own.clone() };
            if free && index < last {
                // To complete the name as far as its next hyphen.
                let doc = format!("The beginning of `{}`.", name.text);
                let beginning = Definition { doc, ..Definition::default() };
                let ident = identifier(&Word { span: Span::call_site(), ..word.clone() });
                self.open_module(shared).extend(expand_definition(name.space, &beginning, &ident));
            }
            self.open_module(module.clone()).extend(expand_definition(name.space, definition, &ident));
            items.push((module, ident));
        }
        self.defined.entry((name.space, &name.text)).or_default().push(Defined { items, definition });
    }

    fn open_module(&mut self, module: Module) -> &mut TokenStream {
        self.modules.entry(module).or_default()
    }

    fn expand_modules(&self, facade: &TokenStream) -> TokenStream {
        let mut expanded = TokenStream::new();
        for (module, items) in &self.modules {
            let held = module.space.looked_up_in().into_iter().flatten();
            let held = held.map(|space| Module { space, kind: module.kind.clone() });
            let held = held.filter(|held| held != module && self.modules.contains_key(held));
            let held = held.map(|held| held.ident());
            let words = module.words().map(|words| quote!(pub use #facade::editor::#words::*;));
            let ident = module.ident();
            expanded.extend(quote! {
                pub mod #ident {
                    use #facade::editor::*;
                    #(pub use super::#held::*;)*
                    #words
                    #items
                }
            });
        }
        expanded
    }

    /// What a name may be.
    fn find(&self, name: &'a Name) -> Vec<&Defined<'a>> {
        for group in name.space.looked_up_in() {
            let found = group.iter().filter_map(|space| self.defined.get(&(*space, name.text.as_str())));
            let found: Vec<_> = found.flatten().collect();
            if !found.is_empty() {
                return found;
            }
        }
        Vec::new()
    }

    /// Paths to what a name may be, from each of its words.
    fn expand_use(&self, name: &'a Name) -> TokenStream {
        let found = self.find(name);
        let arguments = match found.first() {
            Some(template) if name.called => Some(expand_arguments(template.definition.parameters.len())),
            // One that is being typed; but a match has parentheses too.
            None if name.called && !catalogue::match_words().contains_key(&name.text) => {
                Some(expand_arguments(0))
            }
            _ => None,
        };
        // First the place where the user may be typing: it must not move when the name becomes a known one.
        let first = (Module::of(name), name.words.last().map(identifier));
        let first = (first.0, first.1.unwrap_or_else(|| Ident::new(MISSING, Span::call_site())));
        let (module, word) = (first.0.ident(), &first.1);
        let mut paths = quote!(policy::#module::#word #arguments;);
        for Defined { items, .. } in found {
            for (index, word) in name.words.iter().enumerate() {
                // `"DOCKER-USER"` in quotes is one word, and the chain may have been defined without.
                let alike = items.len() == name.words.len();
                let item = if alike { items.get(index) } else { items.last() };
                let Some(item) = item.filter(|item| **item != first) else { continue };
                let (module, ident) = item;
                let (module, mut ident) = (module.ident(), ident.clone());
                ident.set_span(word.span);
                paths.extend(quote!(policy::#module::#ident;));
            }
        }
        paths
    }
}

/// As many arguments as there are parameters: rust-analyzer counts them, and so does the macro.
fn expand_arguments(parameters: usize) -> TokenStream {
    let arguments = std::iter::repeat_n(quote!(loop {}), parameters);
    quote!((#(#arguments),*))
}

fn expand_definition(space: Space, definition: &Definition, name: &Ident) -> TokenStream {
    let Definition { doc, value, parameters } = definition;
    let doc = (!doc.is_empty()).then(|| quote!(#[doc = #doc]));
    match space {
        Space::Lets => quote!(#doc pub const #name: Let = Let { value: #value };),
        Space::Sets => quote!(#doc pub const #name: Set = Set { kind: #value };),
        Space::Templates => {
            let parameters = parameters
                .iter()
                .map(|parameter| identifier(&Word { text: parameter.clone(), span: Span::call_site() }));
            quote!(#doc pub fn #name(#(#parameters: Value),*) {})
        }
        Space::Parameters(_) => quote!(#doc pub const #name: Parameter = Parameter {};),
        _ => quote!(#doc pub const #name: Chain = Chain {};),
    }
}

/// Stands where a name is missing.
const MISSING: &str = "missing";

/// What Rust reserves: no identifiers, as the names of chains may be.
const KEYWORDS: [&str; 54] = [
    "_", "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self",
    "static", "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield", "",
];

/// Whether a word is an identifier as it stands; the keywords of Rust are none.
pub(crate) fn is_identifier(text: &str) -> bool {
    let word = text.chars().all(|c| c.is_alphanumeric() || c == '_');
    let plain = word && !text.starts_with(|first: char| first.is_ascii_digit());
    // To ask `syn` takes long in an editor, which would have to do it for each word of the policy.
    plain && !KEYWORDS.contains(&text) && (text.is_ascii() || syn::parse_str::<Ident>(text).is_ok())
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

#[cfg(test)]
mod tests {
    use fwdsl_runtime::syntax::{Settled, Source};
    use quote::quote;

    use super::expand_names;

    /// The expansion of the names in a policy, without blanks.
    fn expansion(policy: &str) -> String {
        let source = Source::new(policy.parse().expect("these are tokens"));
        let names = source.compile_with_names(Settled::default()).names.expect("they were asked for");
        expand_names(&quote!(fwdsl), &names).to_string().replace(' ', "")
    }

    #[test]
    fn names_that_are_no_identifiers_become_some() {
        let text = expansion(
            r#"
            chain loop { _ => jump "a b // c", jump "", jump self, jump _, jump 10-20; }
            chain "a b // c" {}
            chain 10-20 {}
            chain r#raw {}
            chain _ {}
            let r#RAW = 1;
            let É = 2;
            fn r#raw(r#in, é) { r#raw(1, É); }
            "#,
        );
        for item in ["constloop", "constr#", "const_:C", "consta"] {
            assert!(!text.contains(item), "{item} in {text}");
        }
        for item in ["const_a_b____c:Chain", "const_10:Chain", "const_20:Chain", "constÉ:Let", "fn_r_raw("] {
            assert!(text.contains(item), "no {item} in {text}");
        }
    }

    #[test]
    fn sets_are_told_with_their_kind_and_doc_comment() {
        let text = expansion("/// the office\nset A: net { 10.0.0.0/8 } chain INPUT { from @A => accept; }");
        assert!(text.contains("constA:Set=Set{kind:\"hash:net\"}"), "{text}");
        assert!(text.contains("theoffice") && text.contains("policy::sets::A"), "{text}");
    }

    #[test]
    fn a_use_stands_at_the_same_place_with_and_without_the_completion_marker() {
        let policies = [
            ("filter", "chain INPUT { tcp dport ssh => jump TYPED; _ => drop; }"),
            ("lets", "chain INPUT { tcp dport TYPED => accept; _ => drop; }"),
            ("lets", "let A = [1, TYPED]; chain INPUT { _ => drop; }"),
            ("sets", "set A: net {} chain INPUT { from @TYPED => drop; }"),
            ("sets", "set A: net {} chain INPUT { set(!@TYPED) => drop; }"),
            ("sets", "set A: net {} chain INPUT { _ => set(add @TYPED); }"),
            ("sets", "set L: list { @TYPED } set A: net {} chain INPUT { _ => drop; }"),
            ("statements", "fn a(b) { tcp dport b => drop; TYPED } chain INPUT { _ => drop; }"),
            ("arguments_0", "chain INPUT { a(1, TYPED); _ => drop; } fn a(b) { tcp dport b => drop; }"),
            ("filter__DOCKER", "chain INPUT { _ => goto DOCKER-TYPED; } chain DOCKER-USER { _ => drop; }"),
            ("nat", "assert nat/TYPED { _ => drop; }"),
            ("matches", "chain INPUT { tcp TYPED => accept; _ => drop; }"),
            ("matches", "assert INPUT { tcp TYPED => accept; }"),
            ("verdicts", "chain INPUT { tcp dport ssh => TYPED; _ => drop; }"),
            ("verdicts", "chain INPUT { tcp dport ssh => log, TYPED; _ => drop; }"),
        ];
        for (module, policy) in policies {
            let place = |typed: &str, word: &str| {
                let text = expansion(&policy.replace("TYPED", typed));
                text.find(&format!("policy::{module}::{word};")).map(|place| text[..place].to_owned())
            };
            let marked = place("intellijRulezz", "intellijRulezz");
            assert!(marked.is_some(), "{policy}");
            assert_eq!(place("", "missing"), marked, "{policy}");
        }
    }
}
