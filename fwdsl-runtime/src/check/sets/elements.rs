//! The elements of a set.

use std::collections::HashMap;

use super::options::{holds_zero, in_range, ports_in_range, too_long};
use crate::catalogue::{COMMENT_MAX_BYTES, ICMP, ICMPV6, TIMEOUT_MAX_SECONDS};
use crate::diagnostic::Diagnostic;
use crate::family::{Family, FamilySet};
use crate::ipset::{Method, Part};
use crate::lower::{MAXELEM_DEFAULT, element_count, element_lines, networks, set_families};
use crate::model::{Address, Element, ElementOption, ElementPart, Model, PortRange, Set, SetOption};

/// How many interfaces the kernel takes for one network.
const INTERFACES_MAX: usize = 64;

type Problem = (String, Option<String>);

/// Checks each part and each word behind an element.
pub(super) fn check_parts(model: &Model, set: &Set, diagnostics: &mut Vec<Diagnostic>) {
    let families = set_families(model, set);
    for element in &set.elements {
        let optional = set.kind.name == "bitmap:ip,mac" && element.parts.len() == 1;
        if element.parts.len() != set.kind.parts.len() && !optional {
            let message = format!("an element of `{}` has {} parts", set.kind.word(), set.kind.parts.len());
            diagnostics.push(Diagnostic::error(element.loc, message));
            continue;
        }
        let before = diagnostics.len();
        for (part, kind) in element.parts.iter().zip(set.kind.parts) {
            if let Some((message, help)) = part_problem(set, &part.value, *kind) {
                diagnostics.push(Diagnostic::error(part.loc, message).maybe_help(help));
            }
        }
        if diagnostics.len() == before {
            let own = element.parts().map(part_families).fold(FamilySet::BOTH, FamilySet::and);
            if own.is_empty() {
                let message = "the parts of the element are of different families";
                diagnostics.push(Diagnostic::error(element.loc, message));
            } else if !families.is_empty() && own.and(families).is_empty() {
                let (what, only) = (family_name(own), family_name(families));
                let message = format!("the element is of {what}, and set `{}` is for {only} alone", set.name);
                diagnostics.push(Diagnostic::error(element.loc, message));
            }
        }
        check_element_options(set, element, diagnostics);
    }
}

fn family_name(families: FamilySet) -> Family {
    families.iter().next().unwrap_or(Family::Ipv4)
}

fn part_families(part: &ElementPart) -> FamilySet {
    match part {
        ElementPart::Address(address) => FamilySet::only(address.family()),
        ElementPart::Service { protocol: ICMP, .. } => FamilySet::IPV4,
        ElementPart::Service { protocol: ICMPV6, .. } => FamilySet::IPV6,
        _ => FamilySet::BOTH,
    }
}

fn part_problem(set: &Set, part: &ElementPart, kind: Part) -> Option<Problem> {
    match (part, kind) {
        (ElementPart::Address(address), Part::Ip | Part::Net) => address_problem(set, address, kind),
        (ElementPart::Ports(ports), Part::Port) => ports_problem(ports).or_else(|| {
            let message = format!("port {ports} is out of the set's range");
            (!ports_in_range(set, *ports)).then_some((message, None))
        }),
        (ElementPart::Service { protocol: 0, .. }, Part::Service) => {
            Some(("protocol 0 stands for every protocol, and ipset takes one".to_owned(), None))
        }
        (ElementPart::Service { ports, .. }, Part::Service) => ports_problem(ports),
        (ElementPart::Interface { name, .. }, Part::Interface) => interface_problem(name),
        (ElementPart::Mac(mac), Part::Mac) if *mac == [0; 6] && set.kind.method == Method::Hash => {
            Some(("a hash holds no MAC address of zeros".to_owned(), None))
        }
        (ElementPart::Mark(mark), Part::Mark) if *mark > u64::from(u32::MAX) => {
            Some((format!("a mark has 32 bits, and {mark} has more"), None))
        }
        (ElementPart::Mac(_), Part::Mac) | (ElementPart::Mark(_), Part::Mark) => None,
        // Known when the program runs, and checked then.
        (ElementPart::Rust { .. }, _) => None,
        _ => Some((format!("this is no part of an element of `{}`", set.kind.word()), None)),
    }
}

fn interface_problem(name: &str) -> Option<Problem> {
    let problem = super::super::values::interface(name)?;
    if name == "+" {
        let help = "leave the interface out: a set of kind `net`".to_owned();
        return Some(("`+` alone is every interface".to_owned(), Some(help)));
    }
    Some((problem.message, problem.help))
}

