//! The Jacobian of nodes of one tape by others: several rows in one reverse sweep, or several columns in one forward sweep,
//! whichever are fewer.

use super::Tape;
use super::edge::{CONSTANT, Edge, FIRST};
use super::node::Var;
use super::rows::Rows;
use super::storage::Storage;
use super::sweep::sweep_several;
use std::panic::Location;

/// The columns of one forward sweep.
const COLUMNS: usize = 4;

/// The width of the next reverse sweep, where so many rows are left. Six rows and more are less work in a sweep of eight, three
/// in one of four, than in two sweeps.
fn rows_at_once(rows: usize) -> usize {
    match rows {
        0..=2 => rows,
        3..=5 => 4,
        _ => 8,
    }
}

impl Tape {
    /// The derivatives of each output with respect to each input, row by row: several rows in one reverse sweep, or, where
    /// the inputs are fewer, several columns in one sweep forward over the tape. A row or column of zeros belongs to a
    /// constant, and 0 to an input that was recorded after the output.
    ///
    /// ```
    /// # let tape = tapegrad::Tape::new();
    /// let [r, phi] = tape.vars([2.0, 0.0]);
    /// let j = tape.jacobian(&[r * phi.cos(), r * phi.sin()], &[r, phi]);
    /// assert_eq!(j, [1.0, 0.0, 0.0, 2.0]);
    /// ```
    ///
    /// # Panics
    /// If an output or an input is on another tape.
    #[must_use]
    #[track_caller]
    pub fn jacobian(&self, outputs: &[Var], inputs: &[Var]) -> Vec<f64> {
        let mut rows = vec![0.0; outputs.len() * inputs.len()];
        self.jacobian_into(outputs, inputs, &mut rows);
        rows
    }

    /// As [`jacobian`](Self::jacobian), into `rows`, and in the memory of earlier calls on this tape.
    ///
    /// # Panics
    /// As [`jacobian`](Self::jacobian), when some rows may have been written, and if there is not room for exactly as many
    /// derivatives.
    #[track_caller]
    pub fn jacobian_into(&self, outputs: &[Var], inputs: &[Var], rows: &mut [f64]) {
        let (all, room) = (outputs.len() * inputs.len(), rows.len());
        assert!(
            room == all,
            "{all} derivatives and room for {room}; make the output as long as rows times columns"
        );
        rows.fill(0.0);
        if inputs.is_empty() || outputs.is_empty() {
            return;
        }
        let at = Location::caller();
        let stranger = self.with(|tape| {
            tape.give_out(at);
            let mut memory = std::mem::take(&mut tape.cold_mut().derivatives);
            let sweeps = |count: usize| count.div_ceil(COLUMNS);
            let outcome = if sweeps(inputs.len()) < sweeps(outputs.len()) && tape.rows().compounds.is_empty()
            {
                by_columns(tape, outputs, inputs, &mut memory, rows)
            } else {
                by_rows(tape, outputs, inputs, &mut memory, rows)
            };
            tape.cold_mut().derivatives = memory;
            outcome.err()
        });
        if let Some(stranger) = stranger {
            panic!(
                "an output or input (value {}) is not on this tape: it is on another tape, or its tape was dropped, \
                 cleared or rewound; make it a constant with `.detach()`, or take the Jacobian on its own tape",
                stranger.value
            );
        }
    }
}

/// The index of a variable on the tape, `CONSTANT` for a constant; or the variable, if it is not on this tape.
#[inline(always)]
fn index_of(tape: &Storage, var: Var) -> Result<u32, Var> {
    match tape.windows().find_recent(var.node) {
        (index, true) => Ok(index),
        _ => tape.windows().find(var.node).or_else(|| tape.find(var)).ok_or(var),
    }
}

fn by_rows(
    tape: &Storage,
    outputs: &[Var],
    inputs: &[Var],
    memory: &mut Vec<f64>,
    rows: &mut [f64],
) -> Result<(), Var> {
    let (mut outputs, mut rows) = (outputs, rows);
    while !outputs.is_empty() {
        let width = rows_at_once(outputs.len());
        let count = width.min(outputs.len());
        let (these, outputs_left) = outputs.split_at(count);
        let (their_rows, rows_left) = rows.split_at_mut(count * inputs.len());
        match width {
            1 => rows_of::<1>(tape, these, inputs, memory, their_rows)?,
            2 => rows_of::<2>(tape, these, inputs, memory, their_rows)?,
            4 => rows_of::<4>(tape, these, inputs, memory, their_rows)?,
            _ => rows_of::<8>(tape, these, inputs, memory, their_rows)?,
        }
        (outputs, rows) = (outputs_left, rows_left);
    }
    Ok(())
}

