//! Sets: parameters and elements, read as what the kind wants.

use super::super::ast::{self, Expr, ExprKind};
use super::Resolver;
use crate::diagnostic::Diagnostic;
use crate::expression::{
    Leaf, Problem, example, form, parse_number, read_address, read_number, read_part, read_ports, wanted,
};
use crate::ipset::{Part, SetKind};
use crate::loc::{Loc, Located};
use crate::model::{ELEMENTS_MAX, Element, ElementOption, ElementPart, Set, SetOption};

impl Resolver<'_> {
    pub(super) fn resolve_set(&mut self, set: ast::Set) -> Set {
        let ast::Set { marks: _, name, kind, families, foreign, words, elements } = set;
        let options = words.into_iter().filter_map(|word| self.set_option(kind, word)).collect();
        let elements = elements.into_iter().flat_map(|element| self.elements(kind, element)).collect();
        Set { name: name.value, kind, families, foreign, options, elements, loc: name.loc }
    }

    fn set_option(&mut self, kind: &SetKind, word: ast::SetWord) -> Option<Located<SetOption>> {
        let leaf = match &word.value {
            Some(expr) => Some(self.only_leaf(&word.word, expr)?),
            None => None,
        };
        let option = match (word.word.as_str(), leaf) {
            ("counters", _) => Ok(SetOption::Counters),
            ("comment", _) => Ok(SetOption::Comment),
            ("skbinfo", _) => Ok(SetOption::SkbInfo),
            ("forceadd", _) => Ok(SetOption::ForceAdd),
            ("keep", _) => Ok(SetOption::Keep),
            (_, None) => return None,
            ("timeout", Some(leaf)) => read_seconds(&leaf).map(SetOption::Timeout),
            ("hashsize", Some(leaf)) => read_number("hashsize", &leaf).map(SetOption::HashSize),
            ("maxelem", Some(leaf)) => read_number("maxelem", &leaf).map(SetOption::MaxElem),
            ("bucketsize", Some(leaf)) => read_number("bucketsize", &leaf).map(SetOption::BucketSize),
            ("netmask", Some(leaf)) => read_number("netmask", &leaf).map(SetOption::Netmask),
            ("markmask", Some(leaf)) => read_number("markmask", &leaf).map(SetOption::MarkMask),
            (_, Some(leaf)) => read_range(kind, &leaf),
        };
        self.located(option, word.loc)
    }

    /// Reports a problem, or puts a value and its place together.
    fn located<T>(&mut self, read: Result<T, Problem>, loc: Loc) -> Option<Located<T>> {
        match read {
            Ok(value) => Some(Located::new(value, loc)),
            Err((message, help)) => {
                self.diagnostics.push(Diagnostic::error(loc, message).maybe_help(help));
                None
            }
        }
    }

    fn only_leaf(&mut self, word: &str, expr: &Expr) -> Option<Leaf> {
        let mut leaves = self.all_leaves(expr)?;
        if leaves.len() == 1 {
            return leaves.pop();
        }
        let message = format!("`{word}` takes one value, not {}", leaves.len());
        self.diagnostics.push(Diagnostic::error(expr.loc, message));
        None
    }

    fn all_leaves(&mut self, expr: &Expr) -> Option<Vec<Leaf>> {
        let (negated, leaves) = self.scope.leaves(expr, self.diagnostics)?;
        if negated {
            let help = "an element that is taken out of a larger one: `10.1.0.0/16 nomatch`";
            self.diagnostics.push(Diagnostic::error(expr.loc, "a negation in a set").help(help));
            return None;
        }
        Some(leaves)
    }

    /// The elements that a written one stands for: lists in its parts make several.
    fn elements(&mut self, kind: &SetKind, element: ast::Element) -> Vec<Element> {
        let ast::Element { parts, words, loc } = element;
        let optional = kind.name == "bitmap:ip,mac" && parts.len() == 1;
        if parts.len() != kind.parts.len() && !optional {
            self.wrong_number(kind, parts.len(), loc);
            return Vec::new();
        }
        let mut options = Vec::new();
        let mut complete = true;
        for word in words {
            match self.element_option(word) {
                Some(option) => options.push(option),
                None => complete = false,
            }
        }
        let mut choices = vec![Vec::new()];
        for (part, written) in kind.parts.iter().zip(&parts) {
            let Some(read) = self.part(*part, written) else {
                complete = false;
                continue;
            };
            if read.len().saturating_mul(choices.len()) > ELEMENTS_MAX {
                let message = format!("this stands for more than {ELEMENTS_MAX} elements");
                self.diagnostics.push(Diagnostic::error(loc, message));
                return Vec::new();
            }
            choices = choices
                .iter()
                .flat_map(|before: &Vec<Located<ElementPart>>| {
                    read.iter().map(move |part| before.iter().cloned().chain([part.clone()]).collect())
                })
                .collect();
        }
        if !complete {
            return Vec::new();
        }
        choices.into_iter().map(|parts| Element { parts, options: options.clone(), loc }).collect()
    }

    fn wrong_number(&mut self, kind: &SetKind, found: usize, loc: Loc) {
        let wanted: Vec<&str> = kind.parts.iter().map(|part| example(*part)).collect();
        let help = match wanted.as_slice() {
            [one] => format!("such as `{one}`"),
            _ => format!("such as `({})`", wanted.join(", ")),
        };
        let parts = |count: usize| if count == 1 { "one part".to_owned() } else { format!("{count} parts") };
        let message = format!(
            "an element of `{}` has {}, and this has {}",
            kind.word(),
            parts(kind.parts.len()),
            parts(found)
        );
        self.diagnostics.push(Diagnostic::error(loc, message).help(help));
    }

    fn element_option(&mut self, word: ast::SetWord) -> Option<Located<ElementOption>> {
        let leaf = match &word.value {
            Some(expr) => Some(self.only_leaf(&word.word, expr)?),
            None => None,
        };
        let option = match (word.word.as_str(), leaf) {
            ("timeout", Some(leaf)) => read_seconds(&leaf).map(ElementOption::Timeout),
            ("comment", Some(Leaf { kind: ExprKind::Text(text), .. })) => Ok(ElementOption::Comment(text)),
            ("comment", Some(leaf)) => {
                Err((format!("a comment is a string, and this is {}", form(&leaf.kind)), None))
            }
            ("skbmark", Some(leaf)) => read_mark_and_mask(&leaf),
            ("skbprio", Some(leaf)) => read_class(&leaf),
            ("skbqueue", Some(leaf)) => read_number("skbqueue", &leaf).and_then(|number| {
                let queue =
                    u16::try_from(number).map_err(|_| (format!("queue {number} is over 65535"), None));
                queue.map(ElementOption::SkbQueue)
            }),
            _ => Ok(ElementOption::NoMatch),
        };
        self.located(option, word.loc)
    }

    fn part(&mut self, part: Part, written: &ast::SetArgument) -> Option<Vec<Located<ElementPart>>> {
        let leaves = self.all_leaves(&written.value)?;
        let word = match (&written.before, part) {
            (Some(word), Part::Service) => Some(word),
            (Some(word), Part::Interface) if word.value == "physdev" => Some(word),
            (Some(word), _) => {
                let message = format!("`{}` before {}", word.value, wanted(part));
                let help = format!("write it alone, such as `{}`", example(part));
                self.diagnostics.push(Diagnostic::error(word.loc, message).help(help));
                return None;
            }
            (None, _) => None,
        };
        let mut read = Vec::new();
        for leaf in &leaves {
            let word = word.map(|word| word.value.as_str());
            if let ExprKind::Rust(number) = leaf.kind {
                match self.places.of_part(number, part, leaf.loc) {
                    Ok(place) => {
                        let value = ElementPart::Rust { place, word: word.map(str::to_owned) };
                        read.push(Located::new(value, leaf.loc));
                    }
                    Err(diagnostic) => self.diagnostics.push(diagnostic),
                }
                continue;
            }
            let value = read_part(part, word, leaf);
            let value = match (value, &leaf.used) {
                (Err((message, help)), Some((name, loc))) => {
                    let note = format!("used here through `{name}`");
                    let error = Diagnostic::error(leaf.loc, message).maybe_help(help);
                    self.diagnostics.push(error.note(note, Some(*loc)));
                    None
                }
                (value, _) => self.located(value, leaf.loc),
            };
            read.extend(value);
        }
        (read.len() == leaves.len()).then_some(read)
    }
}

