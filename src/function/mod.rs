//! Record once, evaluate many: a recorded function is a value.

mod adaptive;
mod batch;
mod cache;
mod derivative;
mod display;
mod evaluate;
mod ir;
mod passes;
mod record;
#[cfg(feature = "serde")]
mod stored;
mod tangents;

pub use adaptive::Adaptive;
pub(crate) use adaptive::Recordings;
pub(crate) use batch::Branches;
pub use batch::{BatchWorkspace, Batched, BatchedAdaptive, Column, Precision, Samples};
pub(crate) use cache::Cache;
pub use display::FunctionStats;
pub use evaluate::Workspace;
pub use passes::Pass;

use crate::error::Error;
use crate::number::dual::Dual;
use crate::number::owner::Owner;
use crate::number::point::Point;
use crate::number::real::Real;
use crate::tape::Outputs;
use crate::tape::{Tape, Var};
use evaluate::{backward, backward_plain, forward};
use indexmap::IndexSet;
use ir::graph::{Check, Graph, Place, are_same};
use std::ops::Range;
use std::sync::Arc;

/// A recorded function: a list of operations that is evaluated, differentiated to any order, inspected,
/// saved and combined, and that refuses to give the number of another branch.
///
/// What it was recorded from ran once, at one point. Every comparison made then is checked at each evaluation;
/// where one turns out differently, the answer is [`Error::BranchChanged`], with the line that compared.
/// Everything else that the code did is *baked in*: random numbers, captured data, the length of loops.
///
/// It is `Send + Sync` and evaluated through `&self`; memory is a [`Workspace`] of the caller's, and after the
/// first evaluation none allocates.
///
/// ```
/// use tapegrad::{Function, Workspace};
///
/// let f = Function::record(|[x, y]| (x * y).sin() + x, [1.0, 2.0])?;
/// let mut workspace = Workspace::new();
/// let mut gradient = [0.0; 2];
/// let value = f.value_and_gradient(&[0.0, 3.0], &mut workspace, &mut gradient)?;
/// assert_eq!((value, gradient), (0.0, [4.0, 0.0]));
///
/// let second = f.gradient()?.gradient_of(0)?; // any order: derivatives are functions
/// assert_eq!(second.values(&[0.0, 3.0], &mut workspace)?, [0.0, 1.0]);
/// # Ok::<(), tapegrad::Error>(())
/// ```
///
/// Two are equal if they are the same list of operations, checks and lines included, of the same numbers, bit for bit; NaN is
/// equal to NaN.
#[derive(Debug, Clone)]
pub struct Function {
    graph: Graph,
    /// One per input; the same for all that is made of the function.
    names: Arc<IndexSet<String>>,
    /// The inputs that derivatives are taken by, in order; the others are parameters.
    variables: Vec<usize>,
    /// Where it was recorded: the checks hold there.
    at: Vec<f64>,
}

impl PartialEq for Function {
    fn eq(&self, other: &Function) -> bool {
        let Function { graph, names, variables, at } = self;
        (graph, variables) == (&other.graph, &other.variables)
            && names.iter().eq(other.names.iter())
            && are_same(at, &other.at)
    }
}

impl Eq for Function {}

impl Function {
    fn new(graph: Graph, names: IndexSet<String>, at: Vec<f64>) -> Function {
        Function { variables: (0..at.len()).collect(), graph, names: Arc::new(names), at }
    }

