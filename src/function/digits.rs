//! Numbers as text, for storing: the shortest that parses to the same number, because not every format has infinities.

/// The numbers as text.
pub(super) fn written(numbers: &[f64]) -> Vec<String> {
    numbers.iter().map(|number| format!("{number:?}")).collect()
}

/// Parses a number, if the text is one of the three forms in which Rust prints it. Other digits would be rounded,
/// and large exponents would become infinite.
pub(super) fn read(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    let forms = [format!("{number:?}"), format!("{number}"), format!("{number:e}")];
    forms.iter().any(|form| form == text).then_some(number)
}

/// As [`read`], for a list. The error is the first text that is no number.
pub(super) fn read_all(texts: &[String]) -> Result<Vec<f64>, &str> {
    texts.iter().map(|text| read(text).ok_or(text.as_str())).collect()
}
