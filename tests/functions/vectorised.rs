//! A function in vector registers is the function: its values to the bit where that is asked for, else within rounding; its
//! derivatives; its errors.

use crate::programs::{Random, any_number};
use crate::repeated::Repeated;
use crate::rounding::{DOUBLE, SAME_VALUES, rounding_of};
use crate::workloads::{Size, Visitor, Workload, agree, visit_all};
use tapegrad::vectorised::{Exactness, Precision, Vectorised, VectorisedWorkspace};
use tapegrad::{Error, Function, Var, lists};

fn are_same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// Whether derivatives agree where they are numbers; a row at a time, since small ones are sums of larger terms.
fn are_near(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    let largest = b.iter().filter(|b| b.is_finite()).fold(0.0, |most: f64, b| most.max(b.abs()));
    // Near the largest number, a sum overflows in one order of its terms and not in another.
    let overflows = |a: f64, b: f64| largest > 1e300 && (a.is_infinite() || b.is_infinite());
    // Below 1e-9, what is left of larger terms.
    let is_near = |a: f64, b: f64| (a - b).abs() <= tolerance * largest.max(1e-9);
    a.iter().zip(b).all(|(&a, &b)| are_same(a, b) || a == b || overflows(a, b) || is_near(a, b))
}

/// Values to the bit, errors, and derivatives.
fn check(f: &Function, x: &[f64], what: &str) {
    let exact = f.vectorised_with(Exactness::Exact);
    let mut runs = exact.evaluator();
    let mut plain = f.evaluator();
    let (ours, theirs) = (runs.values(x), plain.values(x));
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => {
            assert!(ours.iter().zip(theirs).all(|(&a, &b)| are_same(a, b)), "{what}: {ours:?} {theirs:?}");
        }
        (Err(ours), Err(theirs)) => assert_eq!(ours.to_string(), theirs.to_string(), "{what}"),
        _ => panic!("{what}: {ours:?} {theirs:?}"),
    }
    let (ours, theirs) = (runs.jacobian(x), plain.jacobian(x));
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => {
            let columns = f.variables().max(1);
            for (ours, theirs) in ours.chunks(columns).zip(theirs.chunks(columns)) {
                assert!(are_near(ours, theirs, 1e-7), "{what}: {ours:?}\n{theirs:?}");
            }
        }
        (Err(_), Err(_)) => {}
        _ => panic!("{what}: {ours:?} {theirs:?}"),
    }
}

/// By kernels, and with long sums and products by their parts: values and derivatives within rounding, or the error.
fn check_rounded(f: &Function, x: &[f64], what: &str) {
    let plan = f.vectorised();
    let (mut runs, mut plain) = (plan.evaluator(), f.evaluator());
    match (runs.values(x), plain.values(x)) {
        (Ok(ours), Ok(theirs)) => {
            for (&ours, &theirs) in ours.iter().zip(&theirs) {
                // Some of these programs lose half of all digits.
                assert!(are_near(&[ours], &[theirs], 1e-6), "{what}: {ours} and {theirs}");
            }
        }
        (Err(ours), Err(theirs)) => assert_eq!(ours.to_string(), theirs.to_string(), "{what}"),
        (ours, theirs) => panic!("{what}: {ours:?} {theirs:?}"),
    }
    if let (Ok(ours), Ok(theirs)) = (runs.jacobian(x), plain.jacobian(x)) {
        let columns = f.variables().max(1);
        for (ours, theirs) in ours.chunks(columns).zip(theirs.chunks(columns)) {
            assert!(are_near(ours, theirs, 1e-5), "{what}: {ours:?}\n{theirs:?}");
        }
    }
}

/// Derivatives along a direction: those of the evaluator, or its error.
fn check_along(f: &Function, x: &[f64], v: &[f64], tolerance: f64, what: &str) {
    let (plan, mut plain) = (f.vectorised(), f.evaluator());
    let mut runs = plan.evaluator();
    match (runs.jvp(x, v), plain.jvp(x, v)) {
        (Ok(ours), Ok(theirs)) => {
            assert!(are_near(&ours.0, &theirs.0, tolerance), "{what}: {ours:?}\n{theirs:?}");
            assert!(are_near(&ours.1, &theirs.1, tolerance), "{what}: {ours:?}\n{theirs:?}");
        }
        (Err(ours), Err(theirs)) => assert_eq!(ours.to_string(), theirs.to_string(), "{what}"),
        (ours, theirs) => panic!("{what}: {ours:?} {theirs:?}"),
    }
    match (runs.hvp(x, v), plain.hvp(x, v)) {
        (Ok(ours), Ok(theirs)) => {
            // By another way, which shows what rounding makes of it.
            let by_tangents =
                || f.jvp().unwrap().output(1).unwrap().evaluator().gradient(&[x, v].concat()).unwrap();
            assert!(
                are_near(&ours, &theirs, tolerance)
                    || distance(&ours, &theirs) <= 64.0 * distance(&by_tangents(), &theirs),
                "{what}: {ours:?}\n{theirs:?}"
            );
        }
        (Err(ours), Err(theirs)) => assert_eq!(ours.to_string(), theirs.to_string(), "{what}"),
        (ours, theirs) => panic!("{what}: {ours:?} {theirs:?}"),
    }
}

