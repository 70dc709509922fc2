//! From a graph to a plan: which parts are shared, in what order the rest is done, and where its numbers stand.

use super::super::graph::{Builder, Check, Graph, Place, Source};
use super::plan::{Plan, Row, Slot, Step, Sums};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::ops::Range;

impl Plan {
    /// The plan for a graph whose inputs in `shared` are the same for all samples; `is_variable`: by which inputs
    /// derivatives may be taken.
    pub fn new(graph: &Graph, shared: Range<usize>, is_variable: &[bool]) -> Plan {
        let is_shared = shared_places(graph, &shared);
        let products: Vec<Option<Products>> =
            (0..graph.instructions.len()).map(|index| products(graph, &is_shared, index)).collect();
        let (order, level) = order_of(graph, &is_shared, &products);
        let mut planner = Planner::new(graph, &shared, is_variable);
        for (index, instruction) in graph.instructions.iter().enumerate() {
            let place = graph.first_result() + index;
            if is_shared[place] {
                let operands: Vec<Source> = instruction.operands.iter().map(|&p| planner.head(p)).collect();
                planner.at[place] = At::Head(planner.builder.instruction(instruction.op, operands));
            }
        }
        for check in &graph.checks {
            if is_shared[check.left as usize] && is_shared[check.right as usize] {
                let (left, right) = (planner.head(check.left), planner.head(check.right));
                planner.builder.check(check.predicate, left, right, check.outcome, check.at.clone());
            }
        }
        // Everything that is read as lanes is there before the first step.
        planner.load_and_copy(graph, &shared, &is_shared, &products);
        let mut rest = &order[..];
        while let Some(&first) = rest.first() {
            let together = rest.iter().take_while(|&&k| {
                level[k] == level[first] && are_rows_of_one(&products[first], &products[k])
            });
            let (now, after) = rest.split_at(together.count().max(1));
            planner.step(graph, now, &products);
            rest = after;
        }
        planner.finish(graph, &is_shared)
    }
}

/// Where a place of the graph is to be found.
#[derive(Clone, Copy, PartialEq)]
enum At {
    /// In the head.
    Head(Source),
    Lane(Slot),
    /// Not evaluated yet, or not at all.
    Nowhere,
}

/// Which places are the same for all samples.
fn shared_places(graph: &Graph, shared: &Range<usize>) -> Vec<bool> {
    let mut is_shared = vec![true; graph.places()];
    for input in (0..graph.inputs).filter(|input| !shared.contains(input)) {
        is_shared[graph.input(input) as usize] = false;
    }
    for (index, instruction) in graph.instructions.iter().enumerate() {
        is_shared[graph.first_result() + index] =
            instruction.operands.iter().all(|&operand| is_shared[operand as usize]);
    }
    is_shared
}

/// The instructions over lanes, those that could be done together one after the other; and how many stand in line
/// before each.
fn order_of(graph: &Graph, is_shared: &[bool], products: &[Option<Products>]) -> (Vec<usize>, Vec<usize>) {
    let first = graph.first_result();
    let mut level = vec![0; graph.instructions.len()];
    for (index, instruction) in graph.instructions.iter().enumerate() {
        let before = instruction.operands.iter().filter(|&&operand| !is_shared[operand as usize]);
        let before = before.map(|&operand| (operand as usize).checked_sub(first).map_or(0, |k| level[k]));
        level[index] = 1 + before.max().unwrap_or(0);
    }
    let mut order: Vec<usize> =
        (0..graph.instructions.len()).filter(|index| !is_shared[first + index]).collect();
    // A stable sort: what is on one level stays in order, but rows that read the same lanes come together.
    let mut groups: FxHashMap<(usize, &[Place]), usize> = FxHashMap::default();
    let key: Vec<usize> = (0..graph.instructions.len())
        .map(|index| match &products[index] {
            Some(products) => *groups.entry((level[index], &products.lanes)).or_insert(index),
            None => index,
        })
        .collect();
    order.sort_by_key(|&index| (level[index], key[index]));
    (order, level)
}

/// A sum of products as weights that are shared and lanes.
struct Products {
    weights: Vec<Place>,
    lanes: Vec<Place>,
    offset: Option<Place>,
}

