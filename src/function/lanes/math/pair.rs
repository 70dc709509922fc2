//! Double-double arithmetic: numbers as unevaluated sums of two doubles (Dekker 1971), computed with fused
//! multiply-adds.

/// `high + low`, where `low` is at most about the rounding error of `high`.
#[derive(Clone, Copy)]
pub(crate) struct Pair {
    pub high: f64,
    pub low: f64,
}

impl From<f64> for Pair {
    #[inline(always)]
    fn from(x: f64) -> Pair {
        Pair { high: x, low: 0.0 }
    }
}

impl From<[f64; 2]> for Pair {
    #[inline(always)]
    fn from([high, low]: [f64; 2]) -> Pair {
        Pair { high, low }
    }
}

impl Pair {
    /// `a + b`, exactly.
    #[inline(always)]
    pub fn sum(a: f64, b: f64) -> Pair {
        let high = a + b;
        let b_part = high - a;
        Pair { high, low: (a - (high - b_part)) + (b - b_part) }
    }

    /// `a + b`, exactly if `a` is 0 or not smaller than `b`.
    #[inline(always)]
    pub fn ordered_sum(a: f64, b: f64) -> Pair {
        let high = a + b;
        Pair { high, low: b - (high - a) }
    }

    /// `a · b`, exactly.
    #[inline(always)]
    pub fn product(a: f64, b: f64) -> Pair {
        let high = a * b;
        Pair { high, low: a.mul_add(b, -high) }
    }

    /// The pair with a small number added to `low`.
    #[inline(always)]
    pub fn and(self, small: f64) -> Pair {
        Pair { high: self.high, low: self.low + small }
    }

    /// The same number, normalised: `low` is at most half a unit in the last place of `high`.
    #[inline(always)]
    pub fn normal(self) -> Pair {
        Pair::ordered_sum(self.high, self.low)
    }

    /// `a + self`, if `a` is 0 or not smaller than `self`.
    #[inline(always)]
    pub fn added_to(self, a: f64) -> Pair {
        Pair::ordered_sum(a, self.high).and(self.low)
    }

    /// The product with a number.
    #[inline(always)]
    pub fn times(self, factor: f64) -> Pair {
        let high = self.high * factor;
        Pair { high, low: self.low.mul_add(factor, self.high.mul_add(factor, -high)) }
    }

    /// The product of two pairs.
    #[inline(always)]
    pub fn times_pair(self, factor: Pair) -> Pair {
        self.times(factor.high).and(self.high * factor.low)
    }

    /// The product with a power of two.
    #[inline(always)]
    pub fn scaled(self, power: f64) -> Pair {
        Pair { high: self.high * power, low: self.low * power }
    }

    /// The quotient of two pairs, by one division.
    #[inline(always)]
    pub fn over(self, divisor: Pair) -> Pair {
        let reciprocal = 1.0 / divisor.high;
        let high = self.high * reciprocal;
        let rest = (-high).mul_add(divisor.high, self.high) + (-high).mul_add(divisor.low, self.low);
        Pair { high, low: rest * reciprocal }
    }

    /// The square root; that of 0 is 0.
    #[inline(always)]
    pub fn sqrt(self) -> Pair {
        let high = self.high.sqrt();
        let rest = (-high).mul_add(high, self.high) + self.low;
        Pair { high, low: if high == 0.0 { 0.0 } else { rest * (0.5 / high) } }
    }

    #[inline(always)]
    pub fn negated(self) -> Pair {
        Pair { high: -self.high, low: -self.low }
    }

    #[inline(always)]
    pub fn rounded(self) -> f64 {
        self.high + self.low
    }

    /// One of two pairs.
    #[inline(always)]
    pub fn either(condition: bool, yes: Pair, no: Pair) -> Pair {
        Pair {
            high: if condition { yes.high } else { no.high },
            low: if condition { yes.low } else { no.low },
        }
    }
}
