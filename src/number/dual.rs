//! Forward mode: a number and its derivatives in `N` directions at once.

use crate::number::operators::impl_number;
use crate::number::own_rules;
use crate::number::owner::Owner;
use crate::number::point::single_point;
use crate::number::predicate::{Compare, Predicate};
use crate::number::real::{Real, predicates};
use crate::table::atomic::{Active, Atomic, Refusal};
use crate::table::hooks::Hooks;
use crate::table::matrix::op::MatrixOp;
use crate::table::matrix::rules;
use crate::table::number::{Lists, Number, Read, Reduction};
use crate::table::ops::for_each_primitive;
use crate::table::rules::{partials, untaken};
use crate::table::zeros::Reach;
use std::cmp::Ordering;
use std::fmt;

/// A number with `N` directional derivatives (tangents), propagated by the rules of the table.
///
/// Over `f64` this is vector forward mode; over [`Var`](crate::Var), forward over reverse: the tangents
/// are recorded, and a sweep over them gives Hessian-vector products; over another `Dual`, nested
/// forward mode.
///
/// It records which directions can reach it. A direction that cannot contributes nothing, even where a partial is
/// infinite: `Dual::constant(0.0).sqrt()` has tangent 0, not NaN.
///
/// ```
/// use tapegrad::Dual;
///
/// let [x, y] = Dual::variables([3.0, 4.0]);
/// let r = x.hypot(y);
/// assert_eq!(r.primal(), 5.0);
/// assert_eq!(r.tangents(), [0.6, 0.8]);
/// ```
///
/// It also records its owner: the call of [`derivative`](crate::derivative), [`jvp`](crate::jvp),
/// [`hessian`](crate::hessian) or [`preaccumulate`](crate::preaccumulate) whose arguments it depends on, in whatever
/// thread, or that it was made by hand with [`new`](Self::new), [`variable`](Self::variable) or
/// [`variables`](Self::variables). Tangents of different owners are derivatives with respect to different variables
/// (mixing them is called perturbation confusion), so a number computed from both is refused where it is returned or
/// its tangents are read:
///
/// ```should_panic
/// # use tapegrad::derivative;
/// derivative(|x| x * derivative(|y| x + y, 1.0), 1.0); // panics: `x` belongs to the call around it
/// ```
///
/// Inside a call, make constants with [`constant`](Self::constant) or `stop_gradient`, and apply a rule of your own
/// with [`custom`](Self::custom).
///
/// There are at most 64 directions, which the compiler checks; for more, evaluate several times:
///
/// ```compile_fail
/// let _ = tapegrad::Dual::<f64, 65>::constant(1.0);
/// ```
#[derive(Clone, Copy)]
pub struct Dual<R = f64, const N: usize = 1> {
    primal: R,
    tangents: [R; N],
    /// Bit `k`: whether direction `k` reaches this number.
    reached: u64,
    /// The call with respect to whose arguments the tangents are derivatives.
    owner: Owner,
}

/// Up to this number of directions, operations are inlined, and the compiler mostly knows which directions reach
/// which numbers; with more directions, all are multiplied where the partials are finite.
pub(crate) const FEW: usize = 12;

#[inline]
#[track_caller]
fn check_direction<const N: usize>(direction: usize) {
    assert!(
        direction < N,
        "there is no direction {direction}: the number has {N}, counted from 0; use one of these, or a \
         `Dual<_, {}>`",
        direction.saturating_add(1)
    );
}

impl<R: Number, const N: usize> Dual<R, N> {
    /// Every direction has a bit.
    const FITS: () = assert!(
        N <= u64::BITS as usize,
        "a number in forward mode has at most 64 directions: evaluate several times, or use smaller blocks"
    );

    /// A number with its derivatives in all directions, made by hand. A tangent of 0 is a number like any other here:
    /// times an infinite partial it is NaN.
    #[must_use]
    #[inline]
    pub fn new(primal: R, tangents: [R; N]) -> Self {
        // The bits beyond the directions are never read.
        Dual { tangents, reached: u64::MAX, owner: Owner::HAND, ..Self::result(primal) }
    }

    /// A constant: no direction reaches it.
    ///
    /// Inside a [`hessian`](crate::hessian), the primal must not depend on the arguments: its contribution would be
    /// in the gradient but missing in the Hessian, so the result is refused. Use `x.stop_gradient()` there.
    #[must_use]
    #[inline]
    pub fn constant(primal: R) -> Self {
        let owner = if primal.is_tracked() { Owner::BARE } else { Owner::NONE };
        Dual { owner, ..Self::result(primal) }
    }

