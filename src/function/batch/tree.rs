//! A binary tree of chunks, each of a fixed number of blocks. The tree depends on the function and the number of
//! samples alone, so sums have the same bits on any number of threads.

use super::plan::Plan;
use super::samples::Samples;
use super::scratch::{Block, Scratch, ZeroLaw, all_are_finite};
use super::staging::Staging;
use super::sweep::Sweep;
use super::transpose::{Layout, to_rows};
use crate::error::Error;
use crate::function::evaluate::refused;
use crate::function::lanes::declined::any_is_nan;
use crate::function::lanes::float::Float;
use crate::function::lanes::packet::WIDTH;
use crate::platform::{join, with_best_instructions};
use crate::table::atomic::Refusal;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// How many samples a chunk has, rounded up to whole blocks.
const CHUNK: usize = 1024;
/// How many numbers a block has, values and adjoints together, to fit into the cache.
const NUMBERS: usize = 48 << 10;
/// The most lanes in a block: longer loops gain nothing.
const MOST_LANES: usize = 512;

/// What to compute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Request {
    /// The outputs, sample by sample.
    Values,
    /// The sums of the outputs.
    Sums,
    /// The sums of the outputs, and the derivatives of the first with respect to the shared numbers.
    ByShared,
    /// In how many samples each shared number is reached from the first output.
    Reached,
    /// The derivatives of every output with respect to the variables of the samples, sample by sample.
    BySample,
    /// Both the outputs and these derivatives, sample by sample.
    ValuesAndBySample,
}

impl Request {
    fn has_values(self) -> bool {
        matches!(self, Request::Values | Request::ValuesAndBySample)
    }

    fn is_by_sample(self) -> bool {
        matches!(self, Request::BySample | Request::ValuesAndBySample)
    }
}

/// Results that are written sample by sample: the outputs, and the derivatives.
pub(super) type Out<'o> = [&'o mut [f64]; 2];

/// An evaluation.
pub(super) struct Job<'a, T> {
    pub plan: &'a Plan,
    /// The sweeps to run.
    pub sweeps: &'a [Sweep],
    pub shared: &'a [T],
    pub shared_is_finite: bool,
    pub samples: Samples<'a>,
    pub wanted: Request,
    pub pool: &'a Pool<T>,
    /// Whether a chunk had to be evaluated again with tests for structural zeros: further chunks start with tests.
    /// This changes no bits where the tests are not needed.
    pub is_wary: AtomicBool,
}

/// Reusable memory for chunks and their sums, shared by all threads.
#[derive(Debug, Default)]
pub(super) struct Pool<T> {
    scratch: Mutex<Vec<Scratch<T>>>,
    sums: Mutex<Vec<Vec<f64>>>,
}

/// The result of a part of the tree.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// The derivatives with respect to the shared numbers, followed by the sums of the outputs.
    pub sums: Vec<f64>,
    /// The positions of samples in which a guard does not have its recorded outcome. They are left out of all sums.
    pub out: Vec<usize>,
    /// The error of the first of them.
    pub first: Option<Error>,
}

fn take<M: Default>(pool: &Mutex<Vec<M>>) -> M {
    pool.lock().ok().and_then(|mut pool| pool.pop()).unwrap_or_default()
}

fn give<M>(pool: &Mutex<Vec<M>>, memory: M) {
    if let Ok(mut pool) = pool.lock() {
        pool.push(memory);
    }
}

impl<T> Pool<T> {
    /// Returns the memory of sums to the pool.
    pub fn give_back(&self, sums: Vec<f64>) {
        give(&self.sums, sums);
    }
}

/// The number of lanes in a block: as many as fit into the cache, within limits.
fn width(plan: &Plan) -> usize {
    let fitting = NUMBERS / (2 * plan.slots.max(1)) / WIDTH * WIDTH;
    fitting.clamp(WIDTH, MOST_LANES)
}

impl<T> Job<'_, T> {
    /// How many outputs and derivatives are written for each sample.
    fn numbers_per_sample(&self) -> [usize; 2] {
        let derivatives = || self.sweeps.iter().map(|sweep| sweep.variables.len()).sum();
        [
            if self.wanted.has_values() { self.plan.outputs.len() } else { 0 },
            if self.wanted.is_by_sample() { derivatives() } else { 0 },
        ]
    }
}

impl<T: InChunks> Job<'_, T> {
    /// Evaluates all samples; `out` receives the results that are written sample by sample.
    pub fn run(&self, out: Out<'_>) -> Outcome {
        self.part(0..self.samples.len(), out)
    }

    fn part(&self, samples: Range<usize>, out: Out<'_>) -> Outcome {
        let width = width(self.plan);
        let chunk = CHUNK.div_ceil(width) * width;
        if samples.len() <= chunk {
            let chunk = Chunk { job: self, samples, width, out };
            return T::evaluate(chunk);
        }
        // The left part is a full binary tree of whole chunks.
        let chunks = samples.len().div_ceil(chunk);
        let middle = samples.start + chunk * (chunks.next_power_of_two() / 2);
        let [values, derivatives] =
            self.numbers_per_sample().map(|numbers| (middle - samples.start) * numbers);
        let [all_values, all_derivatives] = out;
        let (left_values, right_values) = all_values.split_at_mut(values);
        let (left_derivatives, right_derivatives) = all_derivatives.split_at_mut(derivatives);
        let (left_out, right_out) = ([left_values, left_derivatives], [right_values, right_derivatives]);
        let (mut left, right) =
            join(|| self.part(samples.start..middle, left_out), || self.part(middle..samples.end, right_out));
        for (sum, &other) in left.sums.iter_mut().zip(&right.sums) {
            *sum += other;
        }
        self.pool.give_back(right.sums);
        left.out.extend(right.out);
        Outcome { first: left.first.or(right.first), ..left }
    }
}

