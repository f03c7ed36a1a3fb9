//! Keeping sets for the next boot: in a file of ours, loaded by the very service that loads the rules, just before it
//! does so.
//!
//! Distributions have services of their own for sets, each with a package of its own and with one file for everybody's
//! sets; whether they come before the rules is up to each. With systemd, a drop-in for the service of the rules makes
//! the order certain and needs nothing but `ipset`: that service starts with loading the sets, at boot and whenever
//! somebody restarts it, and ends there if they do not load. With OpenRC, a service of ours comes before that of the
//! rules. The files of other services stay as they are, with the sets of others in them.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::enable::{OPENRC_SERVICES, SYSTEMD_ETC, link_into_runlevel};
use super::layout::{Init, layout};
use super::{BootError, BootPlan, BootWarning, Distribution, cannot_read};
use crate::family::Family;
use crate::host::change::{FileChange, FileContent};
use crate::host::tree::Tree;

/// The sets, as `ipset restore` reads them.
const SETS: &str = "/etc/fwdsl/sets";
const DROP_IN: &str = "fwdsl-sets.conf";
const OPENRC_SERVICE: &str = "fwdsl-sets";
/// Before the runlevel in which the rules are loaded.
const OPENRC_RUNLEVEL: &str = "boot";
/// Where the program may be.
const IPSET: [&str; 4] = ["/usr/sbin/ipset", "/sbin/ipset", "/usr/bin/ipset", "/bin/ipset"];

const PURPOSE: &str = "sets for boot";
const HEADER: &str = "# Written by fwdsl; changes made here are lost with its next save.";

/// Plans to keep sets (their text for `ipset restore`) on the system, to be loaded before the rules of `families`. With
/// an empty text, what an earlier save left goes; but a set that the rules files, as `rules` is to change them, still
/// refer to stays, since without it they would not load. `foreign` are the sets of others that the rules refer to.
///
/// # Errors
/// When a file that tells how the distribution starts services cannot be read.
pub fn plan_sets(
    text: &str,
    foreign: &[String],
    families: &[Family],
    rules: &BootPlan,
    distribution: Distribution,
    tree: &Tree,
) -> Result<BootPlan, BootError> {
    let former = tree.read(SETS.as_ref()).map_err(|error| cannot_read(SETS, error))?.unwrap_or_default();
    let mut text = text.to_owned();
    let mut needing = families.to_vec();
    for family in Family::ALL {
        let path =
            layout(distribution, family, tree).map_err(|error| cannot_read("/etc/conf.d", error))?.rules;
        let left = left_sets(&former, &text, &rules_at_boot(&path, rules, tree)?);
        if !left.is_empty() {
            text.push_str(&left);
            needing.push(family);
        }
    }
    let mut plan = BootPlan { files: Vec::new(), warnings: Vec::new() };
    let mut services = Vec::new();
    let mut init = Init::Systemd;
    for family in Family::ALL {
        let layout = layout(distribution, family, tree).map_err(|error| cannot_read("/etc/conf.d", error))?;
        init = layout.init;
        let wanted = needing.contains(&family) && !text.is_empty();
        match services.iter_mut().find(|(service, _)| *service == layout.service) {
            Some((_, any)) => *any |= wanted,
            None => services.push((layout.service, wanted)),
        }
    }
    let there = IPSET.into_iter().find(|path| tree.exists(Path::new(path)));
    if !text.is_empty() && there.is_none() {
        plan.warn(BootWarning::NotInstalled { service: "ipset", package: "ipset" });
    }
    let program = there.unwrap_or(IPSET[0]);
    let sets = (!text.is_empty()).then(|| (format!("{HEADER}\n{text}"), 0o600));
    plan.files.extend(stand(PathBuf::from(SETS), sets, tree));
    match init {
        Init::Systemd => {
            for (service, wanted) in services {
                let path = Path::new(SYSTEMD_ETC).join(format!("{service}.d")).join(DROP_IN);
                plan.files.extend(stand(path, wanted.then(|| (drop_in(program), 0o644)), tree));
            }
        }
        Init::OpenRc => {
            let names: Vec<&str> = services.iter().map(|(service, _)| *service).collect();
            let script = (!text.is_empty()).then(|| (script(program, &names.join(" ")), 0o755));
            let is_wanted = script.is_some();
            plan.files.extend(stand(Path::new(OPENRC_SERVICES).join(OPENRC_SERVICE), script, tree));
            let link = Path::new("/etc/runlevels").join(OPENRC_RUNLEVEL).join(OPENRC_SERVICE);
            if is_wanted {
                let links = link_into_runlevel(OPENRC_SERVICE, OPENRC_RUNLEVEL, PURPOSE, tree);
                plan.files.extend(links.map_err(|error| cannot_read("/etc/runlevels", error))?);
            } else if tree.link(&link).is_some() {
                plan.files.push(change(link, FileContent::Absent));
            }
        }
    }
    for name in foreign {
        plan.warn(BootWarning::ForeignSet { name: name.clone() });
    }
    Ok(plan)
}

