//! The rule's own parameters: addresses, interfaces, protocol, fragments.

use std::borrow::Cow;

use super::error::Reason;
use super::reader::Context;
use super::value::{read_networks, read_protocol};
use crate::catalogue::{CORE, OptionSpec};
use crate::family::Family;
use crate::loc::Located;
use crate::model::{Address, Few, Match, Net, OptionUse, Value};
use crate::table::Hook;

/// The parameters of a rule as they are read.
#[derive(Debug, Default)]
pub(super) struct Core<'a> {
    source: Option<Networks>,
    destination: Option<Networks>,
    input: Option<(&'a str, bool)>,
    output: Option<(&'a str, bool)>,
    protocol: Option<(u8, bool)>,
    /// The protocol as it was written, in small letters.
    protocol_word: Option<Cow<'a, str>>,
    fragment: Option<bool>,
}

#[derive(Debug)]
struct Networks {
    list: Few<Address>,
    negated: bool,
}

impl<'a> Core<'a> {
    /// The protocol as it was written.
    pub(super) fn protocol_word(&self) -> Option<&str> {
        self.protocol_word.as_deref()
    }

    /// The protocol's number, also of one that must not be; 0 if none is asked for.
    pub(super) fn protocol_number(&self) -> u8 {
        self.protocol.map_or(0, |(number, _)| number)
    }

    /// `-s`, `-d`, `-p`, `-i` or `-o`.
    pub(super) fn set(
        &mut self,
        letter: char,
        text: &'a str,
        negated: bool,
        context: &Context<'_>,
    ) -> Result<(), Reason> {
        let twice = || Reason::new(format!("`-{letter}` can be given once"));
        match letter {
            's' | 'd' => {
                let place = if letter == 's' { &mut self.source } else { &mut self.destination };
                if place.is_some() {
                    return Err(twice());
                }
                *place = Some(Networks { list: read_networks(text, context.family)?, negated });
            }
            'i' | 'o' => {
                let place = if letter == 'i' { &mut self.input } else { &mut self.output };
                if place.is_some() {
                    return Err(twice());
                }
                if text.is_empty() {
                    return Err(Reason::new(format!("`-{letter}` with an empty name")));
                }
                *place = Some((text, negated));
            }
            _ => {
                if self.protocol.is_some() {
                    return Err(twice());
                }
                let is_small = !text.bytes().any(|byte| byte.is_ascii_uppercase());
                let word = if is_small { Cow::Borrowed(text) } else { text.to_ascii_lowercase().into() };
                let number = read_protocol(&word)?;
                if number == 0 && negated {
                    return Err(Reason::new(format!("no packet has none of all protocols: `! -p {word}`")));
                }
                self.protocol = Some((number, negated));
                self.protocol_word = Some(word);
            }
        }
        Ok(())
    }

    /// `-f`
    pub(super) fn fragment(&mut self, negated: bool, context: &Context<'_>) -> Result<(), Reason> {
        if context.family == Family::Ipv6 {
            return Err(Reason::new("`-f` is for IPv4").help("IPv6 has `-m frag`"));
        }
        if self.fragment.is_some() {
            return Err(Reason::new("`-f` can be given once"));
        }
        self.fragment = Some(negated);
        Ok(())
    }

    /// An interface in a built-in chain where packets have none. iptables asks before it drops the `+` that is every one.
    pub(super) fn check_interfaces(&self, hook: Hook) -> Result<(), Reason> {
        let (letter, which) = if self.input.is_some() && !hook.has_in_interface() {
            ('i', "incoming")
        } else if self.output.is_some() && !hook.has_out_interface() {
            ('o', "outgoing")
        } else {
            return Ok(());
        };
        Err(Reason::new(format!("`-{letter}` in {hook}: packets there have no {which} interface")))
    }

    /// How many rules the parameters make: lists of addresses are one rule for each pair.
    pub(super) fn count(&self) -> usize {
        let length =
            |networks: &Option<Networks>| networks.as_ref().map_or(1, |networks| networks.list.len());
        length(&self.source).saturating_mul(length(&self.destination))
    }

    /// The parameters of each rule in the order in which iptables makes them, the sources varying slowest.
    pub(super) fn matches(&self, context: &Context<'_>) -> Result<Few<Option<Match>>, Reason> {
        let lists = [&self.source, &self.destination].into_iter().flatten();
        if self.count() > 1 && lists.clone().any(|networks| networks.negated) {
            return Err(Reason::new("`!` does not go with a list of addresses"));
        }
        if self.count() == 1 {
            let only = |networks: &Option<Networks>| each(networks).next().flatten();
            return Ok(Few::one(self.with(only(&self.source), only(&self.destination), context)));
        }
        let pairs = each(&self.source)
            .flat_map(|source| each(&self.destination).map(move |destination| (source, destination)));
        Ok(pairs.map(|(source, destination)| self.with(source, destination, context)).collect())
    }

    /// The parameters of one rule, if there are any.
    fn with(&self, source: Option<Side>, destination: Option<Side>, context: &Context<'_>) -> Option<Match> {
        let mut options = Vec::with_capacity(self.given());
        let mut add = |name: &str, negated: bool, value: Option<Value>| {
            options.push(option(spec(name), negated, value, context));
        };
        for (name, side) in [("from", source), ("to", destination)] {
            match side {
                // All addresses there are, which iptables does not save.
                None | Some((Address::Net(Net { prefix: 0, .. }), false)) => {}
                Some((network, negated)) => add(name, negated, Some(Value::Address(network))),
            }
        }
        for (name, interface) in [("in", self.input), ("out", self.output)] {
            match interface {
                // Every interface, which it does not save either.
                None | Some(("+", false)) => {}
                Some((interface, negated)) => {
                    add(name, negated, Some(Value::Interface(interface.to_owned())));
                }
            }
        }
        if let Some((number @ 1.., negated)) = self.protocol {
            add("proto", negated, Some(Value::Protocol(number)));
        }
        if let Some(negated) = self.fragment {
            add("fragment", negated, None);
        }
        (!options.is_empty()).then_some(Match { extension: &CORE, options, loc: context.loc })
    }

    /// How many parameters are given.
    fn given(&self) -> usize {
        let networks = [&self.source, &self.destination].into_iter().flatten().count();
        let interfaces = [self.input, self.output].into_iter().flatten().count();
        networks + interfaces + usize::from(self.protocol.is_some()) + usize::from(self.fragment.is_some())
    }
}

/// One network of a rule's source or destination, and whether packets from there are those that are left out.
type Side = (Address, bool);

/// Each network of a list; none, once, if there is no list.
fn each(networks: &Option<Networks>) -> impl Iterator<Item = Option<Side>> {
    let list = networks.iter().flat_map(|it| it.list.iter().map(|network| Some((*network, it.negated))));
    list.chain(networks.is_none().then_some(None))
}

fn spec(name: &str) -> &'static OptionSpec {
    CORE.options.iter().find(|spec| spec.name == name).expect("an option of the catalogue")
}

fn option(
    spec: &'static OptionSpec,
    negated: bool,
    value: Option<Value>,
    context: &Context<'_>,
) -> OptionUse {
    let values = value.map_or_else(Few::default, |value| Few::one(Located::new(value, context.loc)));
    OptionUse { spec, negated, values, loc: context.loc }
}
