//! Whether a blank stands between two pieces.

use super::piece::{Kind, Piece};

/// Where the two pieces stand, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// In `set NAME: hash:ip,port …`, before the elements.
    Set,
    /// In `use path::NAME;`
    Use,
    /// In `flags(syn / syn,ack)`.
    Flags,
    /// In the parameters of `fn name(a, b)`.
    Parameters,
    /// Anywhere else.
    Other,
}

impl Scope {
    /// The scope of a statement with these pieces.
    pub(super) fn of_statement(pieces: &[Piece<'_>]) -> Scope {
        let mut words = pieces.iter().filter(|piece| !piece.is_comment());
        let first = words.find(|word| !word.is_word("foreign"));
        match (first, words.next()) {
            // With a bracket behind it, it is the match `set(…)`.
            (Some(word), Some(name)) if word.is_word("set") && matches!(name.kind, Kind::Word) => Scope::Set,
            (Some(word), _) if word.is_word("use") => Scope::Use,
            _ => Scope::Other,
        }
    }

    /// The scope of a group's inside, with the pieces before it.
    pub(super) fn of_group(before: &[Piece<'_>]) -> Scope {
        match before {
            [.., word] if word.is_word("flags") => Scope::Flags,
            [.., word, _] if word.is_word("fn") => Scope::Parameters,
            _ => Scope::Other,
        }
    }
}

/// Whether a blank stands before `pieces[at]`, which is not the first. What is not decided by the
/// language is as it was in the source.
pub(super) fn is_blank_before(pieces: &[Piece<'_>], at: usize, scope: Scope) -> bool {
    let (before, this) = (&pieces[at - 1], &pieces[at]);
    let either = |sign: &str| before.is_sign(sign) || this.is_sign(sign);
    if matches!(before.kind, Kind::BlockComment) && (this.is_sign(";") || this.is_sign(",")) {
        return false;
    }
    if before.is_comment() || this.is_comment() || before.is_doc() || this.is_doc() {
        return true;
    }
    if scope == Scope::Flags && either("/") {
        return true;
    }
    if this.joined && scope != Scope::Flags {
        return false;
    }
    if this.is_sign(";") || this.is_sign(",") {
        return false;
    }
    if before.is_sign(",") {
        return match scope {
            Scope::Flags | Scope::Set => false,
            Scope::Use | Scope::Parameters | Scope::Other => true,
        };
    }
    if ["=>", "->", "=", ";"].into_iter().any(either) {
        return true;
    }
    if ["!", "@", "$", "#"].into_iter().any(|prefix| before.is_sign(prefix)) {
        return false;
    }
    if ["|", "..=", "..", ".", "/"].into_iter().any(either) || before.is_sign("-") {
        return false;
    }
    if ["!", "@", "#"].into_iter().any(|prefix| this.is_sign(prefix)) {
        return true;
    }
    if either("::") {
        return !is_path(pieces, at, scope);
    }
    if before.is_sign(":") {
        let declares = !pieces[..at - 1].iter().any(|piece| piece.is_sign(":"));
        return match scope {
            Scope::Parameters => true,
            Scope::Set => declares,
            _ => !this.adjacent && !is_endpoint(&pieces[..at - 1]),
        };
    }
    if this.is_sign(":") {
        let declares = matches!(scope, Scope::Parameters | Scope::Set);
        return !declares && !this.adjacent && !is_endpoint(&pieces[..at]);
    }
    match (&before.kind, &this.kind) {
        (Kind::Word, Kind::Group(inside)) => inside.open != "(",
        (_, Kind::Group(_)) | (Kind::Group(_), _) => !matches!(this.kind, Kind::Sign) || !this.adjacent,
        // The `+` of `wg+` is the end of the name.
        (Kind::Sign, Kind::Word | Kind::Literal) if before.is_sign("+") && before.joined => true,
        (Kind::Word | Kind::Literal | Kind::Verbatim, Kind::Word | Kind::Literal | Kind::Verbatim) => true,
        _ => !this.adjacent,
    }
}

/// Whether a `:` that follows is the one before a port: `[::1]:80`, `10.0.0.2:80`, `WEB:80`, or `:80` alone.
fn is_endpoint(before: &[Piece<'_>]) -> bool {
    before.last().is_none_or(|piece| {
        let is_let = matches!(piece.kind, Kind::Word) && !piece.text.contains(char::is_lowercase);
        is_let || matches!(piece.kind, Kind::Literal) || piece.group("[").is_some()
    })
}

/// Whether the `::` before or at `at` is one of a path: written as one, or in a `use`.
fn is_path(pieces: &[Piece<'_>], at: usize, scope: Scope) -> bool {
    let sign = if pieces[at].is_sign("::") { at } else { at - 1 };
    let Some(next) = pieces.get(sign + 1) else { return false };
    if sign == 0 || sign == 1 && pieces[0].is_word("use") {
        // `::` begins what comes, and stands apart from what was before.
        return at == sign + 1;
    }
    let before = &pieces[sign - 1];
    if !matches!(before.kind, Kind::Word) {
        return scope == Scope::Use && at == sign + 1;
    }
    if scope == Scope::Use {
        return true;
    }
    let is_value = sign >= 2 && pieces[sign - 2].is_sign("#");
    let is_word = matches!(next.kind, Kind::Word) && !next.joined;
    is_value || is_word && pieces[sign].adjacent && next.adjacent
}
