//! Derivatives as functions: the graph is evaluated and swept over variables of a recording tape, and the recording
//! of that is the derivative.

use super::evaluate::{Memory, backward, forward};
use super::ir::graph::{Graph, Guard, Place};
use super::mode::Mode;
use super::tangents::forward_tangents;
use super::{Function, length};
use crate::error::Error;
use crate::tape::{Tape, Var};
use indexmap::IndexSet;
use std::sync::Arc;

/// Records code at a point.
pub(super) fn recorded(
    at: &[f64],
    build: impl FnOnce(&[Var]) -> Result<Vec<Var>, Error>,
) -> Result<Function, Error> {
    let tape = Tape::recording();
    let inputs = tape.vars(at);
    let outputs = build(&inputs)?;
    tape.function(&inputs, &outputs)
}

/// Records code that evaluates these graphs, one after the other, and makes no other comparisons. Their guards keep their lines.
fn record_graphs(
    graphs: &[&Graph],
    at: &[f64],
    build: impl FnOnce(&[Var]) -> Result<Vec<Var>, Error>,
) -> Result<Function, Error> {
    let mut function = recorded(at, build)?;
    let mut guards = function.graph.guards.iter_mut();
    for graph in graphs {
        // A comparison of constants leaves no guard in the new recording.
        let varies = graph.depends_on(0..graph.inputs);
        let is_asked = |guard: &&Guard| varies[guard.left as usize] || varies[guard.right as usize];
        for (original, guard) in graph.guards.iter().filter(is_asked).zip(&mut guards) {
            guard.at = original.at.clone();
        }
    }
    Ok(function)
}

impl Function {
    /// The gradient of a function with one output: a function of the same inputs, with one output per variable.
    ///
    /// # Errors
    /// [`Error::Length`] if the number of outputs is not one.
    pub fn gradient(&self) -> Result<Function, Error> {
        self.single_output()?;
        self.jacobian()
    }

    /// The gradient of one of the outputs, which are counted from 0.
    ///
    /// # Errors
    /// [`Error::Length`] if there is no such output.
    pub fn gradient_of(&self, output: usize) -> Result<Function, Error> {
        self.output(output)?.jacobian()
    }

    /// The function that computes only this output, counted from 0.
    ///
    /// # Errors
    /// [`Error::Length`] if there is no such output.
    pub fn output(&self, output: usize) -> Result<Function, Error> {
        let outputs = &self.graph.outputs;
        let place = *outputs.get(output).ok_or(Error::Length {
            what: "outputs or more",
            expected: output.saturating_add(1),
            got: outputs.len(),
        })?;
        let mut single = self.clone();
        single.graph.outputs = vec![place];
        Ok(single)
    }

    /// The Jacobian: a function of the same inputs whose outputs are the derivatives, row by row: one row per
    /// output, one column per variable. It is recorded by rows, each over what the output depends on, or in forward mode,
    /// a pass for each colour of its pattern, if that is much less.
    ///
    /// # Errors
    /// A recorded function gives no error; a loaded one gives [`Error::BranchChanged`] if its guards do not hold at
    /// its point of recording.
    pub fn jacobian(&self) -> Result<Function, Error> {
        self.jacobian_by(Mode::Auto)
    }

    /// As [`jacobian`](Self::jacobian), recorded in this mode: by rows, by a pass forward for each variable or, with
    /// [`Mode::Sparse`], for each colour. How many operations that is the [`statistics`](Self::statistics) tell.
    ///
    /// ```
    /// use tapegrad::{Function, Mode, Var};
    ///
    /// // Ten outputs of one variable: one pass forward, or ten sweeps.
    /// let f = Function::record(|x: &[Var]| (0..10).map(|k| (x[0] * f64::from(k)).sin()).collect::<Vec<_>>(), &[1.0][..])?;
    /// let [forward, reverse] = [f.jacobian_by(Mode::Forward)?, f.jacobian_by(Mode::Reverse)?];
    /// assert_eq!(forward.evaluator().values(&[0.5])?, reverse.evaluator().values(&[0.5])?);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`jacobian`](Self::jacobian).
    pub fn jacobian_by(&self, mode: Mode) -> Result<Function, Error> {
        self.record_again(&[], |inputs, _| self.entries(mode, &mut self.evaluated(inputs)?))
    }

