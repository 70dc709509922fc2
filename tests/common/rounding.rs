//! How far two right answers may differ: what rounding makes of the values and derivatives of a program at a point,
//! step by step, from its rows alone.
//!
//! Derivatives that are taken from the same values differ by the rounding of sums and products, which is relative to
//! the sizes of all terms of the chain rule. Where the values themselves are rounded otherwise (single precision,
//! kernels, other orders of summation) each row is also evaluated at the ends of what its operands may be, so that
//! kinks, jumps and poles are seen where they are near enough to matter.

use tapegrad::{
    Dual, Tape, Var,
    primitives::Op,
    view::{Operand, Predicate},
};

/// The most inputs of a program.
pub const N: usize = 3;

/// The most operands of a row whose second derivatives are looked at.
const MOST: usize = 8;

/// What numbers are rounded to.
#[derive(Clone, Copy, PartialEq)]
pub struct Precision {
    /// How far a row may be off, relative to its value; 0 where the values are the same bits.
    unit: f64,
    /// Numbers below count as lost.
    tiny: f64,
    /// Powers of ten that products of partials may span before they may overflow.
    range: f64,
}

/// The same values, and double precision in sums of derivatives.
pub const SAME_VALUES: Precision = Precision { unit: 0.0, tiny: 0.0, range: 280.0 };
pub const DOUBLE: Precision = Precision { unit: 1e-15, tiny: 1e-290, range: 280.0 };
pub const SINGLE: Precision = Precision { unit: 6e-7, tiny: 1e-34, range: 30.0 };

impl Precision {
    fn lost(self, value: f64) -> f64 {
        if self.unit == 0.0 || value == 0.0 || !value.is_finite() {
            0.0
        } else if value.abs().log10() > self.range {
            f64::INFINITY
        } else {
            self.unit * value.abs() + self.tiny
        }
    }
}

/// What is known of one output.
#[derive(Clone, Debug)]
pub struct Bound<const M: usize = N> {
    /// By how much the value may be off.
    pub value: f64,
    /// By how much each derivative may be off; not finite where that cannot be told.
    pub slopes: [f64; M],
    /// The same for second derivatives.
    pub curvatures: [[f64; M]; M],
    /// The powers of ten that products of partials span, on the way to the derivative by an input.
    pub spans: [f64; M],
    /// How many may be spanned before something may overflow or underflow.
    pub range: f64,
}

impl<const M: usize> Bound<M> {
    /// Whether something may overflow or underflow on the way to the derivative by an input, or by two.
    pub fn is_extreme(&self, inputs: &[usize]) -> bool {
        let span: f64 = inputs.iter().map(|&k| self.spans[k]).sum();
        span.is_nan() || span > self.range
    }
}

pub struct Rounding<const M: usize = N> {
    /// Where a comparison may turn out differently.
    pub is_fragile: bool,
    /// Where differences cannot be held against a derivative: at a kink or a jump, or beside one.
    pub is_rough: bool,
    /// Whether a derivative is cut off on purpose.
    pub is_cut: bool,
    pub outputs: Vec<Bound<M>>,
}

/// What is known of a step.
#[derive(Clone, Copy)]
struct Node<const M: usize> {
    value: f64,
    error: f64,
    /// The sum of the sizes of all terms of the chain rule, per input; 0 where it does not reach.
    sizes: [f64; M],
    /// What uncertain partials make of the derivative.
    errors: [f64; M],
    /// The powers of ten that products of partials span; −∞ where the input does not reach.
    spans: [f64; M],
    /// The sizes of all terms of second derivatives, and what is lost in them.
    second: [[[f64; 2]; M]; M],
}

impl<const M: usize> Node<M> {
    fn constant(value: f64, error: f64) -> Self {
        let second = [[[0.0; 2]; M]; M];
        Node { value, error, sizes: [0.0; M], errors: [0.0; M], spans: [f64::NEG_INFINITY; M], second }
    }
}

/// How far apart two results are; infinitely, where only one is finite.
fn apart(a: f64, b: f64) -> f64 {
    if a == b || a.is_nan() && b.is_nan() {
        return 0.0;
    }
    let apart = (a - b).abs();
    if apart.is_nan() { f64::INFINITY } else { apart }
}

/// The product of sizes, of which 0 is structural.
fn times(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { a.abs() * b.abs() }
}

/// The value of a row; bounds that moved past each other are refused, and count as no number.
fn value(op: Op, x: &[f64]) -> f64 {
    if op == Op::Clamp && x[1].partial_cmp(&x[2]).is_none_or(|order| order.is_gt()) {
        f64::NAN
    } else {
        op.value(x).unwrap()
    }
}

