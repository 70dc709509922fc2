//! Breast cancer, benign or malignant by 30 measurements of cell nuclei: the mean accuracy over ten splits is
//! compared with that of scikit-learn's multi-layer perceptron on the same splits.

use tapegrad::nn::{
    Activation, Adam, Encoder, Error, Feature, Fold, Loss, Metric, Mlp, Penalty, Scaling, Scores, Table,
    Trainer, repeat,
};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/data/breast_cancer");

fn main() -> Result<(), Error> {
    let table = Table::read(format!("{DATA}.csv"), true)?;
    let splits = Table::read(format!("{DATA}_splits.csv"), false)?;
    let (theirs, tests) = (splits.numbers(0..1)?, splits.numbers(1..splits.columns())?);

    let ours = repeat(0..10, |seed| {
        let test = tests[seed as usize].iter().map(|&row| row as usize).collect();
        let fold = Fold::testing(test, table.rows())?;
        let (train, test) = (table.select(&fold.train), table.select(&fold.test));
        let measurements = &table.header().unwrap_or_default()[..30];
        let feature = |name: &String| Feature::number(name).scaling(Scaling::Standard);
        let inputs = Encoder::fit(&train, &measurements.iter().map(feature).collect::<Vec<_>>())?;
        let targets = Encoder::fit(&train, &[Feature::category("target").dropping_first()])?;
        let mut mlp = Mlp::builder(inputs.width())
            .layer(16, Activation::Relu)
            .layer(1, Activation::Identity)
            .seed(seed)
            .build()?;
        let mut trainer = Trainer::new(Adam::new(0.01)).epochs(150).penalty(Penalty::l2(0.001));
        trainer.fit(&mut mlp, Loss::BinaryCrossEntropy, &inputs.data(&targets, &train)?)?;
        let test = inputs.data(&targets, &test)?;
        Metric::Accuracy.evaluate(mlp.predict_all(&test), &test, None)
    })?;
    let theirs = Scores::new(theirs.concat())?;
    println!("accuracy      {ours:.4}\nscikit-learn  {theirs:.4}");
    assert!(ours.mean() >= theirs.mean() - theirs.standard_error());
    Ok(())
}
