//! The steps of the reverse sweep, the last first. Whether a contribution is the first to its adjoints, and is written, or is
//! added, is decided here.

use super::adjoints::{Adjoints, is_safe};
use super::blocks::{Block, Blocks, Lent};
use super::plan::{
    Address, Contribution, Derivatives, Destination, Multiple, Operand, ReverseStep, Schedule, Step, Write,
};
use crate::function::ir::graph::Graph;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Adjoints that are times values are computed, and not left so, if more operands than this depend on them.
const READERS: usize = 2;

/// The planning of a sweep.
struct Planner<'s> {
    schedule: &'s Schedule,
    blocks: &'s Blocks,
    /// The adjoints of each block, while they are needed.
    at: Vec<Option<Adjoints>>,
    memory: Lent,
    /// The constants, by address.
    constants: &'s FxHashMap<Address, f64>,
    /// How often each value is used, by steps and as an output.
    uses: &'s [u32],
    /// For each value, whether its adjoint has been written, and whether it depends on a variable.
    is_written: Vec<bool>,
    is_active: Vec<bool>,
    steps: Vec<ReverseStep>,
    contributions: Vec<Contribution>,
    destinations: Vec<Destination>,
}

impl Schedule {
    pub(super) fn plan_reverse(
        &mut self,
        graph: &Graph,
        blocks: &Blocks,
        constants: &FxHashMap<Address, f64>,
        uses: &[u32],
        is_variable: &[bool],
    ) {
        let is_active = self.active(is_variable);
        let mut planner = Planner {
            schedule: self,
            blocks,
            at: vec![None; blocks.len()],
            memory: Lent::new(blocks.len()),
            constants,
            uses,
            is_written: vec![false; self.values],
            is_active,
            steps: Vec::new(),
            contributions: Vec::new(),
            destinations: Vec::new(),
        };
        for (number, &output) in self.outputs.iter().enumerate() {
            planner.seed(number, output);
        }
        for (number, step) in self.steps.iter().enumerate().rev() {
            planner.through(number, step);
        }
        planner.compute(blocks.of(self.inputs));
        let mut derivatives: Vec<Derivatives> = Vec::new();
        for (input, _) in (self.inputs..).take(graph.inputs).zip(is_variable).filter(|(_, is)| **is) {
            let at = planner.is_written[input as usize].then(|| planner.adjoint(input));
            match derivatives.last_mut() {
                Some(last) if last.at.map(|first| first + last.len as Address) == at => last.len += 1,
                _ => derivatives.push(Derivatives { at, len: 1 }),
            }
        }
        let Planner { steps, contributions, destinations, memory, .. } = planner;
        self.adjoints = memory.end();
        (self.reverse, self.derivatives) = (steps, derivatives);
        (self.contributions, self.destinations) = (contributions, destinations);
        self.gather();
    }

    /// How often each value is used, by steps and as an output.
    pub(super) fn uses(&self) -> Vec<u32> {
        let mut uses = vec![0; self.values];
        for step in &self.steps {
            for operand in self.operands(step).iter() {
                uses[operand.range(step.len())].iter_mut().for_each(|uses| *uses += 1);
            }
        }
        self.outputs.iter().for_each(|&output| uses[output as usize] += 1);
        uses
    }

    /// For each value, whether it depends on a variable.
    fn active(&self, is_variable: &[bool]) -> Vec<bool> {
        let mut active = vec![false; self.values];
        for (input, &is_variable) in (self.inputs as usize..).zip(is_variable) {
            active[input] = is_variable;
        }
        for step in &self.steps {
            let (results, operands) = (step.results(), self.operands(step));
            match step {
                Step::Map { .. } | Step::Chain { .. } | Step::Lists { .. } => {
                    // Operands come before results in memory.
                    let (before, now) = active.split_at_mut(results.start);
                    let now = &mut now[..results.len()];
                    for operand in operands.iter() {
                        let of_operand = &before[operand.range(results.len())];
                        match of_operand {
                            &[is_active] if operand.is_same => {
                                now.iter_mut().for_each(|now| *now |= is_active)
                            }
                            _ => {
                                now.iter_mut().zip(of_operand).for_each(|(now, is_active)| *now |= is_active)
                            }
                        }
                    }
                }
                Step::Move { from, .. } => {
                    for (number, result) in results.enumerate() {
                        active[result] = active[from.element(number)];
                    }
                }
                Step::Copy { .. } => {
                    for (result, operand) in results.zip(operands.iter()) {
                        active[result] = active[operand.at as usize];
                    }
                }
                Step::Along { .. } | Step::Single { .. } => {
                    let depends = |operand: &Operand| active[operand.range(step.len())].contains(&true);
                    let any = operands.iter().any(depends);
                    active[results].fill(any);
                }
            }
        }
        active
    }
}