/// Whether the slope is 0 by convention.
fn is_kink(op: Op, x: &[f64]) -> bool {
    matches!(op, Op::Abs | Op::Relu) && x[0] == 0.0
}

/// The bounds at a point. With `second`, those of second derivatives too.
pub fn rounding(f: impl Fn(&[Var]) -> Vec<Var>, x: &[f64], precision: Precision, second: bool) -> Rounding {
    rounding_of(f, x, precision, second)
}

/// As [`rounding`], for programs of up to `M` inputs.
pub fn rounding_of<const M: usize>(
    f: impl Fn(&[Var]) -> Vec<Var>,
    x: &[f64],
    precision: Precision,
    second: bool,
) -> Rounding<M> {
    let tape = Tape::recording();
    let outputs = f(&tape.vars(x));
    let guards = tape.guards();
    // Behind them a node each, whose operand they are.
    let marks: Vec<Option<usize>> = outputs
        .iter()
        .map(|output| {
            let mark = tape.len();
            (!output.is_constant()).then(|| output.stop_gradient()).map(|_| mark)
        })
        .collect();
    let rows = tape.listing().nodes;
    let mut nodes: Vec<Node<M>> = Vec::with_capacity(rows.len());
    let mut all = Rounding { is_fragile: false, is_rough: false, is_cut: false, outputs: Vec::new() };
    let program = marks.iter().flatten().next().map_or(rows.len(), |first| *first);
    for (index, row) in rows.iter().enumerate().take(program) {
        let mut node = Node::constant(row.value, 0.0);
        if index < x.len() {
            (node.sizes[index], node.spans[index]) = (1.0, 0.0);
        } else {
            let operands: Vec<Node<M>> =
                row.operands.iter().map(|&operand| read(&nodes, operand, precision)).collect();
            let step = Step { op: row.op, operands: &operands, value: row.value, precision };
            step.look(&mut node, &mut all);
            if second {
                step.look_twice(&mut node);
            }
        }
        nodes.push(node);
    }
    for guard in guards {
        let [left, right] = [guard.left, guard.right].map(|operand| read(&nodes, operand, precision));
        let gap = apart(left.value, right.value);
        let is_of_one = !matches!(
            guard.predicate,
            Predicate::Less
                | Predicate::LessEqual
                | Predicate::Greater
                | Predicate::GreaterEqual
                | Predicate::Equal
                | Predicate::Compares(_)
        );
        all.is_fragile |= is_of_one || left.error + right.error > 0.0 && gap <= left.error + right.error;
        all.is_rough |= is_of_one || !gap.is_finite() || gap <= 1e-3 * (1.0 + left.value.abs());
    }
    let unit = precision.unit.max(2e-14);
    all.outputs = outputs
        .iter()
        .zip(marks)
        .map(|(output, mark)| {
            let operand = mark.map(|mark| rows[mark].operands[0]);
            let Node { error, sizes, errors, spans, second, .. } =
                read(&nodes, operand.unwrap_or(Operand::Constant(output.value())), precision);
            let bound =
                |size: f64, uncertain: f64, bound: f64| match (size.is_finite(), uncertain.is_finite()) {
                    (_, false) => f64::INFINITY,
                    // Something infinite is on the way: whatever is a number there has to be told from it exactly.
                    (false, true) => 0.0,
                    (true, true) => bound,
                };
            let slope =
                |k: usize| bound(sizes[k], errors[k], 64.0 * (unit * sizes[k] + errors[k]) + precision.tiny);
            Bound {
                value: 16.0 * error,
                slopes: std::array::from_fn(slope),
                curvatures: second
                    .map(|row| row.map(|[size, lost]| bound(size, lost, 1e-9 * size + 64.0 * lost))),
                spans,
                range: precision.range,
            }
        })
        .collect();
    all
}

fn read<const M: usize>(nodes: &[Node<M>], operand: Operand, precision: Precision) -> Node<M> {
    match operand {
        Operand::Node(node) => nodes[node],
        Operand::Constant(value) => Node::constant(value, precision.lost(value)),
    }
}

/// A row at what is known of its operands.
struct Step<'a, const M: usize> {
    op: Op,
    operands: &'a [Node<M>],
    value: f64,
    precision: Precision,
}

