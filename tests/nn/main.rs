//! Promises of networks and their training: one a file.

#[path = "../common/mod.rs"]
mod common;
#[allow(dead_code)]
#[macro_use]
#[path = "../common/modes.rs"]
mod modes;
#[path = "../common/nn.rs"]
mod nets;
#[path = "../common/torch.rs"]
mod torch;
#[path = "../../benches/workloads/mod.rs"]
mod workloads;

mod callbacks;
mod categories;
mod chart;
mod checkpoints;
mod choosing;
mod combinations;
mod data;
mod files;
mod groups;
mod lbfgs;
mod learning;
mod losses;
mod many_rows;
mod metrics;
mod missing_targets;
mod networks;
mod optimizers;
mod own_files;
mod own_networks;
mod parameters;
mod playground;
mod predictions;
mod safetensors;
mod sample_weights;
mod saving;
mod settings;
mod state;
mod tables;
mod tasks;
mod trainer;
mod training;
mod training_page;
mod two_two_two;
mod weights;
