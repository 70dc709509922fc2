//! What computes losses and gradients.

/// How losses and gradients of a batch are computed. For a loss that is a function of its arguments it is a matter of
/// speed and the last digits. One that also reads what changes, a counter, a setting that `on_epoch` turns, random
/// numbers, is right with [`Eager`](crate::nn::Eager)(Backend::Eager) alone, which calls it for every sample: a recording freezes what
/// was read. That is looked for: see [`Fallback`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Backend {
    /// The loss of a sample is recorded once and evaluated over all samples of a batch side by side, in double
    /// precision. See [`Recorded`](crate::nn::Recorded).
    #[default]
    Recorded,
    /// As `Recorded`, in single precision: faster, and good to about six digits. Parameters and optimisers stay in
    /// double precision.
    RecordedSingle,
    /// Every sample is recorded afresh, one after the other: the reference. See [`Eager`](crate::nn::Eager).
    Eager,
}

/// What happens if a loss cannot be replayed from a recording: because it reads a plain number out of a variable, uses a
/// node that only has partials, or is not the same function each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fallback {
    /// The tape takes over, as with [`Backend::Eager`], and the [`History`](crate::nn::History) says so and why. Only where batches may have
    /// been computed by a recording that was no longer right is it an error: [`Error::NotReplayable`](crate::nn::Error::NotReplayable).
    #[default]
    Tape,
    /// It is an error: [`Error::NotReplayable`](crate::nn::Error::NotReplayable).
    Refuse,
}
