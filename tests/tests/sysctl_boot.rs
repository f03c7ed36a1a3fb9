//! The sysctl file that is kept for boot, read by the programs that read it there.

use std::fs;
use std::path::{Path, PathBuf};

use fwdsl_runtime::host::change::{FileContent, SysctlWrite};
use fwdsl_runtime::host::sysctl::{Reader, expand, sysctl_file};
use fwdsl_runtime::sysctl::Setting;
use fwdsl_tests::netns::{Netns, require};

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
fn namespace() -> Netns {
    let netns = Netns::new();
    netns.sh("ip link add v.0 type veth peer name v1");
    netns
}

fn expanded(netns: &Netns) -> Vec<SysctlWrite> {
    netns.enter(|| expand(&settings(), Path::new("/proc/sys")).unwrap().writes)
}

/// Each parameter that does not have its value in the namespace, with the value that it has.
fn different(netns: &Netns, writes: &[SysctlWrite]) -> Vec<String> {
    let value = |write: &SysctlWrite| {
        let text = fs::read_to_string(Path::new("/proc/sys").join(&write.key)).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    netns.enter(|| {
        let wrong = writes.iter().filter(|write| value(write) != write.value);
        wrong.map(|write| format!("{} is {}", write.key, value(write))).collect()
    })
}

/// A file of the test's own, removed when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(netns: &Netns, writes: Option<&[SysctlWrite]>, reader: Reader) -> Scratch {
        let FileContent::Regular { bytes, .. } = sysctl_file(&settings(), writes, reader).content else {
            panic!("no file is planned");
        };
        let path = std::env::temp_dir().join(format!("{}.conf", netns.name()));
        fs::write(&path, bytes).unwrap();
        Scratch(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn written_in_this_order_every_sysctl_is_in_force() {
    if !require(&[]) {
        return;
    }
    let netns = namespace();
    let writes = expanded(&netns);
    assert!(different(&netns, &writes).len() > 10, "the values are none of a fresh namespace");
    netns.enter(|| {
        for write in &writes {
            fs::write(Path::new("/proc/sys").join(&write.key), &write.value).unwrap();
        }
    });
    assert_eq!(different(&netns, &writes), Vec::<String>::new());
}

/// Has a program read the file of a host with an interface that is gone, and looks at what is in force then.
///
/// Whether the program complains is not looked at: some versions of procps do so though the line is excused.
fn try_on_host(program: &str, args: &[&str], reader: Reader) {
    let netns = namespace();
    let mut writes = expanded(&netns);
    let gone =
        SysctlWrite { key: "net/ipv4/conf/gone0/arp_ignore".to_owned(), value: "2".to_owned(), module: None };
    writes.insert(0, gone);
    let file = Scratch::new(&netns, Some(&writes), reader);
    let output = netns.command(program).args(args).arg(&file.0).output().unwrap();
    writes.remove(0);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(different(&netns, &writes), Vec::<String>::new(), "{words}");
}

/// Has a program read the file of an image, which names no interface.
fn try_on_image(program: &str, args: &[&str]) {
    let netns = namespace();
    let file = Scratch::new(&netns, None, Reader::Full);
    let output = netns.command(program).args(args).arg(&file.0).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(different(&netns, &expanded(&netns)), Vec::<String>::new(), "{words}");
}

#[test]
fn systemd_sets_what_is_kept() {
    if require(&["../lib/systemd/systemd-sysctl"]) {
        try_on_host("/lib/systemd/systemd-sysctl", &[], Reader::Full);
        try_on_image("/lib/systemd/systemd-sysctl", &[]);
    }
}

#[test]
fn procps_sets_what_is_kept() {
    if require(&["sysctl"]) {
        try_on_host("sysctl", &["-p"], Reader::Full);
        try_on_image("sysctl", &["-p"]);
    }
}

#[test]
fn busybox_sets_what_is_kept() {
    if require(&["busybox"]) {
        try_on_host("busybox", &["sysctl", "-p"], Reader::Plain);
    }
}
