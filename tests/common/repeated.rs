//! Random graphs of equal parts.

use crate::programs::{Program, Random};
use tapegrad::{Real, lists};

/// A graph of equal parts at many places: each applies a random program to inputs and earlier results, which are side by
/// side, some steps apart, the same for all parts, or anywhere.
pub struct Repeated {
    layers: Vec<(Program, Vec<Vec<usize>>)>,
    pub inputs: usize,
    end: usize,
    /// A choice, for the output.
    last: usize,
}

impl Repeated {
    pub fn random(random: &mut Random) -> Repeated {
        Repeated::up_to(random, [90, 4, 70])
    }

    /// With up to this many inputs, layers, and parts of a layer.
    pub fn up_to(random: &mut Random, [inputs, layers, parts]: [usize; 3]) -> Repeated {
        let inputs = 1 + random.below(inputs);
        let mut known = inputs;
        let layers = (0..1 + random.below(layers))
            .map(|_| {
                let arity = 1 + random.below(3);
                let steps = 1 + random.below(8);
                let has_branches = random.below(4) == 0;
                let program = Program::random(random, arity, steps, has_branches);
                let parts = 1 + random.below(parts);
                // For each argument: where it starts, and how it goes on.
                let columns: Vec<[usize; 3]> =
                    (0..arity).map(|_| [random.below(5), random.below(known), 1 + random.below(3)]).collect();
                let operands = (0..parts)
                    .map(|part| {
                        let place = |&[kind, start, stride]: &[usize; 3]| match kind {
                            0 => start,
                            1 => random.below(known),
                            2 => (start + part * stride) % known,
                            _ => (start + part) % known,
                        };
                        columns.iter().map(place).collect()
                    })
                    .collect();
                known += parts;
                (program, operands)
            })
            .collect();
        Repeated { layers, inputs, end: known, last: random.below(6) }
    }

    pub fn run<R: Real>(&self, x: &[R]) -> Vec<R> {
        let mut all = x.to_vec();
        for (program, parts) in &self.layers {
            for operands in parts {
                let arguments: Vec<R> = operands.iter().map(|&place| all[place]).collect();
                all.push(program.run(&arguments));
            }
        }
        assert_eq!(all.len(), self.end);
        let results = &all[self.inputs..];
        let half = results.len() / 2;
        match self.last {
            0 => vec![lists::sum(results)],
            1 => vec![lists::dot(&results[..half], &results[half..2 * half])],
            2 => vec![lists::log_sum_exp(results), lists::sum(results), x[0], R::from(3.0)],
            3 => vec![results.iter().fold(R::from(0.0), |sum, &y| sum + y * y)],
            4 => vec![lists::product(&results[..results.len().min(70)])],
            _ => results[..results.len().min(9)].to_vec(),
        }
    }
}
