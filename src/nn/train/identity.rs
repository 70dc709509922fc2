//! The identity of a training run, so that a checkpoint cannot be resumed with another run.

use super::settings::{Settings, Validation};
use super::state::Task;
use crate::nn::data::Data;
use crate::nn::network::Network;
use crate::nn::optimizer::Optimizer;
use std::fmt::Debug;

/// Data, network and settings, each with a name and as text. Long lists of numbers are represented by a CRC-32 of
/// their bits.
pub(super) type Identity = Vec<(String, String)>;

/// Everything on which the parameters of a run depend, except the number of epochs, since a run may be resumed for
/// more. Closures of the user (a loss, a schedule, an objective) cannot be compared.
pub(super) fn identity(settings: &Settings<'_>, task: &Task<'_>) -> Identity {
    let groups: Vec<String> = settings
        .groups
        .iter()
        .map(|group| format!("{} by {}", group.selection, of_optimizer(&*group.optimizer)))
        .collect();
    let validation = match &settings.validation {
        Validation::None => "none".to_owned(),
        Validation::On(data) => of_data(data),
        Validation::Split { share, seed } => format!("a share of {share} by seed {seed}"),
    };
    let of_task = [
        ("the data", task.objective.data().map_or("not known".to_owned(), of_data)),
        ("validation", validation),
    ];
    let of_settings = [
        ("what is frozen", of_frozen(task.frozen)),
        ("the loss", task.loss.map_or("one of your own".to_owned(), |loss| format!("{loss:?}"))),
        ("the optimiser", of_optimizer(&*settings.optimizer)),
        ("groups of parameters", if groups.is_empty() { "none".to_owned() } else { groups.join("; ") }),
        ("the batch", format!("{:?}", settings.batch)),
        ("the order", format!("{:?}", settings.order)),
        ("the reduction", format!("{:?}", task.objective.reduction())),
        ("the backend", format!("{:?}", settings.backend)),
        ("the schedule", format!("{:?}", settings.schedule)),
        ("the clip", or_none(settings.clip)),
        ("the penalty", or_none(settings.penalty)),
        ("early stopping", or_none(settings.stopping)),
        ("the reduction on a plateau", or_none(settings.plateau)),
        (
            "the number of callbacks with control",
            format!(
                "{} by update and {} by epoch",
                settings.update_controls.len(),
                settings.epoch_controls.len()
            ),
        ),
        ("what is measured", of_metrics(settings)),
    ];
    let entries = of_task.into_iter().chain((task.network)()).chain(of_settings);
    entries.map(|(name, text)| (name.to_owned(), text)).collect()
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

fn of_optimizer(optimizer: &dyn Optimizer) -> String {
    let settings: Vec<String> =
        optimizer.settings().iter().map(|(name, value)| format!("{name} {value}")).collect();
    format!("{} with {}", optimizer.state().kind, settings.join(", "))
}

fn of_data(data: &Data) -> String {
    let mut hasher = crc32fast::Hasher::new();
    for number in data.inputs().iter().chain(data.targets()).chain(data.weights().unwrap_or_default()) {
        hasher.update(&number.to_le_bytes());
    }
    let (samples, inputs, targets) = (data.len(), data.input_width(), data.target_width());
    let weights = if data.weights().is_some() { " with weights" } else { "" };
    let categories: String = data
        .category_columns()
        .map(|column| format!(", input {column} of {} categories", data.categories()[column]))
        .collect();
    let checksum = hasher.finalize();
    format!(
        "{samples} samples of {inputs} inputs and {targets} targets{weights}{categories}, CRC-32 {checksum:08x}"
    )
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

/// What the identity of a run has of a network: its description; and a checksum of what it computes for given parameters and
/// the inputs of a sample, since a `forward` that was changed may have the same parameters. To six digits, in which machines
/// agree.
pub(super) fn of_network<N: Network>(network: &N, inputs: &[f64]) -> Vec<(&'static str, String)> {
    let number = |k: usize| ((k * 7919 + 13) % 2001) as f64 / 2000.0 - 0.5;
    let parameters: Vec<f64> = (0..network.parameters().len()).map(number).collect();
    let outputs = network.forward(&parameters, inputs);
    let text: String = outputs.iter().map(|output| format!("{output:.5e} ")).collect();
    let computed = format!("a function with CRC-32 {:08x}", crc32fast::hash(text.as_bytes()));
    vec![("the network", network.description()), ("what the network computes", computed)]
}
