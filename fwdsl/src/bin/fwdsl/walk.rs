//! Which files are meant.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The files below a path, in order, and what could not be read on the way. A path that is no
/// directory is meant itself, whatever its name.
pub(crate) fn walk(path: &Path) -> (Vec<PathBuf>, Vec<(PathBuf, io::Error)>) {
    let mut found = Vec::new();
    let mut failed = Vec::new();
    if !path.is_dir() {
        return (vec![path.to_owned()], failed);
    }
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        match children(&directory) {
            Ok((files, below)) => {
                found.extend(files);
                directories.extend(below);
            }
            Err(error) => failed.push((directory, error)),
        }
    }
    found.sort();
    (found, failed)
}

/// The `.rs` files and the directories in a directory, without links, so that there is no circle.
fn children(directory: &Path) -> io::Result<(Vec<PathBuf>, Vec<PathBuf>)> {
    let (mut files, mut below) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if kind.is_dir() && !is_built(&path) {
            below.push(path);
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok((files, below))
}

/// Whether cargo builds into this directory. A module may be called `target` too.
fn is_built(path: &Path) -> bool {
    path.ends_with("target")
        && (path.join("CACHEDIR.TAG").exists() || path.with_file_name("Cargo.toml").exists())
}
