//! Graphs of recordings.

use std::error::Error;
use tapegrad::nn::{Activation, Mlp};
use tapegrad::{Atomic, Function, Tape, Var, lists::affine, view::Listing};

type Svg = Result<String, Box<dyn Error>>;

/// Every node by itself, with its adjoint.
fn drawn(listing: &Listing, partials: bool) -> Svg {
    Ok(listing.graph().folded(false).with_partials(partials).to_svg())
}

fn named<const N: usize>(tape: &Tape, names: [&str; N], values: [f64; N]) -> [Var; N] {
    std::array::from_fn(|k| tape.named(names[k], values[k]))
}

/// tanh(x y + sin x) at (0.5, 2).
fn expression_listing(tape: &Tape) -> Listing {
    let [x, y] = named(tape, ["x", "y"], [0.5, 2.0]);
    tape.listing_with(&(x * y + x.sin()).tanh().backward())
}

pub fn expression() -> Svg {
    drawn(&expression_listing(&Tape::new()), false)
}

/// The walk over this expression after some of its steps: only these nodes have adjoints. At `x`, `sin` has been there and
/// `mul` has not, as long as `y` has none.
pub fn walk(visited: &[usize]) -> Svg {
    let mut listing = expression_listing(&Tape::new());
    let of_sin =
        listing.nodes[3].partials[0].zip(listing.nodes[3].adjoint).map(|(partial, own)| partial * own);
    for node in &mut listing.nodes {
        node.adjoint = node.adjoint.filter(|_| visited.contains(&node.index));
    }
    if !visited.contains(&1) && visited.contains(&0) {
        listing.nodes[0].adjoint = of_sin;
    }
    drawn(&listing, true)
}

/// One output with four hidden nodes; the walk starts with the error over the sum of the weights.
pub fn shares() -> Svg {
    let tape = Tape::new();
    let hidden = named(&tape, ["h1", "h2", "h3", "h4"], [1.0; 4]);
    let output: Var = hidden.iter().zip([0.6, 0.3, 0.2, 0.12]).map(|(h, w)| h * w).sum();
    drawn(&tape.listing_with(&tape.backward(&[(output, 0.08 / 1.22)])), true)
}

/// A tanh neuron with two inputs. The walk starts at its output, with the derivative y − t of the error there.
pub fn neuron() -> Svg {
    let tape = Tape::new();
    let [w1, w2, b] = named(&tape, ["w1", "w2", "b"], [0.5, -0.4, 0.1]);
    let y = affine(&[w1, w2], &[0.6, -1.2], b).tanh();
    drawn(&tape.listing_with(&tape.backward(&[(y, y.value() - 0.5)])), true)
}

/// The 2-2-2 network. The walk starts at both outputs.
pub fn two_two_two() -> Svg {
    let tape = Tape::new();
    let w = named(
        &tape,
        ["w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8"],
        [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55],
    );
    let [b1, b2] = named(&tape, ["b1", "b2"], [0.35, 0.60]);
    let h = [0, 1].map(|k| affine(&w[2 * k..2 * k + 2], &[0.05, 0.10], b1).sigmoid());
    let o = [0, 1].map(|k| affine(&w[4 + 2 * k..6 + 2 * k], &h, b2).sigmoid());
    drawn(
        &tape.listing_with(&tape.backward(&[(o[0], o[0].value() - 0.01), (o[1], o[1].value() - 0.99)])),
        false,
    )
}

