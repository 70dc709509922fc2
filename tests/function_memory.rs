//! Promise: once a workspace has grown, evaluations allocate nothing, whatever the operations and their lengths.

#[allow(dead_code)]
#[path = "common/programs.rs"]
mod programs;

use allocation_counter::measure;
use programs::{Program, Random};
use tapegrad::sparse::SparseWorkspace;
use tapegrad::{Function, Mode, Real, Var, Workspace, primitives, primitives::reductions};

/// Lengths of lists: within what is kept on the stack, beyond it, and far beyond.
const LENGTHS: [usize; 5] = [3, 17, 100, 1_000, 40_001];

/// How often `f` allocates when it runs for the second time.
fn allocations(mut f: impl FnMut()) -> u64 {
    f();
    measure(f).count_total
}

/// Value, values, gradient and Jacobian over `f64`.
fn assert_steady(function: &Function, x: &[f64], what: &str) {
    let mut workspace = Workspace::new();
    let (mut values, mut gradient) = (vec![0.0; 1], vec![0.0; x.len()]);
    let count = allocations(|| {
        function.evaluator_in(&mut workspace).value(x).unwrap();
        function.evaluator_in(&mut workspace).values_into(x, &mut values).unwrap();
        function.evaluator_in(&mut workspace).value_and_gradient_into(x, &mut gradient).unwrap();
        function.evaluator_in(&mut workspace).jacobian_into(x, &mut gradient).unwrap();
    });
    assert_eq!(count, 0, "{what} allocates");
}

/// Second order: a sweep over dual numbers.
fn assert_steady_at_second_order(function: &Function, x: &[f64], what: &str) {
    let mut workspace: Workspace = Workspace::new();
    let (direction, mut product) = (vec![1.0; x.len()], vec![0.0; x.len()]);
    let count = allocations(|| {
        function.evaluator_in(&mut workspace).hvp_into(x, &direction, &mut product).unwrap();
    });
    assert_eq!(count, 0, "the Hessian-vector product of {what} allocates");
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(std::hint::black_box(vec![1.0; 100]))), 1);
}

#[test]
fn every_row_of_the_table() {
    for row in primitives::all() {
        let x: Vec<f64> = row.domain.iter().map(|on| on.start * 0.4 + on.end * 0.6).collect();
        let function = Function::record(|x| row.op.value(x).unwrap(), &x[..]).unwrap();
        assert_steady(&function, &x, row.op.name());
        assert_steady_at_second_order(&function, &x, row.op.name());
    }
}

#[test]
fn lists_of_any_length() {
    for op in reductions() {
        for length in LENGTHS {
            let [lists, single] = op.lists().unwrap();
            let x: Vec<f64> = (0..lists * length + single).map(|k| 1.0 + 1e-3 * (k as f64).sin()).collect();
            let function = Function::record(|x| op.value(x).unwrap(), &x[..]).unwrap();
            assert_steady(&function, &x, &format!("{op} of {length}"));
            assert_steady_at_second_order(&function, &x, &format!("{op} of {length}"));
        }
    }
}

#[test]
fn random_programs_with_guards() {
    let mut random = Random(3);
    for _ in 0..100 {
        let program = Program::random(&mut random, 3, 20, true);
        let x: Vec<f64> = (0..3).map(|_| random.uniform(-2.0, 2.0)).collect();
        let function = Function::record(|x| program.run(x), &x[..]).unwrap();
        for function in [function.clone(), function.optimize()] {
            assert_steady(&function, &x, "a random program");
            assert_steady_at_second_order(&function, &x, "a random program");
        }
    }
}

/// A derivative is a function like any other.
#[test]
fn derivatives() {
    fn product<R: Real>(x: &[R]) -> R {
        x.iter().product()
    }
    let x: Vec<f64> = (0..300).map(|k| 1.0 + 1e-3 * f64::from(k)).collect();
    let gradient = Function::record(product, &x[..]).unwrap().gradient().unwrap();
    let (mut workspace, mut out) = (Workspace::new(), vec![0.0; x.len()]);
    assert_eq!(allocations(|| gradient.evaluator_in(&mut workspace).values_into(&x, &mut out).unwrap()), 0);
}

#[test]
fn matrices_in_every_mode() {
    let outputs = |x: &[Var]| x.windows(2).map(|w| (w[0] * w[1]).sqrt()).collect::<Vec<_>>();
    let energy = |x: &[Var]| outputs(x).iter().map(|y| y.sin()).sum::<Var>();
    // With and without a row that is not finite.
    for first in [1.0, 0.0] {
        let mut x = vec![1.5; 50];
        x[0] = first;
        let f = Function::record(outputs, &x[..]).unwrap();
        let second = Function::record(energy, &x[..]).unwrap();
        let mut out = vec![0.0; 50 * 50];
        for mode in [Mode::Forward, Mode::Reverse, Mode::Sparse] {
            let mut workspace = Workspace::new();
            let sparse = [f.sparse_jacobian_by(mode).unwrap(), second.sparse_hessian_by(mode).unwrap()];
            let mut sparse_workspace = SparseWorkspace::new();
            let count = allocations(|| {
                f.evaluator_in(&mut workspace).jacobian_by_into(mode, &x, &mut out[..49 * 50]).unwrap();
                second.evaluator_in(&mut workspace).hessian_by_into(mode, &x, &mut out).unwrap();
                for sparse in &sparse {
                    let out = &mut out[..sparse.pattern().nonzeros()];
                    sparse.evaluator_in(&mut sparse_workspace).values_into(&x, out).unwrap();
                }
            });
            assert_eq!(count, 0, "{mode:?}, first {first}");
        }
    }
}
