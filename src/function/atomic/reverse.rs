//! The reverse sweep of an atomic function, as an atomic function.

use crate::function::derivative::recorded;
use crate::table::atomic::{Active, Atomic, Refusal, Rules, Way};
use crate::tape::Var;
use std::any::Any;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The adjoints of the active operands, as a function of the operands and of the adjoints of the active results: computed as
/// numbers by the function's own rule, and differentiated by way of its tangents `T(x, ẋ)`.
///
/// With `g(x, u) = Jᵀ(x) u`: the derivative of `g` along `(ẋ, u̇)` is `Jᵀ u̇`, and the gradient of `uᵀ T(x, ẋ)` with respect to
/// `x`; the gradient of `wᵀ g` with respect to `u` is `T(x, w)`, and with respect to `x` that of `uᵀ T(x, w)`.
#[derive(Debug)]
pub(super) struct Reverse {
    pub of: Atomic,
    pub active: Active,
    /// Where `of` has values, for storing.
    #[cfg_attr(not(feature = "serde"), expect(dead_code))]
    pub at: Vec<f64>,
    /// `T`, for all active operands. Made at once: a sweep over a tape, which needs it, cannot record.
    tangents: Atomic,
    /// By result of the function: whether `T` computes its tangent.
    has_tangent: Vec<bool>,
}

impl Reverse {
    /// `of`: a function whose derivatives do not take its results.
    pub fn new(of: Atomic, active: Active, at: &[f64]) -> Result<Reverse, Refusal> {
        let has_tangent = both(&of.reached_from(&active.operands), &active.results);
        let along = Active { operands: active.operands.clone(), results: has_tangent.clone() };
        let tangents = of.derivative(Way::Forward, &along, || at.to_vec())?;
        Ok(Reverse { of, active, at: at.to_vec(), tangents, has_tangent })
    }

    /// The gradient of `uᵀ T(x, ẋ)` with respect to the wanted operands `x`: a function of `x`, of the tangents of the operands
    /// that have one, and of `u`, the adjoints of the results that are both active and reached by these tangents. Beside it, the
    /// tangents that it is made of, and which results these are.
    fn second(&self, has_tangent: &[bool], wanted: &[bool], at: &[f64]) -> Result<Second, Refusal> {
        let results = both(&self.of.reached_from(has_tangent), &self.active.results);
        let along = Active { operands: has_tangent.to_vec(), results: results.clone() };
        let tangents = self.of.derivative(Way::Forward, &along, || at.to_vec())?;
        let further = Active::count(has_tangent);
        let active = Active {
            operands: [wanted, &vec![false; further]].concat(),
            results: vec![true; tangents.results()],
        };
        let at = || [at, &vec![1.0; further]].concat();
        let gradient = tangents.derivative(Way::Reverse, &active, at)?;
        Ok(Second { tangents, gradient, results })
    }

    /// Those of the active results that are in a list, of which there is one item for each active result.
    fn among<'a, T: Copy>(&'a self, results: &'a [bool], numbers: &'a [T]) -> impl Iterator<Item = T> + 'a {
        let are_asked = Active::choose(&self.active.results, results);
        are_asked.zip(numbers).filter(|(is_asked, _)| *is_asked).map(|(_, &number)| number)
    }
}

/// Which are set in both lists.
fn both(a: &[bool], b: &[bool]) -> Vec<bool> {
    a.iter().zip(b).map(|(a, b)| *a && *b).collect()
}

struct Second {
    tangents: Atomic,
    gradient: Atomic,
    results: Vec<bool>,
}

