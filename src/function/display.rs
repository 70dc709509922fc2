//! What a function shows of itself: the graph with its numbers, straight-line code, and counts.

use super::Function;
use super::evaluate::{Memory, backward, visit_edges};
use super::evaluator::{Evaluator, Workspace};
use super::ir::graph::{Place, Source};
use super::ir::instructions::Instruction;
use crate::error::Error;
use crate::table::number::Number;
use crate::table::ops::Op;
use crate::view::{FunctionStatistics, Guard, Listing, Node, Operand, count_by_name};
use std::fmt;

impl Function {
    /// What the function consists of.
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

    /// The graph, with the numbers that this memory holds; without any, NaN in place of values. An adjoint only of what was reached.
    fn listing(&self, memory: &Memory) -> Listing {
        let constants = self.graph.constants.len();
        let node = |place: usize, name, op, operands: &[Place]| Node {
            index: place - constants,
            name,
            op,
            operands: operands.iter().map(|&operand| self.operand(operand)).collect(),
            value: memory.values.get(place).copied().unwrap_or(f64::NAN),
            partials: self.partials(op, operands, place, &memory.values),
            adjoint: memory.was_reached(place).then(|| memory.adjoints[place]),
            at: None,
        };
        let inputs = self.names.iter().enumerate();
        let inputs = inputs.map(|(k, name)| node(constants + k, Some(name.clone()), Op::Input, &[]));
        let operations = self.graph.instructions.iter().zip(self.graph.first_result()..);
        let operations =
            operations.map(|(instruction, place)| node(place, None, instruction.op, instruction.operands));
        let guards = self.graph.guards.iter().map(|guard| Guard {
            predicate: guard.predicate,
            left: self.operand(guard.left),
            right: self.operand(guard.right),
            outcome: guard.outcome,
            nodes: self.inputs() + guard.after,
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

    /// The partials of one operation, by its operands; none without values.
    fn partials(&self, op: Op, operands: &[Place], place: usize, values: &[f64]) -> Vec<Option<f64>> {
        let mut partials = vec![None; operands.len()];
        if !operands.is_empty() && !values.is_empty() {
            let mut k = 0;
            visit_edges(
                &self.graph,
                Instruction { op, operands },
                values,
                place,
                |operand, partial, untaken| {
                    // Operands come in order; constants may be left out.
                    k += operands[k..].iter().position(|&next| next == operand).expect("an operand");
                    let has_part =
                        !self.graph.is_constant(operand) && !untaken.is_some_and(|mask| mask.is_settled());
                    partials[k] = has_part.then_some(partial);
                    k += 1;
                },
            );
        }
        partials
    }
}

impl Evaluator<'_> {
    /// The graph with every value and partial derivative at a point; of a function with one output, with every adjoint.
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
    /// Straight-line code, a line per operation and per guard. Operands have the names that they have in a [`Listing`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.listing(&Memory::default()).write_code(f)
    }
}
