//! Training: fits the parameters of a model to data, for a loss.

mod chart;
#[cfg(feature = "serde")]
mod checkpoint;
mod control;
mod data_loss;
mod eager;
mod find_rate;
mod fit;
mod groups;
mod history;
#[cfg(feature = "serde")]
mod identity;
mod metrics;
mod plateau;
mod predictions;
mod progress;
mod recorded;
mod run;
mod settings;
mod single;
mod state;
mod trainer;
mod watch;

pub use control::Control;
pub(super) use data_loss::DataLoss;
pub use eager::Eager;
pub use find_rate::{RateCurve, RateFinder};
pub use groups::Selection;
pub use history::{Epoch, History, MetricValue, Update};
pub use metrics::{Average, ConfusionMatrix, Goal, Metric, accuracy, r_squared};
pub use plateau::ReduceOnPlateau;
pub use predictions::Predictions;
pub use recorded::Recorded;
pub use settings::EarlyStopping;
pub use trainer::Trainer;
