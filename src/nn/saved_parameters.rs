//! Parameters of a network of one's own as a file.

use super::error::Error;
use super::json::{self, FileFormat};
use super::parameters::Parameters;
use std::path::Path;

/// The contents of a file.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    /// Each with its name, in order.
    parameters: Vec<(String, f64)>,
    /// The indices of the frozen ones.
    frozen: Vec<usize>,
}

/// Writes parameters; an error if one is not finite.
pub(super) fn write(path: &Path, format: FileFormat, parameters: &Parameters) -> Result<(), Error> {
    if let Some(k) = parameters.iter().position(|parameter| !parameter.is_finite()) {
        let problem = format!("`{}` is {}, and was not saved", parameters.name_of(k), parameters[k]);
        return Err(Error::Format { path: path.to_owned(), problem });
    }
    let frozen = (0..parameters.len()).filter(|&k| parameters.frozen()[k]).collect();
    let saved = Saved { parameters: parameters.names().zip(parameters.iter().copied()).collect(), frozen };
    json::write(path, format, &saved)
}

/// Reads what [`write`] wrote for parameters with the same names, in the same order.
pub(super) fn read(path: &Path, format: FileFormat, parameters: &mut Parameters) -> Result<(), Error> {
    let refuse = |problem: String| Error::Format { path: path.to_owned(), problem };
    let saved: Saved = json::read(path, format)?;
    let (found, count) = (saved.parameters.len(), parameters.len());
    if found != count {
        return Err(refuse(format!(
            "the file has {found} parameters, and the network {count}: it is of another structure"
        )));
    }
    let differing =
        parameters.names().zip(&saved.parameters).enumerate().find(|(_, (name, (other, _)))| name != other);
    if let Some((k, (name, (other, _)))) = differing {
        return Err(refuse(format!(
            "parameter {k} is `{other}` in the file, and `{name}` in the network: it is of another structure"
        )));
    }
    if let Some(k) = saved.frozen.iter().find(|&&k| k >= count) {
        return Err(refuse(format!("there is no parameter {k} to freeze")));
    }
    let values: Vec<f64> = saved.parameters.iter().map(|(_, value)| *value).collect();
    parameters.set_all(&values).map_err(|error| refuse(error.to_string()))?;
    parameters.frozen_mut().fill(false);
    saved.frozen.iter().for_each(|&k| parameters.frozen_mut()[k] = true);
    Ok(())
}
