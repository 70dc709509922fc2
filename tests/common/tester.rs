//! The checker itself put to the test: rules that are wrong on purpose, and gradients that are right.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::fmt::Write;
use tapegrad::check::{
    Expression, ExpressionOptions, Report, Verdict, arbitrary_expression, check_gradient,
    check_gradient_by_hand,
};
use tapegrad::{
    primitives,
    primitives::{Op, reductions},
};

/// Points at which each mutant is tried: one that shows it is enough.
const POINTS: usize = 8;

/// Operands of the reductions.
const LIST: usize = 5;

/// A deterministic source of random values.
pub fn runner(seed: u8) -> TestRunner {
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
}

pub fn draw<S: Strategy>(strategy: &S, runner: &mut TestRunner) -> S::Value {
    strategy.new_tree(runner).expect("a value").current()
}

/// A row of the table with points inside its domain.
pub struct Row {
    pub op: Op,
    domain: Vec<std::ops::Range<f64>>,
    points: Vec<Vec<f64>>,
}

/// Every row of the table, families once per sample, and every reduction.
pub fn rows() -> Vec<Row> {
    let mut runner = runner(1);
    let mut row = |op, domain: Vec<_>| {
        let points = (0..POINTS).map(|_| draw(&domain, &mut runner)).collect();
        Row { op, domain, points }
    };
    let mut rows: Vec<Row> =
        primitives::all().map(|primitive| row(primitive.op, primitive.domain.to_vec())).collect();
    rows.extend(reductions().map(|op| {
        let [lists, single] = op.lists().unwrap();
        row(op, vec![0.3..2.0; (LIST - 1) / lists * lists + single])
    }));
    rows
}

fn value(op: Op, x: &[f64]) -> f64 {
    op.value(x).unwrap()
}

fn partials(op: Op, x: &[f64]) -> Vec<f64> {
    op.partials(x, value(op, x)).unwrap().to_vec()
}

fn check(op: Op, partials: &[f64], x: &[f64]) -> Report {
    check_gradient_by_hand(|x| value(op, x), partials, x)
}

/// What was done to the right partials of a row.
pub const MUTATIONS: [&str; 7] = ["× 2", "× ½", "sign", "swapped", "shifted", "dropped", "neighbour"];

/// The wrong partials; `None` where the mutation does not apply, as swapping one argument.
fn mutate(mutation: usize, row: usize, rows: &[Row], operand: usize, x: &[f64]) -> Option<Vec<f64>> {
    let op = rows[row].op;
    let mut wrong = partials(op, x);
    let n = wrong.len();
    match mutation {
        0 => wrong[operand] *= 2.0,
        1 => wrong[operand] *= 0.5,
        2 => wrong[operand] *= -1.0,
        3 => {
            let other = (operand + 1) % n;
            (other != operand).then(|| wrong.swap(operand, other))?;
        }
        4 => {
            // Evaluated beside the point, well inside the domain.
            let mut beside = x.to_vec();
            beside[operand] += 1e-3 * x[operand].abs().max(1.0) * if x[operand] > 0.0 { -1.0 } else { 1.0 };
            wrong = partials(op, &beside);
        }
        5 => wrong[operand] = 0.0,
        _ => {
            // The next row that takes as many operands, and takes these.
            let fits = |next: &&Row| {
                std::mem::discriminant(&next.op) != std::mem::discriminant(&op)
                    && (next.op.arity(), next.op.lists()) == (op.arity(), op.lists())
                    && next.domain.iter().zip(x).all(|(on, x)| on.contains(x))
            };
            let next = (1..rows.len()).map(|k| &rows[(row + k) % rows.len()]).find(fits)?;
            (operand == 0).then(|| wrong = partials(next.op, x))?;
        }
    }
    Some(wrong)
}

/// What became of the mutants of one row, per mutation: caught, equivalent, missed.
pub struct Mutants {
    pub op: Op,
    pub outcomes: [[usize; 3]; MUTATIONS.len()],
}

/// Whether a change of the partials is none, but for rounding.
fn is_equivalent(wrong: &[f64], right: &[f64]) -> bool {
    wrong
        .iter()
        .zip(right)
        .all(|(a, b)| a == b || (a - b).abs() <= 1e-9 * b.abs() || a.is_nan() && b.is_nan())
}

