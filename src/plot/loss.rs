//! The loss over the epochs of a training run.

use super::axis::Axis;
use super::error::{Error, expect_drawable};
use super::panel::{Dash, Layer, Marks, Panel, Point};
use super::picture::Plot;
use super::theme::Paint;
use super::thin::thinned_line;
use crate::nn::{Epoch, History, MetricValue};

/// The training loss over the epochs, the validation loss and the metrics if there are any, and the best epoch. The losses
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
    let value = |epoch: &Epoch, k: usize| epoch.metrics.get(k).and_then(MetricValue::value);
    let mut metrics = Vec::new();
    for (k, metric) in first.metrics.iter().enumerate() {
        let lines = series("the metrics", epochs, |epoch| value(epoch, k))?;
        if !lines.is_empty() {
            metrics.push((&metric.name, lines));
        }
    }
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

    if !metrics.is_empty() {
        let points = metrics.iter().flat_map(|(_, lines)| lines).flatten();
        let y = Axis::around("metric", points.map(|point| point[1]));
        let mut layers: Vec<Layer> = best.map(|best| mark(best.epoch, &y)).into_iter().collect();
        let is_one = metrics.len() == 1;
        for (k, (name, lines)) in metrics.into_iter().enumerate() {
            let layer = Layer::new(Paint::Series(2 + k), Marks::Lines(lines, Dash::Solid));
            layers.push(if is_one { layer } else { layer.named(name) });
        }
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
