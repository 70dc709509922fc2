//! A training run: the loop over epochs and updates.

use super::control::Control;
use super::groups::{Members, states};
use super::history::{Epoch, History, Update};
#[cfg(feature = "serde")]
use super::identity::identity;
use super::plateau::PlateauState;
use super::progress::Progress;
use super::settings::Settings;
use super::state::{Best, RunState, Task};
use crate::nn::data::{Order, batches};
use crate::nn::error::Error;
use crate::nn::objective::{Moment, Reduction, stopped};
use crate::nn::optimizer::State;
use crate::nn::ranges::not_negative;
use crate::nn::vectors::are_finite;
use crate::table::lists::norm;
use std::ops::ControlFlow;

/// Trains, and updates `parameters`: to the best ones with early stopping, else to the last ones. After an error
/// they are the last ones that are finite.
pub(super) fn run<'r>(
    settings: &'r mut Settings<'_>,
    parameters: &mut [f64],
    task: Task<'r>,
) -> Result<History, Error> {
    let mut run = Run::new(settings, parameters, task)?;
    let outcome = run.all_epochs();
    run.progress.finish();
    run.note_backend();
    let RunState { parameters: last, best, history, .. } = run.state;
    let is_best = outcome.is_ok().then_some(best).flatten();
    parameters.copy_from_slice(is_best.as_ref().map_or(&last, |best| &best.parameters));
    outcome.map(|()| history)
}

/// A training run.
struct Run<'r, 's> {
    settings: &'r mut Settings<'s>,
    task: Task<'r>,
    state: RunState,
    memory: Memory,
    members: Members,
    /// Whether a callback has asked to stop.
    is_to_stop: bool,
    progress: Progress,
}

/// Reusable memory of updates.
struct Memory {
    gradient: Vec<f64>,
    /// The samples in the order of the epoch.
    order: Vec<usize>,
    /// The parameters before the update.
    before: Vec<f64>,
    /// For each parameter, 1 if it is penalised, else 0.
    pays: Vec<f64>,
    /// The indices of the frozen parameters.
    frozen: Vec<usize>,
}

impl Memory {
    fn new(settings: &Settings<'_>, parameters: usize, task: &Task<'_>) -> Memory {
        let is_bias = |k: usize| task.biases.get(k).is_some_and(|&bias| bias);
        let pays = |k| settings.penalty.is_some_and(|penalty| penalty.biases || !is_bias(k));
        Memory {
            gradient: vec![0.0; parameters],
            order: Vec::new(),
            before: Vec::new(),
            pays: (0..parameters).map(|k| if pays(k) { 1.0 } else { 0.0 }).collect(),
            frozen: (0..task.frozen.len()).filter(|&k| task.frozen[k]).collect(),
        }
    }
}

impl<'r, 's> Run<'r, 's> {
    /// Starts a new run, or resumes one from a checkpoint.
    fn new(settings: &'r mut Settings<'s>, parameters: &[f64], task: Task<'r>) -> Result<Self, Error> {
        if task.samples.is_empty() {
            return Err(Error::NoSamples(" to learn from"));
        }
        settings.validate()?;
        let members = Members::new(&settings.groups, parameters.len(), &task)?;
        let state = start(settings, parameters, &task, &members)?;
        *settings.optimizer.state_mut() = state.optimizer.clone();
        for (group, state) in settings.groups.iter_mut().zip(&state.groups) {
            *group.optimizer.state_mut() = state.clone();
        }
        let memory = Memory::new(settings, parameters.len(), &task);
        let progress = Progress::new(settings.progress, settings.epochs, state.history.epochs.len());
        Ok(Run { settings, task, state, memory, members, is_to_stop: false, progress })
    }

    fn all_epochs(&mut self) -> Result<(), Error> {
        while self.state.history.epochs.len() < self.settings.epochs && !self.state.history.stopped_early {
            let epoch = self.epoch()?;
            self.progress.show(&epoch);
            self.look_for_best(&epoch)?;
            self.look_for_plateau(&epoch);
            let is_last = epoch.epoch + 1 >= self.settings.epochs
                || self.state.history.stopped_early
                || self.is_to_stop;
            if is_last {
                self.look_again(epoch.epoch, Moment::AtTheEnd)?;
            }
            if self.call_back(&epoch) && !is_last && !self.is_to_stop {
                self.look_again(epoch.epoch, Moment::AfterCallback)?;
            }
            self.state.history.epochs.push(epoch);
            self.write_checkpoint(self.is_to_stop)?;
            self.check_moments()?;
            if self.is_to_stop {
                break;
            }
        }
        Ok(())
    }

    /// Calls the callbacks of the epoch; returns whether there are any.
    fn call_back(&mut self, epoch: &Epoch) -> bool {
        let Run { settings, state, is_to_stop, .. } = self;
        if let Some(callback) = &mut settings.on_epoch {
            *is_to_stop |= callback(epoch, &state.parameters) == ControlFlow::Break(());
        }
        let RunState { rate, memories, parameters, .. } = state;
        let memories = memories.iter_mut().skip(settings.update_controls.len());
        for (callback, memory) in settings.epoch_controls.iter_mut().zip(memories) {
            callback(epoch, &mut Control { rate, is_to_stop, memory, parameters });
        }
        settings.on_epoch.is_some() || !settings.epoch_controls.is_empty()
    }

