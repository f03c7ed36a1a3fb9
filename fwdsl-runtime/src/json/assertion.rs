//! Assertions and sysctls.

use serde_json::Value;

use super::chain::read_table;
use super::node::{Node, Reading};
use super::object::Object;
use super::place::{Writer, read_loc};
use super::rule::{read_extension, read_match, write_match};
use crate::catalogue::Kind;
use crate::loc::{Loc, Located};
use crate::model::{Assertion, AssertionCase, SysctlUse};
use crate::sysctl::{Key, Setting};

pub(super) fn write_assertion(assertion: &Assertion, writer: Writer<'_>) -> Value {
    Object::default()
        .with("table", assertion.table.name())
        .with("chain", assertion.chain.value.as_str())
        .list("cases", &assertion.cases, |case| write_case(case, assertion.chain.loc, writer))
        .maybe("loc", writer.loc(assertion.chain.loc, Loc::default()))
        .into()
}

pub(super) fn read_assertion(node: &Node<'_>, reading: &mut Reading) -> Option<Assertion> {
    let fields = node.fields(&["table", "chain", "cases", "loc"], reading)?;
    let loc = read_loc(&fields, "loc", Loc::default(), reading)?;
    Some(Assertion {
        table: read_table(&fields, reading)?,
        chain: Located::new(fields.text("chain", reading)?, loc),
        cases: fields.each("cases", reading, |node, reading| read_case(node, loc, reading))?,
    })
}

fn write_case(case: &AssertionCase, around: Loc, writer: Writer<'_>) -> Value {
    Object::default()
        .list("matches", &case.matches, |entry| write_match(entry, case.loc, writer))
        .if_true("negated", case.negated)
        .with("verdict", case.verdict.word())
        .maybe("loc", writer.loc(case.loc, around))
        .into()
}

fn read_case(node: &Node<'_>, around: Loc, reading: &mut Reading) -> Option<AssertionCase> {
    let fields = node.fields(&["matches", "negated", "verdict", "loc"], reading)?;
    let loc = read_loc(&fields, "loc", around, reading)?;
    Some(AssertionCase {
        matches: fields.each("matches", reading, |node, reading| read_match(node, loc, reading))?,
        negated: fields.is_true("negated", reading)?,
        verdict: read_extension(&fields, "verdict", Kind::Target, reading)?,
        loc,
    })
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
