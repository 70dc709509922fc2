//! Promise: a replay equals its recording bit for bit, or is an error; never a third thing.

use crate::common::alike;
use crate::programs::{Program, Random};
use crate::workloads::{Size, Visitor, Workload, visit_all};
use std::cell::Cell;
use tapegrad::{Adaptive, Dual, Error, Function, Tape, Var, Workspace, value_and_gradient};

struct ReplaysBitForBit;

impl Visitor for ReplaysBitForBit {
    fn visit<W: Workload<M>, const M: usize>(&mut self, workload: W) {
        for part in 0..workload.parts() {
            let x = workload.point(part);
            let tape = Tape::recording();
            let vars = tape.vars(x);
            let outputs = workload.plain(part, &vars);
            let function = tape.function(&vars, &outputs).unwrap();
            let mut workspace = Workspace::new();
            let values = function.evaluator_in(&mut workspace).values(x).unwrap();
            let mut jacobian = vec![0.0; M * x.len()];
            function.evaluator_in(&mut workspace).jacobian_into(x, &mut jacobian).unwrap();
            for (k, output) in outputs.iter().enumerate() {
                assert_eq!(values[k].to_bits(), bits(*output), "{}", W::NAME);
                let eager = output.backward().wrt(&vars);
                assert_same(&jacobian[k * x.len()..(k + 1) * x.len()], &eager, W::NAME);
            }
            // Simplified, the value is the same and the gradient close.
            let simple = function.optimize();
            assert_eq!(simple.evaluator_in(&mut workspace).values(x).unwrap(), values, "{}", W::NAME);
            let mut close = vec![0.0; M * x.len()];
            simple.evaluator_in(&mut workspace).jacobian_into(x, &mut close).unwrap();
            crate::workloads::agree(&close, &jacobian, 1e-9).unwrap();
        }
    }
}

fn bits(var: Var) -> u64 {
    var.detach().value().to_bits()
}

/// The same bits, but for the sign of a zero and the payload of a NaN.
#[track_caller]
fn assert_same(a: &[f64], b: &[f64], what: &str) {
    assert!(a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| alike(a, b)), "{what}: {a:?} {b:?}");
}

#[test]
fn every_workload_replays_bit_for_bit() {
    visit_all(Size::Small, &mut ReplaysBitForBit);
}

/// A point in a box around 0.
fn point(random: &mut Random, n: usize) -> Vec<f64> {
    (0..n).map(|_| random.uniform(-2.0, 2.0)).collect()
}

/// Records programs at one point and replays them at others.
fn replays(programs: usize, points: usize, branches: bool) -> [usize; 2] {
    let mut random = Random(7);
    let (mut replayed, mut changed) = (0, 0);
    let mut workspace = Workspace::new();
    for _ in 0..programs {
        let (inputs, steps) = (1 + random.below(4), 3 + random.below(20));
        let program = Program::random(&mut random, inputs, steps, branches);
        let function = Function::record(|x| program.run(x), point(&mut random, inputs)).unwrap();
        for _ in 0..points {
            let x = point(&mut random, inputs);
            let mut gradient = vec![0.0; inputs];
            match function.evaluator_in(&mut workspace).value_and_gradient_into(&x, &mut gradient) {
                Ok(value) => {
                    let (fresh, fresh_gradient) = value_and_gradient(|x| program.run(x), &x);
                    assert_same(&[value], &[fresh], "value");
                    assert_same(&gradient, &fresh_gradient, "gradient");
                    replayed += 1;
                }
                Err(Error::BranchChanged { .. }) => {
                    // A function with as many branches as there are says the same, through other recordings.
                    changed += 1;
                }
                Err(other) => panic!("{other}"),
            }
        }
    }
    [replayed, changed]
}

#[test]
fn programs_without_branches_replay_everywhere() {
    let [replayed, changed] = replays(300, 5, false);
    assert_eq!((replayed, changed), (1500, 0));
}

#[test]
fn programs_with_branches_replay_or_say_so() {
    let [replayed, changed] = replays(1000, 5, true);
    assert!(replayed > 1000 && changed > 500, "{replayed} {changed}: both must occur");
}

/// The long run: 100,000 programs without branches, and ten million evaluations with.
#[test]
#[ignore = "minutes in release"]
fn a_hundred_thousand_programs_and_ten_million_evaluations() {
    let [replayed, _] = replays(100_000, 1, false);
    assert_eq!(replayed, 100_000);
    let [replayed, changed] = replays(20_000, 500, true);
    println!("{replayed} evaluations replayed bit for bit, {changed} refused, none wrong");
    assert_eq!(replayed + changed, 10_000_000);
}