    /// One epoch.
    fn epoch(&mut self) -> Result<Epoch, Error> {
        let number = self.state.history.epochs.len();
        let mut order = std::mem::take(&mut self.memory.order);
        if order.is_empty() || self.settings.order != Order::Given {
            order = self.settings.order.of_epoch(number, self.task.samples.len());
            order.iter_mut().for_each(|place| *place = self.task.samples[*place]);
        }
        let (mut loss, mut rate, mut seen) = (0.0, 0.0, 0);
        let is_mean = self.task.objective.reduction() == Reduction::Mean;
        for batch in batches(&order, self.settings.batch) {
            let factor = self.settings.schedule.factor(self.state.updates);
            rate = self.state.rate * factor;
            not_negative("learning rate", self.state.rate)?;
            not_negative("learning rate by the schedule", rate)?;
            let weight = if is_mean { batch.len() as f64 / order.len() as f64 } else { 1.0 };
            loss += weight * self.update(batch, rate, factor)?;
            seen += batch.len();
            if self.is_to_stop {
                break;
            }
        }
        if is_mean && seen < order.len() {
            loss *= order.len() as f64 / seen as f64;
        }
        self.memory.order = order;
        let updates = self.state.updates;
        let judgement = (self.task.judge)(&self.state.parameters);
        if let Some(validation) = judgement.validation_loss.filter(|loss| !loss.is_finite()) {
            let cause = format!("the validation loss is {validation}");
            return Err(Error::NonFinite { step: updates, sample: None, cause });
        }
        Ok(Epoch {
            epoch: number,
            updates,
            rate,
            loss,
            validation_loss: judgement.validation_loss,
            metrics: judgement.metrics,
        })
    }

    /// One update. On an error the parameters are unchanged.
    fn update(&mut self, batch: &[usize], rate: f64, factor: f64) -> Result<f64, Error> {
        let Run { settings, task, state, memory, members, is_to_stop, .. } = self;
        let Memory { gradient, before, pays, frozen, .. } = memory;
        let step = state.updates;
        let check = |is_finite: bool, what: &str| match is_finite {
            true => Ok(()),
            false => Err(Error::NonFinite { step, sample: None, cause: format!("{what} is not finite") }),
        };
        let answer = task.objective.loss_and_gradient(&state.parameters, batch, gradient);
        let mut loss = answer.map_err(|failure| stopped(task.objective, step, failure))?;
        if let Some(penalty) = settings.penalty {
            loss += penalty.add_slopes(&state.parameters, pays, gradient);
        }
        frozen.iter().for_each(|&k| gradient[k] = 0.0);
        check(loss.is_finite(), "the loss of the batch")?;
        check(are_finite(gradient), "the gradient of the batch")?;
        let is_watched = !settings.on_update.is_empty() || !settings.update_controls.is_empty();
        let gradient_norm = if is_watched { norm(&gradient[..]) } else { 0.0 };
        if let Some(clip) = settings.clip {
            clip.apply(gradient);
        }

        before.clone_from(&state.parameters);
        let own = settings.optimizer.rate();
        // Exactly the factor of the schedule, unless a callback has set the rate.
        let factor = if state.rate == own { factor } else { factor * (state.rate / own) };
        let Settings { groups, optimizer, .. } = &mut **settings;
        members.step(groups, &mut **optimizer, [rate, factor], &mut state.parameters, gradient);
        frozen.iter().for_each(|&k| state.parameters[k] = before[k]);
        check(are_finite(&state.parameters), "a parameter after the update")
            .inspect_err(|_| state.parameters.copy_from_slice(before))?;
        let update = Update {
            update: step,
            epoch: state.history.epochs.len(),
            rate,
            loss,
            samples: batch,
            before,
            gradient,
            gradient_norm,
            parameters: &state.parameters,
        };
        settings.on_update.iter_mut().for_each(|callback| callback(&update));
        for (callback, memory) in settings.update_controls.iter_mut().zip(&mut state.memories) {
            let (rate, parameters) = (&mut state.rate, update.parameters);
            callback(&update, &mut Control { rate, is_to_stop, memory, parameters });
        }
        state.updates += 1;
        if settings.keeps_update_losses {
            state.history.update_losses.push(loss);
        }
        Ok(loss)
    }

