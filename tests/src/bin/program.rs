//! The `passrelay` program as the tests start it: cargo builds a package's own programs before its tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    passrelay::plugin::run_as_provider_process(std::env::args_os().skip(1)).unwrap_or(ExitCode::FAILURE)
}
