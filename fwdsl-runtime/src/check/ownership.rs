//! What belongs to the policy and what to others: hooks, their names, the chains of others.

use super::chains::check_chain_name;
use crate::diagnostic::Diagnostic;
use crate::family::{Family, FamilySet};
use crate::loc::Loc;
use crate::lower::{CHAIN_NAME_MAX_BYTES, model_families};
use crate::model::{Chain, ChainPolicy, ForeignChain, Model, Ownership};
use crate::table::Hook;

pub(super) fn check_ownership(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    if let Ownership::Chains { prefix, loc } = model.ownership() {
        check_prefix(model, prefix, *loc, diagnostics);
    }
    for chain in model.chains() {
        match model.ownership() {
            Ownership::Tables => check_unhooked(chain, diagnostics),
            Ownership::Chains { .. } => check_hooked(model, chain, diagnostics),
        }
    }
    for (index, foreign) in model.foreign_chains().iter().enumerate() {
        check_foreign(model, index, foreign, diagnostics);
    }
}

fn check_prefix(model: &Model, prefix: &str, loc: Loc, diagnostics: &mut Vec<Diagnostic>) {
    let bad = |c: &char| c.is_whitespace() || c.is_control() || *c == '"';
    let message = if prefix.is_empty() {
        "the prefix of hook chains is empty".to_owned()
    } else if prefix.starts_with(['-', '!']) {
        format!("a chain name cannot begin with `{}`", &prefix[..1])
    } else if let Some(bad) = prefix.chars().find(bad) {
        format!("a chain name cannot hold {bad:?}")
    } else {
        let names = model.chains().iter().filter_map(|chain| model.ownership().hook_chain(chain.hook()?));
        let Some(name) = names.max_by_key(String::len).filter(|name| name.len() > CHAIN_NAME_MAX_BYTES)
        else {
            return;
        };
        format!(
            "with this prefix, a hook chain is called `{name}`, {} bytes long, and iptables takes at most \
             {CHAIN_NAME_MAX_BYTES}",
            name.len()
        )
    };
    diagnostics.push(Diagnostic::error(loc, message));
}

/// A position means something only where there is a jump to place.
fn check_unhooked(chain: &Chain, diagnostics: &mut Vec<Diagnostic>) {
    if let Some(position) = &chain.position {
        let message = "`hook` says where a policy that owns only its chains is called from";
        diagnostics.push(
            Diagnostic::error(position.loc, message)
                .help("this one owns whole tables; write `own chains;` to leave the rules of others alone"),
        );
    }
}

fn check_hooked(model: &Model, chain: &Chain, diagnostics: &mut Vec<Diagnostic>) {
    let Some(hook) = chain.hook() else {
        if let Some(position) = &chain.position {
            let message = format!("only built-in chains are hooked, and `{}` is none", chain.name);
            diagnostics.push(
                Diagnostic::error(position.loc, message).help("jump to it from a chain that is hooked"),
            );
        }
        let reserved = |hook: &&Hook| model.ownership().hook_chain(**hook).as_ref() == Some(&chain.name);
        if let Some(hook) = chain.table.hooks().iter().find(reserved) {
            let message = format!("`{}` is the name of the policy's own chain for {hook}", chain.name);
            diagnostics.push(
                Diagnostic::error(chain.loc, message)
                    .help("call it otherwise, or give hook chains another prefix: `own chains \"PREFIX\";`"),
            );
        }
        return;
    };
    if let Some(policy) = &chain.policy {
        let message =
            format!("the policy of {hook} is not this policy's to set, since it owns only its chains");
        let help = match policy.value {
            ChainPolicy::Drop => "end the chain with a rule: `_ => drop;`",
            ChainPolicy::Accept => "leave it out: what no rule decides goes on to the rules of others",
        };
        diagnostics.push(Diagnostic::error(policy.loc, message).help(help));
    }
    let Some((anchor, loc)) =
        chain.position.as_ref().and_then(|position| Some((position.value.anchor()?, position.loc)))
    else {
        return;
    };
    let own = |other: &&Chain| other.table == chain.table && other.hook().is_none() && other.name == anchor;
    let is_hook =
        chain.table.hooks().iter().any(|hook| model.ownership().hook_chain(*hook).as_deref() == Some(anchor));
    if let Some(own) = model.chains().iter().find(own) {
        let message =
            format!("`{anchor}` is the policy's own chain, and no rule of others in {hook} goes there");
        diagnostics.push(Diagnostic::error(loc, message).note("declared here", Some(own.loc)));
    } else if is_hook || chain.table.hook(anchor).is_some() {
        let message = format!("no rule of others in {hook} goes to `{anchor}`");
        diagnostics.push(Diagnostic::error(loc, message).help("`before` and `after` name a chain of others"));
    } else {
        check_anchor_families(model, chain, anchor, loc, diagnostics);
    }
}

