//! Computes equal expressions once.

use super::{operands, rewrite};
use crate::function::ir::graph::{Graph, Instruction, Place};
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::{Hash, Hasher};

/// The graph in which every expression stands once; `None` if it is that already.
pub(super) fn common(graph: &Graph) -> Option<Graph> {
    let (first, unchanged) = first_equals(graph)?;
    Some(rewrite(graph, unchanged, |builder, instruction, now| {
        let equal = first[instruction.result];
        Some(match equal as usize == instruction.result {
            true => builder.instruction(instruction.op, operands(instruction, now)),
            false => now(equal),
        })
    }))
}

/// For the first result of each instruction, and for all else: the first place with an equal expression; and the number of the first
/// instruction that has one before it. `None` if no expression stands twice.
fn first_equals(graph: &Graph) -> Option<(Vec<Place>, usize)> {
    let mut first: Vec<Place> = (0..graph.places() as Place).collect();
    // By their bits, so that 0 and −0 differ. (A graph that was loaded may have a constant twice.)
    let mut constants: FxHashMap<u64, Place> = FxHashMap::default();
    for (place, constant) in graph.constants.iter().enumerate() {
        first[place] = *constants.entry(constant.to_bits()).or_insert(place as Place);
    }
    let mut seen = Seen::with_room_for(graph.instructions.len());
    let (mut own, mut others) = (Vec::new(), Vec::new());
    let mut repeated = None;
    for (number, instruction) in graph.instructions.iter().enumerate() {
        list_operands(instruction, &first, &mut own);
        let place = own.iter().fold(0, |sum: u32, &place| sum.wrapping_add(place));
        let earlier = seen.find_or_insert([hash(instruction, &own), place, number as u32], |other| {
            let other = graph.instructions.at(other as usize);
            let may_be = other.op == instruction.op && other.operands.len() == own.len();
            may_be && {
                list_operands(other, &first, &mut others);
                others == own
            }
        });
        if let Some(earlier) = earlier {
            let equal = graph.instructions.at(earlier as usize).result as Place;
            for (place, equal) in instruction.results().zip(equal..) {
                first[place] = equal;
            }
            repeated = repeated.or(Some(number));
        }
    }
    repeated.map(|number| (first, number))
}

/// The operands by their first equals, in an order that does not depend on theirs where theirs does not matter.
fn list_operands(instruction: Instruction<'_>, first: &[Place], list: &mut Vec<Place>) {
    list.clear();
    list.extend(instruction.operands.iter().map(|&place| first[place as usize]));
    if instruction.op.is_commutative() {
        list.sort_unstable();
    }
}

fn hash(instruction: Instruction<'_>, operands: &[Place]) -> u32 {
    let mut hasher = FxHasher::default();
    instruction.op.hash(&mut hasher);
    operands.iter().for_each(|&place| hasher.write_u32(place));
    let hash = hasher.finish();
    (hash ^ hash >> 32) as u32
}

/// A hash table of numbers, with open addressing: a map would hold a copy of every expression.
struct Seen {
    /// Hashes and numbers; at least half of the slots are empty.
    slots: Vec<(u32, u32)>,
}

/// How many slots near the place of an operand are tried first.
const NEAR: usize = 6;

impl Seen {
    const EMPTY: (u32, u32) = (0, u32::MAX);

    fn with_room_for(numbers: usize) -> Seen {
        Seen { slots: vec![Seen::EMPTY; (2 * numbers).next_power_of_two()] }
    }

    /// The number with this hash that `is_equal`; if there is none, `number` is inserted: near the slot of `place`, which is the
    /// sum of those of the operands, so that what is looked for is in the cache, or if there is no room, anywhere. (From there on in leaps that differ from hash to
    /// hash, since slots near each other may all be taken.)
    fn find_or_insert(
        &mut self,
        [hash, place, number]: [u32; 3],
        mut is_equal: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        let near = place.wrapping_mul(2).wrapping_add(hash >> 28) as usize;
        let leap = hash.wrapping_mul(0x9e37_79b1) as usize | 1;
        let anywhere = (0..self.slots.len()).map(|k| (hash as usize).wrapping_add(k.wrapping_mul(leap)));
        let slots = (0..NEAR).map(|k| near.wrapping_add(k)).chain(anywhere);
        for slot in slots.map(|slot| slot & (self.slots.len() - 1)) {
            let (other_hash, other) = self.slots[slot];
            if (other_hash, other) == Seen::EMPTY {
                self.slots[slot] = (hash, number);
                return None;
            }
            if other_hash == hash && is_equal(other) {
                return Some(other);
            }
        }
        unreachable!("half of the slots are empty")
    }
}
