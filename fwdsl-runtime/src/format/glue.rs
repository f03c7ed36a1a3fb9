//! Whether tokens that were apart may be written together.

use std::str::FromStr;

use proc_macro2::TokenStream;

/// The signs that Rust reads as one, as far as they could arise from two.
const RUST_SIGNS: [&str; 24] = [
    "&&", "||", "<<", ">>", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=", "==", "!=", ">=", "<=", "->",
    "=>", "::", "..", "..=", "<-", "//", "/*",
];

/// Whether `next`, written right behind `run`, is read as what it is by itself: `10` and `.` are
/// not, nor are `=` and `>`. `run` is what was written since the last blank.
pub(super) fn may_touch(run: &str, next: &str) -> bool {
    let signs = |text: &str| {
        RUST_SIGNS
            .iter()
            .any(|sign| (1..sign.len()).any(|at| run.ends_with(&sign[..at]) && text.starts_with(&sign[at..])))
    };
    if signs(next) {
        return false;
    }
    match (leaves(run), leaves(next), leaves(&format!("{run}{next}"))) {
        (Some(mut apart), Some(last), Some(together)) => {
            apart.extend(last);
            apart == together
        }
        _ => false,
    }
}

/// The tokens of a text; both texts hold whole tokens and no brackets but those of a Rust expression.
fn leaves(text: &str) -> Option<Vec<String>> {
    Some(TokenStream::from_str(text).ok()?.into_iter().map(|token| token.to_string()).collect())
}

#[cfg(test)]
mod tests {
    use super::may_touch;

    #[test]
    fn what_would_be_read_otherwise_stays_apart() {
        for (run, next) in
            [("10", "."), ("=", ">"), ("a", "b"), ("/", "*"), ("1.0e-", "5"), ("..", "="), ("|", "|")]
        {
            assert!(!may_touch(run, next), "{run} {next}");
        }
        for (run, next) in
            [("10.0", "."), ("10.0.", "0.0"), ("eth0", "-"), ("2001:db8", "::"), ("1", "..="), ("!", "::")]
        {
            assert!(may_touch(run, next), "{run}{next}");
        }
    }
}
