//! Dependencies between the places of a graph.

use super::graph::Graph;
use super::instructions::Place;
use crate::tape::mark_needed;
use std::rc::Rc;

impl Graph {
    /// For each place, whether it depends on one of these inputs.
    pub fn depends_on(&self, inputs: impl Iterator<Item = usize>) -> Vec<bool> {
        let mut depends = self.marked(inputs.map(|input| self.input(input)));
        for instruction in self.instructions.iter() {
            if instruction.operands.iter().any(|&operand| depends[operand as usize]) {
                depends[instruction.results()].fill(true);
            }
        }
        depends
    }

    /// For each output, the inputs that it depends on, in ascending order; `None` if there are more than `most` in all
    /// intermediate results together.
    pub fn dependencies(&self, most: usize) -> Option<Vec<Vec<u32>>> {
        let nothing: Rc<[u32]> = Rc::from([]);
        let mut of: Vec<Rc<[u32]>> = vec![nothing; self.places()];
        (0..self.inputs).for_each(|input| of[self.input(input) as usize] = Rc::from([input as u32]));
        let mut total = 0;
        let mut union = Vec::new();
        let mut joined = |of: &[Rc<[u32]>], operands: &mut dyn Iterator<Item = Place>| {
            let mut parts = operands.map(|operand| &of[operand as usize]).filter(|part| !part.is_empty());
            let Some(first) = parts.next() else { return Some(Rc::from([])) };
            // Most operations have operands that depend on the same inputs.
            let others = parts.filter(|part| !Rc::ptr_eq(part, first));
            union.clear();
            others.for_each(|part| union.extend_from_slice(part));
            if union.is_empty() {
                return Some(first.clone());
            }
            union.extend_from_slice(first);
            union.sort_unstable();
            union.dedup();
            total += union.len();
            (total <= most).then(|| Rc::from(&union[..]))
        };
        for instruction in self.instructions.iter() {
            let called = self.instructions.called_by(instruction);
            if let Some(rows) = called.and_then(|function| function.rules().dependencies()) {
                for (place, row) in instruction.results().zip(rows) {
                    let mut operands = row.iter().map(|&operand| instruction.operands[operand as usize]);
                    of[place] = joined(&of, &mut operands)?;
                }
            } else {
                let all = joined(&of, &mut instruction.operands.iter().copied())?;
                of[instruction.results()].fill(all);
            }
        }
        Some(self.outputs.iter().map(|&output| of[output as usize].to_vec()).collect())
    }

    /// For each place, whether one of these places depends on it.
    pub fn needed_by(&self, places: impl Iterator<Item = Place>) -> Vec<bool> {
        let mut needed = self.marked(places);
        let instructions = self.instructions.backwards();
        mark_needed(
            &mut needed,
            instructions.map(|instruction| {
                (instruction.results(), instruction.operands.iter().map(|&operand| operand as usize))
            }),
        );
        needed
    }

    /// The places that are used other than by instructions: by guards, and as outputs.
    pub fn asked_for(&self) -> impl Iterator<Item = Place> {
        let of_guards = self.guards.iter().flat_map(|guard| [guard.left, guard.right]);
        of_guards.chain(self.outputs.iter().copied())
    }

    /// How often each place is used: by instructions, by guards and as an output.
    pub fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.places()];
        let of_instructions = self.instructions.iter().flat_map(|instruction| instruction.operands).copied();
        of_instructions.chain(self.asked_for()).for_each(|place| uses[place as usize] += 1);
        uses
    }

    fn marked(&self, places: impl Iterator<Item = Place>) -> Vec<bool> {
        let mut marked = vec![false; self.places()];
        places.for_each(|place| marked[place as usize] = true);
        marked
    }
}
