//! Forward mode: a number and its derivatives in `N` directions at once.

use crate::operators::impl_number;
use crate::ops::for_each_primitive;
use crate::predicate::Predicate;
use crate::real::{Lists, Number, Read, Real, Reduction};
use crate::rules::{partials, untaken};
use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt;

/// A number with `N` directional derivatives (tangents), propagated by the rules of the table.
///
/// Over `f64` this is vector forward mode; over [`Var`](crate::Var), forward over reverse: the tangents
/// are recorded, and a sweep over them gives Hessian-vector products; over another `Dual`, nested
/// forward mode.
///
/// It remembers which directions can reach it at all. A direction that cannot contributes nothing, even
/// where a partial is infinite: `Dual::constant(0.0).sqrt()` has tangent 0, not NaN.
///
/// ```
/// use tapegrad::Dual;
///
/// let [x, y] = Dual::variables([3.0, 4.0]);
/// let r = x.hypot(y);
/// assert_eq!(r.primal(), 5.0);
/// assert_eq!(r.tangents(), [0.6, 0.8]);
/// ```
#[derive(Clone, Copy)]
pub struct Dual<R = f64, const N: usize = 1> {
    primal: R,
    tangents: [R; N],
    /// Bit `k % 48`: whether direction `k` reaches this number. Above: the arguments of which calls do.
    reached: u64,
}

/// From so many directions on they share bits: one that does not reach a number may count as reaching it, with a zero,
/// which meets an infinite partial as a zero that was computed does.
const DIRECTION_BITS: usize = 48;

/// Up to so many directions operations are inlined, and the compiler knows mostly which directions reach what; from
/// more on all are multiplied where partials are finite.
pub(crate) const FEW: usize = 8;

#[inline]
fn bit(direction: usize) -> u64 {
    1 << (direction % DIRECTION_BITS)
}

#[inline]
#[track_caller]
fn check_direction<const N: usize>(direction: usize) {
    assert!(
        direction < N,
        "there is no direction {direction}: the number has {N}, counted from 0; ask for one of them, or make it a \
         `Dual<_, {}>`",
        direction.saturating_add(1)
    );
}

/// Whose argument a number is, as one of the upper bits of `reached`: so its tangents are known from those of another
/// call, where it gets there.
#[derive(Clone, Copy)]
pub struct Owner(u64);

impl Owner {
    /// A call of the front door, by how deep it is nested in others; the first 8 levels differ.
    pub fn call(level: usize) -> Owner {
        Owner(1 << DIRECTION_BITS << (level % 8))
    }

    /// A preaccumulated block; any 8 that follow one another in a thread differ.
    #[inline(always)]
    pub fn block() -> Owner {
        thread_local! {
            static BLOCKS: Cell<u8> = const { Cell::new(0) };
        }
        let block = BLOCKS.try_with(|blocks| blocks.replace(blocks.get().wrapping_add(1))).unwrap_or(0);
        Owner(1 << (DIRECTION_BITS + 8) << (block % 8))
    }
}

impl<R: Number, const N: usize> Dual<R, N> {
    /// A number with its derivatives in all directions.
    #[must_use]
    #[inline]
    pub fn new(primal: R, tangents: [R; N]) -> Self {
        Dual { primal, tangents, reached: (1 << DIRECTION_BITS) - 1 }
    }

    /// A constant: no direction reaches it.
    #[must_use]
    #[inline]
    pub fn constant(primal: R) -> Self {
        Dual { primal, tangents: [R::constant(0.0); N], reached: 0 }
    }

    /// The independent variable of one direction: tangent 1 there, 0 in the others.
    ///
    /// # Panics
    /// If `direction` is not below `N`.
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn variable(primal: R, direction: usize) -> Self {
        check_direction::<N>(direction);
        let mut variable = Self::constant(primal);
        variable.tangents[direction] = R::constant(1.0);
        variable.reached = bit(direction);
        variable
    }

    /// `N` independent variables, one for each direction.
    #[must_use]
    #[inline]
    pub fn variables(at: [R; N]) -> [Self; N] {
        std::array::from_fn(|k| Self::variable(at[k], k))
    }

