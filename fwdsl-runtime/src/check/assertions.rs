//! Assertions: whether they speak of a chain that exists and of packets that can be there.

use super::rules::check_matches;
use crate::diagnostic::Diagnostic;
use crate::model::{Assertion, Model, Ownership};
use crate::nearest::nearest;

pub(super) fn check_assertions(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    for assertion in model.assertions() {
        let name = assertion.chain.value.as_str();
        let here = || model.chains().iter().filter(|chain| chain.table == assertion.table);
        let hook = assertion.table.hook(name);
        // The built-in chains of a table are there, whether the policy writes them or not.
        let exists = here().any(|chain| chain.name == name) || hook.is_some() && here().next().is_some();
        let unwritten = !here().any(|chain| chain.name == name);
        if unwritten && exists && matches!(model.ownership(), Ownership::Chains { .. }) {
            let message = format!("the policy has no rules in {name}");
            let help = "it owns only its chains, so what happens there is up to others";
            diagnostics.push(Diagnostic::error(assertion.chain.loc, message).help(help));
            continue;
        }
        if !exists {
            diagnostics.push(unknown_chain(assertion, here().map(|chain| chain.name.as_str())));
            continue;
        }
        for case in &assertion.cases {
            check_matches(model, assertion.table, hook, &case.matches, diagnostics);
        }
    }
}

fn unknown_chain<'a>(assertion: &Assertion, here: impl Iterator<Item = &'a str>) -> Diagnostic {
    let (name, table) = (assertion.chain.value.as_str(), assertion.table);
    let mut here = here.peekable();
    if here.peek().is_none() && table.hook(name).is_some() {
        return Diagnostic::error(assertion.chain.loc, format!("the policy has no table `{table}`"))
            .help("it can only be asserted what its own rules do");
    }
    let built_in = table.hooks().iter().map(|hook| hook.name());
    let help = nearest(name, here.chain(built_in)).map(|name| format!("did you mean `{name}`?"));
    Diagnostic::error(assertion.chain.loc, format!("unknown chain `{name}`")).maybe_help(help)
}
