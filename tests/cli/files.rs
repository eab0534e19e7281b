//! Files in and out: what is no model, what has no end, and results that are whole or not there.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{WALKTHROUGH, refuses, run};

const PROGRAM: &str = env!("CARGO_BIN_EXE_dotledger");

/// A folder of its own for a test, removed when it is over.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().expect("a folder for temporary files"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("written");
        path
    }

    /// The names in it, sorted.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).expect("a folder");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }
}

fn text_of(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).expect("a text")
}

/// What a report is, byte by byte.
fn report() -> String {
    run(&["report", WALKTHROUGH, "--format", "json"]).stdout
}

fn report_to(path: &str) -> [&str; 6] {
    ["report", WALKTHROUGH, "--format", "json", "-o", path]
}

#[test]
fn output_replaces_a_file_whole() {
    let folder = Folder::new();
    let old = folder.file("out.json", b"old");
    for path in [
        &old,
        &folder.path("new.json"),
        &folder.path(&"n".repeat(255)),
    ] {
        let outcome = run(&report_to(path));
        assert_eq!(
            (outcome.code, outcome.stdout.as_str()),
            (Some(0), ""),
            "{}",
            outcome.stderr
        );
        assert_eq!(text_of(path), report());
    }
    assert_eq!(folder.names().len(), 3, "{:?}", folder.names());
    for name in ["-", "/dev/stdout"] {
        assert_eq!(run(&report_to(name)).stdout, report(), "{name}");
    }
    refuses(
        &report_to("no/such/folder/out.txt"),
        b"",
        1,
        &[
            "error: no/such/folder/out.txt: no file can be made in no/such/folder: entity not found",
            "help: a result is written beside the file",
        ],
    );
    refuses(&report_to(&folder.path("")), b"", 1, &["is a directory"]);
    refuses(&report_to(".."), b"", 1, &["is a directory"]);
}

#[cfg(unix)]
#[test]
fn links_stay_links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new();
    let real = folder.file("real.json", b"old");
    std::fs::set_permissions(&real, PermissionsExt::from_mode(0o640)).expect("set");
    let [link, second, dangling, own] =
        ["link", "second", "dangling", "own"].map(|name| folder.path(name));
    symlink("real.json", &link).expect("a link");
    symlink(&link, &second).expect("a link");
    symlink("made.json", &dangling).expect("a link");
    symlink("own", &own).expect("a link");
    for (path, target) in [(&second, &real), (&dangling, &folder.path("made.json"))] {
        let outcome = run(&report_to(path));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(Path::new(path).is_symlink());
        assert_eq!(text_of(target), report());
    }
    let mode = std::fs::metadata(&real)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o640);
    refuses(
        &report_to(&own),
        b"",
        1,
        &["more than 40 symbolic links", "the limit"],
    );
    refuses(&["check", &own], b"", 1, &["symbolic links"]);
}

#[cfg(target_os = "linux")]
#[test]
fn devices_pipes_and_open_files_are_written_to() {
    let folder = Folder::new();
    assert_eq!(run(&report_to("/dev/null")).code, Some(0));
    refuses(
        &report_to("/dev/full"),
        b"",
        1,
        &["/dev/full: No space left on device"],
    );
    assert_eq!(run(&report_to("/dev/stderr")).stderr, report());
    let log = folder.file("log", b"before\n");
    let open = std::fs::OpenOptions::new()
        .append(true)
        .open(&log)
        .expect("opened");
    for name in ["/dev/stderr", "/dev/fd/2"] {
        let status = Command::new(PROGRAM)
            .args(report_to(name))
            .stderr(open.try_clone().expect("open"))
            .status();
        assert_eq!(status.expect("it ends").code(), Some(0));
    }
    assert_eq!(text_of(&log), format!("before\n{0}{0}", report()));

    let pipe = folder.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().expect("a pipe");
    assert!(made.success());
    let mut writer = Command::new(PROGRAM)
        .args(report_to(&pipe))
        .spawn()
        .expect("it starts");
    let mut read = String::new();
    std::fs::File::open(&pipe)
        .and_then(|mut pipe| pipe.read_to_string(&mut read))
        .expect("read");
    assert_eq!(read, report());
    assert_eq!(writer.wait().expect("it ends").code(), Some(0));
    assert_eq!(folder.names(), ["log", "pipe"]);
}

