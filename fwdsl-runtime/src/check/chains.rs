//! Chains: their names, their policies, and the jumps between them.

use std::collections::HashMap;

use crate::catalogue;
use crate::diagnostic::Diagnostic;
use crate::lint::{self, Level, UNREACHABLE_RULE};
use crate::loc::Loc;
use crate::lower::{CHAIN_NAME_MAX_BYTES, model_families};
use crate::model::{Action, Chain, Model, Rule, Verdict};
use crate::nearest::nearest;
use crate::table::{Hook, TableName};

/// The places of chains by their names; several where each is for other families.
type Places<'a> = HashMap<(TableName, &'a str), Vec<usize>>;

pub(super) fn check_chains(model: &Model, diagnostics: &mut Vec<Diagnostic>) {
    let mut places: Places<'_> = HashMap::new();
    for (index, chain) in model.chains().iter().enumerate() {
        places.entry((chain.table, &chain.name)).or_default().push(index);
    }
    for (index, chain) in model.chains().iter().enumerate() {
        check_name(chain, diagnostics);
        let same = places.get(&(chain.table, chain.name.as_str())).map_or(&[][..], Vec::as_slice);
        let before = same.iter().filter(|place| **place < index).map(|place| &model.chains()[*place]);
        let twin =
            |first: &&Chain| !model_families(model, first).and(model_families(model, chain)).is_empty();
        if let Some(first) = before.into_iter().find(twin) {
            let message = format!("chain `{}` is declared twice", chain.name);
            diagnostics
                .push(Diagnostic::error(chain.loc, message).note("first declared here", Some(first.loc)));
        }
        if model_families(model, chain).is_empty() {
            let message = format!("chain `{}` is for no family", chain.name);
            diagnostics.push(
                Diagnostic::error(chain.loc, message)
                    .help("its own `family` and that of the table or policy exclude each other"),
            );
        }
        if let (Some(policy), None) = (&chain.policy, chain.hook()) {
            let message = format!("only built-in chains have a policy, and `{}` is none", chain.name);
            let word = policy.value.name().to_ascii_lowercase();
            diagnostics.push(
                Diagnostic::error(policy.loc, message)
                    .help(format!("end the chain with a rule: `_ => {word};`")),
            );
        }
        for verdict in chain.rules.iter().flat_map(|rule| &rule.verdicts) {
            if let Some(target) = jump_target(verdict) {
                check_jump(model, &places, chain, verdict, target, diagnostics);
            }
        }
    }
    check_cycles(model, &places, diagnostics);
}

/// The chain that a verdict goes to.
pub(super) fn jump_target(verdict: &Verdict) -> Option<&str> {
    match verdict.action() {
        Action::Jump(target) | Action::Goto(target) => Some(target),
        Action::Target { .. } => None,
    }
}

fn check_name(chain: &Chain, diagnostics: &mut Vec<Diagnostic>) {
    check_chain_name(chain.table, &chain.name, chain.loc, diagnostics);
}

/// Checks the name of a chain, of the policy or of others.
pub(super) fn check_chain_name(table: TableName, name: &str, loc: Loc, diagnostics: &mut Vec<Diagnostic>) {
    let mut error = |message: String, help: Option<String>| {
        diagnostics.push(Diagnostic::error(loc, message).maybe_help(help));
    };
    if name.is_empty() {
        error("a chain without a name".into(), None);
    } else if name.len() > CHAIN_NAME_MAX_BYTES {
        let message = format!(
            "the chain name `{name}` is {} bytes long, and iptables takes at most {CHAIN_NAME_MAX_BYTES}",
            name.len()
        );
        error(message, None);
    } else if name.starts_with(['-', '!']) {
        error(format!("a chain name cannot begin with `{}`", &name[..1]), None);
    } else if let Some(bad) = name.chars().find(|c| c.is_whitespace() || c.is_control() || *c == '"') {
        error(format!("a chain name cannot hold {bad:?}"), None);
    } else if matches!(name, "QUEUE" | "standard") || catalogue::targets().any(|target| target.name == name) {
        let message = format!("`{name}` is a target of iptables and cannot name a chain");
        error(message, None);
    } else if table.hook(name).is_none() && Hook::from_name(name).is_some() {
        let tables: Vec<&str> = TableName::ALL
            .into_iter()
            .filter(|table| table.hook(name).is_some())
            .map(TableName::name)
            .collect();
        let message = format!("table `{table}` has no built-in chain `{name}`");
        let help =
            format!("it stands in {}: `table {} {{ chain {name} {{ … }} }}`", tables.join(", "), tables[0]);
        error(message, Some(help));
    }
}

