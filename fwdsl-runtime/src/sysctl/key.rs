//! The name of a kernel parameter, in the two spellings that `sysctl(8)` and `sysctl.d(5)` know.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The longest interface name that the kernel takes, in bytes (`IFNAMSIZ` less its final zero).
const INTERFACE_MAX: usize = 15;

/// A parameter's path below `/proc/sys`, in segments. A segment `*` stands for every directory there.
///
/// Read from either spelling: `net.ipv4.conf.*.rp_filter`, or with slashes where an interface's name
/// holds a dot, `net/ipv4/conf/eth0.100/rp_filter`. As in `sysctl.d(5)` the first separator decides, and
/// in the dotted spelling a slash stands for a dot: `net.ipv4.conf.eth0/100.rp_filter` is the same key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    segments: Vec<String>,
}

impl Key {
    /// The segments from the top, `net` first. Never empty, and none is empty.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// Whether a segment is `*`, so that the key stands for several parameters.
    pub fn has_wildcard(&self) -> bool {
        self.segments.iter().any(|segment| segment == "*")
    }

    /// The path below `/proc/sys`, relative: `net/ipv4/conf/eth0.100/rp_filter`. It names no file while
    /// the key holds a `*`.
    pub fn path(&self) -> PathBuf {
        self.segments.iter().collect()
    }

    /// The slash spelling, whatever the segments hold: `net/ipv4/ip_forward`.
    pub fn slashed(&self) -> String {
        self.segments.join("/")
    }

    /// The key with the segment at `place` (0 is the top) replaced; how a `*` becomes a directory.
    /// A `place` beyond the last changes nothing.
    ///
    /// # Errors
    /// When the new segment cannot stand in a key.
    pub fn with_segment(&self, place: usize, segment: &str) -> Result<Key, KeyError> {
        let mut segments = self.segments.clone();
        if let Some(old) = segments.get_mut(place) {
            *old = segment.to_owned();
        }
        checked(segments)
    }
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Key, KeyError> {
        let dotted = match text.find(['.', '/']) {
            None => return Err(KeyError::NoSeparator(text.to_owned())),
            Some(place) => text.as_bytes()[place] == b'.',
        };
        let segments: Vec<String> = if dotted {
            text.split('.').map(|segment| segment.replace('/', ".")).collect()
        } else {
            text.split('/').map(str::to_owned).collect()
        };
        whole_wildcards(&segments)?;
        checked(segments)
    }
}

/// In a policy, `*` stands for a whole name; an interface on a host may still have it in its own.
fn whole_wildcards(segments: &[String]) -> Result<(), KeyError> {
    let partial = |segment: &&String| *segment != "*" && segment.contains(['*', '?', '[']);
    segments.iter().find(partial).map_or(Ok(()), |segment| Err(KeyError::PartialWildcard(segment.clone())))
}

/// A key of these segments, unless one of them would lead elsewhere.
fn checked(segments: Vec<String>) -> Result<Key, KeyError> {
    for segment in &segments {
        if segment.is_empty() || segment == "." || segment == ".." {
            return Err(KeyError::EmptySegment(segments.join("/")));
        }
        let forbidden =
            |letter: char| letter.is_whitespace() || letter.is_control() || matches!(letter, '=' | '/');
        if let Some(letter) = segment.chars().find(|letter| forbidden(*letter)) {
            return Err(KeyError::Letter(letter));
        }
    }
    match interface(&segments) {
        Some(name) if name.len() > INTERFACE_MAX => Err(KeyError::LongInterface(name.to_owned())),
        _ => Ok(Key { segments }),
    }
}

/// The segment that names an interface, where the key is one of the kernel's per-interface ones.
fn interface(segments: &[String]) -> Option<&str> {
    match segments {
        [net, family, tree, interface, _, ..]
            if net == "net"
                && (family == "ipv4" || family == "ipv6")
                && (tree == "conf" || tree == "neigh") =>
        {
            Some(interface)
        }
        _ => None,
    }
}

/// The dotted spelling, or the slash spelling where a segment holds a dot.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dotted = self.segments.iter().any(|segment| segment.contains('.'));
        f.write_str(&self.segments.join(if dotted { "/" } else { "." }))
    }
}

