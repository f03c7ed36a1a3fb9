//! Sets of the policy to sets of the kernel: for each family, with every element as `ipset save` prints it.

use std::sync::Arc;

use super::elements::{element_lines, host_mask, options_text};
use crate::catalogue::SET;
use crate::family::{Family, FamilySet};
use crate::ipset::{KernelSet, Method, Part, kernel_name};
use crate::model::{
    Action, Element, ElementOption, ElementPart, Match, Model, OptionUse, SaveForm, Set, SetOption, Value,
    from_bits, width,
};

/// The places of a hash at first, the most elements, and the most in one place, if the policy does not say.
pub(crate) const HASHSIZE_DEFAULT: u64 = 1024;
pub(crate) const MAXELEM_DEFAULT: u64 = 65_536;
const BUCKETSIZE_DEFAULT: u64 = 12;
/// The least size of a hash; a size is rounded up to a power of two.
const HASHSIZE_MIN: u64 = 64;

/// The families that a set exists in.
pub(crate) fn set_families(model: &Model, set: &Set) -> FamilySet {
    let of_kind = if set.kind.is_ipv4_alone() { FamilySet::IPV4 } else { FamilySet::BOTH };
    model.families.and(set.families).and(of_kind)
}

/// The sets of one family, in the order in which they can be made: lists after all others.
pub(super) fn lower_sets(model: &Model, family: Family) -> Vec<Arc<KernelSet>> {
    let here: Vec<&Set> = model.sets.iter().filter(|set| set_families(model, set).contains(family)).collect();
    let is_list = |set: &&&Set| set.kind.method == Method::List;
    let mut sets: Vec<Arc<KernelSet>> = Vec::with_capacity(here.len());
    for set in here.iter().filter(|set| !is_list(set)).chain(here.iter().filter(is_list)) {
        let lowered = lower_set(model, set, family, &sets);
        sets.push(Arc::new(lowered));
    }
    sets
}

/// Names the family's set in every reference to one; what the family does not have stays without.
pub(crate) fn refer(matches: &mut [Match], sets: &[Arc<KernelSet>]) {
    for entry in matches {
        refer_options(&mut entry.options, sets);
    }
}

pub(super) fn refer_options(options: &mut [OptionUse], sets: &[Arc<KernelSet>]) {
    for value in options.iter_mut().flat_map(|option| &mut option.values) {
        if let Value::Set(set) = &mut value.value {
            set.kernel = sets.iter().find(|kernel| kernel.source == set.name).cloned();
        }
    }
}

fn lower_set(model: &Model, set: &Set, family: Family, others: &[Arc<KernelSet>]) -> KernelSet {
    let own_family = (set.kind.has_family() || set.kind.is_ipv4_alone() || set.kind.method == Method::List)
        .then_some(family);
    let parameters = parameters(set, family);
    let elements = if set.kind.method == Method::List {
        list_elements(set, others)
    } else {
        let lines = set.elements.iter().flat_map(|element| element_lines(set, element, family));
        let mut elements: Vec<String> = lines.map(|(_, line)| line).collect();
        elements.sort_unstable();
        elements.dedup();
        elements
    };
    let keep = set.has(&SetOption::Keep);
    let mut identity = vec![format!("{} {parameters}", set.kind.name)];
    if !keep {
        identity.extend(elements.iter().cloned());
    }
    let name = if set.foreign { set.name.clone() } else { kernel_name(&set.name, own_family, &identity) };
    let changes_by_itself = changes_by_itself(model, set);
    // What a policy puts nothing into is there for others to fill.
    let known = !(keep || set.foreign || changes_by_itself || set.elements.is_empty());
    let members = if known { members(set, family, others) } else { None };
    KernelSet {
        source: set.name.clone(),
        name,
        kind: set.kind,
        family: own_family,
        parameters,
        elements,
        keep,
        changes_by_itself,
        foreign: set.foreign,
        members,
    }
}

/// Whether contents change without anybody's doing: elements time out, or rules add and delete them.
fn changes_by_itself(model: &Model, set: &Set) -> bool {
    let changes = |name: &str| name == set.name || is_member(model, name, &set.name);
    let verdicts = model.chains.iter().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.verdicts);
    let mut targets = verdicts.filter_map(|verdict| match &verdict.action {
        Action::Target { extension, options } if **extension == SET => Some(options),
        _ => None,
    });
    let names = |option: &OptionUse| {
        option.spec.name != "map"
            && option.values().any(|value| matches!(value, Value::Set(used) if changes(&used.name)))
    };
    set.timeout().is_some() || targets.any(|options| options.iter().any(names))
}

fn is_member(model: &Model, list: &str, name: &str) -> bool {
    let Some(list) = model.set(list) else { return false };
    let parts = list.elements.iter().flat_map(Element::parts);
    let mut members =
        parts.filter_map(|part| if let ElementPart::Set(member) = part { Some(member) } else { None });
    members.any(|member| member == name)
}

