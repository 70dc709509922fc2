//! Backpropagation in numbers: two inputs, two hidden and two output neurons, sigmoid, squared error. The network
//! of M. Mazur's article "A Step by Step Backpropagation Example", compared with 50-digit arithmetic.

use tapegrad::{Gradient, Real, Tape, Var};

const INPUTS: [f64; 2] = [0.05, 0.10];
const TARGETS: [f64; 2] = [0.01, 0.99];
const RATE: f64 = 0.5;

/// The parameters: w1 to w8, and a bias for each layer.
#[derive(Clone, Copy)]
struct Net {
    w: [f64; 8],
    b: [f64; 2],
}

const START: Net = Net { w: [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55], b: [0.35, 0.60] };

/// The results of a forward pass: net inputs and outputs of the neurons h1, h2 and o1, o2, and the error.
struct Pass<R> {
    net_h: [R; 2],
    h: [R; 2],
    net_o: [R; 2],
    o: [R; 2],
    error: R,
}

fn forward<R: Real>(w: [R; 8], b: [R; 2]) -> Pass<R> {
    let [i1, i2] = INPUTS;
    let net_h = [w[0] * i1 + w[1] * i2 + b[0], w[2] * i1 + w[3] * i2 + b[0]];
    let h = net_h.map(R::sigmoid);
    let net_o = [w[4] * h[0] + w[5] * h[1] + b[1], w[6] * h[0] + w[7] * h[1] + b[1]];
    let o = net_o.map(R::sigmoid);
    let error = ((o[0] - TARGETS[0]).powi(2) + (o[1] - TARGETS[1]).powi(2)) * 0.5;
    Pass { net_h, h, net_o, o, error }
}

impl Net {
    fn pass(&self) -> Pass<f64> {
        forward(self.w, self.b)
    }

    /// The network after this number of updates, each of which records on an empty tape.
    fn trained(mut self, updates: usize, update: fn(&mut Net, &Tape)) -> Net {
        let tape = Tape::new();
        for _ in 0..updates {
            update(&mut self, &tape);
            tape.clear();
        }
        self
    }

    /// The rule of the article: every weight is changed against its derivative, all computed from the old weights.
    fn update_weights(&mut self, tape: &Tape) {
        let w = tape.vars(self.w);
        let g = forward(w, self.b.map(Var::from)).error.backward();
        descend(&mut self.w, &g.wrt(w));
    }

    /// Biases are trained in the same way: they only have to be variables too.
    fn update_all(&mut self, tape: &Tape) {
        let (w, b) = (tape.vars(self.w), tape.vars(self.b));
        let g = forward(w, b).error.backward();
        descend(&mut self.w, &g.wrt(w));
        descend(&mut self.b, &g.wrt(b));
    }

    /// The mistake: the output layer is updated first, and its error is propagated back through the *new* w5 to w8.
    fn update_in_the_wrong_order(&mut self, tape: &Tape) {
        let w = tape.vars(self.w);
        let pass = forward(w, self.b.map(Var::from));
        let g = pass.error.backward();
        descend(&mut self.w[4..], &g.wrt(&w[4..]));

        let [o1, o2] = g.wrt(pass.net_o);
        let [_, _, _, _, w5, w6, w7, w8] = self.w;
        let g = tape.backward(&[(pass.h[0], o1 * w5 + o2 * w7), (pass.h[1], o1 * w6 + o2 * w8)]);
        descend(&mut self.w[..4], &g.wrt(&w[..4]));
    }
}

fn descend(parameters: &mut [f64], gradient: &[f64]) {
    for (parameter, slope) in parameters.iter_mut().zip(gradient) {
        *parameter -= RATE * slope;
    }
}

fn main() {
    by_the_article();
    before_training();
    training();
    training_with_biases();
    the_article();
}

