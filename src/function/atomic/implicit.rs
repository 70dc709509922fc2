//! Functions that are given by equations: solved by the caller's code, differentiated by the implicit function theorem.

use super::spare::Spare;
use crate::error::Error;
use crate::function::Function;
use crate::function::evaluate::{Memory, backward};
use crate::function::tangents::forward_tangents;
use crate::number::real::Real;
use crate::table::atomic::{Active, Atomic, Refusal, Rules};
use crate::table::hooks::Hooks;
use crate::table::matrix::op::MatrixOp;
use crate::tape::Var;
use std::any::Any;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// Finds the unknowns, given the parameters.
pub(super) type Solve = dyn Fn(&[f64]) -> Result<Vec<f64>, Refusal> + Send + Sync;

/// What a solver returns is a solution if a Newton step from there is not longer than this, relative to the size of the unknowns
/// and to 1.
const NEAR: f64 = 1e-4;
/// How many steps are taken from there at most.
const CORRECTIONS: usize = 4;
/// How many steps Newton's method takes from the start at most, and how often it halves one.
const ITERATIONS: usize = 100;
const HALVINGS: usize = 40;

/// The unknowns as a function of the parameters: where a residual, a function of unknowns and parameters, is zero.
pub(super) struct Implicit {
    residual: Function,
    solve: Arc<Solve>,
    spare: Spare<Memory>,
}

impl Implicit {
    pub fn new(residual: Function, solve: Arc<Solve>) -> Result<Implicit, Error> {
        if residual.inputs() < residual.outputs() {
            return Err(Error::Length {
                what: "unknowns and parameters or more, for as many equations,",
                expected: residual.outputs(),
                got: residual.inputs(),
            });
        }
        Ok(Implicit { residual, solve, spare: Spare::default() })
    }

    /// How many unknowns and equations there are.
    fn unknowns(&self) -> usize {
        self.residual.outputs()
    }

    /// The Jacobian of the residual with respect to the unknowns, column by column, from the values in memory.
    fn matrix<R: Real>(&self, memory: &mut Memory<R>) -> Result<Vec<R>, Error> {
        let (n, graph) = (self.unknowns(), &self.residual.graph);
        let mut matrix = vec![R::constant(0.0); n * n];
        for (row, output) in self.residual.output_places().enumerate() {
            backward(graph, [(output, R::constant(1.0))], memory)?;
            for column in 0..n {
                matrix[column * n + row] = memory.adjoints[graph.input(column) as usize];
            }
        }
        Ok(matrix)
    }

    fn residuals(
        &self,
        unknowns: &[f64],
        parameters: &[f64],
        memory: &mut Memory,
    ) -> Result<Vec<f64>, Error> {
        self.residual.run(&[unknowns, parameters].concat(), memory)?;
        Ok(self.residual.outputs_in(memory).collect())
    }

    /// The residuals, and their Jacobian with respect to the unknowns.
    fn linearised(
        &self,
        unknowns: &[f64],
        parameters: &[f64],
        memory: &mut Memory,
    ) -> Result<(Vec<f64>, Vec<f64>), Error> {
        Ok((self.residuals(unknowns, parameters, memory)?, self.matrix(memory)?))
    }

    /// The Newton step that belongs to this matrix and these residuals at the unknowns.
    fn solved(&self, matrix: &[f64], residuals: &[f64], unknowns: &[f64]) -> Result<Vec<f64>, Error> {
        let step = f64::matrix(self.solving(), &[matrix, residuals].concat());
        if step.iter().all(|step| step.is_finite()) {
            return Ok(step);
        }
        let why = format!(
            "the equations have no unique solution near {unknowns:?}: their derivatives with respect to the unknowns are \
             a singular matrix there, or not finite"
        );
        Err(Error::Refused { why })
    }

    fn solving(&self) -> MatrixOp {
        MatrixOp::Solve(self.unknowns() as u32)
    }

