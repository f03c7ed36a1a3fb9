//! Services that save the kernel's rules as they stop: at every shutdown, whatever was loaded by whomever, a policy that
//! nobody has confirmed too.
//!
//! The distributions have such settings for the services of iptables, ipset and nftables. Where the service is one that the boot
//! starts, the setting is switched off, in the very line that has it.

use std::path::{Path, PathBuf};

use super::enable::is_enabled;
use super::layout::Init;
use super::{BootError, cannot_read};
use crate::host::change::{FileChange, FileContent};
use crate::host::tree::Tree;

/// A service with a setting that makes it save.
struct Saver {
    init: Init,
    /// The service, as its init calls it.
    service: &'static str,
    file: &'static str,
    /// Whatever of these is `yes` makes it save.
    keys: &'static [&'static str],
}

const OPENRC: &[&str] = &["SAVE_ON_STOP", "save_on_stop"];

/// The sources are the packages: init scripts and `/etc/conf.d` of Alpine and Gentoo, `iptables-services` and
/// `ipset-service` of Fedora. Debian's netfilter-persistent and Arch's units save nothing as they stop.
static SAVERS: [Saver; 7] = [
    Saver { init: Init::OpenRc, service: "iptables", file: "/etc/conf.d/iptables", keys: OPENRC },
    Saver { init: Init::OpenRc, service: "ip6tables", file: "/etc/conf.d/ip6tables", keys: OPENRC },
    Saver { init: Init::OpenRc, service: "ipset", file: "/etc/conf.d/ipset", keys: OPENRC },
    Saver { init: Init::OpenRc, service: "nftables", file: "/etc/conf.d/nftables", keys: OPENRC },
    Saver {
        init: Init::Systemd,
        service: "iptables.service",
        file: "/etc/sysconfig/iptables-config",
        keys: &["IPTABLES_SAVE_ON_STOP", "IPTABLES_SAVE_ON_RESTART"],
    },
    Saver {
        init: Init::Systemd,
        service: "ip6tables.service",
        file: "/etc/sysconfig/ip6tables-config",
        keys: &["IP6TABLES_SAVE_ON_STOP", "IP6TABLES_SAVE_ON_RESTART"],
    },
    Saver {
        init: Init::Systemd,
        service: "ipset.service",
        file: "/etc/sysconfig/ipset-config",
        keys: &["IPSET_SAVE_ON_STOP"],
    },
];

/// Switches off what makes services save as they stop: of those that the boot starts already, and of those in `started`,
/// which it will start from now on.
///
/// # Errors
/// When a file cannot be read.
pub fn switch_off(init: Init, started: &[&str], tree: &Tree) -> Result<Vec<FileChange>, BootError> {
    let mut changes = Vec::new();
    for saver in SAVERS.iter().filter(|saver| saver.init == init) {
        if !started.contains(&saver.service) && !is_enabled(saver.service, init, tree) {
            continue;
        }
        let path = Path::new(saver.file);
        let text = tree.read_with_mode(path).map_err(|error| cannot_read(saver.file, error))?;
        let Some((text, mode)) = text else { continue };
        if let Some(off) = switched_off(&text, saver.keys) {
            changes.push(FileChange {
                path: path.to_owned(),
                content: FileContent::Regular { bytes: off.into_bytes(), mode },
                purpose: format!("{} saves no rules as it stops", saver.service),
            });
        }
    }
    Ok(changes)
}

/// Files that let services which the boot starts save, as they stop, whatever is loaded then.
///
/// # Errors
/// When a file cannot be read.
pub fn saves_on_stop(init: Init, tree: &Tree) -> Result<Vec<PathBuf>, BootError> {
    Ok(switch_off(init, &[], tree)?.into_iter().map(|change| change.path).collect())
}

