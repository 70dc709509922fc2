//! Long sums by the parts of their terms, where no part cancels another.

use crate::function::ir::graph::{Builder, Graph, Instruction, Place, Source};
use crate::function::passes::{Rewritten, rewrite};
use crate::table::ops::Op;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

/// From this number of terms on, a sum is long.
const LONG: usize = 64;
/// A sum is left as it is if its terms have parts of more kinds than this.
const KINDS: usize = 8;

/// A part of a term: the factor before it, and a product of two numbers, or one number.
struct Part {
    by: f64,
    factors: (Place, Option<Place>),
}

/// Parts that are added up together: the bits of the factor before them, and whether they are products.
type Kind = (u64, bool);
type Kinds = IndexMap<Kind, Vec<Part>, FxBuildHasher>;

/// The graph with long sums of terms like `w a² + b²` as `w Σ a·a + Σ b·b`. The parts of a term have one sign, so the error of
/// the sum is no larger than before, but its last bits may be others. `None` if there are none.
pub(super) fn long_sums(graph: &Graph) -> Option<Graph> {
    let mut long = graph.instructions.with_op(Op::TERMS).filter(|sum| sum.operands.len() >= LONG).peekable();
    long.peek()?;
    let parts = Parts { graph, uses: &graph.uses() };
    // The terms that are taken apart, and the sums, by place.
    let mut is_changed = vec![false; graph.places()];
    // The results of sums in parts, and the parts of each kind.
    let mut in_parts: Vec<(usize, Kinds)> = Vec::new();
    for sum in long {
        let mut kinds = Kinds::default();
        let mut apart = Vec::new();
        for &term in sum.operands {
            parts.of(term, 1.0, &mut apart, &mut |part| {
                kinds.entry((part.by.to_bits(), part.factors.1.is_some())).or_default().push(part);
            });
        }
        let is_split = kinds.keys().any(|&(by, is_product)| is_product || by != 1f64.to_bits());
        if is_split && kinds.len() <= KINDS {
            in_parts.push((sum.result, kinds));
            is_changed[sum.result] = true;
            apart.into_iter().for_each(|place| is_changed[place as usize] = true);
        }
    }
    in_parts.reverse();
    rewrite(graph, &is_changed, |builder, instruction, now| {
        match in_parts.pop_if(|(sum, _)| *sum == instruction.result) {
            Some((_, kinds)) => Rewritten::By(total(builder, &kinds, now)),
            None => Rewritten::LeftOut,
        }
    })
}

/// The sum of the sums of all kinds.
fn total(builder: &mut Builder, kinds: &Kinds, now: impl Fn(Place) -> Source) -> Source {
    let sums: Vec<Source> = kinds
        .iter()
        .map(|(&(by, is_product), parts)| {
            let first = parts.iter().map(|part| now(part.factors.0));
            let second = parts.iter().filter_map(|part| part.factors.1).map(&now);
            let op = if is_product { Op::INNER_PRODUCT } else { Op::TERMS };
            let sum = builder.instruction(op, first.chain(second).collect::<Vec<Source>>());
            match f64::from_bits(by) {
                1.0 => sum,
                by => builder.instruction(Op::PRODUCT, [Source::Constant(by), sum]),
            }
        })
        .collect();
    match sums[..] {
        [sum] => sum,
        _ => builder.instruction(Op::TERMS, sums),
    }
}

struct Parts<'g> {
    graph: &'g Graph,
    uses: &'g [u32],
}

impl<'g> Parts<'g> {
    /// The parts of `by` times a term, and the places that are taken `apart`.
    fn of(&self, term: Place, by: f64, apart: &mut Vec<Place>, visit: &mut impl FnMut(Part)) {
        let operation = self.alone(term).map(|instruction| (instruction.op, instruction.operands));
        match operation {
            Some((op, &[a])) if op == Op::SQUARE => visit(Part { by, factors: (a, Some(a)) }),
            Some((op, &[a, b])) if op == Op::PRODUCT => {
                match self.scaled_square(a, b).or_else(|| self.scaled_square(b, a)) {
                    Some((factor, square)) if by == 1.0 => self.of(square, factor, apart, visit),
                    _ => visit(Part { by, factors: (a, Some(b)) }),
                }
            }
            Some((op, &[a, b])) if op == Op::TWO_TERMS && self.is_square(a) && self.is_square(b) => {
                self.of(a, by, apart, visit);
                self.of(b, by, apart, visit);
            }
            _ => return visit(Part { by, factors: (term, None) }),
        }
        apart.push(term);
    }

    /// The instruction that computes a number which is used once.
    fn alone(&self, place: Place) -> Option<Instruction<'g>> {
        self.graph.instructions.of(place).filter(|_| self.uses[place as usize] == 1)
    }

    /// A positive constant and a square, if these are the factors of a product.
    fn scaled_square(&self, constant: Place, square: Place) -> Option<(f64, Place)> {
        let &constant = self.graph.constants.get(constant as usize)?;
        (constant > 0.0 && constant.is_finite() && self.is_square(square)).then_some((constant, square))
    }

    /// Whether a number is a square, or one times a positive constant, and used once.
    fn is_square(&self, place: Place) -> bool {
        self.alone(place).is_some_and(|instruction| match (instruction.op, instruction.operands) {
            (op, _) if op == Op::SQUARE => true,
            (op, &[a, b]) if op == Op::PRODUCT => {
                a == b || self.scaled_square(a, b).or_else(|| self.scaled_square(b, a)).is_some()
            }
            _ => false,
        })
    }
}
