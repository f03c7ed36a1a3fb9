//! The `let`s of a policy: visible everywhere in it, in any order.

use std::collections::{HashMap, HashSet};

use super::super::ast::{Expr, ExprKind, Let};
use super::super::habits::habit_of_capitals;
use super::super::matches::is_let;
use crate::diagnostic::Diagnostic;
use crate::expression::Leaf;
use crate::loc::{Loc, Located};
use crate::nearest::nearest;

/// The most values that one list may stand for. A few `let`s that double each other would otherwise
/// keep the compiler busy for ever.
const VALUES_MAX: usize = 10_000;

/// The `let`s by name.
pub(super) struct Scope<'a> {
    lets: HashMap<&'a str, &'a Let>,
    /// Those that an error was reported about; their uses are no further errors.
    unusable: HashSet<&'a str>,
    /// The sets that could not be read, likewise.
    broken_sets: &'a [String],
    /// The names of the sets that are there.
    sets: Vec<String>,
}

impl<'a> Scope<'a> {
    /// Collects the `let`s and reports those that are declared twice or name themselves.
    pub(super) fn new(
        lets: &'a [Let],
        broken: &'a [String],
        broken_sets: &'a [String],
        sets: Vec<String>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Scope<'a> {
        let unusable = broken.iter().map(String::as_str).collect();
        let mut scope = Scope { lets: HashMap::new(), unusable, broken_sets, sets };
        for item in lets {
            if let Some(first) = scope.lets.insert(&item.name.value, item) {
                diagnostics.push(
                    Diagnostic::error(item.name.loc, format!("`{}` is defined twice", item.name.value))
                        .note("first defined here", Some(first.name.loc)),
                );
            }
        }
        let cyclic: Vec<&'a Let> = lets.iter().filter(|item| scope.reaches(&item.value, item)).collect();
        let in_one_circle = |a: &'a Let, b: &'a Let| scope.reaches(&a.value, b) && scope.reaches(&b.value, a);
        for (index, item) in cyclic.iter().enumerate() {
            // A circle of several is one mistake.
            if !cyclic[..index].iter().any(|other| in_one_circle(other, item)) {
                let message = format!("`{}` is defined by itself", item.name.value);
                diagnostics.push(Diagnostic::error(item.name.loc, message));
            }
        }
        for item in cyclic {
            scope.lets.remove(item.name.value.as_str());
            scope.unusable.insert(&item.name.value);
        }
        scope
    }

    /// Whether `expr` names `target`, directly or through other `let`s.
    fn reaches(&self, expr: &'a Expr, target: &Let) -> bool {
        let (mut names, mut seen) = (Vec::new(), HashSet::new());
        collect_names(expr, &mut names);
        while let Some(name) = names.pop() {
            let Some(item) = self.lets.get(name) else { continue };
            if std::ptr::eq(*item, target) {
                return true;
            }
            if seen.insert(name) {
                collect_names(&item.value, &mut names);
            }
        }
        false
    }

    /// The values that an expression stands for, and whether they are negated. `None` after a
    /// reported error.
    pub(super) fn leaves(&self, expr: &Expr, diagnostics: &mut Vec<Diagnostic>) -> Option<(bool, Vec<Leaf>)> {
        let mut leaves = Vec::new();
        let mut used = None;
        let mut expr = expr;
        // An argument may be a negation as a whole, too.
        while let ExprKind::Argument { parameter, value } = &expr.kind {
            used.get_or_insert_with(|| (parameter.value.clone(), parameter.loc));
            expr = value;
        }
        let (negated, expr) = match &expr.kind {
            ExprKind::Not(inner) => (true, &**inner),
            // A `let` alone may be a negation as a whole.
            ExprKind::Atom(word) => match self.lets.get(word.as_str()).map(|item| &item.value.kind) {
                Some(ExprKind::Not(inner)) => (true, &**inner),
                _ => (false, expr),
            },
            _ => (false, expr),
        };
        let complete = self.flatten(expr, used.as_ref(), &mut leaves, diagnostics);
        if leaves.len() > VALUES_MAX {
            let message = format!("this stands for more than {VALUES_MAX} values");
            diagnostics.push(Diagnostic::error(expr.loc, message));
            return None;
        }
        complete.map(|()| (negated, leaves))
    }