/// What an instruction is as a sum of products of which one factor is shared and the other is not.
fn products(graph: &Graph, is_shared: &[bool], index: usize) -> Option<Products> {
    let instruction = &graph.instructions[index];
    let (pairs, offset) = instruction.op.as_sum_of_products(&instruction.operands)?;
    let mut products = Products { weights: Vec::new(), lanes: Vec::new(), offset };
    if offset.is_some_and(|offset| !is_shared[offset as usize]) {
        return None;
    }
    for (a, b) in pairs {
        let (weight, lane) = match (is_shared[a as usize], is_shared[b as usize]) {
            (true, false) => (a, b),
            (false, true) => (b, a),
            _ => return None,
        };
        products.weights.push(weight);
        products.lanes.push(lane);
    }
    (!products.lanes.is_empty()).then_some(products)
}

fn are_rows_of_one(first: &Option<Products>, other: &Option<Products>) -> bool {
    match (first, other) {
        (Some(a), Some(b)) => a.lanes == b.lanes && a.offset.is_some() == b.offset.is_some(),
        _ => false,
    }
}

struct Planner<'g> {
    builder: Builder,
    /// By place of the graph.
    at: Vec<At>,
    is_variable: &'g [bool],
    shared: Range<usize>,
    /// How many outputs the head has so far.
    outputs_of_head: usize,
    copies: Vec<(usize, Slot)>,
    copied: FxHashMap<Place, Slot>,
    loads: Vec<(usize, Slot)>,
    steps: Vec<Step>,
    by_shared: Vec<bool>,
    by_sample: Vec<bool>,
    /// By place: whether it depends on a shared variable.
    is_shared_variable: Vec<bool>,
}

impl<'g> Planner<'g> {
    fn new(graph: &Graph, shared: &Range<usize>, is_variable: &'g [bool]) -> Self {
        let mut at = vec![At::Nowhere; graph.places()];
        for (place, &constant) in graph.constants.iter().enumerate() {
            at[place] = At::Head(Source::Constant(constant));
        }
        let mut is_shared_variable = vec![false; graph.places()];
        for input in shared.clone() {
            at[graph.input(input) as usize] = At::Head(Source::Input(input - shared.start));
            is_shared_variable[graph.input(input) as usize] = is_variable[input];
        }
        for (index, instruction) in graph.instructions.iter().enumerate() {
            is_shared_variable[graph.first_result() + index] =
                instruction.operands.iter().any(|&operand| is_shared_variable[operand as usize]);
        }
        Planner {
            builder: Builder::new(shared.len()),
            at,
            is_variable,
            shared: shared.clone(),
            outputs_of_head: 0,
            copies: Vec::new(),
            copied: FxHashMap::default(),
            loads: Vec::new(),
            steps: Vec::new(),
            by_shared: Vec::new(),
            by_sample: Vec::new(),
            is_shared_variable,
        }
    }

    fn head(&self, place: Place) -> Source {
        match self.at[place as usize] {
            At::Head(source) => source,
            _ => unreachable!("what is shared depends on what is shared"),
        }
    }

    fn new_slot(&mut self, by_shared: bool, by_sample: bool) -> Slot {
        self.by_shared.push(by_shared);
        self.by_sample.push(by_sample);
        self.by_shared.len() as Slot - 1
    }

    /// A further output of the head; gives its position.
    fn share(&mut self, place: Place) -> usize {
        let source = self.head(place);
        self.builder.output(source);
        self.outputs_of_head += 1;
        self.outputs_of_head - 1
    }

    /// Slots for the samples' inputs, and for what is shared and read as lanes.
    fn load_and_copy(
        &mut self,
        graph: &Graph,
        shared: &Range<usize>,
        is_shared: &[bool],
        products: &[Option<Products>],
    ) {
        for input in (0..graph.inputs).filter(|input| !shared.contains(input)) {
            let slot = self.new_slot(false, self.is_variable[input]);
            self.at[graph.input(input) as usize] = At::Lane(slot);
            let number = if input < self.shared.start { input } else { input - self.shared.len() };
            self.loads.push((number, slot));
        }
        let mut read_as_lanes: Vec<Place> = Vec::new();
        for (index, instruction) in graph.instructions.iter().enumerate() {
            let is_over_lanes = !is_shared[graph.first_result() + index];
            if is_over_lanes && products[index].is_none() {
                read_as_lanes.extend(&instruction.operands);
            }
        }
        for check in graph
            .checks
            .iter()
            .filter(|check| !(is_shared[check.left as usize] && is_shared[check.right as usize]))
        {
            read_as_lanes.extend([check.left, check.right]);
        }
        read_as_lanes.extend(&graph.outputs);
        for place in read_as_lanes {
            if is_shared[place as usize] && !self.copied.contains_key(&place) {
                let position = self.share(place);
                let slot = self.new_slot(self.is_shared_variable[place as usize], false);
                self.copies.push((position, slot));
                self.copied.insert(place, slot);
            }
        }
    }

