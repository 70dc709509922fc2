//! The steps of the evaluation: groups of equal operations become runs.

use super::blocks::{Block, Blocks};
use super::group::{Group, breaks, segments};
use super::plan::{Address, Exactness, Operand, Schedule, Step, Watched};
use crate::function::ir::graph::{Graph, Guard, Instruction, Place};
use crate::table::ops::Op;
use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use smallvec::SmallVec;
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
    /// Numbers that were copied so far, and where to: lists of them, and each of them.
    copied: FxHashMap<Vec<Address>, Address>,
    copies: FxHashMap<Address, Address>,
    /// The constants, by address.
    constants: FxHashMap<Address, f64>,
    exactness: Exactness,
}

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
            copies: FxHashMap::default(),
            exactness,
        }
    }

    /// Arranges instructions that do not depend on each other.
    pub fn level(&mut self, instructions: &[Instruction<'g>]) {
        let mut alike: IndexMap<(Op, usize), Vec<Instruction<'g>>, FxBuildHasher> = IndexMap::default();
        for &instruction in instructions {
            alike.entry((instruction.op, instruction.operands.len())).or_default().push(instruction);
        }
        for ((op, operands), instructions) in alike {
            if op.is_compound() || operands == 0 {
                instructions.iter().for_each(|&instruction| self.single(op, &[instruction]));
                continue;
            }
            let mut groups: IndexMap<SmallVec<[bool; 8]>, Vec<Instruction<'g>>, FxBuildHasher> =
                IndexMap::default();
            for &instruction in &instructions {
                let are_constant =
                    instruction.operands.iter().map(|&place| self.graph.is_constant(place)).collect();
                groups.entry(are_constant).or_default().push(instruction);
            }
            let is_one =
                groups.len() > 1 && !op.is_reduction() && self.with_halo(op, &instructions, groups.len());
            if !is_one {
                for (are_constant, instructions) in groups {
                    self.group(op, &instructions, are_constant.into_vec());
                }
            }
        }
    }

    /// Arranges operations of which some have constants where others do not, in the order of the recording, as at the borders
    /// of a grid: a window that leaves a block finds a constant in its halo. Returns whether that makes fewer runs than
    /// `groups`, in which all have constants at the same positions; otherwise nothing is done.
    fn with_halo(&mut self, op: Op, instructions: &[Instruction<'g>], groups: usize) -> bool {
        let operands = instructions[0].operands.len();
        let mut columns: Vec<Vec<Address>> = (0..operands)
            .map(|k| instructions.iter().map(|it| self.at[it.operands[k] as usize]).collect())
            .collect();
        let mut halos: FxHashMap<Address, f64> = FxHashMap::default();
        for column in &mut columns {
            for k in 0..column.len() {
                let Some(&constant) = self.constants.get(&column[k]) else { continue };
                let beside = |other: Option<usize>, is_after: bool| {
                    let at = *column.get(other?)?;
                    let block = self.blocks.get(self.blocks.of(at));
                    let halo = if is_after { block.at + block.len as Address } else { block.at - 1 };
                    let is_beside = if is_after { at + 1 == halo } else { at == block.at };
                    let held = self.constants.get(&halo).or(halos.get(&halo));
                    let is_free = held.is_none_or(|held| held.to_bits() == constant.to_bits());
                    (is_beside && is_free && !self.constants.contains_key(&at)).then_some(halo)
                };
                if let Some(halo) = beside(Some(k + 1), false).or(beside(k.checked_sub(1), true)) {
                    halos.insert(halo, constant);
                    column[k] = halo;
                }
            }
        }
        let views: Vec<&[Address]> = columns.iter().map(Vec::as_slice).collect();
        let runs = segments(instructions.len(), &views);
        if runs.len() >= groups {
            return false;
        }
        let mut halos: Vec<(Address, f64)> = halos.into_iter().collect();
        halos.sort_unstable_by_key(|&(at, _)| at);
        for (at, constant) in halos {
            self.hold(at, constant);
        }
        self.runs(op, instructions, &columns, runs);
        true
    }

    /// Puts a constant into a halo.
    fn hold(&mut self, at: Address, constant: f64) {
        if self.constants.insert(at, constant).is_some() {
            return;
        }
        self.schedule.constants.push((at, constant));
        let block = self.blocks.of(at);
        self.blocks.set_halo(block);
        let Block { at: start, .. } = self.blocks.get(block);
        if at > start && start != self.schedule.inputs {
            // What is behind a block is written over with its last packet.
            let from = self.copy_of(constant);
            self.schedule.steps.push(Step::Move {
                from: Operand { at: from, is_same: true },
                to: at,
                len: 1,
            });
        }
    }

    /// A constant in a block of its own.
    fn copy_of(&mut self, constant: f64) -> Address {
        let to = self.blocks.append(1);
        self.constants.insert(to, constant);
        self.schedule.constants.push((to, constant));
        to
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
        self.runs(op, &ordered, &columns, runs);
    }

    /// The steps of equal operations whose operands go on in each of these runs.
    fn runs(
        &mut self,
        op: Op,
        ordered: &[Instruction<'g>],
        columns: &[Vec<Address>],
        runs: Vec<Range<usize>>,
    ) {
        let to = self.results(ordered);
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
        // By their addresses, so that they go on.
        let mut order: Vec<usize> = (0..terms).collect();
        order.sort_by_key(|&term| (addresses[term], addresses[term + addresses.len() - terms]));
        let of = |column: &[Address]| order.iter().map(|&term| column[term]).collect();
        let mut columns: Vec<Vec<Address>> = addresses.chunks(terms).map(of).collect();
        let runs = self.joined(&mut columns);
        let to = self.results(&[instruction]);
        self.schedule.watched.push(Watched { at: to, len: 1, is_factor: false });
        let parts = if runs.len() == 1 { None } else { Some(self.blocks.append(runs.len())) };
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

    /// The runs in which all columns go on. A column that does not go on often is replaced by copies that were made before, if
    /// these do; else it is copied, and further ones as long as runs are short.
    fn joined(&mut self, columns: &mut [Vec<Address>]) -> Vec<Range<usize>> {
        let len = columns[0].len();
        let mut counts: Vec<usize> = columns.iter().map(|column| breaks(column)).collect();
        for (column, count) in columns.iter_mut().zip(&mut counts) {
            if *count > len / 8 && !self.copies.is_empty() {
                let copies =
                    column.iter().map(|at| *self.copies.get(at).unwrap_or(at)).collect::<Vec<Address>>();
                let breaks = breaks(&copies);
                if breaks <= len / 8 {
                    (*column, *count) = (copies, breaks);
                }
            }
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
                    self.copy_to(from, to);
                }
                self.copied.insert(from.to_vec(), to);
                self.copies.extend(from.iter().copied().zip(to..));
                to
            }
        };
        (to..).take(from.len()).collect()
    }

    /// The steps that copy numbers to a block: by parts that are side by side, if these are long.
    fn copy_to(&mut self, from: &[Address], to: Address) {
        let parts = segments(from.len(), &[from]);
        if parts.len() * SHORT <= from.len() {
            let moves = parts.into_iter().map(|part| Step::Move {
                from: operand(&from[part.clone()]),
                to: to + part.start as Address,
                len: part.len(),
            });
            self.schedule.steps.extend(moves);
        } else {
            let start = self.schedule.indices.len();
            self.schedule.indices.extend_from_slice(from);
            self.schedule.steps.push(Step::Copy { from: start..self.schedule.indices.len(), to });
        }
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

    /// The steps, the blocks of their results, and the constants by address; `products`: parts of long products.
    pub fn finish(mut self, products: &[Place]) -> (Schedule, Blocks, FxHashMap<Address, f64>) {
        let at = |place: Place| self.at[place as usize];
        self.schedule.outputs = self.graph.outputs.iter().map(|&place| at(place)).collect();
        self.schedule.guards = self
            .graph
            .guards
            .iter()
            .map(|guard| Guard { left: at(guard.left), right: at(guard.right), ..guard.clone() })
            .collect();
        let mut addresses: Vec<Address> = products.iter().map(|&product| at(product)).collect();
        addresses.sort_unstable();
        let ranges = segments(addresses.len(), &[&addresses]).into_iter();
        self.schedule.watched.extend(ranges.map(|range| Watched {
            at: addresses[range.start],
            len: range.len(),
            is_factor: true,
        }));
        self.schedule.values = self.blocks.end();
        (self.schedule, self.blocks, self.constants)
    }
}

/// The operand of a run with these addresses.
fn operand(column: &[Address]) -> Operand {
    Operand { at: column[0], is_same: column.len() > 1 && column[0] == column[1] }
}