    /// The independent variable of one direction, made by hand: tangent 1 there, 0 in the others.
    ///
    /// # Panics
    /// If `direction` is not below `N`.
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn variable(primal: R, direction: usize) -> Self {
        check_direction::<N>(direction);
        let mut variable = Self::result(primal);
        variable.tangents[direction] = R::constant(1.0);
        variable.reached = 1 << direction;
        variable.owner = Owner::HAND;
        variable
    }

    /// `N` independent variables, one for each direction.
    #[must_use]
    #[inline]
    pub fn variables(at: [R; N]) -> [Self; N] {
        std::array::from_fn(|k| Self::variable(at[k], k))
    }

    /// An operation that the table does not have: `f` gets the primals of the inputs and returns the value and one
    /// partial derivative per input. The result belongs to the call that its inputs belong to, so this applies a rule
    /// of your own inside [`derivative`](crate::derivative), [`hessian`](crate::hessian) or
    /// [`preaccumulate`](crate::preaccumulate).
    ///
    /// ```
    /// use tapegrad::{Dual, Real, derivative, hessian};
    ///
    /// fn cube<R: Real>(x: R) -> (R, [R; 1]) {
    ///     (x * x * x, [x * x * 3.0])
    /// }
    /// assert_eq!(derivative(|x| Dual::custom([x], |[x]| cube(x)), 2.0), 12.0);
    /// // Second derivatives are those of the partials.
    /// assert_eq!(hessian(|[x]| Dual::custom([x], |[x]| cube(x)), [2.0]), [[12.0]]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn custom<const K: usize>(inputs: [Self; K], f: impl FnOnce([R; K]) -> (R, [R; K])) -> Self {
        if R::IS_RECORDED {
            own_rules::note();
        }
        let (primal, partials) = f(inputs.map(Self::primal));
        let mut result = Self::result(primal);
        for (partial, input) in partials.into_iter().zip(&inputs) {
            result.add_term(Reach::Always, partial, input);
        }
        result
    }

    /// A result before its first term: no direction reaches it yet.
    #[inline(always)]
    fn result(primal: R) -> Self {
        let () = Self::FITS;
        Dual { primal, tangents: [R::constant(0.0); N], reached: 0, owner: Owner::NONE }
    }

    /// The value, without derivatives.
    #[must_use]
    #[inline]
    pub fn primal(self) -> R {
        self.primal
    }

    /// The directional derivatives.
    ///
    /// # Panics
    /// If tangents of different calls are mixed in this number.
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn tangents(self) -> [R; N] {
        self.owner.refuse_mixture();
        self.tangents
    }

    /// The derivative in one direction.
    ///
    /// # Panics
    /// If `direction` is not below `N`, or tangents of different calls are mixed in this number.
    #[must_use]
    #[inline]
    #[track_caller]
    pub fn tangent(self, direction: usize) -> R {
        check_direction::<N>(direction);
        self.tangents()[direction]
    }

    /// The directional derivatives of a number that its call has accepted, and whether each direction reaches it.
    #[inline(always)]
    pub(crate) fn accepted(&self) -> ([R; N], [bool; N]) {
        (self.tangents, std::array::from_fn(|k| self.is_reached_by(k)))
    }

    /// The same number as an argument of a call.
    #[inline(always)]
    pub(crate) fn owned_by(self, owner: Owner) -> Self {
        Dual { owner, ..self }
    }

    /// The owner of this number.
    #[inline(always)]
    pub(crate) fn owner(&self) -> Owner {
        self.owner
    }

    /// Whether the direction can reach this number; if not, its tangent is a structural zero.
    #[inline(always)]
    fn is_reached_by(&self, direction: usize) -> bool {
        self.reached & 1 << direction != 0
    }

    /// Whether an operation has to consider this operand, for its tangents or its owner.
    #[inline(always)]
    fn takes_part(&self) -> bool {
        self.reached != 0 || self.owner != Owner::NONE
    }

    /// Adds the directions and the owner of an operand to those of this result.
    #[inline(always)]
    fn join(&mut self, operand: &Self) {
        self.reached |= operand.reached;
        self.owner = self.owner.with(operand.owner);
    }

    /// One term of the chain rule: the tangents of an operand in the directions that reach it, weighted by its partial.
    #[inline(always)]
    #[track_caller]
    fn add_term(&mut self, edge: Reach<R>, partial: R, operand: &Self) {
        for k in 0..N {
            if operand.is_reached_by(k) {
                let term = edge.term(partial, operand.tangents[k]);
                let sum = self.tangents[k];
                self.tangents[k] = if self.is_reached_by(k) { sum + term } else { term };
            }
        }
        self.join(operand);
    }

    /// The chain rule: the result of a row from its value, its partials and its operands.
    #[inline(always)]
    #[track_caller]
    fn chain<const ARITY: usize>(
        primal: R,
        partials: [R; ARITY],
        untaken: [Option<R>; ARITY],
        operands: [&Self; ARITY],
    ) -> Self {
        let mut result = Self::result(primal);
        // With finite partials, multiplying zeros does no harm, and without a recording it costs nothing.
        let is_dense =
            N > FEW && !R::IS_RECORDED && partials.iter().all(|partial| partial.is_surely_finite());
        for ((partial, untaken), operand) in partials.into_iter().zip(untaken).zip(operands) {
            let edge = Reach::of(untaken);
            if edge.is_never() {
                continue;
            }
            if is_dense {
                for (tangent, by) in result.tangents.iter_mut().zip(operand.tangents) {
                    *tangent += partial * by;
                }
                result.join(operand);
            } else {
                result.add_term(edge, partial, operand);
            }
        }
        result
    }
}

