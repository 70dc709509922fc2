//! Computes equal expressions once.

use super::{Rewritten, rewrite};
use crate::function::ir::graph::{Graph, Place};
use crate::table::ops::Op;
use rustc_hash::{FxHashMap, FxHasher};
use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};

/// The graph in which every expression stands once; `None` if it is that already.
pub(super) fn common(graph: &Graph) -> Option<Graph> {
    let (first, is_repeated) = first_equals(graph);
    rewrite(graph, &is_repeated, |_, instruction, now| Rewritten::By(now(first[instruction.result])))
}

/// By place: the first with an equal expression; and for the first result of each instruction, whether an earlier one computes it.
fn first_equals(graph: &Graph) -> (Vec<Place>, Vec<bool>) {
    let mut is_repeated = vec![false; graph.places()];
    let mut first: Vec<Place> = (0..graph.places() as Place).collect();
    // By their bits, so that 0 and −0 differ. (A graph that was loaded may have a constant twice.)
    let mut constants: FxHashMap<u64, Place> = FxHashMap::default();
    for (place, constant) in graph.constants.iter().enumerate() {
        first[place] = *constants.entry(constant.to_bits()).or_insert(place as Place);
    }
    let mut seen = Seen::of(graph);
    // The operands of all instructions so far by their first equals, in an order that does not depend on theirs where theirs does not
    // matter.
    let mut operands: Vec<Place> = Vec::with_capacity(graph.instructions.operands().len());
    for (number, instruction) in graph.instructions.iter().enumerate() {
        let start = operands.len();
        operands.extend(instruction.operands.iter().map(|&place| first[place as usize]));
        let own = &mut operands[start..];
        if let [a, b] = own
            && instruction.op.is_commutative()
            && a > b
        {
            std::mem::swap(a, b);
        }
        let (hash, last) = hash(instruction.op, own);
        let earlier = seen.find_or_insert(hash, last as usize, number as u32, |other| {
            let (other, of_other) = (other as usize, graph.instructions.range_of_operands(other as usize));
            graph.instructions.at(other).op == instruction.op && operands[of_other] == operands[start..]
        });
        if let Some(earlier) = earlier {
            let equal = graph.instructions.result(earlier as usize) as Place;
            for (place, equal) in instruction.results().zip(equal..) {
                first[place] = equal;
            }
            is_repeated[instruction.result] = true;
        }
    }
    (first, is_repeated)
}

/// The different expressions so far, by the numbers of their instructions. Most operands are used by few instructions: for each place,
/// those that it is the last operand of are a list, or once there are more, in a map. The list is in the cache, since operands
/// mostly stand just before their use, where a map of all expressions would wait for memory again and again.
struct Seen {
    /// By place: one more than the number of the last instruction in its list; 0 for none, [`MANY`](Self::MANY) for more.
    last: Vec<u32>,
    /// By number: the hash, and the same for the one before it in the list.
    listed: Vec<(u32, u32)>,
    /// Those in no list by their hashes, or the next numbers that were free.
    others: FxHashMap<u32, u32>,
}

/// How many instructions are in a list at most.
const FEW: usize = 16;

impl Seen {
    const MANY: u32 = u32::MAX;

    fn of(graph: &Graph) -> Seen {
        let (last, listed) = (vec![0; graph.places()], vec![(0, 0); graph.instructions.len()]);
        Seen { last, listed, others: FxHashMap::default() }
    }

    /// The number of an expression with this hash that `is_equal`; if there is none, this one is inserted with its `number`.
    /// `last`: of its operands the one with the largest place.
    fn find_or_insert(
        &mut self,
        hash: u32,
        last: usize,
        number: u32,
        mut is_equal: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        let begin = self.last[last];
        if begin == Seen::MANY {
            return self.find_or_insert_other(hash, number, is_equal);
        }
        let (mut next, mut count) = (begin, 0);
        while let Some(other) = next.checked_sub(1) {
            let (hash_of_other, before) = self.listed[other as usize];
            if hash_of_other == hash && is_equal(other) {
                return Some(other);
            }
            (next, count) = (before, count + 1);
        }
        self.listed[number as usize] = (hash, begin);
        self.last[last] = number + 1;
        if count == FEW {
            let mut next = std::mem::replace(&mut self.last[last], Seen::MANY);
            while let Some(listed) = next.checked_sub(1) {
                let (hash, before) = self.listed[listed as usize];
                // They differ from each other.
                self.find_or_insert_other(hash, listed, |_| false);
                next = before;
            }
        }
        None
    }

    fn find_or_insert_other(
        &mut self,
        mut hash: u32,
        number: u32,
        mut is_equal: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        loop {
            match self.others.entry(hash) {
                Entry::Vacant(free) => {
                    free.insert(number);
                    return None;
                }
                Entry::Occupied(other) if is_equal(*other.get()) => return Some(*other.get()),
                Entry::Occupied(_) => hash = hash.wrapping_add(1),
            }
        }
    }
}

/// A hash of an expression, and the largest place of an operand.
fn hash(op: Op, operands: &[Place]) -> (u32, Place) {
    let (mut hasher, mut last) = (FxHasher::default(), 0);
    op.hash(&mut hasher);
    for &place in operands {
        hasher.write_u32(place);
        last = last.max(place);
    }
    let hash = hasher.finish();
    ((hash ^ hash >> 32) as u32, last)
}
