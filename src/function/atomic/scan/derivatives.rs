//! Derivatives of a repeated step as functions: they repeat the derivative of the step.

use super::{Input, Repeated, Scan};
use crate::error::Error;
use crate::function::derivative::recorded;
use crate::table::atomic::{Active, Atomic, Rules};
use crate::tape::Var;

/// Numbers of one kind, in the order of their use.
struct Queue<'a>(&'a [Var]);

impl Queue<'_> {
    /// The next ones, one for each flag that is set, and 0 for each of the others.
    fn spread(&mut self, flags: &[bool]) -> Vec<Var> {
        let (now, later) = self.0.split_at(Active::count(flags));
        self.0 = later;
        Active::spread(flags, now)
    }
}

impl Repeated {
    /// A scan whose carry has tangents beside it.
    pub(super) fn tangents(&self, active: &Active, at: &[f64]) -> Result<Atomic, Error> {
        let Scan { steps, carry, shared, .. } = self.scan;
        let step_active = self.with_tangents(&active.operands);
        let Active { operands: inputs, results: outputs } = &step_active;
        let [of_carry, of_step, of_shared] = self.parts(inputs);
        // Carried, given in each step, and shared: the numbers, and after them the tangents that there are.
        let [own_carry, own_inputs, own_shared] = self.parts(self.step.recorded_at());
        let ones = |flags: &[bool]| vec![1.0; Active::count(flags)];
        let at_step =
            [own_carry, &ones(of_carry), own_inputs, &ones(of_step), own_shared, &ones(of_shared)].concat();
        let step = self.step.record_inside(&at_step, |numbers| {
            let (mut primals, mut tangents, mut rest) = (Vec::new(), Vec::new(), numbers);
            for flags in [of_carry, of_step, of_shared] {
                let (here, more) = rest.split_at(flags.len());
                let (along, more) = more.split_at(Active::count(flags));
                primals.extend_from_slice(here);
                tangents.extend_from_slice(along);
                rest = more;
            }
            let (values, found) = self.step.tangents_among(&primals, &tangents, &step_active)?;
            let found = Active::spread(outputs, &found);
            let next = Active::choose(of_carry, &found[..carry]);
            let given = Active::choose(&outputs[carry..], &found[carry..]);
            Ok(values[..carry].iter().copied().chain(next).chain(given).collect())
        })?;
        let carried = carry + Active::count(of_carry);
        let scan = Scan { carry: carried, shared: shared + Active::count(of_shared), ..self.scan };
        let scan = Atomic::of(Repeated::new(step.optimize(), scan)?);

        let at = [at, &ones(&active.operands)].concat();
        let function = recorded(&at, |numbers| {
            let (operands, tangents) = numbers.split_at(self.operands());
            let tangents = Active::spread(&active.operands, tangents);
            let mut data = operands[..carry].to_vec();
            data.extend(Active::choose(of_carry, &tangents[..carry]));
            for inputs in (0..steps).map(|step| self.inputs_of(step)) {
                data.extend_from_slice(&operands[inputs.clone()]);
                data.extend(Active::choose(of_step, &tangents[inputs]));
            }
            data.extend_from_slice(&operands[self.shared()]);
            data.extend(Active::choose(of_shared, &tangents[self.shared()]));
            let results = scan.call(&data)?;
            let mut found = Queue(&results[carry..]);
            let mut all = found.spread(of_carry);
            (0..steps).for_each(|_| all.extend(found.spread(&outputs[carry..])));
            Ok(Active::choose(&active.results, &all).collect())
        })?;
        Ok(Atomic::new(function))
    }

