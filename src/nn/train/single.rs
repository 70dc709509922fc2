//! Losses of one sample at a time, recorded: one operation after the other, or as a batch, whichever seems quicker.

use crate::error::Error;
use crate::function::{BatchWorkspace, Batched, Function, Precision, Recordings, Samples, Workspace};
use std::ops::Range;

/// A batch of one is used if it seems quicker by this factor, since both times are estimates.
const MARGIN: f64 = 1.75;

/// A recording of the loss, in the way in which it is evaluated. Which it is depends on the recording alone.
enum Recording<T> {
    Function(Box<Function>),
    Batched(Box<Batched<T>>),
}

/// Recordings for the branches of a loss, and memory.
pub(super) struct Singles<T> {
    recordings: Recordings<Recording<T>, (Workspace, BatchWorkspace<T>)>,
}

impl<T: Precision> Singles<T> {
    pub fn new(most: usize) -> Self {
        Singles { recordings: Recordings::new(most) }
    }

    /// The loss and its gradient by the parameters. `point` has the parameters, and then the numbers of the sample; `samples`
    /// gives the same sample alone.
    pub fn value_and_gradient<'s>(
        &mut self,
        record: impl FnOnce() -> Result<Function, Error>,
        parameters: Range<usize>,
        point: &[f64],
        samples: impl Fn() -> Result<Samples<'s>, Error>,
        gradient: &mut [f64],
    ) -> Result<f64, Error> {
        let record = || {
            let function = record()?.with_held(parameters.end..point.len())?.optimize();
            let batched = function.batched_as(parameters.clone())?;
            Ok(match MARGIN * batched.nanoseconds_of_one() < function.nanoseconds() {
                true => Recording::Batched(Box::new(batched)),
                false => Recording::Function(Box::new(function)),
            })
        };
        self.recordings.with_fitting(record, |recording, (plain, lanes)| match recording {
            Recording::Function(function) => {
                function.evaluator_in(plain).value_and_gradient_into(point, gradient)
            }
            Recording::Batched(batched) => {
                let shared = &point[parameters.clone()];
                let done = batched.evaluator_in(lanes).value_and_gradient_into(shared, &samples()?, gradient);
                done.map_err(|error| match error {
                    Error::BranchesChanged { first, .. } => *first,
                    error => error,
                })
            }
        })
    }
}
