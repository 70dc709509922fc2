//! Passes over a graph: each small, each optional, each linear in the size of the graph.

mod dead;
mod fold;
mod fuse;
mod merge;
mod neutral;

use super::Function;
use super::ir::graph::{Builder, Graph, Source};
use crate::table::ops::Op;
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

/// What has become of a source of the old graph.
type Now<'a> = &'a dyn Fn(Source) -> Source;

/// Goes through the instructions in order; `step` says what becomes of each, given its index and what has
/// become of the sources before it. `None` leaves it out; then nothing may use it.
fn rewrite(graph: &Graph, mut step: impl FnMut(&mut Builder, usize, Now<'_>) -> Option<Source>) -> Graph {
    let mut builder = Builder::new(graph.inputs);
    let mut results: Vec<Option<Source>> = Vec::with_capacity(graph.instructions.len());
    let mut guards = graph.guards.iter().peekable();
    for index in 0..=graph.instructions.len() {
        let now = |source: Source| match source {
            Source::Result(k) => results[k].expect("nothing uses what is left out"),
            source => source,
        };
        while let Some(guard) = guards.next_if(|guard| guard.after <= index) {
            let (left, right) = (now(graph.source(guard.left)), now(graph.source(guard.right)));
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
        if index < graph.instructions.len() {
            let result = step(&mut builder, index, &now);
            results.push(result);
        } else {
            for &output in &graph.outputs {
                builder.output(now(graph.source(output)));
            }
        }
    }
    builder.finish()
}

/// The operation of an instruction, and what has become of its operands.
fn instruction(graph: &Graph, index: usize, now: Now<'_>) -> (Op, SmallVec<[Source; 4]>) {
    let instruction = graph.instructions.get(index);
    (instruction.op, graph.sources(instruction).map(now).collect())
}
