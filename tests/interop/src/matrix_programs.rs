//! Random programs with operations on matrices: scalars and matrices of up to 4 rows, results that are used repeatedly or
//! not at all, constants and repeated entries, branches, parts without derivatives. Tame programs have the derivatives of
//! nalgebra's own operations over scalars; wild ones meet zeros, infinities and NaN. Every way to a value gives the same
//! bits, every way to a derivative the same number, and one that is not finite where another way's is not.

use crate::common::{alike, same};
use crate::matrix_nodes::{How, TASKS, Task, by_nodes, by_scalars};
use crate::programs::Random;
use nalgebra::{DMatrix, RealField};
use tapegrad::batch::{Column, Precision, Samples};
use tapegrad::{
    Dual, Error, Function, Number, Pass, Real, Tape, Var, gradient, hessian, hvp, jacobian, jvp,
    preaccumulate, vjp,
};

const INPUTS: usize = 4;

#[derive(Debug, Clone, Copy)]
enum Entry {
    Value(usize),
    Constant(f64),
}

#[derive(Debug, Clone)]
enum Step {
    Scalar {
        which: usize,
        a: Entry,
        b: Entry,
    },
    /// `if a < b { a + a } else { b · b }`
    Branch {
        a: Entry,
        b: Entry,
    },
    /// All results of an operation on matrices, without derivatives if it is cut off.
    Matrix {
        task: Task,
        size: usize,
        columns: usize,
        entries: Vec<Entry>,
        is_cut: bool,
    },
}

#[derive(Debug, Clone)]
struct Program {
    steps: Vec<Step>,
    is_tame: bool,
    outputs: usize,
}

impl Program {
    fn random(random: &mut Random, is_tame: bool) -> Program {
        // How many values there are; a matrix that has no rows has no results.
        let mut count = INPUTS;
        let mut steps = Vec::new();
        for _ in 0..3 + random.below(6) {
            let entry = |random: &mut Random| match random.below(7) {
                0 if is_tame => Entry::Constant(random.uniform(-1.0, 1.0)),
                0 => Entry::Constant([0.0, -0.0, 1.0, f64::INFINITY, -2.0, f64::NAN][random.below(6)]),
                // Mostly recent ones, so that programs are deep.
                1 | 2 => Entry::Value(random.below(count)),
                _ => Entry::Value(count - 1 - random.below(count.min(8))),
            };
            let (a, b) = (entry(random), entry(random));
            match random.below(5) {
                0 | 1 => {
                    steps.push(Step::Scalar { which: random.below(if is_tame { 8 } else { 12 }), a, b });
                    count += 1;
                }
                2 if random.below(2) == 0 => {
                    steps.push(Step::Branch { a, b });
                    count += 1;
                }
                _ => {
                    let task = TASKS[random.below(TASKS.len())];
                    // Products of matrices without rows, and the like: see the tests of empty matrices.
                    let (size, columns) = (1 + random.below(4), 1 + random.below(3));
                    // Half of them of few different entries.
                    let few: Vec<Entry> = (0..2).map(|_| entry(random)).collect();
                    let entries = (0..size * (size + columns))
                        .map(|_| if random.below(2) == 0 { few[random.below(2)] } else { entry(random) })
                        .collect();
                    steps.push(Step::Matrix { task, size, columns, entries, is_cut: random.below(8) == 0 });
                    count += results(task, size, columns);
                }
            }
        }
        Program { steps, is_tame, outputs: 1 + random.below(3) }
    }

