//! Splits of samples for training and testing: k-fold, and stratified by class.

use super::Data;
use super::one_hot::target_class;
use crate::nn::error::Error;
use crate::nn::random::Random;

/// A split of samples into those for training and those for testing, by their indices in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fold {
    /// The samples for training.
    pub train: Vec<usize>,
    /// The samples for testing.
    pub test: Vec<usize>,
}

impl Fold {
    /// The split with these test samples; all others are for training.
    ///
    /// # Errors
    /// [`Error::Setting`] if a sample does not exist, or is listed twice.
    pub fn testing(mut test: Vec<usize>, samples: usize) -> Result<Fold, Error> {
        test.sort_unstable();
        let twice = test.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        if let Some(sample) = test.last().copied().filter(|&last| last >= samples).or(twice) {
            return Err(Error::Setting(format!(
                "sample {sample} cannot be a test sample: each of the {samples} samples, counted from 0, can be one once"
            )));
        }
        let train = (0..samples).filter(|sample| test.binary_search(sample).is_err()).collect();
        Ok(Fold { train, test })
    }

    /// The samples for training and for testing.
    ///
    /// # Panics
    /// If the data have not as many samples as the fold was made for.
    #[must_use]
    #[track_caller]
    pub fn of(&self, data: &Data) -> (Data, Data) {
        (data.select(&self.train), data.select(&self.test))
    }
}

impl Data {
    /// Splits the samples `count` times for cross-validation: every sample is in the test part exactly once, and the parts differ
    /// in size by one at most. The samples are drawn at random; the same seed gives the same folds.
    ///
    /// ```
    /// let data = tapegrad::nn::moons(10, 0.1, 1);
    /// let folds = data.folds(5, 7)?;
    /// assert!(folds.iter().all(|fold| (fold.train.len(), fold.test.len()) == (8, 2)));
    /// let (train, test) = folds[0].of(&data);
    /// assert_eq!((train.len(), test.len()), (8, 2));
    /// # Ok::<(), tapegrad::nn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Setting`] if there are fewer than two folds, or more than samples.
    pub fn folds(&self, count: usize, seed: u64) -> Result<Vec<Fold>, Error> {
        check_count(count, self.len())?;
        let mut order: Vec<usize> = (0..self.len()).collect();
        Random::new(seed).shuffle(&mut order);
        dealt(&order, count)
    }

    /// As [`folds`](Self::folds), where each class is spread as evenly as possible: its numbers of samples in the test parts
    /// differ by one at most, and so do the sizes of the parts.
    ///
    /// # Errors
    /// As [`folds`](Self::folds), and [`Error::Setting`] if a class has fewer samples than there are folds, so that some
    /// test part would lack it.
    pub fn stratified_folds(&self, count: usize, seed: u64) -> Result<Vec<Fold>, Error> {
        check_count(count, self.len())?;
        let mut order = Vec::with_capacity(self.len());
        for (class, samples) in self.by_class(seed).into_iter().enumerate() {
            if !samples.is_empty() && samples.len() < count {
                let found = samples.len();
                return Err(Error::Setting(format!(
                    "class {class} has {found} samples, fewer than the {count} folds: make fewer folds, or use `folds`"
                )));
            }
            order.extend(samples);
        }
        // Dealt in turn, class after class, without a new start: so the sizes of the parts are even too.
        dealt(&order, count)
    }

    /// As [`split`](Self::split), where the second part has this fraction of each class, rounded; so a class with two samples or
    /// more may have none in it if the fraction is small.
    ///
    /// # Errors
    /// [`Error::Setting`] if `share` is not from 0 to 1.
    pub fn stratified_split(&self, share: f64, seed: u64) -> Result<(Data, Data), Error> {
        if !(0.0..=1.0).contains(&share) {
            let problem = format!("a share of {share} cannot be split off; it is from 0 to 1");
            return Err(Error::Setting(problem));
        }
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for mut samples in self.by_class(seed) {
            first.extend(samples.split_off((samples.len() as f64 * share).round() as usize));
            second.extend(samples);
        }
        first.sort_unstable();
        second.sort_unstable();
        Ok((self.select(&first), self.select(&second)))
    }

    /// The samples of each class, in random order.
    fn by_class(&self, seed: u64) -> Vec<Vec<usize>> {
        let mut classes = vec![Vec::new(); self.target_width().max(2)];
        (0..self.len()).for_each(|sample| classes[target_class(self.target(sample))].push(sample));
        let mut random = Random::new(seed);
        classes.iter_mut().for_each(|samples| random.shuffle(samples));
        classes
    }
}

fn check_count(count: usize, samples: usize) -> Result<(), Error> {
    if (2..=samples).contains(&count) {
        return Ok(());
    }
    Err(Error::Setting(format!(
        "{count} folds of {samples} samples: there have to be at least two folds, and a sample for each"
    )))
}

/// Deals samples to the test parts in turn.
fn dealt(order: &[usize], count: usize) -> Result<Vec<Fold>, Error> {
    let fold = |k: usize| {
        let test: Vec<usize> = order.iter().skip(k).step_by(count).copied().collect();
        Fold::testing(test, order.len())
    };
    (0..count).map(fold).collect()
}
