//! Random programs over the whole table: every mode computes the same. Random use of several tapes: each behaves
//! as if it were alone, and what is gone stays gone.

mod common;

use common::{panic_of, same};
use proptest::prelude::*;
use proptest::sample::Index;
use tapegrad::{
    Dual, Mark, Number, Tape, Var, preaccumulate, primitives,
    primitives::{Op, reductions},
};

/// One operation; its operands are any earlier results, brought into the domain of the row.
#[derive(Debug, Clone)]
struct Step {
    op: Op,
    operands: Vec<(Index, std::ops::Range<f64>)>,
}

fn step() -> impl Strategy<Value = Step> {
    let rows = primitives::all().map(|row| (row.op, row.domain.to_vec()));
    let lists = reductions().map(|op| (op, vec![-2.0..2.0; if op == Op::Affine { 5 } else { 4 }]));
    let rows: Vec<_> = rows.chain(lists).collect();
    (prop::sample::select(rows), prop::collection::vec(any::<Index>(), 5))
        .prop_map(|((op, domain), indices)| Step { op, operands: indices.into_iter().zip(domain).collect() })
}

fn program() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..12)
}

fn inputs() -> impl Strategy<Value = [f64; 3]> {
    prop::array::uniform3(-2.0..2.0)
}

/// The middle and the half length of an interval, a little shortened.
fn middle_and_half(domain: &std::ops::Range<f64>) -> (f64, f64) {
    ((domain.start + domain.end) / 2.0, (domain.end - domain.start) / 2.0 * 0.99)
}

/// Runs the program; the result depends on all of its steps.
fn run<R: Number>(program: &[Step], inputs: &[R; 3]) -> R {
    let mut results = inputs.to_vec();
    for Step { op, operands } in program {
        let args: Vec<R> = operands
            .iter()
            .map(|(index, domain)| {
                let (middle, half) = middle_and_half(domain);
                index.get(&results).sin() * half + middle
            })
            .collect();
        results.push(op.value(&args).unwrap());
    }
    results.into_iter().reduce(|total, result| total + result).unwrap()
}

/// The gradient by the chain rule written out: a row of derivatives per result. Also the same with all terms
/// positive, which bounds what rounding can do.
fn oracle(program: &[Step], inputs: &[f64; 3]) -> [[f64; 2]; 3] {
    let mut results = inputs.to_vec();
    let unit = |k: usize| std::array::from_fn(|input| [f64::from(k == input); 2]);
    let mut rows: Vec<[[f64; 2]; 3]> = (0..3).map(unit).collect();
    for Step { op, operands } in program {
        let used = |index: &Index| index.index(results.len());
        let (args, slopes): (Vec<f64>, Vec<f64>) = operands
            .iter()
            .map(|(index, domain)| {
                let (middle, half) = middle_and_half(domain);
                let (sin, cos) = results[used(index)].sin_cos();
                (sin * half + middle, cos * half)
            })
            .unzip();
        let y = op.value(&args).unwrap();
        let partials = op.partials(&args, y).unwrap();
        let mut row = [[0.0; 2]; 3];
        for ((partial, slope), (index, _)) in partials.iter().zip(slopes).zip(operands) {
            for (sum, behind) in row.iter_mut().zip(rows[used(index)]) {
                sum[0] += partial * slope * behind[0];
                sum[1] += (partial * slope * behind[1]).abs();
            }
        }
        results.push(y);
        rows.push(row);
    }
    let mut total = [[0.0; 2]; 3];
    for row in rows {
        for (total, [derivative, size]) in total.iter_mut().zip(row) {
            total[0] += derivative;
            total[1] += size;
        }
    }
    total
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn first_derivatives_in_all_modes(program in program(), at in inputs()) {
        let expected = oracle(&program, &at);
        let value = run(&program, &at);
        let tape = Tape::new();
        let vars = tape.vars(at);
        let y = run(&program, &vars);
        let forward = run(&program, &Dual::<f64, 3>::variables(at));
        let fused = preaccumulate(vars, |x| run(&program, &x));
        prop_assert!(same(y.value(), value) && same(forward.primal(), value) && same(fused.value(), value));
        let reverse = y.backward().wrt(vars);
        let fused = fused.backward();
        for k in 0..3 {
            let [expected, size] = expected[k];
            for derivative in [reverse[k], forward.tangent(k), fused.get(vars[k]).unwrap_or(0.0)] {
                prop_assert!((derivative - expected).abs() <= 1e-12 * size, "{}: {}, {}", k, derivative, expected);
            }
        }
        // With some inputs constant, the derivatives by the others are the same bits.
        let [x, c, d] = [tape.var(at[0]), Var::from(at[1]), Var::from(at[2])];
        let y = run(&program, &[x, c, d]);
        prop_assert!(same(y.backward()[x], reverse[0]), "{} {}", y.backward()[x], reverse[0]);
        // As many directions as there may be change nothing.
        let wide = run(&program, &[0, 1, 2].map(|k| Dual::<f64, 64>::variable(at[k], k)));
        for k in 0..64 {
            let expected = if k < 3 { forward.tangent(k) } else { 0.0 };
            prop_assert_eq!(wide.tangent(k), expected, "direction {}", k);
        }
    }

    #[test]
    fn second_derivatives_in_all_modes(program in program(), at in inputs()) {
        let nested = run(&program, &Dual::<Dual<f64, 3>, 3>::variables(Dual::variables(at)));
        let largest = nested.tangents().iter().flat_map(|row| row.tangents()).fold(1.0, |a: f64, b| a.max(b.abs()));
        // A program may be so steep that no digit is left.
        prop_assume!(oracle(&program, &at).iter().all(|[_, size]| *size < 1e4) && largest < 1e8);
        let tolerance = 1e-7 * largest;
        for tape in [Tape::new(), Tape::recording()] {
            let vars = tape.vars(at);
            let recorded = run(&program, &Dual::<Var, 3>::variables(vars));
            for i in 0..3 {
                let g = recorded.tangent(i).backward();
                for j in 0..3 {
                    let expected = nested.tangent(i).tangent(j);
                    let of_tape = g.get(vars[j]).unwrap_or(0.0);
                    prop_assert!((of_tape - expected).abs() <= tolerance, "{} {}: {}, {}", i, j, of_tape, expected);
                    let transposed = nested.tangent(j).tangent(i);
                    prop_assert!((transposed - expected).abs() <= tolerance, "{} {}: not symmetric", i, j);
                }
            }
        }
    }
}