/// Whether the partials are what the row promises, but not the derivative of its value.
pub fn is_cut_off(op: Op) -> bool {
    op == Op::StopGradient
}

/// Tries every mutation of every operand of every row.
pub fn mutants() -> Vec<Mutants> {
    let rows = rows();
    let mut all = Vec::new();
    for (k, row) in rows.iter().enumerate().filter(|(_, row)| !is_cut_off(row.op)) {
        let mut outcomes = [[0; 3]; MUTATIONS.len()];
        for (mutation, outcome) in outcomes.iter_mut().enumerate() {
            for operand in 0..row.points[0].len() {
                let tries: Vec<_> = row
                    .points
                    .iter()
                    .filter_map(|x| Some((x, mutate(mutation, k, &rows, operand, x)?)))
                    .filter(|(_, wrong)| wrong.iter().all(|partial| partial.is_finite()))
                    .collect();
                if tries.is_empty() {
                    continue;
                }
                let is_caught = tries.iter().any(|(x, wrong)| {
                    check(row.op, wrong, x).entries.iter().any(|entry| entry.verdict == Verdict::Mismatch)
                });
                let is_none = tries.iter().all(|(x, wrong)| is_equivalent(wrong, &partials(row.op, x)));
                outcome[if is_caught {
                    0
                } else if is_none {
                    1
                } else {
                    2
                }] += 1;
            }
        }
        all.push(Mutants { op: row.op, outcomes });
    }
    all
}

/// Verdicts on derivatives that are right.
#[derive(Default, Debug, Clone, Copy, PartialEq)]
pub struct Tally {
    pub gradients: usize,
    pub pass: usize,
    pub kink: usize,
    pub unresolved: usize,
    pub invalid: usize,
    /// None may be.
    pub refused: usize,
}

impl Tally {
    /// The worst verdict counts for the whole gradient.
    pub fn add(&mut self, report: &Report) {
        let has = |is: fn(Verdict) -> bool| report.entries.iter().any(|entry| is(entry.verdict));
        self.gradients += 1;
        *if has(|verdict| verdict == Verdict::Mismatch) {
            &mut self.refused
        } else if has(|verdict| verdict == Verdict::Invalid) {
            &mut self.invalid
        } else if has(|verdict| verdict == Verdict::Unresolved) {
            &mut self.unresolved
        } else if has(|verdict| matches!(verdict, Verdict::Kink { .. })) {
            &mut self.kink
        } else {
            &mut self.pass
        } += 1;
    }
}

/// The rows at random points of their intervals.
pub fn correct_rows(per_row: usize) -> Tally {
    let mut tally = Tally::default();
    let mut runner = runner(2);
    for row in primitives::all().filter(|row| !is_cut_off(row.op)) {
        for _ in 0..per_row {
            let x = draw(&row.domain.to_vec(), &mut runner);
            let report = check(row.op, &partials(row.op, &x), &x);
            if report.is_refuted() {
                eprintln!("{} at {x:?}\n{report}", row.op);
            }
            tally.add(&report);
        }
    }
    tally
}

/// Random programs over the whole table, at random points.
pub fn correct_programs(count: usize, options: ExpressionOptions) -> Tally {
    let mut tally = Tally::default();
    let mut runner = runner(3);
    let point = vec![options.range.clone(); options.inputs];
    let programs = arbitrary_expression(options);
    for _ in 0..count {
        let f: Expression = draw(&programs, &mut runner);
        let x = draw(&point, &mut runner);
        let report = check_gradient(|x| f.evaluate(x), &x);
        if report.is_refuted() {
            eprintln!("{f}\nat {x:?}\n{report}");
        }
        tally.add(&report);
    }
    tally
}

/// Functions that are hard to differentiate by differences: scales from 10⁻⁸ to 10⁸ side by side, fast
/// oscillation, the neighbourhood of kinks and poles.
pub fn correct_hard(count: usize) -> Tally {
    let mut tally = Tally::default();
    let mut runner = runner(4);
    let points = tapegrad::check::ill_scaled(2);
    for k in 0..count {
        let x = draw(&points, &mut runner);
        let scale = [x[0].abs(), x[1].abs()];
        let report = check_gradient(
            |v| {
                let (a, b) = (v[0], v[1]);
                match k % 8 {
                    0 => (a / scale[0]).sin() * (b / scale[1]).exp(),
                    1 => a.abs().ln() + b.abs().sqrt(),
                    2 => a * b + (a * a + b * b).sqrt(),
                    3 => (a.max(b) - a.min(b)).ln_1p(),
                    4 => (a * 3.0).sin() + b.cos(),
                    5 => (a - x[0] + 1e-5).relu() + (b - x[1] - 3e-3).abs(),
                    6 => a.recip() + (b - x[1] + 1e-4).recip(),
                    _ => (a.tanh() + b).floor() + a + b.atan(),
                }
            },
            &x,
        );
        if report.is_refuted() {
            eprintln!("hard {} at {x:?}\n{report}", k % 8);
        }
        tally.add(&report);
    }
    tally
}

