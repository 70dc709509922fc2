//! The steps of the evaluation: groups of equal operations become runs.

use super::blocks::Blocks;
use super::group::{Group, breaks, segments};
use super::plan::{Address, Exactness, Operand, Schedule, Step};
use crate::function::ir::graph::{Graph, Guard, Instruction, Place};
use crate::table::ops::Op;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use std::ops::Range;

/// Runs of fewer results than this are joined by copying operands.
const SHORT: usize = 6;
/// Rows over lists are computed side by side from this number on.
const SIDE_BY_SIDE: usize = 4;
/// Sums of this number of terms and more are computed in parts.
const LONG: usize = 16;
/// Fewer elementwise operations than this are computed one by one.
const LONE: usize = 2;

pub(super) struct Planner<'g> {
    graph: &'g Graph,
    /// The address of each place of the graph, once it is known.
    at: Vec<Address>,
    blocks: Blocks,
    schedule: Schedule,
    /// Numbers that were copied so far, and where to.
    copied: FxHashMap<Vec<Address>, Address>,
    /// The constants, by address.
    constants: FxHashMap<Address, f64>,
    exactness: Exactness,
}

/// Operations that can be evaluated side by side: the same operation, and constants at the same positions.
type Key = (Op, Vec<bool>);

impl<'g> Planner<'g> {
    pub fn new(graph: &'g Graph, exactness: Exactness) -> Planner<'g> {
        let mut blocks = Blocks::default();
        let constants = blocks.append(graph.constants.len());
        let inputs = blocks.append(graph.inputs);
        let mut at: Vec<Address> =
            (constants..).take(graph.constants.len()).chain((inputs..).take(graph.inputs)).collect();
        at.resize(graph.places(), 0);
        let values: Vec<(Address, f64)> = (constants..).zip(graph.constants.iter().copied()).collect();
        Planner {
            graph,
            at,
            blocks,
            constants: values.iter().copied().collect(),
            schedule: Schedule { inputs, constants: values, ..Schedule::default() },
            copied: FxHashMap::default(),
            exactness,
        }
    }

    /// Arranges instructions that do not depend on each other.
    pub fn level(&mut self, instructions: &[Instruction<'g>]) {
        let mut groups: IndexMap<Key, Vec<Instruction<'g>>, rustc_hash::FxBuildHasher> = IndexMap::default();
        for &instruction in instructions {
            let are_constant =
                instruction.operands.iter().map(|&place| self.graph.is_constant(place)).collect();
            groups.entry((instruction.op, are_constant)).or_default().push(instruction);
        }
        for ((op, are_constant), instructions) in groups {
            if instructions[0].is_matrix() || instructions[0].operands.is_empty() {
                instructions.iter().for_each(|&instruction| self.single(op, &[instruction]));
            } else {
                self.group(op, &instructions, are_constant);
            }
        }
    }

    fn group(&mut self, op: Op, instructions: &[Instruction<'g>], are_constant: Vec<bool>) {
        let addresses: Vec<Address> = instructions
            .iter()
            .flat_map(|instruction| instruction.operands)
            .map(|&place| self.at[place as usize])
            .collect();
        let operands = instructions[0].operands.len();
        let group = Group::new(addresses, are_constant);
        let ordered: Vec<Instruction<'g>> = group.order.iter().map(|&k| instructions[k]).collect();
        let few = if op.is_reduction() { SIDE_BY_SIDE } else { LONE };
        if group.len() < few {
            let factors = if op == Op::TERMS { 1 } else { 2 };
            let is_sum = op == Op::TERMS || op == Op::INNER_PRODUCT;
            if is_sum && self.exactness == Exactness::Rounded && operands / factors >= LONG {
                return ordered.iter().for_each(|&instruction| self.along(instruction, factors));
            }
            return self.single(op, &ordered);
        }
        let mut columns: Vec<Vec<Address>> = (0..operands).map(|position| group.column(position)).collect();
        let runs = self.joined(&mut columns);
        let to = self.results(&ordered);
        for run in runs {
            let operands: Vec<Operand> = columns.iter().map(|column| operand(&column[run.clone()])).collect();
            let (to, len) = (to + run.start as Address, run.len());
            if op.is_reduction() {
                let start = self.schedule.terms.len();
                self.schedule.terms.extend(operands);
                let operands = start..self.schedule.terms.len();
                self.schedule.steps.push(Step::Lists { op, operands, to, len });
            } else {
                let arity = operands.len();
                let operands = std::array::from_fn(|k| operands[k.min(arity - 1)]);
                self.schedule.steps.push(Step::Map { op, operands, arity, to, len });
            }
        }
    }

    /// A long sum: a partial sum for each run of its terms.
    fn along(&mut self, instruction: Instruction<'g>, factors: usize) {
        let addresses: Vec<Address> =
            instruction.operands.iter().map(|&place| self.at[place as usize]).collect();
        let terms = addresses.len() / factors;
        let mut columns: Vec<Vec<Address>> = addresses.chunks(terms).map(<[Address]>::to_vec).collect();
        let runs = self.joined(&mut columns);
        let parts = if runs.len() == 1 { None } else { Some(self.blocks.append(runs.len())) };
        let to = self.results(&[instruction]);
        for (k, run) in runs.iter().enumerate() {
            let of = |column: usize| operand(&columns[column % factors][run.clone()]);
            let to = parts.map_or(to, |parts| parts + k as Address);
            self.schedule.steps.push(Step::Along { operands: [of(0), of(1)], factors, to, len: run.len() });
        }
        if let Some(parts) = parts {
            let operand = Operand { at: parts, is_same: false };
            let len = runs.len();
            self.schedule.steps.push(Step::Along { operands: [operand; 2], factors: 1, to, len });
        }
    }

    /// The runs in which all columns go on. A column that does not go on often is copied, and further ones as long as runs
    /// are short.
    fn joined(&mut self, columns: &mut [Vec<Address>]) -> Vec<Range<usize>> {
        let len = columns[0].len();
        let mut counts: Vec<usize> = columns.iter().map(|column| breaks(column)).collect();
        for (column, count) in columns.iter_mut().zip(&mut counts) {
            if *count > len / 8 {
                *column = self.copy(column);
                *count = 0;
            }
        }
        loop {
            let views: Vec<&[Address]> = columns.iter().map(Vec::as_slice).collect();
            let runs = segments(len, &views);
            let most = (0..counts.len()).max_by_key(|&position| counts[position]).expect("an operand");
            if runs.len() * SHORT <= len || counts[most] == 0 {
                return runs;
            }
            columns[most] = self.copy(&columns[most]);
            counts[most] = 0;
        }
    }

    /// Copies numbers to a block of their own, and returns their new addresses. Constants are copied here, once.
    fn copy(&mut self, from: &[Address]) -> Vec<Address> {
        let to = match self.copied.get(from) {
            Some(&to) => to,
            None => {
                let to = self.blocks.append(from.len());
                if from.iter().all(|address| self.constants.contains_key(address)) {
                    let constants = from.iter().map(|address| self.constants[address]);
                    let placed: Vec<(Address, f64)> = (to..).zip(constants).collect();
                    self.constants.extend(placed.iter().copied());
                    self.schedule.constants.extend(placed);
                } else {
                    let start = self.schedule.indices.len();
                    self.schedule.indices.extend_from_slice(from);
                    self.schedule.steps.push(Step::Copy { from: start..self.schedule.indices.len(), to });
                }
                self.copied.insert(from.to_vec(), to);
                to
            }
        };
        (to..).take(from.len()).collect()
    }

    /// Evaluates operations one by one.
    fn single(&mut self, op: Op, instructions: &[Instruction<'g>]) {
        let mut to = self.results(instructions);
        for instruction in instructions {
            let start = self.schedule.indices.len();
            self.schedule.indices.extend(instruction.operands.iter().map(|&place| self.at[place as usize]));
            let operands = start..self.schedule.indices.len();
            self.schedule.steps.push(Step::Single { op, operands, to });
            to += instruction.results().len() as Address;
        }
    }

    /// A block for the results of these instructions.
    fn results(&mut self, instructions: &[Instruction<'g>]) -> Address {
        let places = || instructions.iter().flat_map(|instruction| instruction.results());
        let to = self.blocks.append(places().count());
        for (place, address) in places().zip(to..) {
            self.at[place] = address;
        }
        to
    }

    pub fn finish(mut self) -> (Schedule, Blocks) {
        let at = |place: Place| self.at[place as usize];
        self.schedule.outputs = self.graph.outputs.iter().map(|&place| at(place)).collect();
        self.schedule.guards = self
            .graph
            .guards
            .iter()
            .map(|guard| Guard { left: at(guard.left), right: at(guard.right), ..guard.clone() })
            .collect();
        self.schedule.values = self.blocks.end();
        (self.schedule, self.blocks)
    }
}

/// The operand of a run with these addresses.
fn operand(column: &[Address]) -> Operand {
    Operand { at: column[0], is_same: column.len() > 1 && column[0] == column[1] }
}