fn ports_problem(ports: &PortRange) -> Option<Problem> {
    (ports.first > ports.last).then(|| {
        let message = format!("the range `{}..={}` is the wrong way round", ports.first, ports.last);
        (message, Some(format!("did you mean `{}..={}`?", ports.last, ports.first)))
    })
}

fn address_problem(set: &Set, address: &Address, kind: Part) -> Option<Problem> {
    if let Some(problem) = super::super::values::address_problem(address) {
        return Some((problem.message, problem.help));
    }
    if let Address::Masked(masked) = address {
        let message = format!("a set holds addresses and networks, and `{masked}` is neither");
        return Some((message, Some("match it by itself, beside the set".to_owned())));
    }
    if set.kind.is_ipv4_alone() {
        if address.family() != Family::Ipv4 {
            return Some((format!("a set of kind `{}` holds IPv4 addresses alone", set.kind.word()), None));
        }
        let message = format!("`{address}` is out of the set's range");
        return (!in_range(set, address)).then_some((message, None));
    }
    let is_everything = networks(address).iter().any(|net| net.prefix == 0);
    if kind == Part::Net && is_everything && !takes_everything(set) {
        let halves = match address.family() {
            Family::Ipv4 => "`0.0.0.0/1` and `128.0.0.0/1`",
            Family::Ipv6 => "`::/1` and `8000::/1`",
        };
        let message = format!("a set of kind `{}` cannot hold a network of all addresses", set.kind.word());
        return Some((message, Some(format!("write its halves: {halves}"))));
    }
    if kind == Part::Ip && holds_zero(address) {
        let message = match address.family() {
            Family::Ipv4 => "a hash of addresses cannot hold `0.0.0.0`",
            Family::Ipv6 => "a hash of addresses cannot hold `::`",
        };
        return Some((message.to_owned(), Some("a set of kind `net` can: it holds networks".to_owned())));
    }
    None
}

/// The kinds that take a network of all addresses.
fn takes_everything(set: &Set) -> bool {
    matches!(set.kind.name, "hash:net,iface" | "hash:net,port,net" | "hash:net,net")
}

/// What stands behind an element wants the set to be made for it.
pub(super) fn check_element_options(set: &Set, element: &Element, diagnostics: &mut Vec<Diagnostic>) {
    for (index, option) in element.options.iter().enumerate() {
        let word = option.value.word();
        if let Some(first) = element.options[..index].iter().find(|first| first.value.word() == word) {
            let message = format!("`{word}` is written twice");
            diagnostics
                .push(Diagnostic::error(option.loc, message).note("the first time is here", Some(first.loc)));
        }
        if let Some((message, help)) = option_problem(set, &option.value) {
            diagnostics.push(Diagnostic::error(option.loc, message).maybe_help(help));
        }
    }
}

fn option_problem(set: &Set, option: &ElementOption) -> Option<Problem> {
    let wants = |word: &str, there: bool| {
        let message = format!("`{}` in a set that was not declared with `{word}`", option.word());
        let help = format!("`set {}: {} {word} {{ … }}`", set.name, set.kind.word());
        (!there).then_some((message, Some(help)))
    };
    match option {
        ElementOption::Timeout(seconds) => wants("timeout 0", set.timeout().is_some())
            .or_else(|| if *seconds > TIMEOUT_MAX_SECONDS { too_long(*seconds) } else { None }),
        ElementOption::NoMatch => {
            let help = "only kinds with a network have it".to_owned();
            let message = format!("`nomatch` in a set of kind `{}`", set.kind.word());
            (!set.kind.has_nomatch()).then_some((message, Some(help)))
        }
        ElementOption::Comment(text) => {
            wants("comment", set.has(&SetOption::Comment)).or_else(|| comment_problem(text))
        }
        ElementOption::SkbMark(..) | ElementOption::SkbPrio(..) | ElementOption::SkbQueue(_) => {
            wants("skbinfo", set.has(&SetOption::SkbInfo)).or_else(|| match option {
                // The kernel keeps these as if nothing had been written, and so does `ipset save`.
                ElementOption::SkbMark(0, 0) | ElementOption::SkbPrio(0, 0) | ElementOption::SkbQueue(0) => {
                    Some((
                        format!("`{}` of zero is none at all", option.word()),
                        Some("leave it out".to_owned()),
                    ))
                }
                _ => None,
            })
        }
    }
}