#[test]
fn adaptive_gives_the_fresh_value_everywhere() {
    let mut random = Random(11);
    for _ in 0..50 {
        let program = Program::random(&mut random, 2, 12, true);
        let mut adaptive = Adaptive::new(|x: &[Var]| program.run(x), 3);
        for _ in 0..20 {
            let x = point(&mut random, 2);
            let mut gradient = [0.0; 2];
            let value = adaptive.value_and_gradient_into(&x, &mut gradient).unwrap();
            let (fresh, fresh_gradient) = value_and_gradient(|x| program.run(x), &x);
            assert_same(&[value], &[fresh], "value");
            assert_same(&gradient, &fresh_gradient, "gradient");
            assert!(adaptive.recordings().len() <= 3);
        }
    }
}

#[test]
fn the_recording_that_was_not_used_for_longest_makes_room() {
    let recorded = Cell::new(0);
    // A branch for each whole number.
    let f = |x: &[Var]| {
        recorded.set(recorded.get() + 1);
        let branch = (0..9).find(|&k| x[0] < f64::from(k + 1)).unwrap();
        x[0] * f64::from(branch)
    };
    let mut f = Adaptive::new(f, 3);
    let mut workspace = Workspace::new();
    // The branches that recordings are of, in their order, after one was met; and how many were made.
    let mut after = |met: u32| {
        let (x, before) = (f64::from(met) + 0.5, recorded.get());
        let mut gradient = [7.0];
        assert_eq!(f.value_and_gradient_into(&[x], &mut gradient).unwrap(), x * f64::from(met));
        assert_eq!(gradient, [f64::from(met)]);
        assert_eq!((f.value(&[x]).unwrap(), f.values(&[x]).unwrap()), (x * x.floor(), vec![x * x.floor()]));
        let mut branch_of = |recording: &Function| {
            let fits = |&branch: &u32| {
                recording.evaluator_in(&mut workspace).value(&[f64::from(branch) + 0.5]).is_ok()
            };
            (0..9).find(fits).unwrap()
        };
        let branches: Vec<u32> = f.recordings().iter().map(&mut branch_of).collect();
        (branches, recorded.get() - before)
    };
    assert_eq!(after(1), (vec![1], 1));
    assert_eq!(after(2), (vec![2, 1], 1));
    assert_eq!(after(3), (vec![3, 2, 1], 1));
    assert_eq!(after(1), (vec![1, 3, 2], 0));
    assert_eq!(after(4), (vec![4, 1, 3], 1));
    assert_eq!(after(3), (vec![3, 4, 1], 0));
    assert_eq!(after(2), (vec![2, 3, 4], 1));
}

#[test]
fn a_flip_names_the_line_and_the_numbers() {
    let line = line!() + 1;
    let f = Function::record(|[x]| if x < 1.0 { x } else { x * x }, [0.5]).unwrap();
    let error = f.evaluator().value(&[3.0]).unwrap_err();
    let Error::BranchChanged { left, right, ref at, .. } = error else { panic!("{error}") };
    assert_eq!((left, right, at.line(), at.file()), (3.0, 1.0, line, file!()));
    assert!(error.to_string().starts_with(&format!("3 < 1 at {}:{line}:", file!())), "{error}");
}

#[test]
fn what_cannot_be_replayed_is_refused() {
    let read = Function::record(|[x]| x * x.value(), [2.0]);
    assert!(matches!(read, Err(Error::ValueRead { .. })));
    let opaque = Function::record(|[x]| tapegrad::preaccumulate([x], |[x]| x.sin()), [2.0]);
    assert!(matches!(opaque, Err(Error::Opaque { .. })));
    // An opaque node that nothing needs does no harm.
    let unused = Function::record(
        |[x]| {
            let _ = tapegrad::preaccumulate([x], |[x]| x.sin());
            x * 2.0
        },
        [2.0],
    );
    assert!(unused.is_ok());
    let plain = Tape::new();
    let x = plain.var(1.0);
    assert_eq!(plain.function(&[x], &[x * 2.0]), Err(Error::NotRecording));
    let tape = Tape::recording();
    let [x, free] = tape.vars([1.0, 2.0]);
    let free = tape.function(&[x], &[x * free]);
    assert!(matches!(free, Err(Error::FreeVariable { node: 1, .. })), "a variable would be frozen");
}

