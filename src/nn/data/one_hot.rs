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
#[must_use]
pub fn argmax(numbers: &[f64]) -> usize {
    let mut best = 0;
    for (k, &number) in numbers.iter().enumerate() {
        if number > numbers[best] || numbers[best].is_nan() {
            best = k;
        }
    }
    best
}

/// The class that outputs or targets speak for: of several numbers the place of the largest. A single number
/// speaks for class 1 if it is above 0, which is right for logits and for targets of 0 and 1 or −1 and 1.
pub(in crate::nn) fn class(numbers: &[f64]) -> usize {
    match numbers {
        [single] => usize::from(*single > 0.0),
        several => argmax(several),
    }
}
