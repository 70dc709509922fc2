//! From lanes, in which the numbers of all samples lie side by side, to rows, in which those of one sample do.

use super::matmul::{all, cover};

/// So many samples change places at a time: few enough that their lines of the cache, and those of the lanes, are there for
/// all columns.
pub(super) const GROUP: usize = 32;

/// Rows as part of others: the number of numbers from one to the next, and where in each they begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub stride: usize,
    pub start: usize,
}

/// Writes rows of so many columns; `lanes` gives those of a column, `write` makes a number of a row from one of a lane.
#[inline(always)]
pub(super) fn to_rows<'v, T: Copy + 'v, U>(
    columns: usize,
    lanes: impl Fn(usize) -> &'v [T],
    rows: &mut [U],
    Layout { stride, start }: Layout,
    write: impl Fn(T) -> U,
) {
    for (group, rows) in rows.chunks_mut(GROUP * stride).enumerate() {
        let samples = rows.len() / stride;
        cover!(columns, [8 4 2 1], all, |column, SIZE| {
            let mut of: [&[T]; SIZE] = [&[]; SIZE];
            for (k, of) in of.iter_mut().enumerate() {
                *of = &lanes(column + k)[group * GROUP..][..samples];
            }
            for sample in 0..samples {
                let row = &mut rows[sample * stride + start + column..][..SIZE];
                for k in 0..SIZE {
                    row[k] = write(of[k][sample]);
                }
            }
        });
    }
}
