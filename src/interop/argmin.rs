//! The traits of argmin (feature `argmin`): a recorded function is a cost function with gradient and Hessian, or a vector
//! function with Jacobian; so is a [`Closure`], which may branch. [`MatrixFree`] has products in place of a Hessian matrix.
//!
//! ```
//! use argmin::core::{CostFunction, Gradient};
//! use tapegrad::Function;
//!
//! let f = Function::record(|[x, y]| x * x * y, [1.0, 1.0])?;
//! assert_eq!(f.cost(&vec![3.0, 2.0])?, 18.0);
//! assert_eq!(Gradient::gradient(&f, &vec![3.0, 2.0])?, [12.0, 9.0]);
//! # Ok::<(), argmin::core::Error>(())
//! ```

use super::workspace::evaluate;
use crate::differentiate::{jacobian, value_and_gradient};
use crate::function::Function;
use crate::number::point::Point;
use crate::tape::Var;
use argmin::core;
use argmin_math::ArgminDot;
use std::sync::Arc;

/// A closure as a problem of argmin's solvers, recorded afresh at every point: the branches that it takes there are those
/// that are differentiated. A [`Function`] is faster, and refuses points where another branch is taken.
///
/// With one result it is `CostFunction`, `Gradient` and `Hessian`; with any number, `Operator` and `Jacobian`. It is `Send`
/// and `Sync` if the closure is.
///
/// ```
/// use argmin::core::{CostFunction, Gradient, Hessian};
/// use tapegrad::interop::argmin::Closure;
///
/// let huber = Closure::new(|x| if x[0].abs() < 1.0 { x[0] * x[0] / 2.0 } else { x[0].abs() - 0.5 });
/// assert_eq!((huber.cost(&vec![0.5])?, huber.cost(&vec![-3.0])?), (0.125, 2.5));
/// assert_eq!(huber.gradient(&vec![-3.0])?, [-1.0]);
/// assert_eq!((huber.hessian(&vec![0.5])?, huber.hessian(&vec![-3.0])?), (vec![vec![1.0]], vec![vec![0.0]]));
/// # Ok::<(), argmin::core::Error>(())
/// ```
///
/// # Errors
/// The Hessian is that of a recording: the errors of [`Function::record`], for closures that cannot be recorded.
///
/// # Panics
/// Gradients, Hessians and Jacobians, if the closure returns a variable of another tape.
#[derive(Debug, Clone, Copy)]
pub struct Closure<F> {
    f: F,
}

impl<F: Fn(&[Var]) -> Y, Y: Point<Var>> Closure<F> {
    /// The closure as a problem.
    pub fn new(f: F) -> Self {
        Closure { f }
    }

    /// The results over constants, which nothing is recorded of.
    fn at(&self, x: &[f64]) -> Y {
        let constants: Vec<Var> = x.iter().map(|&x| Var::from(x)).collect();
        (self.f)(&constants)
    }
}

/// A function with one output as a problem whose Hessian is not a matrix but computes products with vectors, each at the
/// cost of some gradients: for many variables, with solvers that need no more than products, as `NewtonCG` and
/// `TrustRegion` with `Steihaug`.
///
/// ```
/// use argmin::core::Hessian;
/// use argmin_math::ArgminDot;
/// use tapegrad::{Function, interop::argmin::MatrixFree};
///
/// let f = MatrixFree::new(Function::record(|[x, y]| x * x * y, [1.0, 1.0])?);
/// let hessian = f.hessian(&vec![3.0, 5.0])?;
/// assert_eq!(hessian.dot(&vec![1.0, 0.0]), [10.0, 6.0]);
/// # Ok::<(), argmin::core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct MatrixFree {
    function: Arc<Function>,
}

impl MatrixFree {
    /// The function as a problem.
    #[must_use]
    pub fn new(function: Function) -> MatrixFree {
        MatrixFree { function: Arc::new(function) }
    }
}

/// The Hessian of a [`MatrixFree`] function at a point, as a linear map.
///
/// # Panics
/// [`dot`](ArgminDot::dot), if the vector has not one number per variable.
#[derive(Debug, Clone)]
pub struct HessianAt {
    function: Arc<Function>,
    x: Vec<f64>,
}