/// A chain of others that is there in one family alone can be stood beside in that one alone.
fn check_anchor_families(
    model: &Model,
    chain: &Chain,
    anchor: &str,
    loc: Loc,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let named = |foreign: &&ForeignChain| foreign.table == chain.table && foreign.name == anchor;
    let declared = || model.foreign_chains().iter().filter(named);
    let Some(families) = declared().map(|foreign| foreign.families).reduce(FamilySet::or) else { return };
    if let Some(missing) = model_families(model, chain).iter().find(|family| !families.contains(*family)) {
        let message = format!("`{anchor}` is declared as a foreign chain that {missing} does not have");
        let other = if missing == Family::Ipv4 { Family::Ipv6 } else { Family::Ipv4 };
        let help = format!(
            "write `family {};` in the chain, and a second `chain {}` with `family {};`",
            other.name(),
            chain.name,
            missing.name()
        );
        let first = declared().next().map(|foreign| foreign.loc);
        diagnostics.push(Diagnostic::error(loc, message).help(help).note("declared here", first));
    }
}

fn check_foreign(model: &Model, index: usize, foreign: &ForeignChain, diagnostics: &mut Vec<Diagnostic>) {
    let (table, name) = (foreign.table, foreign.name.as_str());
    let before = diagnostics.len();
    check_chain_name(table, foreign.prefix().unwrap_or(name), foreign.loc, diagnostics);
    if diagnostics.len() > before {
        return;
    }
    if table.hook(name).is_some() {
        let message = format!("`{name}` is a built-in chain, and nobody's");
        diagnostics.push(Diagnostic::error(foreign.loc, message));
        return;
    }
    let overlap = |families| !model.families().and(foreign.families).and(families).is_empty();
    let twin = |other: &&ForeignChain| other.table == table && other.name == name && overlap(other.families);
    if let Some(first) = model.foreign_chains()[..index].iter().find(twin) {
        let message = format!("foreign chain `{name}` is declared twice");
        diagnostics
            .push(Diagnostic::error(foreign.loc, message).note("first declared here", Some(first.loc)));
        return;
    }
    if model.families().and(foreign.families).is_empty() {
        let message = format!("foreign chain `{name}` is for no family");
        diagnostics.push(
            Diagnostic::error(foreign.loc, message)
                .help("its own `family` and that of the table or policy exclude each other"),
        );
    }
    for chain in model.chains().iter().filter(|chain| chain.table == table) {
        let emitted =
            chain.hook().map_or(Some(chain.name.clone()), |hook| model.ownership().hook_chain(hook));
        let taken =
            emitted.filter(|emitted| foreign.covers(emitted) && overlap(model_families(model, chain)));
        if let Some(taken) = taken {
            let message = format!("`{taken}` is declared as the policy's own chain and as a foreign one");
            diagnostics.push(
                Diagnostic::error(foreign.loc, message).note("the policy's own chain", Some(chain.loc)),
            );
            return;
        }
    }
    let holds_table = model.chains().iter().any(|chain| chain.table == table);
    if !holds_table {
        let message = format!("the policy has no chain in table `{table}`, so it touches nothing there");
        diagnostics.push(Diagnostic::error(foreign.loc, message).help("leave the foreign chain out"));
    } else if foreign.prefix().is_some() && matches!(model.ownership(), Ownership::Chains { .. }) {
        let message =
            format!("`{name}` says nothing here: a policy that owns only its chains keeps all others");
        diagnostics.push(
            Diagnostic::error(foreign.loc, message).help("leave it out; name a chain in full to jump to it"),
        );
    }
}
