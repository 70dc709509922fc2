//! The rules of the table as functions: for each row its partial derivatives over any [`Number`], and
//! the dispatch from an [`Op`] to its row.

use crate::table::formulas::{self, FRAC_1_SQRT_2PI, SQRT_PI_2};
use crate::table::hooks::{product_of, total};
use crate::table::number::{Lists, Number, Read, Reduction, either};
use crate::table::ops::{Op, for_each_primitive};
use smallvec::SmallVec;
use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LN_2, LOG2_E, LOG10_E};

/// Partials or operands of one node; more than three only for lists and preaccumulated blocks.
pub(crate) type Few<T> = SmallVec<[T; 3]>;

macro_rules! define_rules {
    ($(
        $(#[$doc:meta])* $kind:ident $(($($assign:ident)*))? $Op:ident $name:ident
        ($($arg:ident),* $(; $n:ident : $ty:ident in $samples:tt)?) -> $y:ident {
            value: $value:expr, partials: [$($partial:expr),* $(,)?], $(untaken: $untaken:tt,)? on: $on:tt }
    )* ; reductions { $(
        $(#[$list_doc:meta])* $List:ident $list:ident ($x:ident $(, $more:ident)* $(; $last:ident)?) -> $z:ident {
            value: $total:expr, partials: $each:expr $(,)? }
    )* }) => {
        /// For each row: the partials at the arguments and the result, where `wanted`; elsewhere 0, without
        /// evaluation.
        pub(crate) mod partials {
            use super::*;

            $(
                #[allow(unused_variables, unused_assignments, unused_mut)]
                #[inline(always)]
                #[track_caller]
                pub(crate) fn $name<R: Number>(
                    $($arg: R,)* $($n: $ty,)? $y: R,
                    wanted: [bool; [$(stringify!($arg)),*].len()],
                ) -> [R; [$(stringify!($arg)),*].len()] {
                    let mut operand = 0;
                    [$({
                        let partial = if wanted[operand] { $partial } else { constant(0.0) };
                        operand += 1;
                        partial
                    }),*]
                }
            )*
        }

        /// For each row: for each `wanted` operand a mask, which is set where the operand is not selected; `None` if
        /// it always is.
        pub(crate) mod untaken {
            use super::*;

            $(
                #[allow(unused_variables, unused_assignments, unused_mut)]
                #[inline(always)]
                #[track_caller]
                pub(crate) fn $name<R: Number>(
                    $($arg: R,)* $($n: $ty,)? $y: R,
                    partials: [R; [$(stringify!($arg)),*].len()],
                    wanted: [bool; [$(stringify!($arg)),*].len()],
                ) -> [Option<R>; [$(stringify!($arg)),*].len()] {
                    define_rules!(@untaken $kind partials wanted ($($arg),*) $($untaken)?)
                }
            )*
        }

        impl Op {
            /// What a reduction takes: the number of lists of equal length, and the number of single numbers after
            /// them. `None` for other operations.
            ///
            /// ```
            /// use tapegrad::primitives::Op;
            /// assert_eq!(Op::Affine.lists(), Some([2, 1]));
            /// assert_eq!(Op::Sin.lists(), None);
            /// ```
            pub fn lists(self) -> Option<[usize; 2]> {
                match self {
                    $( Op::$List => Some([1 + count(&[$(stringify!($more)),*]), count(&[$(stringify!($last)),*])]), )*
                    _ => None,
                }
            }

            /// The value of this row at `args`; `None` for operations without a row: inputs, operations on matrices, custom
            /// operations and preaccumulated blocks.
            ///
            /// # Panics
            /// If the length of `args` is not the number of operands of the row.
            pub fn value<R: Number>(self, args: &[R]) -> Option<R> {
                self.value_of(args, |arg| arg)
            }

            /// As [`value`](Self::value), of the numbers that `read` returns for the items. Inlined, for a loop over
            /// operations.
            #[inline(always)]
            #[track_caller]
            pub(crate) fn value_of<A: Copy, R: Number>(
                self,
                items: &[A],
                read: impl Fn(A) -> R + Copy,
            ) -> Option<R> {
                match self {
                    $( define_rules!(@bind $Op $($n)?) => {
                        let [$($arg),*] = operands(define_rules!(@bind $Op $($n)?), items).map(read);
                        Some(define_rules!(@call $name ($($arg),*) ($($n)?)))
                    } )*
                    $( Op::$List => Some(R::reduce::<reduction::$List, A, A>(split(Op::$List, items), (read, read))), )*
                    Op::Input | Op::Custom | Op::Preaccumulated | Op::Matrix(_) | Op::Atomic(_) | Op::Entry => None,
                }
            }

            /// The partial derivatives of this row at `args`, where it has the value `y`; `None` for operations
            /// without a row.
            ///
            /// ```
            /// use tapegrad::primitives::Op;
            /// let partials = Op::Mul.partials(&[3.0, 5.0], 15.0).unwrap();
            /// assert_eq!(partials, [5.0, 3.0]);
            /// ```
            ///
            /// # Panics
            /// If the length of `args` is not the number of operands of the row.
            pub fn partials<R: Number>(self, args: &[R], y: R) -> Option<Vec<R>> {
                let mut partials = Vec::new();
                let has_row = self.visit_list_partials(args, |arg| arg, y, |partial| partials.push(partial))
                    || self.visit_partials(args, |arg| arg, y, |_| true, |_, partial| partials.push(partial));
                has_row.then_some(partials)
            }

            /// Whether this operation can be evaluated over this number of operands.
            #[cfg_attr(not(feature = "serde"), expect(dead_code))]
            pub(crate) fn takes(self, operands: usize) -> bool {
                match self {
                    $( Op::$List => {
                        let single = count(&[$(stringify!($last)),*]);
                        let lists = 1 + count(&[$(stringify!($more)),*]);
                        operands >= single && (operands - single) % lists == 0
                    } )*
                    // None is recorded without operands or without results.
                    Op::Matrix(op) => operands > 0 && op.results(operands) > 0 && op.split(operands).is_some(),
                    Op::Atomic(_) | Op::Custom | Op::Preaccumulated | Op::Input | Op::Entry => false,
                    _ => self.arity() == Some(operands),
                }
            }

            /// Calls `visit` with the index of each wanted operand and the partial with respect to it, in order;
            /// `read` returns the numbers of the items. Returns whether this is a row that is not over lists.
            /// Inlined, for a loop over operations.
            #[inline(always)]
            #[track_caller]
            pub(crate) fn visit_partials<A: Copy, R: Number>(
                self,
                items: &[A],
                read: impl Fn(A) -> R + Copy,
                y: R,
                is_wanted: impl Fn(usize) -> bool,
                mut visit: impl FnMut(usize, R),
            ) -> bool {
                match self {
                    $( define_rules!(@bind $Op $($n)?) => {
                        let [$($arg),*] = operands(define_rules!(@bind $Op $($n)?), items).map(read);
                        let wanted = std::array::from_fn(&is_wanted);
                        let partials = partials::$name($($arg,)* $($n,)? y, wanted);
                        for k in 0..wanted.len() {
                            if wanted[k] {
                                visit(k, partials[k]);
                            }
                        }
                    } )*
                    _ => return false,
                }
                true
            }

            /// As [`visit_partials`](Self::visit_partials), with the mask that is set where the operand is not
            /// selected. A function of its own, since a sweep over plain numbers does not need the mask.
            #[track_caller]
            pub(crate) fn visit_edges<A: Copy, R: Number>(
                self,
                items: &[A],
                read: impl Fn(A) -> R + Copy,
                y: R,
                is_wanted: impl Fn(usize) -> bool,
                mut visit: impl FnMut(usize, R, Option<R>),
            ) -> bool {
                match self {
                    $( define_rules!(@bind $Op $($n)?) => {
                        let [$($arg),*] = operands(define_rules!(@bind $Op $($n)?), items).map(read);
                        let wanted = std::array::from_fn(&is_wanted);
                        let partials = partials::$name($($arg,)* $($n,)? y, wanted);
                        let untaken = untaken::$name($($arg,)* $($n,)? y, partials, wanted);
                        for k in 0..wanted.len() {
                            if wanted[k] {
                                visit(k, partials[k], untaken[k]);
                            }
                        }
                    } )*
                    _ => return false,
                }
                true
            }

            /// Calls `visit` with the partial with respect to each operand, in order; `read` returns the numbers of
            /// the items. Returns whether this is a row over lists.
            #[inline(always)]
            #[track_caller]
            pub(crate) fn visit_list_partials<A: Copy, R: Number>(
                self,
                items: &[A],
                read: impl Fn(A) -> R + Copy,
                y: R,
                visit: impl FnMut(R),
            ) -> bool {
                match self {
                    $( Op::$List => reduction::$List::partials(split(Op::$List, items), (read, read), y, visit), )*
                    _ => return false,
                }
                true
            }
        }

        /// The rows over lists as types.
        pub(crate) mod reduction {
            use super::*;

            $(
                pub struct $List;
                impl Reduction for $List {
                    const OP: Op = Op::$List;

                    #[inline(always)]
                    #[allow(unused_variables)]
                    fn value<A: Copy, B: Copy, R: Number>(lists: Lists<'_, A, B>, read: impl Read<A, B, R>) -> R {
                        let $x = lists.first.iter().map(move |&item| read.first(item));
                        $( let $more = lists.second.iter().map(move |&item| read.second(item)); )*
                        $( let $last = lists.last.map(move |item| read.first(item)).into_iter(); )?
                        $total
                    }

                    #[inline(always)]
                    #[allow(unused_variables)]
                    fn each_partial<A: Copy, B: Copy, R: Number>(
                        lists: Lists<'_, A, B>,
                        read: impl Read<A, B, R>,
                        y: R,
                    ) -> impl Iterator<Item = R> {
                        let $x = lists.first.iter().map(move |&item| read.first(item));
                        $( let $more = lists.second.iter().map(move |&item| read.second(item)); )*
                        $( let $last = lists.last.map(move |item| read.first(item)).into_iter(); )?
                        let $z = y;
                        $each
                    }
                }
            )*
        }
    };
    (@untaken piecewise $partials:ident $wanted:ident ($($arg:ident),*)) => {{
        let mut operand = 0;
        [$({
            let partial: R = { let _ = $arg; $partials[operand] };
            let mask = if $wanted[operand] { Some(partial.equal(0.0)) } else { None };
            operand += 1;
            mask
        }),*]
    }};
    (@untaken $kind:ident $partials:ident $wanted:ident ($($arg:ident),*)) => {
        [$({ let _ = $arg; None }),*]
    };
    (@untaken $kind:ident $partials:ident $wanted:ident ($($arg:ident),*) [$($untaken:tt),*]) => {{
        let mut operand = 0;
        [$({
            let mask = define_rules!(@mask $untaken, $wanted[operand]);
            operand += 1;
            mask
        }),*]
    }};
    (@mask never, $wanted:expr) => { None };
    (@mask $untaken:tt, $wanted:expr) => { if $wanted { Some($untaken) } else { None } };
    (@bind $Op:ident) => { Op::$Op };
    (@bind $Op:ident $n:ident) => { Op::$Op($n) };
    (@call $name:ident ($a:ident $(, $b:ident)*) ($($n:ident)?)) => { $a.$name($($b,)* $($n)?) };
}
for_each_primitive!(define_rules);

#[inline(always)]
fn constant<R: Number>(value: f64) -> R {
    R::constant(value)
}

/// Items that are numbers already.
pub(crate) fn as_they_are<R: Copy>() -> impl Read<R, R, R> {
    (|item: R| item, |item: R| item)
}

fn count(names: &[&str]) -> usize {
    names.len()
}

/// Splits the operands of a row over lists into its lists.
pub(crate) fn split<T: Copy>(op: Op, operands: &[T]) -> Lists<'_, T> {
    let [lists, single] = op.lists().expect("a row over lists");
    let listed = operands.len().saturating_sub(single);
    assert!(
        listed.is_multiple_of(lists) && operands.len() >= single,
        "`{op}` cannot take {} operands",
        operands.len()
    );
    let (front, back) = operands.split_at(listed);
    let (first, second) = front.split_at(listed / lists);
    Lists { first, second, last: back.first().copied() }
}

#[inline(always)]
fn operands<R: Copy, const ARITY: usize>(op: Op, args: &[R]) -> [R; ARITY] {
    <[R; ARITY]>::try_from(args)
        .unwrap_or_else(|_| panic!("`{op}` takes {ARITY} operands, not {}", args.len()))
}
