//! A recording contains one branch. Where a comparison has another outcome, a replay is an error that names the
//! line. There are two solutions: `Adaptive`, which also records the other branch, and `select`, which records both
//! sides.

use tapegrad::{Adaptive, Error, Function, Real, Var, masks::lt};

/// The Huber loss: a parabola near 0, straight lines beyond.
fn huber<R: Real>(x: R) -> R {
    if x.abs() < 1.0 { x * x * 0.5 } else { x.abs() - 0.5 }
}

/// The same without a branch in the code.
fn huber_selected<R: Real>(x: R) -> R {
    lt(x.abs(), 1.0).select(x * x * 0.5, x.abs() - 0.5)
}

const POINTS: [f64; 5] = [0.25, -0.5, 3.0, 0.75, -4.0];

/// The derivative on paper.
fn slope(x: f64) -> f64 {
    x.clamp(-1.0, 1.0)
}

fn main() -> Result<(), Error> {
    guard()?;
    adaptive()?;
    select()
}

fn guard() -> Result<(), Error> {
    println!("A guard. Huber's loss, recorded at {}:\n", POINTS[0]);
    let f = Function::record(|[x]| huber(x), [POINTS[0]])?;
    println!("{}\n", indent(&f));

    let mut f = f.evaluator();
    let mut refused = 0;
    for x in POINTS {
        match f.value_and_gradient(&[x]) {
            Ok((value, gradient)) => {
                println!("  {x:>5}: value {value:.5}, slope {:>5}", gradient[0]);
                assert_eq!((value, gradient[0]), (huber(x), slope(x)));
            }
            Err(error @ Error::BranchChanged { left, right, .. }) => {
                println!("  {x:>5}: refused: {error}");
                assert_eq!((left, right), (x.abs(), 1.0));
                refused += 1;
            }
            Err(other) => return Err(other),
        }
    }
    assert_eq!(refused, 2);
    Ok(())
}

fn adaptive() -> Result<(), Error> {
    println!("\nAdaptive: a recording per branch, made when it is first needed, at most eight kept\n");
    let mut f = Adaptive::new(|x: &[Var]| huber(x[0]), 8);
    for x in POINTS {
        let (value, gradient) = f.value_and_gradient(&[x])?;
        println!(
            "  {x:>5}: value {value:.5}, slope {:>5}    recordings: {}",
            gradient[0],
            f.recordings().len()
        );
        assert_eq!((value, gradient[0]), (huber(x), slope(x)));
    }
    assert_eq!(f.recordings().len(), 2);
    Ok(())
}

fn select() -> Result<(), Error> {
    println!("\nSelect: both sides in one recording, no guard\n");
    let f = Function::record(|[x]| huber_selected(x), [POINTS[0]])?.optimize();
    println!("{}\n", indent(&f));
    assert_eq!(f.statistics().guards, 0);

    let mut f = f.evaluator();
    for x in POINTS {
        let (value, gradient) = f.value_and_gradient(&[x])?;
        println!("  {x:>5}: value {value:.5}, slope {:>5}", gradient[0]);
        assert_eq!((value, gradient[0]), (huber(x), slope(x)));
    }
    Ok(())
}

fn indent(f: &Function) -> String {
    let lines: Vec<String> = f.to_string().lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}
