//! What iptables and the importer make of one specification, compared.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use fwdsl::family::Family;
use fwdsl::host::Variant;
use fwdsl_runtime::emit::{Protocols, emit};
use fwdsl_runtime::import::{Unknown, import};
use fwdsl_runtime::lower::lower;

use super::case::Case;
use super::judge::{Judge, Ruling, block_of};
use crate::sandbox::VARIANTS;

/// What the importer makes of a text: the canonical text, or the lines that it refuses, each with the reason.
pub type Imported = Result<String, Vec<(usize, String)>>;

/// What iptables says to a specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Both variants load it, and save the same.
    Accepted,
    /// Both variants load it, and save it differently.
    SavedDifferently,
    /// Both variants refuse it.
    Refused,
    /// One variant loads what the other refuses.
    Split,
    /// Both refuse it, and would take it with `!` before the option, where releases before 1.4.3 wrote it behind.
    Older,
    /// This kernel lacks a module that it needs.
    Lacking,
}

/// What came of a case.
#[derive(Debug)]
pub struct Examined {
    /// What iptables says.
    pub class: Class,
    /// Where the importer is wrong, what it should have said and what it said.
    pub difference: Option<String>,
}

/// Asks iptables and the importer, and compares.
#[must_use]
pub fn examine(judge: &Judge, case: &Case) -> Examined {
    let text = case.text();
    let mut rulings = ask(judge, case, &text);
    let mut class = classify(&rulings.each_ref().map(|(_, ruling)| ruling));
    if let (Class::Refused, Some(spec)) = (class, modern(&case.spec)) {
        let modern = ask(judge, case, &Case { spec, ..case.clone() }.text());
        if modern.iter().all(|(_, ruling)| ruling.is_saved()) {
            (rulings, class) = (modern, Class::Older);
        }
    }
    let imported = catch_unwind(AssertUnwindSafe(|| canonical(case.family, &text)));
    let wrong = match imported {
        Err(_) => Some("the importer panicked".to_owned()),
        Ok(imported) => compare(judge, case, class, &rulings, imported),
    };
    let difference = wrong.map(|wrong| {
        let said: String =
            rulings.iter().map(|(variant, ruling)| format!("\n    {variant:<6} {ruling}")).collect();
        format!("{case}{said}\n    import {wrong}")
    });
    Examined { class, difference }
}

fn ask(judge: &Judge, case: &Case, text: &str) -> [(Variant, Ruling); 2] {
    VARIANTS.map(|variant| (variant, judge.rule_on(case.family, variant, case.table, text)))
}

/// The rule with each `!` that stands behind an option before it, if there is one.
fn modern(spec: &str) -> Option<String> {
    let mut words: Vec<&str> = spec.split(' ').collect();
    let mut moved = false;
    for at in 1..words.len() {
        if words[at] == "!" && words[at - 1].starts_with('-') {
            words.swap(at - 1, at);
            moved = true;
        }
    }
    moved.then(|| words.join(" "))
}

fn classify(rulings: &[&Ruling; 2]) -> Class {
    match rulings {
        [Ruling::Lacking(_), _] | [_, Ruling::Lacking(_)] => Class::Lacking,
        [Ruling::Saved(one), Ruling::Saved(other)] if one == other => Class::Accepted,
        [Ruling::Saved(_), Ruling::Saved(_)] => Class::SavedDifferently,
        [Ruling::Refused(_), Ruling::Refused(_)] => Class::Refused,
        _ => Class::Split,
    }
}

/// The text that the importer makes of a text of one family.
///
/// # Errors
///
/// Each line that is refused, and why.
pub fn canonical(family: Family, text: &str) -> Imported {
    let imported = import(text, "corpus", family, Unknown::Refuse).map_err(|errors| {
        errors.list.into_iter().map(|error| (error.line as usize, error.message)).collect::<Vec<_>>()
    })?;
    Ok(lower(&imported.model, family).map_or(String::new(), |rules| emit(&rules, Protocols::Named)))
}

/// What is wrong with what the importer said.
fn compare(
    judge: &Judge,
    case: &Case,
    class: Class,
    rulings: &[(Variant, Ruling); 2],
    imported: Imported,
) -> Option<String> {
    let text = match (class, imported) {
        (Class::Refused, Ok(text)) => return Some(format!("accepted {text:?}")),
        (Class::Refused | Class::Split | Class::Lacking, Err(refusals)) => {
            let elsewhere = refusals.iter().find(|(line, _)| *line != case.line())?;
            return Some(format!("refused line {}: {}", elsewhere.0, elsewhere.1));
        }
        (_, Err(refusals)) => {
            let reasons: Vec<&str> = refusals.iter().map(|(_, reason)| reason.as_str()).collect();
            return Some(format!("refused {}", reasons.join("; ")));
        }
        (_, Ok(text)) => text,
    };
    let block = block_of(&text, case.table).unwrap_or_default();
    let mut saved = rulings.iter().filter(|(_, ruling)| ruling.is_saved());
    if let Some((variant, ruling)) = saved
        .clone()
        .find(|(variant, ruling)| judge.rule_on(case.family, *variant, case.table, &text) != *ruling)
    {
        let ours = judge.rule_on(case.family, *variant, case.table, &text);
        return Some(format!("emitted {block:?}, on {variant} {ours} instead of {ruling}"));
    }
    let is_saved_text =
        saved.clone().count() == 0 || saved.clone().any(|(_, ruling)| ruling.text() == Some(block.as_str()));
    // What is saved so that iptables itself would not read it again need not be what is emitted.
    let is_lost = saved.all(|(variant, ruling)| {
        judge.rule_on(case.family, *variant, case.table, ruling.text().unwrap_or_default()) != *ruling
    });
    (!is_saved_text && !is_lost).then(|| format!("emitted {}", Ruling::Saved(block)))
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}/{}: {}", self.place, self.family, self.table, self.chain, self.spec)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Class::Accepted => "accepted",
            Class::SavedDifferently => "accepted, saved differently by the variants",
            Class::Refused => "refused",
            Class::Split => "accepted by one variant alone",
            Class::Older => "refused, but written as older releases wrote it",
            Class::Lacking => "without a module in this kernel",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_behind_its_option_goes_before_it() {
        assert_eq!(modern("-s ! 10.0.0.1 -j ACCEPT"), Some("! -s 10.0.0.1 -j ACCEPT".to_owned()));
        assert_eq!(modern("-p tcp ! --syn"), None);
    }
}
