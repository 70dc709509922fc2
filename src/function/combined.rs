//! Functions made of the outputs of others: those of two functions together, and their sum with multipliers.

use super::{Function, length};
use crate::error::Error;
use crate::table::lists::dot;

impl Function {
    /// The outputs of this function and, after them, those of another one of the same inputs, simplified by
    /// [`optimize`](Self::optimize): what both compute is computed once. It has the names and the variables of this
    /// function, and its point of recording; the other one has to take the same branches there.
    ///
    /// ```
    /// use tapegrad::Function;
    ///
    /// let f = Function::record(|[x, y]| (x * y).exp(), [1.0, 2.0])?;
    /// let g = Function::record(|[x, y]| [(x * y).exp() + x, y], [1.0, 2.0])?;
    /// let both = f.with_outputs_of(&g)?;
    /// assert_eq!(both.evaluator().values(&[2.0, 0.0])?, [1.0, 3.0, 0.0]);
    /// assert_eq!(both.statistics().operations, 3); // a product, an exponential, a sum
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if the other function has another number of inputs; [`Error::Held`] if it holds others;
    /// [`Error::BranchChanged`] if it takes other branches where this one was recorded.
    pub fn with_outputs_of(&self, other: &Function) -> Result<Function, Error> {
        length("inputs of both functions", self.inputs(), other.inputs())?;
        let mut are_variables = self.are_variables().zip(other.are_variables());
        if let Some(input) = are_variables.position(|(own, other)| own != other) {
            return Err(Error::Held { input });
        }
        let both = self.record_from(&[&self.graph, &other.graph], &[], |inputs, _| {
            let (own, others) = (self.evaluated(inputs)?, other.evaluated(inputs)?);
            Ok(self.outputs_in(&own).chain(other.outputs_in(&others)).collect())
        })?;
        Ok(both.optimize())
    }

    /// The Lagrangian: the sum of the outputs, each times a multiplier. A function of the inputs and, after them, of one
    /// multiplier per output, which are held: derivatives are taken with respect to the variables of this function alone.
    ///
    /// ```
    /// use tapegrad::Function;
    ///
    /// // An objective and a constraint.
    /// let f = Function::record(|[x, y]| [x * x * y, x * y], [1.0, 1.0])?;
    /// let lagrangian = f.lagrangian()?;
    /// assert_eq!(lagrangian.names().collect::<Vec<_>>(), ["x0", "x1", "w0", "w1"]);
    /// assert_eq!(lagrangian.evaluator().value(&[3.0, 2.0, 1.0, 10.0])?, 18.0 + 60.0);
    /// assert_eq!(lagrangian.evaluator().hessian(&[3.0, 2.0, 1.0, 10.0])?, [4.0, 16.0, 16.0, 0.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`jacobian`](Self::jacobian).
    pub fn lagrangian(&self) -> Result<Function, Error> {
        let multipliers = self.names_with("w", self.outputs());
        self.record_again(&multipliers, |inputs, multipliers| {
            let memory = self.evaluated(inputs)?;
            let values: Vec<_> = self.outputs_in(&memory).collect();
            Ok(vec![dot(&values, multipliers)])
        })
    }
}
