//! The productions of the grammar, and how often random policies used each.

use std::collections::BTreeMap;
use std::fmt;

use fwdsl::catalogue::{EXTENSIONS, Extension, Kind};
use fwdsl::lower::Ruleset;
use fwdsl::model::{Action, Model, OptionUse};

use crate::samples::loads_everywhere;

/// Productions of `docs/grammar.md`, each with its alternatives. An alternative is called `production/alternative`.
pub static PRODUCTIONS: &[(&str, &[&str])] = &[
    ("policy", &["#![allow]", "#![warn]", "#![deny]", "#![optimise]", "#![analysis_budget]", "items"]),
    (
        "item",
        &[
            "let",
            "family",
            "own",
            "sysctl",
            "set",
            "foreign set",
            "foreign set by name",
            "table",
            "chain",
            "foreign chain",
            "assert",
            "fn",
            "use",
        ],
    ),
    (
        "attribute",
        &[
            "doc of a rule",
            "doc of a chain",
            "doc of a let",
            "doc of a set",
            "doc of a template",
            "allow",
            "warn",
            "deny",
            "several lints",
            "exact",
            "optimise",
            "cfg that holds",
            "cfg that does not hold",
            "of a rule",
            "of a block",
            "of a call",
            "of a use",
            "of an item",
            "of a chain",
            "of a setting",
            "of a case",
        ],
    ),
    ("own", &["tables", "chains", "chains with a prefix"]),
    ("table", &["filter", "nat", "mangle", "raw", "security", "family", "chain", "foreign chain"]),
    (
        "chain",
        &[
            "built-in",
            "word",
            "word with hyphens",
            "quoted",
            "policy accept",
            "policy drop",
            "hook first",
            "hook last",
            "hook before",
            "hook after",
            "family",
        ],
    ),
    ("foreign-chain", &["name", "name with family", "names that begin so"]),
    ("family", &["ipv4", "ipv6"]),
    ("statement", &["rule", "block", "block in a block", "call", "use"]),
    ("matches", &["_", "one", "several"]),
    (
        "match",
        &[
            "in",
            "out",
            "from",
            "to",
            "proto",
            "sport",
            "dport",
            "port",
            "ct",
            "mark",
            "limit",
            "limit with burst",
            "comment",
            "raw",
            "family",
            "fragment",
            "!fragment",
            "protocol",
            "protocols",
            "icmp type",
            "icmpv6 type",
            "tcp syn",
            "tcp !syn",
            "tcp flags",
            "tcp !flags",
            "extension",
            "extension alone",
            "extension of a protocol",
            "set",
        ],
    ),
    ("option", &["with value", "positional", "flag", "negated", "negated value", "several"]),
    (
        "value",
        &[
            "atom",
            "string",
            "range",
            "list",
            "list in a list",
            "list that ends in a comma",
            "alternatives",
            "negation",
            "let",
            "let in a list",
            "let in a range",
            "negated let",
            "set",
            "set in a list",
            "#name",
            "#{expression}",
            "parameter",
        ],
    ),
    (
        "parameters",
        &["value", "end of a range", "negated", "in a list", "option", "chain", "set", "argument"],
    ),
    ("endpoint", &["address", "range", "ports", "address and ports", "in brackets", "let and port", "base"]),
    (
        "verdict",
        &["accept", "drop", "return", "reject", "jump", "goto", "target", "target alone", "raw", "several"],
    ),
    ("template", &["without parameters", "with parameters", "call in a template", "use in a template"]),
    ("arguments", &["atom", "string", "list", "range", "let", "set", "rust value", "verdict's chain"]),
    ("use", &["rules", "items", "settings", "with arguments", "use in a fragment", "path"]),
    (
        "setting",
        &[
            "dotted key",
            "key with *",
            "quoted key",
            "key with hyphens",
            "number",
            "negative number",
            "word",
            "string",
            "#name",
        ],
    ),
    (
        "kind",
        &[
            "ip",
            "net",
            "ip,port",
            "net,port",
            "net,iface",
            "net,net",
            "ip,port,ip",
            "ip,port,net",
            "net,port,net",
            "mac",
            "ip,mac",
            "ip,mark",
            "bitmap:ip",
            "bitmap:ip,mac",
            "port",
            "list",
            "ipset's name",
        ],
    ),
    (
        "parameter",
        &[
            "timeout",
            "hashsize",
            "maxelem",
            "bucketsize",
            "netmask",
            "markmask",
            "counters",
            "comment",
            "skbinfo",
            "forceadd",
            "keep",
            "range",
            "family",
        ],
    ),
    (
        "element",
        &["one part", "parts", "nomatch", "timeout", "comment", "skbmark", "skbprio", "skbqueue", "none"],
    ),
    (
        "part",
        &[
            "address",
            "network",
            "range",
            "service",
            "port",
            "protocol",
            "icmp",
            "interface",
            "physdev",
            "string",
            "list",
            "let",
            "#name",
            "set",
        ],
    ),
    ("assert", &["host", "host and way", "chain", "table and chain", "quoted chain", "several matches"]),
    ("claim", &["verdict", "!verdict", "reaches", "!reaches"]),
    ("verdicts", &["one", "a|b", "[a, b]"]),
];

