//! What of the catalogue is tried on the kernel, as a page of the documentation.

use std::fmt::Write;

use fwdsl::family::{Family, FamilySet};
use fwdsl::host::Variant;
use fwdsl::table::TableName;
use fwdsl_runtime::catalogue::{COUNT, EXTENSIONS, Extension, Kind, OptionSpec, RAW, RAW_MATCH};

use crate::samples::{KNOWN_ABSENT, MADE_ELSEWHERE, called};

/// The entries of the catalogue that iptables knows as extensions.
pub fn entries() -> impl Iterator<Item = &'static Extension> {
    let extensions = EXTENSIONS.iter().copied();
    extensions.filter(|it| (it.module || it.kind == Kind::Target) && ![&RAW_MATCH, &RAW].contains(it))
}

/// Whether the kernel test loads an entry on a variant, and an option with it. What it says it does, it must have done.
#[must_use]
pub fn is_tried(entry: &Extension, option: Option<&OptionSpec>, variant: Variant) -> bool {
    let legacy_only = entry.legacy_only || option.is_some_and(|option| option.legacy_only);
    let made_elsewhere = option.is_some_and(|option| MADE_ELSEWHERE.contains(&option.flag));
    !KNOWN_ABSENT.contains(&called(entry).as_str())
        && !made_elsewhere
        && (variant == Variant::Legacy || !legacy_only)
}

/// The page.
#[must_use]
pub fn page() -> String {
    let mut page = String::from(
        "# Coverage of iptables\n\nEvery entry of the catalogue. The tests write this page from it.\n\n\
         `tests/tests/catalogue.rs` loads each option at its limits, positive and, where a `!` is shown, negated too, in every\n\
         table, chain and family where it may stand, and compares what is saved. `yes` says that it does so on that variant;\n\
         where it does not, the note says why. `tests/tests/constructs/` sends packets that match and packets that do not for each\n\
         option, and `tests/tests/manual.rs` compares the entries with the manual page iptables-extensions(8).\n",
    );
    for (title, kind) in [("Matches", Kind::Match), ("Targets", Kind::Target)] {
        let _ = write!(
            page,
            "\n## {title}\n\n| name | families | tables | hooks | options | legacy | nft |\n\
             | --- | --- | --- | --- | --- | --- | --- |\n"
        );
        for entry in entries().filter(|entry| entry.kind == kind && **entry != COUNT) {
            let [legacy, nft] = [Variant::Legacy, Variant::Nft].map(|variant| verdict(entry, variant));
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} | {} | {legacy} | {nft} |",
                entry.name,
                families(entry.families),
                tables(entry),
                hooks(entry),
                options(entry)
            );
        }
    }
    page
}

fn families(families: FamilySet) -> String {
    let names: Vec<String> = families.iter().map(|family: Family| family.to_string()).collect();
    names.join(", ")
}

fn tables(entry: &Extension) -> String {
    let allowed: Vec<&str> =
        TableName::ALL.into_iter().filter(|table| entry.allowed_in(*table)).map(TableName::name).collect();
    if allowed.len() == TableName::ALL.len() { "all".to_owned() } else { allowed.join(", ") }
}

fn hooks(entry: &Extension) -> String {
    let all = TableName::ALL.iter().flat_map(|table| table.hooks());
    let mut names: Vec<&str> = Vec::new();
    let mut others = 0;
    for hook in all {
        if entry.hooks.contains(*hook) {
            if !names.contains(&hook.name()) {
                names.push(hook.name());
            }
        } else {
            others += 1;
        }
    }
    if others == 0 { "all".to_owned() } else { names.join(", ") }
}

fn options(entry: &Extension) -> String {
    let option = |option: &OptionSpec| {
        let not = if option.negatable { "!" } else { "" };
        let mut notes: Vec<&str> = Vec::new();
        if MADE_ELSEWHERE.contains(&option.flag) {
            notes.push("not tried: another program makes the object");
        }
        if option.legacy_only {
            notes.push("legacy alone");
        }
        match (option.families, notes.is_empty()) {
            (FamilySet::IPV4, _) => notes.push("IPv4"),
            (FamilySet::IPV6, _) => notes.push("IPv6"),
            _ => {}
        }
        let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
        format!("`{not}{}`{notes}", option.name)
    };
    let options: Vec<String> = entry.options.iter().map(option).collect();
    options.join(", ")
}

fn verdict(entry: &Extension, variant: Variant) -> &'static str {
    match (is_tried(entry, None, variant), entry.legacy_only && variant == Variant::Nft) {
        (true, _) => "yes",
        (false, true) => "the variant does not have it",
        (false, false) => "the kernel of the tests does not have it",
    }
}
