//! `save`: rules and sysctls kept for the next boot.

use std::path::Path;

use fwdsl_runtime::Policy;
use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::boot;
use fwdsl_runtime::host::change::{FileChange, SysctlWrite};
use fwdsl_runtime::host::sysctl::{expand, modules_file, parameters, set_elsewhere, sysctl_file};
use fwdsl_runtime::host::tree::Tree;
use fwdsl_runtime::host::{self, FileReport};
use serde_json::{Map, Value, json};

use super::apply::{self, PROC_SYS};
use super::args::SaveArguments;
use super::failure::Failure;
use super::output::Done;

pub(super) fn save(policy: &Policy, arguments: &SaveArguments) -> Result<Done, Failure> {
    policy.check()?;
    let mut warnings = Vec::new();
    // An image's interfaces are not those of the machine that it is made on.
    let writes = match arguments.image() {
        Some(_) => None,
        None => {
            let expansion = expand(&policy.sysctls(), Path::new(PROC_SYS))?;
            warnings.extend(apply::left_out(&expansion));
            Some(expansion.writes)
        }
    };
    let tree = Tree::new(arguments.image());
    let kept = kept(policy, &apply::rules(policy), writes.as_deref(), &tree)?;
    warnings.extend(kept.warnings);
    let report = host::put_files(&kept.files, &arguments.options())?;
    warnings.extend(report.warnings.iter().cloned());
    let mut text = report.recovered.as_ref().map(apply::recovered_text).unwrap_or_default();
    text.push_str(&files_text(&report.files, report.dry_run));
    if report.files.is_empty() {
        text.push_str("nothing to change: the files are as the policy says\n");
    }
    let mut object = match json!(report) {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    object.insert("changed".to_owned(), json!(!report.files.is_empty()));
    Ok(Done { text, json: object, warnings })
}

/// What is to stand for the policy to be in force after a boot.
pub(super) struct Kept {
    pub(super) files: Vec<FileChange>,
    pub(super) warnings: Vec<String>,
}

/// The files of rules, sysctls and modules and the links that enable services, in the system of `tree`.
pub(super) fn kept(
    policy: &Policy,
    rules: &[(Family, String)],
    writes: Option<&[SysctlWrite]>,
    tree: &Tree,
) -> Result<Kept, Failure> {
    let settings = policy.sysctls();
    let distribution = boot::detect(tree)?;
    let texts: Vec<(Family, &str)> = rules.iter().map(|(family, text)| (*family, text.as_str())).collect();
    let plan = boot::plan(&texts, distribution, tree)?;
    let elsewhere = set_elsewhere(&parameters(&settings, writes), tree).map_err(Failure::SysctlFiles)?;
    let mut files =
        vec![modules_file(&settings), sysctl_file(&settings, writes, boot::sysctl_reader(distribution))];
    files.extend(plan.files);
    let mut warnings: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
    warnings.extend(elsewhere.iter().map(ToString::to_string));
    Ok(Kept { files, warnings })
}

pub(super) fn files_text(files: &[FileReport], dry_run: bool) -> String {
    let word = if dry_run { "would be written" } else { "written" };
    files.iter().map(|file| format!("{} {word} ({})\n", file.path.display(), file.purpose)).collect()
}
