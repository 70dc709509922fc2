//! One function over every kind of number; numbers print, compare and convert as `f64` does.

// The forms that clippy would write otherwise are what is tested.
#![allow(
    clippy::multiple_bound_locations,
    clippy::neg_cmp_op_on_partial_ord,
    clippy::nonminimal_bool,
    clippy::op_ref
)]

use tapegrad::{
    Dual, Number, Real, Tape, Var, gradient,
    masks::{Mask, eq, ge, gt, le, lt},
};

/// Uses what a model would: methods, operators with constants, comparisons, sums, a loop.
fn model<R: Real>(x: &[R]) -> R {
    let mut total: R = x.iter().map(|&x| (x * 2.0 - 1.0).sin().powi(2)).sum();
    let factor: R = x.iter().product();
    if factor > 0.5 {
        total += R::constant(3.0) / factor;
    }
    if total < x[0] {
        total = -total;
    }
    lt(x[0], x[1]).select(total.sqrt(), total.exp()) + x[0].max(0.25) + R::default()
}

#[test]
fn one_function_over_every_number() {
    for at in [[0.3, 0.9], [1.1, 1.4], [2.0, 0.1]] {
        let value = model(&at);
        let tape = Tape::new();
        let vars = tape.vars(at);
        let y = model(&vars);
        assert_eq!(y.value(), value);
        let g = y.backward().wrt(vars);

        let dual = model(&Dual::variables(at));
        assert_eq!(dual.value(), value);
        let nested = model(&Dual::<Dual<f64, 2>, 2>::variables(Dual::variables(at)));
        assert_eq!(nested.value(), value);
        let recorded = model(&Dual::variables(vars));
        assert_eq!(recorded.value(), value);
        for k in 0..2 {
            assert_close(dual.tangent(k), g[k]);
            assert_close(nested.primal().tangent(k), g[k]);
            assert_close(nested.tangent(k).primal(), g[k]);
            assert_close(recorded.tangent(k).value(), g[k]);
            // Second derivatives: nested forward against forward over reverse.
            let second = recorded.tangent(k).backward().wrt(vars);
            assert_close(nested.tangent(k).tangent(0), second[0]);
            assert_close(nested.tangent(k).tangent(1), second[1]);
        }
    }
}

#[track_caller]
fn assert_close(a: f64, b: f64) {
    assert!((a - b).abs() <= 1e-13 * (1.0 + a.abs()), "{a} {b}");
}

#[test]
fn printing_honours_format_flags() {
    let tape = Tape::new();
    let x = tape.var(3.140625);
    let c = Var::from(-0.5);
    for (of_var, of_number) in [
        (format!("{x}"), format!("{}", 3.140625)),
        (format!("{x:.2}"), format!("{:.2}", 3.140625)),
        (format!("{x:+010.3}"), format!("{:+010.3}", 3.140625)),
        (format!("{c:>8}|"), format!("{:>8}|", -0.5)),
        (format!("{c:<8.1}|"), format!("{:<8.1}|", -0.5)),
    ] {
        assert_eq!(of_var, of_number);
    }
    assert_eq!(format!("{x:?} {c:?}"), "Var(3.140625) Constant(-0.5)");
    assert_eq!(format!("{x:.1?} {c:+?}"), "Var(3.1) Constant(-0.5)");

    let one = Dual::<f64, 1>::new(2.0, [0.5]);
    let two = Dual::new(2.0, [0.5, -1.0]);
    assert_eq!(format!("{one} {two}"), "2 + 0.5ε 2 + [0.5, -1]ε");
    assert_eq!(format!("{one:.2} {two:+.1}"), "2.00 + 0.50ε +2.0 + [+0.5, -1.0]ε");
    assert_eq!(format!("{:.1}", Dual::<Var>::new(x, [c])), "3.1 + -0.5ε");
    assert_eq!(format!("{two:?}"), "Dual { primal: 2.0, tangents: [0.5, -1.0] }");
    // Neither format rounds what it does not show.
    assert_eq!(format!("{}", tape.var(0.1 + 0.2)), "0.30000000000000004");
}

#[test]
fn conversions_and_defaults() {
    fn all<R: Real + From<f32> + From<i32> + for<'a> From<&'a R>>() {
        assert_eq!(R::default(), 0.0);
        assert_eq!(R::from(1.5f64), 1.5);
        assert_eq!(R::from(1.5f32), 1.5);
        assert_eq!(R::from(-3i32), -3.0);
        assert_eq!(R::from(&R::constant(2.5)), 2.5);
        assert_eq!(R::constant(2.5).value(), 2.5);
    }
    all::<Var>();
    all::<Dual>();
    all::<Dual<f64, 3>>();
    all::<Dual<Dual<Var, 2>, 2>>();
    assert_eq!(<f64 as Real>::value(<f64 as Number>::constant(2.5)), 2.5);
    assert_eq!(Dual::<f64, 2>::default().tangents(), [0.0, 0.0]);
}

