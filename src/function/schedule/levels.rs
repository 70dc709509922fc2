//! Which operations are evaluated together: those of one level do not depend on each other.

use crate::function::ir::graph::{Graph, Instruction};

/// The numbers of instructions, level by level; within a level in the order of the recording.
#[derive(PartialEq)]
pub(crate) struct Levels {
    numbers: Vec<u32>,
    /// Where each level ends among the numbers.
    ends: Vec<usize>,
}

/// The level of an instruction that is left out.
const NONE: u32 = u32::MAX;

impl Levels {
    /// Every operation that is wanted, as soon as its operands are known. What no wanted operation computes is known before.
    pub fn early(graph: &Graph, is_wanted: impl Fn(Instruction<'_>) -> bool) -> Levels {
        // By place: the first level at which it is known.
        let mut known = vec![0; graph.places()];
        let level = |instruction: Instruction<'_>| {
            if !is_wanted(instruction) {
                return NONE;
            }
            let operands = instruction.operands.iter().map(|&operand| known[operand as usize]);
            let level = operands.max().unwrap_or(0);
            instruction.set(&mut known, level + 1);
            level
        };
        Levels::sorted(graph.instructions.iter().map(level).collect())
    }

    /// Every operation just before its first use.
    pub fn late(graph: &Graph) -> Levels {
        // By place, counted from the end.
        let mut height = vec![0; graph.places()];
        let mut level = vec![0; graph.instructions.len()];
        for (level, instruction) in level.iter_mut().rev().zip(graph.instructions.backwards()) {
            let after = instruction.over_results(&height, u32::max);
            for &operand in instruction.operands {
                height[operand as usize] = height[operand as usize].max(after + 1);
            }
            *level = after;
        }
        let last = level.iter().copied().max().unwrap_or(0);
        level.iter_mut().for_each(|level| *level = last - *level);
        Levels::sorted(level)
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The numbers of the instructions of each level.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| &self.numbers[std::mem::replace(&mut start, end)..end])
    }

    /// From the level of each instruction.
    fn sorted(levels: Vec<u32>) -> Levels {
        let wanted = || levels.iter().enumerate().filter(|(_, level)| **level != NONE);
        let count = wanted().map(|(_, &level)| level as usize + 1).max().unwrap_or(0);
        let mut ends = vec![0; count + 1];
        wanted().for_each(|(_, &level)| ends[level as usize + 1] += 1);
        for level in 0..count {
            ends[level + 1] += ends[level];
        }
        // Until a level is filled, the end of the one before stands for its next place.
        let mut numbers = vec![0; ends[count]];
        for (number, &level) in wanted() {
            let next = &mut ends[level as usize];
            numbers[*next] = number as u32;
            *next += 1;
        }
        ends.truncate(count);
        Levels { numbers, ends }
    }
}
