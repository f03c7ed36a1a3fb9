//! Values as `iptables-save` writes them.

use std::fmt::Write;

use super::Protocols;
use super::digits::{push_addr, push_number, push_ports};
use crate::catalogue::{OptionSpec, ValueKind};
use crate::family::Family;
use crate::model::{
    Address, HASHLIMIT_SCALE, IcmpMatch, SetRef, Value, saved_bit_rate, saved_duration, saved_rate,
    saved_size,
};
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
        // `iptables-save` prints it without quotes, and cannot read that again.
        Value::Interface(name) if name.contains(' ') => {
            write_quoted(out, name);
            Ok(())
        }
        Value::Interface(name) => {
            out.push_str(name);
            Ok(())
        }
        Value::Address(address) => {
            write_address(out, spec, address);
            Ok(())
        }
        Value::Protocol(number) => {
            let name = match spec.value {
                ValueKind::ProtocolNumber => None,
                _ => save_name(*number),
            };
            match name.filter(|_| protocols == Protocols::Named || builtin(*number)) {
                Some(name) => out.push_str(name),
                None => push_number(out, u64::from(*number)),
            }
            Ok(())
        }
        Value::Ports(ports) => match spec.value {
            ValueKind::PortSpan(sign) => write_span(out, ports.first.into(), ports.last.into(), sign),
            _ => {
                push_ports(out, *ports);
                Ok(())
            }
        },
        // ICMP type 255 is the kernel's sign for any type; ip6tables has no word for it.
        Value::Icmp(IcmpMatch::Any | IcmpMatch::Type { ty: 255, code: None }) if family == Family::Ipv4 => {
            write!(out, "any")
        }
        Value::Icmp(IcmpMatch::Any) => write!(out, "255"),
        Value::Icmp(IcmpMatch::Type { ty, code: None }) => write!(out, "{ty}"),
        Value::Icmp(IcmpMatch::Type { ty, code: Some(code) }) => write!(out, "{ty}/{code}"),
        Value::Word(index) => {
            let word = spec.value.words().get(usize::from(*index));
            out.push_str(word.map_or("", |word| word.print));
            Ok(())
        }
        Value::Rate(rate) if spec.value == ValueKind::HashRate => {
            write!(out, "{}", rate.normalised_at(HASHLIMIT_SCALE))
        }
        Value::Rate(rate) => write!(out, "{}", rate.normalised()),
        Value::Number(number) => match spec.value {
            ValueKind::Named { hex: true, .. } => write!(out, "0x{number:02x}"),
            ValueKind::Hex { digits, .. } => write!(out, "0x{number:0digits$x}"),
            ValueKind::Label => write!(out, "\"{number}\""),
            ValueKind::Duration => write!(out, "{}", saved_duration(*number)),
            _ => {
                push_number(out, *number);
                Ok(())
            }
        },
        Value::Text(text) => {
            match spec.value {
                ValueKind::Name { .. }
                | ValueKind::Bare { .. }
                | ValueKind::WordOrName { .. }
                | ValueKind::Id
                    if !text.contains(' ') =>
                {
                    out.push_str(text);
                }
                ValueKind::Quoted { .. } => write_pattern(out, text.as_bytes(), spec.value),
                ValueKind::Label | ValueKind::U32 | ValueKind::Bytecode => write_quoted(out, text),
                // iptables puts a blank before text, and here another.
                _ if spec.flag == "--nfacct-name" => {
                    out.push(' ');
                    write_text(out, text);
                }
                _ => write_text(out, text),
            }
            Ok(())
        }
        Value::TcpFlags(flags) => write!(out, "{flags}"),
        Value::Set(set) => write_set(out, set),
        Value::Masked(masked) => match spec.value {
            ValueKind::Masked(form, _) => masked.write(out, form),
            _ => Ok(()),
        },
        Value::Span(span) => match spec.value {
            ValueKind::Span { max, open: true, .. } if span.last == max => write!(out, "{}", span.first),
            // There a number alone is the beginning of a range.
            ValueKind::Span { sign, open: true, .. } => write!(out, "{}{sign}{}", span.first, span.last),
            ValueKind::Id => write_span(out, span.first, span.last, '-'),
            ValueKind::Span { sign, .. } => write_span(out, span.first, span.last, sign),
            _ => Ok(()),
        },
        Value::Endpoint(endpoint) => write!(out, "{endpoint}"),
        Value::Bytes(bytes) if spec.value == ValueKind::BitRate => write!(out, "{}", saved_bit_rate(*bytes)),
        Value::Bytes(bytes) if spec.value == ValueKind::HashRate => write!(out, "{}", saved_rate(*bytes)),
        Value::Bytes(bytes) => write!(out, "{}", saved_size(*bytes)),
        Value::Pattern(bytes) => {
            write_pattern(out, bytes, spec.value);
            Ok(())
        }
        Value::Mac(mac) if spec.flag == "--clustermac" => {
            write!(out, "{}", mac.to_string().to_ascii_uppercase())
        }
        Value::Mac(mac) => write!(out, "{mac}"),
        Value::Share(share) => write!(out, "{share}"),
        Value::Class(class) => write!(out, "{class}"),
        Value::Time(time) => write!(out, "{time}"),
        Value::Moment(moment) => write!(out, "{moment}"),
        Value::Chunk(chunk) => write!(out, "{chunk}"),
        Value::HeaderOption(option) => write!(out, "{option}"),
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

fn write_span(out: &mut String, first: u64, last: u64, sign: char) -> std::fmt::Result {
    if first == last { write!(out, "{first}") } else { write!(out, "{first}{sign}{last}") }
}

/// A pattern of `string`, which is always in quotes and escapes less than other text.
fn write_pattern(out: &mut String, bytes: &[u8], kind: ValueKind) {
    out.push('"');
    if kind == (ValueKind::Pattern { hex: true }) {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        out.push_str(&format!("|{digits}|"));
    } else {
        for byte in bytes {
            if matches!(byte, b'"' | b'\\') {
                out.push('\\');
            }
            out.push(char::from(*byte));
        }
    }
    out.push('"');
}

fn write_address(out: &mut String, spec: &OptionSpec, address: &Address) {
    let (first, last) = match address {
        Address::Net(net) => match spec.value {
            ValueKind::Host => return push_addr(out, net.addr),
            ValueKind::Network { full_prefix: false, .. } if net.is_host() => {
                return push_addr(out, net.addr);
            }
            // `iprange` writes ranges; the rule's own parameters write networks.
            _ if spec.flag.ends_with("-range") => net.ends(),
            _ => {
                push_addr(out, net.addr);
                out.push('/');
                return push_number(out, net.prefix.into());
            }
        },
        Address::Masked(masked) => return super::write(out, format_args!("{masked}")),
        Address::Range { first, last } => (*first, *last),
    };
    push_addr(out, first);
    out.push('-');
    push_addr(out, last);
}

/// Text as `xtables_save_string` writes it: in quotes unless it is one plain word, with `"`, `\`
/// and `'` escaped.
fn write_text(out: &mut String, text: &str) {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !text.is_empty() && text.bytes().all(plain) {
        out.push_str(text);
        return;
    }
    write_quoted(out, text);
}

fn write_quoted(out: &mut String, text: &str) {
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
