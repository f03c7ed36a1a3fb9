//! The arguments.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use fwdsl::pages::{CompletionsArguments, ManArguments};
use fwdsl_runtime::analysis::{Open, Request};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::variant::Variant;

use super::check::Levels;
use super::firewall::FirewallArguments;

/// What the exit codes mean; documentation shows the same text.
const EXIT_CODES: &str = include_str!("exit-codes.txt");

/// What `import --help` shows.
const IMPORT_EXAMPLES: &str = "\
Examples:
  iptables-save | fwdsl import -                        the running IPv4 rules as a Rust program
  fwdsl import rules.v4 --ipv6 rules.v6 --output src/main.rs
                                                        both families as one policy
  fwdsl import rules.v4 --to restore                    the same rules as iptables-save prints them
  my-host show --format json | fwdsl import - --to rust
                                                        a policy that another program holds
";

/// What `check --help` shows.
const CHECK_EXAMPLES: &str = "\
Examples:
  iptables-save | fwdsl check -                         the running IPv4 rules
  fwdsl check hosts/*.v4 --json                         every finding of many firewalls
  fwdsl check rules.v4 --allow one_variant --deny fragment_reassembled
";

/// What `explain --help` shows.
const EXPLAIN_EXAMPLES: &str = "\
Examples:
  iptables-save | fwdsl explain - 'in eth0 tcp from 203.0.113.7 dport 22 ct new'
  fwdsl explain rules.v4 rules.v6 'in eth0 out eth1 tcp dport smtp'
  fwdsl explain rules.v4 --chain nat/PREROUTING 'in eth0 udp dport 53 ct new'
";

/// Helps to write firewall policies in Rust
#[derive(Debug, Parser)]
#[command(name = "fwdsl")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Format the rules in `firewall!` and `rules!`, which rustfmt leaves alone
    ///
    /// Only blanks and line breaks change. A file that is formatted already is not touched.
    Fmt(FmtArguments),
    /// Read the rules of a host, and write them as a Rust policy, as iptables has them, or as JSON
    ///
    /// Every line is taken or refused with the reason; if one is refused, nothing is written. What is written emits the
    /// same rules.
    Import(ImportArguments),
    /// Look for rules that can never match, and for other mistakes, in the rules of a host
    ///
    /// Lines that iptables would refuse are told, and what can be read of them counts.
    Check(CheckArguments),
    /// Tell which verdicts the packets of a pattern get from the rules of a host, and every rule that they meet
    ///
    /// The pattern is that of assertions: `in eth0 tcp from 203.0.113.7 dport 22 ct new`. What it leaves open may be
    /// anything: each verdict that is possible is told, with a packet that gets it.
    Explain(ExplainArguments),
    /// Tell who may open a service to whom
    ///
    /// All addresses are divided into classes that the chain cannot tell apart. It is about the first packets of
    /// connections, and what may be: matches that nobody can answer from here may match.
    Matrix(MatrixArguments),
    /// Tell what two firewalls do differently: not the text, but what becomes of packets
    ///
    /// The differences are rule-like lines that together are exactly the packets of which something else becomes. `no
    /// difference` is a proof.
    Compare(CompareArguments),
    /// Write a page of a firewall for those who review it
    ///
    /// One file of HTML without scripts: who may open what and by which rule, findings, the chains as a drawing, and every
    /// rule with its line.
    Report(HtmlReportArguments),
    /// Print a script that makes a shell complete the arguments of this program
    ///
    /// For bash: `fwdsl completions bash >/etc/bash_completion.d/fwdsl`.
    Completions(CompletionsArguments),
    /// Print the manual page of this program or of one of its commands
    ///
    /// To read it at once: `fwdsl man | man -l -`.
    Man(ManArguments),
}

#[derive(Debug, Args)]
pub(crate) struct HtmlReportArguments {
    #[command(flatten)]
    pub(crate) firewall: FirewallArguments,
    /// Write the page to this file; `-` is standard output
    #[arg(long, value_name = "PAGE")]
    pub(crate) html: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct FmtArguments {
    /// Change nothing: print what would change, and exit with 1 if there is any
    #[arg(long)]
    pub(crate) check: bool,
    /// Files, and directories whose `.rs` files are meant; `-` formats standard input to standard output
    ///
    /// In directories are passed over: links, hidden files and directories, and what cargo builds in `target`.
    #[arg(value_name = "PATH", default_value = ".")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    #[command(flatten)]
    pub(crate) firewall: FirewallArguments,
    /// What to write
    #[arg(long, value_name = "FORM", default_value = "rust")]
    pub(crate) to: Form,
    /// With `--to restore`, of which family where the firewall is for both
    #[arg(long, value_name = "FAMILY")]
    pub(crate) family: Option<FamilyName>,
    /// Write to this file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// What `iptables-save` or `ip6tables-save` printed, or policies as JSON, each a firewall of its own
    ///
    /// `-` reads standard input. Whether a dump is of IPv4 or IPv6 is seen from its first comment, or from its addresses.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// The files are of IPv6
    #[arg(long, conflicts_with = "ipv4")]
    pub(crate) ipv6: bool,
    /// The files are of IPv4
    #[arg(long)]
    pub(crate) ipv4: bool,
    /// Print the findings as an array of JSON
    #[arg(long, conflicts_with = "sarif")]
    pub(crate) json: bool,
    /// Print the findings as SARIF 2.1.0, which tools for code review read
    #[arg(long)]
    pub(crate) sarif: bool,
    #[command(flatten)]
    pub(crate) levels: Levels,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// Files as `check` takes them, each a firewall of its own; and last the packets, in the words of an assertion
    #[arg(value_name = "FILE… PATTERN", required = true)]
    pub(crate) words: Vec<String>,
    /// Start at the top of this chain, [TABLE/]CHAIN, instead of the whole way through the host
    ///
    /// The whole way is that of packets for this host, or, if the pattern has `out`, of those that it makes; with `in`
    /// and `out`, of those that are routed through.
    #[arg(long, value_name = "CHAIN")]
    chain: Option<String>,
    /// The files are of IPv6
    #[arg(long, conflicts_with = "ipv4")]
    ipv6: bool,
    /// The files are of IPv4
    #[arg(long)]
    ipv4: bool,
    /// Only what this variant of iptables does; they differ with fragments
    #[arg(long)]
    variant: Option<VariantName>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum VariantName {
    Legacy,
    Nft,
}

#[derive(Debug, Args)]
pub(crate) struct MatrixArguments {
    /// What `iptables-save` or `ip6tables-save` printed, or a policy as JSON
    ///
    /// `-` reads standard input. Whether a dump is of IPv4 or IPv6 is seen from its first comment, or from its addresses.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The file is of IPv6; of a policy as JSON: the addresses of IPv6 are meant
    #[arg(long, conflicts_with = "ipv4")]
    pub(crate) ipv6: bool,
    /// The file is of IPv4
    #[arg(long)]
    pub(crate) ipv4: bool,
    /// The chain that the packets enter
    #[arg(long, value_name = "[TABLE/]CHAIN", default_value = "FORWARD")]
    pub(crate) chain: String,
    /// The service: `tcp:22`, `udp:domain`, `tcp:8000-8080` for any of these, or a name, `ssh`
    #[arg(long, value_name = "SERVICE")]
    pub(crate) service: String,
    /// The port that clients speak from
    #[arg(long, value_name = "PORT", default_value = "10000")]
    pub(crate) source_port: Option<u16>,
    /// What is assumed of interfaces, marks, packet types and address translation
    #[arg(long, value_name = "HOW", default_value = "per-rule")]
    pub(crate) open: OpenName,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Write a graph for Graphviz to this file too
    #[arg(long, value_name = "FILE")]
    pub(crate) dot: Option<PathBuf>,
    /// Write a drawing to this file too
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum OpenName {
    /// Each rule may find them as it wants them, whatever another rule finds
    PerRule,
    /// Every rule finds the same: some incoming and some outgoing interface, some mark and so on
    PerPacket,
}

impl From<OpenName> for Open {
    fn from(name: OpenName) -> Open {
        match name {
            OpenName::PerRule => Open::PerRule,
            OpenName::PerPacket => Open::PerPacket,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct CompareArguments {
    /// The firewall as it was: what `iptables-save` or `ip6tables-save` printed, or a policy as JSON
    ///
    /// `-` reads standard input. Whether a dump is of IPv4 or IPv6 is seen from its first comment, or from its addresses.
    #[arg(value_name = "OLD")]
    pub(crate) old: PathBuf,
    /// The firewall as it is or will be
    #[arg(value_name = "NEW")]
    pub(crate) new: PathBuf,
    /// The dumps are of IPv6; of policies, compare that family alone
    #[arg(long, conflicts_with = "ipv4")]
    pub(crate) ipv6: bool,
    /// The dumps are of IPv4; of policies, compare that family alone
    #[arg(long)]
    pub(crate) ipv4: bool,
    /// Print the differences as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// How many steps the comparison may take before it gives up
    #[arg(long, value_name = "STEPS")]
    pub(crate) budget: Option<u64>,
}

/// What `import` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// A Rust program with the policy in `firewall!`
    Rust,
    /// The text that `iptables-save` prints once the rules are loaded
    Restore,
    /// The policy as JSON, as `show --format json` prints it
    Json,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FamilyName {
    Ipv4,
    Ipv6,
}

impl ExplainArguments {
    pub(crate) fn request<'a>(&'a self, pattern: &'a str) -> Request<'a> {
        let family = match (self.ipv4, self.ipv6) {
            (true, _) => Some(Family::Ipv4),
            (_, true) => Some(Family::Ipv6),
            _ => None,
        };
        let variant = self.variant.map(|name| match name {
            VariantName::Legacy => Variant::Legacy,
            VariantName::Nft => Variant::Nft,
        });
        Request { pattern, chain: self.chain.as_deref(), family, variant }
    }
}

impl From<FamilyName> for Family {
    fn from(name: FamilyName) -> Family {
        match name {
            FamilyName::Ipv4 => Family::Ipv4,
            FamilyName::Ipv6 => Family::Ipv6,
        }
    }
}

/// What `matrix --help` shows.
const MATRIX_EXAMPLES: &str = "\
Examples:
  fwdsl matrix rules.v4 --service ssh                   who may open SSH to whom, through the host
  fwdsl matrix rules.v4 --chain INPUT --service tcp:443 --svg https.svg
  iptables-save | fwdsl matrix - --service tcp:8000-8080 --json
";

/// What `compare --help` shows.
const COMPARE_EXAMPLES: &str = "\
Examples:
  fwdsl compare before.v4 after.v4                      what a change of the rules changes for packets
  iptables-save | fwdsl compare - rules.v4              what loading a file would change
  fwdsl compare old.json new.json --json                two policies, for a program to read
";

/// Reads the arguments, the program's name first.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let matches = definition().try_get_matches_from(arguments)?;
    Arguments::from_arg_matches(&matches).map(|arguments| arguments.command)
}

/// The command line.
pub(crate) fn definition() -> clap::Command {
    Arguments::command()
        .after_help(EXIT_CODES)
        .mut_subcommands(|command| command.after_help(EXIT_CODES))
        .mut_subcommand("import", |command| command.after_help(format!("{IMPORT_EXAMPLES}\n{EXIT_CODES}")))
        .mut_subcommand("check", |command| command.after_help(format!("{CHECK_EXAMPLES}\n{EXIT_CODES}")))
        .mut_subcommand("explain", |command| command.after_help(format!("{EXPLAIN_EXAMPLES}\n{EXIT_CODES}")))
        .mut_subcommand("matrix", |command| command.after_help(format!("{MATRIX_EXAMPLES}\n{EXIT_CODES}")))
        .mut_subcommand("compare", |command| command.after_help(format!("{COMPARE_EXAMPLES}\n{EXIT_CODES}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn without_paths_it_is_the_directory_one_is_in() {
        let Command::Fmt(arguments) = parse(["fwdsl", "fmt"].map(OsString::from)).unwrap() else { panic!() };
        assert_eq!(arguments.paths, [PathBuf::from(".")]);
        assert!(!arguments.check);
    }

    #[test]
    fn an_import_is_of_one_family_or_of_both() {
        let parsed = |arguments: &[&str]| {
            let command = parse(["fwdsl", "import"].iter().chain(arguments).map(OsString::from));
            command.map(|command| match command {
                Command::Import(arguments) => arguments,
                _ => panic!(),
            })
        };
        let both = parsed(&["a", "--ipv6", "b"]).unwrap();
        assert_eq!((both.firewall.file, both.firewall.ipv6), (Some("a".into()), Some("b".into())));
        assert_eq!(both.to, Form::Rust);
        assert_eq!(parsed(&["--ipv6", "b", "--to", "restore"]).unwrap().firewall.file, None);
        for wrong in [&[][..], &["a", "--to", "nft"], &["a", "b"], &["a", "--unknown", "drop"]] {
            assert!(parsed(wrong).is_err(), "{wrong:?}");
        }
    }
}