    /// The value and the gradient of a function with one output: a function of the same inputs whose outputs are the
    /// value and, after it, one derivative per variable. It is [optimised](Self::optimize), so what both need is
    /// computed once.
    ///
    /// ```
    /// use tapegrad::{Function, batch::{Column, Samples}};
    ///
    /// let f = Function::record(|[x, y]| (x * y).exp(), [1.0, 1.0])?.value_and_gradient()?;
    /// assert_eq!(f.evaluator().values(&[2.0, 0.0])?, [1.0, 0.0, 2.0]);
    /// assert_eq!(f.statistics().operations, 4); // the exponential once
    ///
    /// // As any function, it can be evaluated for many samples.
    /// let columns = [Column::from(&[2.0, 3.0]), Column::from(&[0.0, 0.0])];
    /// let values = f.batched([])?.evaluator().values(&[], &Samples::new(&columns)?)?;
    /// assert_eq!(values, [1.0, 0.0, 2.0, 1.0, 0.0, 3.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn value_and_gradient(&self) -> Result<Function, Error> {
        self.single_output()?;
        self.values_and_jacobian()
    }

    /// The values and the Jacobian: a function of the same inputs whose outputs are the values and, after them, the
    /// derivatives, row by row. It is [optimised](Self::optimize), so what several outputs need is computed once.
    ///
    /// # Errors
    /// As [`jacobian`](Self::jacobian).
    pub fn values_and_jacobian(&self) -> Result<Function, Error> {
        let both = self.record_again(&[], |inputs, _| {
            let mut memory = self.evaluated(inputs)?;
            let values: Vec<Var> = self.outputs_in(&memory).collect();
            Ok([values, self.entries(Mode::Auto, &mut memory)?].concat())
        })?;
        Ok(both.optimize())
    }

    /// The Hessian of a function with one output: its outputs are the second derivatives, row by row.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn hessian(&self) -> Result<Function, Error> {
        self.hessian_by(Mode::Auto)
    }

    /// As [`hessian`](Self::hessian), where the Jacobian of the gradient is recorded in this mode; with [`Mode::Sparse`] by the
    /// colours of a symmetric matrix, which are fewer.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn hessian_by(&self, mode: Mode) -> Result<Function, Error> {
        if mode == Mode::Sparse
            && let (Some(gradient), Some(compressed)) = (self.known_gradient(), self.compressed_hessian())
        {
            return gradient.by_stars(compressed);
        }
        self.gradient()?.jacobian_by(mode)
    }

    /// The Jacobian-vector product: a function of the inputs and, after them, of a direction of the variables. Its
    /// outputs are the values, then their derivatives in that direction. A variable whose entry in the direction is
    /// 0 contributes nothing, even if its derivative is infinite.
    ///
    /// # Errors
    /// As [`jacobian`](Self::jacobian).
    pub fn jvp(&self) -> Result<Function, Error> {
        let directions = self.names_with("d", self.variables());
        self.record_again(&directions, |inputs, directions| {
            let memory = self.evaluated(inputs)?;
            let seeds = self.variable_places().zip(directions.iter().copied());
            let tangents = forward_tangents(&self.graph, seeds, &memory.values)?;
            let values = self.outputs_in(&memory);
            Ok(values.chain(self.output_places().map(|y| tangents[y as usize])).collect())
        })
    }

    /// The vector-Jacobian product: a function of the inputs and, after them, of one weight per output. Its outputs
    /// are the values, then the derivatives of the weighted sum of the outputs with respect to the variables.
    ///
    /// # Errors
    /// As [`jacobian`](Self::jacobian).
    pub fn vjp(&self) -> Result<Function, Error> {
        let weights = self.names_with("w", self.outputs());
        self.record_again(&weights, |inputs, weights| {
            let mut memory = self.evaluated(inputs)?;
            let values = self.outputs_in(&memory).collect::<Vec<_>>();
            let product = self.swept(self.output_places().zip(weights.iter().copied()), &mut memory)?;
            Ok([values, product].concat())
        })
    }

    /// The Hessian-vector product of a function with one output: a function of the inputs and, after them, of a
    /// direction of the variables, as in [`jvp`](Self::jvp).
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn hvp(&self) -> Result<Function, Error> {
        let mut product = self.gradient()?.jvp()?;
        // The first half of the outputs is the gradient.
        product.graph.outputs.drain(..self.variables());
        Ok(product)
    }

    /// Records a function of the same inputs and further ones, at the same point. Its guards are those of this
    /// function, and keep their lines.
    pub(super) fn record_again(
        &self,
        further: &[String],
        build: impl FnOnce(&[Var], &[Var]) -> Result<Vec<Var>, Error>,
    ) -> Result<Function, Error> {
        self.record_from(&[&self.graph], further, build)
    }

    /// As [`record_again`](Self::record_again), where `build` evaluates these graphs, one after the other.
    pub(super) fn record_from(
        &self,
        graphs: &[&Graph],
        further: &[String],
        build: impl FnOnce(&[Var], &[Var]) -> Result<Vec<Var>, Error>,
    ) -> Result<Function, Error> {
        let own = self.inputs();
        let at = [&self.at[..], &vec![1.0; further.len()]].concat();
        let mut function = record_graphs(graphs, &at, |inputs| build(&inputs[..own], &inputs[own..]))?;
        function.names = Arc::new(self.names.iter().chain(further).cloned().collect());
        // Directions and weights are held: derivatives are taken with respect to the original variables only.
        function.variables.clone_from(&self.variables);
        Ok(function)
    }

    /// Records code that evaluates this function once, and makes no other comparisons, at a point where its guards hold. They
    /// keep their lines.
    pub(super) fn record_inside(
        &self,
        at: &[f64],
        build: impl FnOnce(&[Var]) -> Result<Vec<Var>, Error>,
    ) -> Result<Function, Error> {
        record_graphs(&[&self.graph], at, build)
    }

    /// The values of all places, recorded.
    pub(super) fn evaluated(&self, inputs: &[Var]) -> Result<Memory<Var>, Error> {
        let mut memory = Memory::default();
        length("inputs", self.graph.inputs, inputs.len())?;
        forward(&self.graph, inputs.iter().copied(), &mut memory)
            .map_err(|stop| stop.error(&memory.values))?;
        Ok(memory)
    }

    /// The adjoints of the variables, by a reverse sweep.
    fn swept(
        &self,
        seeds: impl IntoIterator<Item = (Place, Var)>,
        memory: &mut Memory<Var>,
    ) -> Result<Vec<Var>, Error> {
        backward(&self.graph, seeds, memory)?;
        Ok(self.of_variables(&memory.adjoints).collect())
    }

    /// The numbers at the places of the variables.
    fn of_variables(&self, numbers: &[Var]) -> impl Iterator<Item = Var> {
        self.variable_places().map(|place| numbers[place as usize])
    }

    /// Names that no input has.
    pub(super) fn names_with(&self, prefix: &str, count: usize) -> Vec<String> {
        let mut names = IndexSet::new();
        for k in 0..count {
            names.insert(super::free_name(format!("{prefix}{k}"), |name| self.names.contains(name)));
        }
        names.into_iter().collect()
    }
}
