//! The service that undoes an apply which a power failure cut off, before the boot reads what it left.
//!
//! The power takes the guardian together with the applier. Rules and sysctls are forgotten with it, but files stay,
//! some as they were and some new, and the journal with them. So a service of ours runs the program's undo where
//! it finds a journal. Its files are to be the first that an apply puts in place, since then no other boot file is
//! ever new without it; the undo, which goes backwards, takes them away last.
//!
//! What reads boot files before local file systems are mounted cannot wait for the undo: the loader of modules, and
//! udev, which sets the sysctls of an interface that appears. It may have taken a value from the cut-off apply.

use std::fmt;
use std::path::{Path, PathBuf};

use super::enable::{self, OPENRC_SERVICES, SYSTEMD_ETC};
use super::hardening::{COMMON, RESTORER};
use super::layout::{Init, Startup};
use super::program::{BootProgram, Unfit, is_speakable, quoted_for_systemd, why_not_at_boot};
use super::{BootError, cannot_read};
use crate::host::change::{FileChange, FileContent};
use crate::host::places::JOURNAL;
use crate::host::tree::Tree;

const UNIT: &str = "fwdsl-recover.service";
const OPENRC_SERVICE: &str = "fwdsl-recover";
/// The runlevel in which OpenRC mounts file systems and sets sysctls; services are in `default`, after it.
const OPENRC_RUNLEVEL: &str = "boot";

/// What its files are for.
pub(crate) const PURPOSE: &str = "undo at boot of an apply that was cut off";
const HEADER: &str = "# Written by fwdsl; changes made here are lost with its next save.";

/// What is to stand for an undo at boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// The service and the link that enables it, to be put in place before all other files.
    pub files: Vec<FileChange>,
    /// What will keep it from its work.
    pub warnings: Vec<RecoveryWarning>,
}

/// Plans the service that runs `program` at boot, if there is a journal of an unfinished apply then, before the services
/// of `startup`.
///
/// With `argument`, the program calls [`recover`](crate::host::recover). Both the program's path and the journal's are
/// those of the system of `tree`.
///
/// # Errors
/// When what is in OpenRC's runlevels cannot be read.
pub fn plan(program: &Path, argument: &str, startup: &Startup, tree: &Tree) -> Result<Recovery, BootError> {
    let Some(text) = program.to_str().filter(|text| is_speakable(text)) else {
        let warnings = vec![RecoveryWarning::Unwritable { program: program.to_owned() }];
        return Ok(Recovery { files: Vec::new(), warnings });
    };
    let services = startup.services.join(" ");
    let unfit = why_not_at_boot(program, tree);
    let mut warnings: Vec<RecoveryWarning> =
        unfit.map(|why| RecoveryWarning::Unfit { program: program.to_owned(), why }).into_iter().collect();
    let files = match startup.init {
        Init::Systemd if enable::is_masked(UNIT, tree) => {
            warnings = vec![RecoveryWarning::Masked];
            Vec::new()
        }
        Init::Systemd => {
            let text = unit(text, argument, &services);
            let links = enable::enable_new_unit(UNIT, &text, PURPOSE, tree);
            [vec![file(SYSTEMD_ETC, UNIT, text, 0o644)], links].concat()
        }
        Init::OpenRc => {
            let links = enable::link_into_runlevel(OPENRC_SERVICE, OPENRC_RUNLEVEL, PURPOSE, tree)
                .map_err(|error| cannot_read("/etc/runlevels", error))?;
            let text = script(text, argument, &services);
            [vec![file(OPENRC_SERVICES, OPENRC_SERVICE, text, 0o755)], links].concat()
        }
    };
    Ok(Recovery { files, warnings })
}

fn file(directory: &str, name: &str, text: String, mode: u32) -> FileChange {
    FileChange {
        path: Path::new(directory).join(name),
        content: FileContent::Regular { bytes: text.into_bytes(), mode },
        purpose: PURPOSE.to_owned(),
    }
}

