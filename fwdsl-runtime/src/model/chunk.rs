//! Kinds of chunks in SCTP packets (RFC 9260), with the flags that they have.

use std::fmt;

/// What a packet's chunks are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chunk {
    /// Every kind that there can be.
    All,
    /// No kind at all.
    None,
    /// One kind.
    Kind {
        /// Its number.
        number: u8,
        /// The flags that must be set.
        set: u8,
        /// The flags that are looked at.
        mask: u8,
    },
}

/// A kind: its number, its name as iptables prints it, and the letters of its flags from the lowest bit.
type Row = (u8, &'static str, &'static str);

/// The last kind whose flags iptables keeps: it takes those of I_DATA too, and loses them.
const LAST_WITH_FLAGS: u8 = 14;

/// The kinds that iptables knows, in the order of their numbers.
static ROWS: &[Row] = &[
    (0, "DATA", "EBUI"),
    (1, "INIT", ""),
    (2, "INIT_ACK", ""),
    (3, "SACK", ""),
    (4, "HEARTBEAT", ""),
    (5, "HEARTBEAT_ACK", ""),
    (6, "ABORT", "T"),
    (7, "SHUTDOWN", ""),
    (8, "SHUTDOWN_ACK", ""),
    (9, "ERROR", ""),
    (10, "COOKIE_ECHO", ""),
    (11, "COOKIE_ACK", ""),
    (12, "ECN_ECNE", ""),
    (13, "ECN_CWR", ""),
    (14, "SHUTDOWN_COMPLETE", "T"),
    (64, "I_DATA", "EBUI"),
    (128, "ASCONF_ACK", ""),
    (130, "RE_CONFIG", ""),
    (132, "PAD", ""),
    (192, "FORWARD_TSN", ""),
    (193, "ASCONF", ""),
    (194, "I_FORWARD_TSN", ""),
];

fn row(number: u8) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.0 == number)
}

impl Chunk {
    /// Parses `data`, `init-ack`, or with flags `data:Be`: a capital letter is a flag that is set, a small one a flag that
    /// is not. `all` and `none` stand alone.
    ///
    /// # Errors
    /// The part that is not known.
    pub fn parse(text: &str) -> Result<Chunk, String> {
        let (name, flags) = text.split_once(':').unwrap_or((text, ""));
        let upper = name.to_ascii_uppercase().replace('-', "_");
        if flags.is_empty() && upper == "ALL" {
            return Ok(Chunk::All);
        }
        if flags.is_empty() && upper == "NONE" {
            return Ok(Chunk::None);
        }
        let (number, _, letters) =
            ROWS.iter().find(|(_, known, _)| *known == upper).ok_or_else(|| name.to_owned())?;
        let (mut set, mut mask) = (0, 0);
        for letter in flags.chars() {
            let bit = letters.chars().position(|known| known == letter.to_ascii_uppercase());
            let bit = 1 << bit.ok_or_else(|| letter.to_string())?;
            mask |= bit;
            set |= if letter.is_ascii_uppercase() { bit } else { 0 };
        }
        if *number > LAST_WITH_FLAGS {
            (set, mask) = (0, 0);
        }
        Ok(Chunk::Kind { number: *number, set, mask })
    }

    /// The names of all kinds, in the language's spelling.
    pub fn names() -> impl Iterator<Item = String> {
        ROWS.iter().map(|(_, name, _)| name.to_ascii_lowercase().replace('_', "-"))
    }

    /// Whether iptables knows the kind and its flags.
    pub fn is_known(self) -> bool {
        match self {
            Chunk::Kind { number, set, mask } => {
                let flags = |letters: &str| if number > LAST_WITH_FLAGS { 0 } else { letters.len() };
                row(number)
                    .is_some_and(|(_, _, letters)| u32::from(mask) < 1 << flags(letters) && set & !mask == 0)
            }
            Chunk::All | Chunk::None => true,
        }
    }

    /// The number of the kind, by which lists are sorted.
    pub fn number(self) -> u8 {
        if let Chunk::Kind { number, .. } = self { number } else { 0 }
    }

    /// The flags of both, if both are of one kind.
    pub fn merged(self, other: Chunk) -> Option<Chunk> {
        match (self, other) {
            (Chunk::Kind { number, set, mask }, Chunk::Kind { number: same, set: also, mask: too })
                if number == same =>
            {
                Some(Chunk::Kind { number, set: set | also, mask: mask | too })
            }
            _ => (self == other).then_some(self),
        }
    }
}

impl fmt::Display for Chunk {
    /// As `iptables-save` prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Chunk::Kind { number, set, mask } = *self else {
            return f.write_str(if *self == Chunk::All { "ALL" } else { "NONE" });
        };
        let Some((_, name, letters)) = row(number) else { return write!(f, "{number}") };
        f.write_str(name)?;
        if mask != 0 {
            f.write_str(":")?;
        }
        let flags: Vec<(usize, char)> = letters.chars().enumerate().collect();
        for (bit, letter) in flags.into_iter().rev().filter(|(bit, _)| mask & (1 << bit) != 0) {
            let shown = if set & (1 << bit) == 0 { letter.to_ascii_lowercase() } else { letter };
            write!(f, "{shown}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_read_and_print_as_iptables_saves_them() {
        for (written, saved) in [
            ("data", "DATA"),
            ("init-ack", "INIT_ACK"),
            ("DATA:bBuI", "DATA:IuB"),
            ("abort:t", "ABORT:t"),
            ("i-forward-tsn", "I_FORWARD_TSN"),
            ("i-data:i", "I_DATA"),
            ("all", "ALL"),
            ("none", "NONE"),
        ] {
            let chunk = Chunk::parse(written).unwrap();
            assert!(chunk.is_known());
            assert_eq!(chunk.to_string(), saved);
            assert_eq!(Chunk::parse(saved), Ok(chunk));
        }
        for (text, part) in [("dat", "dat"), ("data:x", "x"), ("init:T", "T"), ("", ""), ("all:B", "all")] {
            assert_eq!(Chunk::parse(text), Err(part.to_owned()));
        }
    }

    #[test]
    fn flags_of_one_kind_are_put_together() {
        let [set, unset, other] = ["data:B", "data:e", "init"].map(|text| Chunk::parse(text).unwrap());
        assert_eq!(set.merged(unset).unwrap().to_string(), "DATA:Be");
        assert_eq!(set.merged(other), None);
    }
}
