//! Checkpoints: the state of a training run as a file.

use super::groups::Members;
use super::history::History;
use super::identity::difference;
use super::state::RunState;
use crate::nn::error::Error;
use crate::nn::json;
use crate::nn::optimizer::State;
use std::path::Path;

const FORMAT: json::FileFormat = json::FileFormat { name: "tapegrad checkpoint", version: 3 };

/// Writes a checkpoint. An error if a run could not be resumed from it; an existing checkpoint is unchanged then.
pub(super) fn write(
    path: &Path,
    state: &RunState,
    members: &Members,
    name_of: &dyn Fn(usize) -> String,
) -> Result<(), Error> {
    let refuse = |what: String, number: f64| Error::Format {
        path: path.to_owned(),
        problem: format!(
            "{what} is {number}: the run could not be resumed from here, so no checkpoint was written, and an existing one is \
             unchanged; clip the gradient, or scale the data"
        ),
    };
    let best = state.best.iter().map(|best| ("the best value of", &best.parameters));
    for (what, numbers) in [("the parameter", &state.parameters)].into_iter().chain(best) {
        if let Some(k) = numbers.iter().position(|number| !number.is_finite()) {
            return Err(refuse(format!("{what} `{}`", name_of(k)), numbers[k]));
        }
    }
    for (group, optimizer) in optimizers(state) {
        for moments in &optimizer.moments {
            if let Some(k) = moments.iter().position(|number| !number.is_finite()) {
                let name = name_of(members.index(group, k));
                return Err(refuse(format!("the optimiser state of `{name}`"), moments[k]));
            }
        }
    }
    if let Some(&number) = state.memories.iter().flatten().find(|number| !number.is_finite()) {
        return Err(refuse("what a callback keeps".to_owned(), number));
    }
    json::write(path, FORMAT, state)
}

/// The state of each optimiser, with the number of its group, if it is that of one.
fn optimizers(state: &RunState) -> impl Iterator<Item = (Option<usize>, &State)> {
    let of_groups = state.groups.iter().enumerate().map(|(k, state)| (Some(k), state));
    std::iter::once((None, &state.optimizer)).chain(of_groups)
}

/// Reads a checkpoint, and checks that it belongs to the run that starts with the state `fresh`.
pub(super) fn read(path: &Path, fresh: &RunState, members: &Members) -> Result<RunState, Error> {
    let (parameters, samples) = (fresh.parameters.len(), fresh.samples);
    let state: RunState = json::read(path, FORMAT)?;
    let refuse = |problem: String| Err(Error::Format { path: path.to_owned(), problem });
    if state.groups.len() != fresh.groups.len() {
        let [then, now] = [&state, fresh].map(|state| state.groups.len());
        return refuse(format!("the checkpoint is of {then} groups of parameters, and these are {now}"));
    }
    for list in std::iter::once(&state.parameters).chain(state.best.as_ref().map(|best| &best.parameters)) {
        if list.len() != parameters {
            return refuse(format!(
                "the checkpoint is of a model with {} parameters, this one has {parameters}",
                list.len()
            ));
        }
    }
    for ((group, State { kind, updates, moments }), (_, optimizer)) in
        optimizers(&state).zip(optimizers(fresh))
    {
        if *kind != optimizer.kind || moments.len() != optimizer.moments.len() {
            return refuse(format!(
                "the checkpoint is of the optimiser `{kind}`, this one is `{}`",
                optimizer.kind
            ));
        }
        if (*updates == 0) != (state.updates == 0) {
            return refuse("the optimiser and the run count their updates differently".to_owned());
        }
        let count = members.count(group);
        if let Some(list) = moments.iter().find(|list| *updates > 0 && list.len() != count) {
            return refuse(format!(
                "the checkpoint is of an optimiser of {} parameters, this one has {count}",
                list.len()
            ));
        }
    }
    if !state.rate.is_finite() || state.rate < 0.0 || state.memories.len() != fresh.memories.len() {
        return refuse("its learning rate or what its callbacks keep is not of a run as this one".to_owned());
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
        || optimizers(&state).any(|(_, optimizer)| optimizer.updates > u64::MAX / 2)
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
