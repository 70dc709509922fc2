//! What is called or repeated often is evaluated by a plan: with every bit, and every error, of an evaluation one operation at a
//! time.

use crate::programs::{Program, Random, any_point};
use tapegrad::masks::lt;
use tapegrad::vectorised::Exactness;
use tapegrad::{Atomic, Error, Function, Scan, Var, with_plans_after};

const NEVER: usize = usize::MAX;

/// Whether a plan was made of what it calls or repeats.
fn is_planned(atomic: &Atomic) -> bool {
    format!("{atomic:?}").contains("Vectorised {")
}

/// All bits of a number, but for those of a NaN.
fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|&number| if number.is_nan() { f64::NAN } else { number }.to_bits()).collect()
}

/// Values, and the derivatives of their weighted sum by a sweep and by the derivative as a function; or the error.
fn told(f: &Function, x: &[f64]) -> Result<[Vec<u64>; 3], String> {
    let weights: Vec<f64> = (0..f.outputs()).map(|k| [1.5, -0.25, 0.0][k % 3]).collect();
    let all = || {
        let (values, product) = f.evaluator().vjp(x, &weights)?;
        let by_function = f.vjp()?.evaluator().values(&[x, &weights].concat())?;
        Ok([bits(&values), bits(&product), bits(&by_function)])
    };
    all().map_err(|error: Error| error.to_string())
}

/// A call, a loop, a map, a loop with a condition; of a step with two outputs and more inputs.
fn any_kind(random: &mut Random, step: Function) -> Result<Atomic, Error> {
    let inputs = step.inputs();
    let memory = [0, 50, 4 << 20][random.below(3)];
    let steps = [1, 3, 19, 40][random.below(4)];
    match random.below(5) {
        0 => Ok(Atomic::new(step)),
        1 => Atomic::scan(step, Scan { steps, carry: 1, shared: random.below(inputs), memory }),
        2 => Atomic::scan(step, Scan { steps, carry: 2, shared: random.below(inputs - 1), memory }),
        3 => Atomic::map(step, steps, random.below(inputs + 1)),
        _ => {
            let condition = Function::record(
                |x: &[Var]| lt(x[0] * x[0], x[1] + 9.0).select(1.0, 0.0),
                step.recorded_at(),
            )?;
            Atomic::while_loop(condition, step, Scan { steps, carry: 2, shared: inputs - 2, memory })
        }
    }
}

/// Programs that stay within their domains, and wild ones.
fn random_callees(seeds: std::ops::Range<u64>) {
    let count = seeds.end - seeds.start;
    let (mut planned, mut compared, mut refused) = (0, 0, 0);
    for seed in seeds {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let inputs = 2 + random.below(3);
        let is_wild = random.below(3) == 0;
        let (length, branches) = (1 + random.below(30), random.below(2) == 0);
        let program = match is_wild {
            true => Program::wide(&mut random, inputs),
            false => Program::random(&mut random, inputs, length, branches),
        };
        let code = |x: &[Var]| {
            let mut y = program.outputs(x);
            y.truncate(2);
            y.extend_from_slice(&x[..2 - y.len()]);
            // Carried numbers stay of one size.
            if !is_wild { [(y[0] + x[0] * 0.5).sin(), (y[1] - x[1] * x[0]).sin()].to_vec() } else { y }
        };
        let any = |random: &mut Random, count: usize| match is_wild {
            true => any_point(random, count),
            false => (0..count).map(|_| random.uniform(-2.0, 2.0)).collect(),
        };
        let Ok(step) = Function::record(code, &any(&mut random, inputs)[..]) else { continue };
        let kind = random.clone();
        let made = || any_kind(&mut kind.clone(), step.clone());
        let (Ok(by_plans), Ok(one_by_one)) = (made(), made()) else { continue };
        for _ in 0..3 {
            let x = any(&mut random, by_plans.operands());
            let recorded = |atomic: &Atomic| Function::record(|x: &[Var]| atomic.call(x).unwrap(), &x[..]);
            let recorded = |after: usize, atomic: &Atomic| {
                with_plans_after(after, || {
                    atomic.call(&x).map_err(|error| error.to_string())?;
                    told(&recorded(atomic).unwrap(), &x)
                })
            };
            let (ours, theirs) = (recorded(0, &by_plans), recorded(NEVER, &one_by_one));
            assert_eq!(ours, theirs, "seed {seed} at {x:?}");
            compared += u64::from(ours.is_ok());
            refused += u64::from(ours.is_err());
        }
        planned += u64::from(is_planned(&by_plans));
        assert!(!is_planned(&one_by_one));
    }
    assert!(
        planned > count / 2 && compared > count && refused > count / 50,
        "{planned}, {compared}, {refused}"
    );
}

