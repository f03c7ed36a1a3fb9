//! What stands between two tokens: blanks, line breaks and comments, which the lexer passes over.

/// A comment between two tokens.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Comment<'a> {
    /// Without the blanks at its end, which are not seen; a block comment as it is.
    pub(super) text: &'a str,
    /// How many line breaks stand before it.
    pub(super) breaks: usize,
    pub(super) is_line: bool,
    pub(super) adjacent: bool,
}

/// The comments between two tokens, and how many line breaks stand behind the last.
pub(super) fn read_gap(gap: &str) -> (Vec<Comment<'_>>, usize) {
    let mut comments = Vec::new();
    let (mut breaks, mut adjacent) = (0, true);
    let mut rest = gap;
    while let Some(first) = rest.chars().next() {
        let is_line = rest.starts_with("//");
        if is_line || rest.starts_with("/*") {
            let end = if is_line { line_end(rest) } else { block_end(rest) };
            let text = if is_line { rest[..end].trim_end() } else { &rest[..end] };
            comments.push(Comment { text, breaks, is_line, adjacent });
            (breaks, adjacent) = (0, true);
            rest = &rest[end..];
        } else {
            breaks += usize::from(first == '\n');
            adjacent = false;
            rest = &rest[first.len_utf8()..];
        }
    }
    (comments, breaks)
}

fn line_end(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// Behind the `*/` of the block comment that the text begins with; comments nest.
fn block_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut place) = (0, 0);
    while place + 1 < bytes.len() {
        match &bytes[place..place + 2] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                place += 1;
                continue;
            }
        }
        place += 2;
        if depth == 0 {
            return place;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_all_kinds_are_found() {
        let (comments, breaks) = read_gap(" // one \r\n\n/* two /* nested */ */ /**//* ü\n */\n\n");
        let texts: Vec<_> = comments.iter().map(|it| (it.text, it.breaks, it.adjacent)).collect();
        let expected = [
            ("// one", 0, false),
            ("/* two /* nested */ */", 2, false),
            ("/**/", 0, false),
            ("/* ü\n */", 0, true),
        ];
        assert_eq!(texts, expected);
        assert_eq!(breaks, 2);
    }

    #[test]
    fn blanks_alone_are_counted() {
        assert_eq!(read_gap("  \r\n\t"), (vec![], 1));
        assert_eq!(read_gap(""), (vec![], 0));
    }
}
