//! Variables and numbers in forward mode compared approximately, also in matrices; kinks through traits and without.

use approx::{assert_abs_diff_eq, assert_relative_eq, assert_ulps_eq};
use nalgebra::{ComplexField, RealField, Rotation3, UnitQuaternion, Vector3};
use tapegrad::check::check_gradient;
use tapegrad::{Dual, HessianNumber, Tape, Var, check_all, gradient, hessian};

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

/// sin x / x is 1 − x²/6 + …, also in second order at 0; cos x / x has a pole there.
#[test]
fn quotients_at_zero() {
    assert_eq!(hessian(|[x]: [HessianNumber; 1]| ComplexField::sinc(x), [0.0]), [[-1.0 / 3.0]]);
    assert_eq!(hessian(|[x]: [HessianNumber; 1]| ComplexField::sinhc(x), [0.0]), [[1.0 / 3.0]]);
    assert!(!gradient(|[x]| ComplexField::cosc(x), [0.0])[0].is_finite());
    assert!(!gradient(|[x]| ComplexField::coshc(x), [0.0])[0].is_finite());
    for x in [0.05, 0.0999, 0.1001, 0.7, -2.0] {
        check_all!(|[x]| ComplexField::sinc(x) * ComplexField::sinhc(x), [x]).assert_pass();
        check_all!(|[x]| ComplexField::cosc(x) * ComplexField::coshc(x), [x]).assert_pass();
    }
}

/// Known limits: where nalgebra or num-complex return a constant for a value of exactly 0, the derivative is that of the
/// constant. The checker finds each; the guide names them.
#[test]
fn what_foreign_branches_lose_is_found_by_the_checker() {
    let turned = |[angle]: [Var; 1]| {
        let axis = Vector3::<Var>::z_axis();
        (Rotation3::from_axis_angle(&axis, angle) * Vector3::new(1.0, 0.0, 0.0).map(Var::from)).y
    };
    assert!(check_gradient(turned, [0.3]).is_pass());
    assert!(!check_gradient(turned, [0.0]).is_pass());
    let quaternion = |[angle]: [Var; 1]| {
        (UnitQuaternion::from_axis_angle(&Vector3::z_axis(), angle)
            * Vector3::new(1.0, 0.0, 0.0).map(Var::from))
        .y
    };
    assert!(check_gradient(quaternion, [0.0]).is_pass());
    let root = |[x, y]: [Var; 2]| num_complex::Complex::new(x, y).sqrt().im;
    assert!(check_gradient(root, [4.0, 0.1]).is_pass());
    assert!(!check_gradient(root, [4.0, 0.0]).is_pass());
}
