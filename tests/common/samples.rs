//! A batch of any samples held against the scalar function, one sample after the other.

use crate::programs::Program;
use crate::rounding::{Bound, N, Precision, rounding};
use crate::ways::attempt;
use tapegrad::{
    Error, Function, Workspace,
    batch::{BatchWorkspace, Batched, Column, Samples},
};

/// So many samples: a full register of the widest machine, and some more.
const SAMPLES: usize = 19;

/// What the scalar function says of a point.
struct Scalar {
    values: Vec<f64>,
    jacobian: Vec<f64>,
    bounds: Vec<Bound>,
    /// Whether a comparison may turn out differently.
    is_fragile: bool,
}

/// `None`, where a comparison turns out differently than when recorded.
fn scalar(program: &Program, f: &Function, x: &[f64], precision: Precision) -> Option<Scalar> {
    let mut workspace = Workspace::new();
    let mut jacobian = vec![0.0; f.outputs() * x.len()];
    match f.evaluator_in(&mut workspace).values(x) {
        Ok(values) => {
            f.evaluator_in(&mut workspace).jacobian_into(x, &mut jacobian).unwrap();
            let rounding = rounding(|x| program.outputs(x), x, precision, false);
            Some(Scalar { values, jacobian, bounds: rounding.outputs, is_fragile: rounding.is_fragile })
        }
        Err(Error::BranchChanged { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

/// Whether two numbers agree: to a bound; or both are none, but not infinities of two signs. `None`, if there is no bound.
pub fn agree(a: f64, b: f64, bound: f64) -> Option<bool> {
    if a == b || a.is_nan() && b.is_nan() {
        return Some(true);
    }
    match a.is_finite() || b.is_finite() {
        _ if !bound.is_finite() => None,
        true => Some((a - b).abs() <= bound),
        false => Some(a != -b),
    }
}

/// What is asked of a batch, and where the answer goes.
type Action<'a, T> = &'a dyn Fn(&Batched<T>, &mut [f64]) -> Result<(), Error>;

/// Holds everything that a batch computes against the scalar function. Gives how much was compared, and what differs.
pub fn examine<T: tapegrad::batch::Precision>(
    program: &Program,
    f: &Function,
    points: &[Vec<f64>],
    shared: usize,
    precision: Precision,
    compared: &mut usize,
    tamper: &mut dyn FnMut(&str, &mut [f64]),
) -> Vec<(String, String)> {
    let (n, m) = (f.inputs(), f.outputs());
    let own = n - shared;
    if own == 0 {
        return Vec::new();
    }
    let round = |x: f64| T::of(x).double();
    // All samples have the first inputs of the first point.
    let points: Vec<Vec<f64>> = points
        .iter()
        .map(|point| (0..n).map(|k| round(if k < shared { points[0][k] } else { point[k] })).collect())
        .collect();
    let scalars: Vec<Option<Scalar>> = points.iter().map(|x| scalar(program, f, x, precision)).collect();
    let columns: Vec<Vec<f64>> =
        (shared..n).map(|k| (0..SAMPLES).map(|sample| points[sample % points.len()][k]).collect()).collect();
    let columns: Vec<Column<'_>> = columns.iter().map(Column::from).collect();
    let samples = Samples::new(&columns).unwrap();
    let weights = &points[0][..shared];

    let mut failures = Vec::new();
    let mut run = |way: &str, length: usize, action: Action<'_, T>| {
        let mut out = vec![7.0; length];
        let done = attempt(|| action(&f.batched_as::<T>(0..shared).unwrap(), &mut out));
        tamper(way, &mut out);
        match done {
            Ok(Ok(())) => Some((out, Vec::new())),
            Ok(Err(Error::BranchesChanged { samples, .. })) => Some((out, samples)),
            // A comparison of what is shared: then there is no scalar function either.
            Ok(Err(Error::BranchChanged { .. })) => {
                if scalars.iter().flatten().any(|scalar| !scalar.is_fragile) {
                    failures.push((way.to_owned(), "refused".to_owned()));
                }
                None
            }
            Ok(Err(error)) => panic!("{error}"),
            Err(panic) => {
                failures.push((format!("{way}: panic"), panic));
                None
            }
        }
    };
    let workspace = BatchWorkspace::<T>::new;
    let values = run("values", SAMPLES * m, &|b, out| {
        b.evaluator_in(&mut workspace()).values_into(weights, &samples, out)
    });
    let jacobians = run("jacobians", SAMPLES * m * own, &|b, out| {
        b.evaluator_in(&mut workspace()).jacobians_into(weights, &samples, out)
    });
    let sums = run("sums", m, &|b, out| b.evaluator_in(&mut workspace()).sums_into(weights, &samples, out));
    let gradient = (m == 1).then(|| {
        run("value_and_gradient", shared + 1, &|b, out| {
            let (total, gradient) = out.split_at_mut(1);
            total[0] =
                b.evaluator_in(&mut workspace()).value_and_gradient_into(weights, &samples, gradient)?;
            Ok(())
        })
    });

    let mut hold = |way: &str, got: f64, expected: f64, bound: f64, at: &dyn Fn() -> String| match agree(
        got,
        round(expected),
        bound,
    ) {
        Some(true) => *compared += 1,
        Some(false) => {
            failures.push((way.to_owned(), format!("{got:e} and {expected:e} (bound {bound:e}) {}", at())))
        }
        None => {}
    };
    let scalar_of = |sample: usize| scalars[sample % points.len()].as_ref();
    for (what, result) in [("values", &values), ("jacobians", &jacobians)] {
        let Some((numbers, out)) = result else { continue };
        for sample in 0..SAMPLES {
            let scalar = scalar_of(sample);
            let is_out = out.contains(&sample);
            if scalar.is_some_and(|scalar| scalar.is_fragile) {
                continue;
            }
            let at = || format!("sample {sample} at {:?}", points[sample % points.len()]);
            let Some(scalar) = scalar else { continue };
            if is_out {
                hold(what, f64::NAN, 0.0, 0.0, &at);
                continue;
            }
            for (k, bound) in scalar.bounds.iter().enumerate() {
                if what == "values" {
                    hold(what, numbers[sample * m + k], scalar.values[k], bound.value, &at);
                    continue;
                }
                for j in 0..own {
                    let expected = scalar.jacobian[k * n + shared + j];
                    let bound = slope_bound(bound, shared + j);
                    hold(what, numbers[(sample * m + k) * own + j], expected, bound, &at);
                }
            }
        }
    }
    let whole: Option<Vec<&Scalar>> = (0..SAMPLES).map(scalar_of).collect();
    let Some(whole) = whole.filter(|whole| whole.iter().all(|scalar| !scalar.is_fragile)) else {
        return failures;
    };
    let unit = if precision == crate::rounding::SINGLE { 1e-5 } else { 1e-13 };
    let total = |read: &dyn Fn(&Scalar) -> (f64, f64)| {
        let terms: Vec<(f64, f64)> = whole.iter().map(|scalar| read(scalar)).collect();
        let bound: f64 = terms.iter().map(|(term, bound)| bound + unit * term.abs()).sum();
        (terms.iter().map(|term| term.0).sum::<f64>(), bound)
    };
    for k in 0..m {
        let (expected, bound) = total(&|scalar| (scalar.values[k], scalar.bounds[k].value));
        if let Some((sums, _)) = &sums {
            hold("sums", sums[k], expected, bound, &|| format!("output {k}"));
        }
        if let Some(Some((numbers, _))) = &gradient {
            hold("value_and_gradient", numbers[0], expected, bound, &|| "the value".to_owned());
        }
    }
    if let Some(Some((numbers, _))) = &gradient {
        for j in 0..shared.min(N) {
            let (expected, bound) = total(&|scalar| (scalar.jacobian[j], slope_bound(&scalar.bounds[0], j)));
            hold("value_and_gradient", numbers[1 + j], expected, bound, &|| format!("by shared input {j}"));
        }
    }
    failures
}

/// By how much a derivative may be off; not finite, where it may have overflowed.
pub fn slope_bound(bound: &Bound, input: usize) -> f64 {
    if bound.is_extreme(&[input]) { f64::INFINITY } else { bound.slopes[input] }
}
