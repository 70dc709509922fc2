//! Promise: a checkpoint is resumed by the run that it is of, or refused with what differs; and one that could not be
//! resumed never takes the place of one that can.

use crate::nets::fresh_directory;
use std::path::Path;
use tapegrad::Var;
use tapegrad::nn::{
    Activation, Adagrad, Adam, AdamW, Backend, Batch, Clip, Data, Eager, Error, Loss, Metric, Mlp, Optimizer,
    Order, Penalty, Recorded, Reduction, RmsProp, Schedule, Sgd, Trainer, blobs,
};

fn mlp_of(activation: Activation) -> Mlp {
    Mlp::builder(2).layer(4, activation).layer(3, Activation::Identity).seed(2).build().unwrap()
}

fn mlp() -> Mlp {
    mlp_of(Activation::Tanh)
}

fn data() -> Data {
    blobs(30, 3, 2.0, 5)
}

/// The run that the checkpoint is of, with any optimiser.
fn trainer_of(optimizer: impl Optimizer + 'static) -> Trainer<'static> {
    Trainer::new(optimizer)
        .epochs(3)
        .batch(Batch::Size(7))
        .order(Order::Shuffled { seed: 4 })
        .validation_split(0.3, 1)
        .early_stopping(50)
        .clip(Clip::Norm(5.0))
        .penalty(Penalty::l2(0.001))
        .schedule(Schedule::Exponential(0.99))
        .metric(Metric::Accuracy)
}

fn trainer() -> Trainer<'static> {
    trainer_of(Adam::new(0.01))
}