/// The other productions of `docs/grammar.md`, each with the alternatives that stand for it.
pub static ELSEWHERE: &[(&str, &[&str])] = &[
    ("let", &["item/let"]),
    ("family-name", &["family/ipv4", "family/ipv6"]),
    ("sysctl", &["item/sysctl"]),
    ("key", &["setting/dotted key", "setting/quoted key"]),
    ("key-piece", &["setting/dotted key", "setting/key with *"]),
    ("chain-policy", &["chain/policy accept", "chain/policy drop"]),
    ("hook", &["chain/hook first", "chain/hook last", "chain/hook before", "chain/hook after"]),
    ("way", &["assert/host and way"]),
    ("chain-path", &["assert/chain", "assert/table and chain", "claim/reaches"]),
    ("case", &["claim/verdict", "claim/!verdict", "claim/reaches"]),
    ("some-verdict", &["verdicts/one", "verdicts/[a, b]"]),
    ("inner-attribute", &["policy/#![allow]", "policy/#![analysis_budget]"]),
    ("level", &["attribute/allow", "attribute/warn", "attribute/deny", "attribute/several lints"]),
    ("exact", &["attribute/exact"]),
    ("optimise", &["attribute/optimise", "policy/#![optimise]"]),
    ("raw-text", &["match/raw", "verdict/raw"]),
    ("cfg", &["attribute/cfg that holds", "attribute/cfg that does not hold"]),
    ("budget", &["policy/#![analysis_budget]"]),
    ("doc-comment", &["attribute/doc of a rule", "attribute/doc of a set"]),
    ("rule", &["statement/rule"]),
    ("block", &["statement/block"]),
    ("call", &["statement/call"]),
    ("path", &["use/path"]),
    ("shorthand", &["match/in", "match/limit with burst", "match/!fragment"]),
    ("valued-word", &["match/in", "match/out", "match/from", "match/to", "match/proto", "match/mark"]),
    ("protocol", &["match/protocol", "match/protocols"]),
    ("icmp-type", &["match/icmp type", "match/icmpv6 type"]),
    ("tcp-flags", &["match/tcp syn", "match/tcp !syn", "match/tcp flags", "match/tcp !flags"]),
    ("flags", &["match/tcp flags"]),
    ("flag-list", &["match/tcp flags"]),
    ("extension", &["match/extension"]),
    ("bare-extension", &["match/extension alone"]),
    ("option-name", &["option/with value"]),
    ("option-value", &["option/with value", "option/positional"]),
    ("address", &["endpoint/address", "endpoint/in brackets"]),
    ("ports", &["endpoint/ports", "endpoint/base"]),
    ("set-use", &["match/set"]),
    ("direction", &["match/set"]),
    ("target", &["verdict/target", "verdict/target alone"]),
    ("verdict-name", &["verdict/accept", "claim/verdict"]),
    ("alternatives", &["value/alternatives"]),
    ("single", &["value/atom"]),
    ("list", &["value/list"]),
    ("range", &["value/range"]),
    ("range-end", &["value/range", "value/let in a range"]),
    ("set-name", &["value/set"]),
    ("rust-value", &["value/#name", "value/#{expression}"]),
    ("set", &["item/set"]),
    ("foreign-set", &["item/foreign set"]),
    ("set-head", &["item/set"]),
    ("element-word", &["element/nomatch", "element/timeout"]),
    ("body", &["use/rules", "use/items", "use/settings"]),
];

