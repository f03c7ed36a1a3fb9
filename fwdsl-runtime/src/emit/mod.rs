//! Rules to the text that `iptables-restore` reads and `iptables-save` writes.
//!
//! The text is a fixpoint: loaded and saved again it is the same, table by table, but for counters
//! and the comments around it. So everything is written in the form in which iptables saves it.

mod digits;
mod sets;
mod value;

use std::fmt::{Arguments, Write};

pub use sets::emit_sets;

use crate::catalogue::{CORE, COUNT, DefaultValue, Extension, OptionSpec, RAW, RAW_MATCH, When};
use crate::family::Family;
use crate::lower::{Chain, HookJump, Rule, Ruleset, Table};
use crate::model::{Action, HookPosition, Match, OptionUse, Value, width};

/// How protocols are written that iptables itself has no name for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocols {
    /// By the name in `/etc/protocols`, as `iptables-save` writes them where that file exists.
    #[default]
    Named,
    /// By number, which loads on a host without that file too.
    Numbered,
}

/// A rule's usual length, so that the text need not be moved often while it grows.
const RULE_USUAL_BYTES: usize = 64;

/// The text of all tables.
///
/// Of a policy that owns only its chains, the text has these and then the jumps to them, so it is to be loaded with
/// `--noflush`. It is the text for a host without it: loaded twice, it makes the jumps twice. The position of a
/// jump before or after that of others depends on their rules, so here it comes first or last, and a comment says
/// where it belongs; an apply puts it there.
pub fn emit(ruleset: &Ruleset, protocols: Protocols) -> String {
    let mut out = String::new();
    emit_into(&mut out, ruleset, protocols);
    out
}

/// The same, behind other text.
pub fn emit_into(out: &mut String, ruleset: &Ruleset, protocols: Protocols) {
    let rules = ruleset.tables.iter().flat_map(|table| &table.chains).map(|chain| chain.rules.len());
    out.reserve(RULE_USUAL_BYTES * rules.sum::<usize>());
    for table in &ruleset.tables {
        emit_table(out, table, ruleset.family, protocols);
    }
}

/// The same without the jumps from built-in chains that are not the policy's own.
pub fn emit_chains(ruleset: &Ruleset, protocols: Protocols) -> String {
    let mut out = String::new();
    for table in &ruleset.tables {
        emit_table(&mut out, &Table { hooks: Vec::new(), ..table.clone() }, ruleset.family, protocols);
    }
    out
}

fn emit_table(out: &mut String, table: &Table, family: Family, protocols: Protocols) {
    let mut writer = Writer { out, family, protocols };
    writer.line(format_args!("*{}", table.name));
    for chain in &table.chains {
        let policy = chain.policy.map_or("-", |policy| policy.name());
        writer.line(format_args!(":{} {policy} [0:0]", chain.name));
    }
    for chain in &table.chains {
        for rule in &chain.rules {
            writer.rule(chain, rule);
        }
    }
    for jump in &table.hooks {
        writer.hook(jump);
    }
    writer.line(format_args!("COMMIT"));
}

/// One rule as `iptables-save` writes it, `-A INPUT … -j DROP`, without a newline.
pub fn emit_rule(chain: &Chain, rule: &Rule, family: Family) -> String {
    let mut out = String::new();
    Writer { out: &mut out, family, protocols: Protocols::Named }.rule(chain, rule);
    out.truncate(out.trim_end().len());
    out
}

/// Writes formatted text.
fn write(out: &mut String, text: Arguments<'_>) {
    // Writing into a `String` cannot fail.
    let _ = out.write_fmt(text);
}

struct Writer<'a> {
    out: &'a mut String,
    family: Family,
    protocols: Protocols,
}

