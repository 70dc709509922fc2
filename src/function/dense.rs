//! Whole matrices of derivatives, as numbers, by each mode.

use super::along::{in_chunk, products, run_along, run_in_directions};
use super::gradients;
use super::mode::{DIRECTIONS, Mode};
use super::sparse::numeric;
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
    match function.jacobian_plan(mode).mode {
        Mode::Forward => by_columns(function, x, workspace, out),
        Mode::Sparse => by_colours(function, x, workspace, out),
        Mode::Reverse | Mode::Auto => {
            function.run(x, &mut workspace.plain)?;
            sweep(function, |_| true, workspace, out);
            Ok(())
        }
    }
}

/// The rows that are wanted, after an evaluation.
fn sweep(function: &Function, is_wanted: impl Fn(usize) -> bool, workspace: &mut Workspace, out: &mut [f64]) {
    let columns = function.variables();
    let (graph, rows, plain) = (&function.graph, function.rows(), &mut workspace.plain);
    gradients::each_plain(graph, rows, plain, is_wanted, |row, adjoints| {
        let row = &mut out[row * columns..][..columns];
        row.iter_mut()
            .zip(function.variable_places())
            .for_each(|(out, place)| *out = adjoints[place as usize]);
    });
}

/// By columns, several at once. A row with a number that is not finite is computed again backwards, which forms products in the
/// order of a gradient.
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
    if !out.iter().all(|derivative| derivative.is_finite()) {
        let is_finite = |row: &[f64]| row.iter().all(|derivative| derivative.is_finite());
        let mut again = std::mem::take(&mut workspace.again);
        again.clear();
        again.extend(out.chunks_exact(columns).map(|row| !is_finite(row)));
        function.run(x, &mut workspace.plain)?;
        sweep(function, |row| again[row], workspace, out);
        workspace.again = again;
    }
    Ok(())
}

fn by_colours(
    function: &Function,
    x: &[f64],
    workspace: &mut Workspace,
    out: &mut [f64],
) -> Result<(), Error> {
    let compressed = function.compressed().expect("a plan by colours has them");
    let mut nonzeros = std::mem::take(&mut workspace.nonzeros);
    nonzeros.resize(compressed.pattern.nonzeros(), 0.0);
    let outcome = numeric::by_colours(function, compressed, x, workspace, &mut nonzeros);
    if outcome.is_ok() {
        out.fill(0.0);
        for (&entry, (row, column)) in nonzeros.iter().zip(compressed.pattern.triplets()) {
            out[row * function.variables() + column] = entry;
        }
    }
    workspace.nonzeros = nonzeros;
    outcome
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
    let is_finite = match function.hessian_plan(mode)?.mode {
        Mode::Forward => false,
        Mode::Sparse => hessian_by_colours(function, x, workspace, out)?,
        Mode::Reverse | Mode::Auto => {
            let gradient = function.known_gradient().expect("a plan by its rows has it");
            jacobian(gradient, Mode::Reverse, x, workspace, out)?;
            out.iter().all(|derivative| derivative.is_finite())
        }
    };
    // What is not finite is decided by one mode.
    if is_finite { Ok(()) } else { hessian_by_columns(function, x, workspace, out) }
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

/// Returns whether all derivatives are finite.
fn hessian_by_colours(
    function: &Function,
    x: &[f64],
    workspace: &mut Workspace,
    out: &mut [f64],
) -> Result<bool, Error> {
    let compressed = function.compressed_hessian().expect("a plan by colours has them");
    let (n, mut nonzeros) = (function.variables(), std::mem::take(&mut workspace.nonzeros));
    nonzeros.resize(compressed.pattern.nonzeros(), 0.0);
    let outcome = numeric::hessian_by_colours(function, compressed, x, workspace, &mut nonzeros);
    if outcome.is_ok() {
        out.fill(0.0);
        for (&entry, (row, column)) in nonzeros.iter().zip(compressed.pattern.triplets()) {
            (out[row * n + column], out[column * n + row]) = (entry, entry);
        }
    }
    workspace.nonzeros = nonzeros;
    outcome
}
