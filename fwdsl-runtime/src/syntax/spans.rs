//! Which tokens each place of a policy stands for.

use proc_macro2::Span;

use crate::loc::Loc;

/// The first and last token of every place that the parser handed out.
#[derive(Debug, Default)]
pub struct SpanTable {
    spans: Vec<(Span, Span)>,
    /// The number of the file that the tokens being parsed are from.
    pub(super) file: u16,
    /// While a fragment's tokens are parsed, a token of the policy that uses it.
    pub(super) user: Option<Span>,
}

impl SpanTable {
    /// Records the tokens from `start` to `end` as one place.
    pub(super) fn record(&mut self, start: Span, end: Span) -> Loc {
        // A fragment's tokens came through a `macro_rules!`. What is said of such tokens rustc moves to the call
        // of the macro, unless they look as if the user had written them.
        let here = |span: Span| self.user.map_or(span, |user| span.resolved_at(user));
        self.spans.push((here(start), here(end)));
        let line = u32::try_from(start.start().line).unwrap_or(0);
        Loc { file: self.file, span: u32::try_from(self.spans.len()).unwrap_or(0), ..Loc::line(line) }
    }

    /// The tokens of a place; those of the macro call itself for a place that has none.
    pub fn of(&self, loc: Loc) -> (Span, Span) {
        let index = (loc.span as usize).checked_sub(1);
        let spans = index.and_then(|index| self.spans.get(index)).copied();
        spans.unwrap_or_else(|| (Span::call_site(), Span::call_site()))
    }
}
