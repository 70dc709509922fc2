//! The reverse sweep over repeated steps as numbers: carries that are not kept are computed again.

use super::{Repeated, Scan};
use crate::checkpoint::{binomial, online};
use crate::error::Error;
use crate::function::atomic::callee::{CalleeMemory, Seeds};
use crate::function::evaluate::Memory;
use crate::table::atomic::{Active, leading_to};
use std::ops::Range;

/// The state of the sweep, before it goes through the next step.
struct Sweep<'a> {
    repeated: &'a Repeated,
    operands: &'a [f64],
    /// The adjoints that results start with, and which results have one.
    weights: &'a [f64],
    are_results_reached: &'a [bool],
    /// Of the carry after the step: the adjoints, and whether they are reached.
    after: Vec<f64>,
    is_reached: Vec<bool>,
    /// The adjoints of all operands, of which those of shared ones are added up.
    sums: Vec<f64>,
    /// Which outputs of the last step were reached, and so which inputs.
    outputs: Vec<bool>,
    inputs: Vec<bool>,
    seeds: Vec<f64>,
    memory: &'a mut CalleeMemory,
}

impl Repeated {
    /// The adjoints of the active operands. The bits are those of a sweep over all steps one after the other.
    pub(super) fn swept(
        &self,
        operands: &[f64],
        adjoints: &[f64],
        active: &Active,
        [memory, between]: [&mut CalleeMemory; 2],
    ) -> Result<Vec<f64>, Error> {
        let Scan { steps, carry, .. } = self.scan;
        let weights = Active::spread(&active.results, adjoints);
        let mut sweep = Sweep {
            repeated: self,
            operands,
            weights: &weights,
            are_results_reached: &active.results,
            after: weights[..carry].to_vec(),
            is_reached: active.results[..carry].to_vec(),
            sums: vec![0.0; operands.len()],
            outputs: Vec::new(),
            inputs: Vec::new(),
            seeds: Vec::new(),
            memory,
        };
        let kept = self.kept();
        let start = &operands[..carry];
        let mut forwards = |state: &mut [f64], from: usize, by: usize| {
            self.advance(state, from..from + by, operands, between, |_, _| ())
        };
        let is_same = |a: &[f64], b: &[f64]| a.iter().map(|x| x.to_bits()).eq(b.iter().map(|x| x.to_bits()));
        let known = self.trajectory().take().filter(|known| is_same(&known.operands, operands));
        match (&self.condition, known) {
            (_, Some(known)) => {
                for (step, carry) in known.carries.chunks_exact(carry).enumerate().rev() {
                    sweep.through(step, carry)?;
                }
                *self.trajectory() = Some(known);
            }
            (None, None) if carry == 0 => {
                self.in_parts().rev().try_for_each(|part| sweep.through_part(part))?
            }
            (None, None) => {
                binomial::reverse(start, steps, kept, forwards, |step, state| sweep.through(step, state))?;
            }
            (Some(condition), None) => {
                let mut states = online::Kept::new(start.to_vec(), kept);
                let (mut state, mut step, mut condition_memory) = (start.to_vec(), 0, Memory::default());
                while self.goes_on(condition, step, &state, operands, &mut condition_memory)? {
                    if step > 0 {
                        states.offer(step, &state);
                    }
                    forwards(&mut state, step, 1)?;
                    step += 1;
                }
                let advance = |state: &Vec<f64>, step: usize| {
                    let mut next = state.clone();
                    forwards(&mut next, step, 1)?;
                    Ok::<_, Error>(next)
                };
                states.reverse(step, advance, |step, state| sweep.through(step, state))?;
            }
        }
        sweep.sums[..carry].copy_from_slice(&sweep.after);
        Ok(Active::choose(&active.operands, &sweep.sums).collect())
    }
}

impl Sweep<'_> {
    /// Goes through this step, given the carry before it.
    fn through(&mut self, step: usize, carry: &[f64]) -> Result<(), Error> {
        let Sweep { repeated, operands, after, is_reached, sums, outputs, inputs, seeds, memory, .. } = self;
        let (of_step, of_outputs, shared) =
            (repeated.inputs_of(step), repeated.outputs_of(step), repeated.shared());
        let now = is_reached.iter().chain(&self.are_results_reached[of_outputs.clone()]);
        if inputs.is_empty() || !now.clone().eq(&*outputs) {
            *outputs = now.copied().collect();
            *inputs = leading_to(&repeated.step_dependencies, outputs, repeated.step.function.inputs());
        }
        seeds.clear();
        seeds.extend(after.iter().chain(&self.weights[of_outputs]));
        // The sums so far come first, as in one sweep over all steps.
        let given = Seeds { outputs: seeds, are_reached: outputs, shared: &sums[shared.clone()] };
        let adjoints = repeated.step.adjoints(repeated.given(step, carry, operands), &given, memory)?;
        let (by_carry, rest) = adjoints.split_at(carry.len());
        let (by_inputs, by_shared) = rest.split_at(of_step.len());
        after.copy_from_slice(by_carry);
        is_reached.copy_from_slice(&inputs[..carry.len()]);
        sums[of_step].copy_from_slice(by_inputs);
        sums[shared].copy_from_slice(by_shared);
        Ok(())
    }

    /// Goes through a part of steps that carry nothing.
    fn through_part(&mut self, part: Range<usize>) -> Result<(), Error> {
        let Some(callee) = self.repeated.side_by_side(&part) else {
            return part.rev().try_for_each(|step| self.through(step, &[]));
        };
        let Sweep { repeated, operands, sums, memory, .. } = self;
        let results = repeated.outputs_of_part(&part);
        let seeds = Seeds {
            outputs: &self.weights[results.clone()],
            are_reached: &self.are_results_reached[results],
            shared: &sums[repeated.shared()],
        };
        let inputs = || repeated.inputs_side_by_side(&part);
        let adjoints = callee.adjoints(inputs().map(|operand| operands[operand]), &seeds, memory)?;
        inputs().zip(adjoints).for_each(|(operand, &adjoint)| sums[operand] = adjoint);
        Ok(())
    }
}
