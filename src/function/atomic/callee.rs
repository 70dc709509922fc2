//! A function that is evaluated as a part of others: one operation at a time, or by a plan once that is repaid.

use super::late::{Late, is_at_once};
use crate::error::Error;
use crate::function::Function;
use crate::function::evaluate::{Memory, backward, backward_plain};
use crate::function::ir::graph::Instruction;
use crate::function::vectorised::{Vectorised, VectorisedWorkspace};
use crate::table::ops::Op;
use crate::tape::may_record;

/// A function, and plans of its values and of its adjoints. Both have the bits of an evaluation one operation at a time: the
/// adjoints are planned as the values of a function, whose operations are those of the sweep. (The sweep of a plan would add in
/// another order.)
#[derive(Debug)]
pub(super) struct Callee {
    pub function: Function,
    /// How many of the last inputs have adjoints that are added to sums.
    shared: usize,
    values: Late<Vectorised>,
    adjoints: Late<Vectorised>,
}

/// Memory of evaluations.
#[derive(Debug, Default)]
pub(super) struct CalleeMemory {
    plain: Memory,
    values: VectorisedWorkspace,
    adjoints: VectorisedWorkspace,
    inputs: Vec<f64>,
    outputs: Vec<f64>,
}

impl CalleeMemory {
    /// Memory for an evaluation of another function.
    pub fn plain(&mut self) -> &mut Memory {
        &mut self.plain
    }
}

/// Where a sweep over a callee starts.
pub(super) struct Seeds<'s> {
    /// The adjoints of the outputs, and which of them are reached; the others are 0.
    pub outputs: &'s [f64],
    pub are_reached: &'s [bool],
    /// The adjoints that the shared inputs, the last ones, have already.
    pub shared: &'s [f64],
}

impl Callee {
    pub fn new(function: Function, shared: usize) -> Callee {
        Callee { function, shared, values: Late::default(), adjoints: Late::default() }
    }

    /// One whose values are planned at once; `None` if that does not pay.
    pub fn planned(function: Function, shared: usize) -> Option<Callee> {
        let callee = Callee { values: Late::at_once(), ..Callee::new(function, shared) };
        callee.plan_of_values().is_some().then_some(callee)
    }

    fn plan_of_values(&self) -> Option<&Vectorised> {
        self.values.get(|| true, || Vectorised::of_values(&self.function, is_at_once()))
    }

    /// Where values are not planned, neither are adjoints.
    fn plan_of_adjoints(&self) -> Option<&Vectorised> {
        self.plan_of_values()?;
        let make = || Vectorised::of_values(&self.adjoint_function().ok()?, is_at_once());
        self.adjoints.get(may_record, || self.is_recorded_alike().then(make).flatten())
    }

    /// Whether a sweep over variables computes by the same formulas as one over numbers. Lists other than sums have formulas that
    /// look at numbers, and so have matrices; of what is called, a sweep adds the contributions as a whole.
    fn is_recorded_alike(&self) -> bool {
        let is_sum =
            |it: Instruction<'_>| it.op == Op::TERMS || it.op.as_sum_of_products(it.operands).is_some();
        let mut instructions = self.function.graph.instructions.iter();
        instructions.all(|it| !it.op.is_compound() && (!it.is_list() || is_sum(it)))
    }

    /// The values of the outputs.
    pub fn values<'m>(
        &self,
        x: impl IntoIterator<Item = f64>,
        memory: &'m mut CalleeMemory,
    ) -> Result<&'m [f64], Error> {
        let CalleeMemory { plain, values: workspace, inputs, outputs, .. } = memory;
        if let Some(plan) = self.plan_of_values() {
            inputs.clear();
            inputs.extend(x);
            outputs.resize(self.function.outputs(), 0.0);
            if plan.evaluator_in(workspace).try_values_into(inputs, outputs) {
                return Ok(outputs);
            }
            self.function.run_with(inputs.iter().copied(), plain)?;
        } else {
            self.function.run_with(x, plain)?;
        }
        outputs.clear();
        outputs.extend(self.function.outputs_in(plain));
        Ok(outputs)
    }

    /// The adjoints of all inputs.
    pub fn adjoints<'m>(
        &self,
        x: impl IntoIterator<Item = f64>,
        seeds: &Seeds<'_>,
        memory: &'m mut CalleeMemory,
    ) -> Result<&'m [f64], Error> {
        let CalleeMemory { plain, adjoints: workspace, inputs, outputs, .. } = memory;
        let Callee { function, .. } = self;
        let reached = || seeds.outputs.iter().zip(seeds.are_reached);
        if let Some(plan) = self.plan_of_adjoints() {
            inputs.clear();
            inputs.extend(x);
            inputs.extend(reached().map(|(&weight, &is_reached)| if is_reached { weight } else { 0.0 }));
            inputs.extend_from_slice(seeds.shared);
            outputs.resize(function.inputs(), 0.0);
            if plan.evaluator_in(workspace).try_values_into(inputs, outputs) {
                // A sum that starts with 0 is never −0.
                outputs.iter_mut().for_each(|adjoint| *adjoint += 0.0);
                return Ok(outputs);
            }
            function.run_with(inputs[..function.inputs()].iter().copied(), plain)?;
        } else {
            function.run_with(x, plain)?;
        }
        let of_outputs = function.output_places().zip(reached()).filter(|(_, (_, is_reached))| **is_reached);
        let first = function.graph.input(function.inputs() - self.shared);
        let of_shared = (first..).zip(seeds.shared.iter().copied());
        let seeds = of_outputs.map(|(place, (&weight, _))| (place, weight)).chain(of_shared);
        backward_plain(&function.graph, seeds, plain)?;
        Ok(&plain.adjoints[function.graph.input(0) as usize..function.graph.first_result()])
    }

    /// The adjoints of the inputs as a function of the inputs, of the adjoints of the outputs, and of those that the shared inputs
    /// have already.
    fn adjoint_function(&self) -> Result<Function, Error> {
        let Callee { function, shared, .. } = self;
        let at = [function.recorded_at(), &vec![1.0; function.outputs() + shared]].concat();
        function.record_inside(&at, |numbers| {
            let (inputs, seeds) = numbers.split_at(function.inputs());
            let first = function.graph.input(function.inputs() - shared);
            let places = function.output_places().chain(first..);
            let mut memory = function.evaluated(inputs)?;
            backward(&function.graph, places.zip(seeds.iter().copied()), &mut memory)?;
            Ok(memory.adjoints[function.graph.input(0) as usize..function.graph.first_result()].to_vec())
        })
    }
}
