//! Nonzeros as numbers, without a function of their own: by rows, or in the directions of colours.

use super::compressed::Compressed;
use super::pattern::Pattern;
use crate::error::Error;
use crate::function::Function;
use crate::function::along::{in_chunk, products, run_in_directions};
use crate::function::gradients;
use crate::function::mode::DIRECTIONS;
use crate::function::workspace::Workspace;

/// Writes these entries of the Jacobian, each row by a reverse sweep.
pub(crate) fn by_rows(
    function: &Function,
    pattern: &Pattern,
    x: &[f64],
    workspace: &mut Workspace,
    out: &mut [f64],
) -> Result<(), Error> {
    function.run(x, &mut workspace.plain)?;
    sweep(function, pattern, |row| !pattern.row(row).is_empty(), workspace, out);
    Ok(())
}

/// The rows that are wanted, after an evaluation.
fn sweep(
    function: &Function,
    pattern: &Pattern,
    is_wanted: impl Fn(usize) -> bool,
    workspace: &mut Workspace,
    out: &mut [f64],
) {
    let (graph, rows, plain) = (&function.graph, function.rows(), &mut workspace.plain);
    gradients::each_plain(graph, rows, plain, is_wanted, |row, adjoints| {
        for (out, &variable) in out[pattern.range(row)].iter_mut().zip(pattern.row(row)) {
            *out = adjoints[function.place(variable)];
        }
    });
}

/// Writes the nonzeros of the Jacobian, several colours at once. A row with a number that is not finite is computed again
/// backwards, which forms products in the order of a gradient.
pub(crate) fn by_colours(
    function: &Function,
    Compressed { pattern, colouring }: &Compressed,
    x: &[f64],
    workspace: &mut Workspace,
    out: &mut [f64],
) -> Result<(), Error> {
    for first in (0..colouring.colours.max(1)).step_by(DIRECTIONS) {
        let direction = |variable: usize| in_chunk(colouring.of[variable] as usize, first);
        run_in_directions(function, x, direction, &mut workspace.several)?;
        for (row, output) in function.output_places().enumerate() {
            let tangents = workspace.several.values[output as usize].tangents();
            for (out, &column) in out[pattern.range(row)].iter_mut().zip(pattern.row(row)) {
                if let Some(direction) = direction(column) {
                    *out = tangents[direction];
                }
            }
        }
    }
    if !out.iter().all(|derivative| derivative.is_finite()) {
        let is_finite = |row: usize| out[pattern.range(row)].iter().all(|derivative| derivative.is_finite());
        let mut again = std::mem::take(&mut workspace.again);
        again.clear();
        again.extend((0..pattern.rows()).map(|row| !is_finite(row)));
        function.run(x, &mut workspace.plain)?;
        sweep(function, pattern, |row| again[row], workspace, out);
        workspace.again = again;
    }
    Ok(())
}

/// Writes the nonzeros of the lower triangle of the Hessian, several colours at once. Returns whether all are finite.
pub(crate) fn hessian_by_colours(
    function: &Function,
    compressed: &Compressed,
    x: &[f64],
    workspace: &mut Workspace,
    out: &mut [f64],
) -> Result<bool, Error> {
    let Compressed { pattern, colouring } = compressed;
    let output = function.single_output()?;
    for first in (0..colouring.colours.max(1)).step_by(DIRECTIONS) {
        let direction = |variable: usize| in_chunk(colouring.of[variable] as usize, first);
        run_in_directions(function, x, direction, &mut workspace.several)?;
        let adjoints = products(function, output, &mut workspace.several);
        for (out, (row, column)) in out.iter_mut().zip(pattern.triplets()) {
            let (found, colour) = compressed.found_at(row, column);
            if let Some(direction) = in_chunk(colour, first) {
                *out = adjoints[function.place(found)].tangent(direction);
            }
        }
    }
    Ok(out.iter().all(|derivative| derivative.is_finite()))
}
