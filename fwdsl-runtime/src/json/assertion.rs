//! Assertions and sysctls.

use serde_json::Value;

use super::chain::read_table;
use super::node::{Fields, Node, Reading};
use super::object::Object;
use super::place::{Writer, read_loc};
use super::rule::{read_extension, read_match, write_match};
use crate::catalogue::Kind;
use crate::loc::{Loc, Located};
use crate::model::{Assertion, AssertionCase, Claim, Outcome, Scope, SysctlUse};
use crate::sysctl::{Key, Setting};
use crate::table::Way;

/// What stands for every way of a packet.
const ANY_WAY: &str = "any";

pub(super) fn write_assertion(assertion: &Assertion, writer: Writer<'_>) -> Value {
    let object = match &assertion.scope {
        Scope::Chain { table, name } => {
            Object::default().with("table", table.name()).with("chain", name.as_str())
        }
        Scope::Host(way) => Object::one("host", way.map_or(ANY_WAY, Way::name)),
    };
    object
        .list("cases", &assertion.cases, |case| write_case(case, assertion.loc, writer))
        .maybe("loc", writer.loc(assertion.loc, Loc::default()))
        .into()
}

pub(super) fn read_assertion(node: &Node<'_>, reading: &mut Reading) -> Option<Assertion> {
    let fields = node.fields(&["host", "table", "chain", "cases", "loc"], reading)?;
    let loc = read_loc(&fields, "loc", Loc::default(), reading)?;
    let scope = read_scope(&fields, reading);
    let cases = fields.each("cases", reading, |node, reading| read_case(node, loc, reading));
    Some(Assertion { scope: scope?, cases: cases?, loc })
}

fn read_scope(fields: &Fields<'_>, reading: &mut Reading) -> Option<Scope> {
    let Some(node) = fields.optional("host") else {
        return Some(Scope::Chain {
            table: read_table(fields, reading)?,
            name: fields.text("chain", reading)?,
        });
    };
    if let Some(chain) = fields.optional("chain").or(fields.optional("table")) {
        return reading.fail(&chain, "it is either about `host` or about a chain", None);
    }
    let ways = [None, Some(Way::In), Some(Way::Through), Some(Way::Out)];
    let name = |way: Option<Way>| way.map_or(ANY_WAY, Way::name);
    Some(Scope::Host(node.one_of("way", &ways, name, reading)?))
}

fn write_case(case: &AssertionCase, around: Loc, writer: Writer<'_>) -> Value {
    let claim = &case.claim;
    let object = Object::default()
        .list("matches", &case.matches, |entry| write_match(entry, case.loc, writer))
        .if_true("negated", claim.negated);
    let object = match &claim.outcome {
        Outcome::Verdict(verdicts) => object.list("verdicts", verdicts, |verdict| verdict.word().into()),
        Outcome::Reaches { table, chain } => {
            let reached = Object::one("table", table.name())
                .with("chain", chain.value.as_str())
                .maybe("loc", writer.loc(chain.loc, case.loc));
            object.with("reaches", Value::from(reached))
        }
    };
    object
        .maybe("claim_loc", writer.loc(claim.loc, case.loc))
        .maybe("loc", writer.loc(case.loc, around))
        .into()
}

fn read_case(node: &Node<'_>, around: Loc, reading: &mut Reading) -> Option<AssertionCase> {
    let known = ["matches", "negated", "verdicts", "reaches", "claim_loc", "loc"];
    let fields = node.fields(&known, reading)?;
    let loc = read_loc(&fields, "loc", around, reading)?;
    let matches = fields.each("matches", reading, |node, reading| read_match(node, loc, reading));
    let negated = fields.is_true("negated", reading);
    let outcome = read_outcome(&fields, loc, reading);
    let claim_loc = read_loc(&fields, "claim_loc", loc, reading)?;
    let claim = Claim { negated: negated?, outcome: outcome?, loc: claim_loc };
    Some(AssertionCase { matches: matches?, claim, loc })
}

fn read_outcome(fields: &Fields<'_>, around: Loc, reading: &mut Reading) -> Option<Outcome> {
    let Some(node) = fields.optional("reaches") else {
        let before = reading.errors.len();
        let verdicts =
            fields.each("verdicts", reading, |node, reading| read_extension(node, Kind::Target, reading))?;
        if verdicts.is_empty() && reading.errors.len() == before {
            let node = fields.required("verdicts", reading)?;
            return reading.fail(&node, "at least one verdict is wanted", None);
        }
        return Some(Outcome::Verdict(verdicts));
    };
    if let Some(verdicts) = fields.optional("verdicts") {
        return reading.fail(&verdicts, "it is either `verdicts` or `reaches`", None);
    }
    let fields = node.fields(&["table", "chain", "loc"], reading)?;
    let loc = read_loc(&fields, "loc", around, reading)?;
    let table = read_table(&fields, reading)?;
    Some(Outcome::Reaches { table, chain: Located::new(fields.text("chain", reading)?, loc) })
}

pub(super) fn write_sysctl(sysctl: &SysctlUse, writer: Writer<'_>) -> Value {
    Object::default()
        .with("key", sysctl.value.key.to_string())
        .with("value", sysctl.value.value.as_str())
        .maybe("rust", sysctl.rust_value)
        .maybe("loc", writer.loc(sysctl.loc, Loc::default()))
        .maybe("value_loc", writer.loc(sysctl.value_loc, sysctl.loc))
        .into()
}

pub(super) fn read_sysctl(node: &Node<'_>, reading: &mut Reading) -> Option<SysctlUse> {
    let fields = node.fields(&["key", "value", "loc", "value_loc"], reading)?;
    let loc = read_loc(&fields, "loc", Loc::default(), reading)?;
    let key_node = fields.required("key", reading)?;
    let key = match key_node.text(reading)?.parse::<Key>() {
        Ok(key) => key,
        Err(error) => return reading.fail(&key_node, error.to_string(), None),
    };
    Some(SysctlUse {
        value: Setting { key, value: fields.text("value", reading)? },
        loc,
        value_loc: read_loc(&fields, "value_loc", loc, reading)?,
        rust_value: None,
    })
}
