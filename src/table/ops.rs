//! THE TABLE: every primitive, once.
//!
//! A row holds the documentation, the name, the arguments, the value over any plain number (`base.rs`), the partial
//! derivatives over any [`Number`](crate::Number), and the intervals from which property tests draw arguments:
//!
//! ```text
//! /// Quotient, `a / b`.
//! operator(DivAssign div_assign) Div div(a, b) -> y {
//!     value: a / b, partials: [b.recip(), -y / b], on: [-4.0..4.0, 0.5..4.0] }
//! ```
//!
//! A rule sees the arguments *and* the result `y`. The kinds of row:
//!
//! - `operator(…)`: also an operator of the language; the parentheses name its assign form.
//! - `function`: a method, differentiable on its domain; a partial of zero is a number like any other.
//! - `piecewise`: a method whose partials are constant on every piece: it selects one of its operands, or is flat. A
//!   partial of exactly zero is a *structural zero* there: the operand is not linked, and nothing behind it, not even
//!   an infinity, reaches the gradient.
//!
//! Where another condition applies, `untaken` after the partials says for each operand when it is not selected:
//! `never`, or a mask. So at a kink a derivative of 0 is a *convention*, and a number like any other: `relu` does not
//! select its operand below 0, and `abs` always selects it. At a jump, as of `floor`, both sides are flat, and the
//! zero is structural.
//!
//! The rows of `reductions` take lists of any length, as iterators, and after a semicolon one more number. Their
//! partials are in the order of the operands.
//!
//! `; n: i32 in [..]` after the arguments is a plain integer, not a number: it is part of the operation and never
//! differentiated; the list holds the values that tests use.
//!
//! This table generates the [`Op`] enum, the trait [`Number`](crate::Number), the methods and operators of every
//! number type, the formulas in their documentation, and the tests over the table. Nothing else in the crate names an
//! operation.

use crate::table::atomic::AtomicOp;
use crate::table::matrix::op::MatrixOp;
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

