//! The edge table: what every operation and its derivatives are where it is singular, has a kink,
//! overflows, or is given infinities and NaN. Bit for bit, in every mode.
//!
//! The expected numbers are from the definition of each operation and IEEE 754, not from our output.

use crate::common::{alike, same};
use std::collections::HashSet;
use std::f64::consts::{FRAC_2_SQRT_PI, FRAC_PI_2, FRAC_PI_4, LN_2, LOG2_E, LOG10_E, PI};
const INF: f64 = f64::INFINITY;
const MAX: f64 = f64::MAX;
const NAN: f64 = f64::NAN;
use tapegrad::{
    Dual, Tape, Var, derivative, gradient, hvp,
    masks::lt,
    preaccumulate, primitives,
    primitives::{Op, reductions},
};

const FRAC_1_SQRT_2PI: f64 = 0.398_942_280_401_432_7;

/// An operation, its arguments, its value, its partial derivatives.
type Line = (Op, &'static [f64], f64, &'static [f64]);

#[rustfmt::skip]
const TABLE: &[Line] = &[
    (Op::Add, &[MAX, MAX], INF, &[1.0, 1.0]),
    (Op::Add, &[INF, -INF], NAN, &[1.0, 1.0]),
    (Op::Add, &[NAN, 1.0], NAN, &[1.0, 1.0]),
    (Op::Add, &[-0.0, -0.0], -0.0, &[1.0, 1.0]),
    (Op::Sub, &[-MAX, MAX], -INF, &[1.0, -1.0]),
    (Op::Sub, &[INF, INF], NAN, &[1.0, -1.0]),
    (Op::Sub, &[1.0, NAN], NAN, &[1.0, -1.0]),
    (Op::Mul, &[0.0, 0.0], 0.0, &[0.0, 0.0]),
    (Op::Mul, &[0.0, INF], NAN, &[INF, 0.0]),
    (Op::Mul, &[MAX, 2.0], INF, &[2.0, MAX]),
    (Op::Mul, &[NAN, 2.0], NAN, &[2.0, NAN]),
    (Op::Div, &[1.0, 0.0], INF, &[INF, -INF]),
    (Op::Div, &[1.0, -0.0], -INF, &[-INF, -INF]),
    (Op::Div, &[0.0, 0.0], NAN, &[INF, NAN]),
    (Op::Div, &[0.0, 2.0], 0.0, &[0.5, -0.0]),
    (Op::Div, &[1.0, INF], 0.0, &[0.0, -0.0]),
    (Op::Div, &[INF, INF], NAN, &[0.0, NAN]),
    (Op::Div, &[MAX, 0.5], INF, &[2.0, -INF]),
    (Op::Div, &[NAN, 2.0], NAN, &[0.5, NAN]),
    (Op::Div, &[2.0, NAN], NAN, &[NAN, NAN]),
    (Op::Neg, &[0.0], -0.0, &[-1.0]),
    (Op::Neg, &[INF], -INF, &[-1.0]),
    (Op::Neg, &[NAN], NAN, &[-1.0]),
    (Op::Rem, &[4.0, 2.0], 0.0, &[1.0, -2.0]),
    (Op::Rem, &[-4.0, 2.0], -0.0, &[1.0, 2.0]),
    (Op::Rem, &[0.0, 2.0], 0.0, &[1.0, -0.0]),
    (Op::Rem, &[5.0, 0.0], NAN, &[1.0, NAN]),
    (Op::Rem, &[5.0, INF], 5.0, &[1.0, -0.0]),
    (Op::Rem, &[INF, 2.0], NAN, &[1.0, NAN]),
    (Op::Rem, &[NAN, 2.0], NAN, &[1.0, NAN]),
    (Op::Recip, &[0.0], INF, &[-INF]),
    (Op::Recip, &[-0.0], -INF, &[-INF]),
    (Op::Recip, &[INF], 0.0, &[-0.0]),
    (Op::Recip, &[NAN], NAN, &[NAN]),
    // a⁰ is 1 and flat, whatever a is.
    (Op::Powi(0), &[0.0], 1.0, &[0.0]),
    (Op::Powi(0), &[INF], 1.0, &[0.0]),
    (Op::Powi(0), &[NAN], 1.0, &[0.0]),
    (Op::Powi(1), &[0.0], 0.0, &[1.0]),
    (Op::Powi(2), &[0.0], 0.0, &[0.0]),
    (Op::Powi(2), &[-INF], INF, &[-INF]),
    (Op::Powi(2), &[MAX], INF, &[INF]),
    (Op::Powi(2), &[NAN], NAN, &[NAN]),
    (Op::Powi(3), &[-0.0], -0.0, &[0.0]),
    (Op::Powi(-1), &[0.0], INF, &[-INF]),
    (Op::Powi(-1), &[-0.0], -INF, &[-INF]),
    (Op::Powi(-1), &[INF], 0.0, &[-0.0]),
    (Op::Powi(-2), &[0.0], INF, &[-INF]),
    (Op::Powi(-2), &[-0.0], INF, &[INF]),
    (Op::Powi(i32::MAX), &[1.0], 1.0, &[2147483647.0]),
    (Op::Powi(i32::MIN), &[1.0], 1.0, &[-2147483648.0]),
    (Op::Powi(i32::MIN), &[2.0], 0.0, &[-0.0]),
    // The reciprocal of what overflows.
    (Op::Powi(-1074), &[2.0], 5e-324, &[-0.0]),
    (Op::Powi(-1030), &[-2.0], f64::from_bits(1 << 44), &[1030.0 * f64::from_bits(1 << 43)]),
    (Op::Powi(-3), &[-INF], -0.0, &[-0.0]),
    // At a = 0, by the exponent: the limit 0 for b > 0.
    (Op::Powf, &[0.0, 2.0], 0.0, &[0.0, 0.0]),
    (Op::Powf, &[0.0, 1.0], 0.0, &[1.0, 0.0]),
    (Op::Powf, &[0.0, 0.5], 0.0, &[INF, 0.0]),
    (Op::Powf, &[0.0, 0.0], 1.0, &[0.0, -INF]),
    (Op::Powf, &[0.0, -1.0], INF, &[-INF, -INF]),
    (Op::Powf, &[0.0, INF], 0.0, &[NAN, 0.0]),
    // Of a negative number: by a for integer b, never by b.
    (Op::Powf, &[-2.0, 2.0], 4.0, &[-4.0, NAN]),
    (Op::Powf, &[-2.0, 3.0], -8.0, &[12.0, NAN]),
    (Op::Powf, &[-2.0, 0.0], 1.0, &[-0.0, NAN]),
    (Op::Powf, &[-2.0, 0.5], NAN, &[NAN, NAN]),
    (Op::Powf, &[INF, 2.0], INF, &[INF, INF]),
    (Op::Powf, &[INF, -1.0], 0.0, &[-0.0, 0.0]),
    (Op::Powf, &[MAX, 2.0], INF, &[INF, INF]),
    (Op::Powf, &[NAN, 2.0], NAN, &[NAN, NAN]),
    (Op::Powf, &[NAN, 0.0], 1.0, &[NAN, NAN]),
    (Op::Powf, &[1.0, NAN], 1.0, &[NAN, 0.0]),
    (Op::Powf, &[2.0, NAN], NAN, &[NAN, NAN]),
    (Op::Xlogy, &[0.0, 0.0], 0.0, &[-INF, 0.0]),
    (Op::Xlogy, &[0.0, 1.0], 0.0, &[0.0, 0.0]),
    (Op::Xlogy, &[1.0, 0.0], -INF, &[-INF, INF]),
    (Op::Xlogy, &[0.0, -1.0], 0.0, &[NAN, -0.0]),
    (Op::Xlogy, &[1.0, -1.0], NAN, &[NAN, -1.0]),
    (Op::Xlogy, &[0.0, INF], 0.0, &[INF, 0.0]),
    (Op::Xlogy, &[0.0, NAN], NAN, &[NAN, NAN]),
    (Op::Xlogy, &[NAN, 1.0], NAN, &[0.0, NAN]),
    (Op::Sqrt, &[0.0], 0.0, &[INF]),
    (Op::Sqrt, &[-0.0], -0.0, &[-INF]),
    (Op::Sqrt, &[-1.0], NAN, &[NAN]),
    (Op::Sqrt, &[INF], INF, &[0.0]),
    (Op::Sqrt, &[NAN], NAN, &[NAN]),
    (Op::Cbrt, &[0.0], 0.0, &[INF]),
    (Op::Cbrt, &[-0.0], -0.0, &[INF]),
    (Op::Cbrt, &[-8.0], -2.0, &[1.0 / 12.0]),
    (Op::Cbrt, &[INF], INF, &[0.0]),
    (Op::Cbrt, &[NAN], NAN, &[NAN]),
    // One rounding, so no overflow on the way.
    (Op::MulAdd, &[MAX, 2.0, -MAX], MAX, &[2.0, MAX, 1.0]),
    (Op::MulAdd, &[0.0, INF, 1.0], NAN, &[INF, 0.0, 1.0]),
    (Op::MulAdd, &[NAN, 2.0, 1.0], NAN, &[2.0, NAN, 1.0]),
    (Op::MulAdd, &[2.0, 3.0, NAN], NAN, &[3.0, 2.0, 1.0]),
    (Op::Exp, &[0.0], 1.0, &[1.0]),
    (Op::Exp, &[710.0], INF, &[INF]),
    (Op::Exp, &[-1000.0], 0.0, &[0.0]),
    (Op::Exp, &[-INF], 0.0, &[0.0]),
    (Op::Exp, &[NAN], NAN, &[NAN]),
    (Op::Ln, &[0.0], -INF, &[INF]),
    (Op::Ln, &[-0.0], -INF, &[-INF]),
    (Op::Ln, &[-1.0], NAN, &[-1.0]),
    (Op::Ln, &[1.0], 0.0, &[1.0]),
    (Op::Ln, &[INF], INF, &[0.0]),
    (Op::Ln, &[NAN], NAN, &[NAN]),
    (Op::Exp2, &[0.0], 1.0, &[LN_2]),
    (Op::Exp2, &[1024.0], INF, &[INF]),
    (Op::Exp2, &[-2000.0], 0.0, &[0.0]),
    (Op::Exp2, &[NAN], NAN, &[NAN]),
    (Op::ExpM1, &[-0.0], -0.0, &[1.0]),
    (Op::ExpM1, &[1000.0], INF, &[INF]),
    (Op::ExpM1, &[-1000.0], -1.0, &[0.0]),
    (Op::ExpM1, &[NAN], NAN, &[NAN]),
    (Op::Ln1p, &[-0.0], -0.0, &[1.0]),
    (Op::Ln1p, &[-1.0], -INF, &[INF]),
    (Op::Ln1p, &[-2.0], NAN, &[-1.0]),
    (Op::Ln1p, &[INF], INF, &[0.0]),
    (Op::Ln1p, &[NAN], NAN, &[NAN]),
    (Op::Log2, &[0.0], -INF, &[INF]),
    (Op::Log2, &[1.0], 0.0, &[LOG2_E]),
    (Op::Log2, &[-1.0], NAN, &[-LOG2_E]),
    (Op::Log2, &[NAN], NAN, &[NAN]),
    (Op::Log10, &[0.0], -INF, &[INF]),
    (Op::Log10, &[1.0], 0.0, &[LOG10_E]),
    (Op::Log10, &[-1.0], NAN, &[-LOG10_E]),
    (Op::Log10, &[NAN], NAN, &[NAN]),
    (Op::Log, &[1.0, 2.0], 0.0, &[1.0 / LN_2, -0.0]),
    (Op::Log, &[0.0, 2.0], -INF, &[INF, INF]),
    (Op::Log, &[2.0, 1.0], INF, &[INF, -INF]),
    (Op::Log, &[1.0, 1.0], NAN, &[INF, NAN]),
    (Op::Log, &[2.0, 0.0], -0.0, &[-0.0, NAN]),
    (Op::Log, &[NAN, 2.0], NAN, &[NAN, NAN]),
    (Op::Log, &[2.0, NAN], NAN, &[NAN, NAN]),
    (Op::Sin, &[0.0], 0.0, &[1.0]),
    (Op::Sin, &[-0.0], -0.0, &[1.0]),
    (Op::Sin, &[INF], NAN, &[NAN]),
    (Op::Sin, &[NAN], NAN, &[NAN]),
    (Op::Cos, &[0.0], 1.0, &[-0.0]),
    (Op::Cos, &[-INF], NAN, &[NAN]),
    (Op::Cos, &[NAN], NAN, &[NAN]),
    (Op::Tan, &[0.0], 0.0, &[1.0]),
    (Op::Tan, &[INF], NAN, &[NAN]),
    (Op::Tan, &[NAN], NAN, &[NAN]),
    (Op::Asin, &[0.0], 0.0, &[1.0]),
    (Op::Asin, &[1.0], FRAC_PI_2, &[INF]),
    (Op::Asin, &[-1.0], -FRAC_PI_2, &[INF]),
    (Op::Asin, &[2.0], NAN, &[NAN]),
    (Op::Asin, &[NAN], NAN, &[NAN]),
    (Op::Acos, &[0.0], FRAC_PI_2, &[-1.0]),
    (Op::Acos, &[1.0], 0.0, &[-INF]),
    (Op::Acos, &[-1.0], PI, &[-INF]),
    (Op::Acos, &[-2.0], NAN, &[NAN]),
    (Op::Acos, &[NAN], NAN, &[NAN]),
    (Op::Atan, &[0.0], 0.0, &[1.0]),
    (Op::Atan, &[INF], FRAC_PI_2, &[0.0]),
    (Op::Atan, &[MAX], FRAC_PI_2, &[0.0]),
    (Op::Atan, &[NAN], NAN, &[NAN]),
    (Op::Atan2, &[0.0, 0.0], 0.0, &[NAN, NAN]),
    (Op::Atan2, &[0.0, -0.0], PI, &[NAN, NAN]),
    (Op::Atan2, &[0.0, 1.0], 0.0, &[1.0, -0.0]),
    (Op::Atan2, &[0.0, -1.0], PI, &[-1.0, -0.0]),
    (Op::Atan2, &[-0.0, -1.0], -PI, &[-1.0, 0.0]),
    (Op::Atan2, &[1.0, 0.0], FRAC_PI_2, &[0.0, -1.0]),
    (Op::Atan2, &[INF, 1.0], FRAC_PI_2, &[0.0, NAN]),
    (Op::Atan2, &[MAX, MAX], FRAC_PI_4, &[0.0, -0.0]),
    (Op::Atan2, &[NAN, 1.0], NAN, &[NAN, NAN]),
    (Op::Hypot, &[0.0, 0.0], 0.0, &[0.0, 0.0]),
    (Op::Hypot, &[0.0, NAN], NAN, &[NAN, NAN]),
    (Op::Hypot, &[0.0, -2.0], 2.0, &[0.0, -1.0]),
    (Op::Hypot, &[INF, 1.0], INF, &[NAN, 0.0]),
    (Op::Hypot, &[INF, NAN], INF, &[NAN, NAN]),
    (Op::Hypot, &[3e300, 4e300], 5e300, &[0.6, 0.8]),
    (Op::Hypot, &[MAX, MAX], INF, &[0.0, 0.0]),
    (Op::Hypot, &[NAN, 1.0], NAN, &[NAN, NAN]),
    (Op::Sinh, &[0.0], 0.0, &[1.0]),
    (Op::Sinh, &[-1000.0], -INF, &[INF]),
    (Op::Sinh, &[NAN], NAN, &[NAN]),
    (Op::Cosh, &[0.0], 1.0, &[0.0]),
    (Op::Cosh, &[-1000.0], INF, &[-INF]),
    (Op::Cosh, &[NAN], NAN, &[NAN]),
    (Op::Tanh, &[0.0], 0.0, &[1.0]),
    (Op::Tanh, &[1000.0], 1.0, &[0.0]),
    (Op::Tanh, &[-INF], -1.0, &[0.0]),
    (Op::Tanh, &[NAN], NAN, &[NAN]),
    (Op::Asinh, &[-0.0], -0.0, &[1.0]),
    (Op::Asinh, &[-INF], -INF, &[0.0]),
    (Op::Asinh, &[NAN], NAN, &[NAN]),
    (Op::Acosh, &[1.0], 0.0, &[INF]),
    (Op::Acosh, &[0.5], NAN, &[NAN]),
    (Op::Acosh, &[INF], INF, &[0.0]),
    (Op::Acosh, &[NAN], NAN, &[NAN]),
    (Op::Atanh, &[0.0], 0.0, &[1.0]),
    (Op::Atanh, &[1.0], INF, &[INF]),
    (Op::Atanh, &[-1.0], -INF, &[INF]),
    (Op::Atanh, &[2.0], NAN, &[-1.0 / 3.0]),
    (Op::Atanh, &[NAN], NAN, &[NAN]),
    (Op::Sigmoid, &[0.0], 0.5, &[0.25]),
    (Op::Sigmoid, &[1000.0], 1.0, &[0.0]),
    (Op::Sigmoid, &[-1000.0], 0.0, &[0.0]),
    (Op::Sigmoid, &[-INF], 0.0, &[0.0]),
    (Op::Sigmoid, &[NAN], NAN, &[NAN]),
    (Op::Softplus, &[0.0], LN_2, &[0.5]),
    (Op::Softplus, &[1000.0], 1000.0, &[1.0]),
    (Op::Softplus, &[-1000.0], 0.0, &[0.0]),
    (Op::Softplus, &[INF], INF, &[1.0]),
    (Op::Softplus, &[-INF], 0.0, &[0.0]),
    (Op::Softplus, &[NAN], NAN, &[NAN]),
    (Op::Silu, &[0.0], 0.0, &[0.5]),
    (Op::Silu, &[1000.0], 1000.0, &[1.0]),
    (Op::Silu, &[-1000.0], -0.0, &[-0.0]),
    (Op::Silu, &[-INF], NAN, &[NAN]),
    (Op::Silu, &[NAN], NAN, &[NAN]),
    (Op::BinaryCrossEntropy, &[0.0, 0.5], LN_2, &[0.0, -0.0]),
    (Op::BinaryCrossEntropy, &[INF, 1.0], 0.0, &[0.0, -INF]),
    (Op::BinaryCrossEntropy, &[-INF, 0.0], 0.0, &[0.0, INF]),
    (Op::BinaryCrossEntropy, &[INF, 0.0], INF, &[1.0, -INF]),
    (Op::BinaryCrossEntropy, &[-INF, 1.0], INF, &[-1.0, INF]),
    (Op::BinaryCrossEntropy, &[INF, 0.5], INF, &[0.5, -INF]),
    (Op::BinaryCrossEntropy, &[1000.0, 0.0], 1000.0, &[1.0, -1000.0]),
    (Op::BinaryCrossEntropy, &[NAN, 1.0], NAN, &[NAN, NAN]),
    (Op::BinaryCrossEntropy, &[1.0, NAN], NAN, &[NAN, -1.0]),
    (Op::Gelu, &[0.0], 0.0, &[0.5]),
    (Op::Gelu, &[1000.0], 1000.0, &[1.0]),
    (Op::Gelu, &[-1000.0], -0.0, &[0.0]),
    (Op::Gelu, &[-INF], NAN, &[NAN]),
    (Op::Gelu, &[NAN], NAN, &[NAN]),
    (Op::Erf, &[0.0], 0.0, &[FRAC_2_SQRT_PI]),
    (Op::Erf, &[1000.0], 1.0, &[0.0]),
    (Op::Erf, &[-INF], -1.0, &[0.0]),
    (Op::Erf, &[NAN], NAN, &[NAN]),
    (Op::Erfc, &[0.0], 1.0, &[-FRAC_2_SQRT_PI]),
    (Op::Erfc, &[1000.0], 0.0, &[-0.0]),
    (Op::Erfc, &[-1000.0], 2.0, &[-0.0]),
    (Op::Erfc, &[NAN], NAN, &[NAN]),
    (Op::Erfcx, &[0.0], 1.0, &[-FRAC_2_SQRT_PI]),
    (Op::Erfcx, &[INF], 0.0, &[-0.0]),
    (Op::Erfcx, &[-1000.0], INF, &[-INF]),
    (Op::Erfcx, &[NAN], NAN, &[NAN]),
    (Op::ErfcxIntegral(1), &[0.0], FRAC_2_SQRT_PI / 2.0, &[-1.0]),
    (Op::ErfcxIntegral(1), &[INF], 0.0, &[-0.0]),
    (Op::ErfcxIntegral(2), &[NAN], NAN, &[NAN]),
    (Op::NormalCdf, &[0.0], 0.5, &[FRAC_1_SQRT_2PI]),
    (Op::NormalCdf, &[1000.0], 1.0, &[0.0]),
    (Op::NormalCdf, &[-INF], 0.0, &[0.0]),
    (Op::NormalCdf, &[NAN], NAN, &[NAN]),
    (Op::LnNormalCdf, &[1000.0], -0.0, &[0.0]),
    (Op::LnNormalCdf, &[-INF], -INF, &[INF]),
    (Op::LnNormalCdf, &[NAN], NAN, &[NAN]),
    (Op::LnGamma, &[0.0], INF, &[-INF]),
    (Op::LnGamma, &[-0.0], INF, &[INF]),
    (Op::LnGamma, &[-1.0], INF, &[NAN]),
    (Op::LnGamma, &[INF], INF, &[INF]),
    (Op::LnGamma, &[NAN], NAN, &[NAN]),
    (Op::Digamma, &[0.0], -INF, &[NAN]),
    (Op::Digamma, &[-1.0], NAN, &[NAN]),
    (Op::Digamma, &[INF], INF, &[0.0]),
    (Op::Digamma, &[NAN], NAN, &[NAN]),
    (Op::Polygamma(1), &[INF], 0.0, &[-0.0]),
    (Op::Polygamma(1), &[NAN], NAN, &[NAN]),
    (Op::Polygamma(2), &[-3.0], NAN, &[NAN]),
    (Op::Abs, &[0.0], 0.0, &[0.0]),
    (Op::Abs, &[-0.0], 0.0, &[0.0]),
    (Op::Abs, &[-2.0], 2.0, &[-1.0]),
    (Op::Abs, &[-INF], INF, &[-1.0]),
    (Op::Abs, &[NAN], NAN, &[NAN]),
    (Op::Signum, &[0.0], 1.0, &[0.0]),
    (Op::Signum, &[-0.0], -1.0, &[0.0]),
    (Op::Signum, &[INF], 1.0, &[0.0]),
    (Op::Signum, &[NAN], NAN, &[0.0]),
    (Op::Max, &[1.0, 1.0], 1.0, &[0.5, 0.5]),
    (Op::Max, &[INF, INF], INF, &[0.5, 0.5]),
    (Op::Max, &[1.0, 2.0], 2.0, &[0.0, 1.0]),
    (Op::Max, &[-INF, 2.0], 2.0, &[0.0, 1.0]),
    (Op::Max, &[NAN, 2.0], 2.0, &[0.0, 1.0]),
    (Op::Max, &[2.0, NAN], 2.0, &[1.0, 0.0]),
    (Op::Max, &[NAN, NAN], NAN, &[NAN, NAN]),
    (Op::Min, &[1.0, 1.0], 1.0, &[0.5, 0.5]),
    (Op::Min, &[-INF, -INF], -INF, &[0.5, 0.5]),
    (Op::Min, &[1.0, 2.0], 1.0, &[1.0, 0.0]),
    (Op::Min, &[INF, 2.0], 2.0, &[0.0, 1.0]),
    (Op::Min, &[NAN, 2.0], 2.0, &[0.0, 1.0]),
    (Op::Min, &[2.0, NAN], 2.0, &[1.0, 0.0]),
    (Op::Min, &[NAN, NAN], NAN, &[NAN, NAN]),
    (Op::Relu, &[0.0], 0.0, &[0.0]),
    (Op::Relu, &[-0.0], 0.0, &[0.0]),
    (Op::Relu, &[-INF], 0.0, &[0.0]),
    (Op::Relu, &[INF], INF, &[1.0]),
    (Op::Relu, &[5e-324], 5e-324, &[1.0]),
    (Op::Relu, &[NAN], NAN, &[1.0]),
    (Op::LeakyRelu, &[0.0, 0.1], 0.0, &[0.1, 0.0]),
    (Op::LeakyRelu, &[-0.0, 0.1], -0.0, &[0.1, -0.0]),
    (Op::LeakyRelu, &[-2.0, 0.0], -0.0, &[0.0, -2.0]),
    (Op::LeakyRelu, &[INF, 0.1], INF, &[1.0, 0.0]),
    (Op::LeakyRelu, &[-INF, 0.0], NAN, &[0.0, -INF]),
    (Op::LeakyRelu, &[NAN, 0.1], NAN, &[0.1, NAN]),
    (Op::Elu, &[0.0, 2.0], 0.0, &[2.0, 0.0]),
    (Op::Elu, &[2.0, 0.5], 2.0, &[1.0, 0.0]),
    (Op::Elu, &[INF, 0.5], INF, &[1.0, 0.0]),
    (Op::Elu, &[-INF, 2.0], -2.0, &[0.0, -1.0]),
    (Op::Elu, &[NAN, 2.0], NAN, &[NAN, NAN]),
    (Op::Clamp, &[0.5, -1.0, 1.0], 0.5, &[1.0, 0.0, 0.0]),
    (Op::Clamp, &[-1.0, -1.0, 1.0], -1.0, &[1.0, 0.0, 0.0]),
    (Op::Clamp, &[1.0, -1.0, 1.0], 1.0, &[1.0, 0.0, 0.0]),
    (Op::Clamp, &[5.0, 5.0, 5.0], 5.0, &[1.0, 0.0, 0.0]),
    (Op::Clamp, &[-2.0, -1.0, 1.0], -1.0, &[0.0, 1.0, 0.0]),
    (Op::Clamp, &[INF, -1.0, 1.0], 1.0, &[0.0, 0.0, 1.0]),
    (Op::Clamp, &[NAN, -1.0, 1.0], NAN, &[0.0, 0.0, 0.0]),
    (Op::Floor, &[1.0], 1.0, &[0.0]),
    (Op::Floor, &[-0.5], -1.0, &[0.0]),
    (Op::Floor, &[NAN], NAN, &[0.0]),
    (Op::Ceil, &[1.0], 1.0, &[0.0]),
    (Op::Ceil, &[-0.5], -0.0, &[0.0]),
    (Op::Ceil, &[NAN], NAN, &[0.0]),
    (Op::Round, &[0.5], 1.0, &[0.0]),
    (Op::Round, &[-2.5], -3.0, &[0.0]),
    (Op::Round, &[NAN], NAN, &[0.0]),
    (Op::Trunc, &[1.75], 1.0, &[0.0]),
    (Op::Trunc, &[-0.5], -0.0, &[0.0]),
    (Op::Trunc, &[NAN], NAN, &[0.0]),
    (Op::Fract, &[-1.25], -0.25, &[1.0]),
    (Op::Fract, &[2.0], 0.0, &[1.0]),
    (Op::Fract, &[INF], NAN, &[1.0]),
    (Op::Fract, &[NAN], NAN, &[1.0]),
    (Op::Less, &[1.0, 2.0], 1.0, &[0.0, 0.0]),
    (Op::Less, &[1.0, 1.0], 0.0, &[0.0, 0.0]),
    (Op::Less, &[-0.0, 0.0], 0.0, &[0.0, 0.0]),
    (Op::Less, &[NAN, 1.0], 0.0, &[0.0, 0.0]),
    (Op::LessEqual, &[1.0, 1.0], 1.0, &[0.0, 0.0]),
    (Op::LessEqual, &[2.0, 1.0], 0.0, &[0.0, 0.0]),
    (Op::LessEqual, &[1.0, NAN], 0.0, &[0.0, 0.0]),
    (Op::Equal, &[0.0, -0.0], 1.0, &[0.0, 0.0]),
    (Op::Equal, &[1.0, 2.0], 0.0, &[0.0, 0.0]),
    (Op::Equal, &[NAN, NAN], 0.0, &[0.0, 0.0]),
    (Op::Select, &[1.0, 2.0, 3.0], 2.0, &[0.0, 1.0, 0.0]),
    (Op::Select, &[0.0, 2.0, 3.0], 3.0, &[0.0, 0.0, 1.0]),
    (Op::Select, &[-0.0, 2.0, 3.0], 3.0, &[0.0, 0.0, 1.0]),
    (Op::Select, &[1.0, 2.0, INF], 2.0, &[0.0, 1.0, 0.0]),
    (Op::Select, &[1.0, NAN, 3.0], NAN, &[0.0, 1.0, 0.0]),
    (Op::Select, &[NAN, 2.0, 3.0], 2.0, &[0.0, 1.0, 0.0]),
    (Op::StopGradient, &[2.0], 2.0, &[0.0]),
    (Op::StopGradient, &[INF], INF, &[0.0]),
    (Op::StopGradient, &[NAN], NAN, &[0.0]),
    (Op::Sum, &[], 0.0, &[]),
    (Op::Sum, &[-0.0], -0.0, &[1.0]),
    (Op::Sum, &[INF, -INF, 1.0], NAN, &[1.0, 1.0, 1.0]),
    (Op::Sum, &[NAN, 1.0], NAN, &[1.0, 1.0]),
    (Op::Product, &[], 1.0, &[]),
    (Op::Product, &[0.0, 5.0], 0.0, &[5.0, 0.0]),
    (Op::Product, &[0.0, 5.0, 0.0], 0.0, &[0.0, 0.0, 0.0]),
    (Op::Product, &[0.0, INF], NAN, &[INF, 0.0]),
    (Op::Product, &[NAN, 2.0], NAN, &[2.0, NAN]),
    (Op::Dot, &[], 0.0, &[]),
    (Op::Dot, &[1.0, 2.0, 3.0, 4.0], 11.0, &[3.0, 4.0, 1.0, 2.0]),
    (Op::Dot, &[0.0, INF], NAN, &[INF, 0.0]),
    (Op::Dot, &[NAN, 2.0], NAN, &[2.0, NAN]),
    (Op::Affine, &[5.0], 5.0, &[1.0]),
    (Op::Affine, &[2.0, 3.0, 1.0], 7.0, &[3.0, 2.0, 1.0]),
    (Op::Affine, &[0.0, INF, 1.0], NAN, &[INF, 0.0, 1.0]),
    (Op::Affine, &[2.0, 3.0, NAN], NAN, &[3.0, 2.0, 1.0]),
    (Op::Norm, &[], 0.0, &[]),
    (Op::Norm, &[0.0, 0.0], 0.0, &[0.0, 0.0]),
    (Op::Norm, &[-2.0], 2.0, &[-1.0]),
    (Op::Norm, &[0.0, -2.0], 2.0, &[0.0, -1.0]),
    (Op::Norm, &[3e300, 4e300], 5e300, &[0.6, 0.8]),
    (Op::Norm, &[-INF, 1.0], INF, &[NAN, 0.0]),
    (Op::Norm, &[NAN, 1.0], NAN, &[NAN, NAN]),
    (Op::LogSumExp, &[], -INF, &[]),
    (Op::LogSumExp, &[5.0], 5.0, &[1.0]),
    (Op::LogSumExp, &[-INF, 1.0], 1.0, &[0.0, 1.0]),
    (Op::LogSumExp, &[-1000.0, 1000.0], 1000.0, &[0.0, 1.0]),
    (Op::LogSumExp, &[-INF, -INF], -INF, &[NAN, NAN]),
    (Op::LogSumExp, &[INF, 1.0], INF, &[NAN, 0.0]),
    (Op::LogSumExp, &[NAN, 1.0], NAN, &[NAN, NAN]),
    (Op::CrossEntropy, &[], 0.0, &[]),
    (Op::CrossEntropy, &[-INF, 1.0, 0.0, 0.0], 0.0, &[0.0, 0.0, INF, 0.0]),
    (Op::CrossEntropy, &[5.0, 1.0], 0.0, &[0.0, 0.0]),
    (Op::CrossEntropy, &[0.0, -INF, 1.0, 0.0], 0.0, &[0.0, 0.0, 0.0, INF]),
    (Op::CrossEntropy, &[0.0, -INF, 0.0, 1.0], INF, &[1.0, -1.0, 0.0, INF]),
    (Op::CrossEntropy, &[0.0, -INF, 0.5, 0.5], INF, &[0.5, -0.5, 0.0, INF]),
    (Op::CrossEntropy, &[1e16, 1e16, 1.0, 0.0], LN_2, &[-0.5, 0.5, LN_2, LN_2]),
    (Op::CrossEntropy, &[INF, 0.0, 0.0, 1.0], INF, &[NAN, -1.0, NAN, INF]),
    (Op::CrossEntropy, &[NAN, 0.0, 0.0, 1.0], NAN, &[NAN, NAN, NAN, NAN]),
    (Op::Variance, &[], NAN, &[]),
    (Op::Variance, &[5.0], 0.0, &[0.0]),
    (Op::Variance, &[1.0, 1.0], 0.0, &[0.0, 0.0]),
    (Op::Variance, &[INF, 1.0], NAN, &[NAN, -INF]),
    (Op::Variance, &[NAN, 1.0], NAN, &[NAN, NAN]),
];

