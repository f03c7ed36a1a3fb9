//! Assertions: whether they speak of a chain that exists and of packets that can be there.

use super::rules::check_matches;
use crate::diagnostic::Diagnostic;
use crate::model::Model;
use crate::nearest::nearest;

pub(super) fn check_assertions(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    for assertion in model.assertions() {
        let here = || model.chains().iter().filter(|chain| chain.table == assertion.table);
        let Some(chain) = here().find(|chain| chain.name == assertion.chain.value) else {
            let message = format!("unknown chain `{}`", assertion.chain.value);
            let help = nearest(&assertion.chain.value, here().map(|chain| chain.name.as_str()));
            diagnostics.push(
                Diagnostic::error(assertion.chain.loc, message)
                    .maybe_help(help.map(|name| format!("did you mean `{name}`?"))),
            );
            continue;
        };
        for case in &assertion.cases {
            check_matches(chain, &case.matches, diagnostics);
        }
    }
}