    /// The adjoints of the parameters.
    #[track_caller]
    fn adjoints_of<R: Real>(
        &self,
        [parameters, unknowns, adjoints]: [&[R]; 3],
        memory: &mut Memory<R>,
    ) -> Result<Vec<R>, Error> {
        self.residual.run(&[unknowns, parameters].concat(), memory)?;
        let matrix = self.matrix(memory)?;
        let n = self.unknowns();
        let transposed: Vec<R> = (0..n * n).map(|k| matrix[k % n * n + k / n]).collect();
        let weights = R::matrix(self.solving(), &[&transposed, adjoints].concat());
        let seeds = self.residual.output_places().zip(weights.into_iter().map(|weight| -weight));
        backward(&self.residual.graph, seeds, memory)?;
        let first = self.residual.graph.input(n) as usize;
        Ok(memory.adjoints[first..first + parameters.len()].to_vec())
    }

    /// The point that a derivative is recorded at: parameters, unknowns, and as many ones.
    fn point(&self, parameters: &[f64], ones: &[bool]) -> Result<Vec<f64>, Refusal> {
        Ok([parameters, &self.values(parameters)?, &vec![1.0; Active::count(ones)]].concat())
    }
}

impl Rules for Implicit {
    fn name(&self) -> &'static str {
        "implicit"
    }

    fn operands(&self) -> usize {
        self.residual.inputs() - self.unknowns()
    }

    fn results(&self) -> usize {
        self.unknowns()
    }

    fn values(&self, parameters: &[f64]) -> Result<Vec<f64>, Refusal> {
        let mut unknowns = (self.solve)(parameters)?;
        crate::function::length("unknowns from the solver", self.unknowns(), unknowns.len())?;
        if unknowns.is_empty() {
            return Ok(unknowns);
        }
        self.spare.with(|memory| {
            let mut last = f64::INFINITY;
            for correction in 0..CORRECTIONS {
                let (residuals, matrix) = self.linearised(&unknowns, parameters, memory)?;
                let step = self.solved(&matrix, &residuals, &unknowns)?;
                let length = largest(&step);
                if correction == 0 && length > NEAR * largest(&unknowns).max(1.0) {
                    let why = format!(
                        "the solver returned {unknowns:?}, where the largest residual is {:e}: a Newton step from there \
                         changes the unknowns by {length:e}, so that this is no solution",
                        largest(&residuals)
                    );
                    return Err(Error::Refused { why }.into());
                }
                if length >= last || length <= f64::EPSILON * largest(&unknowns) {
                    break; // nothing but rounding is left
                }
                unknowns.iter_mut().zip(&step).for_each(|(unknown, step)| *unknown -= step);
                last = length;
            }
            Ok(unknowns)
        })
    }

    fn adjoints(
        &self,
        [parameters, unknowns, adjoints]: [&[f64]; 3],
        active: &Active,
    ) -> Result<Vec<f64>, Refusal> {
        let adjoints = Active::spread(&active.results, adjoints);
        let all = self.spare.with(|memory| self.adjoints_of([parameters, unknowns, &adjoints], memory))?;
        Ok(Active::choose(&active.operands, &all).collect())
    }

    fn takes_results(&self) -> bool {
        true
    }

    fn jvp(&self, active: &Active, at: &[f64]) -> Result<Atomic, Refusal> {
        let (n, graph) = (self.unknowns(), &self.residual.graph);
        let function = self.residual.record_inside(&self.point(at, &active.operands)?, |numbers| {
            let (parameters, rest) = numbers.split_at(at.len());
            let (unknowns, directions) = rest.split_at(n);
            let mut memory = self.residual.evaluated(&[unknowns, parameters].concat())?;
            let parameters = (n..).zip(&active.operands).filter(|(_, is_active)| **is_active);
            let seeds = parameters.map(|(input, _)| graph.input(input)).zip(directions.iter().copied());
            let tangents = forward_tangents(graph, seeds, &memory.values)?;
            let right = self.residual.output_places().map(|place| -tangents[place as usize]).collect();
            let solved = Var::matrix(self.solving(), &[self.matrix(&mut memory)?, right].concat());
            Ok(Active::choose(&active.results, &solved).collect())
        })?;
        Ok(Atomic::new(function.optimize()))
    }

    fn vjp(&self, _: &Atomic, active: &Active, at: &[f64]) -> Result<Atomic, Refusal> {
        let function = self.residual.record_inside(&self.point(at, &active.results)?, |numbers| {
            let (parameters, rest) = numbers.split_at(at.len());
            let (unknowns, weights) = rest.split_at(self.unknowns());
            let weights = Active::spread(&active.results, weights);
            let all = self.adjoints_of([parameters, unknowns, &weights], &mut Memory::default())?;
            Ok(Active::choose(&active.operands, &all).collect())
        })?;
        Ok(Atomic::new(function.optimize()))
    }

    fn dependencies(&self) -> Option<&[Vec<u32>]> {
        None
    }

    /// Two solvers are the same if they are one.
    fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.residual.fingerprint(), Arc::as_ptr(&self.solve).addr()).hash(&mut hasher);
        hasher.finish()
    }

    fn is_same(&self, other: &dyn Rules) -> bool {
        other
            .as_any()
            .downcast_ref::<Implicit>()
            .is_some_and(|other| Arc::ptr_eq(&self.solve, &other.solve) && self.residual == other.residual)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl fmt::Debug for Implicit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Implicit").field("residual", &self.residual).finish_non_exhaustive()
    }
}

