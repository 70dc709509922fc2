//! Operators, methods and comparisons of [`Var`].

use crate::number::operators::impl_number;
use crate::number::predicate::{Compare, Predicate};
use crate::number::real::{Real, predicates};
#[cfg(feature = "macros")]
use crate::number::statement::expression::{Expression, Term};
use crate::table::atomic::{Atomic, Refusal};
use crate::table::hooks::Hooks;
use crate::table::matrix::op::MatrixOp;
use crate::table::number::{Lists, Number, Read, Reduction, values};
use crate::table::ops::{Op, for_each_primitive};
use crate::table::rules::{as_they_are, partials, reduction, untaken};
use crate::table::zeros::Reach;
#[cfg(feature = "macros")]
use crate::tape::statement::{record_statement, record_sum};
use crate::tape::{self, Var};
use smallvec::SmallVec;
use std::cmp::Ordering;
use std::fmt;

macro_rules! by_recording {
    ($Op:ident $name:ident ($a:ident $(, $b:ident)*) ($($n:ident)?)) => {{
        let y = values::$name($a.value, $($b.value,)* $($n)?);
        let op = Op::$Op $(($n))?;
        tape::record(op, y, [$a $(, $b)*], move || {
            // To ask for the partials of an operator costs more than to compute them.
            let active = [op.is_operator() || $a.is_on_a_tape() $(, op.is_operator() || $b.is_on_a_tape())*];
            let partials = partials::$name($a.value, $($b.value,)* $($n,)? y, active);
            let untaken = untaken::$name($a.value, $($b.value,)* $($n,)? y, partials, active);
            (partials, untaken.map(|mask| !Reach::of(mask).is_never()))
        })
    }};
}

for_each_primitive!(impl_number [] [Var, inline, inline] by_recording {
    #[track_caller]
    fn reduce<K: Reduction, A: Copy, B: Copy>(lists: Lists<'_, A, B>, read: impl Read<A, B, Self>) -> Self {
        let y = K::value(lists, (move |item: A| read.first(item).value, move |item: B| read.second(item).value));
        tape::record_reduction::<K, A, B>(y, lists, read)
    }
});

impl Hooks for Var {
    const IS_RECORDED: bool = true;
    const IS_DIFFERENTIATED: bool = true;

    fn decided(self) -> Option<bool> {
        (self.is_constant() || !tape::is_recording()).then_some(self.value != 0.0)
    }

    fn is_surely_finite(self) -> bool {
        self.is_constant() && self.value.is_finite()
    }

    #[inline]
    fn is_tracked(self) -> bool {
        self.is_on_a_tape()
    }

    #[track_caller]
    fn matrix(op: MatrixOp, operands: &[Var]) -> Vec<Var> {
        let values: Vec<f64> = operands.iter().map(|operand| operand.value).collect();
        tape::record_matrix(op, &f64::matrix(op, &values), operands)
    }

    fn plain(self) -> f64 {
        self.value
    }

    #[track_caller]
    fn atomic(function: &Atomic, operands: &[Var]) -> Result<Vec<Var>, Refusal> {
        let values: Vec<f64> = operands.iter().map(|operand| operand.value).collect();
        Ok(tape::record_atomic(function, &f64::atomic(function, &values)?, operands))
    }

    #[track_caller]
    fn plus_term(self, term: Self) -> Self {
        if !self.is_on_a_tape() && self.value == 0.0 { term } else { self + term }
    }

    #[track_caller]
    fn times_derivative(self, derivative: Self) -> Self {
        // Exact, and it keeps graphs of derivatives small.
        let is_one = |var: Var| !var.is_on_a_tape() && var.value == 1.0;
        if is_one(self) {
            derivative
        } else if is_one(derivative) {
            self
        } else {
            self * derivative
        }
    }

    #[track_caller]
    fn sum_of(terms: impl Iterator<Item = Self>) -> Self {
        let terms = listed(terms);
        if terms.is_empty() {
            return Var::from(std::iter::empty::<f64>().sum::<f64>());
        }
        Self::reduce::<reduction::Sum, _, _>(Lists { first: &terms, second: &[], last: None }, as_they_are())
    }

    #[track_caller]
    fn product_of(factors: impl Iterator<Item = Self>) -> Self {
        let factors = listed(factors);
        Self::reduce::<reduction::Product, _, _>(
            Lists { first: &factors, second: &[], last: None },
            as_they_are(),
        )
    }
}

/// Many items in a list of the standard library, which fills it at once where it knows how many there are.
#[inline]
fn listed(items: impl Iterator<Item = Var>) -> SmallVec<[Var; 16]> {
    match items.size_hint().0 {
        0..=16 => items.collect(),
        _ => SmallVec::from_vec(items.collect()),
    }
}