/// Passes every row of the table to the macro `$consumer`, after the tokens of `$context`.
macro_rules! for_each_primitive {
    ($consumer:ident $($context:tt)*) => { $consumer! { $($context)*

/// Sum, `a + b`.
operator(AddAssign add_assign) Add add(a, b) -> y {
    value: a + b, partials: [constant(1.0), constant(1.0)], on: [-4.0..4.0, -4.0..4.0] }

/// Difference, `a - b`.
operator(SubAssign sub_assign) Sub sub(a, b) -> y {
    value: a - b, partials: [constant(1.0), constant(-1.0)], on: [-4.0..4.0, -4.0..4.0] }

/// Product, `a * b`.
operator(MulAssign mul_assign) Mul mul(a, b) -> y {
    value: a * b, partials: [b, a], on: [-4.0..4.0, -4.0..4.0] }

/// Quotient, `a / b`.
operator(DivAssign div_assign) Div div(a, b) -> y {
    value: a / b, partials: [b.recip(), -y / b], on: [-4.0..4.0, 0.5..4.0] }

/// Negation, `-a`.
operator() Neg neg(a) -> y {
    value: -a, partials: [constant(-1.0)], on: [-4.0..4.0] }

/// Remainder of the division of `a` by `b`, with the sign of `a`. The derivative with respect to `b` is minus the
/// integer quotient, computed as `(a − y) / b` and rounded: `a / b`, truncated, would be off by one near multiples.
operator(RemAssign rem_assign) Rem rem(a, b) -> y {
    value: a % b, partials: [constant(1.0), -((a - y) / b).round()], on: [-4.0..4.0, 0.5..4.0] }

/// Reciprocal, `1 / a`.
function(std) Recip recip(a) -> y {
    value: a.recip(), partials: [-y * y], on: [0.25..4.0] }

/// Power with an integer exponent, `aⁿ`, by repeated squaring. `a⁰` is 1 with derivative 0 everywhere.
function(special) Powi powi(a; n: i32 in [-3, -1, 0, 1, 2, 3, 5, 10]) -> y {
    value: a.powi(n),
    partials: [match n {
        0 => constant(0.0),
        1 => constant(1.0),
        2.. => a.powi(n - 1) * f64::from(n),
        _ => y / a * f64::from(n),
    }],
    on: [0.25..4.0] }

/// Power, `aᵇ`, for `a ≥ 0`. For `a < 0` and an integer `b` there is a derivative with respect to `a`; the one with
/// respect to `b` is NaN. At `a = 0` the derivative with respect to `b` is its limit 0 for `b > 0`, and −∞ at `b = 0`,
/// since `0ᵇ` falls from 1 to 0; the one with respect to `a` is 0 at `b = 0`.
function(std) Powf powf(a, b) -> y {
    value: a.powf(b),
    partials: [
        // `b y / a`, except where an underflow or overflow spoils it.
        either!(
            constant::<R>(1.0 / R::LARGE).less(y.abs())
                * y.abs().less(R::LARGE)
                * constant::<R>(1.0 / R::LARGE).less(a.abs()),
            b * y / a,
            (a.equal(0.0) * b.equal(0.0)).select(0.0, b * a.powf(b - 1.0))
        ),
        y.xlogy(a)
    ],
    on: [0.25..4.0, -3.0..3.0] }

/// `a · ln b`, with `0 · ln 0 = 0`: the form of entropies and likelihoods. Where `a = 0`, the derivative with respect
/// to `b` is 0 for every `b ≥ 0`.
function Xlogy xlogy(a, b) -> y {
    value: choose!(a.is_equal(zero()) & !b.is_nan(), zero(), a * b.ln()),
    partials: [b.ln(), formulas::ratio(a, b)],
    on: [-4.0..4.0, 0.25..4.0] }

/// Square root, `√a`. At 0 the derivative is infinite.
function(std) Sqrt sqrt(a) -> y {
    value: a.sqrt(), partials: [y.recip() * 0.5], on: [0.25..4.0] }

/// Cube root, of negative numbers too. At 0 the derivative is infinite.
function(std) Cbrt cbrt(a) -> y {
    value: a.cbrt(), partials: [(y * y * 3.0).recip()], on: [0.25..4.0] }

/// Product and sum with one rounding, `a · b + c`.
function(std) MulAdd mul_add(a, b, c) -> y {
    value: a.mul_add(b, c), partials: [b, a, constant(1.0)], on: [-4.0..4.0, -4.0..4.0, -4.0..4.0] }

/// Exponential, `eᵃ`.
function(std) Exp exp(a) -> y {
    value: a.exp(), partials: [y], on: [-4.0..4.0] }

/// Natural logarithm. At 0 the value is −∞ and the derivative infinite.
function(std) Ln ln(a) -> y {
    value: a.ln(), partials: [a.recip()], on: [0.25..4.0] }

/// Power of two, `2ᵃ`.
function(std) Exp2 exp2(a) -> y {
    value: a.exp2(), partials: [y * LN_2], on: [-4.0..4.0] }

/// `eᵃ − 1`, accurate near 0.
function(std) ExpM1 exp_m1(a) -> y {
    value: a.exp_m1(), partials: [a.exp()], on: [-4.0..4.0] }

/// `ln(1 + a)`, accurate near 0.
function(std) Ln1p ln_1p(a) -> y {
    value: a.ln_1p(), partials: [(a + 1.0).recip()], on: [-0.75..4.0] }

/// Binary logarithm.
function(std) Log2 log2(a) -> y {
    value: a.log2(), partials: [a.recip() * LOG2_E], on: [0.25..4.0] }

/// Decimal logarithm.
function(std) Log10 log10(a) -> y {
    value: a.log10(), partials: [a.recip() * LOG10_E], on: [0.25..4.0] }

/// Logarithm of `a` to the base `b`, `ln a / ln b`.
function(std) Log log(a, b) -> y {
    value: a.log(b), partials: [(a * b.ln()).recip(), -y / (b * b.ln())], on: [0.25..4.0, 1.5..4.0] }

/// Sine of an angle in radians.
function(std) Sin sin(a) -> y {
    value: a.sin(), partials: [a.cos()], on: [-4.0..4.0] }

/// Cosine of an angle in radians.
function(std) Cos cos(a) -> y {
    value: a.cos(), partials: [-a.sin()], on: [-4.0..4.0] }

/// Tangent of an angle in radians.
function(std) Tan tan(a) -> y {
    value: a.tan(), partials: [y * y + 1.0], on: [-1.4..1.4] }

/// Arc sine, in radians.
function(std) Asin asin(a) -> y {
    value: a.asin(), partials: [((-a + 1.0) * (a + 1.0)).sqrt().recip()], on: [-0.95..0.95] }

/// Arc cosine, in radians.
function(std) Acos acos(a) -> y {
    value: a.acos(), partials: [-((-a + 1.0) * (a + 1.0)).sqrt().recip()], on: [-0.95..0.95] }

/// Arc tangent, in radians.
function(std) Atan atan(a) -> y {
    value: a.atan(), partials: [(a * a + 1.0).recip()], on: [-4.0..4.0] }

/// The angle of the point `(b, a)`, in radians in (−π, π]: `a` is the ordinate, `b` the abscissa.
/// At the origin the value is that of the standard library and the derivatives are NaN.
function(std) Atan2 atan2(a, b) -> y {
    value: a.atan2(b),
    partials: [b / a.hypot(b) / a.hypot(b), -a / a.hypot(b) / a.hypot(b)],
    on: [0.5..4.0, -4.0..4.0] }

/// Length of the vector `(a, b)`, `√(a² + b²)` without overflow. At the origin the derivatives are 0, as for `abs`,
/// and the second derivatives are infinite.
function(std) Hypot hypot(a, b) -> y {
    value: a.hypot(b), partials: [formulas::cosine(a, b, y), formulas::cosine(b, a, y)], on: [0.5..4.0, -4.0..4.0] }

/// Hyperbolic sine.
function(std) Sinh sinh(a) -> y {
    value: a.sinh(), partials: [a.cosh()], on: [-4.0..4.0] }

/// Hyperbolic cosine.
function(std) Cosh cosh(a) -> y {
    value: a.cosh(), partials: [a.sinh()], on: [-4.0..4.0] }

/// Hyperbolic tangent.
function(std) Tanh tanh(a) -> y {
    value: a.tanh(),
    // 1 − y² has no correct digit left at 19.
    partials: [either!(y.abs().less(0.75), (-y + 1.0) * (y + 1.0), {
        let e = (a.abs() * -2.0).exp();
        e * 4.0 / ((e + 1.0) * (e + 1.0))
    })],
    on: [-4.0..4.0] }

/// Inverse hyperbolic sine.
function(std) Asinh asinh(a) -> y {
    value: a.asinh(), partials: [a.hypot(1.0).recip()], on: [-4.0..4.0] }

/// Inverse hyperbolic cosine, of `a ≥ 1`. At 1 the derivative is infinite.
function(std) Acosh acosh(a) -> y {
    value: a.acosh(), partials: [((a - 1.0).sqrt() * (a + 1.0).sqrt()).recip()], on: [1.25..4.0] }

/// Inverse hyperbolic tangent.
function(special) Atanh atanh(a) -> y {
    value: a.atanh(), partials: [((-a + 1.0) * (a + 1.0)).recip()], on: [-0.95..0.95] }

/// Logistic function, `1 / (1 + e⁻ᵃ)`, without overflow.
function(special) Sigmoid sigmoid(a) -> y {
    value: a.sigmoid(),
    partials: [either!(y.less(0.75), y * (-y + 1.0), y * (-a).sigmoid())],
    on: [-4.0..4.0] }

/// `ln(1 + eᵃ)`, the smooth rectifier, without overflow.
function Softplus softplus(a) -> y {
    value: max(a, zero()) + (-a.abs()).exp().ln_1p(), partials: [a.sigmoid()], on: [-4.0..4.0] }

/// `a · sigmoid(a)`, also called swish.
function Silu silu(a) -> y {
    value: a * a.sigmoid(),
    partials: [a.sigmoid() * (a * (-a).sigmoid() + 1.0)],
    on: [-4.0..4.0] }

/// Binary cross entropy of a logit `a` and the weight `b` of the class 1, `−b ln σ(a) − (1 − b) ln (1 − σ(a))` with
/// the logistic function σ. A term of weight 0 is 0, even for an infinite logit.
function BinaryCrossEntropy binary_cross_entropy(a, b) -> y {
    value: {
        // The curved part, which both logarithms share.
        let bend = (-a.abs()).exp().ln_1p();
        let (one, other) = (b, B::constant(1.0) - b);
        let of_one = choose!(one.is_equal(zero()), zero(), one * (max(-a, zero()) + bend));
        let of_other = choose!(other.is_equal(zero()), zero(), other * (max(a, zero()) + bend));
        of_one + of_other
    },
    partials: [(-b + 1.0) * a.sigmoid() - b * (-a).sigmoid(), -a],
    on: [-4.0..4.0, 0.0..1.0] }

/// `a · Φ(a)` with the normal distribution Φ: the exact form, not the one with tanh.
function Gelu gelu(a) -> y {
    value: a * a.normal_cdf(),
    partials: [a.normal_cdf() + a * (a * a * -0.5).exp() * FRAC_1_SQRT_2PI],
    on: [-4.0..4.0] }

/// Error function, `2/√π ∫₀ᵃ e^(−t²) dt`.
function(special) Erf erf(a) -> y {
    value: a.erf(), partials: [(-a * a).exp() * FRAC_2_SQRT_PI], on: [-3.0..3.0] }

/// Complementary error function, `1 − erf(a)`, accurate where the result is tiny.
function(special) Erfc erfc(a) -> y {
    value: a.erfc(), partials: [-(-a * a).exp() * FRAC_2_SQRT_PI], on: [-3.0..3.0] }

/// Scaled complementary error function, `e^(a²) erfc(a)`.
function(special) Erfcx erfcx(a) -> y {
    value: a.erfcx(), partials: [a.erfcx_integral(1) * -2.0], on: [-2.0..3.0] }

/// The `n`-th repeated integral of the complementary error function, scaled: `e^(a²) iⁿerfc(a)`. The derivatives of
/// `erfcx` consist of these integrals.
function(special) ErfcxIntegral erfcx_integral(a; n: i32 in [1, 2, 3]) -> y {
    value: a.erfcx_integral(n),
    partials: [a.erfcx_integral(n.saturating_add(1)) * (-2.0 * (f64::from(n) + 1.0))],
    on: [-2.0..3.0] }

/// Distribution function of the standard normal distribution, Φ.
function(special) NormalCdf normal_cdf(a) -> y {
    value: a.normal_cdf(), partials: [(a * a * -0.5).exp() * FRAC_1_SQRT_2PI], on: [-4.0..4.0] }

/// `ln Φ(a)`, accurate in both tails.
function(special) LnNormalCdf ln_normal_cdf(a) -> y {
    value: a.ln_normal_cdf(),
    // The density over the distribution function, both scaled by e^(a²/2).
    partials: [either!(a.less(5.0),
        ((a * -FRAC_1_SQRT_2).erfcx() * SQRT_PI_2).recip(),
        (a * a * -0.5 - y).exp() * FRAC_1_SQRT_2PI)],
    on: [-4.0..4.0] }

/// `ln |Γ(a)|`.
function(special) LnGamma ln_gamma(a) -> y {
    value: a.ln_gamma(), partials: [a.digamma()], on: [0.25..4.0] }

/// Digamma, the derivative of `ln Γ`.
function(special) Digamma digamma(a) -> y {
    value: a.digamma(), partials: [a.polygamma(1)], on: [0.25..4.0] }

/// Polygamma, the `n`-th derivative of digamma, `n ≥ 1`; NaN for a smaller `n`.
function(special) Polygamma polygamma(a; n: i32 in [1, 2, 3]) -> y {
    value: a.polygamma(n), partials: [a.polygamma(n.saturating_add(1))], on: [0.25..4.0] }

/// Absolute value. The derivative at 0 is 0.
piecewise(std) Abs abs(a) -> y {
    value: a.abs(), partials: [a.equal(0.0).select(0.0, a.signum())], untaken: [never], on: [-4.0..4.0] }

/// Sign: 1 from +0 upwards, −1 from −0 downwards, NaN for NaN, as in the standard library. The derivative is 0.
piecewise(std) Signum signum(a) -> y {
    value: a.signum(), partials: [constant(0.0)], on: [-4.0..4.0] }

/// The larger of two numbers; a NaN is ignored, as in the standard library. Of two zeros of different sign the result
/// is the second. In a tie each operand gets one half of the adjoint.
piecewise Max max(a, b) -> y {
    // Of two zeros `f64::max` returns either, as the compiler chooses.
    value: choose!(b.is_below(a) | b.is_nan(), a, b),
    partials: [
        a.equal(y) / (a.equal(y) + b.equal(y)),
        b.equal(y) / (a.equal(y) + b.equal(y))
    ],
    on: [-4.0..4.0, -4.0..4.0] }

/// The smaller of two numbers; a NaN is ignored, as in the standard library. Of two zeros of different sign the
/// result is the second. In a tie each operand gets one half of the adjoint.
piecewise Min min(a, b) -> y {
    value: choose!(a.is_below(b) | b.is_nan(), a, b),
    partials: [
        a.equal(y) / (a.equal(y) + b.equal(y)),
        b.equal(y) / (a.equal(y) + b.equal(y))
    ],
    on: [-4.0..4.0, -4.0..4.0] }

/// Rectifier, `a` above 0 and 0 elsewhere; NaN for NaN. The derivative at 0 is 0.
piecewise Relu relu(a) -> y {
    value: choose!(a.is_at_most(zero()), zero(), a),
    partials: [a.less_equal(0.0).select(0.0, 1.0)],
    untaken: [(a.less(0.0))],
    on: [-4.0..4.0] }

/// `a` above 0, `b · a` elsewhere; `b` is the slope, which may be a parameter. At 0 the derivative is the slope.
function LeakyRelu leaky_relu(a, b) -> y {
    value: choose!(zero::<B>().is_below(a), a, a * b),
    partials: [
        constant::<R>(0.0).less(a).select(1.0, b),
        constant::<R>(0.0).less(a).select(0.0, a)
    ],
    untaken: [never, (constant::<R>(0.0).less(a))],
    on: [-4.0..4.0, 0.01..0.5] }

/// `a` above 0, `b (eᵃ − 1)` elsewhere. At 0 the derivative is `b`.
function Elu elu(a, b) -> y {
    value: choose!(zero::<B>().is_below(a), a, b * a.exp_m1()),
    partials: [
        // Not `a.min(0)`, which would share its derivative at 0 with the constant, and not be NaN where `a` is.
        constant::<R>(0.0).less(a).select(1.0, b * constant::<R>(0.0).less(a).select(0.0, a).exp()),
        constant::<R>(0.0).less(a).select(0.0, constant::<R>(0.0).less(a).select(0.0, a).exp_m1())
    ],
    untaken: [never, (constant::<R>(0.0).less(a))],
    on: [-4.0..4.0, 0.5..2.0] }

/// `a` within the bounds `b ≤ c`, else the nearer bound. On a bound the derivative with respect to `a` is 1, and the
/// one with respect to the bound is 0. NaN, derivatives included, if `b > c` or a bound is NaN, where `f64::clamp` of
/// the standard library panics.
piecewise(special) Clamp clamp(a, b, c) -> y {
    value: a.clamp(b, c),
    partials: [
        either!(b.less_equal(c), b.less_equal(a) * a.less_equal(c), constant::<R>(f64::NAN)),
        either!(b.less_equal(c), a.less(b), constant::<R>(f64::NAN)),
        either!(b.less_equal(c), c.less(a), constant::<R>(f64::NAN))
    ],
    untaken: [
        (b.less_equal(c) * (a.less(b) + c.less(a))),
        (b.less_equal(c) * b.less(a)),
        (b.less_equal(c) * a.less(c))
    ],
    on: [-4.0..4.0, -2.0..-1.0, 1.0..2.0] }

/// Largest integer not above `a`. The derivative is 0.
piecewise(std) Floor floor(a) -> y {
    value: a.floor(), partials: [constant(0.0)], on: [-4.0..4.0] }

/// Smallest integer not below `a`. The derivative is 0.
piecewise(std) Ceil ceil(a) -> y {
    value: a.ceil(), partials: [constant(0.0)], on: [-4.0..4.0] }

/// Nearest integer, halves away from 0. The derivative is 0.
piecewise(std) Round round(a) -> y {
    value: a.round(), partials: [constant(0.0)], on: [-4.0..4.0] }

/// Integer part, towards 0. The derivative is 0.
piecewise(std) Trunc trunc(a) -> y {
    value: a.trunc(), partials: [constant(0.0)], on: [-4.0..4.0] }

/// Fractional part, `a − trunc(a)`.
function(std) Fract fract(a) -> y {
    value: a.fract(), partials: [constant(1.0)], on: [-4.0..4.0] }

/// 1 where `a < b`, else 0. The derivatives are 0. See [`lt`](crate::masks::lt) for the typed form.
piecewise Less less(a, b) -> y {
    value: truth(a.is_below(b)), partials: [constant(0.0), constant(0.0)], on: [-4.0..4.0, -4.0..4.0] }

/// 1 where `a ≤ b`, else 0. The derivatives are 0. See [`le`](crate::masks::le) for the typed form.
piecewise LessEqual less_equal(a, b) -> y {
    value: truth(a.is_at_most(b)), partials: [constant(0.0), constant(0.0)], on: [-4.0..4.0, -4.0..4.0] }

/// 1 where `a = b`, else 0. The derivatives are 0. See [`eq`](crate::masks::eq) for the typed form.
piecewise Equal equal(a, b) -> y {
    value: truth(a.is_equal(b)), partials: [constant(0.0), constant(0.0)], on: [-4.0..4.0, -4.0..4.0] }

/// `b` where `a` is not 0, else `c`: a branch without a guard. The operand that is not selected has no part in the
/// result. See [`Mask::select`](crate::masks::Mask::select) for the typed form.
piecewise Select select(a, b, c) -> y {
    value: choose!(a.is_equal(zero()), c, b),
    partials: [constant(0.0), -a.equal(0.0) + 1.0, a.equal(0.0)],
    on: [-4.0..4.0, -4.0..4.0, -4.0..4.0] }

/// `a`, as a constant of the derivative: the value passes, the adjoint does not.
piecewise StopGradient stop_gradient(a) -> y {
    value: a, partials: [constant(0.0)], on: [-4.0..4.0] }

; reductions {

/// Sum, from left to right; 0 for an empty list.
Sum sum(xs) -> y { value: total(xs), partials: xs.map(|_| constant(1.0)) }

/// Product, from left to right; 1 for an empty list.
Product product(xs) -> y { value: product_of(xs), partials: formulas::products_of_others(xs, y) }

/// Inner product, `Σ xᵢ yᵢ`, summed from left to right.
Dot dot(xs, ys) -> y {
    value: total(xs.zip(ys).map(|(x, y)| x * y)), partials: ys.chain(xs) }

/// Weighted sum and offset, `Σ wᵢ xᵢ + b`, summed from left to right, the offset last: a neuron before its
/// activation.
Affine affine(ws, xs; b) -> y {
    value: total(ws.zip(xs).map(|(w, x)| w * x).chain(b)),
    partials: xs.chain(ws).chain(b.map(|_| constant(1.0))) }

/// Euclidean length, `√Σ xᵢ²`, without overflow. At the origin, where it is not differentiable, the derivatives are
/// 0, the smallest subgradient, as for `abs`; the second derivatives are infinite there.
Norm norm(xs) -> y { value: formulas::norm(xs), partials: formulas::cosines(xs, y) }

/// `ln Σ e^(xᵢ)` without overflow; −∞ for an empty list. The derivatives are the softmax.
LogSumExp log_sum_exp(xs) -> y { value: formulas::log_sum_exp(xs), partials: formulas::shares(xs, y) }

/// Cross entropy of logits `xᵢ` and weights `yᵢ` of their classes, `−Σ yᵢ ln softmax(x)ᵢ`. A term of weight 0 is 0,
/// even for a logit of −∞.
CrossEntropy cross_entropy(xs, ys) -> z {
    value: formulas::cross_entropy(xs, ys), partials: formulas::cross_entropy_partials(xs, ys, z) }

/// Mean squared deviation from the mean (of the population: divided by `n`).
Variance variance(xs) -> y {
    value: formulas::variance(xs),
    partials: { let (mean, rest, n) = formulas::means(xs.clone()); xs.map(move |x| (x - mean - rest) * 2.0 / n) } }

}
    } };
}
pub(crate) use for_each_primitive;

