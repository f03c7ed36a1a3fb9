//! Statements to lines.

use super::MAX_WIDTH;
use super::call::Call;
use super::glue::may_touch;
use super::item::{Item, Statement, split_items};
use super::layout::Layout;
use super::line::{Line, Sign};
use super::piece::{Inside, Kind, Piece};
use super::spacing::{Scope, is_blank_before};

/// Which line breaks of the source stay between the parts of a statement. Those in lists stay anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Breaks {
    /// None but those that a comment needs.
    Few,
    /// All that stand where a blank would.
    AsWritten,
}

/// The lines of a call's body, the brackets included.
pub(super) fn write_call(call: &Call<'_>, layout: &Layout<'_>) -> Vec<Line> {
    let mut first = Line::new(0);
    first.text.push_str(call.inside.open);
    let mut writer = Writer { lines: vec![first], layout, run: Run::default() };
    if let Some(text) = one_line(&call.inside, layout)
        && layout.first_column + text.chars().count() <= MAX_WIDTH
    {
        writer.line().text = text;
        return writer.lines;
    }
    writer.write_block(&call.inside, 0);
    writer.lines
}

/// A block on one line, if the source has it so and it holds nothing or one statement.
fn one_line(inside: &Inside<'_>, layout: &Layout<'_>) -> Option<String> {
    let (open, close) = (inside.open, inside.close);
    if inside.pieces.is_empty() {
        return Some(format!("{open}{close}"));
    }
    if !inside.is_on_one_line() {
        return None;
    }
    let pad = if open == "{" { " " } else { "" };
    let items = split_items(&inside.pieces);
    let mut writer = Writer { lines: vec![Line::new(0)], layout, run: Run::default() };
    match &items[..] {
        [Item::Statement(statement)] => {
            writer.write_pieces(statement.head, Scope::of_statement(statement.head), 0, Breaks::Few);
            if let Some(block) = statement.block {
                let block = one_line(block, layout)?;
                let line = writer.line();
                if !line.text.is_empty() {
                    line.text.push(' ');
                }
                line.text.push_str(&block);
                line.text.push_str(if statement.semicolon { ";" } else { "" });
            }
        }
        comments if comments.iter().all(|item| matches!(item, Item::Comment(_))) => {
            writer.write_pieces(&inside.pieces, Scope::Other, 0, Breaks::Few);
        }
        _ => return None,
    }
    match &writer.lines[..] {
        [line] if line.comment.is_empty() => Some(format!("{open}{pad}{}{pad}{close}", line.text)),
        _ => None,
    }
}

struct Writer<'l, 's> {
    lines: Vec<Line>,
    layout: &'l Layout<'s>,
    run: Run,
}

/// What was written since the last blank or bracket.
#[derive(Default)]
struct Run {
    text: String,
    /// Whether some of it was apart in the source.
    is_new: bool,
}

impl Writer<'_, '_> {
    /// The line that is being written.
    fn line(&mut self) -> &mut Line {
        if self.lines.is_empty() {
            self.lines.push(Line::new(0));
        }
        self.lines.last_mut().expect("one was put there if there was none")
    }

    fn begin_line(&mut self, level: usize, blank_before: bool) {
        self.run = Run::default();
        self.lines.push(Line { blank_before, ..Line::new(level) });
    }

    /// Writes a block whose opening bracket was written on a line of this level.
    fn write_block(&mut self, inside: &Inside<'_>, level: usize) {
        let mut may_be_blank = false;
        for item in split_items(&inside.pieces) {
            let breaks = item.breaks_before();
            if let Item::Comment(piece) = &item
                && breaks == 0
            {
                self.push_comment(piece.text);
                continue;
            }
            self.begin_line(level + 1, may_be_blank && breaks > 1);
            match &item {
                Item::Comment(piece) | Item::Doc(piece) => {
                    let line = self.line();
                    line.text.push_str(piece.text);
                    line.aside = true;
                }
                Item::Attribute(pieces) => {
                    self.write_pieces(pieces, Scope::Other, level + 1, Breaks::Few);
                    self.line().aside = true;
                }
                Item::Statement(statement) => self.write_statement(statement, level + 1),
            }
            // What an attribute or a doc comment belongs to follows at once.
            may_be_blank = match &item {
                Item::Doc(_) | Item::Attribute(_) => item.is_inner(),
                Item::Comment(_) | Item::Statement(_) => true,
            };
        }
        self.begin_line(level, false);
        self.line().text.push_str(inside.close);
    }

