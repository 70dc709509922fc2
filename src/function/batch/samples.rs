//! The samples of a batch, in the memory of the caller.

use super::super::length;
use super::matmul::{all, cover};
use super::transpose::GROUP;
use crate::error::Error;
use crate::function::lanes::float::Float;
use std::ops::Range;

/// The values of one input in all samples: numbers of a slice at equal distances.
///
/// ```
/// use tapegrad::batch::Column;
///
/// let rows = [1.0, 10.0, 2.0, 20.0, 3.0, 30.0]; // three samples of two numbers
/// let [x, y] = [Column::strided(&rows, 0, 2), Column::strided(&rows, 1, 2)];
/// assert_eq!((x.len(), y.get(2)), (3, 30.0));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    data: &'a [f64],
    start: usize,
    /// 0 for a constant; negative if the numbers are in reverse.
    stride: isize,
    len: usize,
}

impl<'a> Column<'a> {
    /// Every `stride`-th number from index `start` on, as for a column of a table that is stored row by row.
    ///
    /// # Panics
    /// If `stride` is 0.
    #[must_use]
    #[track_caller]
    pub fn strided(data: &'a [f64], start: usize, stride: usize) -> Column<'a> {
        assert!(stride > 0, "a stride of 0 never gets anywhere; use `Column::constant`");
        let len = data.len().saturating_sub(start).div_ceil(stride);
        // A stride beyond `isize::MAX` is beyond the end of any slice.
        Column { data, start, stride: isize::try_from(stride).unwrap_or(isize::MAX), len }
    }

    /// The same number for every sample.
    #[must_use]
    pub fn constant(number: &'a f64) -> Column<'a> {
        Column { data: std::slice::from_ref(number), start: 0, stride: 0, len: usize::MAX }
    }

    /// The same numbers, that of the last sample first.
    ///
    /// ```
    /// # use tapegrad::batch::Column;
    /// assert_eq!(Column::from(&[1.0, 2.0, 3.0]).reversed().get(0), 3.0);
    /// ```
    #[must_use]
    pub fn reversed(self) -> Column<'a> {
        match self.len {
            0 | usize::MAX => self,
            len => Column { start: self.place(len - 1), stride: -self.stride, ..self },
        }
    }

    /// For how many samples the column has a number; `usize::MAX` for a constant.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // an empty column is of no use
    pub fn len(&self) -> usize {
        self.len
    }

    /// The number for this sample.
    ///
    /// # Panics
    /// If there is no such sample.
    #[must_use]
    #[track_caller]
    #[inline]
    pub fn get(&self, sample: usize) -> f64 {
        let Column { stride, len, .. } = *self;
        assert!(stride == 0 || sample < len, "there is no sample {sample}: the column has {len}, from 0 on");
        self.data[self.place(sample)]
    }

    /// Where in `data` the number for this sample stands.
    #[inline(always)]
    fn place(&self, sample: usize) -> usize {
        self.start.wrapping_add_signed(self.stride.wrapping_mul(sample as isize))
    }
}

impl<'a> From<&'a [f64]> for Column<'a> {
    fn from(data: &'a [f64]) -> Column<'a> {
        Column { data, start: 0, stride: 1, len: data.len() }
    }
}

impl<'a> From<&'a Vec<f64>> for Column<'a> {
    fn from(data: &'a Vec<f64>) -> Column<'a> {
        Column::from(&data[..])
    }
}

impl<'a, const N: usize> From<&'a [f64; N]> for Column<'a> {
    fn from(data: &'a [f64; N]) -> Column<'a> {
        Column::from(&data[..])
    }
}

/// The samples of a batch: one column per input that is not shared, with one number per sample.
/// [`choose`](Samples::choose) selects some of the samples.
#[derive(Debug, Clone, Copy)]
pub struct Samples<'a> {
    columns: &'a [Column<'a>],
    chosen: Chosen<'a>,
    len: usize,
    /// For how many samples every column has a number.
    all: usize,
}

/// Which samples of the columns are selected.
#[derive(Debug, Clone, Copy)]
enum Chosen<'a> {
    /// Consecutive ones, from this one on.
    From(usize),
    These(&'a [usize]),
}

