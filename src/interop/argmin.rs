//! The traits of argmin (feature `argmin`): a recorded function is a cost function with gradient and Hessian, or a vector
//! function with Jacobian.
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

use crate::error::Error;
use crate::function::{Evaluator, Function, Workspace};
use argmin::core;
use std::cell::RefCell;

thread_local! {
    /// The traits evaluate through `&self`, so each thread has one memory for all functions. No code of a user runs while it
    /// is borrowed.
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

fn evaluate<T>(
    f: &Function,
    with: impl FnOnce(&mut Evaluator<'_>) -> Result<T, Error>,
) -> Result<T, core::Error> {
    WORKSPACE.with_borrow_mut(|workspace| Ok(with(&mut f.evaluator_in(workspace))?))
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
        evaluate(self, |f| f.value(x))
    }
}

impl core::Gradient for Function {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, x: &Vec<f64>) -> Result<Vec<f64>, core::Error> {
        evaluate(self, |f| f.gradient(x))
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
        evaluate(self, |f| f.values(x))
    }
}

impl core::Jacobian for Function {
    type Param = Vec<f64>;
    type Jacobian = Vec<Vec<f64>>;

    fn jacobian(&self, x: &Vec<f64>) -> Result<Vec<Vec<f64>>, core::Error> {
        Ok(rows(&evaluate(self, |f| f.jacobian(x))?, self.variables()))
    }
}
