//! What every number type gets from the table: operators in all their forms, methods that need no
//! import, the trait [`Number`](crate::Number), conversions, sums and products.

/// `for_each_primitive!(impl_number [generics] [Type, inline, operators] rule { items })`: `rule!(Op name (args) (n))`
/// evaluates a row for this type, `inline` is the inlining attribute of functions and `operators` that of operators, and
/// `items` complete the `impl Number`.
macro_rules! impl_number {
    ($generics:tt [$T:ty, $inline:meta, $operators:meta] $rule:ident { $($items:tt)* } $(
        $(#[$doc:meta])* $kind:ident $(($($assign:ident)*))? $Op:ident $name:ident
        ($($arg:ident),* $(; $n:ident : $ty:ident in $samples:tt)?) -> $y:ident {
            value: $value:expr, partials: [$($partial:expr),* $(,)?], $(untaken: $untaken:tt,)? on: $on:tt }
    )* ; reductions $reductions:tt) => {
        $( $crate::number::operators::row! { $kind $generics [$T, $inline, $operators] $rule $Op $name ($($($assign)*)?) ($($arg),*)
            ($($n : $ty)?) { $(#[$doc])*
            #[doc = concat!("\n\nPartials: ", $("`", stringify!($partial), "` "),*, "(`y` is the result).")] } } )*
        $crate::number::operators::shared! { $generics [$T, $inline] {
            $( $crate::number::operators::forward! { $inline $kind $name ($($arg),*) ($($n : $ty)?) } )*
            $($items)*
        } }
    };
}

/// One row: an inherent method, or an operator with its forms by reference, with `f64`, and assigning.
macro_rules! row {
    (operator [$($g:tt)*] [$T:ty, $inline:meta, $operators:meta] $rule:ident $Op:ident $name:ident () ($a:ident) () $doc:tt) => {
        impl<$($g)*> std::ops::$Op for $T {
            type Output = $T;
            #[$operators]
            #[track_caller]
            fn $name(self) -> $T {
                let $a = self;
                $rule!($Op $name ($a) ())
            }
        }
        impl<$($g)*> std::ops::$Op for &$T {
            type Output = $T;
            #[$operators]
            #[track_caller]
            fn $name(self) -> $T {
                (*self).$name()
            }
        }
    };
    (operator [$($g:tt)*] [$T:ty, $inline:meta, $operators:meta] $rule:ident $Op:ident $name:ident ($Assign:ident $assign:ident)
        ($a:ident, $b:ident) () $doc:tt) => {
        impl<$($g)*> std::ops::$Op for $T {
            type Output = $T;
            #[$operators]
            #[track_caller]
            fn $name(self, rhs: $T) -> $T {
                let ($a, $b) = (self, rhs);
                $rule!($Op $name ($a, $b) ())
            }
        }
        $crate::number::operators::form! { [$($g)*] [$T, $operators] $Op $name $T, &$T }
        $crate::number::operators::form! { [$($g)*] [$T, $operators] $Op $name &$T, $T }
        $crate::number::operators::form! { [$($g)*] [$T, $operators] $Op $name &$T, &$T }
        $crate::number::operators::form! { [$($g)*] [$T, $operators] $Op $name $T, f64 }
        $crate::number::operators::form! { [$($g)*] [$T, $operators] $Op $name &$T, f64 }
        $crate::number::operators::form! { [$($g)*] [$T, $operators] $Op $name f64, $T }
        $crate::number::operators::form! { [$($g)*] [$T, $operators] $Op $name f64, &$T }
        $crate::number::operators::form! { assign [$($g)*] [$T, $operators] $Op $name $Assign $assign $T }
        $crate::number::operators::form! { assign [$($g)*] [$T, $operators] $Op $name $Assign $assign &$T }
        $crate::number::operators::form! { assign [$($g)*] [$T, $operators] $Op $name $Assign $assign f64 }
    };
    ($kind:ident [$($g:tt)*] [$T:ty, $inline:meta, $operators:meta] $rule:ident $Op:ident $name:ident ($($source:ident)?)
        ($a:ident $(, $b:ident)*) ($($n:ident : $ty:ident)?) { $(#[$doc:meta])* }) => {
        impl<$($g)*> $T {
            $(#[$doc])*
            #[must_use]
            #[$inline]
            #[track_caller]
            pub fn $name(self $(, $b: impl Into<$T>)* $(, $n: $ty)?) -> $T {
                let $a = self;
                $( let $b: $T = $b.into(); )*
                $rule!($Op $name ($a $(, $b)*) ($($n)?))
            }
        }
    };
}

/// One further form of a binary operator, which calls the form by value.
macro_rules! form {
    (assign [$($g:tt)*] [$T:ty, $inline:meta] $Op:ident $name:ident $Assign:ident $assign:ident $Rhs:ty) => {
        impl<$($g)*> std::ops::$Assign<$Rhs> for $T {
            #[$inline]
            #[track_caller]
            fn $assign(&mut self, rhs: $Rhs) {
                *self = <$T as std::ops::$Op<$T>>::$name(*self, <$T>::from(rhs));
            }
        }
    };
    ([$($g:tt)*] [$T:ty, $inline:meta] $Op:ident $name:ident $Lhs:ty, $Rhs:ty) => {
        impl<$($g)*> std::ops::$Op<$Rhs> for $Lhs {
            type Output = $T;
            #[$inline]
            #[track_caller]
            fn $name(self, rhs: $Rhs) -> $T {
                <$T as std::ops::$Op<$T>>::$name(<$T>::from(self), <$T>::from(rhs))
            }
        }
    };
}

/// The trait method of a row, which calls the inherent method.
macro_rules! forward {
    ($inline:meta operator $($rest:tt)*) => {};
    ($inline:meta $kind:ident $name:ident ($a:ident $(, $b:ident)*) ($($n:ident : $ty:ident)?)) => {
        #[$inline]
        #[track_caller]
        fn $name(self $(, $b: impl Into<Self>)* $(, $n: $ty)?) -> Self {
            Self::$name(self $(, $b)* $(, $n)?)
        }
    };
}

/// The trait impls that do not depend on a row, given the body of `impl Number`.
macro_rules! shared {
    ([$($g:tt)*] [$T:ty, $inline:meta] { $($number:tt)* }) => {
        impl<$($g)*> $crate::table::number::Number for $T {
            $($number)*
        }
        impl<$($g)*> From<&$T> for $T {
            #[$inline]
            fn from(number: &$T) -> Self {
                *number
            }
        }
        impl<$($g)*> From<f32> for $T {
            #[$inline]
            fn from(constant: f32) -> Self {
                Self::from(f64::from(constant))
            }
        }
        impl<$($g)*> From<i32> for $T {
            #[$inline]
            fn from(constant: i32) -> Self {
                Self::from(f64::from(constant))
            }
        }
        impl<$($g)*> Default for $T {
            fn default() -> Self {
                Self::from(0.0)
            }
        }
        impl<$($g)*> $T {
            /// Sine and cosine of an angle in radians.
            #[must_use]
            #[allow(dead_code)] // numbers in lanes never need both
            #[$inline]
            #[track_caller]
            pub fn sin_cos(self) -> ($T, $T) {
                $crate::table::formulas::sin_cos(self)
            }

            /// The size of this number with the sign of another, as of `−0`: `|self| · signum(sign)`. NaN if either is.
            #[must_use]
            #[allow(dead_code)]
            #[$inline]
            #[track_caller]
            pub fn copysign(self, sign: impl Into<$T>) -> $T {
                $crate::table::formulas::copysign(self, sign.into())
            }

            /// An angle in degrees, in radians.
            #[must_use]
            #[allow(dead_code)]
            #[$inline]
            #[track_caller]
            pub fn to_radians(self) -> $T {
                $crate::table::formulas::to_radians(self)
            }

            /// An angle in radians, in degrees.
            #[must_use]
            #[allow(dead_code)]
            #[$inline]
            #[track_caller]
            pub fn to_degrees(self) -> $T {
                $crate::table::formulas::to_degrees(self)
            }
        }
        $crate::number::operators::shared! { @fold [$($g)*] [$T] Sum sum sum_of }
        $crate::number::operators::shared! { @fold [$($g)*] [$T] Product product product_of }
    };
    (@fold [$($g:tt)*] [$T:ty] $Fold:ident $fold:ident $fold_of:ident) => {
        impl<$($g)*> std::iter::$Fold for $T {
            /// From left to right.
            #[track_caller]
            fn $fold<I: Iterator<Item = Self>>(terms: I) -> Self {
                <Self as $crate::table::hooks::Hooks>::$fold_of(terms)
            }
        }
        impl<'a, $($g)*> std::iter::$Fold<&'a $T> for $T {
            #[track_caller]
            fn $fold<I: Iterator<Item = &'a $T>>(terms: I) -> Self {
                <Self as std::iter::$Fold>::$fold(terms.copied())
            }
        }
    };
}

pub(crate) use {form, forward, impl_number, row, shared};
