//! What operators and scripts type: arguments in, one page or one trouble out, and an exit code.

mod arguments;
mod backup;
mod check;
mod deliveries;
mod doctor;
mod exit;
mod keys;
mod limits;
mod methods;
mod operator;
mod page;
mod providers;
mod reload;
mod schema_keys;
mod send;
mod serve;
mod setup;
mod table;
mod terminal;
mod trouble;
mod usage;
mod verify;
mod wiring;

pub use exit::Exit;

use crate::{plugin, seal::forbid_core_dumps};
use arguments::{Arguments, Command};
use clap::Parser;
use page::Page;
use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};
use terminal::Terminal;
use trouble::Trouble;

/// The whole `passrelay` program: a provider's process if its arguments say so, else what an operator typed.
pub fn main() -> ExitCode {
    if let Some(ended) = plugin::run_as_provider_process(env::args_os().skip(1)) {
        return ended;
    }
    if let Err(why) = forbid_core_dumps() {
        let what = "core dumps cannot be forbidden, and one would hold keys";
        return unable(&format!("{what}: {why}\nhint: see what forbids prctl(2) and setrlimit(2) here"));
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(why) => {
            return unable(&format!(
                "no threads can be begun: {why}\nhint: see `ulimit -u` and the memory left"
            ));
        }
    };
    runtime.block_on(run(env::args_os(), &mut io::stdout(), &mut io::stderr())).into()
}

/// What keeps the program from reading what was asked for.
fn unable(why: &str) -> ExitCode {
    // Where even this cannot be said, the exit code is all there is.
    drop(writeln!(io::stderr(), "error: {why}"));
    Exit::Failed.into()
}

/// Does what these arguments ask for (the program's own name first) and writes what comes of it.
///
/// With `--json`, `out` gets exactly one JSON document, whatever happens, but for wrong usage, help and version.
pub async fn run(
    arguments: impl IntoIterator<Item = OsString>,
    out: &mut (dyn Write + Send),
    err: &mut (dyn Write + Send),
) -> Exit {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return usage::tell(&error, out, err),
    };
    let json = arguments.json;
    let outcome = perform(arguments).await;
    let written = Terminal { out, err, json }.tell(&outcome);
    match (outcome, written) {
        // Nobody is listening any more: there is nothing left to tell and no one to tell it to.
        (_, Err(_)) => Exit::Failed,
        (Ok(page), Ok(())) => page.exit,
        (Err(trouble), Ok(())) => trouble.exit(),
    }
}

async fn perform(arguments: Arguments) -> Result<Page, Trouble> {
    let file = arguments.config.as_deref();
    match arguments.command {
        Command::Serve => serve::run(file).await,
        Command::Check => check::run(file).await,
        Command::Doctor => doctor::run(file).await,
        Command::Providers(command) => providers::run(file, command).await,
        Command::Methods(asked) => methods::run(file, asked).await,
        Command::Keys(command) => keys::run(file, command).await,
        Command::Deliveries(asked) => deliveries::run(file, &asked).await,
        Command::Limits(command) => limits::run(file, command).await,
        Command::Verify(command) => verify::run(file, command).await,
        Command::Send(asked) => send::run(file, asked).await,
        Command::Backup { copy } => backup::run(file, &copy).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    async fn told(arguments: &[&str]) -> (String, String, Exit) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let exit = run(arguments.iter().map(OsString::from), &mut out, &mut err).await;
        (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap(), exit)
    }

    #[tokio::test]
    async fn mistakes_of_the_configuration_have_an_exit_code_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("p.toml");
        std::fs::write(&file, "[servr]\n[store]\nurl = \"redis:hunter2\"\n").unwrap();
        let shown = file.to_str().unwrap();
        for command in ["serve", "check"] {
            let (out, err, exit) = told(&["passrelay", "--config", shown, command]).await;
            assert_eq!((out.as_str(), exit), ("", Exit::Misconfigured));
            assert!(
                err.starts_with(&format!("{shown}:1:2: unknown key `servr`\nhint: did you mean `server`?\n"))
            );
            assert!(err.ends_with("\n2 mistakes: nothing is started\n") && !err.contains("hunter2"), "{err}");
            let (out, err, exit) = told(&["passrelay", "--config", shown, "--json", command]).await;
            assert_eq!((err.as_str(), exit), ("", Exit::Misconfigured));
            let document: Value = serde_json::from_str(&out).unwrap();
            assert_eq!(document["mistakes"][1]["line"], 3);
        }
    }

    #[tokio::test]
    async fn wrong_usage_has_an_exit_code_of_its_own() {
        let (out, err, exit) = told(&["passrelay", "send", "--code", "482913"]).await;
        assert_eq!((out.as_str(), exit), ("", Exit::Usage));
        assert!(err.lines().count() <= 3 && !err.contains("482913"), "{err}");
    }
}
