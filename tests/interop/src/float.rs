//! Code over num-traits: `Float` and the traits around it, and complex numbers.

use num_complex::Complex;
use num_traits::{
    Bounded, Float, FloatConst, FromPrimitive, Inv, MulAdd, MulAddAssign, NumAssign, Pow, Signed,
    ToPrimitive, Zero,
};
use tapegrad::{Dual, Error, Function, Tape, Var, check_all, derivative, gradient, hessian};

/// Written by somebody who never heard of this crate: the negative log-likelihood of a mixture of two Gaussians with equal
/// weights, and a scaled norm.
mod library {
    use num_traits::{Float, FloatConst};

    pub fn mixture<T: Float + FloatConst>(means: [T; 2], log_width: T, data: &[f64]) -> T {
        let width = log_width.exp();
        let density = |x: T, mean: T| {
            let z = (x - mean) / width;
            (-(z * z) / (T::one() + T::one())).exp() / (width * T::TAU().sqrt())
        };
        data.iter().fold(T::zero(), |sum, &x| {
            let x = T::from(x).unwrap();
            sum - ((density(x, means[0]) + density(x, means[1])) / T::from(2.0).unwrap()).ln()
        })
    }

    pub fn norm<T: Float>(x: &[T]) -> T {
        let largest = x.iter().fold(T::zero(), |most, &x| most.max(x.abs()));
        if largest.is_zero() {
            return largest;
        }
        x.iter().fold(T::zero(), |sum, &x| sum + (x / largest).powi(2)).sqrt() * largest
    }
}

#[test]
fn a_library_over_float_has_derivatives_in_every_mode() {
    let data = [-1.2, 0.3, 0.4, 2.2, 2.9];
    check_all!(|[a, b, w]| library::mixture([a, b], w, &data), [-0.5, 2.0, 0.1]).assert_pass();
    check_all!(library::norm, vec![3.0, -4.0, 12.0]).assert_pass();
    let slopes = gradient(library::norm, &[3.0, 4.0, 12.0][..]);
    let near = |(slope, x): (&f64, f64)| (slope - x / 13.0).abs() < 1e-15;
    assert!(slopes.iter().zip([3.0, 4.0, 12.0]).all(near), "{slopes:?}");
}

#[test]
fn it_can_be_recorded_and_hears_its_branches() {
    let f = Function::record(library::norm, &[3.0, -4.0][..]).unwrap();
    assert_eq!(f.evaluator().value(&[6.0, -8.0]).unwrap(), 10.0);
    assert!(matches!(f.evaluator().value(&[0.0, 0.0]), Err(Error::BranchChanged { .. })));
    for reads in [
        |[x]: [Var; 1]| Var::from(x.to_f64().unwrap()) * x,
        |[x]: [Var; 1]| Var::from(f64::from(x.to_i32().unwrap())) * x,
        |[x]: [Var; 1]| <Var as num_traits::NumCast>::from(x).unwrap() * x,
        |[x]: [Var; 1]| if x.is_normal() { x } else { x * x },
        |[x]: [Var; 1]| if x.classify() == std::num::FpCategory::Normal { x } else { x * x },
    ] {
        assert!(matches!(Function::record(reads, [2.0]), Err(Error::ValueRead { .. })));
    }
    // A sign is a row of the table, with a derivative of its own: nothing is read.
    let f = Function::record(|[x]| Signed::signum(&x) * x, [2.0]).unwrap();
    assert_eq!(f.evaluator().value_and_gradient(&[-3.0]).unwrap(), (3.0, vec![-1.0]));
}

