//! Assertions: whether they speak of chains that exist, of packets that can be there, and of what can become of them.

use super::rules::{check_interface, check_matches};
use crate::analysis::ends_the_way;
use crate::catalogue::{self, Extension, Flow};
use crate::diagnostic::Diagnostic;
use crate::loc::{Loc, Located};
use crate::model::{AssertionCase, Model, Outcome, Ownership, Scope};
use crate::nearest::nearest;
use crate::table::TableName;

pub(super) fn check_assertions(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    for assertion in model.assertions() {
        let wrong = match &assertion.scope {
            Scope::Chain { table, name } => check_chain(model, *table, name, assertion.loc),
            Scope::Host(_) => check_host(model, assertion.loc),
        };
        if let Some(wrong) = wrong {
            diagnostics.push(wrong);
            continue;
        }
        for case in &assertion.cases {
            check_pattern(model, &assertion.scope, case, diagnostics);
            diagnostics.extend(check_claim(model, &assertion.scope, case));
        }
    }
}

/// Whether there is a chain that can be spoken of.
fn check_chain(model: &Model, table: TableName, name: &str, loc: Loc) -> Option<Diagnostic> {
    let here = || model.chains().iter().filter(|chain| chain.table == table);
    let written = here().any(|chain| chain.name == name);
    // The built-in chains of a table are there, whether the policy writes them or not.
    let exists = written || table.hook(name).is_some() && here().next().is_some();
    if !exists {
        return Some(unknown_chain(table, name, loc, here().map(|chain| chain.name.as_str())));
    }
    let owns_chains = matches!(model.ownership(), Ownership::Chains { .. });
    (!written && owns_chains).then(|| {
        let help = "it owns only its chains, so what happens there is up to others";
        Diagnostic::error(loc, format!("the policy has no rules in {name}")).help(help)
    })
}

fn unknown_chain<'a>(
    table: TableName,
    name: &str,
    loc: Loc,
    here: impl Iterator<Item = &'a str>,
) -> Diagnostic {
    let mut here = here.peekable();
    if here.peek().is_none() && table.hook(name).is_some() {
        return Diagnostic::error(loc, format!("the policy has no table `{table}`"))
            .help("it can only be asserted what its own rules do");
    }
    let built_in = table.hooks().iter().map(|hook| hook.name());
    let help = nearest(name, here.chain(built_in)).map(|name| format!("did you mean `{name}`?"));
    Diagnostic::error(loc, format!("unknown chain `{name}`")).maybe_help(help)
}

/// What becomes of a packet can be told of a policy alone that has the tables for itself.
fn check_host(model: &Model, loc: Loc) -> Option<Diagnostic> {
    let Ownership::Chains { loc: owned, .. } = model.ownership() else { return None };
    let message = "`host` is about all rules that a packet meets, and the policy owns only its chains";
    let help = "assert what a chain does: `assert INPUT { … }` is about the policy's own rules there";
    Some(Diagnostic::error(loc, message).help(help).note("the other rules are not known", Some(*owned)))
}

fn check_pattern(model: &Model, scope: &Scope, case: &AssertionCase, diagnostics: &mut Vec<Diagnostic>) {
    let (table, hook) = match scope {
        Scope::Chain { table, name } => (*table, table.hook(name)),
        Scope::Host(_) => (TableName::Filter, None),
    };
    check_matches(model, table, hook, &case.matches, diagnostics);
    if let Scope::Host(Some(way)) = scope {
        let has = (way.has_in_interface(), way.has_out_interface());
        for option in case.matches.iter().flat_map(|entry| &entry.options) {
            check_interface(
                has,
                format_args!("cannot be asked: packets {}", way.kind()),
                option,
                diagnostics,
            );
        }
    }
}

fn check_claim(model: &Model, scope: &Scope, case: &AssertionCase) -> Option<Diagnostic> {
    let claim = &case.claim;
    match &claim.outcome {
        Outcome::Verdict(verdicts) => {
            if let Some(verdict) = verdicts.iter().find(|verdict| verdict.flow != Flow::Ends) {
                let message = format!("`{}` decides nothing", verdict.word());
                return Some(Diagnostic::error(claim.loc, message));
            }
            let Scope::Host(_) = scope else { return None };
            let verdict = verdicts.iter().find(|verdict| !ends_the_way(verdict))?;
            let ends = catalogue::targets().filter(|target| ends_the_way(target)).map(Extension::word);
            let ends = ends.collect::<Vec<_>>().join(", ");
            let message = format!("no packet's way ends with `{}`", verdict.word());
            Some(Diagnostic::error(claim.loc, message).help(format!("it ends with one of {ends}")))
        }
        Outcome::Reaches { table, chain } => check_reached(model, scope, *table, chain),
    }
}

/// Whether there is a chain to which packets can come.
fn check_reached(
    model: &Model,
    scope: &Scope,
    table: TableName,
    chain: &Located<String>,
) -> Option<Diagnostic> {
    let (name, loc) = (chain.value.as_str(), chain.loc);
    if model.foreign_chains().iter().any(|foreign| foreign.table == table && foreign.name == name) {
        let message =
            format!("`{name}` is a chain of others, and only of the policy's own can it be asserted");
        return Some(Diagnostic::error(loc, message));
    }
    if let Some(unknown) = check_chain(model, table, name, loc) {
        return Some(unknown);
    }
    let Scope::Chain { table: from, name: top } = scope else { return None };
    let message = if *from != table {
        format!("`{name}` is in table `{table}`, and a jump stays in its table `{from}`")
    } else if name == top {
        format!("every packet begins at the top of `{name}`")
    } else if table.hook(name).is_some() {
        format!("no jump leads to `{name}`, a built-in chain")
    } else {
        return None;
    };
    let path = if table == TableName::Filter { name.to_owned() } else { format!("{table}/{name}") };
    let help =
        (name != top).then(|| format!("of a packet's whole way: `assert host {{ … => reaches {path}; }}`"));
    Some(Diagnostic::error(loc, message).maybe_help(help))
}
