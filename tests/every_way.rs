//! Promise: every way to a value or a derivative gives the same, for any program at any point.
//!
//! Values are the same bits, but in batches and after `Pass::Reassociate`. Derivatives differ by no more than rounding
//! makes of them (`common/rounding.rs`), and are numbers in one way where they are numbers in the others. The checker
//! never refutes them. Nothing panics. A failure is reduced to the smallest program and the simplest point that fail in
//! the same way.
//!
//! What tells that this would be noticed: in every single way (`common/ways.rs`, `common/samples.rs`) each of some
//! mistakes is made on purpose, such as another sign, half too much, a number for NaN, NaN for a number, and in values
//! the last bit.

#[allow(dead_code)]
#[path = "common/programs.rs"]
mod programs;
#[path = "common/rounding.rs"]
mod rounding;
#[path = "common/samples.rs"]
mod samples;
#[path = "common/ways.rs"]
mod ways;

use programs::{Program, Random, any_point};
use rayon::prelude::*;
use rounding::{DOUBLE, N, SAME_VALUES, SINGLE, rounding};
use samples::{agree, slope_bound};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use tapegrad::check::{Entry, Report, Verdict, check_gradient, check_hessian, check_hvp};
use tapegrad::{Var, Workspace, check_all};
use ways::{Answer, Answers, Forms, attempt};

/// A program, where it is evaluated, and where else a batch evaluates it.
#[derive(Clone, Debug)]
struct Case {
    program: Program,
    points: Vec<Vec<f64>>,
    shared: usize,
    /// Whether differences are taken too, which is slow.
    is_checked: bool,
}

impl Case {
    fn random(seed: u64) -> Case {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let inputs = 1 + random.below(N);
        let program = Program::wide(&mut random, inputs);
        let points = (0..3).map(|_| any_point(&mut random, inputs)).collect();
        Case { program, points, shared: random.below(inputs), is_checked: random.below(4) == 0 }
    }

    /// Simpler ones.
    fn smaller(&self) -> Vec<Case> {
        let programs = self.program.smaller().into_iter();
        let mut all: Vec<Case> = programs.map(|program| Case { program, ..self.clone() }).collect();
        if self.points.len() > 1 {
            for k in 0..self.points.len() {
                let mut points = self.points.clone();
                points.remove(k);
                all.push(Case { points, ..self.clone() });
            }
        }
        if self.shared > 0 {
            all.push(Case { shared: self.shared - 1, ..self.clone() });
        }
        for (p, k) in (0..self.points.len()).flat_map(|p| (0..self.points[0].len()).map(move |k| (p, k))) {
            for simple in [1.0, 2.0, 0.0, 0.5] {
                // Only towards the front of the list, so that it ends.
                if self.points[p][k] == simple {
                    break;
                }
                let mut points = self.points.clone();
                points[p][k] = simple;
                all.push(Case { points, ..self.clone() });
            }
        }
        all
    }
}

/// What was done.
#[derive(Default, Debug)]
struct Tally {
    programs: usize,
    /// Numbers that were held against another.
    compared: usize,
    /// Of which neither was finite.
    told: usize,
    /// Numbers that no bound could be given for.
    unbounded: usize,
    /// Derivatives that are cut off on purpose, and found out by differences.
    cut: usize,
}

impl std::ops::Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        Tally {
            programs: self.programs + other.programs,
            compared: self.compared + other.compared,
            told: self.told + other.told,
            unbounded: self.unbounded + other.unbounded,
            cut: self.cut + other.cut,
        }
    }
}

/// What differs: of which kind, and how.
type Failure = (String, String);

/// Changes what a way gave: a mistake on purpose.
type Tamper<'a> = &'a mut dyn FnMut(&str, &mut [f64]);

fn is_same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()
}

/// Lets the tamperer at every answer, and sorts out the panics.
fn sound(
    kind: &str,
    answers: Answers,
    tamper: Tamper<'_>,
    failures: &mut Vec<Failure>,
) -> Vec<(String, Vec<f64>)> {
    let mut sound = Vec::new();
    for Answer { way, numbers } in answers.0 {
        match numbers {
            Ok(mut numbers) => {
                tamper(&format!("{kind}: {way}"), &mut numbers);
                sound.push((way, numbers));
            }
            Err(panic) => failures.push((format!("{kind}: {way}: panic"), panic)),
        }
    }
    sound
}