#[test]
fn random_callees_keep_every_bit() {
    random_callees(0..if cfg!(debug_assertions) { 150 } else { 3_000 });
}

#[test]
#[ignore = "minutes; part of `.ci/run full`"]
fn many_random_callees_keep_every_bit() {
    random_callees(0..100_000);
}

/// A step of coupled oscillators, which are equal but for their neighbours; `stop` has a branch.
fn ring(x: &[Var], stop: bool) -> Vec<Var> {
    let (angles, rest) = x.split_at(40);
    let (speeds, shared) = rest.split_at(40);
    let force = |k: usize| {
        let pull = angles[(k + 1) % 40] + angles[(k + 39) % 40] - angles[k] * 2.0;
        pull * shared[0] - angles[k] * angles[k] * angles[k] - speeds[k] * shared[1]
    };
    let next: Vec<Var> = (0..40).map(|k| speeds[k] + force(k) * 0.01).collect();
    let mut moved: Vec<Var> = (0..40).map(|k| angles[k] + next[k] * 0.01).collect();
    for k in [31, 7] {
        if stop && moved[k] > 5.0 {
            moved[k] = -moved[k];
        }
    }
    moved.extend(next);
    moved
}

fn at() -> Vec<f64> {
    (0..82).map(|k| 0.1 + (0.7 * f64::from(k)).sin() * 0.5).collect()
}

#[test]
fn threads_share_the_plan_of_a_callee() {
    let f = Function::record(|x: &[Var]| ring(x, false), &at()[..]).unwrap();
    let atomic = Atomic::new(f.clone());
    let call = Function::record(|x: &[Var]| atomic.call(x).unwrap(), &at()[..]).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (call, f) = (&call, &f);
            scope.spawn(move || {
                let (mut ours, mut theirs) = (call.evaluator(), f.evaluator());
                for k in 0..100 {
                    let x: Vec<f64> =
                        at().iter().map(|x| x * (1.0 + f64::from(thread + 4 * k) * 1e-3)).collect();
                    let weights = vec![0.5; 80];
                    let [ours, theirs] = [&mut ours, &mut theirs].map(|it| it.vjp(&x, &weights).unwrap());
                    assert_eq!(bits(&ours.0), bits(&theirs.0));
                    assert_eq!(bits(&ours.1), bits(&theirs.1));
                }
            });
        }
    });
    assert!(is_planned(&atomic));
    // In a sweep over a tape, which cannot record, too.
    let weights = vec![0.5; 80];
    let on_tape = tapegrad::vjp(|x: &[Var]| atomic.call(x).unwrap(), &at()[..], weights.clone()).1;
    assert_eq!(bits(&on_tape), bits(&f.evaluator().vjp(&at(), &weights).unwrap().1));
    let fresh = Atomic::new(f.clone());
    let first = with_plans_after(0, || {
        tapegrad::vjp(|x: &[Var]| fresh.call(x).unwrap(), &at()[..], weights.clone()).1
    });
    assert_eq!(bits(&first), bits(&on_tape));
}