/// What is done with several tapes.
#[derive(Debug, Clone)]
enum Action {
    New { keep_lines: bool, for_gradients: bool },
    Leaf(f64),
    Apply(usize, [Index; 3]),
    Mark,
    Rewind(Index),
    Clear,
    Gradient(Index),
    UseGone(Index, Index),
    Mix(usize, Index, Index),
}

fn action() -> impl Strategy<Value = (usize, Action)> {
    let index = any::<Index>;
    let action = prop_oneof![
        1 => any::<[bool; 2]>().prop_map(|[keep_lines, for_gradients]| Action::New { keep_lines, for_gradients }),
        4 => (-2.0..2.0).prop_map(Action::Leaf),
        12 => (0..KINDS, [index(), index(), index()]).prop_map(|(kind, of)| Action::Apply(kind, of)),
        3 => Just(Action::Mark),
        3 => index().prop_map(Action::Rewind),
        1 => Just(Action::Clear),
        3 => index().prop_map(Action::Gradient),
        2 => (index(), index()).prop_map(|(gone, with)| Action::UseGone(gone, with)),
        1 => (0..3usize, index(), index()).prop_map(|(other, a, b)| Action::Mix(other, a, b)),
    ];
    (0..3usize, action)
}

/// How a node came about, by places in the order of the tape.
#[derive(Debug, Clone)]
enum Origin {
    Leaf(f64),
    Apply(usize, [usize; 3]),
}

/// A tape, and what we know of it.
struct Model {
    tape: Tape,
    nodes: Vec<(Var, Origin)>,
    marks: Vec<(Mark, usize)>,
}

impl Model {
    /// Without lines, recording takes its quick path, in debug builds too.
    fn new([keep_lines, for_gradients]: [bool; 2]) -> Model {
        let tape = if for_gradients { Tape::for_gradients() } else { Tape::new() };
        tape.keep_lines(keep_lines);
        Model { tape, nodes: Vec::new(), marks: Vec::new() }
    }

    fn vars(&self) -> impl Iterator<Item = Var> {
        self.nodes.iter().map(|node| node.0)
    }

    /// The same nodes on a tape of their own.
    fn rebuilt(&self) -> (Tape, Vec<Var>) {
        let tape = Tape::new();
        let mut vars: Vec<Var> = Vec::new();
        for (_, origin) in &self.nodes {
            vars.push(match *origin {
                Origin::Leaf(value) => tape.var(value),
                Origin::Apply(kind, of) => apply(kind, of.map(|k| vars[k])),
            });
        }
        (tape, vars)
    }
}

