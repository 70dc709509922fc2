//! The valid ranges of settings: one check for each kind, with an error that names the setting.

use super::error::Error;

/// An error if a setting is invalid.
fn expect(is_right: bool, setting: &'static str, value: f64, needed: &'static str) -> Result<(), Error> {
    if is_right { Ok(()) } else { Err(Error::OutOfRange { setting, value, needed }) }
}

/// A finite number that is not negative: rates, penalties, deviations.
pub(super) fn not_negative(setting: &'static str, value: f64) -> Result<(), Error> {
    expect(value.is_finite() && value >= 0.0, setting, value, "finite and not negative")
}

/// A finite number above 0: widths.
pub(super) fn positive(setting: &'static str, value: f64) -> Result<(), Error> {
    expect(value.is_finite() && value > 0.0, setting, value, "finite and above 0")
}

/// The bound of numbers drawn on both sides of 0: twice the bound must not overflow.
pub(super) fn bound(setting: &'static str, value: f64) -> Result<(), Error> {
    expect((0.0..=f64::MAX / 2.0).contains(&value), setting, value, "from 0 to half of the largest number")
}

/// A number above 0; infinity means no limit.
pub(super) fn limit(setting: &'static str, value: f64) -> Result<(), Error> {
    expect(value > 0.0, setting, value, "above 0")
}

/// From 0 to 1.
pub(super) fn share(setting: &'static str, value: f64) -> Result<(), Error> {
    expect((0.0..=1.0).contains(&value), setting, value, "from 0 to 1")
}

/// From 0 to below 1: the decay factor of a running mean, which is divided by 1 minus its power.
pub(super) fn below_one(setting: &'static str, value: f64) -> Result<(), Error> {
    expect((0.0..1.0).contains(&value), setting, value, "from 0 to below 1")
}

/// A count that is not 0; `needed` is a text such as "at least one update".
pub(super) fn at_least_one(setting: &'static str, value: usize, needed: &'static str) -> Result<(), Error> {
    expect(value > 0, setting, 0.0, needed)
}

/// Panics with the error, for callers that cannot return it.
#[track_caller]
pub(super) fn or_panic(checked: Result<(), Error>) {
    if let Err(error) = checked {
        panic!("{error}");
    }
}
