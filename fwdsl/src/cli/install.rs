//! `install` and `uninstall`: all that it takes to have the policy loaded at boot, and its undo.

use fwdsl_runtime::Policy;
use fwdsl_runtime::host::boot::{self, Installs};
use fwdsl_runtime::host::tree::Tree;
use fwdsl_runtime::host::{self, Desired, Report};
use serde_json::json;

use super::apply;
use super::args::{InstallArguments, UninstallArguments};
use super::boot::tell_init;
use super::failure::Failure;
use super::fleet::Chosen;
use super::output::Done;
use super::report;
use super::save::{self, Found, Keeping};

pub(super) fn install(policy: &Chosen<'_>, arguments: &InstallArguments) -> Result<Done, Failure> {
    let policy = &policy.read()?;
    let options = arguments.options();
    let (tree, loader) = (Tree::new(options.root.as_deref()), arguments.loader());
    let (writes, mut warnings) = save::sysctl_writes(policy, arguments.image())?;
    let found = save::found(&options)?;
    if let Some(installed) = found.installed.as_ref().filter(|installed| installed.loader != loader) {
        return Err(boot::BootError::OtherLoader { installed: installed.loader, wanted: loader }.into());
    }
    let image = arguments.image().is_some();
    let installs = Installs { loader, variant: options.variant };
    let keeping = Keeping { installs, found, image, recovers: true };
    let kept = save::kept(policy, &apply::rules(policy)?, writes.as_deref(), &tree, &keeping)?;
    if kept.no_way_in && !arguments.without_way_in {
        return Err(Failure::NoWayIn);
    }
    warnings.extend(kept.warnings);
    let desired = Desired { files: kept.files, installs: Some(installs), ..Desired::default() };
    let report = Report { recovered: keeping.found.recovered, ..host::apply(&desired, &options)? };
    warnings.extend(report.warnings.iter().cloned());
    let startup = kept.startup;
    let managers = boot::boot_managers(&startup.services, owns_tables(policy), startup.init, &tree);
    warnings.extend(managers.iter().map(ToString::to_string));
    warnings.extend(tell_init(&report.files, &options));
    let mut text = report::text(&report);
    let services = startup.services.join(", ");
    text.push_str(&format!("at boot, the policy is loaded by {services}\n"));
    let mut json = report::json(&report);
    json.insert("loader".to_owned(), json!(loader));
    json.insert("services".to_owned(), json!(startup.services));
    Ok(Done { text, json, warnings })
}

fn owns_tables(policy: &Policy) -> bool {
    policy.model().ownership() == &fwdsl_runtime::model::Ownership::Tables
}

pub(super) fn uninstall(arguments: &UninstallArguments) -> Result<Done, Failure> {
    let options = arguments.options();
    let Found { installed, recovered } = save::found(&options)?;
    let Some(installed) = installed else {
        let mut text = recovered.as_ref().map(report::recovered).unwrap_or_default();
        text.push_str("nothing to undo: no policy is installed or saved for boot\n");
        let json = [("changed".to_owned(), json!(false)), ("recovered".to_owned(), json!(recovered))];
        return Ok(Done { text, json: json.into_iter().collect(), warnings: Vec::new() });
    };
    let desired = Desired { uninstalls: true, ..Desired::default() };
    let report = Report { recovered, ..host::apply(&desired, &options)? };
    let mut warnings = report.warnings.clone();
    warnings.extend(tell_init(&report.files, &options));
    let mut text = report::text(&report);
    if arguments.image().is_none() {
        text.push_str("rules, sets and sysctls that are in force stay so until the next boot\n");
    }
    let mut json = report::json(&report);
    json.insert("loader".to_owned(), json!(installed.loader));
    Ok(Done { text, json, warnings })
}
