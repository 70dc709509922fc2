//! What callbacks read and change of a run.

/// Control of a training run, for the callbacks of [`Trainer::on_update_with`](super::Trainer::on_update_with) and
/// [`Trainer::on_epoch_with`](super::Trainer::on_epoch_with).
#[derive(Debug)]
pub struct Control<'c> {
    pub(super) rate: &'c mut f64,
    pub(super) is_to_stop: &'c mut bool,
    pub(super) memory: &'c mut Vec<f64>,
    pub(super) parameters: &'c [f64],
}

impl Control<'_> {
    /// The base rate: that of the optimiser, unless it was set. The learning rate of an update is the base rate, times the factor
    /// of the [schedule](super::Trainer::schedule).
    #[must_use]
    pub fn rate(&self) -> f64 {
        *self.rate
    }

    /// Sets the base rate, from the next update on. The rates of [groups](super::Trainer::group) change by the same factor. A rate
    /// that is negative or not finite ends the training with an error.
    pub fn set_rate(&mut self, rate: f64) {
        *self.rate = rate;
    }

    /// Ends the training: after this epoch, or after this update, with which the epoch ends. It is validated, and gets into the
    /// history and the checkpoint, as a complete epoch would.
    pub fn stop(&mut self) {
        *self.is_to_stop = true;
    }

    /// The parameters now.
    #[must_use]
    pub fn parameters(&self) -> &[f64] {
        self.parameters
    }

    /// Numbers that this callback keeps from call to call; empty at first. They are a part of checkpoints, where variables of a
    /// closure are not: a callback that keeps here what it needs continues in a resumed run as if it had not been interrupted.
    /// They have to be finite.
    #[must_use]
    pub fn memory(&mut self) -> &mut Vec<f64> {
        self.memory
    }
}