    /// The outputs, by these operations on matrices. Parts that are cut off are recorded by a paused `tape`.
    fn run<R: RealField + Real>(&self, x: &[R], how: How<R>, tape: Option<&Tape>) -> Vec<R> {
        let mut values = x.to_vec();
        for step in &self.steps {
            let at = |entry: Entry| match entry {
                Entry::Value(index) => values[index],
                Entry::Constant(constant) => R::from(constant),
            };
            match step {
                Step::Scalar { which, a, b } => {
                    let result = scalar(*which, at(*a), at(*b));
                    values.push(result);
                }
                Step::Branch { a, b } => {
                    let (a, b) = (at(*a), at(*b));
                    values.push(if a < b { a + a } else { b * b });
                }
                Step::Matrix { task, size, columns, entries, is_cut } => {
                    let entry = |k: usize| match self.is_tame {
                        true => Number::tanh(at(entries[k])),
                        false => at(entries[k]),
                    };
                    // Far from singular, since the last bit decides whether a matrix is.
                    let diagonal = R::from(5.0);
                    let a = DMatrix::from_fn(*size, *size, |i, j| {
                        entry(j * size + i) + if i == j { diagonal } else { R::from(0.0) }
                    });
                    let b = DMatrix::from_fn(*size, *columns, |i, j| entry(size * size + j * size + i));
                    let all = match tape {
                        Some(tape) if *is_cut => tape.no_grad(|| how(*task, &a, &b)),
                        _ => how(*task, &a, &b),
                    };
                    values.extend(all.iter().map(|&y| if *is_cut { Number::stop_gradient(y) } else { y }));
                }
            }
        }
        let mut outputs =
            vec![values.iter().skip(INPUTS).fold(R::from(0.0), |sum, &y| sum + Number::tanh(y))];
        outputs.extend(values.iter().rev().take(self.outputs - 1));
        outputs
    }
}

fn results(task: Task, size: usize, columns: usize) -> usize {
    use Task::*;
    match task {
        Product | Solve | SolveLower | SolvePositive => size * columns,
        Cholesky => size * size,
        LnDet | LnDetPositive | Form | InverseForm => 1,
    }
}

fn scalar<R: Real>(which: usize, a: R, b: R) -> R {
    match which {
        0 => a + b,
        1 => a * b,
        2 => a.sin() * b.tanh(),
        3 => a / (b * b + 1.0),
        4 => a.max(b),
        5 => a.min(b * 0.5),
        6 => a.relu() - b.abs(),
        7 => tapegrad::masks::lt(a, b).select(a * 2.0, b),
        8 => a.recip(),
        9 => b.sqrt(),
        10 => a.ln(),
        _ => a * 0.0 + b,
    }
}

fn is_of_positive(task: Task) -> bool {
    matches!(task, Task::Cholesky | Task::SolvePositive | Task::LnDetPositive | Task::InverseForm)
}

/// By nodes; a matrix that is not positive definite has NaN for all results.
fn by_nodes_if_any<R: RealField + Real>(task: Task, a: &DMatrix<R>, b: &DMatrix<R>) -> DMatrix<R> {
    if is_of_positive(task)
        && tapegrad::matrix::Cholesky::new(&(a * a.transpose() + DMatrix::identity(a.nrows(), a.nrows())))
            .is_none()
    {
        let nothing = a[(0, 0)] * R::from(f64::NAN);
        return match task {
            Task::Cholesky => DMatrix::from_element(a.nrows(), a.nrows(), nothing),
            Task::SolvePositive => DMatrix::from_element(b.nrows(), b.ncols(), nothing),
            _ => DMatrix::from_element(1, 1, nothing),
        };
    }
    by_nodes(task, a, b)
}

fn point(random: &mut Random, is_tame: bool) -> Vec<f64> {
    (0..INPUTS)
        .map(|_| match random.below(if is_tame { 1 } else { 8 }) {
            1 => 0.0,
            2 => f64::INFINITY,
            3 => [f64::NAN, -0.0, 2.0, -1.0][random.below(4)],
            _ => random.uniform(-1.5, 1.5),
        })
        .collect()
}

/// Whether two numbers are the same but for rounding.
fn near(a: f64, b: f64, size: f64, tolerance: f64) -> bool {
    alike(a, b) || (a - b).abs() <= tolerance * size
}

#[derive(Clone, Copy)]
struct Case<'a> {
    program: &'a Program,
    seed: u64,
}

