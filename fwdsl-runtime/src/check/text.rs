//! Text: names, programs, and what goes to iptables as it is.

use super::values::{Problem, problem, problem_with_help};
use crate::catalogue::{OptionSpec, ValueKind};
use crate::lint::ODD_VALUE;
use crate::model::{Bytecode, U32Program};

/// What is wrong with a text for an option.
pub(super) fn text_problem(spec: &OptionSpec, text: &str) -> Option<Problem> {
    let max_bytes = match spec.value {
        ValueKind::Text { max_bytes }
        | ValueKind::Quoted { max_bytes }
        | ValueKind::Name { max_bytes }
        | ValueKind::Bare { max_bytes }
        | ValueKind::WordOrName { max_bytes, .. } => max_bytes,
        ValueKind::U32 => return U32Program::parse(text).err().and_then(problem),
        ValueKind::Bytecode => {
            return Bytecode::parse(text).map_or_else(Some, |program| program.problem()).and_then(problem);
        }
        ValueKind::Id => return id_problem(spec, text),
        ValueKind::Label => return label_problem(text),
        _ => return None,
    };
    if text.is_empty() {
        let empty = problem(format!("an empty `{}`", spec.name))?;
        // What goes to iptables as it is, and what names a file, has to be something.
        let taken = matches!(spec.value, ValueKind::Text { .. }) && !spec.flag.is_empty();
        // A prefix of a log has one character at least.
        let taken = taken && !spec.flag.ends_with("-prefix");
        return Some(if taken { empty.of_lint(ODD_VALUE) } else { empty });
    }
    if text.len() > max_bytes {
        // What is left once iptables has cut it must be sound too.
        if let Some(problem) = control_character(spec.name, text) {
            return Some(problem);
        }
        let too_long = problem_with_help(
            format!("the {} is {} bytes long, and the kernel keeps {max_bytes}", spec.name, text.len()),
            "iptables would cut it without a word",
        );
        return match spec.value {
            ValueKind::Quoted { .. } => problem(format!(
                "the {} is {} bytes long, and iptables takes {max_bytes}",
                spec.name,
                text.len()
            )),
            // What goes to iptables as it is, is not cut.
            _ if spec.flag.is_empty() => too_long,
            _ => too_long.map(|problem| problem.of_lint(ODD_VALUE)),
        };
    }
    match spec.value {
        ValueKind::Name { .. } => name_problem(text),
        ValueKind::Bare { .. } | ValueKind::WordOrName { .. } => bare_problem(spec.name, text),
        // What goes to iptables as it is must not end before its line does.
        _ if spec.flag.is_empty() && !quotes_close(text) => problem("a quote in the text is not closed"),
        _ => control_character(spec.name, text),
    }
}

/// `iptables-save` prints it without quotes, so what it prints is read back as something else if the text holds any, or
/// blanks.
fn bare_problem(what: &str, text: &str) -> Option<Problem> {
    let refused = |c: &char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\');
    control_character(what, text).or_else(|| {
        let bad = text.chars().find(refused)?;
        problem(format!("the {what} holds {bad:?}, and is saved without quotes"))
            .map(|problem| problem.of_lint(ODD_VALUE))
    })
}

/// A user or group by name, which the host looks up when it loads the rules.
fn id_problem(spec: &OptionSpec, name: &str) -> Option<Problem> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '$');
    if name.is_empty() || name.starts_with('-') || !name.chars().all(plain) {
        return problem(format!("`{name}` is not a name that `{}` takes", spec.name));
    }
    problem_with_help(
        format!("`{name}` is looked up on the host that loads the rules, and saved as a number"),
        "write the number",
    )
    .map(|problem| problem.of_lint(ODD_VALUE))
}

/// The name of a label, which means nothing without the host's file, and iptables refuses it there.
fn label_problem(name: &str) -> Option<Problem> {
    problem_with_help(
        format!("the label `{name}` is a name, which only `/etc/xtables/connlabel.conf` of a host knows"),
        "write its number",
    )
}

/// Whether each quote of iptables-restore's lines has its end, `\` taking away the meaning of what follows.
fn quotes_close(text: &str) -> bool {
    let mut open = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (open, c) {
            (_, '\\') if chars.next().is_none() => return false,
            (None, '"' | '\'') => open = Some(c),
            (Some(quote), c) if quote == c => open = None,
            _ => {}
        }
    }
    open.is_none()
}

/// The kernel makes a file of the name, and `iptables-save` prints it without quotes.
fn name_problem(name: &str) -> Option<Problem> {
    if name.contains('/') || matches!(name, "." | "..") {
        return problem(format!("the kernel makes a file of the name, and `{name}` cannot be one"));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let bad = name.chars().find(|c| !plain(*c));
    let taken = |problem: Problem| problem.of_lint(ODD_VALUE);
    control_character("name", name).or_else(|| match bad {
        Some(bad) => {
            problem(format!("the name holds {bad:?}; it takes letters, digits, `-`, `_` and `.`")).map(taken)
        }
        None if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) => {
            problem("the name begins with neither a letter nor a digit").map(taken)
        }
        None => None,
    })
}

/// The text goes through lines of `iptables-restore`, where a control character ends or garbles it.
pub(super) fn control_character(what: &str, text: &str) -> Option<Problem> {
    let bad = text.chars().find(|c| c.is_control() && *c != '\t')?;
    problem(format!("the {what} holds the control character {bad:?}"))
}
