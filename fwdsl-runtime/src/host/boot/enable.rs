//! Having a service started at boot, by the links that `systemctl enable` and `rc-update add` make.

use std::io;
use std::path::{Path, PathBuf};

use super::layout::Init;
use crate::host::change::{FileChange, FileContent};
use crate::host::tree::Tree;

/// Where the administrator's units and links stand.
pub(super) const SYSTEMD_ETC: &str = "/etc/systemd/system";

/// Where units stand, those that mask the others' of their names first (systemd.unit(5)).
pub(super) const SYSTEMD_UNITS: [&str; 4] =
    [SYSTEMD_ETC, "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// Where OpenRC's services stand.
pub(super) const OPENRC_SERVICES: &str = "/etc/init.d";
const OPENRC_RUNLEVELS: &str = "/etc/runlevels";

/// What the links of the distribution's services are for.
const STARTS_FIREWALL: &str = "start of the firewall at boot";

/// What it takes to have a service started at boot.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Enabling {
    /// These links; none where it is enabled already.
    Links(Vec<FileChange>),
    /// The service is not there.
    NotInstalled,
    /// The administrator has forbidden to start it.
    Masked,
}

pub(super) fn enable(service: &str, init: Init, tree: &Tree) -> io::Result<Enabling> {
    match init {
        Init::Systemd => enable_unit(service, tree),
        Init::OpenRc => enable_in_runlevel(service, tree),
    }
}

fn enable_unit(unit: &str, tree: &Tree) -> io::Result<Enabling> {
    if is_masked(unit, tree) {
        return Ok(Enabling::Masked);
    }
    let path =
        SYSTEMD_UNITS.iter().map(|directory| Path::new(directory).join(unit)).find(|path| tree.exists(path));
    let Some(path) = path else { return Ok(Enabling::NotInstalled) };
    let install = Install::read(unit, &path, tree)?;
    Ok(Enabling::Links(missing_links(install.links(unit), &path, STARTS_FIREWALL, tree)))
}

/// The links for a unit that is yet to be written to [`SYSTEMD_ETC`], with this text.
pub(super) fn enable_new_unit(unit: &str, text: &str, purpose: &str, tree: &Tree) -> Vec<FileChange> {
    let mut install = Install::default();
    install.add(text);
    missing_links(install.links(unit), &Path::new(SYSTEMD_ETC).join(unit), purpose, tree)
}

/// Whether the administrator has forbidden to start the unit.
pub(super) fn is_masked(unit: &str, tree: &Tree) -> bool {
    tree.link(&Path::new(SYSTEMD_ETC).join(unit)).is_some_and(|target| target == Path::new("/dev/null"))
}

/// Whether the boot starts the service: some unit wants it, or it is in a runlevel.
pub(super) fn is_enabled(service: &str, init: Init, tree: &Tree) -> bool {
    let linked = |directory: &str, suffix: &str| {
        let directory = Path::new(directory);
        // What cannot be listed starts nothing that could be seen.
        let names = tree.list(directory).unwrap_or_default();
        let among = |name: &std::ffi::OsString| {
            name.to_string_lossy().ends_with(suffix)
                && tree.link(&directory.join(name).join(service)).is_some()
        };
        names.iter().any(among)
    };
    match init {
        Init::Systemd => {
            let wanted = |directory: &&str| linked(directory, ".wants") || linked(directory, ".requires");
            !is_masked(service, tree) && SYSTEMD_UNITS.iter().any(wanted)
        }
        Init::OpenRc => linked(OPENRC_RUNLEVELS, ""),
    }
}

/// What a unit's `[Install]` section asks for.
#[derive(Default)]
struct Install {
    wanted_by: Vec<String>,
    required_by: Vec<String>,
    alias: Vec<String>,
}

impl Install {
    /// Reads the section from the unit and its drop-ins, such as Debian's for the name `iptables.service`.
    fn read(unit: &str, path: &Path, tree: &Tree) -> io::Result<Install> {
        let mut install = Install::default();
        install.add(&tree.read(path)?.unwrap_or_default());
        for directory in
            SYSTEMD_UNITS.iter().rev().map(|directory| Path::new(directory).join(format!("{unit}.d")))
        {
            // Where /lib is a link to /usr/lib the same drop-ins would be met twice.
            if tree.follow(&directory).is_ok_and(|real| real != directory) {
                continue;
            }
            for name in tree.list(&directory)? {
                if Path::new(&name).extension().is_some_and(|extension| extension == "conf") {
                    install.add(&tree.read(&directory.join(name))?.unwrap_or_default());
                }
            }
        }
        Ok(install)
    }

    fn add(&mut self, text: &str) {
        let mut is_install = false;
        for line in text.lines().map(str::trim) {
            if line.starts_with('[') {
                is_install = line == "[Install]";
                continue;
            }
            let Some((key, value)) = line.split_once('=').filter(|_| is_install) else { continue };
            let list = match key.trim_end() {
                "WantedBy" => &mut self.wanted_by,
                "RequiredBy" => &mut self.required_by,
                "Alias" => &mut self.alias,
                _ => continue,
            };
            if value.trim().is_empty() {
                list.clear();
            }
            list.extend(value.split_whitespace().map(str::to_owned));
        }
    }

