//! The gradients that benchmarks compare are gradients of the same function, and right.

#[path = "../benches/workloads/mod.rs"]
mod workloads;

use std::collections::HashMap;
use workloads::black_scholes::BlackScholes;
use workloads::bundle_adjustment::{BundleAdjustment, Observation};
use workloads::gmm::{Gmm, Layout, Prior};
use workloads::lstm::Lstm;
use workloads::{Reverse, Size, Visitor, Workload, agree, visit_all};

/// The values and the gradients, all parts in a row.
fn by_hand<W: Workload<M>, const M: usize>(workload: &mut W) -> (Vec<f64>, Vec<f64>) {
    let len = workload.gradient_len();
    let (mut values, mut gradients) = (vec![], vec![0.0; workload.parts() * len]);
    for (part, gradient) in gradients.chunks_exact_mut(len).enumerate() {
        values.extend(workload.by_hand(part, gradient));
    }
    (values, gradients)
}

/// The forms of a workload.
#[derive(Clone, Copy, Debug)]
enum Form {
    Plain,
    Tuned,
    #[cfg(feature = "macros")]
    Fused,
}

const FORMS: &[Form] = &[
    Form::Plain,
    Form::Tuned,
    #[cfg(feature = "macros")]
    Form::Fused,
];

/// As [`by_hand`], from a recording of this form.
fn reverse<W: Workload<M>, const M: usize>(workload: &W, form: Form) -> (Vec<f64>, Vec<f64>) {
    let len = workload.gradient_len();
    let (mut values, mut gradients) = (vec![], vec![0.0; workload.parts() * len]);
    let mut reverse = Reverse::default();
    for (part, gradient) in gradients.chunks_exact_mut(len).enumerate() {
        values.extend(reverse.gradient(workload.point(part), gradient, |x| match form {
            Form::Plain => workload.plain(part, x),
            Form::Tuned => workload.tuned(part, x),
            #[cfg(feature = "macros")]
            Form::Fused => workload.fused(part, x),
        }));
    }
    (values, gradients)
}

#[test]
fn all_forms_and_by_hand_agree() {
    struct Compare;
    impl Visitor for Compare {
        fn visit<W: Workload<M>, const M: usize>(&mut self, mut workload: W) {
            let hand = by_hand(&mut workload);
            for &form in FORMS {
                let taped = reverse(&workload, form);
                agree(&taped.0, &hand.0, 1e-12)
                    .unwrap_or_else(|e| panic!("value of {}, {form:?}, {e}", W::NAME));
                agree(&taped.1, &hand.1, 1e-9)
                    .unwrap_or_else(|e| panic!("gradient of {}, {form:?}, {e}", W::NAME));
            }
        }
    }
    visit_all(Size::Small, &mut Compare);
}

