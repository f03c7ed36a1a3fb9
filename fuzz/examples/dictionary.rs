//! Prints a dictionary for libFuzzer, made from the catalogue: names, options and words of every extension as iptables
//! writes them, and what else lines and documents are made of.

use std::collections::BTreeSet;

use fwdsl_runtime::catalogue::{EXTENSIONS, Kind};
use fwdsl_runtime::family::Family;
use fwdsl_runtime::ipset::KINDS;
use fwdsl_runtime::table::{Hook, TableName};
use fwdsl_runtime::{icmp, protocols, services};

/// What stands in lines of `iptables-restore` beside what extensions bring.
const LINES: &[&str] = &[
    "\n",
    "\r\n",
    "# ",
    "COMMIT\n",
    " ACCEPT [0:0]\n",
    " DROP [1:60]\n",
    " - [0:0]\n",
    "[3:180] ",
    " ! ",
    "\"",
    "'",
    "\\",
    "-A ",
    "-I ",
    "-R ",
    "-D ",
    "-N ",
    "-X ",
    "-E ",
    "-P ",
    "-F ",
    "-Z ",
    "-C ",
    "-g ",
    "-c 1 2 ",
    "-4 ",
    "-6 ",
    "--append ",
    "--insert ",
    "--jump ",
    "--goto ",
    "--match ",
    "--protocol ",
    "--source ",
    "--destination ",
    "10.0.0.0/8",
    "192.0.2.1",
    "10.0.0.0/255.0.0.0",
    "2001:db8::/32",
    "fe80::1",
    "::/0",
    "0/0",
    "eth0",
    "br+",
    "lo",
    "1:65535",
    "0:",
    ":1024",
    "0x1/0xff",
    "3/min",
    "00:16:3e:00:00:01",
];

/// The names in a policy as JSON.
const DOCUMENT: &[&str] = &[
    "fwdsl",
    "version",
    "sources",
    "files",
    "expansions",
    "families",
    "ownership",
    "foreign_chains",
    "chains",
    "sets",
    "sysctls",
    "lints",
    "assertions",
    "analysis_budget",
    "lowered",
    "own",
    "prefix",
    "tables",
    "table",
    "name",
    "policy",
    "rules",
    "matches",
    "match",
    "options",
    "option",
    "values",
    "negated",
    "verdicts",
    "action",
    "target",
    "jump",
    "goto",
    "chain",
    "comment",
    "exact",
    "optimise",
    "loc",
    "file",
    "line",
    "expansion",
    "hook",
    "position",
    "first",
    "last",
    "before",
    "after",
    "ipv4",
    "ipv6",
    "interface",
    "network",
    "range",
    "protocol",
    "ports",
    "icmp",
    "word",
    "rate",
    "count",
    "per",
    "number",
    "text",
    "tcp_flags",
    "mask",
    "set",
    "directions",
    "masked",
    "value",
    "span",
    "endpoint",
    "addresses",
    "base",
    "bytes",
    "pattern",
    "mac",
    "share",
    "class",
    "major",
    "minor",
    "time",
    "moment",
    "kind",
    "elements",
    "parts",
    "foreign",
    "service",
    "nomatch",
    "timeout",
    "key",
    "cases",
    "verdict",
    "doc",
    "core",
];

fn main() {
    let mut words: BTreeSet<String> = LINES.iter().map(|&word| word.to_owned()).collect();
    words.extend(DOCUMENT.iter().map(|word| format!("\"{word}\"")));
    words.extend(TableName::ALL.map(|table| format!("*{}\n", table.name())));
    words.extend(Hook::ALL.map(|hook| hook.name().to_owned()));
    words.extend(KINDS.iter().map(|kind| format!("\"{}\"", kind.name)));
    words.extend(protocols::names().map(str::to_owned));
    words.extend(Family::ALL.into_iter().flat_map(icmp::names).map(str::to_owned));
    // The whole table of services would drown the rest.
    words.extend(services::names().step_by(20).map(str::to_owned));
    for extension in EXTENSIONS {
        words.insert(match extension.kind {
            Kind::Match => format!("-m {} ", extension.name),
            Kind::Target => format!("-j {} ", extension.name),
        });
        words.insert(format!("\"{}\"", extension.word()));
        for option in extension.options {
            let flags = option.flag_aliases.iter().chain([&option.flag]);
            words.extend(flags.filter(|flag| !flag.is_empty()).map(|flag| format!("{flag} ")));
            words.insert(format!("\"{}\"", option.name));
            for word in option.value.words() {
                words.extend([word.print.to_owned(), format!("\"{}\"", word.name)]);
                words.extend(word.aliases.iter().map(|&alias| alias.to_owned()));
            }
        }
    }
    for word in words.iter().filter(|word| !word.is_empty()) {
        println!("\"{}\"", escaped(word));
    }
}

/// A word as the dictionaries of libFuzzer have it.
fn escaped(word: &str) -> String {
    let escape = |byte: u8| match byte {
        b'"' | b'\\' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\x{byte:02X}"),
    };
    word.bytes().map(escape).collect()
}