/// How often each alternative, and each option of the catalogue, stood in a policy that compiled.
#[derive(Debug, Default)]
pub struct Coverage {
    productions: BTreeMap<&'static str, usize>,
    catalogue: BTreeMap<String, usize>,
}

impl Coverage {
    /// Counts what a policy is made of.
    ///
    /// # Panics
    ///
    /// If an alternative is not in the list.
    pub fn add<'a>(
        &mut self,
        used: &[&'static str],
        model: &Model,
        lowered: impl IntoIterator<Item = &'a Ruleset>,
    ) {
        for name in used {
            assert!(is_production(name), "{name} is not in the list");
            *self.productions.entry(name).or_default() += 1;
        }
        for rule in model.chains().iter().flat_map(|chain| chain.rules()) {
            for entry in rule.matches() {
                self.add_uses(entry.extension(), entry.options());
            }
            for verdict in rule.verdicts() {
                self.add_action(verdict.action());
            }
        }
        // Some matches are others in the model: `udp(dport 53)` is `udp dport 53`.
        let chains = lowered.into_iter().flat_map(|ruleset| &ruleset.tables).flat_map(|table| &table.chains);
        for rule in chains.flat_map(|chain| &chain.rules) {
            for entry in &rule.matches {
                self.add_uses(entry.extension(), entry.options());
            }
            self.add_action(&rule.action);
        }
    }

    fn add_action(&mut self, action: &Action) {
        if let Action::Target { extension, options } = action {
            self.add_uses(extension, options);
        }
    }

    fn add_uses(&mut self, extension: &Extension, options: &[OptionUse]) {
        *self.catalogue.entry(entry_name(extension)).or_default() += 1;
        for option in options {
            *self
                .catalogue
                .entry(format!("{} {}", entry_name(extension), option.spec().name))
                .or_default() += 1;
        }
    }

    /// What no policy used.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let productions = alternatives().filter(|name| !self.productions.contains_key(name.as_str()));
        let options = catalogue_names().filter(|name| !self.catalogue.contains_key(name));
        productions.chain(options).collect()
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in alternatives() {
            writeln!(f, "{:>7} {name}", self.productions.get(name.as_str()).unwrap_or(&0))?;
        }
        for name in catalogue_names() {
            writeln!(f, "{:>7} {name}", self.catalogue.get(&name).unwrap_or(&0))?;
        }
        Ok(())
    }
}

fn alternatives() -> impl Iterator<Item = String> {
    PRODUCTIONS.iter().flat_map(|(name, all)| all.iter().map(move |it| format!("{name}/{it}")))
}

/// Whether it is an alternative of a production.
#[must_use]
pub fn is_production(name: &str) -> bool {
    PRODUCTIONS.iter().any(|(production, all)| {
        name.strip_prefix(production)
            .and_then(|rest| rest.strip_prefix('/'))
            .is_some_and(|it| all.contains(&it))
    })
}

fn catalogue_names() -> impl Iterator<Item = String> {
    EXTENSIONS.iter().filter(|extension| loads_everywhere(extension, None)).flat_map(|extension| {
        let name = entry_name(extension);
        let options = extension.options.iter().filter(|spec| loads_everywhere(extension, Some(spec)));
        let options = options.map(move |spec| format!("{name} {}", spec.name));
        [entry_name(extension)].into_iter().chain(options)
    })
}

fn entry_name(extension: &Extension) -> String {
    let prefix = if extension.kind == Kind::Match { "match" } else { "target" };
    format!("{prefix} {}", extension.name)
}
