//! The command line: arguments in, text out, exit codes.
//!
//! The only place that prints, reads files and names `clap`.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::string_slice))]

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

mod args;
mod check;
mod diagnostics;
mod files;
mod output;
mod run;
mod source;
mod verify;
mod zoo;

pub use files::Open;

/// How a call ended badly.
enum Failure {
    /// The model or the check failed: exit 1.
    Failed(String),
    /// The call is wrong: exit 2.
    Usage(String),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure::Failed(message)
    }
}

/// Most bytes of one argument.
const MAX_ARGUMENT: usize = 16 << 10;

/// What a call that went well says.
struct Said {
    /// The result.
    text: String,
    /// What is said beside it.
    notes: Vec<String>,
    /// The file that the result is for; standard output, if there is none.
    output: Option<PathBuf>,
    /// Whether the result is that something fails, which the notes tell.
    fails: bool,
}

impl From<String> for Said {
    fn from(text: String) -> Self {
        Said {
            text,
            notes: Vec::new(),
            output: None,
            fails: false,
        }
    }
}

/// What a call comes to, of which nothing is written yet.
#[derive(Clone, Debug)]
pub struct Answer {
    /// 0 fine, 1 the model or the check failed, 2 the call is wrong.
    pub code: u8,
    /// The result.
    pub text: String,
    /// What is said beside it, each on lines of its own.
    pub notes: Vec<String>,
    /// The file that the result is for; standard output, if there is none.
    pub output: Option<PathBuf>,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let answer = answer(std::env::args_os(), &files::open);
    answer.notes.iter().for_each(|text| note(text));
    if answer.code != 0 && answer.text.is_empty() {
        return ExitCode::from(answer.code);
    }
    match output::write(answer.output.as_deref(), &answer.text) {
        Ok(()) => ExitCode::from(answer.code),
        Err(message) => {
            note(&message);
            ExitCode::FAILURE
        }
    }
}

/// Answers a call, the name of the program first, over the files that `open` opens. It neither prints nor writes files.
pub fn answer<A>(arguments: impl IntoIterator<Item = A>, open: Open<'_>) -> Answer
where
    A: Into<OsString> + Clone,
{
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    if arguments
        .iter()
        .any(|argument| argument.len() > MAX_ARGUMENT)
    {
        let message =
            format!("error[limit]: an argument has more than {MAX_ARGUMENT} bytes, the limit");
        return Answer::failed(2, message);
    }
    let arguments = match args::Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            let text = error.render().ansi().to_string();
            return match error.use_stderr() {
                true => Answer::failed(code, text),
                false => Answer::fine(Said::from(text)),
            };
        }
    };
    match run::run(&arguments, open) {
        Ok(said) => Answer::fine(said),
        Err(Failure::Failed(message)) => Answer::failed(1, message),
        Err(Failure::Usage(message)) => Answer::failed(2, message),
    }
}

impl Answer {
    fn fine(said: Said) -> Answer {
        Answer {
            code: u8::from(said.fails),
            text: said.text,
            notes: said.notes,
            output: said.output,
        }
    }

    fn failed(code: u8, message: String) -> Answer {
        Answer {
            code,
            text: String::new(),
            notes: vec![message],
            output: None,
        }
    }
}

/// Says something beside the result.
fn note(message: &str) {
    // There is nowhere left to say that standard error is closed.
    let _ = writeln!(anstream::stderr(), "{}", message.trim_end());
}
