//! The steps of the evaluation: groups of equal operations become runs.

use super::blocks::{Block, Blocks};
use super::group::{Group, breaks, segments};
use super::kinds::{Counts, Kind, Kinds};
use super::plan::{Address, Exactness, Operand, Schedule, Step, Tree, Watched};
use crate::function::ir::graph::{Graph, Guard, Instruction, Place};
use crate::table::ops::Op;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
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
    kinds: &'g Kinds,
    counts: Counts,
    /// The address of each place of the graph, once it is known.
    at: Vec<Address>,
    blocks: Blocks,
    schedule: Schedule,
    /// Lists of numbers that were copied so far, and where to.
    copied: FxHashMap<Vec<Address>, Address>,
    /// By address: where the number was copied to last, or its own address. Others were not copied.
    copies: Vec<Address>,
    /// Where the constants of the graph begin.
    first_constant: Address,
    /// The constants, by address.
    constants: FxHashMap<Address, f64>,
    /// The orders of groups, by their kinds, lengths and [patterns](Group::pattern).
    orders: FxHashMap<(usize, usize, u64), Option<Vec<u32>>>,
    exactness: Exactness,
}

impl<'g> Planner<'g> {
    pub fn new(graph: &'g Graph, kinds: &'g Kinds, exactness: Exactness) -> Planner<'g> {
        let mut blocks = Blocks::default();
        let constants = blocks.append(graph.constants.len());
        let inputs = blocks.append(graph.inputs);
        let mut at: Vec<Address> =
            (constants..).take(graph.constants.len()).chain((inputs..).take(graph.inputs)).collect();
        at.resize(graph.places(), 0);
        let values: Vec<(Address, f64)> = (constants..).zip(graph.constants.iter().copied()).collect();
        Planner {
            graph,
            kinds,
            counts: kinds.counts(),
            at,
            blocks,
            first_constant: constants,
            constants: values.iter().copied().collect(),
            schedule: Schedule { inputs, constants: values, ..Schedule::default() },
            copied: FxHashMap::default(),
            copies: Vec::new(),
            orders: FxHashMap::default(),
            exactness,
        }
    }

    /// Arranges instructions that do not depend on each other, given by their numbers.
    pub fn level(&mut self, numbers: &[u32]) {
        let kinds = self.kinds;
        let sorted = kinds.sorted(numbers, &mut self.counts);
        for family in sorted.kinds.chunk_by(|(a, _), (b, _)| kinds.are_related(*a, *b)) {
            let all = &sorted.numbers[family[0].1.start..family[family.len() - 1].1.end];
            let op = kinds.kinds[family[0].0].op;
            if op.is_compound() || self.instruction(all[0]).operands.is_empty() {
                all.iter().for_each(|&number| self.single(op, &[number]));
                continue;
            }
            let is_one = family.len() > 1 && !op.is_reduction() && self.with_halo(op, all, family.len());
            if !is_one {
                for (kind, range) in family {
                    self.group(*kind, &sorted.numbers[range.clone()]);
                }
            }
        }
    }

    fn instruction(&self, number: u32) -> Instruction<'g> {
        self.graph.instructions.at(number as usize)
    }

    /// The operands of instructions, by their addresses.
    fn operands(&self, numbers: &[u32]) -> Group<Address> {
        let operands = numbers.iter().map(|&number| self.instruction(number).operands);
        Group::new(numbers.len(), operands, |place| self.at[place as usize])
    }

    /// Arranges operations of which some have constants where others do not, in the order of the recording, as at the borders
    /// of a grid: a window that leaves a block finds a constant in its halo. Returns whether that makes fewer runs than
    /// `groups`, in which all have constants at the same positions; otherwise nothing is done.
    fn with_halo(&mut self, op: Op, numbers: &[u32], groups: usize) -> bool {
        let mut numbers = numbers.to_vec();
        numbers.sort();
        let mut group = self.operands(&numbers);
        let mut halos: FxHashMap<Address, f64> = FxHashMap::default();
        let first_constant = self.first_constant;
        for position in 0..group.positions() {
            let column = group.column_mut(position);
            for k in 0..column.len() {
                let constant = self.graph.constants.get(column[k].wrapping_sub(first_constant) as usize);
                let Some(&constant) = constant else { continue };
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
        let runs = group.segments();
        if runs.len() >= groups {
            return false;
        }
        let mut halos: Vec<(Address, f64)> = halos.into_iter().collect();
        halos.sort_unstable_by_key(|&(at, _)| at);
        for (at, constant) in halos {
            self.hold(at, constant);
        }
        self.runs(op, &numbers, &group, runs);
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

    fn group(&mut self, kind: usize, numbers: &[u32]) {
        let Kind { op, are_constant, .. } = &self.kinds.kinds[kind];
        let op = *op;
        let few = if op.is_reduction() { SIDE_BY_SIDE } else { LONE };
        let mut group = self.operands(numbers);
        let ordered = match self.order(kind, &group) {
            Some(order) => {
                group.reorder(&order);
                order.iter().map(|&k| numbers[k as usize]).collect()
            }
            None => Cow::Borrowed(numbers),
        };
        if group.len() < few {
            let factors = if op == Op::TERMS { 1 } else { 2 };
            let is_sum = op == Op::TERMS || op == Op::INNER_PRODUCT;
            if is_sum && self.exactness == Exactness::Rounded && are_constant.len() / factors >= LONG {
                return ordered.iter().for_each(|&number| self.along(number, factors));
            }
            return self.single(op, &ordered);
        }
        let runs = self.joined(&mut group);
        self.runs(op, &ordered, &group, runs);
    }

    /// The order in which operands go on most often, if it is another. Many graphs consist of parts that are alike, whose groups have
    /// the same order.
    fn order(&mut self, kind: usize, group: &Group<Address>) -> Option<Vec<u32>> {
        let are_constant = &self.kinds.kinds[kind].are_constant;
        // A list may have more operands than there are operations.
        if group.len() < 2 || group.breaks(are_constant) == 0 {
            return None;
        }
        let pattern = (kind, group.len(), group.pattern());
        self.orders.entry(pattern).or_insert_with(|| group.best_order(are_constant)).clone()
    }

    /// The steps of equal operations whose operands go on in each of these runs.
    fn runs(&mut self, op: Op, ordered: &[u32], group: &Group<Address>, runs: Vec<Range<usize>>) {
        let to = self.results(ordered);
        let arity = group.positions();
        for run in runs {
            let of = |position: usize| operand(&group.column(position)[run.clone()]);
            let (to, len) = (to + run.start as Address, run.len());
            if op.is_reduction() {
                let start = self.schedule.terms.len();
                self.schedule.terms.extend((0..arity).map(of));
                let operands = start..self.schedule.terms.len();
                self.schedule.steps.push(Step::Lists { op, operands, to, len });
            } else {
                let operands = std::array::from_fn(|position| of(position.min(arity - 1)));
                self.schedule.steps.push(Step::Map { op, operands, arity, to, len });
            }
        }
    }

    /// A long sum: a partial sum for each run of its terms.
    fn along(&mut self, number: u32, factors: usize) {
        let operands = self.instruction(number).operands;
        let addresses: Vec<Address> = operands.iter().map(|&place| self.at[place as usize]).collect();
        let terms = addresses.len() / factors;
        let mut group = Group::of_columns(addresses, terms);
        // By their addresses, so that they go on.
        group.reorder(&group.sorted(0..factors));
        let runs = self.joined(&mut group);
        let to = self.results(&[number]);
        self.schedule.watched.push(Watched { at: to, len: 1, is_factor: false });
        let parts = if runs.len() == 1 { None } else { Some(self.blocks.append(runs.len())) };
        for (k, run) in runs.iter().enumerate() {
            let of = |factor: usize| operand(&group.column(factor % factors)[run.clone()]);
            let to = parts.map_or(to, |parts| parts + k as Address);
            self.schedule.steps.push(Step::Along { operands: [of(0), of(1)], factors, to, len: run.len() });
        }
        if let Some(parts) = parts {
            let operand = Operand { at: parts, is_same: false };
            let len = runs.len();
            self.schedule.steps.push(Step::Along { operands: [operand; 2], factors: 1, to, len });
        }
    }

    /// The runs in which all operands go on. Those at a position that do not go on often are replaced by copies that were
    /// made before, if these do; else they are copied, and further ones as long as runs are short.
    fn joined(&mut self, group: &mut Group<Address>) -> Vec<Range<usize>> {
        let len = group.len();
        let mut counts: Vec<usize> = group.columns().map(breaks).collect();
        for (position, count) in counts.iter_mut().enumerate() {
            if *count > len / 8 && !self.copies.is_empty() {
                let copy = |&at: &Address| *self.copies.get(at as usize).unwrap_or(&at);
                let copies: Vec<Address> = group.column(position).iter().map(copy).collect();
                let breaks = breaks(&copies);
                if breaks <= len / 8 {
                    group.column_mut(position).copy_from_slice(&copies);
                    *count = breaks;
                }
            }
            if *count > len / 8 {
                self.copy(group.column_mut(position));
                *count = 0;
            }
        }
        loop {
            let runs = group.segments();
            let most = (0..counts.len()).max_by_key(|&position| counts[position]).expect("an operand");
            if runs.len() * SHORT <= len || counts[most] == 0 {
                return runs;
            }
            self.copy(group.column_mut(most));
            counts[most] = 0;
        }
    }

    /// Copies numbers to a block of their own, and replaces their addresses. Constants are copied here, once.
    fn copy(&mut self, column: &mut [Address]) {
        let to = match self.copied.get(&*column) {
            Some(&to) => to,
            None => {
                let to = self.blocks.append(column.len());
                if column.iter().all(|address| self.constants.contains_key(address)) {
                    let constants = column.iter().map(|address| self.constants[address]);
                    let placed: Vec<(Address, f64)> = (to..).zip(constants).collect();
                    self.constants.extend(placed.iter().copied());
                    self.schedule.constants.extend(placed);
                } else {
                    self.copy_to(column, to);
                }
                self.copied.insert(column.to_vec(), to);
                self.copies.extend(self.copies.len() as Address..to);
                for (&from, to) in column.iter().zip(to..) {
                    self.copies[from as usize] = to;
                }
                to
            }
        };
        column.iter_mut().zip(to..).for_each(|(address, to)| *address = to);
    }

    /// The steps that copy numbers to a block: by parts that are side by side, if these are long.
    fn copy_to(&mut self, from: &[Address], to: Address) {
        let parts = segments(from);
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
    fn single(&mut self, op: Op, numbers: &[u32]) {
        let mut to = self.results(numbers);
        for &number in numbers {
            let instruction = self.instruction(number);
            let start = self.schedule.indices.len();
            self.schedule.indices.extend(instruction.operands.iter().map(|&place| self.at[place as usize]));
            let operands = start..self.schedule.indices.len();
            self.schedule.steps.push(Step::Single { op, operands, to });
            to += instruction.results().len() as Address;
        }
    }

    /// A block for the results of these instructions, of one operation and number of operands.
    fn results(&mut self, numbers: &[u32]) -> Address {
        let each = self.instruction(numbers[0]).results().len();
        let to = self.blocks.append(numbers.len() * each);
        let mut next = to;
        for &number in numbers {
            let first = self.graph.instructions.result(number as usize);
            for at in &mut self.at[first..first + each] {
                *at = next;
                next += 1;
            }
        }
        to
    }

    /// The steps, the blocks of their results, and the constants by address; `trees`: the products in each long product.
    pub fn finish(mut self, trees: &[Vec<Place>]) -> (Schedule, Blocks, FxHashMap<Address, f64>) {
        let at = |place: Place| self.at[place as usize];
        self.schedule.outputs = self.graph.outputs.iter().map(|&place| at(place)).collect();
        self.schedule.guards = self
            .graph
            .guards
            .iter()
            .map(|guard| Guard { left: at(guard.left), right: at(guard.right), ..guard.clone() })
            .collect();
        for products in trees {
            let mut addresses: Vec<Address> = products.iter().map(|&product| at(product)).collect();
            let product = *addresses.last().expect("at least one product");
            addresses.sort_unstable();
            let start = self.schedule.watched.len();
            self.schedule.watched.extend(segments(&addresses).into_iter().map(|range| Watched {
                at: addresses[range.start],
                len: range.len(),
                is_factor: true,
            }));
            self.schedule.trees.push(Tree { product, parts: start..self.schedule.watched.len() });
        }
        self.schedule.trees.sort_unstable_by_key(|tree| tree.product);
        self.schedule.values = self.blocks.end();
        (self.schedule, self.blocks, self.constants)
    }
}

/// The operand of a run with these addresses.
fn operand(column: &[Address]) -> Operand {
    Operand { at: column[0], is_same: column.len() > 1 && column[0] == column[1] }
}
