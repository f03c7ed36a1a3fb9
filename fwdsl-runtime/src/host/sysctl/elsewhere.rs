//! Who else sets our sysctls: the other files that are read at boot.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::persist::SYSCTL_FILE;
use crate::host::tree::Tree;

/// The directories that sysctl.d(5) and sysctl(8) name, the one that masks the others' files of its names
/// first.
const DIRECTORIES: [&str; 5] =
    ["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d"];

/// The single file that some read before all others and some after them.
const SINGLE: &str = "/etc/sysctl.conf";

/// A line in somebody else's file that sets one of our sysctls to another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The file.
    pub file: PathBuf,
    /// The line, 1 is the first.
    pub line: usize,
    /// The key as it is written there; it may be a pattern.
    pub key: String,
    /// The value there.
    pub value: String,
    /// Ours.
    pub ours: String,
    /// Which of the two is in force after a boot.
    pub in_force: InForce,
}

/// Which of two lines that set the same sysctl is in force after a boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InForce {
    /// Ours, since our file's name sorts after the other's.
    Ours,
    /// The other: its file's name sorts after ours, or it names a parameter that we set by a `*` alone, which
    /// sysctl.d(5) puts behind.
    Theirs,
    /// It depends on who reads them: systemd-sysctl does not read `/etc/sysctl.conf`, procps reads it last.
    Depends,
}

fn in_force(file: &Path, theirs: &str, ours: &str) -> InForce {
    let is_pattern = |path: &str| path.contains(['*', '?', '[']);
    match file.file_name() {
        _ if file == Path::new(SINGLE) => InForce::Depends,
        name if name > Path::new(SYSCTL_FILE).file_name() => InForce::Theirs,
        _ if is_pattern(ours) && !is_pattern(theirs) => InForce::Theirs,
        _ => InForce::Ours,
    }
}

impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Elsewhere { file, line, key, value, ours, in_force } = self;
        write!(f, "{}:{line} sets `{key}` to {value}, the policy to {ours}", file.display())?;
        f.write_str(match in_force {
            InForce::Ours => "; after a boot, the policy's value is in force",
            InForce::Theirs => "; after a boot, that line is in force: remove it",
            InForce::Depends => {
                "; which is in force after a boot depends on the program that sets them: remove that line"
            }
        })
    }
}

/// The lines in other files that set one of `ours` (see [`parameters`](super::parameters)) to another value.
/// Files that a file of the same name masks are not read, as at boot.
///
/// # Errors
/// When a directory or file is there but cannot be read.
pub fn set_elsewhere(ours: &[(String, String)], tree: &Tree) -> io::Result<Vec<Elsewhere>> {
    let mut found = Vec::new();
    for file in files(tree)? {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", file.display()));
        // Bytes that are not UTF-8 stand in comments, if anywhere.
        let Some(text) = tree.read_lossy(&file).map_err(named)? else { continue };
        for (number, line) in text.lines().enumerate() {
            let Some((key, value)) = assignment(line) else { continue };
            let path = slashed(key);
            // Where we set the very same parameter, what we set beside it with a `*` does not matter.
            let same: Vec<_> = ours.iter().filter(|(our_path, _)| *our_path == path).collect();
            let met: Vec<_> = match same.as_slice() {
                [] => ours.iter().filter(|(our_path, _)| overlap(&path, our_path)).collect(),
                _ => same,
            };
            if let Some((our_path, ours)) = met.into_iter().find(|(_, our_value)| !is_same(value, our_value))
            {
                found.push(Elsewhere {
                    file: file.clone(),
                    line: number + 1,
                    key: key.to_owned(),
                    value: value.to_owned(),
                    ours: ours.clone(),
                    in_force: in_force(&file, &path, our_path),
                });
            }
        }
    }
    Ok(found)
}

/// The files that are read at boot, but ours; each once, though links to it may stand beside it.
fn files(tree: &Tree) -> io::Result<Vec<PathBuf>> {
    let mut by_name: BTreeMap<OsString, PathBuf> = BTreeMap::new();
    for directory in DIRECTORIES.map(Path::new) {
        for name in tree.list(directory)? {
            if Path::new(&name).extension().is_some_and(|extension| extension == "conf") {
                let path = directory.join(&name);
                by_name.entry(name).or_insert(path);
            }
        }
    }
    let mut files = Vec::new();
    for path in by_name.into_values().chain([PathBuf::from(SINGLE)]) {
        // A link to /dev/null masks; an image has no such device, so its link is left dangling.
        let Ok(path) = tree.follow(&path) else { continue };
        if path != Path::new(SYSCTL_FILE) && path != Path::new("/dev/null") && !files.contains(&path) {
            files.push(path);
        }
    }
    Ok(files)
}