    /// The number itself.
    #[must_use]
    #[inline]
    pub fn primal(self) -> R {
        self.primal
    }

    /// The directional derivatives.
    #[must_use]
    #[inline]
    pub fn tangents(self) -> [R; N] {
        self.tangents
    }

    /// The derivative in one direction.
    ///
    /// # Panics
    /// If `direction` is not below `N`.
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn tangent(self, direction: usize) -> R {
        check_direction::<N>(direction);
        self.tangents[direction]
    }

    /// The same number as an argument of a call.
    #[inline(always)]
    pub(crate) fn owned_by(self, owner: Owner) -> Self {
        Dual { reached: self.reached | owner.0, ..self }
    }

    /// Whether an argument of another call reaches this number.
    #[inline(always)]
    pub(crate) fn is_of_another(self, owner: Owner) -> bool {
        (self.reached & !owner.0) >> DIRECTION_BITS != 0
    }

    /// The same number as nobody's argument.
    #[inline(always)]
    pub(crate) fn owned_by_none(self) -> Self {
        Dual { reached: self.reached & ((1 << DIRECTION_BITS) - 1), ..self }
    }

    /// Whether the direction can reach this number; if not, its tangent is a structural zero.
    #[inline]
    pub(crate) fn is_reached_by(self, direction: usize) -> bool {
        self.reached & bit(direction) != 0
    }

    /// One term of the chain rule of a reduction: the tangents of an operand, weighted by its partial.
    #[inline]
    #[track_caller]
    fn add_weighted(&mut self, partial: R, operand: &Self) {
        for k in 0..N {
            if operand.is_reached_by(k) {
                let term = partial.weigh(operand.tangents[k]);
                let sum = &mut self.tangents[k];
                *sum = if self.reached & bit(k) == 0 { term } else { *sum + term };
            }
        }
        self.reached |= operand.reached;
    }

    /// The chain rule: the result of a row from its value, its partials and its operands. Only directions that reach an
    /// operand pass through it: 0 · ∞ is not 0.
    #[inline(always)]
    #[track_caller]
    fn chain<const ARITY: usize>(
        primal: R,
        partials: [R; ARITY],
        untaken: [Option<R>; ARITY],
        operands: [&Self; ARITY],
    ) -> Self {
        let mut result = Dual::constant(primal);
        let is_dense = N > FEW && partials.iter().all(|partial| partial.is_dense());
        for ((partial, untaken), operand) in partials.into_iter().zip(untaken).zip(operands) {
            if untaken.is_some_and(|mask| mask.is_settled()) {
                continue;
            }
            if is_dense {
                for (tangent, by) in result.tangents.iter_mut().zip(operand.tangents) {
                    *tangent += partial * by;
                }
                result.reached |= operand.reached;
                continue;
            }
            for k in 0..N {
                if operand.is_reached_by(k) {
                    let term = partial.weigh_if_taken(operand.tangents[k], untaken);
                    let sum = result.tangents[k];
                    result.tangents[k] = if result.is_reached_by(k) { sum + term } else { term };
                }
            }
            result.reached |= operand.reached;
        }
        result
    }
}

macro_rules! by_chain_rule {
    ($Op:ident $name:ident ($a:ident $(, $b:ident)*) ($($n:ident)?)) => {{
        let y = $a.primal.$name($($b.primal,)* $($n)?);
        let reached = [$a.reached != 0 $(, $b.reached != 0)*];
        let partials = partials::$name($a.primal, $($b.primal,)* $($n,)? y, reached);
        let untaken = untaken::$name($a.primal, $($b.primal,)* $($n,)? y, partials, reached);
        Dual::chain(y, partials, untaken, [&$a $(, &$b)*])
    }};
}

