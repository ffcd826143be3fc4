//! The `passrelay` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    passrelay::cli::main()
}
