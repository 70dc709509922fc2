//! Evaluators: values and derivatives of a recorded function at a point, as numbers.

use super::along::{products, run_along};
use super::evaluate::{Memory, backward_plain};
use super::ir::graph::Place;
use super::maybe_owned::MaybeOwned;
use super::mode::Mode;
use super::workspace::Workspace;
use super::{Function, dense, length};
use crate::error::Error;

/// Computes values and derivatives of a [`Function`] at any point, as numbers.
///
/// Most methods come in two forms: `jacobian` returns its result, `jacobian_into` writes it to a slice of the
/// caller and does not allocate after the first evaluation (operations on matrices and atomic
/// functions do). Matrices are stored row by
/// row. On an error nothing is written. Methods of [`Function`] with the same names return derivatives *as functions*.
///
/// ```
/// use tapegrad::Function;
///
/// let f = Function::record(|[x, y]| x * x * y, [1.0, 1.0])?;
/// let mut f = f.evaluator();
/// let x = [3.0, 5.0];
/// assert_eq!(f.value(&x)?, 45.0);
/// assert_eq!(f.value_and_gradient(&x)?, (45.0, vec![30.0, 9.0]));
/// assert_eq!(f.hessian(&x)?, [10.0, 6.0, 6.0, 0.0]);
///
/// let mut gradient = [0.0; 2];
/// let value = f.value_and_gradient_into(&x, &mut gradient)?; // allocates nothing
/// assert_eq!((value, gradient), (45.0, [30.0, 9.0]));
/// # Ok::<(), tapegrad::Error>(())
/// ```
///
/// # Errors
/// Every method returns [`Error::BranchChanged`] if a guard does not have its recorded outcome, and
/// [`Error::Length`] if a slice has the wrong length, or the method needs a function with one output and there is
/// another number of outputs.
#[derive(Debug)]
pub struct Evaluator<'f> {
    function: &'f Function,
    memory: MaybeOwned<'f, Workspace>,
}

impl Function {
    /// An evaluator of this function, with memory of its own.
    #[must_use]
    pub fn evaluator(&self) -> Evaluator<'_> {
        Evaluator { function: self, memory: MaybeOwned::Owned(Box::default()) }
    }

    /// An evaluator of this function that uses memory of the caller: one workspace serves many functions. Making it
    /// allocates nothing.
    #[must_use]
    #[inline]
    pub fn evaluator_in<'f>(&'f self, workspace: &'f mut Workspace) -> Evaluator<'f> {
        Evaluator { function: self, memory: MaybeOwned::Lent(workspace) }
    }
}

