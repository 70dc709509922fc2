//! Random programs over the table, with real branches: a deterministic generator, an interpreter over any
//! number. Tame ones stay inside the domains of the rows; wide ones do not.

use tapegrad::{
    Real,
    masks::lt,
    primitives,
    primitives::{Op, reductions},
};

/// SplitMix64.
#[derive(Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// In [low, high).
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Constant(f64),
    /// A row of the table, over earlier values, each squeezed into the row's domain if there is one.
    Row {
        op: Op,
        domain: Vec<(f64, f64)>,
        operands: Vec<usize>,
    },
    /// Lists, over earlier values, squeezed or as they are.
    List {
        op: Op,
        is_tame: bool,
        operands: Vec<usize>,
    },
    /// The sum of an iterator; the mean, if it is asked for and there is something to take it of.
    Total {
        is_mean: bool,
        operands: Vec<usize>,
    },
    /// `if a < b { c } else { d }`, or with another comparison.
    Branch {
        question: usize,
        is_tame: bool,
        operands: [usize; 4],
    },
    /// `lt(a, b).select(c, d)`.
    Choice([usize; 4]),
}

/// Operands are places: inputs first, then the results of the steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    inputs: usize,
    steps: Vec<Step>,
    /// What [`outputs`](Program::outputs) gives.
    outputs: Vec<usize>,
}

