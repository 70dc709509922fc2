//! How a function is evaluated: by one schedule, or in stretches.

use super::memory::Kept;
use super::runs::InRuns;
use super::stretches::{InStretches, StretchMemory};
use super::whole::Whole;

/// A plan. Its methods return false where the function itself has to be evaluated.
#[derive(Debug, Clone)]
pub(super) enum Plan {
    Whole(Whole),
    Stretches(InStretches),
}

/// Memory for a plan of either kind.
#[derive(Debug, Default)]
pub(super) struct PlanMemory<T> {
    whole: Kept<T>,
    stretches: StretchMemory<T>,
}

impl Plan {
    /// The values of the outputs, in two parts, at a point in two parts.
    pub fn values<T: InRuns>(
        &self,
        x: [&[f64]; 2],
        memory: &mut PlanMemory<T>,
        out: [&mut [f64]; 2],
    ) -> bool {
        match self {
            Plan::Whole(whole) => whole.values(x, &mut memory.whole, out),
            Plan::Stretches(stretches) => stretches.values(x, &mut memory.stretches, out),
        }
    }

    /// The values, and the derivatives of the sum of the outputs with these weights.
    pub fn vjp<T: InRuns>(
        &self,
        x: [&[f64]; 2],
        weights: &[f64],
        memory: &mut PlanMemory<T>,
        values: &mut [f64],
        product: &mut [f64],
    ) -> bool {
        match self {
            Plan::Whole(whole) => whole.vjp(x, weights, &mut memory.whole, values, product),
            Plan::Stretches(stretches) => stretches.vjp(x, weights, &mut memory.stretches, values, product),
        }
    }

    /// The Jacobian, a row per output.
    pub fn jacobian<T: InRuns>(&self, x: [&[f64]; 2], memory: &mut PlanMemory<T>, out: &mut [f64]) -> bool {
        match self {
            Plan::Whole(whole) => whole.jacobian(x, &mut memory.whole, out),
            // Of one output.
            Plan::Stretches(stretches) => stretches.vjp(x, &[1.0], &mut memory.stretches, &mut [0.0], out),
        }
    }
}