    /// Records `f` at a point. See [`Point`] for the shapes; the result may be one variable, an array or a
    /// vector of them.
    ///
    /// # Errors
    /// [`Error::ValueRead`] if `f` reads a plain number out of a variable, takes a gradient, or lets a block of its own
    /// have the values, [`Error::Opaque`] if what it returns needs a node that only has partials.
    ///
    /// # Panics
    /// If `f` returns a variable of another tape.
    #[track_caller]
    pub fn record<P: Point<f64>, Y: Outputs>(
        f: impl FnOnce(P::Args<'_, Var>) -> Y,
        at: P,
    ) -> Result<Function, Error> {
        let tape = Tape::recording();
        let vars = at.map(|value| tape.var(value));
        let outputs = f(P::args(&vars));
        tape.count_given_out();
        tape.function(P::slice(&vars), outputs.as_slice())
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

    /// The same function with these inputs as parameters: they are given at each evaluation, but derivatives
    /// are not taken by them.
    ///
    /// ```
    /// use tapegrad::{Function, Workspace};
    ///
    /// let f = Function::record(|[x, scale]| x * x * scale, [1.0, 1.0])?.with_parameters(1..2)?;
    /// let mut gradient = [0.0];
    /// f.value_and_gradient(&[3.0, 10.0], &mut Workspace::new(), &mut gradient)?;
    /// assert_eq!(gradient, [60.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] if the range goes beyond the inputs.
    pub fn with_parameters(mut self, inputs: Range<usize>) -> Result<Function, Error> {
        within_inputs(&inputs, self.inputs())?;
        self.variables.retain(|variable| !inputs.contains(variable));
        Ok(self)
    }

    /// As [`record`](Self::record), with the fingerprint of the recording; without a function where that is known.
    #[track_caller]
    pub(crate) fn record_unless_known<Y: Outputs>(
        f: impl FnOnce(&[Var]) -> Y,
        at: &[f64],
        known: &[u64],
    ) -> Result<(u64, Option<Function>), Error> {
        let tape = Tape::recording();
        let vars = tape.vars(at);
        let outputs = f(&vars);
        tape.count_given_out();
        let fingerprint = tape.fingerprint(outputs.as_slice());
        let is_read = matches!(tape.replayable(), Err(Error::ValueRead { .. }));
        if !is_read && known.contains(&fingerprint) {
            return Ok((fingerprint, None));
        }
        Ok((fingerprint, Some(tape.function(&vars, outputs.as_slice())?)))
    }

    /// Refuses what is not the same function, recorded again, perhaps at another point of the same branches.
    pub(crate) fn expect_same(&self, again: &Function) -> Result<(), Error> {
        let difference = self.graph.difference(&again.graph);
        difference.map_or(Ok(()), |difference| Err(Error::NotAFunction { difference }))
    }

    /// How many inputs there are, parameters included.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.graph.inputs
    }

    /// How many inputs derivatives are taken by.
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

    /// The places of the inputs that derivatives are taken by.
    fn variable_places(&self) -> impl Iterator<Item = Place> + '_ {
        self.variables.iter().map(|&variable| self.graph.input(variable))
    }

