//! Colours on a terminal.

use std::env;
use std::io::{self, IsTerminal};

use super::args::ColorChoice;

/// What a text is painted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// A title.
    Title,
    /// What comes, or is newly accepted.
    Comes,
    /// What goes, or is newly refused.
    Goes,
    /// What is otherwise, or not known.
    Otherwise,
}

impl Paint {
    /// The parameters of SGR (ECMA-48, 8.3.117), which every terminal knows.
    const fn code(self) -> &'static str {
        match self {
            Paint::Title => "1",
            Paint::Comes => "32",
            Paint::Goes => "31",
            Paint::Otherwise => "33",
        }
    }
}

/// Paints, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Painter {
    on: bool,
}

impl Painter {
    /// For standard output. `NO_COLOR` (no-color.org) and a terminal that calls itself dumb are heard unless the command
    /// line says otherwise.
    pub(super) fn new(choice: ColorChoice) -> Painter {
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
        let on = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb,
        };
        Painter { on }
    }

    /// The text in its colour.
    pub(super) fn paint(self, paint: Paint, text: &str) -> String {
        if self.on { format!("\x1b[{}m{text}\x1b[0m", paint.code()) } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_there_if_they_are_wanted() {
        assert_eq!(Painter::new(ColorChoice::Always).paint(Paint::Comes, "+x"), "\x1b[32m+x\x1b[0m");
        assert_eq!(Painter::new(ColorChoice::Never).paint(Paint::Comes, "+x"), "+x");
    }
}
