//! Reading a system's files: the running one's, or those of an image that lies in a directory.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows (path_resolution(7)).
const LINKS_MAX: usize = 40;

/// A system's file tree. Paths given and returned are the system's own, such as `/etc/os-release`, wherever
/// its root lies; an image's links never lead out of the image.
#[derive(Debug, Clone)]
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    /// The tree below `root`, or the running system's.
    pub fn new(root: Option<&Path>) -> Tree {
        Tree { root: root.unwrap_or(Path::new("/")).to_owned() }
    }

    /// Where the running process finds the path, its links not followed.
    fn outside(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// The path with every link followed.
    ///
    /// # Errors
    /// As the kernel would give: something on the way is missing, or the links lead in a circle.
    pub fn follow(&self, path: &Path) -> io::Result<PathBuf> {
        let mut way = parts(path);
        let mut done = PathBuf::from("/");
        let mut links = 0;
        while let Some(part) = way.pop() {
            if part == ".." {
                done.pop();
                continue;
            }
            let next = done.join(&part);
            if !fs::symlink_metadata(self.outside(&next))?.is_symlink() {
                done = next;
                continue;
            }
            links += 1;
            if links > LINKS_MAX {
                return Err(io::Error::other(format!("`{}` leads through too many links", path.display())));
            }
            let target = fs::read_link(self.outside(&next))?;
            if target.is_absolute() {
                done = PathBuf::from("/");
            }
            way.extend(parts(&target));
        }
        Ok(done)
    }

    /// The text of the file, links followed; `None` where there is none.
    ///
    /// # Errors
    /// When there is a file but it cannot be read, or is not UTF-8.
    pub fn read(&self, path: &Path) -> io::Result<Option<String>> {
        if_there(self.follow(path).and_then(|path| fs::read_to_string(self.outside(&path))))
    }

    /// The text of the file as [`read`](Tree::read) gives it, but with a replacement character for what is not UTF-8.
    ///
    /// # Errors
    /// When there is a file but it cannot be read.
    pub fn read_lossy(&self, path: &Path) -> io::Result<Option<String>> {
        let bytes = if_there(self.follow(path).and_then(|path| fs::read(self.outside(&path))))?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// The text of the file as [`read`](Tree::read) gives it, with its permission bits.
    ///
    /// # Errors
    /// When there is a file but it cannot be read, or is not UTF-8.
    pub fn read_with_mode(&self, path: &Path) -> io::Result<Option<(String, u32)>> {
        if_there(self.follow(path).and_then(|path| {
            let path = self.outside(&path);
            let mode = fs::metadata(&path)?.permissions().mode() & 0o7777;
            Ok((fs::read_to_string(path)?, mode))
        }))
    }

    /// Whether the file, links followed, holds these bytes.
    pub fn holds(&self, path: &Path, bytes: &[u8]) -> bool {
        self.follow(path).and_then(|path| fs::read(self.outside(&path))).is_ok_and(|found| found == bytes)
    }

    /// Whether nothing stands at the path, not even a link that leads nowhere.
    pub fn is_absent(&self, path: &Path) -> bool {
        self.link(path).is_none() && !self.exists(path)
    }

    /// Whether something stands at the path, links followed.
    pub fn exists(&self, path: &Path) -> bool {
        self.follow(path).is_ok()
    }

    /// Where the link at the path points; `None` where there is no link.
    pub fn link(&self, path: &Path) -> Option<PathBuf> {
        let directory = self.follow(path.parent()?).ok()?;
        fs::read_link(self.outside(&directory.join(path.file_name()?))).ok()
    }

    /// The names in the directory, sorted; none where there is no directory.
    ///
    /// # Errors
    /// When there is a directory but it cannot be read.
    pub fn list(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        let entries = self.follow(directory).and_then(|path| fs::read_dir(self.outside(&path)));
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) if is_missing(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut names = entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }
}

/// `None` where there is nothing to read.
fn if_there<T>(read: io::Result<T>) -> io::Result<Option<T>> {
    match read {
        Ok(contents) => Ok(Some(contents)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The path's components, the last one first; what is before the root and at it is left out.
fn parts(path: &Path) -> Vec<OsString> {
    let mut parts: Vec<OsString> = path
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
        })
        .collect();
    parts.reverse();
    parts
}

/// A made-up system for tests, in a directory that is removed when it is dropped.
#[cfg(test)]
pub(crate) mod image {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicU32, Ordering};

    pub(crate) struct Image(PathBuf);

    impl Image {
        pub(crate) fn new() -> Image {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = std::env::temp_dir().join(format!("fwdsl-image-{}-{count}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Image(path)
        }

        pub(crate) fn root(&self) -> &Path {
            &self.0
        }

        fn make_way(&self, path: &str) -> PathBuf {
            let path = self.0.join(path.trim_start_matches('/'));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            path
        }

        pub(crate) fn file(self, path: &str, text: &str) -> Image {
            fs::write(self.make_way(path), text).unwrap();
            self
        }

        pub(crate) fn link(self, path: &str, target: &str) -> Image {
            symlink(target, self.make_way(path)).unwrap();
            self
        }
    }

    impl Drop for Image {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::image::Image;
    use super::*;

    #[test]
    fn links_stay_within_the_image() {
        let image = Image::new()
            .file("/usr/lib/os-release", "ID=x\n")
            .link("/etc/os-release", "../usr/lib/os-release")
            .link("/absolute", "/usr/lib/os-release")
            .link("/escape", "../../../../usr/lib/os-release")
            .link("/circle", "/circle")
            .link("/dangling", "/nowhere");
        let tree = Tree::new(Some(image.root()));
        for path in ["/etc/os-release", "/absolute", "/escape"] {
            assert_eq!(tree.follow(Path::new(path)).unwrap(), Path::new("/usr/lib/os-release"), "{path}");
            assert_eq!(tree.read(Path::new(path)).unwrap().as_deref(), Some("ID=x\n"), "{path}");
        }
        assert!(tree.read(Path::new("/circle")).is_err());
        assert_eq!(tree.read(Path::new("/dangling")).unwrap(), None);
        assert_eq!(tree.read(Path::new("/absolute/below")).unwrap(), None);
        assert!(!tree.exists(Path::new("/dangling")));
        assert_eq!(tree.link(Path::new("/dangling")), Some(PathBuf::from("/nowhere")));
        assert_eq!(tree.link(Path::new("/usr")), None);
    }

    #[test]
    fn directories_are_listed_in_order() {
        let image = Image::new().file("/d/b", "").file("/d/a", "").link("/e", "/d");
        let tree = Tree::new(Some(image.root()));
        assert_eq!(tree.list(Path::new("/e")).unwrap(), ["a", "b"]);
        assert!(tree.list(Path::new("/missing")).unwrap().is_empty());
    }
}
