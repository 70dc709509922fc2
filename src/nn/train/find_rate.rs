//! The search for a learning rate: a short run in which it grows.

use super::history::History;
use super::settings::Settings;
use super::trainer::Trainer;
use crate::Var;
use crate::nn::data::Data;
use crate::nn::error::Error;
use crate::nn::loss::Loss;
use crate::nn::network::Network;
use crate::nn::ranges::{at_least_one, positive};
use std::cell::RefCell;

/// The settings of [`Trainer::find_rate`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateFinder {
    /// The rate of the first update; by default 1e-6.
    pub lowest: f64,
    /// The rate of the last update, if the loss does not diverge before; by default 10.
    pub highest: f64,
    /// The number of updates; by default 100.
    pub updates: usize,
    /// The smoothed loss counts as diverged above this many times its minimum; by default 4.
    pub diverged: f64,
}

impl Default for RateFinder {
    fn default() -> Self {
        RateFinder { lowest: 1e-6, highest: 10.0, updates: 100, diverged: 4.0 }
    }
}

impl RateFinder {
    /// Checks the settings. [`Trainer::find_rate`] does so first.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the name of the invalid setting; [`Error::Setting`] if `highest` is not above `lowest`.
    pub fn check(self) -> Result<(), Error> {
        positive("RateFinder::lowest", self.lowest)?;
        positive("RateFinder::highest", self.highest)?;
        at_least_one("RateFinder::updates", self.updates, "at least one update")?;
        positive("RateFinder::diverged", self.diverged)?;
        if self.lowest < self.highest {
            return Ok(());
        }
        let RateFinder { lowest, highest, .. } = self;
        Err(Error::Setting(format!(
            "`RateFinder` goes from {lowest} to {highest}: give a highest rate above the lowest"
        )))
    }

    /// The rate of an update: each is the one before times the same factor.
    fn rate(self, update: usize) -> f64 {
        let share = update as f64 / (self.updates.max(2) - 1) as f64;
        self.lowest * (self.highest / self.lowest).powf(share)
    }
}

/// The losses of a short run in which the learning rate grows from update to update.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct RateCurve {
    /// The rate of each update.
    pub rates: Vec<f64>,
    /// The loss of its batch, before the update.
    pub losses: Vec<f64>,
    /// The running mean of the losses, each with a weight of 0.98 times that of the next.
    pub smoothed: Vec<f64>,
}

impl RateCurve {
    /// The rate at which the smoothed loss falls fastest, as the rate grows by factors: a good rate to train with. `None` if it
    /// falls nowhere.
    #[must_use]
    pub fn steepest(&self) -> Option<f64> {
        let fall =
            |k: usize| (self.smoothed[k] - self.smoothed[k + 1]) / (self.rates[k + 1] / self.rates[k]).ln();
        let falls = (0..self.smoothed.len().saturating_sub(1)).map(|k| (fall(k), self.rates[k]));
        let steepest = falls.max_by(|(a, _), (b, _)| a.total_cmp(b));
        steepest.filter(|(fall, _)| *fall > 0.0).map(|(_, rate)| rate)
    }

    /// The rate at which the smoothed loss is lowest: a tenth of it is the usual choice for a run that begins at its highest rate.
    #[must_use]
    pub fn lowest(&self) -> Option<f64> {
        let all = self.smoothed.iter().zip(&self.rates);
        all.min_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, &rate)| rate)
    }

    fn push(&mut self, rate: f64, loss: f64) {
        const KEPT: f64 = 0.98;
        let before = self.losses.len() as i32;
        // The mean without its weight correction, which is divided by later.
        let sum = self.smoothed.last().map_or(0.0, |mean| mean * (1.0 - KEPT.powi(before)));
        let mean = (KEPT * sum + (1.0 - KEPT) * loss) / (1.0 - KEPT.powi(before + 1));
        self.rates.push(rate);
        self.losses.push(loss);
        self.smoothed.push(mean);
    }
}