/// `args` as numbers, of which those that `active` names are `variable(value, place)`.
fn arguments<R: From<f64>>(
    args: &[f64],
    active: impl Fn(usize) -> bool,
    variable: impl Fn(f64, usize) -> R,
) -> Vec<R> {
    args.iter().enumerate().map(|(k, &a)| if active(k) { variable(a, k) } else { R::from(a) }).collect()
}

#[test]
fn the_table_itself() {
    for &(op, args, value, partials) in TABLE {
        let y = op.value(args).unwrap();
        assert!(same(y, value), "{op}{args:?} is {y}, not {value}");
        let computed = op.partials(args, y).unwrap();
        for (k, (&computed, &expected)) in computed.iter().zip(partials).enumerate() {
            assert!(same(computed, expected), "{op}{args:?}: partial {k} is {computed}, not {expected}");
        }
        assert_eq!(computed.len(), partials.len());
    }
}

#[test]
fn reverse_mode() {
    for &(op, args, value, partials) in TABLE {
        let tape = Tape::new();
        let vars = arguments(args, |_| true, |a, _| tape.var(a));
        let y = op.value(&vars).unwrap();
        assert!(same(y.value(), value), "{op}{args:?}");
        let g = y.backward().wrt(&vars);
        for (k, (&g, &partial)) in g.iter().zip(partials).enumerate() {
            assert!(alike(g, partial), "{op}{args:?} by {k}: {g}, not {partial}");
            // The same where all others are constants.
            let vars = arguments(args, |other| other == k, |a, _| tape.var(a));
            let alone = op.value(&vars).unwrap().backward()[vars[k]];
            assert!(alike(alone, partial), "{op}{args:?} by {k} alone: {alone}, not {partial}");
        }
    }
}

