//! What of a packet a target changes and a match looks at.
//!
//! A rule of several verdicts may be emitted as several rules, which ask the same again; that is
//! right only as long as no verdict changes what they ask for.

/// A set of aspects of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aspects(u8);

impl Aspects {
    /// Nothing.
    pub const NONE: Aspects = Aspects(0);
    /// The packet's mark.
    pub const MARK: Aspects = Aspects(1);
    /// The connection's mark.
    pub const CONNMARK: Aspects = Aspects(1 << 1);
    /// Type of service, code point, congestion bits.
    pub const SERVICE: Aspects = Aspects(1 << 2);
    /// How many hops it may still go.
    pub const HOPS: Aspects = Aspects(1 << 3);
    /// What connection tracking knows of it.
    pub const TRACKING: Aspects = Aspects(1 << 4);
    /// Its addresses.
    pub const ADDRESSES: Aspects = Aspects(1 << 5);
    /// The options of the TCP header, and with them the length.
    pub const TCP_OPTIONS: Aspects = Aspects(1 << 6);
    /// What is in sets.
    pub const SETS: Aspects = Aspects(1 << 7);
    /// Everything.
    pub const ALL: Aspects = Aspects(0xff);

    /// What either set holds.
    #[must_use]
    pub const fn or(self, other: Aspects) -> Aspects {
        Aspects(self.0 | other.0)
    }

    /// What both sets hold.
    #[must_use]
    pub const fn and(self, other: Aspects) -> Aspects {
        Aspects(self.0 & other.0)
    }

    /// What this set holds and the other does not.
    #[must_use]
    pub const fn without(self, other: Aspects) -> Aspects {
        Aspects(self.0 & !other.0)
    }

    /// Whether the sets have something in common.
    pub const fn meets(self, other: Aspects) -> bool {
        self.0 & other.0 != 0
    }
}
