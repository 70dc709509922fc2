//! A function with branches over many samples: each sample is evaluated by the recording of its branches.

use super::super::cache::Cache;
use super::super::precision::Precision;
use super::super::{Function, in_order, length, set_of_inputs};
use super::samples::Samples;
use super::tree::Outcome;
use super::{BY_SAMPLE, BatchWorkspace, Batched, VALUES, branches_changed};
use crate::error::Error;
use crate::number::point::Point;
use crate::tape::Var;

/// A closure and its recordings, one for each combination of branches that occurred in some sample: the batched
/// form of [`Adaptive`](crate::Adaptive). Each sample is evaluated by the recording whose branches it takes; if
/// there is none, the closure is recorded at this sample.
///
/// ```
/// use tapegrad::{Var, batch::{BatchedAdaptive, Column, Samples}};
///
/// // |w x|, by a branch.
/// let f = |x: &[Var]| if x[0] * x[1] < 0.0 { -(x[0] * x[1]) } else { x[0] * x[1] };
/// let mut f = BatchedAdaptive::new(f, [0], 8);
/// let x = [1.0, -2.0, 3.0];
/// let columns = [Column::from(&x)];
/// let samples = Samples::new(&columns)?;
/// assert_eq!(f.value_and_gradient(&[2.0], &samples)?, (12.0, vec![6.0]));
/// assert_eq!(f.recordings().len(), 2);
/// # Ok::<(), tapegrad::Error>(())
/// ```
#[derive(Debug)]
pub struct BatchedAdaptive<F, T = f64> {
    f: F,
    branches: Branches<T>,
}

/// A copy has memory of its own.
impl<F: Clone, T: Precision> Clone for BatchedAdaptive<F, T> {
    fn clone(&self) -> Self {
        let Branches { shared, held, recordings, .. } = &self.branches;
        let empty = Branches::new(shared.iter().copied(), held.iter().copied(), 1);
        let branches = Branches { recordings: recordings.clone(), ..empty };
        BatchedAdaptive { f: self.f.clone(), branches }
    }
}

impl<F: Fn(&[Var]) -> Y, Y: Point<Var>> BatchedAdaptive<F> {
    /// In double precision. The inputs in `shared` have the same value for all samples. Keeps at most `most`
    /// recordings (at least one); the least recently used one is dropped to make room.
    pub fn new(f: F, shared: impl IntoIterator<Item = usize>, most: usize) -> Self {
        Self::new_as(f, shared, most)
    }
}

impl<F: Fn(&[Var]) -> Y, Y: Point<Var>, T: Precision> BatchedAdaptive<F, T> {
    /// As [`new`](BatchedAdaptive::new), in the precision of `T`: `BatchedAdaptive::<_, f32>::new_as(f, [0], 8)`.
    pub fn new_as(f: F, shared: impl IntoIterator<Item = usize>, most: usize) -> Self {
        BatchedAdaptive { f, branches: Branches::new(shared, [], most) }
    }

    /// The same with these inputs held too: derivatives are not taken with respect to them, as with
    /// [`Function::with_held`].
    #[must_use]
    pub fn with_held(mut self, inputs: impl IntoIterator<Item = usize>) -> Self {
        self.branches.hold(inputs);
        self.branches.recordings.clear();
        self
    }

    /// The recordings that are kept, the most recently used one first.
    #[must_use]
    pub fn recordings(&self) -> &[Batched<T>] {
        self.branches.recordings.entries()
    }

    /// As [`BatchEvaluator::value_and_gradient`](super::BatchEvaluator::value_and_gradient).
    ///
    /// # Errors
    /// As [`value_and_gradient_into`](Self::value_and_gradient_into).
    pub fn value_and_gradient(
        &mut self,
        shared: &[f64],
        samples: &Samples<'_>,
    ) -> Result<(f64, Vec<f64>), Error> {
        let mut gradient = vec![0.0; self.branches.shared_variables];
        Ok((self.value_and_gradient_into(shared, samples, &mut gradient)?, gradient))
    }

    /// As [`value_and_gradient`](Self::value_and_gradient): returns the sum and writes its gradient.
    ///
    /// # Errors
    /// As [`Function::record`] and [`BatchEvaluator`](super::BatchEvaluator), except for changed branches; on an
    /// error `gradient` is unchanged. Lengths are checked before anything is recorded. [`Error::BranchesChanged`]
    /// is still possible if a comparison is so close that rounding gives it another outcome in the batch than in
    /// the recording at the same sample.
    pub fn value_and_gradient_into(
        &mut self,
        shared: &[f64],
        samples: &Samples<'_>,
        gradient: &mut [f64],
    ) -> Result<f64, Error> {
        self.branches.value_and_gradient(recorder(&self.f), shared, samples, gradient)
    }

