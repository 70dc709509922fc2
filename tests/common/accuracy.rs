//! Errors of the table against fixtures of 50 digits, in units of the last place.

use std::fmt::Write;
use std::path::PathBuf;
use tapegrad::{Dual, primitives::Op};

/// An exact number as the nearest double and what is missing.
#[derive(Clone, Copy)]
pub struct Exact {
    pub near: f64,
    pub rest: f64,
}

/// One point of an operation: arguments, and the exact value, partials and second partials.
pub struct Fixture {
    pub op: Op,
    pub args: Vec<f64>,
    pub exact: Vec<Exact>,
}

fn read(name: &str) -> Option<String> {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/fixtures").join(format!("{name}.txt"));
    std::fs::read_to_string(path).ok()
}

/// The numbers of a file, line by line.
fn lines(text: &str) -> impl Iterator<Item = Vec<f64>> + '_ {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_whitespace().map(|word| word.parse().expect("a number")).collect())
}

fn pairs(numbers: &[f64]) -> Vec<Exact> {
    numbers.chunks(2).map(|pair| Exact { near: pair[0], rest: pair[1] }).collect()
}

/// The fixtures of a row of the table; empty if it has none.
pub fn fixtures(op: Op) -> Vec<Fixture> {
    let Some(text) = read(op.name()) else { return Vec::new() };
    let arity = op.arity().expect("a row of the table");
    lines(&text)
        .map(|line| {
            let (op, results) = with_parameter(op, &line).map_or((op, arity), |op| (op, arity + 1));
            Fixture { op, args: line[..arity].to_vec(), exact: pairs(&line[results..]) }
        })
        .collect()
}

/// The operation of a family, whose parameter stands behind its argument.
fn with_parameter(op: Op, line: &[f64]) -> Option<Op> {
    match op {
        Op::Powi(_) => Some(Op::Powi(line[1] as i32)),
        Op::ErfcxIntegral(_) => Some(Op::ErfcxIntegral(line[1] as i32)),
        Op::Polygamma(_) => Some(Op::Polygamma(line[1] as i32)),
        _ => None,
    }
}

/// One point of an operation: arguments, and the exact second and third derivatives by operands in rising order.
pub struct HigherFixture {
    pub op: Op,
    pub args: Vec<f64>,
    pub seconds: Vec<Exact>,
    pub thirds: Vec<Exact>,
}

/// Second and third derivatives of a row or a reduction; empty if it has none.
pub fn higher_fixtures(op: Op) -> Vec<HigherFixture> {
    let Some(text) = read(&format!("higher/{}", op.name())) else { return Vec::new() };
    let numbers = |part: &str| -> Vec<f64> {
        part.split_whitespace().map(|word| word.parse().expect("a number")).collect()
    };
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let parts: Vec<Vec<f64>> = line.split('|').map(numbers).collect();
            let arity = op.arity().unwrap_or(parts[0].len());
            HigherFixture {
                op: with_parameter(op, &parts[0]).unwrap_or(op),
                args: parts[0][..arity].to_vec(),
                seconds: pairs(&parts[1]),
                thirds: pairs(&parts[2]),
            }
        })
        .collect()
}

/// The fixtures of a reduction: operands, value, gradient.
pub fn list_fixtures(op: Op) -> Vec<Fixture> {
    let Some(text) = read(op.name()) else { return Vec::new() };
    let lines: Vec<_> = lines(&text).collect();
    lines
        .chunks(4)
        .map(|case| {
            let exact = pairs(&case[2]).into_iter().chain(pairs(&case[3])).collect();
            Fixture { op, args: case[1].clone(), exact }
        })
        .collect()
}

/// The distance in units of the last place of the exact number.
pub fn ulps(computed: f64, exact: Exact) -> f64 {
    // What rounds to 0, or is lost in the subnormal numbers, may come as 0.
    if computed == exact.near && exact.rest == 0.0 || exact.near == 0.0 && computed.abs() < f64::MIN_POSITIVE
    {
        return 0.0;
    }
    let ulp = exact.near.abs().max(f64::MIN_POSITIVE).next_up() - exact.near.abs().max(f64::MIN_POSITIVE);
    let error = ((computed - exact.near) - exact.rest).abs() / ulp;
    if error.is_nan() { f64::INFINITY } else { error }
}

