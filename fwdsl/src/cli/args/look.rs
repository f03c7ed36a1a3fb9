//! The arguments of the commands that look, and change nothing.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use fwdsl_runtime::analysis::Request;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::{Options, Variant};

use super::values::{FamilyName, VariantName};

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArguments {
    /// Print the rules of this family alone
    #[arg(long, value_name = "FAMILY")]
    pub(in crate::cli) family: Option<FamilyName>,
    /// Print the rules for iptables-restore, or the whole policy with its lowered rules as JSON
    ///
    /// The JSON has a version and a schema, docs/schema/policy-v1.json, and `fwdsl import` reads it.
    #[arg(long, value_name = "FORMAT", default_value = "restore")]
    pub(in crate::cli) format: Format,
    /// Print the sets alone, in the format of ipset restore
    #[arg(long, conflicts_with = "format")]
    pub(in crate::cli) sets: bool,
    /// Tell which rules became trees of chains (#[optimise]), and why others did not
    #[arg(long, conflicts_with_all = ["format", "sets"])]
    pub(in crate::cli) trees: bool,
}

/// How `show` prints the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    Restore,
    Json,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct ExplainArguments {
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
pub(in crate::cli) struct PlanArguments {
    /// Show the lines that change, as iptables-save prints them
    #[arg(long)]
    pub(in crate::cli) text: bool,
    /// Take in the files for the next boot, as apply --save does
    #[arg(long)]
    pub(in crate::cli) save: bool,
    /// Take for granted that rules and chains that fwdsl did not load are replaced
    #[arg(long)]
    replace_foreign: bool,
    #[command(flatten)]
    pub(in crate::cli) look: LookArguments,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct StatusArguments {
    #[command(flatten)]
    pub(in crate::cli) look: LookArguments,
}

/// Where and how a command that only looks looks.
#[derive(Debug, Args)]
pub(in crate::cli) struct LookArguments {
    /// When to use colours
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(in crate::cli) color: ColorChoice,
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
pub(in crate::cli) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

impl ExplainArguments {
    pub(in crate::cli) fn request(&self) -> Request<'_> {
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

impl PlanArguments {
    pub(in crate::cli) fn options(&self) -> Options {
        Options { replace_foreign: self.replace_foreign, ..self.look.options() }
    }
}

impl StatusArguments {
    pub(in crate::cli) fn options(&self) -> Options {
        // What others added is told as that, rule by rule.
        Options { replace_foreign: true, ..self.look.options() }
    }
}

impl LookArguments {
    pub(in crate::cli) fn options(&self) -> Options {
        Options {
            variant: self.variant.map(Variant::from),
            program_dir: self.program_dir.clone(),
            root: self.root.clone(),
            dry_run: true,
            ..Options::default()
        }
    }
}
