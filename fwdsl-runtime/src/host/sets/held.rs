//! What the kernel's sets hold, for the analysis of rules that refer to them.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::ipset;
use super::plan::SetsPlan;
use super::saved::SavedSet;
use crate::family::Family;
use crate::host::detect::Host;
use crate::ipset::{KernelSet, Part};
use crate::model::{Address, Net, PortRange, Value};
use crate::restore_text::Protocols;

/// Sets by their names in the kernel.
pub(crate) struct Held {
    /// What they hold now.
    pub(crate) now: Vec<Arc<KernelSet>>,
    /// What they will hold after an apply.
    pub(crate) after: Vec<Arc<KernelSet>>,
}

/// The sets of these names. One that is as the policy has it is the policy's own, and so the same to the analysis.
pub(crate) fn held(
    host: &Host,
    plan: &SetsPlan,
    names: BTreeSet<String>,
    policy: &[Arc<KernelSet>],
    protocols: &Protocols,
) -> Held {
    let is_changed = |name: &str| plan.changed.iter().any(|(now, _)| now.name == name);
    let is_new = |name: &str| plan.new.iter().any(|new| new.set.name == name);
    let mut held = Held { now: Vec::new(), after: policy.to_vec() };
    let ipset = plan.ipset.clone().or_else(|| host.programs.find("ipset"));
    for name in names {
        let own = policy.iter().find(|set| set.name == name);
        if let Some(own) = own.filter(|_| !is_changed(&name)) {
            held.now.extend((!is_new(&name)).then(|| own.clone()));
            continue;
        }
        let saved = ipset.as_ref().map(|ipset| ipset::save(ipset, &host.runner, &name, protocols));
        let Some(Ok(Some(saved))) = saved else { continue };
        let set = Arc::new(kernel_set(&saved));
        if own.is_none() {
            held.after.push(set.clone());
        }
        held.now.push(set);
    }
    held
}

fn kernel_set(saved: &SavedSet) -> KernelSet {
    let family = match saved.value("family") {
        Some("inet") => Some(Family::Ipv4),
        Some("inet6") => Some(Family::Ipv6),
        _ => None,
    };
    let text = saved.text(&saved.name);
    let parameters = text.lines().next().and_then(|line| line.splitn(4, ' ').nth(3)).unwrap_or_default();
    let mut elements: Vec<String> = saved.elements.iter().map(ToString::to_string).collect();
    elements.sort_unstable();
    KernelSet {
        source: saved.name.clone(),
        name: saved.name.clone(),
        kind: saved.kind,
        family,
        parameters: parameters.to_owned(),
        elements,
        keep: false,
        changes_by_itself: saved.has("timeout"),
        foreign: false,
        members: members(saved),
    }
}

/// What is in the set, if a match on it is the same as one on a list of values.
fn members(saved: &SavedSet) -> Option<Vec<Value>> {
    if saved.has("timeout") || saved.has("netmask") || saved.has("bitmask") {
        return None;
    }
    let value = match saved.kind.parts {
        [Part::Ip | Part::Net] => address,
        [Part::Port] => port,
        _ => return None,
    };
    let is_plain =
        saved.elements.iter().all(|element| element.options.iter().all(|(word, _)| word != "nomatch"));
    let elements = saved.elements.iter().map(|element| value(&element.entry));
    elements.collect::<Option<Vec<Value>>>().filter(|_| is_plain)
}

/// `10.0.0.1`, `10.0.0.0/8`.
fn address(entry: &str) -> Option<Value> {
    let net = match entry.parse::<IpAddr>() {
        Ok(addr) => Net::host(addr),
        Err(_) => Net::parse(entry).ok()?,
    };
    Some(Value::Address(Address::Net(net)))
}

fn port(entry: &str) -> Option<Value> {
    let port = entry.parse().ok()?;
    Some(Value::Ports(PortRange { first: port, last: port }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::sets::saved::parse;

    #[test]
    fn what_is_a_list_of_values_is_known() {
        let known = |text: &str| {
            let saved = parse(text, &Protocols::default()).unwrap();
            kernel_set(&saved).members.map(|members| members.len())
        };
        let net =
            "create a hash:net family inet hashsize 1024 maxelem 65536\nadd a 10.0.0.0/8\nadd a 192.0.2.1\n";
        assert_eq!(known(net), Some(2));
        assert_eq!(known(&net.replace("192.0.2.1", "192.0.2.1 nomatch")), None);
        assert_eq!(known(&net.replace("65536", "65536 timeout 9")), None);
        assert_eq!(known("create p bitmap:port range 0-65535\nadd p 22\n"), Some(1));
        assert_eq!(known("create w hash:ip,port family inet hashsize 1024 maxelem 65536\n"), None);
        let saved = parse(net, &Protocols::default()).unwrap();
        assert_eq!(kernel_set(&saved).parameters, "family inet hashsize 1024 maxelem 65536");
    }
}
