//! A function that is called.

use super::callee::{Callee, CalleeMemory, Seeds};
use super::spare::Spare;
use crate::error::Error;
use crate::function::Function;
use crate::function::evaluate::backward;
use crate::function::ir::graph::Place;
use crate::function::sparse::dependencies::dependencies;
use crate::function::tangents::forward_tangents;
use crate::table::atomic::{Active, Atomic, Refusal, Rules};
use crate::tape::Var;
use std::any::Any;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A function whose inputs are the operands, and whose outputs are the results.
#[derive(Debug)]
pub(super) struct Call {
    callee: Callee,
    dependencies: Option<Vec<Vec<u32>>>,
    spare: Spare<CalleeMemory>,
}

/// Beyond this number of dependencies, each result counts as depending on each operand.
pub(super) const DEPENDENCIES: usize = 1 << 20;

impl Call {
    pub fn new(function: Function) -> Call {
        let dependencies = dependencies(&function.graph, DEPENDENCIES);
        Call { dependencies, callee: Callee::new(function, 0), spare: Spare::default() }
    }

    pub fn function(&self) -> &Function {
        &self.callee.function
    }
}

impl Rules for Call {
    fn name(&self) -> &'static str {
        "call"
    }

    fn operands(&self) -> usize {
        self.function().inputs()
    }

    fn results(&self) -> usize {
        self.function().outputs()
    }

    fn values(&self, operands: &[f64]) -> Result<Vec<f64>, Refusal> {
        let copied = operands.iter().copied();
        self.spare.with(|memory| Ok(self.callee.values(copied, memory)?.to_vec()))
    }

    fn adjoints(&self, [operands, _, adjoints]: [&[f64]; 3], active: &Active) -> Result<Vec<f64>, Refusal> {
        let outputs = Active::spread(&active.results, adjoints);
        let seeds = Seeds { outputs: &outputs, are_reached: &active.results, shared: &[] };
        self.spare.with(|memory| {
            let all = self.callee.adjoints(operands.iter().copied(), &seeds, memory)?;
            Ok(Active::choose(&active.operands, all).collect())
        })
    }

    fn jvp(&self, active: &Active, _: &[f64]) -> Result<Atomic, Refusal> {
        let f = self.function();
        let at = [f.recorded_at(), &vec![1.0; Active::count(&active.operands)]].concat();
        let tangents = f.record_inside(&at, |numbers| {
            let (inputs, directions) = numbers.split_at(f.inputs());
            f.tangents_among(inputs, directions, active).map(|(_, tangents)| tangents)
        })?;
        Ok(Atomic::new(tangents.optimize()))
    }

    fn vjp(&self, _: &Atomic, active: &Active, _: &[f64]) -> Result<Atomic, Refusal> {
        let f = self.function();
        let at = [f.recorded_at(), &vec![1.0; Active::count(&active.results)]].concat();
        let adjoints = f.record_inside(&at, |numbers| {
            let (inputs, weights) = numbers.split_at(f.inputs());
            f.adjoints_among(inputs, weights, active)
        })?;
        Ok(Atomic::new(adjoints.optimize()))
    }

    fn dependencies(&self) -> Option<&[Vec<u32>]> {
        self.dependencies.as_deref()
    }

    fn fingerprint(&self) -> u64 {
        self.function().fingerprint()
    }

    fn is_same(&self, other: &dyn Rules) -> bool {
        other.as_any().downcast_ref::<Call>().is_some_and(|other| self.function() == other.function())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Function {
    /// The places of the active outputs.
    pub(super) fn outputs_among<'a>(
        &'a self,
        are_active: &'a [bool],
    ) -> impl Iterator<Item = Place> + Clone + 'a {
        self.output_places().zip(are_active).filter(|(_, is_active)| **is_active).map(|(place, _)| place)
    }

    /// The places of the active inputs.
    pub(super) fn inputs_among<'a>(&'a self, are_active: &'a [bool]) -> impl Iterator<Item = Place> + 'a {
        let active = are_active.iter().enumerate().filter(|(_, is_active)| **is_active);
        active.map(|(input, _)| self.graph.input(input))
    }

    /// Records the values of all outputs, and the tangents of the active ones, given those of the active inputs.
    pub(super) fn tangents_among(
        &self,
        inputs: &[Var],
        directions: &[Var],
        active: &Active,
    ) -> Result<(Vec<Var>, Vec<Var>), Error> {
        let memory = self.evaluated(inputs)?;
        let seeds = self.inputs_among(&active.operands).zip(directions.iter().copied());
        let tangents = forward_tangents(&self.graph, seeds, &memory.values)?;
        let values = self.outputs_in(&memory).collect();
        Ok((values, self.outputs_among(&active.results).map(|place| tangents[place as usize]).collect()))
    }

    /// Records the adjoints of the active inputs, given those of the active outputs.
    pub(super) fn adjoints_among(
        &self,
        inputs: &[Var],
        weights: &[Var],
        active: &Active,
    ) -> Result<Vec<Var>, Error> {
        let mut memory = self.evaluated(inputs)?;
        let seeds = self.outputs_among(&active.results).zip(weights.iter().copied());
        backward(&self.graph, seeds, &mut memory)?;
        Ok(self.inputs_among(&active.operands).map(|place| memory.adjoints[place as usize]).collect())
    }

    /// A hash of what it computes.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.graph.hash(&mut hasher);
        hasher.finish()
    }
}