/// What is cut off on purpose is no derivative, and the checker is to say so: no failure, but counted.
const CUT: &str = "cut off: ";

fn examine(case: &Case, tally: &mut Tally, tamper: Tamper<'_>) -> Vec<Failure> {
    let Case { program, points, shared, is_checked } = case;
    let x = &points[0][..];
    let n = x.len();
    tally.programs += 1;
    let mut failures = Vec::new();
    let forms = match Forms::of(program, x) {
        Ok(forms) => forms,
        Err(panic) => return vec![("recording: panic".to_owned(), panic)],
    };
    let f = forms.recorded();
    failures.extend(forms.failed.iter().map(|(form, panic)| (format!("{form}: panic"), panic.clone())));

    let values = sound("values", ways::values(program, x, &forms), tamper, &mut failures);
    let base = &values[0].1;
    for (way, numbers) in &values[1..] {
        tally.compared += base.len();
        if numbers.len() != base.len() || !base.iter().zip(numbers).all(|(a, b)| is_same(*a, *b)) {
            failures.push((format!("values: {way}"), format!("{base:?} and {numbers:?}")));
        }
    }

    let bounds = match attempt(|| rounding(|x| program.outputs(x), x, SAME_VALUES, true)) {
        Ok(bounds) => bounds,
        Err(panic) => return vec![("rounding: panic".to_owned(), panic)],
    };
    let mut hold =
        |kind: &str, way: &str, a: f64, b: f64, bound: f64, failures: &mut Vec<Failure>| match agree(
            a, b, bound,
        ) {
            Some(true) if a.is_finite() => tally.compared += 1,
            Some(true) => tally.told += 1,
            Some(false) if b.is_nan() && may_be_told(way, f.outputs()) => tally.told += 1,
            Some(false) => {
                let zeros = if a.is_finite() && b.is_finite() { "" } else { " not finite" };
                failures.push((format!("{kind}{zeros}: {way}"), format!("{a:e} and {b:e}, bound {bound:e}")));
            }
            None => tally.unbounded += 1,
        };
    let jacobians = sound("jacobian", ways::jacobians(program, x, &forms), tamper, &mut failures);
    let base = jacobians[0].1.clone();
    for (way, numbers) in &jacobians[1..] {
        for (place, (&a, &b)) in base.iter().zip(numbers).enumerate() {
            let bound = slope_bound(&bounds.outputs[place / n], place % n);
            hold("jacobian", way, a, b, bound, &mut failures);
        }
    }
    let root_bounds =
        attempt(|| rounding(|x| program.outputs(&ways::roots(x)), x, SAME_VALUES, false).outputs);
    let behind = sound("behind roots", ways::behind_roots(program, x), tamper, &mut failures);
    if let (Ok(bounds), Some((_, base))) = (root_bounds, behind.first()) {
        for (way, numbers) in &behind[1..] {
            for (place, (&a, &b)) in base.iter().zip(numbers).enumerate() {
                let bound = slope_bound(&bounds[place / n], place % n);
                hold("behind roots", way, a, b, bound, &mut failures);
            }
        }
    }
    let hessians = sound("hessian", ways::hessians(program, x, &forms), tamper, &mut failures);
    let first = &bounds.outputs[0];
    if let Some((_, base)) = hessians.first() {
        for (way, numbers) in &hessians[1..] {
            for (place, (&a, &b)) in base.iter().zip(numbers).enumerate() {
                let (i, k) = (place / n, place % n);
                let bound = if first.is_extreme(&[i, k]) { f64::INFINITY } else { first.curvatures[i][k] };
                // In the other order of the two inputs a number may be NaN, or NaN a number.
                let is_so = |a: f64, b: f64| agree(a, b, bound) == Some(true);
                let is_other_order =
                    a.is_nan() != b.is_nan() && (is_so(base[k * n + i], b) || is_so(a, numbers[k * n + i]));
                hold("hessian", way, if is_other_order { b } else { a }, b, bound, &mut failures);
            }
        }
    }
    if *is_checked {
        failures.extend(against_differences(program, x, &bounds, tamper));
    }

    if let (Ok(reassociated), Ok(bounds)) =
        (&forms.reassociated, attempt(|| rounding(|x| program.outputs(x), x, DOUBLE, false)))
        && !bounds.is_fragile
    {
        let mut jacobian = vec![0.0; n * f.outputs()];
        let mut workspace = Workspace::new();
        let done = attempt(|| {
            let values = reassociated.evaluator_in(&mut workspace).values(x).unwrap();
            reassociated.evaluator_in(&mut workspace).jacobian_into(x, &mut jacobian).unwrap();
            values
        });
        match done {
            Err(panic) => failures.push(("Reassociate: panic".to_owned(), panic)),
            Ok(mut values) => {
                tamper("Reassociate: values", &mut values);
                tamper("Reassociate: jacobian", &mut jacobian);
                for (k, bound) in bounds.outputs.iter().enumerate() {
                    hold(
                        "Reassociate",
                        "values",
                        self::values_of(f, x)[k],
                        values[k],
                        bound.value,
                        &mut failures,
                    );
                    for j in 0..n {
                        let (a, b) = (base[k * n + j], jacobian[k * n + j]);
                        hold("Reassociate", "jacobian", a, b, slope_bound(bound, j), &mut failures);
                    }
                }
            }
        }
    }
    let compared = &mut tally.compared;
    let mut double = |way: &str, numbers: &mut [f64]| tamper(&format!("f64: {way}"), numbers);
    let of_doubles =
        attempt(|| samples::examine::<f64>(program, f, points, *shared, DOUBLE, compared, &mut double));
    let mut single = |way: &str, numbers: &mut [f64]| tamper(&format!("f32: {way}"), numbers);
    let of_singles =
        attempt(|| samples::examine::<f32>(program, f, points, *shared, SINGLE, compared, &mut single));
    for (kind, result) in [("f64", of_doubles), ("f32", of_singles)] {
        match result {
            Ok(found) => failures.extend(found.into_iter().map(|(way, how)| (format!("{kind}: {way}"), how))),
            Err(panic) => failures.push((format!("{kind}: panic"), panic)),
        }
    }
    failures
}