    /// The outputs of every sample, sample after sample.
    ///
    /// # Errors
    /// As [`value_and_gradient_into`](Self::value_and_gradient_into); on an error `out` is unchanged.
    pub fn values_into(
        &mut self,
        shared: &[f64],
        samples: &Samples<'_>,
        out: &mut [f64],
    ) -> Result<(), Error> {
        self.branches.sample_by_sample(
            recorder(&self.f),
            shared,
            samples,
            VALUES,
            out,
            |batched, samples, workspace, part| batched.fitting_values(shared, samples, workspace, part),
        )
    }

    /// The Jacobian of every sample, as [`BatchEvaluator::jacobians_into`](super::BatchEvaluator::jacobians_into).
    ///
    /// # Errors
    /// As [`values_into`](Self::values_into).
    pub fn jacobians_into(
        &mut self,
        shared: &[f64],
        samples: &Samples<'_>,
        out: &mut [f64],
    ) -> Result<(), Error> {
        self.branches.sample_by_sample(
            recorder(&self.f),
            shared,
            samples,
            BY_SAMPLE,
            out,
            |batched, samples, workspace, part| batched.fitting_jacobians(shared, samples, workspace, part),
        )
    }
}

/// Records the closure at a point.
fn recorder<F: Fn(&[Var]) -> Y, Y: Point<Var>>(f: &F) -> impl Fn(&[f64]) -> Result<Function, Error> {
    move |at: &[f64]| Function::record::<&[f64], Y>(f, at)
}

/// The recordings of a function, and memory to evaluate them. The closure that makes a recording at a point is
/// passed to each call.
#[derive(Debug)]
pub(crate) struct Branches<T> {
    /// In ascending order, without duplicates.
    shared: Vec<usize>,
    held: Vec<usize>,
    /// How many shared inputs are variables.
    shared_variables: usize,
    recordings: Cache<Batched<T>>,
    workspace: BatchWorkspace<T>,
    /// The result until it is complete, and the result of one group.
    memory: [Vec<f64>; 2],
}

impl<T: Precision> Branches<T> {
    pub fn new(
        shared: impl IntoIterator<Item = usize>,
        held: impl IntoIterator<Item = usize>,
        most: usize,
    ) -> Self {
        let (shared, recordings) = (in_order(shared), Cache::new(most));
        let mut branches = Branches {
            shared_variables: shared.len(),
            shared,
            held: Vec::new(),
            recordings,
            workspace: BatchWorkspace::new(),
            memory: Default::default(),
        };
        branches.hold(held);
        branches
    }

    /// Holds these inputs too.
    fn hold(&mut self, inputs: impl IntoIterator<Item = usize>) {
        self.held = in_order(self.held.drain(..).chain(inputs));
        let is_variable = |input: &&usize| self.held.binary_search(input).is_err();
        self.shared_variables = self.shared.iter().filter(is_variable).count();
    }

    pub fn value_and_gradient(
        &mut self,
        record: impl FnMut(&[f64]) -> Result<Function, Error>,
        shared: &[f64],
        samples: &Samples<'_>,
        gradient: &mut [f64],
    ) -> Result<f64, Error> {
        self.expect(shared, samples)?;
        length("derivatives", self.shared_variables, gradient.len())?;
        let [mut sum, mut part] = std::mem::take(&mut self.memory);
        // Usually all samples are in one group, and its gradient is written directly.
        let (mut total, mut groups, mut are_all) = (0.0, 0, false);
        let done = self.in_groups(record, shared, samples, |batched, samples, workspace, _| {
            sum.resize(gradient.len(), 0.0);
            part.resize(gradient.len(), 0.0);
            let is_first = groups == 0;
            let (are_all, gradient) = (&mut are_all, &mut *gradient);
            let other = if is_first { &mut sum[..] } else { &mut part[..] };
            let into = move |all_fit: bool| {
                *are_all = is_first && all_fit;
                Some(if *are_all { gradient } else { other })
            };
            let (value, outcome) = batched.fitting_value_and_gradient(shared, samples, workspace, into)?;
            // Counted only now: a recording that the shared inputs do not fit has written nothing.
            groups += 1;
            if is_first {
                total = value;
            } else {
                total += value;
                sum.iter_mut().zip(&part).for_each(|(sum, part)| *sum += part);
            }
            Ok(outcome)
        });
        if done.is_ok() && !are_all {
            match groups {
                0 => gradient.fill(0.0),
                _ => gradient.copy_from_slice(&sum),
            }
        }
        self.memory = [sum, part];
        done.map(|()| total)
    }

    /// Checks all lengths that are known before anything is recorded.
    fn expect(&self, shared: &[f64], samples: &Samples<'_>) -> Result<(), Error> {
        length("shared inputs", self.shared.len(), shared.len())?;
        let inputs = samples.columns() + shared.len();
        for set in [&self.shared, &self.held] {
            set_of_inputs(set.last().copied(), inputs)?;
        }
        Ok(())
    }

