//! The `passrelay` program.

use passrelay::{
    cli::{self, Exit},
    plugin,
};
use std::{env, io, process::ExitCode};

fn main() -> ExitCode {
    if let Some(ended) = plugin::run_as_provider_process(env::args_os().skip(1)) {
        return ended;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().enable_all().build() else {
        return Exit::Failed.into();
    };
    runtime.block_on(cli::run(env::args_os(), &mut io::stdout(), &mut io::stderr())).into()
}
