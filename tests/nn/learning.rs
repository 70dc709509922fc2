//! Networks learn what they should, from many seeds.

use crate::nets::{digits, iris};
use tapegrad::nn::{
    Activation, Adam, Batch, Data, Init, Loss, Mlp, Order, Penalty, Scaler, Schedule, Sgd, Trainer, accuracy,
    moons, xor,
};

#[test]
fn xor_is_solved_from_50_of_50_seeds() {
    let data = xor();
    let solves = |seed: &u64| {
        let mut mlp = Mlp::builder(2)
            .layer(8, Activation::Tanh)
            .layer(1, Activation::Identity)
            .seed(*seed)
            .build()
            .unwrap();
        let mut trainer = Trainer::new(Adam::new(0.05)).epochs(150);
        trainer.fit(&mut mlp, Loss::BinaryCrossEntropy, &data).unwrap();
        accuracy(mlp.predict_all(&data), &data) == 1.0
    };
    assert_eq!((0..50).filter(solves).count(), 50);
}

#[test]
#[cfg_attr(debug_assertions, ignore = "slow in debug builds")]
fn iris_is_told_apart_on_a_held_out_third() {
    let (flowers, species) = iris();
    let data = Data::classes(&flowers, &species, 3).unwrap();
    let of_seed = |seed: u64| {
        let (train, test) = data.split(1.0 / 3.0, seed);
        let scaler = Scaler::standard(&train).unwrap();
        let mut mlp = Mlp::builder(4)
            .layer(16, Activation::Tanh)
            .layer(3, Activation::Identity)
            .seed(seed)
            .build()
            .unwrap();
        let mut trainer = Trainer::new(Adam::new(0.02)).epochs(100);
        trainer.fit(&mut mlp, Loss::CrossEntropy, &train.scale_inputs(&scaler)).unwrap();
        accuracy(mlp.predict_all(&test.clone().scale_inputs(&scaler)), &test)
    };
    let mean = (0..20).map(of_seed).sum::<f64>() / 20.0;
    println!("Iris: mean accuracy over 20 seeds {mean:.4}");
    assert!(mean >= 0.95, "{mean}");
}

#[test]
#[cfg_attr(debug_assertions, ignore = "slow in debug builds")]
fn digits_are_read() {
    let data = digits();
    for seed in 0..3 {
        let (train, test) = data.split(0.25, seed);
        let mut mlp = Mlp::builder(64)
            .layer(32, Activation::Tanh)
            .layer(10, Activation::Identity)
            .seed(seed)
            .build()
            .unwrap();
        Trainer::new(Adam::new(0.01))
            .epochs(15)
            .batch(Batch::Size(64))
            .order(Order::Shuffled { seed })
            .schedule(Schedule::Cosine { over: 15 * train.len().div_ceil(64), low: 0.02 })
            .fit(&mut mlp, Loss::CrossEntropy, &train)
            .unwrap();
        let share = accuracy(mlp.predict_all(&test), &test);
        println!("digits: test accuracy with seed {seed} {share:.4}");
        assert!(share >= 0.96, "{share}");
    }
}

/// The share of 20 seeds from which two moons are told apart entirely after 100 updates with all samples.
fn moons_told_apart(init: Init, trainer: impl Fn() -> Trainer<'static>) -> usize {
    let told_apart = |seed: &u64| {
        let data = moons(100, 0.1, *seed);
        let mut mlp = Mlp::builder(2)
            .layer(16, Activation::Relu)
            .layer(16, Activation::Relu)
            .layer(1, Activation::Identity)
            .init(init)
            .seed(*seed)
            .build()
            .unwrap();
        let mut trainer = trainer().epochs(100).penalty(Penalty::l2(1e-4).with_biases());
        trainer.fit(&mut mlp, Loss::Hinge, &data).unwrap();
        accuracy(mlp.predict_all(&data), &data) == 1.0
    };
    (0..20).filter(told_apart).count()
}

#[test]
#[cfg_attr(debug_assertions, ignore = "slow in debug builds")]
fn moons_are_told_apart_in_100_steps() {
    assert_eq!(moons_told_apart(Init::XavierUniform, || Trainer::new(Adam::new(0.05))), 20);
    // The settings of micrograd's demo depend on luck.
    let falling = || Schedule::custom(|step| 1.0 - 0.9 * step as f64 / 100.0);
    let as_micrograd =
        moons_told_apart(Init::Uniform(1.0), || Trainer::new(Sgd::new(1.0)).schedule(falling()));
    println!("moons: told apart from {as_micrograd} of 20 seeds with micrograd's settings");
    assert!(as_micrograd >= 10, "{as_micrograd}");
}
