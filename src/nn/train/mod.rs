//! Training: fits the parameters of a model to data, for a loss.

mod chart;
#[cfg(feature = "serde")]
mod checkpoint;
mod data_loss;
mod eager;
mod fit;
mod history;
#[cfg(feature = "serde")]
mod identity;
mod metrics;
mod predictions;
mod progress;
mod recorded;
mod run;
mod settings;
mod single;
mod state;
mod trainer;
mod watch;

pub use eager::Eager;
pub use history::{Epoch, History, MetricValue, Update};
pub use metrics::{Average, ConfusionMatrix, Goal, Metric, accuracy, r_squared};
pub use predictions::Predictions;
pub use recorded::Recorded;
pub use settings::EarlyStopping;
pub use trainer::Trainer;