    /// Keeps the parameters if they are the best so far, and notes whether to stop. An error if the monitored metric has no
    /// value.
    fn look_for_best(&mut self, epoch: &Epoch) -> Result<(), Error> {
        let Some(stopping) = self.settings.stopping else { return Ok(()) };
        let value = match &self.settings.monitor {
            None => epoch.validation_loss,
            Some(name) => epoch.metric(name),
        };
        let RunState { best, history, parameters, updates, .. } = &mut self.state;
        let Some(value) = value else {
            let name = self.settings.monitor.as_deref().unwrap_or("validation loss");
            let cause = format!("the monitored {name} is not finite, or not defined for these predictions");
            return Err(Error::NonFinite { step: *updates, sample: None, cause });
        };
        let goal = self.settings.goal();
        if best.as_ref().is_none_or(|best| goal.gain(best.value, value) > stopping.min_improvement) {
            *best = Some(Best { parameters: parameters.clone(), value });
            history.best_epoch = Some(epoch.epoch);
        }
        let waited = history.best_epoch.map_or(0, |best| epoch.epoch - best);
        history.stopped_early |= waited >= stopping.patience;
        Ok(())
    }

    /// Reduces the rate if the loss has not fallen for long enough.
    fn look_for_plateau(&mut self, epoch: &Epoch) {
        let Some(plateau) = self.settings.plateau else { return };
        let loss = epoch.validation_loss.unwrap_or(epoch.loss);
        self.state.rate = plateau.rate_after(&mut self.state.plateau, loss, self.state.rate);
    }

    /// Lets the objective check, with another sample in each epoch, that its recording is still valid.
    fn look_again(&mut self, epoch: usize, when: Moment) -> Result<(), Error> {
        let Run { task, state, .. } = self;
        let sample = task.samples[epoch % task.samples.len()];
        let outcome = task.objective.look_again(&state.parameters, sample, when);
        outcome.map_err(|failure| stopped(task.objective, state.updates, failure))
    }

    /// An error if a moment of the optimiser is not finite: its parameter would never change again. Checked once
    /// per epoch.
    fn check_moments(&self) -> Result<(), Error> {
        let of_groups = self.settings.groups.iter().map(|group| &group.optimizer).enumerate();
        let own = std::iter::once((None, &self.settings.optimizer));
        for (group, optimizer) in of_groups.map(|(k, optimizer)| (Some(k), optimizer)).chain(own) {
            let moments = &optimizer.state().moments;
            if let Some(place) =
                moments.iter().find_map(|list| list.iter().position(|moment| !moment.is_finite()))
            {
                let name = self.task.name_of(self.members.index(group, place));
                let cause = format!("the optimiser state of `{name}` is not finite");
                return Err(Error::NonFinite { step: self.state.updates, sample: None, cause });
            }
        }
        Ok(())
    }

    /// Stores the backend in the history. A reason for the tape from before a checkpoint is kept.
    fn note_backend(&mut self) {
        let report = self.task.objective.report();
        self.state.history.backend = report.backend;
        if report.tape_because.is_some() {
            self.state.history.tape_because = report.tape_because;
        }
    }

    #[cfg(feature = "serde")]
    fn write_checkpoint(&mut self, is_last: bool) -> Result<(), Error> {
        let Some((path, every)) = self.settings.checkpoint.clone() else { return Ok(()) };
        let done = self.state.history.epochs.len();
        let is_last = is_last || done == self.settings.epochs || self.state.history.stopped_early;
        if is_last || done.is_multiple_of(every) {
            self.state.optimizer.clone_from(self.settings.optimizer.state());
            self.state.groups = states(&self.settings.groups);
            self.note_backend();
            super::checkpoint::write(&path, &self.state, &self.members, &|k| self.task.name_of(k))?;
        }
        Ok(())
    }

    #[cfg(not(feature = "serde"))]
    fn write_checkpoint(&mut self, _: bool) -> Result<(), Error> {
        Ok(())
    }
}

/// The initial state: a fresh one, or that of a checkpoint.
#[cfg_attr(not(feature = "serde"), expect(unused_variables))]
fn start(
    settings: &Settings<'_>,
    parameters: &[f64],
    task: &Task<'_>,
    members: &Members,
) -> Result<RunState, Error> {
    #[cfg(feature = "serde")]
    let identity = match settings.checkpoint.is_some() || settings.resume_from.is_some() {
        true => identity(settings, task),
        false => Vec::new(),
    };
    #[cfg(not(feature = "serde"))]
    let identity = Vec::new();
    let fresh = RunState {
        parameters: parameters.to_vec(),
        optimizer: settings.optimizer.state().fresh(),
        groups: states(&settings.groups).iter().map(State::fresh).collect(),
        updates: 0,
        rate: settings.first_rate.unwrap_or_else(|| settings.optimizer.rate()),
        plateau: PlateauState::default(),
        memories: vec![Vec::new(); settings.update_controls.len() + settings.epoch_controls.len()],
        history: History::default(),
        best: None,
        samples: task.samples.len(),
        identity,
    };
    #[cfg(feature = "serde")]
    if let Some(path) = &settings.resume_from {
        return super::checkpoint::read(path, &fresh, members);
    }
    if let Some(k) = parameters.iter().position(|w| !w.is_finite()) {
        let problem = format!("`{}` is {} before training", task.name_of(k), parameters[k]);
        return Err(Error::Setting(problem));
    }
    Ok(fresh)
}
