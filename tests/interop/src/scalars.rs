//! Variables and numbers in forward mode compared approximately, also in matrices; kinks through traits and without.

use approx::{assert_abs_diff_eq, assert_relative_eq, assert_ulps_eq};
use nalgebra::{ComplexField, RealField, Vector3};
use tapegrad::{Dual, Tape, Var, gradient};

#[test]
fn approx_compares_variables_and_matrices_of_them() {
    let tape = Tape::recording();
    let x = tape.var(1.0);
    assert_abs_diff_eq!(x + 1e-9, x, epsilon = Var::from(1e-8));
    assert_relative_eq!(x * (1.0 + f64::EPSILON), x);
    assert_ulps_eq!(x * (1.0 + f64::EPSILON), x);
    assert_relative_eq!(Vector3::repeat(x), Vector3::repeat(Var::from(1.0)));
    assert_eq!(tape.guards().len(), 6, "a question each");
    assert!(tape.guards().iter().all(|guard| guard.outcome));
    let d = Dual::<f64, 2>::variable(1.0, 0);
    assert_relative_eq!(Vector3::repeat(d * (1.0 + f64::EPSILON)), Vector3::repeat(Dual::from(1.0)));
    assert!(approx::relative_ne!(d, d * 2.0));
}

/// At kinks, edges and infinities, the methods of the field give the bits of the methods of the table.
#[test]
fn methods_of_the_field_are_those_of_the_table() {
    type Method = fn(Var) -> Var;
    let methods: [(Method, Method); 12] = [
        (ComplexField::abs, Var::abs),
        (ComplexField::modulus, Var::abs),
        (ComplexField::norm1, Var::abs),
        (ComplexField::signum, Var::signum),
        (ComplexField::sqrt, Var::sqrt),
        (ComplexField::cbrt, Var::cbrt),
        (ComplexField::recip, Var::recip),
        (|x| RealField::max(x, Var::from(1.0)), |x| x.max(1.0)),
        (|x| RealField::clamp(x, Var::from(-1.0), Var::from(1.0)), |x| x.clamp(-1.0, 1.0)),
        (|x| RealField::atan2(x, Var::from(0.0)), |x| x.atan2(0.0)),
        (|x| ComplexField::try_sqrt(x).unwrap_or(x), |x| if x >= 0.0 { x.sqrt() } else { x }),
        (|x| ComplexField::hypot(x, Var::from(0.0)), |x| x.hypot(0.0)),
    ];
    for (k, (by_trait, own)) in methods.into_iter().enumerate() {
        for at in [0.0, -0.0, 1.0, -1.0, 2.5, f64::INFINITY, f64::NAN] {
            let bits = |f: Method| {
                let slope = gradient(|[x]| f(x), [at])[0];
                if slope.is_nan() { 1 } else { slope.to_bits() }
            };
            assert_eq!(bits(by_trait), bits(own), "method {k} at {at}");
        }
    }
}
