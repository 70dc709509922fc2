//! The training tasks by hand, which the speed of training is measured against, train as the library does.

use crate::workloads::training::lanes::Number;
use crate::workloads::training::recipe::Recipe;
use crate::workloads::training::two_two_two::TwoTwoTwo;
use crate::workloads::training::{
    Digits32, Digits64, Iris32, Iris64, Moons32, Moons64, Training, TrainingVisitor, visit_all,
};
use crate::workloads::training::{digits, iris, moons, two_two_two};
use tapegrad::nn::{Eager, Failure, Objective, Recorded, Reduction};

#[track_caller]
fn assert_close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let distance = (found - expected).abs() / expected.abs().max(f64::MIN_POSITIVE);
    assert!(distance <= tolerance, "{what}: {found:e}, not {expected:e}");
}

/// The parameters to `tolerance`, small ones in proportion to 1.
#[track_caller]
fn assert_parameters(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (k, (found, expected)) in found.iter().zip(expected).enumerate() {
        let distance = (found - expected).abs() / expected.abs().max(1.0);
        assert!(distance <= tolerance, "parameter {k}: {found:e}, not {expected:e}");
    }
}

/// Losses and parameters of the task by hand, against those of the trainer.
fn trains_as_the_library<T: Training>(steps: usize) {
    let (mut task, recipe) = (T::new(), T::recipe());
    let mut mlp = recipe.mlp.clone();
    assert_eq!(task.parameters(), mlp.parameters());
    let history = recipe.trainer(steps).fit(&mut mlp, recipe.loss, &recipe.data).unwrap();
    for last_of_step in history.epochs.iter().skip(recipe.epochs_per_step - 1).step_by(recipe.epochs_per_step)
    {
        assert_close(task.step(), last_of_step.loss, 1e-10, "loss");
    }
    assert_parameters(&task.parameters(), mlp.parameters(), 1e-9);
}

#[test]
fn moons_train_as_in_the_library() {
    trains_as_the_library::<Moons64>(20);
}

#[test]
fn iris_trains_as_in_the_library() {
    trains_as_the_library::<Iris64>(20);
}

#[test]
fn two_two_two_trains_as_in_the_library() {
    trains_as_the_library::<TwoTwoTwo>(2);
}

/// Follows the parameters of a run by the tape and holds every step's loss and gradient in lanes against it: to 1e-12 of the
/// larger of a derivative and a thousandth of the largest one, which leaves room for the order of summation.
fn agrees_with_the_tape_in_every_step(recipe: &Recipe, steps: usize, batch: usize) {
    let Recipe { mlp, loss, data, .. } = recipe;
    let of_sample =
        |w: &[tapegrad::Var], x: &[tapegrad::Var], t: &[tapegrad::Var]| loss.of(&mlp.forward(w, x), t);
    let mut eager = Eager::new(data, Reduction::Mean, of_sample);
    let mut recorded = Recorded::new(data, Reduction::Mean, of_sample);
    let mut parameters = mlp.parameters().to_vec();
    let [mut expected, mut found] = [(); 2].map(|()| vec![0.0; parameters.len()]);
    let samples: Vec<usize> = (0..data.len()).collect();
    for step in 0..steps {
        let batch = samples.chunks(batch).nth(step % samples.len().div_ceil(batch)).unwrap();
        let by_tape = eager.loss_and_gradient(&parameters, batch, &mut expected).unwrap();
        let in_lanes = recorded.loss_and_gradient(&parameters, batch, &mut found).unwrap();
        assert_close(in_lanes, by_tape, 1e-12, "loss");
        let largest = expected.iter().fold(0.0_f64, |largest, slope| largest.max(slope.abs()));
        for (k, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let distance = (found - expected).abs() / expected.abs().max(1e-3 * largest);
            assert!(distance <= 1e-12, "step {step}, derivative {k}: {found:e}, not {expected:e}");
        }
        parameters.iter_mut().zip(&expected).for_each(|(w, slope)| *w -= 0.1 * slope);
    }
}

