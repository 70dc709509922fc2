//! Checking derivatives: comparison with differences and with each other, with a verdict instead of a bool.
//!
//! One line checks a function written for this crate; the same closure is differentiated on a tape and sampled
//! with plain constants, which no tape records:
//!
//! ```
//! use tapegrad::{check::check_gradient, assert_gradient};
//!
//! assert_gradient!(|[x, y]| (x * y).sin() + y.powi(3), [0.5, 2.0]);
//! println!("{}", check_gradient(|[x, y]| (x * y).sin() + y.powi(3), [0.5, 2.0]));
//! ```
//!
//! ```text
//! derivative      analytic              numeric  verdict
//! x[0]          1.08060461  1.08060461 ± 3e-15   pass
//! x[1]         12.27015115  12.27015115 ± 2e-13  pass
//! all 2 pass
//! ```
//!
//! [`check_gradient_by_hand`] compares a gradient written by hand, or computed by another program, with differences
//! of a plain function. [`check_all!`](crate::check_all) compares all modes of differentiation with each other.
//!
//! Differences are central and one-sided, are extrapolated over steps that shrink by seven orders of magnitude from
//! the scale of each coordinate, and come with an estimate of their own error. A check that cannot decide returns
//! [`Unresolved`](Verdict::Unresolved); it never passes for lack of evidence. It takes about sixty evaluations of the
//! function per coordinate.

mod agreement;
mod difference;
#[cfg(feature = "proptest")]
mod expression;
#[cfg(feature = "proptest")]
mod random;
#[cfg(feature = "proptest")]
mod strategy;
mod verdict;

#[doc(hidden)]
pub use agreement::all;
#[cfg(feature = "proptest")]
pub use expression::Expression;
#[cfg(feature = "proptest")]
pub use random::{ExpressionOptions, arbitrary_expression};
#[cfg(feature = "proptest")]
#[doc(hidden)]
pub use strategy::run;
#[cfg(feature = "proptest")]
pub use strategy::{Coordinates, away_from, ill_scaled, in_box};
pub use verdict::{Entry, Report, Verdict};

use crate::differentiate::{self, HessianNumber, hessian, hvp, jacobian};
use crate::number::dual::Dual;
use crate::number::point::Point;
use crate::tape::Var;
use difference::Samples;

