//! A function in two forms, plain and fused, and what has to be the same in both.

use crate::common::{quick_tape, same};
use std::hash::{DefaultHasher, Hash, Hasher};
use tapegrad::primitives::Op;
use tapegrad::view::Operand;
use tapegrad::{Dual, Function, Real, Tape, Var};

/// One form of a function.
pub trait Form {
    fn call<R: Real>(x: &[R]) -> R;
}

/// Functions that are written once: a module `plain` with one form of each, and a module `fused` with the other. `visit!`
/// gets each name, with points at which the function is smooth.
macro_rules! both_forms {
    ($( $(#[$doc:meta])* fn $name:ident($x:ident) at [$([$($at:expr),* $(,)?]),*] { $($body:tt)* } )*) => {
        #[allow(non_camel_case_types)]
        mod plain {
            use super::*;
            $(
                pub struct $name;
                impl Form for $name {
                    fn call<R: Real>($x: &[R]) -> R { $($body)* }
                }
            )*
        }

        #[allow(non_camel_case_types)]
        mod fused {
            use super::*;
            $(
                pub struct $name;
                impl Form for $name {
                    #[tapegrad::fused]
                    fn call<R: Real>($x: &[R]) -> R { $($body)* }
                }
            )*
        }

        $(
            #[test]
            fn $name() {
                const POINTS: &[&[f64]] = &[$(&[$($at),*]),*];
                $crate::form::check::<plain::$name, fused::$name>(POINTS);
            }
        )*
    };
}
pub(crate) use both_forms;

/// Numbers at which rules go wrong if they can.
pub const NASTY: [f64; 12] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    2.0,
    0.5,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    f64::MIN_POSITIVE / 4.0,
    1e200,
    -1e-200,
];

/// Compares both forms at the points, and at nasty ones.
pub fn check<P: Form, F: Form>(points: &[&[f64]]) {
    for point in points {
        same_values::<P, F>(point);
        same_gradients::<P, F>(point, 1e-12);
        same_recordings::<P, F>(point);
        same_second_derivatives::<P, F>(point);
    }
    let len = points[0].len();
    for k in 0..NASTY.len() * 7 {
        let point: Vec<f64> = (0..len).map(|i| NASTY[(k * (2 * i + 1) + k / 12 * i) % NASTY.len()]).collect();
        same_values::<P, F>(&point);
        same_recordings::<P, F>(&point);
        let _ = gradient::<F>(&point);
    }
}

/// Values have the same bits over every number, and so have tangents.
pub fn same_values<P: Form, F: Form>(point: &[f64]) {
    let expected = P::call(point);
    assert!(same(F::call(point), expected), "{point:?}: {} for {expected}", F::call(point));
    let tape = Tape::new();
    assert!(same(F::call(&tape.vars(point)).value(), expected), "{point:?}, over variables");
    let duals: Vec<Dual<f64, 4>> = point.iter().enumerate().map(|(k, &x)| Dual::variable(x, k % 4)).collect();
    let (plain, fused) = (P::call(&duals), F::call(&duals));
    assert!(same(fused.primal(), expected), "{point:?}, over duals");
    for (a, b) in plain.tangents().into_iter().zip(fused.tangents()) {
        assert!(same(a, b), "{point:?}: the tangent {b} for {a}");
    }
}

/// The gradient, and how many nodes there are besides the inputs. Quick tapes and those that keep lines differ in nothing.
pub fn gradient<F: Form>(point: &[f64]) -> (Vec<f64>, usize) {
    let on = |tape: Tape| {
        let x = tape.vars(point);
        let y = F::call(&x);
        let nodes = tape.len() - point.len();
        if y.is_constant() {
            return (vec![0.0; point.len()], nodes);
        }
        let adjoints = y.backward();
        (x.iter().map(|&x| adjoints.get(x).unwrap_or(0.0)).collect::<Vec<f64>>(), nodes)
    };
    let ((quick, nodes), with_lines) = (on(quick_tape()), on(tape_with_lines()));
    assert!(
        quick.iter().zip(&with_lines.0).all(|(a, b)| same(*a, *b)),
        "{point:?}: {quick:?} {with_lines:?}"
    );
    assert_eq!(nodes, with_lines.1);
    (quick, nodes)
}

fn tape_with_lines() -> Tape {
    let tape = Tape::new();
    tape.keep_lines(true);
    tape
}

pub fn same_gradients<P: Form, F: Form>(point: &[f64], tolerance: f64) {
    let ((plain, nodes), (fused, fewer)) = (gradient::<P>(point), gradient::<F>(point));
    assert!(fewer <= nodes, "{point:?}: {fewer} nodes instead of {nodes}");
    let largest = plain.iter().fold(1.0, |m: f64, g| m.max(g.abs()));
    for (a, b) in plain.iter().zip(&fused) {
        assert!(same(*a, *b) || (a - b).abs() <= tolerance * largest, "{point:?}: {fused:?} for {plain:?}");
    }
}

/// A recording consists of the operations that are written, not of statements. (In another order, where an operand is
/// itself computed: operands come first.)
fn same_recordings<P: Form, F: Form>(point: &[f64]) {
    /// For each node a number that says what it computes from what.
    fn nodes<F: Form>(point: &[f64]) -> Vec<u64> {
        let tape = Tape::recording();
        let _ = F::call(&tape.vars(point));
        let mut known: Vec<u64> = Vec::new();
        for node in tape.listing().nodes {
            let mut hasher = DefaultHasher::new();
            let what = if node.op == Op::Input { node.index as u64 } else { 0 };
            (node.op, bits(node.value), what).hash(&mut hasher);
            for operand in node.operands {
                match operand {
                    Operand::Node(index) => known[index].hash(&mut hasher),
                    Operand::Constant(value) => bits(value).hash(&mut hasher),
                }
            }
            known.push(hasher.finish());
        }
        known.sort_unstable();
        known
    }
    assert_eq!(nodes::<P>(point), nodes::<F>(point), "{point:?}");
    let record = |f: fn(&[Var]) -> Var| Function::record(f, point).map(|function| function.statistics());
    assert_eq!(
        record(P::call::<Var>).map(|statistics| statistics.operations).ok(),
        record(F::call::<Var>).map(|statistics| statistics.operations).ok(),
        "{point:?}"
    );
}

/// The bits, where all NaNs are one.
fn bits(value: f64) -> u64 {
    if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }
}

fn same_second_derivatives<P: Form, F: Form>(point: &[f64]) {
    let plain = tapegrad::hessian(|x: &[_]| P::call(x), point);
    let fused = tapegrad::hessian(|x: &[_]| F::call(x), point);
    assert_eq!(format!("{plain:?}"), format!("{fused:?}"), "{point:?}");
}
