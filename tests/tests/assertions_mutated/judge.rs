//! Packets against assertions, and proofs against packets.

use std::collections::BTreeMap;

use fwdsl_runtime::analysis::{Packet, Problem, evaluate, evaluate_host, prove};
use fwdsl_runtime::catalogue::Extension;
use fwdsl_runtime::lower::lower;
use fwdsl_runtime::model::{Claim, Model, Outcome, Scope};
use fwdsl_runtime::table::TableName;

use super::subject::{Case, Subject, model};

/// The chains that packets enter by `reaches`, by table and name, as the source begins them.
pub(crate) fn with_sign(source: &str, claim: &str, table: TableName) -> Option<String> {
    let path = claim.trim_start_matches('!').strip_prefix("reaches ")?.trim();
    let (table, name) = match path.split_once('/') {
        Some((table, name)) => (TableName::from_name(table)?, name),
        None => (table, path),
    };
    // The chains of `filter` stand behind all tables.
    let from = match table {
        TableName::Filter => source.find(LAST_OF_TABLES).unwrap_or(0),
        table => source.find(&format!("table {table}"))?,
    };
    let start = from + source[from..].find(&format!("chain {name} "))?;
    let open = start + source[start..].find('{')?;
    Some(format!("{} _ => {SIGN}; {}", &source[..=open], &source[open + 1..]))
}

/// What the last table of the policies that have others than `filter` ends with.
pub(crate) const LAST_OF_TABLES: &str = "} }\nchain INPUT";

/// The verdict that stands at the top of a chain of which it is asked who comes there.
pub(crate) const SIGN: &str = "nfqueue";

/// Whether some way of the packet breaks the claim; `sign` is the policy with a sign in the chain that it names.
pub(crate) fn breaks(
    claim: &Claim,
    scope: &Scope,
    model: &Model,
    sign: Option<&Model>,
    packet: &Packet,
) -> bool {
    let model = sign.unwrap_or(model);
    let Some(ruleset) = lower(model, packet.family()) else { return false };
    let verdicts = match scope {
        Scope::Chain { table, name } => evaluate(&ruleset, *table, name, packet),
        Scope::Host(_) => evaluate_host(&ruleset, packet, None).map(|fate| fate.verdicts),
    };
    let verdicts: Vec<&Extension> = verdicts.unwrap_or_default();
    match claim.outcome() {
        Outcome::Verdict(_) => verdicts.iter().any(|verdict| claim.is_broken_by(verdict)),
        Outcome::Reaches { .. } => verdicts.iter().any(|verdict| (verdict.word() == SIGN) == claim.negated()),
    }
}

/// What was tried, so that the test is seen to have tried it.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) mutants: usize,
    /// Those of which some packet breaks an assertion.
    pub(crate) changed: usize,
    /// The assertions that are broken then.
    pub(crate) broken: usize,
    /// Proofs that failed, with their packet told.
    pub(crate) told: usize,
    /// Packets that were held against assertions that are proven.
    pub(crate) held: usize,
    pub(crate) kinds: BTreeMap<&'static str, usize>,
}

/// Holds every packet against the assertions of a policy, and the proofs against the packets.
pub(crate) fn judge(subject: &Subject, source: &str, kind: &'static str, tally: &mut Tally) {
    let Some(model) = model(source) else { return };
    let findings = prove(&model);
    tally.mutants += 1;
    let mut changed = false;
    for Case { assertion, case, claim: text, packets, .. } in &subject.cases {
        let assertion = &model.assertions()[*assertion];
        let case = &assertion.cases()[*case];
        let table = match assertion.scope() {
            Scope::Chain { table, .. } => *table,
            Scope::Host(_) => TableName::Filter,
        };
        let sign = with_sign(source, text, table)
            .map(|signed| self::model(&signed).expect("it compiles with a sign"));
        let failed = findings.iter().any(|finding| finding.loc == case.loc());
        let breaking = packets
            .iter()
            .find(|packet| breaks(case.claim(), assertion.scope(), &model, sign.as_ref(), packet));
        if let Some(packet) = breaking {
            assert!(failed, "{packet} breaks `{text}`, which is proven\n{source}");
            tally.broken += 1;
            changed = true;
        }
        if !failed {
            tally.held += packets.len();
        }
        for finding in findings.iter().filter(|finding| finding.loc == case.loc()) {
            if let Problem::Broken(found) = &finding.problem {
                let packet = &found.packet;
                assert!(
                    breaks(case.claim(), assertion.scope(), &model, sign.as_ref(), packet),
                    "{packet} does not break `{text}`\n{source}"
                );
                tally.told += 1;
            }
        }
    }
    if changed {
        tally.changed += 1;
        *tally.kinds.entry(kind).or_default() += 1;
    }
}
