//! Graphs of recordings: as a tree of lines, in DOT, in Mermaid, and, into a folder given as argument, as pictures (SVG).

use std::path::Path;
use tapegrad::view::Listing;
use tapegrad::{Error, Function, Real, Tape, nn};

/// The expression of the README.
fn expression() -> Listing {
    let tape = Tape::new();
    let (x, y) = (tape.named("x", 0.5), tape.named("y", 2.0));
    let z = (x * y + x.sin()).tanh();
    tape.listing_with(&z.backward())
}

/// A network with two inputs, two hidden neurons and two outputs, and its squared error.
fn network() -> Listing {
    let tape = Tape::new();
    let x = [("x1", 0.05), ("x2", 0.1)].map(|(name, value)| tape.named(name, value));
    let weights = [0.15, 0.2, 0.25, 0.3, 0.4, 0.45, 0.5, 0.55];
    let w: Vec<_> = (1..).zip(weights).map(|(k, value)| tape.named(format!("w{k}"), value)).collect();
    let b = [("b1", 0.35), ("b2", 0.6)].map(|(name, value)| tape.named(name, value));
    let neuron = |weights: &[_], inputs: [_; 2], bias| {
        nn::Neuron { weights, bias: Some(bias), activation: nn::Activation::Sigmoid }.forward(&inputs)
    };
    let h = [neuron(&w[0..2], x, b[0]), neuron(&w[2..4], x, b[0])];
    let o = [neuron(&w[4..6], h, b[1]), neuron(&w[6..8], h, b[1])];
    let error = ((o[0] - 0.01).powi(2) + (o[1] - 0.99).powi(2)) * 0.5;
    tape.listing_with(&error.backward())
}

/// Rosenbrock's function in many dimensions: many terms of one form.
fn rosenbrock<R: Real>(x: &[R]) -> R {
    x.windows(2).map(|w| (w[1] - w[0] * w[0]).powi(2) * 100.0 + (w[0] - 1.0).powi(2)).sum()
}

/// The same weights for many points: a line, and the sum of its squared errors.
fn line<R: Real>(x: &[R]) -> R {
    let (a, b) = (x[0], x[1]);
    (0..100).map(f64::from).map(|t| (a * t + b - (2.0 * t + 1.0)).powi(2)).sum()
}

/// A derivative that is not finite, and an operand without a part in the result.
fn not_finite() -> Listing {
    let tape = Tape::new();
    let (x, y) = (tape.named("x", 0.0), tape.named("y", -1.0));
    let z = x.sqrt() * y.relu() + y.ln();
    tape.listing_with(&z.backward())
}

fn main() -> Result<(), Error> {
    let folder = std::env::args().nth(1);
    let small = expression();
    println!("{}", small.graph());
    println!("{}", small.graph().with_partials(true).to_dot());
    println!("{}", small.graph().to_mermaid());

    let of =
        |f: fn(&[tapegrad::Var]) -> tapegrad::Var, x: &[f64]| Function::record(f, x)?.evaluator().listing(x);
    let listings = [
        ("expression", small),
        ("network", network()),
        ("rosenbrock", of(rosenbrock, &[0.5; 20])?),
        ("line", of(line, &[1.0, 0.0])?),
        ("not_finite", not_finite()),
    ];
    for (name, listing) in &listings {
        let graph = listing.graph().with_partials(true);
        println!("{name}: {} nodes\n{graph}", listing.nodes.len());
        if let Some(folder) = &folder {
            let folder = Path::new(folder);
            let save = |extension: &str, text: String| {
                std::fs::write(folder.join(format!("{name}.{extension}")), text)
                    .expect("the folder takes files");
            };
            save("dot", graph.to_dot());
            save("mmd", graph.to_mermaid());
            save("txt", graph.to_string());
            #[cfg(feature = "view")]
            save("svg", graph.to_svg());
        }
    }
    Ok(())
}
