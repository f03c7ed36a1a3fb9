//! Who is logged in at a terminal, as login programs note it (utmp(5)).

use std::fs;

use super::ancestry::Terminal;

/// `USER_PROCESS`: somebody is logged in.
const USER: u16 = 7;
/// The sizes that an entry has on Linux, by architecture; what is read here stands at the same place in all of them.
const SIZES: [usize; 2] = [384, 400];

/// The machine from which somebody is logged in at the terminal, if that was noted.
pub(super) fn from_elsewhere(terminal: Terminal) -> Option<String> {
    let entries = ["/run/utmp", "/var/run/utmp"].iter().find_map(|path| fs::read(path).ok())?;
    host(&entries, &name(terminal)?)
}

/// The name below `/dev` of a pseudo terminal; other terminals are this machine's.
fn name(terminal: Terminal) -> Option<String> {
    // Documentation/admin-guide/devices.txt of the kernel.
    (136..=143).contains(&terminal.major).then(|| {
        let number = (terminal.major - 136) * 256 + terminal.minor;
        format!("pts/{number}")
    })
}

fn host(entries: &[u8], line: &str) -> Option<String> {
    let size = SIZES.into_iter().find(|size| entries.len().is_multiple_of(*size))?;
    let text = |bytes: &[u8]| {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    };
    entries.chunks_exact(size).find_map(|entry| {
        let is_user = u16::from_ne_bytes([entry[0], entry[1]]) == USER;
        // A local display is noted as `:0`.
        let host = text(&entry[76..332]);
        let is_elsewhere = !host.is_empty() && !host.starts_with(':');
        (is_user && text(&entry[8..40]) == line && is_elsewhere).then_some(host)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(size: usize, kind: u16, line: &str, from: &str) -> Vec<u8> {
        let mut entry = vec![0; size];
        entry[..2].copy_from_slice(&kind.to_ne_bytes());
        entry[8..8 + line.len()].copy_from_slice(line.as_bytes());
        entry[76..76 + from.len()].copy_from_slice(from.as_bytes());
        entry
    }

    #[test]
    fn a_login_from_elsewhere_is_found() {
        for size in SIZES {
            let logins = [("pts/0", ":0"), ("pts/3", "192.0.2.7"), ("tty1", "")];
            let mut entries: Vec<u8> =
                logins.iter().flat_map(|(line, from)| entry(size, USER, line, from)).collect();
            entries.extend(entry(size, 8, "pts/4", "192.0.2.9"));
            assert_eq!(host(&entries, "pts/3").as_deref(), Some("192.0.2.7"));
            for local in ["pts/0", "pts/4", "tty1", "pts/5"] {
                assert_eq!(host(&entries, local), None, "{local}");
            }
        }
        assert_eq!(host(b"rubbish", "pts/3"), None);
    }

    #[test]
    fn only_pseudo_terminals_have_logins_from_elsewhere() {
        assert_eq!(name(Terminal { major: 136, minor: 3 }).as_deref(), Some("pts/3"));
        assert_eq!(name(Terminal { major: 137, minor: 1 }).as_deref(), Some("pts/257"));
        assert_eq!(name(Terminal { major: 4, minor: 1 }), None);
    }
}
