//! The top-level functions: derivatives of Rust functions, with tapes and duals behind the scenes.

use crate::number::dual::Dual;
use crate::number::own_rules;
use crate::number::owner::Owner;
use crate::number::point::Point;
use crate::tape::gradient::Gradient;
use crate::tape::{Tape, Var};

/// The number type over which [`hessian`] evaluates its function: dual numbers whose tangents, in several directions,
/// are recorded on a tape.
///
/// ```
/// use tapegrad::{HessianNumber, hessian};
///
/// fn f([x, y]: [HessianNumber; 2]) -> HessianNumber {
///     x * x * y
/// }
/// assert_eq!(hessian(f, [3.0, 5.0]), [[10.0, 6.0], [6.0, 0.0]]);
/// ```
pub type HessianNumber = Dual<Var, DIRECTIONS>;

/// The number of Hessian directions per recording.
const DIRECTIONS: usize = 4;

/// From this number of variables on, [`hessian`] records a function.
const RECORDED_FROM: usize = 128;

/// The derivative of a function of one number, in forward mode.
///
/// ```
/// assert_eq!(tapegrad::derivative(|x| x.powi(3), 2.0), 12.0);
/// ```
///
/// # Panics
/// If `f` uses or returns a number that belongs to another call of `derivative`, [`jvp`], [`hessian`] or
/// [`preaccumulate`](crate::preaccumulate), enclosing or earlier, or a number made by hand: see [`Dual`].
#[must_use]
#[track_caller]
pub fn derivative(f: impl FnOnce(Dual) -> Dual, x: f64) -> f64 {
    jvp(|[x]| [f(x)], [x], [1.0]).1[0]
}

