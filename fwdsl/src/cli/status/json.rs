//! A status as JSON.

use fwdsl_runtime::host::{ChainCount, Difference, Drift, FamilyCount, Status};
use fwdsl_runtime::loc::{Loc, Sources};
use fwdsl_runtime::restore_text::Counters;
use serde_json::{Map, Value, json};

use super::Report;
use crate::cli::plan;

impl Report<'_> {
    pub(super) fn json(&self) -> Map<String, Value> {
        let Status { variant, drift, counts, outlook, pending, last_outcome } = self.status;
        let last = last_outcome.as_ref().map(|outcome| json!({ "ended": outcome.ended, "at": outcome.at }));
        let boot = json!({
            "same": self.boot.is_known.then_some(self.boot.differing.is_empty()),
            "services": self.boot.services,
            "files": self.boot.differing.iter().map(plan::file_json).collect::<Vec<_>>(),
        });
        Map::from_iter([
            ("in_force".to_owned(), json!(self.exit.is_none())),
            ("differs".to_owned(), json!(self.status.differs())),
            ("variant".to_owned(), json!(variant)),
            ("drift".to_owned(), drift.iter().map(|drift| drift_json(drift, self.sources)).collect()),
            ("sets".to_owned(), outlook.sets.iter().map(plan::set_json).collect()),
            ("sysctls".to_owned(), json!(outlook.sysctls)),
            ("boot".to_owned(), boot),
            ("pending".to_owned(), json!(pending.map(|left| json!({ "left_seconds": left.as_secs() })))),
            ("last_outcome".to_owned(), json!(last)),
            ("last_change".to_owned(), json!(self.last_change)),
            ("blocked".to_owned(), plan::blocked_json(outlook)),
            ("unknown".to_owned(), plan::unknown_json(outlook)),
            ("chains".to_owned(), counts.iter().map(|chain| chain_json(chain, self.sources)).collect()),
        ])
    }
}

fn place(loc: Loc, sources: &Sources) -> Value {
    let through: Vec<Value> = sources
        .expansions_of(loc)
        .map(|expansion| {
            json!({
                "what": expansion.what,
                "file": sources.file_of(expansion.call),
                "line": expansion.call.line,
            })
        })
        .collect();
    match through.is_empty() {
        true => json!({ "file": sources.file_of(loc), "line": loc.line }),
        false => json!({ "file": sources.file_of(loc), "line": loc.line, "through": through }),
    }
}

fn drift_json(drift: &Drift, sources: &Sources) -> Value {
    let at = |loc: &Loc| place(*loc, sources);
    let what = match &drift.difference {
        Difference::Missing { loc, text } => json!({ "kind": "missing", "source": at(loc), "rule": text }),
        Difference::Extra { line, text } => json!({ "kind": "extra", "kernel_line": line, "found": text }),
        Difference::Changed { loc, wanted, line, found } => json!({
            "kind": "changed", "source": at(loc), "rule": wanted, "kernel_line": line, "found": found,
        }),
        Difference::Policy { wanted, found } => json!({ "kind": "policy", "rule": wanted, "found": found }),
        Difference::MissingChain { rules } => json!({ "kind": "missing-chain", "rules": rules }),
        Difference::ExtraChain { rules } => json!({ "kind": "extra-chain", "rules": rules }),
        Difference::Jump { loc } => json!({ "kind": "jump", "source": loc.as_ref().map(at) }),
        Difference::LeftChain => json!({ "kind": "left-chain" }),
        Difference::LeftTable => json!({ "kind": "left-table" }),
    };
    let mut object = Map::from_iter([
        ("family".to_owned(), json!(drift.family.name())),
        ("table".to_owned(), json!(drift.table)),
        ("chain".to_owned(), json!(drift.chain)),
    ]);
    if let Value::Object(what) = what {
        object.extend(what);
    }
    Value::Object(object)
}

fn chain_json(chain: &ChainCount, sources: &Sources) -> Value {
    let family = |count: &FamilyCount| {
        let numbers = count.counters.map(|counters| json!([counters.packets, counters.bytes]));
        (count.family.name().to_owned(), json!({ "lines": count.lines, "counters": numbers }))
    };
    let rules = chain.rules.iter().map(|rule| {
        let total = rule.total();
        json!({
            "source": place(rule.loc, sources),
            "rule": rule.text,
            "packets": total.packets,
            "bytes": total.bytes,
            "families": rule.families.iter().map(family).collect::<Map<_, _>>(),
        })
    });
    let end = |(family, policy, Counters { packets, bytes }): &(_, String, Counters)| {
        let family: &fwdsl_runtime::family::Family = family;
        (family.name().to_owned(), json!({ "policy": policy, "packets": packets, "bytes": bytes }))
    };
    json!({
        "table": chain.table,
        "chain": chain.chain,
        "source": place(chain.loc, sources),
        "rules": rules.collect::<Vec<_>>(),
        "end": chain.ends.iter().map(end).collect::<Map<_, _>>(),
    })
}
