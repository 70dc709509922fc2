//! Checkpoints: the state of a training run as a file.

use super::history::History;
use super::identity::difference;
use super::state::RunState;
use crate::nn::error::Error;
use crate::nn::json;
use crate::nn::optimizer::State;
use std::path::Path;

const FORMAT: &str = "tapegrad checkpoint";

/// Writes a checkpoint. An error if a run could not be resumed from it; an existing checkpoint is unchanged then.
pub(super) fn write(path: &Path, state: &RunState, name_of: &dyn Fn(usize) -> String) -> Result<(), Error> {
    let best = state.best.iter().map(|best| ("the best value of", &best.parameters));
    let moments = state.optimizer.moments.iter().map(|moments| ("the optimiser state of", moments));
    for (what, numbers) in [("the parameter", &state.parameters)].into_iter().chain(moments).chain(best) {
        if let Some(k) = numbers.iter().position(|number| !number.is_finite()) {
            let (name, number) = (name_of(k), numbers[k]);
            let problem = format!(
                "{what} `{name}` is {number}: the run could not be resumed from here, so no checkpoint was written, and \
                 an existing one is unchanged; clip the gradient, or scale the data"
            );
            return Err(Error::Format { path: path.to_owned(), problem });
        }
    }
    json::write(path, FORMAT, state)
}

/// Reads a checkpoint, and checks that it belongs to the run that starts with the state `fresh`.
pub(super) fn read(path: &Path, fresh: &RunState) -> Result<RunState, Error> {
    let (parameters, samples, optimizer) = (fresh.parameters.len(), fresh.samples, &fresh.optimizer);
    let state: RunState = json::read(path, FORMAT)?;
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
    // An epoch has at most one update per sample. An optimiser may count differently, but its count must not
    // overflow.
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
    if let Some(difference) = difference(&state.identity, &fresh.identity) {
        return refuse(format!(
            "the checkpoint is of another run: {difference}; resume with what it was made with, or start afresh, \
             without `resume_from`"
        ));
    }
    Ok(state)
}