/// The numbers of the article, in its order and with its digits, to tick off while reading.
fn by_the_article() {
    title("The article, step by step");
    let pass = START.pass();
    let tape = Tape::new();
    let w = tape.vars(START.w);
    let g = forward(w, START.b.map(Var::from)).error.backward();
    let updated = START.trained(1, Net::update_weights);

    println!("  {:<24}{:>16}{:>16}", "", "article", "computed");
    let errors = [0, 1].map(|k| 0.5 * (TARGETS[k] - pass.o[k]).powi(2));
    for (name, printed, computed) in [
        ("net_h1", "0.3775", pass.net_h[0]),
        ("out_h1", "0.593269992", pass.h[0]),
        ("net_h2", "0.3925", pass.net_h[1]),
        ("out_h2", "0.596884378", pass.h[1]),
        ("net_o1", "1.105905967", pass.net_o[0]),
        ("out_o1", "0.75136507", pass.o[0]),
        ("out_o2", "0.772928465", pass.o[1]),
        ("E_o1", "0.274811083", errors[0]),
        ("E_o2", "0.023560026", errors[1]),
        ("E_total", "0.298371109", pass.error),
        ("dE_total / dw5", "0.082167041", g[w[4]]),
        ("w5 after the update", "0.35891648", updated.w[4]),
        ("w6", "0.408666186", updated.w[5]),
        ("w7", "0.511301270", updated.w[6]),
        ("w8", "0.561370121", updated.w[7]),
        ("dE_total / dw1", "0.000438568", g[w[0]]),
        ("w1", "0.149780716", updated.w[0]),
        ("w2", "0.19956143", updated.w[1]),
        ("w3", "0.24975114", updated.w[2]),
        ("w4", "0.29950229", updated.w[3]),
    ] {
        let decimals = printed.len() - "0.".len();
        let computed = format!("{computed:.decimals$}");
        println!("  {name:<24}{printed:>16}{computed:>16}");
        assert_eq!(computed, printed, "{name}");
    }
}

fn before_training() {
    title("Before training");
    let tape = Tape::new();
    let (w, b) = (tape.vars(START.w), tape.vars(START.b));
    let pass = forward(w, b);
    let g = pass.error.backward();

    heading();
    compare("error", pass.error.value(), "0.29837110876000268861");
    compare("output o1", pass.o[0].value(), "0.75136506955231570796");
    compare("output o2", pass.o[1].value(), "0.77292846532146258849");
    let by_50_digits = [
        "0.00043856773447434672705",
        "0.00087713546894869345410",
        "0.00049771273526086007156",
        "0.00099542547052172014312",
        "0.082167040564230778846",
        "0.082667627847533255320",
        "-0.022602540477475059849",
        "-0.022740242215978210753",
    ];
    for (k, digits) in by_50_digits.into_iter().enumerate() {
        compare(&format!("derivative by w{}", k + 1), g[w[k]], digits);
    }

    title("Node deltas: the error's derivative by the net input of each neuron");
    deltas(&pass, w, b, &g);
}

/// The adjoints of the net inputs, compared with the formulas of textbooks.
fn deltas(pass: &Pass<Var>, w: [Var; 8], b: [Var; 2], g: &Gradient) {
    let [h1, h2, o1, o2] = [pass.h[0], pass.h[1], pass.o[0], pass.o[1]].map(Var::value);
    let [w5, w6, w7, w8] = [w[4], w[5], w[6], w[7]].map(Var::value);
    let by_o1 = (o1 - TARGETS[0]) * o1 * (1.0 - o1);
    let by_o2 = (o2 - TARGETS[1]) * o2 * (1.0 - o2);
    let by_h1 = (by_o1 * w5 + by_o2 * w7) * h1 * (1.0 - h1);
    let by_h2 = (by_o1 * w6 + by_o2 * w8) * h2 * (1.0 - h2);

    println!("  {:<8}{:<24}{:<24}formula", "neuron", " engine", " by hand");
    for (name, node, by_hand, formula) in [
        ("o1", pass.net_o[0], by_o1, "(o1 - t1) o1 (1 - o1)"),
        ("o2", pass.net_o[1], by_o2, "(o2 - t2) o2 (1 - o2)"),
        ("h1", pass.net_h[0], by_h1, "(d_o1 w5 + d_o2 w7) h1 (1 - h1)"),
        ("h2", pass.net_h[1], by_h2, "(d_o1 w6 + d_o2 w8) h2 (1 - h2)"),
    ] {
        println!("  {name:<8}{:<24}{:<24}{formula}", digits(g[node]), digits(by_hand));
        assert!((g[node] / by_hand - 1.0).abs() < 1e-14);
    }

    println!("\n  A weight's derivative is its input times the delta of its neuron;");
    println!("  that of a bias is the sum of the deltas of its layer.");
    assert_eq!(g[w[1]], INPUTS[1] * g[pass.net_h[0]]);
    assert_eq!(g[w[6]], h1 * g[pass.net_o[1]]);
    for (bias, layer) in [(b[0], pass.net_h), (b[1], pass.net_o)] {
        assert!((g[bias] - g[layer[0]] - g[layer[1]]).abs() < 1e-16);
    }
}