/// The key and the value that a line sets, if it sets one.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.starts_with(['#', ';']) {
        return None;
    }
    let (key, value) = line.strip_prefix('-').unwrap_or(line).split_once('=')?;
    Some((key.trim(), value.trim()))
}

/// The slash form of a key or pattern: the first separator decides which spelling it is.
fn slashed(key: &str) -> String {
    match key.find(['.', '/']) {
        Some(place) if key.as_bytes()[place] == b'.' => key
            .chars()
            .map(|letter| match letter {
                '.' => '/',
                '/' => '.',
                letter => letter,
            })
            .collect(),
        _ => key.to_owned(),
    }
}

/// Whether blanks aside the values are the same.
fn is_same(one: &str, other: &str) -> bool {
    one.split_whitespace().eq(other.split_whitespace())
}

/// Whether a pattern of theirs and a path of ours, in which `*` is every directory, name a parameter in
/// common.
fn overlap(theirs: &str, ours: &str) -> bool {
    let (mut theirs, mut ours) = (theirs.split('/'), ours.split('/'));
    loop {
        match (theirs.next(), ours.next()) {
            (None, None) => return true,
            (Some(pattern), Some(name)) if name == "*" || matches(pattern.as_bytes(), name.as_bytes()) => {}
            _ => return false,
        }
    }
}

/// Whether a glob(7) pattern matches a name.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => matches(rest, name) || (!name.is_empty() && matches(pattern, &name[1..])),
        ([b'?', rest @ ..], [_, after @ ..]) => matches(rest, after),
        ([b'[', rest @ ..], [letter, after @ ..]) => match bracket(rest, *letter) {
            Some((holds, rest)) => holds && matches(rest, after),
            None => *letter == b'[' && matches(rest, after),
        },
        ([first, rest @ ..], [letter, after @ ..]) => first == letter && matches(rest, after),
        _ => false,
    }
}

