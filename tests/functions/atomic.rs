//! An atomic function computes what its operations compute where they are copied: values to the bit, derivatives of any order,
//! over every number, in every evaluator.

use crate::common::alike;
use crate::programs::{Program, Random, any_point};
use tapegrad::batch::{Column, Samples};
use tapegrad::{Atomic, Dual, Error, Function, Real, Scan, Var, Workspace};

/// The same code with a part that is called, or copied.
fn both(
    inner: &Function,
    outer: impl Fn(&[Var], &dyn Fn(&[Var]) -> Vec<Var>) -> Vec<Var>,
    at: &[f64],
) -> Result<[Function; 2], Error> {
    let atomic = Atomic::new(inner.clone());
    let called = Function::record(|x: &[Var]| outer(x, &|x| atomic.call(x).unwrap()), at)?;
    let copied = Function::record(|x: &[Var]| outer(x, &|x| inner.call(x).unwrap()), at)?;
    Ok([called, copied])
}

fn close(ours: &[f64], theirs: &[f64], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let scale = theirs.iter().filter(|it| it.is_finite()).fold(1.0, |most: f64, it| most.max(it.abs()));
    for (k, (&ours, &theirs)) in ours.iter().zip(theirs).enumerate() {
        let is_close = (ours - theirs).abs() <= 1e-11 * scale;
        assert!(is_close || alike(ours, theirs), "{what}, number {k}: {ours} and {theirs}");
    }
}

/// Values, Jacobians, products, Hessians of weighted sums, as numbers and as functions.
fn agree(called: &Function, copied: &Function, x: &[f64], what: &str) {
    let mut workspace = Workspace::new();
    let y = copied.evaluator().values(x).unwrap();
    let ours = called.evaluator_in(&mut workspace).values(x).unwrap();
    assert!(ours.iter().zip(&y).all(|(&a, &b)| alike(a, b)), "{what}: {ours:?} and {y:?}");
    let jacobian = copied.evaluator().jacobian(x).unwrap();
    close(&called.evaluator().jacobian(x).unwrap(), &jacobian, &format!("{what}, jacobian"));
    close(
        &called.jacobian().unwrap().evaluator().values(x).unwrap(),
        &jacobian,
        &format!("{what}, as function"),
    );
    let v: Vec<f64> = (0..x.len()).map(|k| 0.5 - k as f64).collect();
    let u: Vec<f64> = (0..y.len()).map(|k| 1.5 - k as f64).collect();
    close(
        &called.evaluator().jvp(x, &v).unwrap().1,
        &copied.evaluator().jvp(x, &v).unwrap().1,
        &format!("{what}, jvp"),
    );
    close(
        &called.evaluator().vjp(x, &u).unwrap().1,
        &copied.evaluator().vjp(x, &u).unwrap().1,
        &format!("{what}, vjp"),
    );
    for (k, y) in y.iter().enumerate() {
        if !y.is_finite() {
            continue;
        }
        let [ours, theirs] = [called, copied].map(|f| f.output(k).unwrap());
        let hessian = theirs.evaluator().hessian(x).unwrap();
        close(&ours.evaluator().hessian(x).unwrap(), &hessian, &format!("{what}, hessian"));
        let as_function = ours.hessian().unwrap().optimize();
        close(&as_function.evaluator().values(x).unwrap(), &hessian, &format!("{what}, hessian as function"));
    }
}

