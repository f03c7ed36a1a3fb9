//! The same tokens with other blanks, line breaks and comments between them.

use std::ops::Range;
use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};

use crate::random::Random;

/// What stands between two tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spacing {
    /// As little as the lexer needs; a line break stays one.
    Least,
    /// As little as the lexer needs, without line breaks.
    LeastOnOneLine,
    /// Blanks wherever they may stand; a line break stays one.
    Blanks,
    /// Blanks, line breaks and comments wherever they may stand.
    Anything,
}

/// Rewrites Rust source. Doc comments end with their line in any case.
///
/// # Panics
///
/// If the source does not lex.
#[must_use]
pub fn respace(source: &str, spacing: Spacing, random: &mut Random) -> String {
    let mut places = Vec::new();
    leaves(source, TokenStream::from_str(source).expect("it lexes"), &mut places);
    places.dedup();
    let mut out = String::new();
    for (index, place) in places.iter().enumerate() {
        let text = &source[place.clone()];
        if let Some(before) = index.checked_sub(1).map(|before| &places[before]) {
            let gap = &source[before.end..place.start];
            out.push_str(&between(&source[before.clone()], gap, text, spacing, random));
        }
        out.push_str(text);
    }
    out.push('\n');
    out
}

/// The places of all tokens and brackets, in order.
fn leaves(source: &str, stream: TokenStream, out: &mut Vec<Range<usize>>) {
    for token in stream {
        match token {
            // All the tokens that a doc comment stands for have its place.
            TokenTree::Group(group) if source[group.span().byte_range()].starts_with('/') => {
                out.push(group.span().byte_range());
            }
            TokenTree::Group(group) => {
                out.push(group.span_open().byte_range());
                leaves(source, group.stream(), out);
                out.push(group.span_close().byte_range());
            }
            token => out.push(token.span().byte_range()),
        }
    }
}

fn between(before: &str, gap: &str, next: &str, spacing: Spacing, random: &mut Random) -> String {
    if before.starts_with("//") {
        return "\n".to_owned();
    }
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '"' | '\'');
    let last = before.chars().next_back().unwrap_or(' ');
    let first = next.chars().next().unwrap_or(' ');
    let sign = |text: &str| {
        text.len() == 1 && text.chars().all(|c| c.is_ascii_punctuation() && !"()[]{};,_".contains(c))
    };
    // Signs that touch are one to Rust, and those that do not are none; `1` and `.` would be a float.
    let fixed = sign(before) && sign(next) || before.starts_with('\'') || before == "'";
    let needs_blank = word(last) && word(first)
        || last.is_ascii_digit() && first == '.'
        || last == '.' && first.is_ascii_digit()
        || next.starts_with("//")
        || next.starts_with("/*");
    let least = if fixed || needs_blank { if gap.is_empty() { "" } else { " " } } else { "" };
    let line_break = gap.contains('\n');
    match spacing {
        Spacing::Least if line_break => "\n".to_owned(),
        Spacing::Least | Spacing::LeastOnOneLine => least.to_owned(),
        Spacing::Blanks if line_break => format!("{}\n{}", blanks(random), blanks(random)),
        _ if fixed && gap.is_empty() => String::new(),
        // In `self.0.join()`, `0.` and a blank would be another number.
        _ if gap.is_empty() && last == '.' => String::new(),
        Spacing::Blanks => format!(" {}", blanks(random)),
        Spacing::Anything => {
            let mut out = " ".to_owned();
            for _ in 0..random.below(3) {
                out.push_str(random.pick(&[
                    " ",
                    "\t",
                    "\n",
                    "\n\n\n",
                    "/* ü /* in */ */",
                    "// fin\n",
                    "\n// own\n",
                    "\n/**/\n",
                ]));
            }
            out.push_str(if fixed || needs_blank { " " } else { "" });
            out
        }
    }
}

fn blanks(random: &mut Random) -> &'static str {
    ["", " ", "   ", "\t"][random.below(4)]
}
