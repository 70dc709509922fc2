//! The comparisons and tests of numbers on which code branches.

use std::cmp::Ordering;
use std::fmt::Display;

/// A comparison or test of values on which a program may branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Predicate {
    /// `left < right`
    Less,
    /// `left <= right`
    LessEqual,
    /// `left > right`
    Greater,
    /// `left >= right`
    GreaterEqual,
    /// `left == right`
    Equal,
    /// `left.partial_cmp(right)` gives exactly this.
    Compares(Option<Ordering>),
    /// `left` is NaN.
    IsNan,
    /// `left` is finite.
    IsFinite,
    /// `left` is +∞ or −∞.
    IsInfinite,
    /// The sign bit of `left` is set.
    IsSignNegative,
    /// `left` and `right` have the same sign and are at most this many floating-point numbers apart.
    WithinUlps(u32),
}

impl Predicate {
    /// The outcome for two numbers; a predicate of one number ignores the second.
    #[inline]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Predicate::Less => left < right,
            Predicate::LessEqual => left <= right,
            Predicate::Greater => left > right,
            Predicate::GreaterEqual => left >= right,
            Predicate::Equal => left == right,
            Predicate::Compares(ordering) => left.partial_cmp(&right) == ordering,
            Predicate::IsNan => left.is_nan(),
            Predicate::IsFinite => left.is_finite(),
            Predicate::IsInfinite => left.is_infinite(),
            Predicate::IsSignNegative => left.is_sign_negative(),
            Predicate::WithinUlps(most) => {
                !(left.is_nan() || right.is_nan())
                    && left.is_sign_negative() == right.is_sign_negative()
                    && left.to_bits().abs_diff(right.to_bits()) <= u64::from(most)
            }
        }
    }

    /// The comparison of two numbers as an expression, for a message.
    pub(crate) fn phrase(self, left: impl Display, right: impl Display) -> String {
        match self {
            Predicate::Less => format!("{left} < {right}"),
            Predicate::LessEqual => format!("{left} <= {right}"),
            Predicate::Greater => format!("{left} > {right}"),
            Predicate::GreaterEqual => format!("{left} >= {right}"),
            Predicate::Equal => format!("{left} == {right}"),
            Predicate::Compares(answer) => format!("{left}.partial_cmp({right}) == {answer:?}"),
            Predicate::IsNan => format!("{left}.is_nan()"),
            Predicate::IsFinite => format!("{left}.is_finite()"),
            Predicate::IsInfinite => format!("{left}.is_infinite()"),
            Predicate::IsSignNegative => format!("{left}.is_sign_negative()"),
            Predicate::WithinUlps(most) => format!("ulps_eq!({left}, {right}, max_ulps = {most})"),
        }
    }

    /// How the outcome for two numbers differs from the recorded one, in words for a message.
    pub(crate) fn change(self, left: f64, right: f64) -> String {
        let now = self.holds(left, right);
        match self {
            Predicate::Compares(_) if now => "this was not the outcome there".into(),
            Predicate::Compares(_) => format!("it is {:?} here", left.partial_cmp(&right)),
            _ => format!("it is {now} here and was {} there", !now),
        }
    }
}

/// What the crate itself requires of a number whose value is known, besides what users write.
#[doc(hidden)]
pub trait Compare: Sized {
    /// The plain number, for a message: a recording tape does not note it as read.
    fn peek(self) -> f64;

    /// The outcome of a comparison of the plain numbers; a recording tape keeps it as a guard.
    #[track_caller]
    fn compare(self, predicate: Predicate, right: Self) -> bool;
}

impl Compare for f64 {
    fn peek(self) -> f64 {
        self
    }

    #[inline]
    fn compare(self, predicate: Predicate, right: f64) -> bool {
        predicate.holds(self, right)
    }
}
