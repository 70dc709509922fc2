//! Computes equal expressions once.

use super::{operands, rewrite};
use crate::function::ir::graph::{Graph, Source};
use crate::table::ops::Op;
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

/// An operand as a key: constants by their bits.
#[derive(PartialEq, Eq, Hash, Clone, Copy, PartialOrd, Ord)]
enum Key {
    Constant(u64),
    Input(usize),
    Result(usize),
}

pub(super) fn common(graph: &Graph) -> Graph {
    let mut seen: IndexMap<(Op, SmallVec<[Key; 2]>), Source, FxBuildHasher> =
        IndexMap::with_capacity_and_hasher(graph.instructions.len(), FxBuildHasher);
    rewrite(graph, |builder, instruction, now| {
        let op = instruction.op;
        let mut keys: SmallVec<[Key; 2]> = operands(instruction, now).map(key).collect();
        if op.is_commutative() {
            keys.sort_unstable();
        }
        Some(*seen.entry((op, keys)).or_insert_with(|| builder.instruction(op, operands(instruction, now))))
    })
}

fn key(source: Source) -> Key {
    match source {
        Source::Constant(value) => Key::Constant(value.to_bits()),
        Source::Input(index) => Key::Input(index),
        Source::Result(index) => Key::Result(index),
    }
}
