//! From a graph to a plan: the preamble, the order of the steps, and the slots of their results.

use super::super::ir::graph::{Builder, Graph, Guard, Instruction, Place, Source};
use super::cost::lanes_of_few;
use super::plan::{Plan, Rows, Several, Slot, Step, Sums};
use crate::function::lanes::packet::WIDTH;
use crate::function::schedule::{Group, Levels};
use crate::table::compound::Compound;
use crate::table::ops::Op;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use std::ops::Range;

impl Plan {
    /// The plan for a graph whose inputs in `shared` have the same value for all samples; `is_variable`: for each
    /// input, whether derivatives are taken with respect to it.
    pub fn new(graph: &Graph, shared: Range<usize>, is_variable: &[bool]) -> Plan {
        let of_samples = (0..graph.inputs).filter(|input| !shared.contains(input));
        let is_shared: Vec<bool> = graph.depends_on(of_samples).iter().map(|depends| !depends).collect();
        let mut planner = Planner::new(graph, &shared, is_variable);
        for instruction in graph.instructions.iter().filter(|instruction| is_shared[instruction.result]) {
            let operands: Vec<Source> =
                instruction.operands.iter().map(|&place| planner.preamble(place)).collect();
            let first = planner.builder.instruction(instruction.op, operands);
            for (k, place) in instruction.results().enumerate() {
                planner.at[place] = At::Preamble(first.and(k));
            }
        }
        for guard in graph.guards.iter().filter(|guard| guard_is_shared(guard, &is_shared)) {
            let (left, right) = (planner.preamble(guard.left), planner.preamble(guard.right));
            planner.builder.guard(guard.predicate, left, right, guard.outcome, guard.at.clone());
        }
        planner.load();
        // Late levels would add contributions to adjoints in another order, and are not faster.
        for level in Levels::early(graph, |instruction| !is_shared[instruction.result]).iter() {
            planner.level(level, &is_shared);
        }
        planner.finish(&is_shared)
    }
}

/// Where the value of a place of the graph is.
#[derive(Clone, Copy, PartialEq)]
enum At {
    /// In the preamble.
    Preamble(Source),
    Lane(Slot),
    /// Not evaluated yet, or never.
    Nowhere,
}

fn guard_is_shared(guard: &Guard, is_shared: &[bool]) -> bool {
    is_shared[guard.left as usize] && is_shared[guard.right as usize]
}

/// A sum of products, as shared weights and lanes.
struct Products {
    weights: Vec<Place>,
    lanes: Vec<Place>,
    offset: Option<Place>,
}

/// Sums with the same key are computed together: the same lanes, and whether there are offsets.
type Key = (Vec<Place>, bool);

/// An instruction as a sum of products with one shared factor each, if it is one.
fn products(instruction: Instruction<'_>, is_shared: &[bool]) -> Option<Products> {
    let (pairs, offset) = instruction.op.as_sum_of_products(instruction.operands)?;
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

/// An operand of an elementwise row. Shared numbers are copied to wherever they are needed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Operand {
    Lane(Slot),
    Shared { is_variable: bool },
}

struct Planner<'g> {
    graph: &'g Graph,
    builder: Builder,
    /// By place of the graph.
    at: Vec<At>,
    is_variable: &'g [bool],
    shared: Range<usize>,
    /// The number of outputs of the preamble so far.
    outputs_of_preamble: usize,
    copies: Vec<(usize, Slot)>,
    /// Contiguous copies so far, by the places that are copied.
    copied: FxHashMap<Vec<Place>, Slot>,
    loads: Vec<(usize, Slot)>,
    steps: Vec<Step>,
    by_shared: Vec<bool>,
    by_sample: Vec<bool>,
    /// By place, whether it depends on a shared variable.
    is_shared_variable: Vec<bool>,
}

impl<'g> Planner<'g> {
    fn new(graph: &'g Graph, shared: &Range<usize>, is_variable: &'g [bool]) -> Self {
        let mut at = vec![At::Nowhere; graph.places()];
        for (place, &constant) in graph.constants.iter().enumerate() {
            at[place] = At::Preamble(Source::Constant(constant));
        }
        for input in shared.clone() {
            at[graph.input(input) as usize] = At::Preamble(Source::Input(input - shared.start));
        }
        let shared_variables = shared.clone().filter(|&input| is_variable[input]);
        Planner {
            graph,
            builder: Builder::new(shared.len()).calling_as(graph),
            at,
            is_variable,
            shared: shared.clone(),
            outputs_of_preamble: 0,
            copies: Vec::new(),
            copied: FxHashMap::default(),
            loads: Vec::new(),
            steps: Vec::new(),
            by_shared: Vec::new(),
            by_sample: Vec::new(),
            is_shared_variable: graph.depends_on(shared_variables),
        }
    }

    fn preamble(&self, place: Place) -> Source {
        match self.at[place as usize] {
            At::Preamble(source) => source,
            _ => unreachable!("what is shared depends on what is shared"),
        }
    }