#[test]
fn comparisons_are_by_value() {
    fn all<R: Real>(one: R, other_one: R, two: R, nan: R) {
        assert!(one == other_one && one != two && one == 1.0 && two != 1.0);
        assert!(one < two && two > one && one <= other_one && one >= other_one);
        assert!(one < 1.5 && two > 1.5 && one <= 1.0 && one >= 1.0 && two >= 1.5 && one <= 1.5);
        assert_eq!(one.partial_cmp(&two), Some(std::cmp::Ordering::Less));
        assert_eq!(two.partial_cmp(&1.0), Some(std::cmp::Ordering::Greater));
        // With a NaN nothing holds, and it equals nothing.
        assert!(nan != nan && nan != 1.0);
        assert!(![nan < one, nan <= one, nan > one, nan >= one, nan < 1.0, nan >= 1.0].contains(&true));
        assert_eq!(nan.partial_cmp(&one), None);
        assert_eq!(R::constant(0.0), R::constant(-0.0));
    }
    let tape = Tape::new();
    let (x, y) = (tape.var(1.0), tape.var(2.0));
    all(x, Var::from(1.0), y, tape.var(f64::NAN));
    all(tape.var(1.0), x, Var::from(2.0), Var::from(f64::NAN));
    let dual = |primal| Dual::<f64, 1>::new(primal, [primal * 3.0 + 1.0]);
    all(dual(1.0), Dual::constant(1.0), dual(2.0), dual(f64::NAN));
    all(Dual::<Var>::variable(x, 0), Dual::constant(x), Dual::constant(y), Dual::from(f64::NAN));
    all(1.0, 1.0, 2.0, f64::NAN);
    // A plain number on the left.
    assert!(1.0 == x && 1.0 < y && 2.0 >= y && !(2.0 < y) && 3.0 > y && 1.0 <= x && 0.0 != x);
    assert_eq!(1.5.partial_cmp(&y), Some(std::cmp::Ordering::Less));
}

#[test]
fn predicates() {
    let tape = Tape::new();
    for value in [0.0, -0.0, 1.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for x in [tape.var(value), Var::from(value)] {
            assert_eq!(x.is_nan(), value.is_nan());
            assert_eq!(x.is_finite(), value.is_finite());
            assert_eq!(x.is_infinite(), value.is_infinite());
            assert_eq!(x.is_sign_negative(), value.is_sign_negative());
            assert_eq!(x.is_zero(), value == 0.0);
        }
    }
}

#[test]
fn a_plain_number_on_the_left() {
    let tape = Tape::new();
    let x = tape.var(4.0);
    assert_eq!([2.0 + x, 2.0 - x, 2.0 * x, 2.0 / x, 9.0 % x].map(Var::value), [6.0, -2.0, 8.0, 0.5, 1.0]);
    let d = Dual::<f64, 1>::variable(4.0, 0);
    let results = [2.0 + d, 2.0 - d, 2.0 * d, 2.0 / d, 9.0 % d];
    assert_eq!(results.map(Dual::primal), [6.0, -2.0, 8.0, 0.5, 1.0]);
    assert_eq!(results.map(|r| r.tangent(0)), [1.0, -1.0, 2.0, -0.125, -2.0]);
    assert_eq!((2.0 * &d).primal() + (&d * 2.0).primal() + (&d * &d).primal(), 32.0);
}

mod without_the_traits_in_scope {
    /// Methods of the concrete types need no import.
    #[test]
    fn methods() {
        let tape = tapegrad::Tape::new();
        let x = tape.var(0.5);
        let y = x.sin().max(0.1).powf(x).hypot(2).mul_add(x, 1.0).sigmoid();
        let d = tapegrad::Dual::<f64, 1>::variable(0.5, 0);
        let e = d.sin().max(0.1).powf(d).hypot(2).mul_add(d, 1.0).sigmoid();
        assert_eq!((y.value(), y.is_finite()), (e.primal(), true));
        assert!((y.backward()[x] - e.tangent(0)).abs() < 1e-15);
        let (sin, cos) = x.sin_cos();
        assert_eq!((sin.value(), cos.value()), (0.5f64.sin(), 0.5f64.cos()));
    }
}

