//! How numbers are distributed, epoch after epoch.

use super::axis::Axis;
use super::error::{Error, expect_drawable};
use super::panel::{Dash, Layer, Marks, Panel, Point};
use super::picture::Plot;
use super::theme::{Paint, STEPS};
use std::collections::BTreeMap;

/// The most lists that are drawn.
const COLUMNS: usize = 150;

/// The number of bins of each histogram.
const BINS: usize = 60;

/// The distribution of a list of numbers at each epoch of a training run, for instance of the parameters, or of the entries
/// of a gradient: a histogram for each epoch, in shades; the median; and the tenths below which and above which one in ten
/// lies. `what` labels the numbers.
///
/// The darkest bin is the fullest one of all; the square root of the share is the shade, so that a single number shows. Of
/// more than 150 lists, evenly chosen ones are drawn, with the first and the last.
///
/// ```
/// use std::ops::ControlFlow;
/// use tapegrad::nn::{Activation, Adam, Loss, Mlp, Trainer, sine};
/// use tapegrad::plot::histograms;
///
/// let mut parameters = Vec::new();
/// let mut mlp = Mlp::builder(1).layer(8, Activation::Tanh).layer(1, Activation::Identity).build()?;
/// Trainer::new(Adam::new(0.02))
///     .epochs(20)
///     .on_epoch(|_, w| {
///         parameters.push(w.to_vec());
///         ControlFlow::Continue(())
///     })
///     .fit(&mut mlp, Loss::MeanSquared, &sine(40, 0.1, 1))?;
/// println!("{}", histograms("parameters", &parameters)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] if there is no list or an empty one, [`Error::Number`] if a number is not finite.
pub fn histograms(what: &str, epochs: &[impl AsRef<[f64]>]) -> Result<Plot, Error> {
    let (Some(last), false) =
        (epochs.len().checked_sub(1), epochs.iter().any(|list| list.as_ref().is_empty()))
    else {
        return Err(Error::Empty("there is no list of numbers, or an empty one"));
    };
    for list in epochs {
        expect_drawable("a list", list.as_ref())?;
    }
    let y = Axis::around(what, epochs.iter().flat_map(|list| list.as_ref()).copied());
    let columns = epochs.len().min(COLUMNS);
    let epoch_of = |column: usize| if columns == 1 { 0 } else { column * last / (columns - 1) };
    let bin_of = |number: f64| {
        let share = (number / 2.0 - y.low / 2.0) / (y.high / 2.0 - y.low / 2.0);
        ((share * BINS as f64) as usize).min(BINS - 1)
    };
    let edge = |bin: usize| {
        let share = bin as f64 / BINS as f64;
        y.low * (1.0 - share) + y.high * share
    };

    let mut bins: Vec<(f64, [Point; 2])> = Vec::new();
    let mut quantiles = [(0.1, Vec::new()), (0.5, Vec::new()), (0.9, Vec::new())];
    for column in 0..columns {
        let epoch = epoch_of(column);
        let mut numbers = epochs[epoch].as_ref().to_vec();
        numbers.sort_by(f64::total_cmp);
        for (share, line) in &mut quantiles {
            let place = (*share * (numbers.len() - 1) as f64).round() as usize;
            line.push([epoch as f64, numbers[place]]);
        }
        // A column reaches half way to its neighbours.
        let before = epoch_of(column.saturating_sub(1)) as f64;
        let after = epoch_of((column + 1).min(columns - 1)) as f64;
        let (left, right) = match columns {
            1 => (-0.5, 0.5),
            _ => ((before + epoch as f64) / 2.0, (after + epoch as f64) / 2.0),
        };
        for run in numbers.chunk_by(|a, b| bin_of(*a) == bin_of(*b)) {
            let bin = bin_of(run[0]);
            let share = run.len() as f64 / numbers.len() as f64;
            bins.push((share, [[left, edge(bin)], [right, edge(bin + 1)]]));
        }
    }

    let fullest = bins.iter().map(|&(share, _)| share).fold(0.0, f64::max);
    let mut cells: BTreeMap<Paint, Vec<[Point; 2]>> = BTreeMap::new();
    for (share, corners) in bins {
        let shade = (share / fullest).sqrt() * f64::from(STEPS);
        cells.entry(Paint::Shade(shade.ceil() as u8)).or_default().push(corners);
    }
    let mut layers: Vec<Layer> =
        cells.into_iter().map(|(paint, cells)| Layer::new(paint, Marks::Cells(cells))).collect();
    let [(_, low), (_, median), (_, high)] = quantiles;
    let line = |lines, dash| Layer::new(Paint::Series(1), Marks::Lines(lines, dash));
    layers.push(line(vec![median], Dash::Solid).named("median"));
    layers.push(line(vec![low, high], Dash::Dashed).named("one in ten below, one in ten above"));
    let x = Axis::whole("epoch", 0, last);
    Ok(Plot::new(vec![Panel { x, y, layers, height: 340.0 }]))
}
