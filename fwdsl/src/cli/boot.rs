//! `boot`: what the service of fwdsl runs. And what every command owes the init that starts services.

use std::path::PathBuf;

use fwdsl_runtime::host::boot;
use fwdsl_runtime::host::tree::Tree;
use fwdsl_runtime::host::{FileReport, Options};

use super::args::BootArguments;
use super::failure::Failure;
use super::output::Done;
use super::report;

pub(super) fn boot(arguments: &BootArguments) -> Result<Done, Failure> {
    let report = boot::load(&arguments.options())?;
    Ok(Done { text: report::text(&report), json: report::json(&report), warnings: report.warnings })
}

/// Tells the init of the running host that files of its services may have changed, and gives back what it did not
/// take. By then, the files are in place for good.
pub(super) fn tell_init(files: &[FileReport], options: &Options) -> Option<String> {
    let running = Tree::new(None);
    if files.is_empty() || options.dry_run || options.root.is_some() {
        return None;
    }
    let init = boot::detect_init(&running, &running).ok()?;
    boot::tell_init(init, options.program_dir.as_deref())
}

/// Looks for services that save, as they stop, what is loaded then: at a shutdown, a policy that nobody has confirmed too.
/// Gives back what is to be said of them, and refuses what has to be confirmed.
pub(super) fn check_stop(options: &Options, force: bool) -> Result<Vec<String>, Failure> {
    let tree = Tree::new(options.root.as_deref());
    let Ok(init) = boot::detect_init(&tree, &Tree::new(None)) else { return Ok(Vec::new()) };
    let paths = match boot::saves_on_stop(init, &tree) {
        Ok(paths) => paths,
        Err(error) => return Ok(vec![error.to_string()]),
    };
    if options.confirm.is_some() && !force && !options.dry_run && !paths.is_empty() {
        return Err(Failure::SavesOnStop(paths));
    }
    let say = |path: &PathBuf| {
        format!(
            "a service saves the rules that are loaded when it stops, as a shutdown makes it do (`{}`), whoever loaded \
             them: an `install` or a `save` of this policy switches that off",
            path.display()
        )
    };
    Ok(paths.iter().map(say).collect())
}