#[test]
fn forward_mode() {
    for &(op, args, value, partials) in TABLE {
        // One direction per operand, and one that reaches none of them.
        let duals = arguments(args, |_| true, Dual::<f64, 5>::variable);
        let y = op.value(&duals).unwrap();
        assert!(same(y.primal(), value), "{op}{args:?}");
        assert_eq!(y.tangent(4), 0.0, "{op}{args:?}: nothing reaches this direction");
        for (k, &partial) in partials.iter().enumerate() {
            assert!(alike(y.tangent(k), partial), "{op}{args:?} by {k}: {}, not {partial}", y.tangent(k));
            let duals = arguments(args, |other| other == k, |a, _| Dual::<f64, 1>::variable(a, 0));
            let alone = op.value(&duals).unwrap();
            assert!(same(alone.primal(), value), "{op}{args:?}");
            assert!(alike(alone.tangent(0), partial), "{op}{args:?} by {k} alone: {}", alone.tangent(0));
        }
    }
}

#[test]
fn forward_mode_over_other_numbers() {
    for &(op, args, value, partials) in TABLE {
        for (k, &partial) in partials.iter().enumerate() {
            let nested =
                arguments(args, |other| other == k, |a, _| Dual::<Dual>::variable(Dual::variable(a, 0), 0));
            let y = op.value(&nested).unwrap();
            assert!(same(y.primal().primal(), value), "{op}{args:?}");
            assert!(alike(y.primal().tangent(0), partial), "{op}{args:?} by {k}: {y}, not {partial}");
            assert!(alike(y.tangent(0).primal(), partial), "{op}{args:?} by {k}: {y}, not {partial}");
            for tape in [Tape::new(), Tape::recording()] {
                let duals = arguments(args, |other| other == k, |a, _| Dual::<Var>::variable(tape.var(a), 0));
                let y = op.value(&duals).unwrap();
                assert!(same(y.primal().value(), value), "{op}{args:?}");
                assert!(alike(y.tangent(0).value(), partial), "{op}{args:?} by {k}: {y}, not {partial}");
            }
        }
    }
}

