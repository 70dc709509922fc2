//! Transposition from lanes, where the numbers of all samples are contiguous, to rows, where those of one sample
//! are.

use super::matmul::{all, cover};

/// How many samples are transposed at a time: few enough that their cache lines, and those of the lanes, stay in
/// the cache for all columns.
pub(super) const GROUP: usize = 32;

/// The layout of rows that are parts of longer rows: the distance from one row to the next, and the first index in
/// each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub stride: usize,
    pub start: usize,
}

/// Writes rows of this number of columns; `lanes` gives the lanes of a column, `write` converts a number.
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
