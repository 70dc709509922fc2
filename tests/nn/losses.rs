//! Promise: losses on logits and their gradients are right at every magnitude, infinities included, in every precision.

use std::f64::consts::LN_2;
use tapegrad::nn::Loss;
use tapegrad::{Function, Var};

const INF: f64 = f64::INFINITY;

fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-15 * b.abs().max(1.0)
}

macro_rules! assert_loss {
    ($loss:expr, $targets:expr, $logits:expr, $value:expr, $slopes:expr) => {{
        let targets = $targets;
        for (mode, value, slopes) in in_all_modes!(
            |x| $loss.of(x, &targets.iter().map(|&t| tapegrad::Number::constant(t)).collect::<Vec<_>>()),
            $logits
        ) {
            let what = format!("{:?} of {:?} for {targets:?}, {mode}", $loss, $logits);
            assert!(close(value, $value), "{what}: {value}, not {}", $value);
            for (slope, exact) in slopes.iter().zip($slopes) {
                assert!(close(*slope, exact), "{what}: {slopes:?}, not {:?}", $slopes);
            }
        }
    }};
}

#[test]
fn cross_entropy() {
    let (value, slope) = (1.313_261_687_518_222_8, 0.731_058_578_630_004_9);
    let loss = Loss::CrossEntropy;
    assert_loss!(loss, [1.0, 0.0, 0.0], [0.0, 1.0, -INF], value, [-slope, slope, 0.0]);
    assert_loss!(loss, [0.0, 1.0, 0.0], [-INF, 0.0, 1.0], value, [0.0, -slope, slope]);
    assert_loss!(loss, [0.5, 0.5], [-INF, 0.0], INF, [-0.5, 0.5]);
    for by in [0.0, 1.0, 1e4, 1e8, 1e12, 1e16, -1e8, -1e16] {
        assert_loss!(loss, [1.0, 0.0], [by, by], LN_2, [-0.5, 0.5]);
        assert_loss!(loss, [0.25, 0.75], [by, by], LN_2, [0.25, -0.25]);
        assert_loss!(
            loss,
            [0.0, 1.0],
            [by + 2.0, by],
            (2f64.exp() + 1.0).ln(),
            [2f64, 0.0].map(|x| { x.exp() / (1.0 + 2f64.exp()) - f64::from(x == 0.0) })
        );
    }
}

/// A loss of 4·10⁻¹⁸ has a slope of that size, not of a rounding of 1.
#[test]
fn cross_entropy_of_what_is_almost_certain() {
    let e = f64::exp(-40.0);
    for (mode, value, slopes) in in_all_modes!(
        |x| Loss::CrossEntropy.of(x, &[tapegrad::Number::constant(1.0), tapegrad::Number::constant(0.0)]),
        [40.0, 0.0]
    ) {
        assert!((value / e - 1.0).abs() < 1e-14, "{mode}: {value}");
        // (A gradient function adds up what the product of the targets' sum and the logarithm has.)
        assert!(slopes.iter().zip([-e, e]).all(|(s, e)| (s / e - 1.0).abs() < 1e-14), "{mode}: {slopes:?}");
    }
}

#[test]
fn cross_entropy_by_the_targets() {
    for (mode, _, slopes) in in_all_modes!(|x| Loss::CrossEntropy.of(&x[..2], &x[2..]), [1e8, 1e8, 0.0, 1.0])
    {
        assert_eq!(slopes, [0.5, -0.5, LN_2, LN_2], "{mode}");
    }
    for (mode, _, slopes) in in_all_modes!(|x| Loss::BinaryCrossEntropy.of(&x[..1], &x[1..]), [3.0, 0.0]) {
        assert!(close(slopes[1], -3.0) && close(slopes[0], 0.952_574_126_822_433_2), "{mode}: {slopes:?}");
    }
}

#[test]
fn cross_entropy_in_single_precision() {
    for by in [0.0, 1e4, 1e8, 1e12, -1e8] {
        let f = Function::record(
            |x: &[Var]| Loss::CrossEntropy.of(x, &[Var::from(1.0), Var::from(0.0)]),
            &[by, by][..],
        )
        .unwrap();
        let (value, slopes) = crate::modes::in_lanes::<f32>(&f, &[by, by]);
        assert!((value - LN_2).abs() < 1e-7, "{by}: {value}");
        assert_eq!(slopes, [-0.5, 0.5], "{by}");
    }
}

#[test]
fn binary_cross_entropy() {
    let loss = Loss::BinaryCrossEntropy;
    assert_loss!(loss, [1.0], [INF], 0.0, [0.0]);
    assert_loss!(loss, [0.0], [-INF], 0.0, [0.0]);
    assert_loss!(loss, [0.0], [INF], INF, [1.0]);
    assert_loss!(loss, [1.0], [-INF], INF, [-1.0]);
    assert_loss!(loss, [1.0, 0.0], [INF, 0.0], LN_2, [0.0, 0.5]);
    assert_loss!(loss, [0.5], [0.0], LN_2, [0.0]);
}

fn loss_of(name: &str, number: f64) -> Loss {
    match name {
        "quantile" => Loss::Quantile(number),
        "log cosh" => Loss::LogCosh,
        "poisson" => Loss::Poisson,
        "focal" => Loss::Focal(number),
        "binary focal" => Loss::BinaryFocal(number),
        "kullback leibler" => Loss::KullbackLeibler,
        "smoothed" => Loss::SmoothedCrossEntropy(number),
        _ => panic!("there is no loss `{name}`"),
    }
}