fn resume(trainer: Trainer<'_>, path: &Path, mut mlp: Mlp, data: &Data) -> Result<(), String> {
    let before = mlp.clone();
    let outcome = trainer.epochs(4).resume_from(path).fit(&mut mlp, Loss::CrossEntropy, data);
    if outcome.is_err() {
        assert_eq!(mlp, before);
    }
    outcome.map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn another_run_is_refused_with_what_differs() {
    let path = fresh_directory("another-run").join("run.json");
    trainer().checkpoint(&path, 1).fit(&mut mlp(), Loss::CrossEntropy, &data()).unwrap();
    assert_eq!(resume(trainer(), &path, mlp(), &data()), Ok(()), "more epochs are no other run");
    assert_eq!(resume(trainer().progress(true).checkpoint(&path, 7), &path, mlp(), &data()), Ok(()));

    for (other, named) in [
        (trainer().batch(Batch::Size(8)), "batch was Size(7), and is Size(8)"),
        (
            trainer().order(Order::Shuffled { seed: 5 }),
            "order was Shuffled { seed: 4 }, and is Shuffled { seed: 5 }",
        ),
        (
            trainer().validation_split(0.3, 2),
            "validation was a share of 0.3 by seed 1, and is a share of 0.3 by seed 2",
        ),
        (trainer().early_stopping(51), "early stopping was"),
        (trainer().clip(Clip::Norm(6.0)), "clip was Norm(5.0), and is Norm(6.0)"),
        (trainer().penalty(Penalty::l2(0.002)), "penalty was"),
        (
            trainer().schedule(Schedule::Exponential(0.98)),
            "schedule was Exponential(0.99), and is Exponential(0.98)",
        ),
        (trainer().metric(Metric::RSquared), "what is measured was [accuracy], and is [accuracy, R²]"),
        (trainer().monitor(Metric::Accuracy), "and is [accuracy], accuracy monitored"),
        (trainer().reduction(Reduction::Sum), "reduction was Mean, and is Sum"),
        (trainer().backend(Backend::Eager), "backend was Recorded, and is Eager"),
        (trainer_of(Adam::new(0.02)), "the optimiser was adam with rate 0.01, "),
        (trainer_of(Adam { betas: (0.9, 0.99), ..Adam::new(0.01) }), "beta2 0.99, "),
        (trainer_of(Adam { amsgrad: true, ..Adam::new(0.01) }), "amsgrad 1"),
    ] {
        let error = resume(other, &path, mlp(), &data()).expect_err(named);
        assert!(
            error.contains(named) && error.contains("run.json") && error.contains("`resume_from`"),
            "{error}"
        );
    }
    let error = resume(trainer().validate_on(data()), &path, mlp(), &data()).unwrap_err();
    assert!(error.contains("over 21 samples, not 30"), "{error}");
    assert_eq!(resume(trainer(), &path, mlp(), &data()), Ok(()), "and then it is still resumed");
}

#[test]
fn other_data_of_equal_length_is_refused() {
    let path = fresh_directory("other-data").join("run.json");
    trainer().checkpoint(&path, 1).fit(&mut mlp(), Loss::CrossEntropy, &data()).unwrap();
    let error = resume(trainer(), &path, mlp(), &blobs(30, 3, 2.0, 6)).unwrap_err();
    assert!(error.contains("the data was 30 samples of 2 inputs and 3 targets, CRC-32"), "{error}");

    // One bit of one number; the sign of a zero; two samples exchanged.
    let base = Data::new(&[[1.0, 0.0], [2.0, 3.0]], &[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).unwrap();
    let near =
        |x: f64, y: f64| Data::new(&[[x, y], [2.0, 3.0]], &[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]).unwrap();
    let fit = |data: &Data, trainer: Trainer<'_>| {
        trainer.epochs(2).fit(&mut mlp(), Loss::CrossEntropy, data).map_err(|error| error.to_string())
    };
    let plain = || Trainer::new(Sgd::new(0.1));
    fit(&base, plain().checkpoint(&path, 1)).unwrap();
    assert!(fit(&near(1.0, 0.0), plain().resume_from(&path)).is_ok());
    for other in [near(1.0 + f64::EPSILON, 0.0), near(1.0, -0.0), base.select(&[1, 0])] {
        let error = fit(&other, plain().resume_from(&path)).unwrap_err();
        assert!(error.contains("the data was 2 samples"), "{error}");
    }
    // Validation samples are data too.
    fit(&base, plain().validate_on(base.clone()).checkpoint(&path, 1)).unwrap();
    assert!(fit(&base, plain().validate_on(base.clone()).resume_from(&path)).is_ok());
    let error = fit(&base, plain().validate_on(near(1.0, -0.0)).resume_from(&path)).unwrap_err();
    assert!(error.contains("validation was 2 samples"), "{error}");
}

#[test]
fn another_network_or_loss_is_refused() {
    let path = fresh_directory("other-network").join("run.json");
    trainer().checkpoint(&path, 1).fit(&mut mlp(), Loss::CrossEntropy, &data()).unwrap();
    let error = resume(trainer(), &path, mlp_of(Activation::Relu), &data()).unwrap_err();
    assert!(error.contains("the network was 2-4 Tanh-3 Identity, and is 2-4 Relu-3 Identity"), "{error}");

    let mut frozen = mlp();
    frozen.freeze("layers.0.neurons.1").unwrap();
    let error = resume(trainer(), &path, frozen.clone(), &data()).unwrap_err();
    assert!(error.contains("what is frozen was nothing, and is 3 parameters, CRC-32"), "{error}");
    let mut mlp_ = mlp();
    let error = trainer().resume_from(&path).fit(&mut mlp_, Loss::Squared, &data()).unwrap_err().to_string();
    assert!(error.contains("the loss was CrossEntropy, and is Squared"), "{error}");
    let custom = |y: &[Var], t: &[Var]| (y[0] - t[0]).powi(2);
    let error = trainer().resume_from(&path).fit_with(&mut mlp_, custom, &data()).unwrap_err().to_string();
    assert!(error.contains("the loss was CrossEntropy, and is one of your own"), "{error}");
}

/// Also where no network is known: the objectives over data say which data.
#[test]
fn minimising_over_other_data_is_refused() {
    let path = fresh_directory("minimise").join("run.json");
    let line = |w: &[Var], x: &[Var], t: &[Var]| (w[0] * x[0] - t[0]).powi(2);
    let data = |slope: f64| Data::new(&[[1.0], [2.0]], &[[slope], [2.0 * slope]]).unwrap();
    let (three, four) = (data(3.0), data(4.0));
    let mut w = [0.0];
    let mut start = Trainer::new(Sgd::new(0.01)).epochs(2).checkpoint(&path, 1);
    start.minimize(&mut w, &mut Eager::new(&three, Reduction::Mean, line)).unwrap();
    let resume = || Trainer::new(Sgd::new(0.01)).epochs(4).resume_from(&path);
    assert!(resume().minimize(&mut w, &mut Eager::new(&three, Reduction::Mean, line)).is_ok());
    let error =
        resume().minimize(&mut w, &mut Eager::new(&four, Reduction::Mean, line)).unwrap_err().to_string();
    assert!(error.contains("the data was"), "{error}");
    let error =
        resume().minimize(&mut w, &mut Recorded::new(&four, Reduction::Mean, line)).unwrap_err().to_string();
    assert!(error.contains("the data was"), "{error}");
}

/// Settings of every optimiser.
#[test]
fn another_setting_of_the_optimiser_is_refused() {
    let path = fresh_directory("optimisers").join("run.json");
    let pairs: Vec<[Trainer<'static>; 3]> = vec![
        {
            let sgd = || Sgd::new(0.1).momentum(0.5);
            [Trainer::new(sgd()), Trainer::new(sgd()), Trainer::new(sgd().weight_decay(0.1))]
        },
        {
            let adam = AdamW { weight_decay: 0.02, ..AdamW::new(0.1) };
            [Trainer::new(AdamW::new(0.1)), Trainer::new(AdamW::new(0.1)), Trainer::new(adam)]
        },
        {
            let other = RmsProp { centered: true, ..RmsProp::new(0.1) };
            [Trainer::new(RmsProp::new(0.1)), Trainer::new(RmsProp::new(0.1)), Trainer::new(other)]
        },
        {
            let other = Adagrad { rate_decay: 0.1, ..Adagrad::new(0.1) };
            [Trainer::new(Adagrad::new(0.1)), Trainer::new(Adagrad::new(0.1)), Trainer::new(other)]
        },
    ];
    for [first, same, other] in pairs {
        let fit = |trainer: Trainer<'_>, epochs| {
            trainer
                .epochs(epochs)
                .fit(&mut mlp(), Loss::CrossEntropy, &data())
                .map_err(|error| error.to_string())
        };
        fit(first.checkpoint(&path, 1), 2).unwrap();
        assert!(fit(same.resume_from(&path), 3).is_ok());
        let error = fit(other.resume_from(&path), 3).unwrap_err();
        assert!(error.contains(" with rate 0.1, "), "{error}");
    }
}

