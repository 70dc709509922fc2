//! A curve through data.

use super::axis::Axis;
use super::error::{Error, expect_drawable, expect_length};
use super::panel::{Dash, Layer, Marks, Panel, Point, Shape};
use super::picture::Plot;
use super::theme::Paint;
use super::thin::{name_of_part, thinned_line, thinned_markers};

/// A fitted curve with the data, and with a band around it if a lower and an upper curve are given: two lists with a number
/// for each point of the curve. The points of the curve are joined in the order of `x`.
///
/// Of more than 2,000 data some are drawn, evenly chosen, as the legend says; of a curve of more than 2,000 points, the
/// extremes.
///
/// ```
/// use tapegrad::plot::fitted_curve;
///
/// let data = [[0.0, 0.1], [1.0, 0.9], [2.0, 2.1]];
/// let curve = [[0.0, 0.0], [2.0, 2.0]];
/// let plot = fitted_curve(&data, &curve, Some((&[-0.2, 1.8], &[0.2, 2.2])))?;
/// println!("{plot}");
/// # Ok::<(), tapegrad::plot::Error>(())
/// ```
///
/// # Errors
/// [`Error::Empty`] if there are neither data nor a curve, [`Error::Number`] if a number is not finite, [`Error::Length`] if
/// the band has not as many points as the curve, [`Error::Unfit`] if its lower curve is above its upper one.
pub fn fitted_curve(
    data: &[[f64; 2]],
    curve: &[[f64; 2]],
    band: Option<(&[f64], &[f64])>,
) -> Result<Plot, Error> {
    if data.is_empty() && curve.is_empty() {
        return Err(Error::Empty("there are neither data nor a curve"));
    }
    expect_drawable("the data", data.as_flattened())?;
    expect_drawable("the curve", curve.as_flattened())?;
    let (lower, upper) = band.unwrap_or_default();
    if band.is_some() {
        expect_length("points of the lower curve", curve.len(), lower.len())?;
        expect_length("points of the upper curve", curve.len(), upper.len())?;
        expect_drawable("the lower curve", lower)?;
        expect_drawable("the upper curve", upper)?;
    }
    if let Some(k) = (0..lower.len()).find(|&k| lower[k] > upper[k]) {
        let (lower, upper) = (lower[k], upper[k]);
        return Err(Error::Unfit(format!(
            "point {k} of the lower curve is {lower}, above that of the upper one, {upper}: exchange the curves"
        )));
    }
    let column = |k: usize| data.iter().chain(curve).map(move |point| point[k]);
    let (x, y) = (
        Axis::around("x", column(0)),
        Axis::around("y", column(1).chain(lower.iter().copied()).chain(upper.iter().copied())),
    );

    let mut order: Vec<usize> = (0..curve.len()).collect();
    order.sort_by(|&a, &b| curve[a][0].total_cmp(&curve[b][0]));
    let sorted = |of: &dyn Fn(usize) -> f64| -> Vec<Point> {
        thinned_line(&order.iter().map(|&k| [curve[k][0], of(k)]).collect::<Vec<_>>())
    };
    let mut layers = Vec::new();
    if band.is_some() {
        let band = Marks::Band { lower: sorted(&|k| lower[k]), upper: sorted(&|k| upper[k]) };
        layers.push(Layer::new(Paint::Region(0), band).named("band"));
    }
    if !data.is_empty() {
        let points: Vec<Point> = thinned_markers(data.len()).map(|k| data[k]).collect();
        let name = name_of_part("data", points.len(), data.len());
        layers.push(Layer::new(Paint::Series(1), Marks::Points(points, Shape(0))).named(name));
    }
    if !curve.is_empty() {
        let line = Marks::Lines(vec![sorted(&|k| curve[k][1])], Dash::Solid);
        layers.push(Layer::new(Paint::Series(0), line).named("fit"));
    }
    Ok(Plot::new(vec![Panel { x, y, layers, height: 360.0 }]))
}
