//! Where a body stands in its file, and how the file is written.

use super::call::Call;
use super::read::Source;

/// How many columns a tab stands for, and a step of indentation.
pub(super) const STEP: usize = 4;

/// What the body's lines have in common.
pub(super) struct Layout<'a> {
    /// The indentation of the line where the macro is called.
    pub(super) base: &'a str,
    /// One step of indentation.
    pub(super) step: &'static str,
    /// The file's line break.
    pub(super) line_break: &'static str,
    /// The columns before the call's opening bracket.
    pub(super) first_column: usize,
    /// What stands between the `!` and the opening bracket.
    pub(super) lead: &'a str,
}

impl<'a> Layout<'a> {
    /// The layout of a call that stands behind what was written, which ends in its `!`.
    pub(super) fn of_call(
        written: &'a str,
        source: &Source<'a>,
        call: &Call<'_>,
        step: &'static str,
    ) -> Layout<'a> {
        let text = source.text();
        let line = written.rsplit('\n').next().unwrap_or(written);
        let base = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        let between = &text[call.start..call.open];
        let lead = match between.trim_start() {
            "" if call.inside.open == "{" => " ",
            "" => "",
            _ => between,
        };
        let first_column = base_width(base) + line[base.len()..].chars().count() + lead.chars().count();
        let line_break =
            if text.find('\n').is_some_and(|at| text[..at].ends_with('\r')) { "\r\n" } else { "\n" };
        Layout { base, step, line_break, first_column, lead }
    }

    /// The column where the text of a line begins that is indented by this many steps.
    pub(super) fn column(&self, level: usize) -> usize {
        base_width(self.base) + STEP * level
    }
}

fn base_width(base: &str) -> usize {
    base.chars().map(|c| if c == '\t' { STEP } else { 1 }).sum()
}

/// A step of indentation in this file: a tab if more lines outside of the bodies begin with one than
/// with a blank. If none begins with either, what the bodies are indented with.
pub(super) fn step_of(text: &str, calls: &[Call<'_>]) -> &'static str {
    let (mut tabs, mut blanks, mut first) = (0, 0, None);
    for (at, _) in text.match_indices('\n') {
        let sign = text[at + 1..].chars().next().filter(|sign| matches!(sign, ' ' | '\t'));
        match calls.iter().find(|call| (call.start..call.end).contains(&at)) {
            None => {
                tabs += usize::from(sign == Some('\t'));
                blanks += usize::from(sign == Some(' '));
            }
            Some(call) if at >= call.open => first = first.or(sign),
            Some(_) => {}
        }
    }
    if tabs > blanks || tabs + blanks == 0 && first == Some('\t') { "\t" } else { "    " }
}
