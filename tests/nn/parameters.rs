//! Promise: every value of a row's integer parameter is evaluated in a bounded time, and what is a number comes as one.

use std::time::{Duration, Instant};
use tapegrad::{derivative, primitives::Op};

fn value(op: Op, a: f64) -> f64 {
    op.value(&[a]).unwrap()
}

/// Within so many roundings of the argument and of the result, where the argument counts `order` times.
#[track_caller]
fn assert_near(found: f64, exact: f64, order: f64) {
    let is_near = found == exact || (found / exact - 1.0).abs() <= 4.0 * f64::EPSILON * (order + 1.0);
    assert!(is_near, "{found:e}, not {exact:e}");
}

#[test]
fn powers_whose_reciprocal_overflows() {
    assert_eq!(10f64.to_bits(), value(Op::Powi(1), 10.0).to_bits());
    for (a, n, exact) in [
        (10.0, -310, 1e-310),
        (10.0, -323, 1e-323),
        (10.0, -324, 0.0),
        (2.0, -1074, 5e-324),
        (-2.0, -1073, -1e-323),
        (-10.0, -311, -1e-311),
        (1e103, -3, 1e-309),
        (1e21, -15, 1e-315),
    ] {
        let found = value(Op::Powi(n), a);
        assert!((found - exact).abs() <= 5e-324 + 1e-13 * f64::abs(exact), "{a}^{n} is {found:e}");
    }
    let slope = derivative(|x| x.powi(-310), 10.0);
    assert!((slope / -3.1e-309 - 1.0).abs() < 1e-12, "{slope:e}");
    assert_eq!(value(Op::Powi(-311), f64::NEG_INFINITY).to_bits(), (-0.0f64).to_bits());
}

/// The exact values are `±n! ζ(n + 1, a)` of 60 digits.
#[test]
fn polygamma_of_high_order() {
    for (a, n, exact) in [
        (2.5, 2, -0.236_204_051_641_727_403),
        (1.0, 171, f64::INFINITY),
        (0.5, 171, f64::INFINITY),
        (3.25, 200, -1.019_372_899_030_571_792_2e272),
        (150.0, 300, -3.512_593_708_759_897_440_4e-41),
        (1000.0, 300, -1.180_885_723_775_783_839_9e-288),
        (1e15, 20, -1.216_451_004_088_332_164_5e-283),
        (100.5, 100, -8.951_571_835_489_119_868_6e-45),
        (700_000.0, 1_000_000, -0.0),
        (-20.25, 180, f64::INFINITY),
    ] {
        assert_near(value(Op::Polygamma(n), a), exact, f64::from(n));
    }
    // Each is the derivative of the one before.
    let [by_rule, next] = [derivative(|x| x.polygamma(180), 60.0), value(Op::Polygamma(181), 60.0)];
    assert_eq!(by_rule, next);
    assert!(next.is_finite() && next != 0.0);
}

/// The exact values are of the recurrence in 400 digits.
#[test]
fn repeated_integrals_of_high_order() {
    for (a, n, exact) in [
        (0.4, 30, 3.385_297_394_505_549_824_2e-23),
        (0.4, 100, 9.668_654_015_406_457_339_7e-98),
        (0.1, 60, 1.093_865_741_679_234_953_5e-51),
        (1.0, 100, 2.939_053_903_572_517_849e-101),
        (0.5, 50, 4.252_232_272_760_353_784_1e-43),
        (3.0, 60, 8.982_599_319_517_167_201_3e-64),
        (-2.0, 100, 4.320_618_660_026_227_722e-82),
        (-30.0, 500, 76_734_945_046_966_209_198.0),
        (-40.0, 700, 1.045_990_520_408_923_606_5e155),
        (-5.0, 200, 1.505_106_350_640_963_635_8e-169),
        (1.0, 150, 1.345_109_799_283_952_914_4e-162),
        (0.05, 120, 4.165_452_713_779_246_381_4e-119),
        (1.0, i32::MAX, 0.0),
        (-1.0, i32::MAX, 0.0),
        (0.1, i32::MAX, 0.0),
    ] {
        assert_near(value(Op::ErfcxIntegral(n), a), exact, 4.0 * f64::from(n.min(1000)) + a * a);
    }
}

#[test]
fn every_parameter_takes_a_bounded_time() {
    let numbers = [i32::MIN, -1, 0, 1, 2, 171, 5_000, 200_000, 200_000_000, i32::MAX - 1, i32::MAX];
    let start = Instant::now();
    let mut count = 0;
    for n in numbers {
        for op in [Op::Powi(n), Op::Polygamma(n), Op::ErfcxIntegral(n)] {
            for a in [
                -1e300,
                -99_999.5,
                -40.0,
                -3.5,
                -1e-9,
                1e-300,
                0.3,
                0.5,
                20.0,
                1e5,
                1e9,
                1e300,
                f64::INFINITY,
            ] {
                let y = value(op, a);
                let _ = op.partials(&[a], y);
                count += 1;
            }
        }
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{count} took {:?}", start.elapsed());
}