    fn push_comment(&mut self, text: &str) {
        let line = self.line();
        if !line.comment.is_empty() {
            line.comment.push(' ');
        }
        line.comment.push_str(text);
    }

    fn write_statement(&mut self, statement: &Statement<'_, '_>, level: usize) {
        let start = self.lines.len() - 1;
        self.write_head(statement, level);
        let Some(block) = statement.block else { return };
        self.lines[start].sign = None;
        if statement.head.last().is_some_and(Piece::ends_line) {
            self.begin_line(level, false);
        } else if !statement.head.is_empty() {
            self.line().text.push(' ');
        }
        let semicolon = if statement.semicolon { ";" } else { "" };
        let column = self.layout.column(self.line().level) + self.line().width();
        match one_line(block, self.layout) {
            Some(text) if column + text.chars().count() + semicolon.len() <= MAX_WIDTH => {
                self.line().text.push_str(&text);
            }
            _ => {
                self.line().text.push_str(block.open);
                self.write_block(block, level);
            }
        }
        self.line().text.push_str(semicolon);
    }

    /// Writes what is not in the statement's block: on one line if that is not too long, with the
    /// line breaks of the source otherwise.
    fn write_head(&mut self, statement: &Statement<'_, '_>, level: usize) {
        let scope = Scope::of_statement(statement.head);
        let start = self.lines.len() - 1;
        self.write_pieces(statement.head, scope, level, Breaks::Few);
        let is_long =
            self.lines[start..].iter().any(|line| self.layout.column(line.level) + line.width() > MAX_WIDTH);
        let breaks = statement.head.iter().skip(1).any(|piece| piece.breaks > 0);
        if breaks && (is_long || !is_whole(statement)) {
            let blank_before = self.lines[start].blank_before;
            self.lines.truncate(start);
            self.begin_line(level, blank_before);
            self.write_pieces(statement.head, scope, level, Breaks::AsWritten);
        }
        if self.lines.len() > start + 1 || self.lines[start].text.contains('\n') {
            self.lines[start..].iter_mut().for_each(|line| line.sign = None);
        }
    }

