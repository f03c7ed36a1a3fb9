//! What is written out of the habit of iptables or of Rust, and how it is written here.

use proc_macro2::Delimiter;

use super::input::Input;
use crate::catalogue::{self, CT_STATES};
use crate::{protocols, services};

/// The help for what stands where something else was expected.
pub(super) fn habit(input: &Input<'_>, expected: &str) -> Option<String> {
    let mut ahead = *input;
    let value = expected.starts_with("a value");
    let help = if ahead.punct("=>") {
        return None;
    } else if ahead.punct("->") {
        "a verdict stands after `=>`".to_owned()
    } else if ahead.punct("--") || ahead.punct("-") {
        return option_with_dashes(&ahead);
    } else if value && (ahead.punct("=") || ahead.punct(":")) {
        "a value follows without a sign; `!22` is anything else than 22".to_owned()
    } else if expected == "a match" && ahead.punct(",") {
        "several values are a list, `[a, b]`; matches stand side by side".to_owned()
    } else if expected == "a match" && ahead.punct("&") {
        "matches stand side by side, and all must hold".to_owned()
    } else if value && is_list(input) || expected == "`;`" && ahead.punct(",") {
        "several values are a list: `[a, b]`".to_owned()
    } else if expected.starts_with("a match") && ahead.punct("*") {
        "every packet is `_`, and `eth+` is every interface whose name begins so".to_owned()
    } else if value && ahead.punct("$") {
        "a `let` stands by its name alone, `PORT`; a Rust value after `#`".to_owned()
    } else if value && ahead.punct("*") {
        "leave the match out for any value".to_owned()
    } else {
        return None;
    };
    Some(help)
}

/// The help for a word that is no match.
pub(super) fn habit_of_match(word: &str) -> Option<String> {
    Some(match word {
        "syn" => "a flag stands after its protocol: `tcp syn`".to_owned(),
        "all" | "any" | "always" | "default" | "else" | "otherwise" => "every packet is `_`".to_owned(),
        "iif" | "iifname" => "an incoming interface is written `in eth0`".to_owned(),
        "oif" | "oifname" => "an outgoing interface is written `out eth0`".to_owned(),
        "ip" | "ip6" | "src" | "source" | "dst" | "destination" => {
            "addresses are matched with `from 10.0.0.0/8` and `to 10.0.0.0/8`".to_owned()
        }
        "not" => "a value is negated by `!`: `in !eth0`".to_owned(),
        "chain" | "let" | "fn" | "sysctl" | "table" | "assert" | "family" | "own" | "foreign" => {
            format!("`{word}` is an item of the policy and stands outside of chains")
        }
        state if is_state(state) => format!("connection states are matched with `ct {state}`"),
        _ => return None,
    })
}

/// The help for a word of the language in capitals, as iptables has many.
pub(super) fn habit_of_capitals(word: &str) -> Option<String> {
    let lower = word.to_ascii_lowercase();
    let known = is_state(&lower) || protocols::find(&lower).is_some() || services::find(&lower).is_some();
    known.then(|| format!("words of the language are in lower case: `{lower}`"))
}

/// The help for a word that is no verdict.
pub(super) fn habit_of_verdict(word: &str) -> Option<String> {
    let (target, option) = word.split_once('-')?;
    let extension = catalogue::find_target(target)?;
    let target = extension.option(option).map(|_| extension.word())?;
    Some(format!("options stand in parentheses: `{target}(…)`"))
}

fn is_state(word: &str) -> bool {
    CT_STATES.iter().any(|state| state.name == word)
}

/// Whether values in other brackets than a list's come next; braces behind which no `=>` or `;` stands are
/// something else.
fn is_list(input: &Input<'_>) -> bool {
    let mut ahead = *input;
    ahead.group(Delimiter::Parenthesis).is_some()
        || ahead.group(Delimiter::Brace).is_some() && (ahead.peek_punct("=>") || ahead.peek_punct(";"))
}

/// `-j`, `--dport`: the word for it here.
fn option_with_dashes(after_dashes: &Input<'_>) -> Option<String> {
    let mut ahead = *after_dashes;
    let word = ahead.ident()?;
    Some(match word.as_str() {
        "j" | "jump" => "a verdict stands after `=>`: `tcp dport 22 => accept;`".to_owned(),
        "g" | "goto" => "a verdict stands after `=>`: `tcp dport 22 => goto CHAIN;`".to_owned(),
        "p" | "protocol" => "a protocol is its name alone: `tcp dport 22`".to_owned(),
        "s" | "source" | "src" => "a source is written `from 10.0.0.0/8`".to_owned(),
        "d" | "destination" | "dst" => "a destination is written `to 10.0.0.0/8`".to_owned(),
        "i" => "an incoming interface is written `in eth0`".to_owned(),
        "o" => "an outgoing interface is written `out eth0`".to_owned(),
        "m" | "match" => "a match is its name with its options in parentheses: `recent(set)`".to_owned(),
        "A" | "I" | "append" | "insert" => "a rule stands in its chain: `chain INPUT { … }`".to_owned(),
        _ => format!("options have no dashes here: `{word} …`"),
    })
}