impl<const N: usize> Dual<f64, N> {
    /// Whether the value or a tangent is NaN.
    #[inline(always)]
    pub(crate) fn has_nan(&self) -> bool {
        // A tangent that no direction reaches is 0.
        self.primal.is_nan() || self.tangents.iter().fold(false, |any, tangent| any | tangent.is_nan())
    }
}

impl<R: Number> Dual<R> {
    /// An argument of a call and its tangent, an entry of the direction; an entry of exactly 0 is a structural zero.
    pub(crate) fn along(primal: R, direction: f64, owner: Owner) -> Self {
        let mut argument = Self::result(primal).owned_by(owner);
        if direction != 0.0 {
            (argument.tangents, argument.reached) = ([R::constant(direction)], 1);
        }
        argument
    }
}

macro_rules! by_chain_rule {
    ($Op:ident $name:ident ($a:ident $(, $b:ident)*) ($($n:ident)?)) => {{
        let y = $a.primal.$name($($b.primal,)* $($n)?);
        let wanted = [$a.takes_part() $(, $b.takes_part())*];
        let partials = partials::$name($a.primal, $($b.primal,)* $($n,)? y, wanted);
        let untaken = untaken::$name($a.primal, $($b.primal,)* $($n,)? y, partials, wanted);
        Dual::chain(y, partials, untaken, [&$a $(, &$b)*])
    }};
}

for_each_primitive!(impl_number [R: Number, const N: usize] [Dual<R, N>, inline, inline(always)] by_chain_rule {
    #[track_caller]
    fn reduce<K: Reduction, A: Copy, B: Copy>(lists: Lists<'_, A, B>, read: impl Read<A, B, Self>) -> Self {
        let primal = (move |item: A| read.first(item).primal, move |item: B| read.second(item).primal);
        // By the row over the inner number: the operations in the formula of its value have other derivatives at a
        // tie.
        let y = R::reduce::<K, A, B>(lists, primal);
        let mut result = Dual::result(y);
        for (partial, operand) in K::each_partial(lists, primal, y).zip(lists.iter(read)) {
            result.add_term(Reach::Always, partial, &operand);
        }
        result
    }
});

impl<R: Number, const N: usize> Hooks for Dual<R, N> {
    const IS_RECORDED: bool = R::IS_RECORDED;
    const IS_DIFFERENTIATED: bool = true;
    const LARGE: f64 = R::LARGE;

    #[inline(always)]
    fn decided(self) -> Option<bool> {
        self.primal.decided()
    }

    #[track_caller]
    fn matrix(op: MatrixOp, operands: &[Self]) -> Vec<Self> {
        let primals: Vec<R> = operands.iter().map(|operand| operand.primal).collect();
        let values = R::matrix(op, &primals);
        let mut results: Vec<Self> = values.iter().map(|&value| Dual::result(value)).collect();
        for k in 0..N {
            let reach =
                op.matrices(operands).map(|matrix| match matrix.iter().any(|entry| entry.is_reached_by(k)) {
                    true => Reach::Always,
                    false => Reach::Never,
                });
            if reach.iter().all(Reach::is_never) {
                continue;
            }
            let tangents: Vec<R> = operands.iter().map(|operand| operand.tangents[k]).collect();
            let tangents = rules::tangents(op, &primals, &values, &tangents, reach);
            results.iter_mut().zip(tangents).for_each(|(result, tangent)| result.tangents[k] = tangent);
        }
        let mut joint = Self::result(R::from(0.0));
        operands.iter().for_each(|operand| joint.join(operand));
        results.iter_mut().for_each(|result| result.join(&joint));
        results
    }