    /// Writes pieces to the end of the line, and on further lines of one step more.
    fn write_pieces(&mut self, pieces: &[Piece<'_>], scope: Scope, level: usize, breaks: Breaks) {
        for (index, piece) in pieces.iter().enumerate() {
            if index > 0 {
                let before = &pieces[index - 1];
                let beside_comment = before.is_comment() || piece.is_comment();
                let stays = breaks == Breaks::AsWritten && is_blank_before(pieces, index, scope);
                if before.ends_line() || piece.breaks > 0 && (beside_comment || stays) {
                    self.begin_line(level + 1, false);
                } else {
                    self.write_blank(pieces, index, scope);
                }
            }
            self.write_piece(pieces, index);
        }
    }

    fn write_blank(&mut self, pieces: &[Piece<'_>], index: usize, scope: Scope) {
        let piece = &pieces[index];
        if is_blank_before(pieces, index, scope) || !self.may_touch(piece) {
            self.run = Run::default();
            // A line comment has its own gap.
            if !matches!(piece.kind, Kind::LineComment) {
                self.note_sign(piece);
                self.line().text.push(' ');
            }
        }
    }

    /// Whether the piece may be written right behind what stands there.
    fn may_touch(&mut self, piece: &Piece<'_>) -> bool {
        if piece.adjacent && !self.run.is_new || piece.is_sign(",") || piece.is_sign(";") {
            return true;
        }
        self.run.is_new = true;
        matches!(piece.kind, Kind::Group(_)) || may_touch(&self.run.text, piece.text)
    }

    /// Remembers where the sign stands that the statement is aligned at.
    fn note_sign(&mut self, piece: &Piece<'_>) {
        let line = self.line();
        let place = line.text.len();
        if piece.is_sign("=>") && !matches!(line.sign, Some((Sign::Arrow, _))) {
            line.sign = Some((Sign::Arrow, place));
        } else if piece.is_sign("=") && line.sign.is_none() {
            line.sign = Some((Sign::Equals, place));
        }
    }

    fn write_piece(&mut self, pieces: &[Piece<'_>], index: usize) {
        let piece = &pieces[index];
        match &piece.kind {
            Kind::Group(inside) => self.write_group(inside, &pieces[..index]),
            Kind::LineComment if !self.line().text.is_empty() => self.push_comment(piece.text),
            _ => {
                self.line().text.push_str(piece.text);
                self.run.text.push_str(piece.text);
            }
        }
    }

    /// Writes brackets and what is between them: on one line, or with the line breaks behind commas
    /// that the source has.
    fn write_group(&mut self, inside: &Inside<'_>, before: &[Piece<'_>]) {
        let scope = Scope::of_group(before);
        let sign = self.line().sign;
        let level = self.line().level;
        let is_tree = before.last().is_some_and(|it| it.is_sign("::"));
        let pad = if inside.open == "{" && !is_tree && !inside.pieces.is_empty() { " " } else { "" };
        self.line().text.push_str(inside.open);
        self.run = Run::default();
        if !stands_on_lines(inside) {
            self.line().text.push_str(pad);
            self.write_pieces(&inside.pieces, scope, level, Breaks::Few);
            self.line().text.push_str(pad);
        } else {
            for (index, piece) in inside.pieces.iter().enumerate() {
                let breaks = index == 0 || keeps_break(&inside.pieces, index);
                // A comment behind the opening bracket stays there.
                if breaks && (index > 0 || piece.breaks > 0 || !piece.is_comment()) {
                    self.begin_line(level + 1, index > 0 && piece.breaks > 1);
                } else if index > 0 {
                    self.write_blank(&inside.pieces, index, scope);
                } else {
                    self.line().text.push_str(pad);
                }
                self.write_piece(&inside.pieces, index);
            }
            self.begin_line(level, false);
        }
        self.line().text.push_str(inside.close);
        self.run = Run::default();
        // Signs inside are not those of the statement.
        self.line().sign = sign;
    }
}

/// Whether a group is written on several lines.
fn stands_on_lines(inside: &Inside<'_>) -> bool {
    inside.breaks_before_close > 0
        || inside.pieces.first().is_some_and(|piece| piece.breaks > 0)
        || inside.pieces.iter().any(Piece::ends_line)
        || (1..inside.pieces.len()).any(|index| keeps_break(&inside.pieces, index))
}

/// Whether a line of a list begins at the piece.
fn keeps_break(pieces: &[Piece<'_>], index: usize) -> bool {
    let (before, piece) = (&pieces[index - 1], &pieces[index]);
    before.ends_line()
        || piece.breaks > 0
            && (before.is_sign(",") || before.is_comment() || piece.is_comment() || piece.is_doc())
}

/// Whether the statement is one as far as can be seen. If a `;` is missing it runs into the next,
/// and its lines are better left apart.
fn is_whole(statement: &Statement<'_, '_>) -> bool {
    let count = |sign: &str| statement.head.iter().filter(|piece| piece.is_sign(sign)).count();
    let ends = statement.block.is_some() || statement.head.last().is_some_and(|it| it.is_sign(";"));
    let is_list = statement.head.last().is_some_and(|it| it.group("{").is_some());
    (ends || is_list) && count("=>") + count("=") <= usize::from(statement.block.is_none())
}