/// Newton's method from a fixed start. A step is halved until the next one, with the same matrix, would be shorter: a test that
/// does not depend on how equations are scaled (P. Deuflhard, "Newton Methods for Nonlinear Problems", 2004, section 3.3).
pub(super) fn newton(residual: &Function, start: Vec<f64>) -> Result<Arc<Solve>, Error> {
    crate::function::length("unknowns to start from", residual.outputs(), start.len())?;
    let system = Implicit::new(residual.clone(), Arc::new(|_| Ok(Vec::new())))?;
    Ok(Arc::new(move |parameters| {
        let (mut memory, mut unknowns) = (Memory::default(), start.clone());
        if unknowns.is_empty() {
            return Ok(unknowns);
        }
        for _ in 0..ITERATIONS {
            let (residuals, matrix) = system.linearised(&unknowns, parameters, &mut memory)?;
            let step = system.solved(&matrix, &residuals, &unknowns)?;
            // Relative to the unknowns, which may be of very different sizes.
            let most = largest(&unknowns);
            let size = |k: usize| {
                if unknowns[k] != 0.0 {
                    unknowns[k].abs()
                } else if most > 0.0 {
                    most
                } else {
                    1.0
                }
            };
            let relative = |step: &[f64]| {
                let shares: Vec<f64> = step.iter().enumerate().map(|(k, step)| step / size(k)).collect();
                largest(&shares)
            };
            let length = relative(&step);
            if length <= f64::EPSILON {
                break;
            }
            let mut share = 1.0;
            let next = (0..HALVINGS).find_map(|_| {
                let taken = share;
                share /= 2.0;
                let next: Vec<f64> =
                    unknowns.iter().zip(&step).map(|(unknown, step)| unknown - taken * step).collect();
                // A point that another branch belongs to is not used.
                let residuals = system.residuals(&next, parameters, &mut memory).ok()?;
                let then = system.solved(&matrix, &residuals, &next).ok()?;
                (relative(&then) <= (1.0 - taken / 4.0) * length).then_some(next)
            });
            match next {
                Some(next) => unknowns = next,
                // Only rounding is left, or there is no solution: the caller finds out.
                None => break,
            }
        }
        Ok(unknowns)
    }))
}

/// The largest absolute value; NaN if one is NaN.
fn largest(numbers: &[f64]) -> f64 {
    numbers.iter().fold(
        0.0,
        |most: f64, number| if number.is_nan() || most.is_nan() { f64::NAN } else { most.max(number.abs()) },
    )
}
