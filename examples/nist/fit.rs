//! A fit by Levenberg and Marquardt, with the derivatives of this crate, and how many of the certified digits it reaches.

use super::dataset::Dataset;
use super::models::residual;
use levenberg_marquardt::{LeastSquaresProblem, LevenbergMarquardt};
use tapegrad::batch::Column;
use tapegrad::interop::levenberg_marquardt::BatchResiduals;
use tapegrad::{Error, Function, Var};

/// Where a fit ended.
#[derive(Debug)]
pub struct Fitted {
    pub parameters: Vec<f64>,
    /// The standard deviations of the parameters, none if the Jacobian has not full rank.
    pub deviations: Option<Vec<f64>>,
    pub sum_of_squares: f64,
    pub evaluations: usize,
    /// Whether the solver met its tolerances.
    pub has_converged: bool,
}

/// The solver, with tolerances as small as numbers allow and a first step no longer than the starting point.
pub fn solver() -> LevenbergMarquardt<f64> {
    LevenbergMarquardt::new().with_tol(f64::EPSILON).with_stepbound(1.0).with_patience(1000)
}

/// Fits the model of a data set, from this starting point. The residual of an observation is recorded once, and evaluated as
/// a batch over all observations.
pub fn fit(data: &Dataset, start: &[f64], solver: &LevenbergMarquardt<f64>) -> Result<Fitted, Error> {
    let columns: Vec<Column<'_>> = data.x.iter().chain([&data.y]).map(Column::from).collect();
    let first: Vec<f64> = start.iter().copied().chain(columns.iter().map(|column| column.get(0))).collect();
    let of_an_observation = |inputs: &[Var]| {
        let (b, observation) = inputs.split_at(start.len());
        let (&y, x) = observation.split_last().expect("a response");
        residual(&data.name, b, x, y)
    };
    let recorded = Function::record(of_an_observation, &first)?.optimize();
    let problem = BatchResiduals::new(&recorded, 0..start.len(), start, &columns)?;
    let (problem, report) = solver.minimize(problem);
    problem.outcome()?;
    Ok(Fitted {
        deviations: deviations(&problem),
        parameters: problem.shared().to_vec(),
        sum_of_squares: 2.0 * report.objective_function,
        evaluations: report.number_of_evaluations,
        has_converged: report.termination.was_successful(),
    })
}

/// The square roots of the diagonal of s² (JᵀJ)⁻¹ with s² = |r|² / (m − n). With J = QR that is s² R⁻¹R⁻ᵀ, whose diagonal has
/// the squared norms of the rows of R⁻¹.
fn deviations(problem: &BatchResiduals<'_>) -> Option<Vec<f64>> {
    let (residuals, jacobian) = (problem.residuals()?, problem.jacobian()?);
    let freedom = jacobian.nrows().checked_sub(jacobian.ncols()).filter(|&freedom| freedom > 0)?;
    let s = residuals.norm() / (freedom as f64).sqrt();
    let r = jacobian.qr().r();
    let mut inverse = r.map_with_location(|row, column, _| f64::from(row == column));
    r.solve_upper_triangular_mut(&mut inverse).then(|| inverse.row_iter().map(|row| s * row.norm()).collect())
}

/// The correct digits: the least over all parameters, the least over their standard deviations, and those of the sum of
/// squares.
pub fn reached(data: &Dataset, fitted: &Fitted) -> [f64; 3] {
    let least = |computed: &[f64], certified: &[f64]| {
        computed
            .iter()
            .zip(certified)
            .map(|(&computed, &certified)| digits(computed, certified))
            .fold(11.0, f64::min)
    };
    [
        least(&fitted.parameters, &data.parameters),
        fitted.deviations.as_ref().map_or(0.0, |deviations| least(deviations, &data.deviations)),
        digits(fitted.sum_of_squares, data.sum_of_squares),
    ]
}

/// The number of correct decimal digits, by the logarithm of the relative error; at most 11, as many as are certified.
fn digits(computed: f64, certified: f64) -> f64 {
    let error = ((computed - certified) / certified).abs();
    if error.is_nan() { 0.0 } else { (-error.log10()).clamp(0.0, 11.0) }
}
