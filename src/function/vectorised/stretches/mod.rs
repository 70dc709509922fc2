//! A sum of very many terms, one stretch of its terms after the other: values and adjoints of a stretch stay in the cache, and
//! the next one uses the same memory. What several stretches need is computed first, in the *head*; what is made of the sums
//! is computed last, in the *tail*. Each of these parts is a graph with a schedule of its own.

mod part;
mod parts;
mod split;
mod stretch;

use super::Exactness;
use super::memory::Kept;
use super::runs::InRuns;
use crate::function::ir::graph::Graph;
use crate::function::schedule::Schedule;
use part::{Part, PartMemory};
use parts::Parts;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use stretch::{Stretch, Sweep, Written};

/// Bytes of values and adjoints.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Of a stretch, about: more than the first, if its runs would be short, but not more than the second.
    pub stretch: [usize; 2],
    /// How many are evaluated as one: if what is made of the sums is linear in them, and otherwise, as values are computed
    /// twice then.
    pub linear: usize,
    pub other: usize,
}

/// For caches of the second level of a megabyte or more.
pub(super) const LIMITS: Limits = Limits { stretch: [64 << 10, 512 << 10], linear: 1 << 20, other: 16 << 20 };
/// Nanoseconds from which on an evaluation is worth several threads.
const PARALLEL: f64 = 50_000.0;

/// A function with one output, in stretches. Every method evaluates at a point, which is given in two parts, and returns
/// false where the function itself has to be evaluated, as for [`Whole`](super::whole::Whole).
#[derive(Debug, Clone)]
pub(super) struct InStretches {
    head: Arc<Part>,
    stretches: Arc<[Stretch]>,
    tail: Arc<Part>,
    head_results: usize,
    sums: usize,
    /// Whether the derivatives by the sums do not depend on the sums.
    is_linear: bool,
    /// Whether there may be an error, in which case nothing is written.
    has_guards: bool,
    /// Whether threads share the stretches.
    is_parallel: bool,
}

/// The memory of evaluations in stretches.
#[derive(Debug, Default)]
pub(super) struct StretchMemory<T> {
    /// For each thread.
    pool: Mutex<Vec<Kept<T>>>,
    head: PartMemory<T>,
    tail: PartMemory<T>,
    /// The results of the head, then the sums; and the derivatives by both.
    results: Vec<f64>,
    adjoints: Vec<f64>,
    /// The sums of each stretch, and its derivatives that other stretches have, too.
    sums: Vec<f64>,
    shared: Vec<f64>,
    /// The derivatives, where there may be an error.
    gradient: Vec<f64>,
}

impl InStretches {
    /// `None` if there is no long sum, or if it is not long enough; `bytes`: of a number.
    pub fn new(
        graph: &Graph,
        is_variable: &[bool],
        exactness: Exactness,
        bytes: usize,
        limits: Limits,
    ) -> Option<InStretches> {
        // Memory is used again, so that values and adjoints take about as much as a number for each place.
        let all = graph.places() * bytes;
        if exactness == Exactness::Exact || graph.outputs.len() != 1 || all <= limits.linear {
            return None;
        }
        let split = split::split(graph, limits.stretch.map(|bytes| all.div_ceil(bytes)))?;
        let is_linear = split.is_linear(graph);
        if !is_linear && all <= limits.other {
            return None;
        }
        let sums = split.sums.len();
        let Parts { head, stretches, tail, head_results } =
            parts::parts(graph, &split, is_variable, exactness);
        let mut plan = InStretches {
            head: Arc::new(head),
            stretches: stretches.into(),
            tail: Arc::new(tail),
            head_results,
            sums,
            is_linear,
            has_guards: !graph.guards.is_empty(),
            is_parallel: false,
        };
        plan.is_parallel = plan.cost() > PARALLEL;
        Some(plan)
    }

    /// How many stretches there are.
    pub fn len(&self) -> usize {
        self.stretches.len()
    }

    /// The schedules of all parts, as often as they are evaluated.
    pub fn schedules(&self) -> impl Iterator<Item = &Arc<Schedule>> {
        let parts = self.stretches.iter().map(|stretch| &stretch.part);
        parts.chain([&*self.head, &self.tail]).map(|part| &part.whole.schedule)
    }

    /// An estimate of the time of a value and a gradient, in nanoseconds.
    pub fn cost(&self) -> f64 {
        let all: f64 = self.schedules().map(|schedule| schedule.cost()).sum();
        // The values are computed twice.
        if self.is_linear { all } else { 1.4 * all }
    }

    /// Bytes that an evaluation reads and writes on one thread, and of the plan.
    pub fn bytes(&self, number: usize) -> usize {
        let of = |part: &Part| part.whole.schedule.values + part.whole.schedule.adjoints;
        let most = self.stretches.iter().map(|stretch| of(&stretch.part)).max().unwrap_or(0);
        let mut seen = HashSet::new();
        let different = self.schedules().filter(|schedule| seen.insert(Arc::as_ptr(schedule)));
        let plan: usize = different.map(|schedule| schedule.bytes()).sum();
        (most + of(&self.head) + of(&self.tail)) * number + self.shared() * size_of::<f64>() + plan
    }

