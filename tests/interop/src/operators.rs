//! The wrapper, and what foreign traits ask of any number: operators, comparisons, text.

use approx::{AbsDiffEq, RelativeEq, UlpsEq};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Rem, RemAssign, Sub, SubAssign};
use tapegrad::Var;

/// A variable as a type of one's own: foreign traits cannot be implemented for a foreign type.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Wrapped(pub Var);

impl From<f64> for Wrapped {
    fn from(constant: f64) -> Wrapped {
        Wrapped(Var::from(constant))
    }
}

impl fmt::Display for Wrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Neg for Wrapped {
    type Output = Wrapped;
    #[track_caller]
    fn neg(self) -> Wrapped {
        Wrapped(-self.0)
    }
}

impl Sum for Wrapped {
    #[track_caller]
    fn sum<I: Iterator<Item = Wrapped>>(all: I) -> Wrapped {
        Wrapped(all.map(|Wrapped(x)| x).sum())
    }
}

macro_rules! operators {
    ($($Op:ident $op:ident $OpAssign:ident $op_assign:ident)*) => { $(
        impl $Op for Wrapped {
            type Output = Wrapped;
            #[track_caller]
            fn $op(self, other: Wrapped) -> Wrapped {
                Wrapped(self.0.$op(other.0))
            }
        }
        impl $OpAssign for Wrapped {
            #[track_caller]
            fn $op_assign(&mut self, other: Wrapped) {
                *self = self.$op(other);
            }
        }
    )* };
}
operators! {
    Add add AddAssign add_assign
    Sub sub SubAssign sub_assign
    Mul mul MulAssign mul_assign
    Div div DivAssign div_assign
    Rem rem RemAssign rem_assign
}

impl AbsDiffEq for Wrapped {
    type Epsilon = Wrapped;
    fn default_epsilon() -> Wrapped {
        Wrapped(Var::default_epsilon())
    }
    #[track_caller]
    fn abs_diff_eq(&self, other: &Wrapped, epsilon: Wrapped) -> bool {
        self.0.abs_diff_eq(&other.0, epsilon.0)
    }
}

impl RelativeEq for Wrapped {
    fn default_max_relative() -> Wrapped {
        Wrapped(Var::default_max_relative())
    }
    #[track_caller]
    fn relative_eq(&self, other: &Wrapped, epsilon: Wrapped, max_relative: Wrapped) -> bool {
        self.0.relative_eq(&other.0, epsilon.0, max_relative.0)
    }
}

impl UlpsEq for Wrapped {
    fn default_max_ulps() -> u32 {
        Var::default_max_ulps()
    }
    #[track_caller]
    fn ulps_eq(&self, other: &Wrapped, epsilon: Wrapped, max_ulps: u32) -> bool {
        self.0.ulps_eq(&other.0, epsilon.0, max_ulps)
    }
}
