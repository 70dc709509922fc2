//! Which operations are evaluated together: those of one level do not depend on each other.

use crate::function::ir::graph::Instruction;

/// Instructions by level.
pub(crate) struct Levels<'g>(Vec<Vec<Instruction<'g>>>);

impl<'g> Levels<'g> {
    /// Every operation as soon as its operands are known, in a graph of so many `places`. What no instruction here computes
    /// is known before.
    pub fn early(places: usize, instructions: impl Iterator<Item = Instruction<'g>>) -> Levels<'g> {
        let mut level = vec![0; places];
        let mut levels = Vec::new();
        for instruction in instructions {
            let before =
                instruction.operands.iter().map(|&operand| level[operand as usize]).max().unwrap_or(0);
            level[instruction.results()].fill(before + 1);
            put(&mut levels, before, instruction);
        }
        Levels(levels)
    }

    /// Every operation just before its first use; the last instruction comes first.
    pub fn late(places: usize, backwards: impl Iterator<Item = Instruction<'g>>) -> Levels<'g> {
        // Counted from the end.
        let mut height = vec![0; places];
        let mut levels = Vec::new();
        for instruction in backwards {
            let after = height[instruction.results()].iter().copied().max().unwrap_or(0);
            for &operand in instruction.operands {
                height[operand as usize] = height[operand as usize].max(after + 1);
            }
            put(&mut levels, after, instruction);
        }
        levels.reverse();
        // Within a level, in the order of the recording.
        levels.iter_mut().for_each(|level| level.reverse());
        Levels(levels)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &[Instruction<'g>]> {
        self.0.iter().map(Vec::as_slice)
    }
}

fn put<'g>(levels: &mut Vec<Vec<Instruction<'g>>>, level: usize, instruction: Instruction<'g>) {
    levels.resize_with(levels.len().max(level + 1), Vec::new);
    levels[level].push(instruction);
}
