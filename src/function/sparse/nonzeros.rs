//! The nonzeros of Jacobians and Hessians as functions, and their patterns.

use super::colouring::Colouring;
use super::compressed::Compressed;
use super::dependencies;
use super::pattern::Pattern;
use crate::error::Error;
use crate::function::Function;
use crate::function::evaluate::Memory;
use crate::function::gradients;
use crate::function::mode::Mode;
use crate::function::tangents::forward_tangents;
use crate::tape::Var;
use std::borrow::Cow;

/// Passes forward have to be this many operations fewer than sweeps.
const LEAST: usize = 1000;

impl Function {
    /// The sparsity pattern of the Jacobian: which output depends on which variable, one row per output, one column per
    /// variable. An operand whose derivative is 0 at every point, such as that of `floor`, is no dependency; an
    /// operation on matrices is taken to depend on all entries in all its results.
    ///
    /// ```
    /// use tapegrad::{Function, Var};
    ///
    /// let differences = |x: &[Var]| x.windows(2).map(|w| w[1] - w[0]).collect::<Vec<_>>();
    /// let f = Function::record(differences, &vec![0.0; 1000][..])?;
    /// assert_eq!(f.jacobian_pattern().to_string(), "999 × 1000, 1998 nonzeros");
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    #[must_use]
    pub fn jacobian_pattern(&self) -> Pattern {
        dependencies::pattern(self)
    }