impl Writer<'_> {
    fn line(&mut self, text: Arguments<'_>) {
        write(self.out, text);
        self.out.push('\n');
    }

    fn hook(&mut self, jump: &HookJump) {
        let HookJump { hook, chain, position, .. } = jump;
        match position {
            HookPosition::Before(anchor) => self.line(format_args!("# before the jump to {anchor}:")),
            HookPosition::After(anchor) => self.line(format_args!("# after the jump to {anchor}:")),
            HookPosition::First | HookPosition::Last => {}
        }
        match position {
            HookPosition::First | HookPosition::Before(_) => {
                self.line(format_args!("-I {hook} 1 -j {chain}"))
            }
            HookPosition::Last | HookPosition::After(_) => self.line(format_args!("-A {hook} -j {chain}")),
        }
    }

    fn rule(&mut self, chain: &Chain, rule: &Rule) {
        self.out.push_str("-A ");
        self.out.push_str(&chain.name);
        for entry in &rule.matches {
            self.entry(entry);
        }
        match &rule.action {
            Action::Jump(chain) => self.words(&["-j", chain]),
            Action::Goto(chain) => self.words(&["-g", chain]),
            Action::Target { extension, .. } if **extension == COUNT => {}
            Action::Target { extension, options } if **extension == RAW => {
                self.words(&["-j"]);
                self.raw(options);
            }
            Action::Target { extension, options } => {
                self.out.push_str(" -j ");
                self.out.push_str(extension.name);
                self.options(extension, options);
            }
        }
        self.out.push('\n');
    }

    fn words(&mut self, words: &[&str]) {
        for word in words {
            self.out.push(' ');
            self.out.push_str(word);
        }
    }

    /// Text that goes to iptables as it is.
    fn raw(&mut self, options: &[OptionUse]) {
        for value in options.iter().flat_map(OptionUse::values) {
            if let Value::Text(text) = value {
                self.words(&[text.trim()]);
            }
        }
    }

    fn entry(&mut self, entry: &Match) {
        if *entry.extension == RAW_MATCH {
            return self.raw(&entry.options);
        }
        if *entry.extension != CORE {
            self.out.push_str(" -m ");
            self.out.push_str(entry.extension.name);
        }
        self.options(entry.extension, &entry.options);
    }

    /// The options in the catalogue's order, which is the one in which iptables saves them.
    fn options(&mut self, extension: &Extension, options: &[OptionUse]) {
        // The options of an extension lie behind each other.
        if !extension.has_defaults && options.is_sorted_by_key(|option| std::ptr::from_ref(option.spec)) {
            options.iter().for_each(|option| self.option(option));
            return;
        }
        let is_there = |name: &str| options.iter().any(|option| option.spec.name == name);
        for spec in extension.options {
            match options.iter().find(|option| option.spec == spec) {
                Some(option) if is_default(option, self.family) => {}
                Some(option) => self.option(option),
                None => self.default(spec, is_there),
            }
        }
    }

    fn option(&mut self, option: &OptionUse) {
        self.out.push_str(if option.negated { " ! " } else { " " });
        self.out.push_str(option.spec.flag);
        for (index, value) in option.values().enumerate() {
            self.out.push(if index == 0 { ' ' } else { ',' });
            value::emit_value(self.out, option.spec, value, self.family, self.protocols);
        }
    }

    /// What iptables prints even if nobody wrote it.
    fn default(&mut self, spec: &OptionSpec, is_there: impl Fn(&str) -> bool) {
        let Some((text, when)) = spec.default.and_then(|default| default.text(self.family)) else { return };
        let printed = match when {
            When::Always => true,
            When::With(other) => is_there(other),
            When::Without(other) => !is_there(other),
        };
        match (printed, text) {
            (false, _) => {}
            (true, "") => self.words(&[spec.flag]),
            (true, text) => self.words(&[spec.flag, text]),
        }
    }
}

/// A match as it is emitted, `-m tcp --dport 22`.
pub(crate) fn emit_match(entry: &Match, family: Family) -> String {
    let mut out = String::new();
    Writer { out: &mut out, family, protocols: Protocols::Named }.entry(entry);
    out.trim_start().to_owned()
}

/// The target of a rule as it is emitted, `DROP`; of a jump the chain's name alone.
pub(crate) fn emit_target(action: &Action, family: Family) -> String {
    match action {
        Action::Jump(chain) | Action::Goto(chain) => chain.clone(),
        Action::Target { extension, options } if **extension == RAW => {
            let mut out = String::new();
            Writer { out: &mut out, family, protocols: Protocols::Named }.raw(options);
            out.trim_start().to_owned()
        }
        Action::Target { extension, options } => {
            format!("{}{}", extension.name, emit_options(extension, options, family))
        }
    }
}

/// An option as it is emitted, `! --dport 22`.
pub(crate) fn emit_option(option: &OptionUse, family: Family) -> String {
    let mut out = String::new();
    Writer { out: &mut out, family, protocols: Protocols::Named }.option(option);
    out.trim_start().to_owned()
}

/// The options of an extension as they are emitted, each with a blank before it.
pub(crate) fn emit_options(extension: &Extension, options: &[OptionUse], family: Family) -> String {
    let mut out = String::new();
    Writer { out: &mut out, family, protocols: Protocols::Named }.options(extension, options);
    out
}

/// Whether iptables leaves the option out because it says what holds anyway.
fn is_default(option: &OptionUse, family: Family) -> bool {
    let default = match option.spec.default {
        Some(DefaultValue::Number(default)) => default,
        Some(DefaultValue::FullPrefix) => u64::from(width(family)),
        _ => return false,
    };
    !option.negated && option.values().all(|value| *value == Value::Number(default))
}
