//! The parameters that a policy may set: the kernel's network ones, and the few beside them that
//! hardening a host usually touches.
//!
//! The sources are the kernel's `Documentation/networking/ip-sysctl.rst`, `nf_conntrack-sysctl.rst`,
//! `mptcp-sysctl.rst` and `Documentation/admin-guide/sysctl/`; what a kernel accepts was tried out.

use std::fmt;

use super::data::{self, Group, Row};
use super::key::Key;
use super::value::{ValueError, ValueKind};
use crate::nearest::nearest;

/// What is known of one parameter.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    group: &'static Group,
    row: &'static Row,
}

impl Entry {
    /// The parameter's path below `/proc/sys`, with `*` where any interface, `all` or `default` may
    /// stand: `net/ipv4/conf/*/rp_filter`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.group.directory, self.row.name)
    }

    /// The parameter's dotted name, `net.ipv4.conf.*.rp_filter`.
    pub fn name(&self) -> String {
        self.path().replace('/', ".")
    }

    /// The values it takes.
    pub fn kind(&self) -> ValueKind {
        self.row.kind
    }

    /// The module that brings it, where it is not always there.
    pub fn module(&self) -> Option<&'static str> {
        self.row.module.or(self.group.module)
    }

    /// Whether it has a value that the kernel keeps until the next boot, whatever is written then: setting
    /// that one cannot be undone.
    pub fn is_one_way(&self) -> bool {
        self.row.one_way
    }

    /// Whether `value` can be written to it.
    ///
    /// # Errors
    /// Says what the parameter takes.
    pub fn check_value(&self, value: &str) -> Result<(), ValueError> {
        self.kind().check(&self.name(), value)
    }

    /// Whether the key names this parameter, on one interface or on all.
    fn is_named_by(&self, key: &Key) -> bool {
        let path = self.path();
        let mut segments = key.segments().iter();
        path.split('/').all(|part| segments.next().is_some_and(|segment| part == "*" || part == segment))
            && segments.next().is_none()
    }
}

/// Every parameter, grouped by directory.
pub fn entries() -> impl Iterator<Item = Entry> {
    data::GROUPS.iter().flat_map(|group| group.rows.iter().map(move |row| Entry { group, row }))
}

/// What is known of the parameter that `key` names.
///
/// # Errors
/// When the catalogue does not have it.
pub fn find(key: &Key) -> Result<Entry, UnknownKey> {
    entries()
        .find(|entry| entry.is_named_by(key))
        .ok_or_else(|| UnknownKey { key: key.clone(), nearest: nearest_key(key) })
}

/// The nearest parameter, with the key's own interface kept where the parameter has one.
fn nearest_key(key: &Key) -> Option<String> {
    let segments = key.segments();
    let spelled: Vec<String> = entries()
        .map(|entry| {
            let path = entry.path();
            let same_length = path.split('/').count() == segments.len();
            let parts = path.split('/').enumerate().map(|(place, part)| match part {
                "*" if same_length => segments[place].as_str(),
                part => part,
            });
            parts.collect::<Vec<_>>().join("/")
        })
        .collect();
    let found = nearest(&key.slashed(), spelled.iter().map(String::as_str))?;
    Some(found.parse::<Key>().map_or_else(|_| found.to_owned(), |key| key.to_string()))
}

/// A key that the catalogue does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// The key.
    pub key: Key,
    /// A key that it may have been meant to be.
    pub nearest: Option<String>,
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no sysctl `{}`", self.key)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownKey {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    fn nearest_to(text: &str) -> Option<String> {
        find(&key(text)).unwrap_err().nearest
    }

    #[test]
    fn every_entry_is_found_by_its_own_name_and_once() {
        let mut seen = HashSet::new();
        for entry in entries() {
            assert!(seen.insert(entry.path()), "{} stands twice", entry.path());
            let found = find(&key(&entry.path())).unwrap();
            assert_eq!(found.path(), entry.path());
        }
    }

    #[test]
    fn interfaces_stand_for_the_wildcard() {
        for text in
            ["net.ipv4.conf.*.rp_filter", "net.ipv4.conf.all.rp_filter", "net/ipv4/conf/eth0.100/rp_filter"]
        {
            assert_eq!(find(&key(text)).unwrap().name(), "net.ipv4.conf.*.rp_filter");
        }
        assert!(find(&key("net.ipv4.conf.rp_filter")).is_err());
        assert!(find(&key("net.ipv4.conf.eth0.rp_filter.x")).is_err());
        assert!(find(&key("net.*.conf.all.rp_filter")).is_err());
    }

    #[test]
    fn the_nearest_key_is_offered() {
        assert_eq!(nearest_to("net.ipv4.tcp_syncookie").as_deref(), Some("net.ipv4.tcp_syncookies"));
        assert_eq!(
            nearest_to("net.ipv4.conf.*.send_redirect").as_deref(),
            Some("net.ipv4.conf.*.send_redirects")
        );
        assert_eq!(
            nearest_to("net.ipv4.conf.eth0.rpfilter").as_deref(),
            Some("net.ipv4.conf.eth0.rp_filter")
        );
        assert_eq!(
            nearest_to("net/ipv4/conf/eth0.100/rpfilter").as_deref(),
            Some("net/ipv4/conf/eth0.100/rp_filter")
        );
        assert_eq!(nearest_to("net.ipv4.conf.rp_filter").as_deref(), Some("net.ipv4.conf.*.rp_filter"));
        assert_eq!(nearest_to("nothing.like.it.at.all"), None);
        assert_eq!(
            find(&key("net.ipv4.ip_froward")).unwrap_err().to_string(),
            "there is no sysctl `net.ipv4.ip_froward`; did you mean `net.ipv4.ip_forward`?"
        );
    }

    #[test]
    fn values_are_checked() {
        let check =
            |text: &str, value| find(&key(text)).unwrap().check_value(value).map_err(|e| e.to_string());
        assert_eq!(
            check("net.ipv4.tcp_syncookies", "7").unwrap_err(),
            "`net.ipv4.tcp_syncookies` takes 0 to 2, not 7"
        );
        assert_eq!(
            check("net.ipv4.conf.eth0.log_martians", "2").unwrap_err(),
            "`net.ipv4.conf.*.log_martians` takes 0 or 1, not 2"
        );
        assert_eq!(check("net.ipv4.ip_local_port_range", "1024 65535"), Ok(()));
        assert!(check("net.netfilter.nf_conntrack_count", "1").unwrap_err().contains("only reports"));
        assert!(check("net.ipv4.route.flush", "1").unwrap_err().contains("command"));
    }

    #[test]
    fn modules_are_named_where_keys_come_with_one() {
        let module = |text: &str| find(&key(text)).unwrap().module();
        assert_eq!(module("net.ipv4.ip_forward"), None);
        assert_eq!(module("net.netfilter.nf_conntrack_max"), Some("nf_conntrack"));
        assert_eq!(module("net.netfilter.nf_log.2"), None);
        assert_eq!(module("net.bridge.bridge-nf-call-iptables"), Some("br_netfilter"));
        assert_eq!(module("net.netfilter.nf_conntrack_frag6_timeout"), Some("nf_defrag_ipv6"));
    }
}
