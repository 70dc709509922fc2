//! The elementwise rows of the table in all lanes: for each value and each partial, a loop over samples.

use super::float::Float;
use super::lane::{Branchless, Lane};
use super::packet::{Packet, WIDTH};
use super::vector::compiled_apart;
use crate::table::number::{Reduction, values};
use crate::table::ops::{Op, for_each_primitive};
use crate::table::rules::{partials, reduction, split, untaken};
use crate::table::zeros::Reach;

use pulp::Simd;

/// The lanes of the operands of a row; those beyond its arity are empty.
pub(crate) type Operands<'a, T> = [&'a [T]; 3];
/// An operand of all results: one number each, or the same for all.
#[derive(Clone, Copy)]
pub(crate) enum Argument<'a, T> {
    Each(&'a [T]),
    Same(T),
}

/// Rows that have been evaluated, and the adjoints of their results.
pub(crate) struct Evaluated<'a, T> {
    pub operands: Operands<'a, T>,
    pub y: &'a [T],
    pub adjoint: &'a [T],
}
/// The lanes to which the contribution to each operand is added.
pub(crate) type Places<'a, T> = [&'a mut [T]; 3];

macro_rules! define_rows {
    ($(
        $(#[$doc:meta])* $kind:ident $(($($assign:ident)*))? $Op:ident $name:ident
        ($($arg:ident),* $(; $n:ident : $ty:ident in $samples:tt)?) -> $y:ident {
            value: $value:expr, partials: [$($partial:expr),* $(,)?], $(untaken: $untaken:tt,)? on: $on:tt }
    )* ; reductions { $(
        $(#[$list_doc:meta])* $List:ident $list:ident $lists:tt -> $z:ident $body:tt
    )* }) => {
        /// Computes the values of an elementwise row; returns whether any of them is NaN, except for operators, which never
        /// decline.
        #[inline(always)]
        pub(crate) fn values_of<T: Float, S: Simd>(simd: S, op: Op, operands: Operands<'_, T>, y: &mut [T]) -> bool {
            match op {
                $( define_rows!(@bind $Op $($n)?) => compiled_apart(simd, #[inline(always)] || {
                    define_rows!(@value $kind $name operands y ($($arg),*) ($($n)?))
                }), )*
                _ => unreachable!("a row over lists"),
            }
        }

        /// Computes the values of an operator.
        #[inline(always)]
        pub(crate) fn operator_values_of<T: Float>(op: Op, operands: [Argument<'_, T>; 2], y: &mut [T]) {
            match op {
                $( define_rows!(@any $Op $($n)?) =>
                    define_rows!(@operator $kind $name operands y ($($arg),*)), )*
                _ => unreachable!("not an operator"),
            }
        }

        /// The partials of an elementwise row with respect to the `wanted` operands, times the adjoint of the
        /// result. They are added to `places`, whose old contents are first masked by `kept` (all bits set, or
        /// none). For a row of three operands all are computed.
        #[inline(always)]
        pub(crate) fn pass_on<T: Float, S: Simd>(
            simd: S,
            op: Op,
            from: &Evaluated<'_, T>,
            wanted: [bool; 3],
            kept: [T; 3],
            places: Places<'_, T>,
        ) {
            match op {
                $( define_rows!(@bind $Op $($n)?) => compiled_apart(simd, #[inline(always)] || {
                    define_rows!(@pass $name from wanted kept places ($($arg),*) ($($n)?))
                }), )*
                _ => unreachable!("a row over lists"),
            }
        }

        /// The value of a row over lists, for one packet of samples; `read` gives the packet of an operand.
        #[inline(always)]
        pub(crate) fn list_value_of<T: Float, S: Simd>(
            simd: S,
            op: Op,
            operands: &[u32],
            read: impl Fn(u32) -> Packet<T, S> + Copy,
        ) -> Packet<T, S> {
            match op {
                $( Op::$List => compiled_apart(simd, #[inline(always)] || {
                    reduction::$List::value(split(Op::$List, operands), (read, read))
                }), )*
                _ => unreachable!("not a row over lists"),
            }
        }

        /// The partials of a row over lists, in the order of the operands.
        #[inline(always)]
        pub(crate) fn list_partials_of<T: Float, S: Simd>(
            simd: S,
            op: Op,
            operands: &[u32],
            read: impl Fn(u32) -> Packet<T, S> + Copy,
            y: Packet<T, S>,
            visit: impl FnMut(Packet<T, S>),
        ) {
            match op {
                $( Op::$List => compiled_apart(simd, #[inline(always)] || {
                    reduction::$List::partials(split(Op::$List, operands), (read, read), y, visit)
                }), )*
                _ => unreachable!("not a row over lists"),
            }
        }
    };
    (@any $Op:ident) => { Op::$Op };
    (@any $Op:ident $n:ident) => { Op::$Op(_) };
    (@bind $Op:ident) => { Op::$Op };
    (@bind $Op:ident $n:ident) => { Op::$Op($n) };
    (@declines operator) => { false };
    (@declines $kind:ident) => { true };
    (@operator operator $name:ident $operands:ident $y:ident ($a:ident)) => {
        fill_operator($operands, $y, #[inline(always)] |a, _| values::$name(Branchless(a)).0)
    };
    (@operator operator $name:ident $operands:ident $y:ident ($a:ident, $b:ident)) => {
        fill_operator($operands, $y, #[inline(always)] |a, b| values::$name(Branchless(a), Branchless(b)).0)
    };
    (@operator $kind:ident $($row:tt)*) => { unreachable!("not an operator") };
    (@value $kind:ident $name:ident $operands:ident $y:ident ($a:ident) ($($n:ident)?)) => {
        fill_1::<T, { define_rows!(@declines $kind) }>($operands[0], $y, #[inline(always)] |a| values::$name(Branchless(a) $(, $n)?))
    };
    (@value $kind:ident $name:ident $operands:ident $y:ident ($a:ident, $b:ident) ($($n:ident)?)) => {
        fill_2::<T, { define_rows!(@declines $kind) }>($operands, $y, #[inline(always)] |a, b| values::$name(Branchless(a), Branchless(b) $(, $n)?))
    };
    (@value $kind:ident $name:ident $operands:ident $y:ident ($a:ident, $b:ident, $c:ident) ($($n:ident)?)) => {
        fill_3::<T, { define_rows!(@declines $kind) }>($operands, $y, #[inline(always)] |a, b, c| {
            values::$name(Branchless(a), Branchless(b), Branchless(c) $(, $n)?)
        })
    };
    (@pass $name:ident $from:ident $wanted:ident $kept:ident $places:ident ($a:ident) ($($n:ident)?)) => {{
        let [by_a, _, _] = $places;
        pass_1_of_1($from, $kept[0], by_a, #[inline(always)] |a, y, adjoint| {
            let [by_a] = define_rows!(@terms $name (Lane(a) $(, $n)?, Lane(y)) adjoint, [true]);
            by_a
        })
    }};
    (@pass $name:ident $from:ident $wanted:ident $kept:ident $places:ident
        ($a:ident, $b:ident) ($($n:ident)?)) => {{
        let [by_a, by_b, _] = $places;
        match $wanted {
            [true, true, _] => pass_2_of_2($from, $kept, by_a, by_b, #[inline(always)] |a, b, y, adjoint| {
                define_rows!(@terms $name (Lane(a), Lane(b) $(, $n)?, Lane(y)) adjoint, [true; 2])
            }),
            [true, ..] => pass_1_of_2($from, $kept[0], by_a, #[inline(always)] |a, b, y, adjoint| {
                let [by_a, _] =
                    define_rows!(@terms $name (Lane(a), Lane(b) $(, $n)?, Lane(y)) adjoint, [true, false]);
                by_a
            }),
            _ => pass_1_of_2($from, $kept[1], by_b, #[inline(always)] |a, b, y, adjoint| {
                let [_, by_b] =
                    define_rows!(@terms $name (Lane(a), Lane(b) $(, $n)?, Lane(y)) adjoint, [false, true]);
                by_b
            }),
        }
    }};
    (@pass $name:ident $from:ident $wanted:ident $kept:ident $places:ident
        ($a:ident, $b:ident, $c:ident) ($($n:ident)?)) => {
        pass_3_of_3($from, $kept, $places, #[inline(always)] |a, b, c, y, adjoint| {
            define_rows!(@terms $name (Lane(a), Lane(b), Lane(c) $(, $n)?, Lane(y)) adjoint, [true; 3])
        })
    };
    (@terms $name:ident ($($arg:expr),*) $adjoint:ident, $wanted:expr) => {{
        let partials = partials::$name($($arg,)* $wanted);
        let untaken = untaken::$name($($arg,)* partials, $wanted);
        let mut terms = partials.map(|partial| partial.0);
        for k in 0..terms.len() {
            terms[k] = Reach::of(untaken[k]).term(partials[k], Lane($adjoint)).0;
        }
        terms
    }};
}
for_each_primitive!(define_rows);