/// The page `docs/tester.md`.
pub fn page(correct: usize) -> String {
    let mut page = INTRODUCTION.to_owned();
    let mutants = mutants();
    let mut totals = [0; 3];
    for Mutants { op, outcomes } in &mutants {
        write!(page, "| `{op}` |").unwrap();
        for outcome in outcomes {
            for (total, count) in totals.iter_mut().zip(outcome) {
                *total += count;
            }
            page.push_str(&match outcome {
                [0, 0, 0] => " |".to_owned(),
                [caught, 0, 0] => format!(" {caught} |"),
                [caught, equivalent, 0] => format!(" {caught}, {equivalent} = |"),
                [caught, equivalent, missed] => format!(" {caught}, {equivalent} =, **{missed} missed** |"),
            });
        }
        page.push('\n');
    }
    let [caught, equivalent, missed] = totals;
    writeln!(page, "\n{caught} caught, {equivalent} equivalent, {missed} missed, in {} rows.", mutants.len())
        .unwrap();

    page.push_str(CORRECT);
    let branches = ExpressionOptions { branches: true, ..Default::default() };
    let smooth = ExpressionOptions { piecewise: false, selects: false, ..Default::default() };
    let tallies = [
        ("every row, over its interval", correct_rows(correct / 10 / primitives::all().count() + 3)),
        ("random programs over the whole table", correct_programs(correct * 3 / 10, Default::default())),
        ("the same with real branches", correct_programs(correct * 2 / 10, branches)),
        ("random programs without kinks", correct_programs(correct * 2 / 10, smooth)),
        ("ill scaled, oscillating, beside kinks and poles", correct_hard(correct * 2 / 10)),
    ];
    let mut all = 0;
    let mut refused = 0;
    for (what, tally) in tallies {
        let Tally { gradients, pass, kink, unresolved, invalid, refused: wrongly } = tally;
        writeln!(page, "| {what} | {gradients} | {pass} | {kink} | {unresolved} | {invalid} | {wrongly} |")
            .unwrap();
        all += gradients;
        refused += wrongly;
    }
    writeln!(page, "\n{refused} of {all} refused.").unwrap();
    page
}

const INTRODUCTION: &str = "\
# The tester, tested

Made by `cargo run --release --features proptest --example tester > docs/tester.md`; `tests/check/tested.rs` holds it.

The gradient checker is tested by mutation. A checker that accepts everything would accept this crate too. So every
primitive (a row of the table in `src/table/ops.rs`) is given partial derivatives that are wrong on purpose, one operand
at a time:

- `× 2`, `× ½`, `sign`: twice, half and the negative of the right partial,
- `swapped`: the partials of two operands exchanged,
- `shifted`: the rule evaluated 10⁻³ beside the point,
- `dropped`: a term of the chain rule left out,
- `neighbour`: the rule of the next row of the table.

The checker sees only values and these partials, and must refute each mutant at one of eight points. A mutant whose
partials equal the right ones, such as twice the derivative of `floor`, is *equivalent* and is counted as `=`. One row
is left out: `stop_gradient`, whose partial is not the derivative on purpose.

Each figure is a number of operands; `3, 1 =` means three caught and one equivalent.

| row | × 2 | × ½ | sign | swapped | shifted | dropped | neighbour |
|---|---|---|---|---|---|---|---|
";

const CORRECT: &str = "
## Right gradients

A right gradient must never be refused, that is, get the verdict `Mismatch`. It may be `Unresolved` where differences
cannot decide: at a jump, or where a program oscillates on a scale below the steps. Each gradient is counted once, by
the worst verdict of its entries.

| what | gradients | pass | kink | unresolved | invalid | refused |
|---|---|---|---|---|---|---|
";