    /// The links that enable the unit.
    fn links(&self, unit: &str) -> Vec<PathBuf> {
        let wanted = self.wanted_by.iter().map(|target| format!("{target}.wants/{unit}"));
        let required = self.required_by.iter().map(|target| format!("{target}.requires/{unit}"));
        let names = wanted.chain(required).chain(self.alias.iter().cloned());
        names.map(|name| Path::new(SYSTEMD_ETC).join(name)).collect()
    }
}

fn enable_in_runlevel(service: &str, tree: &Tree) -> io::Result<Enabling> {
    let script = Path::new(OPENRC_SERVICES).join(service);
    if !tree.exists(&script) {
        return Ok(Enabling::NotInstalled);
    }
    Ok(Enabling::Links(link_into_runlevel(service, "default", STARTS_FIREWALL, tree)?))
}

/// The link for a service that is, or is yet to be, in [`OPENRC_SERVICES`]; none where it is in a runlevel already.
pub(super) fn link_into_runlevel(
    service: &str,
    runlevel: &str,
    purpose: &str,
    tree: &Tree,
) -> io::Result<Vec<FileChange>> {
    let runlevels = Path::new(OPENRC_RUNLEVELS);
    let is_in = |runlevel: &std::ffi::OsString| tree.link(&runlevels.join(runlevel).join(service)).is_some();
    if tree.list(runlevels)?.iter().any(is_in) {
        return Ok(Vec::new());
    }
    let link = runlevels.join(runlevel).join(service);
    Ok(missing_links(vec![link], &Path::new(OPENRC_SERVICES).join(service), purpose, tree))
}

/// The links that do not stand yet. Where anything stands already it is left alone.
fn missing_links(links: Vec<PathBuf>, target: &Path, purpose: &str, tree: &Tree) -> Vec<FileChange> {
    links
        .into_iter()
        .filter(|link| tree.link(link).is_none() && !tree.exists(link))
        .map(|path| FileChange {
            path,
            content: FileContent::Symlink(target.to_owned()),
            purpose: purpose.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tree::image::Image;

    fn links(image: &Image, service: &str, init: Init) -> Vec<String> {
        match enable(service, init, &Tree::new(Some(image.root()))).unwrap() {
            Enabling::Links(changes) => changes
                .into_iter()
                .map(|change| match change.content {
                    FileContent::Symlink(target) => {
                        format!("{} -> {}", change.path.display(), target.display())
                    }
                    other => panic!("{other:?}"),
                })
                .collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_unit_is_linked_as_its_install_section_says() {
        let image = Image::new()
            .file(
                "/usr/lib/systemd/system/x.service",
                "[Unit]\nAlias=no.service\n[Install]\nWantedBy = a.target b.target\nRequiredBy=c.target\n",
            )
            .file("/usr/lib/systemd/system/x.service.d/names.conf", "[Install]\nAlias=y.service\n")
            .link("/lib", "usr/lib");
        assert_eq!(
            links(&image, "x.service", Init::Systemd),
            [
                "/etc/systemd/system/a.target.wants/x.service -> /usr/lib/systemd/system/x.service",
                "/etc/systemd/system/b.target.wants/x.service -> /usr/lib/systemd/system/x.service",
                "/etc/systemd/system/c.target.requires/x.service -> /usr/lib/systemd/system/x.service",
                "/etc/systemd/system/y.service -> /usr/lib/systemd/system/x.service",
            ]
        );
    }

    #[test]
    fn links_that_stand_are_left_alone() {
        let image = Image::new()
            .file("/lib/systemd/system/x.service", "[Install]\nWantedBy=a.target\nAlias=y.service\n")
            .link("/etc/systemd/system/a.target.wants/x.service", "../x.service")
            .file("/etc/systemd/system/y.service", "[Unit]\n");
        assert!(links(&image, "x.service", Init::Systemd).is_empty());
    }

    #[test]
    fn an_empty_assignment_takes_back_what_came_before() {
        let image = Image::new()
            .file("/lib/systemd/system/x.service", "[Install]\nWantedBy=a.target\n")
            .file("/etc/systemd/system/x.service.d/a.conf", "[Install]\nWantedBy=\nWantedBy=b.target\n");
        assert_eq!(
            links(&image, "x.service", Init::Systemd),
            ["/etc/systemd/system/b.target.wants/x.service -> /lib/systemd/system/x.service"]
        );
    }

    #[test]
    fn missing_and_masked_units_are_told_apart() {
        let image = Image::new().link("/etc/systemd/system/x.service", "/dev/null");
        let tree = Tree::new(Some(image.root()));
        assert_eq!(enable("x.service", Init::Systemd, &tree).unwrap(), Enabling::Masked);
        assert_eq!(enable("z.service", Init::Systemd, &tree).unwrap(), Enabling::NotInstalled);
        assert_eq!(enable("z", Init::OpenRc, &tree).unwrap(), Enabling::NotInstalled);
    }

    #[test]
    fn openrc_services_join_the_default_runlevel_unless_they_are_in_one() {
        let image = Image::new()
            .file("/etc/init.d/x", "")
            .file("/etc/init.d/y", "")
            .link("/etc/runlevels/boot/y", "/etc/init.d/y");
        assert_eq!(links(&image, "x", Init::OpenRc), ["/etc/runlevels/default/x -> /etc/init.d/x"]);
        assert!(links(&image, "y", Init::OpenRc).is_empty());
    }
}
