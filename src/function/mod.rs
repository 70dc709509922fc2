//! Recorded functions: recorded once, then evaluated, differentiated and combined many times.

mod adaptive;
mod along;
mod atomic;
mod batch;
mod cache;
mod choice;
mod combined;
mod dense;
mod derivative;
#[cfg(feature = "serde")]
mod digits;
mod display;
mod evaluate;
mod evaluator;
mod gradients;
mod ir;
mod known;
mod lanes;
mod maybe_owned;
mod mode;
mod passes;
mod precision;
mod record;
mod schedule;
mod sparse;
#[cfg(feature = "serde")]
mod stored;
mod tangents;
mod vectorised;
mod workspace;

pub use adaptive::Adaptive;
pub(crate) use adaptive::Recordings;
pub use atomic::{Scan, with_plans_after};
pub(crate) use batch::Branches;
pub use batch::{BatchEvaluator, BatchWorkspace, Batched, BatchedAdaptive, Column, Samples};
pub(crate) use cache::Cache;
pub use evaluator::Evaluator;
pub use mode::{DerivativePlan, Mode};
pub use passes::Pass;
pub use precision::Precision;
pub use sparse::{
    Colouring, Columns, Pattern, SparseDerivatives, SparseEvaluator, SparsePlan, SparseWorkspace,
};
pub use vectorised::{
    Exactness, PlanStatistics, Vectorised, VectorisedAdaptive, VectorisedEvaluator, VectorisedWorkspace,
};
pub use workspace::Workspace;

use crate::error::Error;
use crate::number::point::Point;
use crate::number::real::Real;
use crate::tape::{Tape, Var};
use evaluate::{Memory, backward, backward_plain, forward};
use indexmap::IndexSet;
use ir::graph::{Graph, Place, are_same};
use known::Known;
use std::sync::Arc;

/// A recorded function: a list of operations that can be evaluated, differentiated to any order, inspected, saved
/// and combined. Where the code would have taken another branch, evaluation is an error and never a wrong number.
///
/// The recorded code ran once, at one point. Each comparison of variables that it made is kept as a *guard* and
/// checked at every evaluation; if one has another outcome, the evaluation returns [`Error::BranchChanged`] with
/// the line of the comparison. Everything else that the code did is *baked in*: random numbers, captured data and
/// the length of loops are constants of the recording.
///
/// An [`Evaluator`] computes its values and derivatives as numbers; the methods `gradient`, `jacobian`, `hessian`,
/// `jvp`, `vjp` and `hvp` return derivatives as functions. A function is `Send + Sync`: threads can share it, each
/// with an evaluator of its own.
///
/// ```
/// use tapegrad::Function;
///
/// let f = Function::record(|[x, y]| (x * y).sin() + x, [1.0, 2.0])?;
/// assert_eq!(f.evaluator().value_and_gradient(&[0.0, 3.0])?, (0.0, vec![4.0, 0.0]));
///
/// let second = f.gradient()?.gradient_of(0)?; // any order: derivatives are functions
/// assert_eq!(second.evaluator().values(&[0.0, 3.0])?, [0.0, 1.0]);
/// # Ok::<(), tapegrad::Error>(())
/// ```
///
/// Two functions are equal if they have the same operations, guards (with their lines), names, variables, point of
/// recording and constants. Numbers are compared bit for bit; NaN is equal to NaN.
#[derive(Debug, Clone)]
pub struct Function {
    graph: Graph,
    /// One per input; shared with functions that are derived from this one.
    names: Arc<IndexSet<String>>,
    /// The inputs with respect to which derivatives are taken, in ascending order; the others are held.
    variables: Vec<usize>,
    /// The point of recording, where all guards hold.
    at: Vec<f64>,
    known: Known<Function>,
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        let Function { graph, names, variables, at, known: _ } = self;
        (graph, variables) == (&other.graph, &other.variables)
            && names.iter().eq(other.names.iter())
            && are_same(at, &other.at)
    }
}

impl Eq for Function {}

impl Function {
    fn new(graph: Graph, names: IndexSet<String>, at: Vec<f64>) -> Function {
        Function {
            variables: (0..at.len()).collect(),
            graph,
            names: Arc::new(names),
            at,
            known: Known::default(),
        }
    }

