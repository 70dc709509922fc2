//! Atomic replacement of files, also with concurrent writers.

use super::error::Error;
use crate::platform;
use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Temporary files are named `.tapegrad-XXXXXX.part`, with six random letters or digits. They do not contain the
/// name of the final file, which may already have the maximum length.
const PREFIX: &str = ".tapegrad-";
const SUFFIX: &str = ".part";
const DRAWN: usize = 6;

/// A save takes seconds; a temporary file that was not modified for this time was left by a process that died.
const DEAD_AFTER: Duration = Duration::from_secs(3600);

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })
}

/// Replaces a file atomically: whatever happens, the complete old file or the complete new one exists. The new one
/// is first a temporary file in the same folder, used by this save only, and is flushed to the disk before it is
/// renamed. The renaming is not flushed: after a power failure the old file may be back.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace(path, bytes).map_err(|source| Error::Io { path: path.to_owned(), source })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = behind_links(path)?;
    let old = match fs::metadata(&path) {
        Ok(old) if old.is_file() => Some(old),
        Ok(_) => return Err(io::Error::other("this is not a file, and cannot be replaced by one")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Err(io::Error::other("the path names no file")),
    };
    remove_what_the_dead_left(folder);
    // The file is always created, so an existing link is not followed. It is removed when it is dropped.
    let mut temporary = temporary_file(folder, old.as_ref())?;
    temporary.write_all(bytes)?;
    if let Some(kept) = old.map(|old| old.permissions()) {
        let file = temporary.as_file();
        if file.metadata()?.permissions() != kept {
            file.set_permissions(kept)?;
        }
    }
    temporary.as_file().sync_all()?;
    temporary.persist(&path).map_err(|error| error.error)?;
    Ok(())
}

/// Resolves symbolic links. The target may not exist yet.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // Linux follows as many.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // Not a link, or it does not exist.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("the links go in circles"))
}

/// Creates a temporary file with at most the permissions of the old file.
fn temporary_file(folder: &Path, old: Option<&Metadata>) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(DRAWN);
    platform::set_permissions(&mut builder, old);
    builder.tempfile_in(folder)
}

/// Removes old temporary files from a folder. Errors are ignored, since they do not prevent the save.
fn remove_what_the_dead_left(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let is_temporary = |name: &str| {
        let drawn = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
        drawn.is_some_and(|drawn| {
            drawn.len() == DRAWN && drawn.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
    };
    for entry in entries.flatten() {
        if !entry.file_name().to_str().is_some_and(is_temporary) {
            continue;
        }
        // The metadata of the entry itself, not of the target of a link.
        let Ok(found) = entry.metadata() else { continue };
        let is_old = |found: &Metadata| {
            found.modified().ok().and_then(|time| time.elapsed().ok()).is_some_and(|age| age >= DEAD_AFTER)
        };
        if found.is_file() && is_old(&found) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
