//! Training: from a model, a loss and data to parameters that fit.

#[cfg(feature = "serde")]
mod checkpoint;
mod eager;
mod history;
#[cfg(feature = "serde")]
mod identity;
mod metrics;
mod objective;
mod progress;
mod recorded;
mod run;
mod trainer;

pub use eager::Eager;
pub use history::{Epoch, History};
pub use metrics::{ConfusionMatrix, Metric, accuracy, r_squared};
pub use objective::{Failure, Objective, Reduction};
pub use recorded::Recorded;
pub use trainer::{Backend, EarlyStopping, Trainer};