fn values_of(f: &tapegrad::Function, x: &[f64]) -> Vec<f64> {
    f.evaluator().values(x).unwrap()
}

/// Where a way may give NaN though the derivative is a number: a function of directions knows only what they reached when it
/// was recorded, and a weight of 0 is a number to the sweep.
fn may_be_told(way: &str, outputs: usize) -> bool {
    let is_of_directions = way.ends_with("jvp()") || way.ends_with("hvp()");
    is_of_directions || outputs > 1 && (way.ends_with("vjp") || way.ends_with("vjp()"))
}

/// Whether an entry is refuted, by more than rounding makes of the function and its derivatives: an adjoint is a sum, and of
/// its small terms that much may be lost; and of a small value that is the difference of large ones.
fn is_refuted(entry: &Entry, report: &Report, lost: f64) -> bool {
    let largest = report.entries.iter().map(|entry| entry.analytic.abs()).filter(|size| size.is_finite());
    let lost = lost + 1e-15 * largest.fold(0.0, f64::max);
    let off = (entry.analytic - entry.numeric).abs();
    entry.verdict == Verdict::Mismatch && off.partial_cmp(&lost).is_none_or(Ordering::is_gt)
}

/// What rounding makes of values and derivatives, all together.
fn lost(program: &Program, x: &[f64], bounds: &rounding::Rounding) -> f64 {
    let exact = &bounds.outputs[0];
    let rounded = attempt(|| rounding(|x| program.outputs(x), x, DOUBLE, false).outputs[0].value);
    let slopes = exact.slopes[..x.len()].iter();
    let curvatures = exact.curvatures[..x.len()].iter().flat_map(|row| &row[..x.len()]);
    let all = slopes.chain(curvatures).chain(rounded.as_ref().ok());
    10.0 * all.filter(|lost| lost.is_finite()).sum::<f64>()
}

