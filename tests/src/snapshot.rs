//! A sandbox's host as it is at a moment, brought back as often as a test likes: much faster than by the commands that
//! made it so.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::restore_text::{self, SavedTable};

use crate::sandbox::{SYSCTLS, Sandbox};

/// The tables that a test's commands may make, in all families that have them.
const TABLES: [&str; 3] = ["filter", "nat", "mangle"];

/// See the module.
#[derive(Debug)]
pub struct Snapshot {
    tree: PathBuf,
    script: PathBuf,
}

impl Snapshot {
    /// Takes the snapshot.
    ///
    /// # Panics
    ///
    /// If the host cannot be looked at.
    #[must_use]
    pub fn of(host: &Sandbox) -> Snapshot {
        let tree = host.file("snapshot-tree");
        let _ = fs::remove_dir_all(&tree);
        copy(&host.root, &tree);
        let mut lines = vec![match host.variant {
            Variant::Nft => "nft flush ruleset".to_owned(),
            Variant::Legacy => emptied(),
        }];
        // Under nft, the kernel lets go of sets a little after the rules.
        lines.push(
            "ipset flush; for i in 1 2 3 4 5 6 7 8 9; do ipset destroy 2>/dev/null && break; sleep 0.02; done".to_owned(),
        );
        let sets = host.file("snapshot-sets");
        fs::write(&sets, host.netns.sh("ipset save 2>/dev/null || true"))
            .expect("the scratch file can be written");
        lines.push(format!("[ ! -s {0} ] || ipset restore <{0} || exit 1", sets.display()));
        for family in Family::ALL {
            let rules = host.file(&format!("snapshot-{}", family.name()));
            let saved = host.netns.sh(&format!("{} -c 2>/dev/null", host.variant.program(family, "save")));
            fs::write(&rules, saved).expect("the scratch file can be written");
            let restore = host.variant.program(family, "restore");
            lines.push(format!("{restore} -c <{} || exit 1", rules.display()));
        }
        let values = host.netns.sh(&format!("cd /proc/sys && grep '' {}", SYSCTLS.join(" ")));
        // The second time for what the first ones reset.
        for line in values.lines().chain(values.lines()) {
            let (key, value) = line.split_once(':').expect("grep prints the name of the file");
            lines.push(format!("echo '{value}' >/proc/sys/{key} || exit 1"));
        }
        lines.push(format!("rm -rf {0} && cp -a {1} {0}", host.root.display(), tree.display()));
        let script = host.file("snapshot-script");
        fs::write(&script, lines.join("\n")).expect("the scratch file can be written");
        Snapshot { tree, script }
    }

    /// Brings the host back.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn bring_back(&self, host: &Sandbox) {
        host.netns.sh(&format!(". {}", self.script.display()));
        assert!(self.tree.exists() && host.root.exists());
    }
}

/// The lines that only one of two states has, marked as in a diff; where there are none, the order differs.
#[must_use]
pub fn differing(then: &str, now: &str) -> Vec<String> {
    let lacks = |one: &str, other: &str, mark: char| -> Vec<String> {
        let other: HashSet<&str> = other.lines().collect();
        let lines = one.lines().filter(|line| !other.contains(line));
        lines.map(|line| format!("{mark}{line}")).collect()
    };
    let mut differing = lacks(then, now, '-');
    differing.extend(lacks(now, then, '+'));
    if differing.is_empty() && then != now {
        differing.push("the same lines in another order".to_owned());
    }
    differing
}

/// Empties all tables of the legacy variant.
fn emptied() -> String {
    let text: String = TABLES.iter().map(|table| SavedTable::pristine(table).to_string()).collect();
    assert!(restore_text::parse(&text).is_ok());
    let restore = |family: Family| {
        format!("{} <<'EOF' || exit 1\n{text}EOF", Variant::Legacy.program(family, "restore"))
    };
    Family::ALL.map(restore).join("\n")
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    let status = Command::new("cp").arg("-a").args([from, to]).status().expect("cp runs");
    assert!(status.success(), "cp -a {} {}", from.display(), to.display());
}
