//! A writer of HTML that escapes by construction: what is not written in this program becomes text or the value of an
//! attribute, and these are always escaped.

/// Elements without content.
const VOID: [&str; 3] = ["meta", "wbr", "hr"];

/// Elements behind which a line ends, so that the source can be read.
const BLOCKS: [&str; 27] = [
    "head", "title", "meta", "style", "body", "header", "nav", "main", "section", "div", "p", "h1", "h2",
    "h3", "ul", "ol", "li", "dl", "dd", "table", "thead", "tbody", "tr", "details", "figure", "footer",
    "svg",
];

/// HTML in the making.
#[derive(Debug, Default)]
pub(super) struct Html {
    text: String,
}

/// An attribute: its name is this program's, its value may be anybody's.
pub(super) type Attribute<'a> = (&'static str, &'a str);

impl Html {
    /// The document, with its first line.
    pub(super) fn into_document(self) -> String {
        format!("<!DOCTYPE html>\n{}", self.text)
    }

    /// An element with what `content` writes into it.
    pub(super) fn element(
        &mut self,
        name: &'static str,
        attributes: &[Attribute<'_>],
        content: impl FnOnce(&mut Html),
    ) {
        self.text.push('<');
        self.text.push_str(name);
        for (name, value) in attributes {
            self.text.push(' ');
            self.text.push_str(name);
            self.text.push_str("=\"");
            push_escaped(&mut self.text, value);
            self.text.push('"');
        }
        self.text.push('>');
        if !VOID.contains(&name) {
            content(self);
            self.text.push_str("</");
            self.text.push_str(name);
            self.text.push('>');
        }
        if BLOCKS.contains(&name) {
            self.text.push('\n');
        }
    }

    /// An element with text alone.
    pub(super) fn leaf(&mut self, name: &'static str, attributes: &[Attribute<'_>], text: &str) {
        self.element(name, attributes, |html| html.text(text));
    }

    /// An element that is only there to be of a class.
    pub(super) fn classed(&mut self, name: &'static str, class: &str, content: impl FnOnce(&mut Html)) {
        self.element(name, &[("class", class)], content);
    }

    /// Text.
    pub(super) fn text(&mut self, text: &str) {
        push_escaped(&mut self.text, text);
    }

    /// Words of the language or of iptables.
    pub(super) fn code(&mut self, text: &str) {
        self.leaf("code", &[], text);
    }

    /// A short word in a frame, of a class that gives it its colour.
    pub(super) fn badge(&mut self, class: &str, text: &str) {
        self.leaf("span", &[("class", &format!("badge {class}"))], text);
    }

    /// A link within the page.
    pub(super) fn link(&mut self, id: &str, content: impl FnOnce(&mut Html)) {
        self.element("a", &[("href", &format!("#{id}"))], content);
    }

    /// What is folded until somebody wants it, or prints the page.
    pub(super) fn folded(&mut self, summary: &str, content: impl FnOnce(&mut Html)) {
        self.element("details", &[], |html| {
            html.leaf("summary", &[], summary);
            content(html);
        });
    }

    /// A sentence in which `words in backticks` are code.
    pub(super) fn sentence(&mut self, text: &str) {
        for (place, part) in text.split('`').enumerate() {
            match place % 2 {
                0 => self.text(part),
                _ => self.code(part),
            }
        }
    }

    /// A style sheet, which is this program's.
    pub(super) fn style(&mut self, sheet: &'static str) {
        self.text.push_str("<style>\n");
        self.text.push_str(sheet);
        self.text.push_str("</style>\n");
    }
}

/// Text for HTML, in an element as well as in an attribute in double quotes. What cannot be seen is written as Rust
/// writes it, `\u{202e}`: a reviewer is to see that it is there, and it must not turn the direction of what follows.
fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            _ if is_unseen(c) => out.extend(c.escape_unicode()),
            _ => out.push(c),
        }
    }
}

/// Whether a character shows nothing, or changes how others are shown.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Soft hyphen, Arabic letter mark, fillers, the Mongolian vowel separator.
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{3164}' | '\u{ffa0}'
            // Widths of nothing, marks and embeddings of direction, line and paragraph separators, invisible operators.
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            // Variation selectors, byte order mark, interlinear annotation, tags.
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
        // Those that are no characters.
        || u32::from(c) & 0xfffe == 0xfffe
        || matches!(c, '\u{fdd0}'..='\u{fdef}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        let mut html = Html::default();
        html.text(text);
        html.text
    }

    #[test]
    fn text_stays_text() {
        assert_eq!(text("<script>\"'&amp;"), "&lt;script&gt;&quot;&#39;&amp;amp;");
        assert_eq!(text("a\u{202e}b\u{0}\u{7f}\u{feff}"), "a\\u{202e}b\\u{0}\\u{7f}\\u{feff}");
        assert_eq!(text("Bücher, 東京, عربي\nzwei"), "Bücher, 東京, عربي\nzwei");
    }

    #[test]
    fn a_value_does_not_leave_its_attribute() {
        let mut html = Html::default();
        html.leaf("p", &[("title", "\" onclick='x' <b>")], "x");
        assert_eq!(html.text, "<p title=\"&quot; onclick=&#39;x&#39; &lt;b&gt;\">x</p>\n");
    }

    #[test]
    fn code_stands_between_backticks() {
        let mut html = Html::default();
        html.sentence("a `<b>` c");
        assert_eq!(html.text, "a <code>&lt;b&gt;</code> c");
    }
}
