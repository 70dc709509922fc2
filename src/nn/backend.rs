//! How losses and gradients are computed.

/// How losses and gradients of a batch are computed. If the loss is a function of its arguments, backends differ
/// only in speed and rounding. If it also reads something that changes (a counter, a setting that `on_epoch`
/// modifies, random numbers), only [`Eager`](Backend::Eager) is right, which calls the loss for every sample: a
/// recording would freeze what was read. Such changes are detected where possible: see [`Fallback`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Backend {
    /// The loss of a sample is recorded once and evaluated over all samples of a batch in vector registers, in
    /// double precision. See [`Recorded`](crate::nn::Recorded).
    #[default]
    Recorded,
    /// As `Recorded`, in single precision: faster, with about six correct digits. Parameters and optimisers remain
    /// in double precision.
    RecordedSingle,
    /// Every sample is recorded on a tape, one after the other. This is the reference. See
    /// [`Eager`](crate::nn::Eager).
    Eager,
}

/// What to do if a loss cannot be replayed from a recording: because it reads the plain number of a variable, uses
/// a node of which only the partials are known, or is not the same function each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fallback {
    /// Continue on the tape, as with [`Backend::Eager`]; the [`History`](crate::nn::History) has the reason. If
    /// batches may already have been computed with an outdated recording, it is an error:
    /// [`Error::NotReplayable`](crate::nn::Error::NotReplayable).
    #[default]
    Tape,
    /// It is an error: [`Error::NotReplayable`](crate::nn::Error::NotReplayable).
    Refuse,
}
