//! Promise: a group of parameters is updated by its optimiser as if it were alone.

use crate::nets::fresh_directory;
use tapegrad::Var;
use tapegrad::nn::{
    Activation, Adam, AdamW, Batch, Data, Eager, Error, Loss, Mlp, Optimizer, Reduction, RmsProp, Schedule,
    Sgd, Trainer, sine,
};

fn mlp() -> Mlp {
    Mlp::builder(1).layer(3, Activation::Tanh).layer(1, Activation::Identity).seed(2).build().unwrap()
}

/// Gradients by the library, steps by hand: each optimiser on its own list.
#[test]
fn each_group_steps_by_its_own_optimiser() {
    let data = sine(12, 0.1, 1);
    let mut trained = mlp();
    Trainer::new(Adam::new(0.03))
        .epochs(6)
        .schedule(Schedule::Exponential(0.9))
        .group("layers.1", Sgd::new(0.05).momentum(0.9).weight_decay(0.1))
        .group(0..2, AdamW { weight_decay: 0.3, ..AdamW::new(0.01) })
        .fit(&mut trained, Loss::Squared, &data)
        .unwrap();
    let mut by_hand = mlp();
    let mut optimizers: [(Box<dyn Optimizer>, Vec<usize>); 3] = [
        (Box::new(Adam::new(0.03)), (2..6).collect()),
        (Box::new(Sgd::new(0.05).momentum(0.9).weight_decay(0.1)), (6..10).collect()),
        (Box::new(AdamW { weight_decay: 0.3, ..AdamW::new(0.01) }), (0..2).collect()),
    ];
    for k in 0..6 {
        let (_, gradient) = by_hand.loss_and_gradient(Loss::Squared, &data).unwrap();
        for (optimizer, members) in &mut optimizers {
            let mut own: Vec<f64> = members.iter().map(|&k| by_hand.parameters()[k]).collect();
            let slopes: Vec<f64> = members.iter().map(|&k| gradient[k]).collect();
            let rate = optimizer.rate() * 0.9f64.powf(f64::from(k));
            optimizer.step_with(rate, &mut own, &slopes);
            members.iter().zip(own).for_each(|(&k, w)| by_hand.parameters_mut()[k] = w);
        }
    }
    assert_eq!(trained.parameters(), by_hand.parameters());
}

/// Groups with the same settings, where the optimiser treats each parameter alone.
#[test]
fn a_group_of_equal_settings_changes_nothing() {
    let data = sine(12, 0.1, 1);
    let fit = |trainer: Trainer<'_>| {
        let (mut trainer, mut mlp) = (trainer.epochs(5).batch(Batch::Size(5)), mlp());
        trainer.fit(&mut mlp, Loss::Squared, &data).unwrap();
        mlp
    };
    let plain = || Trainer::new(RmsProp::new(0.01));
    let all = plain().group("layers", RmsProp::new(0.01));
    let neurons = plain()
        .group("layers.0.neurons.1", RmsProp::new(0.01))
        .group("layers.1.neurons.0.bias", RmsProp::new(0.01));
    assert_eq!(fit(plain()), fit(neurons));
    assert_eq!(fit(plain()), fit(all));
}

/// A set rate changes those of the groups by the same factor; a rate of 0 freezes a group.
#[test]
fn a_set_rate_is_in_proportion_for_groups() {
    let data = sine(12, 0.1, 1);
    let fit = |trainer: Trainer<'_>| {
        let (mut trainer, mut mlp) = (trainer.epochs(4), mlp());
        trainer.fit(&mut mlp, Loss::Squared, &data).unwrap();
        mlp
    };
    let set = Trainer::new(Sgd::new(0.0625))
        .group("layers.1", Sgd::new(0.5))
        .on_update_with(|_, control| control.set_rate(0.015625));
    let scheduled = Trainer::new(Sgd::new(0.0625))
        .group("layers.1", Sgd::new(0.5))
        .schedule(Schedule::custom(|k| if k == 0 { 1.0 } else { 0.25 }));
    assert_eq!(fit(set), fit(scheduled));
    let still = fit(Trainer::new(Sgd::new(0.1)).group("layers.0", Sgd::new(0.0)));
    assert_eq!(still.parameters()[..6], mlp().parameters()[..6]);
    assert!(still.parameters()[6..] != mlp().parameters()[6..]);
}

