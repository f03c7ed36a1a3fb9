//! The sysctl file that is kept for boot, read by the programs that read it there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use fwdsl_runtime::host::change::{FileContent, SysctlWrite};
use fwdsl_runtime::host::sysctl::{Reader, expand, sysctl_file};
use fwdsl_runtime::sysctl::Setting;
use fwdsl_tests::namespace::{Namespace, skip};

/// Settings whose values are none that a fresh namespace begins with, and of which one resets others.
fn settings() -> Vec<Setting> {
    let all = [
        ("net.ipv4.conf.*.accept_redirects", "0"),
        ("net.ipv4.conf.*.arp_ignore", "2"),
        ("net/ipv4/conf/v.0/arp_ignore", "1"),
        ("net.ipv4.ip_forward", "1"),
        ("net.ipv4.icmp_echo_ignore_all", "1"),
        ("net.ipv4.ip_local_port_range", "20000 30000"),
        ("net.ipv6.neigh.*.mcast_solicit", "5"),
    ];
    all.map(|(key, value)| Setting { key: key.parse().unwrap(), value: value.to_owned() }).into()
}

/// A namespace with two interfaces, the name of one of them with a dot.
fn namespace(what: &str) -> Option<Namespace> {
    let namespace = Namespace::new(what)?;
    namespace.ip(&["link", "add", "v.0", "type", "veth", "peer", "name", "v1"]);
    Some(namespace)
}

fn expanded(namespace: &Namespace) -> Vec<SysctlWrite> {
    namespace.enter(|| expand(&settings(), Path::new("/proc/sys")).unwrap().writes)
}

/// Each parameter that does not have its value in the namespace, with the value that it has.
fn different(namespace: &Namespace, writes: &[SysctlWrite]) -> Vec<String> {
    let value = |write: &SysctlWrite| {
        let text = fs::read_to_string(Path::new("/proc/sys").join(&write.key)).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    namespace.enter(|| {
        let wrong = writes.iter().filter(|write| value(write) != write.value);
        wrong.map(|write| format!("{} is {}", write.key, value(write))).collect()
    })
}

/// A file of the test's own, removed when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, writes: Option<&[SysctlWrite]>, reader: Reader) -> Scratch {
        let FileContent::Regular { bytes, .. } = sysctl_file(&settings(), writes, reader).content else {
            panic!("no file is planned");
        };
        let path = std::env::temp_dir().join(format!("fwdsl-{}-{name}.conf", std::process::id()));
        fs::write(&path, bytes).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Whether `program ARGS` runs here; else says that the test is skipped.
fn has(what: &str, program: &str, args: &[&str]) -> bool {
    let runs = Command::new(program).args(args).output().is_ok_and(|output| output.status.success());
    if !runs {
        skip(what, &format!("{program} is not installed"));
    }
    runs
}

#[test]
fn written_in_this_order_every_sysctl_is_in_force() {
    let Some(namespace) = namespace("written_in_this_order_every_sysctl_is_in_force") else { return };
    let writes = expanded(&namespace);
    assert!(different(&namespace, &writes).len() > 10, "the values are none of a fresh namespace");
    namespace.enter(|| {
        for write in &writes {
            fs::write(Path::new("/proc/sys").join(&write.key), &write.value).unwrap();
        }
    });
    assert_eq!(different(&namespace, &writes), Vec::<String>::new());
}

/// Has a program read the file of a host with an interface that is gone, and looks at what is in force then.
///
/// Whether the program complains is not looked at: some versions of procps do so though the line is excused.
fn try_on_host(what: &str, program: &str, args: &[&str], reader: Reader) {
    let Some(namespace) = namespace(what) else { return };
    let mut writes = expanded(&namespace);
    let gone =
        SysctlWrite { key: "net/ipv4/conf/gone0/arp_ignore".to_owned(), value: "2".to_owned(), module: None };
    writes.insert(0, gone);
    let file = Scratch::new(what, Some(&writes), reader);
    let output = namespace.command(program).args(args).arg(&file.0).output().unwrap();
    writes.remove(0);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(different(&namespace, &writes), Vec::<String>::new(), "{words}");
}

/// Has a program read the file of an image, which names no interface.
fn try_on_image(what: &str, program: &str, args: &[&str]) {
    let Some(namespace) = namespace(what) else { return };
    let file = Scratch::new(what, None, Reader::Full);
    let output = namespace.command(program).args(args).arg(&file.0).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(different(&namespace, &expanded(&namespace)), Vec::<String>::new(), "{words}");
}

#[test]
fn systemd_sets_what_is_kept() {
    let what = "systemd_sets_what_is_kept";
    let program = ["/usr/lib/systemd/systemd-sysctl", "/lib/systemd/systemd-sysctl"];
    let Some(program) = program.into_iter().find(|program| Path::new(program).exists()) else {
        return skip(what, "systemd-sysctl is not installed");
    };
    try_on_host(what, program, &[], Reader::Full);
    try_on_image(what, program, &[]);
}

#[test]
fn procps_sets_what_is_kept() {
    let what = "procps_sets_what_is_kept";
    if has(what, "sysctl", &["--version"]) {
        try_on_host(what, "sysctl", &["-p"], Reader::Full);
        try_on_image(what, "sysctl", &["-p"]);
    }
}

#[test]
fn busybox_sets_what_is_kept() {
    let what = "busybox_sets_what_is_kept";
    if has(what, "busybox", &["sysctl", "-n", "kernel.ostype"]) {
        try_on_host(what, "busybox", &["sysctl", "-p"], Reader::Plain);
    }
}
