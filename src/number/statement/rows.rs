//! The rows of the table as expressions, and as operators and methods that make them.

use crate::number::predicate::Compare;
use crate::number::statement::expression::{Constant, Expression, Partials, Term};
use crate::number::statement::lift::{Argument, Foreign};
use crate::table::number::{Number, values};
use crate::table::ops::for_each_primitive;
use crate::table::rules::{partials, untaken};
use crate::table::zeros::Reach;
use std::ops::*;

macro_rules! define_rows {
    ($dollar:tt $(
        $(#[$doc:meta])* $kind:ident $(($($assign:ident)*))? $Op:ident $name:ident
        ($($arg:ident),* $(; $n:ident : $ty:ident in $samples:tt)?) -> $y:ident {
            value: $value:expr, partials: [$($partial:expr),* $(,)?], $(untaken: $untaken:tt,)? on: $on:tt }
    )* ; reductions $reductions:tt) => {
        /// Each row as an expression of its operands.
        #[allow(non_camel_case_types)] // the type of an operand has its name
        pub mod row {
            use super::*;

            $(
                $(#[$doc])*
                #[derive(Clone, Copy)]
                pub struct $Op<$($arg),*> {
                    $( pub(super) $arg: $arg, )*
                    $( pub(super) $n: $ty, )?
                }

                impl<R: Number + Compare, $($arg: Expression<R>),*> Expression<R> for $Op<$($arg),*> {
                    const LEAVES: u64 = 0 $(| $arg::LEAVES)*;
                    const VARIES: bool = false $(| $arg::VARIES)*;
                    /// The value of each operand, with those within it, and the result.
                    type Values = ($((f64, $arg::Values),)* f64);

                    #[inline(always)]
                    #[track_caller]
                    fn over(self) -> R {
                        $( let $arg = self.$arg.over(); )*
                        define_rows!(@call $name ($($arg),*) ($(self.$n)?))
                    }

                    #[inline(always)]
                    fn evaluate(self) -> (f64, Self::Values) {
                        $( let $arg = self.$arg.evaluate(); )*
                        let $y = values::$name($($arg.0,)* $(self.$n)?);
                        ($y, ($($arg,)* $y))
                    }

                    #[inline(always)]
                    #[allow(unused_assignments)]
                    fn sweep<Whole: Expression<R>, const N: usize>(
                        self,
                        ($($arg,)* $y): Self::Values,
                        adjoint: f64,
                        out: &mut Partials<N>,
                    ) {
                        let wanted = [$($arg::VARIES),*];
                        let partials = partials::$name($($arg.0,)* $(self.$n,)? $y, wanted);
                        let untaken = untaken::$name($($arg.0,)* $(self.$n,)? $y, partials, wanted);
                        let mut operand = 0;
                        $(
                            if wanted[operand] && !Reach::of(untaken[operand]).is_never() {
                                self.$arg.sweep::<Whole, N>($arg.1, adjoint * partials[operand], out);
                            }
                            operand += 1;
                        )*
                    }

                    #[inline(always)]
                    fn operands<Whole: Expression<R>, const N: usize>(self, operands: &mut [R; N]) {
                        $( self.$arg.operands::<Whole, N>(operands); )*
                    }
                }
            )*
        }

        $( define_rows! { @form $kind $Op $name ($($arg),*) ($($n : $ty)?) } )*

        /// Passes what it gets to `#[fused]`, after the rows of the table: each with its operands, and its integer if it
        /// has one. Or passes the rows alone to a macro, for tests.
        #[doc(hidden)]
        #[macro_export]
        macro_rules! __fused {
            (each row: $dollar consumer:ident) => {
                $dollar consumer! { $( $kind $name ($($arg)*) ($($n)?); )* }
            };
            ($dollar($dollar tokens:tt)*) => {
                $dollar crate::statement::expand! {
                    $dollar crate { $( $kind $name ($($arg)*) ($($n)?); )* } $dollar($dollar tokens)*
                }
            };
        }
    };
    (@call $name:ident ($a:ident $(, $b:ident)*) ($($n:expr)?)) => { $a.$name($($b,)* $($n)?) };
    (@form operator $Op:ident $name:ident ($a:ident) ()) => {
        impl<R, A> $Op for Term<R, A> {
            type Output = Term<R, row::$Op<A>>;
            #[inline(always)]
            fn $name(self) -> Self::Output {
                Term::new(row::$Op { $a: self.expression })
            }
        }
        impl $Op for Foreign {
            type Output = Foreign;
            fn $name(self) -> Foreign {
                Foreign
            }
        }
    };
    (@form operator $Op:ident $name:ident ($a:ident, $b:ident) ()) => {
        impl<R, A, B> $Op<Term<R, B>> for Term<R, A> {
            type Output = Term<R, row::$Op<A, B>>;
            #[inline(always)]
            fn $name(self, other: Term<R, B>) -> Self::Output {
                Term::new(row::$Op { $a: self.expression, $b: other.expression })
            }
        }
        impl<R, A> $Op<f64> for Term<R, A> {
            type Output = Term<R, row::$Op<A, Constant>>;
            #[inline(always)]
            fn $name(self, other: f64) -> Self::Output {
                Term::new(row::$Op { $a: self.expression, $b: Constant(other) })
            }
        }
        impl<R, B> $Op<Term<R, B>> for f64 {
            type Output = Term<R, row::$Op<Constant, B>>;
            #[inline(always)]
            fn $name(self, other: Term<R, B>) -> Self::Output {
                Term::new(row::$Op { $a: Constant(self), $b: other.expression })
            }
        }
        impl<R, A> $Op<Foreign> for Term<R, A> {
            type Output = Foreign;
            fn $name(self, _: Foreign) -> Foreign {
                Foreign
            }
        }
        impl $Op<Foreign> for f64 {
            type Output = Foreign;
            fn $name(self, _: Foreign) -> Foreign {
                Foreign
            }
        }
        impl<T> $Op<T> for Foreign {
            type Output = Foreign;
            fn $name(self, _: T) -> Foreign {
                Foreign
            }
        }
    };
    (@form $kind:ident $Op:ident $name:ident ($a:ident $(, $b:ident)*) ($($n:ident : $ty:ident)?)) => {
        #[allow(non_camel_case_types)]
        impl<R, A> Term<R, A> {
            #[doc(hidden)]
            #[inline(always)]
            pub fn $name<$($b: Argument<R>),*>(
                self $(, $b: $b)* $(, $n: $ty)?
            ) -> define_rows!(@whole Term<R, row::$Op<A $(, $b::Expression)*>>; $($b)*) {
                let whole = Term::new(row::$Op { $a: self.expression, $( $b: $b.expression(), )* $($n)? });
                $( let whole = $b::whole(whole); )*
                whole
            }
        }
        #[allow(non_camel_case_types)]
        impl Foreign {
            #[doc(hidden)]
            pub fn $name<$($b),*>(self $(, _: $b)* $(, _: define_rows!(@any $n))?) -> Foreign {
                Foreign
            }
        }
    };
    (@whole $whole:ty;) => { $whole };
    (@whole $whole:ty; $b:ident $($rest:ident)*) => {
        define_rows!(@whole <$b as Argument<R>>::Whole<$whole>; $($rest)*)
    };
    (@any $n:ident) => { impl Sized };
}
for_each_primitive!(define_rows $);
