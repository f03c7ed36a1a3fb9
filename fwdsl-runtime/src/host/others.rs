//! Who else rules over packets on this machine.

use std::fs;
use std::path::Path;

use serde::Serialize;

use super::nft::Ruleset;
use super::program::{Programs, Runner};
use super::rules;
use super::variant::Variant;
use crate::family::Family;
use crate::restore_text;

/// Services that load rules of their own, and so undo ours or are undone by them.
const SERVICES: [&str; 3] = ["firewalld", "ufw", "nftables"];

/// A service that manages rules as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Manager {
    /// Its service: `firewalld`, `ufw` or `nftables`.
    pub service: &'static str,
    /// It runs now.
    pub active: bool,
    /// It starts at boot.
    pub enabled: bool,
}

/// The services that are active or enabled.
pub(crate) fn managers(root: &Path, programs: &Programs, runner: &Runner) -> Vec<Manager> {
    let running = root == Path::new("/") && Path::new("/run/systemd/system").is_dir();
    let asked = match (running, programs.find("systemctl")) {
        (true, Some(systemctl)) => {
            let mut args = vec!["show", "--property=Id,ActiveState,UnitFileState"];
            let units = SERVICES.map(|service| format!("{service}.service"));
            args.extend(units.iter().map(String::as_str));
            runner.read(&systemctl, &args).ok().map(|text| parse_units(&text))
        }
        _ => None,
    };
    // Without an answer, the files tell what would be started.
    let managers = asked.unwrap_or_else(|| SERVICES.map(|service| enabled_by_files(root, service)).into());
    managers.into_iter().filter(|manager| manager.active || manager.enabled).collect()
}

/// Blocks of `Key=value` lines with blank lines between them, in any order of keys (systemctl(1), `show`).
fn parse_units(text: &str) -> Vec<Manager> {
    let unit = |block: &str| {
        let value = |key: &str| block.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        let id = value("Id=");
        let service = SERVICES.into_iter().find(|service| id.strip_suffix(".service") == Some(*service))?;
        let active = matches!(value("ActiveState="), "active" | "activating" | "reloading");
        let enabled = matches!(value("UnitFileState="), "enabled" | "enabled-runtime");
        Some(Manager { service, active, enabled })
    };
    text.split("\n\n").filter_map(unit).collect()
}

/// systemd keeps its links in `TARGET.wants`, OpenRC in its runlevels; ufw has a switch of its own.
fn enabled_by_files(root: &Path, service: &'static str) -> Manager {
    let unit = format!("{service}.service");
    let linked = |dir: &str, suffix: &str, name: &str| {
        let entries = fs::read_dir(root.join(dir)).into_iter().flatten().flatten();
        entries
            .filter(|entry| entry.file_name().to_string_lossy().ends_with(suffix))
            .any(|entry| fs::symlink_metadata(entry.path().join(name)).is_ok())
    };
    let by_link = linked("etc/systemd/system", ".wants", &unit) || linked("etc/runlevels", "", service);
    let off = service == "ufw"
        && fs::read_to_string(root.join("etc/ufw/ufw.conf"))
            .is_ok_and(|text| text.lines().any(|line| line.trim().eq_ignore_ascii_case("enabled=no")));
    Manager { service, active: false, enabled: by_link && !off }
}

/// The families in which the other variant holds rules, chains or policies. Only looks where looking makes nothing.
pub(crate) fn other_variant_holds_rules(
    programs: &Programs,
    runner: &Runner,
    ours: Variant,
    families: &[Family],
) -> Vec<Family> {
    let other = ours.other();
    let holds = |family: &Family| {
        // What is not installed has loaded nothing that it could show.
        let Some(save) = programs.find(&other.program(*family, "save")) else { return false };
        let programs = rules::FamilyPrograms { restore: save.clone(), save, variant: other };
        rules::save(&programs, runner, *family)
            .is_ok_and(|text| text.tables.iter().any(|table| !restore_text::SavedTable::is_pristine(table)))
    };
    families.iter().copied().filter(holds).collect()
}

/// What is to be told about others, each a sentence.
pub(crate) fn warnings(
    managers: &[Manager],
    ours: Variant,
    other_variant: &[Family],
    native: &[String],
) -> Vec<String> {
    let variant = |family: &Family| {
        format!(
            "the {} variant of iptables holds {family} rules too, and packets have to pass both; see `{}`",
            ours.other(),
            ours.other().program(*family, "save")
        )
    };
    let chain = |chain: &String| format!("packets also pass {chain}, which is not iptables'");
    let mut warnings = warnings_about_managers(managers);
    warnings.extend(other_variant.iter().map(variant).chain(native.iter().map(chain)));
    warnings
}

/// What is to be told about other managers of rules alone.
pub(crate) fn warnings_about_managers(managers: &[Manager]) -> Vec<String> {
    let manager = |manager: &Manager| {
        let state = match (manager.active, manager.enabled) {
            (true, true) => "active and enabled",
            (true, false) => "active",
            _ => "enabled",
        };
        format!(
            "{} is {state}: it loads rules of its own, before or after these; disable one of the two",
            manager.service
        )
    };
    managers.iter().map(manager).collect()
}

/// The native nft base chains at the hooks of `families`.
pub(crate) fn native_chains(ruleset: Option<&Ruleset>, families: &[Family]) -> Vec<String> {
    ruleset.map(|ruleset| ruleset.native_base_chains(families)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_told_apart_whatever_the_order_of_their_lines() {
        let text = "Id=ufw.service\nActiveState=inactive\nUnitFileState=disabled\n\n\
                    UnitFileState=enabled\nActiveState=active\nId=firewalld.service\n\n\
                    Id=nftables.service\nActiveState=inactive\nUnitFileState=\n";
        let units = parse_units(text);
        let state = |service: &str| {
            units.iter().find(|unit| unit.service == service).map(|unit| (unit.active, unit.enabled))
        };
        assert_eq!(state("ufw"), Some((false, false)));
        assert_eq!(state("firewalld"), Some((true, true)));
        assert_eq!(state("nftables"), Some((false, false)));
    }

    #[test]
    fn links_tell_what_starts_at_boot() {
        let root = std::env::temp_dir().join(format!("fwdsl-others-{}", std::process::id()));
        let wants = root.join("etc/systemd/system/multi-user.target.wants");
        fs::create_dir_all(&wants).unwrap();
        fs::create_dir_all(root.join("etc/ufw")).unwrap();
        for unit in ["nftables.service", "ufw.service"] {
            std::os::unix::fs::symlink("/lib/systemd/system/x", wants.join(unit)).unwrap();
        }
        fs::write(root.join("etc/ufw/ufw.conf"), "ENABLED=no\n").unwrap();
        assert!(enabled_by_files(&root, "nftables").enabled);
        assert!(!enabled_by_files(&root, "ufw").enabled);
        assert!(!enabled_by_files(&root, "firewalld").enabled);
        fs::remove_dir_all(root).unwrap();
    }
}
