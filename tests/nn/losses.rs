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