    /// Of each input, whether derivatives are taken by it.
    fn are_variables(&self) -> impl Iterator<Item = bool> + '_ {
        let mut variables = self.variables.iter().peekable();
        (0..self.graph.inputs).map(move |input| variables.next_if_eq(&&input).is_some())
    }

    /// Evaluates; the values of all places are in the workspace then.
    #[track_caller]
    fn run<R: Real>(&self, x: &[R], workspace: &mut Workspace<R>) -> Result<(), Error> {
        length("inputs", self.graph.inputs, x.len())?;
        self.run_with(x.iter().copied(), workspace)
    }

    /// As [`run`](Self::run), with as many numbers as inputs.
    #[track_caller]
    fn run_with<R: Real>(
        &self,
        x: impl IntoIterator<Item = R>,
        workspace: &mut Workspace<R>,
    ) -> Result<(), Error> {
        forward(&self.graph, x, workspace).map_err(|check| branch_changed(check, &workspace.values))
    }

    fn single_output(&self) -> Result<Place, Error> {
        length("outputs", 1, self.graph.outputs.len())?;
        Ok(self.graph.outputs[0])
    }

    /// The value, of a function with one output.
    ///
    /// # Errors
    /// [`Error::BranchChanged`] if a comparison turns out differently than when recorded; [`Error::Length`] if
    /// there are not as many numbers as inputs, or not one output.
    pub fn value(&self, x: &[f64], workspace: &mut Workspace) -> Result<f64, Error> {
        let output = self.single_output()?;
        self.run(x, workspace)?;
        Ok(workspace.values[output as usize])
    }

    /// The values of all outputs.
    ///
    /// # Errors
    /// As [`value`](Self::value), for any number of outputs.
    pub fn values(&self, x: &[f64], workspace: &mut Workspace) -> Result<Vec<f64>, Error> {
        let mut out = vec![0.0; self.outputs()];
        self.values_into(x, workspace, &mut out)?;
        Ok(out)
    }

    /// As [`values`](Self::values), without allocating.
    ///
    /// # Errors
    /// As [`values`](Self::values), and if `out` is not as long as there are outputs. Then `out` is as it was.
    pub fn values_into(&self, x: &[f64], workspace: &mut Workspace, out: &mut [f64]) -> Result<(), Error> {
        length("values", self.outputs(), out.len())?;
        self.run(x, workspace)?;
        for (out, &place) in out.iter_mut().zip(&self.graph.outputs) {
            *out = workspace.values[place as usize];
        }
        Ok(())
    }

    /// The value and the gradient by the variables, in one evaluation and one sweep.
    ///
    /// # Errors
    /// As [`value`](Self::value), and if `gradient` is not as long as there are variables. Then it is as it was.
    pub fn value_and_gradient(
        &self,
        x: &[f64],
        workspace: &mut Workspace,
        gradient: &mut [f64],
    ) -> Result<f64, Error> {
        let output = self.single_output()?;
        length("derivatives", self.variables(), gradient.len())?;
        self.run(x, workspace)?;
        backward_plain(&self.graph, [(output, 1.0)], workspace);
        for (out, place) in gradient.iter_mut().zip(self.variable_places()) {
            *out = workspace.adjoints[place as usize];
        }
        Ok(workspace.values[output as usize])
    }

    /// The Jacobian, row by row: one row per output, one column per variable; a sweep per output.
    ///
    /// # Errors
    /// As [`values_into`](Self::values_into).
    pub fn jacobian_at(&self, x: &[f64], workspace: &mut Workspace, out: &mut [f64]) -> Result<(), Error> {
        let columns = self.variables();
        length("derivatives", self.outputs() * columns, out.len())?;
        self.run(x, workspace)?;
        for (row, &output) in self.graph.outputs.iter().enumerate() {
            backward_plain(&self.graph, [(output, 1.0)], workspace);
            let row = &mut out[row * columns..(row + 1) * columns];
            for (out, place) in row.iter_mut().zip(self.variable_places()) {
                *out = workspace.adjoints[place as usize];
            }
        }
        Ok(())
    }

    /// The product of the Hessian with a direction `v` of the variables: a sweep over dual numbers. Where `v` is 0 the
    /// direction does not enter, not even with an infinite derivative.
    ///
    /// # Errors
    /// As [`value_and_gradient`](Self::value_and_gradient), and if `v` is not as long as there are variables.
    pub fn hessian_vector_product(
        &self,
        x: &[f64],
        v: &[f64],
        workspace: &mut Workspace<Dual>,
        out: &mut [f64],
    ) -> Result<(), Error> {
        length("directions", self.variables(), v.len())?;
        self.curvature(x, v.iter().copied(), workspace, out)
    }

    /// The Hessian-vector product, from as many numbers as variables.
    fn curvature(
        &self,
        x: &[f64],
        v: impl IntoIterator<Item = f64>,
        workspace: &mut Workspace<Dual>,
        out: &mut [f64],
    ) -> Result<(), Error> {
        let output = self.single_output()?;
        length("derivatives", self.variables(), out.len())?;
        length("inputs", self.graph.inputs, x.len())?;
        let mut directions = v.into_iter();
        let inputs = x.iter().zip(self.are_variables()).map(|(&x, is_variable)| match is_variable {
            true => Dual::along(x, directions.next().unwrap_or(0.0), Owner::NONE),
            false => Dual::constant(x),
        });
        self.run_with(inputs, workspace)?;
        backward(&self.graph, [(output, Dual::constant(1.0))], workspace);
        for (out, place) in out.iter_mut().zip(self.variable_places()) {
            *out = workspace.adjoints[place as usize].tangent(0);
        }
        Ok(())
    }

    /// The Hessian, row by row: a Hessian-vector product per variable.
    ///
    /// # Errors
    /// As [`value_and_gradient`](Self::value_and_gradient), `out` being as long as the Hessian has entries.
    pub fn hessian_at(
        &self,
        x: &[f64],
        workspace: &mut Workspace<Dual>,
        out: &mut [f64],
    ) -> Result<(), Error> {
        let n = self.variables();
        length("derivatives", n * n, out.len())?;
        if n == 0 {
            // Nothing to write; what is wrong is told all the same.
            return self.curvature(x, [], workspace, out);
        }
        for k in 0..n {
            let direction = (0..n).map(|j| if j == k { 1.0 } else { 0.0 });
            self.curvature(x, direction, workspace, &mut out[k * n..(k + 1) * n])?;
        }
        Ok(())
    }

    /// Evaluates over any number: on variables, every operation is recorded anew, so that derivatives to any
    /// order, and a recording around it, see through; on a recording tape the checks become guards.
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
    /// As [`values`](Self::values).
    #[track_caller]
    pub fn call<R: Real>(&self, x: &[R]) -> Result<Vec<R>, Error> {
        let mut workspace = Workspace::new();
        self.run(x, &mut workspace)?;
        Ok(self.graph.outputs.iter().map(|&place| workspace.values[place as usize]).collect())
    }

    /// Evaluates on variables, leaving one node per output with its partial derivatives: what the function
    /// computes inside costs no tape. An input that does not reach the output at this point is not linked to it, as with
    /// [`call`](Self::call). On a recording tape, which must see through, this is `call`.
    ///
    /// # Errors
    /// As [`values`](Self::values).
    #[track_caller]
    pub fn call_as_node(&self, x: &[Var]) -> Result<Vec<Var>, Error> {
        if crate::tape::are_recorded(x) {
            return self.call(x);
        }
        let mut workspace = Workspace::new();
        let values: Vec<f64> = x.iter().map(|x| x.value).collect();
        self.run(&values, &mut workspace)?;
        let node = |&output: &Place| {
            backward_plain(&self.graph, [(output, 1.0)], &mut workspace);
            let first = self.graph.input(0) as usize;
            let inputs = first..first + x.len();
            // A zero is a number, or says that the input does not reach the output: the careful sweep knows.
            let mut partials = x.iter().zip(&workspace.adjoints[inputs.clone()]);
            let has_zero = partials.any(|(x, &partial)| !x.is_constant() && partial == 0.0);
            if has_zero {
                backward(&self.graph, [(output, 1.0)], &mut workspace);
            }
            let is_linked = |k: usize| !has_zero || workspace.was_reached(first + k);
            let value = workspace.values[output as usize];
            crate::tape::record_block(value, x, &workspace.adjoints[inputs], &is_linked)
        };
        Ok(self.graph.outputs.iter().map(node).collect())
    }
}

/// The name, lengthened until it is free.
fn free_name(mut name: String, is_taken: impl Fn(&str) -> bool) -> String {
    while is_taken(&name) {
        name.push('_');
    }
    name
}

/// Refuses a range that goes beyond the inputs, or backwards.
fn within_inputs(range: &Range<usize>, inputs: usize) -> Result<(), Error> {
    match range.start.max(range.end) {
        last if last > inputs => Err(Error::Length { what: "inputs", expected: inputs, got: last }),
        _ if range.start > range.end => Err(Error::Length {
            what: "as the least end of the range of inputs",
            expected: range.start,
            got: range.end,
        }),
        _ => Ok(()),
    }
}

fn length(what: &'static str, expected: usize, got: usize) -> Result<(), Error> {
    if expected == got { Ok(()) } else { Err(Error::Length { what, expected, got }) }
}

/// The error for a check that turned out differently.
fn branch_changed<R: Real>(check: &Check, values: &[R]) -> Error {
    let number = |place: Place| values[place as usize].peek();
    Error::BranchChanged {
        predicate: check.predicate,
        left: number(check.left),
        right: number(check.right),
        at: check.at.clone(),
    }
}
