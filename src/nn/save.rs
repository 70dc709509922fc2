//! Files: written whole or not at all, whoever else writes.

use super::error::Error;
use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Temporary files are `.tapegrad-XXXXXX.part`, with six letters or digits drawn for each save. The name of the file
/// that they are to become is not in it, for a name may be as long as names can be.
const PREFIX: &str = ".tapegrad-";
const SUFFIX: &str = ".part";
const DRAWN: usize = 6;

/// A save takes seconds; a temporary file that nobody has written to for so long was left by a process that died.
const DEAD_AFTER: Duration = Duration::from_secs(3600);

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })
}

/// Replaces a file atomically: whatever happens, there is the old file or the new one, whole. The new one is a
/// temporary file in the same folder, of this save alone, and is flushed to the disk before it takes the name. The
/// change of names is not flushed: after a power failure the old file may be back.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace(path, bytes).map_err(|source| Error::Io { path: path.to_owned(), source })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = behind_links(path)?;
    let old = match fs::metadata(&path) {
        Ok(old) if old.is_file() => Some(old),
        Ok(_) => return Err(io::Error::other("this is no file, and cannot be replaced by one")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let folder = match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Err(io::Error::other("the path names no file")),
    };
    remove_what_the_dead_left(folder);
    // Created anew, never opened: no link that is already there is followed. Dropped, it is removed.
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

/// What a path stands for: the file at the end of its links, which may not be there yet.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    // As many as Linux follows.
    for _ in 0..40 {
        match fs::read_link(&path) {
            Ok(target) => path = path.parent().unwrap_or(Path::new("")).join(target),
            // No link, or nothing at all.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("the links go in circles"))
}

/// A file that nobody has who could not read the old one; a new one is for whom the umask lets.
fn temporary_file(folder: &Path, old: Option<&Metadata>) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(DRAWN);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = old.map_or(0o666, |old| old.permissions().mode() & 0o666);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = old;
    builder.tempfile_in(folder)
}

/// Removes old temporary files from a folder. That some cannot be removed is no reason not to save.
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
        // Of the entry itself, not of what a link points to.
        let Ok(found) = entry.metadata() else { continue };
        let is_old = |found: &Metadata| {
            found.modified().ok().and_then(|time| time.elapsed().ok()).is_some_and(|age| age >= DEAD_AFTER)
        };
        if found.is_file() && is_old(&found) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
