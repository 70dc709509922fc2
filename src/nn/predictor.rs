//! Predictions for many rows: the network recorded once, and evaluated in vector registers and on all threads.

use super::activation::Activation;
use super::error::Error;
use super::error::{expect_inputs, expect_outputs};
use super::mlp::Mlp;
use super::train::Predictions;
use crate::batch::{Batched, Column, Samples};
use crate::{Function, Var};

/// A network with fixed parameters for predictions of many rows: it is recorded once, and evaluated in vector registers, on all
/// threads with the feature `parallel`. Several threads can share it. It gives the outputs of [`Mlp::predict`] up to rounding.
/// [`Mlp::predictor`] makes one.
///
/// ```
/// # use tapegrad::nn::{Activation, Mlp};
/// let mlp = Mlp::builder(2).layer(3, Activation::Tanh).layer(1, Activation::Identity).seed(1).build()?;
/// let predictor = mlp.predictor()?;
/// let rows = [[0.5, -1.0], [0.0, 2.0]];
/// let outputs = predictor.predict(&rows)?;
/// assert!((outputs[1][0] - mlp.predict(&rows[1])[0]).abs() < 1e-14);
///
/// // By how much the output changes with each input, at the first row.
/// let sensitivities = predictor.sensitivities(&rows)?;
/// assert_eq!((sensitivities[0].len(), sensitivities[0][0].len()), (1, 2));
///
/// // Bad rows are errors.
/// let error = predictor.predict(&[[0.5, -1.0], [f64::NAN, 2.0]]).unwrap_err();
/// assert!(error.to_string().contains("row 1: input 0 is NaN"));
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Predictor {
    network: Batched,
    parameters: Vec<f64>,
    inputs: usize,
    outputs: usize,
    output: Activation,
}

impl Mlp {
    /// A [`Predictor`] with the parameters as they are now.
    ///
    /// # Errors
    /// [`Error::Prediction`] if a parameter is not finite.
    pub fn predictor(&self) -> Result<Predictor, Error> {
        let count = self.parameters().len();
        if let Some(k) = self.parameters().iter().position(|parameter| !parameter.is_finite()) {
            let value = self.parameters()[k];
            return Err(Error::Prediction(format!("the parameter `{}` is {value}", self.name_of(k))));
        }
        let of_all = |all: &[Var]| {
            let (parameters, inputs) = all.split_at(count);
            self.forward(parameters, inputs)
        };
        let mut at = self.parameters().to_vec();
        at.resize(count + self.inputs(), 0.0);
        let network = Function::record(of_all, &at[..])
            .and_then(|network| network.with_held(0..count)?.batched(0..count))
            .map_err(refused)?;
        Ok(Predictor {
            network,
            parameters: self.parameters().to_vec(),
            inputs: self.inputs(),
            outputs: self.outputs(),
            output: self.output_activation(),
        })
    }
}

impl Predictor {
    /// The outputs for each row of inputs.
    ///
    /// # Errors
    /// [`Error::Row`] with the first row that does not have as many numbers as the network has inputs, or has an input or output that
    /// is not finite.
    pub fn predict(&self, rows: &[impl AsRef<[f64]>]) -> Result<Predictions<'static>, Error> {
        let values = self.evaluate(rows, |columns| {
            self.network.evaluator().values(&self.parameters, &Samples::new(columns)?)
        })?;
        let outputs = values.chunks(self.outputs).map(<[f64]>::to_vec).enumerate();
        let checked = outputs.map(|(row, outputs)| expect_outputs(outputs).map_err(in_row(row)));
        Ok(Predictions::of(self.output, checked.collect::<Result<_, _>>()?))
    }

    /// The sensitivities of the outputs to the inputs: for each row the Jacobian, as a list for each output with the derivative
    /// by each input.
    ///
    /// # Errors
    /// As [`predict`](Self::predict), for derivatives instead of outputs.
    pub fn sensitivities(&self, rows: &[impl AsRef<[f64]>]) -> Result<Vec<Vec<Vec<f64>>>, Error> {
        let slopes = self.evaluate(rows, |columns| {
            self.network.evaluator().jacobians(&self.parameters, &Samples::new(columns)?)
        })?;
        let of_row = |(row, slopes): (usize, &[f64])| {
            let slopes = expect_outputs(slopes.to_vec()).map_err(in_row(row))?;
            Ok(slopes.chunks(self.inputs).map(<[f64]>::to_vec).collect())
        };
        slopes.chunks(self.outputs * self.inputs).enumerate().map(of_row).collect()
    }

    fn evaluate(
        &self,
        rows: &[impl AsRef<[f64]>],
        evaluate: impl FnOnce(&[Column<'_>]) -> Result<Vec<f64>, crate::Error>,
    ) -> Result<Vec<f64>, Error> {
        let mut flat = Vec::with_capacity(rows.len() * self.inputs);
        for (row, inputs) in rows.iter().enumerate() {
            expect_inputs(self.inputs, inputs.as_ref()).map_err(in_row(row))?;
            flat.extend_from_slice(inputs.as_ref());
        }
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let columns: Vec<Column<'_>> =
            (0..self.inputs).map(|k| Column::strided(&flat, k, self.inputs)).collect();
        evaluate(&columns).map_err(refused)
    }
}

/// The error of a row.
fn in_row(row: usize) -> impl Fn(Error) -> Error {
    move |error| {
        let problem = match error {
            Error::Prediction(problem) => problem,
            other => other.to_string(),
        };
        Error::Row { row, problem }
    }
}

/// The error of an evaluation, which has no branches.
fn refused(error: crate::Error) -> Error {
    Error::Prediction(error.to_string())
}