/// As long as a few evaluations would not repay it, nothing is planned; nor what is too small, or a chain.
#[test]
fn plans_are_made_where_they_pay() {
    let f = Function::record(|x: &[Var]| ring(x, false), &at()[..]).unwrap();
    let few = Atomic::new(f.clone());
    (0..50).for_each(|_| drop(few.call(&at()).unwrap()));
    assert!(!is_planned(&few));
    let scan = Scan { steps: 1000, carry: 80, shared: 2, ..Scan::default() };
    let long = Atomic::scan(f, scan).unwrap();
    let once = long.call(&at()).unwrap();
    assert!(is_planned(&long));
    assert_eq!(bits(&once), bits(&long.call(&at()).unwrap()));
    let chain = |[x]: [Var; 1]| (0..300).fold(x, |y, _| y.sin() + x);
    let chain = Function::record(chain, [0.5]).unwrap();
    let chain = Atomic::scan(chain, Scan { steps: 1000, carry: 1, ..Scan::default() }).unwrap();
    chain.call(&[0.5]).unwrap();
    let small = Function::record(|[x, y]| [x + y, x * y], [0.5, 0.1]).unwrap();
    let small = Atomic::scan(small, Scan { steps: 1000, carry: 2, ..Scan::default() }).unwrap();
    small.call(&[0.5, 0.1]).unwrap();
    assert!(!is_planned(&chain) && !is_planned(&small));
    // Side by side, small ones are many operations.
    let many = Function::record(|[x, y]| [x + y * 2.0, x * y], [0.5, 0.1]).unwrap();
    let many = Atomic::map(many, 10_000, 1).unwrap();
    many.call(&vec![0.5; many.operands()]).unwrap();
    assert!(is_planned(&many));
}

/// The first guard that changes is the error, in a call and in the first step that meets one.
#[test]
fn the_first_guard_is_the_error() {
    let f = Function::record(|x: &[Var]| ring(x, true), &at()[..]).unwrap();
    let mut x = at();
    (x[7], x[31]) = (6.0, 7.0);
    let expected = f.evaluator().values(&x).unwrap_err().to_string();
    let only_second = f.evaluator().values(&{
        let mut x = at();
        x[7] = 6.0;
        x
    });
    assert_ne!(only_second.unwrap_err().to_string(), expected);
    with_plans_after(0, || {
        let call = Atomic::new(f.clone());
        assert_eq!(bits(&call.call(&at()).unwrap()), bits(&f.evaluator().values(&at()).unwrap()));
        assert_eq!(call.call(&x).unwrap_err().to_string(), expected);
        assert_eq!(bits(&call.call(&at()).unwrap()), bits(&f.evaluator().values(&at()).unwrap()));
        // Of a map, in the order of its lists.
        let map = Atomic::map(f.clone(), 40, 2).unwrap();
        let mut lists = at()[..80].repeat(40);
        lists.extend_from_slice(&at()[80..]);
        map.call(&lists).unwrap();
        lists[80 * 21 + 7] = 6.0;
        lists[80 * 20 + 7] = 5.5;
        lists[80 * 20 + 31] = 7.5;
        let error = map.call(&lists).unwrap_err();
        let Error::BranchChanged { left, .. } = error else { panic!("{error}") };
        assert!((7.4..7.6).contains(&left), "{left}");
        assert!(is_planned(&call) && is_planned(&map));
    });
}

