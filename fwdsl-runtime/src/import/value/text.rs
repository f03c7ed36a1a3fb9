//! Patterns of `string`.

use crate::import::error::Reason;
use crate::model::Value;

/// Text in which `|de ad|` stands for bytes; `\` takes the meaning of what follows.
pub(super) fn read_hex_pattern(text: &str) -> Result<Value, Reason> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let mut in_hex = false;
    while let [first, after @ ..] = rest {
        match (in_hex, first) {
            (_, b'|') => {
                in_hex = !in_hex;
                rest = after;
                // Blanks may stand before the first byte, and one behind each.
                while let [b' ', after @ ..] = rest
                    && in_hex
                {
                    rest = after;
                }
            }
            (true, _) => {
                let digits = rest.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
                let sound = digits.filter(|pair| pair.bytes().all(|byte| byte.is_ascii_hexdigit()));
                let byte = sound.and_then(|pair| u8::from_str_radix(pair, 16).ok());
                bytes.push(byte.ok_or_else(|| {
                    Reason::new(format!("\"{text}\" has something between `|` that is no byte of two digits"))
                })?);
                rest = &rest[2..];
                rest = rest.strip_prefix(b" ").unwrap_or(rest);
            }
            (false, b'\\') => {
                let [escaped, after @ ..] = after else {
                    return Err(Reason::new(format!("\"{text}\" ends in a `\\`")));
                };
                bytes.push(*escaped);
                rest = after;
            }
            (false, byte) => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    if in_hex {
        return Err(Reason::new(format!("\"{text}\" has a `|` without its fellow")));
    }
    Ok(Value::Pattern(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_text_are_read() {
        assert_eq!(read_hex_pattern("a|0a 0B|b"), Ok(Value::Pattern(b"a\n\x0bb".to_vec())));
        assert_eq!(read_hex_pattern("|  00 01 |"), Ok(Value::Pattern(vec![0, 1])));
        assert_eq!(read_hex_pattern(r"\|a"), Ok(Value::Pattern(b"|a".to_vec())));
        for text in ["|0", "|0|", "|xy|", "|00", "a\\", "|ä|", "|00  01|"] {
            assert!(read_hex_pattern(text).is_err(), "{text}");
        }
    }
}
