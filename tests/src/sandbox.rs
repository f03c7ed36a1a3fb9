//! A host in small: a network namespace, a file tree, a former state, and a state to apply.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::{Duration, Instant};

use fwdsl_runtime::family::Family;
use fwdsl_runtime::host::Variant;
use fwdsl_runtime::restore_text::{self, SavedTable};
use serde_json::{Value, json};

use crate::netns::Netns;
use crate::sets::sorted;

/// The variants that every test of the host is run on.
pub const VARIANTS: [Variant; 2] = [Variant::Legacy, Variant::Nft];

/// The programs that a test of both variants needs.
pub const PROGRAMS: [&str; 5] = [
    "iptables-legacy-restore",
    "ip6tables-legacy-restore",
    "iptables-nft-restore",
    "ip6tables-nft-restore",
    "nft",
];

/// How long a guardian may take; far beyond what it takes.
const DEADLINE: Duration = Duration::from_secs(120);

const OLD_IPV4: &str = "*filter\n:INPUT DROP [7:700]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:OLD - [0:0]\n\
    [3:400] -A INPUT -i lo -j ACCEPT\n[0:0] -A INPUT -p tcp -m tcp --dport 22 -j OLD\n[5:60] -A OLD -j ACCEPT\nCOMMIT\n";
/// Without counters of rules: `ip6tables-nft-restore -c` 1.8.9 sets them to zero.
const OLD_IPV6: &str = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [1:2]\n:OUTPUT ACCEPT [0:0]\n\
    [0:0] -A INPUT -s fe80::/10 -j ACCEPT\nCOMMIT\n";
const NEW_IPV4: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:NEW - [0:0]\n\
    -A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
    -A INPUT -p gre -j NEW\n-A INPUT -p tcp -m tcp --dport 50134 -j ACCEPT\n\
    -A NEW -m limit --limit 1/sec -j LOG --log-prefix \"new -p 6 : \"\n-A NEW -j DROP\nCOMMIT\n\
    *nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n\
    -A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n";
const NEW_IPV6: &str = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
    -A INPUT -i lo -j ACCEPT\n-A INPUT -p ipv6-icmp -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 50134 -j ACCEPT\nCOMMIT\n";

/// The sysctls that are looked at: those that are set, and those that the kernel sets beside them.
pub(crate) const SYSCTLS: [&str; 8] = [
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/forwarding",
    "net/ipv4/conf/default/forwarding",
    "net/ipv4/conf/lo/forwarding",
    "net/ipv4/conf/all/accept_redirects",
    "net/ipv4/conf/default/send_redirects",
    "net/ipv4/conf/lo/send_redirects",
    "net/ipv4/tcp_syncookies",
];

/// A line between the parts of what a shell prints.
const APART: &str = "=====";

/// See the module.
#[derive(Debug)]
pub struct Sandbox {
    /// The namespace.
    pub netns: Netns,
    /// The variant whose rules are looked at.
    pub variant: Variant,
    /// Where the file tree begins.
    pub root: PathBuf,
    dir: PathBuf,
    driver: PathBuf,
}

impl Sandbox {
    /// Makes the host in its former state; `driver` is the program `apply_driver`.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    #[must_use]
    pub fn new(variant: Variant, driver: &str) -> Sandbox {
        let netns = Netns::new();
        let dir = std::env::temp_dir().join(netns.name());
        let root = dir.join("root");
        fs::create_dir_all(&root).expect("the scratch directory can be made");
        let sandbox = Sandbox { netns, variant, root, dir, driver: PathBuf::from(driver) };
        fs::write(sandbox.file("desired.json"), desired().to_string())
            .expect("the scratch file can be written");
        fs::write(sandbox.file("old4"), OLD_IPV4).expect("the scratch file can be written");
        fs::write(sandbox.file("old6"), OLD_IPV6).expect("the scratch file can be written");
        sandbox.reset();
        sandbox
    }

    /// A path for a test's own file, outside of the host's tree.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Replaces what is to be applied.
    ///
    /// # Panics
    ///
    /// If the file cannot be written.
    pub fn desire(&self, desired: &Value) {
        fs::write(self.file("desired.json"), desired.to_string()).expect("the scratch file can be written");
    }