/// Compares the gradient of `f` at `x`, in reverse mode, with differences of `f`. See [`Point`] for the shapes.
///
/// ```
/// use tapegrad::check::check_gradient;
///
/// let report = check_gradient(|[x, y]| x.atan2(y) * y, [0.3, -1.2]);
/// assert!(report.is_pass(), "{report}");
/// ```
///
/// # Panics
/// As [`gradient`](crate::gradient).
#[track_caller]
pub fn check_gradient<P: Point<f64> + Clone>(f: impl Fn(P::Args<'_, Var>) -> Var, x: P) -> Report {
    let (_, gradient) = differentiate::value_and_gradient(&f, x.clone());
    let f = |at: &[f64]| vec![f(P::args(&constants(&x, at))).value()];
    compare(&x.numbers(), &[P::numbers_of(&gradient)], f, |_, k| coordinate(k))
}

/// Compares a gradient from any source with differences of a plain function.
///
/// ```
/// use tapegrad::check::{Verdict, check_gradient_by_hand};
///
/// let f = |x: &[f64]| x[0] * x[1].sin();
/// let x = [2.0, 0.5f64];
/// let report = check_gradient_by_hand(f, &[x[1].sin(), -x[0] * x[1].cos()], &x);
/// assert_eq!(report.entries[0].verdict, Verdict::Pass);
/// assert_eq!(report.entries[1].verdict, Verdict::Mismatch);
/// println!("{report}"); // MISMATCH, -1 times the numeric value
/// ```
///
/// A gradient whose length is not that of `x` gives [`Verdict::Invalid`].
pub fn check_gradient_by_hand(f: impl Fn(&[f64]) -> f64, gradient: &[f64], x: &[f64]) -> Report {
    compare(x, &[gradient.to_vec()], |at| vec![f(at)], |_, k| coordinate(k))
}

/// Compares the Jacobian, of a function with several results, with differences. Entries are named `y[i] by x[k]`.
///
/// ```
/// use tapegrad::check::check_jacobian;
///
/// let report = check_jacobian(|[r, phi]| [r * phi.cos(), r * phi.sin()], [2.0, 0.7]);
/// assert_eq!(report.entries.len(), 4);
/// assert!(report.is_pass(), "{report}");
/// ```
///
/// # Panics
/// As [`jacobian`].
#[track_caller]
pub fn check_jacobian<P, Y>(f: impl Fn(P::Args<'_, Var>) -> Y, x: P) -> Report
where
    P: Point<f64> + Clone,
    Y: Point<Var>,
{
    let rows = jacobian(&f, x.clone());
    let rows: Vec<Vec<f64>> = Y::items(&rows).into_iter().map(P::numbers_of).collect();
    let f = |at: &[f64]| f(P::args(&constants(&x, at))).numbers().iter().map(|y| y.value()).collect();
    compare(&x.numbers(), &rows, f, |i, k| format!("y[{i}] by {}", coordinate(k)))
}

/// Compares the Hessian of `f` with differences of its gradient. Entries are named `x[i] x[k]`; the differences are
/// those of the derivative with respect to `x[i]`.
///
/// `f` is a closure over [`HessianNumber`], as for [`hessian`], or a generic function.
///
/// ```
/// use tapegrad::check::check_hessian;
///
/// assert!(check_hessian(|[x, y]| (x * y).exp() + x.powi(3), [0.5, 1.5]).is_pass());
/// ```
///
/// # Panics
/// As [`hessian`].
#[track_caller]
pub fn check_hessian<P: Point<f64> + Clone>(
    f: impl Fn(P::Args<'_, HessianNumber>) -> HessianNumber,
    x: P,
) -> Report {
    let rows = hessian(&f, x.clone());
    let rows: Vec<Vec<f64>> = P::items(&rows).into_iter().map(P::numbers_of).collect();
    let gradient = |at: &[f64]| gradient_of_primal(&f, &x, at);
    compare(&x.numbers(), &rows, gradient, |i, k| format!("{} {}", coordinate(i), coordinate(k)))
}

/// Compares the product of the Hessian and `v` with differences of the gradient along `v`.
///
/// ```
/// use tapegrad::check::check_hvp;
///
/// assert!(check_hvp(|[x, y]| (x * y).sin(), [0.5, 1.5], [1.0, -2.0]).is_pass());
/// ```
///
/// # Panics
/// As [`hvp`].
#[track_caller]
pub fn check_hvp<P: Point<f64> + Clone>(
    f: impl Fn(P::Args<'_, Dual<Var>>) -> Dual<Var>,
    x: P,
    v: P,
) -> Report {
    let product = hvp(&f, x.clone(), v.clone());
    let (point, direction) = (x.numbers(), v.numbers());
    let along = |t: f64| {
        let at: Vec<f64> = point.iter().zip(&direction).map(|(x, v)| x + t * v).collect();
        gradient_of_primal(&f, &x, &at)
    };
    let moved = point.iter().zip(&direction).filter(|(_, v)| **v != 0.0);
    let firsts = moved.map(|(&x, v)| first_step(x) / v.abs());
    let samples = Samples::along(along, firsts.map(|first| first.min(f64::MAX)));
    let is_a_point = point.iter().chain(&direction).all(|number| number.is_finite());
    let entries = P::numbers_of(&product).into_iter().enumerate().map(|(k, product)| {
        let value = if is_a_point { samples.value(k) } else { f64::NAN };
        Entry::by_differences(coordinate(k), product, value, &samples.derivative(k))
    });
    Report { entries: entries.collect() }
}

/// Panics with the [`Report`] unless the gradient of `f` at `x` passes its check: a test in one line.
///
/// ```
/// use tapegrad::assert_gradient;
///
/// assert_gradient!(|[x, y]| (x / y).tanh(), [0.5, 2.0]);
/// ```
///
/// ```should_panic
/// # use tapegrad::assert_gradient;
/// assert_gradient!(|[x]| x.detach() * x, [3.0]); // half the derivative is missing
/// ```
#[macro_export]
macro_rules! assert_gradient {
    ($f:expr, $x:expr $(,)?) => {
        $crate::check::check_gradient($f, $x).assert_pass()
    };
}

/// The first step of differences at a coordinate of this size.
fn first_step(x: f64) -> f64 {
    0.1 * x.abs().max(1.0)
}

fn coordinate(k: usize) -> String {
    format!("x[{k}]")
}

/// `at` in the shape of `x`, as constants: nothing computed from them is recorded.
fn constants<P: Point<f64>, R: Copy + From<f64> + 'static>(x: &P, at: &[f64]) -> P::Of<R> {
    x.shaped(at.iter().map(|&value| R::from(value)))
}

/// The gradient of a function over duals at the point `at`; NaN where the value of the function is not finite, since
/// there is no derivative then.
#[track_caller]
fn gradient_of_primal<P: Point<f64>, const N: usize>(
    f: impl Fn(P::Args<'_, Dual<Var, N>>) -> Dual<Var, N>,
    x: &P,
    at: &[f64],
) -> Vec<f64> {
    let primal = |vars: &[Var]| {
        let duals = vars.iter().map(|&var| Dual::constant(var));
        f(P::args(&x.shaped(duals))).primal()
    };
    let (value, mut gradient) = differentiate::value_and_gradient(primal, at);
    if !value.is_finite() {
        gradient.fill(f64::NAN);
    }
    gradient
}

/// Compares lists of derivatives, one list per result of `f`, with differences in every coordinate.
fn compare(
    x: &[f64],
    rows: &[Vec<f64>],
    f: impl Fn(&[f64]) -> Vec<f64>,
    name: impl Fn(usize, usize) -> String,
) -> Report {
    if let Some(row) = rows.iter().find(|row| row.len() != x.len()) {
        let reason = format!("{} derivatives with respect to {} coordinates", row.len(), x.len());
        return Report { entries: vec![Entry::invalid(reason)] };
    }
    let mut at = x.to_vec();
    let mut columns: Vec<Vec<Entry>> = Vec::new();
    for k in 0..x.len() {
        let along = |moved: f64| {
            at[k] = moved;
            f(&at)
        };
        let samples = Samples::take(along, x[k], first_step(x[k]));
        at[k] = x[k];
        if samples.results() != Some(rows.len()) {
            let reason = format!("the number of results changes along {}", coordinate(k));
            return Report { entries: vec![Entry::invalid(reason)] };
        }
        let entry = |(i, row): (usize, &Vec<f64>)| {
            // A function has no value at a point that is not finite.
            let value = if x[k].is_finite() { samples.value(i) } else { f64::NAN };
            Entry::by_differences(name(i, k), row[k], value, &samples.derivative(i))
        };
        columns.push(rows.iter().enumerate().map(entry).collect());
    }
    // Result by result, in the order of the given derivatives.
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    let entries =
        (0..rows.len()).flat_map(|_| columns.iter_mut().filter_map(Iterator::next).collect::<Vec<_>>());
    Report { entries: entries.collect() }
}