    /// A scan forwards that keeps all carries, and one backwards over them, which carries the adjoints of the carry and the sums
    /// of those of what is shared.
    pub(super) fn adjoints_as_function(&self, active: &Active, at: &[f64]) -> Result<Atomic, Error> {
        let Scan { steps, carry, .. } = self.scan;
        let mut keeping = self.step.clone();
        keeping.graph.outputs.truncate(carry);
        keeping.graph.outputs.extend((0..carry).map(|k| self.step.graph.input(k)));
        let keeping = Atomic::of(Repeated::new(keeping.optimize(), self.scan)?);

        let step_active = self.with_adjoints(&active.results);
        let Active { operands: inputs, results: outputs } = &step_active;
        let [of_carry, of_step, of_shared] = self.parts(inputs);
        let (carried, given) = outputs.split_at(carry);
        // Carried: adjoints of the carry, sums of shared ones. In each step: the carry before it, its inputs, the adjoints of
        // its outputs. Shared: what is shared.
        let [own_carry, own_inputs, own_shared] = self.parts(self.step.recorded_at());
        let ones = |flags: &[bool]| vec![1.0; Active::count(flags)];
        let at_step =
            [&ones(carried)[..], &ones(of_shared), own_carry, own_inputs, &ones(given), own_shared].concat();
        let step = self.step.record_inside(&at_step, |numbers| {
            let (weights, rest) = numbers.split_at(Active::count(carried));
            let (sums, rest) = rest.split_at(Active::count(of_shared));
            let (before, rest) = rest.split_at(carry + own_inputs.len());
            let (further, shared) = rest.split_at(Active::count(given));
            let (inputs, weights) = ([before, shared].concat(), [weights, further].concat());
            let found = self.step.adjoints_among(&inputs, &weights, &step_active)?;
            let mut found = Queue(&found);
            let by_carry = found.spread(of_carry);
            let by_inputs = Active::choose(of_step, &found.spread(of_step)).collect::<Vec<_>>();
            let by_shared = sums.iter().zip(found.0).map(|(&sum, &term)| sum + term);
            Ok(Active::choose(carried, &by_carry).chain(by_shared).chain(by_inputs).collect())
        })?;
        let scan = Scan { carry: Active::count(carried) + Active::count(of_shared), ..self.scan };
        let scan = Atomic::of(Repeated::new(step.optimize(), scan)?);

        let at = [at, &ones(&active.results)].concat();
        let function = recorded(&at, |numbers| {
            let (operands, weights) = numbers.split_at(self.operands());
            let weights = Active::spread(&active.results, weights);
            let kept = keeping.call(operands)?;
            let mut data: Vec<Var> = Active::choose(carried, &weights[..carry]).collect();
            data.extend(vec![Var::from(0.0); Active::count(of_shared)]);
            for step in (0..steps).rev() {
                data.extend_from_slice(&kept[carry + step * carry..][..carry]);
                data.extend_from_slice(&operands[self.inputs_of(step)]);
                data.extend(Active::choose(given, &weights[self.outputs_of(step)]));
            }
            data.extend_from_slice(&operands[self.shared()]);
            let results = scan.call(&data)?;
            let mut found = Queue(&results);
            let (by_carry, by_shared) = (found.spread(carried), found.spread(of_shared));
            let mut by_steps: Vec<Vec<Var>> = (0..steps).map(|_| found.spread(of_step)).collect();
            by_steps.reverse();
            let adjoints = [by_carry, by_steps.concat(), by_shared].concat();
            Ok(Active::choose(&active.operands, &adjoints).collect())
        })?;
        Ok(Atomic::new(function))
    }

    /// The carried ones, those of the step, and the shared ones of a list with an item per input of the step.
    fn parts<'a, T>(&self, inputs: &'a [T]) -> [&'a [T]; 3] {
        let (carry, rest) = inputs.split_at(self.scan.carry);
        let (of_step, shared) = rest.split_at(self.per_step());
        [carry, of_step, shared]
    }

    /// Which inputs and outputs of any step have tangents, given which operands have.
    fn with_tangents(&self, operands: &[bool]) -> Active {
        let has = |input: usize| match self.kind(input) {
            Input::Carry(k) => operands[k],
            Input::OfStep(k) => (0..self.scan.steps).any(|step| operands[self.inputs_of(step).start + k]),
            Input::Shared(k) => operands[self.shared().start + k],
        };
        let mut inputs: Vec<bool> = (0..self.step.inputs()).map(has).collect();
        loop {
            let depends = |row: &Vec<u32>| row.iter().any(|&input| inputs[input as usize]);
            let outputs: Vec<bool> = self.step_dependencies.iter().map(depends).collect();
            if !grows(&mut inputs, &outputs, self.scan.carry) {
                return Active { operands: inputs, results: outputs };
            }
        }
    }

    /// Which inputs and outputs of any step have adjoints, given which results have.
    fn with_adjoints(&self, results: &[bool]) -> Active {
        let has = |output: usize| match output.checked_sub(self.scan.carry) {
            None => results[output],
            Some(k) => (0..self.scan.steps).any(|step| results[self.outputs_of(step).start + k]),
        };
        let mut outputs: Vec<bool> = (0..self.step.outputs()).map(has).collect();
        loop {
            let inputs = self.leading_to(&outputs);
            if !grows(&mut outputs, &inputs, self.scan.carry) {
                return Active { operands: inputs, results: outputs };
            }
        }
    }
}

/// Sets the first `carry` flags where the others are set; whether that sets any.
fn grows(flags: &mut [bool], others: &[bool], carry: usize) -> bool {
    let mut grows = false;
    for (flag, &other) in flags.iter_mut().zip(others).take(carry) {
        grows |= other && !*flag;
        *flag |= other;
    }
    grows
}
