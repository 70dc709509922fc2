//! One plot of each kind, small.

use tapegrad::nn::{
    Activation, Adam, ConfusionMatrix, Data, History, Loss, Metric, Mlp, Trainer, moons, sine,
};
use tapegrad::plot::{self, Plot};
use tapegrad::vectorised::Vectorised;
use tapegrad::{Function, Var};

/// A network for moons.
pub fn mlp() -> Mlp {
    Mlp::builder(2).layer(8, Activation::Tanh).layer(1, Activation::Identity).seed(1).build().unwrap()
}

/// A short run with everything that a history can have.
pub fn history() -> History {
    let mut mlp = Mlp::builder(1).layer(4, Activation::Tanh).layer(1, Activation::Identity).build().unwrap();
    let trainer = Trainer::new(Adam::new(0.05)).epochs(12).metric(Metric::RSquared);
    let mut trainer = trainer.validation_split(0.25, 1).early_stopping(3);
    trainer.fit(&mut mlp, Loss::MeanSquared, &sine(40, 0.1, 1)).unwrap()
}

/// A matrix of three classes with these names.
pub fn confusion(names: &[&str; 3]) -> ConfusionMatrix {
    let data = Data::classes(&[[0.0], [1.0], [2.0], [3.0]], &[0, 1, 2, 2], 3).unwrap();
    let outputs = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(Vec::from);
    ConfusionMatrix::new(&outputs, &data).with_names(names)
}

/// A function of 40 sines, which one loop computes, and their sum.
pub fn plan() -> Vectorised {
    let f = |x: &[Var]| x.iter().map(|x| x.sin()).sum::<Var>();
    Function::record(f, &[0.5; 40][..]).unwrap().vectorised()
}

/// Every kind of plot, with this text wherever a text can be given.
pub fn plots_with(text: &str) -> Vec<(&'static str, Plot)> {
    let curve = [[0.0, 0.0], [1.0, 2.0], [2.0, 1.0]];
    let band = ([-0.5, 1.5, 0.5], [0.5, 2.5, 1.5]);
    let lists = [vec![0.0, 1.0, 2.0], vec![0.5, 1.0, 4.0]];
    let plots = [
        ("loss_curve", plot::loss_curve(&history())),
        ("decision_boundary", plot::decision_boundary(&mlp(), &moons(20, 0.1, 1), &[text, text])),
        ("confusion_matrix", plot::confusion_matrix(&confusion(&[text, "b", text]))),
        ("histograms", plot::histograms(text, &lists)),
        ("fitted_curve", plot::fitted_curve(&curve, &curve, Some((&band.0, &band.1)))),
        ("function_with_derivative", plot::function_with_derivative(|x| x.sin() * x, -3.0..=3.0)),
        ("run_lengths", plot::run_lengths(plan().plan())),
        ("sparsity", plot::sparsity(2, 3, &[(0, 0), (1, 2), (1, 1)], Some(&[0, 1, 0]))),
    ];
    let labelled = |plot: Plot| plot.with_title(text).with_x_label(text).with_y_label(text);
    plots.map(|(name, plot)| (name, labelled(plot.unwrap()))).into()
}