/// A gradient of 1e200 has an infinite square, and Adam's second moment is that.
#[test]
fn a_state_that_is_not_finite_does_not_replace_a_checkpoint() {
    let path = fresh_directory("infinite").join("run.json");
    let data = Data::new(&[[1.0]], &[[0.0]]).unwrap();
    let mut mlp = Mlp::builder(1).layer(1, Activation::Identity).build().unwrap();
    mlp.set_parameters(&[1.0, 0.5]).unwrap();
    let mut trainer = Trainer::new(Adam::new(0.1)).epochs(3).checkpoint(&path, 1);
    trainer.fit(&mut mlp, Loss::Squared, &data).unwrap();
    let good = std::fs::read(&path).unwrap();

    let steep = |y: &[Var], _: &[Var]| y[0] * 1e200;
    let mut trainer = Trainer::new(Adam::new(0.1)).epochs(3).checkpoint(&path, 1);
    let error = trainer.fit_with(&mut mlp, steep, &data).unwrap_err();
    let message = error.to_string();
    assert!(matches!(error, Error::Format { .. }) && message.contains("run.json"), "{message}");
    assert!(message.contains("`layers.0.neurons.0.weights.0` is inf"), "{message}");
    assert!(std::fs::read(&path).unwrap() == good, "the good checkpoint is still there");
    assert!(mlp.parameters().iter().all(|w| w.is_finite()));
}
