//! Counters, carried over from the rules that were there to those that replace them.

use std::collections::HashMap;

use crate::restore_text::{Counters, Protocols, SavedRule, normal_rule};

/// Counters by what a rule says. Of rules that say the same, the first has those of the first.
pub(crate) struct Known<'a> {
    counters: HashMap<String, Vec<Counters>>,
    protocols: &'a Protocols,
}

impl<'a> Known<'a> {
    pub(crate) fn new<'r>(
        rules: impl IntoIterator<Item = &'r SavedRule>,
        protocols: &'a Protocols,
    ) -> Known<'a> {
        let mut counters: HashMap<String, Vec<Counters>> = HashMap::new();
        let rules: Vec<&SavedRule> = rules.into_iter().collect();
        // After a boot no counter tells anything.
        let counts =
            |rule: &&SavedRule| rule.counters.is_some_and(|counters| counters != Counters::default());
        let rules = if rules.iter().any(counts) { rules } else { Vec::new() };
        // The last first, so that the first is on top.
        for rule in rules.into_iter().rev() {
            let of_rule = rule.counters.unwrap_or_default();
            counters.entry(normal_rule(&rule.text, protocols)).or_default().push(of_rule);
        }
        Known { counters, protocols }
    }

    /// The counters for a rule of this text, once; `None` if there are none that tell anything.
    pub(crate) fn take(&mut self, rule: &SavedRule) -> Option<Counters> {
        if self.counters.is_empty() {
            return None;
        }
        let counters = self.counters.get_mut(&normal_rule(&rule.text, self.protocols))?.pop()?;
        (counters != Counters::default()).then_some(counters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(packets: u64, text: &str) -> SavedRule {
        SavedRule { counters: Some(Counters { packets, bytes: 0 }), text: text.to_owned() }
    }

    #[test]
    fn of_rules_that_say_the_same_each_gives_its_counters_once() {
        let rules = [rule(1, "-A A -p gre"), rule(2, "-A A -p 47"), rule(0, "-A B"), rule(3, "-A A")];
        let protocols = Protocols::default();
        let mut known = Known::new(&rules, &protocols);
        let mut taken = |text: &str| known.take(&rule(9, text)).map(|counters| counters.packets);
        assert_eq!(taken("-A A -p gre"), Some(1));
        assert_eq!(taken("-A A -p gre"), Some(2));
        assert_eq!(taken("-A A -p gre"), None);
        assert_eq!(taken("-A B"), None, "a counter at zero tells nothing");
        assert_eq!(taken("-A C"), None);
    }
}