for_each_primitive!(impl_number [R: Number, const N: usize] [Dual<R, N>, inline] by_chain_rule {
    const IS_RECORDED: bool = R::IS_RECORDED;
    const IS_DIFFERENTIATED: bool = true;
    const LARGE: f64 = R::LARGE;

    #[track_caller]
    fn reduce<K: Reduction, A: Copy, B: Copy>(lists: Lists<'_, A, B>, read: impl Read<A, B, Self>) -> Self {
        let primal = (move |item: A| read.first(item).primal, move |item: B| read.second(item).primal);
        // By the row of the number inside: the operations of its value have other derivatives at a tie.
        let y = R::reduce::<K, A, B>(lists, primal);
        let mut result = Dual::constant(y);
        for (partial, operand) in K::each_partial(lists, primal, y).zip(lists.iter(read)) {
            result.add_weighted(partial, &operand);
        }
        result
    }

    fn is_dense(self) -> bool {
        self.primal.is_dense() && self.tangents.iter().all(|tangent| tangent.is_dense())
    }

    fn is_settled(self) -> bool {
        self.primal.is_settled()
    }

    #[inline(always)]
    fn decided(self) -> Option<bool> {
        self.primal.decided()
    }

    fn vanishes(self) -> bool {
        self.primal.vanishes() && self.tangents.iter().all(|tangent| tangent.vanishes())
    }
});

impl<R: Number, const N: usize> From<f64> for Dual<R, N> {
    #[inline]
    fn from(constant: f64) -> Self {
        Dual::constant(R::constant(constant))
    }
}

impl<R: Real, const N: usize> Real for Dual<R, N> {
    #[inline]
    #[track_caller]
    fn value(self) -> f64 {
        self.primal.value()
    }

    fn peek(self) -> f64 {
        self.primal.peek()
    }

    #[track_caller]
    fn ask(self, predicate: Predicate, right: Self) -> bool {
        self.primal.ask(predicate, right.primal)
    }
}

macro_rules! compare_primals {
    ($Rhs:ty, |$other:ident| $rhs:expr) => {
        /// Compares primals.
        #[allow(clippy::partialeq_ne_impl)] // the default would ask from a line of the standard library
        impl<R: Real, const N: usize> PartialEq<$Rhs> for Dual<R, N> {
            #[inline]
            #[track_caller]
            fn eq(&self, $other: &$Rhs) -> bool {
                self.primal == $rhs
            }
            #[inline]
            #[track_caller]
            fn ne(&self, $other: &$Rhs) -> bool {
                self.primal != $rhs
            }
        }
        /// Compares primals.
        impl<R: Real, const N: usize> PartialOrd<$Rhs> for Dual<R, N> {
            #[inline]
            #[track_caller]
            fn partial_cmp(&self, $other: &$Rhs) -> Option<Ordering> {
                self.primal.partial_cmp(&$rhs)
            }
            #[inline]
            #[track_caller]
            fn lt(&self, $other: &$Rhs) -> bool {
                self.primal < $rhs
            }
            #[inline]
            #[track_caller]
            fn le(&self, $other: &$Rhs) -> bool {
                self.primal <= $rhs
            }
            #[inline]
            #[track_caller]
            fn gt(&self, $other: &$Rhs) -> bool {
                self.primal > $rhs
            }
            #[inline]
            #[track_caller]
            fn ge(&self, $other: &$Rhs) -> bool {
                self.primal >= $rhs
            }
        }
    };
}
compare_primals!(Self, |other| other.primal);
compare_primals!(f64, |other| *other);

/// `value + tangentε`, or `value + [tangents]ε` for several; format flags apply to every number.
impl<R: Number + fmt::Display, const N: usize> fmt::Display for Dual<R, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.primal, f)?;
        f.write_str(if N == 1 { " + " } else { " + [" })?;
        for (k, tangent) in self.tangents.iter().enumerate() {
            f.write_str(if k == 0 { "" } else { ", " })?;
            fmt::Display::fmt(tangent, f)?;
        }
        f.write_str(if N == 1 { "ε" } else { "]ε" })
    }
}

impl<R: Number, const N: usize> fmt::Debug for Dual<R, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dual").field("primal", &self.primal).field("tangents", &self.tangents).finish()
    }
}
