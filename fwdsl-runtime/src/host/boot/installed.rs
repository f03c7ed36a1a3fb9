//! What was done to a system for its boot, so that it can be undone: each file that a save or an install put in place, with
//! what stood there before the first of them.

use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::BootError;
use crate::host::change::{FileChange, FileContent};
use crate::host::error::ApplyError;
use crate::host::files::{self, Existing};
use crate::host::places;
use crate::host::variant::Variant;

/// The file that holds it.
const INSTALLED: &str = "/var/lib/fwdsl/installed.json";
/// The form of the file; another one is from another version of fwdsl.
const FORMAT: u32 = 1;
const PURPOSE: &str = "what `uninstall` undoes";

/// What loads the policy at boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loader {
    /// The service of fwdsl itself.
    Fwdsl,
    /// The service that the distribution has for that.
    Distribution,
}

impl fmt::Display for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Loader::Fwdsl => "fwdsl",
            Loader::Distribution => "distribution",
        })
    }
}

/// How a policy is to be loaded at boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Installs {
    /// What loads it.
    pub loader: Loader,
    /// With which variant of iptables, as in [`Installed`].
    pub variant: Option<Variant>,
}

/// What was installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Installed {
    format: u32,
    /// What loads the policy.
    pub loader: Loader,
    /// The variant of iptables that it uses; `None` for the one that `iptables-restore` is when the boot comes.
    pub variant: Option<Variant>,
    /// The files, in the order in which they were put in place.
    files: Vec<InstalledFile>,
}

/// What every version's file holds.
#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InstalledFile {
    path: PathBuf,
    /// What it is for.
    purpose: String,
    /// A hash of what was put there last.
    ours: String,
    /// What stood there before all of ours.
    before: Before,
    /// The directories that were made for it, the innermost first.
    made: Vec<PathBuf>,
}

/// What stood at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Before {
    Absent,
    Regular { bytes: Bytes, mode: u32 },
    Symlink(Bytes),
}

/// Bytes, as text where they are that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum Bytes {
    Text(String),
    Other(Vec<u8>),
}

/// What an uninstall does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Removal {
    /// The files, in the order in which they go or come back.
    pub(crate) files: Vec<FileChange>,
    /// Files that others have changed since, and that stay.
    pub(crate) kept: Vec<PathBuf>,
    /// Directories that were made for these files, the innermost first: to be removed after them, where nothing is in
    /// them any more.
    pub(crate) directories: Vec<PathBuf>,
}

/// What is installed in the system whose file tree begins at `root`.
///
/// # Errors
/// If the file that says it cannot be read or understood.
pub fn installed(root: &Path) -> Result<Option<Installed>, BootError> {
    let root = &real(root)?;
    let existing = look(root, Path::new(INSTALLED))?;
    let Existing::Regular { bytes, .. } = existing else { return Ok(None) };
    let unusable = |reason: String| BootError::Kept { path: INSTALLED.into(), reason };
    // By itself first, for what else another version's file holds is not known.
    let Format { format } = serde_json::from_slice(&bytes).map_err(|error| unusable(error.to_string()))?;
    if format != FORMAT {
        return Err(unusable(format!("it is of another version of fwdsl (format {format})")));
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|error| unusable(error.to_string()))
}

impl Installed {
    /// Whether something of ours is at the path.
    pub(super) fn has(&self, path: &Path) -> bool {
        self.files.iter().any(|file| file.path == path)
    }

    /// The undo of all of it.
    ///
    /// # Errors
    /// If a file that is there cannot be looked at.
    pub(crate) fn removal(&self, root: &Path) -> Result<Removal, BootError> {
        let mut removal = Removal { files: Vec::new(), kept: Vec::new(), directories: Vec::new() };
        let own =
            FileChange { path: INSTALLED.into(), content: FileContent::Absent, purpose: PURPOSE.to_owned() };
        removal.files.push(own);
        // While the way back is needed at boot, what runs it is there: it came first, and goes last.
        for file in self.files.iter().rev() {
            let now = look(root, &file.path)?;
            let content = file.before.content();
            if now.is(&content) {
            } else if is_own(&file.path) || hash_of(&now) == file.ours {
                removal.files.push(FileChange {
                    path: file.path.clone(),
                    content,
                    purpose: file.purpose.clone(),
                });
            } else {
                removal.kept.push(file.path.clone());
            }
            for made in &file.made {
                if !removal.directories.contains(made) {
                    removal.directories.push(made.clone());
                }
            }
        }
        // A directory after all that are in it.
        removal.directories.sort_by_key(|directory| std::cmp::Reverse(directory.as_os_str().len()));
        Ok(removal)
    }
}

