//! The negative log-likelihood of a sequence of bits under an LSTM, as GradBench defines it: all weights act
//! element by element.

use super::{Workload, data::Seeded};
use tapegrad::{Real, Var, preaccumulate};

pub struct Lstm {
    layers: usize,
    /// The number of bits of a character.
    bits: usize,
    /// Hidden state and cell of each layer at the start, a row of `bits` each.
    start: Vec<f64>,
    /// A row of `bits` per character.
    sequence: Vec<f64>,
    /// Per layer the weights and the biases, each in four blocks: forget, ingate, outgate, change. Then the
    /// input weight, output weight and output bias.
    parameters: Vec<f64>,
    work: Work,
}

/// The intermediate results of one element of one layer for the reverse sweep.
#[derive(Clone, Copy, Default)]
struct Trace {
    input: f64,
    hidden: f64,
    cell: f64,
    forget: f64,
    ingate: f64,
    outgate: f64,
    change: f64,
    tanh_cell: f64,
}

#[derive(Default)]
struct Work {
    traces: Vec<Trace>,
    /// The output of the last layer at every time, and the derivative with respect to the prediction from it.
    outputs: Vec<f64>,
    by_predicted: Vec<f64>,
    state: Vec<f64>,
    by_state: Vec<f64>,
    by_input: Vec<f64>,
}

impl Lstm {
    pub fn new(
        layers: usize,
        bits: usize,
        start: Vec<f64>,
        sequence: Vec<f64>,
        parameters: Vec<f64>,
    ) -> Lstm {
        assert_eq!((start.len(), sequence.len() % bits), (2 * layers * bits, 0));
        assert_eq!(parameters.len(), (8 * layers + 3) * bits);
        let steps = sequence.len() / bits - 1;
        let work = Work {
            traces: vec![Trace::default(); steps * layers * bits],
            outputs: vec![0.0; steps * bits],
            by_predicted: vec![0.0; steps * bits],
            state: start.clone(),
            by_state: start.clone(),
            by_input: vec![0.0; bits],
        };
        Lstm { layers, bits, start, sequence, parameters, work }
    }

    pub fn random(layers: usize, characters: usize, bits: usize) -> Lstm {
        let mut seeded = Seeded::new(6);
        let start = seeded.uniforms(2 * layers * bits, 0.0..1.0);
        let sequence = (0..characters * bits).map(|_| (seeded.bits() >> 63) as f64).collect();
        let parameters = seeded.uniforms((8 * layers + 3) * bits, 0.0..1.0);
        Lstm::new(layers, bits, start, sequence, parameters)
    }
}

plain_and_fused! {
    /// The loss; `step` advances one element of a layer, given its input, hidden state and cell, four weights and
    /// four biases.
    #[inline]
    fn loss<R: Real>(lstm: &Lstm, p: &[R], step: impl Fn([R; 11]) -> [R; 2]) -> R {
        let b = lstm.bits;
        let (main, extra) = p.split_at(8 * lstm.layers * b);
        let mut state: Vec<R> = lstm.start.iter().map(|&s| R::constant(s)).collect();
        let mut v = vec![R::default(); b];
        let mut total = R::constant(0.0);
        for (now, next) in lstm.sequence.chunks_exact(b).zip(lstm.sequence[b..].chunks_exact(b)) {
            for j in 0..b {
                v[j] = extra[j] * now[j];
            }
            for (w, state) in main.chunks_exact(8 * b).zip(state.chunks_exact_mut(2 * b)) {
                for j in 0..b {
                    let [w0, w1, w2, w3, b0, b1, b2, b3] = std::array::from_fn(|block| w[block * b + j]);
                    let inputs = [v[j], state[j], state[b + j], w0, w1, w2, w3, b0, b1, b2, b3];
                    [state[j], state[b + j]] = step(inputs);
                    v[j] = state[j];
                }
            }
            for j in 0..b {
                v[j] = v[j] * extra[b + j] + extra[2 * b + j];
            }
            let norm = (v.iter().map(|y| y.exp()).sum::<R>() + 2.0).ln();
            for j in 0..b {
                total += (v[j] - norm) * next[j];
            }
        }
        -total / (lstm.sequence.len() - b) as f64
    }

    /// Hidden state and cell after a step.
    #[inline]
    fn step<R: Real>([v, hidden, cell, w0, w1, w2, w3, b0, b1, b2, b3]: [R; 11]) -> [R; 2] {
        let forget = (v * w0 + b0).sigmoid();
        let ingate = (hidden * w1 + b1).sigmoid();
        let outgate = (v * w2 + b2).sigmoid();
        let change = (hidden * w3 + b3).tanh();
        let cell = cell * forget + ingate * change;
        [outgate * cell.tanh(), cell]
    }

    /// The straightforward form.
    pub fn plain<R: Real>(workload: &Lstm, _: usize, x: &[R]) -> [R; 1] {
        [loss(workload, x, step)]
    }
}

