//! The parameters of a network: one list of numbers, with names.

mod group;

use super::error::{Error, expect_length};
use super::init::{Init, draw, expect_drawn};
use super::layer::Layer;
use super::random::Random;
use group::{Group, Kind, begins};
use indexmap::IndexMap;
use std::ops::{Deref, Range};

/// The parameters of a network: a list of plain numbers in groups, of which each has a name, and every parameter has one that
/// starts with it. An [`Mlp`](super::Mlp) has them; a network of your own makes them with [`weights`](Self::weights),
/// [`numbers`](Self::numbers) and [`mlp`](Self::mlp): see [`CustomNetwork`](super::CustomNetwork).
///
/// It dereferences to the list.
///
/// ```
/// use tapegrad::nn::{Init, Parameters};
///
/// let mut parameters = Parameters::new(7);
/// let matrix = parameters.weights("gate", 3, 2, Init::XavierUniform)?;
/// let offset = parameters.numbers("offset", &[0.5])?;
/// assert_eq!((matrix, offset), (0..6, 6..7));
/// assert_eq!((parameters.len(), parameters[6]), (7, 0.5));
/// assert_eq!(parameters.names().last().as_deref(), Some("offset.0"));
/// parameters.set("gate.1", -1.0)?;
/// assert_eq!(parameters.get("gate.1")?, -1.0);
/// # Ok::<(), tapegrad::nn::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    values: Vec<f64>,
    is_frozen: Vec<bool>,
    groups: Vec<Group>,
    seed: u64,
}

impl Parameters {
    /// An empty list, with the seed for what is drawn into it.
    #[must_use]
    pub fn new(seed: u64) -> Parameters {
        Parameters { values: Vec::new(), is_frozen: Vec::new(), groups: Vec::new(), seed }
    }

    /// The parameters of an MLP alone, all 0.
    pub(super) fn of_layers(layers: Vec<Layer>) -> Result<Parameters, Error> {
        let mut parameters = Parameters::new(0);
        parameters.append("", Kind::Layers(layers))?;
        Ok(parameters)
    }

    /// Appends `outputs · inputs` weights, drawn by this rule, and returns their range: `gate.0`, `gate.1`, … for the name
    /// `gate`. The weights of one output are consecutive. A [penalty](super::Penalty) counts them.
    ///
    /// # Errors
    /// [`Error::Setting`] if the name is empty or taken, or the rule draws numbers that are not finite; [`Error::OutOfRange`] as
    /// [`Init::check`]; [`Error::Shape`] if there is no memory for them.
    pub fn weights(
        &mut self,
        name: &str,
        inputs: usize,
        outputs: usize,
        init: Init,
    ) -> Result<Range<usize>, Error> {
        init.check()?;
        let too_many = || Error::Shape(format!("`{name}` would have more parameters than can be counted"));
        let count = inputs.checked_mul(outputs).ok_or_else(too_many)?;
        self.check_name(name)?;
        let mut random = self.random_of_next();
        let range = self.append(name, Kind::Weights(count))?;
        let weights = &mut self.values[range.clone()];
        weights.iter_mut().for_each(|weight| *weight = init.weight(inputs, outputs, &mut random));
        expect_drawn(init, weights).inspect_err(|_| self.remove_last(range.start))?;
        Ok(range)
    }

