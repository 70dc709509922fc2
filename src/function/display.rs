//! Inspection of a function: its graph with values and derivatives, straight-line code, and counts.

use super::Function;
use super::evaluate::{Memory, backward};
use super::evaluator::Evaluator;
use super::ir::graph::{Instruction, Place, Source};
use super::workspace::Workspace;
use crate::error::Error;
use crate::table::ops::Op;
use crate::table::zeros::Reach;
use crate::view::{FunctionStatistics, Guard, Listing, Node, Operand, count_by_name};
use std::fmt;

impl Function {
    /// Counts of inputs, outputs, operations, constants and guards.
    #[must_use]
    pub fn statistics(&self) -> FunctionStatistics {
        FunctionStatistics {
            inputs: self.inputs(),
            outputs: self.outputs(),
            operations: self.graph.instructions.len(),
            constants: self.graph.constants.len(),
            guards: self.graph.guards.len(),
            counts: count_by_name(self.graph.instructions.iter().map(|instruction| instruction.op)),
        }
    }

    /// The graph with the numbers in this memory. If the memory is empty, values are NaN. Only nodes that the sweep
    /// reached have an adjoint.
    fn listing(&self, memory: &Memory) -> Listing {
        let constants = self.graph.constants.len();
        let node = |place: usize, name, op| Node {
            index: place - constants,
            name,
            op,
            operands: Vec::new(),
            value: memory.values.get(place).copied().unwrap_or(f64::NAN),
            partials: Vec::new(),
            adjoint: memory.was_reached(place).then(|| memory.adjoints[place]),
            at: None,
        };
        let inputs = self.names.iter().enumerate();
        let inputs = inputs.map(|(k, name)| node(constants + k, Some(name.clone()), Op::Input));
        let operations = self.graph.instructions.iter().flat_map(|instruction| {
            let results = instruction.results();
            let last = Node {
                operands: instruction.operands.iter().map(|&operand| self.operand(operand)).collect(),
                partials: self.partials(instruction, &memory.values),
                ..node(results.end - 1, None, instruction.op)
            };
            (results.start..results.end - 1).map(|place| node(place, None, Op::Entry)).chain([last])
        });
        // By the number of instructions: how many inputs and results there are.
        let counts: Vec<usize> = [self.inputs()]
            .into_iter()
            .chain(self.graph.instructions.iter().map(|instruction| instruction.results().end - constants))
            .collect();
        let guards = self.graph.guards.iter().map(|guard| Guard {
            predicate: guard.predicate,
            left: self.operand(guard.left),
            right: self.operand(guard.right),
            outcome: guard.outcome,
            nodes: counts[guard.after],
            at: guard.at.clone(),
        });
        Listing {
            nodes: inputs.chain(operations).collect(),
            guards: guards.collect(),
            outputs: self.output_places().map(|output| self.operand(output)).collect(),
        }
    }

    fn operand(&self, place: Place) -> Operand {
        match self.graph.source(place) {
            Source::Constant(value) => Operand::Constant(value),
            Source::Input(index) => Operand::Node(index),
            Source::Result(index) => Operand::Node(self.inputs() + index),
        }
    }

    /// The partials of one operation, one per operand: all `None` without values.
    fn partials(&self, instruction: Instruction<'_>, values: &[f64]) -> Vec<Option<f64>> {
        let mut partials = vec![None; instruction.operands.len()];
        let is_wanted = |operand| !self.graph.is_constant(operand);
        let mut k = 0;
        let mut note = |operand, partial, untaken| {
            // Operands are visited in order; constants may be skipped.
            k += instruction.operands[k..].iter().position(|&next| next == operand).expect("an operand");
            let has_part = is_wanted(operand) && !Reach::of(untaken).is_never();
            partials[k] = has_part.then_some(partial);
            k += 1;
        };
        if !values.is_empty() {
            instruction.visit_edges(values, is_wanted, &mut note);
        }
        partials
    }
}

impl Evaluator<'_> {
    /// The graph with all values and partial derivatives at a point and, if the function has one output, all
    /// adjoints.
    ///
    /// # Errors
    /// See [`Evaluator`].
    pub fn listing(&mut self, x: &[f64]) -> Result<Listing, Error> {
        let (function, Workspace { plain, .. }) = self.parts();
        function.run(x, plain)?;
        let single = function.single_output().ok();
        backward(&function.graph, single.map(|output| (output, 1.0)), plain);
        Ok(function.listing(plain))
    }
}

impl fmt::Display for Function {
    /// Straight-line code, one line per operation and per guard. Operands have the same names as in a [`Listing`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.listing(&Memory::default()).write_code(f)
    }
}
