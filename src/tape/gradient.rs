//! The result of a sweep: `g[x]`.

use crate::number::point::Point;
use crate::table::rules::Few;
use crate::tape::{FIRST, Seed, Segments, Tape, Var, index_in, sweep, with};
use std::fmt;
use std::ops::Index;
use std::panic::Location;

/// The derivatives of one output, or of a weighted sum of outputs, with respect to every node of the tape.
///
/// It is a value of its own: later operations, another sweep or the end of the tape do not change it.
///
/// ```
/// use tapegrad::Tape;
///
/// let tape = Tape::new();
/// let [x, y, unused] = tape.vars([2.0, 3.0, 4.0]);
/// let h = x * y;
/// let z = h * h;
/// let g = z.backward();
/// assert_eq!(g[x], 36.0);
/// assert_eq!(g[h], 12.0); // every intermediate result has its adjoint
/// assert_eq!(g.wrt([y, unused]), [24.0, 0.0]);
/// ```
#[derive(Clone, Default)]
pub struct Gradient {
    /// By index on the tape, up to the last seed. Empty for a constant.
    adjoints: Vec<f64>,
    segments: Segments,
    is_of_constant: bool,
}

impl Gradient {
    /// An empty gradient, to be filled by [`Var::backward_into`], which reuses its memory.
    #[must_use]
    pub fn new() -> Gradient {
        Gradient::default()
    }

    /// The derivative with respect to `var`; `None` if `var` is of another tape, was recorded after the output, or is
    /// a constant. The gradient of a constant output is 0 with respect to every variable.
    #[must_use]
    #[inline]
    pub fn get(&self, var: Var) -> Option<f64> {
        if self.is_of_constant {
            return var.is_on_a_tape().then_some(0.0);
        }
        let index = index_in(&self.segments, self.adjoints.len(), var.node)?;
        Some(self.adjoints[index])
    }

    /// The derivatives with respect to `vars`, in their shape: see [`Point`].
    ///
    /// # Panics
    /// As `g[x]`.
    #[must_use]
    #[track_caller]
    pub fn wrt<P: Point<Var>>(&self, vars: P) -> P::Of<f64> {
        if let Some(&var) = vars.numbers().iter().find(|var| self.get(**var).is_none()) {
            self.refuse(var);
        }
        vars.map_numbers(&mut |var| self[var])
    }

    /// The adjoints in the order of the tape; nodes recorded after the output have no adjoint.
    pub(crate) fn by_index(&self) -> &[f64] {
        self.adjoints.get(FIRST..).unwrap_or_default()
    }

    /// Copies the derivatives with respect to `vars` to `out`, without allocating.
    ///
    /// # Panics
    /// As `g[x]`, and if the lengths differ.
    #[track_caller]
    pub fn wrt_into(&self, vars: &[Var], out: &mut [f64]) {
        assert!(
            vars.len() == out.len(),
            "{} variables and room for {} derivatives; make the output as long as the variables",
            vars.len(),
            out.len()
        );
        for (place, &var) in out.iter_mut().zip(vars) {
            *place = self[var];
        }
    }

    #[cold]
    #[track_caller]
    fn refuse(&self, var: Var) -> ! {
        if !var.is_on_a_tape() {
            panic!(
                "a constant (value {}) has no derivative: no tape records what is computed from it; make it a \
                 variable with `tape.var(..)`",
                var.value
            );
        }
        panic!(
            "this gradient knows nothing of the variable (value {}): it is of another tape, or was recorded \
             after the output; use the gradient of an output that depends on it, or `get`",
            var.value
        );
    }

