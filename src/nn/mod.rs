//! Neural networks: neurons, layers, multi-layer perceptrons, training, saving.
//!
//! The parameters of a network are plain numbers; to differentiate it, they become variables of a tape or inputs of
//! a recorded function. The guide is [`guide::networks`](crate::guide::networks).
//!
//! ```
//! use tapegrad::nn::{Activation, Adam, Loss, Metric, Mlp, Trainer, moons};
//!
//! let data = moons(100, 0.1, 7);
//! let mut mlp = Mlp::builder(2)
//!     .layer(8, Activation::Tanh)
//!     .layer(1, Activation::Identity)
//!     .seed(7)
//!     .build()?;
//! let history = Trainer::new(Adam::new(0.05))
//!     .epochs(150)
//!     .metric(Metric::Accuracy)
//!     .fit(&mut mlp, Loss::Hinge, &data)?;
//! assert_eq!(history.last().unwrap().metric(Metric::Accuracy), Some(1.0));
//! # Ok::<(), tapegrad::nn::Error>(())
//! ```

mod activation;
mod backend;
mod bound;
mod builder;
mod clip;
mod custom;
mod data;
mod error;
#[cfg(feature = "serde")]
mod foreign;
mod init;
#[cfg(feature = "serde")]
mod json;
mod layer;
mod layers;
mod loss;
mod mlp;
mod model;
mod network;
mod neuron;
mod objective;
mod optimizer;
#[cfg(feature = "view")]
mod page;
mod parameters;
mod part;
mod penalty;
mod predict;
mod predictor;
mod random;
mod ranges;
mod repeat;
#[cfg(feature = "safetensors")]
mod safetensors;
#[cfg(feature = "serde")]
mod save;
#[cfg(feature = "serde")]
mod saved_parameters;
mod schedule;
mod train;
mod vectors;

pub use activation::Activation;
pub use backend::{Backend, Fallback};
pub use bound::{Bound, ForwardPass};
pub use builder::MlpBuilder;
pub use clip::Clip;
pub use custom::{CustomNetwork, Forward};
#[cfg(feature = "view")]
pub(crate) use data::target_class;
pub use data::{
    Batch, Data, Encoder, Feature, Fold, Missing, Order, Scaler, Scaling, Table, TableFormat, argmax, blobs,
    circles, moons, one_hot, sine, spirals, xor,
};
pub use error::Error;
pub use init::Init;
pub use layer::{Bias, Layer};
pub use loss::Loss;
pub use mlp::Mlp;
pub use model::Model;
pub use network::Network;
pub use neuron::Neuron;
pub use objective::{Failure, Moment, Objective, Reduction, Report};
pub use optimizer::{Adagrad, Adam, AdamW, Optimizer, RmsProp, Sgd, State};
#[cfg(feature = "lbfgs")]
pub use optimizer::{Ending, Lbfgs, Minimum};
#[cfg(feature = "view")]
pub use page::TrainingPage;
pub use parameters::Parameters;
pub use part::Part;
pub use penalty::Penalty;
pub use predictor::Predictor;
pub use random::Random;
pub use repeat::{Scores, repeat};
#[cfg(feature = "safetensors")]
pub use safetensors::{FloatType, TensorNames};
#[cfg(feature = "view")]
pub(crate) use save::write as replace_file;
pub use schedule::Schedule;
pub use train::{
    Average, ConfusionMatrix, Control, Eager, EarlyStopping, Epoch, Goal, History, Metric, MetricValue,
    Predictions, RateCurve, RateFinder, Recorded, ReduceOnPlateau, Selection, Trainer, Update, accuracy,
    r_squared,
};
