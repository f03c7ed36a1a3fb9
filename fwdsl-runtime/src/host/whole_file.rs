//! A file for people, written so that whoever opens it finds the old one or the new one, whole.

use std::io;
use std::path::Path;

use super::change::FileContent;
use super::error::{ApplyError, at};
use super::files::{Existing, look, missing_dirs, put};

/// The mode of a file that is not there yet.
const MODE: u32 = 0o644;

/// Writes a file through a temporary one beside it. One that is there keeps its mode and its owner.
///
/// A symbolic link is refused, for the file that it leads to may be anybody's, and so is a directory that is not there:
/// it is a slip of the pen more often than not.
///
/// # Errors
/// If it cannot be written; then the old file is there as it was.
pub fn write_whole_file(path: &Path, bytes: Vec<u8>) -> Result<(), ApplyError> {
    let path = &std::path::absolute(path).map_err(at("find", path))?;
    let before = look(path)?;
    if let Existing::Symlink(target) = &before {
        let (path, target) = (path.display(), target.display());
        return Err(ApplyError::Impossible(format!(
            "`{path}` is a symbolic link: name the file that is meant, `{target}`"
        )));
    }
    if let Some(dir) = missing_dirs(path).first() {
        return Err(at("find the directory", dir)(io::ErrorKind::NotFound.into()));
    }
    let mode = if let Existing::Regular { mode, .. } = &before { *mode } else { MODE };
    put(path, &FileContent::Regular { bytes, mode }, before.owner())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_file_is_written_whole_and_what_is_no_file_is_left_alone() {
        let dir = std::env::temp_dir().join(format!("fwdsl-whole-file-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let file = dir.join("page.html");
        write_whole_file(&file, b"one".to_vec()).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, MODE);
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        write_whole_file(&file, b"two".to_vec()).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        symlink(&file, dir.join("link")).unwrap();
        for path in [dir.join("link"), dir.clone(), dir.join("missing/page.html")] {
            let error = write_whole_file(&path, b"three".to_vec()).unwrap_err().to_string();
            assert!(error.contains('`'), "{error}");
        }
        assert_eq!(fs::read(&file).unwrap(), b"two");
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 2, "nothing is left behind");
        fs::remove_dir_all(dir).unwrap();
    }
}
