//! Elements in one form, whatever names the machine has for protocols and types.

use crate::catalogue::{ICMP, ICMPV6};
use crate::family::Family;
use crate::ipset::{Part, SetKind, icmp_by_save_name};
use crate::protocols;
use crate::restore_text::Protocols;

/// An element with numbers for the names of protocols (`6:80` for `tcp:80`) and of ICMP types (`1:8/0`): ipset reads
/// them on every machine, also without `/etc/protocols`.
pub(super) fn normal_entry(kind: &SetKind, entry: &str, protocols: &Protocols) -> String {
    if !kind.parts.contains(&Part::Service) {
        return entry.to_owned();
    }
    let normal = |(part, text): (&Part, &str)| match (part, text.split_once(':')) {
        (Part::Service, Some((protocol, port))) => normal_service(protocol, port, protocols),
        _ => text.to_owned(),
    };
    let parts: Vec<String> = kind.parts.iter().zip(entry.splitn(kind.parts.len(), ',')).map(normal).collect();
    parts.join(",")
}

fn normal_service(protocol: &str, port: &str, protocols: &Protocols) -> String {
    // The machine's names first: it printed the text, unless the policy did.
    let number = protocols.number(protocol).or_else(|| protocols::find(protocol));
    let Some(number) = number else { return format!("{protocol}:{port}") };
    let family = match number {
        ICMP => Some(Family::Ipv4),
        ICMPV6 => Some(Family::Ipv6),
        _ => None,
    };
    match family.and_then(|family| icmp_by_save_name(family, port)) {
        Some((ty, code)) => format!("{number}:{ty}/{code}"),
        None => format!("{number}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipset::find_kind;

    #[test]
    fn names_become_numbers() {
        let protocols = Protocols::with_file("vrrp 112 VRRP\n");
        for (kind, entry, normal) in [
            ("hash:ip,port", "10.0.0.1,tcp:80", "10.0.0.1,6:80"),
            ("hash:ip,port", "10.0.0.1,icmp:echo-request", "10.0.0.1,1:8/0"),
            ("hash:ip,port", "10.0.0.1,icmp:250/3", "10.0.0.1,1:250/3"),
            ("hash:ip,port", "2001:db8::1,ipv6-icmp:redirect", "2001:db8::1,58:137/0"),
            ("hash:ip,port", "10.0.0.1,vrrp:0", "10.0.0.1,112:0"),
            ("hash:ip,port", "10.0.0.1,200:0", "10.0.0.1,200:0"),
            ("hash:net,port,net", "fd00::/8,udp:5,::1", "fd00::/8,17:5,::1"),
            ("hash:net", "fd00::/8", "fd00::/8"),
            ("hash:ip,mac", "::1,02:00:00:00:00:01", "::1,02:00:00:00:00:01"),
        ] {
            assert_eq!(normal_entry(find_kind(kind).unwrap(), entry, &protocols), normal);
        }
    }
}