impl<const M: usize> Step<'_, M> {
    fn values(&self) -> Vec<f64> {
        self.operands.iter().map(|operand| operand.value).collect()
    }

    /// The operands with one of them, or all, moved by their errors or at least so much of their size; also to zeros and
    /// whole numbers on the way, where poles are.
    fn moved(&self, least: f64) -> Vec<Vec<f64>> {
        let by_of = |operand: &Node<M>| operand.error.max(least * operand.value.abs());
        let mut all = Vec::new();
        for (k, operand) in self.operands.iter().enumerate().filter(|(_, operand)| by_of(operand) > 0.0) {
            let (x, by) = (operand.value, by_of(operand));
            let whole = [0.0, -0.0, x.round()].into_iter().filter(|whole| (whole - x).abs() <= by);
            // Between the ends too, where a function may oscillate.
            let ends = [1.0, -1.0, 0.7, -0.6, 0.3, -0.2].map(|part| x + part * by);
            let equals =
                self.operands.iter().map(|other| other.value).filter(|other| (other - x).abs() <= by);
            let ends = ends.into_iter().chain(equals);
            for end in ends.chain(whole) {
                let mut one = self.values();
                one[k] = end;
                // And where two are equal.
                for (j, other) in self.operands.iter().enumerate().filter(|(j, _)| *j != k) {
                    if (other.value - end).abs() <= by_of(other) {
                        let mut both = one.clone();
                        both[j] = end;
                        all.push(both);
                    }
                }
                all.push(one);
            }
        }
        if self.operands.iter().filter(|operand| by_of(operand) > 0.0).count() > 1 {
            for sign in [1.0, -1.0] {
                let end = |operand: &Node<M>| operand.value + sign * by_of(operand);
                all.push(self.operands.iter().map(end).collect());
                // And one of them at 0 that may be, such as a mask.
                for (k, operand) in self.operands.iter().enumerate() {
                    if by_of(operand) > 0.0 && operand.value.abs() <= by_of(operand) {
                        let mut with_0: Vec<f64> = self.operands.iter().map(end).collect();
                        with_0[k] = 0.0;
                        all.push(with_0);
                    }
                }
            }
        }
        all
    }

    fn partials(&self, x: &[f64], y: f64) -> Vec<f64> {
        self.op.partials(x, y).unwrap().to_vec()
    }

    /// Values and first derivatives.
    fn look(&self, node: &mut Node<M>, all: &mut Rounding<M>) {
        let Precision { unit, .. } = self.precision;
        let (op, x, y) = (self.op, self.values(), self.value);
        let partials = self.partials(&x, y);
        let mut uncertain = vec![0.0; partials.len()];
        let differ = |uncertain: &mut [f64], x: &[f64], y: f64| {
            for (most, (p, q)) in uncertain.iter_mut().zip(partials.iter().zip(self.partials(x, y))) {
                *most += apart(*p, q);
            }
        };
        if self.operands.iter().any(|operand| !operand.error.is_finite()) {
            node.error = f64::INFINITY;
            uncertain.fill(f64::INFINITY);
        } else if unit > 0.0 {
            node.error = self.precision.lost(y);
            if op.is_reduction() {
                let terms = partials.iter().zip(&x).map(|(p, x)| times(*p, *x));
                node.error += self.precision.lost(terms.sum());
            }
            if op == Op::BinaryCrossEntropy {
                // Two terms, which cancel where a weight is below 0.
                node.error += self.precision.lost((x[0].abs() + 1.0) * (x[1].abs() + 1.0));
            }
            for x in self.moved(0.0) {
                node.error += apart(y, value(op, &x));
            }
            for y in [y - node.error, y + node.error] {
                differ(&mut uncertain, &x, y);
            }
            if op == Op::CrossEntropy {
                // The weights of the others are all less one.
                let weights: f64 = x[x.len() / 2..].iter().map(|weight| weight.abs()).sum();
                uncertain.iter_mut().for_each(|most| *most += self.precision.lost(weights));
            }
            // What is exact may stand at a kink; what is smooth shows how exactly its partials can be computed.
            for x in self.moved(if op.is_piecewise() { 0.0 } else { 4.0 * unit }) {
                differ(&mut uncertain, &x, value(op, &x));
            }
        }
        // Of what underflowed, nothing is left to take second derivatives of.
        let is_power =
            matches!(op, Op::Powf | Op::Powi(_) | Op::Exp | Op::Exp2 | Op::Mul | Op::Div | Op::Product);
        let has_underflowed = is_power && y.abs() < f64::MIN_POSITIVE && !x.contains(&0.0);
        for (operand, (&p, &dp)) in self.operands.iter().zip(partials.iter().zip(&uncertain)) {
            // Not taken, or not even reached; at its kink a slope of 0 is a number.
            if op.is_piecewise() && p == 0.0 && dp == 0.0 && !is_kink(op, &x) {
                continue;
            }
            let span = match p == 0.0 || !p.is_finite() {
                _ if has_underflowed => f64::INFINITY,
                true => 0.0,
                false => p.abs().log10().abs(),
            };
            for k in 0..M {
                let (size, error) = (operand.sizes[k], operand.errors[k]);
                node.sizes[k] += times(p, size);
                node.errors[k] += times(p, error) + times(dp, size + error);
                // What may or may not be infinite meets a zero otherwise, wherever the input reaches at all.
                let is_infinite = !dp.is_finite() || !error.is_finite();
                if is_infinite && operand.spans[k] > f64::NEG_INFINITY {
                    node.errors[k] = f64::INFINITY;
                }
                node.spans[k] = node.spans[k].max(operand.spans[k] + span);
            }
        }
        self.is_rough(&partials, all);
    }

    /// Whether partials jump, or a value does, a little beside the point.
    fn is_rough(&self, partials: &[f64], all: &mut Rounding<M>) {
        if self.op == Op::StopGradient {
            all.is_cut = true;
            return;
        }
        for sign in [1.0, -1.0] {
            for k in 0..self.operands.len() {
                let mut x = self.values();
                let step = 1e-4 * (1.0 + x[k].abs());
                x[k] += sign * step;
                let y = value(self.op, &x);
                let beside = self.partials(&x, y);
                let jumps = partials.iter().zip(&beside).any(|(p, q)| apart(*p, *q) > 1e-2 * (1.0 + p.abs()));
                let leaps =
                    apart(y - self.value, sign * step * partials[k]) > 0.1 * step * (1.0 + partials[k].abs());
                all.is_rough |= jumps || leaps;
            }
        }
    }

    /// The second partials, row by row; none of a row that is too long.
    fn second(&self, x: &[f64]) -> Option<Vec<[f64; MOST]>> {
        if x.len() > MOST {
            return None;
        }
        let duals: Vec<Dual<f64, MOST>> = x.iter().enumerate().map(|(k, &x)| Dual::variable(x, k)).collect();
        let y = self.op.value(&duals).unwrap();
        Some(self.op.partials(&duals, y).unwrap().iter().map(|partial| partial.tangents()).collect())
    }

    /// Second derivatives: what they consist of, and how exactly the table gives them here.
    fn look_twice(&self, node: &mut Node<M>) {
        let x = self.values();
        let partials = self.partials(&x, self.value);
        let Some(second) = self.second(&x) else {
            node.second = [[[f64::INFINITY; 2]; M]; M];
            return;
        };
        let mut uncertain = vec![[0.0; MOST]; second.len()];
        let few_places = [[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]];
        for places in few_places {
            let moved = |(k, x): (usize, &f64)| x * (1.0 + 8.0 * f64::EPSILON * places[k % 2]);
            let x: Vec<f64> = x.iter().enumerate().map(moved).collect();
            for (most, (here, there)) in uncertain.iter_mut().zip(second.iter().zip(self.second(&x).unwrap()))
            {
                for j in 0..MOST {
                    most[j] = f64::max(most[j], apart(here[j], there[j]));
                }
            }
        }
        for (i, a) in self.operands.iter().enumerate() {
            if self.op.is_piecewise() && partials[i] == 0.0 && !is_kink(self.op, &x) {
                continue;
            }
            for (k, l) in (0..M).flat_map(|k| (0..M).map(move |l| (k, l))) {
                let [size, lost] = &mut node.second[k][l];
                *size += times(partials[i], a.second[k][l][0]);
                *lost += times(partials[i], a.second[k][l][1]);
                for (j, b) in self.operands.iter().enumerate() {
                    let reach = times(a.sizes[k], b.sizes[l]);
                    *size += times(second[i][j], reach);
                    // And what is small beside the first derivatives may be lost in forming it.
                    let mut least = f64::EPSILON * (partials[i].abs() + partials[j].abs());
                    let terms = match self.op {
                        Op::Variance => 4.0 / self.operands.len() as f64,
                        // The weights of the others are all less one.
                        Op::CrossEntropy => {
                            4.0 + x[x.len() / 2..].iter().map(|weight| weight.abs()).sum::<f64>()
                        }
                        _ => 0.0,
                    };
                    least += f64::EPSILON * terms;
                    *lost += times(uncertain[i][j] + least, reach);
                }
            }
        }
    }
}
