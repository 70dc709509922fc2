//! Statements on a tape: one node each, with the partials that the reverse sweep of the statement gives.

use super::gathered::{AT_ONCE, Gathered};
use super::node::Var;
use super::thread::{are_recorded, is_recording, on_active_tape, on_thread, try_record, with};
use crate::number::statement::expression::{Expression, Partials, Term};
use crate::table::ops::Op;
use smallvec::SmallVec;
use std::iter;
use std::panic::Location;

/// How many leaves a statement can have: each has a bit.
const MOST: usize = u64::BITS as usize;
const _: () = assert!(MOST <= AT_ONCE);

/// Calls a function with the number of leaves of an expression. It is part of a type, and the language has no other way from
/// a constant of a type to there.
macro_rules! by_count {
    ($f:ident::<$E:ident> $arguments:tt: $($count:literal)*) => {
        match const { $E::LEAVES.count_ones() } {
            $( $count => $f::<$E, $count> $arguments, )*
            _ => $f::<$E, MOST> $arguments,
        }
    };
}

/// Records the statement that `build` makes.
#[inline(always)]
#[track_caller]
pub(super) fn record_statement<E: Expression<Var>>(
    build: impl Fn() -> Term<Var, E> + Copy,
    text: &'static str,
) -> Var {
    by_count!(record_operands::<E> (build, text): 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}

#[inline(always)]
#[track_caller]
fn record_operands<E: Expression<Var>, const N: usize>(
    build: impl Fn() -> Term<Var, E> + Copy,
    text: &'static str,
) -> Var {
    let expression = build().expression;
    let (value, values) = expression.evaluate();
    let operands = operands::<E, N>(expression);
    if !operands.iter().any(|operand| operand.is_on_a_tape()) {
        return Var::constant_of(value);
    }
    let partials = partials::<E, N>(expression, values);
    match try_record_statement(value, operands, partials.by, partials.are_reached, text) {
        Some(node) => Var { value, node },
        None => record_unusual::<E, N>(build, text),
    }
}

/// The unusual case starts again: given the expression, its memory would be needed in the usual case too.
#[cold]
#[inline(never)]
#[track_caller]
fn record_unusual<E: Expression<Var>, const N: usize>(
    build: impl Fn() -> Term<Var, E> + Copy,
    text: &'static str,
) -> Var {
    let expression = build().expression;
    let operands = operands::<E, N>(expression);
    // A replay needs the operations.
    if are_recorded(&operands) {
        return expression.over();
    }
    let (value, values) = expression.evaluate();
    let partials = partials::<E, N>(expression, values);
    let count = E::LEAVES.count_ones() as usize;
    record_labelled(value, &operands[..count], &partials.by[..count], &partials.are_reached, text)
}

#[inline(always)]
fn operands<E: Expression<Var>, const N: usize>(expression: E) -> [Var; N] {
    let mut operands = [Var::constant_of(0.0); N];
    expression.operands::<E, N>(&mut operands);
    operands
}

#[inline(always)]
fn partials<E: Expression<Var>, const N: usize>(expression: E, values: E::Values) -> Partials<N> {
    let mut partials = Partials::new();
    expression.sweep::<E, N>(values, 1.0, &mut partials);
    partials
}

/// Records the sum of statements, whose operands are those of all terms, and what `added` gives afterwards, if anything.
#[inline]
#[track_caller]
pub(super) fn record_sum<E: Expression<Var>>(
    terms: impl Iterator<Item = impl Fn() -> Term<Var, E> + Copy>,
    added: impl FnOnce() -> Option<Var>,
    text: &'static str,
) -> Var {
    if is_recording() {
        let terms: Vec<_> = terms.collect();
        let added = added();
        let is_recorded = are_recorded(added.as_slice())
            || terms.iter().any(|build| are_recorded(&operands::<E, MOST>(build().expression)));
        return if is_recorded {
            let sum: Var = terms.into_iter().map(|build| build().expression.over()).sum();
            added.map_or(sum, |added| sum + added)
        } else {
            gather_sum(terms.into_iter(), || added, text)
        };
    }
    gather_sum(terms, added, text)
}

#[inline(always)]
#[track_caller]
fn gather_sum<E: Expression<Var>>(
    terms: impl Iterator<Item = impl Fn() -> Term<Var, E> + Copy>,
    added: impl FnOnce() -> Option<Var>,
    text: &'static str,
) -> Var {
    by_count!(gather::<E> (terms, added, text): 1 2 3 4 5 6 7 8)
}

#[inline(always)]
#[track_caller]
fn gather<E: Expression<Var>, const N: usize>(
    mut terms: impl Iterator<Item = impl Fn() -> Term<Var, E> + Copy>,
    added: impl FnOnce() -> Option<Var>,
    text: &'static str,
) -> Var {
    let mut gathered = Gathered::take();
    // As the standard library adds: that of an empty sequence is −0.
    let mut value: f64 = iter::empty::<f64>().sum();
    let mut count = 0;
    loop {
        // Room is asked for once a term.
        let is_over = loop {
            if count > AT_ONCE - N {
                break false;
            }
            let Some(build) = terms.next() else { break true };
            value += append::<E, N>(&mut gathered, &mut count, build().expression);
        };
        if is_over {
            break;
        }
        gathered.move_to_lists(&mut count);
    }
    if let Some(added) = added() {
        value += added.value;
        if added.is_on_a_tape() {
            if count == AT_ONCE {
                gathered.move_to_lists(&mut count);
            }
            gathered.push(&mut count, [added], [1.0], [true]);
        }
    }
    if gathered.is_long() {
        gathered.move_to_lists(&mut count);
    }
    let (nodes, partials) = (gathered.nodes.all(count), gathered.partials.all(count));
    match try_record_gathered(value, nodes, partials, &gathered.unreached, text) {
        Some(node) => {
            gathered.give_back();
            Var { value, node }
        }
        None => record_gathered(value, gathered, count, text),
    }
}

/// Appends the operands of a term, for which there is room, and returns its value.
#[inline(always)]
fn append<E: Expression<Var>, const N: usize>(
    gathered: &mut Gathered,
    count: &mut usize,
    expression: E,
) -> f64 {
    let (value, values) = expression.evaluate();
    let operands = operands::<E, N>(expression);
    if operands.iter().all(|operand| operand.is_on_a_tape()) {
        let Partials { by, are_reached, .. } = partials::<E, N>(expression, values);
        gathered.push(count, operands, by, are_reached);
    } else if operands.iter().any(|operand| operand.is_on_a_tape()) {
        let Partials { by, are_reached, .. } = partials::<E, N>(expression, values);
        for k in 0..N {
            if operands[k].is_on_a_tape() {
                gathered.push(count, [operands[k]], [by[k]], [are_reached[k]]);
            }
        }
    }
    value
}

#[cold]
#[inline(never)]
#[track_caller]
fn record_gathered(value: f64, gathered: Box<Gathered>, count: usize, text: &'static str) -> Var {
    let (nodes, values) = (gathered.nodes.all(count), gathered.values.all(count));
    if nodes.is_empty() {
        return Var::constant_of(value);
    }
    let operands: Vec<Var> = nodes.iter().zip(values).map(|(&node, &value)| Var { value, node }).collect();
    let are_reached: Vec<bool> =
        (0..operands.len()).map(|k| gathered.unreached.binary_search(&k).is_err()).collect();
    record_labelled(value, &operands, gathered.partials.all(count), &are_reached, text)
}

/// The id of the node of a statement in the usual case, as [`try_record`].
#[inline(always)]
fn try_record_statement<const ARITY: usize>(
    value: f64,
    operands: [Var; ARITY],
    partials: [f64; ARITY],
    are_linked: [bool; ARITY],
    text: &'static str,
) -> Option<u64> {
    let node = try_record(Op::Preaccumulated, value, operands, partials, are_linked)?;
    label_statement(text);
    Some(node)
}

/// Notes the source of the statement that was recorded last on the active tape, if somebody may look.
#[inline(always)]
fn label_statement(text: &'static str) {
    if on_active_tape(|tape| tape.keeps_entries().then_some(())).is_some() {
        push_label(text);
    }
}

#[cold]
#[inline(never)]
fn push_label(text: &'static str) {
    on_thread(|thread| thread.active.label_last(Op::Preaccumulated, text));
}

/// The id of the node of a sum of statements in the usual case, given the ids of its operands that are not
/// constants, and the partials by them.
#[inline]
fn try_record_gathered(
    value: f64,
    nodes: &[u64],
    partials: &[f64],
    unreached: &[usize],
    text: &'static str,
) -> Option<u64> {
    if unreached.is_empty() {
        let node = on_active_tape(|tape| tape.try_push_listed(Op::Preaccumulated, value, nodes, partials))?;
        label_statement(text);
        return Some(node);
    }
    // A listing shows those that have no part in the result too; and they have to be variables of this tape.
    let windows = on_active_tape(|tape| (!tape.keeps_entries()).then(|| tape.windows()))?;
    unreached.iter().try_for_each(|&k| windows.find(nodes[k]).map(drop))?;
    let is_reached = |k: &usize| unreached.binary_search(k).is_err();
    let reached = || (0..nodes.len()).filter(is_reached);
    let nodes: SmallVec<[u64; 40]> = reached().map(|k| nodes[k]).collect();
    let partials: SmallVec<[f64; 40]> = reached().map(|k| partials[k]).collect();
    on_active_tape(|tape| tape.try_push_listed(Op::Preaccumulated, value, &nodes, &partials))
}

/// A statement as one node, in every case.
#[inline(never)]
#[track_caller]
fn record_labelled(
    value: f64,
    operands: &[Var],
    partials: &[f64],
    is_linked: &[bool],
    text: &'static str,
) -> Var {
    let line = Location::caller();
    let linked = |k: usize| is_linked[k];
    with(|thread| {
        let result = thread.record(Op::Preaccumulated, value, operands, partials, &linked, line)?;
        if result.is_on_a_tape() {
            thread.active.label_last(Op::Preaccumulated, text);
        }
        Ok(result)
    })
}