/// See systemd.unit(5), bootup(7), and systemd.special(7) for `network-pre.target`.
///
/// Without default dependencies, which would order it after what reads the files that it puts back. Not before
/// `systemd-modules-load.service`: some file systems are mounted only after that, which would be a circle.
fn unit(program: &str, argument: &str, services: &str) -> String {
    let program = quoted_for_systemd(program);
    format!(
        "{HEADER}\n\
         [Unit]\n\
         Description=Undo of a firewall apply that was cut off\n\
         DefaultDependencies=no\n\
         ConditionPathExists={JOURNAL}\n\
         After=local-fs.target\n\
         Before=systemd-sysctl.service {services}\n\
         Wants=network-pre.target\n\
         Before=network-pre.target sysinit.target\n\
         Conflicts=shutdown.target\n\
         Before=shutdown.target\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         ExecStart={program} {argument}\n\
         {RESTORER}{COMMON}\
         \n\
         [Install]\n\
         WantedBy=sysinit.target\n"
    )
}

/// See openrc-run(8). Not before `modules`, as for systemd. No path with a quote gets here.
fn script(program: &str, argument: &str, services: &str) -> String {
    format!(
        "#!/sbin/openrc-run\n\
         {HEADER}\n\
         description=\"Undo of a firewall apply that was cut off\"\n\
         \n\
         depend() {{\n\
         \tneed localmount\n\
         \tbefore sysctl net {services}\n\
         }}\n\
         \n\
         start() {{\n\
         \t[ -e {JOURNAL} ] || return 0\n\
         \tebegin \"Undoing a firewall apply that was cut off\"\n\
         \t'{program}' {argument}\n\
         \teend $?\n\
         }}\n"
    )
}

/// Why an apply that a power failure cuts off may not be undone at boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecoveryWarning {
    /// The service is masked, so that nothing starts it.
    Masked,
    /// A boot may not find the program.
    Unfit {
        /// The program.
        program: PathBuf,
        /// Why not.
        why: Unfit,
    },
    /// The program's path cannot be written into a service; there is none.
    Unwritable {
        /// The program.
        program: PathBuf,
    },
}

impl RecoveryWarning {
    /// Whether it is about a program that is not there yet, but will be.
    pub fn is_met_by(&self, program: &BootProgram) -> bool {
        program.copy.is_some() && matches!(self, RecoveryWarning::Unfit { why: Unfit::Missing, .. })
    }
}

