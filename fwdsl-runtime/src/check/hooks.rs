//! Where rules may be reached from. The kernel refuses a target such as MASQUERADE not only in a
//! built-in chain of another hook, but also in every chain that packets come to from there.

use std::collections::HashMap;

use crate::catalogue::{Extension, OptionSpec};
use crate::diagnostic::Diagnostic;
use crate::family::Family;
use crate::loc::Loc;
use crate::lower::{RuleFamilies, model_families};
use crate::model::{Action, Chain, Model, OptionUse, Rule, Value};
use crate::table::{Hook, HookSet, TableName};

pub(super) fn check_hooks(model: &Model, families: &RuleFamilies, diagnostics: &mut Vec<Diagnostic>) {
    for family in model.families().iter() {
        let reach = reach(model, families, family);
        for index in 0..model.chains().len() {
            for rule in families.rules_of(model, index, family) {
                check_rule(model, &reach, index, rule, diagnostics);
            }
        }
    }
}

/// How packets of a hook come to a chain.
struct Way {
    hook: Hook,
    /// The jump that leads there and the chain that it stands in; none in a built-in chain.
    jump: Option<(Loc, usize)>,
}

/// The hooks from which each chain of the model is reached by packets of a family.
fn reach(model: &Model, families: &RuleFamilies, family: Family) -> Vec<Vec<Way>> {
    let chains = model.chains();
    let is_here = |chain: &Chain| model_families(model, chain).contains(family);
    let here = chains.iter().enumerate().rev().filter(|(_, chain)| is_here(chain));
    let places: HashMap<(TableName, &str), usize> =
        here.map(|(index, chain)| ((chain.table, chain.name.as_str()), index)).collect();
    let mut reach: Vec<Vec<Way>> = chains.iter().map(|_| Vec::new()).collect();
    let built_in = chains.iter().enumerate().filter(|(_, chain)| is_here(chain));
    let mut open: Vec<(usize, Way)> = built_in
        .filter_map(|(index, chain)| Some((index, Way { hook: chain.hook()?, jump: None })))
        .collect();
    while let Some((index, way)) = open.pop() {
        let hook = way.hook;
        if reach[index].iter().any(|known| known.hook == hook) {
            continue;
        }
        reach[index].push(way);
        let chain = &chains[index];
        for rule in families.rules_of(model, index, family) {
            for verdict in &rule.verdicts {
                let (Action::Jump(name) | Action::Goto(name)) = verdict.action() else { continue };
                let jump = Some((verdict.loc(), index));
                let target = places.get(&(chain.table, name.as_str())).copied();
                open.extend(target.map(|target| (target, Way { hook, jump })));
            }
        }
    }
    reach
}

fn check_rule(
    model: &Model,
    reach: &[Vec<Way>],
    index: usize,
    rule: &Rule,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let chain = &model.chains()[index];
    let mut check = |what: &dyn Fn() -> String, hooks: HookSet, loc: Loc| {
        if hooks == HookSet::ALL {
            return;
        }
        let Some(way) = reach[index].iter().find(|way| !hooks.contains(way.hook)) else { return };
        let what = what();
        let message = match way.jump {
            None => format!("`{what}` cannot stand in {}", way.hook),
            Some(_) => format!("`{what}` cannot stand in a chain that {} leads to", way.hook),
        };
        let mut diagnostic = Diagnostic::error(loc, message).help(place_help(chain, hooks));
        let mut step = Some(way);
        while let Some((loc, from)) = step.and_then(|way| way.jump) {
            diagnostic =
                diagnostic.note(format!("{} leads here by this jump", model.chains()[from].name), Some(loc));
            step = reach[from].iter().find(|other| other.hook == way.hook);
        }
        diagnostics.push(diagnostic);
    };
    for entry in &rule.matches {
        check_parts(chain, entry.extension, &entry.options, entry.loc, &mut check);
    }
    for verdict in &rule.verdicts {
        if let Action::Target { extension, options } = verdict.action() {
            check_parts(chain, extension, options, verdict.loc(), &mut check);
        }
    }
}

fn check_parts(
    chain: &Chain,
    extension: &Extension,
    options: &[OptionUse],
    loc: Loc,
    check: &mut impl FnMut(&dyn Fn() -> String, HookSet, Loc),
) {
    if !extension.allowed_in(chain.table) {
        return;
    }
    check(&|| extension.word(), extension.hooks, loc);
    for option in options {
        let written = || format!("{}({})", extension.word(), option.spec.name);
        check(&written, option.spec.hooks, option.loc);
        for value in &option.values {
            if let Some((word, hooks)) = hooks_of_word(option.spec, &value.value) {
                let written = || format!("{}({} {word})", extension.word(), option.spec.name);
                check(&written, hooks, value.loc);
            }
        }
    }
}

fn hooks_of_word(spec: &OptionSpec, value: &Value) -> Option<(&'static str, HookSet)> {
    let Value::Word(index) = value else { return None };
    let word = spec.value.words().get(usize::from(*index))?;
    Some((word.name, word.hooks))
}

fn place_help(chain: &Chain, hooks: HookSet) -> String {
    let names: Vec<&str> =
        hooks.iter().filter(|hook| chain.table.hooks().contains(hook)).map(|hook| hook.name()).collect();
    match names.as_slice() {
        [] => format!("no chain of table `{}` leads to it", chain.table),
        _ => format!("the kernel takes it for packets of {} only", names.join(", ")),
    }
}
