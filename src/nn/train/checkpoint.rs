//! The state of a run as a file.

use super::run::RunState;
use crate::nn::error::Error;
use crate::nn::save;
use std::path::Path;

const FORMAT: &str = "tapegrad checkpoint";

pub(super) fn write(path: &Path, state: &RunState) -> Result<(), Error> {
    save::write_json(path, FORMAT, state)
}

/// Reads a checkpoint of a run over so many parameters and samples.
pub(super) fn read(path: &Path, parameters: usize, samples: usize) -> Result<RunState, Error> {
    let state: RunState = save::read_json(path, FORMAT)?;
    let refuse = |problem: String| Err(Error::Format { path: path.to_owned(), problem });
    let lists = [&state.parameters].into_iter().chain(&state.optimizer.moments);
    for list in lists.chain(state.best.as_ref().map(|best| &best.parameters)) {
        if list.len() != parameters {
            return refuse(format!(
                "the checkpoint is of a model with {} parameters, this one has {parameters}",
                list.len()
            ));
        }
    }
    if state.samples != samples {
        return refuse(format!("the checkpoint is of a run over {} samples, not {samples}", state.samples));
    }
    Ok(state)
}
