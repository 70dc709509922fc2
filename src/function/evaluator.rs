//! Evaluators: values and derivatives of a recorded function at a point, as numbers.

use super::evaluate::{Memory, backward, backward_plain};
use super::gradients::{self, Part};
use super::ir::graph::{Instruction, Place};
use super::maybe_owned::MaybeOwned;
use super::{Function, length};
use crate::error::Error;
use crate::number::dual::Dual;
use crate::number::owner::Owner;

/// How many directions an evaluation over dual numbers has, for a matrix of derivatives.
const DIRECTIONS: usize = 4;

/// How many reverse sweeps take as long as an evaluation in that many directions.
const SWEEPS: usize = 3;

/// Nanoseconds for an operation, forwards and backwards.
const PER_OPERATION: f64 = 4.0;

/// Computes values and derivatives of a [`Function`] at any point, as numbers.
///
/// Most methods come in two forms: `jacobian` returns its result, `jacobian_into` writes it to a slice of the
/// caller and does not allocate after the first evaluation (operations on matrices do). Matrices are stored row by
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

/// Reusable memory of evaluators: after the first evaluation of a function, further ones do not allocate (operations on
/// matrices do).
///
/// Each [`Evaluator`] has a workspace of its own, unless one is lent to it by
/// [`evaluator_in`](Function::evaluator_in). Evaluators of any number of functions can use the same workspace, one
/// after the other.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    pub(super) plain: Memory,
    dual: Memory<Dual>,
    several: Memory<Dual<f64, DIRECTIONS>>,
    part: Part,
}

impl Workspace {
    /// An empty workspace; it grows with use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Function {
    /// How much there is to compute, in operations.
    pub(crate) fn work(&self) -> usize {
        self.graph.instructions.iter().map(Instruction::work).sum()
    }

    /// The estimated time of an evaluator for the value and the gradient, in nanoseconds.
    pub(crate) fn nanoseconds(&self) -> f64 {
        PER_OPERATION * self.work() as f64
    }
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
        gradient_of(function, output, plain, gradient);
        Ok(plain.values[output as usize])
    }

    /// The gradient with respect to the variables, of a function with one output.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn gradient(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        Ok(self.value_and_gradient(x)?.1)
    }

    /// The Jacobian: one row per output, one column per variable. It takes one reverse sweep per output, or, where there are
    /// many more outputs than variables, one evaluation in forward mode for every four variables. A sweep of an output that depends
    /// on little goes there only.
    ///
    /// ```
    /// use tapegrad::{Function, Var};
    ///
    /// // A thousand residuals of two parameters: one evaluation, instead of a thousand sweeps.
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
        let mut out = vec![0.0; self.function.outputs() * self.function.variables()];
        self.jacobian_into(x, &mut out)?;
        Ok(out)
    }

    /// As [`jacobian`](Self::jacobian), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn jacobian_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        self.write_jacobian(x, None, out)
    }

    /// The values of all outputs, and the [`jacobian`](Self::jacobian), from the same evaluation.
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
        length("values", self.function.outputs(), values.len())?;
        self.write_jacobian(x, Some(values), jacobian)
    }

    /// Writes the Jacobian and, if they are wanted, the values.
    fn write_jacobian(
        &mut self,
        x: &[f64],
        values: Option<&mut [f64]>,
        out: &mut [f64],
    ) -> Result<(), Error> {
        let (function, workspace) = self.parts();
        let (rows, columns) = (function.outputs(), function.variables());
        length("derivatives", rows * columns, out.len())?;
        if columns > 0 && SWEEPS * columns.div_ceil(DIRECTIONS) < rows {
            by_columns(function, x, workspace, out)?;
            if let Some(values) = values {
                let of_duals =
                    function.output_places().map(|y| workspace.several.values[y as usize].primal());
                values.iter_mut().zip(of_duals).for_each(|(value, of_dual)| *value = of_dual);
            }
            return Ok(());
        }
        let Workspace { plain, part, .. } = workspace;
        function.run(x, plain)?;
        if let Some(values) = values {
            read(&plain.values, function.output_places(), values);
        }
        let whole = |output, plain: &mut Memory| backward_plain(&function.graph, [(output, 1.0)], plain);
        gradients::each(
            &function.graph,
            plain,
            part,
            |_| true,
            whole,
            |row, adjoints| {
                read(adjoints, function.variable_places(), &mut out[row * columns..(row + 1) * columns]);
            },
        );
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
        backward_plain(&function.graph, function.output_places().zip(u.iter().copied()), plain);
        read(&plain.values, function.output_places(), values);
        read(&plain.adjoints, function.variable_places(), product);
        Ok(())
    }

    /// The Hessian of a function with one output. It takes one reverse sweep over dual numbers for every four variables.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn hessian(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
        let n = self.function.variables();
        let mut out = vec![0.0; n * n];
        self.hessian_into(x, &mut out)?;
        Ok(out)
    }

    /// As [`hessian`](Self::hessian), into `out`.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn hessian_into(&mut self, x: &[f64], out: &mut [f64]) -> Result<(), Error> {
        let (function, Workspace { dual, several, .. }) = self.parts();
        let n = function.variables();
        length("derivatives", n * n, out.len())?;
        let output = function.single_output()?;
        if n == 0 {
            // There is nothing to write, but errors are still reported.
            return run_along(function, x, &[], dual);
        }
        for (chunk, rows) in out.chunks_mut(DIRECTIONS * n).enumerate() {
            run_along_variables(function, x, chunk * DIRECTIONS, several)?;
            products(function, output, several, rows);
        }
        Ok(())
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
        products(function, output, dual, out);
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
fn gradient_of(function: &Function, output: Place, plain: &mut Memory, row: &mut [f64]) {
    backward_plain(&function.graph, [(output, 1.0)], plain);
    read(&plain.adjoints, function.variable_places(), row);
}

