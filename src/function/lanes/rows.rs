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

        /// The partial by one operand of an elementwise row, times the adjoint of the result; and whether any is NaN.
        #[inline(always)]
        pub(super) fn terms_of<T: Float>(
            op: Op,
            operands: Operands<'_, T>,
            y: &[T],
            adjoint: &[T],
            by: usize,
            terms: &mut [T],
        ) -> bool {
            let n = whole(terms.len());
            let (y, adjoint, terms) = (&y[..n], &adjoint[..n], &mut terms[..n]);
            match op {
                $( define_rows!(@bind $Op $($n)?) =>
                    define_rows!(@terms $kind $name operands y adjoint by terms n ($($arg),*) ($($n)?)), )*
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
    (@terms $kind:ident $name:ident $operands:ident $y:ident $adjoint:ident $by:ident $terms:ident $len:ident
        ($a:ident) ($($n:ident)?)) => {{
        let a = &$operands[0][..$len];
        let mut has_nan = false;
        for i in 0..$len {
            let [partial] = partials::$name(Lane(a[i]) $(, $n)?, Lane($y[i]), [true]);
            $terms[i] = define_rows!(@weigh $kind partial, $adjoint[i]);
            has_nan |= $terms[i].is_a_nan();
        }
        has_nan
    }};
    (@terms $kind:ident $name:ident $operands:ident $y:ident $adjoint:ident $by:ident $terms:ident $len:ident
        ($a:ident, $b:ident) ($($n:ident)?)) => {{
        let (a, b) = (&$operands[0][..$len], &$operands[1][..$len]);
        let mut has_nan = false;
        if $by == 0 {
            for i in 0..$len {
                let [partial, _] = partials::$name(Lane(a[i]), Lane(b[i]) $(, $n)?, Lane($y[i]), [true, false]);
                $terms[i] = define_rows!(@weigh $kind partial, $adjoint[i]);
            has_nan |= $terms[i].is_a_nan();
            }
        } else {
            for i in 0..$len {
                let [_, partial] = partials::$name(Lane(a[i]), Lane(b[i]) $(, $n)?, Lane($y[i]), [false, true]);
                $terms[i] = define_rows!(@weigh $kind partial, $adjoint[i]);
            has_nan |= $terms[i].is_a_nan();
            }
        }
        has_nan
    }};
    (@terms $kind:ident $name:ident $operands:ident $y:ident $adjoint:ident $by:ident $terms:ident $len:ident
        ($a:ident, $b:ident, $c:ident) ($($n:ident)?)) => {{
        let (a, b, c) = (&$operands[0][..$len], &$operands[1][..$len], &$operands[2][..$len]);
        let mut has_nan = false;
        for i in 0..$len {
            let wanted = [$by == 0, $by == 1, $by == 2];
            let partials = partials::$name(Lane(a[i]), Lane(b[i]), Lane(c[i]) $(, $n)?, Lane($y[i]), wanted);
            let [first, second, third] = partials;
            let partial = if $by == 0 { first } else if $by == 1 { second } else { third };
            $terms[i] = define_rows!(@weigh $kind partial, $adjoint[i]);
            has_nan |= $terms[i].is_a_nan();
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