    /// Appends parameters with these initial values, and returns their range: the constants of a formula, biases. A
    /// [penalty](super::Penalty) counts them only if it counts biases.
    ///
    /// # Errors
    /// [`Error::Setting`] if the name is empty or taken; [`Error::Parameter`] if a value is not finite.
    pub fn numbers(&mut self, name: &str, values: &[f64]) -> Result<Range<usize>, Error> {
        if let Some(k) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::Parameter { name: format!("{name}.{k}"), value: values[k] });
        }
        self.check_name(name)?;
        let range = self.append(name, Kind::Numbers(values.len()))?;
        self.values[range.clone()].copy_from_slice(values);
        Ok(range)
    }

    /// Appends the parameters of an MLP, drawn by these rules.
    pub(super) fn append_layers(
        &mut self,
        name: &str,
        layers: &[Layer],
        inits: &[Init],
    ) -> Result<usize, Error> {
        self.check_name(name)?;
        let mut random = self.random_of_next();
        let range = self.append(name, Kind::Layers(layers.to_vec()))?;
        let drawn = draw(layers, inits, &mut random, &mut self.values[range.clone()]);
        drawn.inspect_err(|_| self.remove_last(range.start))?;
        Ok(range.start)
    }

    /// Appends a group of zeros.
    fn append(&mut self, name: &str, kind: Kind) -> Result<Range<usize>, Error> {
        let group = Group { name: name.to_owned(), kind };
        let (start, count) = (self.values.len(), group.len());
        reserve(&mut self.values, count)?;
        reserve(&mut self.is_frozen, count)?;
        self.values.resize(start + count, 0.0);
        self.is_frozen.resize(start + count, false);
        self.groups.push(group);
        Ok(start..start + count)
    }

    fn remove_last(&mut self, start: usize) {
        self.groups.pop();
        self.values.truncate(start);
        self.is_frozen.truncate(start);
    }

    /// The generator for what is appended next: no group depends on how many numbers the one before has drawn.
    fn random_of_next(&self) -> Random {
        Random::nth(self.seed, self.groups.len() as u64)
    }

    /// An error if a name cannot be that of a new group: no name may be the beginning of another one.
    fn check_name(&self, name: &str) -> Result<(), Error> {
        let is_valid = !name.is_empty() && name.split('.').all(|part| !part.is_empty());
        let other = self.groups.iter().find(|group| begins(name, &group.name) || begins(&group.name, name));
        let problem = match other {
            _ if !is_valid => "a name has at least one letter, and so has each part between dots".to_owned(),
            Some(other) => {
                format!("there is `{}` already, and no name may be the beginning of another", other.name)
            }
            None => return Ok(()),
        };
        Err(Error::Setting(format!("parameters cannot be named `{name}`: {problem}")))
    }

    /// All parameters, mutable. Numbers that are not finite are possible here; [`set_all`](Self::set_all), training and saving
    /// refuse them.
    #[must_use]
    pub fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// Sets all parameters, in order.
    ///
    /// # Errors
    /// [`Error::Length`] if their number is wrong, [`Error::Parameter`] if one is not finite; then nothing is changed.
    pub fn set_all(&mut self, values: &[f64]) -> Result<(), Error> {
        expect_length("parameters", self.values.len(), values.len())?;
        if let Some(k) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::Parameter { name: self.name_of(k), value: values[k] });
        }
        self.values.copy_from_slice(values);
        Ok(())
    }

    /// The names of all parameters, in order.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.groups.iter().flat_map(Group::names)
    }

    /// The name of the parameter with this index, for messages.
    pub(super) fn name_of(&self, place: usize) -> String {
        self.names().nth(place).unwrap_or_default()
    }

    /// All parameters by name, in order.
    #[must_use]
    pub fn named(&self) -> IndexMap<String, f64> {
        self.names().zip(self.values.iter().copied()).collect()
    }

    /// The index of a parameter in the list.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`].
    pub fn index_of(&self, name: &str) -> Result<usize, Error> {
        let mut start = 0;
        for group in &self.groups {
            if let Some(k) = group.find(name) {
                return Ok(start + k);
            }
            start += group.len();
        }
        Err(Error::UnknownParameter { name: name.to_owned() })
    }

    /// The parameter with this name.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`].
    pub fn get(&self, name: &str) -> Result<f64, Error> {
        Ok(self.values[self.index_of(name)?])
    }

    /// Sets the parameter with this name.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`]; [`Error::Parameter`] if the value is not finite.
    pub fn set(&mut self, name: &str, value: f64) -> Result<(), Error> {
        let index = self.index_of(name)?;
        if !value.is_finite() {
            return Err(Error::Parameter { name: name.to_owned(), value });
        }
        self.values[index] = value;
        Ok(())
    }

    /// The indices of every parameter whose name starts with `prefix`, which consists of whole parts of the name:
    /// `layers.1`, or `layers.0.neurons.3.bias`.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`] if there is none.
    pub fn with_prefix(&self, prefix: &str) -> Result<Vec<usize>, Error> {
        let named = self.names().enumerate().filter(|(_, name)| begins(name, prefix));
        let indices: Vec<usize> = named.map(|(k, _)| k).collect();
        match indices.is_empty() {
            false => Ok(indices),
            true => Err(Error::UnknownParameter { name: prefix.to_owned() }),
        }
    }

    /// Freezes every parameter whose name starts with `prefix`, as for [`with_prefix`](Self::with_prefix). Training does not
    /// change frozen parameters. Returns how many parameters have this prefix.
    ///
    /// # Errors
    /// [`Error::UnknownParameter`] if no parameter has this prefix.
    pub fn freeze(&mut self, prefix: &str) -> Result<usize, Error> {
        self.set_frozen(prefix, true)
    }

    /// Lets training change these parameters again.
    ///
    /// # Errors
    /// As [`freeze`](Self::freeze).
    pub fn unfreeze(&mut self, prefix: &str) -> Result<usize, Error> {
        self.set_frozen(prefix, false)
    }

    fn set_frozen(&mut self, prefix: &str, frozen: bool) -> Result<usize, Error> {
        let indices = self.with_prefix(prefix)?;
        indices.iter().for_each(|&k| self.is_frozen[k] = frozen);
        Ok(indices.len())
    }

    /// For each parameter, whether it is frozen.
    #[must_use]
    pub fn frozen(&self) -> &[bool] {
        &self.is_frozen
    }

    /// The same, to be set all at once: there is one for each parameter.
    #[cfg(feature = "serde")]
    pub(super) fn frozen_mut(&mut self) -> &mut [bool] {
        &mut self.is_frozen
    }

    /// For each parameter, whether it is a bias, or one of the [`numbers`](Self::numbers): a penalty does not count them, unless
    /// it says so.
    #[must_use]
    pub fn biases(&self) -> Vec<bool> {
        self.groups.iter().flat_map(Group::biases).collect()
    }

    /// The groups in a few words, such as `first 2-8 Tanh, gate 6 weights`.
    pub(super) fn description(&self) -> String {
        self.groups.iter().map(Group::description).collect::<Vec<_>>().join(", ")
    }
}

impl Deref for Parameters {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.values
    }
}

/// Makes room for this many more, or an error if there is no memory for them.
fn reserve<T>(list: &mut Vec<T>, count: usize) -> Result<(), Error> {
    // 8 TB are a mistake. Some systems grant them, and kill the process when they are used.
    const MOST: u64 = 1 << 40;
    if count as u64 > MOST || list.try_reserve_exact(count).is_err() {
        let problem = format!("there is no memory for {count} parameters; make the layers smaller");
        return Err(Error::Shape(problem));
    }
    Ok(())
}