    fn plain(self) -> f64 {
        self.primal.plain()
    }

    #[track_caller]
    fn atomic(function: &Atomic, operands: &[Self]) -> Result<Vec<Self>, Refusal> {
        let primals: Vec<R> = operands.iter().map(|operand| operand.primal).collect();
        let values = R::atomic(function, &primals)?;
        let mut results: Vec<Self> = values.iter().map(|&value| Dual::result(value)).collect();
        for k in 0..N {
            let has_tangent: Vec<bool> = operands.iter().map(|operand| operand.is_reached_by(k)).collect();
            if !has_tangent.contains(&true) {
                continue;
            }
            let tangents: Vec<R> =
                operands.iter().filter(|operand| operand.is_reached_by(k)).map(|it| it.tangents[k]).collect();
            let active = Active { results: function.reached_from(&has_tangent), operands: has_tangent };
            let mut tangents =
                R::atomic_tangents(function, [&primals, &values, &tangents], &active)?.into_iter();
            for (result, _) in results.iter_mut().zip(&active.results).filter(|(_, is_active)| **is_active) {
                result.tangents[k] = tangents.next().expect("one tangent per active result");
            }
        }
        match function.rules().dependencies() {
            None => {
                let mut joint = Self::result(R::from(0.0));
                operands.iter().for_each(|operand| joint.join(operand));
                results.iter_mut().for_each(|result| result.join(&joint));
            }
            Some(rows) => {
                for (result, row) in results.iter_mut().zip(rows) {
                    row.iter().for_each(|&operand| result.join(&operands[operand as usize]));
                }
            }
        }
        Ok(results)
    }

    fn is_surely_finite(self) -> bool {
        self.primal.is_surely_finite() && self.tangents.iter().all(|tangent| tangent.is_surely_finite())
    }
}

single_point!([R: Number, const N: usize] Dual<R, N>);

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
}

impl<R: Real, const N: usize> Compare for Dual<R, N> {
    fn peek(self) -> f64 {
        self.primal.peek()
    }

    #[track_caller]
    fn compare(self, predicate: Predicate, right: Self) -> bool {
        self.primal.compare(predicate, right.primal)
    }
}

macro_rules! compare_primals {
    ($Left:ty, $Right:ty, $left:expr, $right:expr) => {
        /// Compares primals.
        #[allow(clippy::partialeq_ne_impl)] // the default compares at a line of the standard library
        impl<R: Real, const N: usize> PartialEq<$Right> for $Left {
            #[inline]
            #[track_caller]
            fn eq(&self, other: &$Right) -> bool {
                $left(self) == $right(other)
            }
            #[inline]
            #[track_caller]
            fn ne(&self, other: &$Right) -> bool {
                $left(self) != $right(other)
            }
        }
        /// Compares primals.
        impl<R: Real, const N: usize> PartialOrd<$Right> for $Left {
            #[inline]
            #[track_caller]
            fn partial_cmp(&self, other: &$Right) -> Option<Ordering> {
                $left(self).partial_cmp(&$right(other))
            }
            #[inline]
            #[track_caller]
            fn lt(&self, other: &$Right) -> bool {
                $left(self) < $right(other)
            }
            #[inline]
            #[track_caller]
            fn le(&self, other: &$Right) -> bool {
                $left(self) <= $right(other)
            }
            #[inline]
            #[track_caller]
            fn gt(&self, other: &$Right) -> bool {
                $left(self) > $right(other)
            }
            #[inline]
            #[track_caller]
            fn ge(&self, other: &$Right) -> bool {
                $left(self) >= $right(other)
            }
        }
    };
}
#[inline(always)]
fn primal_of<R: Real, const N: usize>(number: &Dual<R, N>) -> R {
    number.primal
}

#[inline(always)]
fn constant_of<R: Real>(number: &f64) -> R {
    R::constant(*number)
}

compare_primals!(Dual<R, N>, Dual<R, N>, primal_of, primal_of);
compare_primals!(Dual<R, N>, f64, primal_of, constant_of::<R>);
compare_primals!(f64, Dual<R, N>, constant_of::<R>, primal_of);

predicates!([R: Real, const N: usize] Dual<R, N>);

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
