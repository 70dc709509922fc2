//! Derivatives in forward mode over any type of number: inside a loss, a recording, or another derivative.
//!
//! [`derivative`](crate::derivative) at the root of the crate gives a plain number. The functions here give numbers of the type
//! that they get: over [`Var`](crate::Var), the derivative is on the tape or in the recording like everything else, and can be
//! differentiated again. So a loss may contain derivatives of a network by its inputs:
//!
//! ```
//! use tapegrad::forward::{constants, second_derivative};
//! use tapegrad::nn::{Activation, Adam, Data, Mlp, Recorded, Reduction, Trainer};
//!
//! // The residual of u″ = −u for a network u, at a point x.
//! let mut net = Mlp::builder(1).layer(4, Activation::Tanh).layer(1, Activation::Identity).seed(1).build()?;
//! let points: Vec<[f64; 1]> = (0..8).map(|k| [f64::from(k) / 7.0]).collect();
//! let data = Data::new(&points, &[[0.0]; 8])?;
//! let model = net.clone();
//! let mut residual = Recorded::new(&data, Reduction::Mean, |w, x, _| {
//!     let (u, _, curvature) = second_derivative(|x| model.forward(&constants(w), &[x])[0], x[0]);
//!     (curvature + u).powi(2)
//! });
//! Trainer::new(Adam::new(0.01)).epochs(20).minimize(net.parameters_mut(), &mut residual)?;
//! # Ok::<(), tapegrad::nn::Error>(())
//! ```

use crate::number::dual::Dual;
use crate::number::owner::Owner;
use crate::table::number::Number;

/// The value and the derivative of a function of one number. Other numbers that the function uses are
/// [constants](constant) with respect to it.
///
/// ```
/// use tapegrad::{Dual, Var, forward, gradient};
///
/// // The derivative of w² x³ by x is 3 w² x², whose derivative by w is 6 w x².
/// let slope = |[w, x]: [Var; 2]| {
///     let w: Dual<Var> = forward::constant(w);
///     forward::derivative(|x| w * w * x.powi(3), x).1
/// };
/// assert_eq!(gradient(slope, [5.0, 2.0]), [120.0, 300.0]);
/// ```
///
/// # Panics
/// If `f` uses or returns a number that belongs to another call of a derivative in forward mode: see [`Dual`].
#[must_use]
#[track_caller]
pub fn derivative<R: Number>(f: impl FnOnce(Dual<R>) -> Dual<R>, x: R) -> (R, R) {
    let owner = Owner::fresh();
    let y = f(Dual::along(x, 1.0, owner));
    owner.accept(y.owner(), || format!("{:?}", y.primal()));
    (y.primal(), y.tangent(0))
}

/// The value, the first and the second derivative of a function of one number. Other numbers that the function uses are
/// [constants](constant) with respect to it.
///
/// ```
/// use tapegrad::forward::second_derivative;
///
/// assert_eq!(second_derivative(|x| x.powi(3), 2.0), (8.0, 12.0, 12.0));
/// ```
///
/// # Panics
/// As [`derivative`].
#[must_use]
#[track_caller]
pub fn second_derivative<R: Number>(f: impl FnOnce(Dual<Dual<R>>) -> Dual<Dual<R>>, x: R) -> (R, R, R) {
    let (inner, outer) = (Owner::fresh(), Owner::fresh());
    let y = f(Dual::along(Dual::along(x, 1.0, inner), 1.0, outer));
    outer.accept(y.owner(), || format!("{:?}", y.primal()));
    for part in [y.primal(), y.tangent(0)] {
        inner.accept(part.owner(), || format!("{:?}", part.primal()));
    }
    (y.primal().primal(), y.primal().tangent(0), y.tangent(0).tangent(0))
}

/// A number as a constant with respect to the argument of the [`derivative`] or [`second_derivative`] in which it is used:
/// a parameter, another input. What it depends on is not lost: over variables, their gradient goes through the constant.
#[must_use]
pub fn constant<R, C: Constant<R>>(number: R) -> C {
    C::of(number)
}

/// As [`constant`], for all numbers of a list: the parameters of a network.
#[must_use]
pub fn constants<R: Copy, C: Constant<R>>(numbers: &[R]) -> Vec<C> {
    numbers.iter().map(|&number| C::of(number)).collect()
}

/// What the argument of a [`derivative`] or [`second_derivative`] over `R` is. No other type implements it.
pub trait Constant<R>: Sealed {
    #[doc(hidden)]
    fn of(number: R) -> Self;
}

mod sealed {
    pub trait Sealed {}
}
use sealed::Sealed;

impl<R: Number> Sealed for Dual<R> {}

impl<R: Number> Constant<R> for Dual<R> {
    fn of(number: R) -> Dual<R> {
        Dual::constant(number).owned_by(Owner::NONE)
    }
}

impl<R: Number> Constant<R> for Dual<Dual<R>> {
    fn of(number: R) -> Dual<Dual<R>> {
        Dual::constant(Constant::<R>::of(number)).owned_by(Owner::NONE)
    }
}
