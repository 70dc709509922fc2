//! Gradient descent in a curved valley with two minima: where it ends depends on where it starts.

use tapegrad::{Real, gradient, hessian};

/// A valley along y = x²/2 whose floor, (x² - 1)² + 0.3 x, has two low points; the left one is deeper.
fn height<R: Real>([x, y]: [R; 2]) -> R {
    (x * x - 1.0).powi(2) + x * 0.3 + (y - x * x * 0.5).powi(2) * 5.0
}

type Point = [f64; 2];

const STARTS: [(char, Point); 2] = [('a', [-0.25, 1.75]), ('b', [0.5, -0.75])];

fn main() {
    let paths = STARTS.map(|(name, start)| (name, descend(start)));
    let saddle = newton([0.0, 0.0]);

    println!("Gradient descent on (x² - 1)² + 0.3 x + 5 (y - x²/2)² from two starts\n");
    map(&paths, saddle);
    steps(&paths);
    proofs(&paths, saddle);
}

/// All points of the descent, until the gradient vanishes.
fn descend(mut at: Point) -> Vec<Point> {
    let mut path = vec![at];
    loop {
        let slope = gradient(height, at);
        if slope[0].hypot(slope[1]) < 1e-12 {
            return path;
        }
        for (coordinate, slope) in at.iter_mut().zip(slope) {
            *coordinate -= 0.02 * slope;
        }
        path.push(at);
        assert!(path.len() < 10_000, "no minimum in sight");
    }
}

/// Prints a map: heights as shades, the paths as letters, their ends as capitals.
fn map(paths: &[(char, Vec<Point>)], saddle: Point) {
    const SHADES: [(f64, char); 5] = [(0.0, ' '), (0.5, '.'), (1.5, ':'), (4.0, '+'), (12.0, '%')];
    let (columns, rows) = (72, 24);
    let column = |x: f64| ((x + 1.75) / 3.5 * columns as f64).floor() as usize;
    let row = |y: f64| ((2.0 - y) / 3.0 * rows as f64).floor() as usize;

    let mut picture = vec![vec![' '; columns]; rows];
    for (r, line) in picture.iter_mut().enumerate() {
        for (c, cell) in line.iter_mut().enumerate() {
            let x = -1.75 + (c as f64 + 0.5) / columns as f64 * 3.5;
            let y = 2.0 - (r as f64 + 0.5) / rows as f64 * 3.0;
            let shade = SHADES.iter().find(|(most, _)| height([x, y]) < *most);
            *cell = shade.map_or('#', |&(_, shade)| shade);
        }
    }
    let mut draw = |[x, y]: Point, mark| picture[row(y)][column(x)] = mark;
    for (name, path) in paths {
        path.iter().for_each(|&at| draw(at, *name));
        draw(path[path.len() - 1], name.to_ascii_uppercase());
    }
    draw(saddle, 'X');
    for line in picture {
        println!("  {}", line.into_iter().collect::<String>());
    }
    println!("\n  Height: blank below 0, . below 0.5, : below 1.5, + below 4, % below 12, # above.");
    println!("  a, b: the paths, A, B: their ends, X: the saddle between.\n");
}

fn steps(paths: &[(char, Vec<Point>)]) {
    println!("{:>6}  {:^30}  {:^30}", "step", "from a", "from b");
    println!("{:>6}{}", "", format!("{:>10}{:>10}{:>12}", "x", "y", "height").repeat(2));
    for step in [0, 1, 2, 5, 10, 20, 50, 100, 200, usize::MAX] {
        match step {
            usize::MAX => print!("{:>6}", "end"),
            step => print!("{step:>6}"),
        }
        for (_, path) in paths {
            let at = path[step.min(path.len() - 1)];
            print!("{:>10.5}{:>10.5}{:>12.7}", at[0], at[1], height(at));
        }
        println!();
    }
}

/// A stationary point with two positive curvatures is a minimum; the lower of the two is the better one.
fn proofs(paths: &[(char, Vec<Point>)], saddle: Point) {
    println!(
        "\n{:<8}{:>8}{:>12}{:>14}{:>26}",
        "end of", "steps", "gradient", "height", "Hessian eigenvalues"
    );
    let mut ends = Vec::new();
    for (name, path) in paths {
        let end = path[path.len() - 1];
        let slope = gradient(height, end);
        let [low, high] = eigenvalues(hessian(height, end));
        let steps = path.len() - 1;
        println!(
            "{name:<8}{steps:>8}{:>12.0e}{:>14.8}{low:>13.6}{high:>13.6}",
            slope[0].hypot(slope[1]),
            height(end)
        );
        assert!(low > 0.0, "a minimum curves up in every direction");
        ends.push(height(end));
    }
    assert!(ends[0] < ends[1] - 0.5);

    let [low, high] = eigenvalues(hessian(height, saddle));
    println!("{:<8}{:>8}{:>12}{:>14.8}{low:>13.6}{high:>13.6}", "saddle", "", "", height(saddle));
    assert!(low < 0.0 && high > 0.0);
    println!(
        "
  Both ends are minima. b stays in the right one, {:.3} above the left: the way
  there leads over the saddle, and a descent does not climb.",
        ends[1] - ends[0]
    );
}

/// Newton's method: converges to a stationary point nearby, which need not be a minimum.
fn newton([mut x, mut y]: Point) -> Point {
    for _ in 0..20 {
        let [gx, gy] = gradient(height, [x, y]);
        let [[a, b], [_, c]] = hessian(height, [x, y]);
        let determinant = a * c - b * b;
        x -= (c * gx - b * gy) / determinant;
        y -= (a * gy - b * gx) / determinant;
    }
    [x, y]
}

/// The eigenvalues of a symmetric matrix, the smaller one first.
fn eigenvalues([[a, b], [_, c]]: [[f64; 2]; 2]) -> [f64; 2] {
    let (middle, radius) = ((a + c) / 2.0, ((a - c) / 2.0).hypot(b));
    [middle - radius, middle + radius]
}