#[test]
fn every_operation_is_in_the_table_and_is_given_a_nan() {
    let tested: HashSet<_> = TABLE.iter().map(|line| line.0.name()).collect();
    let with_nan: HashSet<_> =
        TABLE.iter().filter(|line| line.1.iter().any(|a| a.is_nan())).map(|line| line.0.name()).collect();
    for op in primitives::all().map(|row| row.op).chain(reductions()) {
        assert!(tested.contains(op.name()), "`{op}` has no line in the edge table");
        assert!(with_nan.contains(op.name()), "`{op}` has no line with a NaN");
    }
}

#[test]
fn ties_of_zeros() {
    // Which of the two zeros `f64::max` returns is left to the platform; the tie is not.
    for args in [[0.0, -0.0], [-0.0, 0.0]] {
        assert_eq!(gradient(|[a, b]| a.max(b), args), [0.5, 0.5]);
        assert_eq!(gradient(|[a, b]| a.min(b), args), [0.5, 0.5]);
    }
}

fn tangent_on(tape: &Tape, f: impl FnOnce(Dual<Var>) -> Dual<Var>) -> f64 {
    f(Dual::variable(tape.var(0.0), 0)).tangent(0).value()
}

/// The derivative of `f` at 0, in every mode.
macro_rules! at_zero {
    (|$x:ident| $f:expr) => {
        [
            gradient(|[$x]| $f, [0.0])[0],
            derivative(|$x| $f, 0.0),
            gradient(|[$x]| preaccumulate([$x], |[$x]| $f), [0.0])[0],
            tangent_on(&Tape::new(), |$x| $f),
            tangent_on(&Tape::recording(), |$x| $f),
        ]
    };
}

