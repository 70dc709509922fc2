//! Promise: every mode gives the same matrices, and a plan says beforehand which one is taken.

use crate::programs::{Program, Random, any_point};
use tapegrad::{Error, Function, Mode, Var, lists};

const MODES: [Mode; 4] = [Mode::Auto, Mode::Forward, Mode::Reverse, Mode::Sparse];

/// Whether two derivatives are the same to rounding, relative to the largest finite one; what is not finite is so in both.
fn agree(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    let scale = a.iter().filter(|a| a.is_finite()).fold(1e-300, |most: f64, a| most.max(a.abs()));
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(&a, &b)| a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= tolerance * scale)
}

/// Programs at tame points, larger than those of the next test, with outputs that share operations.
#[test]
fn jacobians_of_random_programs() {
    let mut random = Random(11);
    for case in 0..150 {
        let inputs = 1 + random.below(12);
        let programs: Vec<Program> = (0..1 + random.below(20))
            .map(|_| {
                let steps = 1 + random.below(30);
                Program::random(&mut random, inputs + 1, steps, false)
            })
            .collect();
        let x: Vec<f64> = (0..inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
        let outputs = |x: &[Var]| {
            let mut known = x.to_vec();
            known.push(x[0]);
            programs
                .iter()
                .map(|program| {
                    let y = program.run(&known);
                    known[x.len()] = y;
                    y
                })
                .collect::<Vec<_>>()
        };
        let f = Function::record(outputs, &x[..]).unwrap();
        let exact = f.jacobian().unwrap().evaluator().values(&x).unwrap();
        for mode in MODES {
            let jacobian = f.evaluator().jacobian_by(mode, &x).unwrap();
            let recorded = f.jacobian_by(mode).unwrap().evaluator().values(&x).unwrap();
            if exact.iter().all(|derivative| derivative.is_finite()) {
                assert!(agree(&exact, &jacobian, 1e-9), "case {case}, {mode:?}: {exact:?}, {jacobian:?}");
                assert!(agree(&exact, &recorded, 1e-9), "case {case}, {mode:?}: {exact:?}, {recorded:?}");
            }
        }
    }
}

/// Whatever is finite by a gradient is not something else in another mode.
#[test]
fn what_is_not_finite() {
    let mut random = Random(12);
    for case in 0..800 {
        let inputs = random.below(5);
        let (program, x) = (Program::wide(&mut random, inputs), any_point(&mut random, inputs));
        let Ok(f) = Function::record(|x: &[Var]| program.outputs(x), &x[..]) else { continue };
        let exact = f.evaluator().jacobian_by(Mode::Reverse, &x).unwrap();
        for mode in MODES {
            let jacobian = f.evaluator().jacobian_by(mode, &x).unwrap();
            let is_ordinary = exact.iter().all(|d| d.is_nan() || d.is_infinite() || d.abs() < 1e100);
            let agree = agree(&exact, &jacobian, 1e-9);
            assert!(
                !is_ordinary || agree,
                "case {case}, {mode:?}: {exact:?}, {jacobian:?}, at {x:?}\n{program:?}"
            );
        }
    }
}

/// A zero times an infinity in one column does not reach its neighbours of the same colour.
#[test]
fn infinities_stay_in_their_entries() {
    let roots = |x: &[Var]| x.windows(2).map(|w| w[0].sqrt() * w[1]).collect::<Vec<_>>();
    let mut x = vec![1.0; 40];
    (x[3], x[4], x[20]) = (0.0, 0.0, f64::INFINITY);
    let f = Function::record(roots, &vec![1.0; 40][..]).unwrap();
    let exact = f.evaluator().jacobian_by(Mode::Reverse, &x).unwrap();
    assert!(exact[3 * 40 + 3].is_nan() && exact[4 * 40 + 4] == f64::INFINITY);
    for mode in MODES {
        assert!(agree(&exact, &f.evaluator().jacobian_by(mode, &x).unwrap(), 1e-14), "{mode:?}");
    }
}

#[test]
fn hessians_in_every_mode() {
    let mut random = Random(13);
    for case in 0..60 {
        let inputs = 1 + random.below(40);
        let parts: Vec<(Program, [usize; 3])> = (0..1 + random.below(30))
            .map(|_| {
                let steps = 1 + random.below(6);
                let program = Program::random(&mut random, 3, steps, false);
                (program, [(); 3].map(|()| random.below(inputs)))
            })
            .collect();
        let energy =
            |x: &[Var]| parts.iter().map(|(program, of)| program.run(&of.map(|k| x[k]))).sum::<Var>();
        let x: Vec<f64> = (0..inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
        let f = Function::record(energy, &x[..]).unwrap();
        let exact = f.hessian().unwrap().evaluator().values(&x).unwrap();
        for mode in MODES {
            let hessian = f.evaluator().hessian_by(mode, &x).unwrap();
            let recorded = f.hessian_by(mode).unwrap().evaluator().values(&x).unwrap();
            if exact.iter().all(|derivative| derivative.is_finite()) {
                assert!(agree(&exact, &hessian, 1e-8), "case {case}, {mode:?}: {exact:?}, {hessian:?}");
                assert!(agree(&exact, &recorded, 1e-8), "case {case}, {mode:?}: {exact:?}, {recorded:?}");
            }
        }
    }
}

#[test]
fn plans_by_shape() {
    let plan = |f: &dyn Fn(&[Var]) -> Vec<Var>, variables: usize, mode| {
        Function::record(f, &vec![0.5; variables][..]).unwrap().jacobian_plan(mode).to_string()
    };
    let chain = |x: &[Var]| (0..1000).map(|k| (x[0] * f64::from(k)).sin().exp() * x[1]).collect::<Vec<_>>();
    assert_eq!(plan(&chain, 2, Mode::Forward), "forward, 1 chunk of 4");
    assert_eq!(plan(&chain, 2, Mode::Reverse), "reverse, 1000 sweeps");
    // One long computation that all outputs share: forward, once.
    let shared = |x: &[Var]| {
        let long = (0..500).fold(x[0], |y, _| (y * x[1]).sin());
        (0..100).map(|k| long * f64::from(k)).collect::<Vec<_>>()
    };
    assert_eq!(plan(&shared, 2, Mode::Auto), "forward, 1 chunk of 4");
    // The same, and each output with a variable of its own: in three colours.
    let own = |x: &[Var]| {
        let long = (0..500).fold(x[0], |y, _| (y * x[1]).sin());
        x[2..].iter().map(|&x| long * x).collect::<Vec<_>>()
    };
    assert_eq!(plan(&own, 300, Mode::Auto), "sparse, 3 colours");
    // Few outputs of many variables: reverse.
    let few =
        |x: &[Var]| (0..7).map(|k| x.iter().map(|&x| (x + f64::from(k)).exp()).sum()).collect::<Vec<Var>>();
    assert_eq!(plan(&few, 2000, Mode::Auto), "reverse, 7 sweeps");
    // A dense row takes too many colours.
    assert_eq!(plan(&few, 2000, Mode::Sparse), "reverse, 7 sweeps");
    assert_eq!(plan(&|_| vec![], 0, Mode::Auto), "reverse, 0 sweeps");
}

/// A mode that is asked for is the one that is recorded.
#[test]
fn recorded_modes() {
    let chain = |x: &[Var]| x.windows(2).map(|w| (w[0] * w[1]).sin()).collect::<Vec<_>>();
    let f = Function::record(chain, &[0.5; 50][..]).unwrap();
    let operations = |mode| f.jacobian_by(mode).unwrap().optimize().statistics().operations;
    let [forward, reverse, sparse] = [Mode::Forward, Mode::Reverse, Mode::Sparse].map(operations);
    // Each sine has a cosine and two products; in two colours and in rows, nothing else is left.
    assert_eq!([forward, reverse, sparse], [49 * 4; 3]);

    // What is long and shared is passed through once per variable, or once per output.
    let shared = |outputs: usize| {
        move |x: &[Var]| {
            let long = (0..200).fold(x.iter().copied().sum::<Var>(), |y, _| (y * x[0]).sin());
            (0..outputs).map(|k| (long * k as f64).exp()).collect::<Vec<_>>()
        }
    };
    let [tall, wide] = [(50, 2), (2, 50)].map(|(outputs, variables)| {
        let f = Function::record(shared(outputs), &vec![0.1; variables][..]).unwrap();
        [Mode::Forward, Mode::Reverse].map(|mode| f.jacobian_by(mode).unwrap().statistics().operations)
    });
    assert!(10 * tall[0] < tall[1] && 10 * wide[1] < wide[0], "{tall:?}, {wide:?}");

    let energy =
        Function::record(|x: &[Var]| x[1..].iter().map(|&y| (x[0] * y).exp()).sum::<Var>(), &[0.1; 60][..]);
    let energy = energy.unwrap();
    let x: Vec<f64> = (0..60).map(|k| 0.01 * f64::from(k)).collect();
    let exact = energy.evaluator().hessian_by(Mode::Forward, &x).unwrap();
    for mode in MODES {
        let second = energy.hessian_by(mode).unwrap();
        assert_eq!(second.outputs(), 3600);
        assert!(agree(&exact, &second.evaluator().values(&x).unwrap(), 1e-14), "{mode:?}");
    }
    let two = Function::record(|[x]| [x, x], [1.0]).unwrap();
    assert!(matches!(two.hessian_by(Mode::Sparse), Err(Error::Length { expected: 1, got: 2, .. })));
}

#[test]
fn plans_of_hessians() {
    let chain = |x: &[Var]| x.windows(2).map(|w| (w[0] * w[1]).exp()).sum::<Var>();
    let f = Function::record(chain, &[0.5; 1000][..]).unwrap();
    assert_ne!(f.hessian_plan(Mode::Auto).unwrap().mode, Mode::Forward);
    assert_eq!(f.hessian_plan(Mode::Reverse).unwrap().to_string(), "reverse, 1000 sweeps");
    assert_eq!(f.hessian_plan(Mode::Sparse).unwrap().to_string(), "sparse, 3 colours");
    let small = Function::record(|[x, y]| x * y, [1.0; 2]).unwrap();
    assert_eq!(small.hessian_plan(Mode::Auto).unwrap().to_string(), "forward, 1 chunk of 4");
    let two = Function::record(|[x]| [x, x], [1.0]).unwrap();
    assert!(matches!(two.hessian_plan(Mode::Auto), Err(Error::Length { expected: 1, got: 2, .. })));
}

/// What is known of a function is not that of a function which is made of it.
#[test]
fn plans_are_those_of_the_function() {
    let f = Function::record(|x: &[Var]| [lists::dot(x, x), x[0] * x[1]], &[1.0; 3][..]).unwrap();
    assert_eq!(f.evaluator().jacobian(&[1.0, 2.0, 3.0]).unwrap(), [2.0, 4.0, 6.0, 2.0, 1.0, 0.0]);
    let held = f.clone().with_held([1]).unwrap();
    assert_eq!(held.evaluator().jacobian(&[1.0, 2.0, 3.0]).unwrap(), [2.0, 6.0, 2.0, 0.0]);
    assert_eq!(held.jacobian_plan(Mode::Forward).count, 2);
    let second = f.output(1).unwrap();
    assert_eq!(second.evaluator().jacobian(&[1.0, 2.0, 3.0]).unwrap(), [2.0, 1.0, 0.0]);
    let again = f.with_held([0]).unwrap();
    for mode in MODES {
        assert_eq!(again.evaluator().jacobian_by(mode, &[1.0, 2.0, 3.0]).unwrap(), [4.0, 6.0, 1.0, 0.0]);
    }
}
