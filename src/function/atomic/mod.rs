//! Functions as single instructions of other functions: called, with rules of the caller's own, and repeated.

mod call;
mod callee;
#[cfg(feature = "nalgebra")]
mod implicit;
mod inline;
mod late;
mod reverse;
mod rule;
mod scan;
mod spare;
#[cfg(feature = "serde")]
pub(super) mod stored;

use super::evaluate::refused;
use super::{Function, length};
use crate::error::Error;
use crate::number::real::Real;
use crate::table::atomic::Atomic;
use call::Call;
#[cfg(feature = "nalgebra")]
use implicit::Implicit;
pub use late::with_plans_after;
use rule::Rule;
use scan::Repeated;
pub use scan::Scan;
#[cfg(feature = "nalgebra")]
use std::{error::Error as StdError, sync::Arc};

impl Atomic {
    /// A function that is called: in a recording it is one instruction, whatever it does inside, where
    /// [`Function::call`] copies all of its operations. Graphs stay small, and what is made of a function once, such as
    /// derivatives, serves all calls.
    ///
    /// All of its inputs are operands that derivatives are taken by, held ones included. Its guards are checked at each
    /// evaluation of the calling function, unless no output depends on the call: then it is left out, guards and all.
    ///
    /// A function of many equal operations that is called a hundred times and more is planned for vector registers, values and
    /// adjoints, as by [`Function::vectorised`]; all bits stay.
    ///
    /// ```
    /// use tapegrad::{Atomic, Function};
    ///
    /// let stage = Atomic::new(Function::record(|[x, u]| (x * u).sin() + x, [1.0, 0.5])?);
    /// let f = Function::record(
    ///     |u: &[tapegrad::Var]| {
    ///         let first = stage.call(&[u[0], u[1]]).unwrap()[0];
    ///         stage.call(&[first, u[2]]).unwrap()[0]
    ///     },
    ///     &[1.0, 0.5, 0.25][..],
    /// )?;
    /// assert_eq!(f.statistics().operations, 2);
    /// let gradient = f.gradient()?; // functions of derivatives call the derivative of the stage
    /// assert_eq!(gradient.evaluator().values(&[0.0, 0.5, 0.25])?, f.evaluator().gradient(&[0.0, 0.5, 0.25])?);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    #[must_use]
    pub fn new(function: Function) -> Atomic {
        Atomic::of(Call::new(function))
    }

    /// A function with a rule for its tangents, from which those for adjoints follow.
    ///
    /// `jvp` is a function of the inputs of `value` and then of as many tangents, and computes the tangents of the outputs. It
    /// must be linear in the tangents: adjoints are computed by its transpose. For derivatives of higher order, `jvp` is
    /// differentiated as it is recorded.
    ///
    /// ```
    /// use tapegrad::{Atomic, Function, Var, derivative};
    ///
    /// // The square root, with the slope 0 at 0, where it would be infinite.
    /// let value = Function::record(|[x]| x.sqrt(), [1.0])?;
    /// let jvp = Function::record(|[x, dx]| tapegrad::masks::gt(x, 0.0).select(dx / (x.sqrt() * 2.0), 0.0), [1.0, 1.0])?;
    /// let root = Atomic::with_jvp(value, jvp)?;
    /// assert_eq!(derivative(|x| root.call(&[x]).unwrap()[0], 4.0), 0.25);
    /// assert_eq!(tapegrad::gradient(|[x]: [Var; 1]| root.call(&[x]).unwrap()[0], [0.0]), [0.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if the inputs and outputs of the rule do not fit; what evaluating `jvp` at its point of recording
    /// gives.
    pub fn with_jvp(value: Function, jvp: Function) -> Result<Atomic, Error> {
        let vjp = rule::transposed_jvp(&value, &jvp)?;
        Atomic::with_rules(value, jvp, vjp)
    }

    /// A function with a rule for adjoints, from which that for its tangents follows.
    ///
    /// `vjp` is a function of the inputs of `value` and then of the adjoints of its outputs, and computes the adjoints of the
    /// inputs. It must be linear in the given adjoints.
    ///
    /// # Errors
    /// As [`with_jvp`](Self::with_jvp).
    pub fn with_vjp(value: Function, vjp: Function) -> Result<Atomic, Error> {
        let jvp = rule::transposed_vjp(&value, &vjp)?;
        Atomic::with_rules(value, jvp, vjp)
    }

    /// A function with rules for tangents and for adjoints, as in [`with_jvp`](Self::with_jvp) and
    /// [`with_vjp`](Self::with_vjp). That they agree with each other and with the values is not checked here: see
    /// [`check_all!`](crate::check_all).
    ///
    /// # Errors
    /// [`Error::Length`] if the inputs and outputs of a rule do not fit.
    pub fn with_rules(value: Function, jvp: Function, vjp: Function) -> Result<Atomic, Error> {
        Ok(Atomic::of(Rule::new(value, jvp, vjp)?))
    }

