//! The two address families a policy is emitted for.

use std::fmt;

/// An address family: what `iptables` or `ip6tables` works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4, `iptables`.
    Ipv4,
    /// IPv6, `ip6tables`.
    Ipv6,
}

impl Family {
    /// Both families, IPv4 first.
    pub const ALL: [Family; 2] = [Family::Ipv4, Family::Ipv6];

    /// The name that the language, the command line and JSON use: `ipv4` or `ipv6`.
    pub const fn name(self) -> &'static str {
        match self {
            Family::Ipv4 => "ipv4",
            Family::Ipv6 => "ipv6",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::Ipv4 => "IPv4",
            Family::Ipv6 => "IPv6",
        })
    }
}

/// A set of address families; what a policy, table, chain or rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FamilySet(u8);

impl FamilySet {
    /// No family: nothing can be emitted.
    pub const NONE: FamilySet = FamilySet(0);
    /// IPv4 alone.
    pub const IPV4: FamilySet = FamilySet(1);
    /// IPv6 alone.
    pub const IPV6: FamilySet = FamilySet(2);
    /// Both, the default of every policy.
    pub const BOTH: FamilySet = FamilySet(3);

    /// The set that holds `family` alone.
    pub const fn only(family: Family) -> FamilySet {
        match family {
            Family::Ipv4 => FamilySet::IPV4,
            Family::Ipv6 => FamilySet::IPV6,
        }
    }

    /// Whether `family` is in the set.
    pub const fn contains(self, family: Family) -> bool {
        self.0 & FamilySet::only(family).0 != 0
    }

    /// What both sets hold.
    #[must_use]
    pub const fn and(self, other: FamilySet) -> FamilySet {
        FamilySet(self.0 & other.0)
    }

    /// What either set holds.
    #[must_use]
    pub const fn or(self, other: FamilySet) -> FamilySet {
        FamilySet(self.0 | other.0)
    }

    /// Whether the set holds nothing.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The families of the set, IPv4 first.
    pub fn iter(self) -> impl Iterator<Item = Family> {
        Family::ALL.into_iter().filter(move |family| self.contains(*family))
    }

    /// The set as two bits, IPv4 lowest: its packed form.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The set with these bits; bits beyond the second are ignored.
    pub const fn from_bits(bits: u8) -> FamilySet {
        FamilySet(bits & 3)
    }
}
