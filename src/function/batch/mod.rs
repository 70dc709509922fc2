//! Batches: one function evaluated over many samples at once, in vector registers and on several threads.

mod adaptive;
mod block;
mod compound;
mod cost;
mod evaluator;
mod fallback;
mod few;
mod matmul;
mod part;
mod plan;
mod planner;
mod samples;
mod scratch;
mod spans;
mod staging;
mod sweep;
mod transpose;
mod tree;
mod workspace;

pub use adaptive::BatchedAdaptive;
pub(crate) use adaptive::Branches;
pub use evaluator::BatchEvaluator;
pub use samples::{Column, Samples};
pub(super) use tree::InChunks;
pub use workspace::BatchWorkspace;

use super::evaluate::{backward_plain, forward};
use super::ir::graph::{Graph, Source};
use super::precision::Precision;
use super::{Function, length, set_of_inputs};
use crate::error::Error;
use plan::Plan;
use spans::{Span, copy, spans};
use std::collections::HashSet;
use std::ops::Range;
use std::sync::atomic::AtomicBool;
use sweep::Sweep;
use tree::{Job, Out, Outcome, Request};

/// A [`Function`] over many samples at once, in double or single precision: *shared* inputs have one value for all
/// samples, all others differ from sample to sample. [`Function::batched`] makes it; a [`BatchEvaluator`] computes
/// values and derivatives.
///
/// The *preamble*, which is what depends on shared inputs alone, is computed once. Samples are evaluated side by
/// side in vector registers (AVX2, AVX-512 or NEON, whichever the machine has), and with the feature `parallel`
/// chunks of samples are distributed over the threads of rayon's pool.
///
/// The order of summation depends on the function and the samples alone: first over the lanes of a block (sample by
/// sample for the weights of wide layers, and where an infinity meets a zero), then over the blocks of a chunk of
/// some 1,000 samples, then over a binary tree of chunks. So the bits are the same for any number of threads and
/// any instruction set. They differ by rounding from those of a sum over the samples in order. Elementary functions
/// are within 2 units in the last place.
///
/// ```
/// use tapegrad::{Function, batch::{Column, Samples}};
///
/// // The squared error of a line; slope and offset are shared.
/// let error = Function::record(|[w, b, x, t]| (w * x + b - t).powi(2), [0.0; 4])?;
/// let error = error.batched(0..2)?;
///
/// let (x, t) = ([0.0, 1.0, 2.0], [1.0, 3.0, 5.0]);
/// let columns = [Column::from(&x), Column::from(&t)];
/// let samples = Samples::new(&columns)?;
/// let (total, gradient) = error.evaluator().value_and_gradient(&[1.0, 0.0], &samples)?;
/// assert_eq!((total, gradient), (1.0 + 4.0 + 9.0, vec![-16.0, -12.0]));
/// # Ok::<(), tapegrad::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Batched<T = f64> {
    plan: Plan,
    inputs: usize,
    shared: Range<usize>,
    /// The shared inputs that are variables, counted from the first shared input.
    variables: Vec<usize>,
    /// Where the shared numbers are among the values of the preamble.
    reads: Vec<Span>,
    /// For shared numbers that are variables themselves: which variables they are.
    passes_to: Vec<Span>,
    /// Whether each variable is exactly one shared number.
    is_one_to_one: bool,
    /// The sweeps from the first output to the shared numbers, and from each output to the variables of the
    /// samples.
    by_shared: Vec<Sweep>,
    by_sample: Vec<Sweep>,
    precision: std::marker::PhantomData<fn() -> T>,
}

impl Function {
    /// This function over many samples, in double precision. The inputs in `shared` have the same value for all
    /// samples.
    ///
    /// # Errors
    /// [`Error::Length`] if there is no such input.
    pub fn batched(&self, shared: impl IntoIterator<Item = usize>) -> Result<Batched, Error> {
        self.batched_as(shared)
    }

    /// As [`batched`](Self::batched), in the precision of `T`.
    ///
    /// ```
    /// # use tapegrad::Function;
    /// let f = Function::record(|[w, x]| w * x, [1.0, 1.0])?;
    /// let single = f.batched_as::<f32>([0])?;
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`batched`](Self::batched).
    pub fn batched_as<T: Precision>(
        &self,
        shared: impl IntoIterator<Item = usize>,
    ) -> Result<Batched<T>, Error> {
        let shared = set_of_inputs(shared, self.inputs())?;
        let is_variable: Vec<bool> = self.are_variables().collect();
        let inlined = self.with_calls_inlined();
        let graph = &inlined.graph;
        let range = shared.first().map_or(0..0, |&first| first..first + shared.len());
        if shared.iter().copied().eq(range.clone()) {
            return Ok(Batched::new(graph, range, &is_variable));
        }
        // A plan needs contiguous shared inputs.
        let others = (0..self.inputs()).filter(|input| shared.binary_search(input).is_err());
        let order: Vec<usize> = shared.iter().copied().chain(others).collect();
        let is_variable: Vec<bool> = order.iter().map(|&input| is_variable[input]).collect();
        Ok(Batched::new(&graph.with_inputs_in(&order), 0..shared.len(), &is_variable))
    }
}