    /// Records `f` at a point. See [`Point`] for the possible shapes of the point and of the result; an evaluator
    /// takes and returns their numbers as flat slices, in order.
    ///
    /// ```
    /// use tapegrad::{Error, Function, Var};
    ///
    /// // Of a closure that comes as an argument the compiler has to be told the shape of the point.
    /// fn slope(f: impl Fn([Var; 1]) -> Var, x: f64) -> Result<f64, Error> {
    ///     let f = Function::record::<[f64; 1], _>(f, [x])?;
    ///     Ok(f.evaluator().gradient(&[x])?[0])
    /// }
    /// assert_eq!(slope(|[x]| x * x, 3.0)?, 6.0);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::ValueRead`] if `f` reads the plain number of a variable, computes a gradient, or passes values to a
    /// closure of `custom` or `preaccumulate` that captures something; [`Error::Opaque`] if the result depends on a
    /// node of which only the partials are known.
    ///
    /// # Panics
    /// If `f` returns a variable of another tape.
    #[track_caller]
    pub fn record<P: Point<f64>, Y: Point<Var>>(
        f: impl FnOnce(P::Args<'_, Var>) -> Y,
        at: P,
    ) -> Result<Function, Error> {
        let tape = Tape::recording();
        let vars = at.map_numbers(&mut |value| tape.var(value));
        let outputs = f(P::args(&vars));
        tape.count_given_out();
        tape.function(&P::numbers_of(&vars), &outputs.numbers())
    }

    /// The same function with other names for its inputs.
    ///
    /// # Errors
    /// [`Error::Length`] if there are not as many names as inputs, [`Error::Name`] if one occurs twice.
    pub fn with_names<S: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Result<Function, Error> {
        let mut set = IndexSet::new();
        for name in names {
            let name = name.into();
            if !set.insert(name.clone()) {
                return Err(Error::Name { name });
            }
        }
        length("input names", self.graph.inputs, set.len())?;
        self.names = Arc::new(set);
        Ok(self)
    }

    /// The same function with these inputs *held*: they are given at each evaluation, but derivatives are not taken
    /// with respect to them. The other inputs are its variables. A second call holds further inputs.
    ///
    /// ```
    /// use tapegrad::Function;
    ///
    /// let f = Function::record(|[x, scale]| x * x * scale, [1.0, 1.0])?.with_held([1])?;
    /// assert_eq!(f.evaluator().gradient(&[3.0, 10.0])?, [60.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if there is no such input.
    pub fn with_held(mut self, inputs: impl IntoIterator<Item = usize>) -> Result<Function, Error> {
        let held = set_of_inputs(inputs, self.inputs())?;
        self.variables.retain(|variable| held.binary_search(variable).is_err());
        self.known = Known::default();
        Ok(self)
    }

    /// As [`record`](Self::record), with the fingerprint of the recording. If the fingerprint is among the `known`
    /// ones, no function is made.
    #[track_caller]
    pub(crate) fn record_unless_known<Y: Point<Var>>(
        f: impl FnOnce(&[Var]) -> Y,
        at: &[f64],
        known: &[u64],
    ) -> Result<(u64, Option<Function>), Error> {
        let tape = Tape::recording();
        let vars = tape.vars(at);
        let outputs = f(&vars).numbers();
        tape.count_given_out();
        let fingerprint = tape.fingerprint(&outputs);
        let is_read = matches!(tape.replayable(), Err(Error::ValueRead { .. }));
        if !is_read && known.contains(&fingerprint) {
            return Ok((fingerprint, None));
        }
        Ok((fingerprint, Some(tape.function(&vars, &outputs)?)))
    }

    /// An error if `again`, a second recording of the same code, differs. Its point of recording may differ, within
    /// the same branches.
    pub(crate) fn expect_same(&self, again: &Function) -> Result<(), Error> {
        let difference = self.graph.difference(&again.graph);
        difference.map_or(Ok(()), |difference| Err(Error::NotAFunction { difference }))
    }

    /// How many inputs there are, held ones included.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.graph.inputs
    }

    /// How many inputs are variables: derivatives are taken with respect to them.
    #[must_use]
    pub fn variables(&self) -> usize {
        self.variables.len()
    }

