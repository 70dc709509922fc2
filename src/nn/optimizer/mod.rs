//! Optimisers compute an update from a gradient. They work on plain slices, so for any model.
//!
//! All have the semantics of PyTorch: the same settings give the same numbers up to rounding.

mod adagrad;
mod adam;

#[cfg(feature = "lbfgs")]
mod lbfgs;
mod rmsprop;
mod sgd;

pub use adagrad::Adagrad;
pub use adam::{Adam, AdamW};

#[cfg(feature = "lbfgs")]
pub use lbfgs::{Ending, Lbfgs, Minimum};
pub use rmsprop::RmsProp;
pub use sgd::Sgd;

use super::error::Error;
use super::ranges::{not_negative, or_panic};
use super::vectors::run;

/// The state that an optimiser keeps between updates; a checkpoint stores it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct State {
    /// The name of the optimiser, so that no optimiser resumes with the state of another one.
    pub kind: String,
    /// The number of updates so far.
    pub updates: u64,
    /// Running means and sums: lists of one number per parameter, empty before the first update.
    pub moments: Vec<Vec<f64>>,
}

impl State {
    /// The state before the first update, with this number of lists of moments.
    #[must_use]
    pub fn new(kind: &str, lists: usize) -> State {
        State { kind: kind.to_owned(), updates: 0, moments: vec![Vec::new(); lists] }
    }

    /// The state that an optimiser of this kind starts with.
    #[must_use]
    pub fn fresh(&self) -> State {
        State::new(&self.kind, self.moments.len())
    }

    /// Counts an update, and returns the lists of moments, whose numbers start at `initial`.
    ///
    /// # Panics
    /// If the number of lists is not `N`, or they are for another number of parameters; then no update is counted.
    #[track_caller]
    pub fn advance<const N: usize>(&mut self, parameters: usize, initial: f64) -> [&mut [f64]; N] {
        assert_eq!(
            self.moments.len(),
            N,
            "the optimiser has the state of another one; give it a fresh `State`"
        );
        self.expect_parameters(parameters);
        if self.updates == 0 {
            self.moments.fill(vec![initial; parameters]);
        }
        self.updates += 1;
        let mut lists = self.moments.iter_mut();
        std::array::from_fn(|_| lists.next().expect("N lists").as_mut_slice())
    }

    /// # Panics
    /// If the moments are for another number of parameters.
    #[track_caller]
    fn expect_parameters(&self, parameters: usize) {
        for moments in self.moments.iter().filter(|_| self.updates > 0) {
            assert_eq!(
                moments.len(),
                parameters,
                "the optimiser has the state of another model; make one for each"
            );
        }
    }
}

/// Updates parameters, given a gradient.
///
/// ```
/// use tapegrad::nn::{Optimizer, Sgd};
///
/// let mut sgd = Sgd::new(0.1);
/// let mut w = [1.0, 2.0];
/// sgd.step(&mut w, &[10.0, -10.0]);
/// assert_eq!(w, [0.0, 3.0]);
/// ```
pub trait Optimizer {
    /// The learning rate, without a schedule.
    fn rate(&self) -> f64;

    /// Checks the settings. A [`Trainer`](super::Trainer) does so before training.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the name of the invalid setting.
    fn check(&self) -> Result<(), Error> {
        not_negative("learning rate", self.rate())
    }

    /// Updates the parameters with this learning rate, given the gradient.
    ///
    /// # Panics
    /// If the lengths differ from each other or from those of earlier updates; then nothing is changed.
    fn step_with(&mut self, rate: f64, parameters: &mut [f64], gradient: &[f64]);

    /// The settings by name: a training run cannot be resumed with others. By default only the learning rate.
    fn settings(&self) -> Vec<(&'static str, f64)> {
        vec![("rate", self.rate())]
    }

    /// The state that is kept between updates.
    fn state(&self) -> &State;

    /// The state, mutable, so that it can be restored.
    fn state_mut(&mut self) -> &mut State;

    /// Updates the parameters, given the gradient.
    ///
    /// # Panics
    /// As [`step_with`](Self::step_with), and if a setting is invalid (see [`check`](Self::check)).
    #[track_caller]
    fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        or_panic(self.check());
        self.step_with(self.rate(), parameters, gradient);
    }
}

/// An optimiser behind a pointer.
macro_rules! optimizer_behind {
    ($(#[$doc:meta])* $pointer:ty) => {
        $(#[$doc])*
        impl<O: Optimizer + ?Sized> Optimizer for $pointer {
            fn rate(&self) -> f64 {
                (**self).rate()
            }

            fn check(&self) -> Result<(), Error> {
                (**self).check()
            }

            fn step_with(&mut self, rate: f64, parameters: &mut [f64], gradient: &[f64]) {
                (**self).step_with(rate, parameters, gradient);
            }

            fn settings(&self) -> Vec<(&'static str, f64)> {
                (**self).settings()
            }

            fn state(&self) -> &State {
                (**self).state()
            }

            fn state_mut(&mut self) -> &mut State {
                (**self).state_mut()
            }

            fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
                (**self).step(parameters, gradient);
            }
        }
    };
}

optimizer_behind! {
    /// An optimiser that is chosen while the program runs.
    Box<O>
}
optimizer_behind! {
    /// An optimiser that is lent.
    &mut O
}

/// One update: applies a rule to every parameter, its derivative and its moments, which start at `initial`.
///
/// # Panics
/// As [`Optimizer::step_with`].
#[track_caller]
fn for_each_parameter<const N: usize>(
    state: &mut State,
    initial: f64,
    parameters: &mut [f64],
    gradient: &[f64],
    rule: impl Fn(&mut f64, f64, [&mut f64; N]),
) {
    expect_fitting(state, parameters, gradient);
    let moments = state.advance(parameters.len(), initial);
    run(parameters.len(), EachParameter { parameters, gradient, moments, rule });
}

/// # Panics
/// If the lengths differ from each other or from those of earlier updates.
#[track_caller]
fn expect_fitting(state: &State, parameters: &[f64], gradient: &[f64]) {
    assert_eq!(parameters.len(), gradient.len(), "the gradient needs one number per parameter");
    state.expect_parameters(parameters.len());
}

/// The loop of [`for_each_parameter`], for the vector instructions of the machine.
struct EachParameter<'a, F, const N: usize> {
    parameters: &'a mut [f64],
    gradient: &'a [f64],
    moments: [&'a mut [f64]; N],
    rule: F,
}

impl<F: Fn(&mut f64, f64, [&mut f64; N]), const N: usize> pulp::WithSimd for EachParameter<'_, F, N> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let len = self.parameters.len();
        let (gradient, mut moments) =
            (&self.gradient[..len], self.moments.map(|moments| &mut moments[..len]));
        for k in 0..len {
            let moments = moments.each_mut().map(|moments| &mut moments[k]);
            (self.rule)(&mut self.parameters[k], gradient[k], moments);
        }
    }
}

/// The methods of [`Optimizer`] that are the same for all optimisers.
macro_rules! remembers {
    () => {
        fn rate(&self) -> f64 {
            self.rate
        }
        fn state(&self) -> &State {
            &self.state
        }
        fn state_mut(&mut self) -> &mut State {
            &mut self.state
        }
    };
}
use remembers;