/// The checker never refutes a right gradient, and never panics.
fn against_differences(
    program: &Program,
    x: &[f64],
    bounds: &rounding::Rounding,
    tamper: Tamper<'_>,
) -> Vec<Failure> {
    let mut failures = Vec::new();
    let lost = lost(program, x, bounds);
    let mut judge = |what: &str, report: Result<Report, String>| match report {
        Err(panic) => failures.push((format!("{what}: panic"), panic)),
        Ok(report) => {
            let mut is_refuted =
                [f64::from(report.entries.iter().any(|entry| is_refuted(entry, &report, lost)))];
            tamper(what, &mut is_refuted);
            if is_refuted != [0.0] && !bounds.is_rough {
                let cut = if bounds.is_cut { CUT } else { "" };
                failures.push((format!("{cut}{what}"), report.to_string()));
            }
        }
    };
    judge("check_gradient", attempt(|| check_gradient(|x: &[Var]| program.outputs(x)[0], x)));
    judge("check_hessian", attempt(|| check_hessian(|x: &[_]| program.outputs(x)[0], x)));
    let direction: Vec<f64> = x.iter().enumerate().map(|(k, _)| 1.0 - 1.5 * k as f64).collect();
    judge("check_hvp", attempt(|| check_hvp(|x: &[_]| program.outputs(x)[0], x, &direction[..])));
    judge("check_all", attempt(|| check_all!(|x: &[_]| program.outputs(x)[0], x)));
    failures
}

/// The smallest case that fails in the same way.
fn reduced(case: &Case, kind: &str) -> Case {
    let fails = |case: &Case| {
        examine(case, &mut Tally::default(), &mut |_, _| {}).iter().any(|failure| failure.0 == kind)
    };
    let mut smallest = case.clone();
    while let Some(smaller) = smallest.smaller().into_iter().find(fails) {
        smallest = smaller;
    }
    smallest
}

/// Kinds of failure, each with how often it came and the first seed of it.
type Kinds = BTreeMap<String, (usize, u64)>;

/// Examines the programs of some seeds on all cores; prints each kind of failure, reduced, and what was done.
fn run(seeds: impl IntoIterator<Item = u64>) -> Tally {
    let seeds: Vec<u64> = seeds.into_iter().collect();
    let (tally, kinds) = seeds
        .par_chunks(100)
        .map(examine_all)
        .reduce(Default::default, |a, b| (a.0 + b.0, b.1.into_iter().fold(a.1, insert)));
    for (kind, (count, seed)) in &kinds {
        let case = reduced(&Case::random(*seed), kind);
        let how = examine(&case, &mut Tally::default(), &mut |_, _| {});
        let how = how.iter().find(|failure| failure.0 == *kind).map(|failure| &failure.1);
        println!("{count} × {kind}, first {seed}: {case:?}\n    {}", how.map_or("", |how| how));
    }
    println!("{tally:?}");
    assert!(kinds.is_empty(), "{} kinds of failure", kinds.len());
    tally
}

fn examine_all(seeds: &[u64]) -> (Tally, Kinds) {
    let (mut tally, mut kinds) = (Tally::default(), Kinds::new());
    for &seed in seeds {
        for (kind, _) in examine(&Case::random(seed), &mut tally, &mut |_, _| {}) {
            match kind.starts_with(CUT) {
                true => tally.cut += 1,
                false => kinds = insert(kinds, (kind, (1, seed))),
            }
        }
    }
    (tally, kinds)
}

fn insert(mut kinds: Kinds, (kind, (count, seed)): (String, (usize, u64))) -> Kinds {
    let entry = kinds.entry(kind).or_insert((0, seed));
    *entry = (entry.0 + count, entry.1.min(seed));
    kinds
}

#[test]
fn random_programs_agree_in_every_way() {
    let programs = if cfg!(debug_assertions) { 300 } else { 20_000 };
    let Tally { compared, cut, .. } = run(0..programs);
    assert!(compared as u64 > 200 * programs, "{compared} numbers of {programs} programs");
    // A rule that is no derivative, on purpose and in every mode, is found out by differences.
    assert!(cut > 0 || programs < 10_000);
}

