//! A project open in an editor: its source with marked places, and what rust-analyzer says about them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::lsp::{Server, uri};
use crate::netns;

/// The server, as rustup installs it with `rustup component add rust-analyzer`.
const PROGRAM: &str = "rust-analyzer";

/// Whether rust-analyzer is here. If not, it says so loudly and gives back false, and the test returns.
///
/// # Panics
///
/// If it is not here and the tests may not be skipped.
#[must_use]
pub fn require() -> bool {
    // rustup installs a program of that name in any case, which fails if there is none behind it.
    let output = Command::new(PROGRAM).arg("--version").output();
    let here = output.is_ok_and(|output| output.status.success());
    if !here {
        netns::skip_without("rust-analyzer (`rustup component add rust-analyzer`)");
    }
    here
}

/// A range in a file: line and column of its start and of its end, from 0 as the protocol has them.
pub type Range = [u64; 4];

/// A project of one file that depends on fwdsl, open in rust-analyzer.
#[derive(Debug)]
pub struct Editor {
    server: Server,
    file: PathBuf,
    marks: BTreeMap<String, Range>,
}

impl Editor {
    /// Opens a project whose `main.rs` is `source`, made in the directory `scratch`.
    ///
    /// `‹name:text›` in it is `text` under a name, by which a test speaks of its place.
    ///
    /// # Panics
    ///
    /// If the project cannot be written or loaded.
    #[must_use]
    pub fn open(scratch: &Path, project: &str, source: &str) -> Editor {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let workspace = workspace.canonicalize().expect("the workspace is here");
        let root = scratch.join("editor").join(project);
        let (text, marks) = unmark(source);
        let file = root.join("src").join("main.rs");
        fs::create_dir_all(root.join("src")).expect("the project can be made");
        fs::write(root.join("Cargo.toml"), manifest(&workspace)).expect("the project can be made");
        // The versions that the tests were built with, which are here.
        fs::copy(workspace.join("Cargo.lock"), root.join("Cargo.lock")).expect("the project can be made");
        fs::write(&file, &text).expect("the project can be made");
        let options = json!({
            "cargo": { "targetDir": scratch.join("editor-target") },
            "cachePriming": { "enable": false },
            "checkOnSave": false,
        });
        let mut server = Server::start(PROGRAM, &root, &options);
        server.open(&file, &text);
        server.wait_until_loaded();
        Editor { server, file, marks }
    }

    /// The range of a mark.
    ///
    /// # Panics
    ///
    /// If there is no such mark.
    #[must_use]
    pub fn range(&self, mark: &str) -> Range {
        *self.marks.get(mark).unwrap_or_else(|| panic!("no mark `{mark}`"))
    }

    /// Where "go to definition" goes from the inside of a mark.
    pub fn definitions(&mut self, mark: &str) -> Vec<Range> {
        let at = self.inside(mark);
        let found = self.server.request("textDocument/definition", &at);
        self.ranges(&found)
    }

    /// What "find references" finds from the inside of a mark, with the definition, in order.
    pub fn references(&mut self, mark: &str) -> Vec<Range> {
        let mut at = self.inside(mark);
        at["context"] = json!({ "includeDeclaration": true });
        let found = self.server.request("textDocument/references", &at);
        self.ranges(&found)
    }

    /// What hovering over a mark shows.
    ///
    /// # Panics
    ///
    /// If what is shown belongs to another range.
    pub fn hover(&mut self, mark: &str) -> String {
        let at = self.inside(mark);
        let shown = self.server.request("textDocument/hover", &at);
        if !shown.is_null() {
            assert_eq!(range_of(&shown["range"]), self.range(mark), "hovering over `{mark}`");
        }
        shown["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// The words that are offered at the end of a mark, in alphabetical order.
    pub fn completions(&mut self, mark: &str) -> Vec<String> {
        let [_, _, line, column] = self.range(mark);
        let at = self.at(line, column);
        let found = self.server.request("textDocument/completion", &at);
        let items = found["items"].as_array().or(found.as_array()).cloned().unwrap_or_default();
        let word = |item: &Value| {
            let text = item["textEdit"]["newText"].as_str().or(item["label"].as_str());
            text.unwrap_or_default().to_owned()
        };
        let mut words: Vec<String> = items.iter().map(word).collect();
        words.sort_unstable();
        words
    }

    /// What the editor underlines in the file, and says about it.
    pub fn diagnostics(&mut self) -> Vec<(Range, String)> {
        let document = json!({ "textDocument": { "uri": uri(&self.file) } });
        let found = self.server.request("textDocument/diagnostic", &document);
        let items = found["items"].as_array().cloned().unwrap_or_default();
        let said = |item: &Value| {
            (range_of(&item["range"]), item["message"].as_str().unwrap_or_default().to_owned())
        };
        items.iter().map(said).collect()
    }

    fn inside(&self, mark: &str) -> Value {
        let [line, column, ..] = self.range(mark);
        self.at(line, column + 1)
    }

    fn at(&self, line: u64, column: u64) -> Value {
        json!({
            "textDocument": { "uri": uri(&self.file) },
            "position": { "line": line, "character": column },
        })
    }

    /// The ranges of locations, which must be in the file.
    fn ranges(&self, locations: &Value) -> Vec<Range> {
        let locations = locations.as_array().cloned().unwrap_or_default();
        let range = |location: &Value| {
            assert_eq!(location["uri"], uri(&self.file), "{location}");
            range_of(&location["range"])
        };
        let mut ranges: Vec<Range> = locations.iter().map(range).collect();
        ranges.sort_unstable();
        ranges
    }
}

fn manifest(workspace: &Path) -> String {
    let fwdsl = workspace.join("fwdsl");
    format!(
        "[package]\nname = \"opened\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nfwdsl = {{ path = {fwdsl:?}, default-features = false }}\n"
    )
}

fn range_of(range: &Value) -> Range {
    let number = |end: &str, part: &str| range[end][part].as_u64().unwrap_or(u64::MAX);
    [number("start", "line"), number("start", "character"), number("end", "line"), number("end", "character")]
}

/// Takes the marks out of a source, which must not span lines.
fn unmark(source: &str) -> (String, BTreeMap<String, Range>) {
    let (mut text, mut marks) = (String::new(), BTreeMap::new());
    let mut rest = source;
    while let Some((before, marked)) = rest.split_once('‹') {
        let (marked, after) = marked.split_once('›').expect("a mark has an end");
        let (name, word) = marked.split_once(':').expect("a mark has a name");
        text.push_str(before);
        let [line, column] = position(&text);
        text.push_str(word);
        let end = column + word.len() as u64;
        let former = marks.insert(name.to_owned(), [line, column, line, end]);
        assert!(former.is_none(), "two marks `{name}`");
        rest = after;
    }
    text.push_str(rest);
    (text, marks)
}

/// Line and column of the end of a text. All texts are ASCII, so that bytes are columns.
fn position(text: &str) -> [u64; 2] {
    let line = text.matches('\n').count();
    let column = text.len() - text.rfind('\n').map_or(0, |newline| newline + 1);
    [line as u64, column as u64]
}
