//! The numbers of the texts: the 2-2-2 network against 50-digit arithmetic, and the shares of a linear net.

use tapegrad::{Gradient, Real, Tape, Var, gradient};

/// Asserts agreement to 13 digits with a number from 50-digit arithmetic.
#[track_caller]
fn assert_near(computed: f64, by_50_digits: &str) {
    let expected: f64 = by_50_digits.parse().unwrap();
    assert!((computed / expected - 1.0).abs() < 1e-13, "{computed:e} instead of {by_50_digits}");
}

const INPUTS: [f64; 2] = [0.05, 0.10];
const TARGETS: [f64; 2] = [0.01, 0.99];
/// w1 to w8, then the biases of the two layers.
const START: [f64; 10] = [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55, 0.35, 0.60];

/// Per layer the net inputs and the outputs of its neurons.
type Layers<R> = [([R; 2], [R; 2]); 2];

fn network<R: Real>(p: &[R; 10]) -> (R, Layers<R>) {
    let mut x = INPUTS.map(R::constant);
    let layers = [0, 1].map(|layer| {
        let net = [0, 1].map(|neuron| {
            let w = &p[4 * layer + 2 * neuron..];
            w[0] * x[0] + w[1] * x[1] + p[8 + layer]
        });
        x = net.map(|a| a.sigmoid());
        (net, x)
    });
    let error = x.iter().zip(TARGETS).map(|(&o, t)| (o - t).powi(2)).sum::<R>() * 0.5;
    (error, layers)
}

/// The parameters after so many updates of the first `learning` of them.
fn trained(updates: usize, learning: usize) -> [f64; 10] {
    let mut p = START;
    let tape = Tape::new();
    let start = tape.mark();
    let mut g = Gradient::new();
    for _ in 0..updates {
        tape.rewind(start);
        let vars = tape.vars(p);
        network(&vars).0.backward_into(&mut g);
        for k in 0..learning {
            p[k] -= 0.5 * g[vars[k]];
        }
    }
    p
}

#[test]
fn the_first_pass_and_its_gradient() {
    let (error, [_, (_, output)]) = network(&START);
    assert_near(error, "0.298371108760002688607");
    assert_near(output[0], "0.751365069552315707957");
    assert_near(output[1], "0.772928465321462588524");

    let g = gradient(|p| network(&p).0, START);
    let expected = [
        "0.00043856773447434672705",
        "0.00087713546894869345410",
        "0.00049771273526086007156",
        "0.00099542547052172014312",
        "0.0821670405642307788464",
        "0.0826676278475332553202",
        "-0.0226025404774750598485",
        "-0.0227402422159782107529",
        "0.0187256093947041359722", // the sum of the hidden deltas
        "0.1004003251120007494508", // of the output deltas
    ];
    for (by_parameter, expected) in g.into_iter().zip(expected) {
        assert_near(by_parameter, expected);
    }
}

#[test]
fn the_deltas_of_every_layer_are_the_adjoints_of_its_net_inputs() {
    for updates in [0, 1, 100] {
        let p = trained(updates, 8);
        let tape = Tape::new();
        let (error, [(hidden_net, _), (output_net, _)]) = network(&tape.vars(p));
        let g = error.backward();

        let (_, [(_, h), (_, o)]) = network(&p);
        let output = [0, 1].map(|k| (o[k] - TARGETS[k]) * o[k] * (1.0 - o[k]));
        let hidden = [0, 1].map(|j| (output[0] * p[4 + j] + output[1] * p[6 + j]) * h[j] * (1.0 - h[j]));
        for (engine, by_hand) in g.wrt(output_net).into_iter().zip(output) {
            assert!((engine / by_hand - 1.0).abs() < 1e-13);
        }
        for (engine, by_hand) in g.wrt(hidden_net).into_iter().zip(hidden) {
            assert!((engine / by_hand - 1.0).abs() < 1e-13);
        }
    }
}

#[test]
fn ten_thousand_updates_of_the_weights() {
    assert_near(network(&trained(1, 8)).0, "0.291027773693599350872");
    assert_near(network(&trained(9_999, 8)).0, "0.0000351085481225128043323");
    let (error, [_, (_, output)]) = network(&trained(10_000, 8));
    assert_near(error, "0.0000351018778297884587423");
    assert_near(output[0], "0.0159136204435506265955");
    assert_near(output[1], "0.984064273514623756870");
}

