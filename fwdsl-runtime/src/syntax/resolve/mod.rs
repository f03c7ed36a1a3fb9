//! Syntax tree to model: names are looked up, values read, blocks flattened.

mod endpoint;
mod scope;
mod set;

use super::ast;
use super::rust_value::Places;
use crate::catalogue::{COMMENT, CORE, Extension, IPRANGE, List, PORTS, ValueKind};
use crate::diagnostic::Diagnostic;
use crate::expression::read_value;
use crate::lint::{self, LevelSetting};
use crate::loc::{Loc, Located};
use crate::model::{
    Action, Assertion, AssertionCase, Chain, Few, Match, Model, OptionUse, Rule, SysctlUse, Value, Verdict,
};
use crate::nearest::nearest;
use crate::sysctl::Setting;
use scope::Scope;

/// Makes a model of a syntax tree, and tells the places of its Rust values. What cannot be resolved is reported
/// and left out.
pub(super) fn resolve(policy: ast::Policy, diagnostics: &mut Vec<Diagnostic>) -> (Model, Places) {
    let mut model = Model::default();
    for family in &policy.families {
        model.families = model.families.and(family.value);
        if model.families.is_empty() {
            diagnostics.push(
                Diagnostic::error(family.loc, "a policy for IPv4 alone and for IPv6 alone at once")
                    .help("leave both out: a policy is for both families unless it says otherwise"),
            );
        }
    }
    for pair in policy.ownership.windows(2) {
        diagnostics.push(
            Diagnostic::error(pair[1].loc, "what the policy owns is said twice")
                .note("the first time is here", Some(pair[0].loc)),
        );
    }
    model.ownership = policy.ownership.into_iter().next().map(|owned| owned.value).unwrap_or_default();
    model.foreign = policy.foreign;
    let sets = policy.sets.iter().map(|set| set.name.value.clone()).collect();
    let of_definitions =
        policy.lets.iter().map(|item| &item.marks).chain(policy.sets.iter().map(|set| &set.marks));
    of_definitions.for_each(|marks| check_levels(&marks.levels, diagnostics));
    let scope = Scope::new(&policy.lets, &policy.broken_lets, &policy.broken_sets, sets, diagnostics);
    let mut resolver = Resolver { scope, places: Places::default(), diagnostics };
    let exact = policy.marks.exact.is_some();
    model.analysis_budget = policy.analysis_budget;
    model.optimise = policy.marks.optimise.is_some();
    model.levels = resolver.resolve_levels(policy.marks.levels);
    model.sets = policy.sets.into_iter().map(|set| resolver.resolve_set(set)).collect();
    model.sysctls = resolver.resolve_sysctls(policy.sysctls);
    for chain in policy.chains {
        let mut resolved = Chain {
            table: chain.table,
            name: chain.name.value,
            policy: chain.policy,
            position: chain.position,
            families: chain.families,
            doc: chain.doc,
            rules: Vec::new(),
            levels: resolver.resolve_levels(chain.marks.levels),
            optimise: chain.marks.optimise.is_some(),
            loc: chain.name.loc,
        };
        let exact = exact || chain.marks.exact.is_some();
        resolver.resolve_body(chain.body, &Inherited { exact, ..Inherited::default() }, &mut resolved.rules);
        model.chains.push(resolved);
    }
    model.assertions = policy.asserts.into_iter().map(|assert| resolver.resolve_assert(assert)).collect();
    (model, resolver.places)
}

