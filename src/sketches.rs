//! How later parts will use the core, in small: a recorded function, a pass through a network, lanes.

use crate::number::operators::impl_number;
use crate::table::hooks::Hooks;
use crate::table::number::{Lists, Read, Reduction};
use crate::table::ops::for_each_primitive;
use crate::tape::FIRST;
use crate::view::SourceLine;
use crate::{
    Dual, Number, Real, Tape, Var, gradient,
    lists::{affine, log_sum_exp},
    masks::lt,
    primitives::Op,
    view::{Guard, Node, Operand, Predicate},
};

/// A recording as a function of its inputs: the nodes of a recording tape, evaluated over any number.
struct Recorded {
    rows: Vec<Node>,
    guards: Vec<Guard>,
    output: Operand,
}

/// The line of a decision that turned out differently than in the recording.
#[derive(Debug, PartialEq)]
struct BranchChanged(SourceLine);

impl Recorded {
    fn new<const N: usize>(at: [f64; N], f: impl FnOnce([Var; N]) -> Var) -> Result<Self, crate::Error> {
        let tape = Tape::recording();
        let inputs = tape.vars(at);
        let output = f(inputs);
        tape.function(&inputs, &[output])?;
        let output = match tape.with(|tape| tape.find(output)) {
            Some(index) if index as usize >= FIRST => Operand::Node(index as usize - FIRST),
            _ => Operand::Constant(output.value),
        };
        Ok(Recorded { rows: tape.listing().nodes, guards: tape.guards(), output })
    }

    /// The value at another point. `holds` answers a question over this kind of number.
    fn eval<R: Number>(
        &self,
        x: &[R],
        holds: impl Fn(Predicate, R, R, bool) -> bool,
    ) -> Result<R, BranchChanged> {
        let mut values = x.to_vec();
        let mut guards = self.guards.iter().peekable();
        let at = |values: &[R], operand: &Operand| match *operand {
            Operand::Constant(value) => R::constant(value),
            Operand::Node(index) => values[index],
        };
        for known in x.len()..=self.rows.len() {
            while let Some(guard) = guards.next_if(|guard| guard.nodes <= known) {
                let (left, right) = (at(&values, &guard.left), at(&values, &guard.right));
                if !holds(guard.predicate, left, right, guard.outcome) {
                    return Err(BranchChanged(guard.at.clone()));
                }
            }
            if let Some(row) = self.rows.get(known) {
                let operands: Vec<R> = row.operands.iter().map(|operand| at(&values, operand)).collect();
                values.push(row.op.value(&operands).expect("a row of the table"));
            }
        }
        Ok(at(&values, &self.output))
    }
}

fn decide<R: Real>(predicate: Predicate, left: R, right: R, outcome: bool) -> bool {
    predicate.holds(left.value(), right.value()) == outcome
}

/// Uses a branch, a mask, a parameter, constants on both sides, lists and a stopped gradient.
fn sample<R: Real>([x, y]: [R; 2]) -> R {
    let z = if x * y > 0.5 { (x / y).tanh() } else { x.exp() };
    let z = lt(x, 2.0).select(z.powi(3) + y.atan2(x), x) * R::constant(2.0) - y.stop_gradient().max(0.25);
    affine(&[x, y, z], &[0.5, -0.25, 1.5], log_sum_exp(&[x, y, z]))
}

#[test]
fn a_recording_is_replayed_over_other_numbers() {
    let f = Recorded::new([0.9, 0.7], sample).unwrap();
    for x in [[0.9, 0.7], [1.5, 0.8], [3.0, 0.2]] {
        assert_eq!(f.eval(&x, decide), Ok(sample(x)), "bit for bit");

        let forward = f.eval(&Dual::<f64, 2>::variables(x), decide).unwrap();
        assert_eq!(forward.tangents(), sample(Dual::variables(x)).tangents());

        // Over variables the replay is recorded in its turn: the gradient of a function that was called.
        let tape = Tape::new();
        let vars = tape.vars(x);
        let result = f.eval(&vars, decide).unwrap();
        assert_eq!(result.backward().wrt(vars), gradient(sample, x));
    }
}

#[test]
fn a_replay_across_a_branch_is_refused_with_its_line() {
    let f = Recorded::new([0.9, 0.7], sample).unwrap();
    let Err(BranchChanged(at)) = f.eval(&[0.9, 0.1], decide) else { panic!("the other branch's number") };
    assert!(at.file().ends_with("sketches.rs"));

    let of_lanes = f.eval(&[Lanes([0.9, 0.9, 1.0, 1.0]), Lanes([0.7, 0.8, 0.1, 0.9])], decide_in_all_lanes);
    assert_eq!(of_lanes, Err(BranchChanged(at)));

    let identity_above_zero = Recorded::new([1.0], |[x]| if x > 0.0 { x } else { Var::from(0.0) }).unwrap();
    assert_eq!(identity_above_zero.eval(&[2.0], decide), Ok(2.0));
    assert!(identity_above_zero.eval(&[-2.0], decide).is_err());
}

