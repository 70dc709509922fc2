//! Problem 71 of Hock and Schittkowski, the example of Ipopt's manual, by an interior-point solver with exact derivatives.

use interior_point::solve;
use ripopt::{SolveStatus, SolverOptions};
use tapegrad::solvers::NonlinearProgram;

/// The published optimum (W. Hock and K. Schittkowski, Test Examples for Nonlinear Programming Codes, 1981).
const OPTIMUM: f64 = 17.0140173;
const SOLUTION: [f64; 4] = [1.0, 4.74299963, 3.82114998, 1.37940829];

fn main() -> Result<(), tapegrad::Error> {
    let start = [1.0, 5.0, 5.0, 1.0];
    let program = NonlinearProgram::record(
        |[a, b, c, d]| {
            let objective = a * d * (a + b + c) + c;
            (objective, [a * b * c * d, a * a + b * b + c * c + d * d])
        },
        start,
    )?
    .with_x_bounds(&[1.0; 4], &[5.0; 4])?
    .with_g_bounds(&[25.0, 40.0], &[f64::INFINITY, 40.0])?;

    let result = solve(&program, &start, &SolverOptions { print_level: 0, ..SolverOptions::default() });
    assert_eq!(result.status, SolveStatus::Optimal);
    println!("objective {:.7}, published {OPTIMUM:.7}", result.objective);
    assert!((result.objective - OPTIMUM).abs() < 1e-6);
    for (k, (x, published)) in result.x.iter().zip(SOLUTION).enumerate() {
        println!("x{k} {x:.8}, published {published:.8}");
        assert!((x - published).abs() < 1e-6);
    }
    Ok(())
}
