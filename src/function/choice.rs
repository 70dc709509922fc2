//! Which mode a matrix of derivatives is computed by: whichever takes least, by an estimate.

use super::Function;
use super::gradients::Rows;
use super::ir::graph::Instruction;
use super::mode::{DIRECTIONS, DerivativePlan, Mode};
use super::sparse::{Compressed, dependencies};
use crate::error::Error;

/// Nanoseconds for an operation, forwards and backwards.
const PER_OPERATION: f64 = 4.0;
/// Nanoseconds for an operation in an evaluation, in a reverse sweep, in an evaluation over dual numbers, and in one that a
/// sweep follows.
const EVALUATED: f64 = 2.5;
const SWEPT: f64 = 3.0;
const OVER_DUALS: f64 = 7.0;
const SWEPT_OVER_DUALS: f64 = 26.0;
/// Nanoseconds for a number that is written; it is twice that where it is copied.
const WRITTEN: f64 = 0.5;
/// Nanoseconds for an operation to find a pattern and its colours, and to record a gradient: once, so it has to be worth that.
const COLOURED: f64 = 20.0;
/// By this factor forward mode has to be quicker with operations on matrices: through one that is not finite, a sweep is NaN for
/// all operands, and an evaluation along some of them is not (see `table/zeros`). So it is by gradients, unless that is far slower.
const MATRICES: f64 = 4.0;
const RECORDED: f64 = 500.0;

impl Function {
    /// How much there is to compute, in operations.
    pub(crate) fn work(&self) -> usize {
        self.graph.instructions.work()
    }

    /// The estimated time of an evaluator for the value and the gradient, in nanoseconds.
    pub(crate) fn nanoseconds(&self) -> f64 {
        PER_OPERATION * self.work() as f64
    }

    /// What [`Evaluator::jacobian`](crate::Evaluator::jacobian) takes; with another mode than [`Mode::Auto`], what
    /// [`Evaluator::jacobian_by`](crate::Evaluator::jacobian_by) takes. Nothing is evaluated.
    ///
    /// ```
    /// use tapegrad::{Function, Mode, Var};
    ///
    /// let differences = |x: &[Var]| x.windows(2).map(|w| (w[1] - w[0]).exp()).collect::<Vec<_>>();
    /// let f = Function::record(differences, &vec![0.0; 100][..])?;
    /// assert_eq!(f.jacobian_plan(Mode::Reverse).to_string(), "reverse, 99 sweeps"); // over two operations each
    /// assert_eq!(f.jacobian_plan(Mode::Forward).to_string(), "forward, 25 chunks of 4");
    /// assert_eq!(f.jacobian_plan(Mode::Sparse).to_string(), "sparse, 2 colours");
    /// assert_eq!(f.jacobian_plan(Mode::Auto).mode, Mode::Sparse);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    #[must_use]
    pub fn jacobian_plan(&self, mode: Mode) -> DerivativePlan {
        match mode {
            Mode::Auto => *self.known.jacobian.get(|| {
                let [reverse, forward] = [self.jacobian_reverse(), self.jacobian_forward()];
                if self.has_matrices() && MATRICES * forward.nanoseconds > reverse.nanoseconds {
                    return reverse;
                }
                let best = cheaper(reverse, forward);
                let work = self.work() as f64;
                // Colours take one chunk at least.
                let gain = best.nanoseconds - OVER_DUALS * work - WRITTEN * self.size();
                match gain > COLOURED * work {
                    true => self.jacobian_sparse().map_or(best, |sparse| cheaper(best, sparse)),
                    false => best,
                }
            }),
            Mode::Forward => self.jacobian_forward(),
            Mode::Reverse => self.jacobian_reverse(),
            Mode::Sparse => self.jacobian_sparse().unwrap_or_else(|| self.jacobian_reverse()),
        }
    }

