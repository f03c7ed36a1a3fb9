//! Values as `iptables-save` writes them.

use std::fmt::Write;

use super::Protocols;
use crate::catalogue::OptionSpec;
use crate::family::Family;
use crate::model::{Address, IcmpMatch, SaveForm, SetRef, Value};
use crate::protocols::{builtin, save_name};

pub(super) fn emit_value(
    out: &mut String,
    spec: &OptionSpec,
    value: &Value,
    family: Family,
    protocols: Protocols,
) {
    // Writing into a `String` cannot fail.
    let _ = match value {
        Value::Interface(name) => write!(out, "{name}"),
        Value::Address(address) => write_address(out, spec, address),
        Value::Protocol(number) => match save_name(*number) {
            Some(name) if protocols == Protocols::Named || builtin(*number) => write!(out, "{name}"),
            _ => write!(out, "{number}"),
        },
        Value::Ports(ports) => write!(out, "{ports}"),
        // ICMP type 255 is the kernel's sign for any type; ip6tables has no word for it.
        Value::Icmp(IcmpMatch::Any | IcmpMatch::Type { ty: 255, code: None }) if family == Family::Ipv4 => {
            write!(out, "any")
        }
        Value::Icmp(IcmpMatch::Any) => write!(out, "255"),
        Value::Icmp(IcmpMatch::Type { ty, code: None }) => write!(out, "{ty}"),
        Value::Icmp(IcmpMatch::Type { ty, code: Some(code) }) => write!(out, "{ty}/{code}"),
        Value::Word(index) => {
            let word = spec.value.words().get(usize::from(*index));
            write!(out, "{}", word.map_or("", |word| word.print))
        }
        Value::Rate(rate) => write!(out, "{}", rate.normalised()),
        Value::Number(number) => write!(out, "{number}"),
        Value::Text(text) => {
            write_text(out, text);
            Ok(())
        }
        Value::TcpFlags(flags) => write!(out, "{flags}"),
        Value::Set(set) => write_set(out, set),
        // A policy is filled in before it is emitted.
        Value::Rust(_) => Ok(()),
    };
}

/// The set's name in the kernel, and the directions: `ADMINS.4.1a2b3c4d src`.
fn write_set(out: &mut String, set: &SetRef) -> std::fmt::Result {
    let name = set.kernel.as_ref().map_or(&set.name, |kernel| &kernel.name);
    let directions: Vec<&str> = set.directions.iter().map(|direction| direction.word()).collect();
    write!(out, "{name} {}", directions.join(","))
}

fn write_address(out: &mut String, spec: &OptionSpec, address: &Address) -> std::fmt::Result {
    // `iprange` writes ranges; the rule's own parameters write networks.
    let is_range = spec.flag.ends_with("-range");
    match address {
        Address::Net(net) if !is_range => write!(out, "{net}"),
        Address::Net(net) => {
            let (first, last) = net.ends();
            write!(out, "{}-{}", SaveForm(first), SaveForm(last))
        }
        Address::Range { first, last } => write!(out, "{}-{}", SaveForm(*first), SaveForm(*last)),
    }
}

/// Text as `xtables_save_string` writes it: in quotes unless it is one plain word, with `"`, `\`
/// and `'` escaped.
fn write_text(out: &mut String, text: &str) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !text.is_empty() && text.bytes().all(plain) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\' | '\'') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_is_escaped_as_iptables_saves_it() {
        for (text, saved) in [
            ("abc_9", "abc_9"),
            ("a.b", "\"a.b\""),
            ("", "\"\""),
            ("it's \"q\" \\ b", "\"it\\'s \\\"q\\\" \\\\ b\""),
            ("[IPTABLES INPUT] : ", "\"[IPTABLES INPUT] : \""),
            ("a$b`c%d", "\"a$b`c%d\""),
        ] {
            let mut out = String::new();
            super::write_text(&mut out, text);
            assert_eq!(out, saved);
        }
    }
}
