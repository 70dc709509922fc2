//! The loop of a training run.

use super::history::{Epoch, History};
use super::progress::Progress;
use super::settings::Settings;
use super::state::{Best, RunState, Task};
use crate::nn::data::{Order, batches};
use crate::nn::error::Error;
use crate::nn::objective::{Moment, Reduction, stopped};
use crate::nn::passes::are_finite;
use crate::nn::settings::not_negative;
use std::ops::ControlFlow;

/// What an update needs room for, kept from one to the next.
#[derive(Default)]
struct Memory {
    gradient: Vec<f64>,
    /// The samples in the order of the epoch.
    order: Vec<usize>,
    /// The parameters before the update.
    before: Vec<f64>,
    /// By parameter, whether it pays the penalty: 1 or 0.
    pays: Vec<f64>,
    /// Frozen parameters, by position.
    frozen: Vec<usize>,
}

impl Settings<'_> {
    /// Trains, and leaves the parameters in `parameters`: the best ones if early stopping looks for them, the
    /// last good ones after an error.
    pub(super) fn run(&mut self, parameters: &mut [f64], mut task: Task<'_>) -> Result<History, Error> {
        if task.samples.is_empty() {
            return Err(Error::NoSamples(" to learn from"));
        }
        self.check()?;
        let mut state = self.start(parameters, &task)?;
        *self.optimizer.state_mut() = state.optimizer.clone();
        let progress = Progress::new(self.progress, self.epochs, state.history.epochs.len());
        let outcome = self.all_epochs(&mut state, &mut task, &progress);
        progress.finish();
        note_backend(&mut state, &task);
        let is_best = outcome.is_ok().then_some(state.best.as_ref()).flatten();
        parameters.copy_from_slice(is_best.map_or(&state.parameters, |best| &best.parameters));
        outcome.map(|()| state.history)
    }

    fn all_epochs(
        &mut self,
        state: &mut RunState,
        task: &mut Task<'_>,
        progress: &Progress,
    ) -> Result<(), Error> {
        let is_bias = |k: usize| task.biases.get(k).is_some_and(|&bias| bias);
        let pays = |k| self.penalty.is_some_and(|penalty| penalty.biases || !is_bias(k));
        let mut memory = Memory {
            pays: (0..state.parameters.len()).map(|k| if pays(k) { 1.0 } else { 0.0 }).collect(),
            frozen: (0..task.frozen.len()).filter(|&k| task.frozen[k]).collect(),
            ..Memory::default()
        };
        while state.history.epochs.len() < self.epochs && !state.history.stopped_early {
            let epoch = self.epoch(state, task, &mut memory)?;
            progress.show(&epoch, self.metric);
            self.look_for_best(state, &epoch);
            let is_last = epoch.epoch + 1 >= self.epochs || state.history.stopped_early;
            if is_last {
                look_again(state, task, epoch.epoch, Moment::AtTheEnd)?;
            }
            let asked_to_stop = self
                .on_epoch
                .as_mut()
                .is_some_and(|callback| callback(&epoch, &state.parameters) == ControlFlow::Break(()));
            if self.on_epoch.is_some() && !is_last && !asked_to_stop {
                look_again(state, task, epoch.epoch, Moment::AfterCallback)?;
            }
            state.history.epochs.push(epoch);
            self.write_checkpoint(state, task, asked_to_stop)?;
            self.check_moments(state, task)?;
            if asked_to_stop {
                break;
            }
        }
        Ok(())
    }

    /// One pass over the samples.
    fn epoch(
        &mut self,
        state: &mut RunState,
        task: &mut Task<'_>,
        memory: &mut Memory,
    ) -> Result<Epoch, Error> {
        let number = state.history.epochs.len();
        let mut order = std::mem::take(&mut memory.order);
        if order.is_empty() || self.order != Order::Given {
            order = self.order.of_epoch(number, task.samples.len());
            order.iter_mut().for_each(|place| *place = task.samples[*place]);
        }
        let (mut loss, mut rate) = (0.0, 0.0);
        for batch in batches(&order, self.batch) {
            rate = self.optimizer.rate() * self.schedule.factor(state.updates);
            not_negative("learning rate by the schedule", rate)?;
            let weight = match task.objective.reduction() {
                Reduction::Mean => batch.len() as f64 / order.len() as f64,
                Reduction::Sum => 1.0,
            };
            loss += weight * self.update(state, task, batch, rate, memory)?;
        }
        memory.order = order;
        let judgement = (task.judge)(&state.parameters);
        if let Some(validation) = judgement.validation_loss.filter(|loss| !loss.is_finite()) {
            let cause = format!("the validation loss is {validation}");
            return Err(Error::NonFinite { step: state.updates, sample: None, cause });
        }
        Ok(Epoch {
            epoch: number,
            updates: state.updates,
            rate,
            loss,
            validation_loss: judgement.validation_loss,
            metric: judgement.metric.filter(|metric| metric.is_finite()),
        })
    }

    /// One update. On an error the parameters are as they were.
    fn update(
        &mut self,
        state: &mut RunState,
        task: &mut Task<'_>,
        batch: &[usize],
        rate: f64,
        memory: &mut Memory,
    ) -> Result<f64, Error> {
        let step = state.updates;
        let check = |is_finite: bool, what: &str| match is_finite {
            true => Ok(()),
            false => Err(Error::NonFinite { step, sample: None, cause: format!("{what} is not finite") }),
        };
        let Memory { gradient, before, pays, frozen, .. } = memory;
        gradient.resize(state.parameters.len(), 0.0);
        let answer = task.objective.loss_and_gradient(&state.parameters, batch, gradient);
        let mut loss = answer.map_err(|failure| stopped(task.objective, step, failure))?;
        if let Some(penalty) = self.penalty {
            loss += penalty.add_slopes(&state.parameters, pays, gradient);
        }
        frozen.iter().for_each(|&k| gradient[k] = 0.0);
        check(loss.is_finite(), "the loss of the batch")?;
        check(are_finite(gradient), "the gradient of the batch")?;
        if let Some(clip) = self.clip {
            clip.apply(gradient);
        }

        before.clone_from(&state.parameters);
        self.optimizer.step_with(rate, &mut state.parameters, gradient);
        frozen.iter().for_each(|&k| state.parameters[k] = before[k]);
        check(are_finite(&state.parameters), "a parameter after the update")
            .inspect_err(|_| state.parameters.copy_from_slice(before))?;
        state.updates += 1;
        if self.keeps_update_losses {
            state.history.update_losses.push(loss);
        }
        Ok(loss)
    }

    /// A running average that overflowed stays infinite, and its parameter would never move again. Looked at once an epoch.
    fn check_moments(&self, state: &RunState, task: &Task<'_>) -> Result<(), Error> {
        let moments = &self.optimizer.state().moments;
        match moments.iter().find_map(|list| list.iter().position(|moment| !moment.is_finite())) {
            None => Ok(()),
            Some(k) => {
                let cause = format!("what the optimiser remembers of `{}` is not finite", task.name_of(k));
                Err(Error::NonFinite { step: state.updates, sample: None, cause })
            }
        }
    }

    fn look_for_best(&self, state: &mut RunState, epoch: &Epoch) {
        let (Some(stopping), Some(loss)) = (self.stopping, epoch.validation_loss) else { return };
        let is_best = state.best.as_ref().is_none_or(|best| loss < best.loss - stopping.min_improvement);
        if is_best {
            state.best = Some(Best { parameters: state.parameters.clone(), loss });
            state.history.best_epoch = Some(epoch.epoch);
        }
        let waited = state.history.best_epoch.map_or(0, |best| epoch.epoch - best);
        state.history.stopped_early |= waited >= stopping.patience;
    }

    /// The state to begin with: a fresh one, or that of a checkpoint.
    fn start(&self, parameters: &[f64], task: &Task<'_>) -> Result<RunState, Error> {
        #[cfg(feature = "serde")]
        let identity = match self.checkpoint.is_some() || self.resume_from.is_some() {
            true => self.identity(task),
            false => Vec::new(),
        };
        #[cfg(not(feature = "serde"))]
        let identity = Vec::new();
        let fresh = RunState {
            parameters: parameters.to_vec(),
            optimizer: self.optimizer.state().fresh(),
            updates: 0,
            history: History::default(),
            best: None,
            samples: task.samples.len(),
            identity,
        };
        #[cfg(feature = "serde")]
        if let Some(path) = &self.resume_from {
            return super::checkpoint::read(path, &fresh);
        }
        if let Some(k) = parameters.iter().position(|w| !w.is_finite()) {
            let problem = format!("`{}` is {} before training", task.name_of(k), parameters[k]);
            return Err(Error::Setting(problem));
        }
        Ok(fresh)
    }

    #[cfg(feature = "serde")]
    fn write_checkpoint(&self, state: &mut RunState, task: &Task<'_>, is_last: bool) -> Result<(), Error> {
        let Some((path, every)) = &self.checkpoint else { return Ok(()) };
        let done = state.history.epochs.len();
        if done.is_multiple_of(*every) || done == self.epochs || state.history.stopped_early || is_last {
            state.optimizer.clone_from(self.optimizer.state());
            note_backend(state, task);
            super::checkpoint::write(path, state, &|k| task.name_of(k))?;
        }
        Ok(())
    }

    #[cfg(not(feature = "serde"))]
    fn write_checkpoint(&self, _: &mut RunState, _: &Task<'_>, _: bool) -> Result<(), Error> {
        Ok(())
    }
}

/// Lets the objective look with a sample, another one in each epoch, whether what it keeps still holds.
fn look_again(state: &RunState, task: &mut Task<'_>, epoch: usize, when: Moment) -> Result<(), Error> {
    let sample = task.samples[epoch % task.samples.len()];
    let outcome = task.objective.look_again(&state.parameters, sample, when);
    outcome.map_err(|failure| stopped(task.objective, state.updates, failure))
}

/// Which back end it was; an earlier part of the run may have had a reason for the tape.
fn note_backend(state: &mut RunState, task: &Task<'_>) {
    let report = task.objective.report();
    state.history.backend = report.backend;
    if report.tape_because.is_some() {
        state.history.tape_because = report.tape_because;
    }
}
