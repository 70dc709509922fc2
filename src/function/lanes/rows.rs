//! The rows of the table in all lanes: a loop over samples for each value and each partial.

use super::float::Float;
use super::lane::{Branchless, Lane};
use super::pack::{Pack, WIDTH};
use crate::ops::{Op, for_each_primitive};
use crate::real::{Number, Reduction, values};
use crate::rules::{partials, reduction, split};

use pulp::Simd;

/// The operands of a row, lane by lane; those beyond its arity are empty.
pub(super) type Operands<'a, T> = [&'a [T]; 3];
/// What each operand gets of the adjoint of the result.
pub(super) type Terms<'a, T> = [&'a mut [T]; 3];

macro_rules! define_rows {
    ($(
        $(#[$doc:meta])* $kind:ident $(($($assign:ident)*))? $Op:ident $name:ident
        ($($arg:ident),* $(; $n:ident : $ty:ident in $samples:tt)?) -> $y:ident {
            value: $value:expr, partials: [$($partial:expr),* $(,)?], on: $on:tt }
    )* ; reductions { $(
        $(#[$list_doc:meta])* $List:ident $list:ident $lists:tt -> $z:ident $body:tt
    )* }) => {
        /// The value of an elementwise row, and whether any is NaN.
        #[inline(always)]
        pub(super) fn values_of<T: Float>(op: Op, operands: Operands<'_, T>, y: &mut [T]) -> bool {
            let n = whole(y.len());
            let y = &mut y[..n];
            match op {
                $( define_rows!(@bind $Op $($n)?) =>
                    define_rows!(@value $name operands y n ($($arg),*) ($($n)?)), )*
                _ => unreachable!("a row over lists"),
            }
        }

        /// The partials of an elementwise row by the operands that are `wanted`, times the adjoint of the result, each into
        /// the `terms` of its operand; and whether any is NaN. A row of three operands has all of them.
        #[inline(always)]
        pub(super) fn terms_of<T: Float>(
            op: Op,
            operands: Operands<'_, T>,
            y: &[T],
            adjoint: &[T],
            wanted: [bool; 3],
            terms: Terms<'_, T>,
        ) -> bool {
            let n = whole(y.len());
            let (y, adjoint) = (&y[..n], &adjoint[..n]);
            match op {
                $( define_rows!(@bind $Op $($n)?) =>
                    define_rows!(@terms $kind $name operands y adjoint wanted terms n ($($arg),*) ($($n)?)), )*
                _ => unreachable!("a row over lists"),
            }
        }

        /// The value of a row over lists, for the samples from `from` on; `read` gives an operand's lanes.
        #[inline(always)]
        pub(super) fn list_value_of<T: Float, S: Simd>(
            op: Op,
            operands: &[u32],
            read: impl Fn(u32) -> Pack<T, S> + Copy,
        ) -> Pack<T, S> {
            match op {
                $( Op::$List => reduction::$List::value(split(op, operands), (read, read)), )*
                _ => unreachable!("not a row over lists"),
            }
        }

        /// The partials of a row over lists, in the order of the operands.
        #[inline(always)]
        pub(super) fn list_partials_of<T: Float, S: Simd>(
            op: Op,
            operands: &[u32],
            read: impl Fn(u32) -> Pack<T, S> + Copy,
            y: Pack<T, S>,
            visit: impl FnMut(Pack<T, S>),
        ) {
            match op {
                $( Op::$List => reduction::$List::partials(split(op, operands), (read, read), y, visit), )*
                _ => unreachable!("not a row over lists"),
            }
        }
    };
    (@bind $Op:ident) => { Op::$Op };
    (@bind $Op:ident $n:ident) => { Op::$Op($n) };
    (@value $name:ident $operands:ident $y:ident $len:ident ($a:ident) ($($n:ident)?)) => {{
        let a = &$operands[0][..$len];
        let mut has_nan = false;
        for i in 0..$len {
            $y[i] = values::$name(Branchless(a[i]) $(, $n)?).0;
            has_nan |= $y[i].is_a_nan();
        }
        has_nan
    }};
    (@value $name:ident $operands:ident $y:ident $len:ident ($a:ident, $b:ident) ($($n:ident)?)) => {{
        let (a, b) = (&$operands[0][..$len], &$operands[1][..$len]);
        let mut has_nan = false;
        for i in 0..$len {
            $y[i] = values::$name(Branchless(a[i]), Branchless(b[i]) $(, $n)?).0;
            has_nan |= $y[i].is_a_nan();
        }
        has_nan
    }};
    (@value $name:ident $operands:ident $y:ident $len:ident ($a:ident, $b:ident, $c:ident) ($($n:ident)?)) => {{
        let (a, b, c) = (&$operands[0][..$len], &$operands[1][..$len], &$operands[2][..$len]);
        let mut has_nan = false;
        for i in 0..$len {
            $y[i] = values::$name(Branchless(a[i]), Branchless(b[i]), Branchless(c[i]) $(, $n)?).0;
            has_nan |= $y[i].is_a_nan();
        }
        has_nan
    }};
    (@terms $kind:ident $name:ident $operands:ident $y:ident $adjoint:ident $wanted:ident $terms:ident $len:ident
        ($a:ident) ($($n:ident)?)) => {{
        let (a, [by_a, _, _]) = (&$operands[0][..$len], $terms);
        let by_a = &mut by_a[..$len];
        let mut has_nan = false;
        for i in 0..$len {
            let [partial] = partials::$name(Lane(a[i]) $(, $n)?, Lane($y[i]), [true]);
            by_a[i] = define_rows!(@weigh $kind partial, $adjoint[i]);
            has_nan |= by_a[i].is_a_nan();
        }
        has_nan
    }};
    (@terms $kind:ident $name:ident $operands:ident $y:ident $adjoint:ident $wanted:ident $terms:ident $len:ident
        ($a:ident, $b:ident) ($($n:ident)?)) => {{
        let (a, b, [by_a, by_b, _]) = (&$operands[0][..$len], &$operands[1][..$len], $terms);
        let mut has_nan = false;
        match $wanted {
            [true, true, _] => {
                let (by_a, by_b) = (&mut by_a[..$len], &mut by_b[..$len]);
                for i in 0..$len {
                    let [first, second] = partials::$name(Lane(a[i]), Lane(b[i]) $(, $n)?, Lane($y[i]), [true; 2]);
                    by_a[i] = define_rows!(@weigh $kind first, $adjoint[i]);
                    by_b[i] = define_rows!(@weigh $kind second, $adjoint[i]);
                    has_nan |= by_a[i].is_a_nan() | by_b[i].is_a_nan();
                }
            }
            [true, ..] => {
                let by_a = &mut by_a[..$len];
                for i in 0..$len {
                    let [first, _] = partials::$name(Lane(a[i]), Lane(b[i]) $(, $n)?, Lane($y[i]), [true, false]);
                    by_a[i] = define_rows!(@weigh $kind first, $adjoint[i]);
                    has_nan |= by_a[i].is_a_nan();
                }
            }
            _ => {
                let by_b = &mut by_b[..$len];
                for i in 0..$len {
                    let [_, second] = partials::$name(Lane(a[i]), Lane(b[i]) $(, $n)?, Lane($y[i]), [false, true]);
                    by_b[i] = define_rows!(@weigh $kind second, $adjoint[i]);
                    has_nan |= by_b[i].is_a_nan();
                }
            }
        }
        has_nan
    }};
    (@terms $kind:ident $name:ident $operands:ident $y:ident $adjoint:ident $wanted:ident $terms:ident $len:ident
        ($a:ident, $b:ident, $c:ident) ($($n:ident)?)) => {{
        let (a, b, c) = (&$operands[0][..$len], &$operands[1][..$len], &$operands[2][..$len]);
        let [by_a, by_b, by_c] = $terms.map(|terms| &mut terms[..$len]);
        let mut has_nan = false;
        for i in 0..$len {
            let [first, second, third] =
                partials::$name(Lane(a[i]), Lane(b[i]), Lane(c[i]) $(, $n)?, Lane($y[i]), [true; 3]);
            by_a[i] = define_rows!(@weigh $kind first, $adjoint[i]);
            by_b[i] = define_rows!(@weigh $kind second, $adjoint[i]);
            by_c[i] = define_rows!(@weigh $kind third, $adjoint[i]);
            has_nan |= by_a[i].is_a_nan() | by_b[i].is_a_nan() | by_c[i].is_a_nan();
        }
        has_nan
    }};
    (@weigh piecewise $partial:ident, $adjoint:expr) => { $partial.weigh_piecewise(Lane($adjoint)).0 };
    (@weigh $kind:ident $partial:ident, $adjoint:expr) => { $partial.0 * $adjoint };
}
for_each_primitive!(define_rows);

/// A number of lanes, of which the compiler is to know that nothing is left over.
#[inline(always)]
fn whole(lanes: usize) -> usize {
    lanes / WIDTH * WIDTH
}