/// The file that takes note of what is going to be put in place, after `former` of which it keeps what stood before.
///
/// # Errors
/// If what stands there now cannot be looked at.
pub(crate) fn record(
    former: Option<Installed>,
    installs: Installs,
    changes: &[FileChange],
    root: &Path,
) -> Result<FileChange, BootError> {
    let mut files = former.map(|installed| installed.files).unwrap_or_default();
    for change in changes {
        let ours = hash(&change.content);
        if let Some(file) = files.iter_mut().find(|file| file.path == change.path) {
            file.ours = ours;
            file.purpose.clone_from(&change.purpose);
            continue;
        }
        let existing = look(root, &change.path)?;
        // What is of ours by its name was left by whatever put it there before there was such a record.
        let before = if is_own(&change.path) { Before::Absent } else { Before::of(existing) };
        if before == Before::Absent && change.content == FileContent::Absent {
            continue;
        }
        files.push(InstalledFile {
            path: change.path.clone(),
            purpose: change.purpose.clone(),
            ours,
            before,
            made: made(root, &change.path)?,
        });
    }
    let Installs { loader, variant } = installs;
    let json = serde_json::to_vec_pretty(&Installed { format: FORMAT, loader, variant, files });
    let bytes = json
        .map_err(|error| BootError::Read { path: INSTALLED.into(), error: std::io::Error::other(error) })?;
    Ok(FileChange {
        path: INSTALLED.into(),
        content: FileContent::Regular { bytes, mode: 0o600 },
        purpose: PURPOSE.to_owned(),
    })
}

/// Whether the file is one that nobody but fwdsl has.
fn is_own(path: &Path) -> bool {
    path.starts_with("/etc/fwdsl")
        || path.file_name().is_some_and(|name| name.to_string_lossy().contains("fwdsl"))
}

/// A file tree's beginning, as a path without links.
fn real(root: &Path) -> Result<PathBuf, BootError> {
    root.canonicalize().map_err(|error| BootError::Read { path: root.to_owned(), error })
}

fn look(root: &Path, path: &Path) -> Result<Existing, BootError> {
    let existing = places::below(root, path).and_then(|real| files::look(&real));
    existing.map_err(|error| match error {
        ApplyError::System { path, error, .. } => BootError::Read { path, error },
        other => BootError::Read { path: path.to_owned(), error: std::io::Error::other(other.to_string()) },
    })
}

/// The directories that will have to be made, as paths of the system.
fn made(root: &Path, path: &Path) -> Result<Vec<PathBuf>, BootError> {
    let real = places::below(root, path).map_err(|error| BootError::Read {
        path: path.to_owned(),
        error: std::io::Error::other(error.to_string()),
    })?;
    let inside = |directory: PathBuf| Some(Path::new("/").join(directory.strip_prefix(root).ok()?));
    Ok(files::missing_dirs(&real).into_iter().filter_map(inside).collect())
}

impl Before {
    fn of(existing: Existing) -> Before {
        match existing {
            Existing::Absent => Before::Absent,
            Existing::Regular { bytes, mode, .. } => Before::Regular { bytes: Bytes::of(bytes), mode },
            Existing::Symlink(target) => Before::Symlink(Bytes::of(target.as_os_str().as_bytes().to_vec())),
        }
    }

    fn content(&self) -> FileContent {
        match self {
            Before::Absent => FileContent::Absent,
            Before::Regular { bytes, mode } => FileContent::Regular { bytes: bytes.bytes(), mode: *mode },
            Before::Symlink(target) => {
                FileContent::Symlink(PathBuf::from(OsString::from_vec(target.bytes())))
            }
        }
    }
}

impl Bytes {
    fn of(bytes: Vec<u8>) -> Bytes {
        String::from_utf8(bytes).map_or_else(|error| Bytes::Other(error.into_bytes()), Bytes::Text)
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Bytes::Text(text) => text.clone().into_bytes(),
            Bytes::Other(bytes) => bytes.clone(),
        }
    }
}

fn hash_of(existing: &Existing) -> String {
    hash(&match existing {
        Existing::Absent => FileContent::Absent,
        Existing::Regular { bytes, mode, .. } => FileContent::Regular { bytes: bytes.clone(), mode: *mode },
        Existing::Symlink(target) => FileContent::Symlink(target.clone()),
    })
}

