//! Addresses under a mask of any bits, as iptables takes them: `10.0.0.1/255.0.0.255`.

use std::fmt;
use std::net::IpAddr;

use super::address::{Address, Net, SaveForm, family_of, from_bits, to_bits, width};
use super::address_text::parse_addr;
use crate::family::Family;

/// An address, and the bits of it that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MaskedAddr {
    /// The address; bits outside the mask are zero in a checked policy.
    pub addr: IpAddr,
    /// The bits that count, of the same family.
    pub mask: IpAddr,
}

impl MaskedAddr {
    /// Parses `10.0.0.1/255.0.0.255`; `None` if the text has no mask behind a `/`, or one of another family.
    pub fn parse(text: &str) -> Option<MaskedAddr> {
        let (addr, mask) = text.split_once('/')?;
        let (addr, mask) = (parse_addr(addr.as_bytes())?, parse_addr(mask.as_bytes())?);
        (family_of(addr) == family_of(mask)).then_some(MaskedAddr { addr, mask })
    }

    /// The address family.
    pub const fn family(&self) -> Family {
        family_of(self.addr)
    }

    /// The same with the bits outside the mask zero, which iptables drops in silence.
    #[must_use]
    pub fn truncated(&self) -> MaskedAddr {
        let bits = to_bits(self.addr) & to_bits(self.mask);
        MaskedAddr { addr: from_bits(self.family(), bits), mask: self.mask }
    }

    /// A network, if the mask is one of leading bits.
    pub fn simplified(self) -> Address {
        let bits = to_bits(self.mask);
        let width = width(self.family());
        let prefix = bits.count_ones();
        let leading = if width == 128 { bits.leading_ones() } else { (bits << 96).leading_ones() };
        if prefix == leading {
            // At most 128 ones.
            Address::Net(Net { addr: self.addr, prefix: prefix as u8 })
        } else {
            Address::Masked(self)
        }
    }

    /// The addresses that belong to both, if any do.
    pub fn intersection(&self, other: &MaskedAddr) -> Option<MaskedAddr> {
        let [addr, mask] = [to_bits(self.addr), to_bits(self.mask)];
        let [other_addr, other_mask] = [to_bits(other.addr), to_bits(other.mask)];
        let family = self.family();
        let apart = (addr ^ other_addr) & mask & other_mask != 0;
        (family == other.family() && !apart).then(|| MaskedAddr {
            addr: from_bits(family, addr & mask | other_addr & other_mask),
            mask: from_bits(family, mask | other_mask),
        })
    }

    /// Whether every address of the other belongs to this.
    pub fn covers(&self, other: &MaskedAddr) -> bool {
        let (mask, other_mask) = (to_bits(self.mask), to_bits(other.mask));
        self.family() == other.family()
            && mask & !other_mask == 0
            && (to_bits(self.addr) ^ to_bits(other.addr)) & mask == 0
    }

    /// The least and the greatest address that belong to it, as numbers.
    pub fn bounds(&self) -> (u128, u128) {
        let (mask, every) = (to_bits(self.mask), u128::MAX >> (128 - u32::from(width(self.family()))));
        let first = to_bits(self.addr) & mask;
        (first, first | every & !mask)
    }
}

impl From<Net> for MaskedAddr {
    fn from(net: Net) -> MaskedAddr {
        let (first, last) = net.ends();
        let every = u128::MAX >> (128 - u32::from(width(net.family())));
        let mask = every & !(to_bits(first) ^ to_bits(last));
        MaskedAddr { addr: first, mask: from_bits(net.family(), mask) }
    }
}

impl fmt::Display for MaskedAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", SaveForm(self.addr), SaveForm(self.mask))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> MaskedAddr {
        MaskedAddr::parse(text).unwrap()
    }

    #[test]
    fn masks_of_leading_bits_are_networks() {
        for (text, form) in [
            ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
            ("10.0.0.1/255.255.255.255", "10.0.0.1"),
            ("0.0.0.0/0.0.0.0", "0.0.0.0/0"),
            ("2001:db8::/ffff:ffff::", "2001:db8::/32"),
            ("::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::1"),
            ("10.0.0.1/255.0.0.255", "10.0.0.1/255.0.0.255"),
            ("::1/::ffff", "::1/::ffff"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(address.to_string(), form);
            assert_eq!(Address::parse(form).unwrap(), address);
        }
        for text in ["10.0.0.1/ffff::", "::1/255.0.0.0", "10.0.0.1/255.0.0", "/255.0.0.0", "10.0.0.1/"] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn intersections_hold_what_both_hold() {
        let both = masked("10.0.0.1/255.0.0.255").intersection(&masked("10.7.0.0/255.255.0.0")).unwrap();
        assert_eq!(both.to_string(), "10.7.0.1/255.255.0.255");
        assert!(masked("10.0.0.1/255.0.0.255").intersection(&masked("11.0.0.0/255.0.0.0")).is_none());
        assert!(masked("10.0.0.1/255.0.0.255").covers(&both));
        assert!(!both.covers(&masked("10.0.0.1/255.0.0.255")));
    }

    #[test]
    fn bounds_are_the_ends() {
        let (first, last) = masked("10.0.0.1/255.0.0.255").bounds();
        let ends = [first, last].map(|bits| from_bits(Family::Ipv4, bits).to_string());
        assert_eq!(ends, ["10.0.0.1", "10.255.255.1"]);
    }
}
