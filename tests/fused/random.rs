//! Random statements over the table, at random and nasty points. `random.py` writes them, since a macro needs text.

use crate::form::{Form, NASTY, gradient, same_values};
use crate::programs::Random;
use std::sync::atomic::{AtomicUsize, Ordering};
use tapegrad::Tape;

pub const LIMIT: f64 = 0.75;

/// Both forms of each expression, and the list of all pairs.
macro_rules! random_forms {
    ($x:ident $a:ident $b:ident $c:ident $d:ident $k:ident; $( $name:ident { $($body:tt)* } )*) => {
        #[allow(non_camel_case_types, unused_parens, unused_variables, clippy::all)]
        mod plain {
            use super::*;
            $(
                pub struct $name;
                impl Form for $name {
                    fn call<R: Real>($x: &[R]) -> R {
                        let ($a, $b, $c, $d, $k) = ($x[0], $x[1], $x[2], &$x[3], 1.5f64);
                        $($body)*
                    }
                }
            )*
        }

        #[allow(non_camel_case_types, unused_parens, unused_variables, clippy::all)]
        mod fused {
            use super::*;
            $(
                pub struct $name;
                impl Form for $name {
                    #[tapegrad::fused]
                    fn call<R: Real>($x: &[R]) -> R {
                        let ($a, $b, $c, $d, $k) = ($x[0], $x[1], $x[2], &$x[3], 1.5f64);
                        $($body)*
                    }
                }
            )*
        }

        pub const ALL: &[(&str, fn(&[f64]))] =
            &[$( (stringify!($name), $crate::random::compare::<plain::$name, fused::$name>) ),*];
    };
}
pub(crate) use random_forms;

/// Values to the bit. Gradients to rounding of the contributions that they are sums of, where those of the plain form are
/// of moderate size: within a statement the partials are multiplied first, which can overflow where the plain form does
/// not.
pub fn compare<P: Form, F: Form>(point: &[f64]) {
    same_values::<P, F>(point);
    let ((plain, _), (fused, nodes)) = (gradient::<P>(point), gradient::<F>(point));
    assert!(nodes <= 1, "one statement");
    let largest = largest_contribution::<P>(point);
    if largest < 1e50 && fused.iter().all(|g| g.is_finite()) {
        COMPARED.fetch_add(1, Ordering::Relaxed);
        for (a, b) in plain.iter().zip(&fused) {
            assert!((a - b).abs() <= 1e-9 * largest, "{point:?}: {fused:?} for {plain:?}");
        }
    }
}

/// How many gradients were compared.
static COMPARED: AtomicUsize = AtomicUsize::new(0);

/// The largest product of an adjoint and a partial; infinite if one is not finite.
fn largest_contribution<F: Form>(point: &[f64]) -> f64 {
    let tape = Tape::new();
    let y = F::call(&tape.vars(point));
    let mut largest: f64 = 1.0;
    for node in tape.listing_with(&y.backward()).nodes {
        for partial in node.partials.into_iter().flatten() {
            let size = (partial * node.adjoint.unwrap_or(0.0)).abs();
            largest = if size.is_finite() { largest.max(size) } else { f64::INFINITY };
        }
    }
    largest
}

#[test]
fn a_hundred_thousand_random_statements() {
    let mut random = Random(11);
    let all = crate::random_statements::ALL;
    for round in 0..100_000_usize.div_ceil(all.len()) {
        for (name, compare) in all {
            let mut draw = || match random.below(4) {
                0 if round % 2 == 1 => NASTY[random.below(NASTY.len())],
                _ => random.uniform(-3.0, 3.0),
            };
            let point = [draw(), draw(), draw(), draw()];
            if let Err(panic) = std::panic::catch_unwind(|| compare(&point)) {
                eprintln!("{name} at {point:?}");
                std::panic::resume_unwind(panic);
            }
        }
    }
    assert!(COMPARED.load(Ordering::Relaxed) > 50_000, "most gradients are of moderate size");
}
