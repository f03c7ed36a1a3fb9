//! `show`: the rules as `iptables-restore` reads them, the sets as `ipset restore` does, or the policy as JSON.

use std::sync::Arc;

use fwdsl_runtime::Policy;
use fwdsl_runtime::diagnostic::Diagnostics;
use fwdsl_runtime::emit::{Protocols, emit, emit_sets};
use fwdsl_runtime::family::{Family, FamilySet};
use fwdsl_runtime::json::to_json;
use serde_json::{Map, Value, json};

use super::args::{Format, ShowArguments};
use super::failure::Failure;
use super::output::Done;
use super::trees::trees;

pub(super) fn show(policy: &Policy, arguments: &ShowArguments) -> Result<Done, Failure> {
    policy.check()?;
    let asked = arguments.family.map(Family::from);
    if arguments.sets {
        return sets(policy, asked);
    }
    if arguments.trees {
        return trees(policy, asked);
    }
    if arguments.format == Format::Json {
        return document(policy, asked);
    }
    if let Some(family) = asked {
        let rules = shown(policy, family)?.ok_or(Failure::NoFamily(family))?;
        let json = Map::from_iter([(family.name().to_owned(), json!(rules)), sets_json(policy, &[family])?]);
        let first = match policy.emit_sets(family)?.is_empty() {
            true => String::new(),
            false => {
                format!("# Load the sets first: show --sets --family {} | ipset restore\n", family.name())
            }
        };
        return Ok(Done { text: format!("{first}{rules}"), json, warnings: Vec::new() });
    }
    let mut text = String::new();
    let mut json = Map::from_iter([sets_json(policy, &Family::ALL)?]);
    let sets = emit_sets(policy.all_sets()?.iter().map(Arc::as_ref));
    if !sets.is_empty() {
        text.push_str(&format!("# Sets, to be loaded first: show --sets | ipset restore\n{sets}"));
    }
    for family in Family::ALL {
        let rules = shown(policy, family)?;
        if let Some(rules) = &rules {
            // The two texts are read by different programs; a comment keeps them apart.
            text.push_str(&format!("# {family}\n{rules}"));
        }
        json.insert(family.name().to_owned(), json!(rules));
    }
    let sysctl = |setting: fwdsl_runtime::sysctl::Setting| -> Value {
        json!({ "key": setting.key.to_string(), "value": setting.value })
    };
    json.insert("sysctls".to_owned(), policy.sysctls().into_iter().map(sysctl).collect());
    Ok(Done { text, json, warnings: Vec::new() })
}

/// The policy as JSON, with the rules of one family or of both.
fn document(policy: &Policy, asked: Option<Family>) -> Result<Done, Failure> {
    if let Some(family) = asked {
        policy.lower(family)?.ok_or(Failure::NoFamily(family))?;
    }
    let document = to_json(&policy.model(), asked.map_or(FamilySet::BOTH, FamilySet::only));
    let text = format!("{document:#}\n");
    Ok(Done { text, json: Map::from_iter([("policy".to_owned(), document)]), warnings: Vec::new() })
}

/// The text, and how it is to be loaded if that is not the usual way.
fn shown(policy: &Policy, family: Family) -> Result<Option<String>, Diagnostics> {
    let Some(ruleset) = policy.lower(family)? else { return Ok(None) };
    let text = emit(&ruleset, Protocols::Named);
    let shares = ruleset.tables.iter().any(|table| !table.foreign.is_empty());
    let how = match (ruleset.chains_alone, shares) {
        (true, _) => "# for `iptables-restore --noflush`, once, where these chains are not loaded yet\n",
        (false, true) => {
            "# foreign chains are neither declared nor flushed by `apply`; loaded by hand, this replaces them\n"
        }
        (false, false) => "",
    };
    Ok(Some(format!("{how}{text}")))
}

/// The sets alone, of one family or of both.
fn sets(policy: &Policy, asked: Option<Family>) -> Result<Done, Failure> {
    let (text, families) = match asked {
        Some(family) => {
            policy.emit(family)?.ok_or(Failure::NoFamily(family))?;
            (policy.emit_sets(family)?, vec![family])
        }
        None => (emit_sets(policy.all_sets()?.iter().map(Arc::as_ref)), Family::ALL.to_vec()),
    };
    Ok(Done { text, json: Map::from_iter([sets_json(policy, &families)?]), warnings: Vec::new() })
}

/// The text of each family's sets.
fn sets_json(policy: &Policy, families: &[Family]) -> Result<(String, Value), Failure> {
    let mut texts = Map::new();
    for family in families {
        texts.insert(family.name().to_owned(), json!(policy.emit_sets(*family)?));
    }
    Ok(("sets".to_owned(), Value::Object(texts)))
}
