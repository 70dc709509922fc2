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
            let after = match height[instruction.results()] {
                [only] => only,
                ref all => all.iter().copied().max().unwrap_or(0),
            };
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
        let is_wanted = |level: &u32| *level != NONE;
        let count = levels.iter().copied().filter(is_wanted).max().map_or(0, |last| last as usize + 1);
        // What is left out comes last.
        let level = |level: u32| (level as usize).min(count);
        let mut ends = vec![0; count + 2];
        levels.iter().for_each(|&of| ends[level(of) + 1] += 1);
        for level in 0..=count {
            ends[level + 1] += ends[level];
        }
        // Until a level is filled, the end of the one before stands for its next place.
        let mut numbers = vec![0; levels.len()];
        for (number, &of) in (0..).zip(&levels) {
            let next = &mut ends[level(of)];
            numbers[*next] = number;
            *next += 1;
        }
        ends.truncate(count);
        numbers.truncate(ends.last().copied().unwrap_or(0));
        Levels { numbers, ends }
    }
}