#[test]
fn every_step_agrees_with_that_of_the_tape() {
    agrees_with_the_tape_in_every_step(&moons::recipe(), 20, 100);
    agrees_with_the_tape_in_every_step(&iris::recipe(), 20, 150);
    agrees_with_the_tape_in_every_step(&iris::recipe(), 20, 7);
    agrees_with_the_tape_in_every_step(&digits::recipe(), 6, 64);
    // Samples by themselves, of networks that are little and one that is not.
    agrees_with_the_tape_in_every_step(&two_two_two::recipe(), 20, 1);
    agrees_with_the_tape_in_every_step(&moons::recipe(), 20, 1);
    agrees_with_the_tape_in_every_step(&digits::recipe(), 3, 1);
}

/// An objective that keeps the losses of its batches, whose plain mean is the loss of an epoch here.
struct Kept<O> {
    objective: O,
    losses: Vec<f64>,
}

impl<O: Objective> Objective for Kept<O> {
    fn samples(&self) -> usize {
        self.objective.samples()
    }

    fn loss_and_gradient(&mut self, w: &[f64], batch: &[usize], g: &mut [f64]) -> Result<f64, Failure> {
        let loss = self.objective.loss_and_gradient(w, batch, g)?;
        self.losses.push(loss);
        Ok(loss)
    }
}

#[test]
fn digits_train_as_in_the_library() {
    const EPOCHS: usize = 3; // 87 updates
    let Recipe { mlp, loss, data, .. } = &digits::recipe();
    let eager = Eager::new(data, Reduction::Mean, |w, x, t| loss.of(&mlp.forward(w, x), t));
    let mut objective = Kept { objective: eager, losses: vec![] };
    let mut parameters = mlp.parameters().to_vec();
    digits::recipe().trainer(EPOCHS).minimize(&mut parameters, &mut objective).unwrap();

    let mut task = Digits64::new();
    let batches = data.len().div_ceil(digits::BATCH);
    for losses in objective.losses.chunks(batches) {
        assert_close(task.step(), losses.iter().sum::<f64>() / batches as f64, 1e-10, "loss");
    }
    assert_parameters(&task.parameters(), &parameters, 1e-9);
}

#[test]
fn single_precision_trains_as_double_does() {
    fn compare<Single: Training, Double: Training>() {
        let (mut single, mut double) = (Single::new(), Double::new());
        for _ in 0..20 {
            assert_close(single.step(), double.step(), 1e-4, "loss");
        }
        assert_parameters(&single.parameters(), &double.parameters(), 1e-4);
    }
    compare::<Moons32, Moons64>();
    compare::<Iris32, Iris64>();
    compare::<Digits32, Digits64>();
}

#[test]
fn training_starts_again_from_a_reset() {
    struct Twice;
    impl TrainingVisitor for Twice {
        fn visit<T: Training>(&mut self) {
            let mut task = T::new();
            let start = task.parameters();
            let mut run = || [task.step(), task.step()];
            let first = run();
            assert_ne!(task.parameters(), start);
            task.reset();
            assert_eq!(task.parameters(), start);
            assert_eq!([task.step(), task.step()], first);
        }
    }
    visit_all(&mut Twice);
}

/// 50-digit arithmetic, as in `tests/nn/two_two_two.rs`.
#[test]
fn two_two_two_has_the_figures_of_the_text() {
    let mut task = TwoTwoTwo::new();
    assert_close(task.step(), 3.510_854_812_251_28e-5, 1e-12, "error before the last update");
}

#[test]
fn vector_exp_and_tanh_are_accurate() {
    for k in -4_000..=4_000 {
        let x = f64::from(k) * 0.0173;
        let of_64 = |x: f64| [(Number::exp(x), x.exp()), (Number::tanh(x), x.tanh())];
        for (ours, theirs) in of_64(x).into_iter().chain(of_64(x * 1e-6)) {
            assert!((ours / theirs - 1.0).abs() < 1e-15 || ours == theirs, "{x}: {ours:e}, not {theirs:e}");
        }
        let x = x as f32;
        let of_32 = |x: f32| [(Number::exp(x), x.exp()), (Number::tanh(x), x.tanh())];
        for (ours, theirs) in of_32(x).into_iter().chain(of_32(x * 1e-3)) {
            assert!((ours / theirs - 1.0).abs() < 5e-7 || ours == theirs, "{x}: {ours:e}, not {theirs:e}");
        }
    }
}