/// How many kinds of operation there are.
const KINDS: usize = 7;

fn apply(kind: usize, [a, b, c]: [Var; 3]) -> Var {
    match kind {
        0 => a + b,
        1 => a * b,
        2 => a.max(b).sin(),
        3 => tapegrad::lists::sum(&[a, b, c, a]),
        4 => preaccumulate([a, b, c, b, a], |[a, b, c, d, e]| a * b + c * d * e),
        5 => preaccumulate([a, b, c, c], |[a, b, c, d]| (a - b).max(c / d)),
        _ => a.select(b, c),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(250) })]

    #[test]
    fn several_tapes_at_random(actions in prop::collection::vec(action(), 1..80)) {
        let mut models = [[false, false], [true, false], [false, true]].map(Model::new);
        let mut gone: Vec<Var> = Vec::new();
        for (who, action) in actions {
            let model = &mut models[who];
            match action {
                Action::New { keep_lines, for_gradients } => {
                    gone.extend(model.vars());
                    *model = Model::new([keep_lines, for_gradients]);
                }
                Action::Leaf(value) => model.nodes.push((model.tape.var(value), Origin::Leaf(value))),
                Action::Apply(kind, of) if !model.nodes.is_empty() => {
                    let of = of.map(|index| index.index(model.nodes.len()));
                    let before = model.tape.len();
                    let y = apply(kind, of.map(|k| model.nodes[k].0));
                    // `max` and `sin` are two nodes; the model knows them as one.
                    prop_assert_eq!(model.tape.len(), before + if kind == 2 { 2 } else { 1 });
                    model.nodes.push((y, Origin::Apply(kind, of)));
                }
                Action::Mark => model.marks.push((model.tape.mark(), model.nodes.len())),
                Action::Rewind(to) if !model.marks.is_empty() => {
                    let k = to.index(model.marks.len());
                    let (mark, len) = model.marks[k];
                    model.tape.rewind(mark);
                    gone.extend(model.nodes.drain(len..).map(|node| node.0));
                    model.marks.truncate(k + 1);
                }
                Action::Clear => {
                    gone.extend(model.vars());
                    model.tape.clear();
                    (model.nodes, model.marks) = (Vec::new(), Vec::new());
                }
                Action::Gradient(of) if !model.nodes.is_empty() => {
                    let of = of.index(model.nodes.len());
                    let g = model.nodes[of].0.backward();
                    let (_tape, vars) = model.rebuilt();
                    let expected = vars[of].backward();
                    for (k, (var, twin)) in model.vars().zip(&vars).enumerate() {
                        prop_assert!(same(var.value(), twin.value()));
                        prop_assert_eq!(g.get(var).map(f64::to_bits), expected.get(*twin).map(f64::to_bits));
                        prop_assert_eq!(g.get(var).is_some(), k <= of);
                    }
                    prop_assert!(gone.iter().all(|&var| g.get(var).is_none()));
                    let others = models.iter().enumerate().filter(|(other, _)| *other != who);
                    prop_assert!(others.flat_map(|(_, model)| model.vars()).all(|var| g.get(var).is_none()));
                }
                Action::UseGone(which, with) if !gone.is_empty() => {
                    let gone = *which.get(&gone);
                    let with = model.nodes.get(with.index(model.nodes.len() + 1)).map_or(Var::from(1.0), |node| node.0);
                    let before = model.tape.len();
                    for kind in 0..KINDS {
                        let panic = panic_of(|| apply(kind, [with, gone, with]));
                        prop_assert!(panic.message.contains("on no tape of this thread"), "{:?}", panic);
                    }
                    prop_assert_eq!(model.tape.len(), before);
                }
                Action::Mix(other, a, b) if other != who => {
                    let [first, second] = [who, other].map(|k| &models[k].nodes);
                    if let ([_, ..], [_, ..]) = (&first[..], &second[..]) {
                        let panic = panic_of(|| a.get(first).0 + b.get(second).0);
                        prop_assert!(panic.message.contains("two tapes"), "{}", panic.message);
                    }
                }
                // Nothing is there yet that it could be done with.
                _ => {}
            }
            for model in &models {
                prop_assert!(model.vars().all(|var| model.tape.owns(var)));
            }
        }
    }
}
