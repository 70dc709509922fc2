//! Promises of tapes and recordings: one a file.

#[path = "../common/mod.rs"]
mod common;

mod diagnosis;
mod for_gradients;
mod misuse;
mod recording;
mod recording_hides_nothing;
mod threads;
