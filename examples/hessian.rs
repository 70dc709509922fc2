//! Newton's method with exact second derivatives: near the minimum, every step doubles the number of correct
//! digits. The Hessian is computed in two ways: by sweeps over dual numbers, and as a function of its own.

use tapegrad::{Error, Function, Real};

/// The sum of distances to four places, plus a small bowl around (1, 2): smooth and convex, but not quadratic.
fn cost<R: Real>([x, y]: [R; 2]) -> R {
    const PLACES: [[f64; 2]; 4] = [[0.0, 0.0], [4.0, 1.0], [3.0, 5.0], [-1.0, 3.0]];
    let distances: R = PLACES.iter().map(|[a, b]| ((x - *a).powi(2) + (y - *b).powi(2) + 0.1).sqrt()).sum();
    distances + ((x - 1.0).powi(2) + (y - 2.0).powi(2)) * 0.05
}

fn main() -> Result<(), Error> {
    let start = [3.0, 4.0];
    let f = Function::record(cost, start)?;
    let hessian = f.hessian()?.optimize();

    println!("The Hessian is a function too:\n\n{}\n", first_lines(&hessian.to_string(), 6));
    println!(
        "{} operations in the function, {} in its Hessian\n",
        f.statistics().operations,
        hessian.statistics().operations
    );

    let (mut f, mut hessian) = (f.evaluator(), hessian.evaluator());
    let (mut gradient, mut by_sweep, mut by_function) = ([0.0; 2], [0.0; 4], [0.0; 4]);

    let mut path = vec![start];
    println!("step              x              y    |gradient|");
    for step in 0.. {
        let [x, y] = path[step];
        f.value_and_gradient_into(&[x, y], &mut gradient)?;
        let steepness = gradient[0].hypot(gradient[1]);
        println!("{step:>4}  {x:>13.10}  {y:>13.10}  {steepness:>12.3e}");
        if steepness < 1e-14 {
            break;
        }
        assert!(step < 20, "no minimum in sight");

        f.hessian_into(&[x, y], &mut by_sweep)?; // sweeps over dual numbers
        hessian.values_into(&[x, y], &mut by_function)?;
        assert!(by_sweep.iter().zip(by_function).all(|(a, b)| (a - b).abs() < 1e-12));

        let [a, b, _, c] = by_sweep;
        let [u, v] = gradient;
        let determinant = a * c - b * b;
        path.push([x - (c * u - b * v) / determinant, y - (a * v - b * u) / determinant]);
    }

    let end = path[path.len() - 1];
    let errors: Vec<f64> = path.iter().map(|[x, y]| (x - end[0]).hypot(y - end[1])).collect();
    println!("\nEach error, measured from the last point, over the square of the one before:");
    for pair in errors.windows(2).filter(|pair| pair[0] < 0.5 && pair[1] > 1e-14) {
        println!("  {:.1e} / ({:.1e})² = {:.2}", pair[1], pair[0], pair[1] / (pair[0] * pair[0]));
        assert!(pair[1] < pair[0] * pair[0], "the convergence is quadratic");
    }
    Ok(())
}

fn first_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().take(count).collect();
    lines.join("\n") + "\n    ..."
}
