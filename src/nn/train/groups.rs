//! Groups of parameters with optimisers of their own.

use super::state::Task;
use crate::nn::error::Error;
use crate::nn::optimizer::{Optimizer, State};
use std::fmt;
use std::ops::Range;

/// Some of the parameters: those whose names start with a prefix, or those with indices in a range. A text or a range becomes
/// one with `into`: see [`Trainer::group`](super::Trainer::group).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Selection {
    /// Those whose names start with this, which consists of whole parts of a name: `layers.1`.
    Prefix(String),
    /// Those with these indices.
    Range(Range<usize>),
}

impl From<&str> for Selection {
    fn from(prefix: &str) -> Selection {
        Selection::Prefix(prefix.to_owned())
    }
}

impl From<Range<usize>> for Selection {
    fn from(range: Range<usize>) -> Selection {
        Selection::Range(range)
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Selection::Prefix(prefix) => write!(f, "`{prefix}`"),
            Selection::Range(range) => write!(f, "parameters {} to below {}", range.start, range.end),
        }
    }
}

/// Parameters that an optimiser of their own updates.
pub(super) struct Group<'a> {
    pub selection: Selection,
    pub optimizer: Box<dyn Optimizer + 'a>,
}

impl Group<'_> {
    /// The same group for another trainer, for a while.
    pub fn lent(&mut self) -> Group<'_> {
        Group { selection: self.selection.clone(), optimizer: Box::new(&mut *self.optimizer) }
    }
}

/// The parameters of each optimiser, and memory for those that it updates.
pub(super) struct Members {
    /// Of the groups, in order, and then of the trainer's own optimiser: indices of parameters.
    of_each: Vec<Vec<usize>>,
    parameters: Vec<f64>,
    gradient: Vec<f64>,
}

impl Members {
    /// Finds the parameters of each group.
    pub fn new(groups: &[Group<'_>], parameters: usize, task: &Task<'_>) -> Result<Members, Error> {
        let mut of_each = Vec::new();
        let mut owner: Vec<Option<&Selection>> = vec![None; parameters];
        for Group { selection, .. } in groups {
            let members = match (selection, task.named) {
                (Selection::Prefix(prefix), Some(named)) => named.with_prefix(prefix)?,
                (Selection::Prefix(_), None) => {
                    let problem =
                        format!("{selection} is no group of parameters without names: give a range");
                    return Err(Error::Setting(problem));
                }
                (Selection::Range(range), _) if range.is_empty() || range.end > parameters => {
                    let problem = format!("{selection} are no group: there are {parameters}, counted from 0");
                    return Err(Error::Setting(problem));
                }
                (Selection::Range(range), _) => range.clone().collect(),
            };
            for &k in &members {
                if let Some(other) = owner[k].replace(selection) {
                    let name = task.name_of(k);
                    let problem =
                        format!("`{name}` is in two groups, {other} and {selection}: leave it out of one");
                    return Err(Error::Setting(problem));
                }
            }
            of_each.push(members);
        }
        of_each.push((0..parameters).filter(|&k| owner[k].is_none()).collect());
        Ok(Members { of_each, parameters: Vec::new(), gradient: Vec::new() })
    }

    /// The index of a parameter in the list of all, by its place among those of the group, or of the optimiser that is not a
    /// group's.
    pub fn index(&self, group: Option<usize>, place: usize) -> usize {
        self.of_each[group.unwrap_or(self.of_each.len() - 1)].get(place).copied().unwrap_or(place)
    }

    /// The number of parameters of a group, or of the optimiser that is not a group's.
    #[cfg(feature = "serde")]
    pub fn count(&self, group: Option<usize>) -> usize {
        self.of_each[group.unwrap_or(self.of_each.len() - 1)].len()
    }

    /// One update by all optimisers, the rate of each times `factor`, and `rate` for that of the trainer.
    pub fn step(
        &mut self,
        groups: &mut [Group<'_>],
        own: &mut dyn Optimizer,
        [rate, factor]: [f64; 2],
        parameters: &mut [f64],
        gradient: &[f64],
    ) {
        if groups.is_empty() {
            return own.step_with(rate, parameters, gradient);
        }
        for (k, members) in self.of_each.iter().enumerate() {
            self.parameters.clear();
            self.parameters.extend(members.iter().map(|&k| parameters[k]));
            self.gradient.clear();
            self.gradient.extend(members.iter().map(|&k| gradient[k]));
            match groups.get_mut(k) {
                Some(Group { optimizer, .. }) => {
                    optimizer.step_with(optimizer.rate() * factor, &mut self.parameters, &self.gradient);
                }
                None => own.step_with(rate, &mut self.parameters, &self.gradient),
            }
            members.iter().zip(&self.parameters).for_each(|(&k, &w)| parameters[k] = w);
        }
    }
}

/// The states of the optimisers of groups.
pub(super) fn states(groups: &[Group<'_>]) -> Vec<State> {
    groups.iter().map(|group| group.optimizer.state().clone()).collect()
}
