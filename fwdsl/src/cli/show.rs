//! `show`: the rules as `iptables-restore` reads them, the sets as `ipset restore` does, or the policy as JSON.

use std::sync::Arc;

use fwdsl_runtime::Policy;
use fwdsl_runtime::diagnostic::Diagnostics;
use fwdsl_runtime::emit::{Protocols, emit_into, emit_sets};
use fwdsl_runtime::family::{Family, FamilySet};
use fwdsl_runtime::ipset::KernelSet;
use fwdsl_runtime::json::to_json;
use fwdsl_runtime::lower::Ruleset;
use fwdsl_runtime::model::{Model, SysctlUse};
use serde_json::{Map, Value, json};

use super::args::{Format, ShowArguments};
use super::failure::Failure;
use super::output::Done;
use super::trees::trees;

pub(super) fn show(policy: &Policy, arguments: &ShowArguments, json: bool) -> Result<Done, Failure> {
    let policy = &policy.read()?;
    let model = &*policy.model();
    let asked = arguments.family.map(Family::from);
    let families: Vec<Family> = asked.map_or(Family::ALL.to_vec(), |family| vec![family]);
    let lowered = families.iter().filter_map(|family| policy.lower(*family).transpose());
    let rulesets = lowered.collect::<Result<Vec<Arc<Ruleset>>, Diagnostics>>()?;
    if let (Some(family), []) = (asked, rulesets.as_slice()) {
        return Err(Failure::NoFamily(family));
    }
    if arguments.sets {
        return Ok(sets(&rulesets, &families));
    }
    if arguments.trees {
        return trees(policy, asked);
    }
    if arguments.format == Format::Json {
        return Ok(document(model, asked));
    }
    let done = if json {
        Done { text: String::new(), json: members(model, asked, &families, &rulesets), warnings: Vec::new() }
    } else {
        Done { text: text(asked, &rulesets), json: Map::new(), warnings: Vec::new() }
    };
    Ok(done)
}

/// For machines: each family's rules and sets, and the sysctls unless one family is asked for.
fn members(
    model: &Model,
    asked: Option<Family>,
    families: &[Family],
    rulesets: &[Arc<Ruleset>],
) -> Map<String, Value> {
    let mut members = Map::from_iter([sets_json(rulesets, families)]);
    for family in families {
        let own = rulesets.iter().find(|ruleset| ruleset.family == *family);
        let rules = own.map(|ruleset| {
            let mut text = String::new();
            push_rules(&mut text, ruleset);
            text
        });
        members.insert(family.name().to_owned(), json!(rules));
    }
    if asked.is_none() {
        let sysctl = |setting: &SysctlUse| -> Value {
            json!({ "key": setting.value.key.to_string(), "value": setting.value.value })
        };
        members.insert("sysctls".to_owned(), model.sysctls().iter().map(sysctl).collect());
    }
    members
}

/// For people: the same but for the sysctls.
fn text(asked: Option<Family>, rulesets: &[Arc<Ruleset>]) -> String {
    let sets = text_of_sets(rulesets);
    let mut text = match asked {
        _ if sets.is_empty() => String::new(),
        Some(family) => {
            format!("# Load the sets first: show --sets --family {} | ipset restore\n", family.name())
        }
        None => format!("# Sets, to be loaded first: show --sets | ipset restore\n{sets}"),
    };
    for ruleset in rulesets {
        // The two texts are read by different programs; a comment keeps them apart.
        if asked.is_none() {
            text.push_str(&format!("# {}\n", ruleset.family));
        }
        push_rules(&mut text, ruleset);
    }
    text
}

/// The policy as JSON, with the rules of one family or of both.
fn document(model: &Model, asked: Option<Family>) -> Done {
    let document = to_json(model, asked.map_or(FamilySet::BOTH, FamilySet::only));
    let text = text_of(&document);
    Done { text, json: Map::from_iter([("policy".to_owned(), document)]), warnings: Vec::new() }
}

fn text_of(document: &Value) -> String {
    format!("{document:#}\n")
}

/// What `show --format json` prints.
pub(super) fn document_text(policy: &Policy) -> String {
    text_of(&to_json(&policy.model(), FamilySet::BOTH))
}

/// Adds how the rules are to be loaded, if that is not the usual way, and the rules.
fn push_rules(text: &mut String, ruleset: &Ruleset) {
    let shares = ruleset.tables.iter().any(|table| !table.foreign.is_empty());
    text.push_str(match (ruleset.chains_alone, shares) {
        (true, _) => "# for `iptables-restore --noflush`, once, where these chains are not loaded yet\n",
        (false, true) => {
            "# foreign chains are neither declared nor flushed by `apply`; loaded by hand, this replaces them\n"
        }
        (false, false) => "",
    });
    emit_into(text, ruleset, Protocols::Named);
}

/// The sets alone, of one family or of both.
fn sets(rulesets: &[Arc<Ruleset>], families: &[Family]) -> Done {
    let json = Map::from_iter([sets_json(rulesets, families)]);
    Done { text: text_of_sets(rulesets), json, warnings: Vec::new() }
}

fn text_of_sets(rulesets: &[Arc<Ruleset>]) -> String {
    let mut sets: Vec<&KernelSet> = Vec::new();
    for set in rulesets.iter().flat_map(|ruleset| &ruleset.sets) {
        // Those of no family are among both families'.
        if !sets.iter().any(|other| other.name == set.name) {
            sets.push(set);
        }
    }
    emit_sets(sets)
}

/// The text of each family's sets.
fn sets_json(rulesets: &[Arc<Ruleset>], families: &[Family]) -> (String, Value) {
    let text = |family: &Family| {
        let own = rulesets.iter().find(|ruleset| ruleset.family == *family);
        (family.name().to_owned(), json!(text_of_sets(own.map_or(&[], std::slice::from_ref))))
    };
    ("sets".to_owned(), Value::Object(families.iter().map(text).collect()))
}
