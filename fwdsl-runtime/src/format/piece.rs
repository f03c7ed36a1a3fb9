//! What a body consists of: tokens and comments in the order of the source.

/// A token, a group of tokens, or a comment.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    pub(super) kind: Kind<'a>,
    /// As it stands in the source; of a group, all of it.
    pub(super) text: &'a str,
    /// How many line breaks the source has before it.
    pub(super) breaks: usize,
    /// Whether the source has nothing between it and the piece before.
    pub(super) adjacent: bool,
    /// Whether it continues what the piece before began: `/` and `8` in `10.0.0.0/8`.
    pub(super) joined: bool,
}

/// The kinds of piece.
#[derive(Debug, Clone)]
pub(super) enum Kind<'a> {
    Word,
    Literal,
    /// Punctuation; of several characters where the language has such: `=>`, `..=`, `::`.
    Sign,
    /// A Rust expression in braces, which is nobody's to format.
    Verbatim,
    /// `// …`
    LineComment,
    /// `/* … */`
    BlockComment,
    /// `/// …`, a token to the macro
    LineDoc,
    /// `/** … */`, a token to the macro
    BlockDoc,
    Group(Inside<'a>),
}

/// What stands between two brackets.
#[derive(Debug, Clone)]
pub(super) struct Inside<'a> {
    pub(super) open: &'a str,
    pub(super) close: &'a str,
    pub(super) pieces: Vec<Piece<'a>>,
    /// How many line breaks the source has before the closing bracket.
    pub(super) breaks_before_close: usize,
}

impl<'a> Piece<'a> {
    pub(super) fn is_sign(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Sign) && self.text == text
    }

    pub(super) fn is_word(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word) && self.text == text
    }

    /// What is inside, if it is a group with this opening bracket.
    pub(super) fn group(&self, open: &str) -> Option<&Inside<'a>> {
        match &self.kind {
            Kind::Group(inside) if inside.open == open => Some(inside),
            _ => None,
        }
    }

    /// Whether it is a comment that is no token.
    pub(super) fn is_comment(&self) -> bool {
        matches!(self.kind, Kind::LineComment | Kind::BlockComment)
    }

    pub(super) fn is_doc(&self) -> bool {
        matches!(self.kind, Kind::LineDoc | Kind::BlockDoc)
    }

    /// Whether nothing may follow on its line.
    pub(super) fn ends_line(&self) -> bool {
        matches!(self.kind, Kind::LineComment | Kind::LineDoc)
    }
}

impl Inside<'_> {
    /// Whether the source has all of it on one line, and it may stay there.
    pub(super) fn is_on_one_line(&self) -> bool {
        self.breaks_before_close == 0
            && self.pieces.iter().all(|piece| {
                piece.breaks == 0
                    && !piece.ends_line()
                    && match &piece.kind {
                        Kind::Group(inside) => inside.is_on_one_line(),
                        _ => !piece.text.contains('\n'),
                    }
            })
    }
}
