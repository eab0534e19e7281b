//! The program `dotledger`; everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    dotledger::cli::main()
}