fn comment_problem(text: &str) -> Option<Problem> {
    if text.is_empty() {
        return Some(("an empty comment".to_owned(), None));
    }
    if text.len() > COMMENT_MAX_BYTES {
        let message =
            format!("the comment is {} bytes long, and ipset takes {COMMENT_MAX_BYTES}", text.len());
        return Some((message, None));
    }
    let bad = text.chars().find(|c| c.is_control() || *c == '"')?;
    Some((format!("the comment holds {bad:?}, which ipset cannot read back"), None))
}

/// Checks that the elements fit into the set, and that none is there twice with different words behind it.
pub(super) fn check_together(model: &Model, set: &Set, diagnostics: &mut Vec<Diagnostic>) {
    let most = set
        .options()
        .find_map(|option| if let SetOption::MaxElem(most) = option { Some(*most) } else { None })
        .unwrap_or(MAXELEM_DEFAULT);
    for family in set_families(model, set).iter() {
        let count = set
            .elements
            .iter()
            .map(|element| element_count(set, element, family))
            .fold(0, u128::saturating_add);
        if set.kind.method == Method::Hash && count > u128::from(most) {
            let message =
                format!("set `{}` gets {count} {family} elements, and has room for {most}", set.name);
            let help = match (set.kind.parts[0], u64::try_from(count).ok().filter(|count| *count <= 1 << 20))
            {
                (_, Some(count)) => format!("`maxelem {count}` makes room"),
                (Part::Ip, None) => "a set of kind `net` holds a network as one element".to_owned(),
                _ => "fewer or larger networks".to_owned(),
            };
            diagnostics.push(Diagnostic::error(set.loc, message).help(help));
            return;
        }
        if !check_duplicates(set, family, diagnostics) {
            return;
        }
    }
}

/// The same element twice is one, unless what stands behind it differs.
fn check_duplicates(set: &Set, family: Family, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let mut seen: HashMap<String, (String, usize)> = HashMap::new();
    let mut interfaces: HashMap<String, Vec<(Interface<'_>, usize)>> = HashMap::new();
    for (index, element) in set.elements.iter().enumerate() {
        for (entry, line) in element_lines(set, element, family) {
            if let Some((other, first)) = seen.get(&entry) {
                if *other != line {
                    let message = format!("`{entry}` is in the set twice, with different words behind it");
                    let first = set.elements[*first].loc;
                    diagnostics
                        .push(Diagnostic::error(element.loc, message).note("the first is here", Some(first)));
                    return false;
                }
                continue;
            }
            if let (Some((network, _)), Some(interface)) = (entry.split_once(','), interface(element)) {
                let others = interfaces.entry(network.to_owned()).or_default();
                if let Some((message, note)) = interfaces_problem(network, interface, others) {
                    let first = note.map(|(note, first)| (note, set.elements[first].loc));
                    let error = Diagnostic::error(element.loc, message);
                    diagnostics.push(match first {
                        Some((note, first)) => error.note(note, Some(first)),
                        None => error,
                    });
                    return false;
                }
                others.push((interface, index));
            }
            seen.insert(entry, (line, index));
        }
    }
    true
}

/// An interface's name, and whether it is a bridge's port.
type Interface<'a> = (&'a str, bool);

fn interface(element: &Element) -> Option<Interface<'_>> {
    element.parts().find_map(|part| match part {
        ElementPart::Interface { name, bridge_port } => Some((name.as_str(), *bridge_port)),
        _ => None,
    })
}

/// What keeps an interface from standing with a network beside others; with a note of one of these.
fn interfaces_problem(
    network: &str,
    (name, bridge_port): Interface<'_>,
    others: &[(Interface<'_>, usize)],
) -> Option<(String, Option<(&'static str, usize)>)> {
    // The kernel takes either for the other when it looks for an element, be it to add it or to match a packet.
    let covers = |wide: &str, name: &str| wide.strip_suffix('+').is_some_and(|start| name.starts_with(start));
    for ((other, other_is_port), index) in others {
        if bridge_port == *other_is_port && (covers(name, other) || covers(other, name)) {
            let message = format!(
                "`{network}` stands with `{name}` and with `{other}`, which the kernel cannot tell apart in one set"
            );
            return Some((message, Some(("the other is here", *index))));
        }
    }
    (others.len() >= INTERFACES_MAX).then(|| {
        let message = format!(
            "`{network}` stands with more than {INTERFACES_MAX} interfaces, the most that the kernel takes"
        );
        (message, None)
    })
}