// The loops. Each slice is an argument of its own, since only then does the compiler know that they do not overlap.

#[inline(always)]
fn fill_operator<T: Float>([a, b]: [Argument<'_, T>; 2], y: &mut [T], f: impl Fn(T, T) -> T) {
    let n = whole(y.len());
    let y = &mut y[..n];
    match (a, b) {
        (Argument::Each(a), Argument::Each(b)) => {
            let (a, b) = (&a[..n], &b[..n]);
            for i in 0..n {
                y[i] = f(a[i], b[i]);
            }
        }
        (Argument::Each(a), Argument::Same(b)) => {
            let a = &a[..n];
            for i in 0..n {
                y[i] = f(a[i], b);
            }
        }
        (Argument::Same(a), Argument::Each(b)) => {
            let b = &b[..n];
            for i in 0..n {
                y[i] = f(a, b[i]);
            }
        }
        (Argument::Same(a), Argument::Same(b)) => y.fill(f(a, b)),
    }
}

#[inline(always)]
fn fill_1<T: Float, const DECLINES: bool>(a: &[T], y: &mut [T], f: impl Fn(T) -> Branchless<T>) -> bool {
    let n = whole(y.len());
    let (a, y) = (&a[..n], &mut y[..n]);
    let mut has_nan = false;
    for i in 0..n {
        y[i] = f(a[i]).0;
        has_nan |= DECLINES && y[i].is_a_nan();
    }
    has_nan
}

#[inline(always)]
fn fill_2<T: Float, const DECLINES: bool>(
    [a, b, _]: Operands<'_, T>,
    y: &mut [T],
    f: impl Fn(T, T) -> Branchless<T>,
) -> bool {
    let n = whole(y.len());
    let (a, b, y) = (&a[..n], &b[..n], &mut y[..n]);
    let mut has_nan = false;
    for i in 0..n {
        y[i] = f(a[i], b[i]).0;
        has_nan |= DECLINES && y[i].is_a_nan();
    }
    has_nan
}

#[inline(always)]
fn fill_3<T: Float, const DECLINES: bool>(
    [a, b, c]: Operands<'_, T>,
    y: &mut [T],
    f: impl Fn(T, T, T) -> Branchless<T>,
) -> bool {
    let n = whole(y.len());
    let (a, b, c, y) = (&a[..n], &b[..n], &c[..n], &mut y[..n]);
    let mut has_nan = false;
    for i in 0..n {
        y[i] = f(a[i], b[i], c[i]).0;
        has_nan |= DECLINES && y[i].is_a_nan();
    }
    has_nan
}

#[inline(always)]
fn pass_1_of_1<T: Float>(from: &Evaluated<'_, T>, kept: T, by_a: &mut [T], f: impl Fn(T, T, T) -> T) {
    let n = whole(from.y.len());
    let (a, y, adjoint, by_a) = (&from.operands[0][..n], &from.y[..n], &from.adjoint[..n], &mut by_a[..n]);
    for i in 0..n {
        by_a[i] = by_a[i].masked(kept) + f(a[i], y[i], adjoint[i]);
    }
}

/// To one of two operands.
#[inline(always)]
fn pass_1_of_2<T: Float>(from: &Evaluated<'_, T>, kept: T, by: &mut [T], f: impl Fn(T, T, T, T) -> T) {
    let n = whole(from.y.len());
    let [a, b, _] = from.operands;
    let (a, b, y, adjoint, by) = (&a[..n], &b[..n], &from.y[..n], &from.adjoint[..n], &mut by[..n]);
    for i in 0..n {
        by[i] = by[i].masked(kept) + f(a[i], b[i], y[i], adjoint[i]);
    }
}

#[inline(always)]
fn pass_2_of_2<T: Float>(
    from: &Evaluated<'_, T>,
    kept: [T; 3],
    by_a: &mut [T],
    by_b: &mut [T],
    f: impl Fn(T, T, T, T) -> [T; 2],
) {
    let n = whole(from.y.len());
    let [a, b, _] = from.operands;
    let (a, b, y, adjoint) = (&a[..n], &b[..n], &from.y[..n], &from.adjoint[..n]);
    let (by_a, by_b) = (&mut by_a[..n], &mut by_b[..n]);
    for i in 0..n {
        let [first, second] = f(a[i], b[i], y[i], adjoint[i]);
        by_a[i] = by_a[i].masked(kept[0]) + first;
        by_b[i] = by_b[i].masked(kept[1]) + second;
    }
}

#[inline(always)]
fn pass_3_of_3<T: Float>(
    from: &Evaluated<'_, T>,
    kept: [T; 3],
    places: Places<'_, T>,
    f: impl Fn(T, T, T, T, T) -> [T; 3],
) {
    let n = whole(from.y.len());
    let [a, b, c] = from.operands.map(|operand| &operand[..n]);
    let (y, adjoint) = (&from.y[..n], &from.adjoint[..n]);
    let [by_a, by_b, by_c] = places.map(|place| &mut place[..n]);
    for i in 0..n {
        let [first, second, third] = f(a[i], b[i], c[i], y[i], adjoint[i]);
        by_a[i] = by_a[i].masked(kept[0]) + first;
        by_b[i] = by_b[i].masked(kept[1]) + second;
        by_c[i] = by_c[i].masked(kept[2]) + third;
    }
}

/// The number of lanes, in a form that shows the compiler that it is a multiple of [`WIDTH`].
#[inline(always)]
fn whole(lanes: usize) -> usize {
    lanes / WIDTH * WIDTH
}