/// Where functions are told apart, or end.
const SPECIAL: [f64; 16] = [
    0.0,
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    3.0,
    -3.0,
    1e16,
    -1e16,
    1e-300,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

/// A number of any kind: of ordinary size, at a kink, tiny, huge, or none.
pub fn any_number(random: &mut Random) -> f64 {
    match random.below(8) {
        0 | 1 => SPECIAL[random.below(SPECIAL.len())],
        2 => SPECIAL[random.below(10)],
        3 => {
            let size = 10f64.powf(random.uniform(-16.0, 16.0));
            if random.below(2) == 0 { size } else { -size }
        }
        4 => random.below(9) as f64 * 0.5 - 2.0,
        _ => random.uniform(-2.0, 2.0),
    }
}

/// A point of such numbers; some coordinates are equal.
#[allow(dead_code)] // for wide programs
pub fn any_point(random: &mut Random, inputs: usize) -> Vec<f64> {
    let mut point: Vec<f64> = (0..inputs).map(|_| any_number(random)).collect();
    if inputs > 1 && random.below(6) == 0 {
        point[0] = point[inputs - 1];
    }
    point
}

impl Program {
    pub fn random(random: &mut Random, inputs: usize, steps: usize, branches: bool) -> Program {
        let rows: Vec<_> = primitives::all().collect();
        let lists: Vec<_> = reductions().collect();
        let steps: Vec<Step> = (0..steps)
            .map(|k| {
                let any = |random: &mut Random| random.below(inputs + k);
                match random.below(12) {
                    0 => Step::Constant(random.uniform(-2.0, 2.0)),
                    1 => {
                        let op = lists[random.below(lists.len())];
                        // Two lists of two, or a list of four; and an offset where there is one.
                        let count = if op.name() == "affine" { 5 } else { 4 };
                        let operands = (0..count).map(|_| any(random)).collect();
                        Step::List { op, is_tame: true, operands }
                    }
                    2 | 3 if branches => {
                        let operands = [(); 4].map(|()| any(random));
                        Step::Branch { question: random.below(6), is_tame: true, operands }
                    }
                    _ => {
                        let row = rows[random.below(rows.len())];
                        let domain = row.domain.iter().map(|on| (on.start, on.end)).collect();
                        let operands = row.domain.iter().map(|_| any(random)).collect();
                        Step::Row { op: row.op, domain, operands }
                    }
                }
            })
            .collect();
        Program { inputs, outputs: vec![inputs + steps.len() - 1], steps }
    }

    /// The sum of the last values, all of which matter.
    pub fn run<R: Real>(&self, x: &[R]) -> R {
        let values = self.values(x);
        let last = values.len().saturating_sub(4);
        tapegrad::lists::sum(&values[last..])
    }

    /// The values of all places.
    fn values<R: Real>(&self, x: &[R]) -> Vec<R> {
        let mut values = x.to_vec();
        for step in &self.steps {
            let value = step.value(&values);
            values.push(value);
        }
        values
    }
}

#[allow(dead_code)] // not every test has wide programs
impl Program {
    /// A program of few steps that stay in no domain: lists of 0 to 3 items, constants of any kind, and up to three
    /// outputs, each of which may be an argument, a constant, or the same as another.
    pub fn wide(random: &mut Random, inputs: usize) -> Program {
        let rows: Vec<_> = primitives::all().collect();
        let lists: Vec<_> = reductions().collect();
        let mut steps = Vec::new();
        // Something has to be there that an output can be.
        let count = random.below(9).max(usize::from(inputs == 0));
        for k in 0..count {
            // The latest are the likeliest, so that programs are deep.
            let any = |random: &mut Random| {
                let places = inputs + k;
                if random.below(2) == 0 {
                    places - 1 - random.below(places.min(2))
                } else {
                    random.below(places)
                }
            };
            let kind = if inputs + k == 0 { 0 } else { random.below(16) };
            steps.push(match kind {
                0 => Step::Constant(any_number(random)),
                1..=3 => {
                    let op = lists[random.below(lists.len())];
                    let [lists, single] = op.lists().unwrap();
                    let operands = random.below(4) * lists + single;
                    let operands = (0..operands).map(|_| any(random)).collect();
                    Step::List { op, is_tame: random.below(4) == 0, operands }
                }
                4 => {
                    let operands = (0..random.below(4)).map(|_| any(random)).collect();
                    Step::Total { is_mean: random.below(2) == 0, operands }
                }
                5 => {
                    let operands = [(); 4].map(|()| any(random));
                    Step::Branch { question: random.below(6), is_tame: random.below(4) == 0, operands }
                }
                6 => Step::Choice([(); 4].map(|()| any(random))),
                _ => {
                    let row = rows[random.below(rows.len())];
                    // Bounds are put in order only where they are as they come.
                    let is_tame = random.below(4) == 0 && row.op != Op::Clamp;
                    let domain = row.domain.iter().map(|on| (on.start, on.end));
                    let operands = row.domain.iter().map(|_| any(random)).collect();
                    let domain = if is_tame { domain.collect() } else { Vec::new() };
                    Step::Row { op: row.op, domain, operands }
                }
            });
        }
        let places = inputs + count;
        let output = |random: &mut Random| match random.below(3) {
            0 => random.below(places),
            _ => places - 1,
        };
        let outputs = 1 + [0, 0, 0, 1, 2][random.below(5)];
        Program { inputs, steps, outputs: (0..outputs).map(|_| output(random)).collect() }
    }

    /// The outputs, as they are.
    pub fn outputs<R: Real>(&self, x: &[R]) -> Vec<R> {
        let values = self.values(x);
        self.outputs.iter().map(|&output| values[output]).collect()
    }

    pub fn output_count(&self) -> usize {
        self.outputs.len()
    }

    /// Programs that are smaller by one step, in whose place stands one of its operands, or by one output.
    pub fn smaller(&self) -> Vec<Program> {
        let mut all = Vec::new();
        for output in 0..if self.outputs.len() > 1 { self.outputs.len() } else { 0 } {
            let mut program = self.clone();
            program.outputs.remove(output);
            all.push(program);
        }
        for (k, step) in self.steps.iter().enumerate().rev() {
            let removed = self.inputs + k;
            let mut sources = step.operands();
            sources.extend(0..self.inputs);
            sources.sort_unstable();
            sources.dedup();
            for source in sources {
                let renumbered = |place: usize| match place {
                    place if place == removed => source,
                    place => place - usize::from(place > removed),
                };
                let mut steps = self.steps.clone();
                steps.remove(k);
                steps.iter_mut().for_each(|step| step.renumber(renumbered));
                let outputs = self.outputs.iter().map(|&output| renumbered(output)).collect();
                all.push(Program { inputs: self.inputs, steps, outputs });
            }
            // A shorter list.
            if let Step::List { op, is_tame, operands } = step
                && operands.len() > op.lists().unwrap()[0] + op.lists().unwrap()[1]
            {
                let [lists, single] = op.lists().unwrap();
                let length = (operands.len() - single) / lists;
                let keep = |k: &usize| *k >= lists * length || k % length != length - 1;
                let operands = (0..operands.len()).filter(keep).map(|k| operands[k]).collect();
                let mut program = self.clone();
                program.steps[k] = Step::List { op: *op, is_tame: *is_tame, operands };
                all.push(program);
            }
        }
        all
    }
}

impl Step {
    fn value<R: Real>(&self, values: &[R]) -> R {
        match self {
            Step::Constant(value) => R::constant(*value),
            Step::Row { op, domain, operands } => {
                let read = |k: usize| match domain.get(k) {
                    Some((low, high)) => {
                        values[operands[k]].sin() * (0.49 * (high - low)) + 0.5 * (high + low)
                    }
                    // Bounds in the wrong order are refused.
                    None if op.name() == "clamp" && k == 1 => values[operands[k]].min(0.0),
                    None if op.name() == "clamp" && k == 2 => values[operands[k]].max(0.0),
                    None => values[operands[k]],
                };
                let operands: Vec<R> = (0..operands.len()).map(read).collect();
                op.value(&operands).unwrap()
            }
            Step::List { op, is_tame, operands } => {
                let read = |&operand: &usize| match is_tame {
                    true => values[operand].sin() + 0.25,
                    false => values[operand],
                };
                let items: Vec<R> = operands.iter().map(read).collect();
                match op.name() {
                    "affine" => {
                        let (pairs, offset) = items.split_at(items.len() - 1);
                        let (weights, inputs) = pairs.split_at(pairs.len() / 2);
                        tapegrad::lists::affine(weights, inputs, offset[0])
                    }
                    _ => op.value(&items).unwrap(),
                }
            }
            Step::Total { is_mean, operands } => {
                let items: Vec<R> = operands.iter().map(|&operand| values[operand]).collect();
                match is_mean {
                    _ if items.is_empty() => tapegrad::lists::sum(&items),
                    true => tapegrad::lists::mean(&items),
                    false => items.iter().sum(),
                }
            }
            Step::Branch { question, is_tame, operands } => {
                let [a, b, c, d] = operands.map(|operand| values[operand]);
                let yes = match question {
                    0 => a < b,
                    1 => a <= b,
                    2 => a > 0.5,
                    3 => a >= b,
                    4 => a == b,
                    _ => a.partial_cmp(&b) == Some(std::cmp::Ordering::Less),
                };
                match (is_tame, yes) {
                    // The sides must differ, or a flip would go unseen.
                    (true, true) => c.sin() + 1.0,
                    (true, false) => d.cos() * 2.0,
                    (false, true) => c,
                    (false, false) => d,
                }
            }
            Step::Choice(operands) => {
                let [a, b, c, d] = operands.map(|operand| values[operand]);
                lt(a, b).select(c, d)
            }
        }
    }

    fn operands(&self) -> Vec<usize> {
        let mut places = Vec::new();
        self.clone().renumber(|place| {
            places.push(place);
            place
        });
        places
    }

    fn renumber(&mut self, mut to: impl FnMut(usize) -> usize) {
        let operands = match self {
            Step::Constant(_) => return,
            Step::Row { operands, .. } | Step::List { operands, .. } | Step::Total { operands, .. } => {
                &mut operands[..]
            }
            Step::Branch { operands, .. } | Step::Choice(operands) => operands,
        };
        operands.iter_mut().for_each(|operand| *operand = to(*operand));
    }
}