    fn new_slot(&mut self, by_shared: bool, by_sample: bool) -> Slot {
        self.by_shared.push(by_shared);
        self.by_sample.push(by_sample);
        self.by_shared.len() as Slot - 1
    }

    /// Adds an output to the preamble, and returns its position.
    fn share(&mut self, place: Place) -> usize {
        let source = self.preamble(place);
        self.builder.output(source);
        self.outputs_of_preamble += 1;
        self.outputs_of_preamble - 1
    }

    /// Adds outputs to the preamble, and returns their positions.
    fn share_all(&mut self, places: &[Place]) -> Range<usize> {
        let start = self.outputs_of_preamble;
        for &place in places {
            self.share(place);
        }
        start..self.outputs_of_preamble
    }

    /// Makes slots for the inputs that differ between samples.
    fn load(&mut self) {
        let shared = self.shared.clone();
        for input in (0..self.graph.inputs).filter(|input| !shared.contains(input)) {
            let slot = self.new_slot(false, self.is_variable[input]);
            self.at[self.graph.input(input) as usize] = At::Lane(slot);
            let number = if input < self.shared.start { input } else { input - self.shared.len() };
            self.loads.push((number, slot));
        }
    }

    /// The slot of a place; shared numbers are copied to one.
    fn lane(&mut self, place: Place) -> Slot {
        match self.at[place as usize] {
            At::Lane(slot) => slot,
            _ => self.copy(vec![place]),
        }
    }

    /// The first of contiguous slots to which shared numbers are copied.
    fn copy(&mut self, places: Vec<Place>) -> Slot {
        if let Some(&slot) = self.copied.get(&places) {
            return slot;
        }
        let first = self.by_shared.len() as Slot;
        for &place in &places {
            let position = self.share(place);
            let slot = self.new_slot(self.is_shared_variable[place as usize], false);
            self.copies.push((position, slot));
        }
        self.copied.insert(places, first);
        first
    }

