//! The workloads that examples, tests and benchmarks share, each with its gradient by hand.
//!
//! `#[path = "../benches/workloads/mod.rs"] mod workloads;`

#![allow(dead_code)] // each file that includes this module uses a part of it

/// Functions as they are written, and once more in the module `fused`, each with the attribute and nothing else changed.
macro_rules! plain_and_fused {
    ($($function:item)*) => {
        $($function)*

        #[cfg(feature = "macros")]
        #[allow(unused_imports)]
        mod fused {
            use super::*;

            $( #[tapegrad::fused] $function )*
        }
    };
}

/// The methods of a [`Workload`] with so many outputs, by the functions `plain` and `fused::plain`.
macro_rules! plain_and_fused_methods {
    ($outputs:literal) => {
        fn plain<R: Real>(&self, part: usize, x: &[R]) -> [R; $outputs] {
            plain(self, part, x)
        }

        #[cfg(feature = "macros")]
        fn fused<R: Real>(&self, part: usize, x: &[R]) -> [R; $outputs] {
            fused::plain(self, part, x)
        }
    };
}

pub mod black_scholes;
pub mod bundle_adjustment;
pub mod burgers;
pub mod data;
pub mod gmm;
pub mod lstm;
pub mod mlp;
pub mod product;
pub mod recurrence;
pub mod rosenbrock;
pub mod timing;
pub mod training;

use tapegrad::{Gradient, Real, Tape, Var};

/// A function over every type of number, and its gradient by hand.
///
/// A workload has one or more parts (such as observations), which are recorded one after the other. A part has `M`
/// outputs, with a gradient each.
pub trait Workload<const M: usize = 1>: 'static {
    /// The name in tables and on command lines.
    const NAME: &'static str;

    /// The number of parts.
    fn parts(&self) -> usize {
        1
    }

    /// The point at which a part is evaluated.
    fn point(&self, part: usize) -> &[f64];

    /// The straightforward form of the function.
    fn plain<R: Real>(&self, part: usize, x: &[R]) -> [R; M];

    /// The same with `#[fused]`.
    #[cfg(feature = "macros")]
    fn fused<R: Real>(&self, part: usize, x: &[R]) -> [R; M];

    /// The form that a user writes for speed, with fused operations.
    fn tuned(&self, part: usize, x: &[Var]) -> [Var; M];

    /// Returns the value, and writes the gradient of each output to `gradient`, by hand: the straightforward
    /// adjoint code, without allocations. All times are relative to it.
    fn by_hand(&mut self, part: usize, gradient: &mut [f64]) -> [f64; M];

    /// For a workload that is one function of many samples: evaluates them as a batch, and computes the gradients
    /// of all parts.
    fn batched(&self) -> Option<Box<Batch>> {
        None
    }

    /// The length of the gradients of one part.
    fn gradient_len(&self) -> usize {
        M * self.point(0).len()
    }
}

/// Writes the gradients of all parts.
pub type Batch = dyn FnMut(&mut [f64]);

/// An action for every workload.
pub trait Visitor {
    /// Applies the action to one workload.
    fn visit<W: Workload<M>, const M: usize>(&mut self, workload: W);
}

/// The size of the workloads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// The size of the published measurements.
    Full,
    /// The size for tests without optimisation.
    Small,
}

/// Passes every workload to `visitor`.
pub fn visit_all(size: Size, visitor: &mut impl Visitor) {
    let of = |full: usize, small: usize| if size == Size::Full { full } else { small };
    visitor.visit(recurrence::Recurrence::new(of(1_000_000, 1_000)));
    visitor.visit(rosenbrock::Rosenbrock::<1_000>::new(of(1_000, 50)));
    if size == Size::Full {
        visitor.visit(rosenbrock::Rosenbrock::<10_000>::new(10_000));
        visitor.visit(rosenbrock::Rosenbrock::<100_000>::new(100_000));
    }
    visitor.visit(product::Product::new(of(1_000, 50)));
    visitor.visit(gmm::Gmm::random(of(10, 4), of(25, 3), of(1_000, 7)));
    visitor.visit(bundle_adjustment::BundleAdjustment::random(of(10_000, 10)));
    visitor.visit(lstm::Lstm::random(2, of(1_024, 8), of(14, 5)));
    visitor.visit(mlp::Mlp::new(of(100, 10)));
    visitor.visit(black_scholes::BlackScholes::new(of(1_000, 10)));
    visitor.visit(burgers::Burgers::new(of(200, 20), of(200, 10)));
}

/// Gradients by recording and sweeping. All memory is reused, except for the list of variables.
pub struct Reverse {
    /// The tape.
    pub tape: Tape,
    x: Vec<Var>,
    adjoints: Gradient,
}

impl Default for Reverse {
    fn default() -> Reverse {
        Reverse { tape: Tape::for_gradients(), x: Vec::new(), adjoints: Gradient::new() }
    }
}

impl Reverse {
    /// Returns the values of `f` at `point`, and writes the gradient of each to `gradient`.
    pub fn gradient<const M: usize>(
        &mut self,
        point: &[f64],
        gradient: &mut [f64],
        f: impl FnOnce(&[Var]) -> [Var; M],
    ) -> [f64; M] {
        self.tape.clear();
        self.x = self.tape.vars(point);
        let outputs = f(&self.x);
        if let [output] = outputs[..] {
            output.backward_into(&mut self.adjoints);
            self.adjoints.wrt_into(&self.x, gradient);
        } else {
            self.tape.jacobian_into(&outputs, &self.x, gradient);
        }
        outputs.map(Var::value)
    }
}

/// Whether two gradients agree: each entry within the relative `tolerance`, tiny ones relative to the largest
/// entry.
pub fn agree(a: &[f64], b: &[f64], tolerance: f64) -> Result<(), String> {
    let largest = a.iter().chain(b).fold(0.0, |m: f64, v| m.max(v.abs()));
    for (k, (&a, &b)) in a.iter().zip(b).enumerate() {
        let scale = a.abs().max(b.abs()).max(1e-4 * largest);
        let is_close = (a - b).abs() <= tolerance * scale; // false for NaN
        if !is_close {
            return Err(format!("entry {k}: {a:e} against {b:e}"));
        }
    }
    if a.len() == b.len() { Ok(()) } else { Err(format!("{} entries against {}", a.len(), b.len())) }
}
