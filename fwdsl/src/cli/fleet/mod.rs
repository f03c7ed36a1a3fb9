//! One program for many hosts: several policies, each for some of them.

mod all;
mod args;
mod choose;
mod member;
mod pattern;
mod policies;

use std::cell::OnceCell;
use std::process::ExitCode;

use fwdsl_runtime::host::guardian;

use super::args as common;
use super::{Context, command, output};
pub(super) use args::Selection;
pub(super) use choose::{ChoiceError, Chosen};
use choose::{choose, host_name};
pub use member::Member;

/// Runs the command line of the running process for the policy that is this host's, and returns the exit code for
/// `main`. As [`run`](super::run), it is to be the first thing that `main` does.
///
/// ```no_run
/// use fwdsl::cli::Member;
/// use fwdsl::prelude::*;
///
/// static WEB: Policy = firewall! {
///     chain INPUT policy drop { tcp dport [http, https] => accept; }
/// };
/// static DATABASE: Policy = firewall! {
///     chain INPUT policy drop { from 192.0.2.0/24 tcp dport postgresql => accept; }
/// };
/// static CLOSED: Policy = firewall! { chain INPUT policy drop {} };
///
/// fn main() -> std::process::ExitCode {
///     fwdsl::cli::run_fleet(&[
///         Member::new("web", &WEB).hosts(&["web-*", "www.example.org"]).roles(&["frontend"]),
///         Member::new("database", &DATABASE).hosts(&["db-?"]),
///         Member::new("closed", &CLOSED).otherwise(),
///     ])
/// }
/// ```
///
/// The host's policy is the one that `--policy NAME` names; or the one that has the role of `--role ROLE`; or the one whose
/// patterns match the name that the kernel has for the host; or the one for all [`otherwise`](Member::otherwise). If
/// several are left, or none, a command that needs a policy fails and lists them. For an image (`save --root`), the name
/// is the one in its `/etc/hostname`.
///
/// The command `policies` lists them and tells which one is this host's; `check --all` and `show --all` are about all.
#[must_use]
pub fn run_fleet(members: &[Member<'_>]) -> ExitCode {
    if let Some(code) = guardian::intercept() {
        return code;
    }
    let definition = args::extend(common::definition(), members);
    let matches = match definition.clone().try_get_matches_from(std::env::args_os()) {
        Ok(matches) => matches,
        Err(error) => return output::usage(&error),
    };
    let (selection, json) = (Selection::of(&matches), matches.get_flag("json"));
    if selection.wants_list {
        return output::print(json, policies::policies(members, &selection).map(Into::into));
    }
    let arguments = match common::read(&matches) {
        Ok(arguments) => arguments,
        Err(error) => return output::usage(&error),
    };
    if selection.all
        && let Some(result) = all::of_all(members, &arguments.command, arguments.json)
    {
        return output::print(json, result.map(Into::into));
    }
    let chosen = OnceCell::new();
    let policy = || {
        member::check(members)?;
        let found = choose(members, &selection, &host_name(selection.image.as_deref())?)?;
        if chosen.set(found.json()).is_ok() && !json {
            output::say("note", &found.words());
        }
        Ok(found)
    };
    let context = Context { policy: &policy, definition: &definition, json };
    let mut result = command(&context, &arguments.command);
    if let (Ok(answer), Some(chosen)) = (&mut result, chosen.get()) {
        answer.done.json.insert("chosen".to_owned(), chosen.clone());
    }
    output::print(json, result)
}