impl Evaluator<'_> {
    #[inline]
    pub(super) fn parts(&mut self) -> (&Function, &mut Workspace) {
        (self.function, self.memory.get())
    }

    /// The value of a function with one output.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn value(&mut self, x: &[f64]) -> Result<f64, Error> {
        let (function, Workspace { plain, .. }) = self.parts();
        let output = function.single_output()?;
        function.run(x, plain)?;
        Ok(plain.values[output as usize])
    }

    /// The values of all outputs.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn values(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; self.function.outputs()];
        self.values_into(x, &mut out)?;
        Ok(out)
    }

    /// As [`values`](Self::values), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn values_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let (function, Workspace { plain, .. }) = self.parts();
        length("values", function.outputs(), out.len())?;
        function.run(x, plain)?;
        read(&plain.values, function.output_places(), out);
        Ok(())
    }

    /// The value and the gradient with respect to the variables, of a function with one output: one evaluation and
    /// one reverse sweep.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn value_and_gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>), Error> {
        let mut gradient = vec![0.0; self.function.variables()];
        Ok((self.value_and_gradient_into(x, &mut gradient)?, gradient))
    }

    /// As [`value_and_gradient`](Self::value_and_gradient): returns the value and writes the gradient.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn value_and_gradient_into(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64, Error> {
        let (function, Workspace { plain, .. }) = self.parts();
        let output = function.single_output()?;
        length("derivatives", function.variables(), gradient.len())?;
        function.run(x, plain)?;
        gradient_of(function, output, plain, gradient)?;
        Ok(plain.values[output as usize])
    }

    /// The gradient with respect to the variables, of a function with one output.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn gradient(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        Ok(self.value_and_gradient(x)?.1)
    }

    /// The Jacobian: one row per output, one column per variable; in the mode that takes least, which
    /// [`Function::jacobian_plan`] tells. It depends on the function alone, and is found at the first evaluation.
    ///
    /// For a large matrix at many points, a plan takes less than half of the time, full matrices included, and a tenth where the
    /// last bits do not matter: see [`Function::sparse_jacobian`] and [`Function::sparse_jacobian_with`].
    ///
    /// ```
    /// use tapegrad::{Function, Var};
    ///
    /// // A thousand residuals of two parameters: a thousand sweeps, of three operations each.
    /// let residuals = |p: &[Var]| (0..1000).map(|k| p[0] * (p[1] * f64::from(k)).exp()).collect::<Vec<_>>();
    /// let f = Function::record(residuals, &[2.0, -0.001][..])?;
    /// let jacobian = f.evaluator().jacobian(&[2.0, -0.001])?;
    /// assert_eq!(jacobian[2 * 500..][..2], [f64::exp(-0.5), 2.0 * f64::exp(-0.5) * 500.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn jacobian(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        self.jacobian_by(Mode::Auto, x)
    }

    /// As [`jacobian`](Self::jacobian), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn jacobian_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        self.jacobian_by_into(Mode::Auto, x, out)
    }

    /// As [`jacobian`](Self::jacobian), in this mode.
    ///
    /// ```
    /// use tapegrad::{Function, Mode};
    ///
    /// let f = Function::record(|[x, y]| [x * y, x + y, y.exp()], [1.0, 0.0])?;
    /// let mut f = f.evaluator();
    /// for mode in [Mode::Forward, Mode::Reverse, Mode::Sparse] {
    ///     assert_eq!(f.jacobian_by(mode, &[2.0, 0.0])?, [0.0, 2.0, 1.0, 1.0, 0.0, 1.0]);
    /// }
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn jacobian_by(&mut self, mode: Mode, x: &[f64]) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; self.function.outputs() * self.function.variables()];
        self.jacobian_by_into(mode, x, &mut out)?;
        Ok(out)
    }

    /// As [`jacobian_by`](Self::jacobian_by), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn jacobian_by_into(&mut self, mode: Mode, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let (function, workspace) = self.parts();
        dense::jacobian(function, mode, x, workspace, out)
    }

    /// The values of all outputs, and the [`jacobian`](Self::jacobian). Where its mode is reverse, both come from the same
    /// evaluation; otherwise the values take one more.
    ///
    /// ```
    /// use tapegrad::Function;
    ///
    /// let f = Function::record(|[r, phi]| [r * phi.cos(), r * phi.sin()], [1.0, 0.0])?;
    /// let (values, jacobian) = f.evaluator().values_and_jacobian(&[2.0, 0.0])?;
    /// assert_eq!((values, jacobian), (vec![2.0, 0.0], vec![1.0, 0.0, 0.0, 2.0]));
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn values_and_jacobian(&mut self, x: &[f64]) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let outputs = self.function.outputs();
        let (mut values, mut jacobian) = (vec![0.0; outputs], vec![0.0; outputs * self.function.variables()]);
        self.values_and_jacobian_into(x, &mut values, &mut jacobian)?;
        Ok((values, jacobian))
    }

    /// As [`values_and_jacobian`](Self::values_and_jacobian), into `values` and `jacobian`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn values_and_jacobian_into(
        &mut self,
        x: &[f64],
        values: &mut [f64],
        jacobian: &mut [f64],
    ) -> Result<(), Error> {
        let (function, workspace) = self.parts();
        length("values", function.outputs(), values.len())?;
        dense::jacobian(function, Mode::Auto, x, workspace, jacobian)?;
        if function.jacobian_plan(Mode::Auto).mode != Mode::Reverse {
            function.run(x, &mut workspace.plain)?;
        }
        read(&workspace.plain.values, function.output_places(), values);
        Ok(())
    }

    /// The values of all outputs, and the Jacobian-vector product: the derivatives of the outputs in the direction
    /// `v` of the variables, in forward mode. A variable whose entry in `v` is 0 contributes nothing, even if its
    /// derivative is infinite.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn jvp(&mut self, x: &[f64], v: &[f64]) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let outputs = self.function.outputs();
        let (mut values, mut product) = (vec![0.0; outputs], vec![0.0; outputs]);
        self.jvp_into(x, v, &mut values, &mut product)?;
        Ok((values, product))
    }

    /// As [`jvp`](Self::jvp), into `values` and `product`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn jvp_into(
        &mut self,
        x: &[f64],
        v: &[f64],
        values: &mut [f64],
        product: &mut [f64],
    ) -> Result<(), Error> {
        let (function, Workspace { dual, .. }) = self.parts();
        length("directions", function.variables(), v.len())?;
        length("values", function.outputs(), values.len())?;
        length("derivatives", function.outputs(), product.len())?;
        run_along(function, x, v, dual)?;
        for (k, output) in function.output_places().enumerate() {
            let y = dual.values[output as usize];
            (values[k], product[k]) = (y.primal(), y.tangent(0));
        }
        Ok(())
    }

    /// The values of all outputs, and the vector-Jacobian product: the gradient, with respect to the variables, of
    /// the sum of the outputs with weights `u`. It takes one reverse sweep.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn vjp(&mut self, x: &[f64], u: &[f64]) -> Result<(Vec<f64>, Vec<f64>), Error> {
        let (mut values, mut product) =
            (vec![0.0; self.function.outputs()], vec![0.0; self.function.variables()]);
        self.vjp_into(x, u, &mut values, &mut product)?;
        Ok((values, product))
    }

    /// As [`vjp`](Self::vjp), into `values` and `product`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn vjp_into(
        &mut self,
        x: &[f64],
        u: &[f64],
        values: &mut [f64],
        product: &mut [f64],
    ) -> Result<(), Error> {
        let (function, Workspace { plain, .. }) = self.parts();
        length("weights", function.outputs(), u.len())?;
        length("values", function.outputs(), values.len())?;
        length("derivatives", function.variables(), product.len())?;
        function.run(x, plain)?;
        backward_plain(&function.graph, function.output_places().zip(u.iter().copied()), plain)?;
        read(&plain.values, function.output_places(), values);
        read(&plain.adjoints, function.variable_places(), product);
        Ok(())
    }

    /// The Hessian of a function with one output, in the mode that takes least, which [`Function::hessian_plan`] tells. For
    /// many variables the first evaluation records the gradient.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn hessian(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        self.hessian_by(Mode::Auto, x)
    }

    /// As [`hessian`](Self::hessian), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn hessian_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        self.hessian_by_into(Mode::Auto, x, out)
    }

    /// As [`hessian`](Self::hessian), in this mode.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn hessian_by(&mut self, mode: Mode, x: &[f64]) -> Result<Vec<f64>, Error> {
        let n = self.function.variables();
        let mut out = vec![0.0; n * n];
        self.hessian_by_into(mode, x, &mut out)?;
        Ok(out)
    }

    /// As [`hessian_by`](Self::hessian_by), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn hessian_by_into(&mut self, mode: Mode, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let (function, workspace) = self.parts();
        dense::hessian(function, mode, x, workspace, out)
    }

    /// The product of the Hessian with a direction `v` of the variables, of a function with one output: one reverse
    /// sweep over dual numbers. A variable whose entry in `v` is 0 contributes nothing, even if its derivative is
    /// infinite.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn hvp(&mut self, x: &[f64], v: &[f64]) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; self.function.variables()];
        self.hvp_into(x, v, &mut out)?;
        Ok(out)
    }

    /// As [`hvp`](Self::hvp), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn hvp_into(&mut self, x: &[f64], v: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let (function, Workspace { dual, .. }) = self.parts();
        length("directions", function.variables(), v.len())?;
        length("derivatives", function.variables(), out.len())?;
        let output = function.single_output()?;
        run_along(function, x, v, dual)?;
        let adjoints = products(function, output, dual)?;
        for (out, place) in out.iter_mut().zip(function.variable_places()) {
            *out = adjoints[place as usize].tangent(0);
        }
        Ok(())
    }
}

/// Copies the numbers at these places.
fn read(numbers: &[f64], places: impl Iterator<Item = Place>, out: &mut [f64]) {
    for (out, place) in out.iter_mut().zip(places) {
        *out = numbers[place as usize];
    }
}

/// Writes the gradient of an output to `row`, from the values in the memory.
fn gradient_of(function: &Function, output: Place, plain: &mut Memory, row: &mut [f64]) -> Result<(), Error> {
    backward_plain(&function.graph, [(output, 1.0)], plain)?;
    read(&plain.adjoints, function.variable_places(), row);
    Ok(())
}
