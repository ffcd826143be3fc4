//! The `passrelay` program.

use passrelay::cli::{self, Exit};
use std::{io, process::ExitCode};

fn main() -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().enable_all().build() else {
        return Exit::Failed.into();
    };
    runtime.block_on(cli::run(std::env::args_os(), &mut io::stdout(), &mut io::stderr())).into()
}
