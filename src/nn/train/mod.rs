//! Training: from a model, a loss and data to parameters that fit.

#[cfg(feature = "serde")]
mod checkpoint;
mod eager;
mod history;
#[cfg(feature = "serde")]
mod identity;
mod metrics;
mod objective;
mod predictions;
mod progress;
mod recorded;
mod run;
mod trainer;
mod watch;

pub use eager::Eager;
pub use history::{Epoch, History};
pub use metrics::{ConfusionMatrix, Metric, accuracy, r_squared};
pub(super) use objective::stopped;
pub use objective::{Failure, Moment, Objective, Reduction, Report};
pub use predictions::Predictions;
pub use recorded::Recorded;
pub use trainer::{Backend, EarlyStopping, Fallback, Trainer};