    /// Brings the former state about.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn reset(&self) {
        let nat = match self.variant {
            Variant::Nft => "for family in ip ip6; do nft delete table $family nat 2>/dev/null; done",
            Variant::Legacy => {
                "for program in iptables ip6tables; do $program-legacy -t nat -F && $program-legacy -t nat -X || exit 1; done"
            }
        };
        let (dir, variant) = (self.dir.display(), self.variant);
        self.netns.sh(&format!(
            "{nat}\niptables-{variant}-restore -c < {dir}/old4 && ip6tables-{variant}-restore -c < {dir}/old6 || exit 1\n\
             cd /proc/sys/net/ipv4 && echo 1 >ip_forward && echo 0 >ip_forward && echo 1 >conf/lo/forwarding &&\n\
             echo 1 >conf/all/accept_redirects && echo 1 >conf/default/send_redirects && echo 1 >conf/lo/send_redirects &&\n\
             echo 0 >tcp_syncookies"
        ));
        let make = || {
            fs::remove_dir_all(&self.root)?;
            fs::create_dir_all(self.root.join("etc/sysctl.d"))?;
            fs::write(self.root.join("etc/old.rules"), "the former rules\n")?;
            fs::set_permissions(self.root.join("etc/old.rules"), fs::Permissions::from_mode(0o640))?;
            std::os::unix::fs::chown(self.root.join("etc/old.rules"), Some(12), Some(34))?;
            symlink("old.rules", self.root.join("etc/link"))?;
            fs::write(self.root.join("etc/gone"), "to be removed\n")
        };
        make().expect("the file tree can be made");
    }

    /// A command that applies, with options of the driver.
    pub fn command(&self, what: &str, options: &[&str]) -> Command {
        let mut command = self.netns.command(&self.driver);
        self.add_arguments(&mut command, what, options);
        command
    }

    /// A command that runs the driver under another program.
    pub fn command_under(&self, wrapper: &[&str], what: &str, options: &[&str]) -> Command {
        let mut command = self.netns.command(wrapper[0]);
        command.args(&wrapper[1..]).arg(&self.driver);
        self.add_arguments(&mut command, what, options);
        command
    }

    fn add_arguments(&self, command: &mut Command, what: &str, options: &[&str]) {
        command.arg(what).arg(self.file("desired.json")).arg("--root").arg(&self.root);
        command.args(["--variant", self.variant.name()]).args(options);
    }

    /// Applies.
    ///
    /// # Panics
    ///
    /// If the driver cannot be run.
    pub fn apply(&self, options: &[&str]) -> Output {
        self.command("apply", options).output().expect("the driver runs")
    }

    /// Applies over the former state, and gives back the report.
    ///
    /// # Panics
    ///
    /// If the apply fails.
    pub fn apply_well(&self, options: &[&str]) -> Value {
        report(&self.apply(options))
    }

    /// Waits until nobody is at work any more: neither an apply nor its guardian.
    ///
    /// # Panics
    ///
    /// If that takes very long.
    pub fn wait_for_peace(&self) {
        let end = Instant::now() + DEADLINE;
        while !self.at_peace() {
            assert!(Instant::now() < end, "the guardian did not finish: {}", self.state());
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn at_peace(&self) -> bool {
        let lock = fs::File::open(self.root.join("run/fwdsl/lock"));
        !self.journal().exists() && lock.map_or(true, |lock| lock.try_lock().is_ok())
    }

    /// Where the journal of an unfinished apply is.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.root.join("var/lib/fwdsl/journal")
    }

    /// Everything that an apply changes, in one text: rules with counters, sets, sysctls, files. Two equal texts are two
    /// equal hosts.
    ///
    /// # Panics
    ///
    /// If the host cannot be looked at.
    #[must_use]
    pub fn state(&self) -> String {
        let saves =
            Family::ALL.map(|family| format!("{} -c 2>/dev/null", self.variant.program(family, "save")));
        // In one shell, for tests look thousands of times. Where ipset is not installed, there are no sets.
        let looked = self.netns.sh(&format!(
            "{} && echo {APART} && {} && echo {APART} && {{ ipset save 2>/dev/null || true; }} && echo {APART} && \
             cd /proc/sys && grep '' {}",
            saves[0],
            saves[1],
            SYSCTLS.join(" ")
        ));
        let parts: Vec<&str> = looked.split(&format!("{APART}\n")).collect();
        let [ipv4, ipv6, sets, sysctls] = parts[..] else { panic!("not four parts: {looked}") };
        let mut text = String::new();
        for (family, saved) in Family::ALL.into_iter().zip([ipv4, ipv6]) {
            text += &format!("# {family}\n{}", without_pristine_tables(saved));
        }
        text += &sorted(sets).iter().map(|line| format!("{line}\n")).collect::<String>();
        text += sysctls;
        let mut files = Vec::new();
        list_files(&self.root, &self.root, &mut files);
        files.sort();
        text + &files.join("\n")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // A test that fails shows its own reason.
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// What the sandbox applies unless told otherwise.
#[must_use]
pub fn desired() -> Value {
    let sysctl = |key: &str, value: &str| json!({ "key": key, "value": value });
    json!({
        "ipv4": NEW_IPV4,
        "ipv6": NEW_IPV6,
        "sysctls": [
            sysctl("net/ipv4/ip_forward", "1"),
            sysctl("net/ipv4/conf/all/accept_redirects", "0"),
            sysctl("net/ipv4/conf/default/send_redirects", "0"),
            sysctl("net/ipv4/conf/lo/send_redirects", "0"),
            sysctl("net/ipv4/tcp_syncookies", "1"),
        ],
        "files": [
            { "path": "/etc/old.rules", "text": "the new rules\n" },
            { "path": "/etc/link", "link": "elsewhere" },
            { "path": "/etc/gone" },
            { "path": "/etc/sysctl.d/zz-fwdsl.conf", "text": "net.ipv4.ip_forward = 1\n" },
            { "path": "/etc/iptables/deep/rules.v6", "text": "deep\n" },
        ],
    })
}

/// The report that the driver printed.
///
/// # Panics
///
/// If it failed.
pub fn report(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the driver prints JSON")
}

/// What the driver said when it failed.
///
/// # Panics
///
/// If it did not.
pub fn failure(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}{}", String::from_utf8_lossy(&output.stdout));
    said
}

/// On legacy a table cannot be unmade; one that is empty and accepts is the same to packets.
fn without_pristine_tables(saved: &str) -> String {
    let mut text = restore_text::parse(saved).expect("a save prints a restore text");
    text.tables.retain(|table| !SavedTable::is_pristine(table));
    text.tables.sort_by(|one, other| one.name.cmp(&other.name));
    text.to_string()
}

/// Files with kind, mode, owner and contents; not the lock, the journal and the history, which come and go.
pub(crate) fn list_files(root: &Path, dir: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).expect("the tree can be read") {
        let path = entry.expect("the tree can be read").path();
        let name = path.strip_prefix(root).expect("it is below the root").display().to_string();
        let metadata = fs::symlink_metadata(&path).expect("the file can be looked at");
        if ["run", "var/lib/fwdsl/journal", "var/lib/fwdsl/history"].iter().any(|own| name.starts_with(own)) {
            continue;
        }
        if metadata.is_dir() {
            // The directories of the state are made by the first apply and stay.
            if !name.starts_with("var") {
                found.push(format!("{name}/"));
            }
            list_files(root, &path, found);
        } else if metadata.is_symlink() {
            found.push(format!("{name} -> {}", fs::read_link(&path).expect("a link").display()));
        } else {
            let (mode, uid, gid) = (metadata.mode(), metadata.uid(), metadata.gid());
            let bytes = fs::read(&path).expect("the file can be read");
            let contents = match String::from_utf8(bytes) {
                Ok(text) => format!("{text:?}"),
                // A program, of which a hash is enough.
                Err(error) => {
                    let mut hasher = DefaultHasher::new();
                    error.as_bytes().hash(&mut hasher);
                    format!("{:x}", hasher.finish())
                }
            };
            found.push(format!("{name} {mode:o} {uid}:{gid} {contents}"));
        }
    }
}
