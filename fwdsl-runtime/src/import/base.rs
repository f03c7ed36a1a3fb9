//! Options of iptables itself: commands, parameters of the rule, matches and targets by name.

use super::Unknown;
use super::error::Reason;
use super::modules::{find_match, find_target, unknown_chain, unknown_match, unknown_target};
use super::option::{BaseOption, Loaded};
use super::request::{Request, RequestKind};
use super::rule::{Step, Walk};
use super::value::parse_number;
use crate::family::Family;
use crate::model::Action;

impl<'a> Walk<'a, '_> {
    /// An option of iptables itself.
    pub(super) fn base(
        &mut self,
        written: &'a str,
        base: BaseOption,
        value: Option<&'a str>,
    ) -> Result<Step, Reason> {
        let letter = base.letter;
        match (letter, value) {
            ('4' | '6', _) => {
                let own = if letter == '4' { Family::Ipv4 } else { Family::Ipv6 };
                return Ok(if own == self.context.family { Step::Done } else { Step::OtherFamily });
            }
            ('v' | 'M', _) => {}
            ('A' | 'C' | 'D' | 'E' | 'F' | 'I' | 'L' | 'N' | 'P' | 'R' | 'S' | 'X' | 'Z', _) => {
                self.request(written, letter, value)?;
            }
            ('m', Some(name)) => self.match_module(name)?,
            ('j', Some(name)) => self.jump(name)?,
            ('g', Some(name)) => self.goto(name)?,
            ('c', Some(packets)) => self.counters(packets)?,
            ('f', _) => self.parts.core.fragment(self.invert, self.context)?,
            ('s' | 'd' | 'p' | 'i' | 'o', Some(value)) => {
                let value = self.value_behind_sign(value, true)?;
                self.parts.core.set(letter, value, self.invert, self.context)?;
            }
            ('t', _) => {
                return Err(Reason::new("a table in a line: the line `*NAME` above it says the table"));
            }
            _ => return Err(Reason::new(format!("`{written}` has no place in a file of rules"))),
        }
        if matches!(letter, 'm' | 'j' | 'g' | 'c' | 'f' | 's' | 'd' | 'p' | 'i' | 'o') {
            self.parts.option_of_rule.get_or_insert(written);
        }
        Ok(Step::Done)
    }

    fn request(&mut self, written: &str, letter: char, value: Option<&'a str>) -> Result<(), Reason> {
        if self.invert {
            return Err(Reason::new(format!("`{written}` cannot be negated")));
        }
        if self.parts.request.is_some() {
            return Err(Reason::new(format!("`{written}` is a second command in one line")));
        }
        let optional = matches!(letter, 'F' | 'L' | 'S' | 'X' | 'Z');
        let chain = if optional { value.or_else(|| self.take_value()) } else { value };
        let with_number = matches!(letter, 'D' | 'I' | 'R' | 'L' | 'S' | 'Z');
        let number = if with_number { self.rule_number()? } else { None };
        let lacks = |what: &str| Reason::new(format!("`{written}` lacks {what}"));
        let kind = match letter {
            'A' => RequestKind::Append,
            'I' => RequestKind::Insert(number.unwrap_or(1)),
            'C' => RequestKind::Check,
            'D' => number.map_or(RequestKind::Delete, RequestKind::DeleteNumber),
            'R' => RequestKind::Replace(number.ok_or_else(|| lacks("the number of a rule"))?),
            'F' => RequestKind::Flush,
            'N' => RequestKind::New,
            'X' => RequestKind::DeleteChain,
            'Z' => RequestKind::Zero(number),
            'E' => RequestKind::Rename(self.take_value().ok_or_else(|| lacks("the chain's new name"))?),
            'P' => RequestKind::Policy(self.take_value().ok_or_else(|| lacks("the policy"))?),
            _ => RequestKind::List,
        };
        self.parts.request = Some(Request { kind, chain });
        Ok(())
    }

    fn rule_number(&mut self) -> Result<Option<usize>, Reason> {
        let Some(word) = self.take_value() else { return Ok(None) };
        match parse_number(word, i32::MAX as u64) {
            Some(number @ 1..) => Ok(Some(number as usize)),
            _ => Err(Reason::new(format!("`{word}` is not the number of a rule, which begins at 1"))),
        }
    }

    fn match_module(&mut self, name: &str) -> Result<(), Reason> {
        if self.invert {
            return Err(Reason::new("a `!` before `-m`: it stands before an option of the match"));
        }
        self.raw.close();
        match find_match(name, self.context.family) {
            Some(extension) => self.add_match(extension),
            None if self.context.unknown == Unknown::Raw => {
                self.raw.open_match(name, self.parts.matches.len())
            }
            None => return Err(unknown_match(name, self.context.family)),
        }
        Ok(())
    }

    fn jump(&mut self, name: &str) -> Result<(), Reason> {
        self.check_jump("-j")?;
        self.raw.close();
        let extension = find_target(name, self.context.family);
        let extension = extension.filter(|_| !(self.context.lenient && self.context.is_chain(name)));
        self.parts.action = Some(match extension {
            Some(extension) => {
                self.loaded.push(Loaded { extension, entry: None });
                Action::Target { extension, options: Vec::new() }
            }
            None if self.context.is_chain(name) => Action::Jump(name.to_owned()),
            None if self.context.unknown == Unknown::Raw => self.raw.open_target(name),
            None => return Err(unknown_target(name, self.context)),
        });
        Ok(())
    }

    fn goto(&mut self, name: &str) -> Result<(), Reason> {
        self.check_jump("-g")?;
        self.raw.close();
        if !self.context.is_chain(name) {
            return Err(unknown_chain(name, self.context));
        }
        self.parts.action = Some(Action::Goto(name.to_owned()));
        Ok(())
    }

    fn check_jump(&self, written: &str) -> Result<(), Reason> {
        if self.invert {
            return Err(Reason::new(format!("`{written}` cannot be negated")));
        }
        if self.parts.action.is_some() {
            return Err(Reason::new(format!("`{written}` is a second target in one rule")));
        }
        Ok(())
    }

    /// `-c PACKETS BYTES` or `-c PACKETS,BYTES`
    fn counters(&mut self, packets: &'a str) -> Result<(), Reason> {
        let (packets, bytes) = match packets.split_once(',') {
            Some((packets, bytes)) => (packets, Some(bytes)),
            None => (packets, self.take_value()),
        };
        // A number below 0 counts from the greatest one down, as strtoull(3) reads it.
        let number = |text: &str| text.parse().ok().or_else(|| text.parse::<i64>().ok().map(|it| it as u64));
        match (self.parts.counters, number(packets), bytes.and_then(number)) {
            (None, Some(packets), Some(bytes)) => self.parts.counters = Some((packets, bytes)),
            (Some(_), ..) => return Err(Reason::new("`-c` can be given once")),
            _ => return Err(Reason::new("`-c` takes two numbers: packets and bytes")),
        }
        Ok(())
    }
}