/// What a rules file is going to hold.
fn rules_at_boot(path: &Path, plan: &BootPlan, tree: &Tree) -> Result<String, BootError> {
    match plan.files.iter().find(|change| change.path == path).map(|change| &change.content) {
        Some(FileContent::Regular { bytes, .. }) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        Some(_) => Ok(String::new()),
        None => {
            let text = tree.read(path).map_err(|error| cannot_read(&path.display().to_string(), error))?;
            Ok(text.unwrap_or_default())
        }
    }
}

/// The lines of `former` about sets that `rules` refer to and that `new` does not make: tables and families that left
/// the policy stay in the files for boot, and with them their sets.
fn left_sets(former: &str, new: &str, rules: &str) -> String {
    let mut words = rules.split_whitespace();
    let mut wanted = HashSet::new();
    while let Some(word) = words.next() {
        if matches!(word, "--match-set" | "--add-set" | "--del-set" | "--map-set") {
            wanted.extend(words.next());
        }
    }
    let made: HashSet<&str> = new.lines().filter_map(created).collect();
    let known: HashSet<&str> = former.lines().filter_map(created).collect();
    // What is in a list is named where it is added.
    let mut members = HashSet::new();
    for line in former.lines() {
        if let Some((list, member)) = added(line)
            && wanted.contains(list)
            && known.contains(member)
        {
            members.insert(member);
        }
    }
    wanted.extend(members);
    let is_left = |line: &&str| {
        let name = created(line).or_else(|| added(line).map(|(name, _)| name));
        name.is_some_and(|name| wanted.contains(name) && !made.contains(name))
    };
    former.lines().filter(is_left).map(|line| format!("{line}\n")).collect()
}

/// The name of the set that a line makes.
fn created(line: &str) -> Option<&str> {
    line.strip_prefix("create ")?.split(' ').next()
}

/// The name of the set that a line fills, and the element.
fn added(line: &str) -> Option<(&str, &str)> {
    let mut words = line.strip_prefix("add ")?.split(' ');
    Some((words.next()?, words.next()?))
}

/// What is to stand at a path; `None` if nothing does and nothing is to.
fn stand(path: PathBuf, text: Option<(String, u32)>, tree: &Tree) -> Option<FileChange> {
    match text {
        Some((text, mode)) => Some(change(path, FileContent::Regular { bytes: text.into_bytes(), mode })),
        None => tree.exists(&path).then(|| change(path, FileContent::Absent)),
    }
}

fn change(path: PathBuf, content: FileContent) -> FileChange {
    FileChange { path, content, purpose: PURPOSE.to_owned() }
}

/// See systemd.unit(5) for drop-ins, systemd.service(5) for what comes before a service's own program.
fn drop_in(ipset: &str) -> String {
    format!("{HEADER}\n[Service]\nExecStartPre={ipset} restore -exist -file {SETS}\n")
}

