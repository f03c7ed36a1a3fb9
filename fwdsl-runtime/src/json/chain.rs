//! Chains, of the policy and of others, and what of the tables is the policy's.

use serde_json::Value;

use super::node::{Fields, Node, Reading};
use super::object::Object;
use super::place::{Writer, read_loc};
use super::rule::{read_rule, write_rule};
use crate::family::{Family, FamilySet};
use crate::lint::{self, LINTS, Level, LevelSetting};
use crate::loc::{Loc, Located};
use crate::model::{Chain, ChainPolicy, ForeignChain, HookPosition, Ownership};
use crate::table::TableName;

const POLICIES: [ChainPolicy; 2] = [ChainPolicy::Accept, ChainPolicy::Drop];

pub(super) fn write_chain(chain: &Chain, writer: Writer<'_>) -> Value {
    let mut object = Object::default()
        .with("table", chain.table.name())
        .with("name", chain.name.as_str())
        .with("families", write_families(chain.families))
        .if_any("doc", &chain.doc)
        .with("lints", write_levels(&chain.levels))
        .if_true("optimise", chain.optimise)
        .list("rules", &chain.rules, |rule| write_rule(rule, chain.loc, writer))
        .maybe("loc", writer.loc(chain.loc, Loc::default()));
    if let Some(policy) = &chain.policy {
        object = object
            .with("policy", policy_word(policy.value))
            .maybe("policy_loc", writer.loc(policy.loc, chain.loc));
    }
    if let Some(position) = &chain.position {
        object = object
            .with("hook", write_position(&position.value))
            .maybe("hook_loc", writer.loc(position.loc, chain.loc));
    }
    object.into()
}

pub(super) fn read_chain(node: &Node<'_>, reading: &mut Reading) -> Option<Chain> {
    let known = [
        "table",
        "name",
        "families",
        "doc",
        "lints",
        "optimise",
        "rules",
        "loc",
        "policy",
        "policy_loc",
        "hook",
        "hook_loc",
    ];
    let fields = node.fields(&known, reading)?;
    let loc = read_loc(&fields, "loc", Loc::default(), reading)?;
    let table = read_table(&fields, reading);
    let name = fields.text("name", reading);
    let policy = fields.maybe("policy", reading, |node, reading| {
        let value = node.one_of("policy", &POLICIES, policy_word, reading)?;
        Some(Located::new(value, read_loc(&fields, "policy_loc", loc, reading)?))
    });
    let position = fields.maybe("hook", reading, |node, reading| {
        let value = read_position(node, reading)?;
        Some(Located::new(value, read_loc(&fields, "hook_loc", loc, reading)?))
    });
    let families = fields.required("families", reading).and_then(|node| read_families(&node, reading));
    let doc = fields.maybe("doc", reading, Node::text);
    let rules = fields.each("rules", reading, |node, reading| read_rule(node, loc, reading));
    let levels = fields.maybe("lints", reading, read_levels);
    let optimise = fields.is_true("optimise", reading);
    Some(Chain {
        table: table?,
        name: name?,
        policy: policy?,
        position: position?,
        families: families?,
        doc: doc?.unwrap_or_default().to_owned(),
        rules: rules?,
        levels: levels?.unwrap_or_default(),
        optimise: optimise?,
        loc,
    })
}

/// A chain's policy in the language's word.
pub(super) const fn policy_word(policy: ChainPolicy) -> &'static str {
    match policy {
        ChainPolicy::Accept => "accept",
        ChainPolicy::Drop => "drop",
    }
}

/// Reads the field `table`.
pub(super) fn read_table(fields: &Fields<'_>, reading: &mut Reading) -> Option<TableName> {
    fields.required("table", reading)?.one_of("table", &TableName::ALL, TableName::name, reading)
}

pub(super) fn write_foreign(foreign: &ForeignChain, writer: Writer<'_>) -> Value {
    Object::default()
        .with("table", foreign.table.name())
        .with("name", foreign.name.as_str())
        .with("families", write_families(foreign.families))
        .maybe("loc", writer.loc(foreign.loc, Loc::default()))
        .into()
}