/// For every method of one number: the derivative against central differences of the same method over f64.
#[test]
fn every_smooth_method_of_float_has_its_derivative() {
    macro_rules! check {
        ($($name:ident at $x:literal),* $(,)?) => { $({
            let f = <f64 as Float>::$name;
            let h = 1e-6;
            let difference = (f($x + h) - f($x - h)) / (2.0 * h);
            for slope in [derivative(Float::$name, $x), gradient(|[x]| Float::$name(x), [$x])[0]] {
                assert!((slope - difference).abs() < 1e-8, "derivative of {}", stringify!($name));
            }
            let tape = Tape::new();
            let y = Float::$name(tape.var($x));
            assert!((y.value() - f($x)).abs() < 1e-14, "value of {}", stringify!($name));
        })* };
    }
    check! {
        floor at 0.3, ceil at 0.3, round at 0.3, trunc at 0.3, fract at 0.3, abs at -0.3, signum at -0.3,
        recip at 0.7, sqrt at 0.7, exp at 0.7, exp2 at 0.7, exp_m1 at 0.7, ln at 0.7, ln_1p at 0.7,
        log2 at 0.7, log10 at 0.7, cbrt at 0.7, sin at 0.7, cos at 0.7, tan at 0.7, asin at 0.7, acos at 0.7,
        atan at 0.7, sinh at 0.7, cosh at 0.7, tanh at 0.7, asinh at 0.7, acosh at 1.7, atanh at 0.7,
        to_degrees at 0.7, to_radians at 0.7,
    }
}

/// Methods of two and three numbers, through the trait and as the table has them.
#[test]
#[allow(clippy::needless_borrow)] // a reference is what is tested
fn the_methods_are_those_of_the_table() {
    fn both(by_trait: impl Fn(Var, Var) -> Var, own: impl Fn(Var, Var) -> Var) {
        for at in [[0.7, 1.3], [1.0, 1.0], [-2.0, 0.5], [0.0, -0.0], [3.0, -1.0]] {
            let bits = |slopes: [f64; 2]| slopes.map(|s| if s.is_nan() { 1 } else { s.to_bits() });
            let [a, b] = [gradient(|[x, y]| by_trait(x, y), at), gradient(|[x, y]| own(x, y), at)];
            assert_eq!(bits(a), bits(b), "at {at:?}");
        }
    }
    both(Float::powf, |x, y| Var::powf(x, y));
    both(Pow::pow, |x, y| Var::powf(x, y));
    both(|x, _| Pow::pow(x, 3), |x, _| Var::powi(x, 3));
    both(|x, _| Pow::pow(x, 2.5), |x, _| Var::powf(x, 2.5));
    both(|x, _| Float::powi(x, -2), |x, _| Var::powi(x, -2));
    both(Float::log, |x, y| Var::log(x, y));
    both(Float::max, |x, y| Var::max(x, y));
    both(Float::min, |x, y| Var::min(x, y));
    both(Float::hypot, |x, y| Var::hypot(x, y));
    both(Float::atan2, |x, y| Var::atan2(x, y));
    both(Float::copysign, |x, y| Var::copysign(x, y));
    both(|x, y| MulAdd::mul_add(x, y, x), |x, y| Var::mul_add(x, y, x));
    both(|x, y| Float::mul_add(x, y, y), |x, y| Var::mul_add(x, y, y));
    both(|x, _| Inv::inv(x), |x, _| x.recip());
    both(|x, _| Signed::abs(&x), |x, _| x.abs());
    // Through a reference, where a trait that takes `&self` comes before the method of the table.
    both(|x, _| (&x).abs(), |x, _| Var::abs(x));
    both(|x, _| (&x).signum(), |x, _| Var::signum(x));
    both(|x, _| Float::sin_cos(x).0 * Float::sin_cos(x).1, |x, _| x.sin() * x.cos());
    let by_assignment = |mut x: Var, y: Var| {
        x.mul_add_assign(y, y);
        x
    };
    both(by_assignment, |x, y| Var::mul_add(x, y, y));
    // The positive difference is 0 in a tie, and so is its derivative.
    assert_eq!(gradient(|[x, y]| Float::abs_sub(x, y), [3.0, 1.0]), [1.0, -1.0]);
    assert_eq!(gradient(|[x, y]| Signed::abs_sub(&x, &y), [1.0, 1.0]), [0.0, 0.0]);
}

