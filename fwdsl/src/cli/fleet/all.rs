//! `--all`: what a command says of every policy of the program.

use fwdsl_runtime::Policy;
use serde_json::{Map, Value};

use super::{Member, member};
use crate::cli::args::Command;
use crate::cli::failure::Failure;
use crate::cli::output::Done;
use crate::cli::{check, show};

/// Does it with every policy, whatever is wrong with one. `None` if the command is about one policy.
pub(super) fn of_all(members: &[Member<'_>], command: &Command, json: bool) -> Option<Result<Done, Failure>> {
    match command {
        Command::Check => Some(each(members, check::check, |name, text| format!("{name}: {text}"))),
        Command::Show(arguments) => Some(each(
            members,
            |policy| show::show(policy, arguments, json),
            |name, text| format!("# policy {name}\n{text}"),
        )),
        _ => None,
    }
}

fn each(
    members: &[Member<'_>],
    act: impl Fn(&Policy) -> Result<Done, Failure>,
    titled: impl Fn(&str, &str) -> String,
) -> Result<Done, Failure> {
    member::check(members)?;
    let mut all = Done { text: String::new(), json: Map::new(), warnings: Vec::new() };
    let mut of_policies = Map::new();
    let mut wrong = Vec::new();
    for Member { name, policy, .. } in members {
        match act(policy) {
            Ok(done) => {
                all.text.push_str(&titled(name, &done.text));
                of_policies.insert((*name).to_owned(), Value::Object(done.json));
                all.warnings.extend(done.warnings.iter().map(|warning| format!("{name}: {warning}")));
            }
            // Asked for alone, that would be an error; among all, some may be for the other family.
            Err(Failure::NoFamily(_)) => {}
            Err(failure) => wrong.push(format!("{name}: {failure}")),
        }
    }
    if !wrong.is_empty() {
        return Err(Failure::Fleet(wrong));
    }
    all.json.insert("policies".to_owned(), Value::Object(of_policies));
    Ok(all)
}
