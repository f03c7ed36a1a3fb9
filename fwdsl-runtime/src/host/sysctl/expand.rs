//! From a policy's settings to the files below `/proc/sys` that they are on this machine.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::order;
use crate::host::change::SysctlWrite;
use crate::sysctl::catalogue::{self, UnknownKey};
use crate::sysctl::{Key, KeyError, Setting, ValueError};

/// What settings come to on a machine.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expansion {
    /// What is to be written, in this order; each parameter once.
    pub writes: Vec<SysctlWrite>,
    /// Settings of IPv6 that were left out because the kernel runs without it (`ipv6.disable=1`).
    pub without_ipv6: Vec<Setting>,
}

/// Expands the settings for the kernel whose parameters stand in `proc_sys` (`/proc/sys`).
///
/// A `*` becomes every directory that has the parameter. Where two settings name the same parameter, the
/// later one counts. The order of the writes is that in which none undoes another; what cannot be undone is
/// written last, when nothing else can fail any more.
///
/// # Errors
/// When the kernel lacks a parameter that no module could bring, when a directory cannot be read, and where
/// a policy was not checked, when a setting is wrong.
pub fn expand(settings: &[Setting], proc_sys: &Path) -> Result<Expansion, ExpandError> {
    let mut expansion = Expansion::default();
    let mut one_way = Vec::new();
    for setting in settings {
        let entry = catalogue::find(&setting.key).map_err(ExpandError::Unknown)?;
        entry.check_value(&setting.value).map_err(ExpandError::Value)?;
        let slashed = setting.key.slashed();
        if slashed.starts_with("net/ipv6/") && !proc_sys.join("net/ipv6/conf").exists() {
            expansion.without_ipv6.push(setting.clone());
            continue;
        }
        let mut keys = Vec::new();
        concrete(&setting.key, 0, proc_sys, &mut keys)?;
        // What a `*` has found was there a moment ago; an interface that has gone since is no fault of the kernel's.
        let is_there = setting.key.has_wildcard() || proc_sys.join(setting.key.path()).exists();
        if entry.module().is_none() && (keys.is_empty() || !is_there) {
            return Err(ExpandError::Missing { key: setting.key.clone(), proc_sys: proc_sys.to_owned() });
        }
        for key in keys {
            let key = key.slashed();
            expansion.writes.retain(|earlier| earlier.key != key);
            if entry.is_one_way() {
                one_way.push(key.clone());
            }
            expansion.writes.push(SysctlWrite { key, value: setting.value.clone(), module: entry.module() });
        }
    }
    // The sort is stable: what the order does not settle stays as it was written.
    expansion.writes.sort_by_key(|write| (one_way.contains(&write.key), order::rank(&write.key)));
    Ok(expansion)
}

/// Adds the keys that `key` stands for: itself, or one for each directory at its first `*` that has it. The first
/// `done` segments are settled: an interface may be called `*` too.
fn concrete(key: &Key, done: usize, proc_sys: &Path, found: &mut Vec<Key>) -> Result<(), ExpandError> {
    let wildcard = |key: &Key, done: usize| {
        key.segments().iter().skip(done).position(|segment| segment == "*").map(|place| done + place)
    };
    let Some(place) = wildcard(key, done) else {
        found.push(key.clone());
        return Ok(());
    };
    let directory: PathBuf = proc_sys.join(key.segments()[..place].iter().collect::<PathBuf>());
    let read = |error| ExpandError::Read { directory: directory.clone(), error };
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory).map_err(read)? {
        let entry = entry.map_err(read)?;
        if entry.file_type().map_err(read)?.is_dir() {
            let name = entry.file_name();
            names.push(name.into_string().map_err(|name| ExpandError::NotUtf8(name.display().to_string()))?);
        }
    }
    names.sort();
    for name in names {
        let key = key
            .with_segment(place, &name)
            .map_err(|error| ExpandError::Interface { name: name.clone(), error })?;
        if wildcard(&key, place + 1).is_some() {
            concrete(&key, place + 1, proc_sys, found)?;
        } else if proc_sys.join(key.path()).exists() {
            found.push(key);
        }
    }
    Ok(())
}

