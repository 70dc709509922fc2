//! Statements on a tape: one node each, with the partials that the reverse sweep of the statement gives.

use crate::number::statement::expression::{Expression, Partials, Term};
use crate::tape::{
    Var, are_recorded, is_recording, record_labelled, try_record_gathered, try_record_statement,
};
use smallvec::SmallVec;

/// How many leaves a statement can have: each has a bit.
const MOST: usize = u64::BITS as usize;

/// Records the statement that `build` makes.
#[inline(always)]
#[track_caller]
pub(super) fn record_statement<E: Expression<Var>>(
    build: impl Fn() -> Term<Var, E> + Copy,
    text: &'static str,
) -> Var {
    // The number of operands is part of a type, and the language has no other way from a constant of a type to there.
    macro_rules! record {
        ($($count:literal)*) => {
            match const { E::LEAVES.count_ones() } {
                $( $count => record_operands::<E, $count>(build, text), )*
                _ => record_operands::<E, MOST>(build, text),
            }
        };
    }
    record!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
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
    let value: f64 = terms.map(|build| gathered.term(build().expression)).sum();
    let Gathered { operands, unreached } = &gathered;
    match try_record_gathered(value, operands, unreached, text) {
        Some(node) => Var { value, node },
        None => record_gathered(value, operands, unreached, text),
    }
}

impl Gathered {
    /// Adds the operands of a term, and returns its value.
    #[inline(always)]
    fn term<E: Expression<Var>>(&mut self, expression: E) -> f64 {
        macro_rules! append {
            ($($count:literal)*) => {
                match const { E::LEAVES.count_ones() } {
                    $( $count => self.append::<E, $count>(expression), )*
                    _ => self.append::<E, MOST>(expression),
                }
            };
        }
        append!(1 2 3 4 5 6 7 8)
    }

    #[inline(always)]
    fn append<E: Expression<Var>, const N: usize>(&mut self, expression: E) -> f64 {
        let (value, values) = expression.evaluate();
        let operands = operands::<E, N>(expression);
        if operands.iter().any(|operand| operand.is_on_a_tape()) {
            let partials = partials::<E, N>(expression, values);
            for k in 0..N {
                if operands[k].is_on_a_tape() {
                    if !partials.are_reached[k] {
                        self.unreached.push(self.operands.len());
                    }
                    self.operands.push((operands[k], partials.by[k]));
                }
            }
        }
        value
    }
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
