//! A function with branches: one recording per branch, made when it is first needed.

use super::{Function, Workspace};
use crate::error::Error;
use crate::number::point::Point;
use crate::tape::Var;

/// A closure and its recordings, one per combination of branches that was met. Where none fits a point, the
/// closure is recorded there.
///
/// ```
/// use tapegrad::{Adaptive, Workspace};
///
/// let mut f = Adaptive::new(|x: &[tapegrad::Var]| if x[0] < 0.0 { -x[0] } else { x[0] * x[0] }, 8);
/// let mut workspace = Workspace::new();
/// let mut gradient = [0.0];
/// for (x, slope) in [(3.0, 6.0), (-3.0, -1.0), (5.0, 10.0)] {
///     f.value_and_gradient(&[x], &mut workspace, &mut gradient)?;
///     assert_eq!(gradient, [slope]);
/// }
/// assert_eq!(f.recordings().len(), 2);
/// # Ok::<(), tapegrad::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Adaptive<F> {
    f: F,
    recordings: Recordings,
}

impl<F: Fn(&[Var]) -> Y, Y: Point<Var>> Adaptive<F> {
    /// Keeps at most `most` recordings, at least one; the one that was not used for longest makes room.
    pub fn new(f: F, most: usize) -> Self {
        Adaptive { f, recordings: Recordings::new(most) }
    }

    /// The recordings so far, the one used last first.
    #[must_use]
    pub fn recordings(&self) -> &[Function] {
        &self.recordings.functions
    }

    /// The value, of a function with one output.
    ///
    /// # Errors
    /// As [`Function::record`] and [`Function::value`], but for a changed branch.
    pub fn value(&mut self, x: &[f64], workspace: &mut Workspace) -> Result<f64, Error> {
        self.with_fitting(x, |function| function.evaluator_in(workspace).value(x))
    }

    /// The values of all outputs.
    ///
    /// # Errors
    /// As [`Function::record`] and [`Function::values`], but for a changed branch.
    pub fn values(&mut self, x: &[f64], workspace: &mut Workspace) -> Result<Vec<f64>, Error> {
        self.with_fitting(x, |function| function.evaluator_in(workspace).values(x))
    }

    /// The value and the gradient.
    ///
    /// # Errors
    /// As [`Function::record`] and [`Function::value_and_gradient`], but for a changed branch.
    pub fn value_and_gradient(
        &mut self,
        x: &[f64],
        workspace: &mut Workspace,
        gradient: &mut [f64],
    ) -> Result<f64, Error> {
        self.with_fitting(x, |function| function.evaluator_in(workspace).value_and_gradient_into(x, gradient))
    }

    fn with_fitting<T>(
        &mut self,
        x: &[f64],
        evaluate: impl FnMut(&Function) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.recordings.with_fitting(|| Function::record(&self.f, x), evaluate)
    }
}

/// The recordings of a function with branches.
#[derive(Debug, Clone)]
pub(crate) struct Recordings {
    /// The one used last comes first.
    functions: Vec<Function>,
    most: usize,
}

impl Recordings {
    pub fn new(most: usize) -> Self {
        Recordings { functions: Vec::new(), most: most.max(1) }
    }

    /// Evaluates with the recording that fits a point, made there by `record` if there is none. At most one does: the guards
    /// of a recording are the decisions of the code, and the code decides one way.
    pub fn with_fitting<T>(
        &mut self,
        record: impl FnOnce() -> Result<Function, Error>,
        mut evaluate: impl FnMut(&Function) -> Result<T, Error>,
    ) -> Result<T, Error> {
        for k in 0..self.functions.len() {
            match evaluate(&self.functions[k]) {
                Err(Error::BranchChanged { .. }) => {}
                done => {
                    self.functions[..=k].rotate_right(1);
                    return done;
                }
            }
        }
        let recording = record()?;
        let done = evaluate(&recording)?;
        self.functions.truncate(self.most - 1);
        self.functions.insert(0, recording);
        Ok(done)
    }
}
