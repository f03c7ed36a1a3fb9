//! Counters, carried over from the rules that were there to those that replace them.

use std::collections::HashMap;

use crate::restore_text::{Counters, Protocols, SavedRule, SavedTable, normal_rule};

/// Gives the rules of `new` the counters of those in `now` that say the same in the same chain, and its built-in chains
/// those of their policies where these stay. What is new begins at zero.
pub(crate) fn carry_over(new: &mut SavedTable, now: &SavedTable, protocols: &Protocols) {
    let mut known = Known::new(&now.rules, protocols);
    for rule in &mut new.rules {
        rule.counters = known.take(rule);
    }
    for chain in new.chains.iter_mut().filter(|chain| chain.policy.is_some()) {
        let same = now.chains.iter().find(|there| there.name == chain.name && there.policy == chain.policy);
        chain.counters = same.map(|there| there.counters).unwrap_or_default();
    }
}

/// Counters by what a rule says. Of rules that say the same, the first has those of the first.
pub(crate) struct Known<'a> {
    counters: HashMap<String, Vec<Counters>>,
    protocols: &'a Protocols,
}

impl<'a> Known<'a> {
    pub(crate) fn new<'r>(
        rules: impl IntoIterator<Item = &'r SavedRule, IntoIter: DoubleEndedIterator>,
        protocols: &'a Protocols,
    ) -> Known<'a> {
        let mut counters: HashMap<String, Vec<Counters>> = HashMap::new();
        // The last first, so that the first is on top.
        for rule in rules.into_iter().rev() {
            let of_rule = rule.counters.unwrap_or_default();
            counters.entry(normal_rule(&rule.text, protocols)).or_default().push(of_rule);
        }
        Known { counters, protocols }
    }

    /// The counters for a rule of this text, once; `None` if there are none that tell anything.
    pub(crate) fn take(&mut self, rule: &SavedRule) -> Option<Counters> {
        let counters = self.counters.get_mut(&normal_rule(&rule.text, self.protocols))?.pop()?;
        (counters != Counters::default()).then_some(counters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restore_text::parse;

    fn table(text: &str) -> SavedTable {
        parse(&format!("*filter\n{text}COMMIT\n")).unwrap().tables.remove(0)
    }

    fn carried(new: &str, now: &str) -> String {
        let mut new = table(new);
        carry_over(&mut new, &table(now), &Protocols::default());
        new.to_string()
    }

    #[test]
    fn rules_that_stay_keep_their_counters_also_where_they_move_within_their_chain() {
        let now = ":INPUT DROP [5:50]\n:OUTPUT ACCEPT [6:60]\n:A - [0:0]\n[1:10] -A INPUT -p gre -j A\n\
                   [2:20] -A INPUT -j A\n[3:30] -A A -j DROP\n";
        let new = ":INPUT DROP [0:0]\n:OUTPUT DROP [0:0]\n:A - [0:0]\n:B - [0:0]\n-A INPUT -j A\n\
                   -A INPUT -s 10.0.0.1/32 -j A\n-A INPUT -p 47 -j A\n-A A -j DROP\n-A B -j DROP\n";
        assert_eq!(
            carried(new, now),
            "*filter\n:INPUT DROP [5:50]\n:OUTPUT DROP [0:0]\n:A - [0:0]\n:B - [0:0]\n[2:20] -A INPUT -j A\n\
             -A INPUT -s 10.0.0.1/32 -j A\n[1:10] -A INPUT -p 47 -j A\n[3:30] -A A -j DROP\n-A B -j DROP\nCOMMIT\n"
        );
    }

    #[test]
    fn of_rules_that_say_the_same_each_gives_its_counters_once() {
        let now = "[1:1] -A A -j B\n[2:2] -A A -j B\n";
        assert_eq!(carried("-A A -j B\n", now), "*filter\n[1:1] -A A -j B\nCOMMIT\n");
        let three = "-A A -j B\n-A A -j B\n-A A -j B\n";
        assert_eq!(
            carried(three, now),
            "*filter\n[1:1] -A A -j B\n[2:2] -A A -j B\n-A A -j B\nCOMMIT\n"
        );
    }

    #[test]
    fn counters_of_the_text_itself_do_not_count() {
        assert_eq!(carried("[9:9] -A A -j B\n", ""), "*filter\n-A A -j B\nCOMMIT\n");
    }
}