#[test]
fn random_programs_with_calls() {
    let mut compared = 0;
    for seed in 0..if cfg!(debug_assertions) { 40 } else { 1000 } {
        let mut random = Random(seed);
        let inputs = 1 + random.below(3);
        let steps = [1 + random.below(6), 1 + random.below(5)];
        let inner_program = Program::random(&mut random, 2, steps[0], true);
        let outer_program = Program::random(&mut random, inputs + 2, steps[1], true);
        let at: Vec<f64> = (0..inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
        let inner =
            Function::record(|x: &[Var]| inner_program.outputs(x), &[at[0], at[inputs - 1]][..]).unwrap();
        let outer = |x: &[Var], call: &dyn Fn(&[Var]) -> Vec<Var>| {
            let once = call(&[x[0], x[x.len() - 1]]);
            let first = once.first().copied().unwrap_or(x[0]);
            let more = [x, &[first, first * x[0]]].concat();
            let mut y = outer_program.outputs(&more);
            y.extend(once);
            y
        };
        let Ok([called, copied]) = both(&inner, outer, &at) else { continue };
        agree(&called, &copied, &at, &format!("seed {seed}"));
        compared += 1;
        for _ in 0..2 {
            let x: Vec<f64> = (0..inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
            match copied.evaluator().values(&x) {
                Ok(_) => agree(&called, &copied, &x, &format!("seed {seed} at {x:?}")),
                Err(error) => {
                    let ours = called.evaluator().values(&x).unwrap_err();
                    assert!(matches!(
                        (ours, error),
                        (Error::BranchChanged { .. }, Error::BranchChanged { .. })
                    ));
                }
            }
        }
    }
    assert!(compared > 25, "{compared}");
}

/// A step of a damped oscillator with a force of its own and shared constants, which puts its energy out.
fn oscillator<R: Real>(x: &[R]) -> Vec<R> {
    let (position, speed, force, stiffness, damping) = (x[0], x[1], x[2], x[3], x[4]);
    let next = speed + (force - position.sin() * stiffness - speed * damping) * 0.1;
    vec![position + next * 0.1, next, next * next + position * position]
}

fn unrolled<R: Real>(operands: &[R], steps: usize) -> Vec<R> {
    let shared = &operands[2 + steps..];
    let (mut carry, mut out) = (operands[..2].to_vec(), Vec::new());
    for step in 0..steps {
        let y = oscillator(&[&carry, &operands[2 + step..][..1], shared].concat());
        out.push(y[2]);
        carry = y[..2].to_vec();
    }
    [carry, out].concat()
}

#[test]
fn a_scan_is_the_loop_written_out() {
    let step = Function::record(|x: &[Var]| oscillator(x), &[0.5, 0.1, 0.2, 1.5, 0.3][..]).unwrap();
    for steps in [0, 1, 2, 5, 9] {
        let at: Vec<f64> = (0..4 + steps).map(|k| 0.3 + 0.2 * k as f64).collect();
        let copied = Function::record(|x: &[Var]| unrolled(x, steps), &at[..]).unwrap();
        for memory in [0, 60, 4 << 20] {
            let scan = Scan { steps, carry: 2, shared: 2, memory };
            let scan = Atomic::scan(step.clone(), scan).unwrap();
            assert_eq!((scan.operands(), scan.results()), (4 + steps, 2 + steps));
            let called = Function::record(|x: &[Var]| scan.call(x).unwrap(), &at[..]).unwrap();
            assert_eq!(called.statistics().operations, usize::from(steps > 0 || called.outputs() > 0));
            agree(&called, &copied, &at, &format!("{steps} steps in {memory} bytes"));
            // To the bit, on a tape and in a function, from any of the results.
            for output in 0..called.outputs() {
                let mut u = vec![0.0; called.outputs()];
                u[output] = 1.25;
                let theirs = copied.evaluator().vjp(&at, &u).unwrap().1;
                assert_eq!(
                    called.evaluator().vjp(&at, &u).unwrap().1,
                    theirs,
                    "{steps} steps, output {output}"
                );
                let on_tape = tapegrad::gradient(|x: &[Var]| scan.call(x).unwrap()[output] * 1.25, &at[..]);
                assert_eq!(on_tape, theirs, "{steps} steps, output {output}");
            }
        }
    }
}

#[test]
fn a_map_applies_a_function_to_each_list() {
    let f = Function::record(|[x, y, scale]| [(x * y).sin() * scale, x / y], [1.0, 2.0, 3.0]).unwrap();
    let map = Atomic::map(f.clone(), 3, 1).unwrap();
    let operands = [1.0, 2.0, 0.5, 1.5, -1.0, 3.0, 0.7];
    let expected: Vec<f64> =
        operands[..6].chunks(2).flat_map(|it| f.call(&[it[0], it[1], 0.7]).unwrap()).collect();
    assert_eq!(map.call(&operands).unwrap(), expected);
    let called = Function::record(|x: &[Var]| map.call(x).unwrap(), &operands[..]).unwrap();
    let copied = Function::record(
        |x: &[Var]| {
            x[..6].chunks(2).flat_map(|it| f.call(&[it[0], it[1], x[6]]).unwrap()).collect::<Vec<_>>()
        },
        &operands[..],
    )
    .unwrap();
    agree(&called, &copied, &operands, "map");
}

/// Where a path does not lead, an infinity has no effect, also through a call.
#[test]
fn what_a_result_does_not_depend_on_does_not_count() {
    let pair = Atomic::new(Function::record(|[x, y]| [x * 2.0, y.sqrt()], [1.0, 1.0]).unwrap());
    let f = Function::record(|[x, y]| pair.call(&[x, y]).unwrap()[0] * 3.0, [1.0, 1.0]).unwrap();
    for point in [[1.0, 0.0], [1.0, -1.0]] {
        assert_eq!(f.evaluator().gradient(&point).unwrap(), [6.0, 0.0]);
        assert_eq!(f.gradient().unwrap().evaluator().values(&point).unwrap(), [6.0, 0.0]);
        assert_eq!(
            tapegrad::gradient(|[x, y]: [Var; 2]| pair.call(&[x, y]).unwrap()[0] * 3.0, point),
            [6.0, 0.0]
        );
        let [x, y] = Dual::variables(point);
        assert_eq!(pair.call(&[x, y]).unwrap()[0].tangents(), [2.0, 0.0]);
        assert_eq!(f.evaluator().hessian(&point).unwrap(), [0.0; 4]);
    }
    // Where it leads, a zero times an infinity is told.
    let both = tapegrad::gradient(|[x, y]: [Var; 2]| pair.call(&[x, y]).unwrap()[1] * 0.0, [1.0, 0.0]);
    assert!(both[0] == 0.0 && both[1].is_nan(), "{both:?}");
}

#[test]
fn batches_call_sample_by_sample() {
    let inner =
        Function::record(|[x, y]| [if x > 0.0 { x * y } else { y }, (x + y).exp()], [1.0, 2.0]).unwrap();
    let outer = |x: &[Var], call: &dyn Fn(&[Var]) -> Vec<Var>| {
        let y = call(&[x[1], x[0] * 2.0]);
        vec![y[0] * y[1] + x[1] * x[0]]
    };
    let [called, copied] = both(&inner, outer, &[0.5, 1.0]).unwrap();
    // One with the operations of its calls, and one that keeps them, since its step may be repeated.
    let once = Atomic::map(inner.clone(), 1, 0).unwrap();
    let kept = Function::record(|x: &[Var]| outer(x, &|x| once.call(x).unwrap()), &[0.5, 1.0][..]).unwrap();
    for called in [called, kept] {
        batches(&called, &copied);
    }
}

fn batches(called: &Function, copied: &Function) {
    let column: Vec<f64> = (0..37).map(|k| 0.1 + 0.05 * f64::from(k)).collect();
    let columns = [Column::from(&column)];
    let samples = Samples::new(&columns).unwrap();
    let [ours, theirs] = [&called, &copied]
        .map(|f| f.batched([0]).unwrap().evaluator().value_and_gradient(&[0.5], &samples).unwrap());
    close(&[ours.0], &[theirs.0], "sum");
    close(&ours.1, &theirs.1, "gradient");
    let mut column = column;
    (column[3], column[20]) = (-1.0, -2.0);
    let columns = [Column::from(&column)];
    let samples = Samples::new(&columns).unwrap();
    let error = called.batched([0]).unwrap().evaluator().value_and_gradient(&[0.5], &samples).unwrap_err();
    let Error::BranchesChanged { samples, first } = error else { panic!("{error}") };
    assert_eq!(samples, [3, 20]);
    assert!(matches!(*first, Error::BranchChanged { .. }), "{first}");
}

#[test]
fn rules_of_the_users_own() {
    // The cube, with a rule in either direction, and with both.
    let value = Function::record(|[x, y]| [x * x * x * y, y], [1.0, 2.0]).unwrap();
    let jvp =
        Function::record(|[x, y, dx, dy]| [x * x * y * 3.0 * dx + x * x * x * dy, dy], [1.0, 2.0, 1.0, 1.0])
            .unwrap();
    let vjp = Function::record(|[x, y, u, v]| [x * x * y * 3.0 * u, x * x * x * u + v], [1.0, 2.0, 1.0, 1.0])
        .unwrap();
    let ways = [
        Atomic::with_jvp(value.clone(), jvp.clone()).unwrap(),
        Atomic::with_vjp(value.clone(), vjp.clone()).unwrap(),
        Atomic::with_rules(value.clone(), jvp.clone(), vjp.clone()).unwrap(),
    ];
    for cube in &ways {
        let outer = |x: &[Var], call: &dyn Fn(&[Var]) -> Vec<Var>| {
            let y = call(&[x[0] * x[1], x[1]]);
            vec![y[0].sin() + y[1] * x[0]]
        };
        let called =
            Function::record(|x: &[Var]| outer(x, &|x| cube.call(x).unwrap()), &[0.3, 0.7][..]).unwrap();
        let copied =
            Function::record(|x: &[Var]| outer(x, &|x| value.call(x).unwrap()), &[0.3, 0.7][..]).unwrap();
        for x in [[0.3, 0.7], [-1.0, 0.5], [0.0, 2.0]] {
            agree(&called, &copied, &x, "rule");
        }
    }
    let length = Atomic::with_jvp(value.clone(), vjp.output(0).unwrap()).unwrap_err();
    assert!(matches!(length, Error::Length { expected: 2, got: 1, .. }), "{length}");
    let length = Atomic::with_rules(value, jvp.clone(), jvp.output(1).unwrap()).unwrap_err();
    assert!(matches!(length, Error::Length { .. }), "{length}");
}

#[test]
fn misfits_are_told() {
    let f = Function::record(|[x, y]| x * y, [1.0, 2.0]).unwrap();
    let atomic = Atomic::new(f.clone());
    let error = atomic.call(&[1.0]).unwrap_err();
    assert!(matches!(error, Error::Length { what: "operands", expected: 2, got: 1 }), "{error}");
    let error = Atomic::scan(f.clone(), Scan { carry: 2, ..Scan::default() }).unwrap_err();
    assert!(matches!(error, Error::Length { expected: 2, got: 1, .. }), "{error}");
    let error = Atomic::scan(f.clone(), Scan { carry: 1, shared: 2, ..Scan::default() }).unwrap_err();
    assert!(matches!(error, Error::Length { expected: 3, got: 2, .. }), "{error}");
    let error = Atomic::map(f, usize::MAX, 0).unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
}

/// Newton's iteration for a cube root, which stops when it is near; and the loop written out, with as many steps.
#[test]
fn a_while_loop_follows_its_condition() {
    fn iterate<R: Real>(x: R, a: R) -> R {
        x - (x * x * x - a) / (x * x * 3.0)
    }
    let step = Function::record(|[x, a]| [iterate(x, a)], [1.0, 2.0]).unwrap();
    let condition = Function::record(
        |[x, a]| tapegrad::masks::gt((x * x * x - a).abs(), 1e-3).select(1.0, 0.0),
        [1.0, 2.0],
    )
    .unwrap();
    for memory in [0, 50, 4 << 20] {
        let scan = Scan { steps: 60, carry: 1, shared: 1, memory };
        let root = Atomic::while_loop(condition.clone(), step.clone(), scan).unwrap();
        let called =
            Function::record(|[x, a]| root.call(&[x * 1.5, a * x]).unwrap()[0] * a, [1.0, 2.0]).unwrap();
        for (x, a, most) in [(1.0, 2.0, 6), (0.9, 3.0, 9), (7.0, 3.0, 12), (1.4, 4.0, 12)] {
            let mut steps = 0;
            let (mut at, target) = (x * 1.5, a * x);
            while (f64::powi(at, 3) - target).abs() > 1e-3 {
                at = iterate(at, target);
                steps += 1;
            }
            assert!(steps > 0 && steps < most, "{steps}");
            let copied = Function::record(
                |[x, a]| {
                    let (start, target) = (x * 1.5, a * x);
                    (0..steps).fold(start, |at, _| iterate(at, target)) * a
                },
                [x, a],
            )
            .unwrap();
            agree(&called, &copied, &[x, a], &format!("{steps} steps in {memory} bytes"));
            let theirs = copied.evaluator().gradient(&[x, a]).unwrap();
            assert_eq!(called.evaluator().gradient(&[x, a]).unwrap(), theirs);
        }
        // No step at all.
        let x = [1.0, 1.0];
        let none = Atomic::while_loop(condition.clone(), step.clone(), scan).unwrap();
        assert_eq!(none.call(&x).unwrap(), [1.0]);
        let slopes = tapegrad::gradient(|[x, a]: [Var; 2]| none.call(&[x, a]).unwrap()[0], x);
        assert_eq!(slopes, [1.0, 0.0]);
    }
    let scan = Scan { steps: 3, carry: 1, shared: 1, ..Scan::default() };
    let short = Atomic::while_loop(condition.clone(), step.clone(), scan).unwrap();
    let error = short.call(&[100.0, 2.0]).unwrap_err().to_string();
    assert!(error.contains("does not end after 3 steps"), "{error}");
    let by_itself = Function::record(|[x, _]| x, [1.0, 2.0]).unwrap();
    let error =
        Atomic::while_loop(by_itself, step.clone(), scan).unwrap().call(&[f64::NAN, 2.0]).unwrap_err();
    assert!(error.to_string().contains("NaN before step 0"), "{error}");
    let error = Atomic::while_loop(step.clone(), condition.output(0).unwrap(), Scan { carry: 2, ..scan })
        .unwrap_err();
    assert!(matches!(error, Error::Length { .. }), "{error}");
}

/// A scan within the step of a scan, and a call within that.
#[test]
fn loops_within_loops() {
    let inner = Function::record(|[x, a]| [x + (x * a).sin() * 0.1, x * a], [1.0, 0.5]).unwrap();
    let called = Atomic::new(inner.clone());
    let once = Function::record(|[x, a]: [Var; 2]| called.call(&[x, a]).unwrap(), [1.0, 0.5]).unwrap();
    let rows = Atomic::scan(once, Scan { steps: 3, carry: 1, shared: 1, memory: 0 }).unwrap();
    let row = Function::record(
        |[x, y, a]: [Var; 3]| {
            let found = rows.call(&[x, a]).unwrap();
            [found[0], y + found[1] * found[3]]
        },
        [1.0, 0.0, 0.5],
    )
    .unwrap();
    let all = Atomic::scan(row, Scan { steps: 4, carry: 2, shared: 1, memory: 40 }).unwrap();
    let nested = Function::record(|x: &[Var]| all.call(x).unwrap(), &[1.0, 0.0, 0.5][..]).unwrap();
    let written_out = Function::record(
        |[mut x, mut y, a]: [Var; 3]| {
            for _ in 0..4 {
                let mut out = Vec::new();
                for _ in 0..3 {
                    let found = inner.call(&[x, a]).unwrap();
                    x = found[0];
                    out.push(found[1]);
                }
                y += out[0] * out[2];
            }
            [x, y]
        },
        [1.0, 0.0, 0.5],
    )
    .unwrap();
    agree(&nested, &written_out, &[1.0, 0.0, 0.5], "nested");
    agree(&nested, &written_out, &[-0.4, 0.3, 1.7], "nested");
}

/// The derivative of a loop of any order is a loop: graphs do not grow with the number of steps.
#[test]
fn graphs_do_not_grow_with_the_number_of_steps() {
    let step = Function::record(|[x, v]| [x + v * 0.01, v - x.sin() * 0.01], [1.0, 0.0]).unwrap();
    let sizes = [10, 10_000].map(|steps| {
        let swing = Atomic::scan(step.clone(), Scan { steps, carry: 2, ..Scan::default() }).unwrap();
        let f = Function::record(|x: &[Var]| swing.call(x).unwrap()[0], &[0.3, 0.1][..]).unwrap();
        let gradient = f.gradient().unwrap().optimize();
        let hessian = f.hessian().unwrap().optimize();
        assert!(hessian.evaluator().values(&[0.3, 0.1]).unwrap().iter().all(|it| it.is_finite()));
        [&f, &gradient, &hessian].map(|f| f.statistics().operations)
    });
    assert_eq!(sizes[0], sizes[1]);
}

#[test]
fn they_are_saved_and_loaded() {
    let inner = Function::record(|[x, y]| [if x < 5.0 { x * y } else { y }, y.exp()], [1.0, 2.0]).unwrap();
    let jvp =
        Function::record(|[x, y, dx, dy]| [dx * y + x * dy, y.exp() * dy], [1.0, 2.0, 1.0, 1.0]).unwrap();
    let step = Function::record(|[x, v]| [x + v * 0.1, v - x.sin() * 0.1], [1.0, 0.0]).unwrap();
    let condition =
        Function::record(|[x, _]| tapegrad::masks::lt(x, 2.0).select(1.0, 0.0), [1.0, 0.0]).unwrap();
    let scan = Scan { steps: 50, carry: 2, ..Scan::default() };
    let kinds = [
        Atomic::new(inner.clone()),
        Atomic::with_jvp(inner, jvp).unwrap(),
        Atomic::scan(step.clone(), scan).unwrap(),
        Atomic::while_loop(condition, step, scan).unwrap(),
    ];
    for atomic in kinds {
        let f = Function::record(
            |x: &[Var]| atomic.call(&[x[0] * 0.5, x[1]]).unwrap()[0] * x[0],
            &[1.0, 2.0][..],
        )
        .unwrap();
        for f in [f.clone(), f.gradient().unwrap(), f.hessian().unwrap().optimize()] {
            let text = serde_json::to_string(&f).unwrap();
            let loaded: Function = serde_json::from_str(&text).unwrap();
            assert_eq!(loaded, f);
            assert_eq!(loaded.jacobian().unwrap(), f.jacobian().unwrap());
            assert_eq!(
                loaded.evaluator().jacobian(&[0.7, 1.9]).unwrap(),
                f.evaluator().jacobian(&[0.7, 1.9]).unwrap()
            );
            // Another index, other operands.
            let broken = text.replace("\"atomic[0]\"", "\"atomic[1000]\"");
            assert!(broken == text || serde_json::from_str::<Function>(&broken).is_err());
        }
    }
}

/// The operations of calls in place of the calls, at any depth, with their guards and lines.
#[test]
fn calls_are_inlined() {
    let leaf = Function::record(|[x]| if x > 0.0 { x.sqrt() } else { -x }, [1.0]).unwrap();
    let called = Atomic::new(leaf.clone());
    let middle =
        Function::record(|[x, y]: [Var; 2]| called.call(&[x * y]).unwrap()[0] + y, [1.0, 2.0]).unwrap();
    let outer = Atomic::new(middle.clone());
    let f = Function::record(|[x, y]: [Var; 2]| outer.call(&[x, y]).unwrap()[0] * x, [1.0, 2.0]).unwrap();
    let by_hand =
        Function::record(|[x, y]: [Var; 2]| (leaf.call(&[x * y]).unwrap()[0] + y) * x, [1.0, 2.0]).unwrap();
    let inlined = f.inlined();
    assert_eq!(inlined.statistics().counts, by_hand.statistics().counts);
    assert_eq!(inlined.inlined(), inlined);
    agree(&inlined, &by_hand, &[3.0, 0.5], "inlined");
    let errors = [&f, &inlined].map(|f| f.evaluator().value(&[1.0, -2.0]).unwrap_err().to_string());
    assert_eq!(errors[0], errors[1]);
    assert!(errors[0].contains("atomic.rs"), "{}", errors[0]);
}

/// A program that calls another one, or repeats it, wild enough to leave every domain and to change branches.
fn replay_is_a_fresh_evaluation_or_an_error(seed: u64) -> (bool, bool) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let inputs = 1 + random.below(3);
    let inner_program = Program::wide(&mut random, 2);
    let outer_program = Program::wide(&mut random, inputs + 2);
    let at = any_point(&mut random, inputs);
    let inner = |x: &[Var]| {
        let mut y = inner_program.outputs(x);
        y.truncate(2);
        while y.len() < 2 {
            y.push(x[y.len()]);
        }
        y
    };
    let kind = random.below(5);
    let Ok(step) = Function::record(inner, &[at[0], at[inputs - 1]][..]) else { return (false, false) };
    let scan =
        Scan { steps: random.below(4), carry: 2, memory: [0, 1000][random.below(2)], ..Scan::default() };
    let atomic = match kind {
        0 => Ok(Atomic::new(step)),
        1 => Atomic::scan(step, scan),
        2 => Atomic::scan(step, Scan { carry: 1, shared: 1, ..scan }),
        3 => Atomic::map(step, 1, 0),
        _ => {
            let condition =
                Function::record(|[x, y]| tapegrad::masks::lt(x, y).select(1.0, 0.0), [0.5, 0.5]).unwrap();
            Atomic::while_loop(condition, step, scan)
        }
    }
    .unwrap();
    // What one of these has in operands and results beyond two is filled up, or left out.
    fn call<R: Real>(atomic: &Atomic, x: &[R]) -> Result<Vec<R>, Error> {
        let mut operands = x.to_vec();
        operands.resize(atomic.operands(), R::constant(0.5));
        let mut y = atomic.call(&operands)?;
        y.resize(2, x[0]);
        Ok(y)
    }
    fn run<R: Real>(program: &Program, atomic: &Atomic, x: &[R]) -> Result<Vec<R>, Error> {
        let once = call(atomic, &[x[0], x[x.len() - 1]])?;
        let twice = call(atomic, &[once[1], x[0]])?;
        let mut y = program.outputs(&[x, &twice].concat());
        // Needed in any case: a function leaves out what its outputs do not depend on, with what it would refuse.
        y.extend([once, twice].concat());
        Ok(y)
    }
    let mut refused = None;
    let recorded = Function::record(
        |x: &[Var]| {
            run(&outer_program, &atomic, x).unwrap_or_else(|error| {
                refused = Some(error);
                x.to_vec()
            })
        },
        &at[..],
    );
    let (Ok(f), None) = (recorded, refused) else { return (false, false) };
    let (mut agreed, mut changed) = (false, false);
    for x in [at.clone(), any_point(&mut random, inputs), any_point(&mut random, inputs)] {
        let fresh = run(&outer_program, &atomic, &x);
        match (f.evaluator().values(&x), fresh) {
            (Ok(replay), Ok(fresh)) => {
                assert!(
                    replay.iter().zip(&fresh).all(|(&a, &b)| alike(a, b)),
                    "seed {seed}: {replay:?}, {fresh:?}"
                );
                agreed = true;
                // The sweep of the function and that over a tape.
                let u = vec![1.0; replay.len()];
                let by_function = f.evaluator().vjp(&x, &u).unwrap().1;
                let on_tape =
                    tapegrad::vjp(|x: &[Var]| run(&outer_program, &atomic, x).unwrap(), &x[..], u.clone()).1;
                let same = by_function.iter().zip(&on_tape).all(|(&a, &b)| {
                    alike(a, b) || (a - b).abs() <= 1e-9 * a.abs().max(b.abs()) || a.is_nan() || b.is_nan()
                });
                assert!(same, "seed {seed} at {x:?}: {by_function:?} and {on_tape:?}");
            }
            (Err(_), _) => changed = true,
            (Ok(replay), Err(error)) => {
                panic!("seed {seed} at {x:?}: {replay:?} is replayed, but fresh: {error}")
            }
        }
    }
    (agreed, changed)
}

fn replays(count: u64) {
    let (mut agreed, mut changed) = (0, 0);
    for seed in 0..count {
        // Every second one by plans of what is called and repeated.
        let after = if seed % 2 == 0 { 0 } else { usize::MAX };
        let (here, there) =
            tapegrad::with_plans_after(after, || replay_is_a_fresh_evaluation_or_an_error(seed));
        agreed += u64::from(here);
        changed += u64::from(there);
    }
    assert!(agreed > count / 3 && changed > count / 50, "{agreed} agreed and {changed} changed of {count}");
}

#[test]
fn random_programs_with_calls_and_loops() {
    replays(if cfg!(debug_assertions) { 300 } else { 5_000 });
}

#[test]
#[ignore = "minutes; part of `.ci/run full`"]
fn a_million_random_programs_with_calls_and_loops() {
    replays(1_000_000);
}

/// Patterns go through calls, maps and loops, and sparse derivatives are those of the operations written out.
#[test]
fn patterns_go_through_calls_and_loops() {
    let cell = Function::record(|[l, u, r]| [(r - l).sin() * u, u * u], [0.1, 0.2, 0.3]).unwrap();
    let called = Atomic::new(cell.clone());
    let chain = |x: &[Var], cell: &dyn Fn(&[Var]) -> Vec<Var>| -> Vec<Var> {
        x.windows(3).map(cell).map(|y| y[0] * 2.0 + y[1]).collect()
    };
    let at: Vec<f64> = (0..12).map(|k| 0.1 * f64::from(k) - 0.4).collect();
    let [calls, copied] = both(&cell, |x, call| chain(x, call), &at).unwrap();
    assert_eq!(calls.jacobian_pattern(), copied.jacobian_pattern());
    // Every second result alone: nothing depends on the neighbours.
    let squares = Function::record(
        |x: &[Var]| x.windows(3).map(|w| called.call(w).unwrap()[1]).collect::<Vec<_>>(),
        &at[..],
    )
    .unwrap();
    assert!(squares.jacobian_pattern().triplets().all(|(row, column)| column == row + 1));
    // A map is made of blocks.
    let map = Atomic::map(cell.clone(), 4, 0).unwrap();
    let blocks = Function::record(|x: &[Var]| map.call(x).unwrap(), &at[..]).unwrap().jacobian_pattern();
    assert!(blocks.triplets().all(|(row, column)| row / 2 == column / 3));
    assert_eq!(blocks.nonzeros(), 4 * 4);
    // What a scan puts out depends on the steps so far.
    let step = Function::record(|[x, u, a]| [x + u * a, x * u], [1.0, 0.5, 0.1]).unwrap();
    let scan = Atomic::scan(step, Scan { steps: 10, carry: 1, shared: 1, ..Scan::default() }).unwrap();
    let f = Function::record(|x: &[Var]| scan.call(x).unwrap(), &at[..]).unwrap();
    let pattern = f.jacobian_pattern();
    for step in 0..10 {
        let expected: Vec<usize> = (0..=step + 1).chain((step > 0).then_some(11)).collect();
        assert_eq!(pattern.row(1 + step), expected, "step {step}");
    }
    for f in [&calls, &f, &copied] {
        let dense = f.evaluator().jacobian(&at).unwrap();
        let sparse = f.sparse_jacobian().unwrap();
        let found = sparse.evaluator().values(&at).unwrap();
        let mut all = vec![0.0; dense.len()];
        for ((row, column), value) in sparse.pattern().triplets().zip(found) {
            all[row * 12 + column] = value;
        }
        close(&all, &dense, "sparse");
    }
    let sum = |x: &[Var], cell: &dyn Fn(&[Var]) -> Vec<Var>| vec![tapegrad::lists::sum(&chain(x, cell))];
    let [calls, copied] = both(&cell, sum, &at).unwrap();
    assert_eq!(calls.hessian_pattern().unwrap(), copied.hessian_pattern().unwrap());
    let [ours, theirs] =
        [&calls, &copied].map(|f| f.sparse_hessian().unwrap().evaluator().values(&at).unwrap());
    close(&ours, &theirs, "sparse hessian");
}

/// Plans in registers copy calls, and leave loops to the evaluator; adaptive functions record the branches of the caller.
#[test]
fn plans_and_adaptive_functions() {
    let cell = Function::record(|[l, u, r]| [(r - l).sin() * u + u * u], [0.1, 0.2, 0.3]).unwrap();
    let at: Vec<f64> = (0..200).map(|k| 0.01 * f64::from(k) - 0.4).collect();
    let energy = |x: &[Var], cell: &dyn Fn(&[Var]) -> Vec<Var>| {
        vec![tapegrad::lists::sum(&x.windows(3).map(|w| cell(w)[0]).collect::<Vec<_>>())]
    };
    let [called, copied] = both(&cell, energy, &at).unwrap();
    let plan = called.vectorised();
    assert!(plan.plan().is_vectorised, "{}", plan.plan());
    let (value, gradient) = copied.evaluator().value_and_gradient(&at).unwrap();
    let ours = plan.evaluator().value_and_gradient(&at).unwrap();
    close(&[ours.0], &[value], "in registers");
    close(&ours.1, &gradient, "in registers");
    let step = Function::record(|[x, a]| [x + x.sin() * a], [1.0, 0.1]).unwrap();
    let scan = Atomic::scan(step, Scan { steps: 50, carry: 1, shared: 1, ..Scan::default() }).unwrap();
    let f = Function::record(
        |x: &[Var]| {
            tapegrad::lists::sum(&x.iter().map(|&x| scan.call(&[x, x * 0.1]).unwrap()[0]).collect::<Vec<_>>())
        },
        &at[..],
    )
    .unwrap();
    let plan = f.vectorised();
    assert!(!plan.plan().is_vectorised);
    assert_eq!(
        plan.evaluator().value_and_gradient(&at).unwrap(),
        f.evaluator().value_and_gradient(&at).unwrap()
    );
    assert_eq!(plan.evaluator().hvp(&at, &at).unwrap(), f.evaluator().hvp(&at, &at).unwrap());
    // In single precision, the operands and results are rounded.
    let column: Vec<f64> = (0..20).map(|k| 0.1 * f64::from(k)).collect();
    let columns = [Column::from(&column)];
    let one = Function::record(|[a, x]| scan.call(&[x, a]).unwrap()[0], [0.1, 1.0]).unwrap();
    let single = one.batched_as::<f32>([0]).unwrap();
    let samples = Samples::new(&columns).unwrap();
    let (sum, slopes) = single.evaluator().value_and_gradient(&[0.1], &samples).unwrap();
    let exact: f64 = column.iter().map(|&x| one.evaluator().value(&[0.1, x]).unwrap()).sum();
    assert!((sum - exact).abs() < 1e-5 * exact && slopes[0].is_finite(), "{sum} and {exact}");

    let code = |x: &[Var]| {
        let y = scan.call(x).unwrap()[0];
        if y > 1.0 { y * x[0] } else { -y }
    };
    let mut adaptive = tapegrad::Adaptive::new(code, 4);
    for x in [[1.0, 0.1], [-1.0, 0.1], [2.0, 0.05]] {
        let y = scan.call(&x).unwrap()[0];
        let expected = if y > 1.0 { y * x[0] } else { -y };
        assert_eq!(adaptive.value_and_gradient(&x).unwrap().0, expected);
    }
}
