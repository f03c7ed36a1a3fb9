//! Keeping sysctls for the next boot, in files of our own.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::order;
use crate::host::change::{FileChange, FileContent, SysctlWrite};
use crate::sysctl::{Key, Setting, catalogue};

/// Our sysctl file. It sorts after every other, `99-sysctl.conf` included, so that its values are in force.
pub const SYSCTL_FILE: &str = "/etc/sysctl.d/zz-fwdsl.conf";

/// Our list of modules to load before sysctls are set.
pub const MODULES_FILE: &str = "/etc/modules-load.d/fwdsl.conf";

/// What sets sysctls at boot, for they do not all read the same language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// systemd-sysctl, or the `sysctl` of procps: a `-` before a key excuses its failing, and a `*` in it
    /// stands for every interface.
    Full,
    /// The `sysctl` of BusyBox: it knows neither and skips such lines, but a failing line does not keep it
    /// from the others.
    Plain,
}

/// The file that sets the sysctls at boot; `Absent` where there are none to set.
///
/// `writes` is what the settings come to on this machine; for an image, whose interfaces are not known yet,
/// it is `None`. A `*` is kept as well, for interfaces that are there before the file is read but have no
/// line of their own; those that come later take after `default`.
pub fn sysctl_file(settings: &[Setting], writes: Option<&[SysctlWrite]>, reader: Reader) -> FileChange {
    let mut text = String::new();
    for (path, value) in &parameters(settings, writes) {
        let excused = order::is_of_interface(path) && reader == Reader::Full;
        if path.contains('*') && reader == Reader::Plain {
            continue;
        }
        let minus = if excused { "-" } else { "" };
        text.push_str(&format!("{minus}{} = {value}\n", spelled(path)));
    }
    let header =
        "# Written by fwdsl from the host's policy; changes made here are lost with its next save.\n";
    file(SYSCTL_FILE, "sysctls for boot", header, &text)
}

/// The parameters that are set at boot, in this order: path in slash form, which may hold a `*`, and value.
/// For `writes` see [`sysctl_file`].
pub fn parameters(settings: &[Setting], writes: Option<&[SysctlWrite]>) -> Vec<(String, String)> {
    let mut lines = lines(settings);
    if let Some(writes) = writes {
        lines.retain(|(path, _)| path.contains('*'));
        lines.splice(..0, writes.iter().map(|write| (write.key.clone(), write.value.clone())));
    }
    lines
}

/// The file that loads the modules which bring some of the sysctls, and `others`; `Absent` where none is needed.
pub fn modules_file(settings: &[Setting], others: &[&'static str]) -> FileChange {
    let mut modules: BTreeSet<&str> = settings
        .iter()
        .filter_map(|setting| catalogue::find(&setting.key).ok())
        .filter_map(|entry| entry.module())
        .collect();
    modules.extend(others);
    let text: String = modules.iter().map(|module| format!("{module}\n")).collect();
    let header =
        "# Written by fwdsl: modules without which rules or sysctls of the host's policy do not load.\n";
    file(MODULES_FILE, "modules for boot", header, &text)
}

fn file(path: &str, purpose: &str, header: &str, text: &str) -> FileChange {
    let content = match text {
        "" => FileContent::Absent,
        text => FileContent::Regular { bytes: format!("{header}{text}").into_bytes(), mode: 0o644 },
    };
    FileChange { path: PathBuf::from(path), content, purpose: purpose.to_owned() }
}

/// The parameters to set where no interface is known. `all` and `default` are spelled out, for readers that
/// do not know `*`.
fn lines(settings: &[Setting]) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for setting in settings {
        let path = setting.key.slashed();
        let directories: &[&str] = match setting.key.segments() {
            [_, _, tree, any, ..] if any == "*" && tree == "neigh" => &["default", "*"],
            [_, _, _, any, ..] if any == "*" => &["all", "default", "*"],
            _ => &[],
        };
        let mut paths: Vec<String> = directories.iter().map(|name| path.replacen('*', name, 1)).collect();
        if paths.is_empty() {
            paths.push(path.clone());
        }
        // A `*` that comes later takes back what was said of single interfaces before it; left in the file,
        // their lines would be the ones that count.
        let overrides = |earlier: &str| paths.iter().any(|path| path == earlier) || covers(&path, earlier);
        lines.retain(|(earlier, _)| !overrides(earlier));
        lines.extend(paths.iter().map(|path| (path.clone(), setting.value.clone())));
    }
    lines.sort_by_key(|(path, _)| order::rank(path));
    lines
}

/// Whether `pattern`, whose segments may be `*`, stands for `path` too.
fn covers(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one == "*" || one == other => {}
            _ => return false,
        }
    }
}