    /// Makes the steps of one level: instructions that can be evaluated together are one step.
    fn level(&mut self, numbers: &[u32], is_shared: &[bool]) {
        let mut sums: IndexMap<Key, Vec<(Instruction<'_>, Products)>> = IndexMap::default();
        let mut rows: IndexMap<Op, Vec<Instruction<'_>>> = IndexMap::default();
        let graph = self.graph;
        for instruction in numbers.iter().map(|&number| graph.instructions.at(number as usize)) {
            if let Some(products) = products(instruction, is_shared) {
                let key = (products.lanes.clone(), products.offset.is_some());
                sums.entry(key).or_default().push((instruction, products));
            } else if instruction.is_list() {
                self.list(instruction);
            } else if let Some(op) = self.graph.instructions.compound(instruction) {
                self.several(op, instruction);
            } else {
                rows.entry(instruction.op).or_default().push(instruction);
            }
        }
        for rows in sums.into_values() {
            self.sums(&rows);
        }
        for (op, instructions) in rows {
            let operands = instructions.iter().map(|instruction| instruction.operands);
            let group = Group::new(instructions.len(), operands, |place| self.operand(place));
            let order = group.sorted(0..group.positions());
            let parts = group
                .parts(&order, |first, distance, other| self.are_in_line(first, distance as Slot, other));
            for part in parts {
                let now: Vec<Instruction<'_>> =
                    order[part].iter().map(|&k| instructions[k as usize]).collect();
                self.rows(op, &now);
            }
        }
    }

    fn operand(&self, place: Place) -> Operand {
        match self.at[place as usize] {
            At::Lane(slot) => Operand::Lane(slot),
            _ => Operand::Shared { is_variable: self.is_shared_variable[place as usize] },
        }
    }

    /// Whether an operand is this many slots after the first one, and depends on the same kinds of variables.
    fn are_in_line(&self, first: Operand, distance: Slot, other: Operand) -> bool {
        match (first, other) {
            (Operand::Lane(first), Operand::Lane(other)) => {
                let depends = |slot: Slot| (self.by_shared[slot as usize], self.by_sample[slot as usize]);
                other == first + distance && depends(first) == depends(other)
            }
            _ => first == other,
        }
    }

    /// Makes contiguous slots for the results of instructions that read these slots; `is_learned`: whether they
    /// also depend on shared variables.
    fn results(&mut self, instructions: &[Instruction<'_>], reads: &[Slot], is_learned: bool) -> Slot {
        let first = self.by_shared.len() as Slot;
        let depends = |on: &[bool]| reads.iter().any(|&slot| on[slot as usize]);
        let (by_shared, by_sample) = (is_learned || depends(&self.by_shared), depends(&self.by_sample));
        for place in instructions.iter().flat_map(|instruction| instruction.results()) {
            let slot = self.new_slot(by_shared, by_sample);
            self.at[place] = At::Lane(slot);
        }
        first
    }

    fn list(&mut self, instruction: Instruction<'_>) {
        let operands: Vec<Slot> = instruction.operands.iter().map(|&place| self.lane(place)).collect();
        let to = self.results(&[instruction], &operands, false);
        self.steps.push(Step::List { op: instruction.op, operands, to });
    }

    fn several(&mut self, op: Compound, instruction: Instruction<'_>) {
        let operands: Vec<Slot> = instruction.operands.iter().map(|&place| self.lane(place)).collect();
        let to = self.results(&[instruction], &operands, false) as usize;
        let results = to..to + instruction.results().len();
        self.steps.push(Step::Several(Several { op, operands, results }));
    }

    /// Makes one step of sums that read the same lanes.
    fn sums(&mut self, rows: &[(Instruction<'_>, Products)]) {
        let lanes: Vec<Slot> = rows[0].1.lanes.iter().map(|&place| self.lane(place)).collect();
        let weights: Vec<Place> = rows.iter().flat_map(|(_, row)| &row.weights).copied().collect();
        let offsets: Vec<Place> = rows.iter().filter_map(|(_, row)| row.offset).collect();
        let mut all = weights.iter().chain(&offsets);
        let is_learned = all.any(|&place| self.is_shared_variable[place as usize]);
        let (weights, offsets) = (self.share_all(&weights), self.share_all(&offsets));
        let instructions: Vec<Instruction<'_>> = rows.iter().map(|(instruction, _)| *instruction).collect();
        let to = self.results(&instructions, &lanes, is_learned);
        let mut distinct = lanes.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let repeats = distinct.len() < lanes.len();
        let (rows, loads) = (rows.len(), self.loads_of(&lanes));
        self.steps.push(Step::Sums(Sums { lanes, loads, weights, offsets, to, rows, is_learned, repeats }));
    }

    /// The range of loads that these lanes are, if they are contiguous loads.
    fn loads_of(&self, lanes: &[Slot]) -> Option<Range<usize>> {
        let first = lanes.first()?;
        let start = self.loads.iter().position(|(_, slot)| slot == first)?;
        let range = start..start + lanes.len();
        let loads = self.loads.get(range.clone())?;
        loads.iter().zip(lanes).all(|((_, load), lane)| load == lane).then_some(range)
    }

    /// Makes one step of elementwise rows whose operands are contiguous.
    fn rows(&mut self, op: Op, instructions: &[Instruction<'_>]) {
        let arity = instructions[0].operands.len();
        let mut operands: SmallVec<[Slot; 3]> = SmallVec::new();
        for k in 0..arity {
            let places: Vec<Place> = instructions.iter().map(|row| row.operands[k]).collect();
            operands.push(match self.operand(places[0]) {
                Operand::Lane(slot) => slot,
                Operand::Shared { .. } => self.copy(places),
            });
        }
        let to = self.results(instructions, &operands, false);
        let operands = std::array::from_fn(|k| operands.get(k).copied().unwrap_or(operands[0]));
        self.steps.push(Step::Rows(Rows { op, operands, arity, to, rows: instructions.len() }));
    }

    fn finish(mut self, is_shared: &[bool]) -> Plan {
        let graph = self.graph;
        let over_lanes = graph.guards.iter().filter(|guard| !guard_is_shared(guard, is_shared));
        let guards: Vec<Guard> = over_lanes
            .map(|guard| Guard {
                left: self.lane(guard.left),
                right: self.lane(guard.right),
                ..guard.clone()
            })
            .collect();
        let outputs: Vec<Slot> = graph.outputs.iter().map(|&place| self.lane(place)).collect();
        let slots = self.by_shared.len();
        let (mut uses, mut begins) = (vec![0; slots], vec![true; slots]);
        for slot in
            outputs.iter().map(|&slot| slot as usize).chain(self.steps.iter().flat_map(Step::operands))
        {
            uses[slot] += 1;
        }
        self.steps.iter().flat_map(|step| step.results().skip(1)).for_each(|slot| begins[slot] = false);
        let rows = self.steps.iter().map(|step| if let Step::Rows(rows) = step { rows.rows } else { 1 });
        let transposed = self.steps.iter().filter_map(|step| match step {
            Step::Sums(sums) if sums.are_transposed(WIDTH) => Some(sums.lanes.len()),
            _ => None,
        });
        let summed =
            self.steps.iter().map(|step| if let Step::Sums(sums) = step { sums.lanes.len() } else { 0 });
        Plan {
            lanes_of_few: lanes_of_few(&self.steps),
            most_summed: summed.max().unwrap_or(0),
            most_transposed: transposed.max().unwrap_or(0),
            most_rows: rows.max().unwrap_or(1),
            outputs,
            guards,
            preamble: self.builder.finish(),
            loads: self.loads,
            copies: self.copies,
            steps: self.steps,
            slots,
            uses,
            begins,
            by_shared: self.by_shared,
            by_sample: self.by_sample,
        }
    }
}