#[test]
fn what_is_not_differentiated() {
    fn all<T: Float + FloatConst + FromPrimitive + Signed + Bounded + NumAssign + std::fmt::Debug>() {
        assert!(T::zero().is_zero() && T::one().is_one() && !T::one().is_zero());
        assert_eq!(T::from_f64(2.5), T::from_str_radix("2.5", 10).ok());
        assert_eq!(T::from_i64(-3).unwrap() + T::from_u64(3).unwrap(), T::zero());
        assert_eq!(<T as num_traits::NumCast>::from(7_u8).unwrap().to_f64(), Some(7.0));
        assert_eq!(T::from_f64(7.9).unwrap().to_i64(), Some(7));
        assert!(T::from_str_radix("x", 10).is_err());
        assert!(<T as Float>::nan().is_nan() && <T as Float>::infinity().is_infinite());
        assert!(<T as Float>::neg_zero().is_sign_negative() && T::one().is_finite() && T::one().is_normal());
        assert_eq!(<T as Float>::max_value(), <T as Bounded>::max_value());
        assert_eq!(T::PI().to_f64(), Some(std::f64::consts::PI));
        assert!(T::one().is_positive() && (-T::one()).is_negative() && !T::zero().is_negative());
        assert_eq!(T::from_f64(0.5).unwrap().integer_decode(), 0.5f64.integer_decode());
        let mut sum = T::one();
        sum += T::one();
        sum %= T::from_f64(1.5).unwrap();
        assert_eq!(sum.to_f64(), Some(0.5));
    }
    all::<f64>();
    all::<Var>();
    all::<Dual>();
    all::<Dual<Var, 3>>();
}

/// A holomorphic function: the Jacobian of its parts has the complex derivative in it (Cauchy and Riemann).
#[test]
fn holomorphic_functions() {
    let f =
        |z: Complex<Var>| (z * z * z + z.exp() / (z + Complex::new(Var::from(3.0), Var::from(0.0)))).sin();
    let [by_x, by_y] = {
        let j = tapegrad::jacobian(
            |[x, y]| {
                let w = f(Complex::new(x, y));
                [w.re, w.im]
            },
            [0.4, -0.3],
        );
        [[j[0][0], j[1][0]], [j[0][1], j[1][1]]]
    };
    assert!((by_x[0] - by_y[1]).abs() < 1e-13 && (by_x[1] + by_y[0]).abs() < 1e-13);
    // f′ = cos(g) g′, g′ = 3z² + eᶻ (z + 2) / (z + 3)²
    let z = Complex::new(0.4, -0.3);
    let three = Complex::new(3.0, 0.0);
    let g = z * z * z + z.exp() / (z + three);
    let slope = g.cos() * (z * z * 3.0 + z.exp() * (z + 2.0) / ((z + three) * (z + three)));
    assert!((slope - Complex::new(by_x[0], by_x[1])).norm() < 1e-13);
}

/// A real loss of complex intermediates: the power of one frequency of a signal.
#[test]
fn real_losses_of_complex_numbers() {
    fn power<T: Float + FloatConst>(signal: &[T]) -> T {
        let n = T::from(signal.len()).unwrap();
        let amplitude = signal.iter().enumerate().fold(Complex::<T>::zero(), |sum, (k, &x)| {
            let turn = T::TAU() * T::from(k).unwrap() / n;
            sum + Complex::from_polar(x, -turn)
        });
        amplitude.norm_sqr() / n + amplitude.arg()
    }
    check_all!(power, vec![1.0, 0.5, -0.25, 2.0, 0.1]).assert_pass();
}

/// A bound by num-traits takes nothing from the top-level functions: its own numbers keep working beside it.
#[test]
fn the_methods_of_the_table_work_with_num_traits_in_scope() {
    assert_eq!(hessian(|[x, y]| x.powi(2) * y, [3.0, 5.0]), [[10.0, 6.0], [6.0, 0.0]]);
    let tape = Tape::new();
    let x = tape.var(-1.5);
    assert!(x.is_finite() && !x.is_nan() && x.copysign(2.0) == 1.5 && x.to_radians() < 0.0);
    assert_eq!(Dual::<f64, 1>::variable(-1.5, 0).abs().tangent(0), -1.0);
}