#[test]
fn what_a_replay_cannot_see_through_is_refused() {
    let read = Recorded::new([0.9], |[x]| x * x.value());
    assert!(matches!(read, Err(crate::Error::ValueRead { .. })));
    let opaque = Recorded::new([0.9], |[x]| crate::preaccumulate([x], |[x]| x * x));
    assert!(matches!(opaque, Err(crate::Error::Opaque { .. })));
}

/// Every row of the table, recorded and replayed: the same bits over f64, in lanes and in a dual number.
#[test]
fn every_row_replays_bit_for_bit() {
    for row in crate::primitives::all() {
        for at in [0.13, 0.37, 0.59, 0.91] {
            let x: Vec<f64> = row.domain.iter().map(|on| on.start + at * (on.end - on.start)).collect();
            assert_replays(row.op, &x);
        }
    }
    for op in crate::primitives::reductions() {
        // Of an odd number of operands, the last is an offset.
        let x = [0.3, -0.7, 1.9, 0.6, 2.2];
        assert_replays(op, if op == Op::Affine { &x } else { &x[..4] });
    }
}

fn assert_replays(op: Op, x: &[f64]) {
    let tape = Tape::recording();
    let recorded = op.value(&tape.vars(x)).unwrap().value;
    let Node { op: noted, operands, .. } = tape.listing().nodes.pop().unwrap();
    assert_eq!((noted, operands), (op, (0..x.len()).map(Operand::Node).collect()));

    assert_eq!(op.value(x).unwrap(), recorded, "{op} at {x:?}");
    let lanes: Vec<_> = x.iter().map(|&x| Lanes([x; 4])).collect();
    assert_eq!(op.value(&lanes).unwrap().0, [recorded; 4], "{op} in lanes at {x:?}");
    let duals: Vec<_> = x.iter().map(|&x| <Dual>::constant(x)).collect();
    assert_eq!(op.value(&duals).unwrap().primal(), recorded, "{op} in a dual at {x:?}");
}

/// Also where the compiler knows the numbers and could compute a power of its own.
#[test]
fn constants_are_computed_as_a_replay_would() {
    let x = Var::from(1.1).powi(31).value();
    assert_eq!(x, Op::Powi(31).value(&[std::hint::black_box(1.1)]).unwrap());
    assert_eq!(x, <Dual>::from(1.1).powi(31).primal());
}

/// Four samples at once: a further kind of number, whose rows come from the macro.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Lanes([f64; 4]);

impl From<f64> for Lanes {
    fn from(constant: f64) -> Lanes {
        Lanes([constant; 4])
    }
}

macro_rules! lane_by_lane {
    ($Op:ident $name:ident ($($arg:ident),*) ($($n:ident)?)) => {
        Lanes(std::array::from_fn(|lane| {
            Op::$Op $(($n))?.value(&[$($arg.0[lane]),*]).expect("a row of the table")
        }))
    };
}
for_each_primitive!(impl_number [] [Lanes, inline, inline] lane_by_lane {
    fn reduce<K: Reduction, A: Copy, B: Copy>(lists: Lists<'_, A, B>, read: impl Read<A, B, Lanes>) -> Lanes {
        Lanes(std::array::from_fn(|lane| {
            let first = move |item: A| read.first(item).0[lane];
            K::value(lists, (first, move |item: B| read.second(item).0[lane]))
        }))
    }
});

impl Hooks for Lanes {}

fn decide_in_all_lanes(predicate: Predicate, left: Lanes, right: Lanes, outcome: bool) -> bool {
    left.0.iter().zip(right.0).all(|(&left, right)| predicate.holds(left, right) == outcome)
}

