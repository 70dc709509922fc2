//! A function as text: straight-line code, and counts.

use super::Function;
use super::ir::graph::{Instruction, Place, Source, Step};
use indexmap::IndexMap;
use std::fmt;

impl fmt::Display for Function {
    /// Straight-line code, a line per operation.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |place: Place| match self.graph.source(place) {
            Source::Constant(value) => value.to_string(),
            Source::Input(index) => self.names[index].clone(),
            Source::Result(index) => format!("v{index}"),
        };
        let list = |places: &[Place]| places.iter().map(|&place| name(place)).collect::<Vec<_>>().join(", ");
        let names: Vec<_> = self.names().collect();
        writeln!(f, "fn({}) {{", names.join(", "))?;
        for step in self.graph.steps() {
            match step {
                Step::Ask(guard) => {
                    let question = guard.predicate.phrase(name(guard.left), name(guard.right));
                    let not = if guard.outcome { "" } else { "!" };
                    writeln!(f, "    guard {not}({question}); // {}", guard.at)?;
                }
                Step::Evaluate(Instruction { op, operands, result }) => {
                    writeln!(f, "    let {} = {op}({});", name(result as Place), list(operands))?;
                }
            }
        }
        write!(f, "    [{}]\n}}", list(&self.graph.outputs))
    }
}

/// What a function consists of; `Display` is a table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FunctionStats {
    /// Inputs, parameters included.
    pub inputs: usize,
    /// Outputs.
    pub outputs: usize,
    /// Operations.
    pub operations: usize,
    /// Different constants.
    pub constants: usize,
    /// Comparisons that are checked at each evaluation.
    pub guards: usize,
    /// Operations by name, the most frequent first.
    pub counts: IndexMap<&'static str, usize>,
}

impl Function {
    /// What the function consists of.
    #[must_use]
    pub fn stats(&self) -> FunctionStats {
        let mut counts = IndexMap::new();
        for instruction in self.graph.instructions.iter() {
            *counts.entry(instruction.op.name()).or_insert(0) += 1;
        }
        counts.sort_by(|_, a, _, b| b.cmp(a));
        FunctionStats {
            inputs: self.inputs(),
            outputs: self.outputs(),
            operations: self.graph.instructions.len(),
            constants: self.graph.constants.len(),
            guards: self.graph.guards.len(),
            counts,
        }
    }
}

impl fmt::Display for FunctionStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let FunctionStats { inputs, outputs, operations, constants, guards, counts } = self;
        write!(
            f,
            "{inputs} inputs, {outputs} outputs, {operations} operations, {constants} constants, {guards} guards"
        )?;
        for (name, count) in counts {
            write!(f, "\n{count:>10}  {name}")?;
        }
        Ok(())
    }
}