    /// How many outputs there are.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.graph.outputs.len()
    }

    /// The names of the inputs.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The point at which it was recorded.
    #[must_use]
    pub fn recorded_at(&self) -> &[f64] {
        &self.at
    }

    /// The places of the variables.
    fn variable_places(&self) -> impl ExactSizeIterator<Item = Place> + '_ {
        self.variables.iter().map(|&variable| self.graph.input(variable))
    }

    /// The place of a variable, by its position.
    fn place(&self, variable: usize) -> usize {
        self.graph.input(self.variables[variable]) as usize
    }

    /// The places of the outputs.
    fn output_places(&self) -> impl ExactSizeIterator<Item = Place> + Clone + '_ {
        self.graph.outputs.iter().copied()
    }

    /// The values of the outputs, after an evaluation.
    fn outputs_in<'a, R: Copy>(&'a self, memory: &'a Memory<R>) -> impl Iterator<Item = R> + 'a {
        self.output_places().map(|place| memory.values[place as usize])
    }

    /// For each input, whether it is a variable.
    pub(crate) fn are_variables(&self) -> impl Iterator<Item = bool> + '_ {
        let mut variables = self.variables.iter().peekable();
        (0..self.graph.inputs).map(move |input| variables.next_if_eq(&&input).is_some())
    }

    /// Evaluates, and leaves the values of all places in `memory`.
    #[track_caller]
    fn run<R: Real>(&self, x: &[R], memory: &mut Memory<R>) -> Result<(), Error> {
        length("inputs", self.graph.inputs, x.len())?;
        self.run_with(x.iter().copied(), memory)
    }

    /// As [`run`](Self::run), for a caller that has checked the number of inputs.
    #[track_caller]
    fn run_with<R: Real>(&self, x: impl IntoIterator<Item = R>, memory: &mut Memory<R>) -> Result<(), Error> {
        forward(&self.graph, x, memory).map_err(|stop| stop.error(&memory.values))
    }

    fn single_output(&self) -> Result<Place, Error> {
        length("outputs", 1, self.graph.outputs.len())?;
        Ok(self.graph.outputs[0])
    }

    /// Evaluates over any type of number. Over variables, every operation is recorded on their tape, so derivatives
    /// of any order and an enclosing recording include the operations of this function; on a recording tape its
    /// guards become guards of that tape.
    ///
    /// ```
    /// use tapegrad::{Function, gradient};
    ///
    /// // A gradient inside a loss: the derivative of (x³)′ is 6x.
    /// let slope = Function::record(|[x]| x.powi(3), [1.0])?.gradient()?;
    /// let outer = gradient(|[x]| slope.call(&[x]).unwrap()[0], [2.0]);
    /// assert_eq!(outer, [12.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Evaluator::values`].
    #[track_caller]
    pub fn call<R: Real>(&self, x: &[R]) -> Result<Vec<R>, Error> {
        let mut memory = Memory::default();
        self.run(x, &mut memory)?;
        Ok(self.outputs_in(&memory).collect())
    }

    /// Evaluates over variables and records one node per output, with its partial derivatives: the operations of
    /// the function take no memory on the tape. An input on which the output does not depend at this point is not
    /// linked to it, as with [`call`](Self::call). On a recording tape, which has to record the operations, this is
    /// `call`.
    ///
    /// # Errors
    /// As [`Evaluator::values`].
    #[track_caller]
    pub fn call_as_node(&self, x: &[Var]) -> Result<Vec<Var>, Error> {
        if crate::tape::are_recorded(x) {
            return self.call(x);
        }
        let mut memory = Memory::default();
        let values: Vec<f64> = x.iter().map(|x| x.value).collect();
        self.run(&values, &mut memory)?;
        let node = |&output: &Place| {
            backward_plain(&self.graph, [(output, 1.0)], &mut memory)?;
            let first = self.graph.input(0) as usize;
            let inputs = first..first + x.len();
            // A zero may be a structural zero: the sweep that keeps track of paths decides.
            let mut partials = x.iter().zip(&memory.adjoints[inputs.clone()]);
            let has_zero = partials.any(|(x, &partial)| !x.is_constant() && partial == 0.0);
            if has_zero {
                backward(&self.graph, [(output, 1.0)], &mut memory)?;
            }
            let is_linked = |k: usize| !has_zero || memory.was_reached(first + k);
            let value = memory.values[output as usize];
            Ok(crate::tape::record_block(value, x, &memory.adjoints[inputs], &is_linked))
        };
        self.graph.outputs.iter().map(node).collect()
    }
}

/// The name, lengthened until no input has it.
fn free_name(mut name: String, is_taken: impl Fn(&str) -> bool) -> String {
    while is_taken(&name) {
        name.push('_');
    }
    name
}

/// These inputs in ascending order, without duplicates. An error at the first that is not one of `count` inputs.
fn set_of_inputs(inputs: impl IntoIterator<Item = usize>, count: usize) -> Result<Vec<usize>, Error> {
    let within = |input: usize| match input < count {
        true => Ok(input),
        false => Err(Error::Length { what: "inputs", expected: count, got: input.saturating_add(1) }),
    };
    inputs.into_iter().map(within).collect::<Result<Vec<_>, _>>().map(in_order)
}

/// These inputs in ascending order, without duplicates.
fn in_order(inputs: impl IntoIterator<Item = usize>) -> Vec<usize> {
    let mut inputs: Vec<usize> = inputs.into_iter().collect();
    inputs.sort_unstable();
    inputs.dedup();
    inputs
}

pub(crate) fn length(what: &'static str, expected: usize, got: usize) -> Result<(), Error> {
    if expected == got { Ok(()) } else { Err(Error::Length { what, expected, got }) }
}
