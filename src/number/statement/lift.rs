//! What `#[fused]` cannot know, since it sees no types: which operands are variables, which are plain numbers, and whether
//! an expression is a statement at all. The order in which the compiler looks methods up decides it: those of the very
//! type, those of a trait, those of a trait by reference.

use crate::number::real::Real;
use crate::number::statement::expression::{Bind, Bound, Constant, Expression, Leaf, Term};
use std::marker::PhantomData;
use std::ops::Deref;

/// The operand `K` of an expression. `lift()` makes a `Leaf` of a variable, keeps a plain number, and makes
/// [`Foreign`] of everything else.
pub struct Operand<'a, T, const K: usize>(pub &'a T);

impl<T: Plain, const K: usize> Operand<'_, T, K> {
    /// The plain number.
    #[inline(always)]
    pub fn lift(self) -> f64 {
        self.0.number()
    }
}

/// A plain number, or a reference to one.
pub trait Plain {
    #[doc(hidden)]
    fn number(&self) -> f64;
}

impl Plain for f64 {
    #[inline(always)]
    fn number(&self) -> f64 {
        *self
    }
}

impl<T: Plain> Plain for &T {
    #[inline(always)]
    fn number(&self) -> f64 {
        (**self).number()
    }
}

impl<T: Plain> Plain for &mut T {
    #[inline(always)]
    fn number(&self) -> f64 {
        (**self).number()
    }
}

macro_rules! leaves {
    ($($(#[$doc:meta])* $Trait:ident $T:ty: ($($deref:tt)*);)*) => { $(
        $(#[$doc])*
        pub trait $Trait<R, const K: usize> {
            #[doc(hidden)]
            fn lift(self) -> Term<R, Leaf<R, K>>;
        }
        impl<R: Real, const K: usize> $Trait<R, K> for Operand<'_, $T, K> {
            #[inline(always)]
            fn lift(self) -> Term<R, Leaf<R, K>> {
                Term::new(Leaf($($deref)* self.0))
            }
        }
    )* };
}
leaves! {
    /// A number.
    LiftNumber R: (*);
    /// A number by reference.
    LiftReference &R: (**);
    /// A number by reference, whose method is called.
    LiftReceiver &&R: (***);
    /// A number by mutable reference, whose method is called.
    LiftMutable &mut R: (**);
    /// A name of a mutable reference, whose method is called.
    LiftMutableReceiver &&mut R: (***);
}

/// A part of something whose method is called: [`hold`](Held::hold) copies it, if it can be copied, and refers to it
/// otherwise.
pub struct Held<'a, T>(Reference<'a, T>);

/// What [`Held`] is where it cannot be copied.
pub struct Reference<'a, T>(&'a T);

/// A part of something whose method is called.
#[inline(always)]
pub fn held<T>(part: &T) -> Held<'_, T> {
    Held(Reference(part))
}

impl<T: Copy> Held<'_, T> {
    /// A copy.
    #[inline(always)]
    pub fn hold(self) -> T {
        *self.0.0
    }
}

impl<'a, T> Deref for Held<'a, T> {
    type Target = Reference<'a, T>;

    #[inline(always)]
    fn deref(&self) -> &Reference<'a, T> {
        &self.0
    }
}

impl<'a, T> Reference<'a, T> {
    /// The part itself.
    #[inline(always)]
    pub fn hold(&self) -> &'a T {
        self.0
    }
}

/// Anything else.
pub trait LiftForeign {
    #[doc(hidden)]
    #[inline(always)]
    fn lift(&self) -> Foreign {
        Foreign
    }
}
impl<T, const K: usize> LiftForeign for Operand<'_, T, K> {}

/// An operand that is no number of ours, such as an index. An expression with one of them is left as it is written.
#[derive(Clone, Copy)]
pub struct Foreign;

/// What the methods of a statement take besides a number: another, a plain number, or an integer.
pub trait Argument<R> {
    /// The argument as an expression.
    type Expression;

