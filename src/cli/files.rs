//! Files in and out: reading models with errors that name the file, writing results whole or not at all.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use super::Failure;

/// A model file larger than this is refused.
pub(super) const MAX_FILE_BYTES: u64 = 64 << 20;

/// Opens what a path names: a file, or text in memory.
pub type Open<'f> = &'f dyn Fn(&Path) -> std::io::Result<Box<dyn Read>>;

/// Opens a file, or standard input, which `-` names.
pub(super) fn open(path: &Path) -> std::io::Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin()));
    }
    if path.is_dir() {
        let message = "is a directory, not a file";
        return Err(std::io::Error::new(ErrorKind::IsADirectory, message));
    }
    Ok(Box::new(std::fs::File::open(path)?))
}

/// The name that a path is shown under, and its text, which holds one `head(..)`.
pub(super) fn read(path: &Path, head: &str, open: Open<'_>) -> Result<(String, String), Failure> {
    let name = if path == Path::new("-") {
        String::from("<stdin>")
    } else {
        path.display().to_string()
    };
    let mut file =
        open(path).map_err(|error| Failure::Failed(format!("error: {name}: {error}")))?;
    let mut bytes = Vec::new();
    let limit = MAX_FILE_BYTES + 1;
    file.by_ref()
        .take(limit)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::Failed(format!("error: {name}: {error}")))?;
    if bytes.len() as u64 >= limit {
        let limit = MAX_FILE_BYTES >> 20;
        let message = format!("error: {name} is larger than {limit} MiB, the limit");
        return Err(Failure::Failed(message));
    }
    match String::from_utf8(bytes) {
        Ok(text) if text.trim().is_empty() => Err(Failure::Failed(format!(
            "error: {name} is empty; it is to hold one `{head}(..)`"
        ))),
        Ok(text) => {
            // A mark of the byte order, which some editors put first, is no part of the text.
            let text = text
                .strip_prefix('\u{feff}')
                .map(str::to_owned)
                .unwrap_or(text);
            Ok((name, text))
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error
                .as_bytes()
                .iter()
                .take(at)
                .filter(|byte| **byte == b'\n')
                .count()
                + 1;
            Err(Failure::Failed(format!(
                "error: {name}:{line}: not UTF-8 from byte {at} on"
            )))
        }
    }
}

/// Writes a result to a file or to standard output. A reader that closed the pipe is no error.
pub(super) fn write(output: Option<&Path>, text: &str) -> Result<(), String> {
    match output {
        Some(path) => {
            replace(path, text).map_err(|error| format!("error: {}: {error}", path.display()))
        }
        None => {
            let mut stdout = anstream::stdout().lock();
            match stdout
                .write_all(text.as_bytes())
                .and_then(|()| stdout.flush())
            {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                    Err(format!("error: standard output: {error}"))
                }
                _ => Ok(()),
            }
        }
    }
}

/// Replaces a file at once: readers see the old text or the new.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let name = path
        .file_name()
        .ok_or_else(|| std::io::Error::new(ErrorKind::InvalidInput, "not a file name"))?;
    let mut draft = name.to_owned();
    draft.push(format!(".{}.tmp", std::process::id()));
    let draft = path.with_file_name(draft);
    let written = std::fs::File::create(&draft)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())
                .and_then(|()| file.sync_all())
        })
        .and_then(|()| std::fs::rename(&draft, path));
    if written.is_err() {
        // The draft may not exist; the error that matters is the first one.
        let _ = std::fs::remove_file(&draft);
    }
    written
}