fn check_jump(
    model: &Model,
    places: &Places<'_>,
    chain: &Chain,
    verdict: &Verdict,
    target: &str,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let declared =
        places.contains_key(&(chain.table, target)) || model.foreign_target(chain.table, target).is_some();
    if chain.table.hook(target).is_some() {
        let message = format!("`{target}` is a built-in chain, and no rule can go there");
        diagnostics.push(Diagnostic::error(verdict.loc(), message));
    } else if !declared {
        let message = format!("unknown chain `{target}`");
        let here = model.chains().iter().filter(|other| other.table == chain.table && other.hook().is_none());
        let here = here.map(|other| other.name.as_str());
        let foreign = || model.foreign_chains().iter().filter(|foreign| foreign.table == chain.table);
        let of_others = foreign().filter(|foreign| foreign.prefix().is_none()).map(|foreign| foreign.name());
        let many = foreign().find(|foreign| foreign.covers(target) || foreign.name == target);
        let elsewhere = model.chains().iter().map(|other| (other.table, other.name.as_str()));
        let foreign_elsewhere = model.foreign_chains().iter().map(|other| (other.table, other.name()));
        let elsewhere = elsewhere.chain(foreign_elsewhere).find(|(_, name)| *name == target);
        let help = match (many, nearest(target, here.chain(of_others)), elsewhere) {
            (Some(many), ..) => Some(format!(
                "`{}` stands for many chains: declare the one to jump to by its whole name, `foreign chain …;`",
                many.name
            )),
            (None, Some(name), _) => Some(format!("did you mean `{name}`?")),
            (None, None, Some((table, _))) => {
                Some(format!("it is in table `{table}`, and a jump stays in its table `{}`", chain.table))
            }
            (None, None, None) => None,
        };
        diagnostics.push(Diagnostic::error(verdict.loc(), message).maybe_help(help));
    }
}

/// So many names of a circle are told, and the last.
const CIRCLE_NAMES: usize = 5;

/// A jump.
#[derive(Clone, Copy)]
struct Edge<'a> {
    rule: &'a Rule,
    loc: Loc,
    /// The number of the chain it goes to.
    to: usize,
}

/// The kernel refuses a circle that packets come to, and takes one that no built-in chain leads to.
fn check_cycles(model: &Model, places: &Places<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let chains = model.chains();
    let edges: Vec<Vec<Edge<'_>>> = chains.iter().map(|chain| edges_of(model, places, chain)).collect();
    let is_reached = reached(chains, &edges);
    let mut state = vec![State::New; chains.len()];
    for start in 0..chains.len() {
        walk(start, &edges, &mut state, &mut |path: &[usize], closing: Edge<'_>| {
            let message = format!("the jumps go round in a circle: {}", circle(chains, path));
            let mut found = Diagnostic::error(closing.loc, message);
            // Proofs follow every jump, so that assertions go with no circle at all.
            if !is_reached[closing.to] && model.assertions().is_empty() {
                let chain = &chains[path[path.len() - 1]];
                let scopes = [&closing.rule.levels[..], &chain.levels[..], &model.levels[..]];
                found.lint = Some(UNREACHABLE_RULE);
                found.level = lint::level(UNREACHABLE_RULE, scopes);
            }
            if found.level != Level::Allow {
                diagnostics.push(found);
            }
        });
    }
}

/// The jumps out of a chain.
fn edges_of<'a>(model: &Model, places: &Places<'_>, chain: &'a Chain) -> Vec<Edge<'a>> {
    let mut edges = Vec::new();
    for rule in &chain.rules {
        for verdict in &rule.verdicts {
            // That no rule can go to a built-in chain is another error.
            let target = jump_target(verdict).filter(|target| chain.table.hook(target).is_none());
            let Some(target) = target else { continue };
            let found = places.get(&(chain.table, target)).map_or(&[][..], Vec::as_slice);
            let families = model_families(model, chain);
            let together =
                |place: &&usize| !families.and(model_families(model, &model.chains()[**place])).is_empty();
            edges.extend(found.iter().filter(together).map(|to| Edge { rule, loc: verdict.loc(), to: *to }));
        }
    }
    edges
}

/// Whether each chain is one that packets come to.
fn reached(chains: &[Chain], edges: &[Vec<Edge<'_>>]) -> Vec<bool> {
    let mut reached: Vec<bool> = chains.iter().map(|chain| chain.hook().is_some()).collect();
    let mut open: Vec<usize> = (0..chains.len()).filter(|index| reached[*index]).collect();
    while let Some(at) = open.pop() {
        for edge in &edges[at] {
            if !std::mem::replace(&mut reached[edge.to], true) {
                open.push(edge.to);
            }
        }
    }
    reached
}

/// The names of a circle, those in the middle of a long one left out.
fn circle(chains: &[Chain], path: &[usize]) -> String {
    let mut names: Vec<&str> = path.iter().map(|index| chains[*index].name.as_str()).collect();
    if names.len() > CIRCLE_NAMES {
        names.truncate(CIRCLE_NAMES - 1);
        names.extend(["…", chains[path[path.len() - 1]].name.as_str()]);
    }
    names.push(names[0]);
    names.join(" → ")
}

/// What a walk along the jumps knows of a chain.
#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    OnPath,
    Done,
}

/// Depth first from `start`; `found` gets each circle with the jump that closes it. Without recursion, for texts may hold
/// chains of any depth.
fn walk<'a>(
    start: usize,
    edges: &[Vec<Edge<'a>>],
    state: &mut [State],
    found: &mut impl FnMut(&[usize], Edge<'a>),
) {
    if state[start] != State::New {
        return;
    }
    state[start] = State::OnPath;
    let mut path = vec![start];
    // The next jump to follow of each chain on the path.
    let mut next = vec![0];
    while let (Some(at), Some(edge)) = (path.last().copied(), next.last_mut()) {
        let Some(jump) = edges[at].get(*edge).copied() else {
            state[at] = State::Done;
            path.pop();
            next.pop();
            continue;
        };
        *edge += 1;
        let target = jump.to;
        match state[target] {
            State::Done => {}
            State::New => {
                state[target] = State::OnPath;
                path.push(target);
                next.push(0);
            }
            State::OnPath => {
                let first = path.iter().position(|index| *index == target).unwrap_or(0);
                found(&path[first..], jump);
            }
        }
    }
}
