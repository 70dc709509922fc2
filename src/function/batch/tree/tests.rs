//! A chunk has the same bits for all vector instruction sets.

use super::super::samples::{Column, Samples};
use super::super::{Batched, forward};
use super::{CHUNK, Chunk, Job, Out, Outcome, Pool, Request};
use crate::function::Function;
use crate::function::evaluate::Memory;
use crate::function::precision::Precision;
use crate::platform::instruction_sets;
use crate::table::lists::{affine, log_sum_exp};
use crate::table::ops::reductions;
use crate::tape::Var;

/// A batch of samples, with values of the shared inputs.
struct Batch<'a, T> {
    function: &'a Batched<T>,
    shared: &'a [f64],
    columns: &'a [Vec<f64>],
}

impl<T: Precision> Batch<'_, T> {
    /// The bits of all results, computed with the instruction set that `dispatch` selects.
    fn bits(&self, dispatch: &dyn Fn(Chunk<'_, '_, T>) -> Outcome) -> Vec<u64> {
        let Batched { plan, by_shared, by_sample, .. } = self.function;
        let columns: Vec<Column<'_>> = self.columns.iter().map(Column::from).collect();
        let samples = Samples::new(&columns).unwrap();
        assert!(samples.len() <= CHUNK);
        let mut workspace = Memory::default();
        forward(&plan.preamble, self.shared.iter().copied(), &mut workspace).unwrap();
        let shared: Vec<T> =
            plan.preamble.outputs.iter().map(|&place| T::of(workspace.values[place as usize])).collect();
        let asked = [
            (Request::Values, &[][..]),
            (Request::ByShared, &by_shared[..]),
            (Request::BySample, &by_sample[..]),
            (Request::ValuesAndBySample, &by_sample[..]),
        ];
        let mut bits = Vec::new();
        for (wanted, sweeps) in asked {
            let pool = &Pool::default();
            let shared_is_finite = shared.iter().all(|number| number.double().is_finite());
            let job = Job {
                plan,
                sweeps,
                shared: &shared,
                shared_is_finite,
                samples,
                wanted,
                pool,
                is_wary: std::sync::atomic::AtomicBool::new(false),
            };
            let numbers = job.numbers_per_sample();
            let [mut values, mut derivatives] = numbers.map(|numbers| vec![0.0; samples.len() * numbers]);
            let out: Out<'_> = [&mut values, &mut derivatives];
            let chunk = Chunk { job: &job, samples: 0..samples.len(), width: super::width(plan), out };
            let outcome = dispatch(chunk);
            bits.extend(outcome.sums.iter().chain(&values).chain(&derivatives).map(|x| canonical(*x)));
        }
        bits
    }

    /// Compares every instruction set of this machine with plain code.
    fn compare(&self, what: &str) {
        let sets = instruction_sets();
        let plain = self.bits(&|chunk| sets[0].dispatch(chunk));
        for set in &sets[1..] {
            assert_eq!(self.bits(&|chunk| set.dispatch(chunk)), plain, "{what} with {set:?}");
        }
        assert_eq!(self.bits(&T::evaluate), plain, "{what} with the instruction set chosen at run time");
    }
}

/// The bits, with one NaN for all NaNs.
fn canonical(x: f64) -> u64 {
    if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() }
}

/// Numbers from a quasi-random sequence; some are zero, infinite or out of every domain.
fn numbers(n: usize, seed: f64, low: f64, high: f64) -> Vec<f64> {
    let number = |k: usize| match k % 23 {
        7 => 0.0,
        11 => -0.0,
        13 => f64::INFINITY,
        17 => -1e3,
        19 => 1e12,
        _ => low + (high - low) * ((k as f64 * 0.618_033_988_749 + seed) % 1.0),
    };
    (0..n).map(number).collect()
}

fn compare(function: &Function, shared: &[f64], columns: &[Vec<f64>], what: &str) {
    let range = 0..shared.len();
    let double = function.batched_as::<f64>(range.clone()).unwrap();
    let single = function.batched_as::<f32>(range).unwrap();
    Batch { function: &single, shared, columns }.compare(&format!("{what} in single precision"));
    Batch { function: &double, shared, columns }.compare(what);
}

