//! What options take: the kinds of values, and the words among them.

use crate::family::{Family, FamilySet};
use crate::table::HookSet;

/// A word that an option takes.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// The word in the language, lower case.
    pub name: &'static str,
    /// The word as `iptables-save` prints it.
    pub print: &'static str,
    /// The families that know it.
    pub families: FamilySet,
    /// The protocols, one of which the rule must match for it; any if empty.
    pub protocols: &'static [u8],
    /// The hooks from which a rule with it may be reached.
    pub hooks: HookSet,
    /// Other spellings that iptables accepts.
    pub aliases: &'static [&'static str],
}

impl Word {
    /// A word of both families that is printed as it is written.
    pub const fn plain(name: &'static str) -> Word {
        Word {
            name,
            print: name,
            families: FamilySet::BOTH,
            protocols: &[],
            hooks: HookSet::ALL,
            aliases: &[],
        }
    }

    /// A word of both families that is printed in another form.
    pub const fn printed(name: &'static str, print: &'static str) -> Word {
        Word { print, ..Word::plain(name) }
    }

    /// A word of one family, with an alias.
    pub const fn of(families: FamilySet, name: &'static str, aliases: &'static [&'static str]) -> Word {
        Word { families, aliases, ..Word::plain(name) }
    }

    /// A word of both families that is printed in another form, with other spellings.
    pub const fn of_print(name: &'static str, print: &'static str, aliases: &'static [&'static str]) -> Word {
        Word { print, aliases, ..Word::plain(name) }
    }

    /// Whether `text` is this word or one of its aliases.
    pub fn is(&self, text: &str) -> bool {
        self.name == text || self.aliases.contains(&text)
    }
}

/// How a value with a mask is written, `0x1/0xff`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaskForm {
    /// 32 bits, a mask of all bits left out: `0x1`.
    Short,
    /// The same, but zero is printed by a name that the host's files give it.
    NamedZero,
    /// 32 bits, the mask always there: `0x1/0xffffffff`.
    Long,
    /// 32 bits without a mask.
    None,
    /// 8 bits, two digits each, the mask always there: `0x10/0x3f`.
    Byte,
}

/// The kind of value that an option takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueKind {
    /// None: the option is a flag.
    Flag,
    /// An interface name, a `+` at its end standing for any continuation.
    Interface,
    /// An address, a network or a range of addresses.
    Address,
    /// One address.
    Host,
    /// An address or a network.
    Network {
        /// Whether the prefix length of a single address is printed.
        full_prefix: bool,
        /// The longest prefix.
        longest: u8,
    },
    /// The leading bits of an address that count; more than 32 means IPv6.
    PrefixLength,
    /// A protocol by name or number.
    Protocol,
    /// A protocol by name or number, printed as a number and asked of either family.
    ProtocolNumber,
    /// A port or a range of ports, by number or service name.
    Port,
    /// The same, as something beside the packet's own ports: printed with this sign in ranges.
    PortSpan(char),
    /// Where translation goes: an address or a range of them, ports or both.
    Endpoint,
    /// An ICMP type, with or without a code.
    IcmpType(Family),
    /// One word of a list.
    Word(&'static [Word]),
    /// Any of the words of a list; printed in the list's order, joined by commas.
    Words(&'static [Word]),
    /// Events per time unit, as `limit` counts them.
    Rate,
    /// Events per time unit or bytes per second, as `hashlimit` counts them.
    HashRate,
    /// A number of events from 1, or a number of bytes, for `hashlimit`.
    HashBurst,
    /// A whole number.
    Number {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
    },
    /// A whole number, or one word of a list.
    NumberOr {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
        /// The words.
        words: &'static [Word],
    },
    /// A port of this host, by number or service name; 0 means none in particular.
    PortNumber,
    /// The maximum segment size of TCP; more than 65495 means IPv4.
    SegmentSize,
    /// A time, in microseconds: `250ms`, `2s`.
    Duration,
    /// A number that also has names: the word at an index stands for that number.
    NamedNumber(&'static [Word]),
    /// A number that also has names, each with its number.
    Named {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
        /// The names.
        names: &'static [(&'static str, u64)],
        /// Whether it is printed with two hexadecimal digits.
        hex: bool,
    },
    /// A whole number or a range of them.
    Span {
        /// The greatest.
        max: u64,
        /// What stands between the ends of a range.
        sign: char,
        /// Whether the range is open upwards: `10` means 10 and more.
        open: bool,
        /// Whether the whole range asks for something; if not, iptables leaves it out.
        whole: bool,
    },
    /// Bits, with or without a mask.
    Masked(MaskForm, &'static [(&'static str, u32)]),
    /// A share of all packets, from 0 to 1.
    Probability,
    /// Text.
    Text {
        /// The greatest length in bytes.
        max_bytes: usize,
    },
    /// A name that is printed without quotes.
    Name {
        /// The greatest length in bytes.
        max_bytes: usize,
    },
    /// Text that is always printed in quotes, of which iptables refuses more.
    Quoted {
        /// The greatest length in bytes.
        max_bytes: usize,
    },
    /// One word of a list, or a name in quotes that is none of them.
    WordOrName {
        /// The words.
        words: &'static [Word],
        /// The greatest length of a name in bytes.
        max_bytes: usize,
    },
    /// Bytes that are looked for: text, or bytes written as `|de ad|` within it.
    Pattern {
        /// Whether `|…|` in the text stands for bytes.
        hex: bool,
    },
    /// An Ethernet address.
    Mac,
    /// A time of day.
    TimeOfDay,
    /// A day, or a time of a day.
    Date,
    /// A class of a queueing discipline, two hexadecimal numbers: `1:10`.
    Class,
    /// TCP flags: those that must be set, among those that are looked at.
    TcpFlags,
    /// A user or group by number, a range of them, or a name that the host looks up.
    Id,
    /// A whole number, printed with so many hexadecimal digits.
    Hex {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
        /// How many digits.
        digits: usize,
    },
    /// Text that is printed without quotes, and so holds no blanks.
    Bare {
        /// The greatest length in bytes.
        max_bytes: usize,
    },
    /// A number up to 127, or the name that the host's file gives it; always in quotes.
    Label,
    /// Tests of `u32`: `0x6&0xff=0x11`.
    U32,
    /// A program of the classic Berkeley packet filter: `1,6 0 0 1`.
    Bytecode,
    /// A kind of chunk in an SCTP packet, with the flags that it has: `data`, `"data:Be"`.
    Chunk,
    /// An option of an IPv6 header, with or without its length: `5`, `5:2`.
    HeaderOption,
    /// Bits a second: `8bit`, `5kbit`, `1MBps`.
    BitRate,
    /// A set, with what its elements are compared with: `@NAME src,dst`.
    Set,
}

impl ValueKind {
    /// The words that an option of this kind knows.
    pub fn words(self) -> &'static [Word] {
        match self {
            ValueKind::Word(words)
            | ValueKind::Words(words)
            | ValueKind::NamedNumber(words)
            | ValueKind::NumberOr { words, .. }
            | ValueKind::WordOrName { words, .. } => words,
            _ => &[],
        }
    }
}