    /// What becomes of an expression with this argument.
    type Whole<T>;

    #[doc(hidden)]
    fn expression(self) -> Self::Expression;

    #[doc(hidden)]
    fn whole<T>(whole: T) -> Self::Whole<T>;
}

impl<R, E> Argument<R> for Term<R, E> {
    type Expression = E;
    type Whole<T> = T;

    #[inline(always)]
    fn expression(self) -> E {
        self.expression
    }

    #[inline(always)]
    fn whole<T>(whole: T) -> T {
        whole
    }
}

macro_rules! constant_argument {
    ($T:ty) => {
        impl<R> Argument<R> for $T {
            type Expression = Constant;
            type Whole<T> = T;

            #[inline(always)]
            fn expression(self) -> Constant {
                Constant(f64::from(self))
            }

            #[inline(always)]
            fn whole<T>(whole: T) -> T {
                whole
            }
        }
    };
}
constant_argument!(f64);
constant_argument!(i32);

impl<R> Argument<R> for Foreign {
    type Expression = Constant;
    type Whole<T> = Foreign;

    fn expression(self) -> Constant {
        Constant(f64::NAN)
    }

    fn whole<T>(_: T) -> Foreign {
        Foreign
    }
}

/// An expression that may be a statement: `build` makes it, as often as it is needed.
pub struct Attempt<F, T> {
    build: F,
    result: PhantomData<T>,
}

/// An expression that may be a statement.
#[inline(always)]
pub fn attempt<T, F: Fn() -> T + Copy>(build: F) -> Attempt<F, T> {
    Attempt { build, result: PhantomData }
}

impl<R: Real, E: Expression<R>, F: Fn() -> Term<R, E> + Copy> Attempt<F, Term<R, E>> {
    /// The value of the statement.
    #[doc(hidden)]
    #[inline(always)]
    #[track_caller]
    pub fn value(self, text: &'static str) -> Option<R> {
        Some(R::statement(self.build, text))
    }
}

/// An expression that is none of ours.
pub trait NoStatement: Sized {
    #[doc(hidden)]
    #[inline(always)]
    fn value<U>(self, _: &'static str) -> Option<U> {
        None
    }
}
impl<F, T> NoStatement for Attempt<F, T> {}

/// A sum whose terms may be statements.
pub struct Sum<I, F, B, T> {
    items: I,
    term: F,
    statement: PhantomData<(B, T)>,
}

/// A sum whose terms may be statements.
#[inline(always)]
pub fn sum_of<I: Iterator, F: FnMut(I::Item) -> Attempt<B, T>, B, T>(items: I, term: F) -> Sum<I, F, B, T> {
    Sum { items, term, statement: PhantomData }
}

/// As [`Sum`], with a number that is added to it, and may be a variable.
pub struct SumAndOne<I, F, B, T, G, L> {
    sum: Sum<I, F, B, T>,
    added: G,
    lifted: PhantomData<L>,
}

impl<I, F, B, T> Sum<I, F, B, T> {
    /// The sum and what `added` lifts, once the sum is there.
    #[inline(always)]
    pub fn and<G: FnOnce() -> L, L>(self, added: G) -> SumAndOne<I, F, B, T, G, L> {
        SumAndOne { sum: self, added, lifted: PhantomData }
    }
}

impl<I, F, R, E, B> Sum<I, F, B, Term<R, E>>
where
    I: Iterator,
    F: FnMut(I::Item) -> Attempt<B, Term<R, E>>,
    R: Real,
    E: Expression<R>,
    B: Fn() -> Term<R, E> + Copy,
{
    /// The value of the sum.
    #[doc(hidden)]
    #[inline(always)]
    #[track_caller]
    pub fn value(self, text: &'static str) -> Result<R, I> {
        Ok(self.and_added(|| None, text))
    }

    #[inline(always)]
    #[track_caller]
    fn and_added(mut self, added: impl FnOnce() -> Option<R>, text: &'static str) -> R {
        R::sum_of_statements(self.items.map(move |item| (self.term)(item).build), added, text)
    }
}