/// As [`step`], in three preaccumulated blocks of few inputs: the candidate, the cell, the hidden state.
fn fused_step([v, hidden, cell, w0, w1, w2, w3, b0, b1, b2, b3]: [Var; 11]) -> [Var; 2] {
    let new = preaccumulate([hidden, w1, b1, w3, b3], |[h, w1, b1, w3, b3]| {
        (h * w1 + b1).sigmoid() * (h * w3 + b3).tanh()
    });
    let cell =
        preaccumulate([v, w0, b0, cell, new], |[v, w, b, cell, new]| cell * (v * w + b).sigmoid() + new);
    [preaccumulate([v, w2, b2, cell], |[v, w, b, cell]| (v * w + b).sigmoid() * cell.tanh()), cell]
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

impl Workload for Lstm {
    const NAME: &'static str = "lstm";

    fn point(&self, _: usize) -> &[f64] {
        &self.parameters
    }

    plain_and_fused_methods!(1);

    fn tuned(&self, _: usize, x: &[Var]) -> [Var; 1] {
        [loss(self, x, fused_step)]
    }

    fn by_hand(&mut self, _: usize, gradient: &mut [f64]) -> [f64; 1] {
        let Lstm { layers, bits: b, start, sequence, parameters, work } = self;
        let (layers, b) = (*layers, *b);
        let Work { traces, outputs, by_predicted, state, by_state, by_input } = work;
        let (main, extra) = parameters.split_at(8 * layers * b);
        let (w_in, w_out, b_out) = (&extra[..b], &extra[b..2 * b], &extra[2 * b..]);
        let scale = -1.0 / (sequence.len() - b) as f64;

        state.copy_from_slice(start);
        let mut total = 0.0;
        let times = traces.chunks_exact_mut(layers * b).enumerate();
        for (time, traces) in times {
            let v = &mut outputs[time * b..][..b];
            for j in 0..b {
                v[j] = sequence[time * b + j] * w_in[j];
            }
            let layers = main.chunks_exact(8 * b).zip(state.chunks_exact_mut(2 * b));
            for ((w, state), traces) in layers.zip(traces.chunks_exact_mut(b)) {
                for j in 0..b {
                    let (input, hidden, cell) = (v[j], state[j], state[b + j]);
                    let forget = sigmoid(input * w[j] + w[4 * b + j]);
                    let ingate = sigmoid(hidden * w[b + j] + w[5 * b + j]);
                    let outgate = sigmoid(input * w[2 * b + j] + w[6 * b + j]);
                    let change = (hidden * w[3 * b + j] + w[7 * b + j]).tanh();
                    state[b + j] = cell * forget + ingate * change;
                    let tanh_cell = state[b + j].tanh();
                    state[j] = outgate * tanh_cell;
                    v[j] = state[j];
                    traces[j] = Trace { input, hidden, cell, forget, ingate, outgate, change, tanh_cell };
                }
            }
            let by_y = &mut by_predicted[time * b..][..b];
            let mut sum = 2.0;
            for j in 0..b {
                by_y[j] = (v[j] * w_out[j] + b_out[j]).exp();
                sum += by_y[j];
            }
            let norm = f64::ln(sum);
            let next = &sequence[(time + 1) * b..][..b];
            let ones: f64 = next.iter().sum();
            for j in 0..b {
                total += next[j] * (v[j] * w_out[j] + b_out[j] - norm);
                by_y[j] = scale * (next[j] - ones * by_y[j] / sum);
            }
        }

        gradient.fill(0.0);
        let (by_main, by_extra) = gradient.split_at_mut(8 * layers * b);
        let (by_w_in, by_extra) = by_extra.split_at_mut(b);
        let (by_w_out, by_b_out) = by_extra.split_at_mut(b);
        by_state.fill(0.0);
        for (time, traces) in traces.chunks_exact(layers * b).enumerate().rev() {
            let (by_y, v) = (&by_predicted[time * b..][..b], &outputs[time * b..][..b]);
            for j in 0..b {
                by_input[j] = by_y[j] * w_out[j];
                by_w_out[j] += by_y[j] * v[j];
                by_b_out[j] += by_y[j];
            }
            let layers = main.chunks_exact(8 * b).zip(by_main.chunks_exact_mut(8 * b));
            let layers = layers.zip(by_state.chunks_exact_mut(2 * b)).zip(traces.chunks_exact(b));
            for (((w, by_w), by_state), traces) in layers.rev() {
                for (j, t) in traces.iter().enumerate() {
                    let by_hidden = by_state[j] + by_input[j];
                    let by_cell = by_state[b + j] + by_hidden * t.outgate * (1.0 - t.tanh_cell * t.tanh_cell);
                    let forget = by_cell * t.cell * t.forget * (1.0 - t.forget);
                    let ingate = by_cell * t.change * t.ingate * (1.0 - t.ingate);
                    let outgate = by_hidden * t.tanh_cell * t.outgate * (1.0 - t.outgate);
                    let change = by_cell * t.ingate * (1.0 - t.change * t.change);
                    by_w[j] += forget * t.input;
                    by_w[b + j] += ingate * t.hidden;
                    by_w[2 * b + j] += outgate * t.input;
                    by_w[3 * b + j] += change * t.hidden;
                    by_w[4 * b + j] += forget;
                    by_w[5 * b + j] += ingate;
                    by_w[6 * b + j] += outgate;
                    by_w[7 * b + j] += change;
                    by_input[j] = forget * w[j] + outgate * w[2 * b + j];
                    by_state[j] = ingate * w[b + j] + change * w[3 * b + j];
                    by_state[b + j] = by_cell * t.forget;
                }
            }
            for j in 0..b {
                by_w_in[j] += by_input[j] * sequence[time * b + j];
            }
        }
        [total * scale]
    }
}