impl From<f64> for Var {
    #[inline]
    fn from(constant: f64) -> Var {
        Var::constant_of(constant)
    }
}

impl Real for Var {
    #[inline]
    #[track_caller]
    fn value(self) -> f64 {
        Var::value(self)
    }

    #[cfg(feature = "macros")]
    #[inline(always)]
    #[track_caller]
    fn statement<E: Expression<Var>>(build: impl Fn() -> Term<Var, E> + Copy, text: &'static str) -> Var {
        record_statement(build, text)
    }

    #[cfg(feature = "macros")]
    #[inline(always)]
    #[track_caller]
    fn sum_of_statements<E: Expression<Var>>(
        terms: impl Iterator<Item = impl Fn() -> Term<Var, E> + Copy>,
        added: impl FnOnce() -> Option<Var>,
        text: &'static str,
    ) -> Var {
        record_sum(terms, added, text)
    }
}

impl Compare for Var {
    fn peek(self) -> f64 {
        self.value
    }

    #[inline]
    #[track_caller]
    fn compare(self, predicate: Predicate, right: Var) -> bool {
        compare(predicate, self, right)
    }
}

impl Var {
    /// The plain number.
    ///
    /// A recording tape notes that it was read: what is computed from a plain number cannot be replayed
    /// ([`Error::ValueRead`](crate::Error::ValueRead)). Printing does not count.
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn value(self) -> f64 {
        tape::value_was_read(self);
        self.value
    }

    /// Whether this is a constant: a plain number, on no tape.
    #[must_use]
    #[inline]
    pub fn is_constant(self) -> bool {
        !self.is_on_a_tape()
    }

    /// The value as a constant: the derivative stops here, and it may be used with any tape. On a
    /// [recording](crate::Tape::recording) tape it stays on the tape, so that a replay computes it again.
    #[must_use]
    #[track_caller]
    pub fn detach(self) -> Var {
        if self.is_on_a_tape() && tape::with(|thread| Ok(thread.settle(&[self])?.cold().recording.is_some()))
        {
            self.stop_gradient()
        } else {
            Var::constant_of(self.value)
        }
    }
}

predicates!([] Var);

impl Var {
    /// Whether the value is 0; a recording tape keeps this as a guard.
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn is_zero(self) -> bool {
        self == 0.0
    }
}

#[inline]
#[track_caller]
fn compare(predicate: Predicate, left: Var, right: Var) -> bool {
    let outcome = predicate.holds(left.value, right.value);
    tape::guard(predicate, left, right, outcome);
    outcome
}

macro_rules! compare_by_value {
    ($Left:ty, $Right:ty) => {
        /// Compares values.
        #[allow(clippy::partialeq_ne_impl)] // the default compares at a line of the standard library
        impl PartialEq<$Right> for $Left {
            #[inline]
            #[track_caller]
            fn eq(&self, other: &$Right) -> bool {
                compare(Predicate::Equal, Var::from(*self), Var::from(*other))
            }
            #[inline]
            #[track_caller]
            fn ne(&self, other: &$Right) -> bool {
                !compare(Predicate::Equal, Var::from(*self), Var::from(*other))
            }
        }
        /// Compares values.
        impl PartialOrd<$Right> for $Left {
            #[inline]
            #[track_caller]
            fn partial_cmp(&self, other: &$Right) -> Option<Ordering> {
                let (left, right) = (Var::from(*self), Var::from(*other));
                let ordering = left.value.partial_cmp(&right.value);
                tape::guard(Predicate::Compares(ordering), left, right, true);
                ordering
            }
            #[inline]
            #[track_caller]
            fn lt(&self, other: &$Right) -> bool {
                compare(Predicate::Less, Var::from(*self), Var::from(*other))
            }
            #[inline]
            #[track_caller]
            fn le(&self, other: &$Right) -> bool {
                compare(Predicate::LessEqual, Var::from(*self), Var::from(*other))
            }
            #[inline]
            #[track_caller]
            fn gt(&self, other: &$Right) -> bool {
                compare(Predicate::Greater, Var::from(*self), Var::from(*other))
            }
            #[inline]
            #[track_caller]
            fn ge(&self, other: &$Right) -> bool {
                compare(Predicate::GreaterEqual, Var::from(*self), Var::from(*other))
            }
        }
    };
}
compare_by_value!(Var, Var);
compare_by_value!(Var, f64);
compare_by_value!(f64, Var);

/// The value, under all format flags.
impl fmt::Display for Var {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.value, f)
    }
}

/// The value, under all format flags, and whether it is a constant.
impl fmt::Debug for Var {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(if self.is_constant() { "Constant" } else { "Var" }).field(&self.value).finish()
    }
}
