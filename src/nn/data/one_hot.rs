//! One-hot encoding of classes.

use crate::nn::error::Error;

/// Each class as a row of zeros with a 1 at the index of the class.
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

/// The index of the largest number, the first one in a tie: the class of outputs or targets. NaN is ignored; for an
/// empty list it is 0.
///
/// # Panics
/// If all numbers are NaN.
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
    assert!(!is_none, "of {numbers:?} none is the largest: test for NaN first");
    best
}

/// The class of outputs or targets: of several numbers, the index of the largest; for a single number, class 1 if
/// it is above the boundary, else class 0. `None` if one of them is NaN.
pub(in crate::nn) fn class(numbers: &[f64], boundary: f64) -> Option<usize> {
    if numbers.iter().any(|number| number.is_nan()) {
        return None;
    }
    Some(match numbers {
        [single] => usize::from(*single > boundary),
        several => argmax(several),
    })
}

/// The class of a sample from its targets. The boundary ½ suits targets of 0 and 1, and of −1 and 1.
pub(crate) fn target_class(targets: &[f64]) -> usize {
    class(targets, 0.5).expect("targets are finite")
}