impl Rules for Reverse {
    fn name(&self) -> &'static str {
        "adjoint"
    }

    fn operands(&self) -> usize {
        self.of.operands() + Active::count(&self.active.results)
    }

    fn results(&self) -> usize {
        Active::count(&self.active.operands)
    }

    fn values(&self, operands: &[f64]) -> Result<Vec<f64>, Refusal> {
        let (operands, adjoints) = operands.split_at(self.of.operands());
        self.of.rules().adjoints([operands, &[], adjoints], &self.active)
    }

    fn adjoints(&self, [operands, _, adjoints]: [&[f64]; 3], active: &Active) -> Result<Vec<f64>, Refusal> {
        let (own, given) = operands.split_at(self.of.operands());
        let (by_operand, by_adjoint) = active.operands.split_at(own.len());
        let along = Active::spread(&active.results, adjoints);
        let point = [own, &along].concat();
        let mut found = Vec::new();
        if by_operand.contains(&true) {
            let active = Active {
                operands: [by_operand, &vec![false; along.len()]].concat(),
                results: vec![true; self.tangents.results()],
            };
            let weights: Vec<f64> = self.among(&self.has_tangent, given).collect();
            found = self.tangents.rules().adjoints([&point, &[], &weights], &active)?;
        }
        if by_adjoint.contains(&true) {
            let tangents = Active::spread(&self.has_tangent, &self.tangents.rules().values(&point)?);
            let of_active: Vec<f64> = Active::choose(&self.active.results, &tangents).collect();
            found.extend(Active::choose(by_adjoint, &of_active));
        }
        Ok(found)
    }

    fn jvp(&self, active: &Active, at: &[f64]) -> Result<Atomic, Refusal> {
        let own = self.of.operands();
        let (by_operand, by_adjoint) = active.operands.split_at(own);
        let moves = by_operand.contains(&true);
        // Which of its results are asked for, of all operands.
        let asked = Active::spread_flags(&self.active.operands, &active.results);
        let second = if moves { Some(self.second(by_operand, &asked, &at[..own])?) } else { None };
        let results = Active::spread_flags(&self.active.results, by_adjoint);
        let linear = Active { operands: asked, results };
        let linear = Atomic::of(Reverse::new(self.of.clone(), linear, &at[..own])?);
        let tangents = Active::count(by_operand);
        let at = [at, &vec![1.0; Active::count(&active.operands)]].concat();
        Ok(Atomic::new(recorded(&at, |numbers| {
            let (operands, rest) = numbers.split_at(own);
            let (adjoints, rest) = rest.split_at(by_adjoint.len());
            let (along, adjoints_along) = rest.split_at(tangents);
            let mut sum = vec![Var::from(0.0); Active::count(&active.results)];
            if let Some(Second { gradient, results, .. }) = &second {
                let weights: Vec<Var> = self.among(results, adjoints).collect();
                sum = gradient.call(&[operands, along, &weights].concat())?;
            }
            if by_adjoint.contains(&true) {
                let more = linear.call(&[operands, adjoints_along].concat())?;
                sum.iter_mut().zip(more).for_each(|(sum, term)| *sum += term);
            }
            Ok(sum)
        })?))
    }

    fn vjp(&self, _: &Atomic, active: &Active, at: &[f64]) -> Result<Atomic, Refusal> {
        let own = self.of.operands();
        let (by_operand, by_adjoint) = active.operands.split_at(own);
        // The directions: for the operands whose adjoints, the results here, have weights.
        let directions = Active::spread_flags(&self.active.operands, &active.results);
        let Second { tangents, gradient, results } = self.second(&directions, by_operand, &at[..own])?;
        let at = [at, &vec![1.0; Active::count(&active.results)]].concat();
        Ok(Atomic::new(recorded(&at, |numbers| {
            let (operands, rest) = numbers.split_at(own);
            let (adjoints, weights) = rest.split_at(by_adjoint.len());
            let mut found = Vec::new();
            if by_operand.contains(&true) {
                let adjoints: Vec<Var> = self.among(&results, adjoints).collect();
                found = gradient.call(&[operands, weights, &adjoints].concat())?;
            }
            if by_adjoint.contains(&true) {
                let along = tangents.call(&[operands, weights].concat())?;
                let all = Active::spread(&results, &along);
                let of_active: Vec<Var> = Active::choose(&self.active.results, &all).collect();
                found.extend(Active::choose(by_adjoint, &of_active));
            }
            Ok(found)
        })?))
    }

    fn dependencies(&self) -> Option<&[Vec<u32>]> {
        None
    }

    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.of.rules().fingerprint(), &self.active).hash(&mut hasher);
        hasher.finish()
    }

    fn is_same(&self, other: &dyn Rules) -> bool {
        let other = other.as_any().downcast_ref::<Reverse>();
        other.is_some_and(|other| self.active == other.active && self.of == other.of)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