#[test]
fn masks() {
    fn decide<R: Number>(a: R, b: R) -> [f64; 8]
    where
        R: Real,
    {
        let bit = |mask: Mask<R>| mask.number().value();
        let (less, equal) = (lt(a, b), eq(a, b));
        [
            bit(less),
            bit(le(a, b)),
            bit(gt(a, b)),
            bit(ge(a, b)),
            bit(equal),
            bit(less & !equal),
            bit(less | equal),
            bit(!(less | equal)),
        ]
    }
    let tape = Tape::new();
    for (a, b, expected) in [
        (1.0, 2.0, [1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0]),
        (2.0, 2.0, [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0]),
        (3.0, 2.0, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0]),
        (f64::NAN, 2.0, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0]),
    ] {
        assert_eq!(decide(a, b), expected);
        assert_eq!(decide(tape.var(a), tape.var(b)), expected);
        assert_eq!(decide(Dual::<f64, 1>::variable(a, 0), Dual::constant(b)), expected);
    }
    assert_eq!(lt(1.0, 2.0).select(3.0, 4.0), 3.0);
    let (x, y) = (tape.var(1.0), tape.var(2.0));
    assert_eq!(gt(x, 1.5).select(y, x * 3.0).backward().wrt([x, y]), [3.0, 0.0]);
}

#[test]
fn approximate_comparison() {
    use approx::{assert_abs_diff_eq, assert_relative_eq, assert_ulps_eq, relative_eq};
    let tape = Tape::new();
    let x = tape.var(0.1) + 0.2;
    assert_relative_eq!(x, Var::from(0.3));
    assert_abs_diff_eq!(x, Var::from(0.3), epsilon = Var::from(1e-12));
    assert_ulps_eq!(x, Var::from(0.3), max_ulps = 1);
    assert!(!relative_eq!(x, Var::from(0.3001)));
    assert!(!approx::abs_diff_eq!(x, Var::from(0.31), epsilon = Var::from(1e-3)));
    assert!(!approx::ulps_eq!(x, Var::from(0.31)));
}

#[test]
fn a_trait_method_for_every_row() {
    // Generic code reaches what concrete code reaches, and gets the same.
    fn through_the_trait<R: Number>(x: R) -> [R; 6] {
        [x.sin(), x.atan2(2.0), x.powi(3), x.select(1.0, 2.0), x.clamp(0.0, 0.25), x.mul_add(2.0, 3.0)]
    }
    let tape = Tape::new();
    let x = tape.var(0.5);
    let concrete =
        [x.sin(), x.atan2(2.0), x.powi(3), x.select(1.0, 2.0), x.clamp(0.0, 0.25), x.mul_add(2.0, 3.0)];
    assert_eq!(through_the_trait(x).map(Var::value), concrete.map(Var::value));
    assert_eq!(through_the_trait(0.5), concrete.map(Var::value));
    assert_eq!(gradient(|[x]| through_the_trait(x)[1], [0.5]), [2.0 / 4.25]);
}

/// `f64::max` gives either of two zeros, as the compiler likes; here it is the second, so that every way has the same bits.
#[test]
fn of_two_zeros_the_second_is_the_larger_and_the_smaller() {
    let f = tapegrad::Function::record(|[a, b]: [Var; 2]| [a.max(b), a.min(b)], [1.0, 2.0]).unwrap();
    for (a, b) in [(0.0, -0.0), (-0.0, 0.0)] {
        let is_b = |numbers: [f64; 2]| numbers.iter().all(|number| number.to_bits() == f64::to_bits(b));
        assert!(is_b([<f64 as Number>::max(a, b), <f64 as Number>::min(a, b)].map(std::hint::black_box)));
        let (x, y) = (Dual::<f64>::constant(a), Dual::constant(b));
        assert!(is_b([x.max(y).primal(), x.min(y).primal()]));
        let values = f.evaluator().values(&[a, b]).unwrap();
        assert!(is_b([values[0], values[1]]), "{values:?}");
        let columns = [vec![a; 19], vec![b; 19]];
        let columns = columns.each_ref().map(tapegrad::batch::Column::from);
        let samples = tapegrad::batch::Samples::new(&columns).unwrap();
        let mut out = vec![7.0; 38];
        f.batched(0..0).unwrap().evaluator().values_into(&[], &samples, &mut out).unwrap();
        assert!(out.chunks(2).all(|pair| is_b([pair[0], pair[1]])), "{out:?}");
    }
}

/// That of the standard library loses digits beside −1. The value is from 40-digit arithmetic.
#[test]
fn the_inverse_hyperbolic_tangent_beside_its_ends() {
    let x = 0.999_992_119_388_049;
    assert_eq!(
        [<f64 as Number>::atanh(x), <f64 as Number>::atanh(-x)],
        [6.222124119299465, -6.222124119299465]
    );
    let f = tapegrad::Function::record(|[x]: [Var; 1]| x.atanh(), [0.5]).unwrap();
    assert_eq!(f.evaluator().value(&[-x]).unwrap(), -6.222124119299465);
}
