//! The safetensors format: models of this crate, and weights that are exchanged with other frameworks.

mod model;
mod names;
mod tensors;
mod weights;

pub use names::TensorNames;
pub use weights::FloatType;
