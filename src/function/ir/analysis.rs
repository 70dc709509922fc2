//! Dependencies between the places of a graph.

use super::graph::Graph;
use super::instruction::Place;
use crate::tape::mark_needed;

impl Graph {
    /// For each place, whether it depends on one of these inputs.
    pub fn depends_on(&self, inputs: impl Iterator<Item = usize>) -> Vec<bool> {
        let mut depends = self.marked(inputs.map(|input| self.input(input)));
        for instruction in self.instructions.iter() {
            if instruction.operands.iter().any(|&operand| depends[operand as usize]) {
                instruction.set(&mut depends, true);
            }
        }
        depends
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
    pub fn uses(&self) -> Vec<u32> {
        let mut uses = vec![0; self.places()];
        self.instructions.operands().iter().for_each(|&place| uses[place as usize] += 1);
        self.asked_for().for_each(|place| uses[place as usize] += 1);
        uses
    }

    fn marked(&self, places: impl Iterator<Item = Place>) -> Vec<bool> {
        let mut marked = vec![false; self.places()];
        places.for_each(|place| marked[place as usize] = true);
        marked
    }
}