/// A row of the table as data: for listings, documentation and tests.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Primitive {
    /// The operation; for a family with an integer, such as `powi`, one member of it.
    pub op: Op,
    /// The documentation of the row.
    pub doc: &'static str,
    /// The value as written in the table.
    pub value: &'static str,
    /// The partial derivatives as written in the table, one per operand.
    pub partials: &'static [&'static str],
    /// The intervals from which property tests draw arguments, one per operand.
    pub domain: &'static [Range<f64>],
}

macro_rules! define_op {
    ($(
        $(#[doc = $doc:literal])* $kind:ident $(($($assign:ident)*))? $Op:ident $name:ident
        ($($arg:ident),* $(; $n:ident : $ty:ident in $samples:tt)?) -> $y:ident {
            value: $value:expr, partials: [$($partial:expr),* $(,)?], $(untaken: $untaken:tt,)? on: [$($on:expr),*] }
    )* ; reductions { $( $(#[doc = $list_doc:literal])* $List:ident $list:ident $lists:tt -> $z:ident $body:tt )* }) => {
        /// What a node of the tape computes: an input, a row of the table, an operation on matrices, an atomic function, a
        /// custom operation or a preaccumulated block.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Op {
            /// An independent variable.
            Input,
            /// A user's operation, whose partials the user computes (`Tape::custom`).
            Custom,
            /// A block whose partials were computed in forward mode ([`preaccumulate`](crate::preaccumulate)).
            Preaccumulated,
            /// An operation on matrices. It has as many nodes as results; this is the last, which has the operands.
            Matrix(MatrixOp),
            /// An [`Atomic`](crate::Atomic) function, whose results have nodes in the same way.
            Atomic(AtomicOp),
            /// Another result of the operation with several results that comes next, for each result but the last.
            Entry,
            $( $(#[doc = $doc])* $Op $(($ty))?, )*
            $( $(#[doc = $list_doc])* $List, )*
        }

        // A node of a listed tape has an operation beside its value: larger ones would cost every node 8 bytes.
        const _: () = assert!(size_of::<Op>() == 8);

        impl Op {
            /// The name, which is that of the method: `sin`, `atan2`, `add`.
            pub fn name(self) -> &'static str {
                match self {
                    Op::Input => "input",
                    Op::Custom => "custom",
                    Op::Preaccumulated => "preaccumulated",
                    Op::Matrix(op) => op.name(),
                    Op::Atomic(_) => "atomic",
                    Op::Entry => "entry",
                    $( define_op!(@any $Op $($n)?) => stringify!($name), )*
                    $( Op::$List => stringify!($list), )*
                }
            }

            /// The operation whose `Display` is this text: the name, and an integer in brackets if it has one.
            #[cfg_attr(not(feature = "serde"), expect(dead_code))]
            pub(crate) fn parse(text: &str) -> Option<Op> {
                let (name, integer) = match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
                    Some((name, integer)) => (name, Some(integer)),
                    None => (text, None),
                };
                match (name, integer) {
                    $( define_op!(@integer integer $($n)?) if name == stringify!($name) =>
                        define_op!(@parse $Op integer $($ty)?), )*
                    $( (_, None) if name == stringify!($list) => Some(Op::$List), )*
                    _ if cfg!(feature = "nalgebra") => MatrixOp::parse(text).map(Op::Matrix),
                    _ => None,
                }
            }

            /// The number of operands; `None` where it varies: for reductions, operations on matrices, atomic functions, custom
            /// operations and preaccumulated blocks. An input has 0.
            #[inline]
            pub fn arity(self) -> Option<usize> {
                match self {
                    Op::Input | Op::Entry => Some(0),
                    Op::Custom | Op::Preaccumulated | Op::Matrix(_) | Op::Atomic(_) => None,
                    $( Op::$List => None, )*
                    $( define_op!(@any $Op $($n)?) => Some([$(stringify!($arg)),*].len()), )*
                }
            }

            /// How many results it has for this number of operands: one, except for operations on matrices and atomic
            /// functions.
            #[inline(always)]
            pub(crate) fn results(self, operands: usize) -> usize {
                match self {
                    Op::Matrix(op) => op.results(operands),
                    Op::Atomic(op) => op.results(),
                    _ => 1,
                }
            }

            /// Whether it may have several results, and has rules in place of partials.
            #[inline(always)]
            pub(crate) fn is_compound(self) -> bool {
                matches!(self, Op::Matrix(_) | Op::Atomic(_))
            }

            /// Whether only the partials are known, so that replays and second derivatives are impossible.
            pub fn is_opaque(self) -> bool {
                matches!(self, Op::Custom | Op::Preaccumulated)
            }

            /// Whether the row selects one of its operands or is flat, with partials that are constant on every
            /// piece. A partial of exactly zero is a structural zero there, unless it is the convention at a kink.
            #[inline]
            pub fn is_piecewise(self) -> bool {
                match self {
                    $( define_op!(@any $Op $($n)?) => define_op!(@piecewise $kind), )*
                    _ => false,
                }
            }

            /// Whether this is an operator of the language: its results have the same bits in vector registers, where
            /// functions may differ by 2 units in the last place.
            #[inline]
            pub(crate) fn is_operator(self) -> bool {
                match self {
                    $( define_op!(@any $Op $($n)?) => define_op!(@operator $kind), )*
                    _ => false,
                }
            }

            /// The partial with respect to this operand as a number times a value, where the table writes it so.
            pub(crate) fn multiple(self, operand: usize) -> Option<Multiple> {
                match self {
                    // As written, for this exponent.
                    Op::SQUARE => Some(Multiple { by: 2.0, of: Some(Factor::Operand(0)) }),
                    $( define_op!(@any $Op $($n)?) => {
                        // By operand; read once.
                        static MULTIPLES: LazyLock<Vec<Option<Multiple>>> = LazyLock::new(|| {
                            let is_untaken_somewhere = !concat!("" $(, stringify!($untaken))?).is_empty();
                            let of = |partial| multiple(partial, &[$(stringify!($arg)),*], stringify!($y));
                            let of = |partial| if is_untaken_somewhere { None } else { of(partial) };
                            vec![$(of(stringify!($partial))),*]
                        });
                        MULTIPLES[operand]
                    } )*
                    _ => None,
                }
            }

            /// Whether the partial with respect to this operand is written as the constant 1 in the table.
            pub(crate) fn passes_on(self, operand: usize) -> bool {
                self.multiple(operand) == Some(Multiple { by: 1.0, of: None })
            }

            /// Whether no path leads to this operand at any point: the row is flat in it.
            pub(crate) fn never_selects(self, operand: usize) -> bool {
                self.is_piecewise() && self.multiple(operand) == Some(Multiple { by: 0.0, of: None })
            }

            /// Whether the partial with respect to one operand depends on the value of an operand, or on the result for
            /// `None`, as it is written in the table.
            pub(crate) fn partial_reads(self, partial: usize, operand: Option<usize>) -> bool {
                match self {
                    $( define_op!(@any $Op $($n)?) => {
                        // By partial: of each operand, and last of the result; read once.
                        static READS: LazyLock<Vec<Vec<bool>>> = LazyLock::new(|| {
                            let names = [$(stringify!($arg),)* stringify!($y)];
                            let untaken = concat!("" $(, stringify!($untaken))?);
                            let of = |partial| {
                                let reads = |name| mentions(partial, name) || mentions(untaken, name);
                                names.map(reads).to_vec()
                            };
                            vec![$(of(stringify!($partial))),*]
                        });
                        let (of_result, of_operands) = READS[partial].split_last().expect("the result");
                        operand.map_or(*of_result, |operand| of_operands[operand])
                    } )*
                    _ => true,
                }
            }

            /// Whether a plain tape leaves out constant operands, which are only needed to compute the value again.
            #[inline]
            pub(crate) fn skips_constants(self) -> bool {
                self.is_reduction() || self == Op::Preaccumulated
            }

            /// Whether this row takes lists of any length.
            #[inline]
            pub fn is_reduction(self) -> bool {
                matches!(self, $( Op::$List )|*)
            }
        }

        impl fmt::Display for Op {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {
                    $( define_op!(@bind $Op $($n)?) => {
                        f.write_str(stringify!($name))?;
                        $( write!(f, "[{}]", $n)?; )?
                        Ok(())
                    } )*
                    Op::Matrix(op) => op.fmt(f),
                    Op::Atomic(op) => write!(f, "atomic[{}]", op.index()),
                    leaf => f.write_str(leaf.name()),
                }
            }
        }

        /// Every reduction.
        const REDUCTIONS: &[Op] = &[$( Op::$List ),*];

        /// Every row of the table; a family with an integer once per value that tests use.
        const PRIMITIVES: &[&[Primitive]] = &[
            $( define_op!(@samples $Op $($samples)? Primitive {
                op: Op::Input,
                doc: concat!($($doc, "\n"),*),
                value: stringify!($value),
                partials: &[$(stringify!($partial)),*],
                domain: &[$($on),*],
            }), )*
        ];
    };
    (@any $Op:ident) => { Op::$Op };
    (@any $Op:ident $n:ident) => { Op::$Op(_) };
    (@bind $Op:ident) => { Op::$Op };
    (@bind $Op:ident $n:ident) => { Op::$Op($n) };
    (@integer $integer:ident) => { (_, None) };
    (@integer $integer:ident $n:ident) => { (_, Some($integer)) };
    (@parse $Op:ident $integer:ident) => { Some(Op::$Op) };
    (@parse $Op:ident $integer:ident $ty:ident) => { $integer.parse::<$ty>().ok().map(Op::$Op) };
    (@operator operator) => { true };
    (@operator $kind:ident) => { false };
    (@piecewise piecewise) => { true };
    (@piecewise $kind:ident) => { false };
    (@samples $Op:ident $row:expr) => { &[Primitive { op: Op::$Op, ..$row }] };
    (@samples $Op:ident [$($sample:expr),*] $row:expr) => {
        &[$(Primitive { op: Op::$Op($sample), ..$row }),*]
    };
}
for_each_primitive!(define_op);

/// A number times a value, or the number alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Multiple {
    pub by: f64,
    pub of: Option<Factor>,
}

/// A value that a row knows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Factor {
    Operand(usize),
    Result,
}

/// An expression as a number times one of these names, if it is just that.
fn multiple(expression: &str, operands: &[&str], result: &str) -> Option<Multiple> {
    let constant = expression.strip_prefix("constant(").and_then(|rest| rest.strip_suffix(')'));
    if let Some(constant) = constant {
        let by = constant.replace(' ', "").parse().ok()?;
        return Some(Multiple { by, of: None });
    }
    let operand = operands.iter().position(|name| *name == expression).map(Factor::Operand);
    let of = operand.or_else(|| (result == expression).then_some(Factor::Result))?;
    Some(Multiple { by: 1.0, of: Some(of) })
}

/// Whether a name occurs in an expression.
fn mentions(expression: &str, name: &str) -> bool {
    expression.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

/// Every row of the table; a family with an integer, such as `powi`, once per value that tests use.
///
/// ```
/// let sin = tapegrad::primitives::all().find(|row| row.op.name() == "sin").unwrap();
/// assert_eq!(sin.partials, ["a.cos()"]);
/// ```
pub fn primitives() -> impl Iterator<Item = &'static Primitive> {
    PRIMITIVES.iter().copied().flatten()
}

/// Every reduction: a row whose operands are lists of any length.
pub fn reductions() -> impl Iterator<Item = Op> {
    REDUCTIONS.iter().copied()
}

/// What passes over recorded functions know about the rows: facts that hold bit for bit.
impl Op {
    /// A sum of two terms, a sum of any number of terms, a product of two factors, one of any number of factors, and a sum of
    /// products. The list forms compute the same as the others from left to right.
    pub(crate) const TWO_TERMS: Op = Op::Add;
    pub(crate) const TERMS: Op = Op::Sum;
    pub(crate) const PRODUCT: Op = Op::Mul;
    pub(crate) const FACTORS: Op = Op::Product;
    pub(crate) const INNER_PRODUCT: Op = Op::Dot;
    /// An inner product, to which an offset is added last.
    pub(crate) const WITH_OFFSET: Op = Op::Affine;
    /// The difference of two numbers.
    pub(crate) const DIFFERENCE: Op = Op::Sub;
    /// A product of a number with itself.
    pub(crate) const SQUARE: Op = Op::Powi(2);

    /// The operands of a sum of products: the pairs of factors, from left to right, and the offset, if there is one.
    pub(crate) fn as_sum_of_products<T: Copy>(
        self,
        operands: &[T],
    ) -> Option<(impl Iterator<Item = (T, T)> + Clone, Option<T>)> {
        if self != Op::Dot && self != Op::Affine {
            return None;
        }
        let (pairs, offset) = operands.split_at(operands.len() / 2 * 2);
        let (first, second) = pairs.split_at(pairs.len() / 2);
        Some((first.iter().copied().zip(second.iter().copied()), offset.first().copied()))
    }

    /// Whether the two operands may be exchanged.
    pub(crate) fn is_commutative(self) -> bool {
        matches!(self, Op::Add | Op::Mul | Op::Equal)
    }

    /// Whether the result is the other operand, whatever that is, if the operand on this side is `value`. (`x + 0` is
    /// not `x` at −0.)
    pub(crate) fn has_neutral(self, side: usize, value: f64) -> bool {
        match (self, side) {
            (Op::Add, _) => value == 0.0 && value.is_sign_negative(),
            (Op::Sub, 1) => value == 0.0 && value.is_sign_positive(),
            (Op::Mul, _) | (Op::Div, 1) => value == 1.0,
            _ => false,
        }
    }

    /// Whether the result is the operand, derivatives of any order included, if there is exactly one.
    pub(crate) fn is_identity(self) -> bool {
        matches!(self, Op::Powi(1) | Op::Sum)
    }

    /// Whether applying it twice returns the operand.
    pub(crate) fn undoes_itself(self) -> bool {
        self == Op::Neg
    }

    /// Whether the integer is small enough to come from a derivative of sensible order: the steps of an evaluation
    /// grow with it.
    #[cfg_attr(not(feature = "serde"), expect(dead_code))]
    pub(crate) fn integer_is_valid(self) -> bool {
        const MOST: i32 = 1_000;
        match self {
            Op::Polygamma(n) | Op::ErfcxIntegral(n) => n <= MOST,
            _ => true,
        }
    }
}
