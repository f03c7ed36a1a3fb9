//! Alignment: `=>` of neighbouring rules, `=` of neighbouring settings, comments at ends of lines.

use super::line::{Line, Sign};

/// By how many columns what is next in length may push the others out.
const MAX_JUMP: usize = 24;

/// How far out others are pushed at most.
const MAX_COLUMN: usize = 60;

/// Aligns what the lines have to align.
pub(super) fn align(lines: &mut [Line]) {
    for run in sign_runs(lines) {
        align_signs(lines, &run);
    }
    for run in comment_runs(lines) {
        let widths: Vec<usize> = run.iter().map(|&index| lines[index].width()).collect();
        let column = common_column(&widths);
        for (&index, width) in run.iter().zip(widths) {
            lines[index].comment_gap = 1 + column.saturating_sub(width);
        }
    }
}

fn align_signs(lines: &mut [Line], run: &[usize]) {
    let place = |index: usize| lines[index].sign.map_or(0, |(_, at)| at);
    let width = |index: usize| lines[index].text[..place(index)].chars().count();
    let widths: Vec<usize> = run.iter().map(|&index| width(index)).collect();
    let column = common_column(&widths);
    let places: Vec<usize> = run.iter().map(|&index| place(index)).collect();
    for ((&index, width), place) in run.iter().zip(widths).zip(places) {
        lines[index].text.insert_str(place, &" ".repeat(column.saturating_sub(width)));
    }
}

/// The column for these widths: that of the longest, but for those that are much longer than the
/// next and would push all others out.
fn common_column(widths: &[usize]) -> usize {
    let mut sorted = widths.to_vec();
    sorted.sort_unstable();
    let mut column = sorted.first().copied().unwrap_or(0);
    for width in sorted {
        if width - column > MAX_JUMP || width > MAX_COLUMN {
            break;
        }
        column = width;
    }
    column
}

/// Neighbouring lines with the same sign. Empty lines, blocks and statements of other kinds part them.
fn sign_runs(lines: &[Line]) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    let mut open: Option<(Sign, usize)> = None;
    for (index, line) in lines.iter().enumerate() {
        if line.blank_before {
            open = None;
        }
        if line.aside {
            continue;
        }
        let Some((sign, _)) = line.sign else {
            open = None;
            continue;
        };
        match runs.last_mut() {
            Some(run) if open == Some((sign, line.level)) => run.push(index),
            _ => runs.push(vec![index]),
        }
        open = Some((sign, line.level));
    }
    runs
}

/// Neighbouring lines of the same indentation that end in comments. What stands behind an attribute or
/// another comment is left beside it.
fn comment_runs(lines: &[Line]) -> Vec<Vec<usize>> {
    let mut runs: Vec<Vec<usize>> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if line.comment.is_empty() || line.aside || line.text.contains('\n') {
            continue;
        }
        let continues = runs
            .last()
            .and_then(|run| run.last())
            .is_some_and(|&last| last + 1 == index && !line.blank_before && lines[last].level == line.level);
        match runs.last_mut() {
            Some(run) if continues => run.push(index),
            _ => runs.push(vec![index]),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::common_column;

    #[test]
    fn long_ones_do_not_push_the_others_out() {
        assert_eq!(common_column(&[5, 22, 8, 88, 21]), 22);
        assert_eq!(common_column(&[40, 6, 41]), 6);
        assert_eq!(common_column(&[1, 23]), 23);
        assert_eq!(common_column(&[20, 40, 60, 61]), 60);
        assert_eq!(common_column(&[88]), 88);
        assert_eq!(common_column(&[]), 0);
    }
}
