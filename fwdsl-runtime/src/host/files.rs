//! Files: looked at, put in place atomically, put back.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};

use super::change::FileContent;
use super::error::{ApplyError, at};

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Existing {
    Absent,
    Regular { bytes: Vec<u8>, mode: u32, uid: u32, gid: u32 },
    Symlink(PathBuf),
}

/// Looks at `path` itself, not at what a link there points to.
pub(crate) fn look(path: &Path) -> Result<Existing, ApplyError> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Existing::Absent),
        Err(error) => return Err(at("look at", path)(error)),
    };
    let kind = metadata.file_type();
    if kind.is_symlink() {
        return Ok(Existing::Symlink(fs::read_link(path).map_err(at("read", path))?));
    }
    if !kind.is_file() {
        let what =
            format!("`{}` is neither a file nor a symbolic link, so it is not replaced", path.display());
        return Err(ApplyError::Impossible(what));
    }
    let mut file = open_itself(path).map_err(at("read", path))?;
    // What was looked at may have been replaced since.
    let metadata = file.metadata().map_err(at("read", path))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(at("read", path))?;
    let (mode, uid, gid) = (metadata.mode() & 0o7777, metadata.uid(), metadata.gid());
    Ok(Existing::Regular { bytes, mode, uid, gid })
}

/// Opens a file for reading, but not what a link there points to, nor does it wait for who writes into a pipe.
fn open_itself(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(open(path, flags, Mode::empty())?.into())
}

impl Existing {
    /// Whether nothing has to be done.
    pub(crate) fn is(&self, content: &FileContent) -> bool {
        match (self, content) {
            (Existing::Absent, FileContent::Absent) => true,
            (Existing::Regular { bytes, mode, .. }, FileContent::Regular { bytes: new, mode: new_mode }) => {
                bytes == new && mode == new_mode
            }
            (Existing::Symlink(target), FileContent::Symlink(new)) => target == new,
            _ => false,
        }
    }

    /// The owner of a regular file, which one that replaces it is to keep.
    pub(crate) fn owner(&self) -> Option<(u32, u32)> {
        match self {
            Existing::Regular { uid, gid, .. } => Some((*uid, *gid)),
            _ => None,
        }
    }
}

/// Puts `content` at `path`; a regular file gets this owner.
pub(crate) fn put(path: &Path, content: &FileContent, owner: Option<(u32, u32)>) -> Result<(), ApplyError> {
    match content {
        FileContent::Regular { bytes, mode } => put_regular(path, bytes, *mode, owner),
        FileContent::Symlink(target) => put_symlink(path, target),
        FileContent::Absent => remove(path),
    }
}

/// Puts back what stood at `path`, and removes the directories that were made for it. Gives back whether anything
/// had to be done.
pub(crate) fn restore(path: &Path, before: &Existing, made: &[PathBuf]) -> Result<bool, ApplyError> {
    if has_temporary(path) {
        remove_temporary(path)?;
    }
    let differs = look(path)? != *before;
    if differs {
        match before {
            Existing::Absent => remove(path)?,
            Existing::Regular { bytes, mode, uid, gid } => {
                put_regular(path, bytes, *mode, Some((*uid, *gid)))?
            }
            Existing::Symlink(target) => put_symlink(path, target)?,
        }
    }
    remove_empty_dirs(made)?;
    Ok(differs)
}

/// Removes directories that were made, the innermost first, unless somebody else uses them by now.
pub(crate) fn remove_empty_dirs(made: &[PathBuf]) -> Result<(), ApplyError> {
    // What was never made is not touched: on a read-only file system the kernel refuses even that.
    for dir in made.iter().filter(|dir| fs::symlink_metadata(dir).is_ok_and(|found| found.is_dir())) {
        match fs::remove_dir(dir) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            Err(error) => return Err(at("remove", dir)(error)),
        }
    }
    Ok(())
}

/// The directories that have to be made for `path`, the innermost first.
pub(crate) fn missing_dirs(path: &Path) -> Vec<PathBuf> {
    path.ancestors().skip(1).take_while(|dir| !dir.exists()).map(Path::to_owned).collect()
}

/// Makes the directories for `path`, for good.
pub(crate) fn make_dirs(path: &Path) -> Result<(), ApplyError> {
    missing_dirs(path).iter().rev().try_for_each(|dir| make_dir(dir, 0o755))
}

/// Makes `dir` and the directories above it, for good. Where it is new, it is its owner's alone.
pub(crate) fn make_private_dir(dir: &Path) -> Result<(), ApplyError> {
    make_dirs(dir)?;
    if dir.exists() { Ok(()) } else { make_dir(dir, 0o700) }
}

/// Makes one directory with this mode, whatever the umask of whoever runs this.
fn make_dir(dir: &Path, mode: u32) -> Result<(), ApplyError> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Ok(()) => {}
        // Another command was first.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(at("create the directory", dir)(error)),
    }
    fs::set_permissions(dir, Permissions::from_mode(mode)).map_err(at("change the mode of", dir))?;
    sync_dir_of(dir)
}