/// A function planned as a whole evaluates its loops between its runs: in both directions, along a direction, and with their
/// refusals; a loop that comes after a guard is never asked where the guard would have told.
#[test]
fn loops_are_operations_of_a_plan() {
    let close = |ours: &[f64], theirs: &[f64], by: f64| {
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert!((ours - theirs).abs() <= by * (1.0 + theirs.abs()), "{ours} and {theirs}");
        }
    };
    let step = Function::record(|[x, a]| [x + (x * a).sin() * 0.1, x * a], [1.0, 0.5]).unwrap();
    let scan = Scan { steps: 12, carry: 1, shared: 1, ..Scan::default() };
    let scanned = Atomic::scan(step, scan).unwrap();
    // Halves until it is small; refused if that takes too long.
    let half = Function::record(|[x]| x * 0.5, [1.0]).unwrap();
    let is_large = Function::record(|[x]| lt(x, 1.0).select(0.0, 1.0), [1.0]).unwrap();
    let halved = Atomic::while_loop(is_large, half, Scan { steps: 20, carry: 1, ..Scan::default() }).unwrap();
    let code = |x: &[Var], is_guarded: bool| {
        let squares: Vec<Var> = x.windows(2).map(|w| (w[1] - w[0]) * (w[1] - w[0]) + w[0]).collect();
        let start = tapegrad::lists::sum(&squares);
        let sign = if is_guarded && start < 0.0 { -1.0 } else { 1.0 };
        let y = scanned.call(&[start, x[0] * sign]).unwrap();
        let z = halved.call(&[y[0] + y[3]]).unwrap()[0];
        tapegrad::lists::sum(&squares.iter().zip(x).map(|(&s, &x)| s * z + x * y[12]).collect::<Vec<_>>())
    };
    let at: Vec<f64> = (0..80).map(|k| 0.2 + (0.3 * f64::from(k)).sin() * 0.1).collect();
    let f = Function::record(|x: &[Var]| code(x, false), &at[..]).unwrap();
    let weights: Vec<f64> = (0..80).map(|k| f64::from(k % 7) - 3.0).collect();
    let mut one_by_one = f.evaluator();
    let (value, gradient) = one_by_one.value_and_gradient(&at).unwrap();
    let (_, along) = one_by_one.jvp(&at, &weights).unwrap();
    let product = one_by_one.hvp(&at, &weights).unwrap();
    for exactness in [Exactness::Rounded, Exactness::Exact] {
        let plan = f.vectorised_with(exactness);
        assert!(plan.plan().is_vectorised, "{}", plan.plan());
        let mut ours = plan.evaluator();
        let (our_value, our_gradient) = ours.value_and_gradient(&at).unwrap();
        close(&[our_value], &[value], 1e-12);
        assert!(exactness == Exactness::Rounded || our_value.to_bits() == value.to_bits());
        close(&our_gradient, &gradient, 1e-11);
        close(&ours.jvp(&at, &weights).unwrap().1, &along, 1e-11);
        close(&ours.hvp(&at, &weights).unwrap(), &product, 1e-10);
        let far: Vec<f64> = at.iter().map(|x| x * 1e9).collect();
        let errors = [ours.value(&far), one_by_one.value(&far)].map(|it| it.unwrap_err().to_string());
        assert_eq!(errors[0], errors[1]);
        assert!(errors[0].contains("20 steps"), "{}", errors[0]);
    }
    let (single, slopes) = f.vectorised_as::<f32>().evaluator().value_and_gradient(&at).unwrap();
    close(&[single], &[value], 1e-4);
    close(&slopes, &gradient, 1e-3);
    let guarded = Function::record(|x: &[Var]| code(x, true), &at[..]).unwrap();
    assert!(!guarded.vectorised().plan().is_vectorised);
    // After a long sum, in stretches.
    let at = at.repeat(20);
    let code = |x: &[Var]| {
        let squares: Vec<Var> = x.windows(2).map(|w| (w[1] - w[0]) * (w[1] - w[0])).collect();
        scanned.call(&[tapegrad::lists::sum(&squares), 0.5.into()]).unwrap()[0]
    };
    let f = Function::record(code, &at[..]).unwrap();
    let stretches = f.vectorised_in_stretches::<f64>(2000);
    assert!(stretches.plan().stretches > 1, "{}", stretches.plan());
    let (value, gradient) = f.evaluator().value_and_gradient(&at).unwrap();
    let (our_value, our_gradient) = stretches.evaluator().value_and_gradient(&at).unwrap();
    close(&[our_value], &[value], 1e-12);
    close(&our_gradient, &gradient, 1e-11);
}

/// An operand that a loop does not use gets the adjoint 0 in a plan, and nothing that was there before.
#[test]
fn operands_without_a_path_have_no_adjoint() {
    let pair = Function::record(|[x, y]| [x * 2.0, y * y], [1.0, 1.0]).unwrap();
    let pairs = Atomic::map(pair, 2, 0).unwrap();
    let code = |x: &[Var]| {
        let squares: Vec<Var> = x.windows(2).map(|w| w[1] * w[0] + w[0]).collect();
        let y = pairs.call(&[squares[0], squares[1], squares[2], x[3]]).unwrap();
        tapegrad::lists::sum(&squares[40..].iter().map(|&s| s * y[0]).collect::<Vec<_>>())
    };
    let at: Vec<f64> = (0..200).map(|k| 0.2 + (0.3 * f64::from(k)).sin() * 0.1).collect();
    let f = Function::record(code, &at[..]).unwrap();
    let plan = f.vectorised();
    assert!(plan.plan().is_vectorised, "{}", plan.plan());
    let mut evaluator = plan.evaluator();
    let expected = f.evaluator().gradient(&at).unwrap();
    for _ in 0..2 {
        for (ours, theirs) in evaluator.gradient(&at).unwrap().iter().zip(&expected) {
            assert!((ours - theirs).abs() <= 1e-12 * (1.0 + theirs.abs()), "{ours} and {theirs}");
        }
    }
}

