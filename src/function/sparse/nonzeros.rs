//! The nonzeros of Jacobians and Hessians as functions, and their patterns.

use super::dependencies;
use super::pattern::Pattern;
use crate::error::Error;
use crate::function::Function;
use crate::function::evaluate::backward;
use crate::function::gradients::{self, Part};
use crate::tape::Var;

impl Function {
    /// The sparsity pattern of the Jacobian: which output depends on which variable, one row per output, one column per
    /// variable. An operand whose derivative is 0 at every point, such as that of `floor`, is no dependency; an
    /// operation on matrices is taken to depend on all entries in all its results.
    ///
    /// ```
    /// use tapegrad::{Function, Var};
    ///
    /// let differences = |x: &[Var]| x.windows(2).map(|w| w[1] - w[0]).collect::<Vec<_>>();
    /// let f = Function::record(differences, &vec![0.0; 1000][..])?;
    /// assert_eq!(f.jacobian_pattern().to_string(), "999 × 1000, 1998 nonzeros");
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    #[must_use]
    pub fn jacobian_pattern(&self) -> Pattern {
        dependencies::pattern(self)
    }

    /// The sparsity pattern of the lower triangle of the Hessian, of a function with one output: where two variables, or
    /// one with itself, interact other than by a sum.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn hessian_pattern(&self) -> Result<Pattern, Error> {
        Ok(self.gradient()?.jacobian_pattern().lower())
    }

    /// The nonzeros of the Jacobian: a function of the same inputs whose outputs are the derivatives where
    /// [`jacobian_pattern`](Self::jacobian_pattern) has nonzeros, in its order.
    ///
    /// ```
    /// use tapegrad::Function;
    ///
    /// let f = Function::record(|[x, y, z]| [x * y, z * z], [1.0; 3])?;
    /// assert_eq!(f.jacobian_nonzeros()?.evaluator().values(&[2.0, 3.0, 4.0])?, [3.0, 2.0, 8.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`jacobian`](Self::jacobian).
    pub fn jacobian_nonzeros(&self) -> Result<Function, Error> {
        self.nonzeros(&self.jacobian_pattern())
    }

    /// The nonzeros of the lower triangle of the Hessian, of a function with one output: a function of the same inputs
    /// whose outputs are the second derivatives where [`hessian_pattern`](Self::hessian_pattern) has nonzeros, in its
    /// order.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn hessian_nonzeros(&self) -> Result<Function, Error> {
        let gradient = self.gradient()?;
        gradient.nonzeros(&gradient.jacobian_pattern().lower())
    }

    /// These entries of the Jacobian as a function: each row by a sweep over what the output depends on.
    pub(super) fn nonzeros(&self, pattern: &Pattern) -> Result<Function, Error> {
        self.record_again(&[], |inputs, _| {
            let mut memory = self.evaluated(inputs)?;
            let mut nonzeros = Vec::with_capacity(pattern.nonzeros());
            let whole = |output, memory: &mut _| backward(&self.graph, [(output, Var::from(1.0))], memory);
            let is_wanted = |row: usize| !pattern.row(row).is_empty();
            gradients::each(
                &self.graph,
                &mut memory,
                &mut Part::default(),
                is_wanted,
                whole,
                |row, adjoints| {
                    let of =
                        |&variable: &usize| adjoints[self.graph.input(self.variables[variable]) as usize];
                    nonzeros.extend(pattern.row(row).iter().map(of));
                },
            );
            Ok(nonzeros)
        })
    }
}