    /// What [`Evaluator::hessian`](crate::Evaluator::hessian) takes; with another mode than [`Mode::Auto`], what
    /// [`Evaluator::hessian_by`](crate::Evaluator::hessian_by) takes. Nothing is evaluated, but for many variables the
    /// gradient is recorded.
    ///
    /// ```
    /// use tapegrad::{Function, Mode, Var};
    ///
    /// let f = Function::record(|x: &[Var]| x.windows(2).map(|w| (w[0] * w[1]).sin()).sum::<Var>(), &[0.5; 100][..])?;
    /// assert_eq!(f.hessian_plan(Mode::Forward)?.to_string(), "forward, 25 chunks of 4");
    /// assert_eq!(f.hessian_plan(Mode::Reverse)?.to_string(), "reverse, 100 sweeps"); // each over its neighbours
    /// assert_eq!(f.hessian_plan(Mode::Sparse)?.to_string(), "sparse, 3 colours");
    /// assert_ne!(f.hessian_plan(Mode::Auto)?.mode, Mode::Forward);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if the number of outputs is not one.
    pub fn hessian_plan(&self, mode: Mode) -> Result<DerivativePlan, Error> {
        self.single_output()?;
        let forward = || self.hessian_in(Mode::Forward, self.variables());
        let reverse = || Some(self.known_gradient()?.jacobian_reverse());
        let sparse = || Some(self.hessian_in(Mode::Sparse, self.compressed_hessian()?.colouring.colours));
        Ok(match mode {
            Mode::Auto => *self.known.hessian.get(|| {
                let forward = forward();
                let work = self.work() as f64;
                if forward.nanoseconds < (RECORDED + SWEPT_OVER_DUALS) * work {
                    return forward;
                }
                [reverse(), sparse()].into_iter().flatten().fold(forward, cheaper)
            }),
            Mode::Forward => forward(),
            Mode::Reverse => reverse().unwrap_or_else(forward),
            Mode::Sparse => sparse().or_else(reverse).unwrap_or_else(forward),
        })
    }

    fn has_matrices(&self) -> bool {
        self.graph.instructions.iter().any(Instruction::is_matrix)
    }

    fn jacobian_forward(&self) -> DerivativePlan {
        self.jacobian_in(Mode::Forward, self.variables())
    }

    fn jacobian_sparse(&self) -> Option<DerivativePlan> {
        Some(self.jacobian_in(Mode::Sparse, self.compressed()?.colouring.colours))
    }

    /// What the Jacobian takes in this number of directions.
    pub(super) fn jacobian_in(&self, mode: Mode, count: usize) -> DerivativePlan {
        self.in_directions(mode, count, OVER_DUALS, self.size())
    }

    /// What the Hessian takes in this number of directions.
    pub(super) fn hessian_in(&self, mode: Mode, count: usize) -> DerivativePlan {
        self.in_directions(mode, count, SWEPT_OVER_DUALS, (self.variables() * self.variables()) as f64)
    }

    fn in_directions(&self, mode: Mode, count: usize, rate: f64, written: f64) -> DerivativePlan {
        let operations = self.work() * count.div_ceil(DIRECTIONS);
        let nanoseconds = rate * operations as f64 + WRITTEN * written;
        DerivativePlan { mode, count, operations, nanoseconds }
    }

    fn jacobian_reverse(&self) -> DerivativePlan {
        let (swept, evaluated) = (self.rows().work, self.work());
        let nanoseconds = SWEPT * swept as f64 + EVALUATED * evaluated as f64 + 2.0 * WRITTEN * self.size();
        let operations = swept + evaluated;
        DerivativePlan { mode: Mode::Reverse, count: self.outputs(), operations, nanoseconds }
    }

    /// How many derivatives the Jacobian has.
    fn size(&self) -> f64 {
        self.outputs() as f64 * self.variables() as f64
    }

    /// What each output depends on.
    pub(super) fn rows(&self) -> &Rows {
        self.known.rows.get(|| Rows::new(&self.graph))
    }

    /// The pattern of the Jacobian and its colours, if there are not too many.
    pub(super) fn compressed(&self) -> Option<&Compressed> {
        self.known.compressed.get(|| Compressed::of_jacobian(dependencies::pattern(self))).as_ref()
    }

    /// The pattern of the Hessian and its colours, if there are not too many.
    pub(super) fn compressed_hessian(&self) -> Option<&Compressed> {
        let compute = || Compressed::of_hessian(dependencies::pattern(self.known_gradient()?).lower());
        self.known.compressed_hessian.get(compute).as_ref()
    }

    /// The gradient of a function with one output; `None` for one that was loaded and does not hold where it was recorded.
    pub(super) fn known_gradient(&self) -> Option<&Function> {
        self.known.gradient.get(|| self.gradient().ok()).as_ref()
    }
}

fn cheaper(a: DerivativePlan, b: DerivativePlan) -> DerivativePlan {
    if b.nanoseconds < a.nanoseconds { b } else { a }
}
