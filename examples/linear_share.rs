//! Errors distributed over weights: how much of the error of an output does each weight of a linear network carry,
//! and how much reaches the hidden nodes? The tables of a textbook, and the same numbers from the library.

use tapegrad::{Tape, Var};

/// The weights from four hidden nodes (rows) to three outputs (columns).
const WHO: [[f64; 3]; 4] = [[0.6, 0.5, 0.06], [0.3, 0.2, 0.8], [0.2, 0.1, 0.7], [0.12, 0.7, 0.54]];

fn main() {
    one_output();
    all_outputs();
}

/// One output is 0.92 and should be 1: its error is distributed in proportion to its weights.
fn one_output() {
    title("One output: o = 0.92, target t = 1");
    let error = 1.0 - 0.92;
    let weights = WHO.map(|row| row[0]);
    let sum: f64 = weights.iter().sum();

    // The share of a weight is the derivative of the output with respect to its node, times error / sum of weights.
    let tape = Tape::new();
    let hidden = tape.vars([1.0; 4]);
    let output: Var = hidden.iter().zip(weights).map(|(h, w)| h * w).sum();
    let engine = tape.backward(&[(output, error / sum)]).wrt(hidden);

    println!("  error e = t - o = {error:.2}, sum of weights = {sum:.2}\n");
    println!("  {:>8}{:>26}{:>14}", "weight", "share = w / sum * e", "engine");
    for (w, engine) in weights.into_iter().zip(engine) {
        let share = w / sum * error;
        println!("  {w:>8.2}{share:>26.9}{engine:>14.9}");
        assert!((share - engine).abs() < 1e-16);
    }
    let total: f64 = engine.iter().sum();
    println!("  {:>8}{total:>26.9}   the whole error", "");
    assert!((total - error).abs() < 1e-16);
}

/// Without the denominator, which is only a scale: the table `who * e` over all outputs.
fn all_outputs() {
    title("All outputs, without the denominator: who * e");
    let errors = [0.1, 0.2, 0.3];
    let table = WHO.map(|row| [0, 1, 2].map(|k| row[k] * errors[k]));
    let expected = [[0.06, 0.1, 0.018], [0.03, 0.04, 0.24], [0.02, 0.02, 0.21], [0.012, 0.14, 0.162]];

    // A forward pass, with targets that give exactly these errors, and J = Σ (t - o)² / 2.
    let tape = Tape::new();
    let hidden = tape.vars([0.9, 0.4, 0.7, 0.2]);
    let outputs = [0, 1, 2].map(|k| hidden.iter().zip(WHO).map(|(h, row)| h * row[k]).sum::<Var>());
    let targets = [0, 1, 2].map(|k| outputs[k].value() + errors[k]);
    let squared_error = outputs.iter().zip(targets).map(|(o, t)| (t - o).powi(2)).sum::<Var>() * 0.5;
    let g = squared_error.backward();

    println!("  {:<6}{:>9.1}{:>9.1}{:>9.1}{:>12}{:>16}", "e", 0.1, 0.2, 0.3, "row sum", "engine: -dJ/dh");
    for (j, row) in table.iter().enumerate() {
        let [a, b, c] = row;
        let carried = a + b + c; // row j of who · e
        let engine = -g[hidden[j]];
        println!("  h{:<5}{a:>9.3}{b:>9.3}{c:>9.3}{carried:>12.3}{engine:>16.3}", j + 1);
        assert!((carried - engine).abs() < 1e-15);
        assert!(row.iter().zip(expected[j]).all(|(a, b)| (a - b).abs() < 1e-16));
    }
    println!(
        "
  Forward, the net multiplies the 4 hidden values by W, the transpose of who,
  and gets 3 outputs. Back, the 3 errors go through the transpose of W, who
  itself: that gives the row sums, one error per hidden node. Up to the sign
  they are the adjoints of the hidden nodes under squared error. So the engine
  does the same for this net, and goes on doing it where a net is not linear."
    );
}

fn title(text: &str) {
    println!("\n{text}\n{}", "-".repeat(text.len()));
}