impl<T: Precision> Batched<T> {
    /// The graph over many samples. The inputs in `shared` have the same value for all samples.
    fn new(graph: &Graph, shared: Range<usize>, is_variable: &[bool]) -> Self {
        let inputs = graph.inputs;
        let plan = Plan::new(graph, shared.clone(), is_variable);
        let variables: Vec<usize> =
            shared.clone().filter(|&k| is_variable[k]).map(|k| k - shared.start).collect();
        let variable_at = |&place: &u32| match plan.preamble.source(place) {
            Source::Input(input) => variables.binary_search(&input).ok(),
            _ => None,
        };
        let passes_to = || plan.preamble.outputs.iter().map(variable_at);
        let distinct: HashSet<usize> = passes_to().flatten().collect();
        Batched {
            reads: spans(plan.preamble.outputs.iter().map(|&place| Some(place as usize))),
            passes_to: spans(passes_to()),
            is_one_to_one: distinct.len() == variables.len()
                && passes_to().flatten().count() == variables.len(),
            variables,
            by_shared: plan.outputs.iter().take(1).map(|&output| plan.sweep(output, true)).collect(),
            by_sample: plan.outputs.iter().map(|&output| plan.sweep(output, false)).collect(),
            plan,
            inputs,
            shared,
            precision: std::marker::PhantomData,
        }
    }

