//! Errors of recorded functions: why a recording cannot be used again, or not with this data.

use crate::number::predicate::Predicate;
use std::borrow::Cow;
use std::fmt;
use std::panic::Location;

/// A line of source code: where something was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceLine {
    file: Cow<'static, str>,
    line: u32,
    column: u32,
}

impl SourceLine {
    #[cfg_attr(not(feature = "serde"), expect(dead_code))]
    pub(crate) fn new(file: String, line: u32, column: u32) -> SourceLine {
        SourceLine { file: file.into(), line, column }
    }

    /// The path of the file, as the compiler saw it.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line, counted from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The column, counted from 1.
    #[must_use]
    pub fn column(&self) -> u32 {
        self.column
    }
}

impl From<&'static Location<'static>> for SourceLine {
    fn from(at: &'static Location<'static>) -> SourceLine {
        SourceLine { file: Cow::Borrowed(at.file()), line: at.line(), column: at.column() }
    }
}

impl fmt::Display for SourceLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A hint for a slice of the wrong length: what it should hold.
fn cure(what: &str) -> &'static str {
    match what {
        "inputs" => "; give one number per input, held inputs included",
        "input names" => "; give one name per input, held inputs included",
        "shared inputs" => "; give one number per shared input",
        "columns" => "; give one column per input that is not shared",
        "outputs" => "; `output` and `gradient_of` choose one of several",
        "values" => "; there is one per output, in a batch one per output and sample",
        "sums" => "; there is one per output",
        "derivatives" => {
            "; there is one per variable, and with several outputs or samples one per variable and output or sample; held \
             inputs are not variables"
        }
        "derivatives by inputs that differ between samples" => {
            "; there is one per sample, output and such input; `value_and_gradient`, not `jacobians`, gives derivatives with \
             respect to shared inputs"
        }
        "directions" => "; there is one per variable",
        _ => "",
    }
}

/// Why a recording cannot replace the function that it was recorded from, at this point or at all.
///
/// `Debug` prints the message too, since `main` and `unwrap` print an error by its `Debug`.
#[derive(Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The tape keeps no guards: it was not made with [`Tape::recording`](crate::Tape::recording).
    #[error("this tape was not recorded for replay; make it with `Tape::recording()`")]
    NotRecording,
    /// A plain number was read out of a variable; a replay would freeze everything computed from it.
    #[error(
        "a value was read out of a variable, or a gradient taken, at {at}: a replay would freeze it; compute \
             with the variable itself, or use a `select`"
    )]
    ValueRead {
        /// The line that read it.
        at: SourceLine,
    },
    /// Only the partials of this node are known, not the operations behind it.
    #[error(
        "node #{node}, recorded at {at}, was made by `custom` or `preaccumulate`: only its partials are known, so \
             that it cannot be replayed or differentiated twice; write it with operations of `Real`"
    )]
    Opaque {
        /// The index of the node.
        node: usize,
        /// The line that recorded it.
        at: SourceLine,
    },
    /// An output depends on a variable that is not among the inputs: a replay would freeze it.
    #[error("node #{node} is a variable that the outputs depend on, but it is not among the inputs{}; pass it as an \
             input, or `detach` it", at.as_ref().map_or(String::new(), |at| format!(" (made at {at})")))]
    FreeVariable {
        /// The index of the node.
        node: usize,
        /// The line that made it, where lines are kept.
        at: Option<SourceLine>,
    },
    /// A comparison turns out differently here than where the function was recorded: the code would take another
    /// branch, which was not recorded.
    #[error("{} at {at} turns out differently here than where the function was recorded: {}; record it again at \
             this point, or use `Adaptive`", predicate.phrase(*left, *right), predicate.change(*left, *right))]
    BranchChanged {
        /// The comparison.
        predicate: Predicate,
        /// Its left side, here.
        left: f64,
        /// Its right side, here; 0 for a predicate of one number.
        right: f64,
        /// The line that compared.
        at: SourceLine,
    },
    /// Two recordings at the same point differ: something that the code reads besides its arguments changes, and a
    /// replay would freeze it.
    #[error(
        "recorded again at the same point, this is not the same function: {difference}; what it reads \
             besides its arguments (state, random numbers) would be frozen in a recording: pass it as an input"
    )]
    NotAFunction {
        /// What differs between the two recordings.
        difference: String,
    },
    /// In some samples of a batch, a comparison turns out differently than where the function was recorded.
    #[error("in {} of the samples, number {} being the first: {first}, or `BatchedAdaptive` for batches",
             samples.len(), samples[0])]
    BranchesChanged {
        /// The indices of these samples in the columns.
        samples: Vec<usize>,
        /// What changed in the first of them.
        first: Box<Error>,
    },
    /// A slice has the wrong length.
    #[error("expected {expected} {what}, got {got}{}", cure(what))]
    Length {
        /// What the slice holds.
        what: &'static str,
        /// The required number.
        expected: usize,
        /// The given number.
        got: usize,
    },
    /// An array, of which columns are to be taken, has gaps in memory between its numbers.
    #[error(
        "the numbers of this array of shape {shape:?} with strides {strides:?} are not contiguous in memory; take the \
             columns of the whole array and choose among them, or copy this part with `to_owned`"
    )]
    Layout {
        /// The lengths of its axes.
        shape: Vec<usize>,
        /// The distance in memory between neighbours along each axis.
        strides: Vec<isize>,
    },
    /// Two inputs have the same name.
    #[error("two inputs are named `{name}`; give each a name of its own")]
    Name {
        /// The name.
        name: String,
    },
    /// An atomic function has no value, or no derivative, at this point.
    #[error("an atomic function cannot be evaluated here: {why}")]
    Refused {
        /// Why not.
        why: String,
    },
    /// Of two functions that are to become one, one holds an input that is a variable of the other.
    #[error(
        "input {input} is held in one of the two functions, and a variable of the other; hold the same inputs in both, by \
             `with_held`"
    )]
    Held {
        /// The input, counted from 0.
        input: usize,
    },
    /// A lower bound is above its upper bound, or one of them is NaN.
    #[error(
        "the bounds of {what} {index} are {lower} and {upper}: the lower one must not be above the upper one, and neither may \
             be NaN; where there is no bound, give an infinity"
    )]
    Bounds {
        /// What is bounded: a variable or a constraint.
        what: &'static str,
        /// Which of them, counted from 0.
        index: usize,
        /// The lower bound.
        lower: f64,
        /// The upper bound.
        upper: f64,
    },
    /// Stored data is not a function.
    #[error("this is not a stored function: {why}")]
    Stored {
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
