//! The loss over the epochs of a training run.

use super::axis::Axis;
use super::error::{Error, expect_drawable};
use super::panel::{Dash, Layer, Marks, Panel, Point};
use super::picture::Plot;
use super::theme::Paint;
use super::thin::thinned_line;
use crate::nn::{Epoch, History};

/// The training loss over the epochs, the validation loss and the metric if there are any, and the best epoch. The losses
/// have a logarithmic scale if all of them are positive (and from 1e-140 to 1e140), as the axis says. Of more than 2,000
/// epochs, the extremes are drawn.
///
/// ```
/// use tapegrad::nn::{Activation, Adam, Loss, Mlp, Trainer, sine};
///
/// let mut mlp = Mlp::builder(1).layer(8, Activation::Tanh).layer(1, Activation::Identity).build()?;
/// let history = Trainer::new(Adam::new(0.02)).epochs(20).fit(&mut mlp, Loss::MeanSquared, &sine(40, 0.1, 1))?;
/// let svg = tapegrad::plot::loss_curve(&history)?.to_svg();
/// assert!(svg.contains("loss (log scale)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] if there are no epochs, [`Error::Number`] if a loss or metric is not finite.
pub fn loss_curve(history: &History) -> Result<Plot, Error> {
    let epochs = &history.epochs;
    let (Some(first), Some(last)) = (epochs.first(), epochs.last()) else {
        return Err(Error::Empty("the history has no epochs"));
    };
    let x = || Axis::whole("epoch", first.epoch, last.epoch);
    let training = series("the training losses", epochs, |epoch| Some(epoch.loss))?;
    let validation = series("the validation losses", epochs, |epoch| epoch.validation_loss)?;
    let metric = series("the metrics", epochs, |epoch| epoch.metric)?;
    let best = history.best_epoch.and_then(|best| epochs.get(best));

    let both = || training.iter().chain(&validation).flatten().map(|point| point[1]);
    let y = Axis::log_around("loss", both());
    let mut layers = Vec::new();
    layers.push(Layer::new(Paint::Series(0), Marks::Lines(training, Dash::Solid)).named("training"));
    if !validation.is_empty() {
        layers.push(Layer::new(Paint::Series(1), Marks::Lines(validation, Dash::Dashed)).named("validation"));
    }
    layers.extend(best.map(|best| {
        let loss = best.validation_loss.map_or(String::new(), |loss| format!(", validation {loss:.4}"));
        mark(best.epoch, &y).named(format!("best epoch {}{loss}", best.epoch))
    }));
    let mut panels = vec![Panel { x: x(), y, layers, height: 320.0 }];

    if !metric.is_empty() {
        let y = Axis::around("metric", metric.iter().flatten().map(|point| point[1]));
        let mut layers: Vec<Layer> = best.map(|best| mark(best.epoch, &y)).into_iter().collect();
        layers.push(Layer::new(Paint::Series(2), Marks::Lines(metric, Dash::Solid)));
        panels.push(Panel { x: x(), y, layers, height: 200.0 });
    }
    Ok(Plot::new(panels))
}

/// A number of each epoch, in stretches of epochs that have it.
fn series(
    what: &'static str,
    epochs: &[Epoch],
    of: impl Fn(&Epoch) -> Option<f64>,
) -> Result<Vec<Vec<Point>>, Error> {
    let numbers: Vec<f64> = epochs.iter().map(|epoch| of(epoch).unwrap_or(0.0)).collect();
    expect_drawable(what, &numbers)?;
    let stretches = epochs.chunk_by(|a, b| of(a).is_some() == of(b).is_some());
    let points = |stretch: &[Epoch]| -> Vec<Point> {
        stretch.iter().filter_map(|epoch| Some([epoch.epoch as f64, of(epoch)?])).collect()
    };
    Ok(stretches.map(points).filter(|line| !line.is_empty()).map(|line| thinned_line(&line)).collect())
}

/// A vertical line at an epoch.
fn mark(epoch: usize, y: &Axis) -> Layer {
    let x = epoch as f64;
    Layer::new(Paint::Ink, Marks::Lines(vec![vec![[x, y.low], [x, y.high]]], Dash::Dotted))
}
