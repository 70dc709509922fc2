//! The rules of the table as functions: for each row its partial derivatives over any [`Number`], and
//! the dispatch from an [`Op`] to its row.

use crate::ops::{Op, for_each_primitive};
use crate::real::Number;
use smallvec::SmallVec;

/// Partials or operands of one node; more than three only in fused blocks.
pub type Few<T> = SmallVec<[T; 3]>;

macro_rules! define_rules {
    ($(
        $(#[$doc:meta])* $kind:ident $(($($assign:ident)*))? $Op:ident $name:ident
        ($($arg:ident),* $(; $n:ident : $ty:ident in $samples:tt)?) -> $y:ident {
            value: $value:expr, partials: [$($partial:expr),* $(,)?], on: $on:tt }
    )*) => {
        /// Per row: the partials at the arguments and the result, where `wanted`; elsewhere 0 unevaluated.
        pub(crate) mod partials {
            use super::*;

            fn constant<R: Number>(value: f64) -> R {
                R::constant(value)
            }

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

        impl Op {
            /// The value of this row at `args`; `None` for leaves and fused blocks, which have no row.
            ///
            /// # Panics
            /// If `args` is not as long as the row has operands.
            pub fn value<R: Number>(self, args: &[R]) -> Option<R> {
                match self {
                    $( define_rules!(@bind $Op $($n)?) => {
                        let [$($arg),*] = operands(self, args);
                        Some(define_rules!(@call $name ($($arg),*) ($($n)?)))
                    } )*
                    _ => None,
                }
            }

            /// The partial derivatives of this row at `args`, where it has the value `y`; `None` for
            /// leaves and fused blocks.
            ///
            /// ```
            /// use tapegrad::Op;
            /// let partials = Op::Mul.partials(&[3.0, 5.0], 15.0).unwrap();
            /// assert_eq!(partials[..], [5.0, 3.0]);
            /// ```
            ///
            /// # Panics
            /// If `args` is not as long as the row has operands.
            pub fn partials<R: Number>(self, args: &[R], y: R) -> Option<Few<R>> {
                match self {
                    $( define_rules!(@bind $Op $($n)?) => {
                        let [$($arg),*] = operands(self, args);
                        Some(partials::$name($($arg,)* $($n,)? y, [$({ stringify!($arg); true }),*])
                            .into_iter().collect())
                    } )*
                    _ => None,
                }
            }
        }
    };
    (@bind $Op:ident) => { Op::$Op };
    (@bind $Op:ident $n:ident) => { Op::$Op($n) };
    (@call $name:ident ($a:ident $(, $b:ident)*) ($($n:ident)?)) => { $a.$name($($b,)* $($n)?) };
}
for_each_primitive!(define_rules);

fn operands<R: Copy, const ARITY: usize>(op: Op, args: &[R]) -> [R; ARITY] {
    <[R; ARITY]>::try_from(args)
        .unwrap_or_else(|_| panic!("`{op}` takes {ARITY} operands, not {}", args.len()))
}
