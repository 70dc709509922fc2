//! What can go wrong with networks, data and files.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a network, a training run or a file is refused. Each message says what was wrong and what to do.
///
/// `Debug` gives the message too, since that is what `main` prints of an error that it returns, and `unwrap` of one that
/// nobody expected.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A network cannot have this shape.
    #[error("a network cannot be built so: {0}")]
    Shape(String),
    /// A list has the wrong length.
    #[error("{what}: {found} given, {expected} needed")]
    Length {
        /// Of what.
        what: &'static str,
        /// How many there should be.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// No parameter has this name.
    #[error(
        "no parameter is named `{name}`; names are like `layers.0.neurons.3.weights.1`, and `names()` lists them"
    )]
    UnknownParameter {
        /// The name asked for.
        name: String,
    },
    /// A number in the data is not finite.
    #[error("{what} {column} of sample {sample} is {value}; remove the sample or fill in a number")]
    NotANumber {
        /// `input` or `target`.
        what: &'static str,
        /// The sample, from 0.
        sample: usize,
        /// The place in the sample, from 0.
        column: usize,
        /// The number.
        value: f64,
    },
    /// A target that the loss cannot use.
    #[error("the target of sample {sample} does not fit the loss: {problem}")]
    Target {
        /// The sample, from 0.
        sample: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// There is nothing to learn from.
    #[error("there are no samples{0}")]
    NoSamples(&'static str),
    /// Settings of the training make no sense together.
    #[error("{0}")]
    Setting(String),
    /// A setting is a number that it cannot be.
    #[error("`{setting}` is {value}; it has to be {needed}")]
    OutOfRange {
        /// Its name, with the type that it is of.
        setting: &'static str,
        /// What it is.
        value: f64,
        /// What it may be.
        needed: &'static str,
    },
    /// A minimiser found no lower loss than the first, though the gradient says that there is one.
    #[error(
        "no lower loss than {loss} was found, where the gradient has a length of {gradient_norm}: {cause}; \
         see that the loss has a minimum and that its gradient is right, or scale the parameters"
    )]
    NoProgress {
        /// The loss at the start.
        loss: f64,
        /// The length of the gradient there.
        gradient_norm: f64,
        /// What the line search says.
        cause: String,
    },
    /// The loss or gradient of a sample, or an update, was not finite. The parameters are those before the
    /// step.
    #[error(
        "training stopped at update {step}{}: {cause}; the parameters are those before it; lower the \
         learning rate, clip the gradient, or scale the inputs",
        .sample.map_or(String::new(), |sample| format!(", sample {sample}"))
    )]
    NonFinite {
        /// How many updates were made before, over all epochs.
        step: usize,
        /// The sample by its index in the data; none if every sample was finite and their sum or the update
        /// was not.
        sample: Option<usize>,
        /// The first node that was not finite, or what else became so.
        cause: String,
    },
    /// The loss cannot be replayed from a recording, and the tape, which calls it for every sample, is not wanted or
    /// comes too late.
    #[error(
        "training stopped at update {step}, since the loss cannot be replayed: {cause}. The parameters are those after \
         {step} updates; train with `Backend::Eager`, which calls the loss for every sample and every update"
    )]
    NotReplayable {
        /// How many updates were made before, over all epochs.
        step: usize,
        /// What a recording would freeze or has frozen.
        cause: String,
    },
    /// A parameter would not be a finite number.
    #[error("the parameter `{name}` cannot be {value}: parameters are finite numbers")]
    Parameter {
        /// Its name, as in [`Mlp::names`](super::Mlp::names).
        name: String,
        /// What it would be.
        value: f64,
    },
    /// Of these inputs there is no prediction.
    #[error("no prediction: {0}")]
    Prediction(String),
    /// A cell of a table is not what it should be.
    #[error("{source_name}, row {row}, column {column}: {problem}")]
    Cell {
        /// The file, or `csv`.
        source_name: String,
        /// From 1, as editors count; a header counts.
        row: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file does not hold what it should.
    #[error("{}: {problem}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A file was written by a version that this one does not know.
    #[error(
        "{}: written in version {found} of the format, and this build reads version {known}; use {} tapegrad",
        .path.display(), if found > known { "a newer" } else { "an older" }
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// The version known here.
        known: u64,
    },
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Refuses a list of the wrong length.
pub(super) fn expect_length(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::Length { what, expected, found }) }
}
