//! A function with branches: one recording per combination of branches, made when it is first needed.

use super::Function;
use super::cache::Cache;
use super::evaluator::Evaluator;
use super::workspace::Workspace;
use crate::error::Error;
use crate::number::point::Point;
use crate::tape::Var;

/// Methods of a function with branches that call its `evaluate`.
macro_rules! evaluations {
    () => {
        /// The value of a function with one output.
        ///
        /// # Errors
        /// As [`evaluate`](Self::evaluate).
        pub fn value(&mut self, x: &[f64]) -> Result<f64, Error> {
            self.evaluate(x, |f| f.value(x))
        }

        /// The values of all outputs.
        ///
        /// # Errors
        /// As [`evaluate`](Self::evaluate).
        pub fn values(&mut self, x: &[f64]) -> Result<Vec<f64>, Error> {
            self.evaluate(x, |f| f.values(x))
        }

        /// The value and the gradient, of a function with one output.
        ///
        /// # Errors
        /// As [`evaluate`](Self::evaluate).
        pub fn value_and_gradient(&mut self, x: &[f64]) -> Result<(f64, Vec<f64>), Error> {
            self.evaluate(x, |f| f.value_and_gradient(x))
        }

        /// As [`value_and_gradient`](Self::value_and_gradient): returns the value and writes the gradient.
        ///
        /// # Errors
        /// As [`evaluate`](Self::evaluate).
        pub fn value_and_gradient_into(&mut self, x: &[f64], gradient: &mut [f64]) -> Result<f64, Error> {
            self.evaluate(x, |f| f.value_and_gradient_into(x, gradient))
        }
    };
}
pub(super) use evaluations;

/// A closure and its recordings, one for each combination of branches that occurred. If the guards of no recording
/// hold at a point, the closure is recorded there.
///
/// ```
/// use tapegrad::{Adaptive, Var};
///
/// let mut f = Adaptive::new(|x: &[Var]| if x[0] < 0.0 { -x[0] } else { x[0] * x[0] }, 8);
/// for (x, slope) in [(3.0, 6.0), (-3.0, -1.0), (5.0, 10.0)] {
///     assert_eq!(f.value_and_gradient(&[x])?.1, [slope]);
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
    /// Keeps at most `most` recordings (at least one); the least recently used one is dropped to make room.
    pub fn new(f: F, most: usize) -> Self {
        Adaptive { f, recordings: Recordings::new(most) }
    }

    /// The recordings that are kept, the most recently used one first.
    #[must_use]
    pub fn recordings(&self) -> &[Function] {
        self.recordings.entries()
    }

    /// Calls `evaluate` with an [`Evaluator`] of the recording that fits the point, and returns its result. While
    /// no recording is known to fit, `evaluate` may be called several times.
    ///
    /// ```
    /// # use tapegrad::{Adaptive, Var};
    /// let mut f = Adaptive::new(|x: &[Var]| if x[0] < 0.0 { x[0] } else { x[0] * x[0] }, 8);
    /// assert_eq!(f.evaluate(&[3.0], |f| f.hessian(&[3.0]))?, [2.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Function::record`], and the errors of `evaluate`. After [`Error::BranchChanged`] the next recording is
    /// tried instead.
    pub fn evaluate<T>(
        &mut self,
        x: &[f64],
        mut evaluate: impl FnMut(&mut Evaluator<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let record = || Function::record(&self.f, x);
        self.recordings
            .with_fitting(record, |function, workspace| evaluate(&mut function.evaluator_in(workspace)))
    }

    evaluations!();
}

/// The recordings of a function with branches, or what was planned for them, and memory to evaluate them. The closure that
/// makes a recording is passed to each call.
#[derive(Debug, Clone)]
pub(crate) struct Recordings<R = Function, W = Workspace> {
    cache: Cache<R>,
    workspace: W,
}

impl<R, W: Default> Recordings<R, W> {
    pub fn new(most: usize) -> Self {
        Recordings { cache: Cache::new(most), workspace: W::default() }
    }

    /// The most recently used one first.
    pub fn entries(&self) -> &[R] {
        self.cache.entries()
    }

    /// Evaluates with the recording that fits a point; `record` makes one there if none does. At most one fits: its
    /// guards are the decisions of the code, which are determined by the point.
    pub fn with_fitting<T>(
        &mut self,
        record: impl FnOnce() -> Result<R, Error>,
        mut evaluate: impl FnMut(&R, &mut W) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Recordings { cache, workspace } = self;
        for (k, recording) in cache.entries().iter().enumerate() {
            match evaluate(recording, workspace) {
                Err(Error::BranchChanged { .. }) => {}
                done => {
                    cache.touch(k, 0);
                    return done;
                }
            }
        }
        let recording = record()?;
        let done = evaluate(&recording, workspace)?;
        cache.insert(recording, 0);
        Ok(done)
    }
}
