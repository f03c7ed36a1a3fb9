//! A matrix as a drawing.

use std::fmt::Write;

use super::Matrix;

/// The least side of a square at which its row is labelled.
const LABELLED: usize = 9;
/// So many ranges of a class stand beside its row.
const RANGES_MOST: usize = 3;
/// So many letters of a label are shown.
const LETTERS_MOST: usize = 34;

/// Lengths, in pixels.
struct Layout {
    /// The side of a square.
    cell: usize,
    /// The size of the labels' letters.
    font: usize,
    left: usize,
    top: usize,
    /// The side of the matrix.
    side: usize,
    /// The room for the addresses beside the rows.
    right: usize,
}

impl Layout {
    fn new(matrix: &Matrix) -> Layout {
        let count = matrix.classes().len();
        let cell = (960 / count.max(1)).clamp(3, 28);
        let font = (cell * 2 / 3).clamp(6, 13);
        let longest = |words: &dyn Fn(usize) -> String| {
            (0..count).map(|place| words(place).chars().count()).max().unwrap_or_default()
        };
        // A letter is about six tenths as wide as it is high.
        let room = |letters: usize| if cell < LABELLED { 10 } else { letters * font * 6 / 10 + 16 };
        let label = room(longest(&|place| label(matrix, place)));
        Layout {
            cell,
            font,
            left: label.max(20),
            top: 56 + label * 4 / 5,
            side: cell * count,
            right: room(longest(&|place| beside(matrix, place))) + label / 2,
        }
    }
}

pub(super) fn svg(matrix: &Matrix) -> String {
    let layout = Layout::new(matrix);
    let Layout { cell, font, left, top, side, right } = layout;
    let (width, height) = ((left + side + right).max(560), top + side + 24);
    let mut text = String::new();
    let mut line = |line: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{line}");
    };
    line(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"{font}\">"
    ));
    line(format!("<title>{}</title>", escaped(&matrix.title())));
    line(format!("<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>"));
    line(format!(
        "<text x=\"12\" y=\"22\" font-size=\"15\" font-weight=\"bold\">{}</text>",
        escaped(&matrix.title())
    ));
    let legend = format!("{}; from the row to the column", matrix.counts());
    line(format!("<text x=\"12\" y=\"41\" font-size=\"12\" fill=\"#555555\">{}</text>", escaped(&legend)));
    for place in 0..matrix.classes().len() {
        let middle = place * cell + cell / 2;
        if cell < LABELLED {
            break;
        }
        let baseline = top + middle + font / 3;
        let name = escaped(&label(matrix, place));
        line(format!("<text x=\"{}\" y=\"{baseline}\" text-anchor=\"end\">{name}</text>", left - 6));
        let (x, y) = (left + middle + font / 3, top - 6);
        line(format!("<text x=\"{x}\" y=\"{y}\" transform=\"rotate(-55 {x} {y})\">{name}</text>"));
        let words = escaped(&beside(matrix, place));
        line(format!("<text x=\"{}\" y=\"{baseline}\" fill=\"#555555\">{words}</text>", left + side + 8));
    }
    for (from, to) in matrix.edges() {
        let (x, y) = (left + to * cell, top + from * cell);
        let [source, destination] = [from, to].map(|place| matrix.classes()[place].name());
        let title = escaped(&format!("{source} → {destination}"));
        line(format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{cell}\" height=\"{cell}\" fill=\"#2f6f9f\"><title>{title}</title></rect>"
        ));
    }
    for place in 0..=matrix.classes().len() {
        let (x, y) = (left + place * cell, top + place * cell);
        line(format!(
            "<path d=\"M{x} {top}v{side}M{left} {y}h{side}\" stroke=\"#c8d0d8\" stroke-width=\"{}\"/>",
            if cell < LABELLED { "0.3" } else { "1" }
        ));
    }
    line("</svg>".into());
    text
}

/// What stands at a row and a column.
fn label(matrix: &Matrix, place: usize) -> String {
    cut(&format!("{}  {}", place + 1, matrix.classes()[place].name()))
}

/// What stands behind a row: the addresses, if the name does not say it all.
fn beside(matrix: &Matrix, place: usize) -> String {
    let class = &matrix.classes()[place];
    if class.members().len() > 1 { class.member_words(RANGES_MOST).join(", ") } else { class.size_text() }
}

/// The beginning of a label that is too long.
fn cut(label: &str) -> String {
    if label.chars().count() <= LETTERS_MOST {
        return label.to_owned();
    }
    label.chars().take(LETTERS_MOST - 1).chain(['…']).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