/// What a shell says of a call of the program, whose name is in `$0`.
#[cfg(target_os = "linux")]
fn shell(script: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new("sh")
        .args(["-c", script, PROGRAM])
        .args(arguments)
        .output();
    let output = output.expect("a shell");
    (
        output.status.code(),
        String::from_utf8(output.stderr).expect("text"),
    )
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_leaves_the_old_file_and_no_draft() {
    let folder = Folder::new();
    let old = folder.file("out.json", b"old");
    // The limit of the size of files is zero; where its signal is ignored, writing is an error.
    let (code, said) = shell(
        "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"",
        &report_to(&old),
    );
    assert_eq!(code, Some(1));
    assert!(said.contains("File too large"), "{said}");
    assert_eq!(text_of(&old), "old");
    assert_eq!(folder.names(), ["out.json"]);
    // Where it is not, the program is killed in the middle of writing.
    let (code, _) = shell(
        "ulimit -c 0; ulimit -f 0; exec \"$0\" \"$@\"",
        &report_to(&old),
    );
    assert_ne!(code, Some(0));
    assert_eq!(text_of(&old), "old");
}

#[cfg(unix)]
#[test]
fn a_program_that_is_killed_leaves_the_old_file_or_the_new() {
    let folder = Folder::new();
    let old = folder.file("out.json", b"old");
    let new = report();
    for delay in 0..60 {
        let mut child = Command::new(PROGRAM)
            .args(report_to(&old))
            .spawn()
            .expect("it starts");
        std::thread::sleep(std::time::Duration::from_micros(250 * delay));
        child.kill().expect("killed, or over already");
        child.wait().expect("it ends");
        let text = text_of(&old);
        assert!(text == "old" || text == new, "{} bytes", text.len());
        std::fs::write(&old, "old").expect("written");
    }
}

#[test]
fn readers_that_close_their_pipe_are_no_error() {
    // More than a pipe holds, so that writing goes on when the reader is gone.
    let long = format!(
        "Model(name: \"m\", symbols: (d: width), inputs: (x: \"d\"), nodes: ({}), output: y0)",
        (0..2000)
            .map(|at| format!("y{at}: Linear(x, \"d -> d\")"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    let folder = Folder::new();
    let file = folder.file("long.ron", long.as_bytes());
    let mut child = Command::new(PROGRAM)
        .args(["report", &file])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let mut reader = BufReader::with_capacity(16, child.stdout.take().expect("a pipe"));
    reader.read_line(&mut line).expect("a line");
    drop(reader);
    assert_eq!(line, "m\n");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[cfg(target_os = "linux")]
#[test]
fn full_devices_and_closed_descriptors_are_told_as_far_as_they_can_be() {
    for call in [
        &["report", WALKTHROUGH][..],
        &["check", WALKTHROUGH],
        &["ops"],
        &["--help"],
        &["--version"],
    ] {
        let (code, said) = shell("exec \"$0\" \"$@\" > /dev/full", call);
        assert_eq!(code, Some(1), "{call:?}");
        assert_eq!(
            said, "error: standard output: No space left on device (os error 28)\n",
            "{call:?}"
        );
        let closed = shell("exec \"$0\" \"$@\" >&- 2>&-", call);
        assert_eq!(closed, (Some(0), String::new()), "{call:?}");
    }
    let wrong = shell("exec \"$0\" \"$@\" >&- 2>&-", &["check", "no.ron"]);
    assert_eq!(wrong, (Some(1), String::new()));
    let full = shell("exec \"$0\" \"$@\" 2> /dev/full", &["check", "no.ron"]);
    assert_eq!(full, (Some(1), String::new()));
    assert_eq!(run(&["--help"]).code, Some(0));
    assert!(run(&["--version"]).stdout.starts_with("dotledger "));
}

#[cfg(target_os = "linux")]
#[test]
fn what_has_no_end_is_read_up_to_the_limit() {
    refuses(
        &["check", "/dev/zero"],
        b"",
        1,
        &["/dev/zero is larger than 16 MiB, the limit"],
    );
    let endless = shell("yes | \"$0\" \"$@\"", &["check", "-"]);
    assert_eq!(endless.0, Some(1));
    assert!(
        endless
            .1
            .contains("<stdin> is larger than 16 MiB, the limit"),
        "{}",
        endless.1
    );
    let folder = Folder::new();
    let link = folder.path("zero.ron");
    std::os::unix::fs::symlink("/dev/zero", &link).expect("a link");
    refuses(
        &["report", WALKTHROUGH, "--profile", &link],
        b"",
        1,
        &["larger than 16 MiB"],
    );
}

#[test]
fn files_that_are_no_models_are_refused() {
    let folder = Folder::new();
    let file = |name: &str, bytes: &[u8]| folder.file(name, bytes);
    refuses(&["check", &folder.path("")], b"", 1, &["is a directory"]);
    refuses(
        &["check", "no/such/file.ron"],
        b"",
        1,
        &["no/such/file.ron", "No such file"],
    );
    refuses(
        &["check", &file("empty.ron", b" \n")],
        b"",
        1,
        &["empty.ron is empty; it is to hold one `Model(..)`"],
    );
    refuses(
        &["check", &file("latin.ron", b"Model(\n  name: \"caf\xe9\"")],
        b"",
        1,
        &["latin.ron:2", "not UTF-8"],
    );
    refuses(
        &[
            "check",
            &file("broken.ron", b"Model(\n  name: \"m\"\n  symbols"),
        ],
        b"",
        1,
        &["broken.ron:3:3"],
    );
    let marked = file("marked.ron", b"\xef\xbb\xbfModel(name: \"m\", symbols: (d: width), inputs: (x: \"d\"), nodes: (y: x), output: y)");
    assert_eq!(
        run(&["check", &marked]).code,
        Some(0),
        "a mark of the byte order is no error"
    );
    refuses(
        &["check", &file("map.ron", b"Model(name: {})")],
        b"",
        1,
        &["map.ron:1:13", "round brackets"],
    );
    let empty = file("empty.ron", b" \n");
    let profile = ["report", WALKTHROUGH, "--profile", &empty];
    refuses(&profile, b"", 1, &["is to hold one `Profile(..)`"]);
    refuses(
        &["check", &file("other.ron", b"Config(a: 1)")],
        b"",
        1,
        &["holds one `Model(..)`"],
    );
    refuses(
        &["check", &file("deep.ron", "[".repeat(10_000).as_bytes())],
        b"",
        1,
        &["values are nested more than 100 deep, the limit"],
    );
}
