//! Our own service, which loads the kept policy at boot, and the one behind it, which comes up with a lock-down where
//! that failed, for whatever reason: a damaged file, a set of others that is not there, a program that is gone.
//!
//! Both are done before the network is configured. The second is there at every boot and begins when the first has ended,
//! however it did; a file that the first leaves says that nothing is to be done. So there is no moment in between.

use std::path::{Path, PathBuf};

use super::enable::{self, OPENRC_SERVICES, SYSTEMD_ETC};
use super::hardening::{COMMON, LOADERS};
use super::layout::Init;
use super::lockdown::SCRIPT;
use super::program::quoted_for_systemd;
use crate::host::change::{FileChange, FileContent};
use crate::host::tree::Tree;

pub(super) const UNIT: &str = "fwdsl.service";
pub(super) const LOCKDOWN_UNIT: &str = "fwdsl-lockdown.service";
pub(super) const OPENRC_SERVICE: &str = "fwdsl";
/// The runlevel in which OpenRC mounts file systems and sets sysctls; the network may be in it too.
const OPENRC_RUNLEVEL: &str = "boot";

/// The file that says that the policy was loaded in this boot.
pub(crate) const LOADED: &str = "/run/fwdsl/loaded";

const LOADS: &str = "load of the policy at boot";
const LOCKS: &str = "lock-down at boot where the policy cannot be loaded";
const HEADER: &str = "# Written by fwdsl; changes made here are lost with its next save.";

/// The files of the services that run `program` with `argument` at boot, and the links that enable them.
pub(super) fn files(program: &str, argument: &str, init: Init, tree: &Tree) -> Vec<FileChange> {
    match init {
        Init::Systemd => {
            let units = [
                (LOCKDOWN_UNIT, lockdown_unit(), LOCKS),
                (UNIT, unit(&quoted_for_systemd(program), argument), LOADS),
            ];
            // A unit that is masked would be unmasked by a file of its name.
            let units = units.into_iter().filter(|(name, ..)| !enable::is_masked(name, tree));
            let files = |(name, text, purpose): (&str, String, &str)| {
                let links = enable::enable_new_unit(name, &text, purpose, tree);
                [vec![file(SYSTEMD_ETC, name, text, 0o644, purpose)], links].concat()
            };
            units.flat_map(files).collect()
        }
        Init::OpenRc => {
            let script = file(OPENRC_SERVICES, OPENRC_SERVICE, script(program, argument), 0o755, LOADS);
            let link = Path::new("/etc/runlevels").join(OPENRC_RUNLEVEL).join(OPENRC_SERVICE);
            let content = FileContent::Symlink(script.path.clone());
            vec![script, FileChange { path: link, content, purpose: LOADS.to_owned() }]
        }
    }
}

fn file(directory: &str, name: &str, text: String, mode: u32, purpose: &str) -> FileChange {
    FileChange {
        path: PathBuf::from(directory).join(name),
        content: FileContent::Regular { bytes: text.into_bytes(), mode },
        purpose: purpose.to_owned(),
    }
}

/// What both units say of their place in the boot: bootup(7), and systemd.special(7) for `network-pre.target`.
///
/// Before `systemd-sysctl.service`, so that no packet is forwarded before there are rules for it.
fn order(after: &str) -> String {
    format!(
        "DefaultDependencies=no\n\
         After=local-fs.target systemd-modules-load.service {after}\n\
         Before=systemd-sysctl.service\n\
         Wants=network-pre.target\n\
         Before=network-pre.target sysinit.target\n\
         Conflicts=shutdown.target\n\
         Before=shutdown.target\n"
    )
}

/// A start that takes longer has failed. Programs of an apply have deadlines of their own, which are shorter.
const START_DEADLINE: &str = "TimeoutStartSec=5min";

fn unit(program: &str, argument: &str) -> String {
    format!(
        "{HEADER}\n\
         [Unit]\n\
         Description=Firewall policy of this host\n\
         {}\
         \n\
         [Service]\n\
         Type=oneshot\n\
         RemainAfterExit=yes\n\
         ExecStart={program} {argument}\n\
         ExecReload={program} {argument}\n\
         {START_DEADLINE}\n\
         StateDirectory=fwdsl\n\
         StateDirectoryMode=0700\n\
         {LOADERS}{COMMON}\
         \n\
         [Install]\n\
         WantedBy=sysinit.target\n",
        order("fwdsl-recover.service")
    )
}

fn lockdown_unit() -> String {
    format!(
        "{HEADER}\n\
         [Unit]\n\
         Description=Lock-down of this host, whose firewall policy could not be loaded\n\
         ConditionPathExists=!{LOADED}\n\
         {}\
         \n\
         [Service]\n\
         Type=oneshot\n\
         RemainAfterExit=yes\n\
         ExecStart=/bin/sh {SCRIPT}\n\
         {START_DEADLINE}\n\
         {LOADERS}{COMMON}\
         \n\
         [Install]\n\
         WantedBy=sysinit.target\n",
        order(UNIT)
    )
}

/// See openrc-run(8). No path with a quote gets here.
fn script(program: &str, argument: &str) -> String {
    format!(
        "#!/sbin/openrc-run\n\
         {HEADER}\n\
         description=\"Firewall policy of this host\"\n\
         \n\
         depend() {{\n\
         \tneed localmount\n\
         \tafter modules fwdsl-recover\n\
         \tbefore net sysctl\n\
         }}\n\
         \n\
         start() {{\n\
         \tebegin \"Loading the firewall policy of this host\"\n\
         \t'{program}' {argument} && eend 0 && return 0\n\
         \t[ -e {LOADED} ] || /bin/sh {SCRIPT}\n\
         \teend 1 \"The firewall policy was not loaded\"\n\
         }}\n\
         \n\
         stop() {{\n\
         \t# The rules stay: a service that stops opens nothing.\n\
         \treturn 0\n\
         }}\n"
    )
}
