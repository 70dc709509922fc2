//! The steps of the reverse sweep, the last first. Whether a contribution is the first to its adjoints, and is written, or is
//! added, is decided here.

use super::blocks::{Block, Blocks, Lent};
use super::plan::{
    Address, Contribution, Derivatives, Destination, Multiple, Operand, ReverseStep, Schedule, Step, Write,
};
use crate::function::ir::graph::Graph;
use std::ops::Range;

/// The planning of a sweep.
struct Planner<'s> {
    schedule: &'s Schedule,
    blocks: &'s Blocks,
    /// Where the adjoints of each block are, while they are needed: side by side, or one that is the same for all.
    at: Vec<Option<Operand>>,
    memory: Lent,
    /// How often each value is used, by steps and as an output.
    uses: Vec<u32>,
    /// For each value, whether its adjoint has been written, and whether it depends on a variable.
    is_written: Vec<bool>,
    is_active: Vec<bool>,
    steps: Vec<ReverseStep>,
    contributions: Vec<Contribution>,
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
            contributions: Vec::new(),
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
        let Planner { steps, contributions, destinations, memory, .. } = planner;
        self.adjoints = memory.end();
        (self.reverse, self.derivatives) = (steps, derivatives);
        (self.contributions, self.destinations) = (contributions, destinations);
        self.gather();
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
                Step::Map { .. } | Step::Lists { .. } | Step::Move { .. } => {
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
        self.adjoints(value).at
    }

    /// Where the adjoints of values from this one on are: those of a block.
    fn adjoints(&mut self, first: Address) -> Operand {
        let block = self.blocks.of(first);
        let of = self.blocks.get(block);
        let memory = &mut self.memory;
        let new = || Operand { at: memory.take(block, of), is_same: false };
        let all = *self.at[block].get_or_insert_with(new);
        if all.is_same { all } else { Operand { at: all.at + first - of.at, ..all } }
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
        if self.is_written[results.clone()].contains(&true) {
            self.fill(results.clone());
            let schedule = self.schedule;
            let operands = schedule.operands(step);
            let from = self.adjoints(results.start as Address);
            let from = Operand { is_same: from.is_same || matches!(step, Step::Along { .. }), ..from };
            let mut is_left: Vec<bool> = operands
                .iter()
                .map(|operand| self.is_active[operand.range(step.len())].contains(&true))
                .collect();
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
                self.steps.push(ReverseStep::Through { step: number, from, to });
            }
        }
        // The first step of a block is the last that needs its adjoints.
        let block = self.blocks.of(results.start as Address);
        if self.blocks.get(block).at as usize == results.start && self.at[block].take().is_some() {
            self.memory.finish(block);
        }
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

    /// Finds blocks whose adjoints are those of the results, and blocks whose adjoints are all the same. Blocks that are used
    /// nowhere else, so nothing is added to these adjoints.
    fn pass_on(&mut self, step: &Step, operands: &[Operand], from: Operand, is_left: &mut [bool]) {
        let (results, len) = (step.results().start as Address, step.len());
        for (own, &operand) in operands.iter().enumerate() {
            let block = self.blocks.of(operand.at);
            let values = operand.range(len);
            let of = self.blocks.get(block);
            let is_alone = is_left[own]
                && (of.at, of.len) == (operand.at, values.len())
                && self.uses[values.clone()].iter().all(|&uses| uses == 1)
                && !self.is_written[values.clone()].contains(&true);
            let multiple = step.multiple(operands, own).filter(|_| is_alone && !operand.is_same);
            let Some(Multiple { by, value, .. }) = multiple else {
                continue;
            };
            let is_same = from.is_same && value.is_none_or(|value| value.is_same);
            if by == 1.0 && value.is_none() {
                self.at[block] = Some(from);
                self.memory.lend(self.blocks.of(results), block);
            } else if is_same {
                let at = self.memory.take(block, Block { len: 1, ..of });
                self.at[block] = Some(Operand { at, is_same });
                let to = Destination { at, write: Write::Set };
                let start = self.contributions.len();
                self.contributions.push(Contribution { from, by, value, to, is_sum: false });
                let contributions = start..self.contributions.len();
                self.steps.push(ReverseStep::Linear { len: 1, contributions });
            } else {
                continue;
            }
            self.is_written[values].fill(true);
            is_left[own] = false;
        }
    }

    /// Contributions that are multiples of the adjoints.
    fn linear(&mut self, step: &Step, operands: &[Operand], from: Operand, is_left: &mut [bool]) {
        let start = self.contributions.len();
        for own in 0..operands.len() {
            let multiple = step.multiple(operands, own).filter(|_| is_left[own]);
            if let Some(Multiple { mut by, value, other }) = multiple {
                is_left[own] = false;
                if let Some(other) = other.filter(|&other| is_left[other] && operands[other] == operands[own])
                {
                    // The product of a number with itself.
                    by *= 2.0;
                    is_left[other] = false;
                }
                let to = self.destination(operands[own], step.len());
                let is_sum = operands[own].is_same;
                self.contributions.push(Contribution { from, by, value, to, is_sum });
            }
        }
        let contributions = start..self.contributions.len();
        if !contributions.is_empty() {
            self.steps.push(ReverseStep::Linear { len: step.len(), contributions });
        }
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
