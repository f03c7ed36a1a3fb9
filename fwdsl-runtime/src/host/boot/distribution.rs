//! Which distribution a system is of, after os-release(5).

use std::fmt;
use std::path::Path;

use super::{BootError, BootWarning};
use crate::host::tree::Tree;

/// A family of distributions that keep firewall rules alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Alpine Linux and its derivatives, with OpenRC.
    Alpine,
    /// Arch Linux and its derivatives.
    Arch,
    /// Debian and its derivatives, Ubuntu among them.
    Debian,
    /// Fedora, Red Hat Enterprise Linux, and their derivatives.
    Fedora,
}

impl fmt::Display for Distribution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Distribution::Alpine => "Alpine",
            Distribution::Arch => "Arch",
            Distribution::Debian => "Debian",
            Distribution::Fedora => "Fedora",
        })
    }
}

/// Where os-release(5) has the file.
const FILES: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// Finds what distribution the system is of: its own `ID`, else the first of `ID_LIKE` that is known.
///
/// # Errors
/// When there is no os-release file, or none of its names is known.
pub fn detect(tree: &Tree) -> Result<Distribution, BootError> {
    for file in FILES.map(Path::new) {
        let text = tree.read(file).map_err(|error| BootError::Read { path: file.to_owned(), error })?;
        if let Some(text) = text {
            let names = names(&text);
            return names
                .iter()
                .find_map(|name| by_name(name))
                .ok_or(BootError::UnknownDistribution { names });
        }
    }
    Err(BootError::UnknownDistribution { names: Vec::new() })
}

/// Finds what distribution the system of `tree` is of; where it does not say, takes that of the `running` one and
/// gives a warning that says so.
///
/// # Errors
/// As [`detect`]; of the running system only if that does not say either.
pub fn detect_or_running(
    tree: &Tree,
    running: &Tree,
) -> Result<(Distribution, Option<BootWarning>), BootError> {
    match detect(tree) {
        Err(BootError::UnknownDistribution { names }) if names.is_empty() => {
            let distribution = detect(running)?;
            Ok((distribution, Some(BootWarning::DistributionOfRunning { distribution })))
        }
        found => Ok((found?, None)),
    }
}

fn by_name(name: &str) -> Option<Distribution> {
    match name {
        "alpine" => Some(Distribution::Alpine),
        "arch" | "archarm" => Some(Distribution::Arch),
        "debian" | "ubuntu" => Some(Distribution::Debian),
        "fedora" | "rhel" | "centos" => Some(Distribution::Fedora),
        _ => None,
    }
}

/// `ID`, then what `ID_LIKE` lists.
fn names(text: &str) -> Vec<String> {
    ["ID", "ID_LIKE"]
        .into_iter()
        .filter_map(|key| value(text, key))
        .flat_map(|value| value.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// The value of a shell-like assignment; the last one counts. Also for other files of that form.
pub(super) fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let assigned = |line: &'a str| line.trim().strip_prefix(key)?.strip_prefix('=');
    let value = text.lines().filter_map(assigned).next_back()?.trim();
    let unquoted = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    Some(unquoted('"').or_else(|| unquoted('\'')).unwrap_or(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tree::image::Image;

    fn detected(os_release: &str) -> Result<Distribution, String> {
        let image = Image::new().file("/usr/lib/os-release", os_release);
        detect(&Tree::new(Some(image.root()))).map_err(|error| error.to_string())
    }

    #[test]
    fn distributions_and_their_derivatives() {
        assert_eq!(detected("ID=arch\n"), Ok(Distribution::Arch));
        assert_eq!(detected("NAME=x\nID=manjaro\nID_LIKE=arch\n"), Ok(Distribution::Arch));
        assert_eq!(detected("ID=debian\n"), Ok(Distribution::Debian));
        assert_eq!(detected("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), Ok(Distribution::Debian));
        assert_eq!(detected("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n"), Ok(Distribution::Fedora));
        assert_eq!(detected("ID=fedora\n"), Ok(Distribution::Fedora));
        assert_eq!(detected("ID='alpine'\n"), Ok(Distribution::Alpine));
    }

    #[test]
    fn the_file_in_etc_comes_first() {
        let image =
            Image::new().file("/etc/os-release", "ID=arch\n").file("/usr/lib/os-release", "ID=debian\n");
        assert_eq!(detect(&Tree::new(Some(image.root()))).unwrap(), Distribution::Arch);
    }

    #[test]
    fn a_tree_that_does_not_say_is_taken_for_the_running_systems_kind() {
        let found = |image: &Image, running: &Image| {
            let tree = |image: &Image| Tree::new(Some(image.root()));
            detect_or_running(&tree(image), &tree(running)).map_err(|error| error.to_string())
        };
        let of = |os_release: &str| Image::new().file("/etc/os-release", os_release);
        let (distribution, warning) = found(&Image::new(), &of("ID=arch\n")).unwrap();
        assert_eq!(distribution, Distribution::Arch);
        assert!(warning.unwrap().to_string().contains("taken for Arch, like the running host"));
        assert_eq!(found(&of("ID=debian\n"), &of("ID=arch\n")), Ok((Distribution::Debian, None)));
        // What says what it is, but is not known, is not taken for something else.
        assert!(found(&of("ID=gentoo\n"), &of("ID=arch\n")).unwrap_err().contains("`gentoo`"));
        assert!(found(&Image::new(), &Image::new()).is_err());
    }

    #[test]
    fn an_unknown_one_is_named_with_those_that_are_known() {
        assert_eq!(
            detected("ID=gentoo\n").unwrap_err(),
            "where `gentoo` keeps firewall rules for boot is not known; known are Alpine, Arch, Debian, Fedora and \
             what os-release(5) calls like them"
        );
        let error = detect(&Tree::new(Some(Image::new().root()))).unwrap_err().to_string();
        assert!(error.starts_with("there is no /etc/os-release"), "{error}");
    }
}