/// Why settings cannot be expanded. Nothing was changed.
#[derive(Debug)]
pub enum ExpandError {
    /// The catalogue does not have a key.
    Unknown(UnknownKey),
    /// A parameter does not take a value.
    Value(ValueError),
    /// The kernel does not have a parameter.
    Missing {
        /// The setting's key.
        key: Key,
        /// Where it was looked for.
        proc_sys: PathBuf,
    },
    /// A directory of parameters could not be read.
    Read {
        /// Which.
        directory: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// An interface has a name that is not UTF-8, which no sysctl file can name.
    NotUtf8(String),
    /// An interface has a name that cannot stand in a key.
    Interface {
        /// The name.
        name: String,
        /// Why not.
        error: KeyError,
    },
}

impl fmt::Display for ExpandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExpandError::Unknown(error) => error.fmt(f),
            ExpandError::Value(error) => error.fmt(f),
            ExpandError::Missing { key, proc_sys } => {
                let segments = key.segments();
                let directory: PathBuf = segments[..segments.len() - 1].iter().collect();
                write!(f, "this kernel has no sysctl `{key}`")?;
                if order::is_of_interface(&key.slashed())
                    && !key.has_wildcard()
                    && !proc_sys.join(directory).exists()
                {
                    write!(f, ": there is no interface `{}`", segments[3])?;
                }
                f.write_str("; take it out of the policy, or run a kernel that has it")
            }
            ExpandError::Read { directory, error } => {
                write!(f, "cannot read `{}`: {error}", directory.display())
            }
            ExpandError::NotUtf8(name) => {
                write!(
                    f,
                    "the interface `{name}` has a name that is not UTF-8 and cannot be kept in a sysctl file"
                )
            }
            ExpandError::Interface { name, error } => {
                write!(f, "the interface `{name}` cannot be named in a sysctl file: {error}")
            }
        }
    }
}