impl ArgminDot<Vec<f64>, Vec<f64>> for HessianAt {
    #[track_caller]
    fn dot(&self, v: &Vec<f64>) -> Vec<f64> {
        let product = evaluate(&self.function, |f| f.hvp(&self.x, v));
        // The guards hold: they were checked at this point.
        product.unwrap_or_else(|error| panic!("a product with the Hessian: {error}"))
    }
}

/// A matrix as argmin takes it, from one that is row by row.
fn rows(matrix: &[f64], columns: usize) -> Vec<Vec<f64>> {
    matrix.chunks(columns.max(1)).map(<[f64]>::to_vec).collect()
}

/// The value of a function with one output. The parameters are all inputs, so none of them may be held.
impl core::CostFunction for Function {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, core::Error> {
        Ok(evaluate(self, |f| f.value(x))?)
    }
}

impl core::Gradient for Function {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, core::Error> {
        Ok(evaluate(self, |f| f.gradient(x))?)
    }
}

impl core::Hessian for Function {
    type Param = Vec<f64>;
    type Hessian = Vec<Vec<f64>>;

    fn hessian(&self, x: &Vec<f64>) -> Result<Vec<Vec<f64>>, core::Error> {
        Ok(rows(&evaluate(self, |f| f.hessian(x))?, self.variables()))
    }
}

/// The values of all outputs, such as residuals.
impl core::Operator for Function {
    type Param = Vec<f64>;
    type Output = Vec<f64>;

    fn apply(&self, x: &Vec<f64>) -> Result<Vec<f64>, core::Error> {
        Ok(evaluate(self, |f| f.values(x))?)
    }
}

impl core::Jacobian for Function {
    type Param = Vec<f64>;
    type Jacobian = Vec<Vec<f64>>;

    fn jacobian(&self, x: &Vec<f64>) -> Result<Vec<Vec<f64>>, core::Error> {
        Ok(rows(&evaluate(self, |f| f.jacobian(x))?, self.variables()))
    }
}

impl core::CostFunction for MatrixFree {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, core::Error> {
        core::CostFunction::cost(&*self.function, x)
    }
}

impl core::Gradient for MatrixFree {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, core::Error> {
        core::Gradient::gradient(&*self.function, x)
    }
}

impl core::Hessian for MatrixFree {
    type Param = Vec<f64>;
    type Hessian = HessianAt;

    fn hessian(&self, x: &Vec<f64>) -> Result<HessianAt, core::Error> {
        // A product cannot return an error, so whether the recording fits is asked here.
        core::CostFunction::cost(self, x)?;
        Ok(HessianAt { function: Arc::clone(&self.function), x: x.clone() })
    }
}

impl<F: Fn(&[Var]) -> Var> core::CostFunction for Closure<F> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, x: &Vec<f64>) -> Result<f64, core::Error> {
        Ok(self.at(x).value())
    }
}

impl<F: Fn(&[Var]) -> Var> core::Gradient for Closure<F> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, core::Error> {
        Ok(value_and_gradient(&self.f, x).1)
    }
}

impl<F: Fn(&[Var]) -> Var> core::Hessian for Closure<F> {
    type Param = Vec<f64>;
    type Hessian = Vec<Vec<f64>>;

    fn hessian(&self, x: &Vec<f64>) -> Result<Vec<Vec<f64>>, core::Error> {
        core::Hessian::hessian(&Function::record(&self.f, x)?, x)
    }
}

impl<F: Fn(&[Var]) -> Y, Y: Point<Var>> core::Operator for Closure<F> {
    type Param = Vec<f64>;
    type Output = Vec<f64>;

    fn apply(&self, x: &Vec<f64>) -> Result<Vec<f64>, core::Error> {
        Ok(self.at(x).numbers().into_iter().map(Var::value).collect())
    }
}

impl<F: Fn(&[Var]) -> Y, Y: Point<Var>> core::Jacobian for Closure<F> {
    type Param = Vec<f64>;
    type Jacobian = Vec<Vec<f64>>;

    fn jacobian(&self, x: &Vec<f64>) -> Result<Vec<Vec<f64>>, core::Error> {
        // A flat list of results gives a flat list of rows.
        Ok(jacobian(|x: &[Var]| (self.f)(x).numbers(), x))
    }
}