/// `10m`, `1h`, `600`
fn read_seconds(leaf: &Leaf) -> Result<u64, Problem> {
    let text = match &leaf.kind {
        ExprKind::Atom(text) => text.as_str(),
        other => return Err((format!("expected a time, found {}", form(other)), None)),
    };
    let (digits, unit) = match text.find(|c: char| !c.is_ascii_digit() && c != '_') {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let factor = match unit {
        "" | "s" => Some(1),
        "m" | "min" => Some(60),
        "h" => Some(3600),
        "d" => Some(86_400),
        _ => None,
    };
    let number: Option<u64> = digits.replace('_', "").parse().ok();
    match (number, factor) {
        (Some(number), Some(factor)) => Ok(number.saturating_mul(factor)),
        _ => {
            let help = "such as `600`, `10m`, `1h` or `1d`".to_owned();
            Err((format!("`{text}` is not a time"), Some(help)))
        }
    }
}

fn read_mark_and_mask(leaf: &Leaf) -> Result<ElementOption, Problem> {
    let problem = || {
        let help = "a mark, and a mask if there is one: `0x1/0xff`".to_owned();
        (format!("{} is not a mark", form(&leaf.kind)), Some(help))
    };
    let ExprKind::Atom(text) = &leaf.kind else { return Err(problem()) };
    let (mark, mask) = text.split_once('/').unwrap_or((text, "0xffffffff"));
    let number = |text| parse_number(text).and_then(|number| u32::try_from(number).ok()).ok_or_else(problem);
    Ok(ElementOption::SkbMark(number(mark)?, number(mask)?))
}

/// `1:10`: a class of tc(8), its numbers in hexadecimal.
fn read_class(leaf: &Leaf) -> Result<ElementOption, Problem> {
    let problem = || {
        let help = "two numbers in hexadecimal, as in tc: `1:10`, or \"1:10\"".to_owned();
        (format!("{} is not a class of traffic control", form(&leaf.kind)), Some(help))
    };
    let (ExprKind::Atom(text) | ExprKind::Text(text)) = &leaf.kind else { return Err(problem()) };
    let (major, minor) = text.split_once(':').ok_or_else(problem)?;
    let number = |text| u16::from_str_radix(text, 16).map_err(|_| problem());
    Ok(ElementOption::SkbPrio(number(major)?, number(minor)?))
}

/// The range of a bitmap: addresses, or ports.
fn read_range(kind: &SetKind, leaf: &Leaf) -> Result<SetOption, Problem> {
    match kind.parts {
        [Part::Port] => read_ports(&leaf.kind).map(SetOption::PortRange),
        _ => read_address(&leaf.kind).map(SetOption::AddressRange),
    }
}
