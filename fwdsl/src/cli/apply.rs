//! `apply`: rules, sysctls and, with `--save`, files, as one step.

use std::path::Path;

use fwdsl_runtime::Policy;
use fwdsl_runtime::diagnostic::Diagnostics;
use fwdsl_runtime::emit::{Protocols, emit_chains};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::boot::{self, Loader};
use fwdsl_runtime::host::sysctl::{Expansion, expand};
use fwdsl_runtime::host::tree::Tree;
use fwdsl_runtime::host::{self, Desired, DesiredSet, Sharing, Variant};

use super::args::ApplyArguments;
use super::failure::Failure;
use super::output::Done;
use super::report;
use super::save::{self, Keeping, Kept};

/// Where the running kernel has its parameters.
pub(super) const PROC_SYS: &str = "/proc/sys";

pub(super) fn apply(policy: &Policy, arguments: &ApplyArguments) -> Result<Done, Failure> {
    policy.check()?;
    let options = arguments.options();
    let tree = Tree::new(options.root.as_deref());
    let rules = rules(policy)?;
    let (mut desired, mut warnings) = desired(policy, &rules)?;
    let mut loader = None;
    if arguments.save {
        let keeping = Keeping::again(&options, false)?;
        let kept: Kept = save::kept(policy, &rules, Some(&desired.sysctls), &tree, &keeping)?;
        warnings.extend(kept.warnings);
        desired.files = kept.files;
        desired.installs = Some(keeping.loader);
        loader = Some((keeping.loader, kept.startup.init));
    } else if let Ok(init) = boot::detect_init(&tree, &Tree::new(None)) {
        warnings.extend(boot::saves_on_stop(init, &tree)?);
    }
    let report = host::apply(&desired, &options)?;
    warnings.extend(report.warnings.iter().cloned());
    if let (Some((Loader::Distribution, _)), Some(variant)) = (loader, report.variant) {
        warnings.extend(at_boot(&rules, variant, &tree));
    }
    if let (Some((_, init)), None, false) = (loader, &options.root, report.dry_run) {
        warnings.extend(boot::tell_init(init));
    }
    Ok(Done { text: report::text(&report), json: report::json(&report), warnings })
}

/// What the policy brings about on this host, without files, and what is to be said of it.
pub(super) fn desired(policy: &Policy, rules: &[Rules]) -> Result<(Desired, Vec<String>), Failure> {
    let expansion = expand(&policy.sysctls(), Path::new(PROC_SYS))?;
    let warnings = left_out(&expansion);
    let desired = Desired {
        sets: policy.all_sets()?.iter().map(|set| DesiredSet::from(set.as_ref())).collect(),
        sysctls: expansion.writes,
        ..desired_rules(rules)
    };
    Ok((desired, warnings))
}

/// Warns where the boot will load the rules in another variant of iptables.
pub(super) fn at_boot(rules: &[Rules], variant: Variant, tree: &Tree) -> Vec<String> {
    let families: Vec<Family> = rules.iter().map(|rules| rules.family).collect();
    boot::other_variants(&families, variant, tree).iter().map(ToString::to_string).collect()
}

/// The rules alone, to be brought about.
pub(super) fn desired_rules(rules: &[Rules]) -> Desired {
    let of = |family| rules.iter().find(|rules| rules.family == family);
    let text = |family| of(family).map(|rules| rules.text.clone());
    let sharing = |family| of(family).map(|rules| rules.sharing.clone()).unwrap_or_default();
    Desired {
        ipv4: text(Family::Ipv4),
        ipv6: text(Family::Ipv6),
        ipv4_sharing: sharing(Family::Ipv4),
        ipv6_sharing: sharing(Family::Ipv6),
        ..Desired::default()
    }
}

/// The rules of one family.
pub(super) struct Rules {
    pub(super) family: Family,
    /// Tables, or chains in them, in a form that also loads where there is no `/etc/protocols`.
    pub(super) text: String,
    /// What in these tables is not the policy's.
    pub(super) sharing: Sharing,
}

/// The rules of the policy's families.
pub(super) fn rules(policy: &Policy) -> Result<Vec<Rules>, Diagnostics> {
    let rules = |family| {
        let rules = |ruleset| Rules {
            family,
            text: emit_chains(&ruleset, Protocols::Numbered),
            sharing: Sharing::of(&ruleset),
        };
        Ok(policy.lower(family)?.map(rules))
    };
    Family::ALL.into_iter().filter_map(|family| rules(family).transpose()).collect()
}

pub(super) fn left_out(expansion: &Expansion) -> Vec<String> {
    let keys: Vec<String> =
        expansion.without_ipv6.iter().map(|setting| format!("`{}`", setting.key)).collect();
    match keys.is_empty() {
        true => Vec::new(),
        false => {
            vec![format!("this kernel has no IPv6 (`ipv6.disable=1`), so {} was not set", keys.join(", "))]
        }
    }
}