impl<'a> Samples<'a> {
    /// All samples of the columns, in order. If there are no columns, or all are constant, there are no samples:
    /// see [`with_len`](Self::with_len).
    ///
    /// # Errors
    /// [`Error::Length`] if columns differ in length.
    pub fn new(columns: &'a [Column<'a>]) -> Result<Samples<'a>, Error> {
        let long = |column: &&Column<'_>| column.stride != 0;
        let len = columns.iter().find(long).map_or(0, Column::len);
        for column in columns.iter().filter(long) {
            length("samples in each column", len, column.len())?;
        }
        let all = columns.iter().map(Column::len).min().unwrap_or(0);
        Ok(Samples { columns, chosen: Chosen::From(0), len, all })
    }

    /// This number of samples, for columns that have no length: constants, or no columns because every input is
    /// shared.
    ///
    /// ```
    /// use tapegrad::{Function, batch::{BatchWorkspace, Samples}};
    ///
    /// let f = Function::record(|[a, b]| a * b, [1.0; 2])?.batched(0..2)?;
    /// let (mut workspace, mut gradient) = (BatchWorkspace::new(), [0.0; 2]);
    /// let samples = Samples::with_len(&[], 10)?;
    /// let total = f.evaluator_in(&mut workspace).value_and_gradient_into(&[2.0, 3.0], &samples, &mut gradient)?;
    /// assert_eq!((total, gradient), (60.0, [30.0, 20.0]));
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if a column has another length.
    pub fn with_len(columns: &'a [Column<'a>], samples: usize) -> Result<Samples<'a>, Error> {
        for column in columns.iter().filter(|column| column.stride != 0) {
            length("samples in each column", samples, column.len())?;
        }
        Ok(Samples { columns, chosen: Chosen::From(0), len: samples, all: samples })
    }

    /// These samples of the columns, in this order and as often as they are listed: a mini-batch. Nothing is
    /// copied.
    ///
    /// # Errors
    /// [`Error::Length`] if there is no such sample.
    pub fn choose(self, samples: &'a [usize]) -> Result<Samples<'a>, Error> {
        match samples.iter().max() {
            Some(&last) if last >= self.all => Err(Error::Length {
                what: "samples or more",
                expected: last.saturating_add(1),
                got: self.all,
            }),
            _ => {
                let in_order = samples.windows(2).fold(true, |all, pair| all & (pair[1] == pair[0] + 1));
                let chosen = match samples.first() {
                    Some(&first) if in_order => Chosen::From(first),
                    _ => Chosen::These(samples),
                };
                Ok(Samples { chosen, len: samples.len(), ..self })
            }
        }
    }

    /// How many samples there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no samples.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// A contiguous range of these samples.
    pub(super) fn part(self, range: Range<usize>) -> Samples<'a> {
        let chosen = match self.chosen {
            Chosen::From(first) => Chosen::From(first + range.start),
            Chosen::These(samples) => Chosen::These(&samples[range.clone()]),
        };
        Samples { chosen, len: range.len(), ..self }
    }

    /// The index of a sample in the columns.
    pub(super) fn number(&self, sample: usize) -> usize {
        match self.chosen {
            Chosen::From(first) => first + sample,
            Chosen::These(samples) => samples[sample],
        }
    }

    /// The number of this column for this sample.
    pub(super) fn at(&self, column: usize, sample: usize) -> f64 {
        self.columns[column].get(self.number(sample))
    }

    /// Copies columns into lanes. `loads` are pairs of a column and a slot, with contiguous slots; `place` gives
    /// the lanes of a slot. Lanes beyond the last sample repeat it.
    #[inline(always)]
    pub(super) fn load<T: Float>(
        &self,
        loads: &[(usize, u32)],
        values: &mut [T],
        place: impl Fn(u32) -> Range<usize>,
    ) {
        let mut others = loads;
        while !others.is_empty() {
            let run;
            (run, others) = others.split_at(self.in_line(others));
            let Column { data, start, stride, .. } = self.columns[run[0].0];
            match (self.chosen, run) {
                // Memory is read fastest in long contiguous pieces.
                (Chosen::From(first), &[(_, slot)]) if stride == 1 => {
                    let numbers = &data[start + first..][..self.len];
                    for (lane, &number) in values[place(slot)].iter_mut().zip(numbers) {
                        *lane = T::of(number);
                    }
                }
                _ => self.load_rows(run, values, &place),
            }
        }
        for &(_, slot) in loads {
            let (full, rest) = values[place(slot)].split_at_mut(self.len);
            rest.fill(full[self.len - 1]);
        }
    }

    /// As [`load`](Self::load), for columns that are adjacent in a table.
    #[inline(always)]
    fn load_rows<T: Float>(
        &self,
        loads: &[(usize, u32)],
        values: &mut [T],
        place: impl Fn(u32) -> Range<usize>,
    ) {
        let column = self.columns[loads[0].0];
        let mut numbers = [0; GROUP];
        for first in (0..self.len).step_by(GROUP) {
            let group = GROUP.min(self.len - first);
            for (k, number) in numbers[..group].iter_mut().enumerate() {
                *number = self.number(first + k);
            }
            cover!(loads.len(), [8 4 2 1], all, |k, SIZE| {
                let lanes = place(loads[k].1);
                let mut slots = values[lanes.start..].chunks_exact_mut(lanes.len());
                let mut lanes: [&mut [T]; SIZE] = std::array::from_fn(|_| &mut [][..]);
                for lanes in &mut lanes {
                    *lanes = &mut slots.next().expect("a slot per column")[first..first + group];
                }
                for (lane, &number) in numbers[..group].iter().enumerate() {
                    let row = &column.data[column.place(number) + k..][..SIZE];
                    for column in 0..SIZE {
                        lanes[column][lane] = T::of(row[column]);
                    }
                }
            });
        }
    }

    /// If the columns of `loads` are adjacent in a table: copies them sample by sample, and returns `true`. Lanes
    /// beyond the last sample repeat it.
    #[inline(always)]
    pub(super) fn copy_rows<T: Float>(&self, loads: &[(usize, u32)], rows: &mut [T]) -> bool {
        if self.in_line(loads) < loads.len() {
            return false;
        }
        let column = self.columns[loads[0].0];
        for (lane, row) in rows.chunks_exact_mut(loads.len()).enumerate() {
            let number = self.number(lane.min(self.len - 1));
            let numbers = &column.data[column.place(number)..][..loads.len()];
            for (to, &number) in row.iter_mut().zip(numbers) {
                *to = T::of(number);
            }
        }
        true
    }

    /// How many of these columns, from the first one on, are adjacent in a table: the numbers of a sample are
    /// contiguous.
    #[inline(always)]
    fn in_line(&self, loads: &[(usize, u32)]) -> usize {
        let Column { data, start, stride, .. } = self.columns[loads[0].0];
        let fits = |&(k, &(column, _)): &(usize, &(usize, u32))| {
            let column = self.columns[column];
            std::ptr::eq(column.data, data) && column.start == start + k && column.stride == stride
        };
        loads.iter().enumerate().take_while(fits).count()
    }
}