    /// The sparsity pattern of the lower triangle of the Hessian, of a function with one output: where two variables, or
    /// one with itself, interact other than by a sum.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn hessian_pattern(&self) -> Result<Pattern, Error> {
        Ok(self.gradient()?.jacobian_pattern().lower())
    }

    /// The nonzeros of the Jacobian: a function of the same inputs whose outputs are the derivatives where
    /// [`jacobian_pattern`](Self::jacobian_pattern) has nonzeros, in its order.
    ///
    /// ```
    /// use tapegrad::Function;
    ///
    /// let f = Function::record(|[x, y, z]| [x * y, z * z], [1.0; 3])?;
    /// assert_eq!(f.jacobian_nonzeros()?.evaluator().values(&[2.0, 3.0, 4.0])?, [3.0, 2.0, 8.0]);
    /// # Ok::<(), tapegrad::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`jacobian`](Self::jacobian).
    pub fn jacobian_nonzeros(&self) -> Result<Function, Error> {
        self.nonzeros(&self.jacobian_pattern())
    }

    /// The nonzeros of the lower triangle of the Hessian, of a function with one output: a function of the same inputs
    /// whose outputs are the second derivatives where [`hessian_pattern`](Self::hessian_pattern) has nonzeros, in its
    /// order.
    ///
    /// # Errors
    /// As [`gradient`](Self::gradient).
    pub fn hessian_nonzeros(&self) -> Result<Function, Error> {
        let gradient = self.gradient()?;
        gradient.nonzeros(&gradient.jacobian_pattern().lower())
    }

    /// These entries of the Jacobian as a function.
    pub(super) fn nonzeros(&self, pattern: &Pattern) -> Result<Function, Error> {
        self.record_again(&[], |inputs, _| self.nonzeros_in(pattern, &mut self.evaluated(inputs)?))
    }

    /// These entries of the Jacobian, after an evaluation over variables of a recording tape.
    pub(super) fn nonzeros_in(&self, pattern: &Pattern, memory: &mut Memory<Var>) -> Result<Vec<Var>, Error> {
        match self.cheaper_colours() {
            Some(Compressed { pattern: own, colouring }) => {
                // An entry that is only in the mirror image of the pattern is 0 here.
                let of = |(row, column)| own.position(row, column).map(|_| (row, colouring.of[column]));
                self.along_colours(colouring, pattern.triplets().map(of), memory)
            }
            None => {
                let mut nonzeros = Vec::with_capacity(pattern.nonzeros());
                self.by_rows(
                    memory,
                    |row| !pattern.row(row).is_empty(),
                    |row, adjoints| {
                        let of = |&variable: &usize| adjoints[self.place(variable)];
                        nonzeros.extend(pattern.row(row).iter().map(of));
                    },
                )?;
                Ok(nonzeros)
            }
        }
    }

    /// The derivatives of all outputs with respect to all variables, row by row, after an evaluation over variables of a
    /// recording tape.
    pub(crate) fn entries(&self, mode: Mode, memory: &mut Memory<Var>) -> Result<Vec<Var>, Error> {
        let columns = self.variables();
        let mut all = vec![Var::from(0.0); self.outputs() * columns];
        let compressed = match mode {
            Mode::Auto => self.cheaper_colours().map(Cow::Borrowed),
            Mode::Forward => Some(Cow::Owned(Compressed::by_columns(self.jacobian_pattern()))),
            Mode::Reverse => None,
            Mode::Sparse => self.compressed().map(Cow::Borrowed),
        };
        match compressed.as_deref() {
            Some(Compressed { pattern, colouring }) => {
                let of = |(row, column)| Some((row, colouring.of[column]));
                let nonzeros = self.along_colours(colouring, pattern.triplets().map(of), memory)?;
                for (entry, (row, column)) in nonzeros.into_iter().zip(pattern.triplets()) {
                    all[row * columns + column] = entry;
                }
            }
            None => self.by_rows(
                memory,
                |_| true,
                |row, adjoints| {
                    let row = all[row * columns..][..columns].iter_mut();
                    row.zip(self.variable_places()).for_each(|(out, place)| *out = adjoints[place as usize]);
                },
            )?,
        }
        Ok(all)
    }

    /// The whole Hessian by the colours of its lower triangle, of a function whose gradient this is.
    pub(crate) fn by_stars(&self, compressed: &Compressed) -> Result<Function, Error> {
        let (Compressed { pattern, colouring }, n) = (compressed, self.variables());
        self.record_again(&[], |inputs, _| {
            let of = |(row, column)| {
                let (found, colour) = compressed.found_at(row, column);
                Some((found, colour as u32))
            };
            let memory = self.evaluated(inputs)?;
            let nonzeros = self.along_colours(colouring, pattern.triplets().map(of), &memory)?;
            let mut all = vec![Var::from(0.0); n * n];
            for (entry, (row, column)) in nonzeros.into_iter().zip(pattern.triplets()) {
                (all[row * n + column], all[column * n + row]) = (entry, entry);
            }
            Ok(all)
        })
    }

    /// The colours of the Jacobian, if one pass forward for each is less to record than one sweep for each output.
    pub(super) fn cheaper_colours(&self) -> Option<&Compressed> {
        let (by_rows, once) = (self.rows().work, self.work());
        // Rather by rows, where the difference is small.
        let is_less = |colours: usize| colours * once + LEAST < by_rows;
        let compressed = is_less(1).then(|| self.compressed()).flatten();
        compressed.filter(|compressed| is_less(compressed.colouring.colours))
    }

    /// Calls `read` with each wanted row, and the adjoints of all places: each by a sweep over what the output depends on.
    fn by_rows(
        &self,
        memory: &mut Memory<Var>,
        is_wanted: impl Fn(usize) -> bool,
        read: impl FnMut(usize, &[Var]),
    ) -> Result<(), Error> {
        gradients::each(&self.graph, self.rows(), memory, is_wanted, read)
    }

    /// The derivatives of outputs in the directions of colours, by a pass forward for each colour. An entry is an output
    /// and a colour, or `None` for 0.
    fn along_colours(
        &self,
        colouring: &Colouring,
        entries: impl Iterator<Item = Option<(usize, u32)>>,
        memory: &Memory<Var>,
    ) -> Result<Vec<Var>, Error> {
        let mut of_colour = vec![Vec::new(); colouring.colours];
        let mut derivatives = Vec::new();
        for (position, entry) in entries.enumerate() {
            derivatives.push(Var::from(0.0));
            if let Some((output, colour)) = entry {
                of_colour[colour as usize].push((position, output));
            }
        }
        for (colour, entries) in of_colour.into_iter().enumerate() {
            let places = self.variable_places().enumerate();
            let seeds = places.filter(|&(variable, _)| colouring.of[variable] as usize == colour);
            let seeds = seeds.map(|(_, place)| (place, Var::from(1.0)));
            let tangents = forward_tangents(&self.graph, seeds, &memory.values)?;
            for (position, output) in entries {
                derivatives[position] = tangents[self.graph.outputs[output] as usize];
            }
        }
        Ok(derivatives)
    }
}
