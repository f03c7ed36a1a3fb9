//! Pieces to statements.

use super::piece::{Inside, Piece};

/// What stands in a body.
pub(super) enum Item<'p, 'a> {
    /// A comment on a line of its own, or at the end of the line before.
    Comment(&'p Piece<'a>),
    /// A doc comment.
    Doc(&'p Piece<'a>),
    /// `#[…]` or `#![…]`
    Attribute(&'p [Piece<'a>]),
    Statement(Statement<'p, 'a>),
}

/// Up to a `;` or through a `{ … }`.
pub(super) struct Statement<'p, 'a> {
    /// All that is not in the block, the `;` included.
    pub(super) head: &'p [Piece<'a>],
    /// The block at the end.
    pub(super) block: Option<&'p Inside<'a>>,
    /// Whether a `;` follows the block, which says nothing.
    pub(super) semicolon: bool,
}

impl Item<'_, '_> {
    /// How many line breaks the source has before it.
    pub(super) fn breaks_before(&self) -> usize {
        let first = match self {
            Item::Comment(piece) | Item::Doc(piece) => Some(*piece),
            Item::Attribute(pieces) => pieces.first(),
            Item::Statement(statement) => statement.head.first(),
        };
        first.map_or(0, |piece| piece.breaks)
    }

    /// Whether it belongs to what it stands in: `#![…]`, `//! …`.
    pub(super) fn is_inner(&self) -> bool {
        match self {
            Item::Attribute(pieces) => pieces.len() == 3,
            Item::Doc(piece) => piece.text.starts_with("//!") || piece.text.starts_with("/*!"),
            Item::Comment(_) | Item::Statement(_) => false,
        }
    }
}

/// Splits a body into its items.
pub(super) fn split_items<'p, 'a>(pieces: &'p [Piece<'a>]) -> Vec<Item<'p, 'a>> {
    let mut items = Vec::new();
    let mut rest = pieces;
    while let [first, after @ ..] = rest {
        if first.is_doc() {
            items.push(Item::Doc(first));
            rest = after;
        } else if first.is_comment() && !leads_statement(rest) {
            items.push(Item::Comment(first));
            rest = after;
        } else if let Some(length) = attribute_length(rest) {
            items.push(Item::Attribute(&rest[..length]));
            rest = &rest[length..];
        } else {
            let (statement, behind) = split_statement(rest);
            items.push(Item::Statement(statement));
            rest = behind;
        }
    }
    items
}

/// Whether the comments that come next stand on the line of the statement behind them.
fn leads_statement(pieces: &[Piece<'_>]) -> bool {
    let behind = pieces.iter().enumerate().skip(1).find(|(_, piece)| !piece.is_comment() || piece.breaks > 0);
    match behind {
        Some((at, piece)) => {
            piece.breaks == 0
                && !piece.is_doc()
                && attribute_length(&pieces[at..]).is_none()
                && !pieces[..at].iter().any(Piece::ends_line)
        }
        None => false,
    }
}

fn attribute_length(pieces: &[Piece<'_>]) -> Option<usize> {
    match pieces {
        [sign, group, ..] if sign.is_sign("#") && group.group("[").is_some() => Some(2),
        [sign, bang, group, ..] if sign.is_sign("#") && bang.is_sign("!") && group.group("[").is_some() => {
            Some(3)
        }
        _ => None,
    }
}

fn split_statement<'p, 'a>(pieces: &'p [Piece<'a>]) -> (Statement<'p, 'a>, &'p [Piece<'a>]) {
    for (at, piece) in pieces.iter().enumerate() {
        if piece.is_sign(";") {
            let (head, behind) = pieces.split_at(at + 1);
            return (Statement { head, block: None, semicolon: false }, behind);
        }
        let Some(inside) = piece.group("{") else { continue };
        if at > 0 && pieces[at - 1].is_sign("::") {
            continue;
        }
        let semicolon = pieces.get(at + 1).is_some_and(|next| next.is_sign(";"));
        let behind = &pieces[at + 1 + usize::from(semicolon)..];
        if holds_statements(inside) {
            return (Statement { head: &pieces[..at], block: Some(inside), semicolon }, behind);
        }
        let head = &pieces[..at + 1 + usize::from(semicolon)];
        return (Statement { head, block: None, semicolon: false }, behind);
    }
    (Statement { head: pieces, block: None, semicolon: false }, &[])
}

/// Whether statements stand in the braces, and not a list, as in `set NAME: net { … }`.
fn holds_statements(inside: &Inside<'_>) -> bool {
    let pieces = &inside.pieces;
    pieces.iter().all(Piece::is_comment)
        || pieces.iter().any(|it| it.is_sign(";") || it.is_sign("=>") || it.group("{").is_some())
        || attribute_length(pieces).is_some()
}
