//! Copies called functions into the functions that call them.

use super::call::Call;
use crate::function::Function;
use crate::function::ir::graph::{Builder, Graph, Source, Step};
use std::borrow::Cow;

/// The function that an instruction of this graph calls as it is.
fn is_called(graph: &Graph) -> bool {
    graph.instructions.atomics().iter().any(|function| function.rules().as_any().is::<Call>())
}

impl Function {
    /// The same function with the operations of the functions that it calls ([`Atomic::new`](crate::Atomic::new)) in place of the
    /// calls, and of those that they call. Loops and functions with rules of their own stay.
    ///
    /// Batches and plans do this by themselves: operations of different calls are evaluated side by side.
    #[must_use]
    pub fn inlined(&self) -> Function {
        self.with_calls_inlined().into_owned()
    }

    /// As [`inlined`](Self::inlined), without a copy where nothing is called.
    pub(crate) fn with_calls_inlined(&self) -> Cow<'_, Function> {
        if !is_called(&self.graph) {
            return Cow::Borrowed(self);
        }
        let mut builder = Builder::new(self.graph.inputs);
        let inputs: Vec<Source> = (0..self.graph.inputs).map(Source::Input).collect();
        for output in copy(&self.graph, &inputs, &mut builder) {
            builder.output(output);
        }
        Cow::Owned(self.with_graph(builder.finish()))
    }
}

/// Appends the instructions and guards of a graph with these inputs, and returns its outputs.
pub(super) fn copy(graph: &Graph, inputs: &[Source], builder: &mut Builder) -> Vec<Source> {
    let constants = graph.constants.iter().map(|&value| Source::Constant(value));
    let mut sources: Vec<Source> = constants.chain(inputs.iter().copied()).collect();
    for step in graph.steps() {
        match step {
            Step::Check(guard) => {
                let (left, right) = (sources[guard.left as usize], sources[guard.right as usize]);
                builder.guard(guard.predicate, left, right, guard.outcome, guard.at.clone());
            }
            Step::Evaluate(instruction) => {
                let operands: Vec<Source> =
                    instruction.operands.iter().map(|&place| sources[place as usize]).collect();
                let called = graph.instructions.called_by(instruction);
                let call = called.and_then(|function| function.rules().as_any().downcast_ref::<Call>());
                if let Some(call) = call {
                    // Calls are as deep as functions were wrapped in functions.
                    sources.extend(copy(&call.function().graph, &operands, builder));
                    continue;
                }
                let op = called.map_or(instruction.op, |function| builder.call(function));
                let first = builder.instruction(op, operands);
                sources.extend((0..instruction.results().len()).map(|k| first.and(k)));
            }
        }
    }
    graph.outputs.iter().map(|&output| sources[output as usize]).collect()
}