    /// Evaluates results that have numbers for each sample, group by group, and writes them in the order of the
    /// samples. `what` names them in errors.
    fn sample_by_sample(
        &mut self,
        record: impl FnMut(&[f64]) -> Result<Function, Error>,
        shared: &[f64],
        samples: &Samples<'_>,
        what: &'static str,
        out: &mut [f64],
        mut evaluate: impl FnMut(
            &Batched<T>,
            &Samples<'_>,
            &mut BatchWorkspace<T>,
            &mut [f64],
        ) -> Result<Outcome, Error>,
    ) -> Result<(), Error> {
        self.expect(shared, samples)?;
        if samples.is_empty() {
            return length(what, 0, out.len());
        }
        let per_sample = out.len() / samples.len();
        let [mut whole, mut part] = std::mem::take(&mut self.memory);
        let mut is_kept = false;
        let done = self.in_groups(record, shared, samples, |batched, group, workspace, positions| {
            let Some(positions) = positions else {
                // Without guards over lanes, all samples fit this recording, and no error can follow.
                is_kept = !batched.plan.guards.is_empty();
                if !is_kept {
                    return evaluate(batched, group, workspace, out);
                }
                whole.resize(out.len(), 0.0);
                return evaluate(batched, group, workspace, &mut whole);
            };
            part.resize(group.len() * per_sample, 0.0);
            let outcome = evaluate(batched, group, workspace, &mut part)?;
            for (numbers, &position) in part.chunks_exact(per_sample.max(1)).zip(positions) {
                whole[position * per_sample..][..per_sample].copy_from_slice(numbers);
            }
            Ok(outcome)
        });
        if done.is_ok() && is_kept {
            out.copy_from_slice(&whole);
        }
        self.memory = [whole, part];
        done
    }

    /// Calls `evaluate` for each group of samples: all samples with the first recording, those that do not fit it
    /// with the next one, and so on. Recordings that were used keep their order. `evaluate` receives the group and,
    /// except for the first group, the positions of its samples.
    fn in_groups(
        &mut self,
        mut record: impl FnMut(&[f64]) -> Result<Function, Error>,
        shared: &[f64],
        samples: &Samples<'_>,
        mut evaluate: impl FnMut(
            &Batched<T>,
            &Samples<'_>,
            &mut BatchWorkspace<T>,
            Option<&[usize]>,
        ) -> Result<Outcome, Error>,
    ) -> Result<(), Error> {
        let mut rest: Option<Vec<usize>> = None;
        let mut used = 0;
        for k in 0.. {
            let numbers: Vec<usize>;
            let group = match &rest {
                None => *samples,
                Some(positions) => {
                    numbers = positions.iter().map(|&position| samples.number(position)).collect();
                    samples.choose(&numbers)?
                }
            };
            if group.is_empty() {
                break;
            }
            let new = match k < self.recordings.entries().len() {
                true => None,
                false => Some(self.record(&mut record, shared, &group)?),
            };
            let batched = new.as_ref().unwrap_or_else(|| &self.recordings.entries()[k]);
            let outcome = match evaluate(batched, &group, &mut self.workspace, rest.as_deref()) {
                // The shared inputs take another branch, so no sample fits.
                Err(Error::BranchChanged { .. }) if new.is_none() => continue,
                outcome => outcome?,
            };
            // A new recording that does not fit the sample it was made at never will: the two sides of a comparison
            // are too close.
            if new.is_some() && outcome.out.first() == Some(&0) {
                return branches_changed(outcome, &group);
            }
            if outcome.out.len() < group.len() {
                match new {
                    Some(recording) => self.recordings.insert(recording, used),
                    None => self.recordings.touch(k, used),
                }
                used += 1;
            }
            let position = |place: usize| rest.as_ref().map_or(place, |rest| rest[place]);
            rest = Some(outcome.out.iter().map(|&place| position(place)).collect());
        }
        Ok(())
    }

    /// Records the function at the first sample of a group.
    fn record(
        &self,
        mut record: impl FnMut(&[f64]) -> Result<Function, Error>,
        shared: &[f64],
        group: &Samples<'_>,
    ) -> Result<Batched<T>, Error> {
        let inputs = shared.len() + group.columns();
        let mut own = (0..group.columns()).map(|column| group.at(column, 0));
        let mut shared = shared.iter().copied();
        let number = |input| match self.shared.binary_search(&input) {
            Ok(_) => shared.next(),
            Err(_) => own.next(),
        };
        let at: Vec<f64> = (0..inputs).filter_map(number).collect();
        let function = record(&at)?.with_held(self.held.iter().copied())?;
        function.optimize().batched_as(self.shared.iter().copied())
    }
}
