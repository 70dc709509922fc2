//! The tangents of a repeated step as a function, which repeats the tangents of the step.

use super::{Input, Repeated, Scan};
use crate::error::Error;
use crate::function::derivative::recorded;
use crate::table::atomic::{Active, Atomic, Rules, reached_from};
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
        let Scan { carry, shared, .. } = self.scan;
        let step_active = self.with_tangents(&active.operands);
        let Active { operands: inputs, results: outputs } = &step_active;
        let [of_carry, of_step, of_shared] = self.parts(inputs);
        // Carried, given in each step, and shared: the numbers, and after them the tangents that there are.
        let [own_carry, own_inputs, own_shared] = self.parts(self.step.function.recorded_at());
        let ones = |flags: &[bool]| vec![1.0; Active::count(flags)];
        let at_step =
            [own_carry, &ones(of_carry), own_inputs, &ones(of_step), own_shared, &ones(of_shared)].concat();
        let step = self.step.function.record_inside(&at_step, |numbers| {
            let (mut primals, mut tangents, mut rest) = (Vec::new(), Vec::new(), numbers);
            for flags in [of_carry, of_step, of_shared] {
                let (here, more) = rest.split_at(flags.len());
                let (along, more) = more.split_at(Active::count(flags));
                primals.extend_from_slice(here);
                tangents.extend_from_slice(along);
                rest = more;
            }
            let (values, found) = self.step.function.tangents_among(&primals, &tangents, &step_active)?;
            let found = Active::spread(outputs, &found);
            let next = Active::choose(of_carry, &found[..carry]);
            let given = Active::choose(&outputs[carry..], &found[carry..]);
            Ok(values[..carry].iter().copied().chain(next).chain(given).collect())
        })?;
        let carried = carry + Active::count(of_carry);
        let scan = Scan { carry: carried, shared: shared + Active::count(of_shared), ..self.scan };
        let condition = self.condition.as_ref().map(|condition| {
            // The same condition, which is given more than it looks at.
            let at = [own_carry, &ones(of_carry), own_shared, &ones(of_shared)].concat();
            condition.record_inside(&at, |numbers| {
                let (own, rest) = numbers.split_at(carry);
                let shared = &rest[Active::count(of_carry)..][..own_shared.len()];
                let memory = condition.evaluated(&[own, shared].concat())?;
                Ok(condition.outputs_in(&memory).collect())
            })
        });
        let scan = Atomic::of(Repeated::new(step.optimize(), scan, condition.transpose()?)?);

        let at = [at, &ones(&active.operands)].concat();
        let function = recorded(&at, |numbers| {
            let (operands, tangents) = numbers.split_at(self.operands());
            let tangents = Active::spread(&active.operands, tangents);
            let mut data = operands[..carry].to_vec();
            data.extend(Active::choose(of_carry, &tangents[..carry]));
            for inputs in (0..self.listed_steps()).map(|step| self.inputs_of(step)) {
                data.extend_from_slice(&operands[inputs.clone()]);
                data.extend(Active::choose(of_step, &tangents[inputs]));
            }
            data.extend_from_slice(&operands[self.shared()]);
            data.extend(Active::choose(of_shared, &tangents[self.shared()]));
            let results = scan.call(&data)?;
            let mut found = Queue(&results[carry..]);
            let mut all = found.spread(of_carry);
            (0..self.listed_steps()).for_each(|_| all.extend(found.spread(&outputs[carry..])));
            Ok(Active::choose(&active.results, &all).collect())
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
            Input::OfStep(k) => (0..self.listed_steps()).any(|step| operands[self.inputs_of(step).start + k]),
            Input::Shared(k) => operands[self.shared().start + k],
        };
        let mut inputs: Vec<bool> = (0..self.step.function.inputs()).map(has).collect();
        loop {
            let outputs = reached_from(&self.step_dependencies, &inputs);
            if !grows(&mut inputs, &outputs, self.scan.carry) {
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
