//! `status`: what is loaded, against what the policy says.

mod columns;
mod json;
mod text;

use fwdsl_runtime::host::boot::{self, BootService};
use fwdsl_runtime::host::tree::Tree;
use fwdsl_runtime::host::{self, FileOutlook, KeptState, Origin, Part, Status};
use fwdsl_runtime::loc::Sources;

use super::apply;
use super::args::StatusArguments;
use super::color::Painter;
use super::failure::{Exit, Failure};
use super::fleet::Chosen;
use super::output::{Answer, Done};
use super::save::{self, Keeping};

pub(super) fn status(policy: &Chosen<'_>, arguments: &StatusArguments) -> Result<Answer, Failure> {
    let policy = &policy.read()?;
    let options = arguments.options();
    let tree = Tree::new(options.root.as_deref());
    let rules = apply::rules(policy)?;
    let (mut desired, mut warnings) = apply::desired(policy, &rules)?;
    warnings.extend(apply::other_policy(policy, options.root.as_deref()));
    let kept = Keeping::again(&options, false).and_then(|keeping| {
        let kept = save::kept(policy, &rules, Some(&desired.sysctls), &tree, &keeping)?;
        Ok((boot::boot_services(&kept.startup, keeping.loader, &tree), kept))
    });
    let boot = kept.map(|(services, kept)| {
        warnings.extend(kept.warnings);
        desired.files = kept.files;
        services
    });
    let model = policy.model();
    let rulesets = apply::rulesets(policy)?;
    let mut status = host::status(&desired, Origin { model: &model, rulesets: &rulesets }, &options)?;
    let services = boot.unwrap_or_else(|failure| {
        status.outlook.unknown.push((Part::Files, failure.reason()));
        Vec::new()
    });
    warnings.append(&mut status.outlook.warnings);
    let last_change = match host::history(&options) {
        Ok(mut history) => {
            warnings.append(&mut history.warnings);
            history.states.into_iter().next()
        }
        Err(error) => {
            status.outlook.unknown.push((Part::Journal, Failure::from(error).reason()));
            None
        }
    };
    let report = Report {
        boot: Boot::of(&status, services),
        exit: exit(&status),
        status: &status,
        last_change: last_change.as_ref(),
        sources: model.sources(),
    };
    let text = report.text(Painter::new(arguments.look.color));
    Ok(Answer { exit: report.exit, done: Done { text, json: report.json(), warnings } })
}

/// All that is to be said.
struct Report<'a> {
    status: &'a Status,
    /// The last change of the host, with the state before it; as far as any is kept.
    last_change: Option<&'a KeptState>,
    sources: &'a Sources,
    boot: Boot<'a>,
    exit: Option<Exit>,
}

/// What the boot brings.
struct Boot<'a> {
    /// The files, and the links that enable services, that are not as the policy says.
    differing: &'a [FileOutlook],
    /// Whether all of it is known.
    is_known: bool,
    /// What loads them.
    services: Vec<BootService>,
}

impl<'a> Boot<'a> {
    fn of(status: &'a Status, services: Vec<BootService>) -> Boot<'a> {
        let is_known = status.outlook.unknown.iter().all(|(part, _)| *part != Part::Files);
        Boot { differing: status.outlook.files.as_slice(), is_known, services }
    }
}

/// Files for boot are another promise, and so is a journal: what stands there does not tell whether the policy is in force.
fn exit(status: &Status) -> Option<Exit> {
    let outlook = &status.outlook;
    let is_part = |part: &Part| !matches!(part, Part::Files | Part::Journal);
    let hidden = outlook.unknown.iter().any(|(part, _)| is_part(part));
    match status.differs() {
        true => Some(Exit::Differs),
        false if hidden || outlook.blocked.iter().any(|(part, _)| is_part(part)) => Some(Exit::Unknown),
        false => None,
    }
}