/// The key as such files spell it: with dots, or with slashes where a segment holds a dot.
fn spelled(path: &str) -> String {
    path.parse::<Key>().map_or_else(|_| path.to_owned(), |key| key.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(key: &str, value: &str) -> Setting {
        Setting { key: key.parse().unwrap(), value: value.to_owned() }
    }

    fn write(key: &str, value: &str) -> SysctlWrite {
        SysctlWrite { key: key.to_owned(), value: value.to_owned(), module: None }
    }

    fn written(change: &FileChange) -> Vec<String> {
        let FileContent::Regular { bytes, mode: 0o644 } = &change.content else { panic!("{change:?}") };
        let text = String::from_utf8(bytes.clone()).unwrap();
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    #[test]
    fn a_hosts_interfaces_are_named_and_may_be_missing() {
        let writes = [
            write("net/ipv4/ip_forward", "1"),
            write("net/ipv4/conf/all/rp_filter", "1"),
            write("net/ipv4/conf/default/rp_filter", "1"),
            write("net/ipv4/conf/eth0.100/rp_filter", "2"),
            write("net/ipv4/conf/lo/rp_filter", "1"),
        ];
        let settings = [setting("net.ipv4.conf.*.rp_filter", "1"), setting("net.ipv4.ip_forward", "1")];
        let full = sysctl_file(&settings, Some(&writes), Reader::Full);
        assert_eq!(full.path, PathBuf::from("/etc/sysctl.d/zz-fwdsl.conf"));
        assert_eq!(
            written(&full),
            [
                "net.ipv4.ip_forward = 1",
                "net.ipv4.conf.all.rp_filter = 1",
                "net.ipv4.conf.default.rp_filter = 1",
                "-net/ipv4/conf/eth0.100/rp_filter = 2",
                "-net.ipv4.conf.lo.rp_filter = 1",
                "-net.ipv4.conf.*.rp_filter = 1",
            ]
        );
        let plain = sysctl_file(&settings, Some(&writes), Reader::Plain);
        assert_eq!(written(&plain)[3], "net/ipv4/conf/eth0.100/rp_filter = 2");
        assert_eq!(written(&plain).len(), 5);
    }

    #[test]
    fn an_image_gets_a_line_for_every_interface_to_come() {
        let settings = [
            setting("net.ipv4.conf.*.rp_filter", "1"),
            setting("net.ipv4.conf.wan.rp_filter", "2"),
            setting("net.ipv6.neigh.*.app_solicit", "0"),
            setting("net.ipv4.ip_forward", "1"),
        ];
        assert_eq!(
            written(&sysctl_file(&settings, None, Reader::Full)),
            [
                "net.ipv4.ip_forward = 1",
                "net.ipv4.conf.all.rp_filter = 1",
                "net.ipv4.conf.default.rp_filter = 1",
                "net.ipv6.neigh.default.app_solicit = 0",
                "-net.ipv4.conf.*.rp_filter = 1",
                "-net.ipv4.conf.wan.rp_filter = 2",
                "-net.ipv6.neigh.*.app_solicit = 0",
            ]
        );
        assert_eq!(
            written(&sysctl_file(&settings, None, Reader::Plain)),
            [
                "net.ipv4.ip_forward = 1",
                "net.ipv4.conf.all.rp_filter = 1",
                "net.ipv4.conf.default.rp_filter = 1",
                "net.ipv6.neigh.default.app_solicit = 0",
                "net.ipv4.conf.wan.rp_filter = 2",
            ]
        );
    }

    #[test]
    fn in_an_image_the_later_setting_counts_too() {
        let settings = [
            setting("net.ipv4.conf.wan.rp_filter", "2"),
            setting("net.ipv4.conf.all.rp_filter", "2"),
            setting("net.ipv4.conf.*.rp_filter", "1"),
            setting("net.ipv4.conf.default.rp_filter", "0"),
        ];
        assert_eq!(
            written(&sysctl_file(&settings, None, Reader::Full)),
            [
                "net.ipv4.conf.all.rp_filter = 1",
                "net.ipv4.conf.default.rp_filter = 0",
                "-net.ipv4.conf.*.rp_filter = 1",
            ]
        );
    }

    #[test]
    fn modules_are_loaded_for_the_sysctls_that_need_them() {
        let settings = [
            setting("net.netfilter.nf_conntrack_max", "65536"),
            setting("net.netfilter.nf_conntrack_tcp_loose", "0"),
            setting("net.bridge.bridge-nf-call-iptables", "1"),
            setting("net.ipv4.ip_forward", "1"),
        ];
        assert_eq!(written(&modules_file(&settings, &[])), ["br_netfilter", "nf_conntrack"]);
    }

    #[test]
    fn with_nothing_to_keep_no_file_is_left() {
        assert_eq!(sysctl_file(&[], Some(&[]), Reader::Full).content, FileContent::Absent);
        assert_eq!(modules_file(&[setting("net.ipv4.ip_forward", "1")], &[]).content, FileContent::Absent);
    }
}
