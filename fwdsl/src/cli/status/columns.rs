//! Lines of which the parts stand below each other.

/// A line: what stands in each column.
pub(super) type Row = Vec<String>;

/// The lines. Columns but the first and the last are numbers, which end below each other.
pub(super) fn aligned(rows: &[Row]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Row| {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            match column {
                0 => line.push_str(&format!("{cell:width$}")),
                _ if column + 1 == count => line.push_str(&format!("  {cell}")),
                _ => line.push_str(&format!("  {cell:>width$}")),
            }
        }
        line.truncate(line.trim_end().len());
        line
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_below_each_other() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Row>();
        let rows = [row(&["", "packets", "rule"]), row(&["a.rs:12", "7", "x"]), row(&["b.rs:7", "1234", ""])];
        assert_eq!(aligned(&rows), ["         packets  rule", "a.rs:12        7  x", "b.rs:7      1234"]);
    }
}
