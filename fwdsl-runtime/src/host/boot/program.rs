//! The program that the boot runs: where it lies, and whether a boot will find it there.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{BootError, Installed};
use crate::host::change::{FileChange, FileContent};
use crate::host::tree::Tree;

/// Where a copy goes if the program lies where nothing that boots should depend on it.
const COPIES: &str = "/usr/local/sbin";
/// The running program, also after the file that it was started from is gone.
const SELF: &str = "/proc/self/exe";
/// What it is for.
pub(crate) const PURPOSE: &str = "the program that the boot runs";

/// The program that the boot is to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootProgram {
    /// Where the booted system finds it.
    pub path: PathBuf,
    /// The copy to put there, if it does not lie there by itself.
    pub copy: Option<FileChange>,
}

/// Finds where the running program `exe` is to lie for the boot of the system of `tree`: where it is, if that is a place
/// for good on this very system; else in `/usr/local/sbin` under its own name.
///
/// # Errors
/// If another program is at that place which `installed` does not know, or the running one cannot be read.
pub fn boot_program(
    exe: &Path,
    tree: &Tree,
    is_image: bool,
    installed: Option<&Installed>,
) -> Result<BootProgram, BootError> {
    if !is_image && is_for_good(exe, tree) {
        return Ok(BootProgram { path: exe.to_owned(), copy: None });
    }
    let name = exe.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    // What the kernel adds where the file is gone.
    let name = name.strip_suffix(" (deleted)").unwrap_or(name);
    let path = Path::new(COPIES).join(name);
    if name.is_empty() || path.to_str().is_none_or(|text| !is_speakable(text)) {
        return Err(BootError::Unwritable { program: exe.to_owned() });
    }
    let bytes = fs::read(SELF).map_err(|error| BootError::Read { path: exe.to_owned(), error })?;
    let is_ours = installed.is_some_and(|installed| installed.has(&path));
    if !is_ours && !tree.is_absent(&path) && !tree.holds(&path, &bytes) {
        return Err(BootError::ProgramTaken { path });
    }
    let content = FileContent::Regular { bytes, mode: 0o755 };
    let copy = FileChange { path: path.clone(), content, purpose: PURPOSE.to_owned() };
    Ok(BootProgram { path, copy: Some(copy) })
}

/// Whether the program stays where it is, and only root can replace it.
fn is_for_good(exe: &Path, tree: &Tree) -> bool {
    let roots_alone = |path: &Path| {
        fs::symlink_metadata(path).is_ok_and(|metadata| {
            metadata.uid() == 0 && (metadata.is_symlink() || metadata.mode() & 0o022 == 0)
        })
    };
    exe.to_str().is_some_and(is_speakable)
        && why_not_at_boot(exe, tree).is_none()
        && exe.ancestors().all(roots_alone)
}

/// Whether systemd takes the path of a program, in whatever quotes; it was seen to refuse these characters.
pub(super) fn is_speakable(path: &str) -> bool {
    !path.contains(|char: char| char.is_control() || matches!(char, '\'' | '"' | '\\'))
}

/// A path as the first word of a command line (systemd.service(5)).
pub(super) fn quoted_for_systemd(path: &str) -> String {
    if path.chars().all(|char| char.is_ascii_alphanumeric() || "/._+-".contains(char)) {
        return path.to_owned();
    }
    format!("\"{}\"", path.replace('%', "%%"))
}

/// Directories whose files a restart may remove (file-hierarchy(7)), and that of another kernel's processes.
const TEMPORARY: [&str; 5] = ["/tmp", "/var/tmp", "/run", "/dev", "/proc"];

/// Why a boot may not find the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// It is in this directory, which does not outlast a restart.
    Temporary(&'static str),
    /// It is where it was built, and will be gone or another one before long.
    BuildDirectory,
    /// It is not in the system's file tree.
    Missing,
}

pub(super) fn why_not_at_boot(program: &Path, tree: &Tree) -> Option<Unfit> {
    if let Some(directory) = TEMPORARY.into_iter().find(|directory| program.starts_with(directory)) {
        return Some(Unfit::Temporary(directory));
    }
    if is_built_by_cargo(program) {
        return Some(Unfit::BuildDirectory);
    }
    (!tree.exists(program)).then_some(Unfit::Missing)
}

/// `target/debug/x`, `target/x86_64-unknown-linux-musl/release/x` and the like.
fn is_built_by_cargo(program: &Path) -> bool {
    let directories = program.iter().skip_while(|part| *part != "target").skip(1);
    directories.take(2).any(|part| part == "debug" || part == "release")
}

impl Unfit {
    /// Says it of a program.
    pub(super) fn say(&self, program: &Path, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = program.display();
        match self {
            Unfit::Temporary(directory) => {
                write!(f, "`{program}` may be gone by then: it is below {directory}")
            }
            Unfit::BuildDirectory => write!(f, "`{program}` may be gone by then: it is where cargo builds"),
            Unfit::Missing => write!(f, "there is no `{program}` in the system that boots"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tree::image::Image;

    #[test]
    fn a_path_stays_one_word_of_the_command_line() {
        assert_eq!(quoted_for_systemd("/usr/sbin/a-host_1.0+x"), "/usr/sbin/a-host_1.0+x");
        assert_eq!(quoted_for_systemd("/a b/100%$x"), "\"/a b/100%%$x\"");
    }

    #[test]
    fn what_lies_nowhere_for_good_is_copied_but_over_no_other_program() {
        let exe = Path::new("/src/target/debug/my-host (deleted)");
        let program = |image: &Image, installed: Option<&Installed>| {
            boot_program(exe, &Tree::new(Some(image.root())), false, installed)
        };
        let found = program(&Image::new(), None).unwrap();
        assert_eq!(found.path, Path::new("/usr/local/sbin/my-host"));
        let FileContent::Regular { bytes, mode } = found.copy.unwrap().content else { panic!() };
        assert!(bytes == fs::read(SELF).unwrap() && mode == 0o755);
        let other = Image::new().file("/usr/local/sbin/my-host", "another program");
        let error = program(&other, None).unwrap_err();
        assert!(matches!(error, BootError::ProgramTaken { .. }), "{error}");
    }

    #[test]
    fn what_others_can_replace_is_copied() {
        let tree = Tree::new(None);
        assert!(is_for_good(Path::new("/bin/sh").canonicalize().unwrap().as_path(), &tree));
        assert!(!is_for_good(&std::env::current_exe().unwrap(), &tree), "it is where cargo builds");
        assert!(!is_for_good(Path::new("/usr/sbin/there is none"), &tree));
    }
}
