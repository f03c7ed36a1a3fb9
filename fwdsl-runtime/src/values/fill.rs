//! Rust values, put into the rules that they stand in.

use super::{Place, RustValues};
use crate::catalogue::{Extension, List};
use crate::diagnostic::Diagnostic;
use crate::expression::{Leaf, read_part, read_value};
use crate::ipset::{Part, SetKind};
use crate::loc::{Loc, Located};
use crate::model::{Action, ELEMENTS_MAX, Element, ElementPart, Model, OptionUse, Set, Value};

/// Replaces every Rust value of a model by what it stands for, and returns what is wrong with the values.
pub(crate) fn fill(model: &mut Model, values: &RustValues) -> Vec<Diagnostic> {
    let mut filling = Filling { values, diagnostics: Vec::new() };
    for rule in model.chains.iter_mut().flat_map(|chain| &mut chain.rules) {
        for entry in &mut rule.matches {
            filling.options(entry.extension, &mut entry.options);
        }
        for verdict in &mut rule.verdicts {
            if let Action::Target { extension, options } = &mut verdict.action {
                filling.options(extension, options);
            }
        }
    }
    for set in &mut model.sets {
        filling.set(set);
    }
    for case in model.assertions.iter_mut().flat_map(|assertion| &mut assertion.cases) {
        for entry in &mut case.matches {
            filling.options(entry.extension, &mut entry.options);
        }
    }
    for sysctl in &mut model.sysctls {
        if let Some(place) = sysctl.rust_value.take() {
            sysctl.value.value = filling.setting(place, sysctl.value_loc);
        }
    }
    filling.diagnostics
}

struct Filling<'a> {
    values: &'a RustValues,
    diagnostics: Vec<Diagnostic>,
}

impl Filling<'_> {
    fn options(&mut self, extension: &Extension, options: &mut [OptionUse]) {
        for option in options {
            if option.values().any(|value| matches!(value, Value::Rust(_))) {
                self.option(extension, option);
            }
        }
    }

    fn option(&mut self, extension: &Extension, option: &mut OptionUse) {
        let before = self.diagnostics.len();
        let mut filled = Vec::new();
        for value in std::mem::take(&mut option.values) {
            match value.value {
                Value::Rust(place) => self.read(extension, option, place, value.loc, &mut filled),
                _ => filled.push(value),
            }
        }
        option.values = filled.into_iter().collect();
        if self.diagnostics.len() == before && option.values.len() > 1 && option.spec.list == List::No {
            let message = format!("`{}` takes one value, not {}", option.spec.name, option.values.len());
            self.diagnostics.push(Diagnostic::error(option.loc, message));
        }
    }

    fn read(
        &mut self,
        extension: &Extension,
        option: &OptionUse,
        place: u8,
        loc: Loc,
        filled: &mut Vec<Located<Value>>,
    ) {
        let kinds = match self.values.get(place) {
            Some(value) => value.written(Place::of(option.spec.value), loc),
            None => Vec::new(),
        };
        if kinds.is_empty() {
            self.diagnostics
                .push(Diagnostic::error(loc, "the Rust value is an empty list, which matches nothing"));
        }
        for kind in kinds {
            let leaf = Leaf { kind, loc, used: None };
            match read_value(extension, option.spec, &leaf) {
                Ok(value) => filled.push(Located::new(value, loc)),
                Err(diagnostic) => {
                    self.diagnostics
                        .push(diagnostic.note("it comes from the Rust value that stands here", None));
                }
            }
        }
    }

    /// Each element with a Rust value becomes as many as the value has items, perhaps none.
    fn set(&mut self, set: &mut Set) {
        let is_rust = |part: &ElementPart| matches!(part, ElementPart::Rust { .. });
        let mut filled = Vec::with_capacity(set.elements.len());
        for element in std::mem::take(&mut set.elements) {
            let has_value = element.parts().any(is_rust);
            match has_value {
                true => filled.extend(self.element(set.kind, &element)),
                false => filled.push(element),
            }
        }
        set.elements = filled;
    }

    fn element(&mut self, kind: &SetKind, element: &Element) -> Vec<Element> {
        let mut choices: Vec<Vec<Located<ElementPart>>> = vec![Vec::new()];
        for (part, wanted) in element.parts.iter().zip(kind.parts) {
            let read = match &part.value {
                ElementPart::Rust { place, word } => self.part(*wanted, *place, word.as_deref(), part.loc),
                _ => vec![part.clone()],
            };
            if read.len().saturating_mul(choices.len()) > ELEMENTS_MAX {
                let message = format!("this stands for more than {ELEMENTS_MAX} elements");
                self.diagnostics.push(Diagnostic::error(element.loc, message));
                return Vec::new();
            }
            choices = choices
                .iter()
                .flat_map(|before| {
                    read.iter().map(move |part| [before.as_slice(), std::slice::from_ref(part)].concat())
                })
                .collect();
        }
        choices.into_iter().map(|parts| Element { parts, ..element.clone() }).collect()
    }

    fn part(&mut self, wanted: Part, place: u8, word: Option<&str>, loc: Loc) -> Vec<Located<ElementPart>> {
        let kinds = match (self.values.get(place), Place::of_part(wanted)) {
            (Some(value), Some(place)) => value.written(place, loc),
            _ => Vec::new(),
        };
        let mut parts = Vec::with_capacity(kinds.len());
        for kind in kinds {
            match read_part(wanted, word, &Leaf { kind, loc, used: None }) {
                Ok(part) => parts.push(Located::new(part, loc)),
                Err((message, help)) => {
                    let diagnostic = Diagnostic::error(loc, message).maybe_help(help);
                    self.diagnostics
                        .push(diagnostic.note("it comes from the Rust value that stands here", None));
                }
            }
        }
        parts
    }

    /// The text of a sysctl's value.
    fn setting(&mut self, place: u8, loc: Loc) -> String {
        let kinds = self.values.get(place).map(|value| value.written(Place::Setting, loc));
        match kinds.as_deref() {
            Some([crate::expression::ExprKind::Text(text)]) => text.clone(),
            _ => {
                self.diagnostics.push(Diagnostic::error(loc, "a sysctl takes one value"));
                String::new()
            }
        }
    }
}