/// A number in which batches are evaluated.
pub trait InChunks: Float {
    /// Evaluates a chunk with the vector instructions of the machine. (A method that is not generic, so that it is
    /// compiled once, with this crate.)
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn evaluate(chunk: Chunk<'_, '_, Self>) -> Outcome;
}

macro_rules! impl_in_chunks {
    ($($T:ident)*) => { $(
        impl InChunks for $T {
            #[allow(private_interfaces)]
            #[inline(never)]
            fn evaluate(chunk: Chunk<'_, '_, $T>) -> Outcome {
                with_best_instructions(chunk)
            }
        }
    )* };
}
impl_in_chunks!(f64 f32);

/// Blocks that one thread evaluates one after the other, with the vector instructions of the machine.
pub(super) struct Chunk<'j, 'a, T> {
    job: &'j Job<'a, T>,
    samples: Range<usize>,
    width: usize,
    out: Out<'j>,
}

impl<T: Float> pulp::WithSimd for Chunk<'_, '_, T> {
    type Output = Outcome;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> Outcome {
        let Chunk { job, samples: range, width, out: [out_values, out_derivatives] } = self;
        let (plan, [values_per_sample, per_sample]) = (job.plan, job.numbers_per_sample());
        let mut scratch: Scratch<T> = take(&job.pool.scratch);
        let mut outcome = Outcome { sums: take(&job.pool.sums), ..Outcome::default() };
        // If a zero met an infinity there is a NaN in the result. Only an evaluation with tests shows whether it is
        // a structural zero.
        let ways = [ZeroLaw::None, ZeroLaw::None, ZeroLaw::Rows, ZeroLaw::Everywhere];
        let is_wary = job.is_wary.load(Ordering::Relaxed);
        let mut refusals = Vec::new();
        // The first way is for a last block of few samples.
        let has_few = plan.lanes(range.len() % width) < WIDTH;
        let first = match (job.shared_is_finite, is_wary) {
            (true, false) => usize::from(!has_few),
            (true, true) => 2,
            (false, _) => 3,
        };
        for (way, &care) in ways.iter().enumerate().skip(first) {
            let (mut has_nan, mut is_finite) = (false, true);
            scratch.begin(plan, job.shared, width);
            (outcome.out, outcome.first) = (Vec::new(), None);
            let [values, derivatives] = std::mem::take(&mut scratch.gathered);
            let mut value_staging = Staging::new(values, &mut *out_values);
            let mut staging = Staging::new(derivatives, &mut *out_derivatives);
            let mut before = 0;
            for from in range.clone().step_by(width) {
                let count = width.min(range.end - from);
                let lanes = if way == 0 { plan.lanes(count) } else { count.next_multiple_of(WIDTH) };
                let samples = &job.samples.part(from..from + count);
                let block = Block { plan, shared: job.shared, care, samples, lanes };
                if lanes != before {
                    block.copy_shared(&mut scratch.values);
                    before = lanes;
                }
                samples.load(&plan.loads, &mut scratch.values, |slot| block.range(slot, 1));
                refusals.clear();
                block.forward(simd, &mut scratch.values, &mut scratch.terms[0], &mut refusals);
                scratch.is_out[..count].fill(false);
                scratch.is_out[count..lanes].fill(true);
                if !plan.guards.is_empty() || !refusals.is_empty() {
                    check_guards(&block, &mut scratch, from, count, &mut refusals, &mut outcome);
                }
                let out = staging.room_for(count * per_sample);
                match job.wanted {
                    Request::Values | Request::ValuesAndBySample => {
                        write_values(&block, &scratch, value_staging.room_for(count * values_per_sample));
                    }
                    Request::Sums | Request::ByShared => add_values(simd, &block, &mut scratch),
                    Request::Reached => {
                        let Scratch { values, is_out, sums, .. } = &mut scratch;
                        block.count_reached(values, is_out, plan.outputs[0], sums);
                    }
                    Request::BySample => {}
                }
                let mut layout = Layout { stride: per_sample, start: 0 };
                for sweep in job.sweeps {
                    block.backward(simd, sweep, &mut scratch);
                    for &variable in &sweep.variables {
                        let derivatives = block.of(&scratch.adjoints, variable);
                        has_nan |= any_is_nan(derivatives);
                        is_finite &= way > 0 || all_are_finite(derivatives);
                    }
                    write_derivatives(&block, &scratch, &sweep.variables, layout, out);
                    layout.start += sweep.variables.len();
                }
            }
            scratch.gathered = [value_staging.finish(), staging.finish()];
            outcome.sums.resize(scratch.sums.len(), 0.0);
            // The sum over no samples is 0.
            let of_nothing = if range.is_empty() { 0.0 } else { -0.0 };
            for (total, &sum) in outcome.sums.iter_mut().zip(&*scratch.sums) {
                *total = sum.double() + of_nothing;
            }
            if way == 0 {
                // Where a derivative is not finite, lanes without a sample may decide which way is taken.
                if is_finite && (job.wanted != Request::ByShared || all_are_finite(&scratch.sums)) {
                    break;
                }
                continue;
            }
            has_nan |= job.wanted == Request::ByShared && any_is_nan(&scratch.sums);
            if has_nan {
                job.is_wary.store(true, Ordering::Relaxed);
            }
            // With finite shared numbers, sums of products need no tests for derivatives of single samples.
            if !has_nan || (care == ZeroLaw::Rows && job.wanted.is_by_sample()) {
                break;
            }
        }
        give(&job.pool.scratch, scratch);
        outcome
    }
}

