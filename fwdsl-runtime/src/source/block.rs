//! Rules that begin alike, in a block that says so once.

use super::phrase::Phrase;

/// How deep blocks are nested at most.
const DEPTH_MAX: usize = 2;

/// How many rules a block has at least.
const RULES_MIN: usize = 3;

/// How many bytes a block saves at least.
const SAVED_MIN: usize = 18;

/// How many exact statements share a mark at least.
const EXACT_MIN: usize = 3;

/// A rule in words.
#[derive(Debug)]
pub(super) struct Sentence {
    pub(super) phrases: Vec<Phrase>,
    pub(super) verdicts: String,
    /// What stands on lines before it: comments and attributes.
    pub(super) before: Vec<String>,
    /// Whether something new begins with it.
    pub(super) has_notes: bool,
    /// Whether lints find something in it: it stands in no block with others.
    pub(super) has_finding: bool,
    pub(super) exact: bool,
    /// The number of its entry in the chain.
    pub(super) entry: usize,
}

/// What stands in a chain or block.
#[derive(Debug)]
pub(super) enum Statement {
    Rule(Sentence),
    Block { phrases: Vec<Phrase>, exact: bool, body: Vec<Statement> },
}

impl Statement {
    fn is_exact(&self) -> bool {
        match self {
            Statement::Rule(sentence) => sentence.exact,
            Statement::Block { exact, .. } => *exact,
        }
    }
}

/// Sorts the rules into blocks, in their order; `exact` if all of the chain is.
pub(super) fn in_blocks(sentences: Vec<Sentence>, exact: bool) -> Vec<Statement> {
    let statements = nested(sentences, 0);
    if exact { statements } else { under_one_mark(statements) }
}

/// Puts exact statements that follow each other into a block that is exact as a whole.
fn under_one_mark(statements: Vec<Statement>) -> Vec<Statement> {
    let mut marked = Vec::with_capacity(statements.len());
    let mut rest = statements.into_iter().peekable();
    while let Some(first) = rest.next() {
        let mut run = vec![first];
        if run[0].is_exact() {
            run.extend(std::iter::from_fn(|| rest.next_if(Statement::is_exact)));
        }
        if run.len() < EXACT_MIN {
            marked.extend(run);
        } else {
            marked.push(Statement::Block { phrases: Vec::new(), exact: true, body: run });
        }
    }
    marked
}

fn nested(sentences: Vec<Sentence>, depth: usize) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut rest = sentences.into_iter().peekable();
    let mut open: Vec<Sentence> = Vec::new();
    while rest.peek().is_some() || !open.is_empty() {
        // `open` holds what was looked at; it never grows beyond the run of rules that share something.
        let block = if depth < DEPTH_MAX { best_block(&mut open, &mut rest) } else { None };
        let Some((count, shared)) = block else {
            let first = if open.is_empty() { rest.next() } else { Some(open.remove(0)) };
            statements.extend(first.map(Statement::Rule));
            continue;
        };
        let behind = open.split_off(count);
        let mut inside = std::mem::replace(&mut open, behind);
        let exact = inside[0].exact;
        for sentence in &mut inside {
            sentence.phrases.retain(|phrase| !shared.contains(phrase));
        }
        statements.push(Statement::Block { phrases: shared, exact, body: nested(inside, depth + 1) });
    }
    statements
}

/// How many of the next rules make the block that saves most, and what they share. Looks at no more rules than share
/// something with the first.
fn best_block(
    open: &mut Vec<Sentence>,
    rest: &mut std::iter::Peekable<std::vec::IntoIter<Sentence>>,
) -> Option<(usize, Vec<Phrase>)> {
    if open.is_empty() {
        open.extend(rest.next());
    }
    let first = open.first()?;
    if first.has_finding {
        return None;
    }
    let exact = first.exact;
    let mut shared = first.phrases.clone();
    let mut best: Option<(usize, usize, Vec<Phrase>)> = None;
    for index in 1.. {
        if index == open.len() {
            match rest.next() {
                Some(next) => open.push(next),
                None => break,
            }
        }
        let next = &open[index];
        if next.exact != exact || next.has_finding {
            break;
        }
        narrow(&mut shared, &next.phrases);
        // A protocol alone says too little to head a block.
        let weight = if shared.iter().any(|phrase| phrase.text.contains(' ')) { length(&shared) } else { 0 };
        if weight == 0 {
            break;
        }
        let saved = index * weight;
        if best.as_ref().is_none_or(|(_, most, _)| saved > *most) {
            best = Some((index + 1, saved, shared.clone()));
        }
    }
    let (count, saved, shared) = best?;
    (count >= RULES_MIN && saved >= SAVED_MIN).then_some((count, shared))
}

fn length(phrases: &[Phrase]) -> usize {
    phrases.iter().map(|phrase| phrase.text.len()).sum()
}

/// Leaves what the other rule has too: of what has a fixed order only what comes first in both.
fn narrow(shared: &mut Vec<Phrase>, other: &[Phrase]) {
    let fixed = |phrases: &[Phrase]| {
        phrases.iter().filter(|phrase| !phrase.is_free).cloned().collect::<Vec<Phrase>>()
    };
    let (mine, others) = (fixed(shared), fixed(other));
    let mut left = mine.iter().zip(&others).take_while(|(a, b)| a == b).count();
    shared.retain(|phrase| {
        if phrase.is_free {
            return other.contains(phrase);
        }
        let keep = left > 0;
        left = left.saturating_sub(1);
        keep
    });
}
