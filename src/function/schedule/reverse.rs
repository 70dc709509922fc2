//! The steps of the reverse sweep, the last first. Whether a contribution is the first to its adjoints, and is written, or is
//! added, is decided here.

use super::blocks::{Blocks, Lent};
use super::plan::{Address, Derivatives, Destination, Operand, ReverseStep, Schedule, Step, Write};
use crate::function::ir::graph::Graph;
use crate::function::lanes::packet::WIDTH;
use std::ops::Range;

/// The planning of a sweep.
struct Planner<'s> {
    schedule: &'s Schedule,
    blocks: &'s Blocks,
    /// Where the adjoints of each block are, while they are needed.
    at: Vec<Option<Address>>,
    memory: Lent,
    /// How often each value is used, by steps and as an output.
    uses: Vec<u32>,
    /// For each value, whether its adjoint has been written, and whether it depends on a variable.
    is_written: Vec<bool>,
    is_active: Vec<bool>,
    steps: Vec<ReverseStep>,
    destinations: Vec<Destination>,
}

impl Schedule {
    pub(super) fn plan_reverse(&mut self, graph: &Graph, blocks: &Blocks, is_variable: &[bool]) {
        let is_active = self.active(is_variable);
        let mut planner = Planner {
            schedule: self,
            blocks,
            at: vec![None; blocks.len()],
            memory: Lent::new(blocks.len()),
            uses: self.uses(),
            is_written: vec![false; self.values],
            is_active,
            steps: Vec::new(),
            destinations: Vec::new(),
        };
        for (number, &output) in self.outputs.iter().enumerate() {
            planner.seed(number, output);
        }
        for (number, step) in self.steps.iter().enumerate().rev() {
            planner.through(number, step);
        }
        let mut derivatives: Vec<Derivatives> = Vec::new();
        for (input, _) in (self.inputs..).take(graph.inputs).zip(is_variable).filter(|(_, is)| **is) {
            let at = planner.is_written[input as usize].then(|| planner.adjoint(input));
            match derivatives.last_mut() {
                Some(last) if last.at.map(|first| first + last.len as Address) == at => last.len += 1,
                _ => derivatives.push(Derivatives { at, len: 1 }),
            }
        }
        let Planner { steps, destinations, memory, .. } = planner;
        self.adjoints = memory.end();
        (self.reverse, self.destinations, self.derivatives) = (steps, destinations, derivatives);
    }

    /// How often each value is used, by steps and as an output.
    fn uses(&self) -> Vec<u32> {
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
                Step::Map { .. } | Step::Lists { .. } => {
                    for k in 0..results.len() {
                        active[results.start + k] = operands.iter().any(|operand| active[operand.element(k)]);
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
    /// Where the adjoint of a value is.
    fn adjoint(&mut self, value: Address) -> Address {
        let block = self.blocks.of(value);
        let (start, len) = self.blocks.get(block);
        let memory = &mut self.memory;
        *self.at[block].get_or_insert_with(|| memory.take(block, len)) + (value - start)
    }

    /// An output: its adjoint starts as 0, to which the seed is added.
    fn seed(&mut self, output: usize, value: Address) {
        if self.is_active[value as usize] {
            self.fill(value as usize..value as usize + 1);
            let at = self.adjoint(value);
            self.steps.push(ReverseStep::Seed { output, at });
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
        if self.is_written[results.clone()].contains(&true) {
            self.fill(results.clone());
            let schedule = self.schedule;
            let operands = schedule.operands(step);
            let passed = self.pass_on(step, &operands);
            let start = self.destinations.len();
            let to = self.contribute(&operands, step.len(), &passed);
            if self.destinations[start..].iter().any(|to| to.write != Write::Nothing) {
                let from = self.adjoint(results.start as Address);
                self.steps.push(ReverseStep::Through { step: number, from, to });
            }
        }
        // The first step of a block is the last that needs its adjoints.
        let block = self.blocks.of(results.start as Address);
        let (start, _) = self.blocks.get(block);
        if start as usize == results.start && self.at[block].take().is_some() {
            self.memory.finish(block);
        }
    }

    /// Finds the operands that have the adjoints of the results as their own: terms of a sum that are used nowhere else.
    /// Nothing is computed for them.
    fn pass_on(&mut self, step: &Step, operands: &[Operand]) -> Vec<bool> {
        let (results, len) = (step.results().start as Address, step.len());
        let of = |(k, operand): (usize, &Operand)| {
            if !step.passes_on(k) || operand.is_same {
                return None;
            }
            let block = self.blocks.of(operand.at);
            let values = operand.range(len);
            let passes = self.blocks.get(block) == (operand.at, len)
                && self.uses[values.clone()].iter().all(|&uses| uses == 1)
                && self.is_active[values.clone()].contains(&true)
                && !self.is_written[values].contains(&true);
            passes.then_some(block)
        };
        let blocks: Vec<Option<usize>> = operands.iter().enumerate().map(of).collect();
        let (from, lender) = (self.adjoint(results), self.blocks.of(results));
        for (block, operand) in blocks.iter().zip(operands).filter_map(|(block, it)| Some(((*block)?, it))) {
            self.at[block] = Some(from);
            self.is_written[operand.range(len)].fill(true);
            self.memory.lend(lender, block);
        }
        blocks.iter().map(Option::is_some).collect()
    }

    /// The destinations of the contributions to operands, except those whose adjoints are `passed` on.
    fn contribute(&mut self, operands: &[Operand], len: usize, passed: &[bool]) -> Range<usize> {
        let start = self.destinations.len();
        if overlap(operands, len) {
            // A run is computed piece by piece: a number could be written after something was added to it.
            for &operand in operands {
                let values = operand.range(len);
                if self.is_active[values.clone()].contains(&true) {
                    self.fill(values);
                }
            }
        }
        for (&operand, &is_passed) in operands.iter().zip(passed) {
            let values = operand.range(len);
            let mut destination = Destination { at: 0, write: Write::Nothing, room: 0 };
            if !is_passed && self.is_active[values.clone()].contains(&true) {
                destination.write = match self.is_written[values.clone()].contains(&true) {
                    true => Write::Add,
                    false => Write::Set,
                };
                match destination.write {
                    Write::Add => self.fill(values.clone()),
                    _ => self.is_written[values.clone()].fill(true),
                }
                destination.at = self.adjoint(operand.at);
                let (block, length) = self.blocks.get(self.blocks.of(operand.at));
                // What follows the last number of a block is free.
                let is_last = values.end == block as usize + length;
                destination.room = (values.len() + if is_last { WIDTH } else { 0 }) as u32;
            }
            self.destinations.push(destination);
        }
        start..self.destinations.len()
    }
}

/// Whether two of these operands have some numbers in common, but not all.
fn overlap(operands: &[Operand], len: usize) -> bool {
    let mut ranges: Vec<Range<usize>> = operands.iter().map(|operand| operand.range(len)).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    ranges.dedup();
    ranges.windows(2).any(|pair| pair[1].start < pair[0].end)
}
