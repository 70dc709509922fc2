//! Whether a loss is the same function each time it is called: what it reads besides its arguments is frozen in a recording.

use crate::function::Cache;
use crate::{Error, Function, Workspace};

/// The recordings that training uses, as they were made: what the loss is held against when it is recorded again.
#[derive(Debug)]
pub(super) struct Watch {
    /// A loss of this library is the same each time: nothing needs to be seen.
    is_known: bool,
    recordings: Cache<Function>,
    /// One for each of them: most looks need no more.
    fingerprints: Cache<u64>,
    /// How many batches were computed by recordings.
    answers: u64,
    /// Of them, those when the loss was last seen to be the same.
    seen: u64,
}

impl Watch {
    pub fn new(is_known: bool, most: usize) -> Watch {
        Watch { is_known, recordings: Cache::new(most), fingerprints: Cache::new(most), answers: 0, seen: 0 }
    }

    /// Makes a recording to train with: twice, so that a loss that is never the same is found before it is used. `record`
    /// leaves out the function where the fingerprint of the recording is among the known.
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

    /// Forgets the recordings: they are of other arguments.
    pub fn clear(&mut self) {
        self.recordings.clear();
        self.fingerprints.clear();
    }

    /// Notes that a batch was computed by recordings.
    pub fn has_answered(&mut self) {
        self.answers += 1;
    }

    /// Whether it is time to look by itself: after 1, 2, 4, 8, … batches, which costs next to nothing in the long run.
    pub fn is_due(&self) -> bool {
        !self.is_known && self.answers.is_power_of_two() && self.is_in_doubt()
    }

    /// Whether batches were computed since the loss was last seen to be the same.
    pub fn is_in_doubt(&self) -> bool {
        self.seen < self.answers
    }

    /// Records the loss once more, at a point, and compares. A recording whose comparisons hold there must be the same, bit
    /// by bit; where none's do, it is a branch that training has not met, and nothing to compare with.
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
