//! Where address translation sends packets, or lets them come from.

use std::fmt;
use std::net::IpAddr;

use super::address::{SaveForm, family_of};
use super::value::PortRange;
use crate::family::Family;

/// An address or a range of them, ports, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The first and the last address; the packet's own if there is none.
    pub addresses: Option<(IpAddr, IpAddr)>,
    /// The ports; the packet's own, as far as possible, if there are none.
    pub ports: Option<PortRange>,
    /// The port that the first of the ports stands for: the others follow it one by one.
    pub base: Option<u16>,
}

impl Endpoint {
    /// The family of its addresses, if it has any.
    pub fn family(&self) -> Option<Family> {
        self.addresses.map(|(first, _)| family_of(first))
    }
}

impl fmt::Display for Endpoint {
    /// `10.0.0.2-10.0.0.9:80-90`, `[fd00::2]:80`: the form of `iptables-save`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let in_brackets = self.family() == Some(Family::Ipv6) && self.ports.is_some();
        if in_brackets {
            f.write_str("[")?;
        }
        if let Some((first, last)) = self.addresses {
            write!(f, "{}", SaveForm(first))?;
            if first != last {
                write!(f, "-{}", SaveForm(last))?;
            }
        }
        if in_brackets {
            f.write_str("]")?;
        }
        if let Some(ports) = self.ports {
            write!(f, ":{}", ports.first)?;
            if ports.first != ports.last {
                write!(f, "-{}", ports.last)?;
            }
        }
        if let Some(base) = self.base {
            write!(f, "/{base}")?;
        }
        Ok(())
    }
}
