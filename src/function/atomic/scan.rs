//! A step that is recorded once and repeated.

mod derivatives;
mod side_by_side;
mod sweep;

use super::call::DEPENDENCIES;
use super::callee::{Callee, CalleeMemory};
use super::late::Late;
use super::reverse::Reverse;
use super::spare::Spare;
use crate::checkpoint::states_within;
use crate::error::Error;
use crate::function::evaluate::Memory;
use crate::function::sparse::dependencies::dependencies;
use crate::function::{Function, length};
use crate::table::atomic::{Active, Atomic, Refusal, Rules};
use std::any::Any;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How a step is repeated, see [`Atomic::scan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scan {
    /// How many times.
    pub steps: usize,
    /// How many numbers are carried from one step to the next: the first inputs of the step, and its first outputs.
    pub carry: usize,
    /// How many numbers are the same in every step: the last inputs.
    pub shared: usize,
    /// How many bytes a gradient may use to keep carries; those that it cannot keep are computed again, by the binomial
    /// schedule. It keeps at least one.
    pub memory: usize,
}

impl Default for Scan {
    /// No step, nothing carried or shared, and 4 MiB.
    fn default() -> Scan {
        Scan { steps: 0, carry: 0, shared: 0, memory: 4 << 20 }
    }
}

#[derive(Debug)]
pub(super) struct Repeated {
    pub step: Callee,
    /// By output of the step: the inputs that it depends on.
    step_dependencies: Vec<Vec<u32>>,
    pub scan: Scan,
    /// Of what is carried and shared: whether there is another step, a number that is not 0. Without it, there are as many
    /// steps as `scan` says; with it, that is the most.
    pub condition: Option<Function>,
    dependencies: Option<Vec<Vec<u32>>>,
    /// How many steps are evaluated as one function, where nothing is carried; and that function.
    width: usize,
    side_by_side: Late<Callee>,
    spare: Spare<CalleeMemory>,
    /// Of the last evaluation, for the sweeps that mostly follow it.
    trajectory: Mutex<Option<Trajectory>>,
}

/// What was carried into each step, where all of it may be kept.
#[derive(Debug)]
struct Trajectory {
    operands: Vec<f64>,
    carries: Vec<f64>,
}

impl Repeated {
    pub fn new(step: Function, scan: Scan, condition: Option<Function>) -> Result<Repeated, Error> {
        let Scan { steps, carry, shared, .. } = scan;
        let at_least = |what, expected: usize, got: usize| {
            if got < expected { Err(Error::Length { what, expected, got }) } else { Ok(()) }
        };
        at_least(
            "inputs of the step or more, for what is carried and shared,",
            carry.saturating_add(shared),
            step.inputs(),
        )?;
        at_least("outputs of the step or more, for what is carried,", carry, step.outputs())?;
        if let Some(condition) = &condition {
            length("inputs of the step, which are carried or shared", carry + shared, step.inputs())?;
            length("outputs of the step, which are carried", carry, step.outputs())?;
            length(
                "inputs of the condition, which are carried or shared",
                carry + shared,
                condition.inputs(),
            )?;
            length("outputs of the condition", 1, condition.outputs())?;
        }
        let all = || vec![(0..step.inputs() as u32).collect(); step.outputs()];
        let step_dependencies = dependencies(&step.graph, DEPENDENCIES).unwrap_or_else(all);
        let mut repeated = Repeated {
            step_dependencies,
            width: side_by_side::width(&step, scan),
            side_by_side: Late::default(),
            step: Callee::new(step, shared),
            scan,
            condition,
            dependencies: None,
            spare: Spare::default(),
            trajectory: Mutex::default(),
        };
        let fits = |per_step: usize| {
            let count = per_step.checked_mul(steps).and_then(|count| count.checked_add(carry + shared));
            count.is_some_and(|count| u32::try_from(count).is_ok())
        };
        if !fits(repeated.per_step()) || !fits(repeated.outputs_per_step()) {
            let why = format!("{steps} steps have 2³² inputs or outputs, or more; use several scans");
            return Err(Error::Refused { why });
        }
        repeated.dependencies = repeated.all_dependencies();
        Ok(repeated)
    }

    fn per_step(&self) -> usize {
        self.step.function.inputs() - self.scan.carry - self.scan.shared
    }

    fn outputs_per_step(&self) -> usize {
        self.step.function.outputs() - self.scan.carry
    }

    /// How many steps have inputs or outputs of their own.
    fn listed_steps(&self) -> usize {
        if self.condition.is_some() { 0 } else { self.scan.steps }
    }

    /// How many carries may be kept.
    fn kept(&self) -> usize {
        states_within(self.scan.memory, self.scan.carry)
    }

    /// Whether all of them are.
    fn keeps_all(&self) -> bool {
        self.scan.carry > 0 && self.condition.is_none() && self.scan.steps <= self.kept()
    }

    fn trajectory(&self) -> MutexGuard<'_, Option<Trajectory>> {
        self.trajectory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operands that are inputs of this step.
    fn inputs_of(&self, step: usize) -> Range<usize> {
        let first = self.scan.carry + step * self.per_step();
        first..first + self.per_step()
    }

    /// The results that are outputs of this step.
    fn outputs_of(&self, step: usize) -> Range<usize> {
        let first = self.scan.carry + step * self.outputs_per_step();
        first..first + self.outputs_per_step()
    }

    /// The operands that are shared.
    fn shared(&self) -> Range<usize> {
        let first = self.inputs_of(self.scan.steps).start;
        first..first + self.scan.shared
    }

    /// Which kind of input of the step this is, and its number among those.
    fn kind(&self, input: usize) -> Input {
        let Scan { carry, .. } = self.scan;
        match input.checked_sub(carry) {
            None => Input::Carry(input),
            Some(k) if k < self.per_step() => Input::OfStep(k),
            Some(k) => Input::Shared(k - self.per_step()),
        }
    }

    fn all_dependencies(&self) -> Option<Vec<Vec<u32>>> {
        let mut carry: Vec<Vec<u32>> = (0..self.scan.carry as u32).map(|k| vec![k]).collect();
        let mut outputs = Vec::new();
        let mut total = 0;
        for step in 0..self.scan.steps {
            let operands = |inputs: &Vec<u32>| {
                let mut all = Vec::new();
                for &input in inputs {
                    match self.kind(input as usize) {
                        Input::Carry(k) => all.extend_from_slice(&carry[k]),
                        Input::OfStep(k) => all.push((self.inputs_of(step).start + k) as u32),
                        Input::Shared(k) => all.push((self.shared().start + k) as u32),
                    }
                }
                all.sort_unstable();
                all.dedup();
                all
            };
            let mut rows: Vec<Vec<u32>> = self.step_dependencies.iter().map(operands).collect();
            total += rows.iter().map(|row| 1 + row.len()).sum::<usize>();
            if total > DEPENDENCIES {
                return None;
            }
            outputs.extend(rows.drain(self.scan.carry..));
            if self.condition.is_some() {
                // Of any number of steps, also of none.
                for (row, before) in rows.iter_mut().zip(&carry) {
                    row.extend_from_slice(before);
                    row.sort_unstable();
                    row.dedup();
                }
            }
            let is_settled = rows == carry && self.per_step() == 0 && self.outputs_per_step() == 0;
            carry = rows;
            if is_settled {
                break;
            }
        }
        carry.extend(outputs);
        Some(carry)
    }

    /// The inputs of a step.
    fn given<'a>(
        &self,
        step: usize,
        carry: &'a [f64],
        operands: &'a [f64],
    ) -> impl Iterator<Item = f64> + use<'a> {
        let others = operands[self.inputs_of(step)].iter().chain(&operands[self.shared()]);
        carry.iter().chain(others).copied()
    }

    /// Whether there is another step.
    fn goes_on(
        &self,
        condition: &Function,
        step: usize,
        carry: &[f64],
        operands: &[f64],
        memory: &mut Memory,
    ) -> Result<bool, Error> {
        condition.run_with(carry.iter().chain(&operands[self.shared()]).copied(), memory)?;
        let answer = memory.values[condition.graph.outputs[0] as usize];
        let refused = |why| Err(Error::Refused { why });
        match answer {
            _ if answer.is_nan() => refused(format!("the condition of the loop is NaN before step {step}")),
            _ if answer != 0.0 && step >= self.scan.steps => {
                refused(format!("the loop does not end after {step} steps, the most that it may have"))
            }
            _ => Ok(answer != 0.0),
        }
    }

    /// Goes through these steps; calls `see` with the outputs of each, which are the results in this range.
    fn advance(
        &self,
        carry: &mut [f64],
        steps: Range<usize>,
        operands: &[f64],
        memory: &mut CalleeMemory,
        mut see: impl FnMut(Range<usize>, &[f64]),
    ) -> Result<(), Error> {
        for step in steps {
            let outputs = self.step.values(self.given(step, carry, operands), memory)?;
            let (next, others) = outputs.split_at(carry.len());
            carry.copy_from_slice(next);
            see(self.outputs_of(step), others);
        }
        Ok(())
    }
}

/// An input of the step.
enum Input {
    Carry(usize),
    OfStep(usize),
    Shared(usize),
}

impl Rules for Repeated {
    fn name(&self) -> &'static str {
        match self.condition {
            Some(_) => "while",
            None if self.scan.carry == 0 => "map",
            None => "scan",
        }
    }

    fn operands(&self) -> usize {
        self.shared().end
    }

    fn results(&self) -> usize {
        self.outputs_of(self.scan.steps).start
    }

    fn values(&self, operands: &[f64]) -> Result<Vec<f64>, Refusal> {
        self.spare.with(|memory| {
            let mut results = vec![0.0; self.results()];
            let mut carry = operands[..self.scan.carry].to_vec();
            let mut see = |at: Range<usize>, outputs: &[f64]| results[at].copy_from_slice(outputs);
            match &self.condition {
                None if self.scan.carry == 0 => {
                    for part in self.in_parts() {
                        match self.side_by_side(&part) {
                            Some(callee) => {
                                let inputs = self.inputs_side_by_side(&part).map(|operand| operands[operand]);
                                see(self.outputs_of_part(&part), callee.values(inputs, memory)?);
                            }
                            None => self.advance(&mut carry, part, operands, memory, &mut see)?,
                        }
                    }
                }
                None if self.keeps_all() => {
                    // In the memory of the last one.
                    let mut carries = self.trajectory().take().map_or_else(Vec::new, |last| last.carries);
                    carries.clear();
                    for step in 0..self.scan.steps {
                        carries.extend_from_slice(&carry);
                        self.advance(&mut carry, step..step + 1, operands, memory, &mut see)?;
                    }
                    *self.trajectory() = Some(Trajectory { operands: operands.to_vec(), carries });
                }
                None => self.advance(&mut carry, 0..self.scan.steps, operands, memory, see)?,
                Some(condition) => {
                    let mut step = 0;
                    while self.goes_on(condition, step, &carry, operands, memory.plain())? {
                        self.advance(&mut carry, step..step + 1, operands, memory, &mut see)?;
                        step += 1;
                    }
                }
            }
            results[..carry.len()].copy_from_slice(&carry);
            Ok(results)
        })
    }

    fn adjoints(&self, [operands, _, adjoints]: [&[f64]; 3], active: &Active) -> Result<Vec<f64>, Refusal> {
        let swept = |memory: [&mut CalleeMemory; 2]| self.swept(operands, adjoints, active, memory);
        // For the sweep and for evaluations between, since the two take turns.
        self.spare.with(|sweep| self.spare.with(|forwards| Ok(swept([sweep, forwards])?)))
    }

    fn jvp(&self, active: &Active, at: &[f64]) -> Result<Atomic, Refusal> {
        Ok(self.tangents(active, at)?)
    }

    fn vjp(&self, this: &Atomic, active: &Active, at: &[f64]) -> Result<Atomic, Refusal> {
        Ok(Atomic::of(Reverse::new(this.clone(), active.clone(), at)?))
    }

    fn dependencies(&self) -> Option<&[Vec<u32>]> {
        self.dependencies.as_deref()
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.step.function.fingerprint(), self.scan, self.condition.as_ref().map(Function::fingerprint))
            .hash(&mut hasher);
        hasher.finish()
    }

    fn is_same(&self, other: &dyn Rules) -> bool {
        let other = other.as_any().downcast_ref::<Repeated>();
        other.is_some_and(|other| {
            (self.scan, &self.condition, &self.step.function)
                == (other.scan, &other.condition, &other.step.function)
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
