//! Points for checks, drawn by `proptest`, and properties in one line.

use super::{Verdict, check_gradient};
use crate::number::point::Point;
use crate::tape::Var;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};
use std::fmt::Debug;
use std::ops::Range;

/// Points in a box, as vectors. For arrays, an array of ranges is a strategy itself.
///
/// ```
/// use tapegrad::check::in_box;
/// let points = in_box(&[-1.0..1.0, 0.5..2.0]);
/// # let _ = points;
/// ```
///
/// # Panics
/// If a range is empty.
#[track_caller]
pub fn in_box(bounds: &[Range<f64>]) -> impl Strategy<Value = Vec<f64>> + Clone + use<> {
    assert!(bounds.iter().all(|range| range.start < range.end), "every side of the box needs a length");
    bounds.to_vec()
}

/// The points that strategies produce: a number, an array or a vector of numbers. These are fewer types than
/// implement [`Point`], so that the compiler can infer the type of `-1.0..1.0` in a strategy.
pub trait Coordinates: Point<f64> {}

impl Coordinates for f64 {}
impl<const N: usize> Coordinates for [f64; N] {}
impl Coordinates for Vec<f64> {}

/// Points of `points` at which `surface` is at least `distance` from 0: away from kinks, jumps and poles.
///
/// ```
/// use tapegrad::check::away_from;
/// // x and y well apart, so that max(x, y) is smooth
/// let points = away_from([-1.0..1.0, -1.0..1.0], |[x, y]| x - y, 1e-3);
/// # let _ = points;
/// ```
pub fn away_from<S>(
    points: S,
    surface: impl Fn(<S::Value as Point<f64>>::Args<'_, f64>) -> f64,
    distance: f64,
) -> impl Strategy<Value = S::Value>
where
    S: Strategy,
    S::Value: Coordinates,
{
    let is_away =
        move |point: &S::Value| surface(S::Value::args(&point.map_numbers(&mut |x| x))).abs() >= distance;
    points.prop_filter("too near a surface to be kept away from", is_away)
}

/// Points whose coordinates have absolute values from 10⁻⁸ to 10⁸ within one point, of both signs.
pub fn ill_scaled(coordinates: usize) -> impl Strategy<Value = Vec<f64>> + Clone {
    let coordinate = (1.0..10.0, -8..=7, any::<bool>()).prop_map(|(digits, exponent, is_negative)| {
        let size: f64 = digits * 10f64.powi(exponent);
        if is_negative { -size } else { size }
    });
    proptest::collection::vec(coordinate, coordinates)
}

/// Defines a `#[test]` that checks the gradient of a function at random points of a domain, which is a strategy of
/// points, such as an array of ranges or [`in_box`](crate::check::in_box). A failure shrinks to the simplest failing
/// point and shows its [`Report`](crate::check::Report). Points at a kink, and points where differences cannot
/// decide, are skipped; if there are too many of them, the test fails.
///
/// ```
/// use tapegrad::{Real, prop_check_gradient};
///
/// fn area<R: Real>(x: &[R]) -> R {
///     (x[0] * x[1].sin()).abs()
/// }
/// prop_check_gradient! { area_has_its_gradient, area, vec![-1.0..1.0, 0.1..3.0] }
/// prop_check_gradient! { so_has_a_closure, |[r, phi]| r * phi.cos(), [0.1..2.0, -3.0..3.0] }
/// ```
#[macro_export]
macro_rules! prop_check_gradient {
    ($(#[$attribute:meta])* $name:ident, $f:expr, $domain:expr $(,)?) => {
        $(#[$attribute])*
        #[test]
        fn $name() {
            $crate::check::run(stringify!($name), $f, $domain);
        }
    };
}

/// The body of a test that `prop_check_gradient!` defines.
///
/// # Panics
/// If a gradient is refuted, or too few points can be decided.
pub fn run<S>(name: &str, f: impl Fn(<S::Value as Point<f64>>::Args<'_, Var>) -> Var, domain: S)
where
    S: Strategy,
    S::Value: Coordinates + Clone + Debug,
{
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&domain, |x| {
        let report = check_gradient(&f, x);
        if report.is_refuted() {
            return Err(TestCaseError::fail("the gradient is refuted"));
        }
        match report.entries.iter().find(|entry| entry.verdict != Verdict::Pass) {
            Some(_) => Err(TestCaseError::reject("a kink, or unresolved")),
            None => Ok(()),
        }
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(_, x)) => {
            let at = format!("{x:?}");
            panic!(
                "`{name}`: the gradient does not pass its check at {at}, the simplest such point found\n\n{}\n",
                check_gradient(&f, x)
            );
        }
        Err(TestError::Abort(reason)) => panic!(
            "`{name}`: too few points of the domain can be decided ({reason}); see what `check_gradient` says \
             there, and keep away from kinks with `away_from`"
        ),
    }
}