#[test]
fn lanes_evaluate_samples_side_by_side() {
    let samples = [[0.9, 0.7], [1.5, 0.8], [1.9, 0.6], [2.5, 0.4]];
    let x = [Lanes(samples.map(|[x, _]| x)), Lanes(samples.map(|[_, y]| y))];
    let f = Recorded::new([0.9, 0.7], sample).unwrap();
    assert_eq!(f.eval(&x, decide_in_all_lanes).unwrap().0, samples.map(sample));

    // Tangents in lanes: the derivatives of four samples in one go.
    let y = f.eval(&Dual::<Lanes, 2>::variables(x), |predicate, left, right, outcome| {
        decide_in_all_lanes(predicate, left.primal(), right.primal(), outcome)
    });
    let [by_x, by_y] = y.unwrap().tangents();
    for (lane, sample_at) in samples.into_iter().enumerate() {
        assert_eq!([by_x.0[lane], by_y.0[lane]], sample(Dual::variables(sample_at)).tangents());
    }

    // Rows of one operand and of many; a program that is written for any number needs no recording.
    let (sin, cos) = x[0].sin_cos();
    assert_eq!((sin * cos).0, samples.map(|[x, _]| x.sin() * x.cos()));
    assert_eq!(log_sum_exp(&x).0, samples.map(|sample| log_sum_exp(&sample)));

    // The partials of one node, lane by lane: what a sweep over lanes multiplies with.
    let [a, b] = x;
    let partials = Op::Atan2.partials(&[a, b], a.atan2(b)).unwrap();
    for (lane, [a, b]) in samples.into_iter().enumerate() {
        let expected = Op::Atan2.partials(&[a, b], a.atan2(b)).unwrap();
        assert_eq!(partials.iter().map(|by| by.0[lane]).collect::<Vec<_>>(), expected.to_vec());
    }
}

/// A layer of neurons. The model holds plain numbers, so that it can be kept, saved and sent to other
/// threads; `bind` puts them on a tape for one pass.
struct Layer<R = f64> {
    weights: Vec<Vec<R>>,
    biases: Vec<R>,
}

/// What a pass leaves: net inputs and outputs of a layer.
struct Pass<R> {
    net: Vec<R>,
    out: Vec<R>,
}

impl Layer {
    fn bind(&self, tape: &Tape) -> Layer<Var> {
        Layer {
            weights: self.weights.iter().map(|row| tape.vars(row)).collect(),
            biases: tape.vars(&self.biases),
        }
    }
}

impl<R: Real> Layer<R> {
    fn forward(&self, x: &[R]) -> Pass<R> {
        let net: Vec<R> = self
            .weights
            .iter()
            .zip(&self.biases)
            .map(|(row, &bias)| row.iter().zip(x).fold(bias, |sum, (&w, &x)| sum + w * x))
            .collect();
        let out = net.iter().map(|a| a.tanh()).collect();
        Pass { net, out }
    }
}

fn squared_error<R: Real>(out: &[R], target: &[f64]) -> R {
    out.iter().zip(target).map(|(&o, &t)| (o - t).powi(2)).sum::<R>() * 0.5
}

#[test]
fn a_network_of_plain_numbers_is_bound_to_a_tape_for_one_pass() {
    let net = [
        Layer {
            weights: vec![vec![0.3, -0.2], vec![0.1, 0.4], vec![-0.5, 0.2]],
            biases: vec![0.1, 0.0, -0.1],
        },
        Layer { weights: vec![vec![0.2, -0.4, 0.6]], biases: vec![0.05] },
    ];
    let (input, target) = ([0.7, -0.3], [0.25]);

    // Over plain numbers: prediction.
    let plain = net.iter().fold(input.to_vec(), |x, layer| layer.forward(&x).out);

    // Over variables: training. Inputs are constants and cost no node.
    let tape = Tape::new();
    let bound: Vec<_> = net.iter().map(|layer| layer.bind(&tape)).collect();
    let hidden = bound[0].forward(&input.map(Var::from));
    let output = bound[1].forward(&hidden.out);
    assert_eq!(output.out, plain, "bit for bit");
    let g = squared_error(&output.out, &target).backward();

    // Node deltas ∂J/∂a of every layer, by the engine and by hand.
    let slope = |out: &Var| 1.0 - out.value().powi(2);
    let delta = (output.out[0].value() - target[0]) * slope(&output.out[0]);
    approx::assert_relative_eq!(g[output.net[0]], delta, max_relative = 1e-14);
    for j in 0..3 {
        let by_hand = delta * net[1].weights[0][j] * slope(&hidden.out[j]);
        approx::assert_relative_eq!(g[hidden.net[j]], by_hand, max_relative = 1e-14);
        // A weight's gradient is its node's delta times its input; a bias's the delta itself.
        assert_eq!(g[bound[0].biases[j]], g[hidden.net[j]]);
        let by_weights = g.wrt(&bound[0].weights[j]);
        assert_eq!(by_weights, input.map(|x| x * g[hidden.net[j]]));
    }
}

/// A model with its tape's variables in it goes into structs and to other threads as it is.
#[test]
fn nothing_has_a_lifetime() {
    fn assert_bounds<T: Send + Sync + 'static>() {}
    assert_bounds::<Layer<Var>>();
    assert_bounds::<Recorded>();
    assert_bounds::<crate::Gradient>();
}
