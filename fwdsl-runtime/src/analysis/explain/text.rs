//! Explanations as text for people.

use std::fmt::Write;

use super::super::answer::Answer;
use super::{Event, Explanation, MetRule, Step, Trace};
use crate::catalogue::Extension;
use crate::loc::Sources;
use crate::table::{Hook, TableName};

impl Explanation {
    /// The verdicts, and the way of a packet for each, in lines. The sources tell the places of rules.
    pub fn text(&self, sources: &Sources) -> String {
        let mut out = format!("{}: {}\n", self.family, self.summary());
        for (index, (verdict, trace)) in self.answers.iter().enumerate() {
            let _ = writeln!(out, "\n{}: {}", verdict.word(), trace.packet);
            match self.answers[..index].iter().find(|(_, other)| other.packet == trace.packet) {
                Some((first, _)) => {
                    let _ = writeln!(out, "  its way is that above, where it gets {}", first.word());
                }
                None => trace.write(&mut out, sources),
            }
        }
        out
    }

    /// The verdicts in a few words.
    pub fn summary(&self) -> String {
        let found: Vec<&'static Extension> = self.answers.iter().map(|(verdict, _)| *verdict).collect();
        let mut summary = match found.as_slice() {
            [] => String::new(),
            [one] if self.undecided.is_empty() => format!("every such packet gets {}", one.word()),
            several => format!("such packets can get {}", words(several)),
        };
        if !self.undecided.is_empty() {
            let separator = if summary.is_empty() { "" } else { "; " };
            let _ =
                write!(summary, "{separator}it is not decided whether any gets {}", words(&self.undecided));
        }
        summary
    }
}

/// Verdicts as a list.
fn words(verdicts: &[&'static Extension]) -> String {
    let words: Vec<String> = verdicts.iter().map(|verdict| verdict.word()).collect();
    words.join(" or ")
}

impl Trace {
    /// The steps, a line for each, and what comes of them.
    pub fn text(&self, sources: &Sources) -> String {
        let mut out = String::new();
        self.write(&mut out, sources);
        out
    }

    fn write(&self, out: &mut String, sources: &Sources) {
        let mut place: Option<(Option<Hook>, TableName)> = None;
        for step in &self.steps {
            if let Event::Changed(packet) = &step.event {
                let _ = writeln!(out, "  from here on: {packet}");
                place = None;
                continue;
            }
            if place != Some((step.hook, step.table)) {
                let _ = writeln!(out, "  {} {}", step.table, step.chain);
                place = Some((step.hook, step.table));
            }
            write_step(out, step, sources);
        }
        if self.steps.is_empty() && !self.joined {
            out.push_str("  no rule is in its way\n");
        }
        if self.is_cut {
            out.push_str("  … and more, in chains that it comes to again and again\n");
        }
        if self.joined {
            out.push_str("  it is put together with the other fragments; ask about the whole packet\n");
        }
        if self.verdicts.len() > 1 {
            let _ = writeln!(out, "  it can get {}", words(&self.verdicts));
        }
    }
}

fn write_step(out: &mut String, step: &Step, sources: &Sources) {
    let indent = "  ".repeat(step.depth + 2);
    let maybe = if step.certain { "" } else { "if it comes here: " };
    match &step.event {
        Event::Rule(rule) => write_rule(out, rule, &indent, maybe, sources),
        Event::Policy(policy) => {
            let word = policy.name().to_ascii_lowercase();
            let _ = writeln!(out, "{indent}{maybe}the policy of {} is {word}", step.chain);
        }
        Event::End => {
            let _ = writeln!(out, "{indent}{maybe}the end of {}, and back", step.chain);
        }
        // Told by the caller.
        Event::Changed(_) => {}
    }
}

fn write_rule(out: &mut String, rule: &MetRule, indent: &str, maybe: &str, sources: &Sources) {
    let MetRule { number, loc, text, answer, reasons, may_drop } = rule;
    let place = match sources.file_of(*loc) {
        "" => String::new(),
        _ => format!("{}: ", sources.place(*loc)),
    };
    let answer = match answer {
        Answer::Yes => "matches",
        Answer::Perhaps => "may match",
        Answer::No => "does not match",
    };
    let _ = writeln!(out, "{indent}{place}{maybe}rule {number} {answer}: {text}");
    for reason in reasons {
        let _ = writeln!(out, "{indent}  `{}`: {}", reason.asked, reason.because);
    }
    if *may_drop {
        let _ = writeln!(out, "{indent}  a TCP fragment at offset 8 is thrown away here");
    }
}