/// The gradient of a function of several numbers, in reverse mode. See [`Point`] for the shapes.
///
/// ```
/// use tapegrad::gradient;
///
/// assert_eq!(gradient(|[x, y]| x * y + x, [2.0, 3.0]), [4.0, 2.0]);
///
/// let data = vec![1.0, 2.0, 3.0];
/// let squares = |x: &[tapegrad::Var]| x.iter().map(|x| x * x).sum();
/// assert_eq!(gradient(squares, &data), [2.0, 4.0, 6.0]);
/// ```
///
/// # Panics
/// If `f` returns a variable of another tape, for example a captured one.
#[must_use]
#[track_caller]
pub fn gradient<P: Point<f64>>(f: impl FnOnce(P::Args<'_, Var>) -> Var, x: P) -> P::Of<f64> {
    value_and_gradient(f, x).1
}

/// The value and the gradient of a function, from one recording.
///
/// ```
/// let (value, gradient) = tapegrad::value_and_gradient(|[x, y]| x.powf(y), [2.0, 3.0]);
/// assert_eq!((value, gradient[0]), (8.0, 12.0));
/// ```
///
/// # Panics
/// As [`gradient`].
#[must_use]
#[track_caller]
pub fn value_and_gradient<P: Point<f64>>(f: impl FnOnce(P::Args<'_, Var>) -> Var, x: P) -> (f64, P::Of<f64>) {
    let tape = Tape::for_gradients();
    let vars = x.map_numbers(&mut |value| tape.var(value));
    let y = f(P::args(&vars));
    refuse_strangers(&tape, &[y]);
    (y.value, by_arguments(&y.backward(), &x, &P::numbers_of(&vars)))
}

/// The Jacobian of a function with several results, one row per result: one recording, and a sweep for every eight rows, in
/// reverse mode, or for every four columns, in forward mode along the recording, whichever are fewer.
///
/// In forward mode, products of partials are formed in another order than by [`gradient`]: numbers may differ by rounding, and
/// where a product overflows in one order alone.
///
/// ```
/// let j = tapegrad::jacobian(|[r, phi]| [r * phi.cos(), r * phi.sin()], [2.0, 0.0]);
/// assert_eq!(j, [[1.0, 0.0], [0.0, 2.0]]);
/// ```
///
/// # Panics
/// As [`gradient`].
#[must_use]
#[track_caller]
pub fn jacobian<P: Point<f64>, Y: Point<Var>>(
    f: impl FnOnce(P::Args<'_, Var>) -> Y,
    x: P,
) -> Y::Of<P::Of<f64>> {
    let tape = Tape::for_gradients();
    let vars = x.map_numbers(&mut |value| tape.var(value));
    let y = f(P::args(&vars));
    refuse_strangers(&tape, &y.numbers());
    let vars = P::numbers_of(&vars);
    let rows = tape.jacobian(&y.numbers(), &vars);
    let mut k = 0;
    y.map_numbers(&mut |_| {
        let row = &rows[k * vars.len()..][..vars.len()];
        k += 1;
        x.shaped(row.iter().copied())
    })
}

/// The Hessian of a function: its second derivatives, one row per variable. The mode is forward-over-reverse: `f` is
/// evaluated over [`Dual`] numbers whose tangents are recorded on a tape, in four directions at a time.
///
/// With 128 variables or more, `f` is recorded once as a [`Function`](crate::Function), whose evaluator computes the Hessian in
/// the mode that takes least, by the colours of its sparsity pattern if it is sparse. A function that cannot be recorded, or
/// applies rules of its own ([`Dual::custom`]), is evaluated in all directions.
///
/// ```
/// let h = tapegrad::hessian(|[x, y]| x * x * y, [3.0, 5.0]);
/// assert_eq!(h, [[10.0, 6.0], [6.0, 0.0]]);
/// ```
///
/// # Panics
/// As [`gradient`] and [`derivative`], and if a number that depends on an argument is passed to [`Dual::constant`]:
/// its contribution would be missing.
#[must_use]
#[track_caller]
pub fn hessian<P: Point<f64>>(
    f: impl Fn(P::Args<'_, HessianNumber>) -> HessianNumber,
    x: P,
) -> P::Of<P::Of<f64>> {
    let point = x.numbers();
    let n = point.len();
    if n >= RECORDED_FROM
        && let Some(second) = recorded_hessian(&f, &x)
    {
        return x.shaped(second.chunks(n).map(|row| x.shaped(row.iter().copied())));
    }
    let tape = Tape::for_gradients();
    let mut rows = Vec::with_capacity(n);
    for first in (0..n).step_by(DIRECTIONS) {
        tape.clear();
        let vars = tape.vars(&point);
        let owner = Owner::fresh();
        let argument = |k: usize| match k.checked_sub(first) {
            Some(direction) if direction < DIRECTIONS => Dual::variable(vars[k], direction),
            _ => Dual::constant(vars[k]),
        };
        let y = f(P::args(&x.shaped((0..n).map(|k| argument(k).owned_by(owner)))));
        refuse_strangers(&tape, &[y.primal()]);
        refuse_strangers(&tape, &y.tangents());
        owner.accept(y.owner(), || y.primal().value);
        let directions = n.min(first + DIRECTIONS) - first;
        let tangents: Vec<Var> = (0..directions).map(|direction| y.tangent(direction)).collect();
        let of_tangents = tape.jacobian(&tangents, &vars);
        rows.extend(of_tangents.chunks(n).map(|row| x.shaped(row.iter().copied())));
    }
    x.shaped(rows)
}

/// The Hessian by a recording of the function, row by row; `None` if a recording does not have all of its derivatives.
#[track_caller]
fn recorded_hessian<P: Point<f64>>(
    f: &impl Fn(P::Args<'_, HessianNumber>) -> HessianNumber,
    x: &P,
) -> Option<Vec<f64>> {
    let (point, rules) = (x.numbers(), own_rules::count());
    let tape = Tape::recording();
    let vars = tape.vars(&point);
    let owner = Owner::fresh();
    // In no direction: tangents are not needed.
    let arguments = vars.iter().map(|&x| Dual::constant(x).owned_by(owner));
    let y = f(P::args(&x.shaped(arguments)));
    refuse_strangers(&tape, &[y.primal()]);
    owner.accept(y.owner(), || y.primal());
    if own_rules::count() != rules {
        return None;
    }
    let function = tape.function(&vars, &[y.primal()]).ok()?;
    function.evaluator().hessian(&point).ok()
}

/// The product of the Hessian with a vector `v`, at about twice the cost of a gradient. An entry of `v` that is 0
/// contributes nothing, even where the derivative is infinite.
///
/// ```
/// let hv = tapegrad::hvp(|[x, y]| x * x * y, [3.0, 5.0], [1.0, 0.0]);
/// assert_eq!(hv, [10.0, 6.0]);
/// ```
///
/// # Panics
/// As [`hessian`], and if `x` and `v` differ in length.
#[must_use]
#[track_caller]
pub fn hvp<P: Point<f64>>(f: impl FnOnce(P::Args<'_, Dual<Var>>) -> Dual<Var>, x: P, v: P) -> P::Of<f64> {
    let v = direction(&x, &v);
    let tape = Tape::for_gradients();
    let vars = tape.vars(x.numbers());
    let owner = Owner::fresh();
    let duals = vars.iter().zip(v).map(|(&x, v)| Dual::along(x, v, owner));
    let y = f(P::args(&x.shaped(duals)));
    refuse_strangers(&tape, &[y.primal(), y.tangent(0)]);
    owner.accept(y.owner(), || y.primal().value);
    let adjoints = y.tangent(0).backward();
    by_arguments(&adjoints, &x, &vars)
}

/// The value of a function with several results, and the product of its Jacobian with a vector `v`: the derivative in
/// direction `v`, in forward mode, without a tape. An entry of `v` that is 0 contributes nothing, even where the
/// derivative is infinite.
///
/// ```
/// let (y, jv) = tapegrad::jvp(|[r, phi]| [r * phi.cos(), r * phi.sin()], [2.0, 0.0], [1.0, 3.0]);
/// assert_eq!((y, jv), ([2.0, 0.0], [1.0, 6.0]));
/// ```
///
/// # Panics
/// As [`derivative`], and if `x` and `v` differ in length.
#[must_use]
#[track_caller]
pub fn jvp<P: Point<f64>, Y: Point<Dual>>(
    f: impl FnOnce(P::Args<'_, Dual>) -> Y,
    x: P,
    v: P,
) -> (Y::Of<f64>, Y::Of<f64>) {
    let mut v = direction(&x, &v).into_iter();
    let owner = Owner::fresh();
    let duals = x.map_numbers(&mut |x| Dual::along(x, v.next().expect("the same length"), owner));
    let y = f(P::args(&duals));
    for y in y.numbers() {
        owner.accept(y.owner(), || y.primal());
    }
    (y.map_numbers(&mut |y: Dual| y.primal()), y.map_numbers(&mut |y: Dual| y.tangent(0)))
}

/// The value of a function with several results, and the product of a vector `u` with its Jacobian: the
/// gradient of the weighted sum of the results, in one sweep.
///
/// ```
/// let (y, uj) = tapegrad::vjp(|[r, phi]| [r * phi.cos(), r * phi.sin()], [2.0, 0.0], [1.0, 3.0]);
/// assert_eq!((y, uj), ([2.0, 0.0], [1.0, 6.0]));
/// ```
///
/// # Panics
/// As [`gradient`], and if the number of weights in `u` is not the number of results.
#[must_use]
#[track_caller]
pub fn vjp<P: Point<f64>, Y: Point<Var>>(
    f: impl FnOnce(P::Args<'_, Var>) -> Y,
    x: P,
    u: Y::Of<f64>,
) -> (Y::Of<f64>, P::Of<f64>) {
    let tape = Tape::for_gradients();
    let vars = x.map_numbers(&mut |value| tape.var(value));
    let y = f(P::args(&vars));
    let (outputs, weights) = (y.numbers(), Y::numbers_of(&u));
    refuse_strangers(&tape, &outputs);
    assert_eq!(outputs.len(), weights.len(), "the vector needs one weight per result of the function");
    assert!(y.has_shape_of(&u), "the results and the weights must have the same shape");
    let seeds: Vec<_> = outputs.into_iter().zip(weights).collect();
    let adjoints = tape.backward(&seeds);
    (y.map_numbers(&mut |y: Var| y.value), by_arguments(&adjoints, &x, &P::numbers_of(&vars)))
}

/// The derivatives with respect to the arguments, in the shape of `x`. They are 0 for arguments recorded after the
/// output, which happens if the function returns an earlier argument unchanged.
fn by_arguments<P: Point<f64>>(adjoints: &Gradient, x: &P, vars: &[Var]) -> P::Of<f64> {
    x.shaped(vars.iter().map(|&var| adjoints.get(var).unwrap_or(0.0)))
}

/// The numbers of a direction, of which there must be as many as in `x`.
#[track_caller]
fn direction<P: Point<f64>>(x: &P, v: &P) -> Vec<f64> {
    let (shape, v) = (v.map_numbers(&mut |_| ()), v.numbers());
    assert_eq!(x.count(), v.len(), "the point and the direction must have the same length");
    assert!(x.has_shape_of(&shape), "the point and the direction must have the same shape");
    v
}

/// Panics if a result is neither a constant nor on the tape of the call.
#[track_caller]
fn refuse_strangers(tape: &Tape, outputs: &[Var]) {
    for &output in outputs {
        assert!(
            output.is_constant() || tape.owns(output),
            "the function returned a variable (value {}) of another tape; make it a constant with \
             `.detach()`, or pass it as an argument",
            output.value
        );
    }
}