/// See openrc-run(8).
fn script(ipset: &str, services: &str) -> String {
    format!(
        "#!/sbin/openrc-run\n\
         {HEADER}\n\
         description=\"Sets of the firewall\"\n\
         \n\
         depend() {{\n\
         \tneed localmount\n\
         \tafter modules fwdsl-recover\n\
         \tbefore net {services}\n\
         }}\n\
         \n\
         start() {{\n\
         \tebegin \"Loading the sets of the firewall\"\n\
         \t{ipset} restore -exist -file {SETS}\n\
         \teend $?\n\
         }}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::outline;
    use super::*;
    use crate::host::tree::image::Image;

    const TEXT: &str = "create A.4.00000000 hash:ip family inet\n";

    fn no_rules() -> BootPlan {
        BootPlan { files: Vec::new(), warnings: Vec::new() }
    }

    fn planned(image: &Image, text: &str, distribution: Distribution) -> BootPlan {
        plan_sets(text, &[], &Family::ALL, &no_rules(), distribution, &Tree::new(Some(image.root()))).unwrap()
    }

    #[test]
    fn the_service_of_the_rules_loads_the_sets_first() {
        let image = Image::new().file("/usr/bin/ipset", "");
        let plan = planned(&image, TEXT, Distribution::Arch);
        assert_eq!(
            outline(&plan),
            [
                "/etc/fwdsl/sets 600",
                "/etc/systemd/system/iptables.service.d/fwdsl-sets.conf 644",
                "/etc/systemd/system/ip6tables.service.d/fwdsl-sets.conf 644",
            ]
        );
        let FileContent::Regular { bytes, .. } = &plan.files[1].content else { panic!() };
        let text = String::from_utf8_lossy(bytes);
        assert!(
            text.ends_with("[Service]\nExecStartPre=/usr/bin/ipset restore -exist -file /etc/fwdsl/sets\n"),
            "{text}"
        );
        assert!(plan.warnings.is_empty());
        assert_eq!(
            outline(&planned(&image, TEXT, Distribution::Debian)),
            ["/etc/fwdsl/sets 600", "/etc/systemd/system/netfilter-persistent.service.d/fwdsl-sets.conf 644"]
        );
    }

    #[test]
    fn openrc_gets_a_service_before_those_of_the_rules() {
        let image = Image::new().file("/sbin/ipset", "");
        let plan = planned(&image, TEXT, Distribution::Alpine);
        assert_eq!(
            outline(&plan),
            [
                "/etc/fwdsl/sets 600",
                "/etc/init.d/fwdsl-sets 755",
                "/etc/runlevels/boot/fwdsl-sets -> /etc/init.d/fwdsl-sets"
            ]
        );
        let FileContent::Regular { bytes, .. } = &plan.files[1].content else { panic!() };
        let text = String::from_utf8_lossy(bytes);
        assert!(text.contains("\tbefore net iptables ip6tables\n"), "{text}");
        assert!(text.contains("\t/sbin/ipset restore -exist -file /etc/fwdsl/sets\n"), "{text}");
    }

    #[test]
    fn without_sets_what_an_earlier_save_left_goes() {
        let image = Image::new();
        for distribution in [Distribution::Arch, Distribution::Alpine] {
            assert_eq!(outline(&planned(&image, "", distribution)), Vec::<String>::new());
        }
        let image = Image::new()
            .file("/etc/fwdsl/sets", TEXT)
            .file("/etc/systemd/system/ip6tables.service.d/fwdsl-sets.conf", "")
            .file("/etc/init.d/fwdsl-sets", "")
            .link("/etc/runlevels/boot/fwdsl-sets", "/etc/init.d/fwdsl-sets");
        assert_eq!(
            outline(&planned(&image, "", Distribution::Arch)),
            ["/etc/fwdsl/sets absent", "/etc/systemd/system/ip6tables.service.d/fwdsl-sets.conf absent"]
        );
        assert_eq!(
            outline(&planned(&image, "", Distribution::Alpine)),
            [
                "/etc/fwdsl/sets absent",
                "/etc/init.d/fwdsl-sets absent",
                "/etc/runlevels/boot/fwdsl-sets absent"
            ]
        );
    }

    #[test]
    fn only_the_services_of_families_with_rules_load_sets() {
        let image = Image::new().file("/usr/sbin/ipset", "");
        let tree = Tree::new(Some(image.root()));
        let plan = plan_sets(TEXT, &[], &[Family::Ipv4], &no_rules(), Distribution::Fedora, &tree).unwrap();
        assert_eq!(
            outline(&plan),
            ["/etc/fwdsl/sets 600", "/etc/systemd/system/iptables.service.d/fwdsl-sets.conf 644"]
        );
    }

    #[test]
    fn what_may_be_missing_at_boot_is_told() {
        let image = Image::new();
        let tree = Tree::new(Some(image.root()));
        let foreign = ["f2b-sshd".to_owned()];
        let plan = plan_sets(TEXT, &foreign, &Family::ALL, &no_rules(), Distribution::Debian, &tree).unwrap();
        let said: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
        assert!(said[0].contains("install the package `ipset`"), "{said:?}");
        assert!(said[1].contains("`f2b-sshd`"), "{said:?}");
    }

    #[test]
    fn sets_stay_that_rules_of_an_earlier_save_refer_to() {
        // A family and a table that left the policy: both are still loaded at boot.
        let former = "# head\ncreate A.4.1 hash:ip family inet\nadd A.4.1 10.0.0.1\ncreate A.6.1 hash:ip family inet6\n\
                      add A.6.1 ::1\ncreate L.6.1 list:set\nadd L.6.1 A.6.1\ncreate B.4.1 hash:ip family inet\n";
        let image = Image::new()
            .file("/usr/sbin/ipset", "")
            .file("/etc/fwdsl/sets", former)
            .file(
                "/etc/sysconfig/ip6tables",
                "*filter\n-A INPUT -m set --match-set L.6.1 src -j DROP\nCOMMIT\n",
            )
            .file(
                "/etc/sysconfig/iptables",
                "*filter\n-A INPUT -m set --match-set A.4.1 src -j DROP\nCOMMIT\n",
            );
        let tree = Tree::new(Some(image.root()));
        let saved = |rules: &str, text: &str| {
            let path = PathBuf::from("/etc/sysconfig/iptables");
            let content = FileContent::Regular { bytes: rules.as_bytes().to_vec(), mode: 0o600 };
            let rules = BootPlan { files: vec![change(path, content)], warnings: Vec::new() };
            plan_sets(text, &[], &[Family::Ipv4], &rules, Distribution::Fedora, &tree).unwrap()
        };
        let plan = saved("*nat\n-A OUTPUT -m set --match-set B.4.1 dst -j ACCEPT\nCOMMIT\n", TEXT);
        let FileContent::Regular { bytes, .. } = &plan.files[0].content else { panic!() };
        assert_eq!(
            String::from_utf8_lossy(bytes),
            format!(
                "{HEADER}\n{TEXT}create B.4.1 hash:ip family inet\ncreate A.6.1 hash:ip family inet6\nadd A.6.1 ::1\n\
                 create L.6.1 list:set\nadd L.6.1 A.6.1\n"
            )
        );
        let services = ["iptables", "ip6tables"]
            .map(|service| format!("/etc/systemd/system/{service}.service.d/fwdsl-sets.conf 644"));
        assert_eq!(outline(&plan)[1..], services);
        // The policy has no sets any more: the other family's rules need theirs.
        let FileContent::Regular { bytes, .. } = &saved("", "").files[0].content else { panic!() };
        assert!(!String::from_utf8_lossy(bytes).contains(".4."));
        assert_eq!(
            outline(&saved("", ""))[1..],
            ["/etc/systemd/system/iptables.service.d/fwdsl-sets.conf 644".to_owned(), services[1].clone()]
        );
    }
}
