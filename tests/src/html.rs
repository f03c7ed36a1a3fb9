//! Pages of HTML, read as browsers read them, and held to more than browsers ask for.

use html5gum::{Token, Tokenizer};

/// Elements without an end tag.
const VOID: [&str; 3] = ["meta", "wbr", "hr"];

/// What may stand in a paragraph, a heading, a cell's text: everything else would end it (13.2.6.4.7).
const PHRASING: [&str; 6] = ["a", "span", "code", "wbr", "time", "b"];

/// What takes only that.
const OF_PHRASES: [&str; 9] = ["p", "h1", "h2", "h3", "summary", "caption", "dt", "title", "pre"];

/// An element.
#[derive(Debug, Clone)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Its attributes.
    pub attributes: Vec<(String, String)>,
    /// All text in it.
    pub text: String,
    /// The place of the element around it.
    pub parent: Option<usize>,
}

impl Element {
    /// An attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

/// A page.
#[derive(Debug)]
pub struct Page {
    /// Its elements, in the order of their start tags.
    pub elements: Vec<Element>,
}

impl Page {
    /// Reads a page.
    ///
    /// # Panics
    ///
    /// If the tokenizer of the standard finds an error, if elements are not closed in their order, or stand where they
    /// may not.
    #[must_use]
    pub fn read(text: &str) -> Page {
        let mut page = Page { elements: Vec::new() };
        let mut open: Vec<usize> = Vec::new();
        let string = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("the page is UTF-8");
        for token in Tokenizer::new(text) {
            let Ok(token) = token;
            match token {
                Token::StartTag(tag) => {
                    assert!(!tag.self_closing, "{tag:?}");
                    let name = string(&tag.name);
                    let attributes = tag.attributes.iter().map(|(name, value)| (string(name), string(value)));
                    let parent = open.last().copied();
                    page.elements.push(Element {
                        name: name.clone(),
                        attributes: attributes.collect(),
                        text: String::new(),
                        parent,
                    });
                    page.check_place(page.elements.len() - 1);
                    if !VOID.contains(&name.as_str()) {
                        open.push(page.elements.len() - 1);
                    }
                }
                Token::EndTag(tag) => {
                    let closed = open.pop().expect("an element is open");
                    assert_eq!(
                        page.elements[closed].name,
                        string(&tag.name),
                        "elements are closed in their order"
                    );
                }
                Token::String(part) => {
                    let part = string(&part);
                    assert!(!open.is_empty() || part.trim().is_empty(), "text outside of all: {part}");
                    open.iter().for_each(|at| page.elements[*at].text.push_str(&part));
                }
                Token::Doctype(doctype) => {
                    assert!(page.elements.is_empty() && &*doctype.name == b"html" && !doctype.force_quirks);
                }
                Token::Comment(_) => panic!("the page has a comment"),
                Token::Error(error) => panic!("{error:?}: {text}"),
            }
        }
        assert!(open.is_empty(), "{open:?} are open at the end");
        page
    }

    fn check_place(&self, at: usize) {
        let name = self.elements[at].name.as_str();
        let around = self.elements[at].parent.map_or("", |parent| self.elements[parent].name.as_str());
        let ancestor = |wanted: &str| self.ancestors(at).any(|element| element.name == wanted);
        let is_placed = match name {
            "li" => matches!(around, "ul" | "ol"),
            "dt" | "dd" => around == "dl",
            "caption" | "thead" | "tbody" => around == "table",
            "tr" => matches!(around, "thead" | "tbody"),
            "th" | "td" => around == "tr",
            "summary" => around == "details",
            "a" => !ancestor("a") && !ancestor("summary"),
            _ => true,
        };
        let of_phrases = OF_PHRASES.contains(&around) && !PHRASING.contains(&name);
        let in_list = matches!(around, "ul" | "ol") && name != "li";
        assert!(is_placed && !of_phrases && !in_list, "<{name}> in <{around}>");
        if PHRASING.contains(&around) {
            let is_drawing = ancestor("svg");
            assert!(PHRASING.contains(&name) || is_drawing, "<{name}> in <{around}>");
        }
    }

    /// The elements around one.
    pub fn ancestors(&self, at: usize) -> impl Iterator<Item = &Element> {
        let up = |element: &&Element| element.parent.map(|parent| &self.elements[parent]);
        std::iter::successors(self.elements[at].parent.map(|parent| &self.elements[parent]), up)
    }

    /// The element of this `id`.
    ///
    /// # Panics
    ///
    /// If there is none, or more than one.
    #[must_use]
    pub fn element(&self, id: &str) -> &Element {
        let mut found = self.elements.iter().filter(|element| element.attribute("id") == Some(id));
        let element = found.next().unwrap_or_else(|| panic!("no element has the id {id}"));
        assert!(found.next().is_none(), "several elements have the id {id}");
        element
    }

    /// The elements of this name.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.elements.iter().filter(move |element| element.name == name)
    }
}