#[test]
fn values_and_gradients_are_those_of_pytorch() {
    let file = crate::nets::json("losses.json");
    let cases = file["cases"].as_array().unwrap();
    assert!(cases.len() > 50);
    for case in cases {
        let loss = loss_of(case["loss"].as_str().unwrap(), case["number"].as_f64().unwrap());
        let [outputs, targets, gradient] =
            ["outputs", "targets", "gradient"].map(|key| crate::nets::numbers(&case[key]));
        let expected = case["value"].as_f64().unwrap();
        loss.check(0, &targets).unwrap();
        for (mode, value, slopes) in in_all_modes!(
            |x| loss.of(x, &targets.iter().map(|&t| tapegrad::Number::constant(t)).collect::<Vec<_>>()),
            outputs.clone()
        ) {
            let what = format!("{loss:?} of {outputs:?} for {targets:?}, {mode}");
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-14 * b.abs().max(1e-2);
            assert!(near(value, expected), "{what}: {value}, not {expected}");
            assert!(
                slopes.iter().zip(&gradient).all(|(&a, &b)| near(a, b)),
                "{what}: {slopes:?}, not {gradient:?}"
            );
        }
    }
}

/// Where a formula as it stands in a book gives NaN, 0 or rounding.
#[test]
fn losses_are_stable_at_the_ends() {
    // ln cosh 10⁻⁹ is half of a square to rounding, and its slope is the error.
    for (mode, value, slopes) in
        in_all_modes!(|x| Loss::LogCosh.of(x, &[tapegrad::Number::constant(0.0)]), [1e-9])
    {
        assert!((value / 5e-19 - 1.0).abs() < 1e-14, "{mode}: {value}");
        assert!((slopes[0] / 1e-9 - 1.0).abs() < 1e-14, "{mode}: {slopes:?}");
    }
    assert_loss!(Loss::LogCosh, [0.0], [1e300], 1e300, [1.0]);
    assert_loss!(Loss::LogCosh, [0.0], [-1e5], 1e5 - LN_2, [-1.0]);
    assert_loss!(Loss::LogCosh, [2.5], [2.5], 0.0, [0.0]);
    // A sample that is certainly right has no focal loss; one that is certainly wrong has all of the cross entropy.
    for exponent in [0.5, 1.0, 2.0] {
        assert_loss!(Loss::Focal(exponent), [1.0, 0.0], [800.0, -800.0], 0.0, [0.0, 0.0]);
        assert_loss!(Loss::Focal(exponent), [0.0, 1.0], [800.0, -800.0], 1600.0, [1.0, -1.0]);
        assert_loss!(Loss::BinaryFocal(exponent), [1.0], [900.0], 0.0, [0.0]);
        assert_loss!(Loss::BinaryFocal(exponent), [0.0], [900.0], 900.0, [1.0]);
    }
    // With the exponent 0, focal loss is cross entropy.
    for y in [[0.3, -0.2], [5.0, 5.0], [-40.0, 2.0]] {
        assert!(close(Loss::Focal(0.0).of(&y, &[0.0, 1.0]), Loss::CrossEntropy.of(&y, &[0.0, 1.0])));
        assert!(close(
            Loss::BinaryFocal(0.0).of(&y, &[0.0, 1.0]),
            Loss::BinaryCrossEntropy.of(&y, &[0.0, 1.0])
        ));
    }
    assert_loss!(Loss::KullbackLeibler, [1.0, 0.0], [0.0, -INF], 0.0, [0.0, 0.0]);
    assert_eq!(Loss::Quantile(0.25).of(&[] as &[f64], &[]), 0.0);
}

#[test]
fn the_minimum_of_a_quantile_loss_is_the_quantile() {
    let targets: Vec<f64> = (0..=100).map(|k| f64::from(k * k)).collect();
    for (quantile, expected) in [(0.1, 100.0), (0.5, 2500.0), (0.9, 8100.0)] {
        let total = |y: f64| targets.iter().map(|&t| Loss::Quantile(quantile).of(&[y], &[t])).sum::<f64>();
        for other in [expected - 1.0, expected + 1.0, expected - 50.0, expected + 50.0] {
            assert!(total(expected) < total(other), "{quantile}: {other}");
        }
    }
}

#[test]
fn numbers_and_targets_out_of_range_are_refused() {
    for loss in [
        Loss::Quantile(1.5),
        Loss::Quantile(f64::NAN),
        Loss::Focal(-1.0),
        Loss::BinaryFocal(INF),
        Loss::SmoothedCrossEntropy(-0.1),
    ] {
        let error = loss.check(0, &[1.0, 0.0]).unwrap_err().to_string();
        let name = format!("{loss:?}");
        assert!(error.contains(name.split('(').next().unwrap()), "{error}");
        assert!(
            crate::common::panic_of(|| loss.of(&[0.0, 1.0], &[1.0, 0.0])).message.contains("it has to be")
        );
    }
    for (loss, targets, expected) in [
        (Loss::Poisson, vec![-1.0], "counts"),
        (Loss::Focal(2.0), vec![0.5, 0.5], "not one class"),
        (Loss::Focal(2.0), vec![1.0, 1.0], "not one class"),
        (Loss::BinaryFocal(2.0), vec![0.5], "0 and 1"),
        (Loss::KullbackLeibler, vec![0.5, 0.4], "not a distribution"),
        (Loss::SmoothedCrossEntropy(0.1), vec![1.0, 1.0], "not a distribution"),
    ] {
        let error = loss.check(3, &targets).unwrap_err().to_string();
        assert!(error.contains("sample 3") && error.contains(expected), "{error}");
    }
}