/// What is in the set, if a match on it is the same as one on a list of values.
fn members(set: &Set, family: Family, others: &[Arc<KernelSet>]) -> Option<Vec<Value>> {
    if set.kind.method == Method::List {
        let names = set.elements.iter().flat_map(Element::parts);
        let mut all = Vec::new();
        for part in names {
            let ElementPart::Set(name) = part else { return None };
            let Some(member) = others.iter().find(|other| other.source == *name) else { continue };
            // Ports and addresses in one list are no list of values of one option.
            if !matches!(member.kind.parts, [Part::Ip | Part::Net]) {
                return None;
            }
            all.extend(member.members.as_ref()?.iter().cloned());
        }
        return Some(all);
    }
    let plain = |element: &Element| !element.options().any(|option| *option == ElementOption::NoMatch);
    let netmask = set.options().any(|option| matches!(option, SetOption::Netmask(_)));
    if set.kind.parts.len() != 1 || netmask || !set.elements.iter().all(plain) {
        return None;
    }
    let value = |part: &ElementPart| match part {
        ElementPart::Address(address) => {
            Some((address.family() == family).then_some(Value::Address(*address)))
        }
        ElementPart::Ports(ports) => Some(Some(Value::Ports(*ports))),
        _ => None,
    };
    let values: Option<Vec<Option<Value>>> = match set.kind.parts {
        [Part::Ip | Part::Net | Part::Port] => {
            set.elements.iter().flat_map(Element::parts).map(value).collect()
        }
        _ => None,
    };
    values.map(|values| values.into_iter().flatten().collect())
}

/// The parameters as `ipset save` prints them, but for `initval`, which the kernel chooses.
fn parameters(set: &Set, family: Family) -> String {
    let mut words: Vec<String> = Vec::new();
    let number = |wanted: &str| {
        set.options().find_map(|option| match option {
            SetOption::HashSize(number)
            | SetOption::MaxElem(number)
            | SetOption::BucketSize(number)
            | SetOption::Netmask(number)
            | SetOption::MarkMask(number)
                if option.word() == wanted =>
            {
                Some(*number)
            }
            _ => None,
        })
    };
    let full_width = |bits: u64| bits == u64::from(width(family));
    let netmask = number("netmask").filter(|bits| !full_width(*bits)).map(|bits| format!("netmask {bits}"));
    match set.kind.method {
        Method::Hash => {
            if set.kind.has_family() {
                words.push(format!("family {}", if family == Family::Ipv4 { "inet" } else { "inet6" }));
            }
            let hashsize = number("hashsize").unwrap_or(HASHSIZE_DEFAULT);
            words.push(format!("hashsize {}", hashsize.next_power_of_two().max(HASHSIZE_MIN)));
            words.push(format!("maxelem {}", number("maxelem").unwrap_or(MAXELEM_DEFAULT)));
            if set.kind.parts.len() == 1 {
                words.extend(netmask.clone());
            }
            words.extend(
                number("markmask")
                    .filter(|mask| *mask != u64::from(u32::MAX))
                    .map(|mask| format!("markmask 0x{mask:08x}")),
            );
        }
        Method::Bitmap => {
            words.push(bitmap_range(set, number("netmask")));
            words.extend(netmask.clone());
        }
        Method::List => words.push("size 8".to_owned()),
        Method::Unknown => {}
    }
    words.extend(set.timeout().map(|seconds| format!("timeout {seconds}")));
    for flag in [SetOption::Counters, SetOption::Comment, SetOption::SkbInfo] {
        if set.has(&flag) {
            words.push(flag.word().to_owned());
        }
    }
    if set.kind.method == Method::Hash {
        words.push(format!("bucketsize {}", number("bucketsize").unwrap_or(BUCKETSIZE_DEFAULT)));
        if set.kind.parts.len() > 1 {
            words.extend(netmask);
        }
        // Not printed by `ipset save` 7.17, though it is in force.
        if set.has(&SetOption::ForceAdd) {
            words.push("forceadd".to_owned());
        }
    }
    words.join(" ")
}

/// `range 10.0.0.0-10.0.0.255`: whole networks where only so many bits of an address are kept.
fn bitmap_range(set: &Set, netmask: Option<u64>) -> String {
    let range = set.options().find_map(|option| match option {
        SetOption::PortRange(ports) => Some(format!("range {}-{}", ports.first, ports.last)),
        SetOption::AddressRange(range) => {
            let (first, last) = range.bounds();
            let host = host_mask(netmask, Family::Ipv4);
            let end = |bits| SaveForm(from_bits(Family::Ipv4, bits));
            Some(format!("range {}-{}", end(first & !host), end(last | host)))
        }
        _ => None,
    });
    range.unwrap_or_else(|| "range 0-65535".to_owned())
}

fn list_elements(set: &Set, others: &[Arc<KernelSet>]) -> Vec<String> {
    let mut lines = Vec::new();
    for element in &set.elements {
        for part in element.parts() {
            let ElementPart::Set(name) = part else { continue };
            if let Some(member) = others.iter().find(|other| other.source == *name) {
                let line = format!("{}{}", member.name, options_text(set, element, false));
                if !lines.contains(&line) {
                    lines.push(line);
                }
            }
        }
    }
    lines
}