pub(super) fn read_foreign(node: &Node<'_>, reading: &mut Reading) -> Option<ForeignChain> {
    let fields = node.fields(&["table", "name", "families", "loc"], reading)?;
    Some(ForeignChain {
        table: read_table(&fields, reading)?,
        name: fields.text("name", reading)?,
        families: read_families(&fields.required("families", reading)?, reading)?,
        loc: read_loc(&fields, "loc", Loc::default(), reading)?,
    })
}

/// `{"own": "tables"}`, or `{"own": "chains", "prefix": …}`.
pub(super) fn write_ownership(ownership: &Ownership, writer: Writer<'_>) -> Value {
    match ownership {
        Ownership::Tables => Object::one("own", "tables"),
        Ownership::Chains { prefix, loc } => Object::one("own", "chains")
            .with("prefix", prefix.as_str())
            .maybe("loc", writer.loc(*loc, Loc::default())),
    }
    .into()
}

pub(super) fn read_ownership(node: &Node<'_>, reading: &mut Reading) -> Option<Ownership> {
    let own = match node.field("own", reading)? {
        Some(own) => own.one_of("ownership", &["tables", "chains"], |word| word, reading)?,
        None => return reading.fail(node, "the field `own` is missing", None),
    };
    if own == "tables" {
        return node.fields(&["own"], reading).map(|_| Ownership::Tables);
    }
    let fields = node.fields(&["own", "prefix", "loc"], reading)?;
    let loc = read_loc(&fields, "loc", Loc::default(), reading)?;
    Some(Ownership::Chains { prefix: fields.text("prefix", reading)?, loc })
}

/// `{"position": "before", "chain": …}`.
pub(super) fn write_position(position: &HookPosition) -> Value {
    let word = match position {
        HookPosition::First => "first",
        HookPosition::Last => "last",
        HookPosition::Before(_) => "before",
        HookPosition::After(_) => "after",
    };
    Object::one("position", word).maybe("chain", position.anchor()).into()
}

fn read_position(node: &Node<'_>, reading: &mut Reading) -> Option<HookPosition> {
    let fields = node.fields(&["position", "chain"], reading)?;
    let words = ["first", "last", "before", "after"];
    let position = fields.required("position", reading)?;
    let word = position.one_of("position", &words, |word| word, reading)?;
    if let ("first" | "last", Some(chain)) = (word, fields.optional("chain")) {
        return reading.fail(&chain, format!("`{word}` is beside no other chain"), None);
    }
    Some(match word {
        "first" => HookPosition::First,
        "last" => HookPosition::Last,
        "before" => HookPosition::Before(fields.text("chain", reading)?),
        _ => HookPosition::After(fields.text("chain", reading)?),
    })
}

/// `["ipv4", "ipv6"]`.
pub(super) fn write_families(families: FamilySet) -> Value {
    families.iter().map(Family::name).collect()
}

pub(super) fn read_families(node: &Node<'_>, reading: &mut Reading) -> Option<FamilySet> {
    let families =
        node.each(reading, |item, reading| item.one_of("family", &Family::ALL, Family::name, reading))?;
    Some(families.into_iter().map(FamilySet::only).fold(FamilySet::NONE, FamilySet::or))
}

/// `[{"lint": …, "level": "allow"}]`.
pub(super) fn write_levels(levels: &[LevelSetting]) -> Value {
    let write = |setting: &LevelSetting| -> Value {
        Object::one("lint", setting.lint.as_str()).with("level", setting.level.name()).into()
    };
    levels.iter().map(write).collect()
}

pub(super) fn read_levels(node: &Node<'_>, reading: &mut Reading) -> Option<Vec<LevelSetting>> {
    node.each(reading, |item, reading| {
        let fields = item.fields(&["lint", "level"], reading)?;
        let node = fields.required("lint", reading)?;
        let name = node.text(reading)?;
        if lint::find(name).is_none() {
            return reading.unknown(&node, "lint", name, LINTS.iter().map(|lint| lint.name));
        }
        let level = fields.required("level", reading)?;
        let level = level.one_of("level", &Level::ALL, Level::name, reading)?;
        Some(LevelSetting { lint: name.to_owned(), level })
    })
}
