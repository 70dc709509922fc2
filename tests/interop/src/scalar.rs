//! A variable as a scalar of nalgebra, by way of simba.

use crate::Wrapped;
use num_traits::Float;
use simba::scalar::{ComplexField, Field, RealField, SubsetOf};
use simba::simd::SimdValue;
use std::f64::consts;
use tapegrad::Var;

impl Field for Wrapped {}

// The trait declares two methods unsafe; their bodies here are not.
impl SimdValue for Wrapped {
    const LANES: usize = 1;
    type Element = Wrapped;
    type SimdBool = bool;

    fn splat(element: Wrapped) -> Wrapped {
        element
    }
    fn extract(&self, _: usize) -> Wrapped {
        *self
    }
    unsafe fn extract_unchecked(&self, _: usize) -> Wrapped {
        *self
    }
    fn replace(&mut self, _: usize, element: Wrapped) {
        *self = element;
    }
    unsafe fn replace_unchecked(&mut self, _: usize, element: Wrapped) {
        *self = element;
    }
    fn select(self, condition: bool, other: Wrapped) -> Wrapped {
        if condition { self } else { other }
    }
}

impl SubsetOf<Wrapped> for Wrapped {
    fn to_superset(&self) -> Wrapped {
        *self
    }
    fn from_superset_unchecked(element: &Wrapped) -> Wrapped {
        *element
    }
    fn is_in_subset(_: &Wrapped) -> bool {
        true
    }
}

/// Plain numbers go in for nothing; coming out again reads a value, and a recording tape hears of it.
macro_rules! impl_subset_of_wrapped {
    ($($T:ty)*) => { $(
        impl SubsetOf<Wrapped> for $T {
            fn to_superset(&self) -> Wrapped {
                Wrapped(Var::from(*self))
            }
            #[track_caller]
            fn from_superset_unchecked(element: &Wrapped) -> $T {
                element.0.value() as $T
            }
            fn is_in_subset(_: &Wrapped) -> bool {
                true
            }
        }
    )* };
}
impl_subset_of_wrapped! { f32 f64 }

