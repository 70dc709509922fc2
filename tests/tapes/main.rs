//! Promises of tapes and recordings: one a file.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/programs.rs"]
#[allow(dead_code)] // its generator of numbers is used here
mod programs;

mod checkpointed;
mod diagnosis;
mod for_gradients;
mod for_gradients_random;
mod misuse;
mod recording;
mod recording_hides_nothing;
mod threads;
