//! A variable as a number of num-traits, and what is written against that crate differentiated.

use crate::Wrapped;
use num_traits::{Float, FromPrimitive, Num, One, Signed, ToPrimitive, Zero};
use std::num::FpCategory;
use tapegrad::Var;

impl Zero for Wrapped {
    fn zero() -> Wrapped {
        Wrapped::from(0.0)
    }
    fn is_zero(&self) -> bool {
        self.0 == 0.0
    }
}

impl One for Wrapped {
    fn one() -> Wrapped {
        Wrapped::from(1.0)
    }
}

impl Num for Wrapped {
    type FromStrRadixErr = num_traits::ParseFloatError;
    fn from_str_radix(text: &str, radix: u32) -> Result<Wrapped, Self::FromStrRadixErr> {
        f64::from_str_radix(text, radix).map(Wrapped::from)
    }
}

/// By way of `value()`: a recording tape hears of it.
impl ToPrimitive for Wrapped {
    #[track_caller]
    fn to_i64(&self) -> Option<i64> {
        self.0.value().to_i64()
    }
    #[track_caller]
    fn to_u64(&self) -> Option<u64> {
        self.0.value().to_u64()
    }
    #[track_caller]
    fn to_f64(&self) -> Option<f64> {
        Some(self.0.value())
    }
}

impl FromPrimitive for Wrapped {
    fn from_i64(number: i64) -> Option<Wrapped> {
        Some(Wrapped::from(number as f64))
    }
    fn from_u64(number: u64) -> Option<Wrapped> {
        Some(Wrapped::from(number as f64))
    }
    fn from_f64(number: f64) -> Option<Wrapped> {
        Some(Wrapped::from(number))
    }
}

impl num_traits::NumCast for Wrapped {
    fn from<T: ToPrimitive>(number: T) -> Option<Wrapped> {
        number.to_f64().map(Into::into)
    }
}

impl Signed for Wrapped {
    #[track_caller]
    fn abs(&self) -> Wrapped {
        Wrapped(self.0.abs())
    }
    #[track_caller]
    fn abs_sub(&self, other: &Wrapped) -> Wrapped {
        Wrapped((self.0 - other.0).relu())
    }
    #[track_caller]
    fn signum(&self) -> Wrapped {
        Wrapped(self.0.signum())
    }
    fn is_positive(&self) -> bool {
        self.0 > 0.0
    }
    fn is_negative(&self) -> bool {
        self.0 < 0.0
    }
}

/// Methods of `Float` that `Var` has too.
macro_rules! from_var {
    (predicates $($name:ident)*) => { $( #[track_caller] fn $name(self) -> bool { Var::$name(self.0) } )* };
    (unary $($name:ident)*) => { $( #[track_caller] fn $name(self) -> Wrapped { Wrapped(Var::$name(self.0)) } )* };
    (binary $($name:ident)*) => {
        $( #[track_caller] fn $name(self, other: Wrapped) -> Wrapped { Wrapped(Var::$name(self.0, other.0)) } )*
    };
}
macro_rules! constants {
    ($($name:ident)*) => { $( fn $name() -> Wrapped { Wrapped::from(<f64 as Float>::$name()) } )* };
}

impl Float for Wrapped {
    constants! { nan infinity neg_infinity neg_zero min_value min_positive_value epsilon max_value }
    from_var! { predicates is_nan is_infinite is_finite is_sign_negative }
    from_var! {
        unary floor ceil round trunc fract abs signum recip sqrt cbrt exp exp2 exp_m1 ln ln_1p log2 log10
        sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh
    }
    from_var! { binary powf log max min hypot atan2 }

    fn is_sign_positive(self) -> bool {
        !self.is_sign_negative()
    }
    fn is_normal(self) -> bool {
        self.0.value().is_normal()
    }
    fn classify(self) -> FpCategory {
        self.0.value().classify()
    }
    fn integer_decode(self) -> (u64, i16, i8) {
        self.0.value().integer_decode()
    }
    fn powi(self, n: i32) -> Wrapped {
        Wrapped(self.0.powi(n))
    }
    fn sin_cos(self) -> (Wrapped, Wrapped) {
        (self.sin(), self.cos())
    }
    fn abs_sub(self, other: Wrapped) -> Wrapped {
        Wrapped((self.0 - other.0).relu())
    }
    fn mul_add(self, a: Wrapped, b: Wrapped) -> Wrapped {
        Wrapped(self.0.mul_add(a.0, b.0))
    }
}

#[cfg(test)]
mod tests {
    use super::{Float, Wrapped};
    use tapegrad::{Tape, hessian};

    /// Written by somebody who never heard of this crate.
    fn norm<T: Float>(x: &[T]) -> T {
        x.iter().fold(T::zero(), |sum, &x| sum + x * x).sqrt()
    }

    #[test]
    fn a_foreign_function_over_float_has_a_gradient() {
        let tape = Tape::new();
        let x = tape.vars([3.0, 4.0, 12.0]);
        let g = norm(&x.map(Wrapped)).0.backward();
        assert_eq!(g.wrt(x), [3.0 / 13.0, 4.0 / 13.0, 12.0 / 13.0]);
    }

    /// A bound by num-traits takes nothing from the top-level functions: its own numbers keep working beside it.
    #[test]
    fn the_front_door_works_with_num_traits_in_scope() {
        assert_eq!(hessian(|[x, y]| x.powi(2) * y, [3.0, 5.0]), [[10.0, 6.0], [6.0, 0.0]]);
    }

    /// For every method of one number: the derivative against central differences of the same method over f64.
    #[test]
    fn every_smooth_method_of_float_has_its_derivative() {
        macro_rules! check {
            ($($name:ident at $x:literal),* $(,)?) => { $({
                let tape = Tape::new();
                let x = tape.var($x);
                let y = Float::$name(Wrapped(x)).0;
                let f = <f64 as Float>::$name;
                let h = 1e-6;
                let difference = (f($x + h) - f($x - h)) / (2.0 * h);
                assert!((y.value() - f($x)).abs() < 1e-14, "value of {}", stringify!($name));
                let derivative = y.backward().get(x).unwrap_or(0.0);
                assert!((derivative - difference).abs() < 1e-8, "derivative of {}", stringify!($name));
            })* };
        }
        check! {
            floor at 0.3, ceil at 0.3, round at 0.3, trunc at 0.3, fract at 0.3, abs at -0.3, signum at -0.3,
            recip at 0.7, sqrt at 0.7, exp at 0.7, exp2 at 0.7, exp_m1 at 0.7, ln at 0.7, ln_1p at 0.7,
            log2 at 0.7, log10 at 0.7, cbrt at 0.7, sin at 0.7, cos at 0.7, tan at 0.7, asin at 0.7, acos at 0.7,
            atan at 0.7, sinh at 0.7, cosh at 0.7, tanh at 0.7, asinh at 0.7, acosh at 1.7, atanh at 0.7,
            to_degrees at 0.7, to_radians at 0.7,
        }
    }

    #[test]
    fn a_remainder_has_a_derivative_by_both() {
        let tape = Tape::new();
        let [a, b] = tape.vars([7.5, 2.0]);
        let r = a % b;
        assert_eq!(r, 1.5);
        assert_eq!(r.backward().wrt([a, b]), [1.0, -3.0]);
    }
}
