//! Protocols by name and number.

use super::number::number8;
use crate::import::error::Reason;
use crate::nearest::nearest;
use crate::protocols;

/// The number of a protocol; 0 is every one of them.
pub(crate) fn read_protocol(text: &str) -> Result<u8, Reason> {
    if let Some(number) = number8(text) {
        return Ok(number);
    }
    let find = |name: &str| match name {
        "all" | "ip" | "hopopt" => Some(0),
        "ipv6-mh" | "mobility-header" => Some(135),
        name => protocols::find(name),
    };
    find(text).or_else(|| find(&text.to_ascii_lowercase())).ok_or_else(|| {
        let reason = Reason::new(format!("unknown protocol `{text}`"));
        match nearest(text, protocols::names()) {
            Some(name) => reason.help(format!("did you mean `{name}`?")),
            None => reason,
        }
    })
}

/// The name under which iptables looks for the match of a protocol: as it is written, or the one that belongs to a
/// number.
pub(crate) fn protocol_name(text: &str) -> Option<&str> {
    match number8(text) {
        Some(number) => protocols::save_name(number),
        None => Some(text),
    }
}
