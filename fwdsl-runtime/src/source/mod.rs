//! Model to Rust source: a policy that a person would be happy to have written, and that is emitted as the model is.
//!
//! ```text
//! Model ──lower──▶ lines of each family ──align──▶ entries ──group──▶ entries ──settle──▶ entries ──print──▶ text
//! ```
//!
//! It starts from the lines that iptables has, so any model can be written. Each is put in the most natural form that is
//! emitted as the same line; what is not is written more strictly: as it stands in iptables, `#[exact]`, and at last as
//! `raw` text. The text is read back, and must be emitted as the model is.

mod align;
mod block;
mod entry;
mod error;
mod form;
mod group;
mod lets;
mod notes;
mod order;
mod phrase;
mod print;
mod quote;
#[cfg(test)]
mod read_back;
#[cfg(test)]
mod tests;
mod value;
mod verify;
mod words;

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use proc_macro2::TokenStream;

pub use error::SourceError;
pub use words::{RuleWords, pattern_words, port_name, rule_words};

use crate::format::format_source;
use crate::loc::Loc;
use crate::lower::Ruleset;
use crate::model::{Model, Ownership};
use crate::syntax;
use entry::ChainPlan;
use form::Form;
use lets::Lets;
use notes::Notes;
use print::{Frame, Text, print_file};

/// How often the text is written: each time something that was not read back as meant is written more strictly.
const ROUNDS: usize = 8;

/// What stands around the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceOptions {
    /// What the file says of itself in its first lines.
    pub title: String,
    /// The name of the `static` that holds the policy.
    pub name: String,
    /// What is to be said of chains and rules, by their places in the model: the comments of a file that it comes from.
    pub notes: Vec<(Loc, String)>,
}

impl Default for SourceOptions {
    fn default() -> SourceOptions {
        let title = "The firewall of a host, as it was imported.".into();
        SourceOptions { title, name: "HOST".into(), notes: Vec::new() }
    }
}

/// A whole `main.rs`: the policy and a `main` that makes a provisioning binary of it. It is formatted, compiles without
/// warnings, and is emitted as the model is, for each family, chain by chain.
///
/// # Errors
/// If the model is refused by the checks, holds more than rules and foreign sets, or the language cannot say a rule of it.
pub fn write_rust(model: &Model, options: &SourceOptions) -> Result<String, SourceError> {
    refuse_more_than_rules(model)?;
    let wanted = verify::rulesets(model);
    let notes = Notes::of(model, &options.notes);
    let mut chains = order::chains_of(model, &wanted, &notes);
    verify::mark_findings(model, &mut chains);
    for chain in &mut chains {
        chain.entries = group::group(std::mem::take(&mut chain.entries));
    }
    let mut attributes = verify::settle(model, &mut chains)?;
    if strictly(&mut chains) {
        attributes = verify::settle(model, &mut chains)?;
    }
    for _ in 0..ROUNDS {
        let text = print(model, options, &notes, &attributes, &chains)?;
        // The layout is no matter of what is read back.
        let (wrong, formatted) = std::thread::scope(|scope| {
            let formatted = scope.spawn(|| format_source(&text.text));
            (misread(&wanted, &chains, &text), formatted.join())
        });
        let wrong = wrong?;
        if wrong.is_empty() {
            let formatted = formatted.map_err(|_| SourceError::unwritable("the firewall"))?;
            return formatted.map_err(|error| SourceError::refused(&error.to_string()));
        }
        verify::replace(&mut chains, &wrong, model.sources())?;
        attributes = verify::settle(model, &mut chains)?;
    }
    Err(SourceError::unwritable("the firewall"))
}