impl Case<'_> {
    #[track_caller]
    fn same_bits(self, what: &str, a: &[f64], b: &[f64]) {
        let is_same = a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| same(a, b));
        assert!(is_same, "{what}, seed {}: {a:?} and {b:?}\n{:?}", self.seed, self.program);
    }

    /// Derivatives of a recorded derivative. The adjoint of a Cholesky factor is computed by another formula there: at an
    /// infinity one may be NaN where the other is not.
    #[track_caller]
    fn near_recorded(self, what: &str, a: &[f64], b: &[f64], tolerance: f64) {
        let has_factors = self.program.steps.iter().any(|step| match step {
            Step::Matrix { task, .. } => is_of_positive(*task),
            _ => false,
        });
        let told =
            |(&a, &b): (&f64, &f64)| if has_factors && !self.program.is_tame && a.is_nan() { a } else { b };
        let b: Vec<f64> = a.iter().zip(b).map(told).collect();
        self.near(what, a, &b, tolerance);
    }

    #[track_caller]
    fn near(self, what: &str, a: &[f64], b: &[f64], tolerance: f64) {
        let size = b.iter().filter(|b| b.is_finite()).fold(1.0, |most: f64, b| most.max(b.abs()));
        let is_near = a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| near(a, b, size, tolerance));
        assert!(is_near, "{what}, seed {}: {a:?} and {b:?}\n{:?}", self.seed, self.program);
    }
}

fn passes(random: &mut Random) -> Vec<Pass> {
    let mut passes: Vec<Pass> = (0..random.below(7)).map(|_| Pass::EXACT[random.below(5)]).collect();
    if random.below(2) == 0 {
        passes.extend(Pass::EXACT);
    }
    passes
}

fn loaded(f: &Function) -> Function {
    let loaded: Function = serde_json::from_str(&serde_json::to_string(f).unwrap()).unwrap();
    assert_eq!(loaded, *f);
    let bytes = postcard::to_stdvec(f).unwrap();
    assert_eq!(postcard::from_bytes::<Function>(&bytes).unwrap(), *f);
    loaded
}