#[test]
fn derivatives_along_a_direction() {
    let count = if cfg!(debug_assertions) { 40 } else { 1_000 };
    for seed in 0..count {
        let mut random = Random(seed);
        let program = Repeated::random(&mut random);
        let x: Vec<f64> = (0..program.inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
        let Ok(f) = Function::record(|x: &[Var]| program.run(x), &x[..]) else { continue };
        let f = if random.below(3) == 0 { f.output(0).unwrap() } else { f };
        let f = if random.below(4) == 0 { f.with_held(0..program.inputs / 2).unwrap() } else { f };
        let mut direction = || -> Vec<f64> {
            (0..f.variables())
                .map(|_| if random.below(4) == 0 { 0.0 } else { random.uniform(-1.0, 1.0) })
                .collect()
        };
        check_along(&f, &x, &direction(), 1e-6, &format!("seed {seed}, where it was recorded"));
        let v = direction();
        let y: Vec<f64> = (0..program.inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
        check_along(&f, &y, &v, 1e-6, &format!("seed {seed}, elsewhere"));
        let z: Vec<f64> = (0..program.inputs).map(|_| any_number(&mut random)).collect();
        check_along(&f, &z, &v, 1e-6, &format!("seed {seed}, at any numbers"));
    }
}

#[test]
fn random_graphs_of_equal_parts() {
    let count = if cfg!(debug_assertions) { 200 } else { 2_000 };
    let mut vectorised = 0;
    for seed in 0..count {
        let mut random = Random(seed);
        let program = Repeated::random(&mut random);
        let x: Vec<f64> = (0..program.inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
        let Ok(f) = Function::record(|x: &[Var]| program.run(x), &x[..]) else { continue };
        let f = if random.below(3) == 0 { f.optimize() } else { f };
        let f = if random.below(4) == 0 { f.with_held(0..program.inputs / 2).unwrap() } else { f };
        vectorised += usize::from(f.vectorised().plan().is_vectorised);
        check(&f, &x, &format!("seed {seed}, where it was recorded"));
        let y: Vec<f64> = (0..program.inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
        check(&f, &y, &format!("seed {seed}, elsewhere"));
        check_rounded(&f, &y, &format!("seed {seed}, elsewhere, rounded"));
        let z: Vec<f64> = (0..program.inputs).map(|_| any_number(&mut random)).collect();
        check(&f, &z, &format!("seed {seed}, at any numbers"));
    }
    assert!(vectorised > count as usize / 3, "{vectorised} of {count}");
}

/// What came of some random graphs.
#[derive(Default)]
struct Tried {
    vectorised: usize,
    errors: usize,
    /// Those that differ.
    off: Vec<(u64, Exactness)>,
    /// Those that differ where anything may come of rounding.
    unknown: Vec<(u64, Exactness)>,
}

/// Small graphs, once each, at ordinary points and at any numbers: values to the bit and derivatives within rounding; and with
/// kernels, values and derivatives within rounding; or the error. What differs by more has to move by as much if the point
/// moves by rounding, or if every operation is off by rounding (`common/rounding.rs`).
#[test]
#[ignore = "many minutes, on all cores"]
fn a_million_random_graphs() {
    let count: u64 = if cfg!(debug_assertions) { 1_000 } else { 1_000_000 };
    let threads = std::thread::available_parallelism().unwrap().get() as u64;
    let tried: Vec<Tried> = std::thread::scope(|scope| {
        let of = |thread| {
            move || {
                let mut tried = Tried::default();
                (thread..count).step_by(threads as usize).for_each(|seed| try_graph(seed, &mut tried));
                tried
            }
        };
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(of(thread))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let vectorised: usize = tried.iter().map(|tried| tried.vectorised).sum();
    let errors: usize = tried.iter().map(|tried| tried.errors).sum();
    let of_all = |which: fn(&Tried) -> &Vec<_>| tried.iter().flat_map(which).copied().collect::<Vec<_>>();
    let (off, unknown) = (of_all(|tried| &tried.off), of_all(|tried| &tried.unknown));
    println!("{count} graphs: {vectorised} plans in runs of {}, {errors} errors", 2 * count);
    println!("off: {off:?}, cannot be told: {unknown:?}");
    assert!(vectorised > count as usize / 2 && errors > count as usize / 100);
    assert!(off.is_empty() && unknown.len() <= count as usize / 10_000);
}

/// The most inputs of a small graph.
const INPUTS: usize = 24;

fn try_graph(seed: u64, tried: &mut Tried) {
    let mut random = Random(seed << 20);
    let program = Repeated::up_to(&mut random, [INPUTS, 3, 40]);
    let x: Vec<f64> = (0..program.inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
    let Ok(f) = Function::record(|x: &[Var]| program.run(x), &x[..]) else { return };
    let is_tame = random.below(2) == 0;
    let any = |random: &mut Random| if is_tame { random.uniform(-2.0, 2.0) } else { any_number(random) };
    let x: Vec<f64> = (0..program.inputs).map(|_| any(&mut random)).collect();
    let mut plain = f.evaluator();
    let (values, jacobian) = (plain.values(&x), plain.jacobian(&x));
    tried.errors += usize::from(values.is_err());
    for exactness in [Exactness::Exact, Exactness::Rounded] {
        let plan = f.vectorised_with(exactness);
        tried.vectorised += usize::from(plan.plan().is_vectorised);
        let mut runs = plan.evaluator();
        let ours = runs.values(&x);
        if exactness == Exactness::Exact {
            let is_right = match (&ours, &values) {
                (Ok(ours), Ok(theirs)) => ours.iter().zip(theirs).all(|(&a, &b)| are_same(a, b)),
                (Err(ours), Err(theirs)) => ours.to_string() == theirs.to_string(),
                _ => false,
            };
            assert!(is_right, "seed {seed}: {ours:?} {values:?}");
        }
        let evaluate_values = |x: &[f64]| f.evaluator().values(x).ok();
        let evaluate_jacobian = |x: &[f64]| f.evaluator().jacobian(x).ok();
        let columns = f.variables().max(1);
        let slopes = runs.jacobian(&x);
        let is_right = agree_by_rows(&ours, &values, 1, evaluate_values, &x, &mut random)
            && agree_by_rows(&slopes, &jacobian, columns, evaluate_jacobian, &x, &mut random);
        if is_right {
            continue;
        }
        let precision = if exactness == Exactness::Exact { SAME_VALUES } else { DOUBLE };
        let bounds = rounding_of::<INPUTS>(|x| program.run(x), &x, precision, false);
        let of_values = bounds.outputs.iter().map(|bound| bound.value);
        let of_slopes = bounds.outputs.iter().flat_map(|bound| {
            let of = |k| if bound.is_extreme(&[k]) { f64::INFINITY } else { bound.slopes[k] };
            (0..f.variables()).map(of)
        });
        let verdicts = [within(of_values, &ours, &values), within(of_slopes, &slopes, &jacobian)];
        if bounds.is_fragile || !verdicts.contains(&Some(false)) && verdicts.contains(&None) {
            tried.unknown.push((seed, exactness));
        } else if verdicts.contains(&Some(false)) {
            tried.off.push((seed, exactness));
        }
    }
}

/// Whether results differ by no more than these bounds, or are the same error; `None` if that cannot be told.
fn within(
    bounds: impl Iterator<Item = f64>,
    ours: &Result<Vec<f64>, Error>,
    theirs: &Result<Vec<f64>, Error>,
) -> Option<bool> {
    let (ours, theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(ours), Err(theirs)) => return Some(ours.to_string() == theirs.to_string()),
        _ => return Some(false),
    };
    let differ: Vec<_> =
        bounds.zip(ours.iter().zip(theirs)).filter(|(_, (a, b))| !are_same(**a, **b)).collect();
    // NaN is not within a bound.
    let is_within = |(bound, (a, b)): &(f64, (&f64, &f64))| (*a - *b).abs() <= *bound;
    match differ.iter().all(|it| it.0.is_infinite() || is_within(it)) {
        true if differ.iter().any(|it| it.0.is_infinite()) => None,
        all => Some(all),
    }
}

/// Whether results are surely the function's, row by row, but for what rounding of the point makes of them; or its error.
fn agree_by_rows(
    ours: &Result<Vec<f64>, Error>,
    theirs: &Result<Vec<f64>, Error>,
    columns: usize,
    evaluate: impl Fn(&[f64]) -> Option<Vec<f64>>,
    x: &[f64],
    random: &mut Random,
) -> bool {
    let (ours, theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        (Err(ours), Err(theirs)) => return ours.to_string() == theirs.to_string(),
        _ => return false,
    };
    ours.chunks(columns).zip(theirs.chunks(columns)).enumerate().all(|(row, (ours, theirs))| {
        let evaluate_row = |x: &[f64]| Some(evaluate(x)?[row * columns..][..columns].to_vec());
        are_near(ours, theirs, 1e-9) || {
            let moved = 64.0 * wobble(f64::EPSILON, x, theirs, random, evaluate_row);
            let is_within = |(a, b): (&f64, &f64)| are_same(*a, *b) || (a - b).abs() <= moved;
            // Beside another branch, this tells nothing.
            moved.is_finite() && ours.iter().zip(theirs).all(is_within)
        }
    })
}

const EPSILON: f64 = f32::EPSILON as f64;

/// By how much numbers move if every input moves by a unit or two of a precision.
fn wobble(
    epsilon: f64,
    x: &[f64],
    here: &[f64],
    random: &mut Random,
    evaluate: impl Fn(&[f64]) -> Option<Vec<f64>>,
) -> f64 {
    let mut moved = || {
        let x: Vec<f64> = x.iter().map(|&x| x * (1.0 + random.uniform(-2.0, 2.0) * epsilon)).collect();
        Some(distance(here, &evaluate(&x)?))
    };
    // Beside another branch, nothing can be told.
    (0..3).map(|_| moved().unwrap_or(f64::INFINITY)).fold(0.0, f64::max)
}

/// The largest difference.
fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Values and derivatives in single precision are those in double precision, but for what its rounding makes of them.
#[test]
fn single_precision() {
    let count = if cfg!(debug_assertions) { 300 } else { 2_000 };
    let (mut vectorised, mut off) = (0, 0);
    for seed in 0..count {
        let mut random = Random(seed);
        let program = Repeated::random(&mut random);
        let x: Vec<f64> = (0..program.inputs).map(|_| f64::from(random.uniform(-2.0, 2.0) as f32)).collect();
        let Ok(f) = Function::record(|x: &[Var]| program.run(x), &x[..]) else { continue };
        let plan = f.vectorised_as::<f32>();
        vectorised += usize::from(plan.plan().is_vectorised);
        let u: Vec<f64> = (0..f.outputs()).map(|k| 1.0 + k as f64).collect();
        let all = |x: &[f64]| {
            let mut evaluator = f.evaluator();
            let (values, product) = evaluator.vjp(x, &u).ok()?;
            Some([values, product, evaluator.jacobian(x).ok()?].concat())
        };
        let expected = all(&x).unwrap();
        let mut single = plan.evaluator();
        let (values, product) = single.vjp(&x, &u).unwrap();
        let ours = [values, product, single.jacobian(&x).unwrap()].concat();
        assert!(ours.iter().all(|&number| are_same(number, f64::from(number as f32))), "seed {seed}");
        let largest = expected.iter().fold(0.0, |most: f64, number| most.max(number.abs()));
        // Half of its digits; what does not depend on the point continuously may be anything.
        let bound = 1e-3 * largest + 64.0 * wobble(EPSILON, &x, &expected, &mut random, all);
        off += usize::from(largest < 1e36 && distance(&ours, &expected) > bound);
    }
    assert!(vectorised > count as usize / 3, "{vectorised} of {count}");
    assert!(off <= count as usize / 100, "{off} of {count}");
}

/// Hessian-vector products are differences of gradients.
#[test]
fn second_derivatives_are_differences_of_gradients() {
    let f = Function::record(
        |x: &[Var]| {
            let terms: Vec<Var> = x
                .windows(3)
                .enumerate()
                .map(|(k, w)| (w[1] - w[0] * w[0]).powi(2) * (1.0 + (k % 5) as f64) + (w[2] * w[0]).sin())
                .collect();
            lists::sum(&terms) * 0.5 + lists::log_sum_exp(&terms)
        },
        &vec![0.5; 120][..],
    )
    .unwrap();
    let mut random = Random(1);
    let mut numbers = || -> Vec<f64> { (0..120).map(|_| random.uniform(-1.0, 1.0)).collect() };
    let (x, v) = (numbers(), numbers());
    let plan = f.vectorised();
    let mut evaluator = plan.evaluator();
    let h = 1e-5;
    let mut at = |h: f64| {
        let x: Vec<f64> = x.iter().zip(&v).map(|(x, v)| x + h * v).collect();
        evaluator.value_and_gradient(&x).unwrap()
    };
    let ((before, slopes_before), (after, slopes_after)) = (at(-h), at(h));
    let differences: Vec<f64> =
        slopes_after.iter().zip(&slopes_before).map(|(after, before)| (after - before) / (2.0 * h)).collect();
    let mut out = vec![0.0; 120];
    evaluator.hvp_into(&x, &v, &mut out).unwrap();
    agree(&out, &differences, 1e-6).unwrap();
    let (_, slope) = evaluator.jvp(&x, &v).unwrap();
    agree(&slope, &[(after - before) / (2.0 * h)], 1e-6).unwrap();
    let hessian = evaluator.hessian(&x).unwrap();
    agree(&hessian, &f.evaluator().hessian(&x).unwrap(), 1e-11).unwrap();
    // In single precision.
    let plan = f.vectorised_as::<f32>();
    agree(&plan.evaluator().hvp(&x, &v).unwrap(), &out, 1e-2).unwrap();
    assert!(distance(&plan.evaluator().hvp(&x, &v).unwrap(), &out) < 1e-4);
}

/// Lengths are checked in the order of the evaluator; a function of several outputs has no Hessian.
#[test]
fn lengths() {
    let f =
        Function::record(|x: &[Var]| [lists::sum(x), lists::log_sum_exp(x)], &vec![0.5; 200][..]).unwrap();
    let plan = f.vectorised();
    let (mut runs, mut plain) = (plan.evaluator(), f.evaluator());
    let (x, long) = (vec![0.5; 200], vec![0.5; 201]);
    let told = |error: Error| assert!(matches!(error, Error::Length { .. }));
    told(runs.value(&x).unwrap_err());
    told(runs.values(&long).unwrap_err());
    told(runs.value_and_gradient(&x).unwrap_err());
    told(runs.jacobian(&long).unwrap_err());
    told(runs.jvp(&x, &long).unwrap_err());
    told(runs.vjp(&x, &[1.0; 3]).unwrap_err());
    assert_eq!(runs.hvp(&x, &x).unwrap_err().to_string(), plain.hvp(&x, &x).unwrap_err().to_string());
    assert_eq!(runs.hessian(&x).unwrap_err().to_string(), plain.value(&x).unwrap_err().to_string());
}

struct Workloads;

impl Visitor for Workloads {
    fn visit<W: Workload<M>, const M: usize>(&mut self, mut workload: W) {
        let mut by_hand = vec![0.0; workload.gradient_len()];
        let values = workload.by_hand(0, &mut by_hand);
        let x = workload.point(0).to_vec();
        let f = Function::record(|x: &[Var]| workload.plain(0, x), &x[..]).unwrap();
        for exactness in [Exactness::Rounded, Exactness::Exact] {
            let plan = f.vectorised_with(exactness);
            let mut evaluator = plan.evaluator();
            agree(&evaluator.values(&x).unwrap(), &values, 1e-12).unwrap();
            agree(&evaluator.jacobian(&x).unwrap(), &by_hand, 1e-9).unwrap();
            let weights: Vec<f64> = (0..M).map(|k| 0.5 + k as f64).collect();
            let expected = f.evaluator().vjp(&x, &weights).unwrap();
            let (values, product) = evaluator.vjp(&x, &weights).unwrap();
            agree(&values, &expected.0, 1e-12).unwrap();
            agree(&product, &expected.1, 1e-9).unwrap();
        }
    }
}

#[test]
fn every_workload_agrees_with_its_gradient_by_hand() {
    visit_all(Size::Small, &mut Workloads);
}

/// The first guard that differs is the error, as for the function; nothing is written.
#[test]
fn guards() {
    guards_in::<f64>();
    guards_in::<f32>();
}

fn guards_in<T: Precision>() {
    let f = Function::record(
        |x: &[Var]| {
            let terms: Vec<Var> = x.iter().map(|&x| if x > 0.0 { x.exp() } else { x * 2.0 }).collect();
            lists::sum(&terms)
        },
        &vec![1.0; 200][..],
    )
    .unwrap();
    let plan = f.vectorised_as::<T>();
    assert!(plan.plan().is_vectorised);
    let mut x = vec![0.5; 200];
    let mut gradient = vec![7.0; 200];
    plan.evaluator().value_and_gradient_into(&x, &mut gradient).unwrap();
    assert!((gradient[13] - 0.5_f64.exp()).abs() < 1e-6);
    (x[150], x[60]) = (-1.0, -1.0);
    gradient.fill(7.0);
    let error = plan.evaluator().value_and_gradient_into(&x, &mut gradient).unwrap_err();
    assert!(matches!(error, Error::BranchChanged { .. }));
    assert_eq!(error.to_string(), f.evaluator().value(&x).unwrap_err().to_string());
    assert!(gradient.iter().all(|&slope| slope == 7.0));
}

/// Structural zeros beside infinities: the function decides.
#[test]
fn zeros_beside_infinities() {
    let f = Function::record(
        |x: &[Var]| {
            let terms: Vec<Var> = x.iter().map(|&x| x.sqrt().max(1.0) + x).collect();
            lists::sum(&terms)
        },
        &vec![4.0; 150][..],
    )
    .unwrap();
    let mut x = vec![4.0; 150];
    x[17] = 0.0;
    for slopes in [
        f.vectorised().evaluator().gradient(&x).unwrap(),
        f.vectorised_as::<f32>().evaluator().gradient(&x).unwrap(),
    ] {
        assert_eq!((slopes[17], slopes[18]), (1.0, 1.25));
    }
}

/// Contributions to windows that overlap are added, whichever comes first.
#[test]
fn windows_that_overlap() {
    let f = Function::record(
        |x: &[Var]| {
            // The products with one weight are one run.
            let window = |start: usize, weight: f64| (start..start + 100).map(move |k| x[k] * weight);
            let terms: Vec<Var> = window(50, 1.5)
                .chain(window(0, 2.0))
                .chain(window(100, 0.5))
                .map(|product| product.sin())
                .collect();
            lists::sum(&terms)
        },
        &vec![0.5; 200][..],
    )
    .unwrap();
    let plan = f.vectorised();
    assert!(plan.plan().is_vectorised);
    let x = vec![0.3; 200];
    agree(&plan.evaluator().gradient(&x).unwrap(), &f.evaluator().gradient(&x).unwrap(), 1e-12).unwrap();
}

/// Numbers that are added to inner products from either side, and inner products that are used twice.
#[test]
fn inner_products_and_a_number() {
    let f = Function::record(
        |x: &[Var]| {
            let terms = (0..80).map(|k| {
                let product = |shift: usize| lists::dot(&x[k + shift..][..3], &x[k + 100..][..3]);
                let twice = product(2);
                (product(0) + x[k]).sin() + (x[k] + product(1)).cos() + (twice + x[k]) * twice.exp()
            });
            lists::sum(&terms.collect::<Vec<Var>>())
        },
        &vec![0.5; 200][..],
    )
    .unwrap();
    let plan = f.vectorised_with(Exactness::Exact);
    assert!(plan.plan().is_vectorised);
    let x: Vec<f64> = (0..200).map(|k| f64::from(k % 7) * 0.1 - 0.2).collect();
    let (ours, theirs) = (plan.evaluator().value_and_gradient(&x), f.evaluator().value_and_gradient(&x));
    let ((value, slopes), (expected, by_evaluator)) = (ours.unwrap(), theirs.unwrap());
    assert_eq!(value, expected);
    agree(&slopes, &by_evaluator, 1e-12).unwrap();
}

/// The derivatives by variables that nothing depends on are written, too.
#[test]
fn variables_that_are_not_used() {
    let f = Function::record(
        |x: &[Var]| x[70..130].iter().map(|&x| (x.sin() * 2.0).exp()).sum::<Var>(),
        &vec![0.5; 200][..],
    )
    .unwrap();
    let plan = f.vectorised();
    assert!(plan.plan().is_vectorised);
    let mut gradient = vec![7.0; 200];
    plan.evaluator().value_and_gradient_into(&[0.5; 200], &mut gradient).unwrap();
    for (k, slope) in gradient.into_iter().enumerate() {
        assert_eq!(slope == 0.0, !(70..130).contains(&k), "{k}: {slope}");
    }
}

/// The inputs of a sample are side by side, and a run needs the same input of all samples: nothing is copied for it, whichever inputs
/// are variables, and derivatives are where they belong.
#[test]
fn samples_one_after_the_other() {
    let sample = |x: &[Var]| x[0] * x[1].exp() + x[2] * x[0] / x[1] - x[2].sin();
    let all = |x: &[Var]| x.chunks_exact(3).map(sample).sum::<Var>();
    let x: Vec<f64> = (0..300).map(|k| 0.3 + f64::from(k).sin().powi(2)).collect();
    let v: Vec<f64> = (0..300).map(|k| f64::from(k).cos()).collect();
    let f = Function::record(all, &x[..]).unwrap();
    assert_eq!(f.vectorised().plan().copied, 0);
    let several = Function::record(|x: &[Var]| vec![all(x), x[7], all(&x[150..])], &x[..]).unwrap();
    for held in [0..0, 0..100, 100..300, 299..300] {
        let f = f.clone().with_held(held.clone()).unwrap();
        let what = format!("{held:?} held");
        check(&f, &x, &what);
        check_rounded(&f, &x, &what);
        check_along(&f, &x, &v[..f.variables()], 1e-12, &what);
        check(&several.clone().with_held(held.clone()).unwrap(), &x, &what);
        let (value, gradient) = f.evaluator().value_and_gradient(&x).unwrap();
        let single = f.vectorised_as::<f32>().evaluator().value_and_gradient(&x).unwrap();
        assert!(are_near(&[single.0], &[value], 1e-5) && are_near(&single.1, &gradient, 1e-5), "{what}");
        // One at a time, by the formulas.
        for (k, derivative) in (0..300).filter(|k| !held.contains(k)).zip(gradient) {
            let [a, b, c] = [x[k / 3 * 3], x[k / 3 * 3 + 1], x[k / 3 * 3 + 2]];
            let by = [b.exp() + c / b, a * b.exp() - c * a / (b * b), a / b - c.cos()][k % 3];
            assert!((derivative - by).abs() < 1e-12, "{what}: {k}: {derivative} and {by}");
        }
    }
}

/// Chains of sums, differences and products of every length, with neighbours, constants and one number for all, on either side;
/// a number on the way that is needed again is not lost.
#[test]
fn chains_of_operations() {
    for len in 1..24 {
        for is_read_again in [false, true] {
            let all = |x: &[Var]| {
                let ends = x.windows(3).map(|w| {
                    let mut y = w[1];
                    let mut middle = w[1];
                    for k in 0..len {
                        y = match k % 7 {
                            0 => y * w[2],
                            1 => w[0] - y,
                            2 => y + 0.375,
                            3 => y - w[2],
                            4 => x[0] * y,
                            5 => x[1] - y,
                            _ => y * -0.75 + w[1],
                        };
                        middle = if k == len / 2 { y } else { middle };
                    }
                    if is_read_again { y * middle } else { y }
                });
                ends.collect::<Vec<Var>>()
            };
            let x: Vec<f64> = (0..60).map(|k| f64::from(k * 37 % 60) / 40.0 - 0.7).collect();
            let f = Function::record(all, &x[..]).unwrap();
            let what = format!("{len} operations, read again: {is_read_again}");
            check(&f, &x, &what);
            let values = f.vectorised_with(Exactness::Exact).evaluator().values(&x).unwrap();
            let direct = all(&x.iter().map(|&x| Var::from(x)).collect::<Vec<Var>>());
            assert!(values.iter().zip(&direct).all(|(a, b)| are_same(*a, b.value())), "{what}");
        }
    }
}

/// A number that all operations of a run read, and that is in windows of others too: its derivative is a sum over a run, and
/// contributions to windows that hold it come before and after.
#[test]
fn a_number_for_all_that_is_in_windows_too() {
    for (shared, first, second) in (0..54).map(|k| (k % 6 * 9, k / 6 % 3, k / 18)) {
        for form in 0..8 {
            let term = |x: &[Var], k: usize| {
                let (s, a, b) = (x[shared], x[k + first], x[k + second]);
                match form {
                    0 => a - s * b,
                    1 => s * (a - b * x[k]),
                    2 => (a + s) * (b - s) + x[k + 2],
                    3 => a * b * s - s * x[k + 1] + a,
                    4 => (a - s).exp() * b + s,
                    5 => x[k + 1] - s * (a - b * x[k + 2]),
                    6 => (a + (b - s * (x[k] - a * x[k + 1])) * s) * x[k + 2],
                    _ => lists::dot(&[a, s, b], &[s, b, x[k]]) - x[k + 1],
                }
            };
            let all = |x: &[Var]| (0..44).map(|k| term(x, k)).collect::<Vec<Var>>();
            let x: Vec<f64> = (0..46).map(|k| f64::from(k * 29 % 46) / 30.0 - 0.6).collect();
            let what = format!("shared {shared}, from {first} and {second}, form {form}");
            check(&Function::record(all, &x[..]).unwrap(), &x, &what);
            let total = |x: &[Var]| all(x).iter().zip(1..).map(|(&y, k)| y * f64::from(k)).sum::<Var>();
            let f = Function::record(total, &x[..]).unwrap();
            check(&f, &x, &what);
            check_rounded(&f, &x, &what);
        }
    }
}

/// Squares of differences through which no derivative goes: of inputs that are held, and of what is only compared. The differences
/// are read by nothing else, but by each square twice.
#[test]
fn squares_of_what_has_no_derivative() {
    let weighted = |x: &[Var]| {
        let (w, h) = x.split_at(128);
        let squares = (0..64).map(|k| w[k] * (h[k] - h[k + 64]).powi(2));
        let others = (0..64).map(|k| w[64 + k] * (h[128 + k] - h[192 + k]).exp());
        squares.chain(others).sum::<Var>()
    };
    let x: Vec<f64> = (0..384).map(|k| f64::from(k * 31 % 384) / 200.0 - 0.8).collect();
    let f = Function::record(weighted, &x[..]).unwrap().with_held(128..384).unwrap();
    assert!(f.vectorised().plan().is_vectorised);
    check(&f, &x, "held");
    check_rounded(&f, &x, "held");
    let gradient = f.vectorised().evaluator().gradient(&x).unwrap();
    for (k, by) in gradient[..64].iter().enumerate() {
        assert!((by - (x[128 + k] - x[192 + k]).powi(2)).abs() < 1e-15, "{k}");
    }
    let compared = |x: &[Var]| {
        let term = |k: usize| {
            if (x[k] - x[k + 60]).powi(2) > 1.0 { x[k] * 3.0 } else { (x[k + 60] * x[k]).sin() }
        };
        (0..60).map(term).sum::<Var>()
    };
    let f = Function::record(compared, &x[..120]).unwrap();
    check(&f, &x[..120], "compared");
    check(&f, &x[200..320], "compared elsewhere");
    for f in [f.clone().with_held(0..60).unwrap(), f.with_held(0..120).unwrap()] {
        check(&f, &x[..120], "compared and held");
    }
}

/// A guard sees the number that was compared, though its memory is used again.
#[test]
fn guards_of_numbers_on_the_way() {
    let f = Function::record(
        |x: &[Var]| {
            let terms: Vec<Var> = x
                .iter()
                .map(|&x| {
                    let y = x - 0.5;
                    if y > 0.0 { ((y * 3.0 + 100.0) * 0.5 + 100.0) * 0.25 } else { y }
                })
                .collect();
            lists::sum(&terms)
        },
        &vec![1.0; 200][..],
    )
    .unwrap();
    let plan = f.vectorised();
    assert!(plan.plan().is_vectorised);
    let mut x = vec![1.0; 200];
    assert_eq!(plan.evaluator().value(&x).unwrap(), f.evaluator().value(&x).unwrap());
    x[120] = -1.0;
    assert!(matches!(plan.evaluator().value(&x), Err(Error::BranchChanged { .. })));
}

/// Chains and small functions are evaluated one by one, and say so.
#[test]
fn where_it_does_not_pay() {
    let chain = Function::record(|[x]: [Var; 1]| (0..500).fold(x, |x, _| (x * 1.01).sin()), [0.5]).unwrap();
    let small = Function::record(|[x, y]: [Var; 2]| x * y + x, [0.5, 1.0]).unwrap();
    for f in [chain, small] {
        let plan = f.vectorised();
        assert!(!plan.plan().is_vectorised && plan.plan().to_string().ends_with("evaluated one by one"));
        let x = vec![0.7; f.inputs()];
        let (ours, theirs) = (plan.evaluator().value_and_gradient(&x), f.evaluator().value_and_gradient(&x));
        let (value, gradient) = theirs.unwrap();
        let single = |number: f64| f64::from(number as f32);
        let rounded = (single(value), gradient.iter().copied().map(single).collect());
        assert_eq!(ours.unwrap(), (value, gradient));
        let plan = f.vectorised_as::<f32>();
        assert!(!plan.plan().is_vectorised);
        assert_eq!(plan.evaluator().value_and_gradient(&x).unwrap(), rounded);
    }
}

/// Of a chain the levels tell that no loop would be long: nothing is planned, and the numbers are those of one loop per level. One
/// level of many operations in a long chain does not change that; many chains side by side do.
#[test]
fn chains_are_not_planned() {
    let steps = 300;
    let links = |x: Var| (0..steps).fold(x, |x, _| (x * 1.01).sin());
    let chain = Function::record(|[x]: [Var; 1]| links(x), [0.5]).unwrap();
    let knot = |[x]: [Var; 1]| (0..20).map(|k| (links(x) + f64::from(k)).exp()).sum::<Var>();
    for (f, wide) in [(chain, 0), (Function::record(knot, [0.5]).unwrap(), 2 * 20)] {
        let plan = f.vectorised();
        let plan = plan.plan();
        let all: usize = plan.lengths.iter().map(|&(length, loops)| length * loops).sum();
        let alone = plan.lengths.iter().find(|&&(length, _)| length == 1).map_or(0, |&(_, loops)| loops);
        assert!(!plan.is_vectorised && plan.copied == 0 && plan.bytes == 0, "{plan}");
        assert!(plan.runs == plan.levels && all == plan.operations && plan.mean_length < 3.0, "{plan}");
        assert_eq!((plan.nanoseconds, all - alone), (plan.nanoseconds_of_evaluator, wide));
        assert!(alone >= 2 * steps);
    }
    let chains = |x: &[Var]| x.iter().map(|&x| links(x)).sum::<Var>();
    let chains = Function::record(chains, &[0.5; 20][..]).unwrap();
    assert!(chains.vectorised().plan().is_vectorised);
}

/// Springs in a chain, whose ends are side by side, and springs between any points, whose ends are copied.
#[test]
fn what_was_planned() {
    let planned = |springs: &[(usize, usize)]| {
        let energy = |x: &[Var]| {
            let terms: Vec<Var> = springs.iter().map(|&(a, b)| (x[a] - x[b] - 0.5).powi(2)).collect();
            lists::sum(&terms)
        };
        Function::record(energy, &vec![0.0; 1001][..]).unwrap()
    };
    let chain = planned(&(0..1000).map(|k| (k + 1, k)).collect::<Vec<_>>()).vectorised();
    let anywhere = planned(&(0..1000).map(|k| (k * 7 % 1001, k * 31 % 1001)).collect::<Vec<_>>());
    let (single, anywhere) = (anywhere.vectorised_as::<f32>(), anywhere.vectorised());
    let plan = chain.plan();
    // The squares are parts of the sum, and both differences are one loop.
    assert_eq!((plan.operations, plan.levels, plan.copied), (3001, 3, 0));
    assert!(plan.is_vectorised && (2..8).contains(&plan.runs));
    assert!((plan.mean_length * plan.runs as f64 - 3999.0).abs() < 1.0);
    // At least inputs, results and adjoints of inputs.
    assert!(plan.bytes > 8 * 3000 && plan.nanoseconds * 4.0 < plan.nanoseconds_of_evaluator);
    assert!(anywhere.plan().copied >= 1000 && anywhere.plan().nanoseconds > plan.nanoseconds);
    assert!(single.plan().bytes < anywhere.plan().bytes);
    let told = plan.to_string();
    assert!(told.starts_with("3001 operations in 3 levels: ") && told.ends_with("one by one"), "{told}");
}

#[test]
fn a_plan_is_shared_by_threads() {
    let f = Function::record(|x: &[Var]| x.iter().map(|&x| x.sin() * x).sum::<Var>(), &vec![0.5; 300][..])
        .unwrap();
    let plan = f.vectorised();
    let x: Vec<f64> = (0..300).map(|k| f64::from(k) * 0.01).collect();
    let expected = plan.evaluator().value_and_gradient(&x).unwrap();
    let product = f.evaluator().hvp(&x, &x).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                assert_eq!(plan.evaluator().value_and_gradient(&x).unwrap(), expected);
                // Planned by the one that needs it first.
                agree(&plan.evaluator().hvp(&x, &x).unwrap(), &product, 1e-12).unwrap();
            });
        }
    });
}

/// Plans that use the same memory give the bits that they give in memory of their own, and allocate nothing in the second
/// round, whichever comes before.
#[test]
fn plans_share_memory() {
    let mut random = Random(3);
    let mut plans = Vec::new();
    while plans.len() < 6 {
        let program = Repeated::random(&mut random);
        let x: Vec<f64> = (0..program.inputs).map(|_| random.uniform(-2.0, 2.0)).collect();
        let f = Function::record(|x: &[Var]| program.run(x), &x[..]).unwrap().output(0).unwrap();
        let plan = f.vectorised();
        let is_smooth = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
        let mut evaluator = plan.evaluator();
        let (value, gradient) = evaluator.value_and_gradient(&x).unwrap();
        let product = evaluator.hvp(&x, &x).unwrap();
        if plan.plan().is_vectorised && is_smooth(&gradient) && is_smooth(&product) {
            plans.push((plan.clone(), x, value, gradient, product));
        }
    }
    let mut workspace = VectorisedWorkspace::new();
    let mut outs: Vec<Vec<f64>> = plans.iter().map(|(_, x, ..)| vec![0.0; x.len()]).collect();
    for round in 0..3 {
        for k in 0..2 * plans.len() {
            let (plan, x, value, gradient, product) = &plans[k * 5 % plans.len()];
            let out = &mut outs[k * 5 % plans.len()];
            let counted = allocation_counter::measure(|| {
                let mut evaluator = plan.evaluator_in(&mut workspace);
                assert_eq!(evaluator.value_and_gradient_into(x, out).unwrap(), *value);
                assert_eq!(out, gradient);
                evaluator.hvp_into(x, x, out).unwrap();
                assert_eq!(out, product);
            });
            assert!(round == 0 || counted.count_total == 0, "{counted:?}");
        }
    }
}

#[test]
fn evaluations_allocate_nothing() {
    let f = Function::record(
        |x: &[Var]| {
            let rows: Vec<Var> = x.chunks(5).map(lists::log_sum_exp).collect();
            lists::product(&rows)
                + lists::dot(&rows[..40], &x[..40])
                + x.iter().map(|&x| x.sin() * 2.0).sum::<Var>()
        },
        &vec![0.5; 400][..],
    )
    .unwrap();
    allocates_nothing(&f.vectorised());
    allocates_nothing(&f.vectorised_as::<f32>());
}

fn allocates_nothing<T: Precision>(plan: &Vectorised<T>) {
    assert!(plan.plan().is_vectorised);
    let (x, mut gradient) = (vec![0.3; 400], vec![0.0; 400]);
    let mut evaluator = plan.evaluator();
    evaluator.value_and_gradient_into(&x, &mut gradient).unwrap();
    let counted = allocation_counter::measure(|| {
        evaluator.value_and_gradient_into(&x, &mut gradient).unwrap();
    });
    assert_eq!(counted.count_total, 0);
}

/// What is too large on the way is computed by the function.
#[test]
fn numbers_that_are_too_large() {
    // Ratios of squares that single precision does not hold.
    let f = Function::record(
        |x: &[Var]| {
            let ratios: Vec<Var> = x.windows(2).map(|w| (w[0] * w[0]) / (w[1] * w[1])).collect();
            lists::sum(&ratios)
        },
        &vec![1.0; 200][..],
    )
    .unwrap();
    let plan = f.vectorised_as::<f32>();
    assert!(plan.plan().is_vectorised);
    let (value, gradient) = plan.evaluator().value_and_gradient(&[1e25; 200]).unwrap();
    assert!((value - 199.0).abs() < 1e-3 && gradient[0] == f64::from(2e-25_f32));
    // The same without a long sum.
    let f = Function::record(
        |x: &[Var]| {
            let ratios: Vec<Var> = x.windows(2).map(|w| (w[0] * w[0]) / (w[1] * w[1])).collect();
            ratios.chunks(10).map(lists::sum).collect::<Vec<Var>>()
        },
        &vec![1.0; 201][..],
    )
    .unwrap();
    let plan = f.vectorised_as::<f32>();
    assert!(plan.plan().is_vectorised);
    assert_eq!(plan.evaluator().values(&[1e25; 201]).unwrap(), [10.0; 20]);
}

/// A number that is a factor in several runs of one length: the sums over these runs are added up, in whatever order.
#[test]
fn one_number_in_several_runs() {
    let parts: [fn(Var, Var) -> Var; 4] =
        [|a, x| (a * x).sin(), |a, x| (x - a).exp(), |a, x| (a / x).atan(), |a, x| (x + a * 0.5).cosh()];
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        let f = Function::record(
            |x: &[Var]| {
                let terms: Vec<Var> = order
                    .iter()
                    .flat_map(|&part| x[1..].iter().map(move |&b| parts[part](x[0], b)))
                    .collect();
                lists::log_sum_exp(&terms)
            },
            &vec![1.0; 101][..],
        )
        .unwrap();
        let plan = f.vectorised();
        assert!(plan.plan().is_vectorised);
        let x: Vec<f64> = (0..101).map(|k| 0.7 + f64::from(k) * 0.01).collect();
        let expected = f.evaluator().gradient(&x).unwrap();
        agree(&plan.evaluator().gradient(&x).unwrap(), &expected, 1e-12).unwrap();
        let product = f.evaluator().hvp(&x, &x).unwrap();
        agree(&plan.evaluator().hvp(&x, &x).unwrap(), &product, 1e-11).unwrap();
    }
}