macro_rules! from_float {
    (unary $($name:ident)*) => { $( #[track_caller] fn $name(self) -> Wrapped { Float::$name(self) } )* };
    (binary $($name:ident)*) => {
        $( #[track_caller] fn $name(self, other: Wrapped) -> Wrapped { Float::$name(self, other) } )*
    };
}
macro_rules! constants {
    ($($name:ident $CONSTANT:ident)*) => { $( fn $name() -> Wrapped { Wrapped::from(consts::$CONSTANT) } )* };
}

impl ComplexField for Wrapped {
    type RealField = Wrapped;

    from_float! { unary floor ceil round trunc fract abs signum recip sqrt exp exp2 exp_m1 ln ln_1p log2 log10
    cbrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh }
    from_float! { binary hypot log powf }

    fn from_real(re: Wrapped) -> Wrapped {
        re
    }
    fn real(self) -> Wrapped {
        self
    }
    fn imaginary(self) -> Wrapped {
        Wrapped::from(0.0)
    }
    fn modulus(self) -> Wrapped {
        Wrapped(self.0.abs())
    }
    fn modulus_squared(self) -> Wrapped {
        self * self
    }
    fn argument(self) -> Wrapped {
        if self.0 >= 0.0 { Wrapped::from(0.0) } else { Wrapped::pi() }
    }
    fn norm1(self) -> Wrapped {
        Wrapped(self.0.abs())
    }
    fn scale(self, factor: Wrapped) -> Wrapped {
        self * factor
    }
    fn unscale(self, factor: Wrapped) -> Wrapped {
        self / factor
    }
    fn conjugate(self) -> Wrapped {
        self
    }
    fn mul_add(self, a: Wrapped, b: Wrapped) -> Wrapped {
        self * a + b
    }
    fn sin_cos(self) -> (Wrapped, Wrapped) {
        Float::sin_cos(self)
    }
    fn powi(self, n: i32) -> Wrapped {
        Wrapped(self.0.powi(n))
    }
    fn powc(self, n: Wrapped) -> Wrapped {
        Wrapped(self.0.powf(n.0))
    }
    fn is_finite(&self) -> bool {
        self.0.is_finite()
    }
    fn try_sqrt(self) -> Option<Wrapped> {
        (self.0 >= 0.0).then(|| Wrapped(self.0.sqrt()))
    }
}

impl RealField for Wrapped {
    from_float! { binary max min atan2 copysign }
    constants! {
        pi PI two_pi TAU frac_pi_2 FRAC_PI_2 frac_pi_3 FRAC_PI_3 frac_pi_4 FRAC_PI_4 frac_pi_6 FRAC_PI_6
        frac_pi_8 FRAC_PI_8 frac_1_pi FRAC_1_PI frac_2_pi FRAC_2_PI frac_2_sqrt_pi FRAC_2_SQRT_PI
        e E log2_e LOG2_E log10_e LOG10_E ln_2 LN_2 ln_10 LN_10
    }

    fn is_sign_positive(&self) -> bool {
        !self.is_sign_negative()
    }
    fn is_sign_negative(&self) -> bool {
        self.0.is_sign_negative()
    }
    fn clamp(self, min: Wrapped, max: Wrapped) -> Wrapped {
        Wrapped(self.0.max(min.0).min(max.0))
    }
    fn min_value() -> Option<Wrapped> {
        Some(Wrapped::from(f64::MIN))
    }
    fn max_value() -> Option<Wrapped> {
        Some(Wrapped::from(f64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::Wrapped;
    use approx::{assert_abs_diff_eq, assert_relative_eq, assert_ulps_eq};
    use nalgebra::{Matrix3, Vector3};
    use tapegrad::{Tape, Var};

    const A: [f64; 9] = [2.0, -1.0, 0.5, 0.25, 3.0, 1.0, -0.75, 0.5, 4.0];

    /// ∂ det A / ∂ A = det A · A⁻ᵀ
    #[test]
    fn a_determinant_has_its_gradient() {
        let tape = Tape::new();
        let a = Matrix3::from_row_slice(&tape.vars(A).map(Wrapped));
        let g = a.determinant().0.backward();

        let plain = Matrix3::from_row_slice(&A);
        let expected = plain.try_inverse().unwrap().transpose() * plain.determinant();
        assert_abs_diff_eq!(a.map(|entry| g[entry.0]), expected, epsilon = 1e-14);
    }

    /// Through pivoting: the LU decomposition compares its entries.
    #[test]
    fn a_linear_solve_has_its_gradient() {
        let tape = Tape::new();
        let a = Matrix3::from_row_slice(&tape.vars(A).map(Wrapped));
        let b = Vector3::from(tape.vars([1.0, 2.0, 3.0]).map(Wrapped));
        let x = a.lu().solve(&b).unwrap();
        let g = x.sum().0.backward();

        // ∂ Σx / ∂ b = A⁻ᵀ 1, ∂ Σx / ∂ A = −A⁻ᵀ 1 xᵀ
        let plain = Matrix3::from_row_slice(&A);
        let by_b = plain.try_inverse().unwrap().transpose() * Vector3::repeat(1.0);
        assert_abs_diff_eq!(b.map(|entry| g[entry.0]), by_b, epsilon = 1e-14);
        let by_a = -by_b * x.map(|entry| entry.0.value()).transpose();
        assert_abs_diff_eq!(a.map(|entry| g[entry.0]), by_a, epsilon = 1e-14);
    }

    #[test]
    fn a_norm_has_its_gradient_over_vectors_of_variables() {
        let tape = Tape::new();
        let v = Vector3::from(tape.vars([3.0, 4.0, 12.0]).map(Wrapped));
        let g = v.norm().0.backward();
        assert_relative_eq!(v.map(|entry| g[entry.0]), Vector3::new(3.0, 4.0, 12.0) / 13.0);
    }

    #[test]
    fn approx_compares_variables_and_matrices_of_them() {
        let tape = Tape::recording();
        let x = tape.var(1.0);
        assert_abs_diff_eq!(x + 1e-9, x, epsilon = Var::from(1e-8));
        assert_relative_eq!(x * (1.0 + f64::EPSILON), x);
        assert_ulps_eq!(x * (1.0 + f64::EPSILON), x);
        assert_relative_eq!(Vector3::repeat(x), Vector3::repeat(Var::from(1.0)));
        assert_eq!(tape.guards().len(), 6, "a question each");
        assert!(tape.guards().iter().all(|guard| guard.outcome));
    }
}