    /// The slot from which a place is read as lanes.
    fn lane(&self, place: Place) -> Slot {
        match self.at[place as usize] {
            At::Lane(slot) => slot,
            _ => self.copied[&place],
        }
    }

    /// One step, of an instruction or of several that are rows of one.
    fn step(&mut self, graph: &Graph, instructions: &[usize], products: &[Option<Products>]) {
        let depends = |planner: &Self, of: fn(&Self) -> &[bool], operands: &[Slot]| {
            operands.iter().any(|&operand| of(planner)[operand as usize])
        };
        let rows: Option<Vec<&Products>> =
            instructions.iter().map(|&index| products[index].as_ref()).collect();
        if let Some(rows) = rows {
            let lanes: Vec<Slot> = rows[0].lanes.iter().map(|&place| self.lane(place)).collect();
            let weights = self.outputs_of_head..self.outputs_of_head + rows.len() * lanes.len();
            for &weight in rows.iter().flat_map(|row| &row.weights) {
                self.share(weight);
            }
            let offsets: Vec<Place> = rows.iter().filter_map(|row| row.offset).collect();
            let offsets = {
                let start = self.outputs_of_head;
                offsets.iter().for_each(|&offset| {
                    self.share(offset);
                });
                start..self.outputs_of_head
            };
            let is_of_shared = |row: &&Products| {
                row.weights.iter().chain(&row.offset).any(|&place| self.is_shared_variable[place as usize])
            };
            let is_learned = rows.iter().any(is_of_shared);
            let by_shared = depends(self, |p| &p.by_shared, &lanes) || is_learned;
            let by_sample = depends(self, |p| &p.by_sample, &lanes);
            let mut distinct = lanes.clone();
            distinct.sort_unstable();
            distinct.dedup();
            let repeats = distinct.len() < lanes.len();
            let mut to = 0;
            for (row, &index) in instructions.iter().enumerate() {
                let slot = self.new_slot(by_shared, by_sample);
                to = slot - row as Slot;
                self.at[graph.first_result() + index] = At::Lane(slot);
            }
            let rows = rows.len();
            self.steps.push(Step::Sums(Sums { lanes, weights, offsets, to, rows, is_learned, repeats }));
            return;
        }
        for &index in instructions {
            let instruction = &graph.instructions[index];
            let operands: Vec<Slot> = instruction.operands.iter().map(|&place| self.lane(place)).collect();
            let by_shared = depends(self, |p| &p.by_shared, &operands);
            let by_sample = depends(self, |p| &p.by_sample, &operands);
            let to = self.new_slot(by_shared, by_sample);
            self.at[graph.first_result() + index] = At::Lane(to);
            self.steps.push(match instruction.op.is_reduction() {
                true => Step::List { op: instruction.op, operands, to },
                false => {
                    let places = std::array::from_fn(|k| operands.get(k).copied().unwrap_or(operands[0]));
                    Step::Row(Row { op: instruction.op, operands: places, arity: operands.len(), to })
                }
            });
        }
    }

    fn finish(self, graph: &Graph, is_shared: &[bool]) -> Plan {
        let over_lanes = graph
            .checks
            .iter()
            .filter(|check| !(is_shared[check.left as usize] && is_shared[check.right as usize]));
        let checks = over_lanes
            .map(|check| Check {
                left: self.lane(check.left),
                right: self.lane(check.right),
                ..check.clone()
            })
            .collect();
        let learned = self.steps.iter().filter_map(|step| match step {
            Step::Sums(sums) if sums.is_learned => Some(&sums.lanes),
            _ => None,
        });
        let weighted: BTreeSet<Slot> = learned.flatten().copied().collect();
        Plan {
            weighted: weighted.into_iter().collect(),
            outputs: graph.outputs.iter().map(|&place| self.lane(place)).collect(),
            checks,
            head: self.builder.finish(),
            loads: self.loads,
            copies: self.copies,
            steps: self.steps,
            slots: self.by_shared.len(),
            by_shared: self.by_shared,
            by_sample: self.by_sample,
        }
    }
}
