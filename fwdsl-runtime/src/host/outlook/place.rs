//! Where a rule stands in what `iptables-save` printed.

use std::collections::{HashMap, VecDeque};

use crate::restore_text::lines::{Content, lines, split_counters};

/// The lines of rules, by table and text, in order.
#[derive(Debug, Default)]
pub(crate) struct PrintedLines(HashMap<(String, String), VecDeque<u32>>);

impl PrintedLines {
    /// Finds them.
    pub(crate) fn of(printed: &str) -> PrintedLines {
        let mut found = PrintedLines::default();
        let mut table = String::new();
        for line in lines(printed) {
            match line.content {
                Content::Table(name) => table = name.to_owned(),
                Content::Command(text) => {
                    let text = without_counters(text.trim()).to_owned();
                    found.0.entry((table.clone(), text)).or_default().push_back(line.number);
                }
                _ => {}
            }
        }
        found
    }

    /// The line of the next rule with this text.
    pub(crate) fn take(&mut self, table: &str, text: &str) -> Option<u32> {
        self.0.get_mut(&(table.to_owned(), text.to_owned()))?.pop_front()
    }
}

/// A rule without the counters before it.
pub(super) fn without_counters(line: &str) -> &str {
    split_counters(line).map_or(line, |(_, rest)| rest.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_found_in_order() {
        let text = "# x\n*nat\n:OUTPUT ACCEPT [0:0]\n[1:2] -A OUTPUT -j X\n-A OUTPUT\n-A OUTPUT -j X\nCOMMIT\n*raw\n-A OUTPUT\nCOMMIT\n";
        let mut lines = PrintedLines::of(text);
        assert_eq!(lines.take("nat", "-A OUTPUT -j X"), Some(4));
        assert_eq!(lines.take("nat", "-A OUTPUT -j X"), Some(6));
        assert_eq!(lines.take("nat", "-A OUTPUT -j X"), None);
        assert_eq!(lines.take("raw", "-A OUTPUT"), Some(9));
    }
}
