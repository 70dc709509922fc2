//! Metrics of outputs as scores or probabilities of classes.

use super::samples::{Samples, has_class};
use crate::nn::data::{Data, target_class};

/// The area under the receiver operating characteristic, of class 1 or averaged over the classes.
pub(super) fn roc_auc(samples: &Samples<'_>) -> Result<f64, String> {
    expect_all_classes(samples.data)?;
    let outputs = samples.predictions;
    let areas = match samples.data.target_width() {
        1 => vec![area(samples, 1, |k| outputs[k][0])?],
        // The order of the probabilities of class 1, without their rounding.
        2 => vec![area(samples, 1, |k| outputs[k][1] - outputs[k][0])?],
        classes => {
            let probabilities: Vec<Vec<f64>> =
                (0..samples.len()).map(|k| outputs.probabilities(k)).collect::<Result<_, _>>()?;
            let of_class = |class: usize| area(samples, class, |k| probabilities[k][class]);
            (0..classes).map(of_class).collect::<Result<_, _>>()?
        }
    };
    Ok(areas.iter().sum::<f64>() / areas.len() as f64)
}

/// An error if a class has no samples: then its area is not defined.
pub(super) fn expect_all_classes(data: &Data) -> Result<(), String> {
    let mut has_samples = vec![false; data.target_width().max(2)];
    let targets = (0..data.len()).map(|sample| data.target(sample)).filter(|targets| has_class(targets));
    targets.for_each(|targets| has_samples[target_class(targets)] = true);
    match has_samples.iter().position(|&has| !has) {
        Some(class) => Err(format!(
            "no target is of class {class}, and the area needs samples of every class: leave the metric out, or split \
             the samples so that each part has every class"
        )),
        None => Ok(()),
    }
}

/// The area for a class against all others, from the scores of the samples: the weight of all pairs of a sample of the class
/// and another one in the right order, where ties count half.
fn area(samples: &Samples<'_>, class: usize, score: impl Fn(usize) -> f64) -> Result<f64, String> {
    let mut order: Vec<usize> = samples.with_class().collect();
    order.sort_by(|&a, &b| score(a).total_cmp(&score(b)));
    let (mut others_below, mut own_total, mut pairs) = (0.0, 0.0, 0.0);
    for tied in order.chunk_by(|&a, &b| score(a) == score(b)) {
        let (mut own, mut others) = (0.0, 0.0);
        for &sample in tied {
            let side = if samples.true_class(sample) == class { &mut own } else { &mut others };
            *side += samples.weight(sample);
        }
        pairs += own * (others_below + 0.5 * others);
        others_below += others;
        own_total += own;
    }
    if own_total == 0.0 || others_below == 0.0 {
        return Err(format!("class {class} or the others have no weight, and the area needs both"));
    }
    Ok(pairs / (own_total * others_below))
}

/// The mean of `−ln p` of the right class.
pub(super) fn log_loss(samples: &Samples<'_>) -> Result<f64, String> {
    let mut losses = vec![0.0; samples.len()];
    for sample in samples.with_class() {
        let probabilities = samples.predictions.probabilities(sample)?;
        let total: f64 = probabilities.iter().sum();
        let is_distribution =
            probabilities.iter().all(|p| (0.0..=1.0).contains(p)) && (total - 1.0).abs() < 1e-6;
        if !is_distribution {
            return Err(format!(
                "prediction {sample} is {:?}, which gives no probabilities of classes (their sum is {total}); end the network with \
                 `Activation::Identity` or `Activation::Softmax`",
                samples.predictions[sample]
            ));
        }
        let right = probabilities[samples.true_class(sample)];
        losses[sample] = -right.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
    }
    Ok(samples.mean(samples.with_class(), |sample| losses[sample]))
}
