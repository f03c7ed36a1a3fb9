//! Templates and fragments: each call becomes the statements or items that it stands for.
//!
//! What comes after knows nothing of them, but for the note that [`Loc`]'s origin puts under each message.

mod copy;
mod items;

use std::collections::{BTreeMap, HashMap};

use super::ast::{Call, Callee, Expr, Policy, Statement, Template};
use super::fragment::{self, Settled};
use super::resolve::check_levels;
use crate::diagnostic::Diagnostic;
use crate::loc::{Expansion, Loc, Located};
use crate::nearest::nearest;
use copy::Copier;

/// How many statements all expansions of a policy may have together. A few templates that double each other
/// would otherwise keep the compiler busy for ever.
const STATEMENTS_MAX: usize = 100_000;

/// The fragments that were read as statements, by their number.
pub(super) type FragmentBodies = BTreeMap<usize, fragment::Parsed<Vec<Statement>>>;

/// Replaces every call in a policy, and gives back the expansions that [`Loc`]s speak of.
pub(super) fn expand(
    policy: &mut Policy,
    bodies: &FragmentBodies,
    settled: &Settled,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Expansion> {
    let mut expansions = Vec::new();
    items::merge_uses(policy, settled, &mut expansions, diagnostics);
    let templates = std::mem::take(&mut policy.templates);
    templates.iter().for_each(|template| check_levels(&template.marks.levels, diagnostics));
    let mut expander = Expander {
        templates: by_name(&templates, diagnostics),
        bodies,
        settled,
        expansions,
        stack: Vec::new(),
        statements: 0,
        diagnostics,
    };
    for chain in &mut policy.chains {
        let body = std::mem::take(&mut chain.body);
        chain.body = expander.body(body);
    }
    expander.expansions
}

fn by_name<'a>(
    templates: &'a [Template],
    diagnostics: &mut Vec<Diagnostic>,
) -> HashMap<&'a str, &'a Template> {
    let mut found: HashMap<&str, &Template> = HashMap::new();
    for template in templates {
        let name = &template.name;
        match found.get(name.value.as_str()) {
            None => {
                found.insert(&name.value, template);
            }
            Some(first) => diagnostics.push(
                Diagnostic::error(name.loc, format!("template `{}` is defined twice", name.value))
                    .note("first defined here", Some(first.name.loc)),
            ),
        }
    }
    found
}

struct Expander<'a> {
    templates: HashMap<&'a str, &'a Template>,
    bodies: &'a FragmentBodies,
    settled: &'a Settled,
    expansions: Vec<Expansion>,
    /// The templates that are being expanded, the innermost last.
    stack: Vec<&'a str>,
    /// How many statements have been made.
    statements: usize,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Expander<'a> {
    fn body(&mut self, body: Vec<Statement>) -> Vec<Statement> {
        body.into_iter().filter_map(|statement| self.statement(statement)).collect()
    }

    fn statement(&mut self, statement: Statement) -> Option<Statement> {
        match statement {
            Statement::Block { matches, marks, body } => {
                Some(Statement::Block { matches, marks, body: self.body(body) })
            }
            Statement::Call(call) => self.call(call),
            rule @ Statement::Rule(_) => Some(rule),
        }
    }

    /// A block without matches that holds what the call stands for; `None` after a reported error.
    fn call(&mut self, call: Call) -> Option<Statement> {
        let (name, parameters, body): (Option<&'a str>, &'a [Located<String>], &'a [Statement]) =
            match &call.callee {
                Callee::Template(name) => {
                    let Some(template) = self.templates.get(name.as_str()).copied() else {
                        self.diagnostics.push(self.unknown(name, call.loc));
                        return None;
                    };
                    (Some(&template.name.value), &template.parameters, &template.body)
                }
                // One that could not be read has been reported.
                Callee::Fragment(number) => {
                    let parsed = self.bodies.get(number)?;
                    (None, &parsed.parameters, &parsed.content)
                }
            };
        if let Some(name) = name
            && let Some(first) = self.stack.iter().position(|other| *other == name)
        {
            let mut circle = self.stack[first..].to_vec();
            circle.push(name);
            let message = format!("template `{name}` expands to itself: {}", circle.join(" → "));
            self.diagnostics.push(Diagnostic::error(call.loc, message));
            return None;
        }
        let what = what(&call.callee, self.settled);
        let arguments = bind(&call, &what, parameters, self.diagnostics)?;
        self.statements += body.len();
        if self.statements > STATEMENTS_MAX {
            // Said once.
            if self.statements - body.len() <= STATEMENTS_MAX {
                let message = format!("templates expand to more than {STATEMENTS_MAX} statements");
                self.diagnostics.push(Diagnostic::error(call.loc, message));
            }
            return None;
        }
        let origin = note_expansion(&mut self.expansions, what, call.loc);
        let copied = Copier { arguments: &arguments, origin, diagnostics: self.diagnostics }.body(body);
        self.stack.extend(name);
        let body = self.body(copied);
        if name.is_some() {
            self.stack.pop();
        }
        Some(Statement::Block { matches: Vec::new(), marks: call.marks, body })
    }

    fn unknown(&self, name: &str, loc: Loc) -> Diagnostic {
        let mut names: Vec<&str> = self.templates.keys().copied().collect();
        // Sorted, so that among names equally near the same one is offered every time.
        names.sort_unstable();
        let help = match nearest(name, names) {
            Some(near) => Some(format!("did you mean `{near}`?")),
            None if crate::catalogue::find_match(name).is_some() => {
                Some(format!("as a match it wants a verdict behind it: `{name}(…) => accept;`"))
            }
            None if crate::catalogue::find_target(name).is_some() => {
                Some(format!("a verdict stands after `=>`: `_ => {name}(…);`"))
            }
            None => Some(format!("define it with `fn {name}(…) {{ … }}` at the policy's top level")),
        };
        Diagnostic::error(loc, format!("unknown template `{name}`")).maybe_help(help)
    }
}

/// What a callee is called in messages.
fn what(callee: &Callee, settled: &Settled) -> String {
    match callee {
        Callee::Template(name) => format!("template `{name}`"),
        Callee::Fragment(number) => {
            let path = settled.fragments.get(*number).map_or("", |fragment| fragment.shown_path());
            format!("fragment `{path}`")
        }
    }
}

/// The arguments of a call by the names of the parameters; `None` if their numbers differ.
fn bind(
    call: &Call,
    what: &str,
    parameters: &[Located<String>],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<HashMap<String, Expr>> {
    if parameters.len() != call.arguments.len() {
        let names: Vec<&str> = parameters.iter().map(|parameter| parameter.value.as_str()).collect();
        let takes = match names.len() {
            0 => "no arguments".to_owned(),
            1 => format!("one argument (`{}`)", names[0]),
            count => format!("{count} arguments (`{}`)", names.join("`, `")),
        };
        let message = format!("{what} takes {takes}, not {}", call.arguments.len());
        let mut diagnostic = Diagnostic::error(call.loc, message);
        if let Some(first) = parameters.first() {
            diagnostic = diagnostic.note("its parameters", Some(first.loc));
        }
        diagnostics.push(diagnostic);
        return None;
    }
    let names = parameters.iter().map(|parameter| parameter.value.clone());
    Some(names.zip(call.arguments.iter().cloned()).collect())
}

/// Takes note of an expansion and gives back its number.
fn note_expansion(expansions: &mut Vec<Expansion>, what: String, call: Loc) -> u32 {
    expansions.push(Expansion { what, call });
    u32::try_from(expansions.len()).unwrap_or(u32::MAX)
}
