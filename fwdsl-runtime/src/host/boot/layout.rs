//! Where each distribution keeps its firewall rules, and what loads them at boot.

use std::io;
use std::path::{Path, PathBuf};

use super::distribution::{Distribution, detect_or_running, value};
use super::{BootError, cannot_read};
use crate::family::Family;
use crate::host::sysctl::Reader;
use crate::host::tree::Tree;

/// What starts services at boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Init {
    /// systemd.
    Systemd,
    /// OpenRC.
    OpenRc,
}

/// What loads the rules at boot: services, and what starts them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Startup {
    /// What starts them.
    pub init: Init,
    /// The services, as it calls them.
    pub services: Vec<&'static str>,
}

impl Startup {
    /// The services of the distribution.
    ///
    /// # Errors
    /// When a file that settles it cannot be read.
    pub fn of_distribution(distribution: Distribution, tree: &Tree) -> Result<Startup, BootError> {
        let mut startup = Startup { init: Init::Systemd, services: Vec::new() };
        for family in Family::ALL {
            let layout =
                layout(distribution, family, tree).map_err(|error| cannot_read("/etc/conf.d", error))?;
            startup.init = layout.init;
            if !startup.services.contains(&layout.service) {
                startup.services.push(layout.service);
            }
        }
        Ok(startup)
    }

    /// The service of fwdsl itself.
    pub fn own(init: Init) -> Startup {
        let service = match init {
            Init::Systemd => "fwdsl.service",
            Init::OpenRc => "fwdsl",
        };
        Startup { init, services: vec![service] }
    }
}

/// Finds what starts services in the system of `tree`: told by its files; where these do not tell, by its distribution.
///
/// # Errors
/// If neither tells.
pub fn detect_init(tree: &Tree, running: &Tree) -> Result<Init, BootError> {
    let init = tree.follow(Path::new("/sbin/init")).ok();
    let is = |name: &str| init.as_ref().and_then(|path| path.file_name()).is_some_and(|file| file == name);
    if is("systemd") {
        return Ok(Init::Systemd);
    }
    if is("openrc-init") || tree.exists(Path::new("/sbin/openrc-run")) {
        return Ok(Init::OpenRc);
    }
    let systemd = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];
    if systemd.iter().any(|path| tree.exists(Path::new(path))) {
        return Ok(Init::Systemd);
    }
    match detect_or_running(tree, running) {
        Ok((distribution, _)) => Ok(Startup::of_distribution(distribution, tree)?.init),
        Err(BootError::UnknownDistribution { .. }) => Err(BootError::UnknownInit),
        Err(error) => Err(error),
    }
}

/// What a distribution does about one family's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The file that the rules are loaded from.
    pub rules: PathBuf,
    /// The permission bits that the distribution gives that file.
    pub mode: u32,
    /// The service that loads it.
    pub service: &'static str,
    /// What starts that service.
    pub init: Init,
    /// What the service needs beside its own file.
    pub needs: Option<&'static str>,
    /// The package that brings the service and what it needs.
    pub package: &'static str,
}

/// What the distribution does about the family's rules.
///
/// The sources are the packages: `iptables` of Arch (its units) and Alpine (its init scripts, and
/// `/etc/conf.d` for the files' places), `iptables-persistent` of Debian, `iptables-services` of Fedora.
///
/// # Errors
/// When a file that settles it cannot be read.
pub fn layout(distribution: Distribution, family: Family, tree: &Tree) -> io::Result<Layout> {
    let by_family = |ipv4, ipv6| match family {
        Family::Ipv4 => ipv4,
        Family::Ipv6 => ipv6,
    };
    let name = by_family("iptables", "ip6tables");
    Ok(match distribution {
        Distribution::Alpine => Layout {
            rules: alpine_rules(
                name,
                by_family("/etc/iptables/rules-save", "/etc/iptables/rules6-save"),
                tree,
            )?,
            mode: 0o600,
            service: name,
            init: Init::OpenRc,
            needs: None,
            package: "iptables",
        },
        Distribution::Arch => Layout {
            rules: by_family("/etc/iptables/iptables.rules", "/etc/iptables/ip6tables.rules").into(),
            mode: 0o644,
            service: by_family("iptables.service", "ip6tables.service"),
            init: Init::Systemd,
            needs: None,
            package: "iptables",
        },
        Distribution::Debian => Layout {
            rules: by_family("/etc/iptables/rules.v4", "/etc/iptables/rules.v6").into(),
            mode: 0o640,
            service: "netfilter-persistent.service",
            init: Init::Systemd,
            needs: Some(by_family(
                "/usr/share/netfilter-persistent/plugins.d/15-ip4tables",
                "/usr/share/netfilter-persistent/plugins.d/25-ip6tables",
            )),
            package: "iptables-persistent",
        },
        Distribution::Fedora => Layout {
            rules: by_family("/etc/sysconfig/iptables", "/etc/sysconfig/ip6tables").into(),
            mode: 0o600,
            service: by_family("iptables.service", "ip6tables.service"),
            init: Init::Systemd,
            needs: None,
            package: "iptables-services",
        },
    })
}

/// The file that Alpine's init script reads: what its configuration names, else the usual one.
fn alpine_rules(service: &str, usual: &str, tree: &Tree) -> io::Result<PathBuf> {
    let configuration = tree.read(&Path::new("/etc/conf.d").join(service))?.unwrap_or_default();
    let variable = format!("{}_SAVE", service.to_uppercase());
    let named = value(&configuration, &variable).filter(|path| path.starts_with('/') && !path.contains('$'));
    Ok(PathBuf::from(named.unwrap_or(usual)))
}

/// What sets sysctls at boot. Where OpenRC starts services, it may be the `sysctl` of BusyBox, as it is on Alpine.
pub fn sysctl_reader(init: Init) -> Reader {
    match init {
        Init::OpenRc => Reader::Plain,
        Init::Systemd => Reader::Full,
    }
}
