//! Files: written whole or not at all, read with distrust.

use super::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file atomically: whatever happens, there is the old file or the new one, whole. The new one is
/// written beside it and flushed to the disk before it takes the name.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let beside = || -> io::Result<()> {
        let name = path.file_name().ok_or(io::Error::other("the path names no file"))?;
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(".part");
        let temporary = path.with_file_name(temporary);
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
        written.and_then(|()| fs::rename(&temporary, path)).inspect_err(|_| {
            // The error to report is the first one.
            let _ = fs::remove_file(&temporary);
        })
    };
    beside().map_err(|source| Error::Io { path: path.to_owned(), source })
}

/// The newest version of every format that this build writes and reads.
#[cfg(feature = "serde")]
pub(super) const VERSION: u64 = 1;

/// The first entries of every file.
#[cfg(feature = "serde")]
#[derive(serde::Deserialize)]
struct Head {
    format: String,
    version: u64,
}

#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole<T> {
    format: String,
    version: u64,
    content: T,
}

/// Writes a value as JSON, with the format and its version.
#[cfg(feature = "serde")]
pub(super) fn write_json(path: &Path, format: &str, content: &impl serde::Serialize) -> Result<(), Error> {
    let whole = Whole { format: format.to_owned(), version: VERSION, content };
    let json = serde_json::to_vec(&whole)
        .map_err(|error| Error::Format { path: path.to_owned(), problem: error.to_string() })?;
    write(path, &json)
}

/// Reads what [`write_json`] wrote.
#[cfg(feature = "serde")]
pub(super) fn read_json<T: serde::de::DeserializeOwned>(path: &Path, format: &str) -> Result<T, Error> {
    let bytes = fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    let refuse = |problem: String| Error::Format { path: path.to_owned(), problem };
    let head: Head = serde_json::from_slice(&bytes)
        .map_err(|error| refuse(format!("this is no whole `{format}` file: {error}")))?;
    check_head(path, format, &head.format, head.version)?;
    let whole: Whole<T> = serde_json::from_slice(&bytes).map_err(|error| refuse(error.to_string()))?;
    Ok(whole.content)
}

#[cfg(feature = "serde")]
pub(super) fn check_head(path: &Path, format: &str, found: &str, version: u64) -> Result<(), Error> {
    if found != format {
        let problem = format!("this is a `{found}` file, not a `{format}`");
        return Err(Error::Format { path: path.to_owned(), problem });
    }
    if version == 0 || version > VERSION {
        return Err(Error::Version { path: path.to_owned(), found: version, known: VERSION });
    }
    Ok(())
}
