//! A chain that no packet comes to.

use std::collections::HashMap;

use super::report;
use crate::diagnostic::Diagnostic;
use crate::lint::{Level, UNUSED_CHAIN};
use crate::model::{Action, Model};
use crate::table::TableName;

pub(super) fn check(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    let chains = model.chains();
    // A name may stand for two chains, one for each family.
    let mut named: HashMap<(TableName, &str), Vec<usize>> = HashMap::new();
    for (index, chain) in chains.iter().enumerate() {
        named.entry((chain.table, &chain.name)).or_default().push(index);
    }
    let targets = |index: usize| {
        let chain = &chains[index];
        let verdicts = chain.rules.iter().flat_map(|rule| &rule.verdicts);
        { verdicts }.filter_map(|verdict| match &verdict.action {
            Action::Jump(name) | Action::Goto(name) => named.get(&(chain.table, name.as_str())),
            Action::Target { .. } => None,
        })
    };
    let mut used: Vec<bool> = chains.iter().map(|chain| chain.hook().is_some()).collect();
    let mut open: Vec<usize> = (0..chains.len()).filter(|index| used[*index]).collect();
    while let Some(index) = open.pop() {
        for target in targets(index).flatten() {
            if !std::mem::replace(&mut used[*target], true) {
                open.push(*target);
            }
        }
    }
    for (index, chain) in chains.iter().enumerate() {
        if used[index] || chain.name.starts_with('_') {
            continue;
        }
        let message = format!("chain `{}` is not used: no packet comes to it", chain.name);
        let mut finding = Diagnostic::lint(UNUSED_CHAIN, Level::Warn, chain.loc, message)
            .help(format!("`jump {}` in a rule, or leave it out", chain.name));
        let caller = (0..chains.len())
            .find(|other| *other != index && targets(*other).flatten().any(|target| *target == index));
        if let Some(caller) = caller {
            let note = format!("only `{}` goes to it, and that is not used either", chains[caller].name);
            finding = finding.note(note, Some(chains[caller].loc));
        }
        report(model, chain, None, finding, diagnostics);
    }
}
