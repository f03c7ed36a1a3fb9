//! The rule's own parameters: addresses, interfaces, protocol, fragments.

use super::error::Reason;
use super::reader::Context;
use super::value::{read_networks, read_protocol};
use crate::catalogue::{CORE, OptionSpec};
use crate::family::Family;
use crate::loc::Located;
use crate::model::{Address, Match, Net, OptionUse, Value};
use crate::table::Hook;

/// The parameters of a rule as they are read.
#[derive(Debug, Default)]
pub(super) struct Core {
    source: Option<Networks>,
    destination: Option<Networks>,
    input: Option<(String, bool)>,
    output: Option<(String, bool)>,
    protocol: Option<(u8, bool)>,
    /// The protocol as it was written, in small letters.
    protocol_word: Option<String>,
    fragment: Option<bool>,
}

#[derive(Debug)]
struct Networks {
    list: Vec<Address>,
    negated: bool,
}

impl Core {
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
        text: &str,
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
                *place = Some((text.to_owned(), negated));
            }
            _ => {
                if self.protocol.is_some() {
                    return Err(twice());
                }
                let word = text.to_ascii_lowercase();
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
    pub(super) fn matches(&self, context: &Context<'_>) -> Result<Vec<Option<Match>>, Reason> {
        let lists = [&self.source, &self.destination].into_iter().flatten();
        if self.count() > 1 && lists.clone().any(|networks| networks.negated) {
            return Err(Reason::new("`!` does not go with a list of addresses"));
        }
        let rest = self.rest(context);
        let each = |networks: &Option<Networks>| -> Vec<Option<(Address, bool)>> {
            match networks {
                None => vec![None],
                Some(Networks { list, negated }) => list.iter().map(|net| Some((*net, *negated))).collect(),
            }
        };
        let (sources, destinations) = (each(&self.source), each(&self.destination));
        let mut matches = Vec::with_capacity(self.count());
        for source in &sources {
            for destination in &destinations {
                let mut options: Vec<OptionUse> = Vec::with_capacity(rest.len() + 2);
                options.extend(source.and_then(|(net, negated)| address("from", net, negated, context)));
                options.extend(destination.and_then(|(net, negated)| address("to", net, negated, context)));
                options.extend(rest.iter().cloned());
                let loc = context.loc;
                matches.push((!options.is_empty()).then_some(Match { extension: &CORE, options, loc }));
            }
        }
        Ok(matches)
    }

    /// All but the addresses.
    fn rest(&self, context: &Context<'_>) -> Vec<OptionUse> {
        let mut rest = Vec::with_capacity(4);
        for (name, interface) in [("in", &self.input), ("out", &self.output)] {
            if let Some((interface, negated)) = interface {
                // `+` alone is every interface, which iptables does not save.
                if interface != "+" || *negated {
                    let value = Value::Interface(interface.clone());
                    rest.push(option(spec(name), *negated, Some(value), context));
                }
            }
        }
        if let Some((number @ 1.., negated)) = self.protocol {
            rest.push(option(spec("proto"), negated, Some(Value::Protocol(number)), context));
        }
        if let Some(negated) = self.fragment {
            rest.push(option(spec("fragment"), negated, None, context));
        }
        rest
    }
}

fn spec(name: &str) -> &'static OptionSpec {
    CORE.options.iter().find(|spec| spec.name == name).expect("an option of the catalogue")
}

/// Addresses as an option; none if they are all there are, which iptables does not save.
fn address(name: &str, address: Address, negated: bool, context: &Context<'_>) -> Option<OptionUse> {
    let all = matches!(address, Address::Net(Net { prefix: 0, .. }));
    (!all || negated).then(|| option(spec(name), negated, Some(Value::Address(address)), context))
}

fn option(
    spec: &'static OptionSpec,
    negated: bool,
    value: Option<Value>,
    context: &Context<'_>,
) -> OptionUse {
    let values = value.into_iter().map(|value| Located::new(value, context.loc)).collect();
    OptionUse { spec, negated, values, loc: context.loc }
}