/// Why a text is no key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyError {
    /// There is neither a dot nor a slash in it.
    NoSeparator(String),
    /// Two separators meet, one stands at an end, or a segment is `.` or `..`.
    EmptySegment(String),
    /// A `*`, `?` or `[` that is not a whole segment's `*`.
    PartialWildcard(String),
    /// A blank, a control character, `=` or a misplaced slash.
    Letter(char),
    /// An interface's name of more than 15 bytes.
    LongInterface(String),
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyError::NoSeparator(text) => {
                write!(f, "`{text}` is not a sysctl key; keys look like `net.ipv4.ip_forward`")
            }
            KeyError::EmptySegment(text) => write!(f, "a part of the sysctl key `{text}` is empty"),
            KeyError::PartialWildcard(segment) => {
                write!(f, "`{segment}` mixes a wildcard with letters; in a sysctl key `*` stands alone")
            }
            KeyError::Letter(letter) => write!(f, "{letter:?} cannot stand in a sysctl key"),
            KeyError::LongInterface(name) => write!(
                f,
                "the interface name `{name}` has {} bytes, the kernel takes {INTERFACE_MAX} at most",
                name.len()
            ),
        }
    }
}

impl std::error::Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        text.parse().unwrap()
    }

    fn refused(text: &str) -> KeyError {
        text.parse::<Key>().unwrap_err()
    }

    #[test]
    fn both_spellings_are_one_key() {
        assert_eq!(key("net.ipv4.ip_forward"), key("net/ipv4/ip_forward"));
        assert_eq!(key("net.ipv4.conf.eth0/100.rp_filter"), key("net/ipv4/conf/eth0.100/rp_filter"));
        assert_eq!(key("net/ipv4/conf/eth0.100/rp_filter").segments()[3], "eth0.100");
    }

    #[test]
    fn the_spelling_shown_reads_back() {
        for text in ["net.ipv4.conf.*.rp_filter", "net/ipv4/conf/eth0.100/rp_filter", "kernel.kptr_restrict"]
        {
            assert_eq!(key(text).to_string(), text);
        }
        assert_eq!(key("net.ipv4.conf.eth0/100.rp_filter").to_string(), "net/ipv4/conf/eth0.100/rp_filter");
        assert_eq!(key("net/ipv4/ip_forward").to_string(), "net.ipv4.ip_forward");
    }

    #[test]
    fn a_wildcard_becomes_a_directory() {
        let all = key("net.ipv4.conf.*.rp_filter");
        assert!(all.has_wildcard());
        let one = all.with_segment(3, "eth0.100").unwrap();
        assert!(!one.has_wildcard());
        assert_eq!(one.path(), PathBuf::from("net/ipv4/conf/eth0.100/rp_filter"));
        assert_eq!(one.slashed(), "net/ipv4/conf/eth0.100/rp_filter");
    }

    #[test]
    fn no_key_leads_out_of_its_directory() {
        for text in ["net/../etc/passwd", "/net/ipv4", "net..ipv4", "net.ipv4.", "net.//.x", "net/./x", "."] {
            assert!(matches!(refused(text), KeyError::EmptySegment(_)), "{text}");
        }
    }

    #[test]
    fn what_is_no_key_says_why() {
        assert!(matches!(refused("ip_forward"), KeyError::NoSeparator(_)));
        assert!(matches!(refused("net.ipv4.conf.eth*.rp_filter"), KeyError::PartialWildcard(_)));
        assert_eq!(refused("net.ipv4 .x"), KeyError::Letter(' '));
        assert_eq!(refused("net.ipv4.x=1"), KeyError::Letter('='));
        assert_eq!(refused("net.ipv4\n.x"), KeyError::Letter('\n'));
        assert_eq!(
            refused("net.ipv4.conf.sixteen-letters-.rp_filter").to_string(),
            "the interface name `sixteen-letters-` has 16 bytes, the kernel takes 15 at most"
        );
        assert_eq!(key("net.ipv4.conf.fifteen-letters.rp_filter").segments().len(), 5);
    }
}
