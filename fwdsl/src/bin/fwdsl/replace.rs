//! Writing a file so that it is at every moment the old one or the new one.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file, new or in the place of what is there.
pub(crate) fn write_file(path: &Path, text: &str) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|old| old.is_file()) {
        return replace(path, text);
    }
    // A new file, or a device such as `/dev/stdout`, which has no other name to come from.
    fs::write(path, text)
}

/// Replaces what is in the file. Its mode stays, and its owner where that may be set.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    // The new file takes the name; behind a link it is the name that the link leads to.
    let path = fs::canonicalize(path)?;
    let old = fs::metadata(&path)?;
    if old.permissions().readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let temporary = path.with_file_name(format!(".{name}.fwdsl-{}", std::process::id()));
    let written = write(&temporary, text, &old).and_then(|()| fs::rename(&temporary, &path));
    if written.is_err() {
        // It may not be there, and the first error says more.
        let _ = fs::remove_file(&temporary);
    }
    written
}

fn write(path: &Path, text: &str, like: &Metadata) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    keep_owner(&file, like);
    file.set_permissions(like.permissions())?;
    file.sync_all()
}

#[cfg(unix)]
fn keep_owner(file: &File, like: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    // Only root may; for others the file is theirs now, as with every editor that writes so.
    let _ = fchown(file, Some(like.uid()), Some(like.gid()));
}

#[cfg(not(unix))]
fn keep_owner(_: &File, _: &Metadata) {}
