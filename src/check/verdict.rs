//! Verdicts, and the report of them.

use super::difference::{Estimate, Numeric};
use std::fmt;

/// How accurate differences must be for a decision, relative to the derivative.
const TOLERANCE: f64 = 1e-6;

/// How many entries a report prints; it counts the others.
const ROWS: usize = 20;

/// The verdict on one derivative.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Verdict {
    /// Both derivatives agree, and the comparison is accurate enough to show it.
    Pass,
    /// The differences refute the derivative.
    Mismatch,
    /// The function has a kink here: its derivative from the left differs from that from the right.
    Kink {
        /// The derivative from the left.
        left: f64,
        /// The derivative from the right.
        right: f64,
    },
    /// The differences are too inaccurate to decide: noise, a jump, or structure finer than the steps.
    Unresolved,
    /// There is nothing to compare: the derivative, the value of the function or the coordinate is not finite, or the
    /// number of derivatives is wrong.
    Invalid,
}

impl Verdict {
    /// The worst first.
    fn rank(self) -> usize {
        match self {
            Verdict::Invalid => 0,
            Verdict::Mismatch => 1,
            Verdict::Kink { .. } => 2,
            Verdict::Unresolved => 3,
            Verdict::Pass => 4,
        }
    }
}

/// One derivative in a [`Report`], and what it was compared with.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Entry {
    /// Which derivative: `x[2]`, or the name that [`Report::named`] gave.
    pub name: String,
    /// The derivative to be checked.
    pub analytic: f64,
    /// What it was compared with: a difference quotient, or the same derivative from another mode.
    pub numeric: f64,
    /// The estimated error of `numeric`.
    pub error: f64,
    /// The verdict.
    pub verdict: Verdict,
}

impl Entry {
    /// Judges a derivative by differences of the function.
    pub(crate) fn by_differences(name: String, analytic: f64, value: f64, numeric: &Numeric) -> Entry {
        let entry = |estimate: Estimate, verdict| {
            let Estimate { value: numeric, error, .. } = estimate;
            Entry { name, analytic, numeric, error, verdict }
        };
        let nothing = Estimate { value: f64::NAN, error: f64::INFINITY, secant: 0.0, rounding: 0.0 };
        match numeric.best {
            _ if !analytic.is_finite() || !value.is_finite() => {
                entry(numeric.best.unwrap_or(nothing), Verdict::Invalid)
            }
            Some(best) => entry(best, judge(analytic, best, numeric)),
            None => entry(nothing, Verdict::Unresolved),
        }
    }

    /// Judges a derivative by another that should be equal except for rounding errors of up to `error`. Terms that
    /// cancel without a trace of their size may leave a difference of up to `unseen`.
    pub(crate) fn by_equality(name: String, analytic: f64, other: f64, error: f64, unseen: f64) -> Entry {
        let verdict = if ![analytic, other, error, unseen].iter().all(|number| number.is_finite()) {
            Verdict::Invalid
        } else if (analytic - other).abs() <= error {
            Verdict::Pass
        } else if (analytic - other).abs() <= unseen {
            Verdict::Unresolved
        } else {
            Verdict::Mismatch
        };
        Entry { name, analytic, numeric: other, error, verdict }
    }

    /// There is nothing to compare; the reason takes the place of the name.
    pub(crate) fn invalid(reason: String) -> Entry {
        let nan = f64::NAN;
        Entry { name: reason, analytic: nan, numeric: nan, error: nan, verdict: Verdict::Invalid }
    }
}

fn judge(analytic: f64, best: Estimate, numeric: &Numeric) -> Verdict {
    // Relative to the measured size: a wrong analytic value must not widen the tolerance.
    let tolerance = (TOLERANCE * best.value.abs().max(best.secant)).max(numeric.floor);
    // Everything that the samples leave possible.
    let candidates = [numeric.left, numeric.right, Some(best)].into_iter().flatten();
    let noise = numeric.noise.unwrap_or([best.value; 2]);
    let low = candidates.clone().map(|side| side.low()).fold(noise[0], f64::min) - tolerance;
    let high = candidates.map(|side| side.high()).fold(noise[1], f64::max) + tolerance;
    let is_possible = low <= analytic && analytic <= high;

    if let (Some(left), Some(right)) = (numeric.left, numeric.right) {
        let gap = (left.value - right.value).abs();
        let scale = left.value.abs().max(right.value.abs());
        let blur = left.error + right.error;
        // The smallest steps must show the same two slopes; otherwise there is structure finer than the larger steps.
        let is_sharp = blur <= 1e-4 * scale && numeric.spread <= gap / 4.0;
        if is_possible && is_sharp && gap > (10.0 * blur).max(1e-4 * scale) {
            return Verdict::Kink { left: left.value, right: right.value };
        }
    }
    // Terms that cancel to the last bit in every sample leave rounding errors in the derivative, and no trace of
    // their size.
    let may_be_rounding = numeric.is_flat && analytic.abs() <= 1e-12;
    if !is_possible && best.error <= tolerance && !may_be_rounding {
        Verdict::Mismatch
    } else if best.error <= tolerance && (analytic - best.value).abs() <= tolerance + best.error {
        Verdict::Pass
    } else {
        Verdict::Unresolved
    }
}