/// The Jacobian in forward mode. A row with a number that is not finite is computed again backwards, which forms products in
/// the order of a gradient.
fn by_columns(
    function: &Function,
    x: &[f64],
    workspace: &mut Workspace,
    out: &mut [f64],
) -> Result<(), Error> {
    let Workspace { plain, several, .. } = workspace;
    let columns = function.variables();
    for first in (0..columns).step_by(DIRECTIONS) {
        run_along_variables(function, x, first, several)?;
        let here = first..columns.min(first + DIRECTIONS);
        for (row, output) in out.chunks_exact_mut(columns).zip(function.output_places()) {
            let tangents = several.values[output as usize].tangents();
            row[here.clone()].copy_from_slice(&tangents[..here.len()]);
        }
    }
    let rows = out.chunks_exact_mut(columns).zip(function.output_places());
    let mut again = rows.filter(|(row, _)| !row.iter().all(|derivative| derivative.is_finite())).peekable();
    if again.peek().is_some() {
        function.run(x, plain)?;
        again.for_each(|(row, output)| gradient_of(function, output, plain, row));
    }
    Ok(())
}

/// Evaluates over dual numbers in the directions of some variables, from the variable `first` on.
fn run_along_variables(
    function: &Function,
    x: &[f64],
    first: usize,
    memory: &mut Memory<Dual<f64, DIRECTIONS>>,
) -> Result<(), Error> {
    let dual = |variable: usize, x| match variable.checked_sub(first) {
        Some(direction) if direction < DIRECTIONS => Dual::variable(x, direction).owned_by(Owner::NONE),
        _ => Dual::constant(x),
    };
    run_over_duals(function, x, dual, memory)
}

/// Evaluates over dual numbers in one direction, with one number per variable.
fn run_along(
    function: &Function,
    x: &[f64],
    direction: &[f64],
    memory: &mut Memory<Dual>,
) -> Result<(), Error> {
    run_over_duals(function, x, |variable, x| Dual::along(x, direction[variable], Owner::NONE), memory)
}

/// Evaluates over dual numbers, which `dual` makes of the variables, by their position and value.
fn run_over_duals<const N: usize>(
    function: &Function,
    x: &[f64],
    dual: impl Fn(usize, f64) -> Dual<f64, N>,
    memory: &mut Memory<Dual<f64, N>>,
) -> Result<(), Error> {
    length("inputs", function.graph.inputs, x.len())?;
    let mut variables = 0;
    let inputs = x.iter().zip(function.are_variables()).map(|(&x, is_variable)| {
        if !is_variable {
            return Dual::constant(x);
        }
        variables += 1;
        dual(variables - 1, x)
    });
    function.run_with(inputs, memory)
}

/// The Hessian-vector products in the directions of the dual numbers that the memory has the values of: one per row of `out`.
fn products<const N: usize>(
    function: &Function,
    output: Place,
    memory: &mut Memory<Dual<f64, N>>,
    out: &mut [f64],
) {
    backward(&function.graph, [(output, Dual::constant(1.0))], memory);
    for (k, row) in out.chunks_exact_mut(function.variables().max(1)).enumerate() {
        for (out, place) in row.iter_mut().zip(function.variable_places()) {
            *out = memory.adjoints[place as usize].tangent(k);
        }
    }
}
