//! A copy of a template's or fragment's syntax, with arguments in the place of parameters and each place
//! marked as having come through the expansion.

use std::collections::HashMap;

use super::super::ast::{
    Action, Assert, AssertCase, Call, Chain, Element, Expr, ExprKind, Let, Marks, Match, OptionUse, Rule,
    Set, SetArgument, SetWord, Statement, Sysctl, Template, Verdict,
};
use crate::diagnostic::Diagnostic;
use crate::loc::{Loc, Located};
use crate::model::{Claim, ForeignChain, Outcome, Ownership};

/// Makes the copies of one expansion.
pub(super) struct Copier<'a> {
    /// The arguments by the names of their parameters.
    pub(super) arguments: &'a HashMap<String, Expr>,
    /// The number of the expansion.
    pub(super) origin: u32,
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
}

impl Copier<'_> {
    fn loc(&self, loc: Loc) -> Loc {
        loc.through(self.origin)
    }

    fn located<T: Clone>(&self, located: &Located<T>) -> Located<T> {
        Located::new(located.value.clone(), self.loc(located.loc))
    }

    fn marks(&self, marks: &Marks) -> Marks {
        Marks {
            levels: marks.levels.iter().map(|level| self.located(level)).collect(),
            exact: marks.exact.map(|loc| self.loc(loc)),
            optimise: marks.optimise.map(|loc| self.loc(loc)),
        }
    }

    pub(super) fn body(&mut self, body: &[Statement]) -> Vec<Statement> {
        body.iter().filter_map(|statement| self.statement(statement)).collect()
    }

    /// `None` after a reported error: the statement would only be wrong once more.
    fn statement(&mut self, statement: &Statement) -> Option<Statement> {
        let before = self.diagnostics.len();
        let copy = match statement {
            Statement::Rule(rule) => Statement::Rule(self.rule(rule)),
            Statement::Block { matches, marks, body } => Statement::Block {
                matches: self.matches(matches),
                marks: self.marks(marks),
                body: self.body(body),
            },
            Statement::Call(call) => Statement::Call(self.call(call)),
        };
        // What is wrong inside a block has cost only that statement.
        let whole = matches!(copy, Statement::Block { .. }) || self.diagnostics.len() == before;
        whole.then_some(copy)
    }

    fn rule(&mut self, rule: &Rule) -> Rule {
        Rule {
            matches: self.matches(&rule.matches),
            verdicts: rule.verdicts.iter().map(|verdict| self.verdict(verdict)).collect(),
            doc: rule.doc.as_ref().map(|doc| self.located(doc)),
            marks: self.marks(&rule.marks),
            loc: self.loc(rule.loc),
        }
    }

    pub(super) fn ownership(&self, owned: &Located<Ownership>) -> Located<Ownership> {
        let value = match &owned.value {
            Ownership::Tables => Ownership::Tables,
            Ownership::Chains { prefix, loc } => {
                Ownership::Chains { prefix: prefix.clone(), loc: self.loc(*loc) }
            }
        };
        Located::new(value, self.loc(owned.loc))
    }

    pub(super) fn foreign_chain(&self, foreign: &ForeignChain) -> ForeignChain {
        ForeignChain { loc: self.loc(foreign.loc), ..foreign.clone() }
    }

    pub(super) fn call(&mut self, call: &Call) -> Call {
        Call {
            callee: call.callee.clone(),
            arguments: call.arguments.iter().map(|argument| self.expr(argument)).collect(),
            marks: self.marks(&call.marks),
            loc: self.loc(call.loc),
        }
    }

    fn matches(&mut self, matches: &[Match]) -> Vec<Match> {
        let copy = |entry: &Match| Match {
            extension: entry.extension,
            options: self.options(&entry.options),
            loc: self.loc(entry.loc),
        };
        matches.iter().map(copy).collect()
    }

    fn options(&mut self, options: &[OptionUse]) -> Vec<OptionUse> {
        let copy = |option: &OptionUse| OptionUse {
            value: option.value.as_ref().map(|value| self.expr(value)),
            loc: self.loc(option.loc),
            ..option.clone()
        };
        options.iter().map(copy).collect()
    }

    fn verdict(&mut self, verdict: &Verdict) -> Verdict {
        let action = match &verdict.action {
            Action::Jump(chain) => Action::Jump(self.chain_name(chain, verdict.loc)),
            Action::Goto(chain) => Action::Goto(self.chain_name(chain, verdict.loc)),
            Action::Target { extension, options } => {
                Action::Target { extension, options: self.options(options) }
            }
        };
        Verdict { action, loc: self.loc(verdict.loc) }
    }

    /// The name of a chain to go to, which may be a parameter.
    fn chain_name(&mut self, name: &str, loc: Loc) -> String {
        let arguments = self.arguments;
        match arguments.get(name) {
            None => name.to_owned(),
            Some(argument) => self.text_of(argument, name, loc, "the name of a chain"),
        }
    }

    /// The text of an argument that has to be one word or string.
    fn text_of(&mut self, argument: &Expr, parameter: &str, used: Loc, what: &str) -> String {
        match &argument.kind {
            ExprKind::Atom(text) | ExprKind::Text(text) => text.clone(),
            ExprKind::Argument { value, .. } => self.text_of(value, parameter, used, what),
            _ => {
                let message = format!("this is not {what}");
                let note = format!("`{parameter}` is used as {what} here");
                self.diagnostics
                    .push(Diagnostic::error(argument.loc, message).note(note, Some(self.loc(used))));
                parameter.to_owned()
            }
        }
    }

    fn expr(&mut self, expr: &Expr) -> Expr {
        let arguments = self.arguments;
        if let ExprKind::Atom(word) = &expr.kind
            && let Some(argument) = arguments.get(word)
        {
            let parameter = Located::new(word.clone(), self.loc(expr.loc));
            let kind = ExprKind::Argument { parameter, value: Box::new(argument.clone()) };
            return Expr { kind, loc: argument.loc };
        }
        let kind = match &expr.kind {
            ExprKind::Range(first, last) => ExprKind::Range(self.range_end(first), self.range_end(last)),
            ExprKind::List(list) => ExprKind::List(list.iter().map(|expr| self.expr(expr)).collect()),
            ExprKind::Not(inner) => ExprKind::Not(Box::new(self.expr(inner))),
            ExprKind::Endpoint { address, ports, base } => {
                let [address, ports] =
                    [address, ports].map(|part| part.as_ref().map(|expr| Box::new(self.expr(expr))));
                ExprKind::Endpoint { address, ports, base: base.as_ref().map(|base| self.range_end(base)) }
            }
            kind @ (ExprKind::Atom(_)
            | ExprKind::Text(_)
            | ExprKind::Flags { .. }
            | ExprKind::Set { .. }
            | ExprKind::Rust(_)
            | ExprKind::Argument { .. }) => kind.clone(),
        };
        Expr { kind, loc: self.loc(expr.loc) }
    }

    fn range_end(&mut self, end: &Located<String>) -> Located<String> {
        let arguments = self.arguments;
        match arguments.get(&end.value) {
            None => self.located(end),
            Some(argument) => {
                let text = self.text_of(argument, &end.value, end.loc, "the end of a range");
                Located::new(text, argument.loc)
            }
        }
    }

    pub(super) fn definition(&mut self, item: &Let) -> Let {
        Let { marks: self.marks(&item.marks), name: self.located(&item.name), value: self.expr(&item.value) }
    }

    pub(super) fn sysctl(&mut self, sysctl: &Sysctl) -> Sysctl {
        let arguments = self.arguments;
        let value = match arguments.get(&sysctl.value.value) {
            None => self.located(&sysctl.value),
            Some(argument) => {
                let text =
                    self.text_of(argument, &sysctl.value.value, sysctl.value.loc, "the value of a sysctl");
                Located::new(text, argument.loc)
            }
        };
        Sysctl { key: self.located(&sysctl.key), value, ..*sysctl }
    }

    pub(super) fn set(&mut self, set: &Set) -> Set {
        let element = |copier: &mut Self, element: &Element| Element {
            parts: element.parts.iter().map(|part| copier.set_argument(part)).collect(),
            words: copier.set_words(&element.words),
            loc: copier.loc(element.loc),
        };
        Set {
            marks: self.marks(&set.marks),
            name: self.located(&set.name),
            words: self.set_words(&set.words),
            elements: set.elements.iter().map(|written| element(self, written)).collect(),
            ..set.clone()
        }
    }

    fn set_argument(&mut self, part: &SetArgument) -> SetArgument {
        SetArgument {
            before: part.before.as_ref().map(|word| self.located(word)),
            value: self.expr(&part.value),
        }
    }

    fn set_words(&mut self, words: &[SetWord]) -> Vec<SetWord> {
        let copy = |word: &SetWord| SetWord {
            word: word.word.clone(),
            value: word.value.as_ref().map(|value| self.expr(value)),
            loc: self.loc(word.loc),
        };
        words.iter().map(copy).collect()
    }

    pub(super) fn chain(&mut self, chain: &Chain) -> Chain {
        Chain {
            name: self.located(&chain.name),
            policy: chain.policy.as_ref().map(|policy| self.located(policy)),
            position: chain.position.as_ref().map(|position| self.located(position)),
            marks: self.marks(&chain.marks),
            body: self.body(&chain.body),
            ..chain.clone()
        }
    }

    pub(super) fn template(&mut self, template: &Template) -> Template {
        Template {
            marks: self.marks(&template.marks),
            name: self.located(&template.name),
            parameters: template.parameters.iter().map(|parameter| self.located(parameter)).collect(),
            body: self.body(&template.body),
        }
    }

    pub(super) fn assert(&mut self, assert: &Assert) -> Assert {
        let cases = assert.cases.iter().map(|case| AssertCase {
            matches: self.matches(&case.matches),
            claim: self.claim(&case.claim),
            loc: self.loc(case.loc),
        });
        let cases = cases.collect();
        Assert { scope: assert.scope.clone(), cases, loc: self.loc(assert.loc) }
    }

    fn claim(&self, claim: &Claim) -> Claim {
        let outcome = match &claim.outcome {
            Outcome::Verdict(verdicts) => Outcome::Verdict(verdicts.clone()),
            Outcome::Reaches { table, chain } => {
                Outcome::Reaches { table: *table, chain: self.located(chain) }
            }
        };
        Claim { negated: claim.negated, outcome, loc: self.loc(claim.loc) }
    }
}
