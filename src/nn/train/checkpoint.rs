//! The state of a run as a file.

use super::history::History;
use super::run::RunState;
use crate::nn::error::Error;
use crate::nn::optimizer::State;
use crate::nn::save;
use std::path::Path;

const FORMAT: &str = "tapegrad checkpoint";

pub(super) fn write(path: &Path, state: &RunState) -> Result<(), Error> {
    save::write_json(path, FORMAT, state)
}

/// Reads a checkpoint of a run over so many parameters and samples, with this optimiser.
pub(super) fn read(
    path: &Path,
    parameters: usize,
    samples: usize,
    optimizer: &State,
) -> Result<RunState, Error> {
    let state: RunState = save::read_json(path, FORMAT)?;
    let refuse = |problem: String| Err(Error::Format { path: path.to_owned(), problem });
    let State { kind, updates, moments } = &state.optimizer;
    if *kind != optimizer.kind || moments.len() != optimizer.moments.len() {
        return refuse(format!(
            "the checkpoint is of the optimiser `{kind}`, this one is `{}`",
            optimizer.kind
        ));
    }
    if (*updates == 0) != (state.updates == 0) {
        return refuse("the optimiser and the run count their updates differently".to_owned());
    }
    let moments = if *updates == 0 { &[] } else { &moments[..] };
    let lists = [&state.parameters].into_iter().chain(moments);
    for list in lists.chain(state.best.as_ref().map(|best| &best.parameters)) {
        if list.len() != parameters {
            return refuse(format!(
                "the checkpoint is of a model with {} parameters, this one has {parameters}",
                list.len()
            ));
        }
    }
    let History { epochs, best_epoch, .. } = &state.history;
    let is_numbered = epochs.iter().enumerate().all(|(k, epoch)| epoch.epoch == k);
    let has_best = best_epoch.is_some_and(|best| best < epochs.len());
    // An epoch has an update per sample at most; an optimiser may count otherwise, but not without end.
    let most_updates = epochs.len().saturating_mul(state.samples);
    if !is_numbered
        || has_best != state.best.is_some()
        || has_best != best_epoch.is_some()
        || epochs.last().map_or(0, |epoch| epoch.updates) != state.updates
        || state.updates > most_updates
        || *updates > u64::MAX / 2
    {
        return refuse("its epochs, updates and best parameters contradict each other".to_owned());
    }
    if state.samples != samples {
        return refuse(format!("the checkpoint is of a run over {} samples, not {samples}", state.samples));
    }
    Ok(state)
}
