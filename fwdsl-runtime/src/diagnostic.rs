//! What a check has to say: the same type becomes a compiler error in the macro and a line on
//! standard error in a provisioning binary.

use std::fmt;

use crate::lint::Level;
use crate::loc::{Loc, Sources};
use crate::table::TableName;

/// One finding about a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The lint that was found, or `None` for an error that no attribute can silence.
    pub lint: Option<&'static str>,
    /// Whether the policy cannot be used.
    pub level: Level,
    /// What is wrong: lower case, the offending token in backticks.
    pub message: String,
    /// The token that is wrong.
    pub loc: Loc,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that matter, each with what it has to do with the finding.
    pub notes: Vec<(String, Option<Loc>)>,
    /// The rules that cause it, in order: those that cover an unreachable one, for instance.
    pub causes: Vec<Loc>,
    /// Which of several kinds of finding it is, for reports: a word such as `covered_by_one`.
    pub kind: Option<&'static str>,
    /// The chain that it is about.
    pub subject: Option<Subject>,
}

/// The chain that a finding is about, for reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The chain's table.
    pub table: TableName,
    /// Its name in the source.
    pub chain: String,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(loc: Loc, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            lint: None,
            level: Level::Deny,
            message: message.into(),
            loc,
            help: None,
            notes: Vec::new(),
            causes: Vec::new(),
            kind: None,
            subject: None,
        }
    }

    /// A finding of the lint `lint` at a place, at the level that holds there.
    pub fn lint(lint: &'static str, level: Level, loc: Loc, message: impl Into<String>) -> Diagnostic {
        Diagnostic { lint: Some(lint), level, ..Diagnostic::error(loc, message) }
    }

    /// Adds the mend.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Adds the mend, if there is one.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Diagnostic {
        self.help = help;
        self
    }

    /// Adds a second place, or a remark without one.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>, loc: Option<Loc>) -> Diagnostic {
        self.notes.push((note.into(), loc));
        self
    }

    /// Adds a rule that causes it, with what it has to do with the finding.
    #[must_use]
    pub fn cause(mut self, note: impl Into<String>, loc: Loc) -> Diagnostic {
        self.causes.push(loc);
        self.note(note, Some(loc))
    }

    /// Says which chain it is about.
    #[must_use]
    pub fn about(mut self, table: TableName, chain: impl Into<String>) -> Diagnostic {
        self.subject = Some(Subject { table, chain: chain.into() });
        self
    }

    /// Whether this is an error: no finding of a lint, or one that is denied.
    pub fn is_error(&self) -> bool {
        self.level == Level::Deny
    }

    /// The message with its help and notes, without the place: what follows `error: `.
    ///
    /// `sources` names the files of notes that point at a second place, and the calls of the templates and
    /// fragments that the place came through.
    pub fn text(&self, sources: &Sources) -> String {
        let mut text = self.message.clone();
        // An editor gives no file, and then no line either.
        let at = |loc: Loc| match sources.file_of(loc) {
            "" => String::new(),
            _ => format!(" ({})", sources.place(loc)),
        };
        for (note, loc) in &self.notes {
            text.push_str(&format!("\nnote: {note}{}", loc.map(at).unwrap_or_default()));
        }
        for expansion in sources.expansions_of(self.loc) {
            text.push_str(&format!("\nnote: in {}, used here{}", expansion.what, at(expansion.call)));
        }
        if let Some(help) = &self.help {
            text.push_str("\nhelp: ");
            text.push_str(help);
        }
        text
    }
}

/// The findings about a policy, with the files that it was written in: an error for the edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    /// The source files of the policy.
    pub sources: Sources,
    /// The findings, in source order.
    pub list: Vec<Diagnostic>,
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.list.iter().enumerate() {
            let kind = if diagnostic.is_error() { "error" } else { "warning" };
            let separator = if index == 0 { "" } else { "\n" };
            let text = diagnostic.text(&self.sources);
            write!(f, "{separator}{}: {kind}: {text}", self.sources.place(diagnostic.loc))?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
