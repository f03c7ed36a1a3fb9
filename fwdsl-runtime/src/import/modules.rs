//! Extensions by the names that iptables finds them under.

use super::error::Reason;
use super::reader::Context;
use super::value::protocol_name;
use crate::catalogue::{self, COUNT, EXTENSIONS, Extension, Kind, RAW, RAW_MATCH};
use crate::family::Family;
use crate::nearest::nearest;

/// The match of this name.
pub(super) fn find_match(name: &str, family: Family) -> Option<&'static Extension> {
    let name = match name {
        "icmpv6" | "ipv6-icmp" => "icmp6",
        _ => name,
    };
    catalogue::named(name).find(|extension| is_match(extension, family))
}

/// The match that belongs to a protocol, as `-p` names it.
pub(super) fn find_protocol_match(protocol: &str, family: Family) -> Option<&'static Extension> {
    find_match(protocol_name(protocol)?, family)
}

/// The target of this name.
pub(super) fn find_target(name: &str, family: Family) -> Option<&'static Extension> {
    catalogue::named(name).find(|extension| is_target(extension, family))
}

fn is_match(extension: &Extension, family: Family) -> bool {
    extension.kind == Kind::Match
        && extension.module
        && *extension != RAW_MATCH
        && extension.families.contains(family)
}

fn is_target(extension: &Extension, family: Family) -> bool {
    extension.kind == Kind::Target
        && ![&COUNT, &RAW].contains(&extension)
        && extension.families.contains(family)
}

fn match_names(family: Family) -> impl Iterator<Item = &'static str> {
    let matches = EXTENSIONS.iter().filter(move |extension| is_match(extension, family));
    matches.map(|extension| extension.name)
}

fn target_names(family: Family) -> impl Iterator<Item = &'static str> {
    let targets = EXTENSIONS.iter().filter(move |extension| is_target(extension, family));
    targets.map(|extension| extension.name)
}

const AS_TEXT: &str = "it can be taken as text, unchecked: `fwdsl import --unknown raw`";

pub(super) fn unknown_match(name: &str, family: Family) -> Reason {
    let reason = Reason::new(format!("unknown match `{name}` for {family}"));
    reason.help(match nearest(name, match_names(family)) {
        Some(known) => format!("did you mean `{known}`?"),
        None => AS_TEXT.to_owned(),
    })
}

pub(super) fn unknown_target(name: &str, context: &Context<'_>) -> Reason {
    let message = format!("`{name}` is neither a known target nor a chain of table `{}`", context.table);
    let targets = target_names(context.family).map(|name: &str| name);
    Reason::new(message).help(match nearest(name, targets.chain(context.chains())) {
        Some(known) => format!("did you mean `{known}`?"),
        None => AS_TEXT.to_owned(),
    })
}

pub(super) fn unknown_chain(name: &str, context: &Context<'_>) -> Reason {
    let reason = Reason::new(format!("table `{}` has no chain `{name}`", context.table));
    match nearest(name, context.chains()) {
        Some(known) => reason.help(format!("did you mean `{known}`?")),
        None => reason,
    }
}
