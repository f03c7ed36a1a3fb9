//! Where things are below the root of the file tree.

use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat2};

use super::error::{ApplyError, at};

/// The lock that one apply at a time holds.
pub(crate) fn lock(root: &Path) -> Result<PathBuf, ApplyError> {
    below(root, Path::new("/run/fwdsl/lock"))
}

/// The lock that the watchdog of an apply holds while it lives.
pub(crate) fn watchdog(root: &Path) -> Result<PathBuf, ApplyError> {
    below(root, Path::new("/run/fwdsl/watchdog"))
}

/// How the last apply ended that did not end by itself, as a path of the running system.
pub(crate) const OUTCOME: &str = "/run/fwdsl/outcome.json";

/// The journal of an apply that is under way, as a path of the running system.
pub(crate) const JOURNAL: &str = "/var/lib/fwdsl/journal";

/// The former states of the host, as a path of the running system.
pub(crate) const HISTORY: &str = "/var/lib/fwdsl/history";

/// The name of the policy that was kept for boot, as a path of the running system.
pub(crate) const POLICY_NAME: &str = "/etc/fwdsl/policy-name";

/// The record of what fwdsl loaded last, as a path of the running system.
pub(crate) const RECORD: &str = "/var/lib/fwdsl/record.json";

/// The files that are fwdsl's own, beside the journal.
pub(crate) const OWN_FILES: [&str; 2] = [OUTCOME, RECORD];

/// Where `path`, a path of the system whose file tree begins at `root`, really is.
///
/// Symbolic links in its directories are followed as that system would follow them, so an image's links never lead
/// into the running system. The last component is not followed, and what does not exist yet is kept as it is.
pub(crate) fn below(root: &Path, path: &Path) -> Result<PathBuf, ApplyError> {
    resolve(root, path).map_err(at("find", path))
}

fn resolve(root: &Path, path: &Path) -> io::Result<PathBuf> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "not an absolute path of a file");
    let plain = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::RootDir);
    if !path.is_absolute() || !path.components().all(|part| plain(&part)) {
        return Err(invalid());
    }
    let (dir, name) = (path.parent().ok_or_else(invalid)?, path.file_name().ok_or_else(invalid)?);
    let mut missing = vec![name];
    let mut existing = dir;
    loop {
        match resolve_dir(root, existing) {
            Ok(mut real) => {
                // What is not there will be made, but not through a link that leads nowhere.
                if let [_, .., first] = missing.as_slice()
                    && fs::symlink_metadata(real.join(first)).is_ok()
                {
                    let why = format!("`{}` is a link to what is not there", existing.join(first).display());
                    return Err(io::Error::new(io::ErrorKind::NotFound, why));
                }
                real.extend(missing.iter().rev());
                return Ok(real);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                missing.push(existing.file_name().ok_or(error)?);
                existing = existing.parent().ok_or_else(invalid)?;
            }
            Err(error) => return Err(error),
        }
    }
}

fn resolve_dir(root: &Path, dir: &Path) -> io::Result<PathBuf> {
    if root == Path::new("/") {
        return dir.canonicalize();
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = open(root, flags, Mode::empty())?;
    let dir = openat2(&root, dir, flags, Mode::empty(), ResolveFlags::IN_ROOT)?;
    fs::read_link(format!("/proc/self/fd/{}", dir.as_raw_fd()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_of_an_image_stay_within_it() {
        let root = std::env::temp_dir().join(format!("fwdsl-places-{}", std::process::id()));
        fs::create_dir_all(root.join("real/etc")).unwrap();
        symlink("/real/etc", root.join("etc")).unwrap();
        symlink("../../../real", root.join("up")).unwrap();
        let root = root.canonicalize().unwrap();
        let find = |path: &str| resolve(&root, Path::new(path)).unwrap();
        assert_eq!(find("/etc/new/file"), root.join("real/etc/new/file"));
        assert_eq!(find("/up/etc/file"), root.join("real/etc/file"));
        assert_eq!(find("/etc"), root.join("etc"));
        assert!(resolve(&root, Path::new("relative")).is_err());
        symlink("/nowhere", root.join("dangling")).unwrap();
        assert_eq!(find("/dangling"), root.join("dangling"));
        let error = resolve(&root, Path::new("/dangling/new/file")).unwrap_err().to_string();
        assert_eq!(error, "`/dangling` is a link to what is not there");
        assert!(resolve(&root, Path::new("/etc/../x")).is_err());
        fs::remove_dir_all(root).unwrap();
    }
}
