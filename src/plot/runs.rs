//! How long the loops of a plan are.

use super::axis::Axis;
use super::error::Error;
use super::panel::{Layer, Marks, Panel};
use super::picture::Plot;
use super::theme::Paint;
use crate::function::PlanStatistics;

/// The plan of a function that is evaluated in vector registers: which part of the numbers is computed in loops of which
/// length. Long loops are what makes such a plan quick.
///
/// ```
/// use tapegrad::{Function, Var};
///
/// let f = |x: &[Var]| x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2)).sum::<Var>();
/// let f = Function::record(f, &[0.5; 100][..])?.vectorised();
/// let plot = tapegrad::plot::run_lengths(f.plan())?;
/// assert!(plot.to_svg().contains("64 to 127"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] if there are no loops, as for a function that returns its argument.
pub fn run_lengths(plan: &PlanStatistics) -> Result<Plot, Error> {
    let Some(&(longest, _)) = plan.lengths.last() else {
        return Err(Error::Empty("the plan has no loops"));
    };
    // By doublings: 1, 2 to 3, 4 to 7, …
    let bins = longest.max(1).ilog2() as usize + 1;
    let mut numbers = vec![0; bins];
    for &(length, loops) in &plan.lengths {
        numbers[length.max(1).ilog2() as usize] += length * loops;
    }
    let total: usize = numbers.iter().sum();
    let share = |bin: usize| 100.0 * numbers[bin] as f64 / total.max(1) as f64;
    let name = |bin: usize| match (1_usize << bin, (2_usize << bin) - 1) {
        (1, _) => "1".to_owned(),
        (low, high) => format!("{low} to {high}"),
    };
    let bar = |bin: usize| [[bin as f64 + 0.6, 0.0], [bin as f64 + 1.4, share(bin)]];
    let bars = (0..bins).filter(|&bin| numbers[bin] > 0).map(bar).collect();
    let x = Axis::names("numbers in a loop", (0..bins).map(name).collect());
    let y = Axis::around("computed in such loops, in %", [0.0, 100.0].into_iter());
    Ok(Plot::new(vec![Panel {
        x,
        y,
        layers: vec![Layer::new(Paint::Series(0), Marks::Cells(bars))],
        height: 320.0,
    }]))
}