/// Whether the set that begins after a `[` holds the letter, and what follows its `]`; `None` where it
/// does not end.
fn bracket(set: &[u8], letter: u8) -> Option<(bool, &[u8])> {
    let (negated, set) = match set {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, set),
    };
    // A `]` at the beginning is a letter of the set.
    let end = 1 + set.iter().skip(1).position(|byte| *byte == b']')?;
    let (mut members, rest) = (&set[..end], &set[end + 1..]);
    let mut holds = false;
    while let [first, after @ ..] = members {
        (holds, members) = match after {
            [b'-', last, after @ ..] => (holds || (*first..=*last).contains(&letter), after),
            _ => (holds || *first == letter, after),
        };
    }
    Some((holds != negated, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::tree::image::Image;

    fn elsewhere(image: &Image, ours: &[(&str, &str)]) -> Vec<Elsewhere> {
        let ours: Vec<_> = ours.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        set_elsewhere(&ours, &Tree::new(Some(image.root()))).unwrap()
    }

    /// What is said, but for which of the two counts.
    fn found(image: &Image, ours: &[(&str, &str)]) -> Vec<String> {
        let said = |found: &Elsewhere| found.to_string().split(';').next().unwrap_or_default().to_owned();
        elsewhere(image, ours).iter().map(said).collect()
    }

    #[test]
    fn the_file_that_is_read_last_counts() {
        let image = Image::new()
            .file("/etc/sysctl.d/99-sysctl.conf", "net.ipv4.ip_forward = 1\n")
            .file("/usr/lib/sysctl.d/zzz-late.conf", "net.ipv4.ip_forward = 1\n")
            .file("/etc/sysctl.conf", "net.ipv4.ip_forward = 1\n");
        let found = elsewhere(&image, &[("net/ipv4/ip_forward", "0")]);
        let in_force: Vec<_> = found.iter().map(|found| found.in_force).collect();
        assert_eq!(in_force, [InForce::Ours, InForce::Theirs, InForce::Depends]);
        let image = Image::new().file("/etc/sysctl.d/a.conf", "net.ipv4.conf.eth0.rp_filter = 0\n");
        assert_eq!(elsewhere(&image, &[("net/ipv4/conf/*/rp_filter", "1")])[0].in_force, InForce::Theirs);
        assert_eq!(elsewhere(&image, &[("net/ipv4/conf/eth0/rp_filter", "1")])[0].in_force, InForce::Ours);
    }

    #[test]
    fn what_is_not_utf8_is_read_all_the_same() {
        let image = Image::new().file("/etc/sysctl.conf", "");
        std::fs::write(image.root().join("etc/sysctl.conf"), b"# caf\xe9\nnet.ipv4.ip_forward = 1\n")
            .unwrap();
        assert_eq!(
            found(&image, &[("net/ipv4/ip_forward", "0")]),
            ["/etc/sysctl.conf:2 sets `net.ipv4.ip_forward` to 1, the policy to 0"]
        );
    }

    #[test]
    fn other_values_are_found_in_every_spelling() {
        let image = Image::new()
            .file(
                "/etc/sysctl.d/10-network.conf",
                "# net.ipv4.ip_forward = 1\n; net.ipv4.ip_forward = 1\n\nnet.ipv4.ip_forward=1\n\
                 net/ipv4/conf/eth0.100/rp_filter = 2\nnet.ipv4.conf.eth0/100.rp_filter = 0\n",
            )
            .file("/etc/sysctl.d/zz-fwdsl.conf", "net.ipv4.ip_forward = 9\n")
            .file("/etc/sysctl.d/notes.txt", "net.ipv4.ip_forward = 9\n")
            .file(
                "/usr/lib/sysctl.d/50-default.conf",
                "-net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\n",
            )
            .file("/etc/sysctl.conf", "net.ipv4.tcp_rmem = 4096  87380 100\nnet.ipv4.ip_forward = 0\n");
        let ours = [
            ("net/ipv4/ip_forward", "0"),
            ("net/ipv4/conf/eth0.100/rp_filter", "1"),
            ("net/ipv4/tcp_rmem", "4096 87380 100"),
        ];
        assert_eq!(
            found(&image, &ours),
            [
                "/etc/sysctl.d/10-network.conf:4 sets `net.ipv4.ip_forward` to 1, the policy to 0",
                "/etc/sysctl.d/10-network.conf:5 sets `net/ipv4/conf/eth0.100/rp_filter` to 2, the policy to 1",
                "/etc/sysctl.d/10-network.conf:6 sets `net.ipv4.conf.eth0/100.rp_filter` to 0, the policy to 1",
                "/usr/lib/sysctl.d/50-default.conf:1 sets `net.ipv4.conf.*.rp_filter` to 2, the policy to 1",
            ]
        );
    }

    #[test]
    fn what_is_masked_or_linked_counts_as_at_boot() {
        let image = Image::new()
            .file("/usr/lib/sysctl.d/10-a.conf", "net.ipv4.ip_forward = 1\n")
            .file("/etc/sysctl.d/10-a.conf", "net.ipv4.ip_forward = 0\n")
            .file("/usr/lib/sysctl.d/20-b.conf", "net.ipv4.ip_forward = 1\n")
            .link("/etc/sysctl.d/20-b.conf", "/dev/null")
            .file("/etc/sysctl.conf", "net.ipv4.ip_forward = 1\n")
            .link("/etc/sysctl.d/99-sysctl.conf", "../sysctl.conf");
        assert_eq!(
            found(&image, &[("net/ipv4/ip_forward", "0")]),
            ["/etc/sysctl.conf:1 sets `net.ipv4.ip_forward` to 1, the policy to 0"]
        );
    }

    #[test]
    fn our_wildcard_meets_their_interface() {
        let image = Image::new().file("/etc/sysctl.d/a.conf", "net.ipv4.conf.eth0.rp_filter = 0\n");
        assert_eq!(found(&image, &[("net/ipv4/conf/*/rp_filter", "1")]).len(), 1);
        assert!(
            found(&image, &[("net/ipv4/conf/*/rp_filter", "1"), ("net/ipv4/conf/eth0/rp_filter", "0")])
                .is_empty()
        );
        assert!(found(&image, &[("net/ipv4/conf/*/arp_filter", "1")]).is_empty());
        assert!(found(&Image::new(), &[("net/ipv4/conf/*/rp_filter", "1")]).is_empty());
    }

    #[test]
    fn patterns_match_as_glob_does() {
        let matches = |pattern: &str, name: &str| matches(pattern.as_bytes(), name.as_bytes());
        for (pattern, name) in [
            ("*", ""),
            ("eth*", "eth0.100"),
            ("e?h0", "eth0"),
            ("eth[0-3]", "eth2"),
            ("[!l]o", "no"),
            ("[]a]", "]"),
            ("a[", "a["),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("eth*", "wlan0"), ("?", ""), ("eth[0-3]", "eth4"), ("[!l]o", "lo"), ("*x", "xy")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