    fn flatten(
        &self,
        expr: &Expr,
        used: Option<&(String, Loc)>,
        leaves: &mut Vec<Leaf>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<()> {
        if leaves.len() > VALUES_MAX {
            return None;
        }
        match &expr.kind {
            ExprKind::List(list) => {
                let mut complete = Some(());
                for item in list {
                    if self.flatten(item, used, leaves, diagnostics).is_none() {
                        complete = None;
                    }
                    if leaves.len() > VALUES_MAX {
                        break;
                    }
                }
                complete
            }
            ExprKind::Argument { parameter, value } => {
                let used = used.cloned().unwrap_or_else(|| (parameter.value.clone(), parameter.loc));
                self.flatten(value, Some(&used), leaves, diagnostics)
            }
            ExprKind::Not(_) => {
                let loc = used.map_or(expr.loc, |(_, loc)| *loc);
                let help = "`!` negates a whole list: `![a, b]` is none of them";
                diagnostics.push(Diagnostic::error(loc, "a negation inside a list").help(help));
                None
            }
            ExprKind::Atom(word) if is_let(word) && is_identifier(word) => {
                let used = used.cloned().unwrap_or_else(|| (word.clone(), expr.loc));
                match self.lets.get(word.as_str()) {
                    Some(item) => self.flatten(&item.value, Some(&used), leaves, diagnostics),
                    None => self.unknown(word, expr.loc, diagnostics),
                }
            }
            ExprKind::Set { name, .. } if self.broken_sets.contains(name) => None,
            _ => {
                leaves.push(Leaf {
                    kind: self.ends(&expr.kind, diagnostics)?,
                    loc: expr.loc,
                    used: used.cloned(),
                });
                Some(())
            }
        }
    }

    /// The ends of a range may be `let`s too.
    fn ends(&self, kind: &ExprKind, diagnostics: &mut Vec<Diagnostic>) -> Option<ExprKind> {
        let ExprKind::Range(first, last) = kind else { return Some(kind.clone()) };
        let mut end = |end: &Located<String>| {
            let (word, loc) = (&end.value, end.loc);
            if !(is_let(word) && is_identifier(word)) {
                return Some(end.clone());
            }
            match self.lets.get(word.as_str()).map(|item| &item.value.kind) {
                Some(ExprKind::Atom(text) | ExprKind::Text(text)) => Some(Located::new(text.clone(), loc)),
                Some(_) => {
                    let message = format!("`{word}` is not a single value, so no range can end there");
                    diagnostics.push(Diagnostic::error(loc, message));
                    None
                }
                None => self.unknown(word, loc, diagnostics),
            }
        };
        let (first, last) = (end(first), end(last));
        Some(ExprKind::Range(first?, last?))
    }

    /// Reports that there is no such `let`, unless it is there and broken.
    fn unknown<T>(&self, word: &str, loc: Loc, diagnostics: &mut Vec<Diagnostic>) -> Option<T> {
        if self.unusable.contains(word) {
            return None;
        }
        // Sorted, so that among names equally near the same one is offered every time.
        let mut names: Vec<&str> = self.lets.keys().copied().collect();
        names.sort_unstable();
        let help = match nearest(word, names) {
            _ if self.sets.iter().any(|set| set == word) => format!("a set is written `@{word}`"),
            Some(name) => format!("did you mean `{name}`?"),
            None => habit_of_capitals(word).unwrap_or_else(|| {
                format!(
                    "define it with `let {word} = …;`, or, if it is a name in capitals, quote it: \"{word}\""
                )
            }),
        };
        diagnostics.push(Diagnostic::error(loc, format!("unknown `let` `{word}`")).help(help));
        None
    }
}

/// The words in an expression, which may be names of `let`s.
fn collect_names<'a>(expr: &'a Expr, names: &mut Vec<&'a str>) {
    match &expr.kind {
        ExprKind::Atom(word) => names.push(word),
        ExprKind::List(list) => list.iter().for_each(|expr| collect_names(expr, names)),
        ExprKind::Not(expr) | ExprKind::Argument { value: expr, .. } => collect_names(expr, names),
        // An endpoint stands in an option only, where no `let` is defined.
        ExprKind::Endpoint { .. }
        | ExprKind::Text(_)
        | ExprKind::Range(..)
        | ExprKind::Flags { .. }
        | ExprKind::Set { .. }
        | ExprKind::Rust(_) => {}
    }
}

fn is_identifier(word: &str) -> bool {
    word.chars().all(|c| c.is_alphanumeric() || c == '_')
}