impl fmt::Display for RecoveryWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an apply that a power failure cuts off will not be undone at boot, because ")?;
        match self {
            RecoveryWarning::Masked => {
                return write!(f, "`{UNIT}` is masked: `systemctl unmask {UNIT}`, then save again");
            }
            RecoveryWarning::Unfit { program, why } => why.say(program, f)?,
            RecoveryWarning::Unwritable { program } => {
                write!(f, "the path {program:?} cannot be written into a service")?;
            }
        }
        f.write_str(
            "; install this program for good, such as in /usr/local/sbin, and save again with that copy",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::Distribution;
    use super::*;
    use crate::host::tree::image::Image;

    fn planned(image: &Image, program: &str, distribution: Distribution) -> Recovery {
        let tree = Tree::new(Some(image.root()));
        let startup = Startup::of_distribution(distribution, &tree).unwrap();
        plan(Path::new(program), "recover", &startup, &tree).unwrap()
    }

    fn text(change: &FileChange) -> (u32, String) {
        let FileContent::Regular { bytes, mode } = &change.content else { panic!("{change:?}") };
        (*mode, String::from_utf8(bytes.clone()).unwrap())
    }

    #[test]
    fn the_unit_comes_before_whatever_reads_the_files() {
        let image = Image::new().file("/usr/sbin/host", "");
        for (distribution, services) in [
            (Distribution::Debian, "netfilter-persistent.service"),
            (Distribution::Arch, "iptables.service ip6tables.service"),
            (Distribution::Fedora, "iptables.service ip6tables.service"),
        ] {
            let recovery = planned(&image, "/usr/sbin/host", distribution);
            assert_eq!(recovery.warnings, []);
            let [unit, link] = &recovery.files[..] else { panic!("{recovery:?}") };
            assert_eq!(unit.path, Path::new("/etc/systemd/system/fwdsl-recover.service"));
            let (mode, text) = text(unit);
            assert_eq!(mode, 0o644);
            for line in [
                "ConditionPathExists=/var/lib/fwdsl/journal",
                "ExecStart=/usr/sbin/host recover",
                &format!("Before=systemd-sysctl.service {services}"),
            ] {
                assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
            }
            assert_eq!(
                link.path,
                Path::new("/etc/systemd/system/sysinit.target.wants/fwdsl-recover.service")
            );
            assert_eq!(link.content, FileContent::Symlink(unit.path.clone()));
        }
    }

    #[test]
    fn openrc_gets_a_script_in_the_boot_runlevel() {
        let image = Image::new().file("/usr/sbin/$my host", "");
        let recovery = planned(&image, "/usr/sbin/$my host", Distribution::Alpine);
        let [service, link] = &recovery.files[..] else { panic!("{recovery:?}") };
        assert_eq!(service.path, Path::new("/etc/init.d/fwdsl-recover"));
        let (mode, text) = text(service);
        assert_eq!(mode, 0o755);
        assert!(text.contains("\n\tbefore sysctl net iptables ip6tables\n"), "{text}");
        assert!(text.contains("\n\t'/usr/sbin/$my host' recover\n"), "{text}");
        assert_eq!(link.path, Path::new("/etc/runlevels/boot/fwdsl-recover"));
        assert_eq!(link.content, FileContent::Symlink(service.path.clone()));
    }

    #[test]
    fn links_that_stand_are_left_alone_and_a_mask_too() {
        let image = Image::new()
            .file("/usr/sbin/host", "")
            .link(
                "/etc/systemd/system/sysinit.target.wants/fwdsl-recover.service",
                "../fwdsl-recover.service",
            )
            .link("/etc/runlevels/sysinit/fwdsl-recover", "/etc/init.d/fwdsl-recover");
        for distribution in [Distribution::Arch, Distribution::Alpine] {
            assert_eq!(planned(&image, "/usr/sbin/host", distribution).files.len(), 1);
        }
        let image = Image::new().link("/etc/systemd/system/fwdsl-recover.service", "/dev/null");
        let recovery = planned(&image, "/tmp/host", Distribution::Arch);
        assert_eq!(recovery, Recovery { files: Vec::new(), warnings: vec![RecoveryWarning::Masked] });
    }

    #[test]
    fn a_program_that_a_boot_will_not_find_is_told() {
        let image = Image::new();
        for (program, words) in [
            ("/tmp/host", "`/tmp/host` may be gone by then: it is below /tmp; install"),
            ("/run/host", "below /run"),
            ("/src/target/debug/host", "where cargo builds"),
            ("/src/target/x86_64-unknown-linux-musl/release/host", "where cargo builds"),
            ("/tmpfiles/host", "there is no `/tmpfiles/host` in the system that boots; install"),
            ("/usr/sbin/host (deleted)", "there is no `/usr/sbin/host (deleted)`"),
        ] {
            let recovery = planned(&image, program, Distribution::Arch);
            assert_eq!(recovery.files.len(), 2, "it is written all the same");
            let [warning] = &recovery.warnings[..] else { panic!("{recovery:?}") };
            assert!(warning.to_string().contains(words), "{warning}");
        }
        for unspeakable in ["/usr/sbin/two\nlines", "/usr/sbin/host's", "/usr/sbin/a\\b"] {
            let recovery = planned(&image, unspeakable, Distribution::Arch);
            assert!(recovery.files.is_empty());
            assert!(recovery.warnings[0].to_string().contains("cannot be written into a service"));
        }
    }
}
