//! What an evaluation in the directions of colours needs.

use super::colouring::Colouring;
use super::pattern::Pattern;

/// A pattern and its colouring: of a Jacobian, or of the lower triangle of a Hessian.
#[derive(Debug, Clone)]
pub(crate) struct Compressed {
    pub pattern: Pattern,
    pub colouring: Colouring,
}

impl Compressed {
    /// A direction for each column.
    pub fn by_columns(pattern: Pattern) -> Compressed {
        let columns = pattern.columns();
        let of = (0..columns as u32).collect();
        Compressed { pattern, colouring: Colouring { of, colours: columns } }
    }

    pub fn of_jacobian(pattern: Pattern) -> Option<Compressed> {
        let colouring = pattern.column_colouring()?;
        Some(Compressed { pattern, colouring })
    }

    pub fn of_hessian(pattern: Pattern) -> Option<Compressed> {
        let colouring = pattern.star_colouring()?;
        Some(Compressed { pattern, colouring })
    }

    /// Of an entry of a Hessian: the row and the colour where it is found.
    pub fn found_at(&self, row: usize, column: usize) -> (usize, usize) {
        let [by_row, by_column] = [self.colouring.of[row], self.colouring.of[column]];
        if by_row >= by_column { (row, by_column as usize) } else { (column, by_row as usize) }
    }
}