#[test]
#[ignore = "a long run, in release"]
fn a_million_random_programs_agree_in_every_way() {
    run(0..1_000_000);
}

/// The programs of the seeds that the variable `SEEDS` lists: those of a failure, say.
#[test]
#[ignore = "runs what the environment variable SEEDS names"]
fn programs_of_chosen_seeds() {
    let seeds = std::env::var("SEEDS").unwrap_or_default();
    run(seeds.split_whitespace().map(|seed| seed.parse().expect("SEEDS holds whole numbers")));
}

/// A mistake on purpose, in what one way gave; whether there was anything to be mistaken about.
type Mistake = fn(&mut [f64]) -> bool;

/// Changes the numbers that `is_fit` accepts.
fn change(numbers: &mut [f64], is_fit: fn(&f64) -> bool, to: fn(f64) -> f64) -> bool {
    let fit = numbers.iter_mut().filter(|number| is_fit(number));
    fit.map(|number| *number = to(*number)).count() > 0
}

fn is_ordinary(x: &f64) -> bool {
    (1e-3..1e3).contains(&x.abs())
}

const LAST_BIT: &str = "the last bit";

const MISTAKES: [(&str, Mistake); 5] = [
    (LAST_BIT, |numbers| change(numbers, is_ordinary, f64::next_up)),
    ("the other sign", |numbers| change(numbers, is_ordinary, |x| -x)),
    ("one half more", |numbers| change(numbers, is_ordinary, |x| x * 1.5)),
    ("a number for NaN", |numbers| change(numbers, |x| x.is_nan(), |_| 0.0)),
    ("NaN for a number", |numbers| change(numbers, is_ordinary, |_| f64::NAN)),
];

/// The test itself tested: a mistake in any one way is found, as a failure of that way or, if all are held against it, of
/// others.
#[test]
fn a_mistake_in_any_way_is_found() {
    // By way and mistake: how often it was made, and how often found.
    let mut found: BTreeMap<(String, &str), [usize; 2]> = BTreeMap::new();
    let cases = 240;
    for seed in 0..cases {
        let case = Case::random(seed);
        let mut ways: Vec<(String, Vec<f64>)> = Vec::new();
        let before = examine(&case, &mut Tally::default(), &mut |way, numbers| {
            ways.push((way.to_owned(), numbers.to_vec()));
        });
        // Not those that fail already.
        ways.retain(|(way, _)| {
            !before.iter().any(|(kind, _)| kind.ends_with(way.rsplit(": ").next().unwrap()))
        });
        for (name, mistake) in MISTAKES {
            // One of the ways in which the mistake can be made; of values every bit is promised, of nothing else.
            let can_be_made = |(way, numbers): &&(String, Vec<f64>)| {
                (name != LAST_BIT || way.starts_with("values")) && mistake(&mut numbers.clone())
            };
            let tried =
                |(way, _): &&(String, Vec<f64>)| found.get(&(way.clone(), name)).map_or(0, |tried| tried[0]);
            let Some((way, _)) = ways.iter().filter(can_be_made).min_by_key(tried) else { continue };
            let after = examine(&case, &mut Tally::default(), &mut |this, numbers| {
                if this == way {
                    mistake(numbers);
                }
            });
            let [tried, caught] = found.entry((way.clone(), name)).or_default();
            *tried += 1;
            *caught += usize::from(after.len() > before.len());
        }
    }
    let mut of_way: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for ((way, _), [tried, caught]) in &found {
        let total = of_way.entry(way).or_default();
        *total = [total[0] + tried, total[1] + caught];
    }
    let (mut all, mut missed) = (0, 0);
    for (way, [tried, caught]) in of_way {
        println!("{way}: {caught} of {tried}");
        assert!(caught > 0 || tried < 3, "{way}: none of {tried} mistakes were found");
        // Batches are looked at where every sample has a bound: too seldom for a share.
        if !way.starts_with("f32: ") && !way.starts_with("f64: ") {
            (all, missed) = (all + tried, missed + tried - caught);
        }
    }
    println!("{all} mistakes, {missed} missed");
    assert!(all > cases as usize && missed * 20 < all, "{missed} of {all} mistakes were missed");
}
