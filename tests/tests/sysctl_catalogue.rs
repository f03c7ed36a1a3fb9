//! The sysctl catalogue against the running kernel, in a network namespace.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use fwdsl_runtime::sysctl::catalogue::{self, Entry};
use fwdsl_runtime::sysctl::{Key, ValueKind};
use fwdsl_tests::netns::{Netns, require};

/// Bounds that another parameter draws narrower: where it stands at its default the whole range is not
/// accepted, though each number of it can be.
const DRAWN_BY_OTHERS: [&str; 10] = [
    "net/ipv4/ip_local_port_range",
    "net/ipv4/ip_unprivileged_port_start",
    "net/ipv4/ipfrag_high_thresh",
    "net/ipv4/ipfrag_low_thresh",
    "net/ipv6/ip6frag_high_thresh",
    "net/ipv6/ip6frag_low_thresh",
    "net/ipv6/conf/*/addr_gen_mode",
    "net/ipv6/conf/*/mtu",
    "net/netfilter/nf_conntrack_frag6_high_thresh",
    "net/netfilter/nf_conntrack_frag6_low_thresh",
];

/// A namespace with an interface whose name holds a dot.
fn namespace() -> Netns {
    let netns = Netns::new();
    netns.sh("ip link add v.0 type veth peer name v1");
    netns
}

/// The file that stands for the entry on the test's interface, if the kernel has it.
fn file(entry: &Entry) -> Option<PathBuf> {
    let path = Path::new("/proc/sys").join(entry.path().replace('*', "v.0"));
    path.exists().then_some(path)
}

/// Whether the kernel lets the file be written; root does not get past the mode here.
fn is_writable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o200 != 0)
}

/// Whether the parameter belongs to the namespace. The others are the whole machine's: not ours to write.
/// `nf_hooks_lwtunnel` is one of them though every namespace shows it.
fn is_namespaced(entry: &Entry) -> bool {
    entry.path().starts_with("net/") && entry.path() != "net/netfilter/nf_hooks_lwtunnel"
}

fn accepts(path: &Path, value: &str) -> bool {
    fs::write(path, value).is_ok()
}

#[test]
fn the_kernel_takes_what_the_catalogue_says() {
    if !require(&[]) {
        return;
    }
    let netns = namespace();
    let (tried, wrong) = netns.enter(|| {
        let (mut tried, mut wrong) = (0, Vec::new());
        for entry in catalogue::entries().filter(is_namespaced) {
            let Some(path) = file(&entry) else { continue };
            if !is_writable(&path) || DRAWN_BY_OTHERS.contains(&entry.path().as_str()) {
                continue;
            }
            tried += 1;
            wrong.extend(disagreements(&entry, &path));
        }
        (tried, wrong)
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 250, "only {tried} parameters were found to try");
}

/// Tries the entry's limits on the kernel and puts the former value back.
fn disagreements(entry: &Entry, path: &Path) -> Vec<String> {
    let former = fs::read_to_string(path).ok();
    let mut wrong = Vec::new();
    let mut expect = |value: String, accepted: bool| {
        if accepts(path, &value) != accepted {
            let verb = if accepted { "refuses" } else { "accepts" };
            wrong.push(format!("the kernel {verb} {} = {value}", entry.name()));
        }
    };
    match entry.kind() {
        ValueKind::Integer { min, max, enforced } => {
            expect(min.to_string(), true);
            expect(max.to_string(), true);
            if enforced {
                expect((min - 1).to_string(), false);
                expect((max + 1).to_string(), false);
            }
        }
        ValueKind::Integers { count, min, max, ascending: false } => {
            let all = |number: i128| vec![number.to_string(); count].join(" ");
            expect(all(min), true);
            expect(all(max), true);
            expect(all(min - 1), false);
            expect(all(max + 1), false);
        }
        ValueKind::Ranges { max } => {
            expect(format!("0-{max}"), true);
            expect((max + 1).to_string(), false);
            expect("2-1".to_owned(), false);
        }
        ValueKind::Ipv6Address => {
            expect("2001:db8::1".to_owned(), true);
            expect("10.0.0.1".to_owned(), false);
        }
        ValueKind::Command if former.is_some() => wrong.push(format!("{} has a value", entry.name())),
        ValueKind::Command => expect("1".to_owned(), true),
        ValueKind::ReadOnly => wrong.push(format!("{} can be written", entry.name())),
        // What words and texts the kernel knows is no matter of the catalogue.
        ValueKind::Word | ValueKind::Text | ValueKind::Integers { .. } => {}
    }
    if let Some(former) = former {
        // Later parameters may be bounded by this one.
        if !accepts(path, former.trim_end()) {
            wrong.push(format!("the kernel does not take {} = {} back", entry.name(), former.trim_end()));
        }
    }
    wrong
}

#[test]
fn what_is_read_only_is_known_as_such() {
    if !require(&[]) {
        return;
    }
    let netns = namespace();
    let wrong: Vec<String> = netns.enter(|| {
        let read_only = catalogue::entries().filter(|entry| entry.kind() == ValueKind::ReadOnly);
        read_only
            .filter(|entry| file(entry).is_some_and(|path| is_writable(&path)))
            .map(|e| e.name())
            .collect()
    });
    assert!(wrong.is_empty(), "writable after all: {wrong:?}");
}

#[test]
fn a_port_range_is_ascending_and_16_bits_wide() {
    if !require(&[]) {
        return;
    }
    let netns = namespace();
    netns.enter(|| {
        let key: Key = "net.ipv4.ip_local_port_range".parse().unwrap();
        let entry = catalogue::find(&key).unwrap();
        let path = Path::new("/proc/sys").join(key.path());
        for value in ["1024 65535", "5000 5000", "5000 4000", "0 65535", "1024 65536"] {
            assert_eq!(accepts(&path, value), entry.check_value(value).is_ok(), "{value}");
        }
    });
}

#[test]
fn no_network_parameter_of_the_kernel_is_forgotten() {
    if !require(&[]) {
        return;
    }
    let netns = namespace();
    let mut found = BTreeSet::new();
    walk(Path::new("/proc/sys/net"), &mut found);
    netns.enter(|| walk(Path::new("/proc/sys/net"), &mut found));
    let unknown: Vec<&String> = found
        .iter()
        .filter(|path| path.parse::<Key>().map_or(true, |key| catalogue::find(&key).is_err()))
        .collect();
    assert!(unknown.is_empty(), "not in the catalogue: {unknown:?}");
    assert!(found.len() > 300, "only {} parameters were found", found.len());
}

/// Adds every file below `directory` to `found`, as a path below `/proc/sys`.
fn walk(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(&path, found);
        } else {
            let below = path.strip_prefix("/proc/sys").unwrap();
            found.insert(below.to_str().unwrap().to_owned());
        }
    }
}