/// Checks the guards in every lane, and leaves out the lanes that an atomic function refuses.
#[inline(always)]
fn check_guards<T: Float>(
    block: &Block<'_, T>,
    scratch: &mut Scratch<T>,
    from: usize,
    count: usize,
    refusals: &mut Vec<(usize, Refusal)>,
    outcome: &mut Outcome,
) {
    let lanes_of = |slot: u32| &block.of(&scratch.values, slot)[..count];
    let mut changed: Option<(usize, usize)> = None;
    for (k, guard) in block.plan.guards.iter().enumerate() {
        let (left, right) = (lanes_of(guard.left), lanes_of(guard.right));
        let mut all_hold = true;
        for lane in 0..count {
            all_hold &= guard.predicate.holds(left[lane].double(), right[lane].double()) == guard.outcome;
        }
        if !all_hold {
            for lane in 0..count {
                if guard.predicate.holds(left[lane].double(), right[lane].double()) != guard.outcome {
                    scratch.is_out[lane] = true;
                    let is_earlier = changed.is_none_or(|(first, _)| lane < first);
                    changed = if is_earlier { Some((lane, k)) } else { changed };
                }
            }
        }
    }
    let by_guard = changed.map(|(lane, guard)| {
        let guard = &block.plan.guards[guard];
        let error = Error::BranchChanged {
            predicate: guard.predicate,
            left: lanes_of(guard.left)[lane].double(),
            right: lanes_of(guard.right)[lane].double(),
            at: guard.at.clone(),
        };
        (lane, error)
    });
    refusals.iter().for_each(|&(lane, _)| scratch.is_out[lane] = true);
    // Of one lane, the guard: what the function refuses may only be computed because it failed.
    refusals.sort_by_key(|refusal| refusal.0);
    let by_refusal = refusals.drain(..).next().map(|(lane, refusal)| (lane, refused(refusal)));
    if let Some((_, error)) = by_guard.into_iter().chain(by_refusal).min_by_key(|first| first.0) {
        outcome.out.extend((0..count).filter(|&lane| scratch.is_out[lane]).map(|lane| from + lane));
        outcome.first.get_or_insert(error);
    }
}

#[inline(always)]
fn add_values<T: Float, S: pulp::Simd>(simd: S, block: &Block<'_, T>, scratch: &mut Scratch<T>) {
    let Scratch { values, terms: [terms, ..], is_out, sums, .. } = scratch;
    let terms = &mut terms[..block.lanes];
    for (&output, sum) in block.plan.outputs.iter().zip(&mut sums[block.shared.len()..]) {
        for ((term, &value), &is_out) in terms.iter_mut().zip(block.of(values, output)).zip(&*is_out) {
            *term = if is_out { T::NOTHING } else { value };
        }
        block.add_totals(simd, |_| &*terms, std::slice::from_mut(sum));
    }
}

fn write_values<T: Float>(block: &Block<'_, T>, scratch: &Scratch<T>, out: &mut [f64]) {
    let outputs = &block.plan.outputs;
    for (lane, out) in out.chunks_exact_mut(outputs.len().max(1)).enumerate() {
        for (out, &output) in out.iter_mut().zip(outputs) {
            let value = block.of(&scratch.values, output)[lane].double();
            *out = if scratch.is_out[lane] { f64::NAN } else { value };
        }
    }
}

#[inline(always)]
fn write_derivatives<T: Float>(
    block: &Block<'_, T>,
    scratch: &Scratch<T>,
    variables: &[u32],
    layout: Layout,
    out: &mut [f64],
) {
    if variables.is_empty() {
        return;
    }
    let lanes = |column: usize| block.of(&scratch.adjoints, variables[column]);
    to_rows(variables.len(), lanes, out, layout, T::double);
    let rows = out.chunks_exact_mut(layout.stride).zip(&scratch.is_out);
    for (row, _) in rows.filter(|(_, is_out)| **is_out) {
        row[layout.start..][..variables.len()].fill(f64::NAN);
    }
}

#[cfg(test)]
mod tests;
