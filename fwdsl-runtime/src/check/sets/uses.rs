//! References to sets: in a rule's own conditions, in `set(…)` as a match, and in `set(…)` as a verdict.

use super::{members, unknown_set};
use crate::catalogue::{TCP_NUMBER, UDP_NUMBER};
use crate::diagnostic::Diagnostic;
use crate::ipset::{Method, Part};
use crate::loc::Loc;
use crate::model::{Chain, Match, Model, OptionUse, Set, SetOption, SetRef, Value};
use crate::table::TableName;

/// The most directions that iptables takes.
const DIRECTIONS_MAX: usize = 6;

/// `from @NAME`, `dport @NAME`: a set of one part, of the right kind. `asked` are the protocols that the rule asks for.
pub(in super::super) fn check_field(
    model: &Model,
    option: &OptionUse,
    asked: Option<&[u8]>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let is_port = matches!(option.spec.name, "sport" | "dport" | "sports" | "dports");
    for (used, loc) in references(option) {
        let Some(set) = model.set(&used.name) else {
            diagnostics.push(unknown_set(model, &used.name, loc));
            continue;
        };
        let word = option.spec.name;
        match wrong_kind(model, set, is_port) {
            Some(wrong) if wrong.kind.method == Method::Unknown => {
                let message =
                    format!("of `{}` only the name is known, and `{word}` wants the kind", wrong.name);
                let side = if matches!(word, "from" | "sport" | "sports") { "src" } else { "dst" };
                let help =
                    format!("declare it, `foreign set {}: KIND;`, or write `set(@{0} {side})`", wrong.name);
                diagnostics.push(Diagnostic::error(loc, message).help(help));
            }
            Some(wrong) if wrong.kind.parts.len() > 1 => {
                let directions = vec!["src"; wrong.kind.parts.len()].join(",");
                let message = format!(
                    "the elements of `{}` have {} parts (`{}`), and `{word}` looks at one",
                    wrong.name,
                    wrong.kind.parts.len(),
                    wrong.kind.word()
                );
                let help = format!("say what each is compared with: `set(@{} {directions})`", used.name);
                diagnostics.push(Diagnostic::error(loc, message).help(help));
            }
            Some(wrong) => {
                let message =
                    format!("`{word}` cannot be in `{}`, a set of kind `{}`", wrong.name, wrong.kind.word());
                let help = match wrong.kind.parts {
                    _ if is_port => "a set of ports has the kind `port`",
                    [Part::Port] => "a port is matched by `tcp dport @…`",
                    _ => "use `set(@… src)`",
                };
                diagnostics.push(Diagnostic::error(loc, message).help(help));
            }
            None => {}
        }
        let others =
            asked.unwrap_or_default().iter().any(|number| ![TCP_NUMBER, UDP_NUMBER].contains(number));
        if is_port && others {
            let message =
                format!("the kernel finds ports of TCP and UDP alone in a set such as `{}`", set.name);
            diagnostics.push(Diagnostic::error(loc, message).help("`tcp|udp dport @…`, or a list of ports"));
        }
    }
}

/// The set, or the one in it if it is a list, that a field cannot be looked up in.
fn wrong_kind<'a>(model: &'a Model, set: &'a Set, is_port: bool) -> Option<&'a Set> {
    let fits = |set: &Set| match set.kind.parts {
        [Part::Port] => is_port,
        [Part::Ip | Part::Net] => !is_port,
        _ => false,
    };
    if set.kind.method == Method::List {
        return members(model, set).find(|member| !fits(member));
    }
    (!fits(set)).then_some(set)
}

/// `set(@NAME src,dst, …)`
pub(in super::super) fn check_match(model: &Model, entry: &Match, diagnostics: &mut Vec<Diagnostic>) {
    entry.options.iter().for_each(|option| check_references(model, option, diagnostics));
}

/// `set(add @NAME src, …)`
pub(in super::super) fn check_target(
    model: &Model,
    chain: &Chain,
    options: &[OptionUse],
    diagnostics: &mut Vec<Diagnostic>,
) {
    options.iter().for_each(|option| check_references(model, option, diagnostics));
    let find = |name: &str| options.iter().find(|option| option.spec.name == name);
    if let Some(map) = find("map") {
        if chain.table != TableName::Mangle {
            diagnostics.push(Diagnostic::error(map.loc, "the kernel takes `map` in table `mangle` only"));
        }
        check_declared_with(model, map, &SetOption::SkbInfo, diagnostics);
    }
    if let (Some(timeout), Some(add)) = (find("timeout"), find("add")) {
        for (used, _) in references(add) {
            let set = model.set(&used.name).filter(|set| !set.foreign && set.kind.method != Method::List);
            if set.is_some_and(|set| set.timeout().is_none()) {
                let message = format!("`timeout` of elements of `{}`, which has none", used.name);
                let help = "declare the set with `timeout 0` to let single elements have one";
                diagnostics.push(Diagnostic::error(timeout.loc, message).help(help));
            }
        }
    }
}

fn check_declared_with(
    model: &Model,
    option: &OptionUse,
    wanted: &SetOption,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (used, loc) in references(option) {
        let set = model.set(&used.name).filter(|set| !set.foreign && set.kind.method != Method::List);
        if set.is_some_and(|set| !set.has(wanted)) {
            let message = format!("set `{}` was not declared with `{}`", used.name, wanted.word());
            diagnostics.push(Diagnostic::error(loc, message));
        }
    }
}

/// A set that exists, with a direction for each part of its elements.
fn check_references(model: &Model, option: &OptionUse, diagnostics: &mut Vec<Diagnostic>) {
    for (used, loc) in references(option) {
        let Some(set) = model.set(&used.name) else {
            diagnostics.push(unknown_set(model, &used.name, loc));
            continue;
        };
        let (wanted, given) = (set.kind.parts.len(), used.directions.len());
        if given > DIRECTIONS_MAX {
            let message = format!("iptables takes at most {DIRECTIONS_MAX} directions, and this has {given}");
            diagnostics.push(Diagnostic::error(loc, message));
        } else if set.kind.method == Method::Unknown {
            // As many as others have given its elements parts.
        } else if set.kind.method == Method::List {
            // Sets of a list that want more directions are passed over.
            if let Some(member) = members(model, set).find(|member| member.kind.parts.len() > given) {
                let message = format!(
                    "set `{}` in the list has {} parts, so it is never looked at",
                    member.name,
                    member.kind.parts.len()
                );
                diagnostics.push(Diagnostic::error(loc, message).help("write a direction for each of them"));
            }
        } else if wanted != given {
            let message = format!(
                "the elements of `{}` have {wanted} part{} (`{}`), and this has {given} direction{}",
                set.name,
                if wanted == 1 { "" } else { "s" },
                set.kind.word(),
                if given == 1 { "" } else { "s" },
            );
            let help =
                format!("one `src` or `dst` for each: `@{} {}`", set.name, vec!["src"; wanted].join(","));
            diagnostics.push(Diagnostic::error(loc, message).help(help));
        }
    }
}

fn references(option: &OptionUse) -> impl Iterator<Item = (&SetRef, Loc)> {
    option.values.iter().filter_map(|value| match &value.value {
        Value::Set(used) => Some((used, value.loc)),
        _ => None,
    })
}
