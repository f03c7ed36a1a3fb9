//! What the running kernel says about itself and about this process.

use std::fs;
use std::io;
use std::path::Path;

use rustix::process::Signal;

use super::error::{ApplyError, at};
use super::variant::Variant;
use crate::family::Family;

/// CAP_NET_ADMIN (capabilities(7)): every change to rules and to network sysctls wants it.
const NET_ADMIN: u32 = 12;
/// CAP_NET_RAW: the legacy variant talks through a raw socket.
const NET_RAW: u32 = 13;

/// Whether the kernel has IPv6 at all: with `ipv6.disable=1` on its command line it does not. An interface's
/// `disable_ipv6` is another thing, which leaves the tables working.
pub(crate) fn has_ipv6() -> bool {
    Path::new("/proc/sys/net/ipv6/conf").is_dir()
}

/// The id of this boot; another one means that everything in the kernel has begun anew.
pub(crate) fn boot_id() -> Result<String, ApplyError> {
    let path = Path::new("/proc/sys/kernel/random/boot_id");
    Ok(fs::read_to_string(path).map_err(at("read", path))?.trim().to_owned())
}

/// The network namespace of this process, as `net:[4026531840]` (namespaces(7)).
pub(crate) fn network_namespace() -> Result<String, ApplyError> {
    let path = Path::new("/proc/self/ns/net");
    Ok(fs::read_link(path).map_err(at("read", path))?.to_string_lossy().into_owned())
}

/// Whether the legacy variant has any table here. Looking into one would make it, so this is asked first.
pub(crate) fn has_legacy_tables(family: Family) -> Result<bool, ApplyError> {
    let path = Path::new(match family {
        Family::Ipv4 => "/proc/net/ip_tables_names",
        Family::Ipv6 => "/proc/net/ip6_tables_names",
    });
    match fs::read_to_string(path) {
        Ok(names) => Ok(!names.trim().is_empty()),
        // The kernel's module is not loaded.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(ApplyError::LegacyNeeds { what: format!("to read `{}`", path.display()), error })
        }
        Err(error) => Err(at("read", path)(error)),
    }
}

/// Refuses to go on without the capabilities that the variant wants.
pub(crate) fn check_rights(variant: Variant) -> Result<(), ApplyError> {
    let path = Path::new("/proc/self/status");
    let status = fs::read_to_string(path).map_err(at("read", path))?;
    let effective = effective_capabilities(&status).unwrap_or_default();
    let wanted = [(NET_ADMIN, "CAP_NET_ADMIN", true), (NET_RAW, "CAP_NET_RAW", variant == Variant::Legacy)];
    let missing: Vec<&'static str> = wanted
        .into_iter()
        .filter(|(bit, _, needed)| *needed && effective & (1 << bit) == 0)
        .map(|(_, name, _)| name)
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(ApplyError::MissingRights { missing, variant }) }
}

/// Refuses to go on where nobody would tell how programs ended: a process that was started with SIGCHLD ignored cannot
/// wait for its children (wait(2)), and would learn that only after a program has changed something.
pub(crate) fn check_signals() -> Result<(), ApplyError> {
    let path = Path::new("/proc/self/status");
    let status = fs::read_to_string(path).map_err(at("read", path))?;
    let ignored = mask(&status, "SigIgn:").unwrap_or_default();
    if ignored & (1 << (Signal::CHILD.as_raw() - 1)) == 0 {
        return Ok(());
    }
    Err(ApplyError::Impossible(
        "this process was started with the signal SIGCHLD ignored, so it cannot learn how programs end: start it with \
         `env --default-signal=CHLD`"
            .to_owned(),
    ))
}

fn effective_capabilities(status: &str) -> Option<u64> {
    mask(status, "CapEff:")
}

/// A mask in /proc/PID/status (proc(5)), by the beginning of its line.
fn mask(status: &str, line: &str) -> Option<u64> {
    let mask = status.lines().find_map(|text| text.strip_prefix(line))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_from_the_status() {
        assert_eq!(effective_capabilities("Name:\tx\nCapEff:\t0000000000003000\n"), Some(0x3000));
        assert_eq!(effective_capabilities("Name:\tx\n"), None);
    }
}
