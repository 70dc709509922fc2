//! A function and its derivative.

use super::axis::Axis;
use super::error::{Error, expect_drawable, is_drawable};
use super::panel::{Dash, Layer, Marks, Panel, Point};
use super::picture::Plot;
use super::theme::Paint;
use crate::{Dual, jvp};
use std::ops::RangeInclusive;

/// The number of points at which the function is evaluated.
const POINTS: u32 = 601;

/// A function of one number above its derivative, which is computed in forward mode, at 601 points of a range. Where a number
/// is not finite, there is a gap; a pole between two of the points is drawn as a line.
///
/// ```
/// let plot = tapegrad::plot::function_with_derivative(|x| x.sin() * x, -6.0..=6.0)?;
/// println!("{plot}");
/// # Ok::<(), tapegrad::plot::Error>(())
/// ```
///
/// # Errors
/// [`Error::Number`] if the range is not finite, [`Error::Unfit`] if it is empty, [`Error::Empty`] if no value or no
/// derivative is finite.
///
/// # Panics
/// As [`derivative`](crate::derivative), if `f` uses a number of another call.
#[track_caller]
pub fn function_with_derivative(f: impl Fn(Dual) -> Dual, range: RangeInclusive<f64>) -> Result<Plot, Error> {
    let (first, last) = (*range.start(), *range.end());
    expect_drawable("the ends of the range", &[first, last])?;
    if first >= last {
        let problem = format!("there is no range from {first} to {last}: its end has to be above its start");
        return Err(Error::Unfit(problem));
    }
    let (mut values, mut slopes) = (Vec::new(), Vec::new());
    for k in 0..POINTS {
        let share = f64::from(k) / f64::from(POINTS - 1);
        let x = first * (1.0 - share) + last * share;
        let (value, slope) = jvp(|[x]| [f(x)], [x], [1.0]);
        values.push([x, value[0]]);
        slopes.push([x, slope[0]]);
    }
    let panel = |label: &str, points: &[Point], paint: Paint, height: f64| {
        let lines: Vec<Vec<Point>> = points
            .split(|point| !is_drawable(point[1]))
            .filter(|line| !line.is_empty())
            .map(<[Point]>::to_vec)
            .collect();
        if lines.is_empty() {
            return Err(Error::Empty("no value of the function, or none of its derivative, is finite"));
        }
        let x = Axis { low: first, high: last, ..Axis::around("x", [first, last].into_iter()) };
        let y = Axis::around(label, lines.iter().flatten().map(|point| point[1]));
        let mut layers = Vec::new();
        if y.low < 0.0 && y.high > 0.0 {
            let zero = vec![vec![[first, 0.0], [last, 0.0]]];
            layers.push(Layer::new(Paint::Ink, Marks::Lines(zero, Dash::Dotted)));
        }
        layers.push(Layer::new(paint, Marks::Lines(lines, Dash::Solid)));
        Ok(Panel { x, y, layers, height })
    };
    Ok(Plot::new(vec![
        panel("f(x)", &values, Paint::Series(0), 260.0)?,
        panel("f′(x)", &slopes, Paint::Series(1), 260.0)?,
    ]))
}
