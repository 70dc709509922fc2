//! Memory of values that is used again, once neither a later step nor the sweep reads them.

use super::blocks::{Blocks, Reused};
use super::plan::{Address, Operand, ReverseStep, Schedule, Step};
use crate::table::ops::Op;

impl Schedule {
    /// Moves the values to memory that blocks share one after the other.
    pub(super) fn reuse_values(&mut self, blocks: &Blocks) {
        let is_kept = self.kept(blocks);
        let last = self.last_steps(blocks);
        let mut ending: Vec<Vec<usize>> = vec![Vec::new(); self.steps.len()];
        for (block, &step) in last.iter().enumerate() {
            if let Some(step) = step.filter(|_| !is_kept[block]) {
                ending[step].push(block);
            }
        }
        let mut memory = Reused::default();
        let mut at: Vec<Option<Address>> = vec![None; blocks.len()];
        // What is there before the first step: constants and inputs.
        for block in (0..blocks.len()).filter(|&block| last[block].is_none() || is_kept[block]) {
            at[block] = Some(memory.take(blocks.get(block).1));
        }
        for (step, ending) in self.steps.iter().zip(&ending) {
            let block = blocks.of(step.results().start as Address);
            at[block].get_or_insert_with(|| memory.take(blocks.get(block).1));
            for &block in ending {
                memory.give_back(at[block].expect("a block that was written"), blocks.get(block).1);
            }
        }
        self.values = memory.end();
        self.move_to(|address| {
            let block = blocks.of(address);
            at[block].expect("a block that is used") + (address - blocks.get(block).0)
        });
    }

    /// For each block, the last step that writes or reads it; `None` if no step writes it.
    fn last_steps(&self, blocks: &Blocks) -> Vec<Option<usize>> {
        let mut last = vec![None; blocks.len()];
        for (number, step) in self.steps.iter().enumerate() {
            last[blocks.of(step.results().start as Address)] = Some(number);
            self.visit_operands(step, |_, operand| {
                let last = &mut last[blocks.of(operand.at)];
                if last.is_some() {
                    *last = Some(number);
                }
            });
        }
        last
    }

    /// For each block, whether it is read after the last step: as an output, by a guard, or by the sweep. Constants and
    /// inputs stay where they are.
    fn kept(&self, blocks: &Blocks) -> Vec<bool> {
        let mut is_kept = vec![false; blocks.len()];
        let mut keep = |address: Address| is_kept[blocks.of(address)] = true;
        self.outputs.iter().copied().for_each(&mut keep);
        self.guards.iter().for_each(|guard| [guard.left, guard.right].into_iter().for_each(&mut keep));
        self.constants.iter().for_each(|&(address, _)| keep(address));
        for reverse in &self.reverse {
            let ReverseStep::Through { step, .. } = reverse else { continue };
            let step = &self.steps[*step];
            self.visit_operands(step, |k, operand| {
                if step.reads_operand(k) {
                    keep(operand.at);
                }
            });
            if step.reads_result() {
                keep(step.results().start as Address);
            }
        }
        is_kept
    }

    /// Visits every operand of a step, with its position.
    fn visit_operands(&self, step: &Step, mut visit: impl FnMut(usize, Operand)) {
        let mut visit_all =
            |operands: &[Operand]| operands.iter().enumerate().for_each(|(k, &operand)| visit(k, operand));
        match step {
            Step::Map { operands, arity, .. } => visit_all(&operands[..*arity]),
            Step::Along { operands, factors, .. } => visit_all(&operands[..*factors]),
            Step::Lists { operands, .. } => visit_all(&self.terms[operands.clone()]),
            Step::Copy { from: operands, .. } | Step::Single { operands, .. } => {
                let operands = self.indices[operands.clone()].iter();
                operands.enumerate().for_each(|(k, &at)| visit(k, Operand { at, is_same: true }));
            }
        }
    }

    /// Replaces every address of a value.
    fn move_to(&mut self, moved: impl Fn(Address) -> Address) {
        let operand = |operand: &mut Operand| operand.at = moved(operand.at);
        for step in &mut self.steps {
            match step {
                Step::Map { operands, to, .. } => {
                    operands.iter_mut().for_each(operand);
                    *to = moved(*to);
                }
                Step::Along { operands, to, .. } => {
                    operands.iter_mut().for_each(operand);
                    *to = moved(*to);
                }
                Step::Lists { to, .. } | Step::Copy { to, .. } | Step::Single { to, .. } => *to = moved(*to),
            }
        }
        self.terms.iter_mut().for_each(operand);
        self.indices.iter_mut().chain(&mut self.outputs).for_each(|address| *address = moved(*address));
        self.constants.iter_mut().for_each(|(address, _)| *address = moved(*address));
        for guard in &mut self.guards {
            (guard.left, guard.right) = (moved(guard.left), moved(guard.right));
        }
        self.inputs = moved(self.inputs);
    }
}

impl Step {
    /// Whether the sweep reads this operand.
    fn reads_operand(&self, operand: usize) -> bool {
        match self {
            Step::Map { op, .. } => op.reads_operand(operand),
            Step::Lists { op, .. } => *op != Op::TERMS,
            Step::Along { factors, .. } => *factors == 2,
            Step::Copy { .. } => false,
            Step::Single { .. } => true,
        }
    }

    /// Whether the sweep reads the results.
    fn reads_result(&self) -> bool {
        match self {
            Step::Map { op, .. } => op.reads_result(),
            Step::Lists { op, .. } => *op != Op::TERMS && op.as_sum_of_products::<Operand>(&[]).is_none(),
            Step::Along { .. } | Step::Copy { .. } => false,
            Step::Single { .. } => true,
        }
    }
}
