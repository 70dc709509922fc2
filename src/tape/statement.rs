//! Statements on a tape: one node each, with the partials that the reverse sweep of the statement gives.

use super::node::Var;
use super::thread::{are_recorded, is_recording, on_active_tape, on_thread, try_record, with};
use crate::number::statement::expression::{Expression, Partials, Term};
use crate::table::number::{Lists, Number, Read, Reduction};
use crate::table::ops::Op;
use smallvec::SmallVec;
use std::panic::Location;

/// How many leaves a statement can have: each has a bit.
const MOST: usize = u64::BITS as usize;

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

/// Records the sum of statements, whose operands are those of all terms.
#[inline]
#[track_caller]
pub(super) fn record_sum<E: Expression<Var>, B: Fn() -> Term<Var, E> + Copy>(
    terms: impl Iterator<Item = B>,
    text: &'static str,
) -> Var {
    if is_recording() {
        let terms: Vec<B> = terms.collect();
        let is_recorded = terms.iter().any(|build| are_recorded(&operands::<E, MOST>(build().expression)));
        return match is_recorded {
            true => terms.into_iter().map(|build| build().expression.over()).sum(),
            false => gather(terms.into_iter(), text),
        };
    }
    gather(terms, text)
}

/// The operands of a sum of statements that are not constants, one after the other.
#[derive(Default)]
struct Gathered {
    /// Each with the partial by it.
    operands: SmallVec<[(Var, f64); 40]>,
    /// The places of those that have no part in the result, in order.
    unreached: SmallVec<[usize; 8]>,
}

#[inline(always)]
#[track_caller]
fn gather<E: Expression<Var>, B: Fn() -> Term<Var, E> + Copy>(
    terms: impl Iterator<Item = B>,
    text: &'static str,
) -> Var {
    let mut gathered = Gathered::default();
    // As the standard library adds: that of an empty sequence is −0.
    let value: f64 = terms.map(|build| append_term(&mut gathered, build().expression)).sum();
    let Gathered { operands, unreached } = &gathered;
    match try_record_gathered(value, operands, unreached, text) {
        Some(node) => Var { value, node },
        None => record_gathered(value, operands, unreached, text),
    }
}

/// Adds the operands of a term, and returns its value.
#[inline(always)]
fn append_term<E: Expression<Var>>(gathered: &mut Gathered, expression: E) -> f64 {
    by_count!(append::<E> (gathered, expression): 1 2 3 4 5 6 7 8)
}

#[inline(always)]
fn append<E: Expression<Var>, const N: usize>(gathered: &mut Gathered, expression: E) -> f64 {
    let (value, values) = expression.evaluate();
    let operands = operands::<E, N>(expression);
    if operands.iter().any(|operand| operand.is_on_a_tape()) {
        let partials = partials::<E, N>(expression, values);
        for k in 0..N {
            if operands[k].is_on_a_tape() {
                if !partials.are_reached[k] {
                    gathered.unreached.push(gathered.operands.len());
                }
                gathered.operands.push((operands[k], partials.by[k]));
            }
        }
    }
    value
}

#[cold]
#[inline(never)]
#[track_caller]
fn record_gathered(value: f64, operands: &[(Var, f64)], unreached: &[usize], text: &'static str) -> Var {
    if operands.is_empty() {
        return Var::constant_of(value);
    }
    let (operands, partials): (Vec<Var>, Vec<f64>) = operands.iter().copied().unzip();
    let are_reached: Vec<bool> = (0..operands.len()).map(|k| unreached.binary_search(&k).is_err()).collect();
    record_labelled(value, &operands, &partials, &are_reached, text)
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

/// The id of the node of a sum of statements in the usual case, given its operands that are not constants, each with its
/// partial.
#[inline]
fn try_record_gathered(
    value: f64,
    operands: &[(Var, f64)],
    unreached: &[usize],
    text: &'static str,
) -> Option<u64> {
    /// A row whose partials are known: they stand where a row has the values of its operands.
    struct Known;
    impl Reduction for Known {
        const OP: Op = Op::Preaccumulated;

        fn value<A: Copy, B: Copy, R: Number>(_: Lists<'_, A, B>, _: impl Read<A, B, R>) -> R {
            unreachable!("the value of a sum of statements is known")
        }

        #[inline(always)]
        fn each_partial<A: Copy, B: Copy, R: Number>(
            lists: Lists<'_, A, B>,
            read: impl Read<A, B, R>,
            _: R,
        ) -> impl Iterator<Item = R> {
            lists.first.iter().map(move |&item| read.first(item))
        }
    }
    let reached: SmallVec<[(Var, f64); 40]>;
    let operands = if unreached.is_empty() {
        operands
    } else {
        // A listing shows those that have no part in the result too; and they have to be variables of this tape.
        let windows = on_active_tape(|tape| (!tape.keeps_entries()).then(|| tape.windows()))?;
        unreached.iter().try_for_each(|&k| windows.find(operands[k].0.node).map(drop))?;
        let is_reached = |&(k, _): &(usize, _)| unreached.binary_search(&k).is_err();
        reached =
            operands.iter().copied().enumerate().filter(is_reached).map(|(_, operand)| operand).collect();
        &reached[..]
    };
    let edge = |(operand, partial): (Var, f64)| Var { value: partial, node: operand.node };
    let lists = Lists { first: operands, second: &[], last: None };
    let node = on_active_tape(|tape| tape.try_push_reduction::<Known, _, _>(value, lists, (edge, edge)))?;
    label_statement(text);
    Some(node)
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
