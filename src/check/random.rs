//! Random expressions, and how a failing one shrinks.

use super::expression::{Expression, Operand, Step};
use super::{Verdict, check_gradient_by_hand};
use crate::table::ops::{Op, Primitive, primitives, reductions};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::{NewTree, Union, ValueTree};
use proptest::test_runner::TestRunner;
use std::ops::Range;
use std::sync::LazyLock;

/// What [`arbitrary_expression`] draws from.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpressionOptions {
    /// How many variables there are.
    pub inputs: usize,
    /// The interval in which the variables will be.
    pub range: Range<f64>,
    /// The largest number of steps drawn; steps that the result does not depend on are removed.
    pub steps: usize,
    /// Rows with kinks and jumps: `abs`, `max`, `floor`.
    pub piecewise: bool,
    /// Operations over lists: `sum`, `dot`, `log_sum_exp`.
    pub reductions: bool,
    /// Comparisons with `select`.
    pub selects: bool,
    /// Branches, `if a < b`.
    pub branches: bool,
}

impl Default for ExpressionOptions {
    /// Three variables in −2..2, 12 steps, and everything except branches.
    fn default() -> Self {
        ExpressionOptions {
            inputs: 3,
            range: -2.0..2.0,
            steps: 12,
            piecewise: true,
            reductions: true,
            selects: true,
            branches: false,
        }
    }
}

/// The interval of operands of reductions, which keeps results bounded, also where they are operands again.
const LIST_RANGE: Range<f64> = -2.0..2.0;

/// The rows whose partials are the derivatives of their values. The row that stops a derivative is excluded:
/// differences show it, so that no code has to name it.
static ROWS: LazyLock<Vec<&'static Primitive>> = LazyLock::new(|| {
    let is_derivative = |row: &&Primitive| {
        let x: Vec<f64> = row.domain.iter().map(|on| 0.37 * on.start + 0.63 * on.end).collect();
        let value = |x: &[f64]| row.op.value(x).unwrap_or(f64::NAN);
        let partials = row.op.partials(&x, value(&x)).unwrap_or_default();
        let report = check_gradient_by_hand(value, &partials, &x);
        report.entries.iter().all(|entry| entry.verdict != Verdict::Mismatch)
    };
    primitives().filter(|row| !row.op.is_piecewise() || is_derivative(row)).collect()
});

/// Random programs over the whole table: shared results, constants, operations over lists, every operation
/// inside its domain. A failing one shrinks to few and simple steps, and prints as Rust code.
///
/// ```
/// use proptest::prelude::*;
/// use tapegrad::check::{arbitrary_expression, in_box};
/// use tapegrad::{Dual, gradient};
///
/// proptest! {
///     # #![proptest_config(ProptestConfig { failure_persistence: None, cases: 16, ..Default::default() })]
///     fn reverse_is_forward(
///         f in arbitrary_expression(Default::default()),
///         x in [-2.0..2.0_f64, -2.0..2.0, -2.0..2.0],
///     ) {
///         let reverse = gradient(|x| f.evaluate(&x), x);
///         let forward = f.evaluate(&Dual::variables(x)).tangents();
///         for k in 0..3 {
///             prop_assert!((reverse[k] - forward[k]).abs() <= 1e-9 * (1.0 + forward[k].abs()), "{}", f);
///         }
///     }
/// }
/// reverse_is_forward();
/// ```
///
/// # Panics
/// If `options.inputs` is 0.
pub fn arbitrary_expression(options: ExpressionOptions) -> impl Strategy<Value = Expression> + Clone {
    assert!(options.inputs > 0, "an expression needs a variable");
    let draws = proptest::collection::vec(draw(&options), 1..=options.steps.max(1)).boxed();
    Programs { options, draws }
}

#[derive(Debug, Clone)]
struct Programs {
    options: ExpressionOptions,
    draws: BoxedStrategy<Vec<Draw>>,
}

impl Strategy for Programs {
    type Tree = Shrinking;
    type Value = Expression;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let draws = self.draws.new_tree(runner)?.current();
        let smallest = assemble(&self.options, &draws);
        Ok(Shrinking { candidate: smallest.clone(), smallest, tried: 0 })
    }
}

/// A failing expression, and a smaller one that is being tried.
#[derive(Debug, Clone)]
struct Shrinking {
    smallest: Expression,
    candidate: Expression,
    tried: usize,
}

impl ValueTree for Shrinking {
    type Value = Expression;

    fn current(&self) -> Expression {
        self.candidate.clone()
    }