/// At most `AT_ONCE` rows; those of constants stay 0.
fn rows_of<const AT_ONCE: usize>(
    tape: &Storage,
    outputs: &[Var],
    inputs: &[Var],
    memory: &mut Vec<f64>,
    rows: &mut [f64],
) -> Result<(), Var> {
    let mut seeds = [[(CONSTANT, 1.0)]; AT_ONCE];
    for ([seed], &output) in seeds.iter_mut().zip(outputs) {
        seed.0 = index_of(tape, output)?;
    }
    let adjoints = sweep_several(tape.rows(), seeds.each_ref().map(|seed| &seed[..]), memory);
    let mut rows = rows.chunks_exact_mut(inputs.len());
    // The entries before the first node are nobody's.
    let mut rows = seeds.map(|[(output, _)]| {
        let row = rows.next().unwrap_or_default();
        if output as usize >= FIRST { row } else { Default::default() }
    });
    for (place, &input) in inputs.iter().enumerate() {
        let index = index_of(tape, input)? as usize;
        let Some(adjoint) = adjoints.get(index).filter(|_| index >= FIRST) else { continue };
        for (row, &derivative) in rows.iter_mut().zip(adjoint) {
            if let Some(place) = row.get_mut(place) {
                *place = derivative;
            }
        }
    }
    Ok(())
}

/// As [`by_rows`], by tangents, on a tape without operations with several results, which have no partials to go forward by. A row with a number that is not finite is computed again backwards: there a zero is known
/// from a path that does not exist, and products are formed in the order in which the gradient has them.
fn by_columns(
    tape: &Storage,
    outputs: &[Var],
    inputs: &[Var],
    memory: &mut Vec<f64>,
    rows: &mut [f64],
) -> Result<(), Var> {
    let find = |vars: &[Var]| vars.iter().map(|&var| index_of(tape, var)).collect::<Result<Vec<u32>, Var>>();
    let (places, directions) = (find(outputs)?, find(inputs)?);
    let last = places.iter().copied().max().unwrap_or(0) as usize;
    let tape_rows = tape.rows().through(last.max(FIRST - 1));
    for (chunk, directions) in directions.chunks(COLUMNS).enumerate() {
        memory.clear();
        memory.resize(tape_rows.len() * COLUMNS, 0.0);
        let (tangents, _) = memory.as_chunks_mut();
        for (k, &input) in directions.iter().enumerate() {
            if let Some(tangent) = tangents.get_mut(input as usize).filter(|_| input as usize >= FIRST) {
                tangent[k] += 1.0;
            }
        }
        forward(tape_rows, tangents);
        for (&output, row) in places.iter().zip(rows.chunks_mut(inputs.len())) {
            if output as usize >= FIRST {
                let part = &mut row[chunk * COLUMNS..][..directions.len()];
                part.copy_from_slice(&tangents[output as usize][..directions.len()]);
            }
        }
    }
    for (&output, row) in outputs.iter().zip(rows.chunks_mut(inputs.len())) {
        if row.iter().any(|derivative| !derivative.is_finite()) {
            row.fill(0.0);
            rows_of::<1>(tape, &[output], inputs, memory, row)?;
        }
    }
    Ok(())
}

/// The tangents of all nodes, from those of the variables.
fn forward(rows: Rows<'_>, tangents: &mut [[f64; COLUMNS]]) {
    for index in FIRST..rows.len() {
        let mut sum = tangents[index];
        // Inside the iterator, which is a chain of several: twice as fast as a loop over it.
        rows.edges(index).filter(|edge| edge.is_linked()).for_each(|Edge { slot, operand }| {
            let tangent = tangents[operand as usize];
            sum = std::array::from_fn(|k| sum[k] + slot * tangent[k]);
        });
        tangents[index] = sum;
    }
}
