//! Classes as numbers to learn.

use crate::nn::error::Error;

/// Each class as a row of zeros with a 1 in its place.
///
/// # Errors
/// [`Error::Target`] if a class is not below `count`.
pub fn one_hot(classes: &[usize], count: usize) -> Result<Vec<Vec<f64>>, Error> {
    let row = |(sample, &class): (usize, &usize)| {
        if class >= count {
            let problem = format!("class {class}, but the classes are 0 to below {count}");
            return Err(Error::Target { sample, problem });
        }
        Ok((0..count).map(|k| f64::from(k == class)).collect())
    };
    classes.iter().enumerate().map(row).collect()
}

/// The place of the largest number, the first in a tie: the class that outputs or targets speak for. A NaN is
/// passed over; of nothing it is 0.
///
/// # Panics
/// If all of them are NaN: then none is the largest.
#[must_use]
#[track_caller]
pub fn argmax(numbers: &[f64]) -> usize {
    let mut best = 0;
    for (k, &number) in numbers.iter().enumerate() {
        if number > numbers[best] || numbers[best].is_nan() {
            best = k;
        }
    }
    let is_none = numbers.get(best).is_some_and(|number| number.is_nan());
    assert!(!is_none, "of {numbers:?} none is the largest: look for NaN before asking");
    best
}

/// The class that outputs or targets speak for: of several numbers the place of the largest. A single number
/// speaks for class 1 if it is above this boundary. Where one is NaN, for none.
pub(in crate::nn) fn class(numbers: &[f64], boundary: f64) -> Option<usize> {
    if numbers.iter().any(|number| number.is_nan()) {
        return None;
    }
    Some(match numbers {
        [single] => usize::from(*single > boundary),
        several => argmax(several),
    })
}

/// The class of a sample by its targets: ½ lies between 0 and 1, and between −1 and 1.
pub(in crate::nn) fn target_class(targets: &[f64]) -> usize {
    class(targets, 0.5).expect("targets are finite")
}
