//! Inputs in the order in which they are used, where that is another than their own: what belongs to one sample is often side by
//! side, while a run needs the same input of all samples.

use crate::function::ir::graph::{Graph, Instruction, Source};
use crate::function::lanes::float::Float;
use crate::function::schedule::{Derivatives, Exactness, Levels, Schedule};
use crate::table::ops::Op;
use rustc_hash::FxHashMap;

/// The place of no adjoint.
const NOWHERE: u32 = u32::MAX;

/// Lists of more operands than this count as one position: they are sums over all inputs.
const POSITIONS: usize = 64;

/// How a function with its inputs in another order is evaluated.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// By input of the function: its number in the schedule.
    inputs: Vec<u32>,
    /// By variable of the function: where its derivative is among the adjoints, or [`NOWHERE`] if it is 0.
    derivatives: Vec<u32>,
}

impl Order {
    /// A schedule of this graph with its inputs in another order; `None` where their own is as good.
    pub fn schedule(graph: &Graph, is_variable: &[bool], exactness: Exactness) -> Option<(Order, Schedule)> {
        let order = by_use(graph)?;
        let are_variable: Vec<bool> = order.iter().map(|&input| is_variable[input]).collect();
        let schedule = Schedule::new(&graph.with_inputs_in(&order), &are_variable, exactness);
        let of_part = |part: &Derivatives| {
            let at = part.at;
            (0..part.len as u32).map(move |k| at.map_or(NOWHERE, |at| at + k))
        };
        let mut of_variables = schedule.derivatives.iter().flat_map(of_part);
        // By input of the function.
        let mut derivatives = vec![None; graph.inputs];
        for &input in order.iter().filter(|&&input| is_variable[input]) {
            derivatives[input] = of_variables.next();
        }
        let derivatives = derivatives.into_iter().flatten().collect();
        Some((Order { inputs: numbers(&order), derivatives }, schedule))
    }

    /// Writes a point, which is given in parts, to the inputs of the schedule.
    pub fn write<'x, T: Float>(&self, x: impl IntoIterator<Item = &'x [f64]>, inputs: &mut [T]) {
        let mut rest = &self.inputs[..];
        for part in x {
            let (now, after) = rest.split_at(part.len());
            now.iter().zip(part).for_each(|(&number, &x)| inputs[number as usize] = T::of(x));
            rest = after;
        }
    }

    /// Reads the derivatives by the variables of the function.
    pub fn read<T: Float>(&self, adjoints: &[T], out: &mut [f64]) {
        let derivative = |at: u32| adjoints.get(at as usize).map_or(0.0, |adjoint| adjoint.double());
        out.iter_mut().zip(&self.derivatives).for_each(|(out, &at)| *out = derivative(at));
    }
}

/// A use of an input, which may be beside others in a run: a level, an operation, its number of operands, and a position among
/// them.
type Use = (usize, Op, usize, usize);

/// Inputs that are used alike one after the other; `None` unless operands of equal operations then go on much more often than in
/// the order of the function.
fn by_use(graph: &Graph) -> Option<Vec<usize>> {
    let uses = uses(graph);
    let before = breaks(&uses, |input| input);
    if before <= uses.len() / 8 {
        return None;
    }
    let mut kinds: FxHashMap<Use, usize> = FxHashMap::default();
    let mut kind_of = vec![usize::MAX; graph.inputs];
    for &(it, input) in &uses {
        let next = kinds.len();
        let kind = *kinds.entry(it).or_insert(next);
        kind_of[input] = kind_of[input].min(kind);
    }
    let mut order: Vec<usize> = (0..graph.inputs).collect();
    order.sort_by_key(|&input| kind_of[input]);
    let numbers = numbers(&order);
    let after = breaks(&uses, |input| numbers[input] as usize);
    (2 * after <= before).then_some(order)
}

/// The number of each input in this order.
fn numbers(order: &[usize]) -> Vec<u32> {
    let mut numbers = vec![0; order.len()];
    (0..).zip(order).for_each(|(number, &input)| numbers[input] = number);
    numbers
}

/// How often equal operations, in order, have inputs at the same position of which the second does not follow the first.
fn breaks(uses: &[(Use, usize)], number: impl Fn(usize) -> usize) -> usize {
    let mut last: FxHashMap<Use, usize> = FxHashMap::default();
    let mut breaks = 0;
    for &(it, input) in uses {
        let now = number(input);
        let before = last.insert(it, now);
        breaks += usize::from(before.is_some_and(|before| now != before && now != before + 1));
    }
    breaks
}

/// All uses of inputs.
fn uses(graph: &Graph) -> Vec<(Use, usize)> {
    let mut uses = Vec::new();
    for (level, numbers) in Levels::early(graph, |_| true).iter().enumerate() {
        for &number in numbers {
            let Instruction { op, operands, .. } = graph.instructions.at(number as usize);
            for (position, &place) in operands.iter().enumerate() {
                if let Source::Input(input) = graph.source(place) {
                    let position = if operands.len() > POSITIONS { 0 } else { position };
                    uses.push(((level, op, operands.len(), position), input));
                }
            }
        }
    }
    uses
}
