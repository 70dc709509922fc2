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
        let margin = margin.max(SMALLEST);
        Axis { label: label.to_owned(), low: low - margin, high: high + margin, scale: Scale::Linear }
    }

    /// A logarithmic axis around these numbers if all are positive, and from 1e-140 to 1e140; else a linear one.
    pub fn log_around(label: &str, numbers: impl Iterator<Item = f64> + Clone) -> Axis {
        let (low, high) = ends(numbers.clone());
        if !(1e-140..=1e140).contains(&low) || high > 1e140 {
            return Axis::around(label, numbers);
        }
        let margin = (high / low).powf(MARGIN).max(1.02);
        let (mut low, mut high) = (low / margin, high * margin);
        if high / low < 10.0 {
            // Labels are at 1, 2, 5, 10, …: there have to be two.
            low = round_numbers(low).filter(|&number| number <= low).fold(0.0, f64::max);
            high = round_numbers(high).find(|&number| number >= high).unwrap_or(high);
        }
        Axis { label: label.to_owned(), low, high, scale: Scale::Log }
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

/// The least margin: below it, numbers lose digits.
const SMALLEST: f64 = 1e-300;

/// The numbers 1, 2, 5 and 10 times the power of ten that is below a number, and those around.
fn round_numbers(number: f64) -> impl Iterator<Item = f64> {
    let power = number.log10().floor() as i32;
    [0.5, 1.0, 2.0, 5.0, 10.0, 20.0].into_iter().map(move |factor| factor * 10f64.powi(power))
}

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
