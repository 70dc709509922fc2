//! Passes over a graph: each small, each optional, each linear in the size of the graph.

mod dead;
mod fold;
mod fuse;
mod merge;
mod neutral;

use super::Function;
use super::ir::graph::{Builder, Graph, Instruction, Place, Source, Step};
use smallvec::SmallVec;

/// A rewriting of a recorded function that keeps what it computes.
///
/// Values stay the same bit for bit under every pass but [`Reassociate`](Pass::Reassociate), at every number, and what is
/// an error stays one. So do derivatives of any order under [`FoldConstants`](Pass::FoldConstants) and
/// [`DropDead`](Pass::DropDead). Under the others derivatives are sums of the same terms, in another order: they may differ
/// in the last places of the terms. Infinities, NaN and what is cut off stay where they were; only under
/// [`MergeCommon`](Pass::MergeCommon), which adds the adjoints of equal expressions before it multiplies them, may a NaN from
/// zero times infinity become the infinity that the sum gives. The payload of a NaN is nothing that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pass {
    /// Computes what depends on constants alone. (`x⁰` is 1, but it depends on `x`: a derivative sees what is behind.)
    FoldConstants,
    /// Leaves out operations that give back their operand: `x · 1`, `x / 1`, `x − 0`, `−(−x)`, `x¹`, the sum of one term,
    /// where that is exact for every number.
    DropNeutral,
    /// Computes equal expressions once.
    MergeCommon,
    /// Turns `((a + b) + c) + d` into one sum and sums of products into inner products, in the same order.
    FuseSums,
    /// As [`FuseSums`](Pass::FuseSums), also where brackets stand otherwise: the order of summation changes, and
    /// with it the rounding. On request only.
    Reassociate,
    /// Leaves out what neither an output nor a guard needs.
    DropDead,
}

impl Pass {
    /// The passes that change no value, in the order in which they help one another.
    pub const EXACT: [Pass; 5] =
        [Pass::FoldConstants, Pass::DropNeutral, Pass::MergeCommon, Pass::FuseSums, Pass::DropDead];
}

impl Function {
    /// The same function, simplified by [`Pass::EXACT`].
    ///
    /// ```
    /// use tapegrad::Function;
    ///
    /// let f = Function::record(|[x, y]| (x + y) * 1.0 + (x + y) * 2.0, [1.0, 2.0])?;
    /// assert_eq!((f.statistics().operations, f.optimize().statistics().operations), (5, 3));
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    #[must_use]
    pub fn optimize(&self) -> Function {
        self.with_passes(&Pass::EXACT)
    }

    /// The same function after these passes, in this order.
    #[must_use]
    pub fn with_passes(&self, passes: &[Pass]) -> Function {
        let after = |graph: &Graph, pass: &Pass| match pass {
            Pass::FoldConstants => fold::constants(graph),
            Pass::DropNeutral => neutral::operands(graph),
            Pass::MergeCommon => merge::common(graph),
            Pass::FuseSums => fuse::sums(graph, false),
            Pass::Reassociate => fuse::sums(graph, true),
            Pass::DropDead => dead::code(graph),
        };
        let Some((first, others)) = passes.split_first() else { return self.clone() };
        let graph = others.iter().fold(after(&self.graph, first), |graph, pass| after(&graph, pass));
        Function { graph, names: self.names.clone(), variables: self.variables.clone(), at: self.at.clone() }
    }
}

/// What has become of a place of the old graph.
type Now<'a> = &'a dyn Fn(Place) -> Source;

/// Goes through the instructions in order; `step` says what becomes of each, given what has become of the places before it.
/// `None` leaves it out; then nothing may use it.
fn rewrite<'g>(
    graph: &'g Graph,
    mut step: impl FnMut(&mut Builder, Instruction<'g>, Now<'_>) -> Option<Source>,
) -> Graph {
    let mut builder = Builder::new(graph.inputs);
    let given = 0..graph.first_result() as Place;
    let mut sources: Vec<Option<Source>> = given.map(|place| Some(graph.source(place))).collect();
    let now = |sources: &[Option<Source>], place: Place| {
        sources[place as usize].expect("nothing uses what is left out")
    };
    for old in graph.steps() {
        match old {
            Step::Ask(guard) => {
                let (left, right) = (now(&sources, guard.left), now(&sources, guard.right));
                let is_settled = match (left, right) {
                    (Source::Constant(left), Source::Constant(right)) => {
                        guard.predicate.holds(left, right) == guard.outcome
                    }
                    _ => false,
                };
                if !is_settled {
                    builder.guard(guard.predicate, left, right, guard.outcome, guard.at.clone());
                }
            }
            Step::Evaluate(instruction) => {
                let source = step(&mut builder, instruction, &|place| now(&sources, place));
                sources.push(source);
            }
        }
    }
    for &output in &graph.outputs {
        builder.output(now(&sources, output));
    }
    builder.finish()
}

/// What has become of the operands of an instruction.
fn operands(instruction: Instruction<'_>, now: Now<'_>) -> SmallVec<[Source; 4]> {
    instruction.operands.iter().map(|&place| now(place)).collect()
}