/// The 3-2-1 network of the chapter on a network of one's own, drawn as it says there.
pub fn own() -> Svg {
    let mut mlp = Mlp::builder(3).layer(2, Activation::Tanh).layer(1, Activation::Sigmoid).build()?;
    mlp.set_parameters(&[0.5, -0.3, 0.2, 0.1, -0.4, 0.6, 0.1, 0.0, 0.7, -0.5, 0.2])?;
    let tape = Tape::new();
    let pass = mlp.bind(&tape).forward_pass(&[1.0, 0.5, -1.0]);
    let o = pass.outputs()[0];
    let mut listing = tape.listing_with(&tape.backward(&[(o, o.value() - 1.0)]));
    let names = [
        "h1 w1", "h1 w2", "h1 w3", "h1 bias", "h2 w1", "h2 w2", "h2 w3", "h2 bias", "o w1", "o w2", "o bias",
    ];
    for (node, name) in listing.nodes.iter_mut().zip(names) {
        node.name = Some(name.to_owned());
    }
    drawn(&listing, false)
}

/// Huber's loss as it is recorded at 0.25, with the comparison that it made.
pub fn guard() -> Svg {
    let huber = |[x]: [Var; 1]| if x.abs() < 1.0 { x * x * 0.5 } else { x.abs() - 0.5 };
    let f = Function::record(huber, [0.25])?.with_names(["x"])?;
    drawn(&f.evaluator().listing(&[0.25])?, false)
}

/// The error of a line for one sample.
pub fn preamble() -> Svg {
    let f = Function::record(|[w, b, x, t]| (w * x + b - t).powi(2), [0.0; 4])?;
    let f = f.with_names(["w (shared)", "b (shared)", "x (column)", "t (column)"])?;
    drawn(&f.evaluator().listing(&[1.0, 0.0, 2.0, 5.0])?, false)
}

/// The sum of the squared distances of neighbours, of 1,001 places.
pub fn folded() -> Svg {
    let tape = Tape::new();
    let x: Vec<Var> = (0..1001).map(|k| tape.named(format!("x{k}"), f64::from(k).sqrt())).collect();
    let sum: Var = x.windows(2).map(|w| (w[1] - w[0]).powi(2)).sum();
    Ok(tape.listing_with(&sum.backward()).graph().digits(4).to_svg())
}

/// Three calls of one stage, each given the state that the one before returns.
pub fn calls() -> Svg {
    let stage = Atomic::new(Function::record(|[x, u]| [(x * u).sin() + x, x * x + u * u], [1.0, 0.5])?);
    let tape = Tape::new();
    let [start, controls @ ..] = named(&tape, ["x", "u0", "u1", "u2"], [1.0, 0.5, 0.25, 0.125]);
    let (mut x, mut cost) = (start, Var::from(0.0));
    for u in controls {
        let next = stage.call(&[x, u])?;
        (x, cost) = (next[0], cost + next[1]);
    }
    drawn(&tape.listing_with(&(cost + x).backward()), false)
}

/// Four springs: the distances of neighbours, minus lengths at rest, squared and summed.
pub fn springs() -> Svg {
    let tape = Tape::new();
    let x = named(&tape, ["x0", "x1", "x2", "x3", "x4"], [0.0, 1.0, 1.5, 1.8, 2.0]);
    let terms = x.windows(2).enumerate().map(|(k, w)| (w[1] - w[0] - k as f64 * 0.1).powi(2));
    let energy: Var = terms.sum();
    drawn(&tape.listing_with(&energy.backward()), false)
}

/// The determinant of a 2 × 2 matrix: the adjoints are the cofactors.
pub fn determinant() -> Svg {
    let tape = Tape::new();
    let [a, b, c, d] = named(&tape, ["a", "b", "c", "d"], [2.0, -1.0, 0.5, 3.0]);
    drawn(&tape.listing_with(&(a * d - b * c).backward()), false)
}

pub fn quartic() -> Svg {
    let f = Function::record(|[x]| x.powi(4), [2.0])?.with_names(["x"])?;
    drawn(&f.evaluator().listing(&[2.0])?, true)
}

/// The derivative of the fourth power, which is a function too.
pub fn quartic_slope() -> Svg {
    let f = Function::record(|[x]| x.powi(4), [2.0])?.with_names(["x"])?;
    drawn(&f.gradient()?.optimize().evaluator().listing(&[2.0])?, true)
}