impl Planner<'_> {
    /// Where the adjoint of a value is, which is a number in memory.
    fn adjoint(&mut self, value: Address) -> Address {
        let adjoints = self.adjoints(value);
        debug_assert!(adjoints.are_plain(), "adjoints that contributions are added to");
        adjoints.from.at
    }

    /// The adjoints of values from this one on: those of a block.
    fn adjoints(&mut self, first: Address) -> Adjoints {
        let block = self.blocks.of(first);
        let of = self.blocks.get(block);
        let memory = &mut self.memory;
        let new = || Adjoints::plain(Operand { at: memory.take(block, of), is_same: false });
        self.at[block].get_or_insert_with(new).moved(of.at, first)
    }

    /// Computes the adjoints of a block, if they are known as multiples of others.
    fn compute(&mut self, block: usize) {
        let Some(adjoints) = self.at[block].filter(|adjoints| !adjoints.are_plain()) else { return };
        let of = self.blocks.get(block);
        let is_same = adjoints.are_same();
        let len = if is_same { 1 } else { of.len };
        let at = self.memory.take(block, Block { len, ..of });
        self.contribute([adjoints.contribution(len, Destination { at, write: Write::Set }, false)]);
        self.memory.give_up(block);
        self.at[block] = Some(Adjoints::plain(Operand { at, is_same }));
    }

    fn contribute(&mut self, contributions: impl IntoIterator<Item = Contribution>) {
        let start = self.contributions.len();
        self.contributions.extend(contributions);
        let contributions = start..self.contributions.len();
        if !contributions.is_empty() {
            self.steps.push(ReverseStep::Linear(contributions));
        }
    }

    /// The weight of an output.
    fn seed(&mut self, output: usize, value: Address) {
        if self.is_active[value as usize] {
            let to = self.destination(Operand { at: value, is_same: true }, 1);
            self.steps.push(ReverseStep::Seed { output, to });
        }
    }

    /// Makes the adjoints of these values 0 that have not been written.
    fn fill(&mut self, values: Range<usize>) {
        let mut at = values.start;
        while at < values.end {
            let start = at;
            while at < values.end && !self.is_written[at] {
                self.is_written[at] = true;
                at += 1;
            }
            if at > start {
                let first = self.adjoint(start as Address) as usize;
                self.steps.push(ReverseStep::Zero(first..first + at - start));
            }
            at += 1;
        }
    }

    fn through(&mut self, number: usize, step: &Step) {
        let results = step.results();
        let block = self.blocks.of(results.start as Address);
        if self.is_written[results.clone()].contains(&true) {
            self.fill(results.clone());
            let schedule = self.schedule;
            let operands = schedule.operands(step);
            let mut is_left: Vec<bool> = operands
                .iter()
                .map(|operand| self.is_active[operand.range(step.len())].contains(&true))
                .collect();
            let mut from = self.adjoints(results.start as Address);
            let trees = self.trees(&results);
            if !trees.is_empty() || !self.goes_through(step, &operands, from, &is_left) {
                self.compute(block);
                from = self.adjoints(results.start as Address);
            }
            for tree in trees {
                let product = schedule.trees[tree].product as usize;
                let adjoint = from.from.element(product - results.start) as Address;
                self.steps.push(ReverseStep::Watch { tree, adjoint });
            }
            if matches!(step, Step::Along { .. }) {
                from = from.of_one();
            }
            self.pass_on(step, &operands, from, &mut is_left);
            self.linear(step, &operands, from, &mut is_left);
            if is_left.contains(&true) {
                self.separate(&operands, &is_left, step.len());
                let start = self.destinations.len();
                for (&operand, is_left) in operands.iter().zip(is_left) {
                    let nowhere = Destination { at: 0, write: Write::Nothing };
                    let to = if is_left { self.destination(operand, step.len()) } else { nowhere };
                    self.destinations.push(to);
                }
                let to = start..self.destinations.len();
                let write = self.destinations[start].write;
                let is_scattered = matches!(step, Step::Copy { .. })
                    && !from.from.is_same
                    && self.destinations[to.clone()].iter().all(|to| to.write == write);
                self.steps.push(match is_scattered {
                    true => ReverseStep::Scatter { from: from.from.at, to, write },
                    false => ReverseStep::Through { step: number, from: from.from, to },
                });
            }
        }
        // The first step of a block is the last that needs its adjoints.
        if self.blocks.get(block).at as usize == results.start && self.at[block].take().is_some() {
            self.memory.finish(block);
        }
    }

    /// The trees whose products are among these results.
    fn trees(&self, results: &Range<usize>) -> Range<usize> {
        let before = |at: usize| self.schedule.trees.partition_point(|tree| (tree.product as usize) < at);
        before(results.start)..before(results.end)
    }

    /// Whether all contributions of a step are multiples of others' adjoints, if those of its results are.
    fn goes_through(&self, step: &Step, operands: &[Operand], from: Adjoints, is_left: &[bool]) -> bool {
        let mut left = (0..operands.len()).filter(|&own| is_left[own]);
        let of = |own| self.multiple(step, operands, own).and_then(|multiple| from.times(&multiple));
        from.are_plain()
            || (from.value.is_none() || left.clone().count() <= READERS) && left.all(|own| of(own).is_some())
    }

    /// The contribution to an operand as a multiple, in which constants are numbers.
    fn multiple(&self, step: &Step, operands: &[Operand], own: usize) -> Option<Multiple> {
        let multiple = step.multiple(operands, own)?;
        let constant =
            multiple.value.filter(|value| value.is_same).and_then(|value| self.constants.get(&value.at));
        Some(match constant {
            Some(constant) if is_safe(multiple.by * constant, false) => {
                Multiple { by: multiple.by * constant, value: None, ..multiple }
            }
            _ => multiple,
        })
    }

    /// A run is computed piece by piece: where operands have some numbers in common, but not all, a number could be written
    /// after something was added to it.
    fn separate(&mut self, operands: &[Operand], is_left: &[bool], len: usize) {
        let left: Vec<Operand> = operands
            .iter()
            .zip(is_left)
            .filter_map(|(&operand, is_left)| is_left.then_some(operand))
            .collect();
        if overlap(&left, len) {
            for operand in left {
                let block = self.blocks.get(self.blocks.of(operand.at));
                self.fill(block.without_halo(operand.range(len)));
            }
        }
    }

    /// Finds blocks whose adjoints are multiples of those of the results: blocks that are used nowhere else, so nothing is added
    /// to these adjoints.
    fn pass_on(&mut self, step: &Step, operands: &[Operand], from: Adjoints, is_left: &mut [bool]) {
        let (results, len) = (step.results().start as Address, step.len());
        for (own, &operand) in operands.iter().enumerate() {
            let block = self.blocks.of(operand.at);
            let values = operand.range(len);
            let of = self.blocks.get(block);
            let is_alone = is_left[own]
                && !operand.is_same
                && (of.at, of.len) == (operand.at, values.len())
                && self.uses[values.clone()].iter().all(|&uses| uses == 1)
                && !self.is_written[values.clone()].contains(&true);
            let multiple = if is_alone { self.multiple(step, operands, own) } else { None };
            if let Some(adjoints) = multiple.and_then(|multiple| from.times(&multiple)) {
                self.at[block] = Some(adjoints);
                self.memory.lend(self.blocks.of(results), block);
                if adjoints.are_same() && adjoints.value.is_some() {
                    self.compute(block);
                }
                self.is_written[values].fill(true);
                is_left[own] = false;
            }
        }
    }

    /// Contributions that are multiples of the adjoints.
    fn linear(&mut self, step: &Step, operands: &[Operand], from: Adjoints, is_left: &mut [bool]) {
        let mut contributions = Vec::new();
        for own in 0..operands.len() {
            if !is_left[own] {
                continue;
            }
            let Some(mut multiple) = self.multiple(step, operands, own) else { continue };
            is_left[own] = false;
            let twin = multiple.other.filter(|&other| is_left[other] && operands[other] == operands[own]);
            if let Some(other) = twin {
                // The product of a number with itself.
                multiple.by *= 2.0;
                is_left[other] = false;
            }
            let (by, value) = (from.by * multiple.by, from.value.or(multiple.value));
            let adjoints = Adjoints { by, value, ..from };
            let operand = operands[own];
            if operand.is_same {
                let to = self.destination(operand, 1);
                contributions.push(adjoints.contribution(step.len(), to, true));
                continue;
            }
            // What is in the halo of a block has no adjoint.
            let all = operand.range(step.len());
            let in_block = self.blocks.get(self.blocks.of(operand.at)).without_halo(all.clone());
            let first = Operand { at: in_block.start as Address, ..operand };
            let to = self.destination(first, in_block.len());
            let adjoints = adjoints.moved(operand.at, first.at);
            contributions.push(adjoints.contribution(in_block.len(), to, false));
        }
        self.contribute(contributions);
    }

    /// Where contributions to an operand go; whatever it depends on.
    fn destination(&mut self, operand: Operand, len: usize) -> Destination {
        let values = self.blocks.get(self.blocks.of(operand.at)).without_halo(operand.range(len));
        let write = match self.is_written[values.clone()].contains(&true) {
            true => Write::Add,
            false => Write::Set,
        };
        match write {
            Write::Add => self.fill(values),
            _ => self.is_written[values].fill(true),
        }
        Destination { at: self.adjoint(operand.at), write }
    }
}

/// Whether two of these operands have some numbers in common, but not all.
fn overlap(operands: &[Operand], len: usize) -> bool {
    let mut ranges: Vec<Range<usize>> = operands.iter().map(|operand| operand.range(len)).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    ranges.dedup();
    ranges.windows(2).any(|pair| pair[1].start < pair[0].end)
}