/// The value, the partials and the second partials (upper triangle) as the table computes them.
pub fn computed(fixture: &Fixture) -> Vec<f64> {
    fn over<const N: usize>(op: Op, args: &[f64]) -> Vec<f64> {
        let args = Dual::variables(<[f64; N]>::try_from(args).unwrap());
        let y = op.value(&args).unwrap();
        let partials = op.partials(&args, y).unwrap();
        let seconds = (0..N).flat_map(|i| (i..N).map(move |j| (i, j)));
        let mut all = vec![y.primal()];
        all.extend(partials.iter().map(|partial| partial.primal()));
        all.extend(seconds.map(|(i, j)| partials[i].tangent(j)));
        all
    }
    match fixture.args.len() {
        1 => over::<1>(fixture.op, &fixture.args),
        2 => over::<2>(fixture.op, &fixture.args),
        _ => over::<3>(fixture.op, &fixture.args),
    }
}

/// How the error of each quantity grows with errors of the arguments: `Σ |xⱼ ∂ⱼq / q|`, from the exact
/// derivatives; at least 1. Of second partials unknown, so 1.
pub fn conditions(fixture: &Fixture) -> Vec<f64> {
    let n = fixture.args.len();
    let exact: Vec<f64> = fixture.exact.iter().map(|exact| exact.near).collect();
    let second = |i: usize, j: usize| {
        let (i, j) = (i.min(j), i.max(j));
        exact[1 + n + i * n - i * (i + 1) / 2 + j]
    };
    (0..exact.len())
        .map(|quantity| {
            let slope = |j: usize| match quantity {
                0 => exact[1 + j],
                _ if quantity <= n => second(quantity - 1, j),
                _ => 0.0,
            };
            let condition: f64 =
                (0..n).map(|j| fixture.args[j] * slope(j) / exact[quantity]).map(f64::abs).sum();
            if condition.is_nan() { 1.0 } else { condition.max(1.0) }
        })
        .collect()
}

/// The worst error of one quantity of one operation, and the point where it occurs.
#[derive(Clone, Default)]
pub struct Worst {
    pub ulps: f64,
    pub by_condition: f64,
    /// Where the error by the condition is worst.
    pub at: Vec<f64>,
}

impl Worst {
    pub fn update(&mut self, ulps: f64, condition: f64, at: &[f64]) {
        self.ulps = self.ulps.max(ulps);
        if self.at.is_empty() || ulps / condition > self.by_condition {
            self.by_condition = ulps / condition;
            self.at = at.to_vec();
        }
    }
}

/// The errors of a row: of its value, its partials, its second partials.
pub struct Report {
    pub op: Op,
    pub points: usize,
    pub worst: [Worst; 3],
}

/// Every row of the table that has fixtures.
pub fn reports() -> Vec<Report> {
    let mut reports = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for row in tapegrad::primitives::all().filter(|row| seen.insert(row.op.name())) {
        let fixtures = fixtures(row.op);
        let mut worst: [Worst; 3] = Default::default();
        for fixture in &fixtures {
            let conditions = conditions(fixture);
            for (k, value) in computed(fixture).into_iter().enumerate() {
                // A family has fixtures for its derivatives by the argument only, as any row of one operand.
                let Some(&exact) = fixture.exact.get(k) else { continue };
                let kind = if k == 0 {
                    0
                } else if k <= fixture.args.len() {
                    1
                } else {
                    2
                };
                worst[kind].update(ulps(value, exact), conditions[k], &fixture.args);
            }
        }
        if !fixtures.is_empty() {
            reports.push(Report { op: row.op, points: fixtures.len(), worst });
        }
    }
    reports
}

/// The errors of a reduction.
pub struct ListReport {
    pub op: Op,
    pub cases: usize,
    /// The value's and the worst partial's, as multiples of the error that one rounding of every operand
    /// would make.
    pub worst: [Worst; 2],
}

/// Every reduction that has fixtures, by backward error.
pub fn list_reports() -> Vec<ListReport> {
    let report = |op: Op| {
        let fixtures = list_fixtures(op);
        let mut worst: [Worst; 2] = Default::default();
        for Fixture { args, exact, .. } in &fixtures {
            let y = op.value(args).unwrap();
            let partials = op.partials(args, y).unwrap();
            let scales = scales(op, args, exact);
            let computed = std::iter::once(&y).chain(&partials);
            for (k, ((&computed, &exact), scale)) in computed.zip(exact).zip(scales).enumerate() {
                let error = ((computed - exact.near) - exact.rest).abs();
                let rounding = f64::EPSILON / 2.0 * scale;
                let error = if error == 0.0 { 0.0 } else { error / rounding };
                worst[k.min(1)].update(error, 1.0, args);
            }
        }
        (!fixtures.is_empty()).then_some(ListReport { op, cases: fixtures.len(), worst })
    };
    tapegrad::primitives::reductions().filter_map(report).collect()
}