impl Trainer<'_> {
    /// Trains for some updates while the learning rate grows from a very low one until the loss diverges, and returns the losses.
    /// It uses the optimiser, groups, batches, order, clip, penalty, reduction and backend of this trainer, and neither its
    /// schedule nor validation, callbacks and checkpoints. The network is as before afterwards.
    ///
    /// ```
    /// use tapegrad::nn::{Activation, Adam, Loss, Mlp, RateFinder, Trainer, moons};
    ///
    /// let data = moons(100, 0.1, 7);
    /// let mut mlp = Mlp::builder(2).layer(8, Activation::Tanh).layer(1, Activation::Identity).seed(7).build()?;
    /// let curve = Trainer::new(Adam::new(0.01)).find_rate(&mut mlp, Loss::Hinge, &data, RateFinder::default())?;
    /// let rate = curve.steepest().expect("the loss falls somewhere");
    /// let history = Trainer::new(Adam::new(rate)).epochs(100).fit(&mut mlp, Loss::Hinge, &data)?;
    /// assert!(history.last().unwrap().loss < 0.3);
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Self::fit), and as [`RateFinder::check`]. A loss that is no longer finite ends the search without an error,
    /// unless it is the first.
    pub fn find_rate<N: Network>(
        &mut self,
        network: &mut N,
        loss: Loss,
        data: &Data,
        finder: RateFinder,
    ) -> Result<RateCurve, Error> {
        self.search(network, finder, |search, network| search.fit(network, loss, data))
    }

    /// As [`find_rate`](Self::find_rate), with a loss of your own: see [`fit_with`](Self::fit_with).
    ///
    /// # Errors
    /// As [`fit_with`](Self::fit_with), and as [`RateFinder::check`].
    pub fn find_rate_with<N: Network>(
        &mut self,
        network: &mut N,
        loss: impl Fn(&[Var], &[Var]) -> Var,
        data: &Data,
        finder: RateFinder,
    ) -> Result<RateCurve, Error> {
        self.search(network, finder, |search, network| search.fit_with(network, loss, data))
    }

    /// The losses of a run by `fit` with rates that grow.
    fn search<N: Network>(
        &mut self,
        network: &mut N,
        finder: RateFinder,
        fit: impl FnOnce(&mut Trainer<'_>, &mut N) -> Result<History, Error>,
    ) -> Result<RateCurve, Error> {
        finder.check()?;
        let before = network.parameters().to_vec();
        let curve = RefCell::new(RateCurve::default());
        let mut search = Trainer { settings: self.settings.for_search(finder.updates) };
        search = search.on_update_with(|update, control| {
            let mut curve = curve.borrow_mut();
            curve.push(update.rate, update.loss);
            let lowest = curve.smoothed.iter().copied().fold(f64::INFINITY, f64::min);
            let is_diverged = curve.smoothed.last().is_some_and(|&loss| loss > finder.diverged * lowest);
            match curve.losses.len() >= finder.updates || (is_diverged && lowest > 0.0) {
                true => control.stop(),
                false => control.set_rate(finder.rate(update.update + 1)),
            }
        });
        search.settings.first_rate = Some(finder.rate(0));
        let outcome = fit(&mut search, network);
        drop(search);
        network.parameters_mut().values_mut().copy_from_slice(&before);
        match outcome {
            Err(Error::NonFinite { step, .. }) if step > 0 => Ok(curve.into_inner()),
            Err(error) => Err(error),
            Ok(_) => Ok(curve.into_inner()),
        }
    }
}

impl Settings<'_> {
    /// The settings that a search for a rate uses, with at most this number of epochs.
    fn for_search(&mut self, epochs: usize) -> Settings<'_> {
        Settings {
            groups: self.groups.iter_mut().map(super::groups::Group::lent).collect(),
            epochs,
            batch: self.batch,
            order: self.order,
            clip: self.clip,
            penalty: self.penalty,
            reduction: self.reduction,
            backend: self.backend,
            fallback: self.fallback,
            ..Settings::new(Box::new(&mut *self.optimizer))
        }
    }
}
