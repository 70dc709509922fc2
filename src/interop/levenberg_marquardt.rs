//! The trait of levenberg-marquardt (feature `levenberg-marquardt`), for nonlinear least squares: the residuals are the
//! outputs of a recorded function ([`Residuals`]), or of one that is evaluated over a batch of samples
//! ([`BatchResiduals`]). The matrices are those of nalgebra 0.34, as that crate has them.

use super::workspace::evaluate;
use crate::error::Error;
use crate::function::{BatchWorkspace, Batched, Column, Function, Samples, length};
use crate::problems::Inputs;
use levenberg_marquardt::LeastSquaresProblem;
use nalgebra_0_34::{DMatrix, DVector, Dyn, Owned};
use std::cell::RefCell;

/// What problems have in common: matrices of any size, and the parameters of a [`Fit`].
macro_rules! parameters_of_fit {
    () => {
        type ResidualStorage = Owned<f64, Dyn>;
        type JacobianStorage = Owned<f64, Dyn, Dyn>;
        type ParameterStorage = Owned<f64, Dyn>;

        fn set_params(&mut self, x: &DVector<f64>) {
            self.fit.set(x);
        }

        fn params(&self) -> DVector<f64> {
            self.fit.get()
        }
    };
}

/// The outputs of a function as residuals. Its variables are the parameters of the fit; inputs that are held keep their
/// numbers.
///
/// ```
/// use levenberg_marquardt::LevenbergMarquardt;
/// use tapegrad::{Function, interop::levenberg_marquardt::Residuals};
///
/// // a exp(b t) through three points
/// let data = [(0.0, 3.0), (1.0, 1.5), (2.0, 0.75)];
/// let start = [1.0, 0.0];
/// let residuals = Function::record(|[a, b]| data.map(|(t, y)| a * (b * t).exp() - y), start)?;
/// let problem = Residuals::new(residuals, &start)?;
/// let (problem, report) = LevenbergMarquardt::new().minimize(problem);
/// problem.outcome()?;
/// assert!(report.termination.was_successful());
/// let [a, b] = problem.inputs() else { unreachable!() };
/// assert!((a - 3.0).abs() < 1e-12 && (b + 2f64.ln()).abs() < 1e-12);
/// # Ok::<(), tapegrad::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Residuals {
    function: Function,
    fit: Fit,
}

impl Residuals {
    /// The problem, at its starting point: one number per input, held ones included.
    ///
    /// # Errors
    /// [`Error::Length`] for another number of numbers.
    pub fn new(function: Function, start: &[f64]) -> Result<Residuals, Error> {
        length("inputs", function.inputs(), start.len())?;
        let fit = Fit::new(start, function.are_variables());
        Ok(Residuals { function, fit })
    }

    /// Where the problem stands: one number per input, held ones included.
    #[must_use]
    pub fn inputs(&self) -> &[f64] {
        self.fit.inputs.numbers()
    }

    /// The error of the last evaluation, if it was one. A solver that meets one stops with `TerminationReason::User`, which
    /// has no room for it, at the point where it happened.
    ///
    /// # Errors
    /// Those of [`Evaluator`](crate::Evaluator).
    pub fn outcome(&self) -> Result<(), Error> {
        self.fit.outcome.borrow().clone()
    }
}

impl LeastSquaresProblem<f64, Dyn, Dyn> for Residuals {
    parameters_of_fit! {}

    fn residuals(&self) -> Option<DVector<f64>> {
        let mut residuals = DVector::zeros(self.function.outputs());
        self.fit
            .keep(evaluate(&self.function, |f| f.values_into(self.inputs(), residuals.as_mut_slice())))?;
        Some(residuals)
    }

    fn jacobian(&self) -> Option<DMatrix<f64>> {
        let (m, n) = (self.function.outputs(), self.function.variables());
        let mut rows = vec![0.0; m * n];
        self.fit.keep(evaluate(&self.function, |f| f.jacobian_into(self.inputs(), &mut rows)))?;
        Some(DMatrix::from_row_slice(m, n, &rows))
    }
}

/// The outputs of a function in every sample as residuals, sample after sample. The inputs that the samples share are the
/// parameters of the fit, except for those that are held; all others have a column of data each.
///
/// ```
/// use levenberg_marquardt::LevenbergMarquardt;
/// use tapegrad::{Function, batch::Column, interop::levenberg_marquardt::BatchResiduals};
///
/// let residual = Function::record(|[a, b, t, y]| a * (b * t).exp() - y, [1.0, 0.0, 0.0, 0.0])?;
/// let (t, y) = ([0.0, 1.0, 2.0], [3.0, 1.5, 0.75]);
/// let data = [Column::from(&t), Column::from(&y)];
/// let problem = BatchResiduals::new(&residual, 0..2, &[1.0, 0.0], &data)?;
/// let (problem, report) = LevenbergMarquardt::new().minimize(problem);
/// problem.outcome()?;
/// assert!(report.termination.was_successful());
/// assert!((problem.shared()[0] - 3.0).abs() < 1e-12);
/// # Ok::<(), tapegrad::Error>(())
/// ```
#[derive(Debug)]
pub struct BatchResiduals<'a> {
    values: Batched,
    /// The same function with no shared inputs, so that each sample has a derivative with respect to the parameters.
    slopes: Batched,
    /// For each input, whether it is shared.
    is_shared: Vec<bool>,
    data: Vec<Column<'a>>,
    samples: usize,
    fit: Fit,
    memory: RefCell<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    workspace: BatchWorkspace,
    /// The Jacobian as a batch gives it, sample by sample.
    rows: Vec<f64>,
}

