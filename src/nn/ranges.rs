//! The ranges that settings lie in: one rule for each kind, and one error that names the setting.

use super::error::Error;

/// Refuses a setting that is not as it must be.
fn expect(is_right: bool, setting: &'static str, value: f64, needed: &'static str) -> Result<(), Error> {
    if is_right { Ok(()) } else { Err(Error::OutOfRange { setting, value, needed }) }
}

/// A finite number from 0 on: rates, prices, deviations.
pub(super) fn not_negative(setting: &'static str, value: f64) -> Result<(), Error> {
    expect(value.is_finite() && value >= 0.0, setting, value, "finite and not negative")
}

/// A finite number above 0: widths.
pub(super) fn positive(setting: &'static str, value: f64) -> Result<(), Error> {
    expect(value.is_finite() && value > 0.0, setting, value, "finite and above 0")
}

/// How far numbers are drawn to either side of 0: the distance between the ends is a number too.
pub(super) fn bound(setting: &'static str, value: f64) -> Result<(), Error> {
    expect((0.0..=f64::MAX / 2.0).contains(&value), setting, value, "from 0 to half of the largest number")
}

/// A number above 0, infinity being no limit.
pub(super) fn limit(setting: &'static str, value: f64) -> Result<(), Error> {
    expect(value > 0.0, setting, value, "above 0")
}

/// From 0 to 1.
pub(super) fn share(setting: &'static str, value: f64) -> Result<(), Error> {
    expect((0.0..=1.0).contains(&value), setting, value, "from 0 to 1")
}

/// From 0 to below 1: what is kept of a running mean that is divided by what is not.
pub(super) fn below_one(setting: &'static str, value: f64) -> Result<(), Error> {
    expect((0.0..1.0).contains(&value), setting, value, "from 0 to below 1")
}

/// Not 0: `needed` is "at least one" of what is counted.
pub(super) fn at_least_one(setting: &'static str, value: usize, needed: &'static str) -> Result<(), Error> {
    expect(value > 0, setting, 0.0, needed)
}

/// Panics where a setting is out of range and there is no way to give the error.
#[track_caller]
pub(super) fn or_panic(checked: Result<(), Error>) {
    if let Err(error) = checked {
        panic!("{error}");
    }
}
