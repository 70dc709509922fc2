//! Random programs over the table, with real branches: a deterministic generator, an interpreter over any
//! number.

use tapegrad::{Op, Real, primitives, reductions};

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

#[derive(Clone, Debug)]
enum Step {
    Constant(f64),
    /// A row of the table, over earlier values, each squeezed into the row's domain.
    Row {
        op: Op,
        domain: Vec<(f64, f64)>,
        operands: Vec<usize>,
    },
    /// Lists, over earlier values as they are.
    List {
        op: Op,
        operands: Vec<usize>,
    },
    /// `if a < b { c } else { d }`, or with another comparison.
    Branch {
        question: usize,
        operands: [usize; 4],
    },
}

#[derive(Clone, Debug)]
pub struct Program {
    steps: Vec<Step>,
}

impl Program {
    pub fn random(random: &mut Random, inputs: usize, steps: usize, branches: bool) -> Program {
        let rows: Vec<_> = primitives().collect();
        let lists: Vec<_> = reductions().collect();
        let steps = (0..steps)
            .map(|k| {
                let any = |random: &mut Random| random.below(inputs + k);
                match random.below(12) {
                    0 => Step::Constant(random.uniform(-2.0, 2.0)),
                    1 => {
                        let op = lists[random.below(lists.len())];
                        // Two lists of two, or a list of four; and an offset where there is one.
                        let count = if op.name() == "affine" { 5 } else { 4 };
                        Step::List { op, operands: (0..count).map(|_| any(random)).collect() }
                    }
                    2 | 3 if branches => {
                        let operands = [(); 4].map(|()| any(random));
                        Step::Branch { question: random.below(6), operands }
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
        Program { steps }
    }

    pub fn run<R: Real>(&self, x: &[R]) -> R {
        let mut values = x.to_vec();
        for step in &self.steps {
            let value = match step {
                Step::Constant(value) => R::constant(*value),
                Step::Row { op, domain, operands } => {
                    let squeezed: Vec<R> = operands
                        .iter()
                        .zip(domain)
                        .map(|(&operand, (low, high))| {
                            values[operand].sin() * (0.49 * (high - low)) + 0.5 * (high + low)
                        })
                        .collect();
                    op.value(&squeezed).unwrap()
                }
                Step::List { op, operands } => {
                    let squeezed: Vec<R> =
                        operands.iter().map(|&operand| values[operand].sin() + 0.25).collect();
                    if op.name() == "affine" {
                        tapegrad::affine(&squeezed[..2], &squeezed[2..4], squeezed[4])
                    } else {
                        op.value(&squeezed).unwrap()
                    }
                }
                Step::Branch { question, operands } => {
                    let [a, b, c, d] = operands.map(|operand| values[operand]);
                    let yes = match question {
                        0 => a < b,
                        1 => a <= b,
                        2 => a > 0.5,
                        3 => a >= b,
                        4 => a == b,
                        _ => a.partial_cmp(&b) == Some(std::cmp::Ordering::Less),
                    };
                    // The sides must differ, or a flip would go unseen.
                    if yes { c.sin() + 1.0 } else { d.cos() * 2.0 }
                }
            };
            values.push(value);
        }
        // All of the last values matter.
        let last = values.len().saturating_sub(4);
        tapegrad::sum(&values[last..])
    }
}
