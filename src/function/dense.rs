//! Whole matrices of derivatives, as numbers, by each mode.

use super::along::{DIRECTIONS, products, run_along, run_in_directions};
use super::gradients;
use super::mode::Mode;
use super::sparse::Compressed;
use super::workspace::Workspace;
use super::{Function, length};
use crate::error::Error;

/// Writes the Jacobian of a function, row by row.
pub(super) fn jacobian(
    function: &Function,
    mode: Mode,
    x: &[f64],
    workspace: &mut Workspace,
    out: &mut [f64],
) -> Result<(), Error> {
    let columns = function.variables();
    length("derivatives", function.outputs() * columns, out.len())?;
    if columns == 0 {
        // There is nothing to write, but errors are still reported.
        return function.run(x, &mut workspace.plain);
    }
    let read = |row: usize, adjoints: &[f64], out: &mut [f64]| {
        let row = &mut out[row * columns..][..columns];
        row.iter_mut()
            .zip(function.variable_places())
            .for_each(|(out, place)| *out = adjoints[place as usize]);
    };
    match function.jacobian_plan(mode).mode {
        Mode::Forward => by_columns(function, x, workspace, out)?,
        Mode::Sparse => {
            let compressed = function.compressed().expect("a plan by colours has them");
            by_colours(function, compressed, x, workspace, out)?;
        }
        Mode::Reverse | Mode::Auto => {
            let Workspace { plain, .. } = workspace;
            function.run(x, plain)?;
            let all = |_| true;
            gradients::each_plain(&function.graph, function.rows(), plain, all, |row, adjoints| {
                read(row, adjoints, out);
            });
            return Ok(());
        }
    }
    // A row with a number that is not finite is computed again backwards, which forms products in the order of a gradient.
    let is_finite =
        |row: usize| out[row * columns..][..columns].iter().all(|derivative| derivative.is_finite());
    let again: Vec<bool> = (0..function.outputs()).map(|row| !is_finite(row)).collect();
    if again.contains(&true) {
        let Workspace { plain, .. } = workspace;
        function.run(x, plain)?;
        let rows = function.rows();
        gradients::each_plain(
            &function.graph,
            rows,
            plain,
            |row| again[row],
            |row, adjoints| {
                read(row, adjoints, out);
            },
        );
    }
    Ok(())
}

fn by_columns(
    function: &Function,
    x: &[f64],
    workspace: &mut Workspace,
    out: &mut [f64],
) -> Result<(), Error> {
    let (columns, several) = (function.variables(), &mut workspace.several);
    for first in (0..columns).step_by(DIRECTIONS) {
        run_in_directions(function, x, |variable| in_chunk(variable, first), several)?;
        let here = first..columns.min(first + DIRECTIONS);
        for (row, output) in out.chunks_exact_mut(columns).zip(function.output_places()) {
            let tangents = several.values[output as usize].tangents();
            row[here.clone()].copy_from_slice(&tangents[..here.len()]);
        }
    }
    Ok(())
}

fn by_colours(
    function: &Function,
    Compressed { pattern, colouring }: &Compressed,
    x: &[f64],
    workspace: &mut Workspace,
    out: &mut [f64],
) -> Result<(), Error> {
    let (columns, several) = (function.variables(), &mut workspace.several);
    for first in (0..colouring.colours.max(1)).step_by(DIRECTIONS) {
        let direction = |variable: usize| in_chunk(colouring.of[variable] as usize, first);
        run_in_directions(function, x, direction, several)?;
        if first == 0 {
            // After the first error that there can be.
            out.fill(0.0);
        }
        for (row, output) in function.output_places().enumerate() {
            let tangents = several.values[output as usize].tangents();
            for &column in pattern.row(row) {
                if let Some(direction) = direction(column) {
                    out[row * columns + column] = tangents[direction];
                }
            }
        }
    }
    Ok(())
}

/// Writes the Hessian of a function with one output, row by row.
pub(super) fn hessian(
    function: &Function,
    mode: Mode,
    x: &[f64],
    workspace: &mut Workspace,
    out: &mut [f64],
) -> Result<(), Error> {
    let n = function.variables();
    length("derivatives", n * n, out.len())?;
    function.single_output()?;
    if n == 0 {
        return run_along(function, x, &[], &mut workspace.dual);
    }
    match function.hessian_plan(mode)?.mode {
        Mode::Forward => return hessian_by_columns(function, x, workspace, out),
        Mode::Sparse => {
            let compressed = function.compressed_hessian().expect("a plan by colours has them");
            hessian_by_colours(function, compressed, x, workspace, out)?;
        }
        Mode::Reverse | Mode::Auto => {
            let gradient = function.known_gradient().expect("a plan by its rows has it");
            jacobian(gradient, Mode::Reverse, x, workspace, out)?;
        }
    }
    // What is not finite is decided by one mode.
    if !out.iter().all(|derivative| derivative.is_finite()) {
        hessian_by_columns(function, x, workspace, out)?;
    }
    Ok(())
}

fn hessian_by_columns(
    function: &Function,
    x: &[f64],
    workspace: &mut Workspace,
    out: &mut [f64],
) -> Result<(), Error> {
    let (n, output) = (function.variables(), function.single_output()?);
    for (chunk, rows) in out.chunks_mut(DIRECTIONS * n).enumerate() {
        let direction = |variable: usize| in_chunk(variable, chunk * DIRECTIONS);
        run_in_directions(function, x, direction, &mut workspace.several)?;
        let adjoints = products(function, output, &mut workspace.several);
        for (k, row) in rows.chunks_exact_mut(n).enumerate() {
            for (out, place) in row.iter_mut().zip(function.variable_places()) {
                *out = adjoints[place as usize].tangent(k);
            }
        }
    }
    Ok(())
}

fn hessian_by_colours(
    function: &Function,
    compressed: &Compressed,
    x: &[f64],
    workspace: &mut Workspace,
    out: &mut [f64],
) -> Result<(), Error> {
    let Compressed { pattern, colouring } = compressed;
    let (n, output) = (function.variables(), function.single_output()?);
    for first in (0..colouring.colours.max(1)).step_by(DIRECTIONS) {
        let direction = |variable: usize| in_chunk(colouring.of[variable] as usize, first);
        run_in_directions(function, x, direction, &mut workspace.several)?;
        if first == 0 {
            out.fill(0.0);
        }
        let adjoints = products(function, output, &mut workspace.several);
        for (row, column) in pattern.triplets() {
            let (found, colour) = compressed.found_at(row, column);
            if let Some(direction) = in_chunk(colour, first) {
                let entry =
                    adjoints[function.graph.input(function.variables[found]) as usize].tangent(direction);
                (out[row * n + column], out[column * n + row]) = (entry, entry);
            }
        }
    }
    Ok(())
}

/// Where a direction is in the chunk that begins with `first`.
fn in_chunk(direction: usize, first: usize) -> Option<usize> {
    direction.checked_sub(first).filter(|&direction| direction < DIRECTIONS)
}
