//! A function with rules of the user's own for its derivatives.

use super::call::Call;
use crate::error::Error;
use crate::function::evaluate::backward;
use crate::function::{Function, length};
use crate::table::atomic::{Active, Atomic, Refusal, Rules};
use crate::tape::Var;
use std::any::Any;
use std::hash::{DefaultHasher, Hash, Hasher};

#[derive(Debug)]
pub(super) struct Rule {
    pub value: Call,
    /// Of the operands and of all tangents.
    pub jvp: Function,
    /// Of the operands and of all adjoints.
    pub vjp: Call,
}

impl Rule {
    pub fn new(value: Function, jvp: Function, vjp: Function) -> Result<Rule, Error> {
        let [operands, results] = [value.inputs(), value.outputs()];
        check(&jvp, ["inputs of the jvp", "outputs of the jvp"], [2 * operands, results])?;
        check(&vjp, ["inputs of the vjp", "outputs of the vjp"], [operands + results, operands])?;
        Ok(Rule { value: Call::new(value), jvp, vjp: Call::new(vjp) })
    }
}

fn check(function: &Function, what: [&'static str; 2], [inputs, outputs]: [usize; 2]) -> Result<(), Error> {
    length(what[0], inputs, function.inputs())?;
    length(what[1], outputs, function.outputs())
}

impl Rules for Rule {
    fn name(&self) -> &'static str {
        "rule"
    }

    fn operands(&self) -> usize {
        self.value.operands()
    }

    fn results(&self) -> usize {
        self.value.results()
    }

    fn values(&self, operands: &[f64]) -> Result<Vec<f64>, Refusal> {
        self.value.values(operands)
    }

    fn adjoints(&self, [operands, _, adjoints]: [&[f64]; 3], active: &Active) -> Result<Vec<f64>, Refusal> {
        let all = self.vjp.values(&[operands, &Active::spread(&active.results, adjoints)].concat())?;
        Ok(Active::choose(&active.operands, &all).collect())
    }

    fn jvp(&self, active: &Active, _: &[f64]) -> Result<Atomic, Refusal> {
        derived(&self.jvp, self.operands(), &active.operands, &active.results)
    }

    fn vjp(&self, _: &Atomic, active: &Active, _: &[f64]) -> Result<Atomic, Refusal> {
        derived(self.vjp.function(), self.operands(), &active.results, &active.operands)
    }

    /// A rule may say that a result depends on an operand which its value does not use, so each depends on all.
    fn dependencies(&self) -> Option<&[Vec<u32>]> {
        None
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        [self.value.fingerprint(), self.jvp.fingerprint(), self.vjp.fingerprint()].hash(&mut hasher);
        hasher.finish()
    }

    fn is_same(&self, other: &dyn Rules) -> bool {
        other.as_any().downcast_ref::<Rule>().is_some_and(|other| {
            self.value.is_same(&other.value) && self.vjp.is_same(&other.vjp) && self.jvp == other.jvp
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A rule as a function of the operands and of the `given` derivatives, which computes those that are `asked` for.
fn derived(rule: &Function, operands: usize, given: &[bool], asked: &[bool]) -> Result<Atomic, Refusal> {
    let (point, derivatives) = rule.recorded_at().split_at(operands);
    let at: Vec<f64> = point.iter().copied().chain(Active::choose(given, derivatives)).collect();
    let function = rule.record_inside(&at, |numbers| {
        let (operands, derivatives) = numbers.split_at(operands);
        let memory = rule.evaluated(&[operands, &Active::spread(given, derivatives)].concat())?;
        Ok(rule.outputs_among(asked).map(|place| memory.values[place as usize]).collect())
    })?;
    Ok(Atomic::new(function.optimize()))
}

/// The rule for adjoints that belongs to a rule for tangents.
pub(super) fn transposed_jvp(value: &Function, jvp: &Function) -> Result<Function, Error> {
    let [operands, results] = [value.inputs(), value.outputs()];
    check(jvp, ["inputs of the jvp", "outputs of the jvp"], [2 * operands, results])?;
    transposed(jvp, operands, operands)
}

/// The rule for tangents that belongs to a rule for adjoints.
pub(super) fn transposed_vjp(value: &Function, vjp: &Function) -> Result<Function, Error> {
    let [operands, results] = [value.inputs(), value.outputs()];
    check(vjp, ["inputs of the vjp", "outputs of the vjp"], [operands + results, operands])?;
    transposed(vjp, operands, results)
}

/// Of a function that is linear in its last `count` inputs: the function of the others, and of weights of the outputs, that
/// computes the gradient of the weighted sum of the outputs with respect to these inputs.
fn transposed(linear: &Function, others: usize, count: usize) -> Result<Function, Error> {
    let at = [&linear.recorded_at()[..others], &vec![1.0; linear.outputs()]].concat();
    let gradient = linear.record_inside(&at, |numbers| {
        let (given, weights) = numbers.split_at(others);
        let zeros = vec![Var::from(0.0); count];
        let mut memory = linear.evaluated(&[given, &zeros].concat())?;
        backward(&linear.graph, linear.output_places().zip(weights.iter().copied()), &mut memory)?;
        let first = linear.graph.input(others) as usize;
        Ok(memory.adjoints[first..first + count].to_vec())
    })?;
    Ok(gradient.optimize())
}
