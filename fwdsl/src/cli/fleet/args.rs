//! The arguments that a program has because it holds several policies.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::Member;

/// The command that lists the policies.
const POLICIES: &str = "policies";
/// The commands that can be about all policies.
const FOR_ALL: [&str; 2] = ["check", "show"];
/// The commands whose `--root` is an image with a name of its own; for others it is the running kernel's host.
const FOR_IMAGES: [&str; 3] = ["save", "install", "uninstall"];

/// What the command line says about the choice.
#[derive(Debug, Default)]
pub(in crate::cli) struct Selection {
    pub(super) policy: Option<String>,
    pub(super) role: Option<String>,
    /// The image whose name decides, instead of the running host's.
    pub(super) image: Option<PathBuf>,
    pub(super) wants_list: bool,
    /// The command is about all policies.
    pub(super) all: bool,
}

/// Adds them to those of a program with one policy.
pub(super) fn extend(definition: Command, members: &[Member<'_>]) -> Command {
    let owned = |words: Vec<&str>| -> Vec<String> { words.into_iter().map(str::to_owned).collect() };
    let names = owned(members.iter().map(|member| member.name).collect());
    let mut roles: Vec<&str> = members.iter().flat_map(|member| member.roles.iter().copied()).collect();
    roles.sort_unstable();
    roles.dedup();
    let all = Arg::new("all")
        .long("all")
        .help("Do it with all policies of this program, one after the other")
        .action(ArgAction::SetTrue)
        .conflicts_with("policy");
    // clap wants the options to be there that others exclude.
    let all = if roles.is_empty() { all } else { all.conflicts_with("role") };
    let policy = Arg::new("policy")
        .long("policy")
        .value_name("NAME")
        .help("Work on this policy, instead of the one for the name of this host")
        .value_parser(PossibleValuesParser::new(names))
        .global(true);
    let mut definition = definition
        .about("Shows, checks, applies and saves the firewall policies that are built into this program")
        .arg(policy);
    if !roles.is_empty() {
        let role = Arg::new("role")
            .long("role")
            .value_name("ROLE")
            .help("Work on the policy that is for this role; among several, the name of this host decides")
            .value_parser(PossibleValuesParser::new(owned(roles)))
            .conflicts_with("policy")
            .global(true);
        definition = definition.arg(role);
    }
    let list = Command::new(POLICIES)
        .about("List the policies of this program, and tell which one is this host's")
        .after_help(super::common::EXIT_CODES);
    // `mut_subcommand` would move them behind the others.
    let with_all = |command: Command| match FOR_ALL.contains(&command.get_name()) {
        true => command.arg(all.clone()),
        false => command,
    };
    definition.mut_subcommands(with_all).subcommand(list)
}

impl Selection {
    pub(super) fn of(matches: &ArgMatches) -> Selection {
        let word = |id: &str| matches.try_get_one::<String>(id).ok().flatten().cloned();
        let mut selection = Selection { policy: word("policy"), role: word("role"), ..Selection::default() };
        if let Some((name, of_command)) = matches.subcommand() {
            selection.wants_list = name == POLICIES;
            selection.all = FOR_ALL.contains(&name) && of_command.get_flag("all");
            if FOR_IMAGES.contains(&name) {
                selection.image = of_command.try_get_one::<PathBuf>("root").ok().flatten().cloned();
            }
        }
        selection
    }
}
