//! Aligned columns.

use std::io::{self, Write};

/// Rows that are held back to learn how wide the columns are.
const SAMPLE_ROWS: usize = 1_000;

/// Rows of cells, two blanks apart. The first rows decide the widths; the last column is free.
pub(crate) struct Table<const N: usize> {
    align: [Align; N],
    widths: [usize; N],
    held: Vec<[String; N]>,
    flowing: bool,
}

/// Which side of its column a cell keeps to.
#[derive(Clone, Copy)]
pub(crate) enum Align {
    Left,
    Right,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(align: [Align; N]) -> Self {
        Table { align, widths: [0; N], held: Vec::new(), flowing: false }
    }

    /// Adds a row, and writes what need not be held back any more.
    pub(crate) fn row(&mut self, out: &mut dyn Write, cells: [String; N]) -> io::Result<()> {
        if self.flowing {
            return self.write(out, &cells);
        }
        for (width, cell) in self.widths.iter_mut().zip(&cells) {
            *width = (*width).max(cell.chars().count());
        }
        self.held.push(cells);
        if self.held.len() == SAMPLE_ROWS { self.finish(out) } else { Ok(()) }
    }

    /// Writes the rows held back.
    pub(crate) fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.flowing = true;
        for cells in std::mem::take(&mut self.held) {
            self.write(out, &cells)?;
        }
        Ok(())
    }

    fn write(&self, out: &mut dyn Write, cells: &[String; N]) -> io::Result<()> {
        let mut line = String::new();
        for (at, cell) in cells.iter().enumerate() {
            let blanks = self.widths[at].saturating_sub(cell.chars().count());
            match self.align[at] {
                Align::Left => {
                    line.push_str(cell);
                    line.extend(std::iter::repeat_n(' ', blanks));
                }
                Align::Right => {
                    line.extend(std::iter::repeat_n(' ', blanks));
                    line.push_str(cell);
                }
            }
            line.push_str("  ");
        }
        writeln!(out, "{}", line.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_lines_end_without_blanks() {
        let mut out = Vec::new();
        let mut table = Table::new([Align::Right, Align::Left, Align::Left]);
        for cells in [["1", "ab", "x"], ["20", "c", ""]] {
            table.row(&mut out, cells.map(str::to_owned)).unwrap();
        }
        table.finish(&mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), " 1  ab  x\n20  c\n");
    }

    #[test]
    fn a_long_table_flows_after_its_sample() {
        let mut out = Vec::new();
        let mut table = Table::new([Align::Left]);
        for _ in 0..SAMPLE_ROWS {
            table.row(&mut out, ["x".to_owned()]).unwrap();
        }
        assert_eq!(out.len(), 2 * SAMPLE_ROWS);
        table.row(&mut out, ["wider".to_owned()]).unwrap();
        assert!(out.ends_with(b"wider\n"));
    }
}