/// Every predicate is asked on replay as it was when recorded, of a NaN with a sign too.
#[test]
fn predicates_of_special_numbers_replay() {
    let special = [1.0, -1.0, 0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -f64::NAN];
    let questions: [fn(Var) -> bool; 6] =
        [Var::is_sign_negative, Var::is_nan, Var::is_finite, Var::is_infinite, |x| x == 0.0, |x| x >= 0.0];
    for (question, at) in questions.into_iter().flat_map(|question| special.map(|at| (question, at))) {
        let inner = Function::record(|[x]| if question(x) { x } else { x + 1.0 }, [at]).unwrap();
        let outer = Function::record(|[x]| inner.call(&[x]).unwrap()[0], [at]).unwrap();
        for x in special {
            let same = question(Var::from(x)) == question(Var::from(at));
            for f in [&inner, &outer] {
                assert_eq!(f.evaluator().value(&[x]).is_ok(), same, "{at} {x}");
            }
        }
    }
}

#[test]
fn wrong_lengths_change_nothing() {
    let f = Function::record(|[x, y]| x * y, [1.0, 2.0]).unwrap();
    let mut workspace = Workspace::new();
    let mut gradient = [7.0; 3];
    let short = f.evaluator_in(&mut workspace).value(&[1.0]);
    assert_eq!(short, Err(Error::Length { what: "inputs", expected: 2, got: 1 }));
    assert!(f.evaluator_in(&mut workspace).value_and_gradient_into(&[1.0, 2.0], &mut gradient).is_err());
    let mut out = [7.0; 2];
    let branch = Function::record(|[x, y]| if x < y { x } else { y }, [1.0, 2.0]).unwrap();
    assert!(branch.evaluator_in(&mut workspace).value_and_gradient_into(&[2.0, 1.0], &mut out).is_err());
    assert_eq!((gradient, out), ([7.0; 3], [7.0; 2]));
}

#[test]
fn detached_values_are_computed_again_and_not_differentiated() {
    let f = Function::record(|[x]| x * x.detach(), [2.0]).unwrap();
    let mut gradient = [0.0];
    let value = f.evaluator().value_and_gradient_into(&[5.0], &mut gradient).unwrap();
    assert_eq!((value, gradient), (25.0, [5.0]));
}

#[test]
fn functions_cross_threads() {
    let f = Function::record(|[x]| x.exp(), [0.0]).unwrap();
    let total: f64 = std::thread::scope(|scope| {
        let evaluate = |x: f64| f.evaluator().value(&[x]).unwrap();
        let workers: Vec<_> = (0..4).map(|k| scope.spawn(move || evaluate(f64::from(k)))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert!((total - (0..4).map(|k| f64::from(k).exp()).sum::<f64>()).abs() < 1e-12);
}

#[test]
fn it_is_callable_on_every_number() {
    let f = Function::record(|[x, y]| [x * y, x.sin()], [1.0, 2.0]).unwrap();
    assert_eq!(f.call(&[2.0, 3.0]).unwrap(), [6.0, 2f64.sin()]);
    let [x, y] = Dual::variables([2.0, 3.0]);
    assert_eq!(f.call(&[x, y]).unwrap()[0].tangents(), [3.0, 2.0]);

    let tape = Tape::new();
    let [x, y] = tape.vars([2.0, 3.0]);
    let inline = f.call(&[x, y]).unwrap()[0].backward().wrt([x, y]);
    let before = tape.len();
    let node = f.call_as_node(&[x, y]).unwrap();
    assert_eq!(tape.len() - before, 2, "a node per output");
    assert_eq!(node[0].backward().wrt([x, y]), inline);
    assert_eq!(node[1].backward().wrt([x, y]), [2f64.cos(), 0.0]);
}

/// The guards of a function that is called inside another become guards of that one.
#[test]
fn guards_survive_composition() {
    let inner = Function::record(|[x]| if x > 0.0 { x } else { -x }, [1.0]).unwrap();
    let outer = Function::record(|[x]| inner.call(&[x * 2.0]).unwrap()[0] + 1.0, [1.0]).unwrap();
    let mut workspace = Workspace::new();
    assert_eq!(outer.evaluator_in(&mut workspace).value(&[3.0]), Ok(7.0));
    assert!(matches!(outer.evaluator_in(&mut workspace).value(&[-3.0]), Err(Error::BranchChanged { .. })));
    let as_node = Function::record(|[x]| inner.call_as_node(&[x]).unwrap()[0], [1.0]).unwrap();
    assert!(matches!(as_node.evaluator_in(&mut workspace).value(&[-3.0]), Err(Error::BranchChanged { .. })));
}

/// Recording looks at each input a fixed number of times: with one look per pair this would take minutes.
#[test]
fn many_inputs_are_recorded() {
    let x: Vec<f64> = (0..300_000).map(|k| f64::from(k % 7)).collect();
    let function = Function::record(|x| tapegrad::lists::sum(x), &x[..]).unwrap();
    assert_eq!(function.evaluator().value(&x).unwrap(), x.iter().sum::<f64>());
    assert_eq!(function.names().nth(299_999), Some("x299999"));
}