    /// A step that is repeated, with what one passes to the next: a loop that is one instruction, however many steps it has.
    ///
    /// The inputs of `step` are what is carried, then what this step alone is given, then what all steps share; its outputs are
    /// what is carried on, and then what it puts out. The operands of the loop are the first carry, the inputs of the first
    /// step, of the second and so on, and what is shared; its results are the last carry, and then what the steps put out.
    ///
    /// A gradient needs what was carried into each step. What does not fit in [`memory`](Scan::memory) is computed again, as
    /// rarely as possible. It has the bits of a sweep over all steps one after the other. Derivatives *as functions* keep
    /// every carry.
    ///
    /// ```
    /// use tapegrad::{Atomic, Function, Scan, gradient};
    ///
    /// // Ten thousand Euler steps of a pendulum, of angle and speed, with a shared step width.
    /// let step = Function::record(|[angle, speed, h]| [angle + speed * h, speed - angle.sin() * h], [1.0, 0.0, 1e-3])?;
    /// let swing = Atomic::scan(step, Scan { steps: 10_000, carry: 2, shared: 1, ..Scan::default() })?;
    /// let end = |[angle, speed]: [_; 2]| swing.call(&[angle, speed, 1e-3.into()]).unwrap()[0];
    /// let slopes = gradient(end, [0.5, 0.0]);
    /// # let moved = |by: f64| swing.call(&[0.5 + by, 0.0, 1e-3]).unwrap()[0];
    /// # assert!((slopes[0] - (moved(1e-4) - moved(-1e-4)) / 2e-4).abs() < 1e-6);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if the step has fewer inputs or outputs than are carried and shared; [`Error::Refused`] if there would be
    /// 2³² operands or results.
    pub fn scan(step: Function, scan: Scan) -> Result<Atomic, Error> {
        Ok(Atomic::of(Repeated::new(step, scan, None)?))
    }

    /// A step that is repeated as long as a condition holds: one instruction, whose number of steps follows the numbers that it is
    /// given. It has at most [`Scan::steps`] steps, and is refused if it does not end by then.
    ///
    /// The inputs of `step` are what is carried and then what is shared, its outputs what is carried on. `condition` has the same
    /// inputs, and one output: another step follows if it is not 0. The operands are the first carry and what is shared, the
    /// results the last carry.
    ///
    /// Its derivatives are those of the steps that were made. Where another number of steps follows nearby, the loop has a
    /// kink or a jump that no derivative shows: iterations that stop on a tolerance are better differentiated as the solution
    /// that they approach (`Atomic::implicit`, with the feature `nalgebra`).
    ///
    /// ```
    /// use tapegrad::{Atomic, Function, Scan, gradient, masks::lt};
    ///
    /// // How large x is when it has doubled until it is 100 or more.
    /// let step = Function::record(|[x]| [x * 2.0], [1.0])?;
    /// let condition = Function::record(|[x]| lt(x, 100.0).select(1.0, 0.0), [1.0])?;
    /// let double = Atomic::while_loop(condition, step, Scan { steps: 1000, carry: 1, ..Scan::default() })?;
    /// assert_eq!(double.call(&[3.0])?, [192.0]);
    /// assert_eq!(gradient(|[x]: [_; 1]| double.call(&[x]).unwrap()[0], [3.0]), [64.0]);
    /// assert_eq!(gradient(|[x]: [_; 1]| double.call(&[x]).unwrap()[0], [5.0]), [32.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if the inputs and outputs do not fit.
    pub fn while_loop(condition: Function, step: Function, scan: Scan) -> Result<Atomic, Error> {
        Ok(Atomic::of(Repeated::new(step, scan, Some(condition))?))
    }

    /// A function that is applied to `times` lists of inputs, one after the other: one instruction, however many there are. The
    /// last `shared` inputs of the function are the same each time. The operands are the first list, the second and so on, and
    /// what is shared; the results are the outputs for the first list, for the second and so on.
    ///
    /// # Errors
    /// As [`scan`](Self::scan).
    pub fn map(function: Function, times: usize, shared: usize) -> Result<Atomic, Error> {
        Atomic::scan(function, Scan { steps: times, shared, ..Scan::default() })
    }