#[test]
fn parameters_without_names_have_ranges() {
    let data = Data::new(&[[1.0], [2.0]], &[[3.0], [5.0]]).unwrap();
    let line = |w: &[Var], x: &[Var], t: &[Var]| (w[0] * x[0] + w[1] - t[0]).powi(2);
    let minimise = |trainer: Trainer<'_>| {
        let (mut trainer, mut w) = (trainer.epochs(3), [0.5, 0.0]);
        trainer.minimize(&mut w, &mut Eager::new(&data, Reduction::Mean, line)).map(|_| w)
    };
    let w = minimise(Trainer::new(Sgd::new(0.1)).group(1..2, Sgd::new(0.0))).unwrap();
    assert!(w[0] != 0.5 && w[1] == 0.0);
    let error = minimise(Trainer::new(Sgd::new(0.1)).group("w1", Sgd::new(0.0))).unwrap_err().to_string();
    assert!(error.contains("parameters without names: give a range"), "{error}");
}

#[test]
fn groups_that_do_not_fit_are_refused() {
    let fit = |trainer: Trainer<'_>| {
        let (mut trainer, mut network) = (trainer, mlp());
        let error = trainer.fit(&mut network, Loss::Squared, &sine(5, 0.0, 0)).unwrap_err();
        assert_eq!(network, mlp());
        error
    };
    let plain = || Trainer::new(Sgd::new(0.1));
    assert!(matches!(fit(plain().group("layers.2", Sgd::new(0.1))), Error::UnknownParameter { .. }));
    assert!(matches!(fit(plain().group("layer", Sgd::new(0.1))), Error::UnknownParameter { .. }));
    let error = fit(plain().group(8..11, Sgd::new(0.1))).to_string();
    assert!(error.contains("parameters 8 to below 11 are no group: there are 10"), "{error}");
    assert!(fit(plain().group(3..3, Sgd::new(0.1))).to_string().contains("are no group"));
    let error = fit(plain().group("layers.0", Sgd::new(0.1)).group(5..7, Sgd::new(0.1))).to_string();
    assert!(
        error.contains("`layers.0.neurons.2.bias` is in two groups, `layers.0` and parameters 5 to below 7"),
        "{error}"
    );
    let error = fit(plain().group("layers.0", Sgd::new(-0.1)));
    assert!(matches!(error, Error::OutOfRange { setting: "Sgd::rate", .. }), "{error}");
}

#[test]
fn a_run_with_groups_is_resumed_to_the_same_bits() {
    let path = fresh_directory("groups-resumed").join("run.json");
    let data = sine(12, 0.1, 1);
    let run = |epochs| {
        Trainer::new(Adam::new(0.03))
            .epochs(epochs)
            .batch(Batch::Size(5))
            .group("layers.1", Adam { amsgrad: true, ..Adam::new(0.01) })
    };
    let fit = |trainer: Trainer<'_>| {
        let (mut trainer, mut mlp) = (trainer, mlp());
        trainer.fit(&mut mlp, Loss::Squared, &data).map(|_| mlp).map_err(|error| error.to_string())
    };
    let whole = fit(run(6)).unwrap();
    fit(run(3).checkpoint(&path, 1)).unwrap();
    assert_eq!(fit(run(6).resume_from(&path)).unwrap(), whole);
    let error =
        fit(Trainer::new(Adam::new(0.03)).epochs(6).batch(Batch::Size(5)).resume_from(&path)).unwrap_err();
    assert!(error.contains("is of 1 groups of parameters, and these are 0"), "{error}");
    let other = Trainer::new(Adam::new(0.03)).epochs(6).batch(Batch::Size(5)).resume_from(&path);
    let error = fit(other.group("layers.1", Adam { amsgrad: true, ..Adam::new(0.02) })).unwrap_err();
    assert!(error.contains("groups of parameters was `layers.1` by adam with rate 0.01"), "{error}");
    let other = Trainer::new(Adam::new(0.03)).epochs(6).batch(Batch::Size(5)).resume_from(&path);
    let error = fit(other.group("layers.0", Adam { amsgrad: true, ..Adam::new(0.01) })).unwrap_err();
    assert!(
        error.contains("an optimiser of 4 parameters, this one has 6") || error.contains("of 6 parameters"),
        "{error}"
    );
    let other = Trainer::new(Adam::new(0.03)).epochs(6).batch(Batch::Size(5)).resume_from(&path);
    let error = fit(other.group("layers.1", Sgd::new(0.01))).unwrap_err();
    assert!(error.contains("is of the optimiser `adam`, this one is `sgd`"), "{error}");
}