impl<I, F, R, E, B, G> SumAndOne<I, F, B, Term<R, E>, G, Term<R, Leaf<R, 0>>>
where
    I: Iterator,
    F: FnMut(I::Item) -> Attempt<B, Term<R, E>>,
    R: Real,
    E: Expression<R>,
    B: Fn() -> Term<R, E> + Copy,
    G: FnOnce() -> Term<R, Leaf<R, 0>>,
{
    /// The value of the sum.
    #[doc(hidden)]
    #[inline(always)]
    #[track_caller]
    pub fn value(self, text: &'static str) -> Result<R, Sum<I, F, B, Term<R, E>>> {
        let added = self.added;
        Ok(self.sum.and_added(|| Some(added().expression.0), text))
    }
}

/// A sum whose terms are none of ours, or to which nothing of ours is added; it returns what is left to do.
pub trait NoSum<I>: Sized {
    #[doc(hidden)]
    fn value<U>(self, _: &'static str) -> Result<U, I>;
}
impl<I, F, B, T> NoSum<I> for Sum<I, F, B, T> {
    #[inline(always)]
    fn value<U>(self, _: &'static str) -> Result<U, I> {
        Err(self.items)
    }
}
impl<I, F, B, T, G, L> NoSum<Sum<I, F, B, T>> for SumAndOne<I, F, B, T, G, L> {
    #[inline(always)]
    fn value<U>(self, _: &'static str) -> Result<U, Sum<I, F, B, T>> {
        Err(self.sum)
    }
}

/// A number that nobody computes: what the compiler infers from it has to be known before.
pub fn never<T>() -> T {
    unreachable!("for its type only")
}

/// What can be bound within a statement.
pub trait Bindable<const K: usize> {
    /// What stands for it in the body.
    type Inside: Copy;
}

impl<R: Copy, E, const K: usize> Bindable<K> for Term<R, E> {
    type Inside = Term<R, Bound<R, K>>;
}

impl<const K: usize> Bindable<K> for f64 {
    type Inside = f64;
}

impl<const K: usize> Bindable<K> for Foreign {
    type Inside = Foreign;
}

/// How a value and what the body makes of it become one expression.
pub trait BindTo<const K: usize, T, F> {
    /// The expression.
    type Whole;

    #[doc(hidden)]
    fn whole(self, body: F) -> Self::Whole;
}

impl<R, E, B, F, const K: usize> BindTo<K, Term<R, B>, F> for Term<R, E> {
    type Whole = Term<R, Bind<E, F, K>>;

    #[inline(always)]
    fn whole(self, body: F) -> Self::Whole {
        Term::new(Bind { value: self.expression, body })
    }
}

impl<R, E, F, const K: usize> BindTo<K, Foreign, F> for Term<R, E> {
    type Whole = Foreign;

    fn whole(self, _: F) -> Foreign {
        Foreign
    }
}

impl<R, E, F, const K: usize> BindTo<K, f64, F> for Term<R, E> {
    type Whole = Foreign;

    fn whole(self, _: F) -> Foreign {
        Foreign
    }
}

impl<T, F: Fn(f64) -> T, const K: usize> BindTo<K, T, F> for f64 {
    type Whole = T;

    #[inline(always)]
    fn whole(self, body: F) -> T {
        body(self)
    }
}

impl<T, F, const K: usize> BindTo<K, T, F> for Foreign {
    type Whole = Foreign;

    fn whole(self, _: F) -> Foreign {
        Foreign
    }
}

/// A value, and the rest of the block that uses it.
#[inline(always)]
pub fn bind<const K: usize, V, T, F>(value: V, body: F) -> V::Whole
where
    V: Bindable<K> + BindTo<K, T, F>,
    F: Fn(V::Inside) -> T + Copy,
{
    value.whole(body)
}