/// Every way to the values, the Jacobian and directional derivatives at `x`, of a recording made at `at`.
fn every_way(case: Case<'_>, random: &mut Random, at: &[f64], x: &[f64]) -> bool {
    let program = case.program;
    // Over infinities a sum in another order may be another infinity or NaN; what is compared is one order.
    let tolerance = 1e-9;
    let run = |x: &[Var]| program.run(x, by_nodes_if_any, None);
    let values = program.run(x, by_nodes_if_any, None);
    let tape = Tape::recording();
    let vars = tape.vars(at);
    let outputs = program.run(&vars, by_nodes_if_any, Some(&tape));
    let f = tape.function(&vars, &outputs).unwrap();
    let f = if random.below(3) == 0 { loaded(&f) } else { f };
    let g = f.with_passes(&passes(random));
    for f in [&f, &g] {
        match f.evaluator().values(x) {
            Ok(replayed) => case.same_bits("replay", &replayed, &values),
            Err(Error::BranchChanged { .. }) => return false,
            Err(other) => panic!("{other}"),
        }
    }
    case.same_bits("call", &f.call(x).unwrap(), &values);
    let duals: Vec<Dual> = x.iter().map(|&x| Dual::new(x, [0.5])).collect();
    let by_duals = program.run(&duals, by_nodes_if_any, None);
    case.same_bits("dual", &by_duals.iter().map(|y| y.primal()).collect::<Vec<_>>(), &values);

    let on_tape: Vec<f64> = jacobian(run, x).concat();
    let rewound = {
        let tape = Tape::new();
        let vars = tape.vars(x);
        let before = program.run(&vars[..], by_nodes_if_any, Some(&tape));
        let mark = tape.mark();
        let _ = program.run(
            &before.iter().chain(&vars).copied().take(INPUTS).collect::<Vec<_>>(),
            by_nodes_if_any,
            None,
        );
        tape.rewind(mark);
        let after = program.run(&vars[..], by_nodes_if_any, Some(&tape));
        [before, after].map(|y| y.iter().flat_map(|y| y.backward().wrt(&vars[..])).collect::<Vec<f64>>())
    };
    case.same_bits("rewound", &rewound[0], &rewound[1]);
    case.near("on a tape", &rewound[1], &on_tape, tolerance);
    let mut numbers = f.evaluator();
    case.near("evaluator", &numbers.jacobian(x).unwrap(), &on_tape, tolerance);
    let replayed = f.jacobian().unwrap();
    match replayed.evaluator().values(x) {
        Ok(replayed) => case.near_recorded("function", &replayed, &on_tape, tolerance),
        Err(error) => panic!("{error}"),
    }
    case.near_recorded("loaded", &loaded(&replayed).evaluator().values(x).unwrap(), &on_tape, tolerance);
    if program.is_tame {
        case.near("passes", &g.evaluator().jacobian(x).unwrap(), &on_tape, tolerance);
        let optimized = replayed.with_passes(&passes(random));
        case.near("passes after", &optimized.evaluator().values(x).unwrap(), &on_tape, tolerance);
    }
    let weights: Vec<f64> = values.iter().map(|_| [0.0, 1.0, -0.5][random.below(3)]).collect();
    let weighted = vjp(run, x, weights.clone()).1;
    case.near("vjp", &numbers.vjp(x, &weights).unwrap().1, &weighted, tolerance);
    let function = f.vjp().unwrap().evaluator().values(&[x, &weights].concat()).unwrap();
    case.near_recorded("vjp of a function", &function[values.len()..], &weighted, tolerance);
    let called = {
        let tape = Tape::new();
        let vars = tape.vars(x);
        let y = f.call(&vars).unwrap();
        let nodes = f.call_as_node(&vars).unwrap();
        let rows = |y: &[Var]| -> Vec<f64> { y.iter().flat_map(|y| y.backward().wrt(&vars[..])).collect() };
        [rows(&y), rows(&nodes)]
    };
    case.near("call", &called[0], &on_tape, tolerance);
    case.near("call as node", &called[1], &on_tape, tolerance);

    let direction: Vec<f64> = (0..INPUTS).map(|_| [0.0, 1.0, -0.5, 0.0][random.below(4)]).collect();
    let along = jvp(|x: &[Dual]| program.run(x, by_nodes_if_any, None), x, &direction[..]).1;
    case.near("jvp", &numbers.jvp(x, &direction).unwrap().1, &along, tolerance);
    let function = f.jvp().unwrap().evaluator().values(&[x, &direction].concat()).unwrap();
    case.near_recorded("jvp of a function", &function[values.len()..], &along, tolerance);

    let held = random.below(INPUTS);
    let f = f.with_held([held]).unwrap();
    let kept = |all: &[f64]| -> Vec<f64> {
        all.iter().enumerate().filter(|(k, _)| k % INPUTS != held).map(|(_, &slope)| slope).collect()
    };
    case.near("held", &f.evaluator().jacobian(x).unwrap(), &kept(&on_tape), tolerance);
    true
}

#[test]
fn tame_programs_are_those_of_scalars() {
    let mut replayed = 0;
    for seed in 0..120 {
        let mut random = Random(seed);
        let program = Program::random(&mut random, true);
        let case = Case { program: &program, seed };
        let (at, x) = (point(&mut random, true), point(&mut random, true));
        let nodes = jacobian(|x: &[Var]| program.run(x, by_nodes, None), &x[..]).concat();
        let scalars = jacobian(|x: &[Var]| program.run(x, by_scalars, None), &x[..]).concat();
        if scalars.iter().any(|slope| slope.abs() > 1e6) {
            continue;
        }
        case.near("by scalars", &nodes, &scalars, 1e-10);
        let fused = {
            let tape = Tape::new();
            let vars: [Var; INPUTS] = tape.vars(std::array::from_fn(|k| x[k]));
            let first = preaccumulate(vars, |x| program.run(&x, by_nodes, None)[0]);
            let slopes = first.backward();
            vars.map(|x| slopes.get(x).unwrap_or(0.0))
        };
        case.near("preaccumulated", &fused, &scalars[..INPUTS], 1e-10);
        replayed += usize::from(every_way(case, &mut random, &at, &x));
        if seed % 3 == 0 {
            second_order(case, &x);
        }
    }
    assert!(replayed > 60, "{replayed}");
}

