//! Memory of values that is used again, once neither a later step nor the sweep reads them.

use super::blocks::{Blocks, Reused};
use super::plan::{Address, Operand, ReverseStep, Schedule, Step, Write};

impl Schedule {
    /// Moves the values to memory that blocks share one after the other, but for those that are kept.
    pub(super) fn reuse_values(&mut self, blocks: &Blocks, is_kept: &[bool]) {
        let last = self.last_steps(blocks);
        let mut ending: Vec<Vec<usize>> = vec![Vec::new(); self.steps.len()];
        for (block, &step) in last.iter().enumerate() {
            if let Some(step) = step.filter(|_| !is_kept[block]) {
                ending[step].push(block);
            }
        }
        let mut memory = Reused::default();
        let mut at: Vec<Option<Address>> = vec![None; blocks.len()];
        for block in (0..blocks.len()).filter(|&block| is_kept[block]) {
            at[block] = Some(memory.take(blocks.get(block)));
        }
        for (step, ending) in self.steps.iter().zip(&ending) {
            let block = blocks.of(step.results().start as Address);
            at[block].get_or_insert_with(|| memory.take(blocks.get(block)));
            for &block in ending {
                memory.give_back(at[block].expect("a block that was written"), blocks.get(block));
            }
        }
        self.values = memory.end();
        self.move_to(|address| {
            let block = blocks.of(address);
            at[block].expect("a block that is used") + address - blocks.get(block).at
        });
    }

    /// For each block, the last step that writes or reads it; `None` if no step writes it.
    fn last_steps(&self, blocks: &Blocks) -> Vec<Option<usize>> {
        let mut last = vec![None; blocks.len()];
        for (number, step) in self.steps.iter().enumerate() {
            last[blocks.of(step.results().start as Address)] = Some(number);
            for operand in self.operands(step).iter() {
                let last = &mut last[blocks.of(operand.at)];
                if last.is_some() {
                    *last = Some(number);
                }
            }
        }
        last
    }

    /// For each block, whether it is read after the last step: as an output, by a guard, or by the sweep. Constants, those of
    /// halos too, and inputs stay where they are: they are there before the first step.
    pub(super) fn kept(&self, blocks: &Blocks) -> Vec<bool> {
        let mut is_kept: Vec<bool> = (0..blocks.len()).map(|block| blocks.get(block).has_halo).collect();
        let mut keep = |address: Address| is_kept[blocks.of(address)] = true;
        keep(self.inputs);
        self.outputs.iter().copied().for_each(&mut keep);
        self.guards.iter().for_each(|guard| [guard.left, guard.right].into_iter().for_each(&mut keep));
        self.watched.iter().for_each(|watched| keep(watched.at));
        self.constants.iter().for_each(|&(address, _)| keep(address));
        self.contributions
            .iter()
            .filter_map(|contribution| contribution.value)
            .for_each(|value| keep(value.at));
        for reverse in &self.reverse {
            let ReverseStep::Through { step, to, .. } = reverse else { continue };
            let (step, to) = (&self.steps[*step], &self.destinations[to.clone()]);
            let is_wanted = |k: usize| to[k].write != Write::Nothing;
            for (k, operand) in self.operands(step).iter().enumerate() {
                if step.reads(Some(k), is_wanted) {
                    keep(operand.at);
                }
            }
            if step.reads(None, is_wanted) {
                keep(step.results().start as Address);
            }
        }
        is_kept
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
                Step::Move { from, to, .. } | Step::Chain { first: from, to, .. } => {
                    operand(from);
                    *to = moved(*to);
                }
                Step::Lists { to, .. } | Step::Copy { to, .. } | Step::Single { to, .. } => *to = moved(*to),
            }
        }
        let values = self.contributions.iter_mut().filter_map(|contribution| contribution.value.as_mut());
        let of_links = self.links.iter_mut().map(|link| &mut link.operand);
        self.terms.iter_mut().chain(values).chain(of_links).for_each(operand);
        self.indices.iter_mut().chain(&mut self.outputs).for_each(|address| *address = moved(*address));
        self.constants.iter_mut().for_each(|(address, _)| *address = moved(*address));
        self.watched.iter_mut().for_each(|watched| watched.at = moved(watched.at));
        self.trees.iter_mut().for_each(|tree| tree.product = moved(tree.product));
        for guard in &mut self.guards {
            (guard.left, guard.right) = (moved(guard.left), moved(guard.right));
        }
        self.inputs = moved(self.inputs);
    }
}

impl Step {
    /// Whether a wanted contribution, of those that are not multiples of the adjoint, depends on the value of an operand, or
    /// on the results for `None`.
    fn reads(&self, operand: Option<usize>, is_wanted: impl Fn(usize) -> bool) -> bool {
        match self {
            Step::Map { op, arity, .. } => {
                (0..*arity).any(|by| is_wanted(by) && op.partial_reads(by, operand))
            }
            Step::Lists { .. } | Step::Single { .. } => true,
            Step::Chain { .. } | Step::Along { .. } | Step::Copy { .. } | Step::Move { .. } => false,
        }
    }
}
