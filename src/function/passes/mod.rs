//! Passes rewrite a graph. Each is small, optional, and linear in the size of the graph.

mod dead;
mod fold;
mod fuse;
mod merge;
mod neutral;

use super::Function;
use super::ir::graph::{Builder, Constants, Graph, Guard, Instruction, Place, Source};
use super::known::Known;
use crate::table::ops::Op;
use rustc_hash::FxHashMap;
use std::borrow::Cow;

/// A rewrite of a recorded function that computes the same values.
///
/// Every pass except [`Reassociate`](Pass::Reassociate) keeps values bit for bit, at every point, and errors remain
/// errors. [`FoldConstants`](Pass::FoldConstants) and [`DropDead`](Pass::DropDead) also keep derivatives of any
/// order bit for bit. Under the other passes a derivative is a sum of the same terms in another order, and may
/// differ by rounding. Infinities, NaN and structural zeros remain, with one exception:
/// [`MergeCommon`](Pass::MergeCommon) adds the adjoints of equal expressions before it multiplies them, which may
/// turn a NaN from zero times infinity into the infinity of the sum. The payload of a NaN is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pass {
    /// Evaluates what depends on constants alone, except operations on matrices and atomic functions. (`x⁰` is 1 but still depends on `x`,
    /// so its derivative may be NaN.)
    FoldConstants,
    /// Removes operations that return their operand unchanged, exactly and for every number: `x · 1`, `x / 1`,
    /// `x − 0`, `−(−x)`, `x¹`, the sum of one term.
    DropNeutral,
    /// Computes equal expressions once.
    MergeCommon,
    /// Turns `((a + b) + c) + d` into one sum and sums of products into inner products, in the same order.
    FuseSums,
    /// As [`FuseSums`](Pass::FuseSums), but also for other bracketings: the order of summation changes, and with it
    /// the rounding. Not part of [`optimize`](Function::optimize).
    Reassociate,
    /// Removes operations that neither an output nor a guard depends on.
    DropDead,
}

impl Pass {
    /// The passes that keep all values bit for bit, in the most effective order.
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
        let mut graph = Cow::Borrowed(&self.graph);
        for pass in passes {
            let now = match pass {
                Pass::FoldConstants => fold::constants(&graph),
                Pass::DropNeutral => neutral::operands(&graph),
                Pass::MergeCommon => merge::common(&graph),
                Pass::FuseSums => fuse::sums(&graph, false),
                Pass::Reassociate => fuse::sums(&graph, true),
                Pass::DropDead => dead::code(&graph),
            };
            // Where there is nothing to do, nothing is copied.
            if let Some(now) = now {
                graph = Cow::Owned(now);
            }
        }
        self.with_graph(graph.into_owned())
    }

    /// This graph instead, which has the same inputs.
    pub(super) fn with_graph(&self, graph: Graph) -> Function {
        Function {
            graph,
            names: self.names.clone(),
            variables: self.variables.clone(),
            at: self.at.clone(),
            known: Known::default(),
        }
    }
}

/// Maps a place of the old graph to the new one.
pub(super) type Now<'a> = &'a dyn Fn(Place) -> Source;

/// What becomes of an instruction that is changed.
pub(super) enum Rewritten<'r> {
    /// This operation, over the replacements of these operands.
    As(Op, &'r [Place]),
    /// This replaces its first result; further results follow it.
    By(Source),
    /// It is left out: nothing may use its results.
    LeftOut,
}

/// Rewrites the instructions that are changed, see [`rewritten`]; `None` if there are none.
pub(super) fn rewrite<'g, 'r>(
    graph: &'g Graph,
    is_changed: &[bool],
    step: impl FnMut(&mut Builder, Instruction<'g>, Now<'_>) -> Rewritten<'r>,
) -> Option<Graph> {
    is_changed[graph.first_result()..].contains(&true).then(|| rewritten(graph, is_changed, step))
}

