//! The arguments.

mod boot;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use fwdsl_runtime::analysis::Request;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::{Options, Variant};

pub(super) use boot::{BootArguments, InstallArguments, UninstallArguments};

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
    /// Undo an apply that was ended before it was complete
    ///
    /// The guardian of an apply does this by itself, and so does the next apply. This is for when the guardian was
    /// ended too, and for boot, where the service fwdsl-recover runs it.
    #[command(name = RECOVER)]
    Recover(RecoverArguments),
}

#[derive(Debug, Args)]
pub(super) struct ShowArguments {
    /// Print the rules of this family alone
    #[arg(long, value_name = "FAMILY")]
    pub(super) family: Option<FamilyName>,
    /// Print the rules for iptables-restore, or the whole policy with its lowered rules as JSON
    ///
    /// The JSON has a version and a schema, docs/schema/policy-v1.json, and `fwdsl import` reads it.
    #[arg(long, value_name = "FORMAT", default_value = "restore")]
    pub(super) format: Format,
    /// Print the sets alone, in the format of ipset restore
    #[arg(long, conflicts_with = "format")]
    pub(super) sets: bool,
}

#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// The packets, in the words of an assertion
    #[arg(value_name = "PATTERN")]
    pattern: String,
    /// Start at the top of this chain, [TABLE/]CHAIN, instead of the whole way through the host
    ///
    /// The whole way is that of packets for this host, or, if the pattern has `out`, of those that it makes; with `in`
    /// and `out`, of those that are routed through.
    #[arg(long, value_name = "CHAIN")]
    chain: Option<String>,
    /// Only IPv4
    #[arg(long, conflicts_with = "ipv6")]
    ipv4: bool,
    /// Only IPv6
    #[arg(long)]
    ipv6: bool,
    /// Only what this variant of iptables does; they differ with fragments
    #[arg(long)]
    variant: Option<VariantName>,
}

#[derive(Debug, Args)]
pub(super) struct ApplyArguments {
    /// Say what would change, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Keep rules and sysctls for the next boot in the same step
    #[arg(long)]
    pub(super) save: bool,
    /// End the tracked connections that the former rules let begin and these do not
    ///
    /// Connections of which that is not certain are listed and left.
    #[arg(long, conflicts_with = "confirm")]
    drop_revoked: bool,
    /// Undo it all unless it is confirmed within this time: 60s, 5m, 1h
    ///
    /// At a console, Enter confirms; over SSH, the command `confirm` in a second connection. Files of --save wait for
    /// that. A watchdog undoes the apply if this program, its terminal or its connection ends.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    confirm: Option<Duration>,
    /// Apply even where the policy would cut off the SSH connection of this session, or the next one
    #[arg(long)]
    pub(super) force: bool,
    /// Do not wait for the confirmation, but leave it to the watchdog
    #[arg(long, requires = "confirm")]
    pub(super) detach: bool,
    /// Replace rules and chains that fwdsl did not load
    #[arg(long)]
    replace_foreign: bool,
    /// Use this variant of iptables instead of the one that `iptables-restore` is
    #[arg(long)]
    variant: Option<VariantName>,
    /// Look for iptables and other programs in this directory alone
    #[arg(long, value_name = "DIR")]
    program_dir: Option<PathBuf>,
    /// Keep files and the undo journal below this directory instead of /
    ///
    /// Rules and sysctls are those of the running kernel all the same.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct PlanArguments {
    /// Show the lines that change, as iptables-save prints them
    #[arg(long)]
    pub(super) text: bool,
    /// Take in the files for the next boot, as apply --save does
    #[arg(long)]
    pub(super) save: bool,
    /// Take for granted that rules and chains that fwdsl did not load are replaced
    #[arg(long)]
    replace_foreign: bool,
    #[command(flatten)]
    pub(super) look: LookArguments,
}

#[derive(Debug, Args)]
pub(super) struct StatusArguments {
    #[command(flatten)]
    pub(super) look: LookArguments,
}

