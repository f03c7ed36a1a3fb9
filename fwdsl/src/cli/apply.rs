//! `apply`: rules, sysctls and, with `--save`, files, as one step.

use std::path::Path;
use std::sync::Arc;

use fwdsl_runtime::Policy;
use fwdsl_runtime::diagnostic::Diagnostics;
use fwdsl_runtime::emit::{Protocols, emit_chains};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::boot::{self, Installs};
use fwdsl_runtime::host::sysctl::{Expansion, expand};
use fwdsl_runtime::host::tree::Tree;
use fwdsl_runtime::host::{self, Access, Caller, Desired, DesiredSet, Sharing, Variant, check_access};
use fwdsl_runtime::lower::Ruleset;

use super::args::ApplyArguments;
use super::boot::{check_stop, tell_init};
use super::failure::Failure;
use super::fleet::Chosen;
use super::output::Done;
use super::report;
use super::save::{self, Keeping, Kept};
use super::wait;

/// Where the running kernel has its parameters.
pub(super) const PROC_SYS: &str = "/proc/sys";

pub(super) fn apply(policy: &Chosen<'_>, arguments: &ApplyArguments, json: bool) -> Result<Done, Failure> {
    let policy = &policy.read()?;
    let options = arguments.options();
    let tree = Tree::new(options.root.as_deref());
    let rules = rules(policy)?;
    let (mut desired, mut warnings) = desired(policy, &rules)?;
    warnings.extend(other_policy(policy, options.root.as_deref()));
    let is_bound = !arguments.guarded.force && !arguments.dry_run;
    warnings.extend(access_warnings(access(policy, options.variant)?, is_bound)?);
    let mut saved = None;
    if arguments.save {
        let keeping = Keeping::again(&options, false)?;
        let kept: Kept = save::kept(policy, &rules, Some(&desired.sysctls), &tree, &keeping)?;
        warnings.extend(kept.warnings);
        desired.files = kept.files;
        desired.installs = Some(keeping.installs);
        saved = Some(keeping);
    }
    // A save switches that off; but where it waits for the confirmation, only then.
    if !arguments.save || options.confirm.is_some() {
        warnings.extend(check_stop(&options, arguments.guarded.force)?);
    }
    let mut report = host::apply(&desired, &options)?;
    warnings.extend(report.warnings.iter().cloned());
    if let Some(keeping) = saved {
        report.recovered = report.recovered.or(keeping.found.recovered);
        if let Some(variant) = report.variant {
            warnings.extend(at_boot(&rules, variant, keeping.installs, &tree));
        }
        // Files that wait for the confirmation are told by whoever confirms.
        if report.waiting.is_none() {
            warnings.extend(tell_init(&report.files, &options));
        }
    }
    let done = Done { text: report::text(&report), json: report::json(&report), warnings };
    wait::see_to_it(report.waiting.as_ref(), arguments.guarded.detach, &options, done, json)
}

/// What the policy brings about on this host, without files, and what is to be said of it.
pub(super) fn desired(policy: &Chosen<'_>, rules: &[Rules]) -> Result<(Desired, Vec<String>), Failure> {
    let expansion = expand(&policy.sysctls(), Path::new(PROC_SYS))?;
    let warnings = left_out(&expansion);
    let desired = Desired {
        sets: policy.all_sets()?.iter().map(|set| DesiredSet::from(set.as_ref())).collect(),
        sysctls: expansion.writes,
        policy: policy.name.map(str::to_owned),
        ..desired_rules(rules)
    };
    Ok((desired, warnings))
}

/// Warns where another policy of the program is in force.
pub(super) fn other_policy(policy: &Chosen<'_>, root: Option<&Path>) -> Option<String> {
    let name = policy.name?;
    let former = host::policy_names(root).loaded.filter(|former| former != name)?;
    Some(format!("the policy that was applied last is `{former}`, and this is `{name}`"))
}

/// Warns where the boot will load the rules in another variant of iptables.
pub(super) fn at_boot(rules: &[Rules], in_use: Variant, installs: Installs, tree: &Tree) -> Vec<String> {
    let families: Vec<Family> = rules.iter().map(|rules| rules.family).collect();
    boot::other_variants(&families, in_use, installs.variant, tree).iter().map(ToString::to_string).collect()
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

/// What the policy would do to the connection by which it is applied.
fn access(policy: &Policy, variant: Option<Variant>) -> Result<Access, Diagnostics> {
    Ok(check_access(&rulesets(policy)?, policy.model().sources(), &Caller::find(), variant))
}

/// What is to be told of that, unless it has to be refused.
fn access_warnings(access: Access, is_bound: bool) -> Result<Vec<String>, Failure> {
    if is_bound && !access.cut.is_empty() {
        return Err(Failure::CutOff(access.cut));
    }
    let cut = access.cut.into_iter().map(|what| format!("the policy cuts this session off: {what}"));
    Ok(cut.chain(access.doubts).collect())
}

/// The policy's rules, family by family.
pub(super) fn rulesets(policy: &Policy) -> Result<Vec<Arc<Ruleset>>, Diagnostics> {
    Family::ALL.into_iter().filter_map(|family| policy.lower(family).transpose()).collect()
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
    let rules = |ruleset: Arc<Ruleset>| Rules {
        family: ruleset.family,
        text: emit_chains(&ruleset, Protocols::Numbered),
        sharing: Sharing::of(&ruleset),
    };
    Ok(rulesets(policy)?.into_iter().map(rules).collect())
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
