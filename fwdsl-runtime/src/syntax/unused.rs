//! Definitions of a policy that nothing uses.
//!
//! What a fragment brings along is for whoever wants it, so only the policy's own definitions are looked at; uses are
//! looked for everywhere, in fragments and in what a `#[cfg(…)]` takes out as well.

use std::collections::HashSet;

use super::ast::{
    Action, Call, Chain, Element, Expr, ExprKind, Marks, Match, OptionUse, Policy, SetArgument, SetWord,
    Statement, Verdict,
};
use super::expand::FragmentBodies;
use crate::diagnostic::Diagnostic;
use crate::lint::{self, Level, LevelSetting, UNUSED_DEFINITION};
use crate::loc::{Loc, Located};

/// A definition that nothing uses.
pub(super) struct Unused {
    what: String,
    name: String,
    loc: Loc,
    levels: Vec<LevelSetting>,
}

/// Finds them in a policy before its calls are expanded. `absent` are the words that a `#[cfg(…)]` takes out.
pub(super) fn find_unused(policy: &Policy, bodies: &FragmentBodies, absent: &HashSet<String>) -> Vec<Unused> {
    let mut words = Words(HashSet::new());
    words.of_policy(policy);
    for parsed in bodies.values() {
        words.of_body(&parsed.content);
    }
    let is_used = |name: &str| name.starts_with('_') || words.0.contains(name) || absent.contains(name);
    let mut unused = Vec::new();
    let mut add = |what: String, name: &Located<String>, marks: &Marks| {
        let levels = marks.levels.iter().map(|level| level.value.clone()).collect();
        unused.push(Unused { what, name: name.value.clone(), loc: name.loc, levels });
    };
    for item in policy.lets.iter().filter(|item| !is_used(&item.name.value)) {
        add(format!("`let {}`", item.name.value), &item.name, &item.marks);
    }
    for set in policy.sets.iter().filter(|set| !is_used(&set.name.value)) {
        add(format!("set `{}`", set.name.value), &set.name, &set.marks);
    }
    for template in &policy.templates {
        let name = &template.name.value;
        if !is_used(name) {
            add(format!("template `{name}`"), &template.name, &template.marks);
        }
        let mut inside = Words(HashSet::new());
        inside.of_body(&template.body);
        for parameter in &template.parameters {
            let used = parameter.value.starts_with('_')
                || inside.0.contains(parameter.value.as_str())
                || absent.contains(&parameter.value);
            if !used {
                let what = format!("parameter `{}` of template `{name}`", parameter.value);
                add(what, parameter, &template.marks);
            }
        }
    }
    unused
}

/// Reports them, at the levels that hold for them.
pub(super) fn report_unused(
    unused: Vec<Unused>,
    of_policy: &[LevelSetting],
    diagnostics: &mut Vec<Diagnostic>,
) {
    for Unused { what, name, loc, levels } in unused {
        let level = lint::level(UNUSED_DEFINITION, [&levels[..], of_policy]);
        if level != Level::Allow {
            let message = format!("{what} is never used");
            let help = format!("leave it out, or call it `_{name}` if that is meant");
            diagnostics.push(Diagnostic::lint(UNUSED_DEFINITION, level, loc, message).help(help));
        }
    }
}

/// The words in a syntax tree that may be names.
struct Words<'a>(HashSet<&'a str>);

impl<'a> Words<'a> {
    fn of_policy(&mut self, policy: &'a Policy) {
        for item in &policy.lets {
            self.of_expr(&item.value);
        }
        for set in &policy.sets {
            self.of_set_words(&set.words);
            for Element { parts, words, .. } in &set.elements {
                for SetArgument { value, .. } in parts {
                    self.of_expr(value);
                }
                self.of_set_words(words);
            }
        }
        self.0.extend(policy.sysctls.iter().map(|sysctl| sysctl.value.value.as_str()));
        for Chain { body, .. } in &policy.chains {
            self.of_body(body);
        }
        for template in &policy.templates {
            self.of_body(&template.body);
        }
        for case in policy.asserts.iter().flat_map(|assert| &assert.cases) {
            self.of_matches(&case.matches);
        }
        for used in &policy.uses {
            self.of_call(&used.call);
            self.of_policy(&used.items);
        }
    }

    fn of_body(&mut self, body: &'a [Statement]) {
        for statement in body {
            match statement {
                Statement::Rule(rule) => {
                    self.of_matches(&rule.matches);
                    self.of_verdicts(&rule.verdicts);
                }
                Statement::Block { matches, body, .. } => {
                    self.of_matches(matches);
                    self.of_body(body);
                }
                Statement::Call(call) => self.of_call(call),
            }
        }
    }

    fn of_call(&mut self, call: &'a Call) {
        if let super::ast::Callee::Template(name) = &call.callee {
            self.0.insert(name);
        }
        call.arguments.iter().for_each(|argument| self.of_expr(argument));
    }

    fn of_matches(&mut self, matches: &'a [Match]) {
        matches.iter().for_each(|entry| self.of_options(&entry.options));
    }

    fn of_verdicts(&mut self, verdicts: &'a [Verdict]) {
        for verdict in verdicts {
            match &verdict.action {
                Action::Jump(name) | Action::Goto(name) => _ = self.0.insert(name),
                Action::Target { options, .. } => self.of_options(options),
            }
        }
    }

    fn of_options(&mut self, options: &'a [OptionUse]) {
        options.iter().filter_map(|option| option.value.as_ref()).for_each(|value| self.of_expr(value));
    }

    fn of_set_words(&mut self, words: &'a [SetWord]) {
        words.iter().filter_map(|word| word.value.as_ref()).for_each(|value| self.of_expr(value));
    }

    fn of_expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Atom(word) | ExprKind::Text(word) | ExprKind::Set { name: word, .. } => {
                self.0.insert(word);
            }
            ExprKind::Range(first, last) => self.0.extend([first.value.as_str(), last.value.as_str()]),
            ExprKind::List(list) => list.iter().for_each(|expr| self.of_expr(expr)),
            ExprKind::Not(inner) | ExprKind::Argument { value: inner, .. } => self.of_expr(inner),
            ExprKind::Endpoint { address, ports, base } => {
                [address, ports].into_iter().flatten().for_each(|part| self.of_expr(part));
                self.0.extend(base.as_ref().map(|base| base.value.as_str()));
            }
            ExprKind::Flags { set, mask } => self.0.extend([set.as_str(), mask.as_str()]),
            ExprKind::Rust(_) => {}
        }
    }
}