    /// How many outputs there are.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.plan.outputs.len()
    }

    /// How many inputs are shared, held ones included.
    #[must_use]
    pub fn shared(&self) -> usize {
        self.shared.len()
    }

    /// How many inputs differ from sample to sample, held ones included. Samples have one column for each.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.inputs - self.shared.len()
    }

    /// How many shared inputs are variables: derivatives are taken with respect to them.
    #[must_use]
    pub fn shared_variables(&self) -> usize {
        self.variables.len()
    }

    /// How many inputs that differ between samples are variables: derivatives are taken with respect to them.
    #[must_use]
    pub fn sample_variables(&self) -> usize {
        self.plan.variables().count()
    }

    /// The estimated time of one sample with its gradient, in nanoseconds.
    pub(crate) fn nanoseconds_of_one(&self) -> f64 {
        self.plan.nanoseconds_of_one()
    }

    /// The outputs of every sample. The outcome lists the samples that take another branch.
    fn fitting_values(
        &self,
        shared: &[f64],
        samples: &Samples<'_>,
        workspace: &mut BatchWorkspace<T>,
        out: &mut [f64],
    ) -> Result<Outcome, Error> {
        length(VALUES, samples.len().saturating_mul(self.outputs()), out.len())?;
        let mut outcome = self.run(shared, samples, Request::Values, workspace, [out, &mut []])?;
        workspace.give_back(&mut outcome);
        Ok(outcome)
    }

    /// The sum of the output and its gradient, over the samples that take the recorded branches; the outcome lists
    /// the others. `into` is called with whether there are no others, and returns where to write the gradient, if
    /// anywhere.
    fn fitting_value_and_gradient<'g>(
        &self,
        shared: &[f64],
        samples: &Samples<'_>,
        workspace: &mut BatchWorkspace<T>,
        into: impl FnOnce(bool) -> Option<&'g mut [f64]>,
    ) -> Result<(f64, Outcome), Error> {
        length("outputs", 1, self.outputs())?;
        let mut outcome = self.run(shared, samples, Request::ByShared, workspace, [&mut [], &mut []])?;
        if let Some(gradient) = into(outcome.out.is_empty()) {
            self.gather(&outcome, shared, samples, workspace, gradient)?;
        }
        let total = outcome.sums[self.plan.preamble.outputs.len()];
        workspace.give_back(&mut outcome);
        Ok((total, outcome))
    }

    /// The derivatives with respect to the shared variables, from those with respect to all shared numbers.
    fn gather(
        &self,
        outcome: &Outcome,
        shared: &[f64],
        samples: &Samples<'_>,
        workspace: &mut BatchWorkspace<T>,
        gradient: &mut [f64],
    ) -> Result<(), Error> {
        let preamble = &self.plan.preamble;
        let by_shared = &outcome.sums[..preamble.outputs.len()];
        if preamble.instructions.is_empty() {
            if !self.is_one_to_one {
                gradient.fill(0.0);
            }
            for run in &self.passes_to {
                let (slopes, weights) = (&mut gradient[run.numbers()], &by_shared[run.places()]);
                if self.is_one_to_one {
                    slopes.copy_from_slice(weights);
                } else {
                    slopes.iter_mut().zip(weights).for_each(|(slope, weight)| *slope += weight);
                }
            }
            return Ok(());
        }
        self.pass_through_preamble(by_shared, &[], workspace, gradient)?;
        // A NaN from a zero and an infinity may be a structural zero: it is, for a shared number that no sample
        // reaches.
        if gradient.iter().any(|slope| slope.is_nan()) && by_shared.contains(&0.0) {
            let mut reached = self.run(shared, samples, Request::Reached, workspace, [&mut [], &mut []])?;
            self.pass_through_preamble(by_shared, &reached.sums, workspace, gradient)?;
            workspace.give_back(&mut reached);
        }
        Ok(())
    }

    /// The sweep through the preamble, from shared numbers to shared variables. `reached`: in how many samples each
    /// shared number was reached, if that is known.
    fn pass_through_preamble(
        &self,
        by_shared: &[f64],
        reached: &[f64],
        workspace: &mut BatchWorkspace<T>,
        gradient: &mut [f64],
    ) -> Result<(), Error> {
        let (preamble, workspace) = (&self.plan.preamble, &mut workspace.preamble);
        let seeds = preamble.outputs.iter().copied().zip(by_shared.iter().copied()).enumerate();
        let seeds = seeds.filter(|&(k, (place, weight))| {
            !preamble.is_constant(place) && (weight != 0.0 || reached.get(k) != Some(&0.0))
        });
        backward_plain(preamble, seeds.map(|(_, seed)| seed), workspace)?;
        let first = preamble.input(0) as usize;
        for (out, &variable) in gradient.iter_mut().zip(&self.variables) {
            *out = workspace.adjoints[first + variable];
        }
        Ok(())
    }

    /// The Jacobian of every sample. The outcome lists the samples that take another branch.
    fn fitting_jacobians(
        &self,
        shared: &[f64],
        samples: &Samples<'_>,
        workspace: &mut BatchWorkspace<T>,
        out: &mut [f64],
    ) -> Result<Outcome, Error> {
        length(BY_SAMPLE, self.derivatives_by_sample(samples), out.len())?;
        let mut outcome = self.run(shared, samples, Request::BySample, workspace, [&mut [], out])?;
        workspace.give_back(&mut outcome);
        Ok(outcome)
    }

    /// The outputs and the Jacobian of every sample. The outcome lists the samples that take another branch.
    fn fitting_values_and_jacobians(
        &self,
        shared: &[f64],
        samples: &Samples<'_>,
        workspace: &mut BatchWorkspace<T>,
        [values, jacobians]: Out<'_>,
    ) -> Result<Outcome, Error> {
        length(VALUES, samples.len().saturating_mul(self.outputs()), values.len())?;
        length(BY_SAMPLE, self.derivatives_by_sample(samples), jacobians.len())?;
        let wanted = Request::ValuesAndBySample;
        let mut outcome = self.run(shared, samples, wanted, workspace, [values, jacobians])?;
        workspace.give_back(&mut outcome);
        Ok(outcome)
    }

    /// How many derivatives the Jacobians of all samples have.
    fn derivatives_by_sample(&self, samples: &Samples<'_>) -> usize {
        samples.len().saturating_mul(self.outputs() * self.sample_variables())
    }

    fn run(
        &self,
        shared: &[f64],
        samples: &Samples<'_>,
        wanted: Request,
        workspace: &mut BatchWorkspace<T>,
        out: Out<'_>,
    ) -> Result<Outcome, Error> {
        length("shared inputs", self.shared(), shared.len())?;
        length("columns", self.columns(), samples.columns())?;
        let BatchWorkspace { preamble: workspace, shared: numbers, pool } = workspace;
        let preamble = &self.plan.preamble;
        forward(preamble, shared.iter().copied(), workspace).map_err(|stop| stop.error(&workspace.values))?;
        numbers.resize(preamble.outputs.len(), T::default());
        let shared_is_finite = copy(&self.reads, &workspace.values, numbers);
        let sweeps = match wanted {
            Request::Values | Request::Sums | Request::Reached => &[][..],
            Request::ByShared => &self.by_shared,
            Request::BySample | Request::ValuesAndBySample => &self.by_sample,
        };
        let (plan, samples) = (&self.plan, *samples);
        let is_wary = AtomicBool::new(false);
        let job = Job { plan, sweeps, shared: numbers, shared_is_finite, samples, wanted, pool, is_wary };
        Ok(job.run(out))
    }
}

/// Names, in errors, for results that are written sample by sample.
const VALUES: &str = "values";
const BY_SAMPLE: &str = "derivatives by inputs that differ between samples";

/// The error for samples in which a guard does not have its recorded outcome.
fn branches_changed(Outcome { out, first, .. }: Outcome, samples: &Samples<'_>) -> Result<(), Error> {
    match first {
        Some(first) => {
            let samples = out.into_iter().map(|position| samples.number(position)).collect();
            Err(Error::BranchesChanged { samples, first: Box::new(first) })
        }
        None => Ok(()),
    }
}