impl<'a> BatchResiduals<'a> {
    /// The problem, at its starting point: one number per shared input, held ones included. `data` has one column for each
    /// other input. Both are in the order of the inputs.
    ///
    /// # Errors
    /// [`Error::Length`] if there is no such input, for another number of numbers or columns, and if columns differ in
    /// length.
    pub fn new(
        residual: &Function,
        shared: impl IntoIterator<Item = usize>,
        start: &[f64],
        data: &[Column<'a>],
    ) -> Result<BatchResiduals<'a>, Error> {
        let shared: Vec<usize> = shared.into_iter().collect();
        let values = residual.batched(shared.iter().copied())?;
        length("shared inputs", values.shared(), start.len())?;
        length("columns", values.columns(), data.len())?;
        let samples = Samples::new(data)?.len();
        let is_shared: Vec<bool> = (0..residual.inputs()).map(|input| shared.contains(&input)).collect();
        let others = (0..residual.inputs()).filter(|&input| !is_shared[input]);
        let slopes = residual.clone().with_held(others)?.batched([])?;
        let are_variables = residual.are_variables().zip(&is_shared);
        let are_parameters =
            are_variables.filter_map(|(is_variable, is_shared)| is_shared.then_some(is_variable));
        let fit = Fit::new(start, are_parameters);
        let (data, memory) = (data.to_vec(), RefCell::default());
        Ok(BatchResiduals { values, slopes, is_shared, data, samples, fit, memory })
    }

    /// Where the problem stands: one number per shared input, held ones included.
    #[must_use]
    pub fn shared(&self) -> &[f64] {
        self.fit.inputs.numbers()
    }

    /// As [`Residuals::outcome`].
    ///
    /// # Errors
    /// Those of [`BatchEvaluator`](crate::batch::BatchEvaluator).
    pub fn outcome(&self) -> Result<(), Error> {
        self.fit.outcome.borrow().clone()
    }

    fn write_residuals(&self, out: &mut [f64]) -> Result<(), Error> {
        let samples = Samples::new(&self.data)?;
        let workspace = &mut self.memory.borrow_mut().workspace;
        self.values.evaluator_in(workspace).values_into(self.shared(), &samples, out)
    }

    fn write_rows(&self, memory: &mut Memory) -> Result<(), Error> {
        let (mut shared, mut data) = (self.shared().iter(), self.data.iter());
        let column = |&is_shared: &bool| match is_shared {
            true => shared.next().map(Column::constant),
            false => data.next().copied(),
        };
        let columns: Vec<Column<'_>> = self.is_shared.iter().filter_map(column).collect();
        let samples = Samples::new(&columns)?;
        let Memory { workspace, rows } = memory;
        rows.resize(self.samples * self.values.outputs() * self.fit.inputs.variables().len(), 0.0);
        self.slopes.evaluator_in(workspace).jacobians_into(&[], &samples, rows)
    }
}

impl LeastSquaresProblem<f64, Dyn, Dyn> for BatchResiduals<'_> {
    parameters_of_fit! {}

    fn residuals(&self) -> Option<DVector<f64>> {
        let mut residuals = DVector::zeros(self.samples * self.values.outputs());
        self.fit.keep(self.write_residuals(residuals.as_mut_slice()))?;
        Some(residuals)
    }

    /// In reverse mode: one sweep per output for all columns together. It gives rows, which are copied in columns.
    fn jacobian(&self) -> Option<DMatrix<f64>> {
        let memory = &mut self.memory.borrow_mut();
        self.fit.keep(self.write_rows(memory))?;
        let (m, n) = (self.samples * self.values.outputs(), self.fit.inputs.variables().len());
        Some(DMatrix::from_row_slice(m, n, &memory.rows))
    }
}

/// Where a fit stands.
#[derive(Debug, Clone)]
struct Fit {
    inputs: Inputs,
    outcome: RefCell<Result<(), Error>>,
}

impl Fit {
    fn new(start: &[f64], are_variables: impl Iterator<Item = bool>) -> Fit {
        Fit { inputs: Inputs::new(start, are_variables), outcome: RefCell::new(Ok(())) }
    }

    /// A solver gives one number per parameter, as it got them.
    fn set(&mut self, x: &DVector<f64>) {
        if let Err(error) = self.inputs.set_variables(x.iter().copied()) {
            panic!("the parameters of a fit: {error}");
        }
    }

    fn get(&self) -> DVector<f64> {
        DVector::from_iterator(self.inputs.variables().len(), self.inputs.variables())
    }

    /// Keeps the error, if it is one.
    fn keep(&self, outcome: Result<(), Error>) -> Option<()> {
        let done = outcome.is_ok().then_some(());
        *self.outcome.borrow_mut() = outcome;
        done
    }
}