/// Tells contents apart: whether somebody changed a file, not whether he wanted to hide that.
fn hash(content: &FileContent) -> String {
    let (kind, bytes) = match content {
        FileContent::Absent => return "absent".to_owned(),
        FileContent::Regular { bytes, mode } => (format!("{mode:o}"), bytes.as_slice()),
        FileContent::Symlink(target) => ("link".to_owned(), target.as_os_str().as_bytes()),
    };
    // FNV-1a, which is the same on every machine and in every version of Rust, but of eight bytes at a time, for a program
    // has millions of them.
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let hash = words
        .chain(rest.iter().map(|byte| u64::from(*byte)))
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3));
    format!("{kind}:{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tree::Tree;
    use crate::host::tree::image::Image;

    fn change(path: &str, text: &str) -> FileChange {
        let content = match text {
            "" => FileContent::Absent,
            text => FileContent::Regular { bytes: text.as_bytes().to_vec(), mode: 0o644 },
        };
        FileChange { path: path.into(), content, purpose: String::new() }
    }

    /// Does what an apply does.
    fn put(image: &Image, changes: &[FileChange]) {
        for change in changes {
            let real = places::below(&root(image), &change.path).unwrap();
            files::put(&real, &change.content, None).unwrap();
        }
    }

    fn root(image: &Image) -> PathBuf {
        image.root().canonicalize().unwrap()
    }

    fn install(image: &Image, changes: &[FileChange]) {
        let former = installed(&root(image)).unwrap();
        let installs = Installs { loader: Loader::Distribution, variant: None };
        let record = record(former, installs, changes, &root(image)).unwrap();
        put(image, changes);
        put(image, &[record]);
    }

    #[test]
    fn what_stood_before_the_first_save_comes_back() {
        let image = Image::new().file("/etc/conf.d/iptables", "on").link("/etc/link", "elsewhere");
        let changes = [
            change("/etc/fwdsl/policy.json", "one"),
            change("/etc/conf.d/iptables", "off"),
            change("/etc/link", "a file"),
            change("/etc/deep/down/rules", "ours"),
            change("/etc/never", ""),
        ];
        install(&image, &changes);
        install(&image, &[change("/etc/fwdsl/policy.json", "two"), change("/etc/deep/down/rules", "more")]);
        let removal = installed(&root(&image)).unwrap().unwrap().removal(&root(&image)).unwrap();
        assert!(removal.kept.is_empty());
        assert!(removal.files.iter().all(|change| change.path != Path::new("/etc/never")));
        let directories: Vec<_> = removal.directories.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(directories, ["/etc/deep/down", "/etc/fwdsl", "/etc/deep"]);
        put(&image, &removal.files);
        let tree = Tree::new(Some(image.root()));
        assert!(tree.holds(Path::new("/etc/conf.d/iptables"), b"on"));
        assert_eq!(tree.link(Path::new("/etc/link")), Some(PathBuf::from("elsewhere")));
        for gone in ["/etc/fwdsl/policy.json", "/etc/deep/down/rules", INSTALLED] {
            assert!(tree.is_absent(Path::new(gone)), "{gone}");
        }
    }

    #[test]
    fn what_others_changed_since_stays_unless_it_is_ours_alone() {
        let image = Image::new().file("/etc/conf.d/iptables", "on");
        install(
            &image,
            &[change("/etc/conf.d/iptables", "off"), change("/etc/systemd/system/fwdsl.service", "unit")],
        );
        let image = image
            .file("/etc/conf.d/iptables", "off, and more")
            .file("/etc/systemd/system/fwdsl.service", "mine");
        let removal = installed(&root(&image)).unwrap().unwrap().removal(&root(&image)).unwrap();
        assert_eq!(removal.kept, [Path::new("/etc/conf.d/iptables")]);
        assert!(removal.files.iter().any(|change| change.path.ends_with("fwdsl.service")));
    }

    #[test]
    fn bytes_that_are_no_text_come_back() {
        let image = Image::new();
        let path = image.root().join("binary");
        std::fs::write(&path, [0xff, 0, 1]).unwrap();
        install(&image, &[change("/binary", "text")]);
        let removal = installed(&root(&image)).unwrap().unwrap().removal(&root(&image)).unwrap();
        put(&image, &removal.files);
        assert_eq!(std::fs::read(path).unwrap(), [0xff, 0, 1]);
    }
}
