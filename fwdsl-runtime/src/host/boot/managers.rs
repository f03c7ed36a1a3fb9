//! What else the boot starts that changes rules: told to whoever installs, never changed.

use std::fmt;

use super::enable::is_enabled;
use super::layout::Init;
use crate::host::tree::Tree;

/// What a service does to rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    /// It loads rules of its own as a whole.
    Loads,
    /// It adds chains and rules to what is there.
    Adds,
}

/// The services, but those of which every apply tells by itself: firewalld, ufw, nftables.
static SERVICES: [(&str, Work); 10] = [
    ("netfilter-persistent", Work::Loads),
    ("iptables", Work::Loads),
    ("ip6tables", Work::Loads),
    ("shorewall", Work::Loads),
    ("shorewall6", Work::Loads),
    ("ferm", Work::Loads),
    ("docker", Work::Adds),
    ("libvirtd", Work::Adds),
    ("fail2ban", Work::Adds),
    ("kubelet", Work::Adds),
];

/// A service that the boot starts and that changes rules as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootManager {
    service: &'static str,
    work: Work,
    init: Init,
}

/// The services that the boot starts beside those in `ours`. What adds to the rules of others is told of only where the
/// policy has whole tables for itself.
pub fn boot_managers(ours: &[&str], owns_tables: bool, init: Init, tree: &Tree) -> Vec<BootManager> {
    let name = |service: &str| match init {
        Init::Systemd => format!("{service}.service"),
        Init::OpenRc => service.to_owned(),
    };
    let concerns = |(service, work): &&(&'static str, Work)| {
        let name = name(service);
        (*work == Work::Loads || owns_tables)
            && !ours.contains(&name.as_str())
            && is_enabled(&name, init, tree)
    };
    SERVICES
        .iter()
        .filter(concerns)
        .map(|(service, work)| BootManager { service, work: *work, init })
        .collect()
}

impl fmt::Display for BootManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = self.service;
        match (self.work, self.init) {
            (Work::Loads, Init::Systemd) => write!(
                f,
                "{service} is enabled: at boot it loads rules of its own, before or after these; disable one of the \
                 two (`systemctl disable {service}`)"
            ),
            (Work::Loads, Init::OpenRc) => write!(
                f,
                "{service} is in a runlevel: at boot it loads rules of its own, before or after these; take one of \
                 the two out (`rc-update del {service}`)"
            ),
            (Work::Adds, _) => write!(
                f,
                "{service} is enabled: it adds chains of its own to tables that this policy owns as a whole, and an \
                 apply takes them away; name them in the policy (`foreign chain`), or let it own only its chains \
                 (`own chains;`)"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tree::image::Image;

    #[test]
    fn what_the_boot_starts_beside_us_is_told() {
        let wants = "/etc/systemd/system/multi-user.target.wants";
        let image = Image::new()
            .link(&format!("{wants}/netfilter-persistent.service"), "/lib/systemd/system/x")
            .link(&format!("{wants}/docker.service"), "/lib/systemd/system/x")
            .link(&format!("{wants}/ferm.service"), "/lib/systemd/system/x")
            .link("/etc/systemd/system/ferm.service", "/dev/null")
            .link("/etc/runlevels/default/iptables", "/etc/init.d/iptables");
        let tree = Tree::new(Some(image.root()));
        let names = |ours: &[&str], owns_tables, init| -> Vec<&str> {
            boot_managers(ours, owns_tables, init, &tree).iter().map(|manager| manager.service).collect()
        };
        assert_eq!(names(&["fwdsl.service"], true, Init::Systemd), ["netfilter-persistent", "docker"]);
        assert_eq!(names(&["netfilter-persistent.service"], false, Init::Systemd), [""; 0]);
        assert_eq!(names(&["fwdsl"], true, Init::OpenRc), ["iptables"]);
        let said = boot_managers(&[], true, Init::OpenRc, &tree)[0].to_string();
        assert!(said.contains("rc-update del iptables"), "{said}");
    }
}
