//! The command line: arguments in, text out, exit codes.
//!
//! The only place that prints, reads files and names `clap`.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

mod args;
mod check;
mod diagnostics;
mod files;
mod run;
mod verify;

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

/// Runs the program.
pub fn main() -> ExitCode {
    let arguments = args::Arguments::parse();
    let (message, code) = match run::run(&arguments) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Failed(message)) => (message, 1),
        Err(Failure::Usage(message)) => (message, 2),
    };
    note(&message);
    ExitCode::from(code)
}

/// Says something beside the result.
fn note(message: &str) {
    // There is nowhere left to say that standard error is closed.
    let _ = writeln!(anstream::stderr(), "{}", message.trim_end());
}
