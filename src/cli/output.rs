//! Results out: to standard output, or to a file that is replaced whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Names of standard output.
const STANDARD_OUTPUT: &[&str] = &["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Links that lead to links are followed so often, as the system does.
const MAX_LINKS: usize = 40;

/// The file that a path given for output names; none where that is standard output.
pub(super) fn file(path: &Path) -> Option<&Path> {
    let is_standard = STANDARD_OUTPUT.iter().any(|name| path == Path::new(name));
    (!is_standard).then_some(path)
}

/// Writes a result to a file or to standard output. A reader that closed the pipe is no error.
pub(super) fn write(output: Option<&Path>, text: &str) -> Result<(), String> {
    match output {
        Some(path) => {
            to_file(path, text).map_err(|error| format!("error: {}: {error}", path.display()))
        }
        None => {
            // Only what steers a terminal is looked at: on the way to a pipe it is left out.
            let mut stdout: Box<dyn Write> = match steers(text) {
                true => Box::new(anstream::stdout().lock()),
                false => Box::new(io::stdout().lock()),
            };
            let written = stdout.write_all(text.as_bytes());
            match written.and_then(|()| stdout.flush()) {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                    Err(format!("error: standard output: {error}"))
                }
                _ => Ok(()),
            }
        }
    }
}

/// Whether there are control characters in a text, other than ends of lines: piece by piece, which machines do at once.
fn steers(text: &str) -> bool {
    let steers = |byte: &u8| *byte == 0x7f || *byte < b' ' && *byte != b'\n';
    let mut pieces = text.as_bytes().chunks(64);
    pieces.any(|piece| piece.iter().fold(false, |any, byte| any | steers(byte)))
}

/// Replaces a regular file, or creates one; what is no regular file, a device or a pipe, is written to.
fn to_file(path: &Path, text: &str) -> io::Result<()> {
    let target = behind_links(path)?;
    match fs::metadata(&target) {
        Ok(_) if is_descriptor(&target) => write_through(&target, text),
        Ok(old) if old.is_dir() => Err(io::Error::new(
            ErrorKind::IsADirectory,
            "is a directory, not a file",
        )),
        Ok(old) if old.is_file() => {
            // Whoever may not write to a file may not replace it either.
            OpenOptions::new().write(true).open(&target)?;
            replace(&target, text, Some(old.permissions()))
        }
        Ok(_) => write_through(&target, text),
        Err(error) if error.kind() == ErrorKind::NotFound => replace(&target, text, None),
        Err(error) => Err(error),
    }
}

/// The file that a path leads to, through symbolic links, whether it exists or not: links stay links.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(target) if !is_descriptor(&path) => path = folder(&path).join(target),
            _ => return Ok(path),
        }
    }
    let message = format!("more than {MAX_LINKS} symbolic links lead to each other, the limit");
    Err(io::Error::new(ErrorKind::InvalidInput, message))
}

/// Whether a path stands for what a process has open, such as `/dev/stderr`: whatever that is, it is not to be replaced.
fn is_descriptor(path: &Path) -> bool {
    let folder = folder(path).canonicalize();
    folder.is_ok_and(|folder| folder.starts_with("/proc"))
}

/// The folder that a file is in.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Writes to a device or a pipe, or to the end of a file that a process has open. A reader that closed the pipe is no error.
fn write_through(target: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(target)?;
    match file.write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Replaces a file at once, on the disk too: readers see the old text or the new, whenever this is interrupted. The new
/// file has the permissions of the old one.
fn replace(target: &Path, text: &str, permissions: Option<fs::Permissions>) -> io::Result<()> {
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "not a file name"))?;
    let folder = folder(target);
    let mut start = std::ffi::OsString::from(".");
    // The name of a draft is no longer than the system takes, however long that of the file is.
    start.push(if name.len() < 200 {
        name
    } else {
        "draft".as_ref()
    });
    start.push(".");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&start).suffix(".tmp");
    #[cfg(unix)]
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    #[cfg(unix)]
    builder.permissions(readable);
    // The draft is removed wherever this returns before it is renamed.
    let mut draft = builder.tempfile_in(folder).map_err(|error| {
        let (folder, why) = (folder.display(), error.kind());
        let help = "a result is written beside the file and takes its place when it is whole";
        let message = format!("no file can be made in {folder}: {why}\n  help: {help}");
        io::Error::new(why, message)
    })?;
    draft.write_all(text.as_bytes())?;
    if let Some(permissions) = permissions {
        draft.as_file().set_permissions(permissions)?;
    }
    draft.as_file().sync_all()?;
    draft.persist(target).map_err(|error| error.error)?;
    sync(folder)
}

/// Has the disk keep a new name in a folder, where the system does that.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        match File::open(folder).and_then(|folder| folder.sync_all()) {
            // A folder that may be written to and not be read, or a file system that keeps names itself.
            Err(error)
                if !matches!(
                    error.kind(),
                    ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::Unsupported
                ) =>
            {
                return Err(error);
            }
            _ => {}
        }
    }
    Ok(())
}
