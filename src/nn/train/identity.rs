//! The identity of a training run, so that a checkpoint cannot be resumed with another run.

use super::settings::{Settings, Validation};
use super::state::Task;
use crate::nn::data::Data;
use crate::nn::layer::{Bias, Layer};
use crate::nn::mlp::Mlp;
use std::fmt::Debug;

/// Data, network and settings, each with a name and as text. Long lists of numbers are represented by a CRC-32 of
/// their bits.
pub(super) type Identity = Vec<(String, String)>;

/// Everything on which the parameters of a run depend, except the number of epochs, since a run may be resumed for
/// more. Closures of the user (a loss, a schedule, an objective) cannot be compared.
pub(super) fn identity(settings: &Settings<'_>, task: &Task<'_>) -> Identity {
    let of_optimizer = settings.optimizer.settings();
    let optimizer: Vec<String> = of_optimizer.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let validation = match &settings.validation {
        Validation::None => "none".to_owned(),
        Validation::On(data) => of_data(data),
        Validation::Split { share, seed } => format!("a share of {share} by seed {seed}"),
    };
    let entries = [
        ("the data", task.objective.data().map_or("not known".to_owned(), of_data)),
        ("validation", validation),
        ("the network", task.network.map_or("not known".to_owned(), of_network)),
        ("what is frozen", of_frozen(task.frozen)),
        ("the loss", task.loss.map_or("one of your own".to_owned(), |loss| format!("{loss:?}"))),
        ("the optimiser", format!("{} with {}", settings.optimizer.state().kind, optimizer.join(", "))),
        ("the batch", format!("{:?}", settings.batch)),
        ("the order", format!("{:?}", settings.order)),
        ("the reduction", format!("{:?}", task.objective.reduction())),
        ("the backend", format!("{:?}", settings.backend)),
        ("the schedule", format!("{:?}", settings.schedule)),
        ("the clip", or_none(settings.clip)),
        ("the penalty", or_none(settings.penalty)),
        ("early stopping", or_none(settings.stopping)),
        ("what is measured", of_metrics(settings)),
    ];
    entries.map(|(name, text)| (name.to_owned(), text)).into()
}

/// The differences between a run and that of a checkpoint, if there are any.
pub(super) fn difference(then: &Identity, now: &Identity) -> Option<String> {
    let missing = "not known".to_owned();
    let of_old = |name: &String| then.iter().find(|(old, _)| old == name).map_or(&missing, |(_, text)| text);
    let differences: Vec<String> = now
        .iter()
        .map(|(name, text)| (name, of_old(name), text))
        .filter(|(_, old, text)| old != text)
        .map(|(name, old, text)| format!("{name} was {old}, and is {text}"))
        .collect();
    (!differences.is_empty()).then(|| differences.join("; "))
}

fn of_metrics(settings: &Settings<'_>) -> String {
    let names = match &settings.metrics[..] {
        [] => "none".to_owned(),
        metrics => format!("{metrics:?}"),
    };
    let training = if settings.training_metrics { ", of training samples too" } else { "" };
    let monitored = settings.monitor.iter().map(|name| format!(", {name} monitored"));
    names + training + &monitored.collect::<String>()
}

fn or_none(setting: Option<impl Debug>) -> String {
    setting.map_or("none".to_owned(), |setting| format!("{setting:?}"))
}

fn of_data(data: &Data) -> String {
    let mut hasher = crc32fast::Hasher::new();
    for number in data.inputs().iter().chain(data.targets()) {
        hasher.update(&number.to_le_bytes());
    }
    let (samples, inputs, targets) = (data.len(), data.input_width(), data.target_width());
    let checksum = hasher.finalize();
    format!("{samples} samples of {inputs} inputs and {targets} targets, CRC-32 {checksum:08x}")
}

fn of_network(mlp: &Mlp) -> String {
    let of_layer = |layer: &Layer| {
        let biases = match layer.bias() {
            Bias::PerNeuron => "",
            Bias::Shared => " with one bias",
            Bias::None => " without biases",
        };
        format!("-{} {:?}{biases}", layer.outputs(), layer.activation())
    };
    let layers: String = mlp.layers().iter().map(of_layer).collect();
    format!("{}{layers}", mlp.inputs())
}

fn of_frozen(frozen: &[bool]) -> String {
    match frozen.iter().filter(|&&frozen| frozen).count() {
        0 => "nothing".to_owned(),
        count => {
            let bytes: Vec<u8> = frozen.iter().map(|&frozen| u8::from(frozen)).collect();
            format!("{count} parameters, CRC-32 {:08x}", crc32fast::hash(&bytes))
        }
    }
}
