//! Groups of parameters, and the names in them.

use crate::nn::layer::Layer;
use crate::nn::layers;

/// Consecutive parameters with a common beginning of their names.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Group {
    /// Empty for those of an MLP alone.
    pub name: String,
    pub kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Layers(Vec<Layer>),
    /// This number of weights, which penalties count.
    Weights(usize),
    /// This number of others, which they do not, as biases.
    Numbers(usize),
}

impl Group {
    pub fn len(&self) -> usize {
        match &self.kind {
            Kind::Layers(layers) => layers.iter().map(Layer::parameter_count).sum(),
            &(Kind::Weights(count) | Kind::Numbers(count)) => count,
        }
    }

    pub fn names(&self) -> Box<dyn Iterator<Item = String> + '_> {
        let full = move |name: String| match &self.name[..] {
            "" => name,
            group => format!("{group}.{name}"),
        };
        match &self.kind {
            Kind::Layers(layers) => Box::new(layers::names(layers).map(full)),
            &(Kind::Weights(count) | Kind::Numbers(count)) => {
                Box::new((0..count).map(move |k| full(k.to_string())))
            }
        }
    }

    /// The index within the group of the parameter with this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        let own = match &self.name[..] {
            "" => name,
            group => name.strip_prefix(group)?.strip_prefix('.')?,
        };
        match &self.kind {
            Kind::Layers(layers) => layers::find(layers, own),
            &(Kind::Weights(count) | Kind::Numbers(count)) => layers::number(own).filter(|&k| k < count),
        }
    }

    pub fn biases(&self) -> Box<dyn Iterator<Item = bool> + '_> {
        match &self.kind {
            Kind::Layers(layers) => Box::new(layers.iter().flat_map(Layer::biases)),
            &Kind::Weights(count) => Box::new(std::iter::repeat_n(false, count)),
            &Kind::Numbers(count) => Box::new(std::iter::repeat_n(true, count)),
        }
    }

    pub fn description(&self) -> String {
        let what = match &self.kind {
            Kind::Layers(layers) => layers::description(layers),
            Kind::Weights(count) => format!("{count} weights"),
            Kind::Numbers(count) => format!("{count} numbers"),
        };
        if self.name.is_empty() { what } else { format!("{} {what}", self.name) }
    }
}

/// Whether a name starts with the whole parts of another one.
pub(super) fn begins(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