fn training() {
    title("Training: weights only, one example, learning rate 0.5");
    let [once, almost, last] = [1, 9_999, 10_000].map(|n| START.trained(n, Net::update_weights).pass());

    heading();
    compare("error after 1 update", once.error, "0.29102777369359935087");
    compare("error after 9,999", almost.error, "0.000035108548122512804332");
    compare("error after 10,000", last.error, "0.000035101877829788458742");
    compare("output o1", last.o[0], "0.015913620443550626595");
    compare("output o2", last.o[1], "0.98406427351462375687");
}

fn training_with_biases() {
    title("Training: biases too");
    let once = START.trained(1, Net::update_all).pass();
    let net = START.trained(10_000, Net::update_all);

    heading();
    compare("error after 1 update", once.error, "0.28575088669929649738");
    compare("error after 10,000", net.pass().error, "0.000004355321066163807883");
    compare("output o1", net.pass().o[0], "0.012102159123466414440");
    compare("output o2", net.pass().o[1], "0.98792838972005965082");
    compare("hidden bias, was 0.35", net.b[0], "2.3243891629441464887");
    compare("output bias, was 0.60", net.b[1], "-0.33737332643361157605");
}

fn the_article() {
    title("The article's printed figures");
    let [right, wrong] = [Net::update_weights, Net::update_in_the_wrong_order]
        .map(|update| [1, 9_999, 10_000].map(|n| START.trained(n, update).pass()));

    println!("  {:<24}{:>16}{:>16}{:>18}", "", "article", "the rule", "wrong order");
    let row = |name, printed: &str, place: usize, pick: fn(&Pass<f64>) -> f64| {
        let decimals = printed.len() - "0.".len();
        let [right, wrong] = [&right, &wrong].map(|passes| format!("{:.decimals$}", pick(&passes[place])));
        let mark = |figure: &str| if figure == printed { " <" } else { "  " };
        println!("  {name:<24}{printed:>16}{right:>16}{}{wrong:>16}{}", mark(&right), mark(&wrong));
        (right == printed, wrong == printed)
    };
    let (error, o1, o2) =
        (|pass: &Pass<f64>| pass.error, |pass: &Pass<f64>| pass.o[0], |pass: &Pass<f64>| pass.o[1]);
    assert_eq!(row("error after 1 update", "0.291027924", 0, error), (false, true));
    assert_eq!(row("o1 after 10,000", "0.015912196", 2, o1), (false, true));
    assert_eq!(row("o2 after 10,000", "0.984065734", 2, o2), (false, true));
    assert_eq!(row("error after 10,000", "0.0000351085", 2, error), (false, false));
    assert_eq!(row("  after 9,999 instead", "0.0000351085", 1, error), (true, false));

    println!(
        "
  The article's rule is to compute all derivatives from the old weights and
  only then to update. Three of its figures come out (<) if the output layer is
  updated first, so that its error goes back to the hidden layer through the
  new w5 to w8. What w1 to w4 follow then is not the gradient any more: the
  first update ends at {:.12} instead of {:.12}.
  The fourth figure, the error after 10,000 updates, is that of the right rule
  after 9,999. Neither run prints all four.",
        wrong[0].error, right[0].error
    );
    assert_eq!(format!("{:.12}", wrong[0].error), "0.291027923905");
}

fn title(text: &str) {
    println!("\n{text}\n{}", "-".repeat(text.len()));
}

fn heading() {
    println!("  {:<24}{:<25}{:<26}difference", "", " computed", " in 50-digit arithmetic");
}

/// Prints one line of a table, with the relative difference; the numbers must agree to 13 digits.
fn compare(name: &str, computed: f64, by_50_digits: &str) {
    let expected: f64 = by_50_digits.parse().expect("a number");
    let difference = (computed / expected - 1.0).abs();
    println!("  {name:<24}{:<25}{:<28}{difference:>5.0e}", digits(computed), signed(by_50_digits));
    assert!(difference < 1e-13, "{name}: {computed} instead of {by_50_digits}");
}

/// Formats a number with 16 significant digits.
fn digits(x: f64) -> String {
    let decimals = 15 - x.abs().log10().floor() as i32;
    signed(&format!("{x:.*}", decimals.max(0) as usize))
}

/// Adds room for a sign.
fn signed(number: &str) -> String {
    if number.starts_with('-') { number.to_owned() } else { format!(" {number}") }
}
