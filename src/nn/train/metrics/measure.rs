//! The metrics of a trainer: those of the library and those of the user.

use super::{Goal, Metric};
use crate::nn::data::Data;
use crate::nn::error::Error;
use crate::nn::train::predictions::Predictions;
use std::fmt;
use std::rc::Rc;

/// A function from predictions and data to a number.
type Rule<'a> = dyn Fn(&Predictions<'_>, &Data) -> f64 + 'a;

/// A metric with a name, and which values are good.
#[derive(Clone)]
pub(in crate::nn::train) struct Measure<'a> {
    pub name: String,
    pub goal: Goal,
    kind: Kind<'a>,
}

#[derive(Clone)]
enum Kind<'a> {
    Known(Metric),
    Own(Rc<Rule<'a>>),
}

impl<'a> Measure<'a> {
    pub fn own(name: String, goal: Goal, rule: impl Fn(&Predictions<'_>, &Data) -> f64 + 'a) -> Measure<'a> {
        Measure { name, goal, kind: Kind::Own(Rc::new(rule)) }
    }

    /// Checks that the metric is defined for this number of outputs and these targets.
    pub fn check(&self, outputs: usize, data: &Data) -> Result<(), Error> {
        match self.kind {
            Kind::Known(metric) => metric.check(outputs, data),
            Kind::Own(_) => Ok(()),
        }
    }

    /// The metric; `None` if it is not finite.
    fn of(&self, predictions: &Predictions<'_>, data: &Data) -> Option<f64> {
        let value = match &self.kind {
            Kind::Known(metric) => metric.evaluate(predictions, data, None).ok()?,
            Kind::Own(rule) => rule(predictions, data),
        };
        value.is_finite().then_some(value)
    }
}

impl From<Metric> for Measure<'_> {
    fn from(metric: Metric) -> Self {
        Measure { name: metric.to_string(), goal: metric.goal(), kind: Kind::Known(metric) }
    }
}

impl fmt::Debug for Measure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// All metrics of these predictions; `None` for those that are not finite.
pub(in crate::nn::train) fn measure_all(
    measures: &[Measure<'_>],
    predictions: &Predictions<'_>,
    data: &Data,
) -> Vec<Option<f64>> {
    measures.iter().map(|measure| measure.of(predictions, data)).collect()
}