fn put_regular(path: &Path, bytes: &[u8], mode: u32, owner: Option<(u32, u32)>) -> Result<(), ApplyError> {
    put_by_rename(path, |temporary| {
        // Readable to nobody else until owner and mode are right.
        let open = File::options().write(true).create_new(true).mode(0o600).open(temporary);
        let mut file = open.map_err(at("create", temporary))?;
        file.write_all(bytes).map_err(at("write", temporary))?;
        // A service that may not give files away must be able to replace its own.
        let made = file.metadata().map_err(at("look at", temporary))?;
        if let Some((uid, gid)) = owner.filter(|owner| *owner != (made.uid(), made.gid())) {
            fchown(&file, Some(uid), Some(gid)).map_err(at("change the owner of", temporary))?;
        }
        file.set_permissions(Permissions::from_mode(mode)).map_err(at("change the mode of", temporary))?;
        file.sync_all().map_err(at("write", temporary))
    })
}

fn put_symlink(path: &Path, target: &Path) -> Result<(), ApplyError> {
    put_by_rename(path, |temporary| symlink(target, temporary).map_err(at("create", temporary)))
}

/// Puts what `make` makes at a temporary path in the place of `path`. If that fails, nothing of it is left.
fn put_by_rename(path: &Path, make: impl FnOnce(&Path) -> Result<(), ApplyError>) -> Result<(), ApplyError> {
    let temporary = prepare(path)?;
    let made = make(&temporary).and_then(|()| fs::rename(&temporary, path).map_err(at("replace", path)));
    if made.is_err() {
        // What cannot be removed is overwritten by the next one.
        let _ = fs::remove_file(&temporary);
    }
    made?;
    sync_dir_of(path)
}

fn remove(path: &Path) -> Result<(), ApplyError> {
    match fs::remove_file(path) {
        Ok(()) => sync_dir_of(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at("remove", path)(error)),
    }
}

/// Makes the directory and clears the way for the temporary file.
fn prepare(path: &Path) -> Result<PathBuf, ApplyError> {
    make_dirs(path)?;
    remove_temporary(path)?;
    Ok(temporary(path))
}

/// Removes what a write of `path` has left that was cut off.
pub(crate) fn remove_temporary(path: &Path) -> Result<(), ApplyError> {
    let temporary = temporary(path);
    match fs::remove_file(&temporary) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(at("remove", &temporary)(error)),
    }
}

/// Whether there is such a thing.
pub(crate) fn has_temporary(path: &Path) -> bool {
    fs::symlink_metadata(temporary(path)).is_ok()
}

/// Always the same name, so that an undo finds it; in the same directory, so that a rename does.
fn temporary(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".fwdsl-new");
    path.with_file_name(name)
}

/// Makes the names in the directory of `path` last.
pub(crate) fn sync_dir_of(path: &Path) -> Result<(), ApplyError> {
    let Some(dir) = path.parent() else { return Ok(()) };
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(at("write", dir))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("fwdsl-files-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        dir
    }

    fn text(text: &str, mode: u32) -> FileContent {
        FileContent::Regular { bytes: text.as_bytes().to_vec(), mode }
    }

    #[test]
    fn each_kind_of_file_goes_and_comes_back() {
        let dir = scratch("kinds");
        let old = dir.join("old");
        fs::write(&old, "old").unwrap();
        fs::set_permissions(&old, Permissions::from_mode(0o640)).unwrap();
        let link = dir.join("link");
        symlink("/nowhere", &link).unwrap();
        let contents = [text("new", 0o600), FileContent::Symlink("/else".into()), FileContent::Absent];
        for path in [old, link, dir.join("absent/deep/file")] {
            let before = look(&path).unwrap();
            let made = missing_dirs(&path);
            for content in &contents {
                put(&path, content, before.owner()).unwrap();
                assert!(look(&path).unwrap().is(content), "{content:?}");
                assert!(restore(&path, &before, &made).unwrap() || before.is(content));
                assert_eq!(look(&path).unwrap(), before);
                assert!(!restore(&path, &before, &made).unwrap(), "a second undo does nothing");
            }
        }
        assert!(!dir.join("absent").exists());
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn what_a_link_points_to_is_not_touched() {
        let dir = scratch("link");
        fs::write(dir.join("theirs"), "theirs").unwrap();
        symlink("theirs", dir.join("ours")).unwrap();
        let path = dir.join("ours");
        put(&path, &text("ours", 0o644), look(&path).unwrap().owner()).unwrap();
        assert_eq!(fs::read_to_string(dir.join("theirs")).unwrap(), "theirs");
        assert_eq!(fs::read_to_string(&path).unwrap(), "ours");
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_link_in_the_way_of_a_temporary_file_leads_nowhere() {
        let dir = scratch("temporary");
        fs::write(dir.join("theirs"), "theirs").unwrap();
        let path = dir.join("ours");
        for content in [text("ours", 0o644), FileContent::Symlink("/else".into())] {
            symlink("theirs", temporary(&path)).unwrap();
            put(&path, &content, None).unwrap();
            assert!(look(&path).unwrap().is(&content));
            symlink("theirs", temporary(&path)).unwrap();
            restore(&path, &Existing::Absent, &[]).unwrap();
            assert_eq!(fs::read_to_string(dir.join("theirs")).unwrap(), "theirs");
        }
        // Whoever replaces a file by a link while it is looked at.
        symlink("theirs", &path).unwrap();
        assert!(open_itself(&path).is_err());
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_directory_is_not_replaced() {
        let dir = scratch("dir");
        assert!(matches!(look(&dir), Err(ApplyError::Impossible(_))));
        fs::remove_dir_all(dir).unwrap();
    }
}