/// A loop that nothing depends on still refuses, whatever is planned.
#[test]
fn what_is_refused_stays_refused() {
    let half = Function::record(|[x]| x * 0.5, [1.0]).unwrap();
    let is_large = Function::record(|[x]| lt(x, 1.0).select(0.0, 1.0), [1.0]).unwrap();
    let halved = Atomic::while_loop(is_large, half, Scan { steps: 20, carry: 1, ..Scan::default() }).unwrap();
    let both = |x: &[Var]| {
        let squares: Vec<Var> = x.windows(2).map(|w| (w[1] - w[0]) * (w[1] - w[0])).collect();
        [tapegrad::lists::sum(&squares), halved.call(&x[..1]).unwrap()[0]]
    };
    let at = vec![0.5; 200];
    let first = Function::record(both, &at[..]).unwrap().output(0).unwrap();
    let call = Atomic::new(first.clone());
    let far = vec![1e9; 200];
    let expected = first.evaluator().value(&far).unwrap_err().to_string();
    for after in [0, 100] {
        with_plans_after(after, || {
            assert_eq!(call.call(&at).unwrap(), [0.0]);
            assert_eq!(call.call(&far).unwrap_err().to_string(), expected);
        });
    }
}

/// What is added to shared inputs is added in the order of the loop written out, from the last repetition to the first.
#[test]
fn sums_of_a_map_have_their_order() {
    // In several parts that are evaluated as one function each.
    let at: Vec<f64> = (0..202).map(|k| 0.1 + (0.7 * f64::from(k)).sin() * 3.0).collect();
    let weights: Vec<f64> = (0..100).map(|k| 1.0 / f64::from(3 + k)).collect();
    let one = |x: &[Var]| vec![(x[0] * x[2] - x[1] * x[3]) * x[2] + x[0] / x[3]];
    let step = Function::record(one, &[0.5, 0.1, 1.2, 0.3][..]).unwrap();
    let written_out = |x: &[Var]| -> Vec<Var> {
        (0..100).flat_map(|k| one(&[x[2 * k], x[2 * k + 1], x[200], x[201]])).collect()
    };
    let expected = Function::record(written_out, &at[..]).unwrap().evaluator().vjp(&at, &weights).unwrap();
    for after in [0, NEVER] {
        with_plans_after(after, || {
            let map = Atomic::map(step.clone(), 100, 2).unwrap();
            let f = Function::record(|x: &[Var]| map.call(x).unwrap(), &at[..]).unwrap();
            let ours = f.evaluator().vjp(&at, &weights).unwrap();
            assert_eq!(
                (bits(&ours.0), bits(&ours.1)),
                (bits(&expected.0), bits(&expected.1)),
                "after {after}"
            );
        });
    }
    // An output that is a shared input: its weight comes between the sums of two repetitions.
    let both = |x: &[Var]| [one(x), vec![x[2]]].concat();
    let step = Function::record(both, &[0.5, 0.1, 1.2, 0.3][..]).unwrap();
    let [ours, theirs] = [0, NEVER].map(|after| {
        with_plans_after(after, || {
            let map = Atomic::map(step.clone(), 100, 2).unwrap();
            let f = Function::record(|x: &[Var]| map.call(x).unwrap(), &at[..]).unwrap();
            bits(&f.evaluator().vjp(&at, &[&weights[..], &weights].concat()).unwrap().1)
        })
    });
    assert_eq!(ours, theirs);
}