    /// The unknowns of a system of equations as a function of its parameters: differentiated by the implicit function theorem, not
    /// through the iterations of a solver.
    ///
    /// The inputs of `residual` are the unknowns and then the parameters; it has as many outputs as unknowns, all of them 0 at a
    /// solution. The operands are the parameters, the results the unknowns. `solve` finds them: any code of yours, given the
    /// parameters. From what it returns, Newton steps are taken until only rounding is left; so a solver that stops early does
    /// no harm, and what is no solution is refused. Linear systems are dense: of up to some hundreds of unknowns.
    ///
    /// A solver that is recorded itself stops after as many iterations as where it was recorded, or replays with an error, and
    /// the derivative of its last iterate need not be near that of the solution.
    ///
    /// ```
    /// use tapegrad::{Atomic, Function, derivative};
    ///
    /// // The real root of y³ + y = p.
    /// let residual = Function::record(|[y, p]| [y * y * y + y - p], [1.0, 2.0])?;
    /// let root = Atomic::implicit(residual, |p: &[f64]| {
    ///     let mut y = 0.0_f64;
    ///     for _ in 0..100 {
    ///         y -= (y.powi(3) + y - p[0]) / (3.0 * y * y + 1.0);
    ///     }
    ///     Ok(vec![y])
    /// })?;
    /// assert_eq!(root.call(&[2.0])?, [1.0]);
    /// assert_eq!(derivative(|p| root.call(&[p]).unwrap()[0], 2.0), 0.25); // 1 / (3 y² + 1)
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if there are fewer inputs than outputs. Evaluation returns what `solve` returns, and [`Error::Refused`]
    /// if that is no solution, or if the solution is not unique near it (a singular matrix).
    #[cfg(feature = "nalgebra")]
    pub fn implicit(
        residual: Function,
        solve: impl Fn(&[f64]) -> Result<Vec<f64>, Box<dyn StdError + Send + Sync>> + Send + Sync + 'static,
    ) -> Result<Atomic, Error> {
        Ok(Atomic::of(Implicit::new(residual, Arc::new(solve))?))
    }

    /// As [`implicit`](Self::implicit), solved by Newton's method from this start, always the same: its steps are halved as long as
    /// the residual does not decrease.
    ///
    /// # Errors
    /// As [`implicit`](Self::implicit); [`Error::Length`] if there is not one number to start from for each unknown.
    #[cfg(feature = "nalgebra")]
    pub fn newton(residual: Function, start: impl Into<Vec<f64>>) -> Result<Atomic, Error> {
        let solve = implicit::newton(&residual, start.into())?;
        Ok(Atomic::of(Implicit::new(residual, solve)?))
    }

    /// As [`implicit`](Self::implicit), of a fixed point: `map`, a function of the unknowns and then the parameters, returns the
    /// unknowns unchanged.
    ///
    /// # Errors
    /// As [`implicit`](Self::implicit).
    #[cfg(feature = "nalgebra")]
    pub fn fixed_point(
        map: &Function,
        solve: impl Fn(&[f64]) -> Result<Vec<f64>, Box<dyn StdError + Send + Sync>> + Send + Sync + 'static,
    ) -> Result<Atomic, Error> {
        let residual = map.record_inside(map.recorded_at(), |inputs| {
            let memory = map.evaluated(inputs)?;
            Ok(inputs.iter().zip(map.outputs_in(&memory)).map(|(&y, value)| y - value).collect())
        })?;
        Atomic::implicit(residual, solve)
    }

    /// As [`implicit`](Self::implicit), of a stationary point of `objective`, a function with one output of `unknowns` unknowns and
    /// then the parameters: a minimiser, if `solve` returns one.
    ///
    /// # Errors
    /// As [`implicit`](Self::implicit); [`Error::Length`] if the objective has several outputs, or fewer inputs than unknowns.
    #[cfg(feature = "nalgebra")]
    pub fn minimiser(
        objective: &Function,
        unknowns: usize,
        solve: impl Fn(&[f64]) -> Result<Vec<f64>, Box<dyn StdError + Send + Sync>> + Send + Sync + 'static,
    ) -> Result<Atomic, Error> {
        if objective.inputs() < unknowns {
            let (what, got) = ("unknowns and parameters or more", objective.inputs());
            return Err(Error::Length { what, expected: unknowns, got });
        }
        let mut by_unknowns = objective.clone();
        by_unknowns.variables = (0..unknowns).collect();
        Atomic::implicit(by_unknowns.gradient()?.optimize(), solve)
    }

    /// Evaluates it over any type of number. Over variables it is one operation on their tape; a recording tape
    /// keeps it as one instruction.
    ///
    /// # Errors
    /// [`Error::Length`] if there are not as many numbers as operands; [`Error::BranchChanged`] if a guard inside does not have
    /// its recorded outcome; [`Error::Refused`].
    #[track_caller]
    pub fn call<R: Real>(&self, operands: &[R]) -> Result<Vec<R>, Error> {
        length("operands", self.operands(), operands.len())?;
        R::atomic(self, operands).map_err(refused)
    }
}
