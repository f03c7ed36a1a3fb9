//! Sets: whatever ipset would refuse, and references to what is no such set.

mod elements;
mod options;
mod uses;

use crate::diagnostic::Diagnostic;
use crate::family::FamilySet;
use crate::ipset::{Method, NAME_MAX_BYTES, SUFFIX_BYTES};
use crate::lower::set_families;
use crate::model::{Element, ElementPart, Model, Set};
use crate::nearest::nearest;

pub(super) use uses::{check_field, check_match, check_target};

/// Checks the declarations.
pub(super) fn check_sets(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    for (index, set) in model.sets().iter().enumerate() {
        check_name(set, diagnostics);
        if let Some(first) = model.sets()[..index].iter().find(|first| first.name == set.name) {
            let message = format!("set `{}` is declared twice", set.name);
            diagnostics
                .push(Diagnostic::error(set.loc, message).note("first declared here", Some(first.loc)));
        }
        check_family(model, set, diagnostics);
        let before = diagnostics.len();
        options::check_options(set, diagnostics);
        if set.kind.method == Method::List {
            check_members(model, set, diagnostics);
        } else {
            elements::check_parts(model, set, diagnostics);
        }
        // Counting and comparing make sense of elements that are sound.
        if diagnostics.len() == before && set.kind.method != Method::List {
            elements::check_together(model, set, diagnostics);
        }
    }
}

fn check_name(set: &Set, diagnostics: &mut Vec<Diagnostic>) {
    let name = set.name.as_str();
    let (most, why) = if set.foreign {
        (NAME_MAX_BYTES, "ipset takes")
    } else {
        (NAME_MAX_BYTES - SUFFIX_BYTES, "with what fwdsl adds to it, ipset takes")
    };
    let message = if name.is_empty() {
        "a set without a name".to_owned()
    } else if name.len() > most {
        format!("the set name `{name}` is {} bytes long, and {why} at most {most}", name.len())
    } else if name.starts_with(['-', '!', '#']) {
        format!("a set name cannot begin with `{}`", &name[..1])
    } else if let Some(bad) =
        name.chars().find(|c| c.is_whitespace() || c.is_control() || ['"', ',', '\\'].contains(c))
    {
        format!("a set name cannot hold {bad:?}")
    } else {
        return;
    };
    diagnostics.push(Diagnostic::error(set.loc, message));
}

fn check_family(model: &Model, set: &Set, diagnostics: &mut Vec<Diagnostic>) {
    let families = set_families(model, set);
    if families.is_empty() {
        let message = format!("set `{}` is for no family", set.name);
        let help = if set.kind.is_ipv4_alone() {
            "its kind holds IPv4 addresses alone"
        } else {
            "its own `family` and that of the policy exclude each other"
        };
        diagnostics.push(Diagnostic::error(set.loc, message).help(help));
    }
    if set.foreign && set.kind.has_family() && families == FamilySet::BOTH {
        let message = format!("a set of others is of one family, and `{}` is declared for both", set.name);
        let help = format!("`foreign set {}: {} family ipv4;`", set.name, set.kind.word());
        diagnostics.push(Diagnostic::error(set.loc, message).help(help));
    }
}

/// The sets in a list: they exist, and are no lists.
fn check_members(model: &Model, set: &Set, diagnostics: &mut Vec<Diagnostic>) {
    for element in &set.elements {
        for part in &element.parts {
            let ElementPart::Set(name) = &part.value else {
                diagnostics.push(Diagnostic::error(part.loc, "a list holds sets").help("such as `@NAME`"));
                continue;
            };
            match model.set(name) {
                None => diagnostics.push(unknown_set(model, name, part.loc)),
                Some(member) if member.kind.method == Method::List => {
                    let message = format!("`{name}` is a list too, and the kernel takes no list in a list");
                    let diagnostic = Diagnostic::error(part.loc, message);
                    diagnostics.push(diagnostic.help(format!("name the sets that are in `{name}`")));
                }
                Some(_) => {}
            }
        }
        elements::check_element_options(set, element, diagnostics);
    }
}

/// Says that there is no such set.
fn unknown_set(model: &Model, name: &str, loc: crate::loc::Loc) -> Diagnostic {
    let help = match nearest(name, model.sets().iter().map(Set::name)) {
        Some(other) => format!("did you mean `@{other}`?"),
        None => format!(
            "declare it, `set {name}: net {{ … }}`, or, if others make it, `foreign set {name}: net family ipv4;`"
        ),
    };
    Diagnostic::error(loc, format!("unknown set `@{name}`")).help(help)
}

/// The sets that a list holds, as far as they are declared.
fn members<'a>(model: &'a Model, list: &'a Set) -> impl Iterator<Item = &'a Set> {
    let parts = list.elements.iter().flat_map(Element::parts);
    parts.filter_map(|part| if let ElementPart::Set(name) = part { model.set(name) } else { None })
}