#[test]
fn ten_thousand_updates_of_weights_and_biases() {
    assert_near(network(&trained(1, 10)).0, "0.285750886699296497376");
    let p = trained(10_000, 10);
    let (error, [_, (_, output)]) = network(&p);
    assert_near(error, "0.00000435532106616380788323");
    assert_near(output[0], "0.0121021591234664144396");
    assert_near(output[1], "0.987928389720059650819");
    assert_near(p[8], "2.32438916294414648872");
    assert_near(p[9], "-0.337373326433611576054");
}

/// Hidden deltas through output weights that have been updated already: what the article's figures come from.
#[test]
fn the_wrong_order_of_updates_gives_the_printed_figures() {
    let mut p = START;
    let mut first = 0.0;
    for update in 1..=10_000 {
        let tape = Tape::new();
        let vars = tape.vars(p);
        let (error, [(_, h), (output_net, _)]) = network(&vars);
        let g = error.backward();
        for k in 4..8 {
            p[k] -= 0.5 * g[vars[k]];
        }
        let [d1, d2] = g.wrt(output_net);
        let g = tape.backward(&[(h[0], d1 * p[4] + d2 * p[6]), (h[1], d1 * p[5] + d2 * p[7])]);
        for k in 0..4 {
            p[k] -= 0.5 * g[vars[k]];
        }
        if update == 1 {
            first = network(&p).0;
        }
    }
    assert_near(first, "0.291027923905441870118");
    let (error, [_, (_, output)]) = network(&p);
    assert_near(output[0], "0.0159121963260344542397");
    assert_near(output[1], "0.984065734485629096066");
    assert_near(error, "0.0000350847862963135338901");

    assert_eq!(
        format!("{first:.9} {:.9} {:.9}", output[0], output[1]),
        "0.291027924 0.015912196 0.984065734"
    );
    // But its error after 10,000 is the right one after 9,999.
    assert_eq!(format!("{:.10}", network(&trained(9_999, 8)).0), "0.0000351085");
}

/// Weights of a linear net from four hidden nodes (rows) to three outputs.
const WHO: [[f64; 3]; 4] = [[0.6, 0.5, 0.06], [0.3, 0.2, 0.8], [0.2, 0.1, 0.7], [0.12, 0.7, 0.54]];

#[test]
fn the_shares_of_a_linear_net_are_the_adjoints_of_its_products() {
    let errors = [0.1, 0.2, 0.3];
    let expected = [[0.06, 0.1, 0.018], [0.03, 0.04, 0.24], [0.02, 0.02, 0.21], [0.012, 0.14, 0.162]];

    let tape = Tape::new();
    let hidden = tape.vars([0.9, 0.4, 0.7, 0.2]);
    // The share of one weight: its node's adjoint, seen through that weight alone.
    for (j, row) in expected.into_iter().enumerate() {
        for (k, share) in row.into_iter().enumerate() {
            let through_one = tape.backward(&[(hidden[j] * WHO[j][k], errors[k])])[hidden[j]];
            assert!((through_one - share).abs() < 1e-16);
        }
    }
    // All of them: the row sums.
    let outputs = [0, 1, 2].map(|k| hidden.iter().zip(WHO).map(|(h, row)| h * row[k]).sum::<Var>());
    let squared_error = [0, 1, 2].map(|k| (outputs[k].detach() + errors[k] - outputs[k]).powi(2));
    let g = (squared_error.iter().sum::<Var>() * 0.5).backward();
    for (h, row) in hidden.into_iter().zip(expected) {
        assert!((-g[h] - row.iter().sum::<f64>()).abs() < 1e-15);
    }
}

#[test]
fn shares_in_proportion_to_the_weights_add_up_to_the_error() {
    let error = 1.0 - 0.92;
    let weights = WHO.map(|row| row[0]);
    let sum: f64 = weights.iter().sum();
    let tape = Tape::new();
    let hidden = tape.vars([1.0; 4]);
    let output: Var = hidden.iter().zip(weights).map(|(h, w)| h * w).sum();
    let shares = tape.backward(&[(output, error / sum)]).wrt(hidden);
    for (share, w) in shares.into_iter().zip(weights) {
        assert!((share - w / sum * error).abs() < 1e-16);
    }
    assert!((shares.iter().sum::<f64>() - error).abs() < 1e-16);
}
