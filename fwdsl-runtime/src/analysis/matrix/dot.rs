//! A matrix as a graph.

use std::fmt::Write;

use super::Matrix;

/// So many ranges of a class stand in its node.
const RANGES_MOST: usize = 4;

pub(super) fn dot(matrix: &Matrix) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{line}");
    };
    line("digraph matrix {".into());
    line(format!("  label={};", quoted(&[matrix.title(), matrix.counts()])));
    line("  labelloc=t; rankdir=LR; fontname=\"sans-serif\";".into());
    line(
        "  node [shape=box, style=\"rounded,filled\", fillcolor=\"#eef3f8\", fontname=\"sans-serif\"];"
            .into(),
    );
    for (place, class) in matrix.classes().iter().enumerate() {
        let mut lines = vec![format!("{}: {}", place + 1, class.name())];
        if class.members().len() > 1 {
            lines.extend(class.member_words(RANGES_MOST));
        }
        line(format!("  {} [label={}];", place + 1, quoted(&lines)));
    }
    for (from, to) in matrix.edges() {
        line(format!("  {} -> {};", from + 1, to + 1));
    }
    line("}".into());
    text
}

/// Lines as a string of the language.
fn quoted(lines: &[String]) -> String {
    let lines: Vec<String> =
        lines.iter().map(|line| line.replace('\\', "\\\\").replace('"', "\\\"")).collect();
    format!("\"{}\"", lines.join("\\n"))
}
