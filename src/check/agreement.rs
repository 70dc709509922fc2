//! Comparison of all modes of differentiation: the implementation of `check_all!`.

use super::{Entry, Report, check_gradient, check_hessian, coordinate};
use crate::differentiate::{HessianNumber, hessian, value_and_gradient};
use crate::number::dual::Dual;
use crate::number::owner::Owner;
use crate::number::point::Point;
use crate::tape::Var;

/// How far two exact modes may differ by rounding, relative to the sizes of the terms.
const ROUNDING: f64 = 1e-10;

/// The residue that cancelling terms may leave, relative to the value.
const UNSEEN: f64 = 1e-13;

/// Checks one function, given over three kinds of number.
#[track_caller]
pub fn all<P: Point<f64> + Clone>(
    reverse: impl Fn(P::Args<'_, Var>) -> Var,
    forward: impl Fn(P::Args<'_, Dual>) -> Dual,
    second: impl Fn(P::Args<'_, HessianNumber>) -> HessianNumber,
    x: P,
) -> Report {
    let (value, gradient) = value_and_gradient(&reverse, x.clone());
    let (gradient, point) = (P::numbers_of(&gradient), x.numbers());
    let n = gradient.len();
    // Rounding errors of the sweep are relative to the terms that it sums; the result may be smaller.
    let largest = largest_of(0.0, &gradient);
    let error = |a: f64| ROUNDING * a.abs() + ROUNDING * 1e-3 * largest + 1e-14 * value.abs();
    // Where all derivatives are rounding errors, the size of the terms shows only in the value divided by the
    // coordinate.
    let per = |k: usize| match point[k].abs() {
        0.0 => 1.0,
        size => size.clamp(1e-100, 1.0),
    };
    let unseen = |size: f64| UNSEEN * value.abs() / size;

    let mut entries = Vec::new();
    let mut add = |group: &str, report: Report| {
        entries.extend(report.entries.into_iter().map(|mut entry| {
            entry.name = format!("{group}: {}", entry.name);
            entry
        }));
    };
    let owner = Owner::fresh();
    let forward_derivative = |direction: &dyn Fn(usize) -> f64| {
        let duals = point.iter().enumerate().map(|(k, &x)| Dual::along(x, direction(k), owner));
        forward(P::args(&x.shaped(duals))).tangent(0)
    };
    let by_forward = (0..n).map(|k| {
        let tangent = forward_derivative(&|direction| f64::from(direction == k));
        Entry::by_equality(coordinate(k), gradient[k], tangent, error(gradient[k]), unseen(per(k)))
    });
    add("forward", Report { entries: by_forward.collect() });

    // A direction without a pattern that the function could share.
    let direction = |k: usize| (1.0 + k as f64 * 0.618_033_988_749_894_9).fract() * 2.0 - 1.0;
    let terms: Vec<f64> = gradient.iter().enumerate().map(|(k, g)| g * direction(k)).collect();
    let size: f64 = terms.iter().map(|term| term.abs()).sum();
    let dot = Entry::by_equality(
        "⟨u, Jv⟩ = ⟨Jᵀu, v⟩".to_owned(),
        terms.iter().sum(),
        forward_derivative(&direction),
        error(size),
        unseen((0..n).map(per).fold(1.0, f64::min)),
    );
    add("dot test", Report { entries: vec![dot] });

    add("differences", check_gradient(&reverse, x.clone()));

    let rows = hessian(&second, x.clone());
    let rows: Vec<Vec<f64>> = P::items(&rows).into_iter().map(P::numbers_of).collect();
    let largest = rows.iter().fold(largest, |most, row| largest_of(most, row));
    let mut symmetry = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        for (k, (&a, column)) in row.iter().zip(&rows).enumerate().take(i) {
            let error = ROUNDING * a.abs() + ROUNDING * 1e-3 * largest;
            let name = format!("{} {}", coordinate(i), coordinate(k));
            symmetry.push(Entry::by_equality(name, a, column[i], error, unseen(per(i) * per(k))));
        }
    }
    add("symmetry", Report { entries: symmetry });
    add("second order", check_hessian(&second, x));
    Report { entries }
}

/// The largest absolute value among the numbers and `most`. A number that is not finite is judged separately, and
/// must not make the others pass.
fn largest_of(most: f64, numbers: &[f64]) -> f64 {
    numbers.iter().map(|number| number.abs()).filter(|size| size.is_finite()).fold(most, f64::max)
}

/// Compares all modes of differentiating one function: reverse mode with forward mode and with differences, the dot
/// test ⟨u, Jv⟩ = ⟨Jᵀu, v⟩, the symmetry of the Hessian, and the Hessian with differences of the gradient. Returns a
/// [`Report`](crate::check::Report).
///
/// The macro inserts the function expression once for each kind of number, so a closure works as well as a generic
/// function. A closure cannot move what it captures; use a function instead.
///
/// ```
/// use tapegrad::{Real, check_all};
///
/// fn rosenbrock<R: Real>(x: &[R]) -> R {
///     x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).sum()
/// }
/// check_all!(rosenbrock, &[-1.0, 2.0, 0.5][..]).assert_pass();
/// check_all!(|[x, y]| x.exp() * y, [0.5, 2.0]).assert_pass();
/// ```
#[macro_export]
macro_rules! check_all {
    ($f:expr, $x:expr $(,)?) => {
        $crate::check::all($f, $f, $f, $x)
    };
}
