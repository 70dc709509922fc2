//! Axes: ranges that hold all numbers, and numbers as text.

/// What an axis measures, and from where to where.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub label: String,
    pub low: f64,
    pub high: f64,
    pub scale: Scale,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scale {
    Linear,
    /// Of positive numbers alone.
    Log,
    /// Linear, and only whole numbers are written.
    Whole,
    /// The same for the negative of what is written.
    Down,
    /// A name at each of 1, 2, ….
    Names(Vec<String>),
}

/// The part of the range that is left free on either side.
const MARGIN: f64 = 0.04;

/// Differences below this part of the size of the numbers are not drawn to scale.
const RESOLUTION: f64 = 1e-9;

impl Axis {
    /// A linear axis around these numbers, which are drawable, with a margin.
    pub fn around(label: &str, numbers: impl Iterator<Item = f64>) -> Axis {
        let (low, high) = ends(numbers);
        let size = f64::max(-low, high);
        let mut margin = (high - low) * MARGIN;
        if high - low <= size * RESOLUTION {
            margin = if size == 0.0 { 1.0 } else { size / 2.0 };
        }
        Axis { label: label.to_owned(), low: low - margin, high: high + margin, scale: Scale::Linear }
    }

    /// A logarithmic axis around these numbers if all are positive, else a linear one.
    pub fn log_around(label: &str, numbers: impl Iterator<Item = f64> + Clone) -> Axis {
        let (low, high) = ends(numbers.clone());
        if low < SMALLEST {
            return Axis::around(label, numbers);
        }
        // At least from one half to twice a number, so that there is something to write.
        let factor = f64::max((high / low).powf(MARGIN), if high / low < 2.0 { 2.0 } else { 1.0 });
        Axis { label: label.to_owned(), low: low / factor, high: high * factor, scale: Scale::Log }
    }

    /// An axis of whole numbers from one to another, both included.
    pub fn whole(label: &str, first: usize, last: usize) -> Axis {
        let margin = if first == last { 0.5 } else { 0.0 };
        let (low, high) = (first as f64 - margin, last as f64 + margin);
        Axis { label: label.to_owned(), low, high, scale: Scale::Whole }
    }

    /// An axis with a name at each of 1, 2, ….
    pub fn names(label: &str, names: Vec<String>) -> Axis {
        let high = names.len() as f64 + 0.5;
        Axis { label: label.to_owned(), low: 0.5, high, scale: Scale::Names(names) }
    }

    /// An axis of cells that are numbered from 0, each around its number.
    pub fn cells(label: &str, count: usize) -> Axis {
        Axis { label: label.to_owned(), low: -0.5, high: count as f64 - 0.5, scale: Scale::Whole }
    }

    /// The same downwards: each cell is around minus its number.
    pub fn cells_down(label: &str, count: usize) -> Axis {
        Axis { label: label.to_owned(), low: 0.5 - count as f64, high: 0.5, scale: Scale::Down }
    }

    /// The power of ten by which the numbers are divided before they are drawn: the drawing crate mistakes ranges that are
    /// very small for empty ones, and takes a logarithm of at least 1e-10.
    pub fn power(&self) -> i32 {
        let span = match self.scale {
            Scale::Linear => self.high - self.low,
            Scale::Log => self.low,
            Scale::Whole | Scale::Down | Scale::Names(_) => return 0,
        };
        let power = span.log10().floor() as i32;
        if (-6..=6).contains(&power) { 0 } else { power }
    }
}

/// Below this, numbers lose digits, and their quotients too.
const SMALLEST: f64 = 1e-300;

fn ends(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    numbers
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| (low.min(number), high.max(number)))
}

/// A number divided by a power of ten.
pub(super) fn divided(number: f64, power: i32) -> f64 {
    // In two steps, since the power itself may be too small for a number.
    let half = power / 2;
    number / 10f64.powi(half) / 10f64.powi(power - half)
}

impl Axis {
    /// What is written at a number that was divided by [`power`](Axis::power).
    pub fn text_at(&self, divided: f64) -> String {
        let text = number_text(divided, self.power());
        match self.scale {
            Scale::Down => text.trim_start_matches('-').to_owned(),
            _ => text,
        }
    }
}

/// A number times a power of ten as text, of at most nine digits.
fn number_text(number: f64, power: i32) -> String {
    let rounded = format!("{number:.8e}");
    let Some((digits, exponent)) = rounded.split_once('e') else { return rounded };
    let exponent = exponent.parse::<i32>().unwrap_or(0) + power;
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    if digits == "0" || digits == "-0" {
        return "0".to_owned();
    }
    if !(-4..6).contains(&exponent) {
        return format!("{digits}e{exponent}");
    }
    format!("{digits}e{exponent}").parse::<f64>().map_or(rounded, |number| number.to_string())
}
