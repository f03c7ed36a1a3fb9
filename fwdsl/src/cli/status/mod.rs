//! `status`: what is loaded, against what the policy says.

mod columns;
mod json;
mod text;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::boot::{self, BootService};
use fwdsl_runtime::host::tree::Tree;
use fwdsl_runtime::host::{self, FileOutlook, KeptState, Options, Origin, Part, RuleCount, Status};
use fwdsl_runtime::loc::Sources;
use fwdsl_runtime::page::{Live, State};
use fwdsl_runtime::restore_text::Counters;

use super::apply;
use super::args::{ColorChoice, StatusArguments};
use super::color::Painter;
use super::failure::{Exit, Failure};
use super::fleet::Chosen;
use super::output::{Answer, Done};
use super::save::{self, Keeping};

pub(super) fn status(policy: &Chosen<'_>, arguments: &StatusArguments) -> Result<Answer, Failure> {
    let policy = &policy.read()?;
    let Seen { status, services, last_change, warnings } = see(policy, &arguments.options())?;
    let model = policy.model();
    let report = Report::new(&status, services, last_change.as_ref(), model.sources());
    let text = report.text(Painter::new(arguments.look.color));
    Ok(Answer { exit: report.exit, done: Done { text, json: report.json(), warnings } })
}

/// The same for a page that people look at, and what they should know besides.
pub(super) fn live(
    policy: &Chosen<'_>,
    options: &Options,
    time: String,
) -> Result<(Live, Vec<String>), Failure> {
    let policy = &policy.read()?;
    let Seen { status, services, last_change, warnings } = see(policy, options)?;
    let model = policy.model();
    let report = Report::new(&status, services, last_change.as_ref(), model.sources());
    Ok((report.live(time), warnings))
}

/// What was found by looking.
struct Seen {
    status: Status,
    /// How the services of the boot stand.
    services: Vec<BootService>,
    /// The last change of the host, with the state before it; as far as any is kept.
    last_change: Option<KeptState>,
    warnings: Vec<String>,
}

fn see(policy: &Chosen<'_>, options: &Options) -> Result<Seen, Failure> {
    let tree = Tree::new(options.root.as_deref());
    let rules = apply::rules(policy)?;
    let (mut desired, mut warnings) = apply::desired(policy, &rules)?;
    warnings.extend(apply::other_policy(policy, options.root.as_deref()));
    let kept = Keeping::again(options, false).and_then(|keeping| {
        let kept = save::kept(policy, &rules, Some(&desired.sysctls), &tree, &keeping)?;
        Ok((boot::boot_services(&kept.startup, keeping.installs.loader, &tree), kept))
    });
    let boot = kept.map(|(services, kept)| {
        warnings.extend(kept.warnings);
        desired.files = kept.files;
        services
    });
    let model = policy.model();
    let rulesets = apply::rulesets(policy)?;
    let mut status = host::status(&desired, Origin { model: &model, rulesets: &rulesets }, options)?;
    let services = boot.unwrap_or_else(|failure| {
        status.outlook.unknown.push((Part::Files, failure.reason()));
        Vec::new()
    });
    warnings.append(&mut status.outlook.warnings);
    let last_change = match host::history(options) {
        Ok(mut history) => {
            warnings.append(&mut history.warnings);
            history.states.into_iter().next()
        }
        Err(error) => {
            status.outlook.unknown.push((Part::Journal, Failure::from(error).reason()));
            None
        }
    };
    Ok(Seen { status, services, last_change, warnings })
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

impl<'a> Report<'a> {
    fn new(
        status: &'a Status,
        services: Vec<BootService>,
        last_change: Option<&'a KeptState>,
        sources: &'a Sources,
    ) -> Report<'a> {
        Report { boot: Boot::of(status, services), exit: exit(status), status, last_change, sources }
    }

    /// What is said in lines, and what each rule has counted, for the page.
    fn live(&self, time: String) -> Live {
        let state = match self.exit {
            None => State::Same,
            Some(Exit::Differs) => State::Differs,
            Some(_) => State::Unknown,
        };
        let chains = self.status.counts.iter();
        let families = |rule: &RuleCount| rule.families.iter().map(|of| (of.family, of.counters)).collect();
        let rules = chains.clone().map(|chain| chain.rules.iter().map(families).collect());
        let end = |(family, _, counters): &(Family, String, Counters)| (*family, *counters);
        let ends = chains.map(|chain| chain.ends.iter().map(end).collect());
        let lines = self.differences(Painter::new(ColorChoice::Never)).lines().map(str::to_owned).collect();
        Live { time, state, lines, rules: rules.collect(), ends: ends.collect() }
    }
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