    /// How many derivatives are added up in the end.
    fn shared(&self) -> usize {
        self.stretches.iter().map(|stretch| stretch.shared_len).sum()
    }

    /// The value, in the first place of two parts.
    pub fn values<T: InRuns>(
        &self,
        x: [&[f64]; 2],
        memory: &mut StretchMemory<T>,
        out: [&mut [f64]; 2],
    ) -> bool {
        let out = out.into_iter().find(|part| !part.is_empty()).unwrap_or_default();
        self.begin(x, memory) && self.sweep(x, memory, None) && self.tail(x, memory, out)
    }

    /// The value, and the derivatives with this weight.
    pub fn vjp<T: InRuns>(
        &self,
        x: [&[f64]; 2],
        weights: &[f64],
        memory: &mut StretchMemory<T>,
        value: &mut [f64],
        product: &mut [f64],
    ) -> bool {
        if !self.has_guards {
            return self.gradient(x, weights, memory, value, product);
        }
        let mut gradient = std::mem::take(&mut memory.gradient);
        gradient.resize(product.len(), 0.0);
        let is_valid = self.gradient(x, weights, memory, value, &mut gradient);
        if is_valid {
            product.copy_from_slice(&gradient);
        }
        memory.gradient = gradient;
        is_valid
    }

    fn gradient<T: InRuns>(
        &self,
        x: [&[f64]; 2],
        weights: &[f64],
        memory: &mut StretchMemory<T>,
        value: &mut [f64],
        out: &mut [f64],
    ) -> bool {
        if !self.begin(x, memory) {
            return false;
        }
        // The derivatives by the sums come first.
        if self.is_linear {
            // Whatever the sums are, and whether or not the tail is valid there.
            memory.results[self.head_results..].fill(1.0);
            self.tail(x, memory, &mut [0.0]);
        }
        let is_known = self.is_linear || self.sweep(x, memory, None) && self.tail(x, memory, value);
        if !is_known || !self.tail.backward(weights, &mut memory.tail) {
            return false;
        }
        memory.adjoints.fill(0.0);
        // What this adds to other derivatives is written over.
        self.tail.add_to(&memory.tail, [out, &mut memory.adjoints]);
        if !self.sweep(x, memory, Some(out)) {
            return false;
        }
        if self.is_linear && !(self.tail(x, memory, value) && self.tail.backward(weights, &mut memory.tail)) {
            return false;
        }
        let StretchMemory { head, tail, adjoints, shared, .. } = memory;
        adjoints.fill(0.0);
        let mut are_finite = self.tail.add_to(tail, [out, adjoints]);
        let mut rest: &[f64] = shared;
        for stretch in &*self.stretches {
            let (now, after) = rest.split_at(stretch.shared_len);
            are_finite &= stretch.add_to(now, [out, adjoints]);
            rest = after;
        }
        are_finite
            && self.head.backward(&adjoints[..self.head_results], head)
            && self.head.add_to(head, [out, adjoints])
    }

    /// Makes room, and computes the head.
    fn begin<T: InRuns>(&self, x: [&[f64]; 2], memory: &mut StretchMemory<T>) -> bool {
        let results = self.head_results + self.sums;
        memory.results.resize(results, 0.0);
        memory.adjoints.resize(results, 0.0);
        memory.sums.resize(self.len() * self.sums, 0.0);
        memory.shared.resize(self.shared(), 0.0);
        self.head.values([x[0], x[1], &[]], &mut memory.head, &mut memory.results[..self.head_results])
    }

    /// Evaluates all stretches, with derivatives if there is room for them, and adds up the sums.
    fn sweep<T: InRuns>(
        &self,
        x: [&[f64]; 2],
        memory: &mut StretchMemory<T>,
        derivatives: Option<&mut [f64]>,
    ) -> bool {
        let StretchMemory { pool, results, adjoints, sums, shared, .. } = memory;
        let seeds = derivatives.is_some().then_some(&adjoints[self.head_results..]);
        let given = [x[0], x[1], results];
        let sweep = Sweep { given, seeds, sums: self.sums, pool, is_parallel: self.is_parallel };
        let derivatives = derivatives.unwrap_or_default();
        let is_valid = sweep.run(&self.stretches, Written { sums, derivatives, shared });
        if is_valid {
            let totals = &mut results[self.head_results..];
            totals.fill(0.0);
            for of_stretch in sums.chunks(self.sums) {
                totals.iter_mut().zip(of_stretch).for_each(|(total, sum)| *total += sum);
            }
        }
        is_valid
    }

    /// Computes the value from the sums.
    fn tail<T: InRuns>(&self, x: [&[f64]; 2], memory: &mut StretchMemory<T>, value: &mut [f64]) -> bool {
        let StretchMemory { tail, results, .. } = memory;
        self.tail.values([x[0], x[1], results], tail, value)
    }
}
