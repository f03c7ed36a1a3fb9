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
    let name = text.to_ascii_lowercase();
    match name.as_str() {
        "all" | "ip" | "hopopt" => return Ok(0),
        "ipv6-mh" | "mobility-header" => return Ok(135),
        _ => {}
    }
    protocols::find(&name).ok_or_else(|| {
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
