//! The table.

use std::fmt::Write as _;

use fwdsl::host::Variant;

use super::field::Times;

/// Rules of a shape on a variant.
pub(crate) struct Row {
    pub(crate) shape: &'static str,
    pub(crate) about: &'static str,
    pub(crate) rules: usize,
    pub(crate) variant: Variant,
    pub(crate) lines: usize,
    pub(crate) met: usize,
    /// Milliseconds for the list, and for the tree.
    pub(crate) loading: [Times; 2],
    /// Microseconds for a packet.
    pub(crate) nothing: Times,
    pub(crate) linear: Times,
    pub(crate) tree: Times,
    pub(crate) set: Option<Times>,
}

impl Row {
    /// How many times what a packet costs without rules it may cost with a tree, and with a set.
    fn most(&self) -> (f64, f64) {
        match self.variant {
            Variant::Legacy => (1.35, 1.1),
            Variant::Nft => (1.6, 1.2),
        }
    }

    fn times(&self, what: Times) -> f64 {
        what.least / self.nothing.least
    }

    fn loading_times(&self) -> f64 {
        self.loading[1].least / self.loading[0].least
    }

    /// Whether no limit is passed.
    pub(crate) fn is_met(&self) -> bool {
        let (tree, set) = self.most();
        self.times(self.tree) <= tree
            && self.set.is_none_or(|of_set| self.times(of_set) <= set)
            && self.loading_times() <= 2.0
    }

    pub(crate) fn line(&self) -> String {
        format!(
            "{:11} {:6} {:6}: nothing {}, list {} ({:.1}x), tree {} ({:.2}x, {} met), set {}; loading {:.0} and {:.0} ms ({:.2}x): {}",
            self.shape,
            self.rules,
            self.variant.name(),
            shown(self.nothing),
            shown(self.linear),
            self.times(self.linear),
            shown(self.tree),
            self.times(self.tree),
            self.met,
            self.set.map_or("-".to_owned(), |set| format!("{} ({:.2}x)", shown(set), self.times(set))),
            self.loading[0].least,
            self.loading[1].least,
            self.loading_times(),
            if self.is_met() { "ok" } else { "TOO MUCH" }
        )
    }
}

/// Microseconds, the least, and the median in parentheses.
fn shown(times: Times) -> String {
    format!("{:.2} ({:.2}) µs", times.least, times.median)
}

/// The page.
pub(crate) fn report(rows: &[Row]) -> String {
    let mut text = String::from(HEAD);
    for row in rows {
        let set = row.set.map_or(String::new(), |set| format!("{}, {:.2}", shown(set), row.times(set)));
        let (most, _) = row.most();
        writeln!(
            text,
            "| {} | {} | {} | {} | {}, {:.1} | {}, **{:.2}** of {most} | {} | {set} | {} | {:.0}, {:.0} ms, {:.2} |",
            row.shape,
            row.rules,
            row.variant,
            shown(row.nothing),
            shown(row.linear),
            row.times(row.linear),
            shown(row.tree),
            row.times(row.tree),
            row.met,
            row.lines,
            row.loading[0].least,
            row.loading[1].least,
            row.loading_times()
        )
        .expect("memory takes it");
    }
    text += "\nThe shapes:\n\n";
    let mut shapes: Vec<(&str, &str)> = rows.iter().map(|row| (row.shape, row.about)).collect();
    shapes.dedup();
    shapes.sort_unstable();
    shapes.dedup();
    for (name, about) in shapes {
        writeln!(text, "- {name}: {about}").expect("memory takes it");
    }
    text
}

const HEAD: &str = "# What a packet costs

Written by `cargo bench -p fwdsl-tests --bench packets -- --write`; without `--write` the same command prints the figures
and fails where something costs more than it may. It needs root, for it makes network namespaces.

One process sends a packet again and again from one network namespace to another, where INPUT drops it at last. The time of
a packet is that of the whole way: the call that sends it, the veth pair, and the rules. All columns of a row are measured in turn,
600 times, each time for less than a millisecond, so that other processes are seldom in between; a figure is the least of these, with the median in parentheses, which shows the noise. Behind it stands how many times the packet costs
what it does with the policy and no rules. The packet of the list is one that meets all rules; that of the tree the one, of 1,500 like those that
the rules ask for and beside them, that meets the most of the tree, with how many rules it meets.

The same packet comes again and again, so the rules that it meets are in the processor's caches, as they are for the list; and all packets go to one
address of the host.

The trees are those of [`#[optimise]`](../optimise.md); loading is `iptables-restore` of the list and of the tree, the least of 7 runs in turn.

| rules | number | variant | no rules | the list | as a tree | rules met | as one set | lines of the tree | loading both |
| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
";