#[test]
fn rows_have_the_same_bits_with_any_instructions() {
    for row in crate::primitives::all() {
        let at: Vec<f64> = row.domain.iter().map(|on| (on.start + on.end) * 0.5).collect();
        let function = Function::record(|x: &[Var]| row.op.value(x).unwrap(), &at[..]).unwrap();
        // The columns are shifted, so that special numbers of different operands meet in varying combinations.
        let column = |k: usize| {
            let on = &row.domain[k];
            numbers(120 + 5 * k, 0.3 * k as f64, on.start, on.end)[5 * k..].to_vec()
        };
        let columns: Vec<Vec<f64>> = (0..at.len()).map(column).collect();
        compare(&function, &[], &columns, &row.op.to_string());
        if at.len() > 1 {
            compare(&function, &at[..1], &columns[1..], &row.op.to_string());
        }
    }
}

#[test]
fn lists_and_layers_have_the_same_bits_with_any_instructions() {
    for op in reductions() {
        let [lists, single] = op.lists().unwrap();
        let inputs = lists * 5 + single;
        let at = vec![0.5; inputs];
        let function = Function::record(|x: &[Var]| op.value(x).unwrap(), &at[..]).unwrap();
        let columns: Vec<Vec<f64>> = (0..inputs).map(|k| numbers(300, 0.1 * k as f64, -2.0, 2.0)).collect();
        compare(&function, &[], &columns, &op.to_string());
    }
    let shared: Vec<f64> = (0..40).map(|k| (f64::from(k) * 0.7).sin()).collect();
    let at = [&shared[..], &[0.5; 4]].concat();
    let layers = |x: &[Var]| {
        let (w, x) = x.split_at(40);
        let rows: Vec<Var> = w.chunks_exact(5).map(|w| affine(&w[..4], x, w[4]).tanh()).collect();
        log_sum_exp(&rows) + affine(&w[..8], &rows, w[9]).relu()
    };
    let function = Function::record(layers, &at[..]).unwrap();
    let columns: Vec<Vec<f64>> =
        (0..4).map(|k| (0..1_000).map(|i| (f64::from(i * 7 + k) * 0.37).sin()).collect()).collect();
    compare(&function, &shared, &columns, "layers");
}

#[test]
fn wide_layers_have_the_same_bits_with_any_instructions() {
    let shared: Vec<f64> = (0..20 * 16).map(|k| (f64::from(k) * 0.7).sin()).collect();
    let layer = |x: &[Var]| {
        let (w, x) = x.split_at(20 * 16);
        log_sum_exp(&w.chunks_exact(16).map(|w| affine(w, x, w[0]).tanh()).collect::<Vec<_>>())
    };
    let function = Function::record(layer, &[&shared[..], &[0.5; 16]].concat()[..]).unwrap();
    for samples in [1, 40, 100, 250] {
        let column = |k: i32| (0..samples).map(|i| (f64::from(i * 7 + k) * 0.37).sin()).collect();
        let columns: Vec<Vec<f64>> = (0..16).map(column).collect();
        compare(&function, &shared, &columns, &format!("a wide layer of {samples} samples"));
    }
}

/// Registers then hold operations, of which some are less than a register.
#[test]
fn few_samples_have_the_same_bits_with_any_instructions() {
    let net = |x: &[Var]| {
        let (w, x) = x.split_at(30);
        let rows: Vec<Var> = w.chunks_exact(5).map(|w| affine(&w[..4], x, w[4]).tanh()).collect();
        log_sum_exp(&rows) + affine(&w[..6], &rows, w[9]).relu() + (rows[0] * x[1] - x[2]).exp()
    };
    let shared: Vec<f64> = (0..30).map(|k| (f64::from(k) * 0.7).sin()).collect();
    let function = Function::record(net, &[&shared[..], &[0.5; 4]].concat()[..]).unwrap();
    for samples in 1..16 {
        let columns: Vec<Vec<f64>> = (0..4).map(|k| numbers(samples, 0.1 * k as f64, -2.0, 2.0)).collect();
        compare(&function, &shared, &columns, &format!("{samples} samples"));
    }
}
