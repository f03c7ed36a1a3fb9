//! The lines of a formatted body.

use super::layout::Layout;

/// What a line can be aligned at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// `=>`
    Arrow,
    /// `=`
    Equals,
}

/// A line. Its text holds line breaks where a token does: a string, a comment, a Rust expression.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// How many steps it is indented.
    pub(super) level: usize,
    /// Whether an empty line stands before it.
    pub(super) blank_before: bool,
    pub(super) text: String,
    /// Where in the text the blank before the sign to align stands, if the whole statement is on this line.
    pub(super) sign: Option<(Sign, usize)>,
    /// Whether it is a comment or an attribute, which does not part the rules around it.
    pub(super) aside: bool,
    /// The comment at its end.
    pub(super) comment: String,
    /// How many blanks stand before the comment.
    pub(super) comment_gap: usize,
}

impl Line {
    pub(super) fn new(level: usize) -> Line {
        Line { level, comment_gap: 1, ..Line::default() }
    }

    /// Its columns, of the longest part if it holds line breaks; without indentation and comment.
    pub(super) fn width(&self) -> usize {
        self.text.split('\n').map(|part| part.chars().count()).max().unwrap_or(0)
    }
}

/// The body as text. The first line is what stands behind the `!`.
pub(super) fn print(lines: &[Line], layout: &Layout<'_>) -> String {
    let mut out = layout.lead.to_owned();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push_str(layout.line_break);
            if line.blank_before {
                out.push_str(layout.line_break);
            }
            out.push_str(layout.base);
            out.push_str(&layout.step.repeat(line.level));
        }
        out.push_str(&line.text);
        if !line.comment.is_empty() {
            out.push_str(&" ".repeat(line.comment_gap));
            out.push_str(&line.comment);
        }
    }
    out
}