impl std::error::Error for ExpandError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ExpandError::Read { error, .. } => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tree::image::Image;

    fn setting(key: &str, value: &str) -> Setting {
        Setting { key: key.parse().unwrap(), value: value.to_owned() }
    }

    fn proc_sys() -> Image {
        let mut image = Image::new().file("net/ipv4/ip_forward", "0").file("net/ipv4/tcp_syncookies", "1");
        for interface in ["lo", "eth0.100", "default", "all", "eth0"] {
            for name in ["rp_filter", "forwarding"] {
                image = image.file(&format!("net/ipv4/conf/{interface}/{name}"), "0");
            }
        }
        image
    }

    fn expanded(image: &Image, settings: &[Setting]) -> Vec<String> {
        let writes = expand(settings, image.root()).unwrap().writes;
        writes.into_iter().map(|write| format!("{}={}", write.key, write.value)).collect()
    }

    #[test]
    fn an_interface_may_be_called_like_a_wildcard() {
        let image = proc_sys().file("net/ipv4/conf/*/rp_filter", "0");
        let writes = expanded(&image, &[setting("net.ipv4.conf.*.rp_filter", "1")]);
        assert_eq!(writes.len(), 6, "{writes:?}");
        assert!(writes.iter().any(|write| write == "net/ipv4/conf/*/rp_filter=1"), "{writes:?}");
    }

    #[test]
    fn a_wildcard_is_every_directory_all_and_default_first() {
        assert_eq!(
            expanded(&proc_sys(), &[setting("net.ipv4.conf.*.rp_filter", "1")]),
            [
                "net/ipv4/conf/all/rp_filter=1",
                "net/ipv4/conf/default/rp_filter=1",
                "net/ipv4/conf/eth0/rp_filter=1",
                "net/ipv4/conf/eth0.100/rp_filter=1",
                "net/ipv4/conf/lo/rp_filter=1",
            ]
        );
    }

    #[test]
    fn forwarding_comes_first_for_it_resets_others() {
        let settings = [
            setting("net.ipv4.conf.eth0.rp_filter", "1"),
            setting("net.ipv4.tcp_syncookies", "1"),
            setting("net.ipv4.conf.eth0.forwarding", "1"),
            setting("net.ipv4.ip_forward", "1"),
        ];
        assert_eq!(
            expanded(&proc_sys(), &settings),
            [
                "net/ipv4/ip_forward=1",
                "net/ipv4/conf/eth0/forwarding=1",
                "net/ipv4/tcp_syncookies=1",
                "net/ipv4/conf/eth0/rp_filter=1",
            ]
        );
    }

    #[test]
    fn what_cannot_be_undone_comes_last() {
        let image = proc_sys().file("kernel/modules_disabled", "0");
        let settings =
            [setting("kernel.modules_disabled", "1"), setting("net.ipv4.conf.eth0.rp_filter", "1")];
        assert_eq!(
            expanded(&image, &settings),
            ["net/ipv4/conf/eth0/rp_filter=1", "kernel/modules_disabled=1"]
        );
    }

    #[test]
    fn the_later_setting_of_a_parameter_counts() {
        let settings =
            [setting("net.ipv4.conf.*.rp_filter", "1"), setting("net/ipv4/conf/eth0.100/rp_filter", "2")];
        let expanded = expanded(&proc_sys(), &settings);
        assert_eq!(expanded.len(), 5);
        assert!(expanded.contains(&"net/ipv4/conf/eth0.100/rp_filter=2".to_owned()));
        assert!(expanded.contains(&"net/ipv4/conf/eth0/rp_filter=1".to_owned()));
    }

    #[test]
    fn what_the_kernel_lacks_is_named() {
        let refused = |setting: Setting| expand(&[setting], proc_sys().root()).unwrap_err().to_string();
        assert_eq!(
            refused(setting("net.ipv4.ip_default_ttl", "64")),
            "this kernel has no sysctl `net.ipv4.ip_default_ttl`; take it out of the policy, or run a kernel that has it"
        );
        assert_eq!(
            refused(setting("net.ipv4.conf.eth9.rp_filter", "1")),
            "this kernel has no sysctl `net.ipv4.conf.eth9.rp_filter`: there is no interface `eth9`; take it out of \
             the policy, or run a kernel that has it"
        );
        assert!(refused(setting("net.ipv4.conf.*.arp_ignore", "1")).contains("`net.ipv4.conf.*.arp_ignore`"));
    }

    #[test]
    fn a_module_may_still_bring_a_parameter() {
        let writes =
            expand(&[setting("net.netfilter.nf_conntrack_max", "65536")], proc_sys().root()).unwrap().writes;
        assert_eq!(writes[0].key, "net/netfilter/nf_conntrack_max");
        assert_eq!(writes[0].module, Some("nf_conntrack"));
    }

    #[test]
    fn without_ipv6_its_settings_are_told_apart() {
        let ipv6 = setting("net.ipv6.conf.*.accept_ra", "0");
        let settings = [setting("net.ipv4.ip_forward", "0"), ipv6.clone()];
        let expansion = expand(&settings, proc_sys().root()).unwrap();
        assert_eq!(expansion.writes.len(), 1);
        assert_eq!(expansion.without_ipv6, [ipv6]);
    }

    #[test]
    fn what_was_not_checked_is_refused() {
        let refused = |key, value| expand(&[setting(key, value)], proc_sys().root()).unwrap_err();
        assert!(matches!(refused("net.ipv4.ip_froward", "1"), ExpandError::Unknown(_)));
        assert!(matches!(refused("net.ipv4.ip_forward", "7"), ExpandError::Value(_)));
    }
}
