//! Errors of networks, training, data and files.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// An error of a network, a training run, data or a file. Each message says what is wrong and what to do.
///
/// `Debug` prints the message too, since it is used for errors that `main` returns and by `unwrap`.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A network cannot have this shape.
    #[error("this network cannot be built: {0}")]
    Shape(String),
    /// A list has the wrong length.
    #[error("{what}: {found} given, {expected} needed")]
    Length {
        /// What the list contains.
        what: &'static str,
        /// The required length.
        expected: usize,
        /// The actual length.
        found: usize,
    },
    /// No parameter has this name.
    #[error(
        "no parameter is named `{name}`; names are like `layers.0.neurons.3.weights.1`, and `names()` lists them"
    )]
    UnknownParameter {
        /// The name.
        name: String,
    },
    /// A number in the data is not finite.
    #[error("{what} {column} of sample {sample} is {value}; remove the sample or fill in a number")]
    NotANumber {
        /// `input` or `target`.
        what: &'static str,
        /// The sample, from 0.
        sample: usize,
        /// The index within the inputs or targets of the sample, from 0.
        column: usize,
        /// The number.
        value: f64,
    },
    /// An input is not the index of a category.
    #[error(
        "input {column} of sample {sample} is {value}, which is not the index of one of {count} categories: it has to be \
         one of 0 to {}, or the column is no index", count - 1
    )]
    Category {
        /// The sample, from 0.
        sample: usize,
        /// The index within the inputs of the sample, from 0.
        column: usize,
        /// The number.
        value: f64,
        /// The number of categories.
        count: usize,
    },
    /// A weight of a sample or of a class.
    #[error("the weight of {what} {index} is {value}; weights are finite numbers that are not negative")]
    Weight {
        /// `sample` or `class`.
        what: &'static str,
        /// The sample or class, from 0.
        index: usize,
        /// Its weight.
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
    /// There are no samples.
    #[error("there are no samples{0}")]
    NoSamples(&'static str),
    /// Settings are invalid, or do not fit together.
    #[error("{0}")]
    Setting(String),
    /// A numeric setting is out of its range.
    #[error("`{setting}` is {value}; it has to be {needed}")]
    OutOfRange {
        /// The name of the setting, with its type.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// The valid range.
        needed: &'static str,
    },
    /// A minimiser found no lower loss than the initial one, although the gradient indicates that there is one.
    #[error(
        "no lower loss than {loss} was found, where the gradient has a length of {gradient_norm}: {cause}; \
         see that the loss has a minimum and that its gradient is right, or scale the parameters"
    )]
    NoProgress {
        /// The loss at the start.
        loss: f64,
        /// The norm of the gradient there.
        gradient_norm: f64,
        /// Why the line search failed.
        cause: String,
    },
    /// The loss or gradient of a sample, or an update, was not finite. The parameters are those from before this
    /// update.
    #[error(
        "training stopped at update {step}{}: {cause}; the parameters are those before it; lower the \
         learning rate, clip the gradient, or scale the inputs",
        .sample.map_or(String::new(), |sample| format!(", sample {sample}"))
    )]
    NonFinite {
        /// The number of completed updates, over all epochs.
        step: usize,
        /// The index of the sample in the data; `None` if every sample was finite, but their sum or the update was
        /// not.
        sample: Option<usize>,
        /// The first node that was not finite, or another cause.
        cause: String,
    },
    /// The loss cannot be replayed from a recording, and the tape, which calls the loss for every sample, is not
    /// allowed, or batches may already have been computed with an outdated recording.
    #[error(
        "training stopped at update {step}, since the loss cannot be replayed: {cause}. The parameters are those after \
         {step} updates; train with `Backend::Eager`, which calls the loss for every sample and every update"
    )]
    NotReplayable {
        /// The number of completed updates, over all epochs.
        step: usize,
        /// What the recording would freeze or has frozen.
        cause: String,
    },
    /// A parameter would not be a finite number.
    #[error("the parameter `{name}` cannot be {value}: parameters are finite numbers")]
    Parameter {
        /// The name of the parameter, as in [`Mlp::names`](super::Mlp::names).
        name: String,
        /// The value that was refused.
        value: f64,
    },
    /// A metric is not defined for these predictions and targets, or they do not fit each other.
    #[error("there is no {metric}: {problem}")]
    Metric {
        /// The name of the metric.
        metric: String,
        /// Why there is none, and what to do.
        problem: String,
    },
    /// There is no prediction for these inputs.
    #[error("no prediction: {0}")]
    Prediction(String),
    /// There is no prediction for one of many rows.
    #[error("no prediction for row {row}: {problem}")]
    Row {
        /// The row, from 0.
        row: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A cell of a table is invalid.
    #[error(
        "{source_name}, row {row}, column {column}{}: {problem}",
        .name.as_ref().map_or(String::new(), |name| format!(" (`{name}`)"))
    )]
    Cell {
        /// The file, or `csv`.
        source_name: String,
        /// The line, counted from 1 as in an editor, header included.
        row: usize,
        /// The column, counted from 1.
        column: usize,
        /// The name of the column, if the table has a header.
        name: Option<String>,
        /// What is wrong.
        problem: String,
    },
    /// A column of a table cannot be used.
    #[error("{source_name}, column `{column}`: {problem}")]
    Column {
        /// The file, or `csv`.
        source_name: String,
        /// The name of the column.
        column: String,
        /// What is wrong.
        problem: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file has the format of another program.
    #[error("{}: this is {found}; {remedy}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is.
        found: &'static str,
        /// What to do, as a line of Python if that converts it.
        remedy: String,
    },
    /// A file has invalid contents.
    #[error("{}: {problem}", .path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A file has a version of the format that this build does not read.
    #[error(
        "{}: written in version {found} of the format `{format}`, and this build reads version {known}; use {} {}",
        .path.display(), if found > known { "a newer" } else { "an older" },
        if format.starts_with("tapegrad ") { "tapegrad" } else { "version of the program" }
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The name of the format.
        format: &'static str,
        /// The version of the file.
        found: u64,
        /// The version that this build reads.
        known: u64,
    },
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An error if a list has the wrong length.
pub(super) fn expect_length(what: &'static str, expected: usize, found: usize) -> Result<(), Error> {
    if expected == found { Ok(()) } else { Err(Error::Length { what, expected, found }) }
}

/// An error if the number of inputs is wrong or an input is not finite.
pub(super) fn expect_inputs(width: usize, inputs: &[f64]) -> Result<(), Error> {
    expect_length("inputs of a sample", width, inputs.len())?;
    match inputs.iter().position(|input| !input.is_finite()) {
        None => Ok(()),
        Some(k) => {
            let problem = format!("input {k} is {}; leave the sample out or fill in a number", inputs[k]);
            Err(Error::Prediction(problem))
        }
    }
}

/// An error if an output is not finite.
pub(super) fn expect_outputs(outputs: Vec<f64>) -> Result<Vec<f64>, Error> {
    match outputs.iter().position(|output| !output.is_finite()) {
        None => Ok(outputs),
        Some(k) => {
            let problem =
                format!("output {k} is {}; inputs or parameters are too large: scale them", outputs[k]);
            Err(Error::Prediction(problem))
        }
    }
}
