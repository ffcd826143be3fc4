//! The `passrelay` program as the tests start it: cargo builds a package's own programs before its tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    passrelay::cli::main()
}
