//! How the services stand that load a policy at boot.

use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::enable::{OPENRC_SERVICES, SYSTEMD_UNITS, is_enabled, is_masked};
use super::installed::Loader;
use super::layout::{Init, Startup};
use super::service::{LOADED, OPENRC_SERVICE, UNIT};
use crate::host::tree::Tree;

/// A service that loads the policy at boot, or would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BootService {
    /// The service, as its init calls it.
    pub service: &'static str,
    /// Whose it is.
    pub loader: Loader,
    /// What the next boot does with it.
    pub state: ServiceState,
    /// Whether it has loaded its policy since the host has started; nothing where the service does not say.
    pub loaded: Option<bool>,
}

/// What a boot does with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ServiceState {
    /// It starts it.
    Enabled,
    /// It leaves it alone: nobody has asked for it.
    Disabled,
    /// It leaves it alone: the administrator has forbidden to start it.
    Masked,
    /// There is no such service.
    Missing,
}

/// How the services stand in the system of `tree`.
pub fn boot_services(startup: &Startup, loader: Loader, tree: &Tree) -> Vec<BootService> {
    let service = |service: &&'static str| {
        let state = state(service, startup.init, tree);
        let says = [UNIT, OPENRC_SERVICE].contains(service) && state == ServiceState::Enabled;
        let loaded = says.then(|| tree.exists(Path::new(LOADED)));
        BootService { service, loader, state, loaded }
    };
    startup.services.iter().map(service).collect()
}

fn state(service: &str, init: Init, tree: &Tree) -> ServiceState {
    let stands = |directory: &&str| tree.exists(&Path::new(directory).join(service));
    let is_there = match init {
        Init::Systemd if is_masked(service, tree) => return ServiceState::Masked,
        Init::Systemd => SYSTEMD_UNITS.iter().any(stands),
        Init::OpenRc => stands(&OPENRC_SERVICES),
    };
    match is_there {
        false => ServiceState::Missing,
        true if is_enabled(service, init, tree) => ServiceState::Enabled,
        true => ServiceState::Disabled,
    }
}

impl fmt::Display for ServiceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ServiceState::Enabled => "enabled",
            ServiceState::Disabled => "not enabled",
            ServiceState::Masked => "masked",
            ServiceState::Missing => "not there",
        })
    }
}

impl fmt::Display for BootService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = match self.loader {
            Loader::Fwdsl => "of fwdsl itself",
            Loader::Distribution => "of the distribution",
        };
        write!(f, "{}, {whose}, {}", self.service, self.state)?;
        f.write_str(match self.loaded {
            Some(true) => ", has loaded its policy in this boot",
            Some(false) => ", has not loaded its policy in this boot",
            None => "",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tree::image::Image;

    #[test]
    fn a_service_is_there_and_started_or_not() {
        let unit = "/lib/systemd/system/netfilter-persistent.service";
        let wanted = "/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service";
        let startup = Startup { init: Init::Systemd, services: vec!["netfilter-persistent.service"] };
        let told = |image: &Image| {
            let tree = Tree::new(Some(image.root()));
            boot_services(&startup, Loader::Distribution, &tree)[0].to_string()
        };
        let name = "netfilter-persistent.service, of the distribution,";
        assert_eq!(told(&Image::new()), format!("{name} not there"));
        assert_eq!(told(&Image::new().file(unit, "")), format!("{name} not enabled"));
        assert_eq!(told(&Image::new().file(unit, "").link(wanted, unit)), format!("{name} enabled"));
        let mask = "/etc/systemd/system/netfilter-persistent.service";
        let masked = Image::new().file(unit, "").link(wanted, unit).link(mask, "/dev/null");
        assert_eq!(told(&masked), format!("{name} masked"));
    }

    #[test]
    fn our_own_tells_whether_it_has_loaded_something() {
        for (init, path, link, service) in [
            (
                Init::Systemd,
                "/etc/systemd/system/fwdsl.service",
                "/etc/systemd/system/sysinit.target.wants/fwdsl.service",
                "fwdsl.service",
            ),
            (Init::OpenRc, "/etc/init.d/fwdsl", "/etc/runlevels/boot/fwdsl", "fwdsl"),
        ] {
            let told = |image: &Image| {
                let services =
                    boot_services(&Startup::own(init), Loader::Fwdsl, &Tree::new(Some(image.root())));
                services[0].to_string()
            };
            let image = Image::new().file(path, "").link(link, path);
            let enabled = format!("{service}, of fwdsl itself, enabled, has");
            assert_eq!(told(&image), format!("{enabled} not loaded its policy in this boot"));
            let image = image.file(LOADED, "");
            assert_eq!(told(&image), format!("{enabled} loaded its policy in this boot"));
            assert_eq!(
                told(&Image::new().file(LOADED, "")),
                format!("{service}, of fwdsl itself, not there")
            );
        }
    }
}