/// The result of a check: an [`Entry`] per derivative. `Display` is a table, the worst verdict first, and a line that
/// says what to do.
///
/// ```
/// use tapegrad::check::{Verdict, check_gradient};
///
/// let report = check_gradient(|[x, y]| (x * y).abs(), [0.0, 2.0]);
/// assert!(!report.is_pass());
/// let Verdict::Kink { left, right } = report.entries[0].verdict else { panic!("{report}") };
/// assert!((left + 2.0).abs() < 1e-6 && (right - 2.0).abs() < 1e-6);
/// assert_eq!(report.entries[1].verdict, Verdict::Pass);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
#[must_use = "a report does not panic; `assert_pass` and `assert_gradient!` do"]
pub struct Report {
    /// One entry per derivative, in the order of the derivatives.
    pub entries: Vec<Entry>,
}

impl Report {
    /// Whether every verdict is [`Verdict::Pass`]. An empty report, of a function without arguments, passes.
    #[must_use]
    pub fn is_pass(&self) -> bool {
        self.entries.iter().all(|entry| entry.verdict == Verdict::Pass)
    }

    /// Whether a derivative is refuted or invalid: [`Verdict::Mismatch`] or [`Verdict::Invalid`].
    #[must_use]
    pub fn is_refuted(&self) -> bool {
        self.entries.iter().any(|entry| entry.verdict.rank() <= Verdict::Mismatch.rank())
    }

    /// The same report with these names for the entries, in order; entries without a new name keep theirs.
    ///
    /// ```
    /// # use tapegrad::check::check_gradient;
    /// let report = check_gradient(|[a, b]| a.exp() * b, [1.0, 2.0]).named(["rate", "scale"]);
    /// assert_eq!(report.entries[0].name, "rate");
    /// ```
    pub fn named<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Report {
        for (entry, name) in self.entries.iter_mut().zip(names) {
            entry.name = name.into();
        }
        self
    }

    /// Does nothing if every verdict is a pass.
    ///
    /// # Panics
    /// With the report otherwise.
    #[track_caller]
    pub fn assert_pass(&self) {
        assert!(self.is_pass(), "the gradient does not pass its check\n\n{self}\n");
    }

    fn count(&self, is: impl Fn(Verdict) -> bool) -> usize {
        self.entries.iter().filter(|entry| is(entry.verdict)).count()
    }

    /// What the verdicts mean and what to do, the worst verdict first.
    fn summary(&self) -> String {
        let all = self.entries.len();
        let kinds: [(usize, &str); 4] = [
            (
                self.count(|verdict| verdict == Verdict::Invalid),
                "invalid: not finite, or missing; move the point into the domain, or find the cause with \
                 `Tape::first_non_finite`",
            ),
            (
                self.count(|verdict| verdict == Verdict::Mismatch),
                "wrong: the differences refute the analytic value; correct the rule it comes from (a value \
                 read out of a variable, or detached, is a constant to the gradient)",
            ),
            (
                self.count(|verdict| matches!(verdict, Verdict::Kink { .. })),
                "at a kink: there is no derivative, only one from each side; check at another point",
            ),
            (
                self.count(|verdict| verdict == Verdict::Unresolved),
                "unresolved: the function is too noisy, too rough or jumps here; check at another point, scale \
                 the argument, or take the noise out",
            ),
        ];
        let lines: Vec<_> = kinds
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, meaning)| format!("{count} of {all} {meaning}."))
            .collect();
        if lines.is_empty() { format!("all {all} pass") } else { lines.join("\n") }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by(|a, b| {
            let off = |entry: &Entry| {
                (entry.analytic - entry.numeric).abs() / entry.analytic.abs().max(entry.numeric.abs())
            };
            a.verdict.rank().cmp(&b.verdict.rank()).then(off(b).total_cmp(&off(a)))
        });
        let mut table = vec![["derivative", "analytic", "numeric", "verdict"].map(String::from)];
        table.extend(entries.iter().take(ROWS).map(|entry| {
            let numeric = format!("{} ± {}", number(entry.numeric), short(entry.error));
            [entry.name.clone(), number(entry.analytic), numeric, remark(entry)]
        }));
        let width = |column: usize| table.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let [name_width, analytic_width, numeric_width] = [0, 1, 2].map(width);
        for [name, analytic, numeric, verdict] in &table {
            writeln!(
                f,
                "{name:<name_width$}  {analytic:>analytic_width$}  {numeric:<numeric_width$}  {verdict}"
            )?;
        }
        if entries.len() > ROWS {
            let rest = &entries[ROWS..];
            let passed = rest.iter().filter(|entry| entry.verdict == Verdict::Pass).count();
            writeln!(f, "and {} more, of which {passed} pass", rest.len())?;
        }
        f.write_str(&self.summary())
    }
}

/// Eight digits, in fixed or scientific notation.
fn number(x: f64) -> String {
    if x == 0.0 || (1e-3..1e6).contains(&x.abs()) { format!("{x:.8}") } else { format!("{x:.8e}") }
}

fn short(x: f64) -> String {
    if x == 0.0 { "0".to_owned() } else { format!("{x:.0e}") }
}

fn remark(entry: &Entry) -> String {
    match entry.verdict {
        Verdict::Pass => "pass".to_owned(),
        Verdict::Mismatch => match factor(entry) {
            Some(factor) => format!("MISMATCH, {factor} times the numeric value"),
            None => "MISMATCH".to_owned(),
        },
        Verdict::Kink { left, right } => {
            format!("kink: {} from the left, {} from the right", number(left), number(right))
        }
        Verdict::Unresolved => "unresolved".to_owned(),
        Verdict::Invalid => "INVALID".to_owned(),
    }
}

/// The factor between the two values, if it is one of a common mistake.
fn factor(entry: &Entry) -> Option<f64> {
    let ratio = entry.analytic / entry.numeric;
    [-1.0, 2.0, -2.0, 0.5, -0.5].into_iter().find(|factor| (ratio - factor).abs() < 1e-5)
}