/// Hessians by nodes and by scalars, in every form.
fn second_order(case: Case<'_>, x: &[f64]) {
    let program = case.program;
    let by_scalars = hessian(|x: &[_]| program.run(x, by_scalars, None)[0], x).concat();
    if by_scalars.iter().any(|slope| slope.abs() > 1e8) {
        return;
    }
    let nodes = |x: &[Var]| program.run(x, by_nodes, None)[0];
    case.near(
        "hessian",
        &hessian(|x: &[_]| program.run(x, by_nodes, None)[0], x).concat(),
        &by_scalars,
        1e-8,
    );
    let at: [f64; INPUTS] = std::array::from_fn(|k| x[k]);
    let nested = program.run(&Dual::<Dual<f64, 4>, 4>::variables(Dual::variables(at)), by_nodes, None)[0];
    let nested: Vec<f64> = nested.tangents().iter().flat_map(|row| row.tangents()).collect();
    case.near("nested duals", &nested, &by_scalars, 1e-8);
    let f = Function::record(nodes, x).unwrap();
    case.near("evaluator", &f.evaluator().hessian(x).unwrap(), &by_scalars, 1e-8);
    case.near("function", &f.hessian().unwrap().evaluator().values(x).unwrap(), &by_scalars, 1e-8);
    let forwards = f.gradient().unwrap().optimize().jacobian().unwrap();
    case.near("passes", &forwards.evaluator().values(x).unwrap(), &by_scalars, 1e-8);
    let direction = [0.3, -1.0, 0.0, 0.7];
    let expected = hvp(|x: &[_]| program.run(x, super::matrix_nodes::by_scalars, None)[0], x, &direction[..]);
    case.near("hvp", &f.evaluator().hvp(x, &direction).unwrap(), &expected, 1e-8);
    let inputs = [x, &direction].concat();
    case.near("hvp of a function", &f.hvp().unwrap().evaluator().values(&inputs).unwrap(), &expected, 1e-8);
    let slopes = gradient(|x: &[Var]| f.gradient().unwrap().call(x).unwrap()[0], x);
    case.near("gradient of a gradient", &slopes, &by_scalars[..INPUTS], 1e-8);
}

#[test]
fn wild_programs_agree() {
    let mut replayed = 0;
    for seed in 0..600 {
        let mut random = Random(seed);
        let program = Program::random(&mut random, false);
        let (at, x) = (point(&mut random, false), point(&mut random, false));
        replayed += usize::from(every_way(Case { program: &program, seed }, &mut random, &at, &x));
    }
    assert!(replayed > 200, "{replayed}");
}

/// Batches of any size, with any inputs shared, in both precisions, against one sample after the other.
#[test]
fn batches_agree() {
    let mut evaluated = 0;
    for seed in 0..90 {
        let mut random = Random(seed);
        let is_tame = random.below(3) > 0;
        let program = Program::random(&mut random, is_tame);
        let case = Case { program: &program, seed };
        let count = [1, 16, 17, 100][random.below(4)];
        let first = point(&mut random, is_tame);
        let rows: Vec<Vec<f64>> = (0..count)
            .map(|_| {
                if is_tame {
                    first.iter().map(|x| x + random.uniform(-1e-3, 1e-3)).collect()
                } else {
                    point(&mut random, false)
                }
            })
            .collect();
        let f = Function::record(|x: &[Var]| program.run(x, by_nodes_if_any, None), &rows[0][..]).unwrap();
        let f = f.with_held((random.below(3) == 0).then_some(random.below(INPUTS))).unwrap();
        let shared: Vec<usize> = (0..INPUTS).filter(|_| random.below(3) == 0).collect();
        evaluated += usize::from(batch::<f64>(case, &f, &shared, &rows, 1e-9));
        if is_tame {
            batch::<f32>(case, &f, &shared, &rows, 2e-3);
        }
    }
    assert!(evaluated > 30, "{evaluated}");
}

