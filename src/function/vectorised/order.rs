//! Inputs in the order in which they are used, where that is another than their own: what belongs to one sample is often side by
//! side, while a run needs the same input of all samples.

use crate::function::ir::graph::Instruction;
use crate::function::lanes::float::Float;
use crate::function::schedule::{Derivatives, Levelled, Schedule};
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
    /// A schedule of this graph, with its inputs in another order unless their own is as good.
    pub fn schedule(levelled: Levelled<'_>, is_variable: &[bool]) -> (Option<Order>, Schedule) {
        let Some(order) = by_use(&levelled) else { return (None, levelled.schedule(is_variable)) };
        let are_variable: Vec<bool> = order.iter().map(|&input| is_variable[input]).collect();
        let schedule = levelled.with_inputs_in(&order).schedule(&are_variable);
        let of_part = |part: &Derivatives| {
            let at = part.at;
            (0..part.len as u32).map(move |k| at.map_or(NOWHERE, |at| at + k))
        };
        let mut of_variables = schedule.derivatives.iter().flat_map(of_part);
        // By input of the function.
        let mut derivatives = vec![None; order.len()];
        for &input in order.iter().filter(|&&input| is_variable[input]) {
            derivatives[input] = of_variables.next();
        }
        let derivatives = derivatives.into_iter().flatten().collect();
        (Some(Order { inputs: numbers(&order), derivatives }), schedule)
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

/// The uses of inputs, in order: by what kind of operand, and which input. Operands of one kind may be side by side in a run: they have
/// the same level, operation, number of operands, and position among them.
struct Uses {
    uses: Vec<(usize, usize)>,
    kinds: usize,
}

/// Inputs that are used alike one after the other; `None` unless operands of equal operations then go on much more often than in
/// the order of the function.
fn by_use(levelled: &Levelled<'_>) -> Option<Vec<usize>> {
    let all = uses(levelled);
    let before = all.breaks(|input| input);
    if before <= all.uses.len() / 8 {
        return None;
    }
    // In the order in which they occur.
    let mut first: Vec<Option<usize>> = vec![None; all.kinds];
    let mut kind_of = vec![usize::MAX; levelled.graph().inputs];
    let mut next = 0;
    for &(kind, input) in &all.uses {
        let kind = *first[kind].get_or_insert_with(|| {
            next += 1;
            next
        });
        kind_of[input] = kind_of[input].min(kind);
    }
    let mut order: Vec<usize> = (0..levelled.graph().inputs).collect();
    order.sort_by_key(|&input| kind_of[input]);
    let numbers = numbers(&order);
    let after = all.breaks(|input| numbers[input] as usize);
    (2 * after <= before).then_some(order)
}

/// The number of each input in this order.
fn numbers(order: &[usize]) -> Vec<u32> {
    let mut numbers = vec![0; order.len()];
    (0..).zip(order).for_each(|(number, &input)| numbers[input] = number);
    numbers
}

impl Uses {
    /// How often operands of one kind, in order, are inputs of which the second does not follow the first.
    fn breaks(&self, number: impl Fn(usize) -> usize) -> usize {
        let mut last: Vec<Option<usize>> = vec![None; self.kinds];
        let is_break = |&&(kind, input): &&(usize, usize)| {
            let now = number(input);
            let before = last[kind].replace(now);
            before.is_some_and(|before| now != before && now != before + 1)
        };
        self.uses.iter().filter(is_break).count()
    }
}

fn uses(levelled: &Levelled<'_>) -> Uses {
    let graph = levelled.graph();
    let mut all = Uses { uses: Vec::new(), kinds: 0 };
    // Of the level: where the kinds of these operations begin.
    let mut begun: FxHashMap<(Op, usize), usize> = FxHashMap::default();
    let inputs = graph.input(0)..graph.input(graph.inputs);
    let uses_any = |it: Instruction<'_>| it.operands.iter().any(|place| inputs.contains(place));
    let uses_any: Vec<bool> = graph.instructions.iter().map(uses_any).collect();
    for numbers in levelled.early().iter() {
        begun.clear();
        let mut last = None;
        for &number in numbers.iter().filter(|number| uses_any[**number as usize]) {
            let Instruction { op, operands, .. } = graph.instructions.at(number as usize);
            let count = if operands.len() > POSITIONS { 1 } else { operands.len() };
            let first = match last {
                Some((of, first)) if of == (op, operands.len()) => first,
                _ => *begun.entry((op, operands.len())).or_insert_with(|| {
                    all.kinds += count;
                    all.kinds - count
                }),
            };
            last = Some(((op, operands.len()), first));
            let uses = operands.iter().enumerate().filter(|(_, place)| inputs.contains(place));
            all.uses.extend(uses.map(|(position, place)| {
                let kind = first + if count == 1 { 0 } else { position };
                (kind, (place - inputs.start) as usize)
            }));
        }
    }
    all
}