/// The text with these settings off; `None` where none of them is on.
fn switched_off(text: &str, keys: &[&str]) -> Option<String> {
    let mut changed = String::with_capacity(text.len());
    let mut is_changed = false;
    for line in text.split_inclusive('\n') {
        match keys.iter().find_map(|key| off(line, key)) {
            Some(off) => {
                changed.push_str(&off);
                is_changed = true;
            }
            None => changed.push_str(line),
        }
    }
    is_changed.then_some(changed)
}

/// The line with its `yes` turned to `no`, if it sets `key` to that; what stands around it stays.
fn off(line: &str, key: &str) -> Option<String> {
    let start = line.len() - line.trim_start().len();
    let rest = line[start..].strip_prefix(key)?.strip_prefix('=')?;
    let value = rest.trim_start_matches(['"', '\'']);
    let word: String = value.chars().take_while(char::is_ascii_alphabetic).collect();
    if !word.eq_ignore_ascii_case("yes") {
        return None;
    }
    let at = line.len() - value.len();
    Some(format!("{}no{}", &line[..at], &line[at + word.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tree::image::Image;

    fn changed(image: &Image, init: Init, started: &[&str]) -> Vec<(String, String)> {
        let changes = switch_off(init, started, &Tree::new(Some(image.root()))).unwrap();
        let text = |change: FileChange| {
            let FileContent::Regular { bytes, .. } = change.content else { panic!() };
            (change.path.display().to_string(), String::from_utf8(bytes).unwrap())
        };
        changes.into_iter().map(text).collect()
    }

    #[test]
    fn services_that_start_at_boot_are_kept_from_saving() {
        let on = "# Save state on stopping iptables\nSAVE_ON_STOP=\"yes\"   # mine\n\nIPFORWARD=\"yes\"\n";
        let image = Image::new()
            .file("/etc/conf.d/iptables", on)
            .file("/etc/conf.d/ip6tables", on)
            .file("/etc/conf.d/nftables", "save_on_stop='YES'")
            .file("/etc/conf.d/ipset", "SAVE_ON_STOP=no\n")
            .link("/etc/runlevels/default/iptables", "/etc/init.d/iptables")
            .link("/etc/runlevels/default/ipset", "/etc/init.d/ipset")
            .link("/etc/runlevels/boot/nftables", "/etc/init.d/nftables");
        assert_eq!(
            changed(&image, Init::OpenRc, &[]),
            [
                ("/etc/conf.d/iptables".to_owned(), on.replacen("yes", "no", 1)),
                ("/etc/conf.d/nftables".to_owned(), "save_on_stop='no'".to_owned())
            ]
        );
        let paths = saves_on_stop(Init::OpenRc, &Tree::new(Some(image.root()))).unwrap();
        assert_eq!(paths, [Path::new("/etc/conf.d/iptables"), Path::new("/etc/conf.d/nftables")]);
        assert_eq!(changed(&image, Init::OpenRc, &["ip6tables"]).len(), 3);
        assert_eq!(changed(&image, Init::Systemd, &["ip6tables"]), []);
    }

    #[test]
    fn every_setting_of_a_file_goes_off() {
        let config = "IPTABLES_SAVE_ON_STOP=yes\r\n#IPTABLES_SAVE_ON_STOP=\"yes\"\n  IPTABLES_SAVE_ON_RESTART=\"yes\"\n\
                      IPTABLES_SAVE_ON_STOP_X=yes\nIPTABLES_SAVE_ON_STOP=\"yesterday\"";
        let image = Image::new().file("/etc/sysconfig/iptables-config", config);
        let [(_, text)] = &changed(&image, Init::Systemd, &["iptables.service"])[..] else { panic!() };
        assert_eq!(
            text,
            "IPTABLES_SAVE_ON_STOP=no\r\n#IPTABLES_SAVE_ON_STOP=\"yes\"\n  IPTABLES_SAVE_ON_RESTART=\"no\"\n\
             IPTABLES_SAVE_ON_STOP_X=yes\nIPTABLES_SAVE_ON_STOP=\"yesterday\""
        );
    }
}
