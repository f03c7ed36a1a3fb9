//! Lines that stand in no table: said once, with what the text seems to be.

use super::error::Reason;
use crate::restore_text::lines::{Content, split_chain};

/// How texts begin that are something else, and what they are.
const OTHERS: &[(&[&str], &str)] = &[
    (&["-P ", "-N ", "-A "], "`iptables -S` prints such lines"),
    (&["iptables ", "ip6tables ", "/sbin/ip", "/usr/sbin/ip", "$IPT", "${IPT"], "a script calls iptables so"),
    (&["Chain ", "target "], "`iptables -L` prints such lines"),
    (&["table ", "add ", "flush ruleset"], "this is a ruleset of nft"),
    (&["create "], "`ipset save` prints such lines"),
];

/// The reason why such a line is refused. What follows up to the next table is refused with it.
pub(super) fn in_no_table(content: &Content<'_>) -> Reason {
    let reason = Reason::new("the line stands in no table: `*NAME` begins one");
    let Content::Command(text) = content else { return reason };
    let other = OTHERS.iter().find(|(starts, _)| starts.iter().any(|start| text.starts_with(start)));
    match other {
        Some((_, what)) => reason.help(format!("{what}; what `iptables-save` prints can be read")),
        None => reason,
    }
}

/// Whether a line that stands in no table can be one of `filter`, the table that iptables means where none is named:
/// `iptables -S` prints such lines.
pub(super) fn is_of_filter(content: &Content<'_>) -> bool {
    match content {
        Content::Chain(text) => split_chain(text).is_ok(),
        Content::Command(text) => text.trim_start().starts_with(['-', '[']),
        _ => false,
    }
}

/// What is said of the first of such lines.
pub(super) fn taken_for_filter() -> Reason {
    Reason::new("the line stands in no table, and is taken for one of `filter`")
}