/// The matches of a pattern that stands by itself, where no `let` is in sight. What cannot be resolved is reported.
pub(super) fn resolve_pattern(
    matches: Vec<ast::Match>,
    sets: Vec<String>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Match> {
    let scope = Scope::new(&[], &[], &[], sets, diagnostics);
    let mut resolver = Resolver { scope, places: Places::default(), diagnostics };
    let mut pattern = Inherited::default();
    // What is missing then was reported.
    let _complete = resolver.resolve_matches(matches, &mut pattern);
    pattern.matches
}

/// What a block hands to the rules inside.
#[derive(Default, Clone)]
struct Inherited {
    matches: Vec<Match>,
    comment: Option<Located<String>>,
    exact: bool,
    levels: Vec<LevelSetting>,
}

struct Resolver<'a> {
    scope: Scope<'a>,
    places: Places,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Resolver<'_> {
    fn resolve_levels(&mut self, levels: Vec<Located<LevelSetting>>) -> Vec<LevelSetting> {
        check_levels(&levels, self.diagnostics);
        levels.into_iter().map(|setting| setting.value).collect()
    }

    /// The settings of profiles come first, so that those of the policy override their `*`; and where both name a
    /// key, or a later profile does, the earlier setting is left out.
    fn resolve_sysctls(&mut self, sysctls: Vec<ast::Sysctl>) -> Vec<SysctlUse> {
        let (profiles, own): (Vec<_>, Vec<_>) = sysctls.into_iter().partition(|sysctl| sysctl.from_fragment);
        let mut resolve = |list: Vec<ast::Sysctl>| -> Vec<_> {
            list.into_iter().filter_map(|sysctl| self.resolve_sysctl(sysctl)).collect()
        };
        let (profiles, own): (Vec<SysctlUse>, Vec<SysctlUse>) = (resolve(profiles), resolve(own));
        let overridden = |index: usize, setting: &SysctlUse| {
            profiles[index + 1..].iter().chain(&own).any(|later| later.value.key == setting.value.key)
        };
        let kept = profiles.iter().enumerate().filter(|(index, setting)| !overridden(*index, setting));
        let mut settings: Vec<SysctlUse> = kept.map(|(_, setting)| setting.clone()).collect();
        settings.extend(own);
        settings
    }

    fn resolve_sysctl(&mut self, sysctl: ast::Sysctl) -> Option<SysctlUse> {
        let place = sysctl.rust_value.map(|number| self.places.of_sysctl(number, sysctl.value.loc));
        let rust_value = match place.transpose() {
            Ok(place) => place,
            Err(diagnostic) => {
                self.diagnostics.push(diagnostic);
                return None;
            }
        };
        match sysctl.key.value.parse() {
            Ok(key) => Some(SysctlUse {
                rust_value,
                value: Setting { key, value: sysctl.value.value },
                loc: sysctl.key.loc,
                value_loc: sysctl.value.loc,
            }),
            Err(error) => {
                self.diagnostics.push(Diagnostic::error(sysctl.key.loc, error.to_string()));
                None
            }
        }
    }

    fn resolve_body(&mut self, body: Vec<ast::Statement>, inherited: &Inherited, rules: &mut Vec<Rule>) {
        for statement in body {
            match statement {
                ast::Statement::Rule(rule) => rules.extend(self.resolve_rule(rule, inherited)),
                // The expansion has replaced them.
                ast::Statement::Call(_) => {}
                ast::Statement::Block { matches, marks, body } => {
                    let mut inner = inherited.clone();
                    inner.exact |= marks.exact.is_some();
                    inner.levels.extend(self.resolve_levels(marks.levels));
                    // The rules inside a block that cannot be read would mean something else.
                    if self.resolve_matches(matches, &mut inner).is_some() {
                        self.resolve_body(body, &inner, rules);
                    }
                }
            }
        }
    }

    fn resolve_rule(&mut self, rule: ast::Rule, inherited: &Inherited) -> Option<Rule> {
        let mut own = inherited.clone();
        own.exact |= rule.marks.exact.is_some();
        own.levels.extend(self.resolve_levels(rule.marks.levels));
        let matches = self.resolve_matches(rule.matches, &mut own);
        if let Some(doc) = rule.doc {
            self.set_comment(&mut own, Located::new(first_paragraph(&doc.value), doc.loc));
        }
        let verdicts: Few<Verdict> =
            rule.verdicts.into_iter().filter_map(|verdict| self.resolve_verdict(verdict)).collect();
        if verdicts.is_empty() {
            return None;
        }
        matches.map(|()| Rule {
            families: crate::family::FamilySet::BOTH,
            matches: own.matches,
            verdicts,
            comment: own.comment.filter(|comment| !comment.value.is_empty()),
            exact: own.exact,
            levels: own.levels,
            loc: rule.loc,
        })
    }

    fn set_comment(&mut self, own: &mut Inherited, comment: Located<String>) {
        if let Some(first) = &own.comment {
            self.diagnostics.push(
                Diagnostic::error(comment.loc, "a rule has one comment")
                    .note("the first comment is here", Some(first.loc)),
            );
        }
        own.comment = Some(comment);
    }

    /// Appends the matches to `own`; `None` if one could not be resolved.
    fn resolve_matches(&mut self, matches: Vec<ast::Match>, own: &mut Inherited) -> Option<()> {
        let mut complete = Some(());
        for entry in matches {
            match self.resolve_options(entry.extension, entry.options) {
                Some(options) if own.exact => {
                    // `tcp(…)` asks for its protocol, which may stand there already.
                    let implied = |other: &Match| {
                        other.extension == entry.extension && is_protocol(&other.options, &options)
                    };
                    if *entry.extension == CORE && own.matches.iter().any(implied) {
                        continue;
                    }
                    own.matches.push(Match { extension: entry.extension, options, loc: entry.loc });
                }
                Some(options) if *entry.extension == COMMENT => {
                    if let Some(Value::Text(text)) = options.first().and_then(|option| option.values().next())
                    {
                        self.set_comment(own, Located::new(text.clone(), entry.loc));
                    }
                }
                Some(options) => place_match(entry.extension, options, entry.loc, &mut own.matches),
                None => complete = None,
            }
        }
        complete
    }

    fn resolve_verdict(&mut self, verdict: ast::Verdict) -> Option<Verdict> {
        let action = match verdict.action {
            ast::Action::Jump(chain) => Action::Jump(chain),
            ast::Action::Goto(chain) => Action::Goto(chain),
            ast::Action::Target { extension, options } => {
                Action::Target { extension, options: self.resolve_options(extension, options)? }
            }
        };
        Some(Verdict { action, loc: verdict.loc })
    }

    fn resolve_options(
        &mut self,
        extension: &'static Extension,
        options: Vec<ast::OptionUse>,
    ) -> Option<Vec<OptionUse>> {
        let mut resolved: Vec<OptionUse> = Vec::new();
        let mut complete = true;
        for option in options {
            let Some(option) = self.resolve_option(extension, option) else {
                complete = false;
                continue;
            };
            if let Some(first) = resolved.iter().find(|other| other.spec == option.spec) {
                let message = format!("`{}` is written twice", option.spec.name);
                let note = "the first time is here";
                self.diagnostics.push(Diagnostic::error(option.loc, message).note(note, Some(first.loc)));
                complete = false;
            }
            resolved.push(option);
        }
        complete.then_some(resolved)
    }

    fn resolve_option(&mut self, extension: &'static Extension, option: ast::OptionUse) -> Option<OptionUse> {
        let ast::OptionUse { spec, negated, value, loc } = option;
        let mut resolved = OptionUse { spec, negated, values: Few::default(), loc };
        if let Some(ast::Expr { kind: ast::ExprKind::Endpoint { address, ports, base }, loc }) = &value {
            let endpoint =
                self.resolve_endpoint(spec, address.as_deref(), ports.as_deref(), base.as_ref())?;
            resolved.values.push(Located::new(endpoint, *loc));
        } else if let Some(expr) = value {
            let (not, leaves) = self.scope.leaves(&expr, self.diagnostics)?;
            if negated && not {
                self.diagnostics.push(Diagnostic::error(loc, "`!` twice"));
                return None;
            }
            resolved.negated |= not;
            let before = self.diagnostics.len();
            for leaf in &leaves {
                let read = match leaf.kind {
                    // A comment becomes the rule's own, which the model holds as a text.
                    ast::ExprKind::Rust(_) if *extension == COMMENT => {
                        Err(Diagnostic::error(leaf.loc, "a comment is written out, not a Rust value"))
                    }
                    ast::ExprKind::Rust(number) => {
                        self.places.of_option(number, spec, leaf.loc).map(Value::Rust)
                    }
                    _ => read_value(extension, spec, leaf),
                };
                match read {
                    Ok(value) => resolved.values.push(Located::new(value, leaf.loc)),
                    Err(diagnostic) => self.diagnostics.push(diagnostic),
                }
            }
            if self.diagnostics.len() > before {
                return None;
            }
            if leaves.len() > 1 && spec.list == List::No {
                let message = format!("`{}` takes one value, not {}", spec.name, leaves.len());
                self.diagnostics.push(Diagnostic::error(expr.loc, message));
                return None;
            }
        }
        Some(resolved)
    }

    fn resolve_assert(&mut self, assert: ast::Assert) -> Assertion {
        let mut cases = Vec::new();
        for case in assert.cases {
            let mut pattern = Inherited::default();
            if self.resolve_matches(case.matches, &mut pattern).is_some() {
                cases.push(AssertionCase { matches: pattern.matches, claim: case.claim, loc: case.loc });
            }
        }
        Assertion { scope: assert.scope, cases, loc: assert.loc }
    }
}

