//! A matrix as text.

use std::fmt::{self, Formatter};

use super::Matrix;

/// So many classes are shown as a matrix; more as a list.
const MATRIX_MOST: usize = 32;
/// So many ranges of a class are printed.
const RANGES_MOST: usize = 12;
/// Where lines of addresses are broken.
const WIDTH: usize = 100;

pub(super) fn write_text(matrix: &Matrix, f: &mut Formatter<'_>) -> fmt::Result {
    writeln!(f, "{}", matrix.title())?;
    writeln!(f, "{}\n", matrix.counts())?;
    let width = matrix.classes().len().to_string().len();
    for (place, class) in matrix.classes().iter().enumerate() {
        writeln!(f, "{:>width$}  {} ({})", place + 1, class.name(), class.size_text())?;
        if class.members().len() > 1 {
            write_wrapped(f, &class.member_words(RANGES_MOST), width + 4)?;
        }
    }
    writeln!(f)?;
    if matrix.classes().len() <= MATRIX_MOST {
        write_matrix(matrix, f, width)
    } else {
        write_list(matrix, f, width)
    }
}

/// Words with commas between them, broken into lines.
fn write_wrapped(f: &mut Formatter<'_>, words: &[String], indent: usize) -> fmt::Result {
    let mut line = String::new();
    for (place, word) in words.iter().enumerate() {
        if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > WIDTH {
            writeln!(f, "{:indent$}{}", "", line.trim_end())?;
            line.clear();
        }
        line.push_str(word);
        line.push_str(if place + 1 < words.len() { ", " } else { "" });
    }
    writeln!(f, "{:indent$}{line}", "")
}

fn write_matrix(matrix: &Matrix, f: &mut Formatter<'_>, width: usize) -> fmt::Result {
    const CORNER: &str = "from \\ to";
    write!(f, "{CORNER}")?;
    let places = 0..matrix.classes().len();
    for to in places.clone() {
        write!(f, "  {:>width$}", to + 1)?;
    }
    writeln!(f)?;
    for from in places.clone() {
        write!(f, "{:>corner$}", from + 1, corner = CORNER.len())?;
        for to in places.clone() {
            write!(f, "  {:>width$}", if matrix.allows(from, to) { "x" } else { "·" })?;
        }
        writeln!(f)?;
    }
    Ok(())
}

fn write_list(matrix: &Matrix, f: &mut Formatter<'_>, width: usize) -> fmt::Result {
    let places = 0..matrix.classes().len();
    for from in places.clone() {
        let to: Vec<usize> = places.clone().filter(|to| matrix.allows(from, *to)).collect();
        if to.is_empty() {
            continue;
        }
        let runs = to.chunk_by(|first, second| first + 1 == *second).map(|run| match run {
            [only] => (only + 1).to_string(),
            _ => format!("{}-{}", run[0] + 1, run[0] + run.len()),
        });
        writeln!(f, "{:>width$} -> {}", from + 1, runs.collect::<Vec<String>>().join(", "))?;
    }
    Ok(())
}