    fn simplify(&mut self) -> bool {
        self.smallest = self.candidate.clone();
        self.tried = 0;
        self.complicate()
    }

    fn complicate(&mut self) -> bool {
        let next = smaller(&self.smallest).nth(self.tried);
        self.tried += 1;
        self.candidate = next.clone().unwrap_or_else(|| self.smallest.clone());
        next.is_some()
    }
}

/// Expressions with fewer steps: those that end at an earlier step, and those with one of its operands in place of
/// some step.
fn smaller(expression: &Expression) -> impl Iterator<Item = Expression> {
    let Expression { inputs, steps } = expression;
    let up_to = |k: usize| Expression { inputs: *inputs, steps: steps[..=k].to_vec() }.pruned();
    let without = move |k: usize| {
        let mut sources = Vec::new();
        let (last, place) = (k + 1 == steps.len(), inputs + k);
        steps[k].clone().for_each_source(|source| sources.push(*source));
        sources.into_iter().filter(move |_| !last).map(move |source| {
            let mut steps = steps.clone();
            for step in &mut steps[k + 1..] {
                step.for_each_source(|from| *from = if *from == place { source } else { *from });
            }
            // The step itself is left to `pruned`.
            Expression { inputs: *inputs, steps }.pruned()
        })
    };
    let prefixes = (0..steps.len() - 1).map(up_to);
    prefixes.chain((0..steps.len()).flat_map(without))
}

/// A step as drawn, before the steps that its operands may refer to are known.
#[derive(Debug, Clone)]
enum Draw {
    Constant(f64),
    Row(Index, Vec<Index>),
    List(Index, Vec<Index>),
    Choose(bool, Vec<Index>),
}

fn draw(options: &ExpressionOptions) -> impl Strategy<Value = Draw> + Clone + use<> {
    let operands = |count| proptest::collection::vec(any::<Index>(), count);
    let constant = (-32..=32).prop_map(|eighths| Draw::Constant(f64::from(eighths) / 8.0));
    let row = (any::<Index>(), operands(3..=3)).prop_map(|(row, operands)| Draw::Row(row, operands));
    let list = (any::<Index>(), operands(1..=7)).prop_map(|(row, operands)| Draw::List(row, operands));
    let choose = |branch| operands(4..=4).prop_map(move |operands| Draw::Choose(branch, operands)).boxed();
    // The kinds of step, each with its weight.
    let mut draws = vec![(2, constant.boxed()), (10, row.boxed())];
    draws.extend(options.reductions.then(|| (2, list.boxed())));
    draws.extend(options.selects.then(|| (1, choose(false))));
    draws.extend(options.branches.then(|| (1, choose(true))));
    Union::new_weighted(draws)
}

fn assemble(options: &ExpressionOptions, draws: &[Draw]) -> Expression {
    let rows: Vec<&Primitive> =
        ROWS.iter().copied().filter(|row| options.piecewise || !row.op.is_piecewise()).collect();
    let lists: Vec<Op> = reductions().collect();
    let mut steps: Vec<Step> = Vec::new();
    for draw in draws {
        let available = options.inputs + steps.len();
        let operand = |index: &Index, into: &Range<f64>| {
            let from = index.index(available);
            let is_inside = match from.checked_sub(options.inputs).map(|step| &steps[step]) {
                None => into.start <= options.range.start && options.range.end <= into.end,
                Some(Step::Constant(constant)) => into.contains(constant),
                Some(_) => false,
            };
            Operand { from, into: (!is_inside).then(|| into.clone()) }
        };
        let step = match draw {
            Draw::Constant(constant) => Step::Constant(*constant),
            Draw::Row(row, indices) => {
                let row = rows[row.index(rows.len())];
                let operands = indices.iter().zip(row.domain).map(|(index, on)| operand(index, on)).collect();
                Step::Apply { op: row.op, operands }
            }
            Draw::List(row, indices) => {
                let op = lists[row.index(lists.len())];
                let [lists, single] = op.lists().expect("a reduction");
                let count = indices.len().saturating_sub(single) / lists * lists + single;
                let indices = indices.iter().cycle().take(count.max(lists + single));
                let operands = indices.map(|index| operand(index, &LIST_RANGE)).collect();
                Step::Apply { op, operands }
            }
            Draw::Choose(branch, indices) => {
                let [left, right, yes, no] = [0, 1, 2, 3].map(|k| indices[k].index(available));
                Step::Choose { branch: *branch, left, right, yes, no }
            }
        };
        steps.push(step);
    }
    Expression { inputs: options.inputs, steps }.pruned()
}