/// Refuses what no text of iptables has, and what would be lost here.
fn refuse_more_than_rules(model: &Model) -> Result<(), SourceError> {
    let what = if model.sets().iter().any(|set| !set.foreign) {
        "sets of its own"
    } else if matches!(model.ownership(), Ownership::Chains { .. }) {
        "`own chains`"
    } else if !model.sysctls().is_empty() {
        "sysctls"
    } else if !model.assertions().is_empty() {
        "assertions"
    } else {
        return Ok(());
    };
    Err(SourceError::refused(&format!("a policy with {what} is not written as source; its rules alone are")))
}

/// Where most rules of a chain have to be exact, all are: that reads better than an attribute on each.
fn strictly(chains: &mut [ChainPlan]) -> bool {
    let mut changed = false;
    for chain in chains {
        let strict = chain.entries.iter().filter(|entry| entry.form != Form::Natural).count();
        chain.exact =
            strict > 3 && strict * 2 > chain.entries.len() || strict == chain.entries.len() && strict > 1;
        if chain.exact && strict < chain.entries.len() {
            let entries = std::mem::take(&mut chain.entries);
            chain.entries = entries.into_iter().flat_map(entry::Entry::into_exact).collect();
            changed = true;
        }
    }
    changed
}

fn print(
    model: &Model,
    options: &SourceOptions,
    notes: &Notes,
    attributes: &[String],
    chains: &[ChainPlan],
) -> Result<Text, SourceError> {
    let unwritable = || SourceError::unwritable("the firewall");
    let write_with = |lets: &Lets| {
        let mut places = chains.iter().flat_map(|chain| chain.entries.iter().enumerate());
        places.try_for_each(|(place, entry)| print::sentence(place, entry, lets).map(drop))
    };
    let seeking = Lets::seeking();
    write_with(&seeking).ok_or_else(unwritable)?;
    let lets = seeking.found(order::wan(chains).as_deref());
    write_with(&lets).ok_or_else(unwritable)?;
    let lets = lets.used();
    let frame = Frame { title: &options.title, name: &options.name, notes, policy_attributes: attributes };
    print_file(&frame, model, chains, &lets).ok_or_else(unwritable)
}

/// The entries that the text does not say, by number from 1.
fn misread(wanted: &[Ruleset], chains: &[ChainPlan], text: &Text) -> Result<HashSet<u32>, SourceError> {
    let refused = |message: &dyn std::fmt::Display| SourceError::refused(&message.to_string());
    let body = body_of(&text.text).ok_or_else(|| SourceError::unwritable("the firewall"))?;
    // Tokens of a body that begins on the same line have the lines of the file.
    let before = text.text[..body.start].matches('\n').count() as u32;
    let tokens = TokenStream::from_str(&text.text[body]).map_err(|error| refused(&error))?;
    let compiled = syntax::compile(tokens);
    let mut numbers: HashMap<(usize, usize), u32> = HashMap::new();
    let places = chains
        .iter()
        .enumerate()
        .flat_map(|(index, chain)| (0..chain.entries.len()).map(move |at| (index, at)));
    for (number, place) in (1u32..).zip(places) {
        numbers.insert(place, number);
    }
    let number = |loc: Loc| {
        text.rule_at(loc.line + before).and_then(|place| numbers.get(&place)).copied().unwrap_or(0)
    };
    let mut wrong = HashSet::new();
    for diagnostic in &compiled.diagnostics {
        match number(diagnostic.loc) {
            0 => return Err(refused(&diagnostic.message)),
            number => _ = wrong.insert(number),
        }
    }
    if wrong.is_empty() {
        let found = verify::rulesets(&compiled.model);
        wrong = verify::emitted_otherwise(&found, chains, number);
        if wrong.is_empty() && !verify::same_frame(&found, wanted) {
            return Err(SourceError::unwritable("the firewall"));
        }
    }
    Ok(wrong)
}

/// Where the body of the policy stands.
fn body_of(text: &str) -> Option<std::ops::Range<usize>> {
    let start = text.find("firewall! {")? + "firewall! {".len();
    let end = text[start..].find("\n};")? + start;
    Some(start..end)
}
