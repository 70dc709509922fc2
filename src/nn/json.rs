//! Values as JSON files, validated when they are read: `{"format": …, "version": …, "checksum": …, "content": …}`.

use super::error::Error;
use super::foreign::in_place_of_json;
use super::save;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use std::path::Path;

/// A format of files: its name, and the version that is written and read.
#[derive(Clone, Copy)]
pub(super) struct FileFormat {
    pub name: &'static str,
    pub version: u64,
}

/// The first entries of every file.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole<T> {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u64,
    checksum: String,
    content: T,
}

/// Writes a value. An error if it could not be read back; an existing file is unchanged then.
pub(super) fn write<T>(path: &Path, format: FileFormat, content: &T) -> Result<(), Error>
where
    T: Serialize + DeserializeOwned,
{
    let refuse = |problem: String| Error::Format { path: path.to_owned(), problem };
    let text = to_text(content).map_err(refuse)?;
    let checksum = checksum_of(&text);
    let (name, version) = (to_text(&format.name).map_err(refuse)?, format.version);
    let whole =
        format!("{{\"format\":{name},\"version\":{version},\"checksum\":\"{checksum}\",\"content\":{text}}}");
    check_content::<T>(whole.as_bytes())
        .map_err(|problem| refuse(format!("it could not be read back, and was not written: {problem}")))?;
    save::write(path, whole.as_bytes())
}

/// Reads what [`write`] wrote.
pub(super) fn read<T: Serialize + DeserializeOwned>(path: &Path, format: FileFormat) -> Result<T, Error> {
    let bytes = save::read(path)?;
    let refuse = |problem: String| Error::Format { path: path.to_owned(), problem };
    let head: Head = serde_json::from_slice(&bytes).map_err(|error| {
        in_place_of_json(path, &bytes)
            .unwrap_or_else(|| refuse(format!("this is not a complete `{}` file: {error}", format.name)))
    })?;
    check_head(path, format, &head.format, head.version)?;
    check_content(&bytes).map_err(refuse)
}

fn check_content<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let whole: Whole<T> = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    check(&whole.content, &whole.checksum)?;
    Ok(whole.content)
}

/// An error if the file has another format or version.
pub(super) fn check_head(path: &Path, format: FileFormat, found: &str, version: u64) -> Result<(), Error> {
    let FileFormat { name, version: known } = format;
    if found != name {
        let problem = format!("this is a `{found}` file, not a `{name}`");
        return Err(Error::Format { path: path.to_owned(), problem });
    }
    if version != known {
        return Err(Error::Version { path: path.to_owned(), format: name, found: version, known });
    }
    Ok(())
}

/// An error if the value is not the one that was saved. The checksum is computed from the value and not from the
/// text of the file, so the file may be reformatted.
pub(super) fn check(content: &impl Serialize, checksum: &str) -> Result<(), String> {
    let found = self::checksum(content)?;
    if found == checksum {
        return Ok(());
    }
    Err(format!(
        "its checksum is `{checksum}`, and that of its content `{found}`: it was damaged or edited after it was saved"
    ))
}

/// CRC-32 (IEEE 802.3, as in zlib) of the compact JSON of a value.
pub(super) fn checksum(content: &impl Serialize) -> Result<String, String> {
    Ok(checksum_of(&to_text(content)?))
}

fn checksum_of(text: &str) -> String {
    format!("{:08x}", crc32fast::hash(text.as_bytes()))
}

fn to_text(content: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(content).map_err(|error| error.to_string())
}

/// An optional value whose entry is required: `null` means `None`, and a missing entry is an error.
pub(super) fn required<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer)
}