/// Reports lints that are not there.
pub(super) fn check_levels(levels: &[Located<LevelSetting>], diagnostics: &mut Vec<Diagnostic>) {
    for Located { value: setting, loc } in levels {
        if lint::find(&setting.lint).is_none() {
            let help = nearest(&setting.lint, lint::LINTS.iter().map(|lint| lint.name));
            diagnostics.push(
                Diagnostic::error(*loc, format!("unknown lint `{}`", setting.lint))
                    .maybe_help(help.map(|lint| format!("did you mean `{lint}`?"))),
            );
        }
    }
}

/// Whether both ask for one and the same protocol.
fn is_protocol(a: &[OptionUse], b: &[OptionUse]) -> bool {
    match (a, b) {
        ([a], [b]) => {
            let values = a.values().eq(b.values());
            a.spec.value == ValueKind::Protocol && a.spec == b.spec && !a.negated && !b.negated && values
        }
        _ => false,
    }
}

/// Puts a match into a rule. Ports written through a protocol's own match or `multiport`, and
/// addresses written through `iprange`, become the language's own, so that all that follows knows one form of them.
fn place_match(extension: &'static Extension, options: Vec<OptionUse>, loc: Loc, matches: &mut Vec<Match>) {
    let mut rest = Vec::new();
    for mut option in options {
        if extension.module && option.spec.value == ValueKind::Port {
            let name = option.spec.name.trim_end_matches('s');
            option.spec = PORTS.option(name).expect("an option over ports");
            matches.push(Match { extension: &PORTS, options: vec![option], loc });
        } else if *extension == IPRANGE {
            let name = if option.spec.name == "src-range" { "from" } else { "to" };
            option.spec = CORE.option(name).expect("an option over addresses");
            matches.push(Match { extension: &CORE, options: vec![option], loc });
        } else {
            rest.push(option);
        }
    }
    // What has given all its options away says nothing by itself; what lacks a required one is
    // kept, for the check to say so.
    if !rest.is_empty() || extension.bare || extension.options.iter().any(|spec| spec.required) {
        matches.push(Match { extension, options: rest, loc });
    }
}

/// The first paragraph of a doc comment, on one line.
fn first_paragraph(doc: &str) -> String {
    let lines = doc.lines().map(str::trim).skip_while(|line| line.is_empty());
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
