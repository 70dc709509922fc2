//! Checks that a loss is the same function each time: anything that it reads besides its arguments is frozen in a
//! recording.

use crate::function::Cache;
use crate::{Error, Function, Workspace};

/// The recordings that training uses, before optimisation, to compare with the loss when it is recorded again.
#[derive(Debug)]
pub(super) struct Watch {
    /// A loss of this library is always the same function: no check is needed.
    is_known: bool,
    recordings: Cache<Function>,
    /// One fingerprint for each recording: most checks need nothing else.
    fingerprints: Cache<u64>,
    /// The number of batches that were computed by recordings.
    answers: u64,
    /// The value of `answers` when the loss was last checked successfully.
    seen: u64,
}

impl Watch {
    pub fn new(is_known: bool, most: usize) -> Watch {
        Watch { is_known, recordings: Cache::new(most), fingerprints: Cache::new(most), answers: 0, seen: 0 }
    }

    /// Makes a recording for training. It is made twice, so that a loss that differs each time is found before it
    /// is used. `record` returns no function if the fingerprint of the recording is among the known ones.
    pub fn record(
        &mut self,
        record: impl Fn(&[u64]) -> Result<(u64, Option<Function>), Error>,
    ) -> Result<Function, Error> {
        let (fingerprint, function) = record(&[])?;
        let function = function.expect("nothing is known");
        if self.is_known {
            return Ok(function);
        }
        if let (_, Some(again)) = record(&[fingerprint])? {
            function.expect_same(&again)?;
        }
        self.recordings.insert(function.clone(), 0);
        self.fingerprints.insert(fingerprint, 0);
        Ok(function)
    }

    /// Removes all recordings, because the number of parameters has changed.
    pub fn clear(&mut self) {
        self.recordings.clear();
        self.fingerprints.clear();
    }

    /// Notes that a batch was computed by recordings.
    pub fn has_answered(&mut self) {
        self.answers += 1;
    }

    /// Whether a check is due because of the number of batches: after 1, 2, 4, 8, … batches, which takes little
    /// time in total.
    pub fn is_due(&self) -> bool {
        !self.is_known && self.answers.is_power_of_two() && self.is_in_doubt()
    }

    /// Whether batches were computed since the last successful check.
    pub fn is_in_doubt(&self) -> bool {
        self.seen < self.answers
    }

    /// Records the loss again at a point, and compares. If the guards of a known recording hold at the point, it
    /// must be the same, bit for bit. If those of none do, the point is in a branch that training has not used, and
    /// there is nothing to compare with.
    pub fn look(
        &mut self,
        at: &[f64],
        record: impl FnOnce(&[u64]) -> Result<(u64, Option<Function>), Error>,
    ) -> Result<(), Error> {
        let recordings = self.recordings.entries();
        if self.is_known || recordings.is_empty() {
            return Ok(());
        }
        if let (_, Some(again)) = record(self.fingerprints.entries())?
            && !recordings.iter().any(|function| function.expect_same(&again).is_ok())
        {
            let mut workspace = Workspace::new();
            let fits = |function: &&Function| function.evaluator_in(&mut workspace).values(at).is_ok();
            if let Some(function) = recordings.iter().find(fits) {
                function.expect_same(&again)?;
            }
        }
        self.seen = self.answers;
        Ok(())
    }
}