/// Rewrites the instructions in order: `step` tells what becomes of one that is changed, given the replacements of all earlier
/// places. The others are the same operations over what replaces their operands. Guards that are settled are dropped.
/// `is_changed`: by the place of the first result of an instruction; what it is at other places does not matter, but for those of
/// further results, where it is false.
fn rewritten<'g, 'r>(
    graph: &'g Graph,
    is_changed: &[bool],
    mut step: impl FnMut(&mut Builder, Instruction<'g>, Now<'_>) -> Rewritten<'r>,
) -> Graph {
    let (instructions, end) = (&graph.instructions, graph.instructions.len());
    let next_changed = |here: usize| {
        let place = instructions.results_of(here..end).start;
        match is_changed[place..].iter().position(|&is_changed| is_changed) {
            Some(0) => here,
            Some(more) => instructions.index_of((place + more) as Place).unwrap_or(end),
            None => end,
        }
    };
    let mut changed = next_changed(0);
    // The instructions before the first change, and before the first guard that is dropped.
    let settled = graph.guards.iter().find(|guard| graph.is_settled(guard));
    let unchanged = settled.map_or(changed, |guard| guard.after.min(changed));
    let mut builder = Builder::after(graph, unchanged);
    let mut replaced = Replaced::after(graph, unchanged);
    let mut guards = graph.guards.iter().skip_while(|guard| guard.after < unchanged).peekable();
    let mut here = unchanged;
    loop {
        while let Some(guard) = guards.next_if(|guard| guard.after <= here) {
            replaced.check(guard, &mut builder);
        }
        // What is the same is copied as a whole.
        let same = here..guards.peek().map_or(changed, |guard| guard.after.min(changed));
        if !same.is_empty() {
            here = same.end;
            // Before it is copied, since an operand may be among these results.
            replaced.push(builder.next_result(), instructions.results_of(same.clone()).len());
            builder.copy(instructions, same, |place, constants| replaced.open(place, constants));
            continue;
        }
        if here == end {
            break;
        }
        let instruction = instructions.at(here);
        let results = instruction.results().len();
        match step(&mut builder, instruction, &|place| replaced.by(place)) {
            Rewritten::As(op, operands) => {
                let open = |place: Place, constants: &mut Constants| replaced.open(place, constants);
                let first = builder.instruction_over(op, operands, open);
                replaced.push(first, results);
            }
            Rewritten::By(Source::Constant(value)) => replaced.push_constant(value, instruction),
            Rewritten::By(source) => replaced.push(builder.open(source), results),
            Rewritten::LeftOut => replaced.push_nothing(instruction),
        }
        here += 1;
        changed = next_changed(here);
    }
    for &output in &graph.outputs {
        builder.output(replaced.by(output));
    }
    builder.finish()
}

/// What replaces the places of a graph.
struct Replaced<'g> {
    graph: &'g Graph,
    /// By place: the [open](Constants::open) place of what replaces it. [`NONE`](Self::NONE) for what is left out, for results that
    /// constants replace, and for constants that were not opened here yet: the new graph has them in the order of their uses.
    open: Vec<Place>,
    /// Constants that replace results, by the places of these.
    constants: FxHashMap<Place, f64>,
}

impl<'g> Replaced<'g> {
    /// No open place.
    const NONE: Place = Place::MAX;

    /// The places after this number of instructions, of which none is replaced.
    fn after(graph: &'g Graph, count: usize) -> Replaced<'g> {
        let constants = graph.constants.len();
        let same = graph.instructions.results_of(0..count).end - constants;
        let mut open = Vec::with_capacity(graph.places());
        open.resize(constants, Replaced::NONE);
        open.extend(0..same as Place);
        Replaced { graph, open, constants: FxHashMap::default() }
    }

    /// The next results, this many, are replaced by those from this open place on.
    #[inline]
    fn push(&mut self, first: Place, results: usize) {
        self.open.extend(first..first + results as Place);
    }

    /// The only result of the next instruction is replaced by a constant.
    fn push_constant(&mut self, value: f64, instruction: Instruction<'_>) {
        debug_assert_eq!(instruction.results(), self.open.len()..self.open.len() + 1);
        self.constants.insert(instruction.result as Place, value);
        self.push_nothing(instruction);
    }

    fn push_nothing(&mut self, instruction: Instruction<'_>) {
        self.open.extend(instruction.results().map(|_| Replaced::NONE));
    }

    #[inline]
    fn open(&mut self, place: Place, constants: &mut Constants) -> Place {
        match self.open[place as usize] {
            Replaced::NONE => self.open_constant(place, constants),
            open => open,
        }
    }

    #[cold]
    fn open_constant(&mut self, place: Place, constants: &mut Constants) -> Place {
        match self.graph.constants.get(place as usize) {
            Some(&own) => {
                let open = constants.open_constant(own);
                self.open[place as usize] = open;
                open
            }
            None => constants.open_constant(self.constant(place)),
        }
    }

    /// Appends a guard, unless it compares constants with this outcome.
    fn check(&self, guard: &Guard, builder: &mut Builder) {
        let Guard { predicate, outcome, .. } = *guard;
        match (self.by(guard.left), self.by(guard.right)) {
            (Source::Constant(left), Source::Constant(right)) if predicate.holds(left, right) == outcome => {}
            (left, right) => builder.guard(predicate, left, right, outcome, guard.at.clone()),
        }
    }

    fn by(&self, place: Place) -> Source {
        match (self.graph.constants.get(place as usize), self.open[place as usize]) {
            (Some(&own), _) => Source::Constant(own),
            (None, Replaced::NONE) => Source::Constant(self.constant(place)),
            (None, open) => Source::at_open(open, self.graph.inputs),
        }
    }

    /// The constant that replaces a result.
    fn constant(&self, place: Place) -> f64 {
        *self.constants.get(&place).expect("nothing uses what is left out")
    }
}

/// The operands of an instruction in the new graph.
pub(super) fn operands<'a>(instruction: Instruction<'a>, now: Now<'a>) -> impl Iterator<Item = Source> + 'a {
    instruction.operands.iter().map(|&place| now(place))
}