/// Whether no guard fails.
fn batch<T: Precision>(
    case: Case<'_>,
    f: &Function,
    shared: &[usize],
    rows: &[Vec<f64>],
    tolerance: f64,
) -> bool {
    let numbers: Vec<f64> = shared.iter().map(|&k| rows[0][k]).collect();
    let own: Vec<usize> = (0..INPUTS).filter(|k| !shared.contains(k)).collect();
    let columns: Vec<Vec<f64>> = own.iter().map(|&k| rows.iter().map(|row| row[k]).collect()).collect();
    let columns: Vec<Column<'_>> = columns.iter().map(Column::from).collect();
    let samples = Samples::with_len(&columns, rows.len()).unwrap();
    let batched = f.batched_as::<T>(shared.iter().copied()).unwrap();
    let mut evaluator = batched.evaluator();
    let (values, slopes) = (evaluator.values(&numbers, &samples), evaluator.jacobians(&numbers, &samples));
    let mut at = rows.to_vec();
    at.iter_mut().for_each(|row| shared.iter().zip(&numbers).for_each(|(&k, &x)| row[k] = x));
    let expected: Result<Vec<_>, _> = at.iter().map(|x| f.evaluator().values(x)).collect();
    let Ok(expected) = expected else {
        if size_of::<T>() == size_of::<f64>() {
            assert!(values.is_err() && slopes.is_err(), "seed {}", case.seed);
        }
        return false;
    };
    if size_of::<T>() < size_of::<f64>() && values.is_err() {
        return false; // a close decision
    }
    case.near("values", &values.unwrap(), &expected.concat(), tolerance);
    let held: Vec<bool> = {
        let mut all = vec![true; INPUTS];
        let jacobian = f.evaluator().jacobian(&at[0]).unwrap();
        let variables = jacobian.len() / f.outputs();
        // The held one, if any, by its name in the stored form.
        let text = serde_json::to_value(f).unwrap();
        let held = text["held"].as_array().unwrap();
        all.iter_mut().zip(held).for_each(|(all, held)| *all = held.as_bool().unwrap());
        assert_eq!(all.iter().filter(|held| !**held).count(), variables);
        all
    };
    let variables: Vec<usize> = (0..INPUTS).filter(|&k| !held[k]).collect();
    let jacobians: Vec<Vec<f64>> = at.iter().map(|x| f.evaluator().jacobian(x).unwrap()).collect();
    let by = |inputs: &dyn Fn(usize) -> bool, jacobian: &[f64]| -> Vec<f64> {
        jacobian
            .iter()
            .enumerate()
            .filter(|(k, _)| inputs(variables[k % variables.len()]))
            .map(|(_, &slope)| slope)
            .collect()
    };
    let is_own = |k: usize| !shared.contains(&k);
    let wanted: Vec<f64> = jacobians.iter().flat_map(|jacobian| by(&is_own, jacobian)).collect();
    case.near("jacobians", &slopes.unwrap(), &wanted, tolerance);
    // The sum, of the first output alone.
    let f = f.output(0).unwrap();
    let batched = f.batched_as::<T>(shared.iter().copied()).unwrap();
    let (sum, by_shared) = batched.evaluator().value_and_gradient(&numbers, &samples).unwrap();
    let total: f64 = expected.iter().map(|values| values[0]).sum();
    let size = rows.len() as f64;
    case.near("sum", &[sum / size], &[total / size], tolerance);
    let mut slopes = vec![0.0; by_shared.len()];
    for jacobian in &jacobians {
        let row = &jacobian[..variables.len()];
        slopes.iter_mut().zip(by(&|k| !is_own(k), row)).for_each(|(sum, slope)| *sum += slope / size);
    }
    let by_shared: Vec<f64> = by_shared.iter().map(|slope| slope / size).collect();
    case.near("by shared", &by_shared, &slopes, tolerance);
    true
}