    #[inline]
    #[track_caller]
    fn fill(&mut self, outputs: &[(Var, f64)]) {
        let vars: Few<Var> = outputs.iter().map(|output| output.0).collect();
        if !vars.iter().any(|output| output.is_on_a_tape()) {
            self.adjoints.clear();
            self.segments.clear();
            self.is_of_constant = true;
            return;
        }
        let at = Location::caller();
        with(|thread| {
            let tape = thread.settle(&vars)?;
            tape.give_out(at);
            let seeds: Few<Seed> = outputs
                .iter()
                .filter_map(|&(output, weight)| Some((tape.find(output)?, weight)))
                .filter(|&(index, _)| index as usize >= FIRST)
                .collect();
            sweep(tape.rows(), &seeds, &mut self.adjoints);
            self.segments.clone_from(&tape.cold().segments);
            Ok(())
        });
        self.segments.truncate(self.segments.partition_point(|segment| segment.start < self.adjoints.len()));
        self.is_of_constant = false;
    }
}

/// The derivative with respect to a variable.
///
/// # Panics
/// If the variable is of another tape, was recorded after the output, or is a constant; [`Gradient::get`] returns
/// `None` instead.
impl Index<Var> for Gradient {
    type Output = f64;

    #[inline]
    #[track_caller]
    fn index(&self, var: Var) -> &f64 {
        match index_in(&self.segments, self.adjoints.len(), var.node) {
            Some(index) if !self.is_of_constant => &self.adjoints[index],
            _ if self.is_of_constant && var.is_on_a_tape() => &0.0,
            _ => self.refuse(var),
        }
    }
}

impl Index<&Var> for Gradient {
    type Output = f64;

    #[inline]
    #[track_caller]
    fn index(&self, var: &Var) -> &f64 {
        &self[*var]
    }
}

impl fmt::Debug for Gradient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // In the order of the tape; nodes recorded after the output have no adjoint.
        f.debug_tuple("Gradient").field(&self.adjoints.get(FIRST..).unwrap_or_default()).finish()
    }
}

impl Var {
    /// The derivatives of this result with respect to every node that it was computed from, by one reverse sweep over
    /// the tape.
    ///
    /// Nothing is stored in the variables, so nothing has to be reset: calling it twice gives the same result. The
    /// gradient of a constant is 0.
    ///
    /// # Panics
    /// If the variable is on no tape of this thread.
    #[must_use]
    #[track_caller]
    pub fn backward(self) -> Gradient {
        let mut gradient = Gradient::new();
        gradient.fill(&[(self, 1.0)]);
        gradient
    }

    /// As [`backward`](Self::backward), into the memory of an earlier gradient: no allocation once it is
    /// large enough.
    #[track_caller]
    pub fn backward_into(self, gradient: &mut Gradient) {
        gradient.fill(&[(self, 1.0)]);
    }
}

impl Tape {
    /// The derivatives of the weighted sum of several outputs: a vector-Jacobian product, in one sweep. The weights
    /// are the seeds.
    ///
    /// ```
    /// # let tape = tapegrad::Tape::new();
    /// let [x, y] = tape.vars([2.0, 3.0]);
    /// let g = tape.backward(&[(x * y, 1.0), (x + y, 10.0)]);
    /// assert_eq!(g.wrt([x, y]), [13.0, 12.0]);
    /// ```
    ///
    /// # Panics
    /// If an output is on another tape.
    #[must_use]
    #[track_caller]
    pub fn backward(&self, outputs: &[(Var, f64)]) -> Gradient {
        let mut gradient = Gradient::new();
        self.backward_into(outputs, &mut gradient);
        gradient
    }

    /// As [`backward`](Self::backward), into the memory of an earlier gradient.
    #[track_caller]
    pub fn backward_into(&self, outputs: &[(Var, f64)], gradient: &mut Gradient) {
        if let Some((stranger, _)) =
            outputs.iter().find(|(output, _)| output.is_on_a_tape() && !self.owns(*output))
        {
            panic!(
                "an output (value {}) is not on this tape: it is on another tape, or its tape was dropped, cleared or \
                 rewound; make it a constant with `.detach()`, or call `backward` of its own tape",
                stranger.value
            );
        }
        gradient.fill(outputs);
    }
}
