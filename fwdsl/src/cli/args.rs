//! The arguments.

mod boot;
mod change;
mod former;
mod html_report;
mod look;
mod values;

use std::ffi::OsString;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

pub(super) use boot::{BootArguments, InstallArguments, UninstallArguments};
pub(super) use change::{ApplyArguments, ConfirmArguments, Guarded, RecoverArguments, SaveArguments};
pub(super) use former::{HistoryArguments, HistoryCommand, RollbackArguments};
pub(super) use html_report::HtmlReportArguments;
pub(super) use look::{ColorChoice, ExplainArguments, Format, PlanArguments, ShowArguments, StatusArguments};

use crate::pages::{CompletionsArguments, ManArguments};

/// What the exit codes mean; documentation shows the same text.
pub(super) const EXIT_CODES: &str = include_str!("exit-codes.txt");

/// The commands that the boot runs.
pub(super) const RECOVER: &str = "recover";
pub(super) const BOOT: &str = "boot";

/// Shows, checks, applies and saves the firewall policy that is built into this program
#[derive(Debug, Parser)]
pub(super) struct Arguments {
    /// Print one JSON object, warnings and errors included
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the rules in the format of iptables-restore, or the policy as JSON
    Show(ShowArguments),
    /// Check the policy, and print what lints find
    Check,
    /// Tell which verdicts the packets of a pattern get, and every rule that they meet
    ///
    /// The pattern is that of assertions: `in eth0 tcp from 203.0.113.7 dport 22 ct new`. What it leaves open may be
    /// anything: each verdict that is possible is told, with a packet that gets it.
    Explain(ExplainArguments),
    /// Write a page of the policy for those who review it
    ///
    /// One file of HTML, without scripts, that asks no network for anything: what is open to whom and by which rule,
    /// every rule with its line, assertions, findings, sets and sysctls; with --status also what this host has loaded.
    /// Without it the same policy gives the same page.
    Report(HtmlReportArguments),
    /// Tell what an apply would change on this host, and change nothing
    ///
    /// Rules are compared by meaning: packets that would be newly accepted and newly refused, each with the rules that
    /// decide. It needs no rights; what this process may not look at is said to be unknown.
    Plan(PlanArguments),
    /// Tell whether the policy is in force, and how many packets each of its rules has matched
    ///
    /// What differs is named: the rule of the policy that is missing, the line of the kernel's that is too many, sets,
    /// sysctls, files for boot. It needs no rights; what this process may not look at is said to be unknown.
    Status(StatusArguments),
    /// Load the rules and set the sysctls, all or nothing
    ///
    /// Rules of both families, sysctls and, with --save, files change as one step: if anything fails or this program
    /// is killed, everything is put back. What is as it should be already is not touched.
    Apply(ApplyArguments),
    /// Confirm the apply that waits for it (apply --confirm)
    ///
    /// It counts from a console of this machine, and from an SSH connection that was opened after the apply: one that
    /// was open before survives nearly any rules. With it come the files of apply --save.
    Confirm(ConfirmArguments),
    /// Keep the rules and sysctls for the next boot, without applying them
    ///
    /// The rules go where the distribution keeps them (Alpine, Arch, Debian, Fedora and their like), and the service
    /// that loads them there is enabled; after an `install`, they are kept for its service instead. The sysctls go to
    /// /etc/sysctl.d/zz-fwdsl.conf. On the running host, a service that runs `recover` at boot comes with them, for an
    /// apply that a power failure cuts off.
    Save(SaveArguments),
    /// Have the policy loaded at every boot, with a lock-down for when that fails
    ///
    /// A service of its own, for systemd or OpenRC, loads the policy before the network is configured. If it cannot, a
    /// lock-down comes up, which still lets in what the policy asserts to be accepted. The program is copied to
    /// /usr/local/sbin unless it lies in a place for good. `save` and `apply --save` from then on keep the policy for
    /// this service; `uninstall` undoes all of it.
    Install(InstallArguments),
    /// Undo an install, and every save: no policy is loaded at boot any more
    ///
    /// All files and settings are as they were before the first of them. Rules and sysctls in force stay so until the
    /// next boot.
    Uninstall(UninstallArguments),
    /// Load the policy that is kept for boot; the service fwdsl runs this
    #[command(name = BOOT)]
    Boot(BootArguments),
    /// Bring a former state of the host back, all or nothing
    ///
    /// Without a number, the state before the last change. Rules, sets, sysctls and files come back as they were then,
    /// as far as that change and all later ones have touched them. What is now becomes a former state itself, so a
    /// rollback can be rolled back.
    Rollback(RollbackArguments),
    /// List the former states that are kept, the newest first
    ///
    /// Each is the host before a change: when that was, by which program and whom, and what it changed.
    History(HistoryArguments),
    /// Undo an apply that was ended before it was complete
    ///
    /// The guardian of an apply does this by itself, and so does the next apply. This is for when the guardian was
    /// ended too, and for boot, where the service fwdsl-recover runs it.
    #[command(name = RECOVER)]
    Recover(RecoverArguments),
    /// Print a script that makes a shell complete the arguments of this program
    ///
    /// For bash: `my-host completions bash >/etc/bash_completion.d/my-host`. The program is to be in PATH under the name that
    /// it has now.
    Completions(CompletionsArguments),
    /// Print the manual page of this program or of one of its commands
    ///
    /// To read it at once: `my-host man | man -l -`. With --dir, all pages are written, for a package or an image.
    Man(ManArguments),
}

/// The command line of a program that holds one policy.
pub(super) fn definition() -> clap::Command {
    Arguments::command().after_help(EXIT_CODES).mut_subcommands(|command| command.after_help(EXIT_CODES))
}

/// Reads the arguments, the program's name first. Help goes under that name, for this command line serves many
/// programs.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    read(&definition().try_get_matches_from(arguments)?)
}

/// Reads what clap has taken.
pub(super) fn read(matches: &ArgMatches) -> Result<Arguments, clap::Error> {
    Arguments::from_arg_matches(matches)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use fwdsl_runtime::host::Variant;

    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Arguments, clap::Error> {
        parse(["/usr/sbin/my-host"].iter().chain(arguments).map(OsString::from))
    }

    #[test]
    fn the_definitions_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn help_has_the_programs_name_and_the_exit_codes() {
        let help = parsed(&["--help"]).unwrap_err().to_string();
        assert!(help.contains("Usage: my-host"), "{help}");
        assert!(help.contains(EXIT_CODES.trim_end()), "{help}");
    }

    #[test]
    fn options_reach_the_apply() {
        let arguments = parsed(&[
            "apply",
            "--dry-run",
            "--replace-foreign",
            "--variant",
            "legacy",
            "--root",
            "/image",
            "--json",
        ]);
        let arguments = arguments.unwrap();
        assert!(arguments.json);
        let Command::Apply(apply) = arguments.command else { panic!("{:?}", arguments.command) };
        let options = apply.options();
        assert!(options.dry_run && options.replace_foreign && !apply.save);
        assert_eq!(options.variant, Some(Variant::Legacy));
        assert_eq!(options.root.as_deref(), Some(Path::new("/image")));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for arguments in [
            &["aply"][..],
            &["apply", "--detach"],
            &["rollback", "--detach"],
            &["show", "--family", "ipv5"],
            &["apply", "--variant", "old"],
            &[],
        ] {
            assert!(parsed(arguments).is_err(), "{arguments:?}");
        }
    }
}