/// For the value and each partial, `|q| + Σ |xⱼ ∂ⱼq|`: how relative errors of the operands, and of the
/// result, show in it. The second derivatives are our own; only their size matters.
fn scales(op: Op, args: &[f64], exact: &[Exact]) -> Vec<f64> {
    let mut scales: Vec<f64> = exact.iter().map(|exact| exact.near.abs()).collect();
    for (j, &x) in args.iter().enumerate() {
        let duals: Vec<Dual> = (0..args.len())
            .map(|i| if i == j { Dual::variable(args[i], 0) } else { Dual::constant(args[i]) })
            .collect();
        let y = op.value(&duals).unwrap();
        let partials = op.partials(&duals, y).unwrap();
        scales[0] += (x * exact[1 + j].near).abs();
        for (scale, partial) in scales[1..].iter_mut().zip(&partials) {
            *scale += (x * partial.tangent(0)).abs();
        }
    }
    scales
}

/// The bound on the error of a row's value and partials, in ulps, to be multiplied by the condition.
pub fn bound(op: Op) -> f64 {
    match op {
        Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Neg | Op::Recip | Op::Sqrt | Op::Abs => 2.0,
        Op::Max | Op::Min | Op::Relu | Op::MulAdd | Op::Clamp | Op::Rem => 2.0,
        _ => 4.0,
    }
}

/// Whether the row keeps its bound.
pub fn holds(report: &Report) -> bool {
    report.worst[..2].iter().all(|worst| worst.by_condition <= bound(report.op))
}

/// The page `docs/accuracy.md`.
pub fn page() -> String {
    let number = |x: f64| if x < 1e4 { format!("{x:.2}") } else { format!("{x:.0e}") };
    let mut page = INTRODUCTION.to_owned();
    let reports = reports();
    for report in &reports {
        let [value, partial, second] = &report.worst;
        writeln!(
            page,
            "| `{}` | {} | {} | {} | {} | {} | {} | {}{} |",
            report.op.name(),
            report.points,
            number(value.ulps),
            number(value.by_condition),
            number(partial.ulps),
            number(partial.by_condition),
            number(second.ulps),
            bound(report.op),
            if holds(report) { "" } else { ", **missed**" },
        )
        .unwrap();
    }
    let mut without: Vec<_> = tapegrad::primitives::all()
        .filter(|row| reports.iter().all(|report| report.op.name() != row.op.name()))
        .map(|row| format!("`{}`", row.op.name()))
        .collect();
    without.dedup();
    writeln!(page, "\nWithout fixtures: {}.", without.join(", ")).unwrap();
    page.push_str(LISTS);
    for ListReport { op, cases, worst: [value, partial] } in list_reports() {
        let (value, partial) = (number(value.ulps), number(partial.ulps));
        writeln!(page, "| `{}` | {cases} | {value} | {partial} |", op.name()).unwrap();
    }
    page
}

const INTRODUCTION: &str = "\
# Accuracy

Made by `cargo run --release --example accuracy > docs/accuracy.md`; `tests/accuracy.rs` holds the bounds.

The worst error of each primitive (a row of the table in `src/table/ops.rs`) over its fixtures: reference values of 50
digits, dense over the main interval and at the edges (`tests/data/fixtures`). Errors are in units in the last place
(ulp) of the exact result. \"By condition\" divides the error by the condition number `max(1, Σ |xⱼ ∂ⱼq / q|)`: near a
root, or in a tail, rounding the argument alone changes the result by that many ulp, so no implementation can do better.
The bound applies to this column, for the value and the first partials.

Second partials are those of forward mode over the rule, and have no bound. Where the slope of a partial is nearly 0, it
may lose all relative digits, as for `atan` far from 0. Those of `hypot`, `norm` and `log_sum_exp` keep their digits,
even where one operand dominates. At the origin a norm has an infinite second derivative. The second derivative of a
composition with it is then NaN, even where it exists, as for the square of a norm; it is never a wrong 0.

`exp`, `sin`, `tanh` and the like are those of the standard library, here over glibc. `erf` and `erfc` are those of the
crate `libm`; the other special functions are those of the crate `pxfm` or the crate's own.

| row | points | value | by condition | partials | by condition | second partials | bound |
|---|---|---|---|---|---|---|---|
";

const LISTS: &str = "
## Lists

Primitives over lists. The error is the backward error: a multiple of what one rounding of every operand and of the
result amounts to. A sum of `n` terms from left to right may reach `n`.

| row | cases | value | partials |
|---|---|---|---|
";
