//! Values that a kernel declined to compute, which are NaN.

use super::float::Float;
use crate::table::ops::Op;
use crate::table::rules::Few;

/// Replaces values that are NaN by those of the scalar row: `operand(k, lane)` are the arguments.
#[cold]
#[inline(never)]
pub(crate) fn values<T: Float>(op: Op, operand: impl Fn(usize, usize) -> T, arity: usize, y: &mut [T]) {
    let mut arguments: Few<f64> = Few::with_capacity(arity);
    for (lane, y) in y.iter_mut().enumerate().filter(|(_, y)| y.is_a_nan()) {
        arguments.clear();
        arguments.extend((0..arity).map(|k| operand(k, lane).double()));
        *y = T::of(op.value(&arguments).expect("a row of the table"));
    }
}

/// Whether any of these numbers is NaN. Without an early exit, so that one instruction tests several.
#[inline(always)]
pub(crate) fn any_is_nan<T: Float>(numbers: &[T]) -> bool {
    numbers.iter().fold(false, |any, number| any | number.is_a_nan())
}