/// Where and how a command that only looks looks.
#[derive(Debug, Args)]
pub(super) struct LookArguments {
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorChoice,
    /// Look at this variant of iptables instead of the one that `iptables-restore` is
    #[arg(long)]
    variant: Option<VariantName>,
    /// Look for iptables and other programs in this directory alone
    #[arg(long, value_name = "DIR")]
    program_dir: Option<PathBuf>,
    /// Look for files and the state directory below this directory instead of /
    ///
    /// Rules and sysctls are those of the running kernel all the same.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

#[derive(Debug, Args)]
pub(super) struct SaveArguments {
    /// Say what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Write into the image whose root is this directory, instead of the running host
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct ConfirmArguments {
    /// Find the apply's journal below this directory instead of /
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct RecoverArguments {
    /// Find the undo journal below this directory instead of /
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum FamilyName {
    Ipv4,
    Ipv6,
}

/// How `show` prints the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Restore,
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum VariantName {
    Legacy,
    Nft,
}

impl From<FamilyName> for Family {
    fn from(name: FamilyName) -> Family {
        match name {
            FamilyName::Ipv4 => Family::Ipv4,
            FamilyName::Ipv6 => Family::Ipv6,
        }
    }
}

impl From<VariantName> for Variant {
    fn from(name: VariantName) -> Variant {
        match name {
            VariantName::Legacy => Variant::Legacy,
            VariantName::Nft => Variant::Nft,
        }
    }
}

impl ExplainArguments {
    pub(super) fn request(&self) -> Request<'_> {
        let family = match (self.ipv4, self.ipv6) {
            (true, _) => Some(Family::Ipv4),
            (_, true) => Some(Family::Ipv6),
            _ => None,
        };
        Request {
            pattern: &self.pattern,
            chain: self.chain.as_deref(),
            family,
            variant: self.variant.map(Variant::from),
        }
    }
}

impl ApplyArguments {
    pub(super) fn options(&self) -> Options {
        Options {
            variant: self.variant.map(Variant::from),
            program_dir: self.program_dir.clone(),
            root: self.root.clone(),
            replace_foreign: self.replace_foreign,
            dry_run: self.dry_run,
            drop_revoked: self.drop_revoked,
            confirm: self.confirm,
            ..Options::default()
        }
    }
}

impl ConfirmArguments {
    pub(super) fn options(&self) -> Options {
        Options { root: self.root.clone(), ..Options::default() }
    }
}

impl PlanArguments {
    pub(super) fn options(&self) -> Options {
        Options { replace_foreign: self.replace_foreign, ..self.look.options() }
    }
}

impl StatusArguments {
    pub(super) fn options(&self) -> Options {
        // What others added is told as that, rule by rule.
        Options { replace_foreign: true, ..self.look.options() }
    }
}

impl LookArguments {
    pub(super) fn options(&self) -> Options {
        Options {
            variant: self.variant.map(Variant::from),
            program_dir: self.program_dir.clone(),
            root: self.root.clone(),
            dry_run: true,
            ..Options::default()
        }
    }
}

impl SaveArguments {
    pub(super) fn options(&self) -> Options {
        Options { root: self.root.clone(), dry_run: self.dry_run, ..Options::default() }
    }

    /// The image to write into, if it is not the running host.
    pub(super) fn image(&self) -> Option<&Path> {
        self.root.as_deref()
    }
}

impl RecoverArguments {
    pub(super) fn options(&self) -> Options {
        Options { root: self.root.clone(), ..Options::default() }
    }
}

/// The longest time that a confirmation may take: who needs longer has forgotten it.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A time with its unit.
fn parse_time(text: &str) -> Result<Duration, String> {
    let units = [("s", 1), ("m", 60), ("h", 60 * 60)];
    let unit = units.iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)));
    let Some((number, seconds)) = unit else {
        return Err(format!("`{text}` has no unit: write 60s, 5m or 1h"));
    };
    let time = number.parse::<u64>().ok().and_then(|number| number.checked_mul(*seconds));
    match time.map(Duration::from_secs) {
        Some(time) if !time.is_zero() && time <= LONGEST => Ok(time),
        Some(_) => Err("it must be between 1s and 24h".to_owned()),
        None => Err(format!("`{number}` is not a whole number")),
    }
}

/// Reads the arguments, the program's name first. Help goes under that name, for this command line serves many
/// programs.
pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Arguments, clap::Error> {
    let command =
        Arguments::command().after_help(EXIT_CODES).mut_subcommands(|command| command.after_help(EXIT_CODES));
    Arguments::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

#[cfg(test)]
mod tests {
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
    fn times_have_units_and_limits() {
        let seconds = |text: &str| parse_time(text).map(|time| time.as_secs());
        assert_eq!([seconds("30s"), seconds("5m"), seconds("24h")], [Ok(30), Ok(5 * 60), Ok(24 * 60 * 60)]);
        for wrong in
            ["60", "", "s", "0s", "25h", "-1s", "1.5m", "99999999999999999999s", "18446744073709551615h"]
        {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
        assert!(parsed(&["apply", "--detach"]).is_err());
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for arguments in [&["aply"][..], &["show", "--family", "ipv5"], &["apply", "--variant", "old"], &[]] {
            assert!(parsed(arguments).is_err(), "{arguments:?}");
        }
    }
}