/// All parts at once, where a workload is one function of many samples; twice, since memory is used again.
#[test]
fn batched_and_by_hand_agree() {
    struct Compare(Vec<&'static str>);
    impl Visitor for Compare {
        fn visit<W: Workload<M>, const M: usize>(&mut self, mut workload: W) {
            let Some(mut batch) = workload.batched() else { return };
            self.0.push(W::NAME);
            let (_, hand) = by_hand(&mut workload);
            for _ in 0..2 {
                let mut gradients = vec![f64::NAN; hand.len()];
                batch(&mut gradients);
                agree(&gradients, &hand, 1e-9).unwrap_or_else(|e| panic!("gradient of {}, {e}", W::NAME));
            }
        }
    }
    let mut compared = Compare(vec![]);
    visit_all(Size::Small, &mut compared);
    // More parts than there are lanes in a block.
    compared.visit(BundleAdjustment::random(700));
    compared.visit(BlackScholes::new(3_000));
    compared.visit(Gmm::random(3, 4, 301));
    assert_eq!(compared.0.len(), 7, "{:?}", compared.0);
}

#[test]
fn by_hand_agrees_with_differences() {
    struct Compare;
    impl Visitor for Compare {
        fn visit<W: Workload<M>, const M: usize>(&mut self, mut workload: W) {
            let len = workload.gradient_len();
            let mut gradient = vec![0.0; len];
            for part in 0..workload.parts() {
                workload.by_hand(part, &mut gradient);
                let mut x = workload.point(part).to_vec();
                let mut differences = vec![0.0; len];
                for k in 0..x.len() {
                    let (at, step) = (x[k], 1e-5 * (1.0 + x[k].abs()));
                    let [below, above] = [at - step, at + step].map(|at| {
                        x[k] = at;
                        workload.plain(part, &x)
                    });
                    x[k] = at;
                    for output in 0..M {
                        differences[output * x.len() + k] = (above[output] - below[output]) / (2.0 * step);
                    }
                }
                let largest = gradient.iter().fold(0.0, |m: f64, g| m.max(g.abs()));
                for (k, (g, d)) in gradient.iter().zip(&differences).enumerate() {
                    assert!((g - d).abs() <= 1e-6 * largest, "{} by {k}: {g} against {d}", W::NAME);
                }
            }
        }
    }
    visit_all(Size::Small, &mut Compare);
}

/// The lines of a file of `tests/data/gradbench`, by name.
struct Reference(HashMap<String, Vec<f64>>);

impl Reference {
    fn read(file: &str) -> Reference {
        let path = format!("{}/tests/data/gradbench/{file}.txt", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let lines = text.lines().map(|line| {
            let mut words = line.split(' ');
            (words.next().unwrap().to_string(), words.map(|number| number.parse().unwrap()).collect())
        });
        Reference(lines.collect())
    }

    fn list(&self, name: &str) -> Vec<f64> {
        self.0[name].clone()
    }

    fn number(&self, name: &str) -> f64 {
        self.0[name][0]
    }

    /// Checks all gradients of a workload that was made of this file.
    fn check<W: Workload<M>, const M: usize>(&self, mut workload: W) {
        let hand = by_hand(&mut workload);
        for (values, gradient) in FORMS.iter().map(|&form| reverse(&workload, form)).chain([hand]) {
            agree(&values, &self.0["value"], 1e-12).unwrap_or_else(|e| panic!("value of {}, {e}", W::NAME));
            agree(&gradient, &self.0["gradient"], 1e-9).unwrap_or_else(|e| panic!("{}, {e}", W::NAME));
        }
        let primal = workload.plain(0, workload.point(0));
        agree(&primal, &self.0["value"], 1e-12).unwrap();
    }
}

#[test]
fn gmm_is_gradbench_s() {
    for file in ["gmm_2_5_10", "gmm_3_4_6"] {
        let r = Reference::read(file);
        let layout = Layout { d: r.number("d") as usize, k: r.number("k") as usize };
        let prior = Prior { m: r.number("m") as usize, gamma: r.number("gamma") };
        r.check(Gmm::new(layout, r.list("x"), prior, r.list("point")));
    }
}

#[test]
fn bundle_adjustment_is_gradbench_s() {
    let r = Reference::read("ba");
    let inputs = r.list("point").try_into().unwrap();
    let feature = r.list("feature").try_into().unwrap();
    r.check(BundleAdjustment::new(vec![Observation { inputs, feature }]));
}

#[test]
fn lstm_is_gradbench_s() {
    let r = Reference::read("lstm_2_6");
    let (layers, bits) = (r.number("layers") as usize, r.number("bits") as usize);
    r.check(Lstm::new(layers, bits, r.list("start"), r.list("sequence"), r.list("point")));
}

#[test]
fn the_smallest_rotation_has_a_jacobian() {
    let mut inputs = [1.0; 15];
    inputs[..3].fill(0.0);
    inputs[13] = 5.0;
    let mut workload = BundleAdjustment::new(vec![Observation { inputs, feature: [0.5, 0.5] }]);
    let hand = by_hand(&mut workload);
    for &form in FORMS {
        agree(&reverse(&workload, form).1, &hand.1, 1e-12).unwrap();
    }
}
