//! Functions of lists, for users: one per row over lists, and those that are composed of rows.

use crate::table::number::{Lists, Number, Reduction};
use crate::table::ops::for_each_primitive;
use crate::table::rules::{as_they_are, reduction};
use std::any::type_name;

macro_rules! define_lists {
    ($(
        $(#[$doc:meta])* $kind:ident $(($($assign:ident)*))? $Op:ident $name:ident
        ($($arg:ident),* $(; $n:ident : $ty:ident in $samples:tt)?) -> $y:ident {
            value: $value:expr, partials: [$($partial:expr),* $(,)?], $(untaken: $untaken:tt,)? on: $on:tt }
    )* ; reductions { $(
        $(#[$list_doc:meta])* $List:ident $list:ident ($x:ident $(, $more:ident)* $(; $last:ident)?) -> $z:ident {
            value: $total:expr, partials: $each:expr $(,)? }
    )* }) => {
        $(
            $(#[$list_doc])*
            ///
            /// One node on a tape, whatever the length.
            ///
            /// # Panics
            /// If there are two lists, and they differ in length.
            #[must_use]
            #[track_caller]
            pub fn $list<R: Number>(
                $x: &[R] $(, $more: &[impl Copy + Into<R>])* $(, $last: impl Into<R>)?
            ) -> R {
                $( assert_eq!($x.len(), $more.len(), "both lists must have the same length"); )*
                let second = define_lists!(@second R $(, $more)*);
                let last = define_lists!(@last R $(, $last)?);
                reduce::<reduction::$List, _, _>(Lists { first: $x, second, last })
            }
        )*
    };
    (@second $R:ident) => { &[] as &[$R] };
    (@second $R:ident, $more:ident) => { $more };
    (@last $R:ident) => { None };
    (@last $R:ident, $last:ident) => { Some($last.into()) };
}
for_each_primitive!(define_lists);

/// Arithmetic mean: the sum, from left to right, divided by the number of items.
///
/// # Panics
/// If the list is empty.
#[must_use]
#[track_caller]
pub fn mean<R: Number>(xs: &[R]) -> R {
    assert!(!xs.is_empty(), "the mean of an empty list is not defined");
    sum(xs) / xs.len() as f64
}

/// `eˣⁱ / Σ eˣʲ`, without overflow.
///
/// ```
/// let p = tapegrad::lists::softmax(&[1000.0, 1000.0]);
/// assert_eq!(p, [0.5, 0.5]);
/// ```
#[must_use]
#[track_caller]
pub fn softmax<R: Number>(xs: &[R]) -> Vec<R> {
    let log_total = log_sum_exp(xs);
    let parts: Vec<R> = xs.iter().map(|&x| (x - log_total).exp()).collect();
    // Already normalised except for the rounding of the logarithm, which all parts share.
    let total = sum(&parts);
    parts.iter().map(|&part| part / total).collect()
}

/// A row over lists. A user's conversion may record, compare or panic, so it runs before everything else, once per
/// item; plain numbers are converted where they are read.
#[inline(always)]
#[track_caller]
fn reduce<K: Reduction, R: Number, B: Copy + Into<R>>(lists: Lists<'_, R, B>) -> R {
    let Lists { first, second, last } = lists;
    if is_plain::<R, B>() {
        let converted = (|item: R| item, |item: B| item.into());
        return R::reduce::<K, R, B>(lists, converted);
    }
    let second: Vec<R> = second.iter().map(|&item| item.into()).collect();
    R::reduce::<K, R, R>(Lists { first, second: &second, last }, as_they_are())
}

/// Whether items have one of the usual types, whose conversions are those of this crate or of the standard library.
/// Types are compared by name, since a type that borrows has no `TypeId`; no other type has these names, and the
/// compiler evaluates the comparison.
#[inline(always)]
fn is_plain<R, B>() -> bool {
    let name = type_name::<B>();
    name == type_name::<R>() || name == type_name::<f64>() || name == type_name::<f32>()
}