#[test]
fn a_zero_that_is_a_number_hides_no_infinity() {
    // The truth is 1, which the chain rule cannot find: 0 · ∞. It must not say 0.
    assert!(at_zero!(|x| x.sqrt() * x.sqrt()).iter().all(|g| g.is_nan()));
    assert!(at_zero!(|x| x.sqrt() * 0.0).iter().all(|g| g.is_nan()));
    assert!(at_zero!(|x| (x.sqrt() * 0.0).exp()).iter().all(|g| g.is_nan()));
    // In the second derivative as well.
    let second = hvp(|[x]| x.sqrt() * x.sqrt(), [0.0], [1.0]);
    assert!(second[0].is_nan());
}

#[test]
fn what_is_not_used_does_not_poison() {
    let tape = Tape::new();
    let x = tape.var(0.0);
    let unused = [x.ln(), x.recip(), x.sqrt(), (x / x) * x];
    let y = x * 3.0;
    assert_eq!(y.backward()[x], 3.0);
    // Not even where a used infinity makes the sweep look closer.
    let z = y + (x + 1.0).ln() * 0.0 + (x.sqrt() * 0.0).detach() + unused[0].signum();
    assert_eq!(z.backward()[x], 3.0);
    let used = tape.var(0.0);
    let w = y + used.sqrt() * 0.0;
    let g = w.backward();
    assert!(g[used].is_nan());
    assert_eq!(g[x], 3.0, "what one variable suffers, another does not");
}

