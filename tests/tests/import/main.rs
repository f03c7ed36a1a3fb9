//! The importer: what `iptables-restore` reads becomes a policy that is emitted as `iptables-save` prints it.

mod commands;
mod files;
mod found;
mod lenient;
mod random;
mod refused;
mod spellings;

use fwdsl_runtime::emit::{Protocols, emit};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::import::{Imported, Unknown, import};
use fwdsl_runtime::lower::lower;

/// The text of an imported policy for one family.
fn emitted(imported: &Imported, family: Family) -> String {
    lower(&imported.model, family).map_or(String::new(), |rules| emit(&rules, Protocols::Named))
}

/// The text as it comes out again, or what was refused.
fn canonical(text: &str, family: Family) -> Result<String, String> {
    match import(text, "test.save", family, Unknown::Refuse) {
        Ok(imported) => Ok(emitted(&imported, family)),
        Err(errors) => Err(errors.to_string()),
    }
}

/// A text with one rule in a built-in chain of a table.
fn with_rule(table: &str, chain: &str, rule: &str) -> String {
    format!("*{table}\n-A {chain} {rule}\nCOMMIT\n")
}

/// The rules of a text, without `-A CHAIN`.
fn rules(text: &str) -> Vec<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("-A "))
        .map(|rule| rule.split_once(' ').map_or("", |(_, rule)| rule))
        .collect()
}
