//! Files in: models and profiles are read with errors that name the file, never more of one than a limit.

use std::io::{ErrorKind, Read};
use std::path::Path;

use super::Failure;

/// A model file larger than this is refused.
pub(super) const MAX_FILE_BYTES: u64 = 16 << 20;

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