#[test]
fn an_operand_that_is_not_taken_does_not_poison() {
    // √0 has an infinite derivative behind it, and each of these leaves it.
    assert_eq!(at_zero!(|x| x.sqrt().max(x + 1.0)), [1.0; 5]);
    assert_eq!(at_zero!(|x| (x * 2.0 - 1.0).min(x.sqrt())), [2.0; 5]);
    assert_eq!(at_zero!(|x| (-x.sqrt() - 1.0).relu() + x), [1.0; 5]);
    assert_eq!(at_zero!(|x| x.sqrt().signum() * x), [1.0; 5]);
    assert_eq!(at_zero!(|x| x.ln().stop_gradient().exp() + x), [1.0; 5]);
    assert_eq!(at_zero!(|x| lt(x, 1.0).select(x, x.ln())), [1.0; 5]);
    assert_eq!(at_zero!(|x| lt(x.sqrt(), 0.0).select(x.ln(), x * 2.0)), [2.0; 5]);
    // Nor does it reach what comes after.
    assert_eq!(gradient(|[x]| (x - 1.0).relu().sqrt(), [0.0]), [0.0]);
    assert_eq!(derivative(|x| (x - 1.0).relu().sqrt(), 0.0), 0.0);
    assert_eq!(gradient(|[x]| preaccumulate([x], |[x]| (x - 1.0).relu().sqrt()), [0.0]), [0.0]);
    assert_eq!(hvp(|[x]| (x - 1.0).relu().sqrt() * x, [0.0], [1.0]), [0.0]);
    // What is taken does.
    assert_eq!(at_zero!(|x| x.sqrt().max(x - 1.0)), [INF; 5]);
    assert_eq!(at_zero!(|x| lt(x, 1.0).select(x.sqrt(), x)), [INF; 5]);
}

#[test]
fn a_direction_that_does_not_reach_is_zero() {
    let [c, y] = [Dual::<f64, 2>::constant(0.0), Dual::variable(3.0, 1)];
    assert_eq!((c.sqrt() * y).tangents(), [0.0, 0.0]);
    let [x, y] = Dual::variables([0.0, 3.0]);
    let z = x.sqrt() + y * y;
    assert_eq!(z.tangents(), [INF, 6.0]);
    let z = x.sqrt() * (y * 2.0);
    assert_eq!(z.tangents(), [INF, 0.0]);
    let z = x.sqrt() * x.sqrt() * y;
    assert!(z.tangent(0).is_nan());
    assert_eq!(z.tangent(1), 0.0);
}
