//! A function evaluated by one schedule.

use super::Exactness;
use super::forward::Forward;
use super::memory::{Kept, Memory};
use super::order::Order;
use super::reverse::Backward;
use super::runs::InRuns;
use crate::function::schedule::{Levelled, Schedule};
use std::sync::Arc;

/// A schedule of all outputs. Every method evaluates at a point, which is given in two parts, and returns false where the
/// function itself has to be evaluated: where a guard has another outcome, and where a result is not finite or a part of a long product
/// is lost, since the order of evaluation may have decided.
#[derive(Debug, Clone)]
pub(super) struct Whole {
    pub schedule: Arc<Schedule>,
    pub exactness: Exactness,
    /// Of the inputs, if the schedule has them in another one than the function.
    order: Option<Order>,
}

impl Whole {
    /// A schedule of the graph whose levels these are, with its inputs in the order in which they are used.
    pub fn new(levelled: Levelled<'_>, is_variable: &[bool]) -> Whole {
        let exactness = levelled.exactness;
        let (order, schedule) = Order::schedule(levelled, is_variable);
        Whole { order, ..Whole::of(Arc::new(schedule), exactness) }
    }

    /// A schedule whose inputs are those of the function, in order.
    pub fn of(schedule: Arc<Schedule>, exactness: Exactness) -> Whole {
        Whole { schedule, exactness, order: None }
    }

    /// The values of the outputs, in two parts.
    pub fn values<T: InRuns>(&self, x: [&[f64]; 2], memory: &mut Kept<T>, out: [&mut [f64]; 2]) -> bool {
        let memory = memory.of(&self.schedule);
        let is_valid = self.forward(x, memory);
        if is_valid {
            self.read_values(memory, out);
        }
        is_valid
    }

    /// The values, and the derivatives of the sum of the outputs with these weights.
    pub fn vjp<T: InRuns>(
        &self,
        x: [&[f64]; 2],
        weights: &[f64],
        memory: &mut Kept<T>,
        values: &mut [f64],
        product: &mut [f64],
    ) -> bool {
        let memory = memory.of(&self.schedule);
        let is_valid = self.forward(x, memory) && self.backward(weights, memory, product);
        if is_valid {
            self.read_values(memory, [values, &mut []]);
        }
        is_valid
    }

    /// The Jacobian, a row per output.
    pub fn jacobian<T: InRuns>(&self, x: [&[f64]; 2], memory: &mut Kept<T>, out: &mut [f64]) -> bool {
        let outputs = self.schedule.outputs.len();
        let variables = out.len().checked_div(outputs).unwrap_or(0);
        let mut weights = std::mem::take(&mut memory.weights);
        weights.clear();
        weights.resize(outputs, 0.0);
        let own = memory.of(&self.schedule);
        let is_valid = self.forward(x, own)
            && (0..outputs).all(|output| {
                weights[output] = 1.0;
                let is_valid = self.backward(&weights, own, &mut out[output * variables..][..variables]);
                weights[output] = 0.0;
                is_valid
            });
        memory.weights = weights;
        is_valid
    }

    /// Computes all values, at a point that is given in parts.
    pub fn forward<'x, T: InRuns>(
        &self,
        x: impl IntoIterator<Item = &'x [f64]>,
        memory: &mut Memory<T>,
    ) -> bool {
        let schedule = &*self.schedule;
        let mut inputs = &mut memory.values[schedule.inputs as usize..];
        match &self.order {
            Some(order) => order.write(x, inputs),
            None => {
                for part in x {
                    let (now, after) = inputs.split_at_mut(part.len());
                    now.iter_mut().zip(part).for_each(|(input, &x)| *input = T::of(x));
                    inputs = after;
                }
            }
        }
        let is_sound = T::forward(Forward { schedule, memory, exactness: self.exactness });
        let value = |at: u32| memory.values[at as usize].double();
        let mut guards = schedule.guards.iter();
        is_sound
            && guards
                .all(|guard| guard.predicate.holds(value(guard.left), value(guard.right)) == guard.outcome)
            && schedule.outputs.iter().all(|&output| value(output).is_finite())
    }

    /// The values of the outputs, once all values are known.
    pub fn read_values<T: InRuns>(&self, memory: &Memory<T>, out: [&mut [f64]; 2]) {
        let outputs = self.schedule.outputs.iter().map(|&output| memory.values[output as usize].double());
        out.into_iter().flatten().zip(outputs).for_each(|(out, value)| *out = value);
    }

    /// Sweeps from the weights of the outputs, once all values are known, and writes the derivatives.
    pub fn backward<T: InRuns>(&self, weights: &[f64], memory: &mut Memory<T>, out: &mut [f64]) -> bool {
        if !self.sweep(weights, memory) {
            return false;
        }
        if let Some(order) = &self.order {
            order.read(&memory.adjoints, out);
            return true;
        }
        let mut rest = out;
        for part in &self.schedule.derivatives {
            let (now, after) = rest.split_at_mut(part.len);
            memory.read_derivatives(part.at, now);
            rest = after;
        }
        true
    }

    /// Computes the adjoints, once all values are known; returns whether the derivatives are finite.
    pub fn sweep<T: InRuns>(&self, weights: &[f64], memory: &mut Memory<T>) -> bool {
        T::backward(Backward { schedule: &self.schedule, memory, weights })
    }
}
