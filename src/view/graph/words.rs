//! Numbers and names as they stand in a drawing.

use crate::view::listing::readable;
use std::fmt::Display;

/// A text of a drawing, and whether it tells of numbers that are not finite.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Words {
    pub text: String,
    pub is_warning: bool,
}

impl Words {
    /// The text, with a mark if it is a warning.
    pub fn marked(&self) -> String {
        if self.is_warning { format!("⚠ {}", self.text) } else { self.text.clone() }
    }
}

/// With this many significant digits, a number is written as the shortest text that is read as the same number.
pub(super) const ALL_DIGITS: usize = 17;

/// A number rounded to significant digits, without zeros at its end.
pub(super) fn number(value: f64, digits: usize) -> String {
    let shortest = value.to_string();
    let scientific = if digits < ALL_DIGITS {
        format!("{value:.*e}", digits.saturating_sub(1))
    } else {
        format!("{value:e}")
    };
    let Some((mantissa, exponent)) = scientific.split_once('e').filter(|_| value != 0.0 && value.is_finite())
    else {
        return shortest;
    };
    let without_zeros = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    let exponent: i32 = exponent.parse().expect("an integer");
    match exponent {
        -5..=6 if digits >= ALL_DIGITS => shortest,
        -5..=6 => {
            // The rounded number, so that a zero before the point is no digit.
            let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
            let rounded: f64 = scientific.parse().expect("a number");
            without_zeros(&format!("{rounded:.decimals$}"))
        }
        _ => format!("{}e{exponent}", without_zeros(mantissa)),
    }
}

/// The one number that all of these are, or their range, and how many of them are not finite.
pub(super) fn range(values: impl Iterator<Item = f64>, digits: usize) -> Option<Words> {
    let (mut count, mut odd) = (0_usize, 0_usize);
    let mut first = None;
    let mut finite: Option<[f64; 2]> = None;
    let mut is_same = true;
    for value in values {
        count += 1;
        let first = *first.get_or_insert(value);
        is_same &= first == value || first.is_nan() && value.is_nan();
        if value.is_finite() {
            let [low, high] = finite.unwrap_or([value; 2]);
            finite = Some([if value < low { value } else { low }, if value > high { value } else { high }]);
        } else {
            odd += 1;
        }
    }
    let first = first?;
    let text = match finite {
        _ if is_same => number(first, digits),
        Some([low, high]) => {
            let [low, high] = [low, high].map(|bound| number(bound, digits));
            let range = if low == high { low } else { format!("{low} … {high}") };
            if odd > 0 { format!("{range}, {} not finite", of(odd, count)) } else { range }
        }
        None => format!("{} not finite", of(odd, count)),
    };
    Some(Words { text, is_warning: odd > 0 })
}

/// `3 of 7`, or `7`.
fn of(some: usize, all: usize) -> String {
    if some == all { grouped(all) } else { format!("{} of {}", grouped(some), grouped(all)) }
}

/// A count with a comma after the thousands: `12,345`.
pub(super) fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

/// A name of at most this many characters, the rest left out with `…`; in quotes where it could mislead.
pub(super) fn short_name(name: &str) -> String {
    const MOST: usize = 24;
    let name = readable(name);
    if name.chars().count() <= MOST {
        return name;
    }
    name.chars().take(MOST - 1).chain(['…']).collect()
}

/// A list, of which at most four are shown: `a, b, c, … 97 more`.
pub(super) fn short_list(items: impl ExactSizeIterator<Item = impl Display>) -> String {
    const MOST: usize = 4;
    let count = items.len();
    let shown = if count > MOST { MOST - 1 } else { count };
    let mut list: Vec<String> = items.take(shown).map(|item| item.to_string()).collect();
    if shown < count {
        list.push(format!("… {} more", grouped(count - shown)));
    }
    list.join(", ")
}
